"""Numbers about topics that come from documents in groups: how they rise or fall, and how much groups differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from lda.survey.results import GroupShares

    Floats = npt.NDArray[np.float64]


def overall(groups: GroupShares) -> Floats:
    """(K,) mean of theta over all documents in groups; one in several groups, of a field of lists, counts in each."""
    n = groups.n_documents.astype(np.float64)
    held = n > 0
    return np.asarray(n[held] @ groups.mean[held] / max(n.sum(), 1.0))


def trend(groups: GroupShares) -> Floats:
    """(K,) change of each topic's share from the first bin to the last along a straight line: 0.05 is 5 points of 100.

    The line is fitted to the bins' means by least squares, each weighted by its documents, so that a bin of three
    speeches does not turn it. Where bins stand is the time or number they begin at: an absent decade counts. NaN where
    fewer than two bins have documents.

    Raises:
        ValueError: the groups are categories, which have no order.
    """
    if groups.starts is None:
        raise ValueError(f"a trend needs a time or a number, but {groups.field!r} makes categories")
    at, n, mean = positions(groups.starts), groups.n_documents.astype(np.float64), groups.mean
    held = n > 0
    at, n, mean = at[held], n[held], mean[held]
    if len(at) < 2 or at.min() == at.max():
        return np.full(groups.mean.shape[1], np.nan)
    at = at / np.abs(at).max()  # squares of the largest numbers there are would be infinite
    at = (at - at.min()) / np.ptp(at)
    from_middle = at - np.average(at, weights=n)
    return np.asarray((n * from_middle) @ (mean - np.average(mean, axis=0, weights=n)) / (n @ from_middle**2))


def positions(starts: Sequence[Any]) -> Floats:
    """(G,) where bins begin, as numbers: days of dates."""
    if any(isinstance(start, str) for start in starts):
        return np.array([np.datetime64(start, "D").astype(np.int64) for start in starts], dtype=np.float64)
    return np.asarray(starts, dtype=np.float64)


def spread(groups: GroupShares) -> Floats:
    """(K,) by how much groups differ: the standard deviation of their means, a group counting as its documents.

    The page of a report sorts by the same. Rejected: the largest mean less the smallest, because either is nearly
    always that of a group of one document.
    """
    n = groups.n_documents.astype(np.float64)
    held = n > 0
    apart = groups.mean[held] - overall(groups)
    return np.asarray(np.sqrt(n[held] @ apart**2 / max(n.sum(), 1.0)))


def differing(groups: GroupShares) -> npt.NDArray[np.int64]:
    """(K,) topic numbers, those of which groups differ most first; equal ones by number."""
    return np.argsort(-spread(groups), kind="stable")
