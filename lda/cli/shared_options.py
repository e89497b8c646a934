"""Options that several commands share, each for itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from lda.cli.option import Function, Heading, option

if TYPE_CHECKING:
    from collections.abc import Callable

HIGHEST_SEED: Final = 2**64 - 1


def threads_option(command: Function) -> Function:
    """--threads: None takes all cores."""
    return option(
        "-j",
        "--threads",
        "--num-threads",
        type=click.IntRange(min=1),
        heading=Heading.MACHINE,
        help="Threads.  [default: all cores]",
    )(command)


def seed_option(*, default: int | None, help: str) -> Callable[[Function], Function]:  # noqa: A002 - as in click
    """--seed, of commands that sample the topics of new documents."""
    return option(
        "-s",
        "--seed",
        "--random-seed",
        type=click.IntRange(0, HIGHEST_SEED),
        default=default,
        heading=Heading.SAMPLER,
        help=help,
    )


def device_option(command: Function) -> Function:
    """--device, of commands that sample the topics of new documents."""
    return option(
        "--device",
        type=click.Choice(["cpu", "cuda"]),
        default="cpu",
        callback=_check_device,
        heading=Heading.MACHINE,
        help="cuda samples on a GPU, to the same topics.",
    )(command)


def _check_device(_ctx: click.Context, _parameter: click.Parameter, value: str) -> str:
    if value == "cuda":
        from lda.samplers.cuda.available import check_device

        check_device()
    return value


def overwrite_option(
    *,
    help: str,  # noqa: A002 - Click's name
    brief: str | None = None,
) -> Callable[[Function], Function]:
    """--overwrite, of commands that write files."""
    return option("--overwrite", is_flag=True, heading=Heading.OUTPUT, help=help, brief=brief)


def title_option(*, help: str) -> Callable[[Function], Function]:  # noqa: A002 - Click's name
    """--title, of commands that write a page about a model."""
    return option("--title", metavar="TEXT", heading=Heading.OUTPUT, help=help)


def page_option(*, default: str, help: str) -> Callable[[Function], Function]:  # noqa: A002 - Click's name
    """-o, of commands that write a page, or print it for `-`."""
    return option("-o", "--output", default=default, metavar="FILE", heading=Heading.OUTPUT, help=help)


def top_words_option(*, default: int, help: str) -> Callable[[Function], Function]:  # noqa: A002 - Click's name
    """--top-words, of commands that print the words of topics."""
    return option(
        "-n",
        "--top-words",
        "--num-top-words",
        type=click.IntRange(min=1),
        default=default,
        heading=Heading.OUTPUT,
        help=help,
    )


def bars_option(*, of: str) -> Callable[[Function], Function]:
    """--bars, of commands that print tables for people. of: what has a bar."""
    return option(
        "--bars",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        heading=Heading.OUTPUT,
        help=f"For {of}; auto: on a terminal.",
        brief=f"For {of}; auto: on a terminal.",
    )


def color_option(command: Function) -> Function:
    """--color, of commands that print tables for people."""
    return option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        heading=Heading.OUTPUT,
        help="Of what is printed; auto: on a terminal.",
        brief="Of what is printed; auto: on a terminal.",
    )(command)


def edited_option(command: Function) -> Function:
    """-o, of commands that write another model than the one they open."""
    return option(
        "-o",
        "--output",
        required=True,
        metavar="NEW",
        heading=Heading.OUTPUT,
        help="Folder (or s3://, gs:// URI) to write the new model to.",
        brief="Folder to write the new model to.",
    )(command)


def verify_option(command: Function) -> Function:
    """--no-verify, of commands that open a model."""
    return option(
        "--no-verify",
        is_flag=True,
        heading=Heading.MODEL,
        help="Do not compare the model's files with their checksums: one that is huge is there at once.",
    )(command)
