"""The process that holds a service together: it has the socket, the prepared models, and the workers."""

from __future__ import annotations

import asyncio
import shutil
import signal
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lda.corpus.presentable import presentable
from lda.progress import plural
from lda.serve.host.channel import Channel, Message
from lda.serve.host.private_folder import private_folder
from lda.serve.host.processes import Process
from lda.serve.host.watching import Watch, identity
from lda.serve.host.worker_turns import WorkerTurns

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

WATCH_SECONDS: Final = 1.0
PROVEN_SECONDS: Final = 1.0
"""What a worker must have lived after it was ready, for its death not to count as one at the start."""

MOST_EARLY_DEATHS: Final = 5
"""So many in a row, with no other worker there, end the service."""

BACK_OFF: Final = (0.0, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds before a worker is begun anew, by the number of early deaths in a row."""

TRIES: Final = 3
"""How often a model is read that is replaced meanwhile."""

SLACK_SECONDS: Final = 2.0
"""What workers have beyond the time to drain, to end."""

OUT_OF_MEMORY: Final = ", as by a system that is out of memory"


class ServiceError(RuntimeError):
    """A service that cannot begin, or go on.

    exit_code, kind: how a command ends for it, and what `--json` calls it.
    """

    exit_code = 1
    kind = "failure"


class UnfitModelError(ServiceError):
    """A model that cannot be served, so that the service does not begin."""

    exit_code = 3
    kind = "data"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePlan:
    """What is served, and how.

    places: folders or URIs by the names that they are served under. settings: fields of `ServeSettings`, the token
    among them. connections: fields of `ConnectionLimits`. certificate, key: files, or None for plain HTTP.
    """

    places: Mapping[str, str]
    workers: int
    settings: Mapping[str, Any] = field(repr=False)
    connections: Mapping[str, Any]
    log: str
    drain_seconds: float
    certificate: str | None = None
    key: str | None = None


@dataclass(slots=True)
class _Served:
    """A name, and what is served under it. folder: of the prepared model; None while there is none."""

    name: str
    watch: Watch
    folder: Path | None = None
    fingerprint: str = ""
    digest: str = ""
    reason: str = ""
    state: str = "loading"

    def told(self) -> Message:
        return {
            "name": self.name,
            "state": self.state,
            "fingerprint": self.fingerprint,
            "reason": self.reason,
        }


@dataclass(slots=True)
class _Seat:
    """A place for a worker, and the worker. ready: since when, by the monotonic clock; None before."""

    number: int
    process: Process | None = None
    channel: Channel | None = None
    ready: float | None = None
    replies: dict[int, asyncio.Future[Message | None]] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"worker {self.number} (process {0 if self.process is None else self.process.pid})"


class _RefusedError(Exception):
    """A model that cannot be served: why, in one line; and how a command ends for it."""

    def __init__(self, reason: str, exit_code: int = 3, kind: str = "data") -> None:
        super().__init__(reason)
        self.exit_code, self.kind = exit_code, kind


def _check(known: Message) -> None:
    if "error" in known:
        raise _RefusedError(str(known["error"]), known["code"], known["kind"])


class Supervisor:
    """Holds a service together, in an event loop of its own, in the main thread.

    It imports neither NumPy nor a model: a process of its own reads those (`preparer`), writes them to a private folder
    as plain arrays, and is gone; the workers map them. So the memory of a model is there once, and nothing that a model
    or a request does can harm the one that replaces who dies.
    """

    def __init__(
        self,
        plan: ServicePlan,
        listener: socket.socket,
        *,
        started: Callable[[dict[str, str]], object],
        note: Callable[[str], object],
        warn: Callable[[str], object],
    ) -> None:
        """listener: listens already. started: told fingerprints by name, once all is ready. note, warn: get lines."""
        self._plan, self._listener = plan, listener
        self._started, self._note, self._warn = started, note, warn
        self._served = {name: _Served(name, Watch(place)) for name, place in plan.places.items()}
        self._seats = [_Seat(number) for number in range(plan.workers)]
        self._numbers = 0
        self._folders = 0
        self._replaced = 0
        self._early_deaths = 0
        self._ready = False
        self._signals = 0
        self._ending = False

    def run(self) -> int:
        """Serve until a signal says to end; returns the exit code.

        Raises:
            ServiceError: a model cannot be served at the beginning, or workers die as soon as they begin.
            OSError: the system refuses something: `started` cannot write, for one.
        """
        with private_folder(self._warn) as folder:
            self._folder = folder
            with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
                return runner.run(self._run())

    async def _run(self) -> int:
        self._loop = asyncio.get_running_loop()
        self._end = asyncio.Event()
        self._failed: BaseException | None = None
        self._admitted = asyncio.Event()
        self._lock = asyncio.Lock()
        self._tasks = set[asyncio.Task[Any]]()
        self._queued = dict[str, asyncio.Task[Message]]()
        self._turns = self._folder / "turns"
        WorkerTurns.make(self._turns, len(self._seats))
        self._metrics = self._folder / "metrics"
        self._metrics.mkdir(mode=0o700)
        restore = self._heed_signals()
        try:
            for seat in self._seats:
                self._do(self._keep(seat))
            self._do(self._begin())
            await self._end.wait()
            if self._failed is not None:
                raise self._failed
            return await self._drain()
        finally:
            self._ending = True
            for task in list(self._tasks):
                task.cancel()
            for seat in self._seats:
                if seat.process is not None:
                    seat.process.kill()
            for seat in self._seats:
                if seat.process is not None:
                    await seat.process.ended.wait()
            restore()

    def _do(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # A command has words for those of the system, and others bring their own.
            if not isinstance(error, OSError) and not hasattr(type(error), "exit_code"):
                error = ServiceError(f"the supervisor failed: {type(error).__name__}: {error}")
            self._failed = self._failed or error
            self._end.set()

    # Beginning and ending

    async def _begin(self) -> None:
        """Have the models read and served, then be ready; watch from then on."""
        for served in self._served.values():
            served.watch.served = await asyncio.to_thread(identity, served.watch.place)
        wanted = {name: self._new_folder() for name in self._served}
        try:
            for name, known in (await self._prepared(wanted)).items():
                _check(known)
                await self._take(self._served[name], wanted[name], known)
        except _RefusedError as error:
            raise (UnfitModelError if error.exit_code == UnfitModelError.exit_code else ServiceError)(
                str(error)
            ) from None
        while any(seat.ready is None for seat in self._seats):
            self._admitted.clear()
            await self._admitted.wait()
        self._ready = True
        self._tell_state()
        await asyncio.gather(*(self._asked(seat, do="open") for seat in self._seats))
        self._started({name: served.fingerprint for name, served in self._served.items()})
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            for served in self._served.values():
                if served.state == "ready" and await asyncio.to_thread(served.watch.look):
                    await self._load_quietly(served)

    def _heed_signals(self) -> Callable[[], None]:
        """The first SIGTERM or SIGINT ends the service in peace, the second at once; what is ignored stays ignored.

        Not by the loop's own way, which takes the pipe that the command has for its signals.
        """

        def handle(number: int, _frame: object) -> None:
            self._loop.call_soon_threadsafe(self._signalled, signal.Signals(number).name)

        before: dict[signal.Signals, Any] = {}
        for which in (signal.SIGTERM, signal.SIGINT):
            if signal.getsignal(which) is not signal.SIG_IGN:
                before[which] = signal.signal(which, handle)

        def restore() -> None:
            for which, previous in before.items():
                signal.signal(which, previous)

        return restore

    def _signalled(self, name: str) -> None:
        self._signals += 1
        if self._signals == 1:
            self._ending = True
            if self._ready:
                self._note(
                    f"{name}: no more connections; answering what is under way, {self._plan.drain_seconds:g} s at most "
                    "(again to end at once)"
                )
        self._end.set()
        if self._signals > 1:
            for seat in self._seats:
                if seat.process is not None:
                    seat.process.kill()

    async def _drain(self) -> int:
        """Have all workers answer what is under way, and end. Returns the exit code."""
        if not self._ready:
            return 0
        self._listener.close()
        living = [seat for seat in self._seats if seat.process is not None and seat.process.code is None]
        for seat in living:
            if seat.channel is not None:
                seat.channel.send(do="end")
        ends = [self._loop.create_task(seat.process.ended.wait()) for seat in living if seat.process]
        if ends:
            _, late = await asyncio.wait(ends, timeout=self._plan.drain_seconds + SLACK_SECONDS)
            for task in late:
                task.cancel()
            if late and self._signals < 2:
                self._warn(
                    f"{plural(len(late), 'worker')} had requests under way after {self._plan.drain_seconds:g} s"
                )
        return 130 if self._signals > 1 else 0

    # Workers

    async def _keep(self, seat: _Seat) -> None:
        """Have a worker in the seat, again and again."""
        while not self._ending:
            await self._occupy(seat)
            if self._ending:
                return
            assert seat.process is not None
            how = seat.process.how()
            if seat.process.code == -signal.SIGKILL:
                how += OUT_OF_MEMORY
            proven = seat.ready is not None and time.monotonic() - seat.ready > PROVEN_SECONDS
            self._early_deaths = 0 if proven else self._early_deaths + 1
            others = any(other.ready is not None for other in self._seats if other is not seat)
            if self._early_deaths >= MOST_EARLY_DEATHS and not others:
                raise ServiceError(
                    f"workers died {self._early_deaths} times at their start, the last {how}; what they said is above"
                )
            wait = BACK_OFF[min(self._early_deaths, len(BACK_OFF) - 1)]
            when = f" in {wait:g} s" if wait else ""
            self._warn(f"{seat} {how}; another begins{when}")
            self._vacate(seat)
            self._replaced += 1
            self._tell_state()
            await asyncio.sleep(wait)

    def _vacate(self, seat: _Seat) -> None:
        # What it counted stays, but not how it stood; as prometheus-client has it.
        if seat.process is not None:
            for file in self._metrics.glob(f"gauge_live*_{seat.process.pid}.db"):
                file.unlink(missing_ok=True)
        seat.process = seat.channel = seat.ready = None
        for reply in seat.replies.values():
            if not reply.done():
                reply.set_result(None)
        seat.replies.clear()
        WorkerTurns.vacate(self._turns, seat.number)

    async def _occupy(self, seat: _Seat) -> None:
        """Begin a worker, and hear what it says until it has ended."""
        try:
            seat.process = Process(
                "lda.serve.host.worker",
                self._orders(seat),
                [self._listener],
                {"PROMETHEUS_MULTIPROC_DIR": str(self._metrics)},
            )
        except OSError as error:
            raise ServiceError(
                f"a worker process cannot begin: {error.strerror or error}; take fewer (--workers)"
            ) from None
        seat.channel = await seat.process.channel()
        hearing = self._loop.create_task(seat.channel.hear(lambda message: self._heard(seat, message)))
        try:
            await seat.process.ended.wait()
            await hearing  # what it said before
        finally:
            hearing.cancel()
            seat.channel.close()

    def _orders(self, seat: _Seat) -> Message:
        return {
            "names": list(self._served),
            "settings": dict(self._plan.settings),
            "connections": dict(self._plan.connections),
            "log": self._plan.log,
            "drain_seconds": self._plan.drain_seconds,
            "certificate": self._plan.certificate,
            "key": self._plan.key,
            "turns": str(self._turns),
            "seat": seat.number,
            "sockets": [self._listener.fileno()],
        }

    def _heard(self, seat: _Seat, message: Message) -> None:
        if "begun" in message:
            self._do(self._admit(seat))
        elif "done" in message:
            reply = seat.replies.pop(message["done"], None)
            if reply is not None and not reply.done():
                reply.set_result(message)
        elif "ask" in message:
            self._do(self._answer(seat, message))

    async def _admit(self, seat: _Seat) -> None:
        """Give a worker that has begun what is served. It takes connections once it has all of it.

        Those of a service that is just beginning take them at once, to say that they are alive, and not ready.
        """
        while True:
            folders = self._current()
            for name, folder in folders.items():
                reply = await self._asked(seat, do="load", name=name, folder=str(folder))
                if reply is None:
                    return
                if "error" in reply:
                    self._warn(f"{seat} cannot open the model {name}: {reply['error']}")
                    if seat.process is not None:
                        seat.process.kill()
                    return
            if folders == self._current():
                break
        self._send(seat, do="swap", folders=[str(folder) for folder in folders.values()])
        seat.ready = time.monotonic()
        self._admitted.set()
        self._tell_state()
        await self._asked(seat, do="open")

    def _current(self) -> dict[str, Path]:
        return {name: served.folder for name, served in self._served.items() if served.folder is not None}

    def _send(self, seat: _Seat, **message: object) -> None:
        if seat.channel is not None:
            seat.channel.send(**message)

    async def _asked(self, seat: _Seat, **message: object) -> Message | None:
        """What a worker replies when it has done it; None if it is dead."""
        if seat.channel is None or seat.process is None or seat.process.code is not None:
            return None
        self._numbers += 1
        reply: asyncio.Future[Message | None] = self._loop.create_future()
        seat.replies[self._numbers] = reply
        seat.channel.send(number=self._numbers, **message)
        return await reply

    def _tell_state(self) -> None:
        """Tell all workers how things stand."""
        state = {
            "do": "state",
            "ready": self._ready,
            "models": [served.told() for served in self._served.values()],
            "workers": sum(seat.ready is not None for seat in self._seats),
            "replaced": self._replaced,
        }
        for seat in self._seats:
            self._send(seat, **state)

    # Models

    async def _answer(self, seat: _Seat, message: Message) -> None:
        """Do what a worker asks for."""
        name = message["name"]
        if name not in self._served:
            known = ", ".join(self._served)
            answer: Message = {"unknown": presentable(f"there is no model {name!r:.80}; there are: {known}")}
        elif message["ask"] == "load":
            try:
                answer = await self._load(self._served[name])
            except _RefusedError as error:
                answer = {"refused": str(error)}
        else:
            await self._unload(self._served[name])
            answer = {}
        self._send(seat, do="answer", number=message["number"], **answer)

    async def _load(self, served: _Served) -> Message:
        """Load a model anew; those who ask while that has not begun share it. Raises `_RefusedError`."""
        queued = self._queued.get(served.name)
        if queued is None:
            queued = self._queued[served.name] = self._loop.create_task(self._load_in_turn(served))
            queued.add_done_callback(lambda task: task.cancelled() or task.exception())
        return await asyncio.shield(queued)

    async def _load_in_turn(self, served: _Served) -> Message:
        async with self._lock:
            self._queued.pop(served.name, None)
            before, began = (served.fingerprint, served.digest), time.monotonic()
            for attempt in range(TRIES):
                found = await asyncio.to_thread(identity, served.watch.place)
                folder = self._new_folder()
                try:
                    known = (await self._prepared({served.name: folder}))[served.name]
                    _check(known)
                    await self._take(served, folder, known)
                except _RefusedError as error:
                    shutil.rmtree(folder, ignore_errors=True)
                    now = await asyncio.to_thread(identity, served.watch.place)
                    if now != found and attempt < TRIES - 1:  # it was replaced while it was read
                        continue
                    served.watch.served, served.reason = found, str(error)
                    self._tell_state()
                    raise
                except BaseException:
                    shutil.rmtree(folder, ignore_errors=True)
                    raise
                served.watch.served = found
                break
            seconds = round(time.monotonic() - began, 3)
            changed = before != (served.fingerprint, served.digest)
            if changed:
                self._note(
                    f"{served.name}: version {served.fingerprint[:12]} is served now, after {seconds:.1f} s"
                )
            return {"fingerprint": served.fingerprint, "changed": changed, "seconds": seconds}

    async def _load_quietly(self, served: _Served) -> None:
        """Load what the watch has found; a refusal is one line."""
        try:
            await self._load(served)
        except _RefusedError as error:
            self._warn(
                f"{served.name}: the new model is refused: {error}; version {served.fingerprint[:12]} is served on"
            )

    async def _take(self, served: _Served, folder: Path, known: Message) -> None:
        """Have a prepared model served by all workers, in place of the one before: opened by all first, then swapped.

        Raises:
            _RefusedError: a worker cannot open it.
        """
        opened = set[int]()
        while missing := [
            seat for seat in self._seats if seat.ready is not None and id(seat.process) not in opened
        ]:
            opened |= {id(seat.process) for seat in missing}
            replies = await asyncio.gather(
                *(self._asked(seat, do="load", name=served.name, folder=str(folder)) for seat in missing)
            )
            failed = [reply["error"] for reply in replies if reply is not None and "error" in reply]
            if failed:
                for seat in self._seats:
                    self._send(seat, do="discard", folder=str(folder))
                raise _RefusedError(f"a worker cannot open it: {failed[0]}", 1, "failure")
        # From here to the next `await` nothing comes between: a worker that is admitted later gets the new one.
        old, served.folder = served.folder, folder
        served.fingerprint, served.digest = known["fingerprint"], known["digest"]
        served.state, served.reason = "ready", ""
        swaps = [
            self._asked(seat, do="swap", folders=[str(folder)])
            for seat in self._seats
            if seat.ready is not None
        ]
        self._tell_state()
        await asyncio.gather(*swaps)
        # Who has it mapped keeps it, with no name, until the last request that has it is answered.
        if old is not None:
            shutil.rmtree(old, ignore_errors=True)

    async def _unload(self, served: _Served) -> None:
        async with self._lock:
            old, served.folder = served.folder, None
            served.state, served.fingerprint, served.digest, served.reason = "unloaded", "", "", ""
            self._tell_state()
            await asyncio.gather(*(self._asked(seat, do="unload", name=served.name) for seat in self._seats))
            if old is not None:
                shutil.rmtree(old, ignore_errors=True)
            self._note(f"{served.name} is served no more, until it is loaded again")

    def _new_folder(self) -> Path:
        self._folders += 1
        return self._folder / f"model-{self._folders}"

    async def _prepared(self, wanted: Mapping[str, Path]) -> dict[str, Message]:
        """What is known of models, or "error", by name, as a process of its own has read them."""
        orders = {
            "models": [
                {"name": name, "place": str(self._served[name].watch.place), "folder": str(folder)}
                for name, folder in wanted.items()
            ],
            "n_words": self._plan.settings.get("n_words", 10),
            "behind": self._ready,
        }
        found = dict[str, Message]()
        try:
            process = Process("lda.serve.host.preparer", orders)
        except OSError as error:
            why = f"no process can begin to read it: {error.strerror or error}"
            return {name: {"error": why, "code": 1, "kind": "failure"} for name in wanted}
        channel = await process.channel()
        try:
            await channel.hear(lambda message: found.update({message["name"]: message}))
            await process.ended.wait()
        finally:
            process.kill()
            channel.close()
        for message in found.values():
            for text in message["warnings"]:
                self._warn(text)
        how = process.how() + (OUT_OF_MEMORY if process.code == -signal.SIGKILL else "")
        lost: Message = {"error": f"the process that read it {how}", "code": 1, "kind": "failure"}
        return {name: found.get(name, lost) for name in wanted}
