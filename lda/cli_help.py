"""Commands whose help ends in an Examples block that stands as written."""

from __future__ import annotations

from typing import Any, Final

import click

SPELLED: Final = "lda.spelled"
"""In the `meta` of a context: the long options of its command as they were typed, a frozenset."""


class WithExamples(click.Command):
    """A command with `examples`, one shell command each; click would run lines of a docstring together."""

    def __init__(self, *args: Any, examples: tuple[str, ...] = (), **options: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **options)
        self.examples = examples

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse as ever, and keep the options as they were spelled: click tells only what they are called here."""
        options = args[: args.index("--")] if "--" in args else args
        ctx.meta[SPELLED] = frozenset(word.partition("=")[0] for word in options if word.startswith("--"))
        return super().parse_args(ctx, args)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples, then the epilog."""
        formatter.write_paragraph()
        formatter.write_text("Examples:")
        for example in self.examples:
            formatter.write(f"  {example}\n")
        super().format_epilog(ctx, formatter)


class GroupWithExamples(WithExamples, click.Group):
    """A group of commands with `examples`."""
