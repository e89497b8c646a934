"""What a worker process runs."""

from __future__ import annotations

import os
import pickle
import select
import signal
import threading
from multiprocessing.connection import Connection
from typing import Any, Final, NoReturn

from lda.cluster.processes.messages import Answer, Opening, Order, failed, unpacked
from lda.cluster.spec.job import with_threads
from lda.corpus.machine import grant_cores
from lda.corpus.storage.leftovers import UNDIVIDED, undo_all

LOOK_SECONDS: Final = 1.0
UNWIND_SECONDS: Final = 2.0
"""What a task has to end by itself, once nobody waits for it any more; then the process is ended."""

ENDED: Final = 143
"""The exit code: 128 and the number of SIGTERM, as of a process that the signal has ended."""


class _EndError(BaseException):
    """Takes the main thread out of a task, so that its temporary files go."""


def main(connection: Connection[Any, Any], parent: int) -> None:
    """Do tasks until there are no more, or the process `parent`, which sends them, is gone."""
    os.set_inheritable(connection.fileno(), False)  # what a task begins must not keep the pipe open
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one that began this process
    signal.signal(signal.SIGTERM, _end)
    threading.Thread(
        target=_watch, args=(connection.fileno(), parent), name="lda-parent", daemon=True
    ).start()
    try:
        _work(connection)
    except (EOFError, ConnectionError):
        pass  # the parent is gone
    except _EndError:
        raise SystemExit(ENDED) from None


def _work(connection: Connection[Any, Any]) -> None:
    opening: Opening = connection.recv()
    try:
        use_cores(opening.threads)
        work = unpacked(opening.job).open(opening.threads)
    except Exception as error:  # noqa: BLE001 - whatever it is, the parent tells of it
        connection.send_bytes(failed(error))
        return
    connection.send(Answer())
    while True:
        order: Order | None = connection.recv()
        if order is None:
            return
        try:
            use_cores(order.threads)
            with with_threads(order.threads):
                # The result has no name here, so that it is gone while this waits for the next task.
                answer = pickle.dumps(Answer(work(unpacked(order.task))), protocol=pickle.HIGHEST_PROTOCOL)
        except Exception as error:  # noqa: BLE001 - as above
            answer = failed(error)
        connection.send_bytes(answer)
        del answer


def use_cores(threads: int) -> None:
    """Have everything that asks how many cores there are hear of these only, Arrow included."""
    grant_cores(threads)
    import pyarrow as pa

    pa.set_cpu_count(threads)
    pa.set_io_thread_count(max(threads, 1))


def _end(_number: int, _frame: Any) -> NoReturn:  # noqa: ANN401 - what the signal module passes
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise _EndError


def _watch(pipe: int, parent: int) -> None:
    """End this process soon after the one that began it.

    Both are looked at: the pipe, whose other end closes at once, and the parent's number, because a process that the
    parent has begun by fork may hold that end open.
    """
    looking = select.poll()
    looking.register(pipe, 0)  # only for its end: what is to be read is the main thread's
    while not looking.poll(LOOK_SECONDS * 1000) and os.getppid() == parent:
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(UNWIND_SECONDS)
    UNDIVIDED.acquire(timeout=1.0)
    undo_all()
    os._exit(ENDED)
