"""Commands whose help ends in an Examples block that stands as written."""

from __future__ import annotations

from difflib import get_close_matches
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
    """A group of commands with `examples`, that names the commands like one it has not."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with the likely names in the error."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            told = error.format_message()
            # One letter too few or too many is the usual slip: `lda topic`, `lda corpus biuld`.
            close = get_close_matches(args[0].lower(), self.list_commands(ctx))
            if not close or "Did you mean" in told:  # newer versions of click look themselves, where they can
                raise
            raise click.UsageError(f"{told} Did you mean {' or '.join(close)}?", ctx) from None
