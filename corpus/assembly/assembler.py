"""From batches of tokens to a finished corpus: vocabulary, pruning, cutting into shards."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lda.corpus.arrow import array, string_list, strings
from lda.corpus.assembly.pruning import select_terms
from lda.corpus.assembly.shard_bounds import shard_bounds
from lda.corpus.assembly.spill import MemorySpill, Spill
from lda.corpus.batches import TokenBatch, drop_negative
from lda.corpus.corpus import Corpus, MemoryShards
from lda.corpus.errors import DataError
from lda.corpus.metadata import conform, unify
from lda.corpus.shard import batch_arrays, make_batch, table_metadata
from lda.corpus.summary import Summary, stop_word_share, vocabulary_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lda.corpus.text.recipe import Recipe

    Arrays = tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]
    Remapper = Callable[[npt.NDArray[np.int64], npt.NDArray[np.int32]], Arrays]


class Assembled(NamedTuple):
    """A corpus of which only the shards are still to come; `shards` can be walked once."""

    vocabulary: pa.Table
    summary: Summary
    bounds: npt.NDArray[np.int64]
    shards: Iterator[pa.RecordBatch]

    def in_memory(self) -> Corpus:
        """Collect the shards."""
        return Corpus(MemoryShards(list(self.shards)), self.vocabulary, self.summary, self.bounds[:-1])


class Assembler:
    """Takes batches in document order, then cuts them into shards with the final term ids.

    Words of a text get provisional ids in order of appearance, for the final ones (by falling frequency)
    are known only at the end. Batches wait in a spill meanwhile: 4 bytes a token, in memory or on disk.
    """

    def __init__(
        self,
        recipe: Recipe | None,
        *,
        terms: Sequence[str] | None = None,
        ordered: bool,
        spill: Spill | None = None,
        stop: frozenset[str] = frozenset(),
    ) -> None:
        """Start empty.

        Args:
            recipe: supplies min_df, max_df and max_features; None keeps everything.
            terms: the fixed vocabulary of a corpus of counts; its order is kept.
            ordered: whether tokens come in the order of the text.
            spill: where batches wait; memory by default.
            stop: terms of a fixed vocabulary to be left out.
        """
        self._recipe, self._ordered = recipe, ordered
        self._fixed, self._stop = terms is not None, stop
        self._ids: dict[str, int] = {}
        self._terms: list[str] = list(terms or ())
        self._frequencies = np.zeros((2, len(self._terms)), dtype=np.int64)  # of terms, of documents
        self._spill: Spill = MemorySpill() if spill is None else spill
        self._schemas: list[pa.Schema | None] = []
        self._n_documents = self._n_stopped = self._n_without_text = 0

    def add(self, batch: TokenBatch) -> None:
        """Take the next documents."""
        if batch.terms is None:
            words = batch.words
            self._frequencies += np.stack([batch.term_frequencies, batch.document_frequencies])
        else:
            words = self._number(batch.terms, batch)[batch.words]
        self._n_documents += len(batch.ids)
        self._n_stopped += batch.n_stopped
        self._n_without_text += batch.n_without_text
        self._schemas.append(None if batch.metadata is None else batch.metadata.schema)
        self._spill.append(make_batch(batch.ids, batch.doc_offsets, words, batch.metadata))

    def _number(self, terms: list[str], batch: TokenBatch) -> npt.NDArray[np.int32]:
        """Provisional ids (len(terms),) of the batch's terms, whose frequencies are added up."""
        known = self._ids
        ids = np.fromiter(
            (known.setdefault(term, len(known)) for term in terms), dtype=np.int32, count=len(terms)
        )
        if len(known) > self._frequencies.shape[1]:
            grown = np.zeros((2, 2 * len(known)), dtype=np.int64)
            grown[:, : self._frequencies.shape[1]] = self._frequencies
            self._frequencies = grown
        # Unbuffered, for an n-gram may be spelled like a token of one's own tokeniser: an id may come twice.
        np.add.at(self._frequencies[0], ids, batch.term_frequencies)
        np.add.at(self._frequencies[1], ids, batch.document_frequencies)
        return ids

    def finish(self, *, allow_empty: bool = False) -> Assembled:
        """Fix the vocabulary and the shards.

        Args:
            allow_empty: accept documents without a single token among them.

        Raises:
            DataError: there are no documents, or all are empty; the message says which option did it.
        """
        if not self._n_documents:
            raise DataError("the corpus must have at least one document, got none; check the input")
        terms = self._terms if self._fixed else list(self._ids)
        self._ids = {}
        frequencies = self._frequencies[:, : len(terms)]
        selection = select_terms(
            terms, frequencies, self._n_documents, self._recipe, self._stop, keep_order=self._fixed
        )
        kept = frequencies[:, selection.kept]
        if not kept[0].sum() and not allow_empty:
            raise DataError(_why_empty(int(frequencies[0].sum()), self._n_stopped, selection.removed))
        names = strings(terms).take(array(selection.kept))
        vocabulary = vocabulary_table(names, kept[0], kept[1])
        del terms
        remap = _remapper(selection.kept, frequencies.shape[1])
        lengths = np.concatenate([np.diff(remap(*batch_arrays(batch))[0]) for batch in self._spill.peek()])
        summary = self._summarise(vocabulary, lengths)
        bounds = shard_bounds(lengths)
        return Assembled(vocabulary, summary, bounds, self._shards(remap, bounds))

    def _summarise(self, vocabulary: pa.Table, lengths: npt.NDArray[np.int64]) -> Summary:
        text = not self._fixed
        names, counts = vocabulary.column("term"), vocabulary.column("term_frequency").to_numpy()
        return Summary(
            n_documents=len(lengths),
            n_terms=vocabulary.num_rows,
            n_tokens=int(lengths.sum()),
            n_empty_documents=int((lengths == 0).sum()),
            n_without_text=self._n_without_text,
            ordered=self._ordered,
            recipe=self._recipe,
            stop_word_share=stop_word_share(string_list(names), counts) if text else None,
        )

    def _shards(self, remap: Remapper, bounds: npt.NDArray[np.int64]) -> Iterator[pa.RecordBatch]:
        schema = unify(self._schemas)
        ends = bounds[1:].tolist()
        pieces: list[pa.RecordBatch] = []
        document = shard = 0
        for batch in self._spill.drain():
            offsets, words = remap(*batch_arrays(batch))
            metadata = table_metadata(pa.Table.from_batches([batch]))
            done = make_batch(batch.column("id"), offsets, words, conform(metadata, schema, batch.num_rows))
            start = 0
            while start < done.num_rows:
                count = min(done.num_rows - start, ends[shard] - document)
                pieces.append(done.slice(start, count))
                start, document = start + count, document + count
                if document == ends[shard]:
                    yield _join(pieces)
                    pieces, shard = [], shard + 1


def _join(pieces: list[pa.RecordBatch]) -> pa.RecordBatch:
    """One record batch, with offsets from 0, of slices of several."""
    # concat_batches would keep the offsets of a single slice, which then do not start at 0.
    table = pa.Table.from_batches(pieces)
    arrays = [_slice_arrays(piece) for piece in pieces]
    lengths = np.concatenate([np.diff(offsets) for offsets, _ in arrays])
    offsets = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    words = np.concatenate([words for _, words in arrays])
    ids = pa.concat_arrays(table.column("id").chunks)
    return make_batch(ids, offsets, words, table_metadata(table))


def _slice_arrays(batch: pa.RecordBatch) -> Arrays:
    """Offsets and words of a slice; the offsets keep counting from the start of the whole."""
    offsets, words = batch_arrays(batch)
    return offsets, words[offsets[0] : offsets[-1]]


def _remapper(kept: npt.NDArray[np.int64], n_terms: int) -> Remapper:
    """Function that turns old term ids into new ones and drops the tokens of all others."""
    if len(kept) == n_terms and np.array_equal(kept, np.arange(n_terms)):
        return lambda offsets, words: (offsets, words)
    lookup = np.full(n_terms, -1, dtype=np.int32)
    lookup[kept] = np.arange(len(kept), dtype=np.int32)
    return lambda offsets, words: drop_negative(offsets, lookup[words])


def _why_empty(n_tokens: int, n_stopped: int, removed: dict[str, int]) -> str:
    """Error message naming the filters that removed the tokens."""
    if not n_tokens + n_stopped:
        return "all documents are empty: not one token was found; check text field, pattern or counts"
    takers = {"stop_words": n_stopped, **removed}
    told = ", ".join(f"--{option.replace('_', '-')} {count:,}" for option, count in takers.items() if count)
    total = n_tokens + n_stopped
    return f"all documents are empty after filtering: of {total:,} tokens were removed by {told}; relax it"
