"""Where the documents are in the input: the options, and the inputs themselves."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from lda.cli.gathering import gathered
from lda.cli.inputs_argument import files_from_option
from lda.cli.option import Function, Heading, option
from lda.cli.record_options import RecordReading, check_records, record_options
from lda.cli.several import Several

if TYPE_CHECKING:
    from lda.corpus import Corpus
    from lda.corpus.readers.mallet import MalletReader


class Reading(RecordReading):
    """How files are read, as arguments of the functions of `lda.corpus` that read them."""

    format: str
    encoding: str
    errors: str
    layer: str | None


class LineReading(Reading):
    """The same, with the reader of lines that MALLET's options ask for."""

    readers: tuple[MalletReader, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceOptions:
    """How to read the input.

    text, id: fields that hold the text and name the document; None for the usual ones. format: "auto" goes by name,
    then content. vocabulary: file or URI with the terms of counted input. encoding, encoding_errors: of text files.
    layer: of AnnData files, where the counts are; None is X. on_error, max_errors, skipped: what to do at bad records.
    """

    text: str | None
    id: str | None
    format: str
    vocabulary: str | None
    encoding: str
    encoding_errors: str
    layer: str | None = None
    on_error: str = "stop"
    max_errors: str | None = None
    skipped: str | None = None

    def __post_init__(self) -> None:
        check_records(self.on_error, self.max_errors, self.skipped)

    def reading(self) -> Reading:
        """How the files are to be read."""
        how: Reading = {
            "format": self.format,
            "encoding": self.encoding,
            "errors": self.encoding_errors,
            "layer": self.layer,
        }
        if self.on_error != "stop":  # what is recorded of a command without these options stays as it was
            how |= {"on_error": self.on_error, "max_errors": self.max_errors, "skipped": self.skipped}
        return how


def source_options(command: Function) -> Function:
    """--text, --id, --format, --vocab, --encoding and --on-error; the command gets them as `source`."""
    return gathered("source", SourceOptions, *_source_options("--format", "format"))(command)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineOptions:
    """MALLET's options on how a line becomes a document. pattern: None for MALLET's own; groups of it follow."""

    pattern: str | None
    name: int | None
    label: int | None
    data: int | None

    @property
    def given(self) -> bool:
        """Whether any was: then the input is in MALLET's line format, if no other is named."""
        return (self.pattern, self.name, self.label, self.data) != (None, None, None, None)

    def readers(self, source: SourceOptions) -> tuple[MalletReader, ...]:
        """The reader that they ask for, in place of the usual one; none where none was given.

        Raises click.UsageError for what cannot be, and beside another format.
        """
        if not self.given:
            return ()
        from lda.corpus.readers.mallet import LINE, MalletReader
        from lda.corpus.text.guarded_pattern import GuardedPattern, can_guard
        from lda.corpus.text.patterns import expand

        if source.format not in ("auto", "mallet"):
            raise click.UsageError(
                f"--line-regex, --name, --label and --data tell of --format mallet, got --format {source.format}"
            )
        numbers = {"name": self.name, "label": self.label, "data": self.data}
        search = None
        if self.pattern is not None and can_guard():
            search = GuardedPattern(self.pattern, told="fields").search
        try:
            return (
                MalletReader(
                    LINE if self.pattern is None else expand(self.pattern),
                    search=search,
                    **{group: number for group, number in numbers.items() if number is not None},
                ),
            )
        except re.error as error:  # of `expand`
            raise click.UsageError(f"--line-regex is no regular expression: {error}") from None
        except ValueError as error:
            raise click.UsageError(str(error)) from None

    def reading(self, source: SourceOptions) -> LineReading:
        """How the files of the source are to be read. Raises as `readers`."""
        how: LineReading = {**source.reading(), "readers": self.readers(source)}
        if self.given:
            how["format"] = "mallet"
        return how


def _line_options(
    *, pattern_of_lines: str | None, name_group: int | None, label_group: int | None, data_group: int | None
) -> LineOptions:
    return LineOptions(pattern=pattern_of_lines, name=name_group, label=label_group, data=data_group)


def line_options(command: Function) -> Function:
    """--line-regex, --name, --label and --data of `mallet import-file`; the command gets them as `lines`."""
    groups = {
        "name": "Number of its group with the name (0: none)  [default: 1],",
        "label": "of that with the label, which becomes a field (0: none)  [default: 2],",
        "data": "and of that with the text  [default: 3].",
    }
    return gathered(
        "lines",
        _line_options,
        option(
            "--line-regex",
            "pattern_of_lines",
            metavar="REGEX",
            heading=Heading.INPUT,
            help="Lines of --format mallet.  [default: name, label, text]",
        ),
        *(
            option(f"--{name}", f"{name}_group", type=int, heading=Heading.INPUT, help=text)
            for name, text in groups.items()
        ),
    )(command)


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
    layer: str | None,
    on_error: str,
    max_errors: str | None,
    skipped: str | None,
) -> SourceOptions:
    return SourceOptions(
        text=text,
        id=id,
        format=documents_format,
        vocabulary=vocabulary,
        encoding=encoding,
        encoding_errors=encoding_errors,
        layer=layer,
        on_error=on_error,
        max_errors=max_errors,
        skipped=skipped,
    )


def _source_options(*format_names: str) -> list[Callable[[Any], Any]]:
    return [
        files_from_option(),
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
            help="text (a folder of files), lines, mallet, jsonl, csv, tsv, parquet, uci, mm, ldac, svmlight, low, "
            "npz or h5ad; auto goes by name, then content.",
            brief="lines, jsonl, csv, parquet, uci, ...",
        ),
        option(
            "--vocab",
            "--vocabulary",
            "vocabulary",
            metavar="FILE",
            heading=Heading.INPUT,
            help="Terms of counted input, one a line, or a gensim Dictionary as text.",
        ),
        option(
            "--layer",
            metavar="NAME",
            heading=Heading.INPUT,
            help="Layer of an AnnData file that holds the counts, or raw.  [default: X]",
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
        *record_options(),
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
    inputs: Sequence[str],
    vocabulary: str | None,
    *,
    reference: Sequence[str] = (),
    opened: IO[bytes] | None = None,
) -> Iterator[StoredInputs]:
    """The inputs that were named, ready to be read as often as needed.

    `-` is standard input. It and pipes are kept in temporary files within the block. opened: what the first input has
    to say, where it has been opened before.

    Raises:
        DataError: an input is a model; a pipe is named twice, is without a writer or cannot be read. OSError: no room
            for the files.
    """
    from lda.corpus.errors import DataError
    from lda.corpus.readers.pipes import PipeStore
    from lda.corpus.storage.places import is_uri
    from lda.model.read import is_model
    from lda.splitting.split_folder import is_split

    for name in (*inputs, *reference):
        if name != "-" and not is_uri(name) and Path(name).is_dir() and is_model(name):
            raise DataError(
                f"{name} is a model, not documents: its vocabulary would be read as a text; name documents"
            )
        if name != "-" and not is_uri(name) and is_split(name):
            raise DataError(f"{name} is a split, not documents; name one of its parts, such as {name}/train")
        if name != "-" and not is_uri(name) and (made := _made_by_many_fits(Path(name))):
            raise DataError(
                f"{name} {made}, not documents: its records would be read as texts; name documents"
            )
    with PipeStore(None if sys.stdin is None else sys.stdin.buffer) as pipes:

        def stored(name: str, source: IO[bytes] | None = None) -> str | Path:
            if name == "-":
                return pipes.store_stdin(source)
            return name if is_uri(name) else pipes.stored(Path(name), source)

        yield StoredInputs(
            inputs=[stored(name, None if number else opened) for number, name in enumerate(inputs)],
            reference=[stored(name) for name in reference],
            vocabulary=None if vocabulary is None else stored(vocabulary),
        )


def _made_by_many_fits(folder: Path) -> str:
    """What the folder of a study or of models of groups is; "" for any other place."""
    from lda.corpus.errors import DataError
    from lda.corpus.storage.places import storage
    from lda.experiments.groups.folder import RECORD, read_record
    from lda.experiments.study.records import is_study

    if is_study(folder):
        return "is a study"
    if not (folder / RECORD).is_file():
        return ""
    try:
        read_record(storage(str(folder)))
    except (DataError, OSError):  # somebody's own file of that name
        return ""
    return "holds models of groups"


def names_of(inputs: Sequence[str]) -> str:
    """The first inputs, as progress and messages speak of them."""
    shown = ", ".join("stdin" if name == "-" else name for name in inputs[:3])
    return f"{shown}{' ...' if len(inputs) > 3 else ''}"


def size_of(corpus: Corpus) -> str:
    """The size in the words of every report: "237 documents, 1,900,000 tokens, 20,000 terms"."""
    without = f", {corpus.n_without_text:,} for want of a text field" if corpus.n_without_text else ""
    empty = f" ({corpus.n_empty_documents:,} of them empty{without})" if corpus.n_empty_documents else ""
    return f"{corpus.n_documents:,} documents{empty}, {corpus.n_tokens:,} tokens, {corpus.n_terms:,} terms"
