"""What MALLET's train-topics has and `lda fit` takes otherwise: its file of options, --input, and what is refused."""

from __future__ import annotations

from typing import Any, Final

import click
from click.core import ParameterSource

from lda.cli.config_file import read_config
from lda.cli.option import Function, Heading, option

_INPUTS: Final = "lda.cli.fit.inputs"
_REFUSED: Final = {
    "--show-topics-interval": "topics are printed at the end, and lda topics prints those of a model",
    "--output-model-interval": "--checkpoint-every says how often a fit is stored, and with --resume it goes on",
    "--output-state-interval": "--output-state writes the state at the end",
    "--num-icm-iterations": "a model is averaged over states: --samples says how many",
    "--no-inference": "with --input-state give --num-iterations 0; the files of a model: lda export --to mallet",
}
"""Options of MALLET that have no meaning here, with what has."""


def mallet_options(command: Function) -> Function:
    """--config and --input; and the options that are refused with a word on what to use."""
    for name, remedy in reversed(_REFUSED.items()):
        command = click.option(
            name,
            expose_value=False,
            hidden=True,
            is_flag=False,
            flag_value="true",
            callback=_refusing(name, remedy),
        )(command)
    command = option(
        "--input",
        multiple=True,
        expose_value=False,
        is_eager=True,
        callback=_keep_inputs,
        metavar="INPUT",
        heading=Heading.INPUT,
        help="The same as INPUT.",
    )(command)
    return option(
        "--config",
        expose_value=False,
        is_eager=True,
        callback=_take_config,
        metavar="FILE",
        heading=Heading.MESSAGES,
        help="Options in a file, as lines `num-topics = 20`; those of the command line win.",
    )(command)


def with_inputs(ctx: click.Context, _parameter: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    """The inputs that were named, by --input, too."""
    more: tuple[str, ...] = ctx.meta.get(_INPUTS, ())
    if more:
        ctx.set_parameter_source("inputs", ParameterSource.COMMANDLINE)
    return (*value, *more)


def _keep_inputs(ctx: click.Context, _parameter: click.Parameter, value: tuple[str, ...]) -> None:
    if value:
        ctx.meta[_INPUTS] = value


def _take_config(ctx: click.Context, _parameter: click.Parameter, value: str | None) -> None:
    """Options in the file stand where defaults do. Raises click.UsageError for one that there is not."""
    if value is None:
        return
    known = {name: found for found in ctx.command.params for name in found.opts}
    values: dict[str, Any] = {}
    for name, text in read_config(value):
        if name == "input":
            ctx.meta[_INPUTS] = tuple(text.split())
            continue
        parameter = known.get(f"--{name}")
        if name == "config":
            raise click.UsageError(f"{value} names another file of options; put all of them into one")
        if parameter is None or parameter.name is None:
            raise click.UsageError(f"{value} has the option {name!r:.60}, which {ctx.command_path} has not")
        if f"--{name}" in _REFUSED:
            raise click.UsageError(f"{value}: {name} has no meaning here: {_REFUSED[f'--{name}']}")
        values[parameter.name] = [*values.get(parameter.name, ()), text] if parameter.multiple else text
    ctx.default_map = {**(ctx.default_map or {}), **values}


def _refusing(name: str, remedy: str) -> Any:  # noqa: ANN401 - a callback of click
    def callback(_ctx: click.Context, _parameter: click.Parameter, value: str | None) -> None:
        if value is not None:
            raise click.UsageError(f"{name} has no meaning here: {remedy}")

    return callback
