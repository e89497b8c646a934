"""Actors of threads: a whole cluster within one process.

It keeps what the code relies on in Ray's: calls of one caller in their order, concurrency groups, coroutines side by
side, arguments and results that are copies (arrays read-only), references that travel in results, and deaths. Deaths
and silence of actors and nodes happen when a test requests them, so that it can place them to the step.

Threads cannot be ended from outside. One that is given up ends at its next call of `Calls.get` or `Calls.check`, which
every waiting actor makes. Rejected: raising an exception in it wherever it is, because that may leave a lock behind.
"""

from __future__ import annotations

import asyncio
import inspect
import io
import os
import pickle
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, InvalidStateError, as_completed, wait
from contextlib import contextmanager, suppress
from functools import partial
from queue import SimpleQueue
from random import Random
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from lda.cluster.distributed.actor_system import Bundle, Node, Seat, group_of
from lda.cluster.exchange.actor_calls import ActorLostError, Calls, Whereabouts

if TYPE_CHECKING:
    from lda.cluster.distributed.head import Head
    from lda.cluster.spec.cluster import Cluster

HOST: Final = "127.0.0.1"
END_SECONDS: Final = 60.0
"""How long a thread may take to end; all they do between two calls takes less."""

DISORDER_SECONDS: Final = 0.003
PULSE: Final = "alive"
"""The method by which actors are asked whether they are there."""


class _EndedError(BaseException):
    """Ends the thread of an actor that is gone."""


class Message(NamedTuple):
    """A value on its way. buffers: of its arrays. opaque: handles and references in it, which travel as they are."""

    data: bytes
    buffers: list[bytes]
    opaque: list[Any]

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.data) + sum(len(buffer) for buffer in self.buffers)


class _Pickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO, message: Message) -> None:
        super().__init__(file, protocol=5, buffer_callback=lambda b: message.buffers.append(bytes(b.raw())))
        self._opaque = message.opaque

    def persistent_id(self, value: Any) -> int | None:
        if isinstance(value, Reference | Handle):
            self._opaque.append(value)
            return len(self._opaque) - 1
        return None


class _Unpickler(pickle.Unpickler):
    def __init__(self, message: Message) -> None:
        super().__init__(io.BytesIO(message.data), buffers=message.buffers)
        self._opaque = message.opaque

    def persistent_load(self, number: int) -> Any:
        return self._opaque[number]


def _packed(value: Any) -> Message:
    file, message = io.BytesIO(), Message(b"", [], [])
    _Pickler(file, message).dump(value)
    return message._replace(data=file.getvalue())


def _unpacked(message: Message) -> Any:
    return _Unpickler(message).load()


def _copied(error: Exception) -> Exception:
    """An error as another process would get it."""
    return _unpacked(_packed(error))  # type: ignore[no-any-return]


Reference = Future
"""Of a message, or of what a call has raised."""


class _Call(NamedTuple):
    method: str
    arguments: Message
    reference: Reference[Message]


class _Method(NamedTuple):
    actor: _Actor
    name: str

    def remote(self, *arguments: Any) -> Reference[Message]:
        """Begin a call."""
        return self.actor.call(self.name, arguments)


class Handle:
    """Of an actor: `handle.method.remote(arguments)` begins a call."""

    def __init__(self, actor: _Actor) -> None:
        self._actor = actor

    def __getattr__(self, name: str) -> _Method:
        if not self._actor.has(name):
            raise AttributeError(name)
        return _Method(self._actor, name)


class _Actor:
    """An object, and the threads that do its calls: one for each concurrency group, or a loop for its coroutines."""

    def __init__(
        self,
        name: str,
        node: str,
        actor: type,
        arguments: tuple[Any, ...],
        calls: Callable[[_Actor], Calls],
        *,
        begins: bool,
        delays: Random | None,
    ) -> None:
        self.name, self.node, self._delays = name, node, delays
        self.going = threading.Event()  # cleared while it is silent, or has no room
        if begins:
            self.going.set()
        self.ended: Reference[Message] = Reference()
        self._make: Callable[[], Any] = lambda: actor(calls(self), *arguments)
        self._made = threading.Event()
        self._object: Any = None
        self._lock = threading.Lock()
        self._pending: set[Reference[Message]] = set()
        self._pulses: list[Reference[Message]] = []
        self._why_not: str | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        methods = inspect.getmembers(actor, inspect.isfunction)
        self._coroutines = any(inspect.iscoroutinefunction(method) for _, method in methods)
        self._group_of = {name: group_of(method) for name, method in methods}
        groups = dict.fromkeys(self._group_of.values())
        self._queues: dict[str | None, SimpleQueue[_Call | None]] = {group: SimpleQueue() for group in groups}
        self.threads = [
            threading.Thread(target=self._serve, args=(group,), name=f"{name} {group or ''}", daemon=True)
            for group in groups
        ]
        if self._coroutines:
            self.threads.append(threading.Thread(target=self._run_loop, name=f"{name} loop", daemon=True))
        for thread in self.threads:
            thread.start()

    def has(self, method: str) -> bool:
        """Whether there is such a method for others."""
        return method in self._group_of and not method.startswith("_")

    def call(self, method: str, arguments: tuple[Any, ...]) -> Reference[Message]:
        """Begin a call, after all those that have begun before."""
        reference: Reference[Message] = Reference()
        call = _Call(method, _packed(arguments), reference)
        with self._lock:
            if self.ended.done():
                reference.set_exception(self._loss())
            else:
                self._pending.add(reference)
                if method == PULSE:
                    self._pulses.append(reference)
                self._queues[self._group_of[method]].put(call)
        return reference

    def end(self) -> None:
        """Have it be gone from now on; its threads end a little later."""
        with self._lock:
            if self.ended.done():
                return
            self.ended.set_result(Message(b"", [], []))
            pending, self._pending = self._pending, set()
        for reference in pending:
            with suppress(InvalidStateError):  # answered just now
                reference.set_exception(self._loss())
        self.going.set()
        self._made.set()
        for queue in self._queues.values():
            queue.put(None)
        if self._loop is not None and self._stop is not None:
            with suppress(RuntimeError):  # closed already
                self._loop.call_soon_threadsafe(self._stop.set)

    def join(self) -> None:
        """Wait until its threads have ended."""
        for thread in self.threads:
            if thread is not threading.current_thread():
                thread.join(END_SECONDS)
                if thread.is_alive():
                    raise RuntimeError(f"the thread {thread.name} does not end")

    def await_pulse(self) -> None:
        """Wait until it has answered all calls of `alive`, or falls silent, or is gone."""
        until = time.monotonic() + END_SECONDS
        with self._lock:
            asked = [reference for reference in self._pulses if not reference.done()]
            self._pulses = asked
        while self.going.is_set() and time.monotonic() < until:
            asked = [reference for reference in asked if not reference.done()]
            if not asked:
                return
            wait(asked, 0.01)

    def check(self) -> None:
        """Stand still while silence is asked for; end the calling thread, of this actor, when it is gone."""
        self.going.wait()
        if self.ended.done():
            raise _EndedError

    def _loss(self) -> ActorLostError:
        return ActorLostError(f"{self.name} is gone", self._why_not)

    def _settle(self, reference: Reference[Message], set_it: Callable[[], None]) -> None:
        with self._lock:
            self._pending.discard(reference)
            with suppress(InvalidStateError):  # lost meanwhile
                set_it()

    def _begin(self) -> bool:
        """Make the object, when there is room for it; whether that has worked."""
        self.going.wait()
        if self.ended.done():
            return False
        try:
            self._object = self._make()
        except Exception as error:  # noqa: BLE001 - whatever it is, callers are told
            self._why_not = (
                str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__
            )
            self.end()
            return False
        self._made.set()
        return True

    def _serve(self, group: str | None) -> None:
        if group is None and not self._coroutines and not self._begin():
            return
        self._made.wait()
        with suppress(_EndedError):
            while (call := self._queues[group].get()) is not None:
                self.check()
                if self._loop is not None:
                    with suppress(RuntimeError):  # closed by its end
                        self._loop.call_soon_threadsafe(self._take, call)
                    continue
                try:
                    message = _packed(getattr(self._object, call.method)(*_unpacked(call.arguments)))
                except Exception as error:  # noqa: BLE001 - for the caller
                    self._settle(call.reference, partial(call.reference.set_exception, _copied(error)))
                else:
                    self._settle(call.reference, lambda m=message, r=call.reference: r.set_result(m))  # type: ignore[misc]

    def _run_loop(self) -> None:
        asyncio.run(self._live())

    async def _live(self) -> None:
        self._stop = asyncio.Event()
        self._tasks = set[asyncio.Task[None]]()
        self._loop = asyncio.get_running_loop()
        if self._begin() and not self.ended.done():
            await self._stop.wait()

    def _take(self, call: _Call) -> None:
        if self._delays is None or self._loop is None:
            self._begin_coroutine(call)
        else:
            self._loop.call_later(self._delays.uniform(0, DISORDER_SECONDS), self._begin_coroutine, call)

    def _begin_coroutine(self, call: _Call) -> None:
        task = asyncio.ensure_future(self._do(call))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _do(self, call: _Call) -> None:
        try:
            message = _packed(await getattr(self._object, call.method)(*_unpacked(call.arguments)))
        except _EndedError:
            return
        except Exception as error:  # noqa: BLE001 - for the caller
            self._settle(call.reference, partial(call.reference.set_exception, _copied(error)))
        else:
            self._settle(call.reference, lambda: call.reference.set_result(message))


class _ThreadCalls:
    """`Calls` of one actor, or of the driver, which is none."""

    def __init__(self, actor: _Actor | None, weigh: Callable[[int], None] = lambda size: None) -> None:
        self._actor, self._weigh = actor, weigh

    def get(self, references: Sequence[Any]) -> list[Any]:
        """See `Calls`."""
        ended = [] if self._actor is None else [self._actor.ended]
        self.check()
        while pending := [r for r in references if not r.done()]:
            if any(r.done() and r.exception() is not None for r in references):
                break
            wait([*pending, *ended], return_when=FIRST_COMPLETED)
            self.check()
        failed = next((r for r in references if r.done() and r.exception() is not None), None)
        if failed is not None:
            failed.result()
        messages = [r.result() for r in references]
        for message in messages:
            self._weigh(message.size)
        return [_unpacked(message) for message in messages]

    def put(self, value: Any) -> Any:
        """See `Calls`."""
        reference: Reference[Message] = Reference()
        reference.set_result(_packed(value))
        return reference

    def here(self) -> Whereabouts:
        """See `Calls`."""
        return Whereabouts(HOST, "" if self._actor is None else self._actor.node, os.getpid())

    def check(self) -> None:
        """See `Calls`."""
        if self._actor is not None:
            self._actor.check()


class _Reservation(NamedTuple):
    nodes: list[str]
    bundles: list[Bundle]


class ThreadActors(_ThreadCalls):
    """`ActorSystem` of this process.

    cpus: CPUs of each simulated node. speed: how many times as fast as the clock its seconds pass. stepwise: they pass
    only while the driver waits in vain, and not before every actor that has not fallen silent has answered `alive`: so
    nobody is taken for silent because the machine has much else to do, or compiles.
    weigh: told of the bytes of all that the driver gets. disorder: seed of delays by which calls of coroutines overtake
    each other, as they may on Ray; without it they begin in the order in which they were made.
    """

    def __init__(
        self,
        cpus: Sequence[int] = (8,),
        *,
        speed: float = 1.0,
        stepwise: bool = False,
        weigh: Callable[[int], None] = lambda size: None,
        disorder: int | None = None,
    ) -> None:
        super().__init__(None, weigh)
        self._delays = None if disorder is None else Random(disorder)
        self.head: Head | None = None
        self._speed = speed
        self._stepwise, self._passed = stepwise, 0.0
        self._cpus = {f"node {i}": n for i, n in enumerate(cpus)}
        self._free = dict(self._cpus)
        self._room = threading.Condition()
        self._reservations: list[_Reservation] = []
        self._actors: list[_Actor] = []
        self._started = 0

    @contextmanager
    def connect(self, cluster: Cluster) -> Iterator[ThreadActors]:
        """What a fit takes for the way to a cluster. Raises RuntimeError when it leaves actors or reservations."""
        yield self
        if left := self.left():
            raise RuntimeError(f"left behind: {', '.join(left)}")

    def left(self) -> list[str]:
        """Actors and reservations that nobody has ended."""
        return [a.name for a in self._living()] + [str(reservation) for reservation in self._reservations]

    def end(self, name: str | None = None) -> None:
        """Have an actor be gone at once, as by kill -9; by default the calling one, which does not come back."""
        actor = self._asked(name)
        actor.end()
        if actor is self._calling():
            raise _EndedError

    def silence(self, name: str | None = None) -> None:
        """Have an actor do nothing any more until `go_on`, as one that is stopped; by default the calling one."""
        actor = self._asked(name)
        actor.going.clear()
        if name is None:
            actor.check()

    def go_on(self, name: str) -> None:
        """Have it go on."""
        self._asked(name).going.set()

    def end_node(self, node: str) -> None:
        """Have a node be gone, with its actors."""
        with self._room:
            del self._cpus[node], self._free[node]
        for actor in self._living():
            if actor.node == node:
                actor.end()

    def _calling(self) -> _Actor | None:
        """The actor of this thread, if it is one's."""
        current = threading.current_thread()
        return next((actor for actor in list(self._actors) if current in actor.threads), None)

    def _asked(self, name: str | None) -> _Actor:
        """Who is meant. Raises LookupError where nobody is."""
        named = (actor for actor in self._living() if actor.name == name)
        actor = self._calling() if name is None else next(named, None)
        if actor is None:
            raise LookupError(f"no actor is called {name}" if name else "this is no thread of an actor")
        return actor

    def _living(self) -> list[_Actor]:
        return [actor for actor in list(self._actors) if not actor.ended.done()]

    def now(self) -> float:
        """See `ActorSystem`."""
        return self._passed if self._stepwise else time.monotonic() * self._speed

    def nodes(self) -> list[Node]:
        """See `ActorSystem`."""
        return [Node(name, cpus, 0.0) for name, cpus in self._cpus.items()]

    def is_alive(self, node: str) -> bool:
        """See `ActorSystem`."""
        return node in self._cpus

    def check_connection(self) -> None:
        """No-op: this process is the cluster."""

    def check_seen(self, folder: str) -> None:
        """No-op: all is seen by this process."""

    def reserve(self, bundles: Sequence[Bundle], seconds: float) -> Any | None:
        """See `ActorSystem`."""
        with self._room:
            self._room.wait_for(lambda: self._placed(bundles) is not None, seconds / self._speed)
            nodes = self._placed(bundles)
            if nodes is None:
                return None
            made = _Reservation(nodes, list(bundles))
            for node, bundle in zip(nodes, bundles, strict=True):
                self._free[node] -= bundle.cpus
            self._reservations.append(made)
            return made

    def _placed(self, bundles: Sequence[Bundle]) -> list[str] | None:
        """The node of each bundle, always the one with most room; None where one finds none."""
        free, nodes = dict(self._free), []
        for bundle in bundles:
            node = max(free, key=free.__getitem__, default=None)
            if node is None or free[node] < bundle.cpus:
                return None
            free[node] -= bundle.cpus
            nodes.append(node)
        return nodes

    def is_whole(self, reservation: Any) -> bool:
        """See `ActorSystem`."""
        return all(node in self._cpus for node in reservation.nodes)

    def give_back(self, reservation: Any) -> None:
        """See `ActorSystem`."""
        with self._room:
            self._reservations.remove(reservation)
            for node, bundle in zip(reservation.nodes, reservation.bundles, strict=True):
                if node in self._free:
                    self._free[node] += bundle.cpus
            self._room.notify_all()

    def start(self, actor: type, *arguments: Any, name: str, seat: Seat | None = None) -> Any:
        """See `ActorSystem`."""
        if seat is None:
            nodes = list(self._cpus)
            node = nodes[self._started % len(nodes)]
            self._started += 1
        else:
            node = seat.reservation.nodes[seat.number]
        given = tuple(_unpacked(a.result()) if isinstance(a, Reference) else a for a in arguments)
        # In a bundle that has lost its node it waits for room, and is there to be ended.
        made = _Actor(name, node, actor, given, _ThreadCalls, begins=node in self._cpus, delays=self._delays)
        self._actors.append(made)
        return Handle(made)

    def wait(
        self, references: Sequence[Any], timeout: float | None, *, at_least: int = 1
    ) -> tuple[list[Any], list[Any]]:
        """See `ActorSystem`."""
        with suppress(TimeoutError):
            seconds = None if timeout is None else timeout / self._speed
            for n, _ in enumerate(as_completed(references, seconds), 1):
                if n >= at_least:
                    break
        if self._stepwise:
            for actor in self._living():
                actor.await_pulse()
            if timeout is not None and sum(r.done() for r in references) < at_least:
                self._passed += timeout
        ended = {r for r in references if r.done()}
        return [r for r in references if r in ended], [r for r in references if r not in ended]

    def kill(self, handle: Any) -> None:
        """See `ActorSystem`. Returns when all its threads have ended."""
        actor: _Actor = handle._actor
        actor.end()
        actor.join()
        with suppress(ValueError):  # ended before
            self._actors.remove(actor)
