"""The `lda` command: the group, and how errors end."""

from __future__ import annotations

import os
import sys
import threading
import traceback
import warnings
from importlib import import_module
from typing import Any, Final, NoReturn

import click

from lda.cli_help import GroupWithExamples
from lda.interrupt import obey_soon

COMMANDS: Final = {
    "fit": ("lda.cli_fit", "fit", "Fit topics to documents."),
    "topics": ("lda.cli_read", "topics", "Print the topics of a model."),
    "transform": ("lda.cli_transform", "transform", "Find the topics of new documents."),
    "evaluate": ("lda.cli_evaluate", "evaluate", "Measure how good a model is."),
    "info": ("lda.cli_read", "info", "Describe a model."),
    "corpus": ("lda.cli_corpus", "corpus", "Build and inspect corpora on disk."),
    "deploy": ("lda.cli_deploy", "deploy", "Print files that start a fit on a cluster."),
}

DONE, FAILURE, USAGE, BAD_DATA, NO_CLUSTER, INTERRUPTED = 0, 1, 2, 3, 4, 130
"""Exit codes, all there are."""


_ending: Final = threading.Event()
"""Set once the user has been told how the command ended, though threads may still keep the process from ending."""


class LazyGroup(GroupWithExamples):
    """Commands whose files are imported when they run, and errors that end in one line and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order in which a newcomer needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        module, name, _ = COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table above: importing them all would make --help slow."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in COMMANDS.items()])

    def main(self, *args: Any, **options: Any) -> NoReturn:  # noqa: ANN401 - click's own signature
        """Run, and exit with one of the codes above; only --traceback shows where an error arose."""
        options["standalone_mode"] = False
        try:
            code = super().main(*args, **options)
            sys.stdout.flush()
        except BaseException as error:  # noqa: BLE001 - everything that ends a command passes through here
            code = exit_code(error)
            _ending.set()
        sys.exit(code if isinstance(code, int) else DONE)


def exit_code(error: BaseException) -> int:
    """Tell the user in one line what ended the command, and return its exit code."""
    from lda.corpus.errors import DataError

    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else FAILURE
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if _wants_traceback():
        traceback.print_exception(error)
    if isinstance(error, click.ClickException):
        error.show()
        return error.exit_code
    if isinstance(error, (KeyboardInterrupt, click.Abort)):
        _say("interrupted; outputs that were not complete are discarded")
        return INTERRUPTED
    if isinstance(error, DataError):
        _say(f"error: {error}")
        return BAD_DATA
    if (
        type(error).__module__ == "lda.cluster.checkpoint"
    ):  # has been imported then, and is not for others' sake
        from lda.cluster.checkpoint import OtherFitError

        _say(f"error: {error}")
        return BAD_DATA if isinstance(error, OtherFitError) else FAILURE
    if type(error).__module__ == "lda.cluster.cluster":  # likewise: ClusterError
        _say(f"error: {error}")
        return NO_CLUSTER
    return _failure(error)


def _failure(error: BaseException) -> int:
    if isinstance(error, BrokenPipeError):
        # The reader of our output has left (`lda topics MODEL | head`): nothing to say, and nothing may be
        # said by Python's own flush at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILURE
    if isinstance(error, MemoryError):
        _say("error: out of memory; use fewer topics, prune rare terms (--min-df), or a larger machine")
    elif isinstance(error, OSError):
        _say(f"error: {error.strerror or error}{f': {error.filename}' if error.filename else ''}")
    else:
        text = " ".join(str(error).split())
        _say(f"error: {type(error).__name__}: {text}; run with --traceback (or LDA_TRACEBACK=1) to see where")
    return FAILURE


def _wants_traceback() -> bool:
    return "--traceback" in sys.argv or os.environ.get("LDA_TRACEBACK", "") not in ("", "0")


def _say(text: str) -> None:
    print("lda:", " ".join(text.split()), file=sys.stderr, flush=True)  # noqa: T201


def _show_warning(message: Warning | str, *_args: Any, **_options: Any) -> None:  # noqa: ANN401 - warnings' signature
    _say(f"warning: {message}")


@click.group(
    "lda",
    cls=LazyGroup,
    examples=(
        "lda fit speeches.jsonl --text text --stop-words en -k 30 -o model/",
        "lda topics model/",
        "lda transform model/ new.jsonl --text text -o topics.parquet --top 5",
        "lda evaluate model/ heldout.jsonl --text text",
    ),
    context_settings={
        "auto_envvar_prefix": "LDA",
        "help_option_names": ["-h", "--help"],
        "max_content_width": 110,
        "show_default": True,
    },
    epilog="Exit codes: 0 done, 1 failure, 2 wrong usage, 3 bad data, 4 no or too small a cluster, "
    "130 interrupted. "
    "Each option can be set by an environment variable, as LDA_FIT_SEED for `lda fit --seed`.",
)
@click.version_option(package_name="raylda", prog_name="lda", message="%(prog)s (raylda) %(version)s")
@click.option("--traceback", is_flag=True, help="Show where an unexpected error arose.")
def cli(traceback: bool) -> None:  # read in `exit_code`, which knows no context
    """Topic models of text and counts: Latent Dirichlet Allocation."""


def main() -> NoReturn:
    """Entry point of the command."""
    warnings.showwarning = _show_warning
    obey_soon(lambda: _ending.is_set() or exit_code(KeyboardInterrupt()))
    try:
        cli.main(prog_name="lda")
    except SystemExit as end:
        head = sys.modules.get("lda.cluster.head")
        if head is not None and head.STUCK.is_set():
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(end.code if isinstance(end.code, int) else FAILURE)
        raise
