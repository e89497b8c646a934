"""How commands end: one line for a person on stderr, one JSON object on stdout where --json asks for it, a code."""

from __future__ import annotations

import errno
import io
import os
import re
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise, takewhile
from typing import Final, NamedTuple

import click

from lda.cli.terminal import shown
from lda.corpus.presentable import presentable

DONE, FAILURE, USAGE, BAD_DATA, NO_CLUSTER, DIFFERS, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130
"""Exit codes, all there are. DIFFERS is no failure: the command did what it should, and two things are not alike: a model
and its repetition, or new documents and those that a model was made for."""

FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
"""Of a disk, or of what a user may have of it."""

INTERRUPTION: Final = "interrupted; outputs that were not complete are discarded"


class Ending(NamedTuple):
    """What ended a command. kind: its name in JSON. message: one line; "" where nothing is to be said."""

    kind: str
    message: str
    exit_code: int


def exit_code(error: BaseException, *, arguments: Sequence[str] = ()) -> int:
    """Tell the user what ended the command, and return its exit code.

    arguments: of the command, in which --json and --traceback are looked for: an error may come before, or instead
    of, their being understood.
    """
    if isinstance(error, click.exceptions.Exit):  # a command that has said everything itself
        return error.exit_code
    if _wants_traceback(arguments) and not isinstance(error, SystemExit):
        _write(shown("".join(traceback.format_exception(error))))
    ending = ending_of(error)
    if isinstance(error, BrokenPipeError):
        # The reader of our output has left (`lda topics MODEL | head`): nothing to say, and nothing may be
        # said by Python's own flush at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if ending.message:
        _say_on_stderr(error, ending)
    if ending.exit_code != DONE and not isinstance(error, BrokenPipeError) and wants_json(arguments):
        _print_json(ending)
    return ending.exit_code


def ending_of(error: BaseException) -> Ending:
    """How a command ends for what was raised in it."""
    if isinstance(error, click.exceptions.Exit):
        kind = "interrupted" if error.exit_code == INTERRUPTED else "failure"
        return Ending(kind, "", error.exit_code)
    if isinstance(error, SystemExit):
        code = error.code if isinstance(error.code, int) else FAILURE
        return Ending("failure", "" if code == DONE else f"ended with exit code {code}", code)
    if isinstance(error, (KeyboardInterrupt, click.Abort)):  # click makes the second of the first
        told = error if isinstance(error, KeyboardInterrupt) else error.__cause__
        return Ending("interrupted", str(told or "") or INTERRUPTION, INTERRUPTED)
    if isinstance(error, click.ClickException):
        return Ending("usage", error.format_message(), error.exit_code)
    ours = getattr(type(error), "exit_code", None)
    if isinstance(ours, int):
        return Ending(getattr(type(error), "kind", "failure"), str(error), ours)
    return _failure(error)


def _failure(error: BaseException) -> Ending:
    if isinstance(error, BrokenPipeError):
        return Ending("system", "", FAILURE)
    if isinstance(error, MemoryError):
        text = "out of memory; use fewer topics, prune rare terms (--min-df), or a larger machine"
        return Ending("memory", text, FAILURE)
    if (
        isinstance(error, OSError) and error.errno in FULL and not error.filename
    ):  # as of Arrow, which names no file
        from tempfile import gettempdir

        text = (
            f"{os.strerror(error.errno or 0)}; free some where the output is written, and where temporary files are "
            f"({gettempdir()}, or what TMPDIR names)"
        )
        return Ending("system", text, FAILURE)
    if isinstance(error, OSError):
        text = f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}"
        return Ending("system", text, FAILURE)
    text = f"{type(error).__name__}: {error}; run with --traceback (or LDA_TRACEBACK=1) to see where"
    return Ending("failure", text, FAILURE)


def _say_on_stderr(error: BaseException, ending: Ending) -> None:
    if isinstance(error, SystemExit):  # whoever raised it has said why
        return
    if isinstance(error, click.ClickException):
        written = io.StringIO()  # with the usage of the command, in several lines
        error.show(file=written)
        _write(shown(written.getvalue()))
    else:
        say(ending.message if ending.kind == "interrupted" else f"error: {ending.message}")


def say(text: str) -> None:
    """One line on stderr."""
    _write(f"lda: {_one_line(text)}\n")


def _one_line(text: str) -> str:
    return presentable(re.sub(r"\s*[\r\n]\s*", " ", text.strip()))  # blanks may belong to names of files


def _write(text: str) -> None:
    with suppress(OSError, ValueError):  # stderr is closed
        sys.stderr.write(text)
        sys.stderr.flush()


def _print_json(ending: Ending) -> None:
    from lda.model.run_record import json_line

    error = {**ending._asdict(), "message": _one_line(ending.message)}
    with suppress(OSError, ValueError):
        click.echo(json_line({"error": error}))


def wants_json(arguments: Sequence[str]) -> bool:
    """Whether --json is among the arguments of a command, or set for it by its environment variable.

    --format json of `lda topics` is the same.
    """
    words = list(takewhile(lambda word: word != "--", arguments))
    path = [word for word in words if not word.startswith("-")][:2]
    as_format = path[:1] == ["topics"] and (
        "--format=json" in words or ("--format", "json") in pairwise(words)
    )
    if "--json" in words or as_format:
        return True
    names = {"_".join(["LDA", *path[:n], "JSON"]).upper() for n in (1, 2)}
    return any(_is_set(os.environ.get(name, "")) for name in names)


def _wants_traceback(arguments: Sequence[str]) -> bool:
    return "--traceback" in arguments or _is_set(os.environ.get("LDA_TRACEBACK", ""))


def _is_set(value: str) -> bool:
    return value.strip().lower() not in ("", "0", "false", "f", "no", "n", "off")
