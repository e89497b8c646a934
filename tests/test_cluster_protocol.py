"""The exchange as a state machine: every order of messages, every repetition, every lost reply."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import settings as given_settings
from hypothesis import strategies as st

from lda.cluster.protocol import Exchange

Push = tuple[int, int]
STALENESS = (0, 1, 2, None)


class World:
    """Workers, one aggregator and its versions, as the actors have them, a message at a time.

    A delta is the pair (worker, step). Each worker asks, samples and pushes in turn; what it holds is what it has
    been handed. `log` is what each worker held when it began each step, `cut` the versions. With a lag, two steps
    are a pass, and the second begins from what the first began from.
    """

    def __init__(self, workers: int, steps: int, staleness: int | None, lag: int = 0) -> None:
        self.steps, self.staleness, self.lag = steps, staleness, lag
        self.exchange: Exchange[Push] = Exchange(workers, staleness)
        self.published: dict[int, list[Push]] = {}
        self.cut: list[list[Push]] = []
        self.version = [0] * workers
        self.step = [0] * workers
        self.held: list[list[Push]] = [[] for _ in range(workers)]
        self.sampled = [False] * workers
        self.log: dict[tuple[int, int], frozenset[Push]] = {}

    def _pull(self, worker: int, step: int) -> tuple[int, list[list[Push]]]:
        """What an aggregator does when asked; what all have confirmed is gone for good."""
        self._publish(step)
        done = self.exchange.confirm(worker, self.version[worker])
        for old in [v for v in self.published if v <= done]:
            del self.published[old]
        newest = self.exchange.newest(step)
        return newest, [self.published[v] for v in range(self.version[worker] + 1, newest + 1)]

    def _publish(self, step: int) -> None:
        while taken := self.exchange.take(step):
            self.cut.append(taken)
            self.published[self.exchange.version] = taken

    def counted(self, step: int) -> int:
        """The steps before this one are what a step begins from."""
        return step - step % 2 * self.lag

    def can_ask(self, worker: int) -> bool:
        step = self.step[worker]
        may_start = self.exchange.may_start(self.counted(step))
        return not self.sampled[worker] and step < self.steps and may_start

    def enabled(self) -> list[int]:
        return [w for w in range(len(self.step)) if self.sampled[w] or self.can_ask(w)]

    def finished(self) -> bool:
        return all(step == self.steps for step in self.step)

    def ask(self, worker: int, *, lose: bool = False) -> None:
        """A worker asks for news before its step; a lost reply leaves it as it was."""
        newest, versions = self._pull(worker, self.counted(self.step[worker]))
        if lose:
            return
        for version in versions:
            self.held[worker] += version
        self.version[worker] = newest
        self.sampled[worker] = True
        self.log[worker, self.step[worker]] = frozenset(self.held[worker])

    def push(self, worker: int) -> None:
        assert self.exchange.push(worker, self.step[worker], (worker, self.step[worker]))
        if self.staleness == 0:
            self._publish(self.exchange.complete)
        self.step[worker] += 1
        self.sampled[worker] = False

    def advance(self, worker: int) -> None:
        if self.sampled[worker]:
            self.push(worker)
        else:
            self.ask(worker)

    def check(self) -> None:
        """What holds at every moment."""
        for worker, held in enumerate(self.held):
            assert len(held) == len(set(held)), "a delta was handed out twice"
            own = [step for w, step in held if w == worker]
            assert own == sorted(own), "deltas of a worker in another order than it pushed them"
        slowest = min(self.step)
        for worker, step in enumerate(self.step):
            if self.staleness is not None and self.sampled[worker]:
                assert step - slowest <= self.staleness + self.lag, "ran too far ahead"

    def settle(self) -> None:
        """At the end all readers catch up, and hold the sum of all pushes."""
        everything = set(product(range(len(self.step)), range(self.steps)))
        for worker in range(len(self.step)):
            newest, versions = self._pull(worker, self.steps)
            self.held[worker] += [delta for version in versions for delta in version]
            self.version[worker] = newest
            assert set(self.held[worker]) == everything
            assert len(self.held[worker]) == len(everything)

    def key(self) -> tuple[object, ...]:
        """State, for walking each only once."""
        return (
            tuple(self.step), tuple(self.sampled), tuple(self.version), tuple(map(tuple, self.held)),
            self.exchange.version, tuple(self.exchange.seen),
        )  # fmt: skip


def replay(order: tuple[int, ...], *how: int | None) -> World:
    world = World(*how)  # type: ignore[arg-type]
    for worker in order:
        world.advance(worker)
    return world


@pytest.mark.parametrize(("staleness", "lag"), [*((s, 0) for s in STALENESS), (0, 1)])
@pytest.mark.parametrize(("workers", "steps"), [(1, 4), (2, 3), (3, 2)])
def test_every_interleaving(workers: int, steps: int, staleness: int | None, lag: int) -> None:
    """All reachable states: none deadlocks, all end in the sum; with staleness 0 all look the same from within."""
    seen, ends = set(), 0
    paths: list[tuple[int, ...]] = [()]
    begins: dict[tuple[int, int], set[frozenset[Push]]] = {}
    while paths:
        order = paths.pop()
        world = replay(order, workers, steps, staleness, lag)
        if world.key() in seen:
            continue
        seen.add(world.key())
        world.check()
        for moment, held in world.log.items():
            begins.setdefault(moment, set()).add(held)
        if world.finished():
            world.settle()
            ends += 1
            continue
        assert world.enabled(), "nobody may go on"
        paths += [(*order, worker) for worker in world.enabled()]
    assert ends > 0
    for (worker, step), began in begins.items():
        begun = step - step % 2 * lag
        needed = set() if staleness is None else set(product(range(workers), range(begun - staleness)))
        # What a worker pushed itself must be among what it begins from: it leaves these tokens out one by one.
        needed |= {(worker, s) for s in range(begun)}
        assert all(needed <= held for held in began)
        if staleness == 0:
            assert began == {frozenset(product(range(workers), range(begun)))}


@given_settings(max_examples=150, deadline=None)
@given(st.data(), st.integers(1, 4), st.integers(1, 5), st.sampled_from(STALENESS))
def test_repetitions_and_lost_replies(
    data: st.DataObject, workers: int, steps: int, staleness: int | None
) -> None:
    world = World(workers, steps, staleness)
    for _ in range(40):
        if world.finished():
            break
        worker = data.draw(st.sampled_from(world.enabled()))
        event = data.draw(st.sampled_from(["go on", "go on", "repeat a push", "lose a reply"]))
        pushed = world.step[worker]
        if event == "repeat a push" and pushed:
            old = data.draw(st.integers(0, pushed - 1))
            assert not world.exchange.push(worker, old, (worker, old))
        elif event == "lose a reply" and world.can_ask(worker):
            world.ask(worker, lose=True)
        else:
            world.advance(worker)
        world.check()
    while not world.finished():
        world.advance(world.enabled()[0])
    world.settle()


@given_settings(max_examples=60, deadline=None)
@given(st.data(), st.integers(1, 4), st.integers(1, 4), st.integers(0, 1))
def test_versions_of_a_synchronous_run_are_the_same(
    data: st.DataObject, workers: int, steps: int, lag: int
) -> None:
    """Not only their sum: each version has the pushes of one step in the workers' order, whatever came first."""
    world = World(workers, steps, 0, lag)
    while not world.finished():
        world.advance(data.draw(st.sampled_from(world.enabled())))
    world.settle()
    assert world.cut == [[(w, s) for w in range(workers)] for s in range(steps)]


def test_a_restored_run_begins_when_all_have_told() -> None:
    """Workers push all phases of a checkpoint without asking in between; none may begin before all have."""
    exchange: Exchange[Push] = Exchange(2, 0)
    for step in range(3):
        exchange.push(0, step, (0, step))
    assert not exchange.may_start(3)
    for step in range(3):
        exchange.push(1, step, (1, step))
    assert exchange.may_start(3)
    assert [exchange.take(3) for _ in range(4)] == [[(0, s), (1, s)] for s in range(3)] + [[]]
    assert exchange.version == exchange.newest(3) == 3


def test_a_worker_that_is_ahead_is_not_seen_by_one_that_is_not() -> None:
    exchange: Exchange[Push] = Exchange(2, 0)
    exchange.push(0, 0, (0, 0))
    exchange.push(1, 0, (1, 0))
    assert exchange.take(1) == [(0, 0), (1, 0)]
    exchange.push(0, 1, (0, 1))
    assert exchange.take(1) == []
    assert not exchange.may_start(2)
    exchange.push(1, 1, (1, 1))
    assert exchange.take(2) == [(0, 1), (1, 1)]
    assert [exchange.newest(step) for step in range(4)] == [0, 1, 2, 2]


@pytest.mark.parametrize("bound", [0, 1, 3])
def test_nobody_runs_further_ahead_than_allowed(bound: int) -> None:
    exchange: Exchange[Push] = Exchange(2, bound)
    step = 0
    while exchange.may_start(step):
        exchange.push(0, step, (0, step))
        step += 1
    assert step == bound + 1


def test_without_a_bound_nobody_waits() -> None:
    exchange: Exchange[Push] = Exchange(2, None)
    for step in range(1000):
        assert exchange.may_start(step)
        exchange.push(0, step, (0, step))
    assert len(exchange.take(0)) == 1000


def test_a_skipped_step_is_refused() -> None:
    exchange: Exchange[Push] = Exchange(1, 0)
    exchange.push(0, 0, (0, 0))
    with pytest.raises(LookupError, match="worker 0 pushed step 2, but its step 1 never came"):
        exchange.push(0, 2, (0, 2))
    assert exchange.push(0, 1, (0, 1))


@pytest.mark.parametrize(("workers", "staleness"), [(0, 0), (1, -1)])
def test_bad_numbers_are_refused(workers: int, staleness: int) -> None:
    with pytest.raises(ValueError, match="needs workers and a staleness of 0 or more"):
        Exchange(workers, staleness)
