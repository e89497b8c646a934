"""The inputs of a command: those that are named, and those of lists (--files-from)."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

import click
from click.core import ParameterSource

from lda.cli.option import Function, Heading, option

if TYPE_CHECKING:
    from collections.abc import Callable

_LISTED: Final = "lda.cli.listed_inputs"


class InputsArgument(click.Argument):
    """INPUT...; what lists name stands behind what is named itself."""

    def process_value(self, ctx: click.Context, value: Any) -> Any:  # noqa: ANN401 - click's own
        """The inputs, with those of the lists, which click has read before."""
        listed: tuple[str, ...] = ctx.meta.get(_LISTED, ())
        if listed and self.name is not None:
            ctx.set_parameter_source(self.name, ParameterSource.COMMANDLINE)
            named = (
                value if isinstance(value, tuple | list) else ()
            )  # click's mark of what is not given is neither
            value = (*named, *listed)
        return super().process_value(ctx, value)


def inputs_argument(
    name: str = "inputs",
    *,
    required: bool = True,
    metavar: str = "INPUT...",
    callback: Callable[..., Any] | None = None,
) -> Callable[[Function], Function]:
    """The argument of a command that reads documents; `source_options` has the option that adds to it."""
    return click.argument(
        name, cls=InputsArgument, nargs=-1, required=required, metavar=metavar, callback=callback
    )


def files_from_option(*, brief: str | None = None) -> Callable[[Function], Function]:
    """--files-from, whose inputs stand behind those that are named."""
    return option(
        "--files-from",
        multiple=True,
        is_eager=True,
        expose_value=False,
        callback=_keep_listed,
        metavar="LIST",
        heading=Heading.INPUT,
        help="File (or URI, or - for stdin) that names further inputs, one a line.",
        brief=brief,
    )


def _keep_listed(ctx: click.Context, _parameter: click.Parameter, value: tuple[str, ...]) -> None:
    if not value:
        return
    from lda.corpus.inputs.file_list import read_file_list

    if value.count("-") and sys.stdin is None:
        raise click.UsageError("stdin is closed; connect it to a file or pipe, or give --files-from a file")
    lists = [read_file_list(sys.stdin.buffer if place == "-" else place) for place in value]
    ctx.meta[_LISTED] = tuple(name for names in lists for name in names)
