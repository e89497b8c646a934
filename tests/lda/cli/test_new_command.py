"""A new command is a file and a row: it has help, typed options, --json, exit codes and variables like any other."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from lda.cli import COMMANDS, cli
from lda.cli.entry import LazyGroup

if TYPE_CHECKING:
    from pathlib import Path

FILE = '''
"""`lda toy`."""

from __future__ import annotations

from dataclasses import dataclass

import click

from lda.cli.console import Console, output_options
from lda.cli.gathering import taking
from lda.cli.help import Command
from lda.cli.option import Heading, option
from lda.corpus.errors import DataError


@dataclass(frozen=True, slots=True, kw_only=True)
class ToyOptions:
    name: str
    times: int
    console: Console

    def __post_init__(self) -> None:
        if self.times < 1:
            raise click.UsageError(f"--times must be 1 or more, got {self.times}")


@click.command(cls=Command, examples=("lda toy world --times 2",), essentials=("times",))
@click.argument("name")
@option("--times", type=int, default=1, heading=Heading.OUTPUT, help="How often.")
@output_options
@taking(ToyOptions)
def toy(options: ToyOptions) -> None:
    """Greet."""
    if options.name == "nobody":
        raise DataError("there is nobody to greet; name somebody")
    value = {"greeting": " ".join(["hello", options.name] * options.times)}
    options.console.result(value, lambda: value["greeting"])
'''
ROW = {"toy": ("toy_command", "toy", "Greet somebody.")}


@pytest.fixture
def group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LazyGroup:
    (tmp_path / "toy_command.py").write_text(textwrap.dedent(FILE))
    monkeypatch.syspath_prepend(tmp_path)
    return LazyGroup("lda", table={**COMMANDS, **ROW}, context_settings=cli.context_settings)


def run(group: LazyGroup, *arguments: str, code: int = 0, **env: str) -> Result:
    result = CliRunner().invoke(group, arguments, prog_name="lda", env=env)
    assert result.exit_code == code, result.output
    return result


def test_a_file_and_a_row(group: LazyGroup) -> None:
    assert "toy        Greet somebody." in run(group, "--help").stdout
    assert run(group, "toy", "world", "--times", "2").stdout == "hello world hello world\n"
    assert json.loads(run(group, "toy", "world", "--json").stdout) == {"greeting": "hello world"}
    assert run(group, "toy", "world", LDA_TOY_TIMES="2").stdout == "hello world hello world\n"
    assert run(group, "toy", "\x1b[2J").stdout == "hello \\x1b[2J\n"
    assert "Did you mean toy" in run(group, "toi", code=2).stderr


def test_its_errors(group: LazyGroup) -> None:
    assert "--times must be 1 or more" in run(group, "toy", "world", "--times", "0", code=2).stderr
    assert (
        run(group, "toy", "nobody", code=3).stderr == "lda: error: there is nobody to greet; name somebody\n"
    )
    error = json.loads(run(group, "toy", "nobody", "--json", code=3).stdout)["error"]
    assert (error["kind"], error["exit_code"]) == ("data", 3)


def test_its_help(group: LazyGroup) -> None:
    brief, whole = run(group, "toy", "--help").stdout, run(group, "toy", "--help-all").stdout
    for text in (brief, whole):
        assert "--times N" in text
        assert "How often.  [default: 1]" in text
        assert "  lda toy world --times 2\n" in text
    assert "--quiet" not in brief
    assert "--quiet" in whole
