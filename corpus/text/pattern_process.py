"""The program of a process that finds the matches of one pattern: see `guarded_pattern`.

It is run by its path and imports nothing but the standard library, so that it is there in some 20 ms. Python's `re`
cannot be interrupted but by a signal, so it sets itself a timer of processor time, whose signal ends it.
"""

from __future__ import annotations

import itertools
import re
import resource
import signal
import sys
from array import array
from contextlib import suppress
from typing import BinaryIO

STRETCH = 2**16
"""Characters for which the time is given together: texts may be as short as a word."""

SLOWEST = 100_000
"""Characters a second that a pattern must manage beyond the seconds that each stretch may take anyway; patterns of
words manage tens of millions."""

MEMORY, MEMORY_PER_BYTE = 2**31, 256
"""Bytes that the process may take, and as many more for each byte of text."""

MOST_OUTPUT, MOST_OUTPUT_PER_BYTE = 2**20, 64
"""Bytes of matches; a group within a lookahead may give each character again for each one before it."""


def main() -> None:
    """Compile the pattern that stands first on standard input, then answer lots of texts until it ends.

    Arguments: seconds, and "spans" for where matches begin and end ("3:8", in characters) in place of matches, or
    "fields" for where the first match and each of its groups do ("-1:-1": a group that took no part). Numbers are
    int64 and int32 in the byte order of the machine. The pattern: bytes, UTF-8; the answer is as to a lot of no texts,
    but holds the number of groups. A lot: number of texts, their offsets in bytes (one more), UTF-8. The answer: 0,
    number of matches in each text, bytes of each match, UTF-8; or 1, number of bytes, what went wrong.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the program that asks, which ends this one
    source, answer = sys.stdin.buffer, sys.stdout.buffer
    seconds, spans, fields = float(sys.argv[1]), "spans" in sys.argv[2:], "fields" in sys.argv[2:]
    (size,) = _numbers(source, 1)
    _allow(seconds, size)
    try:
        compiled = re.compile(source.read(size).decode("utf-8"))
    except (re.error, RecursionError, OverflowError, MemoryError) as error:
        _fail(answer, str(error) or type(error).__name__)
        return
    _stop()
    _answer(answer, [compiled.groups], array("i"), b"")
    while True:
        try:
            _answer(answer, *_matches(compiled, _texts(source), seconds, spans, fields))
        except (MemoryError, RecursionError):
            _fail(answer, "its matches take too much memory")
            return


def _numbers(source: BinaryIO, n: int) -> list[int]:
    data = source.read(8 * n)
    if len(data) < 8 * n:
        sys.exit(0)  # the process that asked has ended
    return array("q", data).tolist()


def _texts(source: BinaryIO) -> list[str]:
    (n,) = _numbers(source, 1)
    offsets = _numbers(source, n + 1)
    _allow_memory(offsets[-1])
    data = memoryview(source.read(offsets[-1]))
    return [str(data[a:b], "utf-8") for a, b in itertools.pairwise(offsets)]


def _matches(
    compiled: re.Pattern[str], texts: list[str], seconds: float, spans: bool, fields: bool
) -> tuple[list[int], array[int], bytes]:
    counts: list[int] = []
    lengths, pieces = array("i"), []
    room, left = MOST_OUTPUT, 0
    for text in texts:
        if left <= 0:
            _allow(seconds, len(text))
            left = STRETCH
        elif len(text) > left:
            _allow(seconds, len(text))
        left -= len(text)
        if spans:
            group = min(compiled.groups, 1)
            found = [f"{m.start(group)}:{m.end(group)}" for m in compiled.finditer(text) if m[group]]
        elif fields:
            first = compiled.search(text)
            found = [] if first is None else [f"{a}:{b}" for a, b in first.regs]
        else:
            found = list(filter(None, compiled.findall(text)))  # empty matches are no words
        counts.append(len(found))
        joined = "".join(found)
        lengths.extend(map(len, found) if joined.isascii() else (len(word.encode()) for word in found))
        pieces.append(joined)
        room += MOST_OUTPUT_PER_BYTE * len(text) - len(joined)
        if room < 0:
            raise MemoryError
    _stop()
    return counts, lengths, "".join(pieces).encode()


def _allow(seconds: float, characters: int) -> None:
    signal.setitimer(signal.ITIMER_PROF, seconds + characters / SLOWEST)


def _stop() -> None:
    signal.setitimer(signal.ITIMER_PROF, 0)


def _allow_memory(size: int) -> None:
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    wanted = MEMORY + MEMORY_PER_BYTE * size
    with suppress(ValueError, OSError):  # not on macOS
        resource.setrlimit(
            resource.RLIMIT_AS, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard)
        )


def _answer(answer: BinaryIO, counts: list[int], lengths: array[int], data: bytes) -> None:
    answer.write(array("q", [0, *counts, len(data)]).tobytes())
    answer.write(lengths.tobytes())
    answer.write(data)
    answer.flush()


def _fail(answer: BinaryIO, why: str) -> None:
    data = why.encode("utf-8", "replace")[:1000]
    answer.write(array("q", [1, len(data)]).tobytes() + data)
    answer.flush()


if __name__ == "__main__":
    main()
