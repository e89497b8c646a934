"""Commands whose help ends in an Examples block that stands as written."""

from __future__ import annotations

from typing import Any

import click


class WithExamples(click.Command):
    """A command with `examples`, one shell command each; click would run lines of a docstring together."""

    def __init__(self, *args: Any, examples: tuple[str, ...] = (), **options: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **options)
        self.examples = examples

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples, then the epilog."""
        formatter.write_paragraph()
        formatter.write_text("Examples:")
        for example in self.examples:
            formatter.write(f"  {example}\n")
        super().format_epilog(ctx, formatter)


class GroupWithExamples(WithExamples, click.Group):
    """A group of commands with `examples`."""
