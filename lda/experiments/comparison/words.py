"""Words that moved: probabilities that changed within matched topics, and words whose main topic is another one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lda.cluster.counts.columns import columns_renumbered
from lda.cluster.counts.sparse_sums import term_sums
from lda.evaluation.relevance import smoothed_totals, smoothing
from lda.experiments.comparison.results import ChangedWord, MatchedTopics, MovedWord

if TYPE_CHECKING:
    import numpy.typing as npt
    from scipy.sparse import csr_matrix

    from lda.evaluation.matching import TopicMatching
    from lda.evaluation.shared_terms import CommonTerms
    from lda.evaluation.topic_model import TopicModel
    from lda.experiments.comparison.sides import Sides

    Floats = npt.NDArray[np.float64]
    Numbers = npt.NDArray[np.int64]


def matched_topics(
    first: TopicModel,
    second: TopicModel,
    terms: CommonTerms,
    matching: TopicMatching,
    sides: Sides,
    n_words: int,
) -> list[MatchedTopics]:
    """The pairs of a matching, with the words whose probability changed most, among those that both models have."""
    columns = [_Columns(model, rows) for model, rows in zip((first, second), terms.rows, strict=True)]
    found = []
    for a, b, overlap in zip(matching.first, matching.second, matching.overlaps, strict=True):
        before, after = columns[0].p(int(a)), columns[1].p(int(b))
        held = np.union1d(columns[0].held(int(a)), columns[1].held(int(b)))
        change = (after - before)[held]
        near = bool(overlap >= matching.near)

        def words(
            order: Numbers, *, of: Numbers = held, p: Floats = before, q: Floats = after
        ) -> list[ChangedWord]:
            return [
                ChangedWord(term=terms.terms[w], first=float(p[w]), second=float(q[w]))
                for w in of[order].tolist()
            ]

        most = _largest(change, n_words)
        least = _largest(-change, n_words)
        found.append(
            MatchedTopics(
                first=int(a),
                second=int(b),
                overlap=float(overlap),
                distance=float(np.sqrt(max(1 - overlap, 0.0))),
                near=near,
                kind=sides.kind_of_pair(int(a), int(b)),
                gained=words(most[change[most] > 0]),
                lost=words(least[change[least] < 0]),
            )
        )
    return found


class _Columns:
    """p(term | topic) of one model, topic by topic, of some of its terms."""

    def __init__(self, model: TopicModel, rows: Numbers) -> None:
        self._counts = model.language_counts.tocsr()[rows].tocsc()
        self._beta, self._totals = smoothing(model), smoothed_totals(model)

    def held(self, k: int) -> Numbers:
        """Numbers of the terms that topic k holds tokens of: no other one can change by more than beta's share."""
        return np.asarray(
            self._counts.indices[self._counts.indptr[k] : self._counts.indptr[k + 1]], dtype=np.int64
        )

    def p(self, k: int) -> Floats:
        """(n,) float64, of topic k."""
        part = slice(self._counts.indptr[k], self._counts.indptr[k + 1])
        dense = np.full(self._counts.shape[0], self._beta)
        dense[self._counts.indices[part]] += self._counts.data[part]
        return np.asarray(dense / (self._totals[k] or 1.0))


def _largest(values: Floats, n: int) -> Numbers:
    """Numbers of the n largest values, largest first, equal ones by number."""
    n = min(n, len(values))
    if not n:
        return np.zeros(0, dtype=np.int64)
    level = np.partition(values, len(values) - n)[len(values) - n]
    some = np.flatnonzero(values >= level)
    return np.asarray(some[np.argsort(-values[some], kind="stable")[:n]])


class _MainColumns(NamedTuple):
    """Of n terms. columns: (n,) int64, those with most of its tokens, -1 for none. parts: (n,) float64, 0 to 1."""

    columns: Numbers
    parts: Floats


def moved_words(
    first: TopicModel, second: TopicModel, terms: CommonTerms, sides: Sides, n: int
) -> tuple[list[MovedWord], int]:
    """(words that moved, those first of which most tokens did; how many there are).

    A word has moved if most of its tokens are in topics that belong together in one model, and in others in the other
    model. Topics that belong together count as one, or each word of a topic that was split would have moved.
    """
    counts = [model.language_counts.tocsr() for model in (first, second)]
    share = np.mean([_shares(matrix, rows) for matrix, rows in zip(counts, terms.rows, strict=True)], axis=0)
    counts = [matrix[rows] for matrix, rows in zip(counts, terms.rows, strict=True)]
    relations = [
        _main_columns(columns_renumbered(matrix, side, len(sides.kinds))).columns
        for matrix, side in zip(counts, (sides.first, sides.second), strict=True)
    ]
    of = [_main_columns(matrix) for matrix in counts]
    moved = (relations[0] >= 0) & (relations[1] >= 0) & (relations[0] != relations[1])
    weight = np.where(moved, share * np.minimum(of[0].parts, of[1].parts), 0.0)
    n_moved = int(moved.sum())
    found = [
        MovedWord(
            term=terms.terms[w],
            share=float(share[w]),
            first=int(of[0].columns[w]),
            second=int(of[1].columns[w]),
            first_part=float(of[0].parts[w]),
            second_part=float(of[1].parts[w]),
        )
        for w in _largest(weight, min(n, n_moved)).tolist()
    ]
    return found, n_moved


def _shares(counts: csr_matrix, rows: Numbers) -> Floats:
    """(n,) the part of each term in the tokens of all of them."""
    sums = term_sums(counts)[rows]
    return np.asarray(sums / max(float(sums.sum()), np.finfo(np.float64).tiny))


def _main_columns(counts: csr_matrix) -> _MainColumns:
    counts.sum_duplicates()  # sorted, so that of equal counts the first column is the main one
    n_terms = counts.shape[0]
    lengths = np.diff(counts.indptr)
    some = np.flatnonzero(lengths)
    columns, parts = np.full(n_terms, -1, dtype=np.int64), np.zeros(n_terms)
    if len(some):
        starts = counts.indptr[:-1][some]
        data = counts.data.astype(np.float64)
        most = np.maximum.reduceat(data, starts)
        at = np.flatnonzero(data == np.repeat(most, lengths[some]))
        rows = np.repeat(some, lengths[some])[at]
        rows, first_of = np.unique(rows, return_index=True)
        columns[rows] = counts.indices[at[first_of]]
        parts[some] = most / np.maximum(np.add.reduceat(data, starts), np.finfo(np.float64).tiny)
    columns[parts == 0] = -1
    return _MainColumns(columns, parts)
