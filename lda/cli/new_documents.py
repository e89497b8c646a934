"""New documents named on a command line, in the ids of a model's vocabulary."""

from __future__ import annotations

import io
import sys
from contextlib import ExitStack, closing, contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, cast

from lda.cli.sources import names_of, stored_inputs
from lda.cli.text_options import named_tokenizer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lda.cli.console import Console
    from lda.cli.sources import SourceOptions
    from lda.corpus import DocumentBatch, Recipe
    from lda.corpus.readers.arriving_lines import ArrivingLines
    from lda.corpus.stream import UnknownWords
    from lda.model.model import Model


STANDARD_INPUT: Final = ("-", "/dev/stdin")


@contextmanager
def documents_for(
    model: Model,
    inputs: Sequence[str],
    source: SourceOptions,
    console: Console,
    *,
    threads: int | None,
    batch_documents: int = 4096,
    keep: bool = False,
    where: str | None = None,
    exact: Sequence[str] = (),
    unknown_words: UnknownWords | None = None,
) -> Iterator[Iterator[DocumentBatch]]:
    """The documents of the inputs as the model's recipe reads them, within the block.

    Those that are lines of one pipe, or of standard input, come as they arrive, and are not waited for; all other input
    is read as a whole. Further arguments, and errors, are those of `read_documents`.
    """
    from lda.model.text_recipe import recipe_of

    console.progress.note(f"reading {names_of(inputs)}")
    recipe = recipe_of(model, tokenizer=named_tokenizer(), text=source.text, id=source.id)
    with ExitStack() as stack:
        lines = _arriving(inputs, stack)
        opened = None
        if lines is not None:
            from lda.corpus.arriving import arriving_documents, reader_of_stream

            reader = reader_of_stream(lines, source.format, source.encoding)
            if reader is not None and source.vocabulary is None and source.layer is None:
                documents = arriving_documents(
                    lines,
                    reader,
                    recipe=recipe,
                    vocabulary_terms=model.vocabulary,
                    require_id=source.id is not None,
                    batch_documents=batch_documents,
                    keep=keep,
                    where=where,
                    exact=exact,
                    encoding=source.encoding,
                    errors=source.encoding_errors,
                    on_error=source.on_error,
                    max_errors=source.max_errors,
                    skipped=source.skipped,
                    unknown_words=unknown_words,
                )
                yield stack.enter_context(closing(documents))
                return
            opened = cast("IO[bytes]", _Everything(lines))
        stored = stack.enter_context(stored_inputs(inputs, source.vocabulary, opened=opened))
        yield read_documents(
            stored.inputs,
            model.vocabulary,
            recipe,
            source,
            vocabulary=stored.vocabulary,
            threads=threads,
            batch_documents=batch_documents,
            keep=keep,
            where=where,
            exact=exact,
            unknown_words=unknown_words,
        )


def _arriving(inputs: Sequence[str], stack: ExitStack) -> ArrivingLines | None:
    """A pipe or standard input, if that is all there is to read, and has a descriptor: a stream in memory has none.

    Raises:
        DataError: nobody writes to the pipe.
    """
    if len(inputs) != 1:
        return None
    from lda.corpus.readers.arriving_lines import ArrivingLines
    from lda.corpus.readers.pipes import STDIN, is_pipe, open_pipe

    if inputs[0] not in STANDARD_INPUT:
        if not is_pipe(inputs[0]):
            return None
        pipe = open_pipe(Path(inputs[0]))
        stack.enter_context(pipe.source)
        return stack.enter_context(ArrivingLines(pipe.source.fileno(), pipe.name, first=pipe.first))
    if sys.stdin is None:
        return None
    with suppress(OSError, ValueError):
        return stack.enter_context(ArrivingLines(sys.stdin.fileno(), STDIN))
    return None


class _Everything(io.RawIOBase):
    """All that arrives, for who reads files."""

    def __init__(self, lines: ArrivingLines) -> None:
        self._lines, self._blocks = lines, lines.everything()

    def fileno(self) -> int:
        """By which it is told that somebody else wants to read the same."""
        return self._lines.descriptor

    def read(self, size: int = -1, /) -> bytes:
        """The next block, whatever its size; b"" at the end."""
        return next(self._blocks, b"")


def read_documents(
    paths: Sequence[str | Path],
    terms: Sequence[str],
    recipe: Recipe,
    source: SourceOptions,
    *,
    vocabulary: str | Path | None,
    threads: int | None,
    batch_documents: int = 4096,
    keep: bool = False,
    where: str | None = None,
    exact: Sequence[str] = (),
    unknown_words: UnknownWords | None = None,
) -> Iterator[DocumentBatch]:
    """Stream the documents of files as the options say how to read them.

    The first batch is read before this returns, so that bad input is told before anything costly is prepared. An id
    field that only the model speaks of need not be there: documents are numbered then. vocabulary: where the terms of
    counted input can be read. keep: whether texts and metadata come along. where:
    a condition that they must fulfil, or None. exact, unknown_words: as for `iter_documents`.

    Raises:
        DataError: the input is missing or damaged; also while batches are taken.
    """
    from lda.corpus import iter_documents

    batches = iter_documents(
        paths,
        **source.reading(),
        recipe=recipe,
        vocabulary_terms=terms,
        vocabulary=vocabulary,
        threads=threads,
        require_id=source.id is not None,
        batch_documents=batch_documents,
        keep=keep,
        where=where,
        exact=exact,
        unknown_words=unknown_words,
    )
    first = next(batches, None)
    return batches if first is None else chain((first,), batches)
