"""Both systems of actors keep the same promises: whatever runs on one runs on the other."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from thread_actors import ThreadActors
from waiting import DEADLINE

from lda.cluster.distributed.actor_system import ActorSystem, Bundle, Seat, concurrency_group
from lda.cluster.exchange.actor_calls import ActorLostError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def on(kind: str, request: pytest.FixtureRequest) -> Iterator[ActorSystem]:
    from nodes import on_nodes

    from lda.cluster.spec.cluster import Cluster

    if kind == "threads":
        with ThreadActors((2, 2)).connect(Cluster()) as threads:
            yield threads
        return
    request.getfixturevalue("nodes")
    with on_nodes().connect(Cluster()) as system:
        yield system


@pytest.fixture(params=["threads", pytest.param("ray", marks=[pytest.mark.ray, pytest.mark.smoke])])
def system(request: pytest.FixtureRequest) -> Iterator[ActorSystem]:
    with on(request.param, request) as made:
        yield made


def plain_actor() -> type:  # noqa: C901 - many small methods
    """Made here, so that it travels by value."""

    class Plain:
        def __init__(self, calls: Any, begin: Any) -> None:
            if begin is None:
                raise RuntimeError("no numbers\nto begin with")
            import threading

            self.calls, self.seen, self.free = calls, list(begin), threading.Event()

        def add(self, number: int) -> int:
            self.seen.append(number)
            return len(self.seen)

        def all(self) -> list[int]:
            return self.seen

        def held(self) -> bool:
            """Answers when it is let go."""
            return self.free.wait(600)

        @concurrency_group("pulse")
        def alive(self, let_go: bool = False) -> str:
            if let_go:
                self.free.set()
            return "here"

        def fails(self) -> None:
            raise LookupError("nothing there")

        def array(self, array: Any) -> tuple[Any, bool]:
            return np.arange(5), array.flags.writeable

        def ask(self, other: Any) -> Any:
            return self.calls.get([other.later.remote()])[0]

        def through(self, other: Any) -> Any:
            ((reference,),) = self.calls.get([other.kept.remote()])
            return self.calls.get([reference])

        def where(self) -> Any:
            return self.calls.here()

    return Plain


def coroutine_actor() -> type:
    """Likewise."""

    class Side:
        def __init__(self, calls: Any) -> None:
            self.calls, self.waiting = calls, list[Any]()

        async def later(self) -> int:
            """Answers when `go` has been called."""
            import asyncio

            event = asyncio.Event()
            self.waiting.append(event)
            await event.wait()
            return len(self.waiting)

        async def go(self) -> int:
            for event in self.waiting:
                event.set()
            return len(self.waiting)

        async def kept(self) -> Any:
            return [self.calls.put(b"kept")]

    return Side


def test_what_actors_are_promised(system: ActorSystem) -> None:
    plain, side = plain_actor(), coroutine_actor()
    reservation = system.reserve([Bundle(1), Bundle(1)], 20)
    assert reservation is not None
    assert system.is_whole(reservation)
    shared = system.put([7])
    one, two = (
        system.start(plain, shared, name=f"plain {i}", seat=Seat(reservation, i, Bundle(1))) for i in range(2)
    )
    async_one = system.start(side, name="side")
    try:
        # Calls of one caller in their order; each actor has its own copy of what was put.
        assert system.get([one.add.remote(n) for n in range(50)]) == list(range(2, 52))
        assert system.get([one.all.remote(), two.all.remote()]) == [[7, *range(50)], [7]]
        # Bundles lie on as many nodes as can be.
        places = system.get([one.where.remote(), two.where.remote()])
        assert len({place.node for place in places}) == 2
        assert all(system.is_alive(place.node) for place in places)
        # Another group answers meanwhile, the same one does not.
        held, after = one.held.remote(), one.add.remote(0)
        assert system.get([one.alive.remote()]) == ["here"]
        assert system.wait([held, after], 0)[0] == []
        # A coroutine waits while the next one begins; an actor may wait for another.
        waits = two.ask.remote(async_one)
        assert system.wait([waits], 0.3) == ([], [waits])
        while system.get([async_one.go.remote()]) == [0]:
            time.sleep(0.01)
        assert system.get([waits]) == [1]
        # References in results.
        assert system.get([two.through.remote(async_one)]) == [[b"kept"]]
        # What a call has raised, as it was; the actor goes on.
        with pytest.raises(LookupError, match=r"^'nothing there'$|^nothing there$"):
            system.get([two.fails.remote()])
        # Results and arguments are copies that nobody writes into.
        mine = np.zeros(4)
        ((theirs, writeable),) = system.get([two.array.remote(mine)])
        assert not theirs.flags.writeable
        assert not writeable
        assert system.get([one.alive.remote(True)]) == ["here"]
        assert system.get([held, after]) == [True, 52]
    finally:
        for actor in (one, two, async_one):
            system.kill(actor)
        system.give_back(reservation)


def test_what_is_lost_is_told(system: ActorSystem) -> None:
    plain, side = plain_actor(), coroutine_actor()
    one, other = (system.start(plain, [1], name=f"plain {i}") for i in range(2))
    asked = system.start(side, name="side")
    never = system.start(plain, None, name="never")
    try:
        system.get([one.all.remote(), other.all.remote()])
        held, waits, through = one.held.remote(), asked.later.remote(), other.ask.remote(asked)
        assert system.wait([held, waits, through], 0.2)[0] == []
        if isinstance(system, ThreadActors):
            system.end("plain 0")  # a thread that is held cannot be waited for
        else:
            system.kill(one)
        system.kill(asked)
        # Calls under way first: a kill takes a moment, in which Ray may still have a new call answered.
        for begin_calls in (lambda: (held, waits), lambda: (one.all.remote(), asked.go.remote())):
            for reference in begin_calls():
                assert system.wait([reference], DEADLINE)[0] == [reference]
                with pytest.raises(ActorLostError) as caught:
                    system.get([reference])
                assert caught.value.could_not_begin is None
        # A loss that another actor has met is the same loss.
        with pytest.raises(ActorLostError):
            system.get([through])
        # Of several, one that is lost is told of at once.
        begin = time.monotonic()
        with pytest.raises(ActorLostError):
            system.get([other.held.remote(), asked.go.remote()])
        assert time.monotonic() - begin < DEADLINE
        with pytest.raises(ActorLostError) as caught:
            system.get([never.all.remote()])
        assert caught.value.could_not_begin == "to begin with"
    finally:
        if isinstance(system, ThreadActors):
            system.end("plain 1")
        else:
            system.kill(other)
