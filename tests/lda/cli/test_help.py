"""Help of commands: the essentials on one screen, everything when asked for, under headings."""

from __future__ import annotations

import re

import click
import pytest
from commands import run
from pseudo_terminal import on_terminal

from lda.cli import cli
from lda.cli.help import Command
from lda.cli.option import Heading, option
from lda.corpus.readers.registry import FORMATS

ROWS, COLUMNS = 24, 80


def commands() -> dict[tuple[str, ...], click.Command]:
    """All commands and groups by the words that name them."""

    def walk(command: click.Command, path: tuple[str, ...]) -> dict[tuple[str, ...], click.Command]:
        found = {path: command}
        if isinstance(command, click.Group):
            context = click.Context(command)
            for name in command.list_commands(context):
                sub = command.get_command(context, name)
                assert sub is not None
                found |= walk(sub, (*path, name))
        return found

    return walk(cli, ())


ALL = commands()
LONG = {path: command for path, command in ALL.items() if isinstance(command, Command) and command.essentials}


def options_of(command: click.Command) -> list[click.Option]:
    return [found for found in command.params if isinstance(found, click.Option) and not found.hidden]


def words_of(text: str) -> list[str]:
    return re.findall(r"(?<![\w-])--?[a-z][a-z-]*", text.partition("\nExamples:")[0])


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_help_fits_a_small_terminal_and_its_prompt(path: tuple[str, ...]) -> None:
    text = run(*path, "--help", COLUMNS=str(COLUMNS)).stdout
    rows = sum(max(1, -(-len(line) // COLUMNS)) for line in text.splitlines())
    assert rows < ROWS, text


def test_the_essentials_of_a_fit_on_a_terminal() -> None:
    lines = on_terminal("fit", "--help", columns=COLUMNS, rows=ROWS).splitlines()
    assert len(lines) < ROWS
    assert all(len(line) <= COLUMNS for line in lines)
    assert lines[0] == "Usage: lda fit [OPTIONS] INPUT..."
    assert lines[4] == "Essentials:"
    rows = lines[5 : lines.index("", 5)]
    assert len(rows) == 1 + len(LONG["fit",].essentials)
    assert all(re.match(r"  -", row) for row in rows), "a line each"
    n_options = len(options_of(LONG["fit",])) + len(["--help", "--help-all"])
    assert re.match(rf"  --help-all +Show all {n_options} options", rows[-1])


@pytest.mark.parametrize("path", LONG, ids=" ".join)
@pytest.mark.parametrize("columns", [40, 80, 120])
def test_the_whole_help_names_everything_once(path: tuple[str, ...], columns: int) -> None:
    text = run(*path, "--help-all", COLUMNS=str(columns)).stdout
    rows = [line[2:].partition("  ")[0] for line in text.splitlines() if line.startswith("  -")]
    listed = [name for row in rows for name in words_of(row) if name.startswith("--")]
    own = [next(name for name in found.opts if name.startswith("--")) for found in options_of(LONG[path])]
    assert sorted(listed) == sorted([*own, "--help", "--help-all"])
    for found in options_of(LONG[path]):
        for name in found.opts:
            assert name in words_of(text), f"{name} is not there, or a line ends within it"


@pytest.mark.parametrize("path", LONG, ids=" ".join)
def test_headings_in_their_order(path: tuple[str, ...]) -> None:
    lines = run(*path, "--help-all").stdout.splitlines()
    found = [line[:-1] for line in lines if line.endswith(":") and not line.startswith((" ", "Examples"))]
    assert found == [str(heading) for heading in Heading if heading in found]
    assert found[0] == Heading.ESSENTIALS


def test_headings_of_a_fit() -> None:
    text = run("fit", "--help-all").stdout
    for heading in (Heading.TEXT, Heading.SAMPLER, Heading.EVALUATION, Heading.CLUSTER, Heading.CHECKPOINTS):
        assert f"\n{heading}:\n" in text
    sampler = text.partition("\nSampler:\n")[2].partition("\n\n")[0]
    assert "--burn-in" in sampler
    assert "--tol" not in sampler


def test_what_has_few_options_shows_them_all() -> None:
    for path, command in ALL.items():
        if path not in LONG:
            text = run(*path, "--help").stdout
            assert all(name in words_of(text) for found in options_of(command) for name in found.opts)
            if not isinstance(command, click.Group):
                assert run(*path, "--help-all").stdout == text


def test_both_show_synonyms_or_not() -> None:
    assert "--num-topics" not in run("fit", "--help").stdout
    assert "[also: --num-topics]" in run("fit", "--help-all", COLUMNS="110").stdout


def test_the_environment_asks_for_no_help() -> None:
    assert run("topics", "nowhere", code=3, LDA_TOPICS_HELP_ALL="1").stdout == ""


def test_essentials_are_options() -> None:
    with pytest.raises(ValueError, match="essentials must be options of toy, got b"):
        click.command("toy", cls=Command, essentials=("a", "b"))(
            option("--a", heading=Heading.OUTPUT)(lambda: None)
        )


def test_every_option_says_what_it_does() -> None:
    for command in ALL.values():
        assert all(found.help for found in options_of(command))


def test_the_help_of_format_names_every_reader() -> None:
    (told,) = (
        p.help for p in commands()["fit",].params if isinstance(p, click.Option) and "--format" in p.opts
    )
    assert told is not None
    assert set(FORMATS) <= set(re.findall(r"\w+", told))
