"""Patterns that are not known to be harmless, run where they can be stopped: in processes of their own.

A pattern such as `(a+)+$` may take longer than the world lasts, to be compiled or on one line of text, and it may
come with the model of a stranger. Python's `re` knows no time limit. The package `regex` does, but has another
database of Unicode, so that a model's words would no longer be those it was trained on. A process that its timer
ends knows `re` itself, answers with the bytes that Arrow takes as they are, and does not hold this one's lock.
"""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from array import array
from collections import deque
from contextlib import suppress
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import IO, Any, Final, Literal, NamedTuple, Self, cast
from weakref import finalize

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lda.corpus.arrow import strings
from lda.corpus.errors import DataError
from lda.corpus.text.patterns import compile_pattern, expand

SECONDS: Final = 5.0
"""Limit of processor time, to compile a pattern, and to find its matches in each 64 kB of text."""

PROGRAM: Final = Path(__file__).with_name("pattern_process.py")


Told = Literal["words", "spans", "fields"]


class Matches(NamedTuple):
    """What a pattern finds: (n + 1,) int64 offsets of the texts' matches, and these, none of them empty."""

    offsets: npt.NDArray[np.int64]
    words: pa.Array[Any]


@lru_cache(maxsize=256)
def groups(pattern: str) -> int:
    """Number of groups of a pattern.

    Raises:
        re.error: it is no regular expression.
        DataError: it takes too long to compile.
    """
    if not can_guard():
        return compile_pattern(pattern).groups
    with _Process(pattern) as process:
        return process.groups


class GuardedPattern:
    """A pattern whose matches are found in other processes, one for each thread that asks at the same time."""

    def __init__(self, pattern: str, *, told: Told = "words") -> None:
        """Start nothing yet.

        told: of matches the words, or "spans", where they begin and end in the text ("3:8", in characters); or
        "fields": those of the first match alone and of each of its groups ("-1:-1" for one that took no part).
        """
        self._pattern, self._told = pattern, told
        self._idle: deque[_Process] = deque()
        finalize(self, _close_all, self._idle)

    def find(self, texts: pa.Array[Any]) -> Matches:
        """All matches in the texts, (n,) strings; null counts as empty.

        Raises:
            DataError: it takes too long or too much memory.
        """
        try:
            process = self._idle.pop()
        except IndexError:
            process = _Process(self._pattern, told=self._told)
        try:
            found = process.find(texts)
        except BaseException:
            process.close()
            raise
        self._idle.append(process)
        return found

    def search(self, texts: list[str]) -> list[list[tuple[int, int]] | None]:
        """Where the first match in each text and its groups begin and end, if they are told as "fields"; None for none.

        Raises:
            DataError: it takes too long or too much memory.
        """
        offsets, fields = self.find(strings(texts))
        places = [tuple(map(int, str(field).split(":"))) for field in fields.to_pylist()]
        return [
            [(begin, end) for begin, end in places[low:high]] if low < high else None
            for low, high in pairwise(offsets.tolist())
        ]


class _FailedError(Exception):
    """What a process tells of its pattern."""


def _close_all(processes: deque[_Process]) -> None:
    while processes:
        processes.pop().close()


class _Process:
    """One process with a compiled pattern."""

    def __init__(self, pattern: str, *, told: Told = "words") -> None:
        self._pattern, self._told = pattern, told
        self._process = subprocess.Popen(  # noqa: S603 - this Python and a file of this package
            # Isolated, and without site-packages: it starts in 20 ms, whatever the environment says.
            [sys.executable, "-I", "-S", str(PROGRAM), repr(SECONDS), told],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        try:
            written = expand(pattern).encode("utf-8", "surrogatepass")
            self._send(array("q", [len(written)]), written)
            self.groups = int(self._answer(1)[0][0])
        except _FailedError as error:
            self.close()
            raise re.error(str(error)) from None
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def find(self, texts: pa.Array[Any]) -> Matches:
        """See `GuardedPattern.find`."""
        whole: Any = pa.concat_arrays([texts.cast(pa.large_string()).fill_null("")])  # from offset 0
        _, offsets, data = whole.buffers()
        ends = memoryview(offsets or b"").cast("B")[: 8 * (len(whole) + 1)]
        size = int(np.frombuffer(ends, dtype=np.int64)[-1]) if len(whole) else 0
        self._send(array("q", [len(whole)]), ends or bytes(8), memoryview(data or b"").cast("B")[:size])
        try:
            counts, lengths, found = self._answer(len(whole))
        except _FailedError as error:
            raise DataError(
                f"the pattern '{self._pattern:.200}' cannot be used: {error}; simplify it"
            ) from None
        starts = np.zeros(len(lengths) + 1, dtype=np.int64)
        np.cumsum(lengths, out=starts[1:])
        words = pa.LargeStringArray.from_buffers(len(lengths), pa.py_buffer(starts.data), pa.py_buffer(found))
        return Matches(np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), words)

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        for pipe in (self._stdin, self._stdout):
            with suppress(OSError):  # something was still to be sent, to a process that has ended
                pipe.close()
        self._process.wait()

    @property
    def _stdin(self) -> IO[bytes]:
        return cast("IO[bytes]", self._process.stdin)

    @property
    def _stdout(self) -> IO[bytes]:
        return cast("IO[bytes]", self._process.stdout)

    def _send(self, *pieces: array[int] | bytes | memoryview) -> None:
        try:
            for piece in pieces:
                self._stdin.write(piece)
            self._stdin.flush()
        except BrokenPipeError:
            raise self._ended() from None

    def _answer(self, n: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], bytes]:
        """Number of matches in each of n texts, their lengths in bytes, their bytes."""
        (failed,) = self._numbers(1)
        if failed:
            raise _FailedError(self._read(int(self._numbers(1)[0])).decode("utf-8", "replace"))
        counts, (size,) = self._numbers(n), self._numbers(1)
        lengths = np.frombuffer(self._read(4 * int(counts.sum()) if size else 0), dtype=np.int32)
        return counts, lengths, self._read(int(size))

    def _numbers(self, n: int) -> npt.NDArray[np.int64]:
        return np.frombuffer(self._read(8 * n), dtype=np.int64)

    def _read(self, size: int) -> bytes:
        data = self._stdout.read(size)
        if len(data) < size:
            raise self._ended()
        return data

    def _ended(self) -> DataError:
        code = self._process.wait()
        if code == -signal.SIGPROF:
            return DataError(
                f"the pattern '{self._pattern:.200}' takes too long, more than {SECONDS:g} s on a piece of text "
                "for which a pattern of words takes an instant; write it without repeats within repeats"
                + ("" if self._told == "fields" else ", or give, in Python, a tokenizer function instead")
            )
        return DataError(
            f"the pattern '{self._pattern:.200}' ended the process that ran it (code {code}); simplify it"
        )


def can_guard() -> bool:
    """Whether this Python can start another one: one that is part of another program cannot."""
    return bool(sys.executable) and not getattr(sys, "frozen", False)
