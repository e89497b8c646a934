"""Fits whose workers do not keep in step: right counts, no waiting beyond the bound, an end in one moment."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from cluster_fits import ONE_NODE, TWO, TWO_NODES, consistent, settings, threads
from thread_actors import ThreadActors

from lda.cluster import fit
from lda.cluster.distributed.driver import Driver
from lda.cluster.distributed.runtime import Runtime
from lda.corpus import Corpus
from lda.samplers.priors import start_priors
from lda.samplers.registry import sampler

if TYPE_CHECKING:
    from pathlib import Path

    from lda.cluster.distributed.worker import PhaseEvent
    from lda.cluster.spec.results import SweepRecord


class Gate:
    """Holds worker 1 before it samples a step, and notes how far worker 0 comes."""

    def __init__(self, at: int) -> None:
        self.at, self.opened = at, threading.Event()
        self.reached = threading.Condition()
        self.begun = self.done = -1

    def __call__(self, event: PhaseEvent) -> None:
        if event.worker == 1:
            if event.step == self.at and not event.told:
                self.opened.wait(60)
            return
        with self.reached:
            if event.told:
                self.done = event.step
            else:
                self.begun = event.step
            self.reached.notify_all()

    def wait_for(self, step: int, seconds: float = 60.0) -> bool:
        """Whether worker 0 has begun a step by then."""
        with self.reached:
            return self.reached.wait_for(lambda: self.begun >= step, seconds)


@pytest.mark.parametrize("cpus", [ONE_NODE, TWO_NODES], ids=["one node", "two nodes"])
@pytest.mark.parametrize("staleness", [1, 2, None])
@pytest.mark.parametrize("sampler", ["adlda", "pclda"])
def test_counts_are_right_without_steps_in_common(
    small: Path, cpus: tuple[int, ...], sampler: str, staleness: int | None
) -> None:
    wanted = settings(sampler, validation_fraction=0.0, sweeps=8)
    on = replace(TWO, staleness=staleness, aggregators=2)
    result = fit(Corpus.open(small), wanted, cluster=on, runtime=threads(cpus))
    consistent(Corpus.open(small), result)
    assert [r.sweep for r in result.history] == list(range(1, 9))
    likelihood = [r.log_likelihood for r in result.history if r.log_likelihood is not None]
    assert likelihood[-1] > likelihood[0]


@pytest.mark.parametrize("staleness", [1, None])
def test_stopping_early_ends_in_one_moment(small: Path, staleness: int | None) -> None:
    """Workers at different passes, one of which waits for what the other will never send."""
    gate = Gate(at=5 * 3)

    def on_sweep(record: SweepRecord) -> bool:
        if record.sweep == 3:
            # Where it may, worker 0 is many passes ahead by now; else it waits for worker 1.
            assert gate.wait_for(15 + (1 if staleness else 60))
            gate.opened.set()
        return record.sweep == 3

    result = fit(
        Corpus.open(small),
        settings(validation_fraction=0.0, sweeps=500),
        on_sweep=on_sweep,
        cluster=replace(TWO, staleness=staleness),
        runtime=threads(on_phase=gate),
    )
    assert result.n_sweeps == 3
    consistent(Corpus.open(small), result)
    assert result.soft_counts is not None
    assert result.topic_word_counts is not None
    np.testing.assert_allclose(
        result.soft_counts.sum(axis=1), result.topic_word_counts.sum(axis=1), rtol=1e-5
    )


def test_evaluation_does_not_wait_for_the_passes_asked_for(small: Path) -> None:
    """Worker 1 makes no pass any more, until the second sweep has been scored."""
    gate = Gate(at=4 * 3)
    scores: list[float] = []

    def note(record: SweepRecord) -> bool:
        if record.heldout is not None:
            scores.append(record.heldout)
            assert not gate.opened.is_set()
            gate.opened.set()
        return bool(scores)

    on = replace(TWO, staleness=None)
    fit(Corpus.open(small), settings(sweeps=500), on_sweep=note, cluster=on, runtime=threads(on_phase=gate))
    assert len(scores) == 1


@pytest.mark.parametrize("staleness", [0, 1, 3, None])
def test_a_slow_worker_holds_up_nobody_beyond_the_bound(small: Path, staleness: int | None) -> None:
    wanted, passes, at = settings().resolved(), 5, 4
    gate = Gate(at)
    system = ThreadActors(TWO_NODES)
    runtime = Runtime(connect=system.connect, on_phase=gate)
    driver = Driver(system, Corpus.open(small), wanted, replace(TWO, staleness=staleness), runtime)
    last = 3 * passes - 1
    # Worker 1 has told of the steps before `at`. With steps in common, a phase need not see the last ones of its pass.
    lag = 0 if staleness else sampler(wanted.sampler).unseen_phases(3)
    furthest = last if staleness is None else at + staleness + lag
    try:
        priors = start_priors(wanted.alpha, wanted.beta, wanted.n_topics)
        asked = driver.first_topics(0, 0, priors)
        for pass_number in range(1, passes):
            asked += driver.resample(pass_number, priors)
        assert gate.wait_for(furthest), "the fast worker waited for the slow one"
        assert not gate.wait_for(furthest + 1, 0.3), "the fast worker ran ahead of the slow one"
        gate.opened.set()
        system.get(asked)
        assert gate.done == last
        totals = driver.counts.matrix(now=staleness != 0).sum()
        assert totals == driver.trained_tokens
    finally:
        gate.opened.set()
        driver.group.close()
