"""`read_corpus` and `build_corpus`: from files to a corpus."""

from __future__ import annotations

import dataclasses
import warnings
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from lda.corpus.arrow import is_list, string_list
from lda.corpus.assembly.assembler import Assembled, Assembler
from lda.corpus.assembly.spill import FolderSpill, MemorySpill, spill_folder
from lda.corpus.batches import TokenBatch
from lda.corpus.corpus import Corpus
from lda.corpus.documents.duplicates import find_duplicates
from lda.corpus.documents.stepped_texts import Located, SteppedTexts
from lda.corpus.documents.steps import NO_STEPS, DocumentSteps, Stepped, StepTally
from lda.corpus.errors import DataError
from lda.corpus.files.finished import finished_among
from lda.corpus.files.folder import check_place, skipped_file, write_folder
from lda.corpus.finished.selection import chosen_documents
from lda.corpus.fixed_terms import fixed_terms
from lda.corpus.inputs.find import find_inputs
from lda.corpus.inputs.input_file import InputFile
from lda.corpus.inputs.reading import read_counts, read_files
from lda.corpus.ordered_map import ordered_map, thread_count
from lda.corpus.presentable import presentable
from lda.corpus.readers.arrow_streams import Inputs, input_list
from lda.corpus.readers.bad_records import BadRecords, make_bad_records
from lda.corpus.readers.base import CountReader, TextBatch, TextReader
from lda.corpus.readers.files import check_encoding
from lda.corpus.readers.h5ad import H5adReader
from lda.corpus.readers.options import ReadOptions
from lda.corpus.readers.pipes import PipeStore
from lda.corpus.skipped_records import check_skipped_target, skipped_lines, told_of_skipped, write_skipped
from lda.corpus.text.chosen_tokenizer import settled
from lda.corpus.text.markup import markup_hint
from lda.corpus.text.phrase_counts import PairCounter, PairCounts, count_pairs
from lda.corpus.text.recipe import DEFAULT_PATTERN, Recipe
from lda.corpus.text.stop_words import stop_words
from lda.corpus.text.term_keys import has_keys
from lda.corpus.text.tokenizer import TextTokenizer
from lda.corpus.text.word_loss import WordLoss

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lda.corpus.assembly.spill import Spill
    from lda.corpus.documents.duplicates import Singles
    from lda.corpus.readers.base import CountFile
    from lda.corpus.text.phrases import ScoredPair
    from lda.corpus.text.tokenizer import Tokenizer


def read_corpus(
    inputs: Inputs,
    *,
    format: str = "auto",  # noqa: A002
    recipe: Recipe | None = None,
    vocabulary: str | Path | None = None,
    tokenizer: Tokenizer | str | None = None,
    threads: int | None = None,
    encoding: str = "utf-8",
    errors: str = "strict",
    layer: str | None = None,
    readers: Sequence[TextReader | CountReader] = (),
    on_error: str = "stop",
    max_errors: float | str | None = None,
    skipped: str | Path | None = None,
    where: str | None = None,
    dedupe: str | float | None = None,
    mark_duplicates: bool = False,
    join_by: str | None = None,
    split_tokens: int | None = None,
    types: str | None = None,
) -> Corpus:
    """Read files into a corpus in memory (4 bytes a token); a corpus folder is opened instead.

    Args:
        inputs: files, folders, globs (`lake/**/*.jsonl.gz`), URIs (s3://, gs://, abfs://, hdfs://) and pipes, in the
            order of their documents; also tables of other libraries, as one or in a list: whatever has
            `__arrow_c_stream__` (polars, DuckDB, pandas, pyarrow). An iterator of tables is one table.
        format: one of `FORMATS`, or of `readers`; "auto" goes by name, then content.
        recipe: how text becomes tokens; the default takes all words of two letters or more.
        vocabulary: file with one term a line, for formats of counts.
        tokenizer: function from text to tokens, instead of the recipe's pattern; threads share it. Or what names
            one, or a language, as `Recipe.tokenizer` does.
        threads: for tokenising; None uses all cores. The corpus does not depend on it.
        encoding: of text files.
        errors: "strict", or "replace" or "ignore" for bytes that cannot be decoded.
        layer: where the counts of AnnData files are: the name of a layer, or "raw"; None is X.
        readers: of further formats (see `lda.corpus.readers.base`), asked before those that are known.
        on_error: at a record of a text format that cannot be read "stop", or "skip" it, with a warning at the end.
        max_errors: with "skip", how many records may be skipped: 20, or 0.01 ("1%") of all records; None for any
            number.
        skipped: file to write, with a line of JSON for each skipped record: file, line or row, reason, excerpt.
        where: condition on the fields of a document, "year >= 2000 and lang == 'en'"; the others are left out.
        dedupe: leave out documents that repeat an earlier one: "exact", or the least similarity of near-duplicates.
        mark_duplicates: keep these, and give them a field `duplicate_of` with the name of what they repeat.
        join_by: a field; documents with the same value there become one, in the order of the first ones.
        split_tokens: documents with more tokens become chunks of nearly equal length, NAME#1, NAME#2, ...
        types: "auto", or kinds of fields as "year:int,date:date,lang:category", or both: "auto,zip:text".

    Raises:
        DataError: the input is missing, damaged or empty, or more records were skipped than `max_errors`.
        ValueError: an argument cannot be right.
    """
    inputs = input_list(inputs)
    steps = DocumentSteps(
        where=where,
        dedupe=dedupe,
        mark_duplicates=mark_duplicates,
        join_by=join_by,
        split_tokens=split_tokens,
        types=types,
    )
    folder = corpus_folder(inputs, recipe, tokenizer, layer)
    if folder is not None:
        finished = Corpus.open(folder)
        return chosen_documents(finished, steps).in_memory() if steps else finished
    bad = make_bad_records(on_error, max_errors)
    check_skipped_target(skipped)
    with PipeStore() as pipes:
        options = make_options(recipe, vocabulary, encoding, errors, pipes, layer=layer, bad_records=bad)
        stored = pipes.all_stored(inputs)
        sources = find_inputs(stored, format=format, readers=readers, encoding=encoding)
        made = _assemble(sources, recipe or Recipe(), options, tokenizer, threads, steps=steps)
        write_skipped(bad, skipped)
        _warn(told_of_skipped(bad, skipped), 3)
        return made.in_memory()


def build_corpus(
    inputs: Inputs,
    output: str | Path,
    *,
    format: str = "auto",  # noqa: A002
    recipe: Recipe | None = None,
    vocabulary: str | Path | None = None,
    tokenizer: Tokenizer | str | None = None,
    threads: int | None = None,
    encoding: str = "utf-8",
    errors: str = "strict",
    layer: str | None = None,
    require_id: bool = True,
    overwrite: bool = False,
    readers: Sequence[TextReader | CountReader] = (),
    on_error: str = "stop",
    max_errors: float | str | None = None,
    skipped: str | Path | None = None,
    kept: bool = True,
    steps: DocumentSteps = NO_STEPS,
    found: list[InputFile] | None = None,
) -> Corpus:
    """Read files into a corpus folder and open it, in one pass of this process; `lda.build_corpus` has more of them.

    Memory stays bounded, whatever the size of the input: what is bounded is the text, the distinct words are held.

    Args:
        inputs: as for `read_corpus`.
        output: the folder to make, or a URI; the corpus appears when it is complete.
        format: as for `read_corpus`.
        recipe: as for `read_corpus`.
        vocabulary: as for `read_corpus`.
        tokenizer: as for `read_corpus`.
        threads: as for `read_corpus`.
        encoding: as for `read_corpus`.
        errors: as for `read_corpus`.
        layer: as for `read_corpus`.
        require_id: whether the recipe's id field must be there; else documents are numbered where it is not.
        overwrite: replace a corpus that stands there.
        readers: as for `read_corpus`.
        on_error: as for `read_corpus`.
        max_errors: as for `read_corpus`.
        skipped: as for `read_corpus`; besides, the corpus has such a file, `skipped.jsonl`, if there are any.
        kept: whether the corpus will stay, so that the warning can name that file.
        steps: what is done with documents before they are counted; of a finished corpus they are only chosen.
        found: the files of the inputs, where a caller has looked at them.

    Raises:
        DataError: as `read_corpus`, or the folder exists.
        ValueError: an argument cannot be right.
    """
    inputs = input_list(inputs)
    target = check_place(output, overwrite=overwrite)
    folder = corpus_folder(inputs, recipe, tokenizer, layer)
    if folder is not None:
        finished = Corpus.open(folder)
        if not steps:
            finished.save(target, overwrite=overwrite)
            return Corpus.open(target)
        part = chosen_documents(finished, steps)
        write_folder(target, part.shards, part.vocabulary, part.summary, overwrite=overwrite)
        return Corpus.open(target)
    bad = make_bad_records(on_error, max_errors)
    check_skipped_target(skipped)
    with PipeStore() as pipes, spill_folder(target) as spill:
        options = make_options(
            recipe, vocabulary, encoding, errors, pipes, layer=layer, require_id=require_id, bad_records=bad
        )
        stored = pipes.all_stored(inputs)
        sources = found or find_inputs(stored, format=format, readers=readers, encoding=encoding)
        made = _assemble(sources, recipe or Recipe(), options, tokenizer, threads, spill, steps)
        write_folder(
            target,
            made.shards,
            made.vocabulary,
            made.summary,
            overwrite=overwrite,
            skipped=skipped_lines(bad),
        )
        write_skipped(bad, skipped)
    if made.summary.n_skipped:
        _warn(told_of_skipped(bad, skipped or (skipped_file(target) if kept else None)), 3)
    return Corpus.open(target)


def find_phrases(
    inputs: Inputs,
    *,
    format: str = "auto",  # noqa: A002
    recipe: Recipe | None = None,
    tokenizer: Tokenizer | str | None = None,
    threads: int | None = None,
    encoding: str = "utf-8",
    errors: str = "strict",
    layer: str | None = None,
    readers: Sequence[TextReader | CountReader] = (),
    on_error: str = "stop",
    max_errors: float | str | None = None,
    skipped: str | Path | None = None,
) -> list[ScoredPair]:
    """The phrases that a corpus of these files would have, with their counts and scores, the highest first.

    Args:
        inputs: as for `read_corpus`, of text.
        format: as for `read_corpus`.
        recipe: says what a phrase is; without phrases of its own, those by "npmi" are found.
        tokenizer: as for `read_corpus`.
        threads: as for `read_corpus`.
        encoding: as for `read_corpus`.
        errors: as for `read_corpus`.
        layer: as for `read_corpus`; only counts have layers, so any is refused.
        readers: as for `read_corpus`.
        on_error: as for `read_corpus`.
        max_errors: as for `read_corpus`.
        skipped: as for `read_corpus`.

    Raises:
        DataError: the input is missing, damaged, or no text.
        ValueError: an argument cannot be right.
    """
    inputs, recipe = input_list(inputs), recipe or Recipe()
    if recipe.phrases is None:
        recipe = dataclasses.replace(recipe, phrases="npmi")
    recipe, tokenizer = settled(dataclasses.replace(recipe, terms_of=None), tokenizer)
    if built := finished_corpora(inputs):
        raise DataError(f"{built[0]} is a finished corpus, its words are fixed; name its texts")
    bad = make_bad_records(on_error, max_errors)
    check_skipped_target(skipped)
    with PipeStore() as pipes:
        options = make_options(recipe, None, encoding, errors, pipes, bad_records=bad)
        sources = find_inputs(pipes.all_stored(inputs), format=format, readers=readers, encoding=encoding)
        if isinstance(same_kind(sources, layer), CountReader):
            raise DataError(f"phrases need text, and {sources[0].shown} holds counts; name texts")
        found = _phrases(_texts(sources, options), recipe, tokenizer, threads, None)
        write_skipped(bad, skipped)
        _warn(told_of_skipped(bad, skipped), 3)
        return found


def make_options(
    recipe: Recipe | None,
    vocabulary: str | Path | None,
    encoding: str,
    errors: str,
    pipes: PipeStore,
    *,
    layer: str | None = None,
    require_id: bool = True,
    bad_records: BadRecords | None = None,
) -> ReadOptions:
    """The options of the readers; a vocabulary that is a pipe is read into `pipes`.

    Raises:
        DataError: the vocabulary is a pipe that cannot be read.
        ValueError: `errors` is not one of its three values, or there is no such encoding.
    """
    if errors not in {"strict", "replace", "ignore"}:
        raise ValueError(f"errors must be strict, replace or ignore, got {errors!r}")
    check_encoding(encoding)
    recipe = recipe or Recipe()
    path = None if vocabulary is None else Path(pipes.stored(vocabulary))
    return ReadOptions(
        text=recipe.text,
        id=recipe.id,
        id_required=require_id,
        encoding=encoding,
        errors=errors,
        vocabulary=path,
        layer=layer,
        bad_records=bad_records,
    )


def finished_corpora(inputs: Inputs) -> list[str | Path]:
    """The inputs that are finished corpora.

    Raises:
        DataError: a store refuses to be reached. NetworkError: it cannot be reached for long.
    """
    return finished_among(input_list(inputs))


def only_corpus(inputs: Inputs, layer: str | None = None) -> str | Path | None:
    """The finished corpus that is the input, or None.

    Raises:
        DataError: there are others besides, or a layer is named, which no corpus has.
    """
    paths, built = input_list(inputs), finished_corpora(inputs)
    if built and len(paths) > 1:
        raise DataError(
            f"{built[0]} is a finished corpus and must be the only input, got {len(paths)}; "
            "build one corpus of all texts"
        )
    if built and layer is not None:
        raise DataError(f"{built[0]} is a finished corpus and has no layers; leave out layer (--layer)")
    return built[0] if built else None


def corpus_folder(
    inputs: Inputs, recipe: Recipe | None, tokenizer: Tokenizer | str | None, layer: str | None
) -> str | Path | None:
    """The input, if it is a corpus that was built before."""
    built = only_corpus(inputs, layer)
    if built is None:
        return None
    if recipe not in {None, Recipe()} or tokenizer is not None:
        raise DataError(
            f"{built} is a finished corpus, its words are fixed; build it again with the new text options"
        )
    return built


def _assemble(
    sources: list[InputFile],
    recipe: Recipe,
    options: ReadOptions,
    tokenizer: Tokenizer | str | None,
    threads: int | None,
    folder: Path | None = None,
    steps: DocumentSteps = NO_STEPS,
) -> Assembled:
    """folder: where batches wait; None keeps them in memory."""
    recipe, tokenizer = settled(recipe, tokenizer)
    recipe, terms = fixed_terms(recipe)
    if isinstance(same_kind(sources, options.layer), CountReader):
        return _assemble_counts(sources, recipe, options, folder, steps)
    texts = SteppedTexts(
        lambda noting: located_texts(sources, options if noting else options.without_notes()),
        steps,
        lambda: TextTokenizer(recipe.without_phrases(), tokenizer),
        thread_count(threads),
        folder,
    )
    if recipe.phrases is not None and recipe.phrase_pairs is None:
        found = _phrases(texts.batches(), recipe, tokenizer, threads, folder, steps)
        pairs = tuple(sorted((phrase.first, phrase.second) for phrase in found))
        recipe = dataclasses.replace(recipe, phrase_pairs=pairs)
    assembler = Assembler(
        recipe, terms=terms, ordered=True, spill=None if folder is None else FolderSpill(folder)
    )
    loss = WordLoss(recipe.strip)
    default = recipe.tokenizer is None and recipe.pattern == DEFAULT_PATTERN
    look = loss.look if default else None
    tokenize = TextTokenizer(recipe, tokenizer, vocabulary=terms)

    def looked() -> Iterator[TextBatch]:
        for batch in texts.batches():
            if look is not None and not is_list(batch.texts.type):
                look(batch.texts)
            yield batch

    def tokens(batch: TextBatch) -> Stepped:
        return steps.tokens(batch, tokenize)

    for stepped in ordered_map(tokens, looked(), thread_count(threads)):
        assembler.add(stepped.tokens)
        texts.tally.n_split += stepped.n_split
    # A corpus that comes out empty may be so because of what is warned of.
    _warn(loss.warning())
    _warn(options.seen.told(typed=steps.kinds is not None))
    bad = options.bad_records
    if bad is not None:
        bad.check()
    assembler.conclude(texts.tally.record(steps), texts.tally.typed(steps))
    made = assembler.finish()
    if bad is not None and bad.n_skipped:
        made = made._replace(summary=dataclasses.replace(made.summary, n_skipped=bad.n_skipped))
    _warn(None if recipe.strip else markup_hint(string_list(made.vocabulary.column("term").slice(0, 100))))
    return made


def _phrases(
    texts: Iterator[TextBatch],
    recipe: Recipe,
    tokenizer: Tokenizer | str | None,
    threads: int | None,
    folder: Path | None,
    steps: DocumentSteps = NO_STEPS,
) -> list[ScoredPair]:
    """The phrases of these documents, for which they are read once.

    Rejected: to keep the words until the phrases are known, and read once in all: it would hold them twice where one
    has disk or memory for them once.
    """
    tokenize = TextTokenizer(recipe.without_phrases(), tokenizer)

    def counts(batch: TextBatch) -> PairCounts:
        return count_pairs(*steps.words(batch, tokenize))

    assert recipe.phrases is not None
    assert recipe.phrase_min_count is not None
    assert recipe.phrase_threshold is not None
    with PairCounter(folder) as counter:
        for batch in ordered_map(counts, texts, thread_count(threads)):
            counter.add(batch)
        return counter.phrases(
            recipe.phrases, min_count=recipe.phrase_min_count, threshold=recipe.phrase_threshold
        )


def _warn(text: str | None, stacklevel: int = 4) -> None:
    if text is not None:
        warnings.warn(presentable(text), stacklevel=stacklevel)


def same_kind(sources: list[InputFile], layer: str | None = None) -> TextReader | CountReader:
    """The first reader, if all of them read text or all of them read counts.

    Raises:
        DataError: they differ, or one has no layers and `layer` names one.
    """
    flat = next((source for source in sources if source.reader.name != H5adReader.name), None)
    if layer is not None and flat is not None:
        raise DataError(
            f"only AnnData files have layers, and {flat.shown} is read as {flat.reader.name}; leave out layer (--layer)"
        )
    first = sources[0]
    for source in sources[1:]:
        if isinstance(source.reader, CountReader) != isinstance(first.reader, CountReader):
            raise DataError(
                f"inputs must be all text or all counts, got {first.shown} ({first.reader.name}) and "
                f"{source.shown} ({source.reader.name}); read them as two corpora"
            )
    return first.reader


def token_batches(
    sources: list[InputFile],
    tokenize: TextTokenizer,
    options: ReadOptions,
    threads: int | None,
    *,
    keep_texts: bool = False,
    steps: DocumentSteps = NO_STEPS,
) -> Iterator[TokenBatch]:
    """Tokenise the documents of all text sources that fulfil the condition of the steps, in order.

    keep_texts: whether the texts come along.
    """
    tally = StepTally()

    def texts() -> Iterator[TextBatch]:
        for read in _texts(sources, options):
            batch = steps.chosen(read)
            tally.saw(read, batch)
            yield batch
        tally.check(steps)

    def tokens(batch: TextBatch) -> TokenBatch:
        made = steps.tokens(batch, tokenize).tokens
        return made._replace(texts=batch.texts if keep_texts else None)

    return ordered_map(tokens, texts(), thread_count(threads))


def located_texts(sources: list[InputFile], options: ReadOptions) -> Iterator[Located]:
    """The documents of all text sources, in order, each batch with its file."""
    for source, batch in read_files(sources, options):
        yield Located(batch, source.shown)


def _texts(sources: list[InputFile], options: ReadOptions) -> Iterator[TextBatch]:
    for _, batch in read_files(sources, options):
        yield batch


def _assemble_counts(
    sources: list[InputFile], recipe: Recipe, options: ReadOptions, folder: Path | None, steps: DocumentSteps
) -> Assembled:
    if (
        recipe.ngram_range != (1, 1)
        or recipe.tokenizer is not None
        or recipe.strip is not None
        or recipe.phrases is not None
    ):
        raise DataError(
            f"n-grams, phrases, tokenisers and --strip need text, and {sources[0].shown} holds counts; "
            "leave the option out"
        )
    if recipe.split_compounds is not None or recipe.terms_of is not None or has_keys(recipe):
        raise DataError(
            f"stems, basic forms, parts of compounds and --terms-of need text, and {sources[0].shown} holds counts; "
            "leave the option out"
        )
    if steps.split_tokens is not None or steps.join_by is not None:
        raise DataError(
            f"documents are split and joined where they are text, and {sources[0].shown} holds counts; leave out "
            "--split-tokens and --join-by"
        )
    singles = _single_counts(sources, options, steps, folder)
    assembler: Assembler | None = None
    tally, start = StepTally(), 0
    for source, made in _counts(sources, options):
        if assembler is None:
            limits = recipe if recipe.prunes else None
            stop = stop_words(recipe.stop_words)
            spill = None if folder is None else FolderSpill(folder)
            assembler = Assembler(limits, terms=made.terms, ordered=False, spill=spill, stop=stop)
        for batch in made.batches:
            chosen = left = steps.chosen_counts(batch)
            tally.saw(batch, chosen)
            if singles is not None:
                left = steps.single_counts(chosen, singles, start)
                start += len(chosen.ids)
            if steps.kinds is not None:
                tally.seen.see(steps.looked_at(chosen, left).metadata, source.shown)
            assembler.add(left)
    assert assembler is not None
    tally.n_duplicates = 0 if singles is None else singles.n_duplicates
    tally.check(steps)
    assembler.conclude(tally.record(steps), tally.typed(steps))
    return assembler.finish()


def _counts(sources: list[InputFile], options: ReadOptions) -> Iterator[tuple[InputFile, CountFile]]:
    """The files of counts, which must all be of one vocabulary."""
    terms: list[str] | None = None
    for source in sources:
        with read_counts(source, options) as made:
            if terms is None:
                terms = made.terms
            elif made.terms != terms:
                raise DataError(
                    f"files of counts must share one vocabulary, but {source.shown} differs from {sources[0].shown}"
                )
            yield source, made


def _single_counts(
    sources: list[InputFile], options: ReadOptions, steps: DocumentSteps, folder: Path | None
) -> Singles | None:
    if steps.fingerprints is None:
        return None
    steps.fingerprints.check()
    with ExitStack() as stack:
        spill: Spill = MemorySpill()
        if folder is not None:
            spill = FolderSpill(Path(stack.enter_context(TemporaryDirectory(dir=folder))))
        for _, made in _counts(sources, options):
            for batch in made.batches:
                spill.append(steps.fingerprints.of_counts(steps.chosen_counts(batch), made.terms))
        return find_duplicates(steps.fingerprints.dedupe, list(spill.peek()), names=steps.mark_duplicates)
