"""Commands and their help: the essentials first, the rest under headings, examples that stand as written."""

from __future__ import annotations

import inspect
import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

import click

from lda.cli.option import Heading, Option

if TYPE_CHECKING:
    from collections.abc import Sequence

SPELLED: Final = "lda.spelled"
"""In the `meta` of a context: the long options of its command as they were typed, a frozenset."""

_WHOLE: Final = "lda.whole_help"
"""In the `meta` of a context: whether the whole help is asked for."""

_UNBROKEN: Final = "\N{NON-BREAKING HYPHEN}"
"""Stands for the hyphens of names while lines are broken."""

HELP_ALL: Final = "--help-all"
BRIEF_EXAMPLES: Final = 2


class Command(click.Command):
    """A command whose options stand under headings, with examples below them.

    Where `essentials` are named, --help shows these alone, a line each, so that all of it is seen on a terminal of 24
    rows; --help-all shows everything. A command with few options needs none, and its --help shows everything.

    examples: one shell command each; click would run lines of a docstring together. The first two that are short go
    with the essentials.
    essentials: names of parameters, in the order in which a newcomer needs them.
    """

    def __init__(
        self,
        *args: Any,  # noqa: ANN401 - click's own
        examples: Sequence[str] = (),
        essentials: Sequence[str] = (),
        **details: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(*args, **details)
        named = {option.name: option for option in self.params if isinstance(option, Option)}
        if missing := [name for name in essentials if name not in named]:
            raise ValueError(f"essentials must be options of {self.name}, got {', '.join(missing)}")
        self.examples = examples
        self.essentials = [named[name] for name in essentials]
        self._help_all = click.Option(
            [HELP_ALL],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            allow_from_autoenv=False,
            callback=_show_whole_help,
            help="Show all options and exit.",
            hidden=not essentials,  # --help shows all there, and nobody need know beforehand where it does
        )

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """The parameters, --help, and --help-all, which is hidden where --help shows everything."""
        found = super().get_params(ctx)
        return [*found, self._help_all]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse as ever, and keep the options as they were spelled: click tells only what they are called here."""
        options = args[: args.index("--")] if "--" in args else args
        ctx.meta[SPELLED] = frozenset(word.partition("=")[0] for word in options if word.startswith("--"))
        return super().parse_args(ctx, args)

    def get_help(self, ctx: click.Context) -> str:
        """The help. Names of options stay whole, where click would break a line behind a hyphen."""
        return super().get_help(ctx).replace(_UNBROKEN, "-")

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what the command is for; in brief, the first paragraph of it."""
        if not self._brief(ctx):
            super().format_help_text(ctx, formatter)
            return
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(inspect.cleandoc(self.help or "").partition("\n\n")[0])

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the essentials alone, or all options: under headings where there are more than the essentials."""
        if not self.essentials:
            super().format_options(ctx, formatter)
            return
        options = [
            found for found in self.get_params(ctx) if isinstance(found, click.Option) and not found.hidden
        ]
        if self._brief(ctx):
            rows = [option.brief_record(ctx) for option in self.essentials]
            rows.append((HELP_ALL, f"Show all {len(options)} options, and more examples."))
            with formatter.section(Heading.ESSENTIALS):
                formatter.write_dl(rows)
            return
        sections: dict[Heading, list[click.Option]] = {heading: [] for heading in Heading}
        sections[Heading.ESSENTIALS] += self.essentials
        for option in options:
            if option not in self.essentials:
                sections[option.heading if isinstance(option, Option) else Heading.MESSAGES].append(option)
        for heading, found in sections.items():
            if found:
                with formatter.section(heading):
                    records = [record for one in found if (record := one.get_help_record(ctx))]
                    formatter.write_dl([(names, _unbroken(text)) for names, text in records])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples, then the epilog."""
        examples = self.examples
        if self._brief(ctx):
            examples = [one for one in examples if len(one) < formatter.width][:BRIEF_EXAMPLES]
        formatter.write_paragraph()
        formatter.write_text("Examples:")
        for example in examples:
            formatter.write(f"  {example}\n")
        super().format_epilog(ctx, formatter)

    def _brief(self, ctx: click.Context) -> bool:
        return bool(self.essentials) and not ctx.meta.get(_WHOLE, False)


def _unbroken(text: str) -> str:
    return re.sub(r"--[a-z-]+", lambda name: name[0].replace("-", _UNBROKEN), text)


def _show_whole_help(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        ctx.meta[_WHOLE] = True
        click.echo(ctx.get_help(), color=ctx.color)
        ctx.exit()


class CommandGroup(Command, click.Group):
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
