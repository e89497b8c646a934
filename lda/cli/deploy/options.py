"""Options that several kinds of `lda deploy` share, and the rules for what they take."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

import click

from lda.cli.option import Function, Heading, option
from lda.deploy.quoting import check_text
from lda.sizes import take_size

LABEL: Final = (
    re.compile(r"[a-z]([a-z0-9-]{0,45}[a-z0-9])?"),
    "up to 47 small letters, digits and hyphens, a letter first",
)
"""What Kubernetes takes as the name of a RayJob, and everybody else too."""

PATH: Final = (re.compile(r"/[\w./-]*[\w-]", re.ASCII), "an absolute path of letters, digits and ._-/")
WORD: Final = (re.compile(r"[\w.,:@/+-]+", re.ASCII), "one word of letters, digits and .,:@/+-_")
LEAST: Final = 1 << 20
EXPORT: Final = (re.compile(r"[\w.:\[\]-]+:/[\w./-]*", re.ASCII), "HOST:/PATH")


def matching(rule: tuple[re.Pattern[str], str]) -> Callable[..., Any]:
    """A callback that refuses values which do not match; what it lets through is safe unquoted, in any file."""
    pattern, words = rule

    def check(_ctx: click.Context, _parameter: click.Parameter, value: Any) -> Any:  # noqa: ANN401
        for text in value if isinstance(value, tuple) else (value,):
            if text is not None and not pattern.fullmatch(text):
                raise click.BadParameter(f"must be {words}, got {text!r}")
        return value

    return check


def line(_ctx: click.Context, parameter: click.Parameter, value: Any) -> Any:  # noqa: ANN401 - text or texts
    """A callback that refuses what is not one line of text."""
    for text in value if isinstance(value, tuple) else (value,):
        if text is not None:
            try:
                check_text(parameter.opts[0], text)
            except ValueError as error:
                raise click.BadParameter(str(error)) from None
    return value


def size(ctx: click.Context, parameter: click.Parameter, value: str | None) -> int | None:
    """A callback that turns a size into bytes, and refuses one that has lost its unit."""
    found = take_size(ctx, parameter, value)
    if found is not None and found < LEAST:
        raise click.BadParameter(f"must be at least 1Mi, got {value!r}; was a unit forgotten?")
    return found


def name_option(default: str | None = "raylda") -> Callable[[Function], Function]:
    """--name: of the job, or of the cluster."""
    return option(
        "--name",
        default=default,
        callback=matching(LABEL),
        heading=Heading.OUTPUT,
        help="What it is called.",
    )


ARGUMENTS: Final = click.argument(
    "fit", nargs=-1, type=click.UNPROCESSED, metavar="-- [ARGUMENTS OF lda fit]..."
)
COUNT: Final = click.IntRange(min=1)


def mount_option(what: str, *, default: str = "/shared") -> Callable[[Function], Function]:
    """--mount: the path at which all nodes see `what`."""
    return option(
        "--mount",
        default=default,
        callback=matching(PATH),
        heading=Heading.CLUSTER,
        help=f"Where {what} is mounted.",
    )


def replicas_options(
    least: str,
    most: str,
    cpus: str,
    *,
    brief_most: str | None = None,
) -> Callable[[Function], Function]:
    """--replicas, --max-replicas and --cpus of a service: what their help says. brief_most: the line of the second."""

    def add(command: Function) -> Function:
        command = option("--cpus", type=COUNT, default=1, heading=Heading.CLUSTER, help=cpus)(command)
        command = option(
            "--max-replicas",
            type=COUNT,
            heading=Heading.CLUSTER,
            help=most,
            brief=brief_most,
        )(command)
        return option("--replicas", type=COUNT, default=2, heading=Heading.CLUSTER, help=least)(command)

    return add


def check_replicas(least: int, most: int | None) -> None:
    """Raise click.UsageError for more replicas at least than at most; None is no bound."""
    if most is not None and most < least:
        raise click.UsageError(f"--max-replicas must be at least --replicas, {least}, got {most}")


def no_auth_option(command: Function) -> Function:
    """--no-auth, of services that else want a token."""
    return option("--no-auth", is_flag=True, heading=Heading.CLUSTER, help="Whoever reaches it may ask.")(
        command
    )


def dockerfile_options(*, image: str) -> Callable[[Function], Function]:
    """--image and --package, of commands that print a Dockerfile."""

    def add(command: Function) -> Function:
        command = click.option(
            "--package",
            callback=line,
            metavar="SPEC",
            help="What pip installs.  [default: the checkout beside the file]",
        )(command)
        return click.option(
            "--image", default=image, callback=matching(WORD), help="What the image is to be called."
        )(command)

    return add


def needed(fit: Sequence[str]) -> Sequence[str]:
    """The arguments of `lda fit`. Raises click.UsageError where there are none."""
    if not fit:
        raise click.UsageError(
            "give the arguments of lda fit behind --, such as: -- /shared/corpus -k 100 -o /shared/model"
        )
    return fit


def show(text: Callable[[], str]) -> None:
    """Print a file as it is. Raises click.UsageError where it cannot be written for these arguments."""
    try:
        click.echo(text(), nl=False)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
