"""From batches of tokens to a finished corpus: vocabulary, pruning, cutting into shards."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lda.corpus.arrow import array, string_list, strings
from lda.corpus.assembly.cutting import cut
from lda.corpus.assembly.pruning import select_terms
from lda.corpus.assembly.shard_bounds import shard_bounds
from lda.corpus.assembly.spill import MemorySpill, Spill
from lda.corpus.batches import TokenBatch, drop_negative
from lda.corpus.corpus import Corpus, MemoryShards
from lda.corpus.errors import DataError
from lda.corpus.metadata import conform, unify
from lda.corpus.shard import batch_arrays, make_batch, table_metadata
from lda.corpus.summary import Summary, stop_word_share, told_too_frequent, vocabulary_table
from lda.corpus.text.term_keys import shown_form

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lda.corpus.batches import Forms
    from lda.corpus.text.recipe import Recipe

    Arrays = tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]
    Typed = Callable[[pa.Table | None, pa.Schema | None, int], pa.Table | None]
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
            terms: the fixed vocabulary, of a corpus of counts or of one that was there before; its order is kept. Words
                of texts that it lacks are dropped.
            ordered: whether tokens come in the order of the text.
            spill: where batches wait; memory by default.
            stop: terms of a fixed vocabulary to be left out.
        """
        self._recipe, self._ordered = recipe, ordered
        self._fixed, self._stop = terms is not None, stop
        self._ids: dict[str, int] = {}
        self._foreign = 0
        self._known = {term: number for number, term in enumerate(terms or ())} if ordered else {}
        self._forms: list[dict[str, int]] = []
        self._terms: list[str] = list(terms or ())
        self._frequencies = np.zeros((2, len(self._terms)), dtype=np.int64)  # of terms, of documents
        self._spill: Spill = MemorySpill() if spill is None else spill
        self._schemas: list[pa.Schema | None] = []
        self._n_documents = self._n_stopped = self._n_without_text = 0
        self._steps: dict[str, Any] | None = None
        self._typed: Typed | None = None

    def add(self, batch: TokenBatch) -> None:
        """Take the next documents."""
        offsets = batch.doc_offsets
        if batch.terms is None:
            words = batch.words
            self._frequencies += np.stack([batch.term_frequencies, batch.document_frequencies])
        else:
            offsets, words = self._numbered(batch)
        self._n_documents += len(batch.ids)
        self._n_stopped += batch.n_stopped
        self._n_without_text += batch.n_without_text
        self._schemas.append(None if batch.metadata is None else batch.metadata.schema)
        self._spill.append(make_batch(batch.ids, offsets, words, batch.metadata))

    def _numbered(self, batch: TokenBatch) -> Arrays:
        """The tokens of a batch of text as provisional ids, or in the ids of the fixed vocabulary."""
        assert batch.terms is not None
        if not self._fixed:
            ids = self._number(batch.terms, batch)
            if batch.forms is not None:
                self._remember(batch.forms, ids)
            return batch.doc_offsets, ids[batch.words]
        known = self._known
        lookup = np.fromiter((known.get(term, -1) for term in batch.terms), np.int32, len(batch.terms))
        kept = lookup >= 0
        np.add.at(self._frequencies[0], lookup[kept], batch.term_frequencies[kept])
        np.add.at(self._frequencies[1], lookup[kept], batch.document_frequencies[kept])
        offsets, words = drop_negative(batch.doc_offsets, lookup[batch.words])
        self._foreign += len(batch.words) - len(words)
        return offsets, words

    def _remember(self, forms: Forms, ids: npt.NDArray[np.int32]) -> None:
        """Add up how often the words of each key stand in the texts."""
        self._forms += [{} for _ in range(len(self._ids) - len(self._forms))]
        rows = zip(forms.names, ids[forms.keys].tolist(), forms.frequencies.tolist(), strict=True)
        for name, key, tokens in rows:
            counts = self._forms[key]
            counts[name] = counts.get(name, 0) + tokens

    @property
    def n_documents(self) -> int:
        """Number of documents so far."""
        return self._n_documents

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

    def conclude(self, steps: dict[str, Any] | None, typed: Typed | None) -> None:
        """What is known once all documents have been taken.

        Args:
            steps: what the manifest says was done with documents before they came here.
            typed: gives the further fields of documents their types; None leaves these.
        """
        self._steps, self._typed = steps, typed

    def finish(self, *, allow_empty: bool = False) -> Assembled:
        """Fix the vocabulary and the shards.

        Args:
            allow_empty: accept documents without a single token among them.

        Raises:
            DataError: there are no documents, or all are empty; the message says which option did it.
        """
        if not self._n_documents:
            raise DataError("the corpus must have at least one document, got none; check the input")
        keys = terms = self._terms if self._fixed else list(self._ids)
        if self._forms:
            terms = [shown_form(forms) for forms in self._forms]
            self._forms = []
        self._ids = {}
        frequencies = self._frequencies[:, : len(terms)]
        selection = select_terms(
            terms, frequencies, self._n_documents, self._recipe, self._stop, keep_order=self._fixed
        )
        kept = frequencies[:, selection.kept]
        if not kept[0].sum() and not allow_empty:
            n_tokens = int(frequencies[0].sum()) + self._foreign
            raise DataError(why_empty(n_tokens, self._n_stopped, self._removed(selection.removed)))
        names = strings(terms).take(array(selection.kept))
        vocabulary = vocabulary_table(names, kept[0], kept[1])
        too_frequent = told_too_frequent(keys[number] for number in selection.too_frequent.tolist())
        del terms, keys
        remap = _remapper(selection.kept, frequencies.shape[1])
        lengths = np.concatenate([np.diff(remap(*batch_arrays(batch))[0]) for batch in self._spill.peek()])
        removed = removed_by_options(
            self._recipe, self._removed(selection.removed), n_stopped=self._n_stopped, stops=bool(self._stop)
        )
        summary = dataclasses.replace(
            self._summarise(vocabulary, lengths, removed), too_frequent=too_frequent
        )
        bounds = shard_bounds(lengths)
        return Assembled(vocabulary, summary, bounds, self._shards(remap, bounds))

    def _removed(self, pruned: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
        """What was pruned, and the tokens that the fixed vocabulary does not have."""
        return {"terms_of": {"tokens": self._foreign}, **pruned} if self._foreign else pruned

    def _summarise(
        self,
        vocabulary: pa.Table,
        lengths: npt.NDArray[np.int64],
        removed: dict[str, dict[str, int]] | None,
    ) -> Summary:
        text = self._ordered
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
            removed=removed,
            steps=self._steps,
        )

    def _shards(self, remap: Remapper, bounds: npt.NDArray[np.int64]) -> Iterator[pa.RecordBatch]:
        schema = unify(self._schemas)

        def finished() -> Iterator[pa.RecordBatch]:
            for batch in self._spill.drain():
                offsets, words = remap(*batch_arrays(batch))
                metadata = table_metadata(pa.Table.from_batches([batch]))
                fields = (self._typed or conform)(metadata, schema, batch.num_rows)
                yield make_batch(batch.column("id"), offsets, words, fields)

        return cut(finished(), bounds)


def _remapper(kept: npt.NDArray[np.int64], n_terms: int) -> Remapper:
    """Function that turns old term ids into new ones and drops the tokens of all others."""
    if len(kept) == n_terms and np.array_equal(kept, np.arange(n_terms)):
        return lambda offsets, words: (offsets, words)
    lookup = np.full(n_terms, -1, dtype=np.int32)
    lookup[kept] = np.arange(len(kept), dtype=np.int32)
    return lambda offsets, words: drop_negative(offsets, lookup[words])


def removed_by_options(
    recipe: Recipe | None, pruned: dict[str, dict[str, int]], *, n_stopped: int, stops: bool = False
) -> dict[str, dict[str, int]] | None:
    """What the options of a recipe took away, as `Summary.removed`; None where it has none that take anything.

    Args:
        recipe: of the corpus.
        pruned: what `select_terms` took away.
        n_stopped: tokens that were left out as stop words before they had been counted as terms.
        stops: whether there are stop words that the recipe does not name, as those of counts.
    """
    asked = recipe is not None and (recipe.prunes or recipe.stop_words or recipe.terms_of)
    if not (stops or asked):
        return None
    return {"stop_words": {"tokens": n_stopped}, **pruned} if n_stopped else pruned


def why_empty(n_tokens: int, n_stopped: int, removed: dict[str, dict[str, int]]) -> str:
    """Error message naming the filters that removed the tokens."""
    if not n_tokens + n_stopped:
        return "all documents are empty: not one token was found; check text field, pattern or counts"
    takers = {"stop_words": n_stopped, **{option: lost["tokens"] for option, lost in removed.items()}}
    told = ", ".join(f"--{option.replace('_', '-')} {count:,}" for option, count in takers.items() if count)
    total = n_tokens + n_stopped
    return f"all documents are empty after filtering: of {total:,} tokens were removed by {told}; relax it"
