"""The shell command that repeats the one that is running."""

from __future__ import annotations

import shlex
from typing import Final

import click
from click.core import ParameterSource

from lda.corpus.presentable import without_keys

NOT_REPEATED: Final = {
    "overwrite", "resume", "json", "quiet", "verbose", "progress", "traceback", "mlflow", "status", "metrics_port",
    "log", "no_log",
}  # fmt: skip


def command_line(ctx: click.Context, **always: object) -> str:
    """A shell command that repeats this one: arguments, options that were given, and `always`.

    Options of how to report are left out, and so are --overwrite and --resume, which should not be copied unawares,
    and keys in URIs: the command is kept in the model.
    """
    words = [*ctx.command_path.split()]
    options: list[str] = []
    for parameter in ctx.command.params:
        name = parameter.name or ""
        value = always.get(name, ctx.params.get(name))
        # What a file of options has set counts as given: the file may be another by then.
        given = ctx.get_parameter_source(name) not in (ParameterSource.DEFAULT, None)
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
