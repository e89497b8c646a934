"""Threads that run nogil kernels over blocks of documents or of words."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from itertools import pairwise
from types import TracebackType
from typing import Final, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")
R = TypeVar("R")

BLOCKS_PER_THREAD: Final = 8
"""Enough blocks that a thread done early finds another."""

BLOCK_TOKENS: Final = 1 << 14
"""A smaller block is not worth the call of a kernel."""

BLOCK_DOCUMENTS: Final = 24
"""Fewer documents than this leave turns empty towards the end of a kernel's call (`rules/sequential_few_topics.py`)."""


class Threads:
    """A pool of `n` threads; with one, everything runs in the caller."""

    def __init__(self, n: int) -> None:
        self.n = n
        self._pool = ThreadPoolExecutor(n, thread_name_prefix="lda") if n > 1 else None

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """Results in the order of `items`; all have run when the iterator is exhausted."""
        return map(function, items) if self._pool is None else self._pool.map(function, items)

    def everywhere(self, function: Callable[[], R]) -> list[R]:
        """What one call of `function` gives in each thread; the caller's is one of them."""
        helpers = [self._pool.submit(function) for _ in range(self.n - 1)] if self._pool else []
        try:
            mine = function()
        finally:
            wait(helpers)
        return [mine, *(helper.result() for helper in helpers)]

    def run(self, function: Callable[[T], object], items: Iterable[T]) -> None:
        """Call `function` on each item, in any order, and wait for all; an error leaves the rest undone.

        Rejected: a future for each item, because on small corpora threads spent their time on waking one another.
        """
        todo = deque(items)

        def work() -> None:
            while True:
                try:
                    item = todo.popleft()
                except IndexError:
                    return
                try:
                    function(item)
                except BaseException:
                    todo.clear()
                    raise

        self.everywhere(work)

    def close(self) -> None:
        """End the threads."""
        if self._pool is not None:
            self._pool.shutdown()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def block_count(tokens: int, n_threads: int) -> int:
    """How many blocks to cut so many tokens into."""
    return max(n_threads, min(n_threads * BLOCKS_PER_THREAD, tokens // BLOCK_TOKENS))


def document_block_count(documents: int, tokens: int, n_threads: int) -> int:
    """`block_count` of documents with so many tokens."""
    return max(n_threads, min(block_count(tokens, n_threads), documents // BLOCK_DOCUMENTS))


def blocks(cumulated: NDArray[np.int64], first: int, last: int, n: int) -> list[tuple[int, int]]:
    """Cut items first .. last - 1 into at most n runs of about equal weight.

    cumulated: (items + 1,) int64, weight before each item. Results must not depend on the cut.
    """
    if last <= first:
        return []
    edges = np.linspace(cumulated[first], cumulated[last], n + 1)[1:-1]
    cuts = np.searchsorted(cumulated[first : last + 1], edges) + first
    points = np.unique(np.concatenate([[first], np.clip(cuts, first, last), [last]]))
    return [(int(a), int(b)) for a, b in pairwise(points)]
