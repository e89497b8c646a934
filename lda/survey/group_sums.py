"""Sums of topics over groups of documents, exact, so that they do not depend on the order of additions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    import numpy.typing as npt

    Integers = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]

UNIT: Final = float(2**36)
"""Shares are added up as whole multiples of 1 / UNIT, 15 millionth millionths; 2^27 documents fit."""

LEVEL: Final = 0.95


class Portions(NamedTuple):
    """Some documents: (n, K) int64 theta and its square, in units; (n,) int64 known words."""

    theta: Integers
    squares: Integers
    n_tokens: Integers


def in_units(shares: npt.NDArray[np.floating[Any]]) -> Integers:
    """(n, K) shares, of 0 to 1, as whole multiples of 1 / UNIT."""
    return np.rint(shares.astype(np.float64) * UNIT).astype(np.int64)


def portions(theta: npt.NDArray[np.float32], n_tokens: Integers) -> Portions:
    """The portions of documents of these topics, (n, K), and lengths, (n,)."""
    exact = theta.astype(np.float64)
    return Portions(in_units(exact), in_units(exact * exact), n_tokens)


class Shares(NamedTuple):
    """Means over the documents of G groups and their intervals, (G, K) float64 each."""

    mean: Floats
    low: Floats
    high: Floats


class GroupSums:
    """Sums over the documents of groups, each of which has a key; as many rows as there are keys.

    Attributes:
        n_documents: (G,) int64.
        n_tokens: (G,) int64.
    """

    def __init__(self, n_topics: int) -> None:
        self._rows: dict[Any, int] = {}
        self._n_topics = n_topics
        self._numbers = np.zeros((0, 2), dtype=np.int64)
        self._sums = np.zeros((0, 2, n_topics), dtype=np.int64)

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def keys(self) -> list[Any]:
        """The G keys, in order of appearance."""
        return list(self._rows)

    @property
    def n_documents(self) -> Integers:
        """(G,) documents."""
        return self._numbers[: len(self), 0]

    @property
    def n_tokens(self) -> Integers:
        """(G,) known words."""
        return self._numbers[: len(self), 1]

    def add(self, keys: Sequence[Hashable], group: Integers, documents: Integers, portion: Portions) -> None:
        """Add documents to groups.

        Args:
            keys: of the groups that occur.
            group: (m,) places in `keys`.
            documents: (m,) places in `portion`; a document may be in several groups, and counts once in each.
            portion: the documents.
        """
        from scipy.sparse import csr_matrix

        n = len(portion.n_tokens)
        pairs = np.unique(group * n + documents)
        ones = np.ones(len(pairs), dtype=np.int64)
        members: Any = csr_matrix((ones, (pairs // max(n, 1), pairs % max(n, 1))), shape=(len(keys), n))
        rows = self._rows_of(keys)
        n_documents = np.bincount(pairs // max(n, 1), minlength=len(keys))
        _add_rows(self._numbers, rows, np.stack([n_documents, members @ portion.n_tokens], axis=1))
        _add_rows(self._sums, rows, np.stack([members @ portion.theta, members @ portion.squares], axis=1))

    def merged(self, keys: Sequence[Hashable]) -> GroupSums:
        """The sums of groups that are put together: (G,) the key that each one has from now on."""
        made = GroupSums(self._n_topics)
        rows = made._rows_of(keys)
        _add_rows(made._numbers, rows, self._numbers[: len(self)])
        _add_rows(made._sums, rows, self._sums[: len(self)])
        return made

    def _rows_of(self, keys: Sequence[Hashable]) -> Integers:
        known = self._rows
        rows = np.fromiter(
            (known.setdefault(key, len(known)) for key in keys), dtype=np.int64, count=len(keys)
        )
        if len(known) > len(self._numbers):
            more = 2 * len(known) - len(self._numbers)
            self._numbers = np.concatenate([self._numbers, np.zeros((more, 2), dtype=np.int64)])
            self._sums = np.concatenate([self._sums, np.zeros((more, 2, self._n_topics), dtype=np.int64)])
        return rows

    def shares(self, order: Sequence[int] | Integers) -> Shares:
        """Means and intervals of the groups in this order, by Student's t over documents."""
        from scipy.special import stdtrit

        n = self.n_documents[order].astype(np.float64)[:, None]
        sums = self._sums[: len(self)][order].astype(np.float64) / UNIT
        mean = sums[:, 0] / n
        with np.errstate(divide="ignore", invalid="ignore"):  # one document tells nothing of its like
            variance = np.maximum(sums[:, 1] - n * mean * mean, 0.0) / (n - 1)
            half = stdtrit(n - 1, (1 + LEVEL) / 2) * np.sqrt(variance / n)
        half[n[:, 0] < 2] = np.nan
        return Shares(mean, np.clip(mean - half, 0.0, 1.0), np.clip(mean + half, 0.0, 1.0))


def _add_rows(sums: Integers, rows: Integers, values: Integers) -> None:
    """Add values, (m, ...), to the rows, (m,), of which some may come again."""
    if not len(rows):
        return
    order = np.argsort(rows, kind="stable")
    starts = np.flatnonzero(np.diff(rows[order], prepend=-1))
    sums[rows[order][starts]] += np.add.reduceat(values[order], starts, axis=0)
