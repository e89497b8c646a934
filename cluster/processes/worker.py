"""A worker process, as the process that began it sees it."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any, Final

from lda.cluster.processes.messages import Answer, Opening, Order
from lda.cluster.spec.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Iterator

_BEGIN: Final = (
    "import sys; from multiprocessing.connection import Connection; "
    "pipe = Connection(int(sys.argv[1])); sys.path[:] = pipe.recv(); "
    "from lda.cluster.processes.child import main; main(pipe, int(sys.argv[2]))"
)

THREADS_OF_OTHERS: Final = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS", "NUMBA_NUM_THREADS", "RAYON_NUM_THREADS", "POLARS_MAX_THREADS",
)  # fmt: skip
"""Variables by which libraries are told how many threads to begin; they read them when they are loaded."""

REAP_SECONDS: Final = 5.0


class Worker:
    """One process, which does a task at a time.

    It is a new Python that imports this package and no more. Rejected: `multiprocessing`, which imports the caller's
    script a second time, so that a script without `if __name__ == "__main__"` would run in every worker; and fork,
    which copies threads' locks without the threads. Only what can be imported travels, in exchange.
    """

    def __init__(self, number: int, job: bytes, threads: int) -> None:
        """Begin; the answer to the opening is the first. Raises ClusterError when no process can begin."""
        self.number, self.threads = number, threads
        here, there = map(_not_standard, multiprocessing.Pipe())
        try:
            with _no_interrupts():
                self.process = subprocess.Popen(  # noqa: S603 - nothing in it comes from outside
                    [
                        sys.executable,
                        *(f"-W{option}" for option in sys.warnoptions),
                        "-c",
                        _BEGIN,
                        str(there.fileno()),
                        str(os.getpid()),
                    ],
                    pass_fds=[there.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=_stderr(),  # what the caller prints is a result, perhaps JSON
                    env=os.environ | dict.fromkeys(THREADS_OF_OTHERS, str(threads)),
                )
        except OSError as error:
            here.close()
            raise ClusterError(
                f"a worker process could not begin: {error.strerror or error}; take fewer at a time"
            ) from error
        finally:
            there.close()
        self.pipe: Connection[Any, Any] = here
        with suppress(ConnectionError):  # it is dead already: reading says so
            here.send([entry for entry in sys.path if isinstance(entry, str)])
            here.send(Opening(job, threads))

    def __str__(self) -> str:
        return f"worker {self.number} (process {self.process.pid})"

    def ask(self, order: Order) -> None:
        """Have a task done."""
        with suppress(ConnectionError):  # as above
            self.pipe.send(order)

    def answer(self) -> Answer | None:
        """What it has to say, which must be there; None when it is dead."""
        if (
            self.silent()
        ):  # a process that its task has begun may hold the other end open, and say nothing for ever
            return None
        try:
            answer: Answer = self.pipe.recv()
        except (EOFError, OSError):
            return None
        return answer

    def silent(self) -> bool:
        """Whether the process has ended, with nothing left to read."""
        return self.process.poll() is not None and not self.pipe.poll()

    def dismiss(self) -> None:
        """Have it end: at once where it has nothing to do, else after it has removed its temporary files."""
        with suppress(OSError):
            self.process.terminate()

    def end(self, seconds: float = REAP_SECONDS) -> str:
        """Wait until it has ended, which it is made to after so many seconds; returns how it ended, in words."""
        self.pipe.close()
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        if code >= 0:
            return f"ended with exit code {code}"
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        out_of_memory = ", as by a system that is out of memory" if -code == signal.SIGKILL else ""
        return f"ended by {name}{out_of_memory}"


def _not_standard(pipe: Connection[Any, Any]) -> Connection[Any, Any]:
    """The pipe under a number that no program takes for its input or output, as where these are closed in a daemon."""
    if pipe.fileno() > 2:
        return pipe
    with pipe:
        return Connection(fcntl.fcntl(pipe.fileno(), fcntl.F_DUPFD_CLOEXEC, 3))


def _stderr() -> int:
    """Where a worker's standard output goes: where errors go, if there is such a place."""
    try:
        os.fstat(2)
    except OSError:
        return subprocess.DEVNULL
    return 2


@contextmanager
def _no_interrupts() -> Iterator[None]:
    """Within the block Ctrl-C waits; a process that begins there has it wait for good, from its first moment on."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
