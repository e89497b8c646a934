"""Numbers about topics that come from documents in groups: how they rise or fall, and how much groups differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]


class Groups(Protocol):
    """Means of theta over groups of documents; `lda.survey` has them as `GroupShares`."""

    @property
    def field(self) -> str:
        """The field whose values make the groups."""
        ...

    @property
    def kind(self) -> str:
        """What the values are: "time", "number" or "category"."""
        ...

    @property
    def values(self) -> Sequence[str]:
        """G labels in order."""
        ...

    @property
    def starts(self) -> Sequence[Any] | None:
        """Where bins begin: ISO dates or numbers; None for categories."""
        ...

    @property
    def n_documents(self) -> npt.NDArray[np.int64]:
        """(G,) documents of each."""
        ...

    @property
    def mean(self) -> Floats:
        """(G, K) means of theta; rows sum to 1."""
        ...

    @property
    def low(self) -> Floats:
        """(G, K) lower ends of 95 % intervals; NaN where there is none."""
        ...

    @property
    def high(self) -> Floats:
        """(G, K) upper ends."""
        ...


def overall(groups: Groups) -> Floats:
    """(K,) mean of theta over all documents that are in a group."""
    n = np.asarray(groups.n_documents, dtype=np.float64)
    mean = np.asarray(groups.mean, dtype=np.float64)
    held = n > 0
    return np.asarray(n[held] @ mean[held] / max(n.sum(), 1.0))


def trend(groups: Groups) -> Floats:
    """(K,) change of each topic's share from the first bin to the last along a straight line: 0.05 is 5 points of 100.

    The line is fitted to the bins' means by least squares, each weighted by its documents, so that a bin of three
    speeches does not turn it. Where bins stand is the time or number they begin at: an absent decade counts. NaN where
    fewer than two bins have documents.

    Raises:
        ValueError: the groups are categories, which have no order.
    """
    if groups.starts is None:
        raise ValueError(f"a trend needs a time or a number, but {groups.field!r} makes categories")
    at, n = positions(groups.starts), np.asarray(groups.n_documents, dtype=np.float64)
    held = n > 0
    mean = np.asarray(groups.mean, dtype=np.float64)
    if np.count_nonzero(held) < 2 or np.ptp(at[held]) == 0:
        return np.full(mean.shape[1], np.nan)
    at, n, mean = at[held], n[held], mean[held]
    from_middle = at - np.average(at, weights=n)
    slope = (n * from_middle) @ (mean - np.average(mean, axis=0, weights=n)) / (n @ from_middle**2)
    return np.asarray(slope * np.ptp(at))


def positions(starts: Sequence[Any]) -> Floats:
    """(G,) where bins begin, as numbers: days of dates."""
    if any(isinstance(start, str) for start in starts):
        return np.array([np.datetime64(start, "D").astype(np.int64) for start in starts], dtype=np.float64)
    return np.asarray(starts, dtype=np.float64)


def spread(groups: Groups) -> Floats:
    """(K,) by how much groups differ: the largest mean share of a topic less the smallest."""
    mean = np.asarray(groups.mean, dtype=np.float64)[np.asarray(groups.n_documents) > 0]
    return np.asarray(np.ptp(mean, axis=0)) if len(mean) else np.zeros(np.shape(groups.mean)[1])


def differing(groups: Groups) -> npt.NDArray[np.int64]:
    """(K,) topic numbers, those of which groups differ most first; equal ones by number."""
    return np.argsort(-spread(groups), kind="stable")
