"""Topics of many documents in bounded memory, so that it can still be told how much their shares vary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

MOST_CELLS: Final = 2**23
MOST_UNITS: Final = 2**13
RESAMPLED_CELLS: Final = 2**23


def total_shares(totals: npt.NDArray[Any]) -> Floats:
    """(K,) part of the tokens of each topic."""
    made: Floats = totals / max(float(totals.sum()), 1.0)
    return made


class DocumentUnits:
    """Tokens by topic of units: documents with known words, until there are many, and then sums of some each.

    Document i belongs to unit i modulo their number, wherever batches begin. Sums of many documents vary as these do,
    so intervals are the same, and only a little rougher.

    Attributes:
        topics: (n_units, K) int64.
    """

    def __init__(self, n_topics: int) -> None:
        self._most = max(64, min(MOST_UNITS, MOST_CELLS // n_topics))
        self._sums = np.zeros((0, n_topics), dtype=np.int64)
        self._n = 0

    def add(self, counts: Any) -> None:  # noqa: ANN401 - SciPy's matrices
        """Add documents: (n, K) CSR, tokens of each in each topic."""
        counts = counts[np.flatnonzero(np.diff(counts.indptr))]
        n = counts.shape[0]
        units = (self._n + np.arange(n)) % self._most
        needed = min(self._most, self._n + n)
        if needed > len(self._sums):
            grown = np.zeros((min(self._most, 2 * needed), self._sums.shape[1]), dtype=np.int64)
            grown[: len(self._sums)] = self._sums
            self._sums = grown
        rows = np.repeat(units, np.diff(counts.indptr))
        np.add.at(self._sums, (rows, counts.indices), counts.data)
        self._n += n

    @property
    def n_documents(self) -> int:
        """Documents with known words."""
        return self._n

    @property
    def n_units(self) -> int:
        """How many units there are."""
        return min(self._n, self._most)

    @property
    def topics(self) -> npt.NDArray[np.int64]:
        """(n_units, K)."""
        return self._sums[: self.n_units]

    def shares(self) -> tuple[Floats, Floats]:
        """(K,) parts of all tokens, and their standard errors, as of a ratio; NaN for fewer than two units."""
        totals, sizes = self.topics.sum(axis=0), self.topics.sum(axis=1)
        share = total_shares(totals)
        n = self.n_units
        if n < 2:
            return share, np.full(len(share), np.nan)
        rest = self.topics - sizes[:, None] * share
        return share, np.sqrt(n / (n - 1) * (rest**2).sum(axis=0)) / max(float(sizes.sum()), 1.0)

    def deviations(self, rng: np.random.Generator, times: int) -> Floats:
        """(times, K) by how much shares differ from these where documents are drawn again (a Poisson bootstrap)."""
        n, share = self.n_units, self.shares()[0]
        made = np.zeros((times, len(share)))
        if n < 2:
            return made
        topics = self.topics.astype(np.float64)
        at_once = max(1, RESAMPLED_CELLS // n)
        for first in range(0, times, at_once):
            weights = rng.poisson(1.0, (min(at_once, times - first), n)).astype(np.float64)
            none = np.flatnonzero(
                ~weights.any(axis=1)
            )  # of ten documents one draw in 20,000, of two one in seven
            weights[none, rng.integers(n, size=len(none))] = 1.0
            sums = weights @ topics
            made[first : first + at_once] = sums / sums.sum(axis=1, keepdims=True)
        # Too few units vary too little among themselves.
        spread: Floats = (made - share) * np.sqrt(n / (n - 1))
        return spread
