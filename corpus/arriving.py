"""Documents of a stream as they arrive, in the ids of a fixed vocabulary: answers need not wait for its end."""

from __future__ import annotations

import dataclasses
import json
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path, PurePath
from typing import IO, TYPE_CHECKING, Final

from lda.corpus.documents.steps import DocumentSteps, StepTally
from lda.corpus.inputs.find import is_stateless
from lda.corpus.readers.arriving_lines import HELD_BYTES
from lda.corpus.readers.bad_records import make_bad_records
from lda.corpus.readers.base import TextReader
from lda.corpus.readers.files import byte_order_mark, is_packed
from lda.corpus.readers.good_texts import good_texts
from lda.corpus.readers.options import FirstLines, ReadOptions, Stretch
from lda.corpus.readers.registry import HEAD_BYTES, READERS, by_name, reader_named
from lda.corpus.skipped_records import check_skipped_target, told_of_skipped
from lda.corpus.stream import mapped, split
from lda.corpus.text.tokenizer import TextTokenizer

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from lda.corpus.batches import TokenBatch
    from lda.corpus.readers.arriving_lines import ArrivingLines
    from lda.corpus.readers.bad_records import BadRecords
    from lda.corpus.readers.base import TextBatch
    from lda.corpus.stream import DocumentBatch, UnknownWords
    from lda.corpus.text.recipe import Recipe
    from lda.corpus.text.tokenizer import Tokenizer

STREAMED: Final = ("jsonl", "lines", "mallet")
"""Formats in which a line is a document, and is one by itself."""


def reader_of_stream(lines: ArrivingLines, format: str, encoding: str) -> TextReader | None:  # noqa: A002
    """What reads a stream line by line; None where more than the first line must be known. Waits for that.

    Args:
        lines: from which nothing has been taken.
        format: as for `read_corpus`; "auto" takes JSON lines where the first line is one, and what the name tells.
        encoding: of the text.

    Raises:
        DataError: it cannot be read.
    """
    if format not in ("auto", *STREAMED):
        return None
    head = lines.beginning(HEAD_BYTES)
    mark, told = byte_order_mark(head)
    if is_packed(head) or not is_stateless(told or encoding):
        return None
    name = format
    if format == "auto":
        named = by_name(PurePath(lines.name).name, READERS)
        if named is not None and named.name_is_enough:
            name = named.name
        elif head[len(mark) :].lstrip().startswith(b"{"):
            name = "jsonl"
    found = reader_named(name, READERS) if name in STREAMED else None
    return found if isinstance(found, TextReader) else None


def arriving_documents(
    lines: ArrivingLines,
    reader: TextReader,
    *,
    recipe: Recipe,
    vocabulary_terms: Sequence[str],
    tokenizer: Tokenizer | str | None = None,
    encoding: str = "utf-8",
    errors: str = "strict",
    require_id: bool = True,
    batch_documents: int = 4096,
    keep: bool = False,
    on_error: str = "stop",
    max_errors: float | str | None = None,
    skipped: str | Path | None = None,
    where: str | None = None,
    exact: Sequence[str] = (),
    unknown_words: UnknownWords | None = None,
) -> Generator[DocumentBatch]:
    """The documents of a stream as they arrive: a batch is what is there, and is never waited for to be full.

    They are those of a file with the same lines, and so are ids, which count lines. While a batch is being used, the
    next one is read and tokenised in a thread. Records that are skipped are written as they come, for there may be no
    end; lines stay unanswered for as long as none of them had the fields that are asked for, as for a file.

    Args:
        lines: what arrives; closed when these documents are.
        reader: what `reader_of_stream` found.
        recipe: as for `iter_documents`, and so are all others but these.
        vocabulary_terms: see there.
        tokenizer: see there.
        encoding: see there.
        errors: see there.
        require_id: see there.
        batch_documents: most documents in a batch.
        keep: see there.
        on_error: see there.
        max_errors: see there; a share is looked at where the stream ends.
        skipped: file that skipped records are written to as they come, in the place of another such list.
        where: see there.
        exact: see there.
        unknown_words: see there.

    Raises:
        DataError: the stream is damaged; also while batches are taken.
        ValueError: an argument cannot be right.
    """
    if batch_documents < 1:
        raise ValueError(f"batch_documents must be at least 1, got {batch_documents}")
    bad = make_bad_records(on_error, max_errors)
    check_skipped_target(skipped)
    told = byte_order_mark(lines.beginning(4))[1]
    options = ReadOptions(
        text=recipe.text,
        id=recipe.id,
        id_required=require_id,
        encoding=told or encoding,
        errors=errors,
        bad_records=bad,
        exact=tuple(exact),
    )
    steps, tokenize = (
        DocumentSteps(where=where),
        TextTokenizer(recipe, tokenizer, of_model=True, vocabulary=vocabulary_terms),
    )
    index = {term: number for number, term in enumerate(vocabulary_terms)}

    def documents() -> Iterator[DocumentBatch]:
        for batch in _token_batches(_texts(lines, reader, options), tokenize, steps, keep=keep):
            made = mapped(batch, index, keep=keep, unknown_words=unknown_words)
            yield from split(made, batch_documents)

    return _until_closed(documents(), lines, bad, skipped)


def _until_closed(
    documents: Iterator[DocumentBatch],
    lines: ArrivingLines,
    bad: BadRecords | None,
    skipped: str | Path | None,
) -> Generator[DocumentBatch]:
    with ExitStack() as stack:
        if bad is not None:
            file = None if skipped is None else stack.enter_context(Path(skipped).open("w", encoding="utf-8"))
            bad.tell(lambda record: _write(file, record.as_dict()))
        pool = stack.enter_context(ThreadPoolExecutor(1, thread_name_prefix="lda-corpus"))
        stack.callback(lines.close)  # before the pool waits for who waits for lines
        # Always one ahead and never two: of what arrives meanwhile, the next batch takes all.
        coming = pool.submit(next, documents, None)
        while (batch := coming.result()) is not None:
            coming = pool.submit(next, documents, None)
            yield batch
        if bad is not None:
            bad.check()
    told = told_of_skipped(bad, skipped)
    if told is not None:
        warnings.warn(told, stacklevel=2)


def _write(file: IO[str] | None, record: dict[str, object]) -> None:
    if file is not None:
        file.write(json.dumps(record, ensure_ascii=False) + "\n")
        file.flush()


def _token_batches(
    texts: Iterator[TextBatch], tokenize: TextTokenizer, steps: DocumentSteps, *, keep: bool
) -> Iterator[TokenBatch]:
    tally = StepTally()
    for read in texts:
        batch = steps.chosen(read)
        tally.saw(read, batch)
        made = steps.tokens(batch, tokenize).tokens
        yield made._replace(texts=batch.texts if keep else None)
    tally.check(steps)


def _texts(lines: ArrivingLines, reader: TextReader, options: ReadOptions) -> Iterator[TextBatch]:
    """The documents of the lines, each time of those that have arrived: a stretch of a file that is not there."""
    path = Path(lines.name)
    known: FirstLines | None = None
    taken = n_lines = 0
    content = b""
    while True:
        block = lines.take()
        content += block
        stretch = Stretch(start=taken, records_before=n_lines, content=content)
        if known is None:
            first = reader.first_lines(path, dataclasses.replace(options, stretch=stretch), cut=bool(block))
            if first.complete or first.fields is not None or not block:
                known = first
            elif not content.isspace() and len(content) < HELD_BYTES:
                continue  # the field that the text is in may come with the next line
        stretch = dataclasses.replace(stretch, first_lines=known or FirstLines())
        yield from good_texts(reader, path, dataclasses.replace(options, stretch=stretch))
        if not block:
            return
        taken, n_lines, content = taken + len(content), n_lines + _line_ends(content), b""


def _line_ends(content: bytes) -> int:
    carriage = content.count(b"\r")
    return content.count(b"\n") + (carriage - content.count(b"\r\n") if carriage else 0)
