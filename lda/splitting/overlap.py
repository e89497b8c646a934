"""How many documents of one corpus are, as they are or nearly so, documents of another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from lda.corpus.document_hashes import content_hashes
from lda.splitting.document_keys import id_of
from lda.splitting.near_duplicates import Candidates

if TYPE_CHECKING:
    import numpy.typing as npt

    from lda.corpus import Corpus

SHOWN: Final = 10


class Pair(NamedTuple):
    """A document of the first corpus, one of the second, and how similar they are; 1 where they say the same."""

    id: str
    other: str
    similarity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Documents of one corpus that another one has as well.

    Attributes:
        n_documents: of the first corpus.
        n_untold: those with so few words that nothing can be told of them.
        exact: those of which the second has one of the same words, as often each.
        near: further ones of which it has a near-duplicate; None where nobody looked.
        threshold: the least similarity of near-duplicates, or None.
        pairs: some of them, with their counterpart.
    """

    n_documents: int
    n_untold: int
    exact: int
    near: int | None
    threshold: float | None
    pairs: tuple[Pair, ...]

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "n_documents": self.n_documents,
            "n_untold": self.n_untold,
            "exact": self.exact,
            "near": self.near,
            "threshold": self.threshold,
            "pairs": [pair._asdict() for pair in self.pairs],
        }


def overlap(
    corpus: Corpus, other: Corpus, threshold: float | None = None, *, n_pairs: int = SHOWN
) -> Overlap:
    """How many documents of `corpus` the other one has as well; they may differ in vocabulary and order.

    Args:
        corpus: the one whose documents are counted, such as what a model is to be scored on.
        other: such as what it was fitted to.
        threshold: the least similarity of near-duplicates, see `near_duplicate_clusters`; None for exact ones alone.
        n_pairs: most pairs that are named.

    Raises:
        MissingPackageError: near-duplicates are asked for, and the package for them is not installed.
        ValueError: the threshold cannot be right.
    """
    mine, theirs = map(content_hashes, (corpus, other))
    places = {value: place for place, value in reversed(list(enumerate(theirs.tolist()))) if value}
    same = np.array([places.get(value, -1) for value in mine.tolist()], dtype=np.int64)
    exact = np.flatnonzero(same >= 0)
    found = [(document, int(same[document]), 1.0) for document in exact[:n_pairs].tolist()]
    near = None
    if threshold is not None:
        more = _near(corpus, other, threshold, same >= 0)
        near = len(more)
        found += more[: max(n_pairs - len(found), 0)]
    return Overlap(
        n_documents=corpus.n_documents,
        n_untold=int((mine == 0).sum()),
        exact=len(exact),
        near=near,
        threshold=threshold,
        pairs=tuple(
            Pair(id_of(corpus, one), id_of(other, two), similarity) for one, two, similarity in found
        ),
    )


def _near(
    corpus: Corpus, other: Corpus, threshold: float, known: npt.NDArray[np.bool_]
) -> list[tuple[int, int, float]]:
    """Documents of `corpus` that are not known, (D,), with the most similar one of the other, and how similar they are.

    The most similar come first.
    """
    candidates = Candidates([corpus, other], threshold)
    best: dict[int, tuple[float, int]] = {}
    n = corpus.n_documents
    for group in candidates.groups:
        cut = int(np.searchsorted(group, n))
        if not 0 < cut < len(group):
            continue
        similarities = candidates.similarities(group)
        for place, one in enumerate(group[:cut].tolist()):
            if not known[one]:
                found = similarities(place)[cut:]
                first = int(found.argmax())
                if found[first] >= threshold:
                    two = int(group[cut + first])
                    best[one] = max(best.get(one, (0.0, 0)), (float(found[first]), -two))
    rows = [(one, -two - n, similarity) for one, (similarity, two) in best.items()]
    return sorted(rows, key=lambda row: (-row[2], row[0]))
