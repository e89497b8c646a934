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
    "tune": ("lda.cli.tune.command", "tune", "Fit many models, and tell which serves."),
    "topics": ("lda.cli.topics", "topics", "Print the topics of a model."),
    "show": ("lda.cli.show", "show", "Show one topic, with its documents."),
    "label": ("lda.cli.label", "label", "Name the topics of a model."),
    "transform": ("lda.cli.transform.command", "transform", "Find the topics of new documents."),
    "serve": ("lda.cli.serve.command", "serve", "Answer requests for topics over HTTP."),
    "evaluate": ("lda.cli.evaluate.command", "evaluate", "Measure how good a model is."),
    "drift": ("lda.cli.drift", "drift", "Tell whether new documents are other ones."),
    "compare": ("lda.cli.compare.command", "compare", "Compare models, topic by topic."),
    "align": ("lda.cli.align", "align", "Give a model the topic numbers of another."),
    "merge-topics": ("lda.cli.merge_topics", "merge_topics", "Make one topic of several."),
    "split-topic": ("lda.cli.split_topic", "split_topic", "Make several topics of one."),
    "report": ("lda.cli.report.command", "report", "Show a model in one page, and as tables."),
    "card": ("lda.cli.card", "card", "Write a model card for the Hub."),
    "export": ("lda.cli.export.command", "export", "Write a model in another program's form."),
    "info": ("lda.cli.info", "info", "Describe a model."),
    "corpus": ("lda.cli.corpus.command", "corpus", "Build, inspect and split corpora on disk."),
    "status": ("lda.cli.status", "status", "Tell how a run stands."),
    "history": ("lda.cli.history", "history", "List the models below a folder."),
    "reproduce": ("lda.cli.reproduce", "reproduce", "Run a model's fit again and compare."),
    "mallet": ("lda.cli.mallet.command", "mallet", "Run MALLET's commands for topics."),
    "warm": ("lda.cli.warm", "warm", "Compile everything before the first fit."),
    "deploy": (
        "lda.cli.deploy.command",
        "deploy",
        "Print files that start a fit, or serve a model, elsewhere.",
    ),
}
"""Commands by name: the module, the name of the command in it, and its line in `lda --help`."""

SELDOM: Final = frozenset(
    {
        "compare",
        "align",
        "merge-topics",
        "split-topic",
        "reproduce",
        "card",
        "drift",
        "mallet",
        "warm",
        "deploy",
        "status",
        "history",
    }
)
"""Commands that `lda --help` names without their lines: all of it is to be seen on a terminal of 24 rows."""


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
            rows = [(name, text) for name, (_, _, text) in self.table.items() if name not in SELDOM]
            seldom = [name for name in self.table if name in SELDOM]
            formatter.write_dl(rows)
            if seldom:
                formatter.write_text(f"Also: {', '.join(seldom)}")

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
    has no other use for it, but for packages that are built on it, which get it.
    """
    sys.meta_path.insert(0, _WithoutPandas())


BUILT_ON_PANDAS: Final = ("anndata", "pyLDAvis", "mlflow")
"""Packages that import pandas themselves, when something needs them."""


class _WithoutPandas(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """None for all but pandas. Raises ModuleNotFoundError for that, if only Arrow can be asking."""
        if fullname == "pandas" and not any(name in sys.modules for name in BUILT_ON_PANDAS):
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
    # Lines that stay as they are, and no epilog: the help is to fit on a small terminal. That options have variables
    # stands in docs/how-to/scripts.md, too.
    help="\b\nTopic models by Latent Dirichlet Allocation. LDA_FIT_SEED sets `fit --seed`.\n"
    "Exit: 0 done, 1 failure, 2 usage, 3 data, 4 cluster, 5 differs, 130 Ctrl-C.",
)
@click.version_option(package_name="raylda", prog_name="lda", message="%(prog)s (raylda) %(version)s")
@click.option("--traceback", is_flag=True, hidden=True, help="Show where an unexpected error arose.")
def cli(traceback: bool) -> None:  # `exit_code` looks for it itself
    """Topic models by Latent Dirichlet Allocation. LDA_FIT_SEED sets `fit --seed`."""


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
