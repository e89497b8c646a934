"""The `lda` command: one folder or file a command, and what they share."""

from lda.cli.entry import COMMANDS, cli, main

__all__ = ["COMMANDS", "cli", "main"]
