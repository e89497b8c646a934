"""Documents that are to join a corpus, in its terms and in words that may become some."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lda.corpus.append.new_terms import new_terms
from lda.corpus.arrow import array, pc, strings
from lda.corpus.batches import count_terms, drop_negative
from lda.corpus.documents.types import ARROW_KINDS, as_kind, as_text
from lda.corpus.errors import DataError
from lda.corpus.files.arrow_file import one_batch
from lda.corpus.metadata import conform
from lda.corpus.presentable import printable
from lda.corpus.shard import METADATA_PREFIX, batch_arrays, make_batch, table_metadata
from lda.corpus.text.term_keys import TermKeys, has_keys, shown_form

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lda.corpus.assembly.spill import FolderSpill
    from lda.corpus.batches import Forms, TokenBatch
    from lda.corpus.corpus import Corpus
    from lda.corpus.files.manifest import Manifest
    from lda.corpus.text.recipe import Recipe


class Newcomers:
    """The new documents, in terms of the corpus and, behind these, in words that may become terms."""

    def __init__(self, corpus: Corpus, recipe: Recipe, spill: FolderSpill) -> None:
        self._corpus, self._recipe, self._spill = corpus, recipe, spill
        # Where a recipe counts words as one, batches speak of what these have in common, and so does this.
        keys = TermKeys(recipe)(corpus.vocabulary) if has_keys(recipe) else corpus.vocabulary
        self._numbers = {key: number for number, key in enumerate(keys)}
        if len(self._numbers) < len(keys):
            raise DataError(
                "two terms of the corpus count as one by its recipe, so it is not known which of them a word is; "
                "build it again"
            )
        self._forms: dict[int, dict[str, int]] = {}
        self._frequencies = np.zeros((2, len(self._numbers)), dtype=np.int64)  # tokens, documents
        self._ids: list[pa.Array[Any]] = []
        self._fields = {
            name.removeprefix(METADATA_PREFIX): kind
            for name, kind in zip(corpus.batch(0).schema.names, corpus.batch(0).schema.types, strict=True)
            if name.startswith(METADATA_PREFIX)
        }
        self._dropped: dict[str, None] = {}
        self.n_documents = self.n_without_text = 0

    @property
    def ids(self) -> pa.ChunkedArray[Any]:
        """(n,) names of the documents."""
        return pa.chunked_array(self._ids, type=pa.large_string())

    @property
    def n_tokens(self) -> int:
        """Tokens of all words, before any is dropped."""
        return int(self._frequencies[0].sum())

    @property
    def dropped_fields(self) -> list[str]:
        """Fields of the documents that the corpus does not have, or has without a value."""
        return list(self._dropped)

    def add(self, batch: TokenBatch) -> None:
        """Take the next documents."""
        assert batch.terms is not None
        known = self._numbers
        numbers = np.fromiter(
            (known.setdefault(term, len(known)) for term in batch.terms),
            dtype=np.int32,
            count=len(batch.terms),
        )
        self._grow()
        np.add.at(self._frequencies[0], numbers, batch.term_frequencies)
        np.add.at(self._frequencies[1], numbers, batch.document_frequencies)
        if batch.forms is not None:
            self._remember(batch.forms, numbers)
        self._keep(
            make_batch(batch.ids, batch.doc_offsets, numbers[batch.words], self._conformed(batch)),
            batch.n_without_text,
        )

    def _remember(self, forms: Forms, numbers: npt.NDArray[np.int32]) -> None:
        """Add up how often the words of each new key stand in the texts: the most frequent one becomes its name."""
        rows = zip(forms.names, numbers[forms.keys].tolist(), forms.frequencies.tolist(), strict=True)
        for name, number, tokens in rows:
            if number >= self._corpus.n_terms:
                counts = self._forms.setdefault(number, {})
                counts[name] = counts.get(name, 0) + tokens

    def _grow(self) -> None:
        if len(self._numbers) > self._frequencies.shape[1]:
            grown = np.zeros((2, 2 * len(self._numbers)), dtype=np.int64)
            grown[:, : self._frequencies.shape[1]] = self._frequencies
            self._frequencies = grown

    def _keep(self, batch: pa.RecordBatch, n_without_text: int) -> None:
        self._ids.append(batch.column("id"))
        self._spill.append(batch)
        self.n_documents += batch.num_rows
        self.n_without_text += n_without_text

    def _conformed(self, batch: TokenBatch) -> pa.Table | None:
        """The further fields as the corpus has them. Raises `DataError` for a value that cannot be of that kind."""
        table = batch.metadata
        if table is not None:
            lost = [
                name for name in table.column_names if pa.types.is_null(self._fields.get(name, pa.null()))
            ]
            self._dropped |= dict.fromkeys(
                name for name in lost if table.column(name).null_count < table.num_rows
            )
            table = table.drop_columns(lost)
            for number, name in enumerate(table.column_names):
                try:
                    column = _as_type(table.column(name), self._fields[name])
                except (pa.ArrowException, ValueError, OverflowError) as error:
                    raise DataError(
                        f"the field {printable(name)!r} is {self._fields[name]} in the corpus, and "
                        f"{table.column(name).type} in the new documents ({' '.join(str(error).split())[:120]}); "
                        "give it values of that kind"
                    ) from None
                table = table.set_column(number, name, column)
        schema = pa.schema(list(self._fields.items())) if self._fields else None
        return conform(table, schema, len(batch.ids))

    def without(self, known: pa.Array[Any], spill: FolderSpill) -> Newcomers:
        """Those whose names are not among `known`."""
        left = Newcomers(self._corpus, self._recipe, spill)
        left._numbers, left._forms, left._dropped = self._numbers, self._forms, self._dropped
        left._grow()
        for batch in self._spill.drain():
            fresh = pc.invert(pc.is_in(batch.column("id"), value_set=known))
            kept: Any = pa.Table.from_batches([batch]).filter(fresh).combine_chunks()
            if not kept.num_rows:
                continue
            piece = one_batch(kept)
            offsets, words = batch_arrays(piece)
            words = words[offsets[0] : offsets[-1]]
            offsets = offsets - offsets[0]
            tokens, documents = count_terms(offsets, words, len(self._numbers))
            left._frequencies[0, : len(tokens)] += tokens
            left._frequencies[1, : len(documents)] += documents
            left._keep(make_batch(piece.column("id"), offsets, words, table_metadata(kept)), 0)
        left.n_without_text = min(self.n_without_text, left.n_documents)
        return left

    def choose(
        self, recipe: Recipe, manifest: Manifest, new_min_df: float | None, stop: frozenset[str]
    ) -> ChosenTerms:
        """The terms that the corpus will have. Raises `DataError` where no document has any."""
        n_old = self._corpus.n_terms
        names = [
            shown_form(self._forms[number]) if number in self._forms else key
            for key, number in islice(self._numbers.items(), n_old, None)
        ]
        frequencies = self._frequencies[:, : n_old + len(names)]
        fresh = frequencies[:, n_old:]
        before = frozenset(manifest.summary.too_frequent or ())
        stays_out = np.fromiter(
            (key in before for key in islice(self._numbers, n_old, None)), dtype=np.bool_, count=len(names)
        )
        selection = new_terms(
            names, fresh, self.n_documents, recipe, manifest, self._corpus, new_min_df, stop, stays_out
        )
        kept = np.concatenate([np.arange(n_old), n_old + selection.kept])
        if not frequencies[0, kept].sum():
            raise DataError(
                f"none of the {self.n_documents:,} documents has a word that is a term of the corpus, or becomes one; "
                "check that they are of its kind, or the text field"
            )
        lookup = np.full(n_old + len(names), -1, dtype=np.int32)
        lookup[kept] = np.arange(len(kept), dtype=np.int32)
        terms = strings(names).take(array(selection.kept)) if names else strings([])
        return ChosenTerms(terms, frequencies[:, kept], lookup)

    def lengths(self, lookup: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
        """(n,) tokens of each document that are terms."""
        return np.concatenate(
            [np.diff(drop_negative(o, lookup[w])[0]) for o, w in map(batch_arrays, self._spill.peek())]
        )

    def documents(self, lookup: npt.NDArray[np.int32]) -> Iterator[pa.RecordBatch]:
        """The documents in the terms of the corpus; they are given up on the way."""
        for batch in self._spill.drain():
            offsets, words = batch_arrays(batch)
            offsets, words = drop_negative(offsets, lookup[words])
            yield make_batch(
                batch.column("id"), offsets, words, table_metadata(pa.Table.from_batches([batch]))
            )


class ChosenTerms(NamedTuple):
    """The terms of the corpus with those that become some.

    Attributes:
        terms: new ones.
        frequencies: (2, V) tokens and documents of all terms among the new documents.
        lookup: term ids by the numbers of words, -1 for those that are left out.
    """

    terms: pa.Array[Any]
    frequencies: npt.NDArray[np.int64]
    lookup: npt.NDArray[np.int32]


def _as_type(column: pa.ChunkedArray[Any], wanted: Any) -> Any:  # noqa: ANN401 - see `lda.corpus.metadata`
    """A column of the type that it has in the corpus. Raises ValueError, or an error of Arrow, for what is none."""
    if column.type.equals(wanted):
        return column
    kind = next((name for name, kind in ARROW_KINDS.items() if kind.equals(wanted)), None)
    if kind is not None and not (pa.types.is_string(wanted) or pa.types.is_large_string(wanted)):
        return as_kind(column.combine_chunks(), kind)
    if pa.types.is_dictionary(wanted):
        column = as_text(column)  # an empty cell is no category, as in a build
    made = conform(pa.Table.from_arrays([column], names=["x"]), pa.schema([("x", wanted)]), len(column))
    assert made is not None
    return made.column("x")
