"""Which pairs of words are phrases: pairs counted exactly over all batches, in bounded memory, and scored."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from lda.corpus.text.phrases import ScoredPair, within_documents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    Codes = npt.NDArray[np.int64]
    Counted = tuple[Codes, Codes]
    Scores = npt.NDArray[np.float64]

PAIRS_IN_MEMORY: Final = 2**22
"""Distinct pairs that are held at most (16 bytes each, several times that while they are sorted); more wait on disk."""

_SHIFT: Final = 32
"""Bits of the number of a second word."""


class PairCounts(NamedTuple):
    """Words and pairs of neighbours of some documents.

    Attributes:
        terms: the (T,) words.
        counts: (T,) int64, tokens of each.
        pairs: (P,) int64 first * T + second, ascending.
        pair_counts: (P,) int64.
    """

    terms: list[str]
    counts: Codes
    pairs: Codes
    pair_counts: Codes


def count_pairs(
    doc_offsets: npt.NDArray[np.int64], words: npt.NDArray[np.int32], terms: list[str]
) -> PairCounts:
    """Count words, and pairs that stand side by side in a document.

    Args:
        doc_offsets: (n + 1,) starting at 0.
        words: (n_tokens,) numbers into `terms`.
        terms: the (T,) words.
    """
    counts = np.bincount(words, minlength=len(terms)).astype(np.int64)
    if len(words) < 2:
        none = np.zeros(0, dtype=np.int64)
        return PairCounts(terms, counts, none, none)
    codes = words[:-1].astype(np.int64) * len(terms) + words[1:]
    pairs, pair_counts = np.unique(codes[within_documents(doc_offsets, len(words))], return_counts=True)
    return PairCounts(terms, counts, pairs, pair_counts.astype(np.int64))


class PairCounter:
    """Adds up the pairs of batches: a block, which holds what waits on disk.

    What comes out depends on the documents alone: counts are whole numbers, and all of them are kept.
    """

    def __init__(self, folder: Path | None = None, *, most: int = PAIRS_IN_MEMORY) -> None:
        """Start empty. folder: where pairs wait; the system's by default. most: pairs that are held in memory."""
        self._most = most
        self._parent = folder
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._ids: dict[str, int] = {}
        self._counts = np.zeros(0, dtype=np.int64)
        self._waiting: list[Counted] = []
        self._n_waiting = 0
        self._runs: list[Path] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._folder is not None:
            self._folder.cleanup()

    def add(self, batch: PairCounts) -> None:
        """Take the next documents. Raises OSError where there is no room for them on disk."""
        known = self._ids
        ids = np.fromiter(
            (known.setdefault(term, len(known)) for term in batch.terms), np.int64, count=len(batch.terms)
        )
        if len(known) > len(self._counts):
            self._counts = np.concatenate(
                [self._counts, np.zeros(2 * len(known) - len(self._counts), np.int64)]
            )
        self._counts[ids] += batch.counts
        first, second = np.divmod(batch.pairs, max(len(ids), 1))
        self._waiting.append(((ids[first] << _SHIFT) | ids[second], batch.pair_counts))
        self._n_waiting += len(first)
        if self._n_waiting > self._most:
            self._settle()

    def words(self) -> tuple[list[str], Codes]:
        """The words of all documents, and the tokens of each, (T,) int64."""
        return list(self._ids), self._counts[: len(self._ids)]

    def pairs(self) -> Iterator[Counted]:
        """All pairs of these words, first * T + second as in `PairCounts`, and their counts, in stretches."""
        n_words = len(self._ids)
        for codes, counts in self._merged():
            yield (codes >> _SHIFT) * n_words + (codes & ((1 << _SHIFT) - 1)), counts

    def phrases(self, scoring: str, *, min_count: int, threshold: float) -> list[ScoredPair]:
        """The pairs whose score is above a threshold, the highest first.

        Args:
            scoring: one of `SCORINGS`.
            min_count: a pair must stand there so many times.
            threshold: of the score.
        """
        codes, counts, n_pairs = self._frequent(min_count)
        first, second = codes >> _SHIFT, codes & ((1 << _SHIFT) - 1)
        frequencies = self._counts
        total = int(frequencies.sum())
        n_vocabulary = int(np.count_nonzero(frequencies)) + n_pairs
        # What is next to the threshold is decided below: the logarithms of NumPy differ from machine to machine.
        rough = SCORINGS[scoring].many(
            frequencies[first], frequencies[second], counts, min_count, n_vocabulary, total
        )
        likely = np.flatnonzero(rough > threshold - 1e-6 * max(1.0, abs(threshold)))
        words, found = list(self._ids), list[ScoredPair]()
        for place in likely.tolist():
            a, b, n = int(first[place]), int(second[place]), int(counts[place])
            score = SCORINGS[scoring].one(
                int(frequencies[a]), int(frequencies[b]), n, min_count, n_vocabulary, total
            )
            if score > threshold:
                found.append(ScoredPair(words[a], words[b], n, score))
        return sorted(found, key=lambda phrase: (-phrase.score, phrase.first, phrase.second))

    def _frequent(self, min_count: int) -> tuple[Codes, Codes, int]:
        """The pairs with `min_count` or more, their counts, and the number of all distinct pairs."""
        codes, counts, n_pairs = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], 0
        for some, of in self._merged():
            kept = of >= min_count
            codes.append(some[kept])
            counts.append(of[kept])
            n_pairs += len(some)
        return np.concatenate(codes), np.concatenate(counts), n_pairs

    def _settle(self) -> None:
        """Add up what waits; where it is still much, put it on disk."""
        whole = _added(self._waiting)
        self._waiting, self._n_waiting = [whole], len(whole[0])
        if self._n_waiting <= self._most // 2:
            return
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="raylda-", suffix=".pairs", dir=self._parent)
        path = Path(self._folder.name) / f"{len(self._runs)}.npy"
        np.save(path, np.stack(whole))
        self._runs.append(path)
        self._waiting, self._n_waiting = [], 0

    def _merged(self) -> Iterator[Counted]:
        """All pairs, ascending, in stretches that memory holds; each pair once."""
        last = _added(self._waiting)
        if not self._runs:
            yield last
            return
        mapped = [np.load(path, mmap_mode="r") for path in self._runs]
        runs: list[Counted] = [(run[0], run[1]) for run in mapped] + [last]
        step = max(1, self._most // (2 * len(runs)))
        # Between two of these a run has a step at most.
        bounds = np.unique(np.concatenate([codes[::step] for codes, _ in runs]))
        ends = [np.append(np.searchsorted(codes, bounds), len(codes)) for codes, _ in runs]
        for number in range(len(bounds)):
            pieces = [
                (codes[end[number] : end[number + 1]], counts[end[number] : end[number + 1]])
                for (codes, counts), end in zip(runs, ends, strict=True)
            ]
            yield _added(pieces)


def _added(pieces: list[Counted]) -> Counted:
    """Pairs, ascending and each once, with the sums of their counts."""
    codes = np.concatenate([np.zeros(0, np.int64), *(codes for codes, _ in pieces)])
    counts = np.concatenate([np.zeros(0, np.int64), *(counts for _, counts in pieces)])
    order = np.argsort(codes, kind="stable")  # merges runs that are sorted
    codes, counts = codes[order], counts[order]
    begins = np.flatnonzero(np.concatenate([[True], codes[1:] != codes[:-1]])) if len(codes) else order
    return codes[begins], np.add.reduceat(counts, begins) if len(codes) else counts


class Scoring(NamedTuple):
    """A formula, for one pair as gensim rounds it, and for many.

    Both take the counts of the first word, the second and the pair, the least count of a pair, the number of distinct
    words and pairs, and that of all tokens.
    """

    one: Callable[[int, int, int, int, int, int], float]
    many: Callable[[Codes, Codes, Codes, int, int, int], Scores]


def npmi(first: int, second: int, pair: int, min_count: int, _: int, n_tokens: int) -> float:
    """Normalised pointwise mutual information, -1 to 1, of two words side by side (Bouma 2009, section 3.2)."""
    if pair < min_count:
        return -math.inf
    p_pair = pair / n_tokens
    return math.log(p_pair / ((first / n_tokens) * (second / n_tokens))) / -math.log(p_pair)


def count_score(first: int, second: int, pair: int, min_count: int, n_vocabulary: int, _: int) -> float:
    """(n_ab - delta) / (n_a n_b), delta being `min_count` (Mikolov et al. 2013, equation 6), times the vocabulary.

    The factor, words and pairs together, is gensim's.
    """
    return (pair - min_count) / float(first * second) * n_vocabulary


def _npmi_of_many(first: Codes, second: Codes, pair: Codes, min_count: int, _: int, n_tokens: int) -> Scores:
    p_pair = pair / n_tokens
    scores: Scores = np.log(p_pair / ((first / n_tokens) * (second / n_tokens))) / -np.log(p_pair)
    return np.where(pair < min_count, -np.inf, scores)


def _count_scores(
    first: Codes, second: Codes, pair: Codes, min_count: int, n_vocabulary: int, _: int
) -> Scores:
    scores: Scores = (pair - min_count) / first / second * n_vocabulary
    return scores


SCORINGS: Final = {"npmi": Scoring(npmi, _npmi_of_many), "count": Scoring(count_score, _count_scores)}
"""By the name that `Recipe.phrases` has for it."""
