"""`Deduplication`: which documents say what an earlier one says, or nearly so; the first one stays.

Documents are looked at in a pass of their own, before they are counted: what each is told by waits in a spill, and when
all have been seen, the first ones are found. So terms are counted of the documents that stay, by the code that counts
those of any corpus. Rejected: to count all, and subtract: it reads inputs once, but phrases, chunks, the vocabulary and
every part's files would have to be corrected.

Exact duplicates have the same text but for white space, or the same tokens, or counts; an empty one is the duplicate of
none. Near-duplicates are told by stretches of three words, stop words left out: see
`lda.corpus.documents.near_duplicates`. Documents of fewer than five words have exact duplicates alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from lda.corpus.arrow import array, is_list, pc, string_list
from lda.corpus.document_hashes import document_hashes, term_hashes, text_hashes
from lda.corpus.documents.near_duplicates import (
    REMEDY,
    band_keys,
    bands_for,
    check_threshold,
    first_alike,
    groups_of,
)
from lda.corpus.documents.shingles import Shingler
from lda.corpus.errors import DataError
from lda.corpus.metadata import with_column

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from lda.corpus.batches import TokenBatch
    from lda.corpus.readers.base import TextBatch
    from lda.corpus.text.tokenizer import TextTokenizer

    Integers = npt.NDArray[np.int64]
    Hashes = npt.NDArray[np.uint64]

EXACT: Final = "exact"

DUPLICATE_OF: Final = "duplicate_of"
"""Field of a marked document: the name of the one that it repeats; null where it repeats none."""

_EXACT, _ID, _SHINGLES = "exact", "id", "shingles"
_BETWEEN: Final = "\x1f"  # tokens of a list, where it is hashed


def check_dedupe(dedupe: str | float | None) -> str | float | None:
    """What is asked for, as it is recorded: "exact", a similarity, or None.

    Raises:
        ValueError: it is none of these.
    """
    if dedupe is None or dedupe == EXACT:
        return dedupe
    try:
        threshold = float(dedupe)
        if isinstance(dedupe, bool):
            raise ValueError
    except (TypeError, ValueError):
        raise ValueError(f"dedupe must be exact, or a similarity in 0.5 ... 1, got {dedupe!r:.60}") from None
    return check_threshold(threshold)


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """Makes of documents what they are told by; picklable. dedupe: as `check_dedupe` returns it."""

    dedupe: str | float

    def check(self) -> None:
        """Raise DataError where the package that makes sketches is not installed."""
        if self.dedupe != EXACT:
            _sketcher()

    def of_texts(self, batch: TextBatch, tokenize: TextTokenizer) -> pa.RecordBatch:
        """What is kept of some documents until all have been seen.

        tokenize: by the recipe without its phrases.
        """
        texts: Any = batch.texts
        if is_list(texts.type):
            joined = pc.binary_join(texts, pa.scalar(_BETWEEN, pa.large_string()))
        else:
            joined = pc.utf8_trim_whitespace(pc.replace_substring_regex(pc.fill_null(texts, ""), r"\s+", " "))
        exact = text_hashes(string_list(joined))
        exact[pc.equal(pc.binary_length(joined), 0).to_numpy(zero_copy_only=False)] = 0
        if self.dedupe == EXACT:
            return self._batch(batch.ids, exact)
        offsets, words, terms = tokenize.kept_words(batch.texts, batch.ids)[0]
        return self._batch(batch.ids, exact, *Shingler(terms, ordered=True).of(offsets, words))

    def of_counts(self, batch: TokenBatch, terms: Sequence[str]) -> pa.RecordBatch:
        """The same of documents that are counts of these terms."""
        exact = document_hashes(batch.doc_offsets, batch.words, term_hashes(terms), shortest=1)
        if self.dedupe == EXACT:
            return self._batch(batch.ids, exact)
        shingler = Shingler(terms, ordered=False)
        return self._batch(batch.ids, exact, *shingler.of(batch.doc_offsets, batch.words))

    def _batch(
        self,
        ids: Any,  # noqa: ANN401 - an Arrow array
        exact: Hashes,
        shingles: Hashes | None = None,
        ends: Integers | None = None,
    ) -> pa.RecordBatch:
        columns = {_ID: ids.cast(pa.large_string()), _EXACT: array(exact)}
        if shingles is not None and ends is not None:
            keys = band_keys(_sketcher(), shingles, ends, float(self.dedupe))
            columns |= {_band(number): array(keys[:, number].copy()) for number in range(keys.shape[1])}
            columns[_SHINGLES] = pa.LargeListArray.from_arrays(array(ends), array(shingles))
        return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))


def _band(number: int) -> str:
    return f"band-{number}"


def _sketcher() -> Any:  # noqa: ANN401 - a module
    try:
        return import_module("rensa")
    except ImportError:
        raise DataError(f"near-duplicates need the package rensa; {REMEDY}") from None


@dataclass(frozen=True, slots=True)
class Singles:
    """Which documents of a stretch repeat none, and what the others repeat.

    Attributes:
        stay: (n,) whether each repeats none.
        repeats: (n,) large_string, the name of the document that each repeats, null where it repeats none; None where
            nobody asked for names.
    """

    stay: npt.NDArray[np.bool_]
    repeats: pa.Array[Any] | None = None

    @property
    def n_duplicates(self) -> int:
        """Documents that repeat an earlier one."""
        return int((~self.stay).sum())

    def marked(self, metadata: pa.Table | None, start: int, n: int) -> pa.Table:
        """The further fields of n documents from number `start` on, with the name of what each repeats.

        Raises:
            DataError: there is such a field already.
        """
        if metadata is not None and DUPLICATE_OF in metadata.column_names:
            raise DataError(
                f"documents have a field {DUPLICATE_OF!r} already; rename it, or leave duplicates out"
            )
        assert self.repeats is not None
        return with_column(metadata, DUPLICATE_OF, self.repeats.slice(start, n).cast(pa.string()))

    def slice(self, start: int, n: int) -> Singles:
        """Those of n documents from number `start` on."""
        repeats = None if self.repeats is None else self.repeats.slice(start, n)
        return Singles(self.stay[start : start + n], repeats)

    def to_batch(self) -> pa.RecordBatch:
        """As a batch of Arrow."""
        repeats: Any = pa.nulls(len(self.stay), pa.large_string()) if self.repeats is None else self.repeats
        return pa.RecordBatch.from_arrays([array(self.stay), repeats], names=["stay", "repeats"])

    @classmethod
    def from_batch(cls, batch: pa.RecordBatch) -> Singles:
        """What `to_batch` returned."""
        return cls(batch.column("stay").to_numpy(zero_copy_only=False), batch.column("repeats"))


def find_duplicates(
    dedupe: str | float, batches: Sequence[pa.RecordBatch], *, names: bool = False
) -> Singles:
    """Which documents repeat an earlier one that stays.

    The answer depends on the documents and their order alone.

    Args:
        dedupe: as `check_dedupe` returns it.
        batches: what `Fingerprints` made of all documents, in order; mapped from disk rather than in memory. Taken
            are 8 bytes a document at a time, and the shingles of those that are compared.
        names: whether what is repeated is named.
    """
    starts = np.cumsum([0, *(batch.num_rows for batch in batches)]).astype(np.int64)
    exact = _column(batches, _EXACT)
    first = np.arange(len(exact), dtype=np.int64)
    told = np.flatnonzero(exact)
    _, places, which = np.unique(exact[told], return_index=True, return_inverse=True)
    first[told] = told[places][which]
    if dedupe != EXACT:
        alone = first == np.arange(len(first))

        def columns() -> Any:  # noqa: ANN401 - an iterator
            for number in range(bands_for(float(dedupe))[0]):
                column = _column(batches, _band(number))
                column[~alone] = 0
                yield column

        def shingles(document: int) -> Hashes:
            place = int(np.searchsorted(starts, document, side="right")) - 1
            lists: Any = batches[place].column(_SHINGLES)
            row = document - int(starts[place])
            low, high = (int(lists.offsets[end].as_py()) for end in (row, row + 1))
            return np.unique(lists.values.slice(low, high - low).to_numpy())

        near = first_alike(len(first), groups_of(columns()), shingles, float(dedupe))
        first = near[first]
    stay: npt.NDArray[np.bool_] = first == np.arange(len(first))
    return Singles(stay, _named(batches, first, stay, starts) if names else None)


def _named(
    batches: Sequence[pa.RecordBatch], first: Integers, stay: npt.NDArray[np.bool_], starts: Integers
) -> Any:  # noqa: ANN401 - an Arrow array
    """(D,) the names of the documents that others repeat, at the places of these others."""
    repeated = np.unique(first[~stay])
    known: list[Any] = [pa.array([], pa.large_string())]
    for batch, (low, high) in zip(batches, pairwise(starts.tolist()), strict=True):
        mine = repeated[np.searchsorted(repeated, low) : np.searchsorted(repeated, high)]
        known.append(batch.column(_ID).take(array(mine - low)))
    places = np.where(stay, -1, np.searchsorted(repeated, first))
    return pa.concat_arrays(known).take(pa.array(places, mask=stay))


def _column(batches: Sequence[pa.RecordBatch], name: str) -> Hashes:
    columns = [batch.column(name).to_numpy() for batch in batches]
    return np.concatenate([np.zeros(0, dtype=np.uint64), *columns])
