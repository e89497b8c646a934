"""Options of commands: each says under which heading of the help it stands."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

Function = TypeVar("Function", bound="Callable[..., Any]")


class Heading(StrEnum):
    """What the options of a command are about, in the order of the help."""

    ESSENTIALS = "Essentials"
    MODEL = "Model"
    GROUPS = "A model for each group"
    INPUT = "Input"
    DOCUMENTS = "Documents"
    TEXT = "Text"
    SAMPLER = "Sampler"
    SEARCH = "Search"
    EVALUATION = "Evaluation"
    FOREIGN = "Topics of another program"
    CLOUD = "Machines of a cloud (aws, gcp)"
    HOSTS = "Hosts of your own (local)"
    CLUSTER = "Cluster"
    CHECKPOINTS = "Checkpoints"
    MACHINE = "Memory and device"
    OUTPUT = "Output"
    SERVICE = "Service"
    LIMITS = "Limits"
    MONITORING = "Monitoring"
    MALLET = "Files of MALLET"
    MESSAGES = "Messages and help"


_METAVARS: Final = {
    type(click.INT): "N",
    click.IntRange: "N",
    type(click.FLOAT): "X",
    click.FloatRange: "X",
}
"""Shorter than click's own INTEGER RANGE."""

HIGHEST: Final = 2**63 - 1
"""What counts are held in; a larger number would be found to be one only where it is used."""


class Option(click.Option):
    """An option with a place in the help.

    Its own names are the first with one dash and the first with two. The others are what other programs call it: only
    the whole help tells them, behind the text, so that the lines stay short.

    heading: where the whole help shows it. brief: its line among the essentials; None for `help` and the default.
    """

    def __init__(
        self,
        *args: Any,  # noqa: ANN401 - click's own
        heading: Heading,
        brief: str | None = None,
        **details: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(*args, **details)
        self.heading, self.brief = heading, brief
        if self.metavar is None and not (self.is_flag or self.count):
            self.metavar = _METAVARS.get(type(self.type))

    def type_cast_value(self, ctx: click.Context, value: Any) -> Any:  # noqa: ANN401 - as in click
        """As in click, and no larger a number than can be counted to, where the option names no bound itself."""
        made = super().type_cast_value(ctx, value)
        bounded = isinstance(self.type, click.IntRange) and self.type.max is not None
        for number in made if isinstance(made, tuple) else (made,):
            if isinstance(number, int) and not bounded and abs(number) > HIGHEST:
                raise click.BadParameter(f"{number} is too large; give one up to {HIGHEST}", ctx, self)
        return made

    @property
    def own_names(self) -> list[str]:
        """One name with one dash, one with two, as far as it has them."""
        long = [name for name in self.opts if name.startswith("--")]
        return [name for name in self.opts if not name.startswith("--")][:1] + long[:1]

    @property
    def synonyms(self) -> list[str]:
        """All its other names."""
        return [name for name in self.opts if name not in self.own_names]

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """(own names and kind of value, text with default and synonyms); None for a hidden one."""
        record = super().get_help_record(ctx)
        if record is None:
            return None
        also = f"  [also: {', '.join(self.synonyms)}]" if self.synonyms else ""
        return self._spec(ctx), record[1] + also

    def brief_record(self, ctx: click.Context) -> tuple[str, str]:
        """The help record on one line: without synonyms and the range of a number."""
        extra = self.get_help_extra(ctx)
        told = "  [required]" if self.required else ""
        if self.brief is None and "default" in extra:
            told = f"  [default: {extra['default']}]"
        return self._spec(ctx), ((self.help or "") if self.brief is None else self.brief) + told

    def _spec(self, ctx: click.Context) -> str:
        names = ", ".join(self.own_names)
        return names if self.is_flag or self.count else f"{names} {self.make_metavar(ctx)}"


def option(
    *names: str,
    heading: Heading,
    brief: str | None = None,
    **details: Any,  # noqa: ANN401 - what click.option takes
) -> Callable[[Function], Function]:
    """As `click.option`, with a place in the help."""
    return click.option(*names, cls=Option, heading=heading, brief=brief, **details)
