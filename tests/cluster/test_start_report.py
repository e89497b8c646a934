"""What a start tells: each of its passes, on one machine and on a cluster, to lines and to callbacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import tiny
from cluster_fits import TWO, threads

import lda
from lda.cluster import FitSettings, StartRecord, SweepRecord, fit
from lda.cluster.loop.start_report import StartReport
from lda.cluster.sweeping import start_schedule as start_module
from lda.cluster.sweeping.start_schedule import StartSchedule
from lda.corpus import as_corpus
from lda.progress import Progress

if TYPE_CHECKING:
    from lda.cluster import Cluster

N = 100


@pytest.fixture
def growing(monkeypatch: pytest.MonkeyPatch) -> FitSettings:
    """Settings of a fit whose start has several stages for 100 documents."""
    monkeypatch.setattr(start_module, "FIRST_STAGE", 30)
    return FitSettings(n_topics=3, sweeps=2, start="growing", threads=1, seed=1)


@pytest.mark.parametrize("cluster", [None, TWO], ids=["one process", "cluster"])
def test_each_pass_is_told_in_order(growing: FitSettings, cluster: Cluster | None) -> None:
    told: list[StartRecord | SweepRecord] = []
    corpus = as_corpus(tiny.counts(N))
    runtime = threads() if cluster else None
    fit(corpus, growing, on_start=told.append, on_sweep=told.append, cluster=cluster, runtime=runtime)
    start = [record for record in told if isinstance(record, StartRecord)]
    assert told[: len(start)] == start
    n_stages, n_passes = start[0].n_stages, start[0].n_passes
    assert n_stages > 1
    assert [(r.stage, r.number) for r in start] == [
        (stage, number) for stage in range(1, n_stages + 1) for number in range(1, n_passes + 1)
    ]
    joined = [record.tokens for record in start if record.number == 1]
    assert joined == sorted(joined)
    assert 0 < joined[0] < joined[-1] == corpus.n_tokens
    assert all(record.tokens_per_second > 0 for record in start)
    assert [record.seconds for record in start] == sorted(record.seconds for record in start)
    assert all(record.seconds_left > 0 for record in start[:-1])
    assert start[-1].seconds_left == 0


def test_random_topics_are_one_pass() -> None:
    told: list[StartRecord] = []
    fit(as_corpus(tiny.counts()), FitSettings(n_topics=3, sweeps=1, start="random"), on_start=told.append)
    assert [(r.stage, r.n_stages, r.number, r.n_passes) for r in told] == [(1, 1, 1, 1)]


def test_the_time_left_is_what_is_left_to_draw_at_the_pace_of_the_pass() -> None:
    now, told = iter([0.0, 2.0, 4.0, 5.0, 6.0]), list[StartRecord]()
    report, schedule = StartReport(300, lambda: next(now), told.append), StartSchedule(2, 10, 1)
    for stage, number, joined in [(0, 0, 100), (0, 1, 100), (1, 0, 300), (1, 1, 300)]:
        report(schedule, stage, number, joined)
    # Left to draw: 100 + (100 + 200), 100 + 200, 300, 0; the stage that follows is thought to have 200 tokens.
    assert [record.seconds_left for record in told] == pytest.approx([8.0, 6.0, 1.5, 0.0])
    assert [record.tokens_per_second for record in told] == pytest.approx([50, 50, 200, 300])


class Watching:
    """A callback that wants to know of the start, too."""

    def __init__(self) -> None:
        self.start: list[StartRecord] = []
        self.sweeps: list[int] = []

    def __call__(self, record: SweepRecord) -> bool:
        self.sweeps.append(record.sweep)
        return False

    def on_start(self, record: StartRecord) -> None:
        self.start.append(record)


def test_callbacks_are_told_who_want_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start_module, "FIRST_STAGE", 30)
    watching, plain = Watching(), list[SweepRecord]()
    lda.LDA(3, max_iter=2, start="growing", random_state=0, n_jobs=1, callbacks=[plain.append, watching]).fit(
        tiny.counts(N)
    )
    assert watching.sweeps == [record.sweep for record in plain] == [1, 2]
    assert watching.start[0].n_stages == watching.start[-1].stage > 1


@pytest.mark.parametrize(("verbosity", "lines"), [(1, True), (0, False), (-1, False)])
def test_lines_of_a_start(
    growing: FitSettings, capsys: pytest.CaptureFixture[str], verbosity: int, *, lines: bool
) -> None:
    """A short start is not worth a line; all of them when asked for."""
    with Progress("log", verbosity=verbosity).fit(growing, N) as tell:
        fit(as_corpus(tiny.counts(N)), growing, on_start=tell.on_start, on_sweep=tell)
    said = capsys.readouterr().err
    assert ("start, stage 1/3, pass 1/4: " in said) == lines
    assert ("start, stage 3/3, pass 4/4: 4,000 tokens, " in said) == lines
    assert said.count(" left\n") == (11 if lines else 0)  # of 12 passes
