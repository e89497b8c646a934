"""Where the documents are in the input: the options, and the inputs themselves."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lda.cli.gathering import gathered
from lda.cli.option import Function, Heading, option
from lda.cli.several import Several

if TYPE_CHECKING:
    from lda.corpus import Corpus


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceOptions:
    """How to read the input.

    text, id: fields that hold the text and name the document; None for the usual ones. format: "auto" goes by name,
    then content. vocabulary: file or URI with the terms of counted input. encoding, encoding_errors: of text files.
    """

    text: str | None
    id: str | None
    format: str
    vocabulary: str | None
    encoding: str
    encoding_errors: str


def source_options(command: Function) -> Function:
    """--text, --id, --format, --vocab and --encoding; the command gets them as `source`."""
    return gathered("source", SourceOptions, *_source_options("--format", "format"))(command)


def documents_source_options(command: Function) -> Function:
    """The same of a command whose --format is that of what it prints: --documents-format takes its place."""
    return gathered(
        "source", _source_of_documents, *_source_options("--documents-format", "documents_format")
    )(command)


def _source_of_documents(
    *,
    text: str | None,
    id: str | None,  # noqa: A002 - as the option is called
    documents_format: str,
    vocabulary: str | None,
    encoding: str,
    encoding_errors: str,
) -> SourceOptions:
    return SourceOptions(
        text=text,
        id=id,
        format=documents_format,
        vocabulary=vocabulary,
        encoding=encoding,
        encoding_errors=encoding_errors,
    )


def _source_options(*format_names: str) -> list[Callable[[Any], Any]]:
    return [
        option(
            "--text",
            multiple=True,
            type=Several(","),
            callback=_join_fields,
            metavar="FIELD",
            heading=Heading.INPUT,
            help="Field (or several, A,B) that holds the text, or lists of ready tokens.",
            brief="Field (or several, A,B) that holds the text.",
        ),
        option("--id", metavar="FIELD", heading=Heading.INPUT, help="Field that names the document."),
        option(
            *format_names,
            default="auto",
            callback=_check_format,
            heading=Heading.INPUT,
            help="text (a folder of files), lines, jsonl, csv, tsv, parquet, uci, mm, ldac, svmlight or npz; "
            "auto goes by name, then content.",
            brief="lines, jsonl, csv, parquet, uci, ...",
        ),
        option(
            "--vocab",
            "--vocabulary",
            "vocabulary",
            metavar="FILE",
            heading=Heading.INPUT,
            help="Terms of counted input, one a line.",
        ),
        option(
            "--encoding",
            default="utf-8",
            callback=_check_encoding,
            heading=Heading.INPUT,
            help="Encoding of text files; a byte order mark goes before it.",
        ),
        option(
            "--encoding-errors",
            type=click.Choice(["strict", "replace", "ignore"]),
            default="strict",
            heading=Heading.INPUT,
            help="What to do with bytes that cannot be decoded.",
        ),
    ]


def _join_fields(_ctx: click.Context, _parameter: click.Parameter, value: tuple[str, ...]) -> str | None:
    """All fields that were named, by one option or several: of several, the last would silently win."""
    return ",".join(value) if value else None


def _check_format(_ctx: click.Context, _parameter: click.Parameter, value: str) -> str:
    """Check against the readers only when a format is given: importing them takes time."""
    if value != "auto":
        from lda.corpus import FORMATS

        if value not in FORMATS:
            raise click.BadParameter(f"{value!r} is not one of {', '.join(FORMATS)}")
    return value


def _check_encoding(_ctx: click.Context, _parameter: click.Parameter, value: str) -> str:
    if value != "utf-8":
        from lda.corpus.readers.files import check_encoding

        try:
            check_encoding(value)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredInputs:
    """Paths and URIs of what can be read more than once. vocabulary: of counted input, if one was named."""

    inputs: list[str | Path]
    reference: list[str | Path]
    vocabulary: str | Path | None


@contextmanager
def stored_inputs(
    inputs: Sequence[str], vocabulary: str | None, *, reference: Sequence[str] = ()
) -> Iterator[StoredInputs]:
    """The inputs that were named, ready to be read as often as needed.

    `-` is standard input. It and pipes are kept in temporary files within the block.

    Raises:
        DataError: an input is a model; a pipe is named twice, is without a writer or cannot be read. OSError: no room
            for the files.
    """
    from lda.corpus.errors import DataError
    from lda.corpus.readers.pipes import PipeStore
    from lda.corpus.storage.places import is_uri
    from lda.model.read import is_model

    for name in (*inputs, *reference):
        if name != "-" and not is_uri(name) and Path(name).is_dir() and is_model(name):
            raise DataError(
                f"{name} is a model, not documents: its vocabulary would be read as a text; name documents"
            )
    with PipeStore(None if sys.stdin is None else sys.stdin.buffer) as pipes:

        def stored(name: str) -> str | Path:
            return pipes.store_stdin() if name == "-" else name if is_uri(name) else pipes.stored(Path(name))

        yield StoredInputs(
            inputs=[stored(name) for name in inputs],
            reference=[stored(name) for name in reference],
            vocabulary=None if vocabulary is None else stored(vocabulary),
        )


def names_of(inputs: Sequence[str]) -> str:
    """The first inputs, as progress and messages speak of them."""
    shown = ", ".join("stdin" if name == "-" else name for name in inputs[:3])
    return f"{shown}{' ...' if len(inputs) > 3 else ''}"


def size_of(corpus: Corpus) -> str:
    """The size in the words of every report: "237 documents, 1,900,000 tokens, 20,000 terms"."""
    without = f", {corpus.n_without_text:,} for want of a text field" if corpus.n_without_text else ""
    empty = f" ({corpus.n_empty_documents:,} of them empty{without})" if corpus.n_empty_documents else ""
    return f"{corpus.n_documents:,} documents{empty}, {corpus.n_tokens:,} tokens, {corpus.n_terms:,} terms"
