"""Work on batches in threads, results in order."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from lda.corpus.machine import available_cores

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")
R = TypeVar("R")


def thread_count(threads: int | None) -> int:
    """Number of threads to use; None takes the cores this process may use.

    Raises:
        ValueError: less than one.
    """
    if threads is None:
        return available_cores()
    if threads < 1:
        raise ValueError(f"threads must be at least 1, got {threads}; None uses all cores")
    return threads


def ordered_map(
    function: Callable[[T], R], items: Iterable[T], threads: int, ahead: int | None = None
) -> Iterator[R]:
    """Like `map`, in threads that work ahead of the consumer by `ahead` items, two a thread where not given.

    Items are taken in the calling thread, and so few at a time that they need not all be in memory. The first
    exception ends the work: what has begun is waited for, and what has not is not begun.
    """
    if threads == 1:
        yield from map(function, items)
        return
    most = 2 * threads if ahead is None else ahead
    pool = ThreadPoolExecutor(threads, thread_name_prefix="lda-corpus")
    try:
        waiting: deque[Future[R]] = deque()
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > most:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
