"""Options that several commands share, and what they add up to."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click
from click.core import ParameterSource

from lda.cli.terminal import table
from lda.progress import Progress

if TYPE_CHECKING:
    from lda.corpus import Corpus, Recipe

Command = TypeVar("Command", bound=Callable[..., Any])
NOT_REPEATED: Final = {"overwrite", "resume", "json", "quiet", "verbose", "progress", "traceback"}


def output_options(command: Command) -> Command:
    """--json, -q, -v, --progress and --traceback; `Console.take` turns them into a `Console`."""
    for option in reversed(
        (
            click.option("--json", is_flag=True, help="Print one JSON object on standard output."),
            click.option("-q", "--quiet", is_flag=True, help="Report only warnings and errors."),
            click.option("-v", "--verbose", is_flag=True, help="Report every sweep, or part."),
            click.option(
                "--progress",
                type=click.Choice(["auto", "bar", "log", "none"]),
                default="auto",
                help="How progress is shown on standard error.",
            ),
            click.option("--traceback", is_flag=True, help="Show where an unexpected error arose."),
        )
    ):
        command = option(command)
    return command


class Console:
    """What a command says: results on stdout, the rest through `progress` on stderr."""

    def __init__(self, *, as_json: bool, progress: Progress) -> None:
        self.as_json = as_json
        self.progress = progress

    @classmethod
    def take(cls, options: dict[str, Any]) -> Console:
        """The console that `output_options` ask for; they are taken out of `options`."""
        quiet, verbose = options.pop("quiet"), options.pop("verbose")
        options.pop("traceback")  # `lda.cli.exit_code` looks for it itself
        if quiet and verbose:
            raise click.UsageError("--quiet and --verbose exclude each other")
        progress = Progress(options.pop("progress"), verbosity=int(verbose) - int(quiet))
        return cls(as_json=options.pop("json"), progress=progress)

    def result(self, value: dict[str, Any], text: Callable[[], str]) -> None:
        """Print the result: `value` as strict JSON with --json, else the text."""
        if self.as_json:
            from lda.model.run_record import json_line

            click.echo(json_line(value))
        elif found := text():
            click.echo(table(found))


class Several(click.types.StringParamType):
    """Text of an option that may be given several times; its environment variable holds all, separated."""

    def __init__(self, separator: str) -> None:
        self.separator = separator

    def split_envvar_value(self, rv: str) -> Sequence[str]:
        """The values in the variable; click itself would split at blanks, which names of files and fields have."""
        return rv.split(self.separator)


def _join_fields(_ctx: click.Context, _parameter: click.Parameter, value: tuple[str, ...]) -> str | None:
    """All fields that were named, by one option or several: of several, the last would silently win."""
    return ",".join(value) if value else None


def device_option(command: Command) -> Command:
    """--device, of commands that sample the topics of new documents."""
    return click.option(
        "--device",
        type=click.Choice(["cpu", "cuda"]),
        default="cpu",
        callback=_check_device,
        help="cuda samples on a GPU, to the same topics.",
    )(command)


def _check_device(_ctx: click.Context, _parameter: click.Parameter, value: str) -> str:
    if value == "cuda":
        from lda.samplers.cuda.available import check_device

        check_device()
    return value


def verify_option(command: Command) -> Command:
    """--no-verify, of commands that open a model."""
    return click.option(
        "--no-verify",
        is_flag=True,
        help="Do not compare the model's files with their checksums: one that is huge is there at once.",
    )(command)


def format_option(command: Command) -> Command:
    """--format, checked against the readers only when it is given: importing them takes time."""
    return click.option(
        "--format",
        "format",
        default="auto",
        callback=_check_format,
        help="text (a folder of files), lines, jsonl, csv, tsv, parquet, uci, mm, ldac, svmlight or npz; "
        "auto goes by name, then content.",
    )(command)


def _check_format(_ctx: click.Context, _parameter: click.Parameter, value: str) -> str:
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


def source_options(command: Command) -> Command:
    """Options on where the documents are in the input: `--text`, `--id`, `--format`, `--vocab`, `--encoding`."""
    for option in reversed(
        (
            click.option(
                "--text",
                multiple=True,
                type=Several(","),
                callback=_join_fields,
                metavar="FIELD",
                help="Field (or several, A,B) that holds the text, or lists of ready tokens.",
            ),
            click.option("--id", metavar="FIELD", help="Field that names the document."),
            format_option,
            click.option(
                "--vocab",
                "--vocabulary",
                "vocabulary",
                metavar="FILE",
                help="Terms of counted input, one a line.",
            ),
            click.option(
                "--encoding",
                default="utf-8",
                callback=_check_encoding,
                help="Encoding of text files; a byte order mark goes before it.",
            ),
            click.option(
                "--encoding-errors",
                type=click.Choice(["strict", "replace", "ignore"]),
                default="strict",
                help="What to do with bytes that cannot be decoded.",
            ),
        )
    ):
        command = option(command)
    return command


def strip_option(command: Command) -> Command:
    """--strip: what is taken out of the text before it is cut into words."""
    return click.option(
        "--strip", type=click.Choice(["html"]), help="Take tags and entities out of the text first."
    )(command)


def token_options(command: Command) -> Command:
    """Options on how text becomes terms; the spellings of MALLET's import are accepted."""
    for option in reversed(
        (
            click.option(
                "--stop-words",
                multiple=True,
                type=Several(os.pathsep),
                metavar="LANG|FILE",
                help="Drop these words: en, german, ..., or a file; given several times, the lists add up.",
            ),
            click.option(
                "--stoplist-file",
                multiple=True,
                type=Several(os.pathsep),
                metavar="FILE",
                help="The same; as in MALLET, --remove-stopwords beside it means these words only.",
            ),
            click.option("--remove-stopwords", is_flag=True, help="The same as --stop-words en."),
            click.option(
                "--extra-stopwords",
                "--extra-stop-words",
                metavar="FILE",
                help="Drop the words of this file (between blanks) as well.",
            ),
            click.option(
                "--min-df", metavar="N|SHARE", default="1", help="Drop terms in fewer documents (5, or 0.01)."
            ),
            click.option(
                "--max-df",
                metavar="N|SHARE",
                default="1.0",
                help="Drop terms in more documents (100, or 0.5).",
            ),
            click.option(
                "--max-features", type=int, metavar="N", help="Keep only the N most frequent terms."
            ),
            click.option(
                "--ngram-range",
                metavar="LOW,HIGH",
                default="1,1",
                help="Lengths of runs of words to count as terms.",
            ),
            click.option(
                "--pattern",
                "--token-regex",
                metavar="NAME|REGEX",
                help="What a word is: letters (2 or more), identifiers (also TP53, HLA-B), or a regular expression.  "
                "[default: letters]",
            ),
            strip_option,
            click.option("--keep-case", "--preserve-case", is_flag=True, help="Do not lower-case the text."),
        )
    ):
        command = option(command)
    return command


def take_recipe(options: dict[str, Any]) -> Recipe:
    """The recipe that the text options ask for; they are taken out of `options`.

    Raises:
        click.UsageError: a value cannot be right. DataError: a stop-word list cannot be had.
    """
    from lda.corpus import Recipe, resolve_stop_words
    from lda.corpus.text.stop_words import with_extra

    stop_lists = _stop_lists(options)
    pattern, extra = options.pop("pattern"), options.pop("extra_stopwords")
    try:
        recipe = Recipe(
            text=options.pop("text"),
            id=options.pop("id"),
            lowercase=not options.pop("keep_case"),
            stop_words=resolve_stop_words(*stop_lists) if stop_lists else None,
            min_df=_frequency("--min-df", options.pop("min_df")),
            max_df=_frequency("--max-df", options.pop("max_df")),
            max_features=options.pop("max_features"),
            ngram_range=_ngram_range(options.pop("ngram_range")),
            strip=options.pop("strip"),
            **({} if pattern is None else {"pattern": pattern}),
        )
        return recipe if extra is None else replace(recipe, stop_words=with_extra(recipe.stop_words, extra))
    except ValueError as error:
        raise _usage(error) from error


def _stop_lists(options: dict[str, Any]) -> list[str]:
    """The stop-word lists that the options name, and that add up; they are taken out of `options`."""
    files = options.pop("stoplist_file")
    lists = [*options.pop("stop_words"), *files]
    if options.pop("remove_stopwords") and not files:
        lists.append("en")
    if "none" not in lists:
        return lists
    if len(lists) > 1:
        raise click.UsageError(f"--stop-words none goes without other lists, got {', '.join(lists)}")
    return []


def _usage(error: ValueError) -> Exception:
    from lda.corpus import DataError

    if isinstance(error, DataError):
        return error
    # What Python calls min_df is --min-df here; other messages begin with a word of their own.
    words = re.sub(
        r"^(text|id|pattern|strip|stop_words|min_df|max_df|max_features|ngram_range)\b",
        lambda name: "--" + name[0].replace("_", "-"),
        str(error),
    )
    return click.UsageError(words)


def _frequency(name: str, value: str) -> int | float:
    try:
        return int(value) if value.lstrip("+-").isdigit() else float(value)
    except ValueError:
        raise click.UsageError(f"{name} must be a count (5) or a share (0.05), got {value!r}") from None


def _ngram_range(value: str) -> tuple[int, int]:
    parts = value.replace("-", ",").split(",")
    if len(parts) not in (1, 2) or not all(part.strip().isdigit() for part in parts):
        raise click.UsageError(f"--ngram-range must be LOW,HIGH such as 1,2; got {value!r}")
    return int(parts[0]), int(parts[-1])


@contextmanager
def stored_inputs(options: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The options, with `inputs`, `reference` and `vocabulary` as paths and URIs of what can be read more than once.

    `-` is standard input. It and pipes are kept in temporary files within the block.

    Raises:
        DataError: a pipe is named twice, is without a writer or cannot be read. OSError: no room for the files.
    """
    from lda.corpus.readers.pipes import PipeStore
    from lda.corpus.storage.places import is_uri

    with PipeStore(None if sys.stdin is None else sys.stdin.buffer) as pipes:

        def stored(name: str) -> str | Path:
            return pipes.store_stdin() if name == "-" else name if is_uri(name) else pipes.stored(Path(name))

        paths: dict[str, Any] = {
            name: [stored(one) for one in options[name]]
            for name in ("inputs", "reference")
            if name in options
        }
        if options["vocabulary"] is not None:
            paths["vocabulary"] = stored(options["vocabulary"])
        yield {**options, **paths}


def names_of(inputs: Sequence[str]) -> str:
    """The first inputs, as progress and messages speak of them."""
    shown = ", ".join("stdin" if name == "-" else name for name in inputs[:3])
    return f"{shown}{' ...' if len(inputs) > 3 else ''}"


def size_of(corpus: Corpus) -> str:
    """The size in the words of every report: "237 documents, 1,900,000 tokens, 20,000 terms"."""
    without = f", {corpus.n_without_text:,} for want of a text field" if corpus.n_without_text else ""
    empty = f" ({corpus.n_empty_documents:,} of them empty{without})" if corpus.n_empty_documents else ""
    return f"{corpus.n_documents:,} documents{empty}, {corpus.n_tokens:,} tokens, {corpus.n_terms:,} terms"


def command_line(ctx: click.Context, **always: object) -> str:
    """A shell command that repeats this one: arguments, options that were given, and `always`.

    Options of how to report are left out, and so are --overwrite and --resume, which nobody should copy unawares,
    and keys in URIs: the command is kept in the model.
    """
    from lda.corpus.presentable import without_keys

    words = [*ctx.command_path.split()]
    options: list[str] = []
    for parameter in ctx.command.params:
        name = parameter.name or ""
        value = always.get(name, ctx.params.get(name))
        given = ctx.get_parameter_source(name) not in (
            ParameterSource.DEFAULT,
            ParameterSource.DEFAULT_MAP,
            None,
        )
        if name in NOT_REPEATED or value is None or not (given or name in always):
            continue
        if isinstance(parameter, click.Argument):
            words += [str(entry) for entry in (value if isinstance(value, tuple) else (value,))]
        else:
            longest = max(
                parameter.opts, key=lambda option: (option.startswith("--"), -parameter.opts.index(option))
            )
            each = value if isinstance(value, tuple) else (value,)
            options += [longest] if value is True else [word for one in each for word in (longest, str(one))]
    return shlex.join(without_keys(word) for word in words + options)
