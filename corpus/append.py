"""Documents that join a finished corpus: by its own recipe, in shards of their own behind those there are.

What stands there stays as it is, byte for byte: new shards and a new vocabulary get names that nothing had before, and
the manifest, replaced in one step, makes them part of the corpus. So a process that is killed leaves the old corpus or
the new one, and files that no manifest names, which the next append removes.

Term ids do not change. New terms stand at the end of the vocabulary, by falling frequency among themselves. Which of
the words of the new documents become terms, is asked of these documents alone, for what an earlier build has pruned is
not known any more:

* `min_df`: in as many of the new documents, if it is a count; if it is a share, in that share of them, and in
  `LEAST_DOCUMENTS`, or as many as the share was of the corpus when it was built, if that is fewer.
* `max_df`: words that were too frequent when the corpus was built stay out, however frequent they are now; they would
  be in the new documents alone, and look like news. Others may be in that share of all documents: what all the world
  speaks of this week is in most of the new ones, and no empty word. A count is taken as the share of the corpus that it
  was when the corpus was built. Where the manifest does not name the words (of an earlier version, or a part of a
  corpus), the share is one of the new documents, so "the" stays out all the same.
* `max_features`: where the vocabulary has as many, with more tokens than the rarest of its terms has.

A corpus whose terms were given (`terms_of`) has no others. Words that count as one, by their stem, say, are the term
that they are in the corpus. What was done with documents (`DocumentSteps`) is done with the new ones, among themselves.

All other words that the corpus does not have are left out, as pruned ones are. Rejected: to keep the counts of pruned
words beside the corpus, and let them in once they are frequent enough in all. Those are most of the distinct words of a
text, and the tokens that were dropped in old shards cannot come back, so a term would be in some of the documents that
have it and not in others.
"""

from __future__ import annotations

import dataclasses
import math
import re
import secrets
import shutil
import warnings
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lda.corpus.arrow import array, pc, string_list, strings
from lda.corpus.assembly.cutting import cut
from lda.corpus.assembly.pruning import KeptTerms, select_terms
from lda.corpus.assembly.shard_bounds import appended_count, shard_bounds
from lda.corpus.assembly.spill import FolderSpill, spill_folder
from lda.corpus.batches import count_terms, drop_negative
from lda.corpus.build import finished_corpora, located_texts, make_options, same_kind
from lda.corpus.corpus import Corpus
from lda.corpus.documents.stepped_texts import SteppedTexts
from lda.corpus.documents.steps import DocumentSteps, StepTally
from lda.corpus.documents.types import ARROW_KINDS, as_kind, as_text
from lda.corpus.documents.where import Where
from lda.corpus.errors import DataError
from lda.corpus.files.arrow_file import one_batch, serialize, tally_of
from lda.corpus.files.folder import FolderShards
from lda.corpus.files.manifest import (
    MANIFEST,
    FileEntry,
    Manifest,
    earlier_corpus,
    manifest_bytes,
    read_manifest,
)
from lda.corpus.files.object_store import RemoteShards
from lda.corpus.inputs.find import find_inputs
from lda.corpus.inputs.reading import read_counts
from lda.corpus.metadata import conform
from lda.corpus.ordered_map import ordered_map, thread_count
from lda.corpus.presentable import presentable, printable
from lda.corpus.readers.arrow_streams import input_list
from lda.corpus.readers.bad_records import make_bad_records
from lda.corpus.readers.base import CountReader
from lda.corpus.readers.files import path_text
from lda.corpus.readers.pipes import PipeStore
from lda.corpus.shard import (
    METADATA_PREFIX,
    batch_arrays,
    batch_digest,
    content_hash,
    make_batch,
    table_metadata,
)
from lda.corpus.skipped_records import check_skipped_target, told_of_skipped, write_skipped
from lda.corpus.storage.places import Storage, is_uri, split_query, storage
from lda.corpus.summary import stop_word_share, vocabulary_table
from lda.corpus.text.recipe import Recipe
from lda.corpus.text.stop_words import stop_words
from lda.corpus.text.term_keys import TermKeys, has_keys, shown_form
from lda.corpus.text.tokenizer import TextTokenizer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lda.corpus.batches import Forms, TokenBatch
    from lda.corpus.documents.steps import Stepped
    from lda.corpus.inputs.input_file import InputFile
    from lda.corpus.readers.base import TextBatch, TextReader
    from lda.corpus.readers.options import ReadOptions
    from lda.corpus.shard import Shards
    from lda.corpus.text.tokenizer import Tokenizer

LEAST_DOCUMENTS: Final = 5
"""Documents that a new term is in, at least, where min_df is a share: one of a small append is in one document."""

WORK: Final = ".append"
"""Folder in that of a local corpus where an append keeps its batches."""

_OURS: Final = re.compile(
    r"(shard-\d{5,}|vocabulary)-[0-9a-f]{16}\.arrow"
    r"|\.((shard-\d{5,}|vocabulary)-[0-9a-f]{16}\.arrow|manifest\.json)\.[0-9a-f]{8}\.partial"
)
"""Files that an append makes; those that no manifest names are left of one that was killed."""


class Appended(NamedTuple):
    """What was appended.

    Attributes:
        corpus: as it is now.
        n_documents: new documents, without those that were skipped.
        n_tokens: of them.
        n_known: documents that were left out since the corpus has their ids.
        n_skipped: records that could not be read, and are no documents.
        new_terms: that the vocabulary got, in its order.
        n_dropped: tokens of words that are no terms, stop words aside.
        dropped_fields: fields of the new documents that the corpus does not have.
    """

    corpus: Corpus
    n_documents: int
    n_tokens: int
    n_known: int
    n_skipped: int
    new_terms: list[str]
    n_dropped: int
    dropped_fields: list[str]


def append_documents(
    place: str | Path,
    inputs: Sequence[str | Path],
    *,
    format: str = "auto",  # noqa: A002
    text: str | None = None,
    id: str | None = None,  # noqa: A002 - as in a recipe
    vocabulary: str | Path | None = None,
    tokenizer: Tokenizer | str | None = None,
    threads: int | None = None,
    encoding: str = "utf-8",
    errors: str = "strict",
    layer: str | None = None,
    skip_known: bool = False,
    new_min_df: float | None = None,
    readers: Sequence[TextReader | CountReader] = (),
    on_error: str = "stop",
    max_errors: float | str | None = None,
    skipped: str | Path | None = None,
    where: str | None = None,
) -> Appended:
    """Append documents to a corpus; the caller sees that nobody else does so meanwhile.

    Memory is bounded but for the distinct words, and the ids of the new documents.

    Args:
        place: folder or URI of the corpus.
        inputs: as of `lda.corpus.build.build_corpus`. Documents without a name of their own are numbered behind the
            name of their file.
        format: as there.
        text: field that holds the text of the new documents; None for that of the corpus.
        id: field that names them; None for that of the corpus.
        vocabulary: as there, of counts.
        tokenizer: the function that made the corpus' tokens, if one did; or where it is imported from, for a recipe
            alone imports nothing.
        threads: as there.
        encoding: as there.
        errors: as there.
        layer: as there.
        skip_known: leave out documents whose ids the corpus has; else they are refused.
        new_min_df: documents among the new ones that a new term is in, a count or a share of them; None goes by the
            `min_df` of the corpus.
        readers: as there.
        on_error: as there.
        max_errors: as there.
        skipped: file to write, as there; the corpus gets no list of its own.
        where: condition that new documents must fulfil, beside that of the corpus, if it has one.

    Raises:
        DataError: there is no corpus, or it was not made of files; the documents are damaged, none, all empty, of
            another kind, or there already; or somebody has changed the corpus meanwhile.
        ValueError: an argument cannot be right.
    """
    if new_min_df is not None:
        _check_new_min_df(new_min_df)
    bad = make_bad_records(on_error, max_errors)
    check_skipped_target(skipped)
    before = Corpus.open(place)
    target = storage(place)
    read_at_first = target.read(MANIFEST)
    manifest = read_manifest(place)
    _clean(target, manifest)
    recipe, steps = _recipe_of(before, place), _steps_of(manifest, where)
    if built := finished_corpora(inputs):
        raise DataError(
            f"{built[0]} is a finished corpus, whose terms have other ids; name its texts, or make one of both with "
            "`lda corpus merge`"
        )
    with PipeStore() as pipes, _work_folder(place) as work:
        fields = dataclasses.replace(recipe, text=text or recipe.text, id=id or recipe.id)
        options = make_options(fields, vocabulary, encoding, errors, pipes, layer=layer, bad_records=bad)
        found = find_inputs(
            pipes.all_stored(input_list(inputs)), format=format, readers=readers, encoding=encoding
        )
        sources = [_prefixed(source) for source in found]
        counts = isinstance(same_kind(sources, layer), CountReader)
        if counts == before.ordered:
            kinds = ("counts", "text") if counts else ("text", "counts")
            raise DataError(
                f"{sources[0].shown} holds {kinds[0]}, and {presentable(str(place))} was made of {kinds[1]}"
            )
        tally = StepTally()
        batches = (
            _counted(sources, options, steps, tally)
            if counts
            else _tokenised(sources, recipe, tokenizer, options, steps, threads, work, tally)
        )
        newcomers = _Newcomers(before, recipe, FolderSpill(_made(work / "new")))
        for batch in batches:
            newcomers.add(batch)
        tally.check(steps)
        n_skipped = 0
        if bad is not None:
            bad.check()
            n_skipped = bad.n_skipped
        if not newcomers.n_documents:
            raise DataError("there is no document to append; check the input")
        known = _known_ids(before, newcomers.ids)
        if len(known) and not skip_known:
            raise DataError(
                f"{len(known):,} of the {len(newcomers.ids):,} documents {_is(len(known))} in "
                f"{presentable(str(place))} already, such as {printable(known[0].as_py())!r:.80}; leave them out with "
                "--skip-known"
            )
        if len(known):
            newcomers = newcomers.without(known, FolderSpill(_made(work / "kept")))
        write_skipped(bad, skipped)
        if told := told_of_skipped(bad, skipped):
            warnings.warn(presentable(told), stacklevel=3)
        if not newcomers.n_documents:
            return Appended(before, 0, 0, len(known), n_skipped, [], 0, newcomers.dropped_fields)
        stop = stop_words(recipe.stop_words) if counts else frozenset[str]()
        chosen = newcomers.choose(recipe, manifest, new_min_df, stop)
        done = _summed_steps(manifest.summary.steps, tally.record(steps))
        manifest = manifest._replace(
            summary=dataclasses.replace(
                manifest.summary, n_skipped=manifest.summary.n_skipped + n_skipped, steps=done
            )
        )
        grown, lengths, terms = _write(target, manifest, before, newcomers, chosen, read_at_first)
    return Appended(
        corpus=grown,
        n_documents=newcomers.n_documents,
        n_tokens=int(lengths.sum()),
        n_known=len(known),
        n_skipped=n_skipped,
        new_terms=terms,
        n_dropped=newcomers.n_tokens - int(lengths.sum()),
        dropped_fields=newcomers.dropped_fields,
    )


def _recipe_of(corpus: Corpus, place: str | Path) -> Recipe:
    """How text becomes words. Raises `DataError` where the corpus is of words that a program gave."""
    if corpus.recipe is None and corpus.ordered:
        raise DataError(
            f"{presentable(str(place))} was made of lists of words, and does not say how text becomes such; "
            "build it of texts, with `lda corpus build`"
        )
    return corpus.recipe or Recipe()


def _steps_of(manifest: Manifest, where: str | None) -> DocumentSteps:
    """What was done with the documents of the corpus before they were counted; `where` chooses among the new ones."""
    names = {field.name for field in dataclasses.fields(DocumentSteps)}
    asked = {name: value for name, value in (manifest.summary.steps or {}).items() if name in names}
    # Fields have the types that they have in the corpus.
    steps = dataclasses.replace(DocumentSteps.from_dict(asked), types=None)
    if where is None:
        return steps
    Where(where)  # by itself: a bracket that one lacks must not be the other's
    both = where if steps.where is None else f"({steps.where}) and ({where})"
    return dataclasses.replace(steps, where=both)


def _summed_steps(was: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """The record of the steps, with the documents of both counted."""
    if was is None or new is None:
        return was
    counts = {name: was[name] + count for name, count in new.items() if name.startswith("n_") and name in was}
    return {**was, **counts}


def _prefixed(source: InputFile) -> InputFile:
    """The file with its name before ids that are only numbers: else the first line of each week would be called 1."""
    if source.prefix:
        return source
    name = split_query(source.place)[0].rstrip("/").rpartition("/")[2]
    return dataclasses.replace(source, prefix=path_text(name) + ("/" if source.is_folder else ":"))


def _tokenised(
    sources: list[InputFile],
    recipe: Recipe,
    tokenizer: Tokenizer | str | None,
    options: ReadOptions,
    steps: DocumentSteps,
    threads: int | None,
    folder: Path,
    tally: StepTally,
) -> Iterator[TokenBatch]:
    tokenize = TextTokenizer(recipe, tokenizer)
    texts = SteppedTexts(
        lambda noting: located_texts(sources, options if noting else options.without_notes()),
        steps,
        lambda: TextTokenizer(recipe.without_phrases(), tokenizer),
        thread_count(threads),
        folder,
    )

    def tokens(batch: TextBatch) -> Stepped:
        return steps.tokens(batch, tokenize)

    for stepped in ordered_map(tokens, texts.batches(), thread_count(threads)):
        texts.tally.n_split += stepped.n_split
        yield stepped.tokens
    tally.add(texts.tally)


def _counted(
    sources: list[InputFile], options: ReadOptions, steps: DocumentSteps, tally: StepTally
) -> Iterator[TokenBatch]:
    if steps.dedupe is not None:
        raise DataError(
            "duplicates were left out when this corpus of counts was built, which appending to counts does not do; "
            "build it again of all of them"
        )
    for source in sources:
        with read_counts(source, options) as made:
            for batch in made.batches:
                left = steps.chosen_counts(batch)
                tally.saw(batch, left)
                yield left._replace(terms=made.terms)


class _Newcomers:
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

    def without(self, known: pa.Array[Any], spill: FolderSpill) -> _Newcomers:
        """Those whose names are not among `known`."""
        left = _Newcomers(self._corpus, self._recipe, spill)
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
    ) -> _Chosen:
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
        selection = _new_terms(
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
        return _Chosen(terms, frequencies[:, kept], lookup)

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


class _Chosen(NamedTuple):
    """The terms of the corpus with those that become some.

    Attributes:
        terms: new ones.
        frequencies: (2, V) tokens and documents of all terms among the new documents.
        lookup: term ids by the numbers of words, -1 for those that are left out.
    """

    terms: pa.Array[Any]
    frequencies: npt.NDArray[np.int64]
    lookup: npt.NDArray[np.int32]


def _new_terms(
    names: list[str],
    frequencies: npt.NDArray[np.int64],
    n_documents: int,
    recipe: Recipe,
    manifest: Manifest,
    corpus: Corpus,
    new_min_df: float | None,
    stop: frozenset[str],
    stays_out: npt.NDArray[np.bool_],
) -> KeptTerms:
    """Which of the words become terms, in their order. See the head of this file.

    stays_out: those that were too frequent when the corpus was built.
    """
    if recipe.terms_of is not None:
        none = np.zeros(0, dtype=np.int64)
        return KeptTerms(none, {}, none)
    at_first = manifest.earlier[0].n_documents if manifest.earlier else corpus.n_documents
    if new_min_df is None:
        least = _least_documents(recipe.min_df, n_documents, at_first)
    else:  # as it is said
        least = new_min_df if isinstance(new_min_df, int) else math.ceil(new_min_df * n_documents)
    most = recipe.max_df if isinstance(recipe.max_df, float) else min(1.0, recipe.max_df / at_first)
    if manifest.summary.knows_too_frequent:
        most = min(1.0, most * (corpus.n_documents + n_documents) / n_documents)
    limits = Recipe(min_df=max(least, 1), max_df=float(most))
    selection = select_terms(names, frequencies, n_documents, limits, stop, keep_order=not corpus.ordered)
    kept = selection.kept[~stays_out[selection.kept]]
    if recipe.max_features is not None and corpus.n_terms >= recipe.max_features:
        kept = kept[frequencies[0, kept] > int(corpus.term_frequencies.min())]
    return selection._replace(kept=kept)


def _check_new_min_df(value: float) -> None:
    """Raise ValueError unless it is a number or a share of documents."""
    try:
        Recipe(min_df=value)
    except ValueError as error:
        raise ValueError(f"new_{error}") from None


def _least_documents(min_df: float, n_documents: int, at_first: int) -> int:
    """Documents that a new term has to be in."""
    if isinstance(min_df, int):
        return min_df
    return max(math.ceil(min_df * n_documents), min(LEAST_DOCUMENTS, math.ceil(min_df * at_first)))


def _known_ids(corpus: Corpus, ids: pa.ChunkedArray[Any]) -> pa.Array[Any]:
    """Those of the names that documents of the corpus have, each once."""
    wanted = pc.unique(ids)
    found: Any = [strings([])]
    for index in range(corpus.n_shards):
        there = corpus.shard_ids(index)
        found.append(pc.unique(there.filter(pc.is_in(there, value_set=wanted))))
    known: pa.Array[Any] = pc.unique(pa.chunked_array(found, type=pa.large_string()))
    return known


def _write(
    target: Storage,
    manifest: Manifest,
    before: Corpus,
    newcomers: _Newcomers,
    chosen: _Chosen,
    read_at_first: bytes,
) -> tuple[Corpus, npt.NDArray[np.int64], list[str]]:
    """Write shards, vocabulary and, last, the manifest; the corpus, the tokens of each new document, and new terms."""
    lengths = newcomers.lengths(chosen.lookup)
    mean = before.n_tokens / before.n_shards
    bounds = shard_bounds(lengths, appended_count(len(lengths), int(lengths.sum()), mean))
    names = pa.chunked_array(
        [*before.vocabulary_table.column("term").chunks, chosen.terms], type=pa.large_string()
    )
    n_old = before.n_terms
    frequencies = chosen.frequencies.copy()
    frequencies[0, :n_old] += before.term_frequencies
    frequencies[1, :n_old] += before.document_frequencies
    terms = names.combine_chunks()
    vocabulary = vocabulary_table(terms, frequencies[0], frequencies[1])
    digests = list(manifest.digests) or [batch_digest(batch).hex() for batch in before.batches()]
    folder = manifest.vocabulary.file.rpartition("/")[0]
    inside, token = f"{folder}/" if folder else "", secrets.token_hex(8)
    written: list[str] = []
    entries: list[FileEntry] = []

    def write(name: str, batch: pa.RecordBatch) -> FileEntry:
        entry, data = serialize(f"{inside}{name}-{token}.arrow", batch)
        written.append(entry.file)
        target.write(entry.file, memoryview(data))
        return entry

    try:
        for number, batch in enumerate(cut(newcomers.documents(chosen.lookup), bounds), len(manifest.shards)):
            entries.append(write(f"shard-{number:05d}", batch))
            digests.append(batch_digest(batch).hex())
        summary = dataclasses.replace(
            manifest.summary,
            n_documents=before.n_documents + len(lengths),
            n_terms=len(terms),
            n_tokens=before.n_tokens + int(lengths.sum()),
            n_empty_documents=before.n_empty_documents + int((lengths == 0).sum()),
            n_without_text=before.n_without_text + min(newcomers.n_without_text, int((lengths == 0).sum())),
            stop_word_share=None
            if manifest.summary.stop_word_share is None
            else stop_word_share(string_list(terms), frequencies[0]),
        )
        now = datetime.now(UTC).isoformat(timespec="seconds")
        grown = Manifest(
            summary,
            content_hash(terms, map(bytes.fromhex, digests)),
            write("vocabulary", one_batch(vocabulary)),
            [*manifest.shards, *entries],
            tuple(digests),
            (*manifest.earlier, earlier_corpus(manifest, now)),
        )
        if target.read(MANIFEST) != read_at_first:
            raise DataError(
                f"{target.root} was changed by another process while documents were appended; nothing was appended, "
                "repeat the command"
            )
    except BaseException:
        for name in written:
            with suppress(OSError):
                target.delete(name)
        raise
    target.write(MANIFEST, manifest_bytes(grown))
    # Not opened anew: all that is checked then was before, or has just been written.
    first = np.append(before.shard_bounds[:-1], before.n_documents + bounds[:-1])
    tally = tally_of(grown, vocabulary)
    shards: Shards = (
        RemoteShards(target.address, grown.shards, tally)
        if is_uri(target.address)
        else FolderShards(Path(target.address), grown.shards, tally)
    )
    corpus = Corpus(shards, vocabulary, summary, first, grown.content_hash, grown.earlier)
    return corpus, lengths, string_list(terms.slice(n_old))


def _clean(target: Storage, manifest: Manifest) -> None:
    """Remove what an append that was killed has left."""
    folder = manifest.vocabulary.file.rpartition("/")[0]
    named = {
        entry.file
        for entry in (manifest.vocabulary, *manifest.shards, *(then.vocabulary for then in manifest.earlier))
    }
    for place in {"", folder}:
        for name in target.files(place):
            whole = f"{place}/{name}" if place else name
            if _OURS.fullmatch(name) and whole not in named:
                with suppress(OSError):
                    target.delete(whole)


@contextmanager
def _work_folder(place: str | Path) -> Iterator[Path]:
    """An empty folder, gone afterwards: in that of the corpus, where the next append finds it; for a URI in TMPDIR."""
    if is_uri(place):
        with spill_folder(str(place)) as folder:
            yield folder
        return
    folder = Path(place) / WORK
    shutil.rmtree(folder, ignore_errors=True)
    try:
        yield _made(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


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


def _is(count: int) -> str:
    return "is" if count == 1 else "are"
