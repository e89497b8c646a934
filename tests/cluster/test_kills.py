"""Fits that lose workers, aggregators or nodes at a certain step: the model shows no trace of it.

On threads, whose losses can be told to the step; `test_ray.py` and `test_killed_commands.py` kill processes.
"""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from cluster_fits import ONE_NODE, TWO, TWO_NODES, Endings, alone, consistent, same, settings
from thread_actors import ThreadActors

from lda.cluster import fit
from lda.cluster.distributed.actor_system import concurrency_group
from lda.cluster.distributed.aggregator import AggregatorActor
from lda.cluster.distributed.runtime import Runtime
from lda.cluster.distributed.worker import PhaseEvent, WorkerActor
from lda.cluster.spec.checkpointing import Checkpointing
from lda.cluster.spec.errors import ClusterError
from lda.corpus import Corpus

if TYPE_CHECKING:
    from pathlib import Path

    from lda.cluster.spec.results import SweepRecord

LONG = settings(sweeps=16, n_samples=2, evaluate_every=8)
ON = replace(TWO, aggregators=2)
PHASES = 3
"""Steps of a sweep; those of the first topics come before."""


def told_lines(told: list[str], victims: tuple[str, ...], points: tuple[str, ...]) -> None:
    """Each loss is told of in one line, and from where the fit goes on."""
    # A checkpoint under way when it happened is damaged, and said to be.
    lines = [line for line in told if "is damaged" not in line]
    assert len(lines) == len(victims)
    for line, victim, point in zip(lines, victims, points, strict=True):
        assert re.fullmatch(rf"lost {victim} \(process \d+ on [\d.]+\); going on from {point}", line)


@pytest.mark.parametrize("told", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", [0, 3, 11])
@pytest.mark.parametrize("victim", ["worker 0", "worker 1", "aggregator 0", "aggregator 1"])
@pytest.mark.parametrize("cpus", [ONE_NODE, TWO_NODES], ids=["one node", "two nodes"])
def test_a_loss_at_any_step(small: Path, cpus: tuple[int, ...], victim: str, step: int, told: bool) -> None:
    """From the first topics on; before worker 1 samples a phase, or after it has told what changed."""
    system = ThreadActors(cpus)
    endings = Endings(system, (victim, PhaseEvent(1, step, told)))
    runtime = Runtime(connect=system.connect, on_phase=endings)
    lines: list[str] = []
    wanted = settings(sweeps=5)
    result = fit(Corpus.open(small), wanted, cluster=ON, warn=lines.append, runtime=runtime)
    assert not endings.left
    told_lines(lines, (victim,), ("the beginning",))
    same(alone(small, wanted), result)


@pytest.mark.parametrize("cpus", [ONE_NODE, TWO_NODES], ids=["one node", "two nodes"])
@pytest.mark.parametrize(
    ("first", "then", "sampler"),
    [
        ("worker 0", "aggregator 0", "adlda"),
        ("aggregator 0", "worker 1", "pclda"),
        ("worker 1",) * 2 + ("esca",),
    ],
)
@pytest.mark.parametrize("kept", [True, False])
def test_two_losses_leave_no_trace_in_the_model(
    small: Path, tmp_path: Path, cpus: tuple[int, ...], first: str, then: str, sampler: str, kept: bool
) -> None:
    """The second one in the attempt that goes on from the checkpoint of the first; or there are no checkpoints."""
    system = ThreadActors(cpus)
    endings = Endings(
        system,
        (first, PhaseEvent(0, 4 * PHASES + 1, told=False)),  # in the fourth sweep
        (then, PhaseEvent(1, 7 * PHASES + 2, told=True)),  # its sixth or seventh
    )
    runtime = Runtime(connect=system.connect, on_phase=endings)
    wanted = replace(LONG, sampler=sampler)
    place = Checkpointing(path=str(tmp_path), every=3) if kept else None
    told: list[str] = []
    result = fit(
        Corpus.open(small), wanted, cluster=ON, checkpointing=place, warn=told.append, runtime=runtime
    )
    assert not endings.left
    points = ("the checkpoint of sweep 3", "the checkpoint of sweep 9") if kept else ("the beginning",) * 2
    told_lines(told, (first, then), points)
    same(alone(small, wanted), result)


@pytest.mark.parametrize("victim", ["worker 0", "worker 1", "aggregator 0"])
@pytest.mark.parametrize("nth", [1, 2])
def test_a_loss_while_a_checkpoint_is_written(small: Path, tmp_path: Path, victim: str, nth: int) -> None:
    """By who has written its part, and not yet said so: the one before is gone on from, if there is one."""
    system = ThreadActors(TWO_NODES)
    written: list[str] = []

    def note(name: str) -> None:
        written.append(name)
        if name == victim and written.count(victim) == nth:
            system.end(victim)

    class Writer(WorkerActor):
        @concurrency_group("control")
        def checkpoint(self, place: str, folder: str) -> dict[str, str]:
            files = super().checkpoint(place, folder)
            note(f"worker {self.number}")
            return files

    class Storer(AggregatorActor):
        async def store_sum(self, place: str, folder: str) -> dict[str, str]:
            files = await super().store_sum(place, folder)
            note("aggregator 0")
            return files

    told: list[str] = []
    result = fit(
        Corpus.open(small),
        LONG,
        cluster=TWO,
        checkpointing=Checkpointing(path=str(tmp_path), every=3),
        warn=told.append,
        runtime=Runtime(connect=system.connect, worker=Writer, aggregator=Storer),
    )
    told_lines(told, (victim,), ("the beginning" if nth == 1 else "the checkpoint of sweep 3",))
    same(alone(small, LONG), result)


@pytest.mark.parametrize("victim", ["worker 0", "aggregator 0"])
def test_a_loss_without_steps_in_common(small: Path, tmp_path: Path, victim: str) -> None:
    wanted = settings(sweeps=30, validation_fraction=0.0)
    told: list[str] = []
    system = ThreadActors(TWO_NODES)
    gate = threading.Event()
    done: list[int] = []

    def on_phase(event: PhaseEvent) -> None:
        """All sweeps are asked for at once: worker 1 waits for the first checkpoint, and loses somebody then."""
        if event.worker == 1 and event.step == 5 * PHASES and not gate.is_set() and event.told:
            gate.wait(60)
            system.end(victim)

    def on_sweep(record: SweepRecord) -> None:
        done.append(record.sweep)
        if record.sweep == 4:  # the checkpoints of the sweeps before are there
            gate.set()

    result = fit(
        Corpus.open(small),
        wanted,
        cluster=replace(TWO, staleness=None),
        checkpointing=Checkpointing(path=str(tmp_path), every=1),
        on_sweep=on_sweep,
        warn=told.append,
        runtime=Runtime(connect=system.connect, on_phase=on_phase),
    )
    assert "going on from the checkpoint of sweep" in told[-1]
    assert victim in told[-1]
    assert result.n_sweeps == 30
    consistent(Corpus.open(small), result)


def test_losses_without_end_are_given_up(small: Path) -> None:
    system = ThreadActors(TWO_NODES)
    endings = Endings(system, *[("worker 0", PhaseEvent(1, 5, told=False))] * 9)
    told: list[str] = []
    runtime = Runtime(connect=system.connect, on_phase=endings)
    with pytest.raises(ClusterError, match=r"lost 3 times, at last worker 0 \(process"):
        fit(Corpus.open(small), LONG, cluster=replace(TWO, max_failures=2), warn=told.append, runtime=runtime)
    assert len(told) == 2
    assert endings.left == 6
    with pytest.raises(ClusterError, match=r"lost 1 times, at last worker 0 \(process"):
        fit(Corpus.open(small), LONG, cluster=replace(TWO, max_failures=0), warn=told.append, runtime=runtime)
    assert len(told) == 2


def test_a_loss_at_the_start_of_the_attempt_after_a_loss(small: Path) -> None:
    """Both are told of, in one line."""
    system = ThreadActors(TWO_NODES)
    connected: list[int] = []

    class Brief(WorkerActor):
        def connect(self, aggregators: list[Any]) -> Any:
            connected.append(self.number)
            if self.number == 1 and connected.count(1) == 2:
                system.end("worker 1")
            return super().connect(aggregators)

    endings = Endings(system, ("aggregator 0", PhaseEvent(0, 6, told=True)))
    told: list[str] = []
    runtime = Runtime(connect=system.connect, worker=Brief, on_phase=endings)
    result = fit(Corpus.open(small), LONG, cluster=TWO, warn=told.append, runtime=runtime)
    (line,) = told
    assert re.fullmatch(
        r"lost aggregator 0 \(process .*\), then an actor at its start; going on from the beginning", line
    )
    same(alone(small, LONG), result)


@pytest.mark.parametrize("node", ["node 0", "node 1"])
def test_a_lost_node_leaves_no_trace_in_the_model(small: Path, tmp_path: Path, node: str) -> None:
    """One node is left, with room for one worker only."""
    system = ThreadActors(TWO_NODES)
    attempts: list[int] = []
    told: list[str] = []

    def on_sweep(record: SweepRecord) -> None:
        if record.sweep == 7 and len(attempts) == 1:
            system.end_node(node)

    result = fit(
        Corpus.open(small),
        LONG,
        cluster=replace(TWO, threads_per_worker=3),
        checkpointing=Checkpointing(path=str(tmp_path), every=3),
        on_sweep=on_sweep,
        warn=told.append,
        runtime=Runtime(connect=system.connect, on_started=lambda said: attempts.append(len(said) - 1)),
    )
    assert attempts == [2, 1]
    (line,) = told
    assert re.search(r"lost .*worker \d \(process \d+ on [\d.]+, with its node\)", line)
    assert line.endswith("going on from the checkpoint of sweep 6")
    same(alone(small, LONG), result)
