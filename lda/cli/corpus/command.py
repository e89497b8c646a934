"""`lda corpus`: the group of commands on corpora on disk."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

import click

from lda.cli.help import CommandGroup

if TYPE_CHECKING:
    from collections.abc import Mapping

COMMANDS: Final[Mapping[str, Mapping[str, tuple[str, str, str]]]] = {
    "Make": {
        "build": ("build", "build", "Read documents into a corpus folder."),
        "append": ("append", "append", "Add documents to a corpus."),
        "merge": ("merge", "merge", "Make one corpus of several."),
    },
    "Look into": {
        "info": ("info", "info", "Tell what is in a corpus."),
        "terms": ("terms", "terms", "Print the terms with their frequencies."),
        "stop-words": ("stop_words", "print_stop_words", "Print a list of stop words."),
        "phrases": ("phrases", "print_phrases", "List the phrases of documents, with scores."),
        "overlap": ("split", "overlap", "Count documents of one corpus in another."),
    },
    "Take apart": {
        "split": ("split", "split", "Divide documents for training and scoring."),
        "sample": ("sample", "sample", "Draw some documents."),
        "select": ("select", "select", "Choose documents and terms."),
    },
    "Hand over": {
        "export": ("export", "export", "Write it as a file of another program."),
    },
}
"""Commands by what they are for: of each the file, the name of the command in it, and its line in the help."""

_ROWS: Final = {name: row for group in COMMANDS.values() for name, row in group.items()}


class CorpusGroup(CommandGroup):
    """Commands whose files are imported when they run, listed under what they are for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the table."""
        return list(_ROWS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in _ROWS:
            return None
        file, name, line = _ROWS[cmd_name]
        command: click.Command = getattr(import_module(f"lda.cli.corpus.{file}"), name)
        command.short_help = line
        return command

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands from the table; the only option stands in the usage."""
        formatter.write_paragraph()
        width = max(map(len, _ROWS))
        for heading, group in COMMANDS.items():
            # No blank lines between, so that all of it is seen on a terminal of 24 rows.
            formatter.write(f"{heading}:\n")
            for name, (_, _, line) in group.items():
                formatter.write(f"  {name:<{width}}  {line}\n")


@click.group(
    cls=CorpusGroup,
    examples=("lda corpus build news/*.parquet --text body --id url -o corpus/",),
    options_metavar="[-h, --help]",
)
def corpus() -> None:
    """Corpora on disk: read once, fit many times; larger than memory."""
