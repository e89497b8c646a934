"""The `lda` command: the group, and how errors end."""

from __future__ import annotations

import os
import sys
import threading
import warnings
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Final, NoReturn

import click

from lda.cli.errors import DONE, FAILURE, exit_code, say
from lda.cli.help import CommandGroup
from lda.cli.signals import obey_soon

COMMANDS: Final[Mapping[str, tuple[str, str, str]]] = {
    "fit": ("lda.cli.fit.command", "fit", "Fit topics to documents."),
    "topics": ("lda.cli.topics", "topics", "Print the topics of a model."),
    "show": ("lda.cli.show", "show", "Show one topic, with its documents."),
    "label": ("lda.cli.label", "label", "Name the topics of a model."),
    "transform": ("lda.cli.transform.command", "transform", "Find the topics of new documents."),
    "evaluate": ("lda.cli.evaluate.command", "evaluate", "Measure how good a model is."),
    "report": ("lda.cli.report.command", "report", "Show a model in one page, and as tables."),
    "info": ("lda.cli.info", "info", "Describe a model."),
    "corpus": ("lda.cli.corpus.command", "corpus", "Build and inspect corpora on disk."),
    "warm": ("lda.cli.warm", "warm", "Compile everything before the first fit."),
    "deploy": ("lda.cli.deploy.command", "deploy", "Print files that start a fit on a cluster."),
}
"""Commands by name: the module, the name of the command in it, and its line in `lda --help`."""


_ending: Final = threading.Event()
"""Set once the user has been told how the command ended, though threads may still keep the process from ending."""


class LazyGroup(CommandGroup):
    """Commands whose files are imported when they run, and errors that end in one line and an exit code.

    table: as COMMANDS, in the order in which a newcomer needs them.
    """

    def __init__(
        self,
        *args: Any,  # noqa: ANN401 - click's own
        table: Mapping[str, tuple[str, str, str]],
        **details: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(*args, **details)
        self.table = table

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the table."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in self.table:
            return None
        module, name, line = self.table[cmd_name]
        command: click.Command = getattr(import_module(module), name)
        command.short_help = line
        return command

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands. The few options stand in the usage: a list of them would push commands off the screen."""
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table: importing them all would make --help slow."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in self.table.items()])

    def main(self, args: Sequence[str] | None = None, *rest: Any, **options: Any) -> NoReturn:  # noqa: ANN401 - click's own signature
        """Run, and exit with one of the documented codes; only --traceback shows where an error arose."""
        options["standalone_mode"] = False
        arguments = sys.argv[1:] if args is None else list(args)
        try:
            code = super().main(arguments, *rest, **options)
            if sys.stdout is not None:  # as where the caller has closed it
                sys.stdout.flush()
        except BaseException as error:  # noqa: BLE001 - everything that ends a command passes through here
            code = exit_code(error, arguments=arguments)
            _ending.set()
        sys.exit(code if isinstance(code, int) else DONE)


def _show_warning(message: Warning | str, *_args: Any, **_options: Any) -> None:  # noqa: ANN401 - warnings' signature
    say(f"warning: {message}")


def go_without_pandas() -> None:
    """Have nothing in this process import pandas.

    Arrow does so, where there is one, to ask it whether a list is one of its own: half a second and 35 MB. This command
    has no other use for it.
    """
    sys.meta_path.insert(0, _WithoutPandas())


class _WithoutPandas(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """None for all but pandas. Raises ModuleNotFoundError for that."""
        if fullname == "pandas":
            raise ModuleNotFoundError("the command lda goes without pandas", name=fullname)
        return None


@click.group(
    "lda",
    cls=LazyGroup,
    table=COMMANDS,
    examples=("lda fit speeches.jsonl --text text --stop-words en -k 30 -o model/",),
    options_metavar="[--version] [-h, --help]",
    context_settings={
        "auto_envvar_prefix": "LDA",
        "help_option_names": ["-h", "--help"],
        "max_content_width": 110,
        "show_default": True,
    },
    epilog="Exit codes: 0 done, 1 failure, 2 wrong usage, 3 bad data, 4 no cluster, 130 interrupted. "
    "Options have variables: LDA_FIT_SEED is `lda fit --seed`.",
)
@click.version_option(package_name="raylda", prog_name="lda", message="%(prog)s (raylda) %(version)s")
@click.option("--traceback", is_flag=True, hidden=True, help="Show where an unexpected error arose.")
def cli(traceback: bool) -> None:  # `exit_code` looks for it itself
    """Topic models of text and counts: Latent Dirichlet Allocation."""


def main() -> NoReturn:
    """Entry point of the command."""
    warnings.showwarning = _show_warning
    go_without_pandas()
    obey_soon(lambda: _ending.is_set() or exit_code(KeyboardInterrupt()))
    try:
        cli.main(prog_name="lda")
    except SystemExit as end:
        head = sys.modules.get("lda.cluster.distributed.head")
        if head is not None and head.STUCK.is_set():
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(end.code if isinstance(end.code, int) else FAILURE)
        raise
