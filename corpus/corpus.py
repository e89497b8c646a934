"""The corpus: vocabulary, documents and logical shards, in memory or mapped from disk."""

from __future__ import annotations

import dataclasses
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lda.corpus.arrow import string_list
from lda.corpus.shard import CorpusShard, Shards, batch_arrays, batch_digest, content_hash, table_metadata

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import scipy.sparse

    from lda.corpus.files.manifest import EarlierCorpus
    from lda.corpus.summary import Summary
    from lda.corpus.text.recipe import Recipe


class MemoryShards:
    """Shards held in memory."""

    place: str | Path | None = None

    def __init__(self, batches: list[pa.RecordBatch]) -> None:
        self._batches = batches

    def __len__(self) -> int:
        return len(self._batches)

    def batch(self, index: int) -> pa.RecordBatch:
        """Columns `id`, `tokens` and metadata of one shard."""
        return self._batches[index]

    def tokens(self) -> list[int]:
        """Tokens of each shard."""
        return [len(batch_arrays(batch)[1]) for batch in self._batches]

    def ids(self, index: int) -> pa.Array[Any]:
        """(n,) names of the documents of one shard."""
        return self._batches[index].column("id")


class Corpus:
    """Documents as term ids, cut into logical shards; made by `read_corpus`, `as_corpus` or `Corpus.open`.

    The vocabulary of a text stands in order of falling frequency (ties: alphabetical), that of a matrix in
    the order of its columns; terms of documents that were appended follow. Empty documents are kept. A corpus does not
    change once made, and it can be pickled: one on disk or in an object store travels as its path or URI.
    """

    def __init__(
        self,
        shards: Shards,
        vocabulary: pa.Table,
        summary: Summary,
        first_documents: npt.NDArray[np.int64],
        known_hash: str | None = None,
        earlier: tuple[EarlierCorpus, ...] = (),
    ) -> None:
        self._shards = shards
        self._vocabulary = vocabulary
        self._summary = summary
        self._first_documents = first_documents
        self._known_hash = known_hash
        self._earlier = earlier

    def __repr__(self) -> str:
        return (
            f"Corpus({self.n_documents:,} documents, {self.n_tokens:,} tokens, {self.n_terms:,} terms, "
            f"{self.n_shards} shards)"
        )

    @property
    def n_documents(self) -> int:
        """Number of documents, empty ones included."""
        return self._summary.n_documents

    @property
    def n_terms(self) -> int:
        """Size of the vocabulary."""
        return self._summary.n_terms

    @property
    def n_tokens(self) -> int:
        """Number of tokens."""
        return self._summary.n_tokens

    @property
    def n_empty_documents(self) -> int:
        """Number of documents without a token."""
        return self._summary.n_empty_documents

    @property
    def n_without_text(self) -> int:
        """Number of documents whose text was missing or null; they are empty."""
        return self._summary.n_without_text

    @property
    def n_skipped(self) -> int:
        """Number of records of the input that could not be read; on disk, `skipped.jsonl` lists them."""
        return self._summary.n_skipped

    @property
    def n_shards(self) -> int:
        """Number of logical shards; depends on the corpus only."""
        return len(self._shards)

    @cached_property
    def shard_tokens(self) -> npt.NDArray[np.int64]:
        """(S,) int64, tokens of each shard; of a corpus on disk as its manifest says, so no shard is read."""
        return np.array(self._shards.tokens(), dtype=np.int64)

    @property
    def on_disk(self) -> bool:
        """Whether the shards lie in a folder or an object store, so that the corpus travels as its name."""
        return not isinstance(self._shards, MemoryShards)

    @property
    def ordered(self) -> bool:
        """Whether tokens stand in the order of the text."""
        return self._summary.ordered

    @property
    def recipe(self) -> Recipe | None:
        """How the text became tokens, or which columns were dropped; None for counts taken whole."""
        return self._summary.recipe

    @property
    def too_frequent(self) -> tuple[str, ...] | None:
        """What `max_df` took away when the corpus was built, see `lda.corpus.summary.Summary`; None if not known."""
        return self._summary.too_frequent

    @property
    def removed(self) -> Mapping[str, Mapping[str, int]] | None:
        """What stop_words, min_df, max_df and max_features took away: tokens, and terms where they were counted.

        None where there was nothing to take away, or nobody knows: a part of a corpus, or one built by an earlier
        version.
        """
        return self._summary.removed

    @property
    def steps(self) -> Mapping[str, Any] | None:
        """What was done with documents before they were counted: chosen, rid of duplicates, joined, split; or None."""
        return self._summary.steps

    @property
    def stop_word_share(self) -> float | None:
        """Share of tokens that are English stop words; None for a corpus made of counts."""
        return self._summary.stop_word_share

    @cached_property
    def vocabulary(self) -> list[str]:
        """The V terms; the position of a term is its id."""
        return string_list(self._vocabulary.column("term"))

    @property
    def vocabulary_table(self) -> pa.Table:
        """Table of V rows: `term`, `term_frequency`, `document_frequency`."""
        return self._vocabulary

    @property
    def term_frequencies(self) -> npt.NDArray[np.int64]:
        """(V,) int64, tokens of each term."""
        return self._frequencies("term_frequency")

    @property
    def document_frequencies(self) -> npt.NDArray[np.int64]:
        """(V,) int64, documents that hold each term."""
        return self._frequencies("document_frequency")

    def _frequencies(self, name: str) -> npt.NDArray[np.int64]:
        return np.asarray(self._vocabulary.column(name).to_numpy(), dtype=np.int64)

    @cached_property
    def content_hash(self) -> str:
        """sha256 in hex of vocabulary, ids and tokens; the same on any machine, on disk or in memory."""
        if self._known_hash is not None:
            return self._known_hash
        terms = self._vocabulary.column("term").combine_chunks()
        return content_hash(terms, (batch_digest(batch) for batch in self.batches()))

    @property
    def manifest(self) -> dict[str, Any]:
        """The figures that stand in `manifest.json`, without the table of files."""
        from lda.corpus.files.manifest import describe

        return describe(self._summary, self.n_shards, self.content_hash, self._earlier)

    @property
    def earlier(self) -> tuple[EarlierCorpus, ...]:
        """What the corpus was before each append, the oldest first; `Corpus.open(path, at=...)` opens it so."""
        return self._earlier

    @property
    def shard_bounds(self) -> npt.NDArray[np.int64]:
        """(S + 1,) int64 from 0 to D: shard s holds the documents bounds[s] ... bounds[s + 1] - 1."""
        return np.append(self._first_documents, self.n_documents)

    def batch(self, index: int) -> pa.RecordBatch:
        """One shard as a record batch: `id`, `tokens`, `metadata.*`."""
        return self._shards.batch(index)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The shards in order as such batches."""
        return (self._shards.batch(index) for index in range(self.n_shards))

    def shard(self, index: int) -> CorpusShard:
        """One logical shard as read-only arrays; a shard on disk is mapped, not read.

        Raises:
            IndexError: there is no such shard.
            DataError: the file of the shard is damaged.
        """
        if not 0 <= index < self.n_shards:
            raise IndexError(f"shard must lie in 0 ... {self.n_shards - 1}, got {index}")
        doc_offsets, words = batch_arrays(self._shards.batch(index))
        return CorpusShard(index, int(self._first_documents[index]), doc_offsets, words)

    def as_it_was(self, content_hash: str) -> Corpus | None:
        """The corpus as it was when it had this content hash, before documents were appended; None if it never had.

        Raises:
            DataError: the files of then are damaged.
        """
        if content_hash == self.content_hash:
            return self
        place = self._shards.place
        if place is None or not any(then.content_hash == content_hash for then in self._earlier):
            return None
        return Corpus.open(place, at=content_hash)

    def shard_ids(self, index: int) -> pa.Array[Any]:
        """(n,) strings, the names of the documents of one shard; of one on disk nothing else is looked at or checked.

        Raises:
            DataError: the file of the shard is missing, or the names in it are damaged.
        """
        return self._shards.ids(index)

    def document_ids(self) -> pa.ChunkedArray[Any]:
        """(D,) strings, the names of the documents, one chunk a shard."""
        return pa.chunked_array([batch.column("id") for batch in self.batches()], type=pa.large_string())

    def document_lengths(self) -> npt.NDArray[np.int64]:
        """(D,) int64, the tokens of each document."""
        return np.concatenate([np.diff(batch_arrays(batch)[0]) for batch in self.batches()])

    def metadata(self) -> pa.Table | None:
        """Table of D rows with the further columns of the input; None when there were none."""
        return table_metadata(pa.Table.from_batches(self.batches()))

    def to_csr(self) -> scipy.sparse.csr_matrix:
        """Counts as a sparse matrix (D, V) of int32 with sorted, unique indices."""
        import scipy.sparse

        def counts(index: int) -> scipy.sparse.csr_matrix:
            _, _, offsets, words = self.shard(index)
            ones = np.ones(len(words), dtype=np.int32)
            shape = (len(offsets) - 1, self.n_terms)
            matrix = scipy.sparse.csr_matrix((ones, words.copy(), offsets.copy()), shape=shape)
            matrix.sum_duplicates()
            return matrix

        return scipy.sparse.csr_matrix(
            scipy.sparse.vstack([counts(i) for i in range(self.n_shards)], format="csr")
        )

    def save(self, path: str | Path, overwrite: bool = False) -> None:
        """Write the corpus to a folder, under a temporary name beside it, then renamed; or to a URI.

        Raises:
            DataError: it exists and `overwrite` is false, or it is something else than a corpus.
        """
        from lda.corpus.files.folder import write_folder

        # What the build took away is told of the documents before any append, and the copy knows of no append.
        summary = dataclasses.replace(self._summary, removed=None) if self.earlier else self._summary
        write_folder(path, self.batches(), self._vocabulary, summary, overwrite=overwrite)

    @classmethod
    def open(cls, path: str | Path, *, at: str | None = None) -> Corpus:
        """Open a corpus folder, whose shards are mapped when they are first used, or one at a URI (s3://, gs://).

        Args:
            path: the folder or URI.
            at: the content hash of the corpus as it was before documents were appended; None opens it as it is.

        Raises:
            DataError: there is no corpus, it is incomplete, a newer version wrote it, or it never had that hash.
        """
        from lda.corpus.files.folder import open_folder

        return cls(*open_folder(path, at))
