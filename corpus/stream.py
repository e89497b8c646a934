"""New documents in the ids of a fixed vocabulary, a batch at a time: the input of prediction."""

from __future__ import annotations

import dataclasses
import warnings
from collections import Counter
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lda.corpus.arrow import array, string_list
from lda.corpus.batches import TokenBatch, drop_negative
from lda.corpus.build import (
    make_options,
    only_corpus,
    same_kind,
    token_batches,
)
from lda.corpus.corpus import Corpus
from lda.corpus.documents.steps import DocumentSteps, StepTally, kept_rows
from lda.corpus.errors import DataError
from lda.corpus.finished.selection import which_documents
from lda.corpus.inputs.find import find_inputs
from lda.corpus.inputs.reading import read_counts
from lda.corpus.ordered_map import ordered_map, thread_count
from lda.corpus.readers.arrow_streams import Inputs, input_list
from lda.corpus.readers.bad_records import BadRecords, make_bad_records
from lda.corpus.readers.base import CountReader, TextBatch
from lda.corpus.readers.options import ReadOptions
from lda.corpus.readers.pipes import PipeStore
from lda.corpus.readers.raw_texts import raw_text_batches
from lda.corpus.shard import table_metadata
from lda.corpus.skipped_records import check_skipped_target, told_of_skipped, write_skipped
from lda.corpus.terms import default_terms
from lda.corpus.text.recipe import Recipe
from lda.corpus.text.term_keys import TermKeys, has_keys
from lda.corpus.text.tokenizer import TextTokenizer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from lda.corpus.inputs.input_file import InputFile
    from lda.corpus.readers.base import TextReader
    from lda.corpus.text.tokenizer import Tokenizer


class DocumentBatch(NamedTuple):
    """Some consecutive documents in the ids of a given vocabulary.

    Attributes:
        ids: names of the n documents.
        doc_offsets: (n + 1,) int64, starting at 0.
        words: (n_tokens,) int32 term ids of the given vocabulary.
        n_unknown: tokens left out because the vocabulary lacks them.
        n_without_text: documents whose text is missing or null.
        texts: (n,) large_string, or the tokens as lists of strings where there is no text: all of them, those that
            the vocabulary lacks included. None for counts, and where nobody asked for it.
        metadata: table of n rows with the further columns of the input; None where there are none, or nobody asked.
        unknown: (n,) int64, tokens of each document that were left out.
    """

    ids: list[str]
    doc_offsets: npt.NDArray[np.int64]
    words: npt.NDArray[np.int32]
    n_unknown: int
    n_without_text: int = 0
    texts: pa.Array[Any] | None = None
    metadata: pa.Table | None = None
    unknown: npt.NDArray[np.int64] | None = None


class UnknownWords:
    """How often each word occurs that a vocabulary lacks: of a stream of any length, the frequent ones.

    What is kept is bounded: the rarest half is forgotten whenever there are `most`, so that counts of words that come
    and go may be too low, and none is too high.
    """

    def __init__(self, most: int = 2**18) -> None:
        """Start empty."""
        self._counts: Counter[str] = Counter()
        self._most = most

    def add(self, terms: Sequence[str], words: npt.NDArray[np.int32], lookup: npt.NDArray[np.int32]) -> None:
        """Count the tokens, (N,) numbers of these terms, of which `lookup`, (n_terms,), is negative."""
        found = np.bincount(words, minlength=len(lookup))
        for number in np.flatnonzero((lookup < 0) & (found > 0)).tolist():
            self._counts[terms[number]] += int(found[number])
        if len(self._counts) > self._most:
            self._counts = Counter(dict(self._sorted()[: self._most // 2]))

    def top(self, n: int) -> list[tuple[str, int]]:
        """The n most frequent words and their tokens; of equal ones, the first of the alphabet."""
        return self._sorted()[:n]

    def _sorted(self) -> list[tuple[str, int]]:
        return sorted(self._counts.items(), key=lambda pair: (-pair[1], pair[0]))


def iter_documents(
    inputs: Inputs,
    *,
    format: str = "auto",  # noqa: A002
    recipe: Recipe | None = None,
    vocabulary_terms: Sequence[str],
    vocabulary: str | Path | None = None,
    tokenizer: Tokenizer | str | None = None,
    threads: int | None = None,
    encoding: str = "utf-8",
    errors: str = "strict",
    layer: str | None = None,
    require_id: bool = True,
    batch_documents: int = 4096,
    readers: Sequence[TextReader | CountReader] = (),
    keep: bool = False,
    on_error: str = "stop",
    max_errors: float | str | None = None,
    skipped: str | Path | None = None,
    where: str | None = None,
    exact: Sequence[str] = (),
    unknown_words: UnknownWords | None = None,
) -> Iterator[DocumentBatch]:
    """Stream the documents of files, or of a corpus folder, in the ids of a model's vocabulary.

    Text is tokenised by the recipe; its frequency limits play no part, for the vocabulary is fixed. Columns
    of counts are matched by name where they have names, else by position.

    Args:
        inputs: as for `read_corpus`.
        format: as for `read_corpus`.
        recipe: the one the model was made with.
        vocabulary_terms: the (V,) terms of the model.
        vocabulary: names of the columns of counts, one a line.
        tokenizer: as for `read_corpus`.
        threads: as for `read_corpus`.
        encoding: as for `read_corpus`.
        errors: as for `read_corpus`.
        layer: as for `read_corpus`.
        require_id: as for `build_corpus`.
        batch_documents: most documents in a batch.
        readers: as for `read_corpus`.
        keep: whether texts and metadata come along.
        on_error: as for `read_corpus`; the warning comes behind the last document.
        max_errors: as for `read_corpus`.
        skipped: as for `read_corpus`; written behind the last document.
        where: as for `read_corpus`; also of a finished corpus.
        exact: fields of JSON lines that come along in the column `EXACT` as they are; with `keep`.
        unknown_words: is told of words that the vocabulary lacks.

    Raises:
        DataError: the input is missing or damaged, or has more nameless columns than the model has terms.
        ValueError: an argument cannot be right.
    """
    if batch_documents < 1:
        raise ValueError(f"batch_documents must be at least 1, got {batch_documents}")
    recipe = recipe or Recipe()
    bad = make_bad_records(on_error, max_errors)
    check_skipped_target(skipped)
    inputs = input_list(inputs)
    built = only_corpus(inputs, layer)
    if built is not None:
        return iter_corpus(
            Corpus.open(built),
            vocabulary_terms,
            batch_documents=batch_documents,
            keep=keep,
            where=where,
            recipe=recipe,
            unknown_words=unknown_words,
        )
    steps = DocumentSteps(where=where)
    with ExitStack() as stack:
        pipes = stack.enter_context(PipeStore())
        options = make_options(
            recipe, vocabulary, encoding, errors, pipes, layer=layer, require_id=require_id, bad_records=bad
        )
        options = dataclasses.replace(options, exact=tuple(exact))
        sources = find_inputs(pipes.all_stored(inputs), format=format, readers=readers, encoding=encoding)
        index = {term: number for number, term in enumerate(vocabulary_terms)}
        if isinstance(same_kind(sources, layer), CountReader):
            batches = _count_batches(sources, options, index, steps, keep=keep, unknown_words=unknown_words)
        else:
            tokenize = TextTokenizer(recipe, tokenizer, of_model=True, vocabulary=vocabulary_terms)
            tokens = token_batches(sources, tokenize, options, threads, keep_texts=keep, steps=steps)
            batches = (mapped(batch, index, keep=keep, unknown_words=unknown_words) for batch in tokens)
        return _parts(batches, batch_documents, stack.pop_all(), bad, skipped)


def _parts(
    batches: Iterator[DocumentBatch],
    size: int,
    pipes: ExitStack,
    bad: BadRecords | None,
    skipped: str | Path | None,
) -> Iterator[DocumentBatch]:
    """The batches in parts; pipes: what is needed until the last of them, behind which skipped records are told."""
    with pipes:
        yield from (part for batch in batches for part in split(batch, size))
        if bad is not None:
            bad.check()
            write_skipped(bad, skipped)
    told = told_of_skipped(bad, skipped)
    if told is not None:
        warnings.warn(told, stacklevel=2)


def iter_texts(
    texts: Iterable[str | None],
    *,
    recipe: Recipe,
    vocabulary_terms: Sequence[str],
    tokenizer: Tokenizer | str | None = None,
    threads: int | None = None,
    keep: bool = False,
) -> Iterator[DocumentBatch]:
    """Stream texts that are in memory, or come from a generator, in the ids of a model's vocabulary.

    Args:
        texts: as for `tokenized_texts`.
        recipe: the one the model was made with.
        vocabulary_terms: the (V,) terms of the model.
        tokenizer: as for `read_corpus`.
        threads: for tokenising; None uses all cores.
        keep: whether the texts come along.

    Raises:
        DataError, TypeError: as `tokenized_texts`.
    """
    index = {term: number for number, term in enumerate(vocabulary_terms)}
    tokens = tokenized_texts(
        texts,
        recipe=recipe,
        tokenizer=tokenizer,
        threads=threads,
        keep=keep,
        vocabulary_terms=vocabulary_terms,
    )
    return (mapped(batch, index, keep=keep) for batch in tokens)


def tokenized_texts(
    texts: Iterable[str | None],
    *,
    recipe: Recipe,
    tokenizer: Tokenizer | str | None = None,
    threads: int | None = None,
    keep: bool = False,
    vocabulary_terms: Sequence[str] | None = None,
) -> Iterator[TokenBatch]:
    """The words of texts by a recipe, whose frequency limits play no part.

    Args:
        texts: strings, in a list, a generator, or a column of pandas, polars or Arrow; a missing one is empty.
        recipe: how text becomes tokens.
        tokenizer: as for `read_corpus`.
        threads: for tokenising; None uses all cores.
        keep: whether the texts come along.
        vocabulary_terms: the terms of the model, as which words are wanted that the recipe counts as one of them.

    Raises:
        TypeError: they are no strings; also while batches are taken.
        DataError: one holds half of a surrogate pair, or the tokenizer returned no list of strings.
    """
    tokenize = TextTokenizer(recipe, tokenizer, vocabulary=vocabulary_terms)

    def tokens(batch: TextBatch) -> TokenBatch:
        made = tokenize(batch.texts, batch.ids)
        return made._replace(n_without_text=batch.n_without_text, texts=batch.texts if keep else None)

    return ordered_map(tokens, raw_text_batches(texts), thread_count(threads))


def keeps_order(
    inputs: Inputs,
    format: str = "auto",  # noqa: A002
    readers: Sequence[TextReader | CountReader] = (),
) -> bool:
    """Whether `iter_documents` gives the tokens of these inputs in the order of the text; counts have none.

    Raises:
        DataError: an input is missing, or is neither text nor counts.
    """
    built = only_corpus(inputs)
    if built is not None:
        return Corpus.open(built).ordered
    return not isinstance(
        same_kind(find_inputs(input_list(inputs), format=format, readers=readers)), CountReader
    )


def iter_corpus(
    corpus: Corpus,
    vocabulary_terms: Sequence[str],
    *,
    batch_documents: int = 4096,
    keep: bool = False,
    where: str | None = None,
    recipe: Recipe | None = None,
    unknown_words: UnknownWords | None = None,
) -> Iterator[DocumentBatch]:
    """Stream the documents of a corpus in the ids of a model's vocabulary; see `iter_documents`.

    recipe: of the model, as for `term_lookup`. unknown_words: as for `iter_documents`.

    Raises:
        DataError: as `term_lookup`; none of them fulfils the condition.
    """
    lookup = term_lookup(corpus, vocabulary_terms, recipe)
    chosen = None if where is None else which_documents(corpus, DocumentSteps(where=where))
    yield from iter_range(
        corpus,
        lookup,
        0,
        corpus.n_documents,
        batch_documents=batch_documents,
        keep=keep,
        chosen=chosen,
        unknown_words=unknown_words,
    )


def term_lookup(
    corpus: Corpus, vocabulary_terms: Sequence[str], recipe: Recipe | None = None
) -> npt.NDArray[np.int32]:
    """The id in a model's vocabulary of each term of a corpus, -1 where there is none: (V,) int32.

    recipe: of the model, where it is known. If it counts words as one, or else that of the corpus does, a term is found
    by what it counts as: of several such words, corpus and model may have different ones as their terms.

    Raises:
        DataError: the corpus has more nameless columns than the model has terms, or columns of which none is one
            of them. A text of which no word is known is an answer; a table like that is another question.
    """
    index = {term: number for number, term in enumerate(vocabulary_terms)}
    keyed = next((one for one in (recipe, corpus.recipe) if one is not None and has_keys(one)), None)
    if corpus.ordered and keyed is not None:
        keys = TermKeys(keyed)
        by_key: dict[str, int] = {}
        for number, key in enumerate(keys(vocabulary_terms)):
            by_key.setdefault(key, number)
        return _lookup(keys(corpus.vocabulary), by_key)
    if corpus.ordered:
        return _lookup(corpus.vocabulary, index)
    named = corpus.vocabulary != default_terms(corpus.n_terms)
    return _column_lookup(corpus.vocabulary, named, index, "the corpus")


def iter_range(
    corpus: Corpus,
    lookup: npt.NDArray[np.int32],
    first: int,
    last: int,
    *,
    batch_documents: int = 4096,
    keep: bool = False,
    chosen: npt.NDArray[np.bool_] | None = None,
    unknown_words: UnknownWords | None = None,
) -> Iterator[DocumentBatch]:
    """Stream the documents first ... last - 1 of a corpus, reading no other shards than theirs.

    Args:
        corpus: the documents.
        lookup: what `term_lookup` returned.
        first: number of the first document.
        last: number after that of the last one.
        batch_documents: most documents in a batch; none holds documents of two shards.
        keep: whether tokens and metadata come along.
        chosen: (D,) the documents of the corpus that are wanted; None for all.
        unknown_words: is told of words that the vocabulary lacks.
    """
    bounds = corpus.shard_bounds
    terms: Any = corpus.vocabulary_table.column("term").combine_chunks() if keep else None
    for number in range(int(np.searchsorted(bounds, first, side="right")) - 1, corpus.n_shards):
        begin, end = int(bounds[number]), int(bounds[number + 1])
        low, high = max(first - begin, 0), min(last, end) - begin
        if low >= high:
            break
        offsets, words = corpus.shard(number)[2:]
        cut, shard = offsets[low : high + 1], corpus.batch(number)
        none = np.zeros(0, np.int64)
        rows = TokenBatch(
            shard.column("id")[low:high], cut - cut[0], words[cut[0] : cut[-1]], None, none, none
        )
        if keep:
            metadata = table_metadata(pa.Table.from_batches([shard.slice(low, high - low)]))
            texts = _token_lists(rows, terms) if corpus.ordered else None
            rows = rows._replace(texts=texts, metadata=metadata)
        if chosen is not None:
            rows = kept_rows(rows, chosen[begin + low : begin + high])
        if unknown_words is not None:
            unknown_words.add(corpus.vocabulary, rows.words, lookup)
        yield from split(_map(rows, lookup, keep=keep), batch_documents)


def _token_lists(batch: TokenBatch, terms: Any) -> Any:  # noqa: ANN401 - the stubs have one class per type
    """The tokens of a batch as lists of strings, coded by their dictionary `terms`: nothing is spelled out here."""
    values: Any = pa.DictionaryArray.from_arrays(array(batch.words), terms)
    return pa.LargeListArray.from_arrays(array(batch.doc_offsets), values)


def _count_batches(
    sources: list[InputFile],
    options: ReadOptions,
    index: dict[str, int],
    steps: DocumentSteps,
    *,
    keep: bool,
    unknown_words: UnknownWords | None,
) -> Iterator[DocumentBatch]:
    tally = StepTally()
    for source in sources:
        with read_counts(source, options) as made:
            lookup = _column_lookup(made.terms, made.named, index, source.shown)
            for batch in made.batches:
                chosen = steps.chosen_counts(batch)
                tally.saw(batch, chosen)
                if unknown_words is not None:
                    unknown_words.add(made.terms, chosen.words, lookup)
                yield _map(chosen, lookup, keep=keep)
    tally.check(steps)


def _column_lookup(
    terms: list[str], named: bool, index: dict[str, int], source: str
) -> npt.NDArray[np.int32]:
    """Model id of each column, -1 where the model has none."""
    if named:
        lookup = _lookup(terms, index)
        if len(lookup) and (lookup < 0).all():
            raise DataError(
                f"none of the columns of {source} is a term of the model, got {some(terms)} where it has "
                f"{some(list(index))}; name them as for the fit, or leave out the names"
            )
        return lookup
    if len(terms) > len(index):
        raise DataError(
            f"{source} has {len(terms)} columns without names, the model has {len(index)} terms; "
            "name the columns (--vocabulary)"
        )
    return np.arange(len(terms), dtype=np.int32)


def some(terms: Sequence[str], most: int = 3) -> str:
    """The first few of many terms, quoted, for a message: "'a', 'b', 'c', ..."."""
    return ", ".join(repr(term[:40]) for term in terms[:most]) + (", ..." if len(terms) > most else "")


def _lookup(terms: list[str], index: dict[str, int]) -> npt.NDArray[np.int32]:
    return np.fromiter((index.get(term, -1) for term in terms), dtype=np.int32, count=len(terms))


def mapped(
    batch: TokenBatch,
    index: dict[str, int],
    *,
    keep: bool = False,
    unknown_words: UnknownWords | None = None,
) -> DocumentBatch:
    """Tokens of a batch that has terms of its own, in the ids of a vocabulary. index: term to id."""
    terms = batch.terms or []
    lookup = _lookup(terms, index)
    if unknown_words is not None:
        unknown_words.add(terms, batch.words, lookup)
    return _map(batch, lookup, keep=keep)


def _map(batch: TokenBatch, lookup: npt.NDArray[np.int32], *, keep: bool = False) -> DocumentBatch:
    offsets, words = drop_negative(batch.doc_offsets, lookup[batch.words])
    n_unknown = len(batch.words) - len(words)
    kept = (batch.texts, batch.metadata) if keep else (None, None)
    unknown = np.diff(batch.doc_offsets) - np.diff(offsets)
    return DocumentBatch(
        string_list(batch.ids), offsets, words, n_unknown, batch.n_without_text, *kept, unknown
    )


def split(batch: DocumentBatch, size: int) -> Iterator[DocumentBatch]:
    """Parts of at most `size` documents; the first carries the counts of unknown tokens and of missing texts."""
    for start in range(0, len(batch.ids), size):
        offsets = batch.doc_offsets[start : start + size + 1]
        words = batch.words[offsets[0] : offsets[-1]]
        counts = (0, 0) if start else (batch.n_unknown, batch.n_without_text)
        texts = None if batch.texts is None else batch.texts.slice(start, size)
        metadata = None if batch.metadata is None else batch.metadata.slice(start, size)
        unknown = None if batch.unknown is None else batch.unknown[start : start + size]
        ids = batch.ids[start : start + size]
        yield DocumentBatch(ids, offsets - offsets[0], words, *counts, texts, metadata, unknown)
