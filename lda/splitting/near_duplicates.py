"""Near-duplicates of corpora: the groups of documents worth a comparison, and clusters of those that are alike.

What makes two documents near-duplicates says `lda.corpus.documents.near_duplicates`.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from lda.corpus.documents.near_duplicates import (
    OLDEST,
    REMEDY,
    band_keys,
    bands_for,
    check_threshold,
    groups_of,
    similarities,
)
from lda.corpus.documents.shingles import Shingler
from lda.extras import needed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import ModuleType

    import numpy.typing as npt

    from lda.corpus import Corpus

    Integers = npt.NDArray[np.int64]
    Hashes = npt.NDArray[np.uint64]


def sketcher() -> ModuleType:
    """The package that makes sketches.

    Rejected: datasketch, whose sketches err by a third more and take seven times as long (of 76,000 abstracts: 25 s
    against 3.4 s, most of it on the way to NumPy); `python -m benchmarks sketches` compares them. Rensa's own index and
    its sketches of some of the words ("rho"), because an index tells of similarity as sketches see it, not as it is.

    Raises:
        MissingPackageError: it is not installed.
    """
    return needed("rensa", "near-duplicates", REMEDY, oldest=OLDEST)


class Candidates:
    """Documents of one or several corpora, numbered through, and the groups of those that may be alike."""

    def __init__(self, corpora: Sequence[Corpus], threshold: float) -> None:
        """Sketch all documents: one pass over the shards.

        Raises:
            MissingPackageError: the package for sketches is not installed.
            ValueError: the threshold cannot be right.
        """
        self.threshold = check_threshold(threshold)
        self._corpora = corpora
        self._shinglers = [Shingler(corpus.vocabulary, ordered=corpus.ordered) for corpus in corpora]
        self._firsts = np.cumsum([0, *(corpus.n_documents for corpus in corpora)]).astype(np.int64)
        package = sketcher()
        keys = np.concatenate([self._keys(package, number) for number in range(len(corpora))])
        self.groups = list(groups_of(keys.T))
        self._sets = self._sets_of(np.unique(np.concatenate([*self.groups, np.zeros(0, dtype=np.int64)])))

    def similarities(self, group: Integers) -> Callable[[int], npt.NDArray[np.float64]]:
        """A function from a place in the group to the similarities, (n,), of that document to all of the group."""
        return similarities([self._sets[document] for document in group.tolist()])

    def _keys(self, package: Any, number: int) -> Hashes:  # noqa: ANN401 - a module
        """(D, bands) keys of the documents of one corpus."""
        found = [np.zeros((0, bands_for(self.threshold)[0]), dtype=np.uint64)]
        found += [
            band_keys(package, *self._shingles(number, index), self.threshold)
            for index in range(self._corpora[number].n_shards)
        ]
        return np.concatenate(found)

    def _shingles(self, number: int, index: int) -> tuple[Hashes, Integers]:
        shard = self._corpora[number].shard(index)
        return self._shinglers[number].of(shard.doc_offsets, shard.words)

    def _sets_of(self, documents: Integers) -> dict[int, Hashes]:
        """The shingles of some documents, sorted, each once."""
        sets: dict[int, Hashes] = {}
        for number, corpus in enumerate(self._corpora):
            bounds = corpus.shard_bounds + self._firsts[number]
            for index, (first, last) in enumerate(pairwise(bounds.tolist())):
                mine = documents[np.searchsorted(documents, first) : np.searchsorted(documents, last)]
                if len(mine):
                    shingles, ends = self._shingles(number, index)
                    for document in mine.tolist():
                        row = document - first
                        sets[document] = np.unique(shingles[ends[row] : ends[row + 1]])
        return sets


def near_duplicate_clusters(corpus: Corpus, threshold: float) -> Integers:
    """(D,) the smallest number of the documents that each is tied to, by near-duplicates of near-duplicates.

    Args:
        corpus: the documents.
        threshold: the least Jaccard index, 0.5 ... 1, of the shingles of two near-duplicates.

    Raises:
        MissingPackageError: the package for sketches is not installed.
        ValueError: the threshold cannot be right.
    """
    candidates = Candidates([corpus], threshold)
    cluster = np.arange(corpus.n_documents, dtype=np.int64)
    members: dict[int, list[int]] = {}
    for group in candidates.groups:
        if (cluster[group] == cluster[group[0]]).all():
            continue
        of = candidates.similarities(group)
        for place, one in enumerate(group[:-1].tolist()):
            apart = np.flatnonzero(cluster[group[place + 1 :]] != cluster[one]) + place + 1
            if not len(apart):
                if (cluster[group] == cluster[one]).all():
                    break
                continue
            near = apart[of(place)[apart] >= threshold]
            for other in group[near].tolist():
                low, high = sorted((int(cluster[one]), int(cluster[other])))
                if low != high:
                    moved = members.pop(high, [high])
                    members.setdefault(low, [low]).extend(moved)
                    cluster[moved] = low
    return cluster


def installed() -> bool:
    """Whether near-duplicates can be looked for."""
    try:
        sketcher()
    except ImportError:
        return False
    return True
