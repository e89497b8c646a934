"""Fits whose workers do not keep in step: right counts, no waiting beyond the bound, an end in one moment."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import ray
from nodes import TWO, consistent, settings

from lda.cluster import fit
from lda.cluster.distributed import driver as driver_module
from lda.cluster.distributed.driver import Driver
from lda.samplers.priors import start_priors

if TYPE_CHECKING:
    from nodes import Nodes

    from lda.cluster.spec.results import SweepRecord


def lazy(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let worker 1 sleep before each step."""
    ordinary = driver_module.WorkerActor

    class Sleepy(ordinary):  # type: ignore[misc, valid-type]
        def __init__(self, number: int, *rest: Any) -> None:
            super().__init__(number, *rest, delay=seconds * number)

    monkeypatch.setattr(driver_module, "WorkerActor", Sleepy)


def test_counts_are_right_without_steps_in_common(nodes: Nodes) -> None:
    wanted = settings(validation_fraction=0.0, sweeps=8)
    result = fit(nodes.corpus, wanted, cluster=replace(TWO, staleness=1, aggregators=2))
    consistent(nodes.corpus, result)
    assert [r.sweep for r in result.history] == list(range(1, 9))
    likelihood = [r.log_likelihood for r in result.history if r.log_likelihood is not None]
    assert likelihood[-1] > likelihood[0]


@pytest.mark.parametrize("staleness", [1, None])
def test_stopping_early_ends_in_one_moment(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch, staleness: int | None
) -> None:
    """Workers at different passes, one of which waits for what the other will never send."""
    lazy(monkeypatch, 0.05)
    result = fit(
        nodes.corpus,
        settings(validation_fraction=0.0, sweeps=500),
        on_sweep=lambda record: record.sweep == 3,
        cluster=replace(TWO, staleness=staleness),
    )
    assert result.n_sweeps == 3
    consistent(nodes.corpus, result)


def test_evaluation_does_not_wait_for_the_passes_asked_for(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    lazy(monkeypatch, 0.1)
    scores: list[float] = []

    def note(record: SweepRecord) -> bool:
        if record.heldout is not None:
            scores.append(record.heldout)
        return bool(scores)

    begin = time.monotonic()
    fit(nodes.corpus, settings(sweeps=500), on_sweep=note, cluster=replace(TWO, staleness=None))
    assert len(scores) == 1
    assert time.monotonic() - begin < 60  # 500 passes of the slow worker alone take 100 s


@pytest.mark.parametrize("staleness", [0, 3, None])
def test_a_slow_worker_holds_up_nobody_beyond_the_bound(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch, staleness: int | None
) -> None:
    lazy(monkeypatch, 0.15)
    wanted, passes = settings().resolved(), 5
    driver = Driver(nodes.corpus, wanted, replace(TWO, staleness=staleness))
    try:
        priors = start_priors(wanted.alpha, wanted.beta, wanted.n_topics)
        asked = [driver.first_topics(0, 0, priors)]
        asked += [driver.resample(tick, priors) for tick in range(1, passes)]
        fast, slow = zip(*asked, strict=True)
        last = -1
        for i, reference in enumerate(fast):
            ray.get(reference)
            done = len(ray.wait(list(slow), num_returns=passes, timeout=0)[0])
            last = i - done
            if staleness is not None:  # in steps, of which a pass has two; one more pass may be under way
                assert last <= -(-staleness // 2) + 1
        if staleness is None:
            assert last >= passes // 2, "the fast worker waited for the slow one"
        ray.get(list(slow))
        totals = driver.matrix(now=staleness != 0).sum()
        assert totals == driver.trained_tokens
    finally:
        driver.close()
