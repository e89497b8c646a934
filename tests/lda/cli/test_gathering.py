"""Values of options become one typed object; none is lost, and none is left loose."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass
from typing import TYPE_CHECKING, Any

import click
import pytest
from click.testing import CliRunner

from lda.cli.gathering import gathered, taking
from lda.cli.option import Heading, option

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    width: int
    height: int = 1

    def __post_init__(self) -> None:
        if self.width < self.height:
            raise click.UsageError("--width must not be below --height")


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxOptions:
    name: str
    size: Size


def number(name: str) -> Callable[[Any], Any]:
    return option(name, type=int, default=5, heading=Heading.OUTPUT)


def command(*options: Callable[[Any], Any], also: Callable[[Any], Any] | None = None) -> click.Command:
    @gathered("size", Size, *options)
    @taking(BoxOptions)
    def box(options: BoxOptions) -> None:
        with pytest.raises(FrozenInstanceError):
            options.name = "other"  # type: ignore[misc]
        click.echo(f"{options.name} {options.size.width}x{options.size.height}")

    return click.command("box")(click.argument("name")(box if also is None else also(box)))


def test_options_of_a_group_become_its_object() -> None:
    box = command(number("--width"), number("--height"))
    assert [parameter.name for parameter in box.params] == ["name", "width", "height"]
    assert CliRunner().invoke(box, ["a", "--width", "7"]).stdout == "a 7x5\n"


def test_a_command_may_have_some_of_them() -> None:
    assert CliRunner().invoke(command(number("--width")), ["a"]).stdout == "a 5x1\n"


def test_what_cannot_be_is_wrong_usage() -> None:
    result = CliRunner().invoke(command(number("--width"), number("--height")), ["a", "--width", "2"])
    assert result.exit_code == 2
    assert "--width must not be below" in result.stderr


def test_an_option_that_nobody_takes_is_an_error() -> None:
    result = CliRunner().invoke(command(number("--width"), also=number("--depth")), ["a"])
    assert isinstance(result.exception, TypeError)
    assert "depth" in str(result.exception)
