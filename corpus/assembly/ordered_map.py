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


def ordered_map(function: Callable[[T], R], items: Iterable[T], threads: int) -> Iterator[R]:
    """Like `map`, in threads that work ahead of the consumer by two items each.

    Items are taken in the calling thread. The first exception ends the work.
    """
    if threads == 1:
        yield from map(function, items)
        return
    pool = ThreadPoolExecutor(threads, thread_name_prefix="lda-corpus")
    try:
        waiting: deque[Future[R]] = deque()
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > 2 * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
