"""The C programs: built where a compiler is, and asked for sweeps."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from lda.samplers.counts.row_layout import FEW_TOPICS

HERE: Final = Path(__file__).parent
COMPILERS: Final = ("gcc", "clang", "cc")
FLAGS: Final = ("-O3", "-march=native", "-ffp-contract=off", "-Wall", "-Wextra", "-Wno-psabi")
LANES: Final = 16
TURNS: Final = (3, 4, 6)
"""Documents in turns that are tried; the fastest number depends on the processor and on K."""


class NoProgram(Exception):  # noqa: N818 - reads as what it says
    """A program cannot be had or has ended; the message says why, and the remedy."""


def compiler() -> str:
    """The path of a C compiler. Raises NoProgram."""
    for name in COMPILERS:
        found = shutil.which(name)
        if found is not None:
            return found
    raise NoProgram(
        "the limit needs a C compiler, and neither gcc, clang nor cc is here; install one "
        "(Debian: apt install gcc libc6-dev, macOS: xcode-select --install)"
    )


def build(folder: Path, n_topics: int, turns: int, *, gather: bool = False) -> list[str]:
    """Build the program for K topics in `folder`; returns the command that starts it, without the state.

    gather: with the processor's instruction for it, where topics are many. Raises NoProgram.
    """
    source = "few_topics" if n_topics <= FEW_TOPICS else "many_topics"
    blocks = -(-n_topics // LANES)
    out = folder / f"{source}-{blocks}-{turns}{'-gather' if gather else ''}"
    defined = [f"-DTURNS={turns}", *([f"-DBLOCKS={blocks}"] if source == "few_topics" else [])]
    defined += ["-DGATHER"] if gather else []
    command = [compiler(), *FLAGS, *defined, str(HERE / f"{source}.c"), "-o", str(out), "-lm"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = next((line for line in done.stderr.splitlines() if "error" in line), done.stderr.strip())
        raise NoProgram(
            f"{source}.c cannot be built: {said}; try another compiler, gcc 10 or clang 15 or later"
        )
    return [str(out)]


class Program:
    """A running program that sweeps when it is asked to, as `limit.h` says, or `tomotopy_sweeps.py`.

    Usable as a context manager, which ends it.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._command = list(command)
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def wait_until_ready(self) -> None:
        """Return when the state has been read. Raises NoProgram when it was not."""
        if self._line() != "ready":
            raise NoProgram(f"{Path(self._command[0]).name} did not begin")

    def ask(self, sweeps: int) -> None:
        """Have it sweep; `answer` must follow. Raises NoProgram when it has ended."""
        if self._process.stdin is None or self._process.poll() is not None:
            raise NoProgram(f"{Path(self._command[0]).name} has ended")
        self._process.stdin.write(f"{sweeps}\n")
        self._process.stdin.flush()

    def answer(self) -> dict[str, float]:
        """What the sweeps took, nanoseconds a token by name. Raises NoProgram when it has ended without a word."""
        found: dict[str, float] = json.loads(self._line())
        return found

    def last_words(self) -> dict[str, float]:
        """End the input; returns what the program has to say on its state. Raises NoProgram."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        return self.answer()

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None and not pipe.closed:
                pipe.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _line(self) -> str:
        line = self._process.stdout.readline() if self._process.stdout is not None else ""
        if not line:
            code = self._process.wait()
            said = self._process.stderr.read().strip() if self._process.stderr is not None else ""
            last = said.splitlines()[-1] if said else f"exit code {code}"
            raise NoProgram(f"{Path(self._command[0]).name} has ended: {last}")
        return line.strip()
