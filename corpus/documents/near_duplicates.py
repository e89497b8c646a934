"""Which documents are nearly the same: sketches propose groups, and each pair of a group is looked at.

Sketches: MinHash (Broder 1997, "On the resemblance and containment of documents"), in bands (Leskovec, Rajaraman and
Ullman, "Mining of Massive Datasets", section 3.4). They only say which pairs are worth a look; whether two documents
are near-duplicates says the Jaccard index of their shingles itself. So the answer is the same whatever sketches of a
later version of the library are like, but for a pair in a million that none of the bands proposes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lda.corpus.documents.shingles import MULTIPLIER, jaccard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import numpy.typing as npt

    Integers = npt.NDArray[np.int64]
    Hashes = npt.NDArray[np.uint64]

SLOTS: Final = 128
MISSED: Final = 1e-6
"""The chance that no band proposes a pair that is just similar enough."""

LEAST: Final = 0.5
"""Similarity below which documents are not called duplicates: bands for less would propose most pairs."""

FEW: Final = 6
"""Documents that are compared one by one."""

OLDEST: Final = "0.5.0"
"""Version of rensa that makes sketches of flat arrays."""

REMEDY: Final = "pip install 'raylda[dedupe]'"
_SEED: Final = 1


def check_threshold(threshold: float) -> float:
    """The least similarity of near-duplicates.

    Raises:
        ValueError: it does not lie in 0.5 ... 1.
    """
    if not LEAST <= threshold <= 1:
        raise ValueError(
            f"near-duplicates must be asked for by a similarity in {LEAST} ... 1, got {threshold:g}"
        )
    return float(threshold)


def bands_for(threshold: float) -> tuple[int, int]:
    """Number of bands, and slots of each: as many slots as let a pair of that similarity slip through hardly ever."""
    for size in range(SLOTS, 1, -1):
        bands = SLOTS // size
        if (1 - threshold**size) ** bands <= MISSED:
            return bands, size
    return SLOTS, 1


def band_keys(package: Any, shingles: Hashes, ends: Integers, threshold: float) -> Hashes:  # noqa: ANN401 - rensa
    """(n, bands), equal for documents that are equal in a band; 0 of documents without shingles.

    Args:
        package: rensa, which makes the sketches.
        shingles: of the documents one after the other.
        ends: (n + 1,) offsets into them.
        threshold: the least similarity that is asked for.
    """
    bands, size = bands_for(threshold)
    matrix = package.RMinHash.digest_matrix_from_flat_token_hashes(
        shingles, ends.astype(np.uint64), SLOTS, _SEED
    )
    rows = np.array(matrix.to_rows(), dtype=np.uint64).reshape(len(ends) - 1, SLOTS)
    keys = np.zeros((len(rows), bands), dtype=np.uint64)
    for slot in range(size):
        keys = (keys ^ rows[:, slot : bands * size : size]) * MULTIPLIER
        keys ^= keys >> np.uint64(31)
    keys[np.diff(ends) == 0] = 0
    return keys


def groups_of(columns: Iterable[Hashes]) -> Iterator[Integers]:
    """Documents, in rising order, that are equal in a band.

    columns: (D,) keys of each band.
    """
    for column in columns:
        order = np.argsort(column, kind="stable")
        sorted_keys = column[order]
        starts = np.flatnonzero(np.concatenate([[True], sorted_keys[1:] != sorted_keys[:-1]]))
        ends = np.append(starts[1:], len(order))
        for group in np.flatnonzero(ends - starts > 1):
            if sorted_keys[starts[group]]:
                yield order[starts[group] : ends[group]].astype(np.int64)


def similarities(sets: list[Hashes]) -> Callable[[int], npt.NDArray[np.float64]]:
    """A function from a place among documents to the Jaccard indices, (n,), of that one to all of them.

    sets: the shingles of each, sorted, none twice.
    """
    if len(sets) <= FEW:
        return lambda place: np.array([jaccard(sets[place], other) for other in sets])
    from scipy.sparse import csr_array

    # All at once: of forms that are filled in a little, thousands are nearly similar enough.
    sizes = np.array([len(one) for one in sets], dtype=np.int64)
    ends = np.concatenate([[0], np.cumsum(sizes)])
    _, columns = np.unique(np.concatenate(sets), return_inverse=True)
    n_shingles = int(columns.max()) + 1
    ones = np.ones(len(columns), dtype=np.int32)
    members = csr_array((ones, columns.astype(np.int32), ends), shape=(len(sets), n_shingles))

    def of(place: int) -> npt.NDArray[np.float64]:
        mine = np.zeros(n_shingles, dtype=np.int32)
        mine[columns[ends[place] : ends[place + 1]]] = 1
        shared = members @ mine
        return np.asarray(shared / (sizes + sizes[place] - shared))

    return of


def first_alike(
    n_documents: int, groups: Iterable[Integers], shingles: Callable[[int], Hashes], threshold: float
) -> Integers:
    """(D,) the first document that each is a near-duplicate of, among those that are none themselves; else its own.

    So no two of those that stay are similar, and each that goes is similar to one that stays. Rejected: the clusters of
    a split, near-duplicates of near-duplicates, by which a text would go that is like none of those that stay.

    Args:
        n_documents: all of them.
        groups: documents worth a comparison, as `groups_of` gives them.
        shingles: from the number of a document to its shingles, sorted, none twice.
        threshold: the least Jaccard index.
    """
    found = np.arange(n_documents, dtype=np.int64)
    gathered = list(groups)
    if not gathered:
        return found
    documents = np.concatenate(gathered)
    of = np.repeat(np.arange(len(gathered)), [len(group) for group in gathered])
    order = np.lexsort((of, documents))
    documents, of = documents[order], of[order]
    starts = np.flatnonzero(np.concatenate([[True], documents[1:] != documents[:-1]]))
    stay: dict[int, list[int]] = {}  # of each group, those that stay so far
    sets: dict[int, Hashes] = {}  # of these
    for low, high in zip(starts.tolist(), [*starts[1:].tolist(), len(documents)], strict=True):
        document, mine = int(documents[low]), of[low:high].tolist()
        others = sorted({other for group in mine for other in stay.get(group, ())})
        own = shingles(document)
        first = _first_similar(own, others, sets, threshold)
        if first is not None:
            found[document] = first
            continue
        sets[document] = own
        for group in mine:
            stay.setdefault(group, []).append(document)
    return found


def _first_similar(own: Hashes, others: list[int], sets: dict[int, Hashes], threshold: float) -> int | None:
    """The first of the others that is similar enough. Sizes alone rule most of the unlike ones out."""
    low, high = threshold * len(own), len(own) / threshold
    likely = [other for other in others if low <= len(sets[other]) <= high]
    if len(likely) <= FEW:
        return next((other for other in likely if jaccard(own, sets[other]) >= threshold), None)
    sizes = np.array([len(sets[other]) for other in likely], dtype=np.int64)
    together = np.concatenate([sets[other] for other in likely])
    places = np.minimum(np.searchsorted(own, together), len(own) - 1)
    shared = np.add.reduceat((own[places] == together).astype(np.int64), np.cumsum(sizes) - sizes)
    near = np.flatnonzero(shared / (sizes + len(own) - shared) >= threshold)
    return likely[int(near[0])] if len(near) else None
