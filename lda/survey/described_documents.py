"""Documents that are described: the best ones of each topic and a sample; memory for no more than these."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from lda.corpus.arrow import array
from lda.corpus.metadata import conform, unify
from lda.survey.best_documents import BestDocuments

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from lda.corpus import DocumentBatch

    Integers = npt.NDArray[np.int64]
    Hashes = npt.NDArray[np.uint64]


class _Rows(NamedTuple):
    """Documents: (n,) numbers, hashes and known words, ids, theta (n, K) and fields."""

    numbers: Integers
    hashes: Hashes
    n_tokens: Integers
    theta: npt.NDArray[np.float32]
    ids: list[str]
    fields: pa.Table | None

    def take(self, kept: npt.NDArray[Any]) -> _Rows:
        return _Rows(
            self.numbers[kept],
            self.hashes[kept],
            self.n_tokens[kept],
            self.theta[kept],
            [self.ids[row] for row in kept.tolist()],
            None if self.fields is None else self.fields.take(array(kept)),
        )


class KeptText(NamedTuple):
    """A document's text, or its words, or None; and the (n,) int32 term ids of its known words."""

    text: str | list[str] | None
    words: npt.NDArray[np.int32]


class Described(NamedTuple):
    """What was kept, in the order of the corpus: n documents.

    Attributes:
        numbers: (n,) int64, places in the corpus.
        n_tokens: (n,) int64, known words.
        theta: (n, K) float32.
        ids: n names.
        fields: table of n rows.
        best: (K, n_best) int32, rows.
        texts: by row.
    """

    numbers: Integers
    n_tokens: Integers
    theta: npt.NDArray[np.float32]
    ids: list[str]
    fields: pa.Table
    best: npt.NDArray[np.int32]
    texts: dict[int, KeptText]


class DescribedDocuments:
    """Keeps the best documents of each topic, and those with the smallest hash of their place in the corpus.

    What is kept depends on the documents and the seed, not on how many come at a time.
    """

    def __init__(
        self, n_topics: int, *, n_best: int, n_described: int, n_texts: int | None, seed: int
    ) -> None:
        """n_texts: documents whose text is kept; None for those of the best."""
        self._best = BestDocuments(n_topics, n_best)
        self._n_topics, self._n_described, self._seed = n_topics, n_described, np.uint64(seed)
        self._n_texts = n_texts
        self._limit = np.uint64(2**64 - 1)  # above the hashes that still matter
        self._kept: list[_Rows] = []
        self._texts: dict[int, KeptText] = {}
        self._text_hashes: Hashes = np.zeros(0, dtype=np.uint64)
        self._text_numbers: Integers = np.zeros(0, dtype=np.int64)

    @property
    def n_rows(self) -> int:
        """Documents that are kept at the moment."""
        return sum(len(rows.numbers) for rows in self._kept)

    @property
    def n_texts(self) -> int:
        """Texts that are kept at the moment."""
        return len(self._texts)

    def add(self, batch: DocumentBatch, theta: npt.NDArray[np.float32], first: int) -> None:
        """Add documents. first: number of the first one in the corpus; theta: (n, K)."""
        n = len(batch.ids)
        numbers = np.arange(first, first + n, dtype=np.int64)
        n_tokens = np.diff(batch.doc_offsets)
        held = np.flatnonzero(n_tokens)
        self._best.add(theta[held], numbers[held])
        hashes = hashes_of(numbers, self._seed)
        best = self._best.numbers
        wanted = np.isin(numbers, best)
        if self._n_described:
            wanted |= hashes <= self._limit
        rows = _Rows(numbers, hashes, n_tokens, theta, batch.ids, batch.metadata)
        self._kept.append(rows.take(np.flatnonzero(wanted)))
        self._keep_texts(batch, numbers, hashes, best)
        if self.n_rows > 2 * (self._n_described + len(best)):
            self._compact()

    def _keep_texts(self, batch: DocumentBatch, numbers: Integers, hashes: Hashes, best: Integers) -> None:
        if self._n_texts == 0:
            return
        wanted = best
        if self._n_texts is not None:
            # Those of the sample come after the best ones, as many as may be needed at the most.
            hashes = np.concatenate([self._text_hashes, hashes])
            found = np.concatenate([self._text_numbers, numbers])
            order = np.argsort(hashes, kind="stable")[: min(self._n_texts, self._n_described)]
            self._text_hashes, self._text_numbers = hashes[order], found[order]
            wanted = np.concatenate([best, self._text_numbers])
        self._texts = {number: self._texts[number] for number in wanted.tolist() if number in self._texts}
        if not len(numbers):
            return
        new = np.unique(wanted[wanted >= numbers[0]]) - numbers[0]
        for row in new.tolist():
            words = batch.words[batch.doc_offsets[row] : batch.doc_offsets[row + 1]]
            text = None if batch.texts is None else batch.texts[row].as_py()
            self._texts[row + int(numbers[0])] = KeptText(text, words.copy())

    def _compact(self) -> None:
        """Let go of what is neither among the best any more nor in the sample."""
        rows = self._joined()
        order = np.argsort(rows.hashes, kind="stable")[: self._n_described]
        # Hashes of different numbers differ, so that the sample is as large as it may be.
        if self._n_described and len(order) == self._n_described:
            self._limit = rows.hashes[order[-1]]
        wanted = np.isin(rows.numbers, self._best.numbers)
        wanted[order] = True
        self._kept = [rows.take(np.flatnonzero(wanted))]

    def _joined(self) -> _Rows:
        parts = self._kept
        schema = unify([None if rows.fields is None else rows.fields.schema for rows in parts])
        tables = [conform(rows.fields, schema, len(rows.numbers)) for rows in parts]
        return _Rows(
            np.concatenate([np.zeros(0, dtype=np.int64), *(rows.numbers for rows in parts)]),
            np.concatenate([np.zeros(0, dtype=np.uint64), *(rows.hashes for rows in parts)]),
            np.concatenate([np.zeros(0, dtype=np.int64), *(rows.n_tokens for rows in parts)]),
            np.concatenate(
                [np.zeros((0, self._n_topics), dtype=np.float32), *(rows.theta for rows in parts)]
            ),
            [name for rows in parts for name in rows.ids],
            pa.concat_tables([table for table in tables if table is not None]).combine_chunks()
            if schema is not None
            else None,
        )

    def finish(self) -> Described:
        """The best documents, and as many of the sample as make up the number asked for."""
        rows = self._joined()
        is_best = np.isin(rows.numbers, self._best.numbers)
        # The best ones first, then by hash.
        order = np.lexsort((rows.hashes, ~is_best))
        n = max(self._n_described, int(is_best.sum()))
        rows = rows.take(np.sort(order[:n]))
        fields = rows.fields
        if fields is None:
            fields = pa.table({"": pa.nulls(len(rows.numbers))}).select([])
        return Described(
            rows.numbers,
            rows.n_tokens,
            rows.theta,
            rows.ids,
            fields,
            self._best.rows(rows.numbers),
            self._texts_of(rows),
        )

    def _texts_of(self, rows: _Rows) -> dict[int, KeptText]:
        wanted: Sequence[int] = self._best.by_rank.tolist()
        if self._n_texts is not None:
            sampled = rows.numbers[np.argsort(rows.hashes, kind="stable")]
            wanted = list(dict.fromkeys([*wanted, *sampled.tolist()]))[: self._n_texts]
        places = np.searchsorted(rows.numbers, np.array(wanted, dtype=np.int64)).tolist()
        texts = ((place, self._texts.get(number)) for place, number in zip(places, wanted, strict=True))
        return {place: text for place, text in sorted(texts, key=lambda row: row[0]) if text is not None}


def hashes_of(numbers: Integers, seed: np.uint64) -> Hashes:
    """(n,) uint64, a different one for each number: the mixing of SplitMix64, which can be undone."""
    x = (numbers.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15) + seed
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
