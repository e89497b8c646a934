"""`read_corpus` and `build_corpus`: from files to a corpus."""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lda.corpus.arrow import is_list, string_list
from lda.corpus.assembly.assembler import Assembled, Assembler
from lda.corpus.assembly.spill import FolderSpill, Spill
from lda.corpus.batches import TokenBatch
from lda.corpus.corpus import Corpus
from lda.corpus.errors import DataError
from lda.corpus.files.folder import check_target, write_folder
from lda.corpus.files.manifest import is_corpus_folder
from lda.corpus.ordered_map import ordered_map, thread_count
from lda.corpus.presentable import presentable
from lda.corpus.readers.base import CountReader, TextBatch, TextReader
from lda.corpus.readers.files import check_encoding, path_text
from lda.corpus.readers.options import ReadOptions
from lda.corpus.readers.pipes import PipeStore
from lda.corpus.readers.registry import Source, find_sources
from lda.corpus.storage.leftovers import forget, remember
from lda.corpus.storage.places import is_uri
from lda.corpus.text.markup import markup_hint
from lda.corpus.text.recipe import DEFAULT_PATTERN, Recipe
from lda.corpus.text.stop_words import stop_words
from lda.corpus.text.tokenizer import TextTokenizer
from lda.corpus.text.word_loss import WordLoss

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pyarrow as pa

    from lda.corpus.text.tokenizer import Tokenizer


def read_corpus(
    inputs: Sequence[str | Path],
    *,
    format: str = "auto",  # noqa: A002
    recipe: Recipe | None = None,
    vocabulary: str | Path | None = None,
    tokenizer: Tokenizer | None = None,
    threads: int | None = None,
    encoding: str = "utf-8",
    errors: str = "strict",
    readers: Sequence[TextReader | CountReader] = (),
) -> Corpus:
    """Read files into a corpus in memory (4 bytes a token); a corpus folder is opened instead.

    Args:
        inputs: files, pipes and folders, in the order of their documents.
        format: one of `FORMATS`, or of `readers`; "auto" goes by name, then content.
        recipe: how text becomes tokens; the default takes all words of two letters or more.
        vocabulary: file with one term a line, for formats of counts.
        tokenizer: function from text to tokens, instead of the recipe's pattern; threads share it.
        threads: for tokenising; None uses all cores. The corpus does not depend on it.
        encoding: of text files.
        errors: "strict", or "replace" or "ignore" for bytes that cannot be decoded.
        readers: of further formats (see `lda.corpus.readers.base`), asked before those that are known.

    Raises:
        DataError: the input is missing, damaged or empty.
        ValueError: an argument cannot be right.
    """
    folder = _corpus_folder(inputs, recipe, tokenizer)
    if folder is not None:
        return Corpus.open(folder)
    with PipeStore() as pipes:
        options = make_options(recipe, vocabulary, encoding, errors, pipes)
        stored = pipes.all_stored(input_list(inputs))
        sources = find_sources(input_paths(stored), format, readers)
        return _assemble(sources, recipe or Recipe(), options, tokenizer, threads, None).in_memory()


def build_corpus(
    inputs: Sequence[str | Path],
    output: str | Path,
    *,
    format: str = "auto",  # noqa: A002
    recipe: Recipe | None = None,
    vocabulary: str | Path | None = None,
    tokenizer: Tokenizer | None = None,
    threads: int | None = None,
    encoding: str = "utf-8",
    errors: str = "strict",
    require_id: bool = True,
    overwrite: bool = False,
    readers: Sequence[TextReader | CountReader] = (),
) -> Corpus:
    """Read files into a corpus folder and open it; memory stays bounded, whatever the size of the input.

    What is bounded is the text; the distinct words are held in memory.

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
        require_id: whether the recipe's id field must be there; else documents are numbered where it is not.
        overwrite: replace a corpus that stands there.
        readers: as for `read_corpus`.

    Raises:
        DataError: the input is missing, damaged or empty, or the folder exists.
        ValueError: an argument cannot be right.
    """
    target, where = _target(output, overwrite=overwrite)
    folder = _corpus_folder(inputs, recipe, tokenizer)
    if folder is not None:
        Corpus.open(folder).save(target, overwrite=overwrite)
        return Corpus.open(target)
    with PipeStore() as pipes, _spill_folder(where) as spill:
        options = make_options(recipe, vocabulary, encoding, errors, pipes, require_id=require_id)
        stored = pipes.all_stored(input_list(inputs))
        sources = find_sources(input_paths(stored), format, readers)
        made = _assemble(sources, recipe or Recipe(), options, tokenizer, threads, FolderSpill(spill))
        write_folder(target, made.shards, made.vocabulary, made.summary, overwrite=overwrite)
    return Corpus.open(target)


def _target(output: str | Path, *, overwrite: bool) -> tuple[str | Path, dict[str, Any]]:
    """Check that the output may be written; return it, and the arguments of `mkdtemp` for the spill folder."""
    if is_uri(output):
        from lda.corpus.files.object_store import check_remote_corpus

        check_remote_corpus(str(output), overwrite=overwrite)
        return output, {"prefix": "raylda-", "suffix": ".spill"}
    target = check_target(output, overwrite=overwrite)
    return target, {"prefix": f".{target.name}.", "suffix": ".spill", "dir": target.parent}


@contextmanager
def _spill_folder(where: dict[str, Any]) -> Iterator[Path]:
    spill = Path(tempfile.mkdtemp(**where))
    remember(spill)
    try:
        yield spill
    finally:
        shutil.rmtree(spill, ignore_errors=True)
        forget(spill)


def make_options(
    recipe: Recipe | None,
    vocabulary: str | Path | None,
    encoding: str,
    errors: str,
    pipes: PipeStore,
    *,
    require_id: bool = True,
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
    )


def input_list(inputs: Sequence[str | Path]) -> list[str | Path]:
    """The inputs; a single one need not stand in a list."""
    return [inputs] if isinstance(inputs, str | Path) else list(inputs)


def input_paths(inputs: Sequence[str | Path]) -> list[Path]:
    """The inputs as paths.

    Raises:
        DataError: one is a URI, under which nothing but a finished corpus can be read.
    """
    for place in input_list(inputs):
        if is_uri(place):
            raise DataError(
                f"{place} is a URI, where only a finished corpus can be read; fetch the file first"
            )
    return [Path(path) for path in input_list(inputs)]


def finished_corpora(inputs: Sequence[str | Path]) -> list[str | Path]:
    """The inputs that are finished corpora. A URI must be one."""
    return [place for place in input_list(inputs) if is_uri(place) or is_corpus_folder(place)]


def only_corpus(inputs: Sequence[str | Path]) -> str | Path | None:
    """The finished corpus that is the input, or None. Raises DataError where there are others besides."""
    paths, built = input_list(inputs), finished_corpora(inputs)
    if built and len(paths) > 1:
        raise DataError(
            f"{built[0]} is a finished corpus and must be the only input, got {len(paths)}; "
            "build one corpus of all texts"
        )
    return built[0] if built else None


def _corpus_folder(
    inputs: Sequence[str | Path], recipe: Recipe | None, tokenizer: Tokenizer | None
) -> str | Path | None:
    """The input, if it is a corpus that was built before."""
    built = only_corpus(inputs)
    if built is None:
        return None
    if recipe not in {None, Recipe()} or tokenizer is not None:
        raise DataError(
            f"{built} is a finished corpus, its words are fixed; build it again with the new text options"
        )
    return built


def _assemble(
    sources: list[Source],
    recipe: Recipe,
    options: ReadOptions,
    tokenizer: Tokenizer | None,
    threads: int | None,
    spill: Spill | None,
) -> Assembled:
    if tokenizer is not None:
        recipe = dataclasses.replace(
            recipe, tokenizer=getattr(tokenizer, "__qualname__", type(tokenizer).__name__)
        )
    if isinstance(same_kind(sources), CountReader):
        return _assemble_counts(sources, recipe, options, spill)
    assembler = Assembler(recipe, ordered=True, spill=spill)
    loss = WordLoss(recipe.strip)
    default = tokenizer is None and recipe.pattern == DEFAULT_PATTERN
    look = loss.look if default else None
    for batch in token_batches(sources, TextTokenizer(recipe, tokenizer), options, threads, look):
        assembler.add(batch)
    # A corpus that comes out empty may be so because of what is warned of.
    _warn(loss.warning())
    made = assembler.finish()
    _warn(None if recipe.strip else markup_hint(string_list(made.vocabulary.column("term").slice(0, 100))))
    return made


def _warn(text: str | None) -> None:
    if text is not None:
        warnings.warn(presentable(text), stacklevel=4)


def same_kind(sources: list[Source]) -> TextReader | CountReader:
    """The first reader, if all of them read text or all of them read counts.

    Raises:
        DataError: they differ.
    """
    first = sources[0]
    for source in sources[1:]:
        if isinstance(source.reader, CountReader) != isinstance(first.reader, CountReader):
            raise DataError(
                f"inputs must be all text or all counts, got {first.path} ({first.reader.name}) and "
                f"{source.path} ({source.reader.name}); read them as two corpora"
            )
    return first.reader


def token_batches(
    sources: list[Source],
    tokenize: TextTokenizer,
    options: ReadOptions,
    threads: int | None,
    look: Callable[[pa.Array[Any]], None] | None = None,
    *,
    keep_texts: bool = False,
) -> Iterator[TokenBatch]:
    """Tokenise the documents of all text sources, in order.

    look: shown the texts of each batch, in this thread; lists of tokens are none. keep_texts: whether the texts come
    along.
    """

    def texts() -> Iterator[TextBatch]:
        for batch in _texts(sources, options):
            if look is not None and not is_list(batch.texts.type):
                look(batch.texts)
            yield batch

    def tokens(batch: TextBatch) -> TokenBatch:
        made = tokenize(batch.texts, batch.ids, batch.metadata)
        return made._replace(n_without_text=batch.n_without_text, texts=batch.texts if keep_texts else None)

    return ordered_map(tokens, texts(), thread_count(threads))


def _texts(sources: list[Source], options: ReadOptions) -> Iterator[TextBatch]:
    for source in sources:
        if isinstance(source.reader, TextReader):
            yield from source.reader.read(source.path, prefixed(options, source, sources))


def prefixed(options: ReadOptions, source: Source, sources: list[Source]) -> ReadOptions:
    """With several inputs, ids that are mere numbers get the name of their file in front."""
    separator = "/" if source.path.is_dir() else ":"
    prefix = f"{path_text(source.path.name)}{separator}" if len(sources) > 1 else ""
    return dataclasses.replace(options, prefix=prefix)


def _assemble_counts(
    sources: list[Source], recipe: Recipe, options: ReadOptions, spill: Spill | None
) -> Assembled:
    if recipe.ngram_range != (1, 1) or recipe.tokenizer is not None or recipe.strip is not None:
        raise DataError(
            f"n-grams, tokenisers and --strip need text, and {sources[0].path} holds counts; leave the option out"
        )
    assembler: Assembler | None = None
    terms: list[str] = []
    for source in sources:
        assert isinstance(source.reader, CountReader)
        made = source.reader.read(source.path, prefixed(options, source, sources))
        if assembler is None:
            terms = made.terms
            limits = recipe if recipe.prunes else None
            stop = stop_words(recipe.stop_words)
            assembler = Assembler(limits, terms=terms, ordered=False, spill=spill, stop=stop)
        elif made.terms != terms:
            raise DataError(
                f"files of counts must share one vocabulary, but {source.path} differs from {sources[0].path}"
            )
        for batch in made.batches:
            assembler.add(batch)
    assert assembler is not None
    return assembler.finish()
