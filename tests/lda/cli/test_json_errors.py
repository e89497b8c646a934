"""A command with --json that fails prints one object on stdout, whatever ended it, and the documented exit code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click
import pytest
import tiny
from click.testing import CliRunner

import lda
from lda.cli import COMMANDS, cli
from lda.cli.errors import exit_code
from lda.cluster.spec.errors import CheckpointError, ClusterError, OtherFitError

if TYPE_CHECKING:
    from pathlib import Path


def error_of(*arguments: object, env: dict[str, str] | None = None) -> dict[str, object]:
    """The one object on stdout of a command that fails; it tells the exit code that the command ends with."""
    result = CliRunner().invoke(cli, [str(a) for a in arguments], env=env)
    value = json.loads(result.stdout)
    assert list(value) == ["error"]
    assert list(value["error"]) == ["kind", "message", "exit_code"]
    assert value["error"]["exit_code"] == result.exit_code != 0
    assert "\n" not in value["error"]["message"]
    assert result.stderr
    found: dict[str, object] = value["error"]
    return found


def with_json() -> list[tuple[str, ...]]:
    """All commands that have the option --json."""

    def walk(command: click.Command, path: tuple[str, ...]) -> list[tuple[str, ...]]:
        if isinstance(command, click.Group):
            context = click.Context(command)
            subcommands = [
                (name, command.get_command(context, name)) for name in command.list_commands(context)
            ]
            return [found for name, sub in subcommands if sub for found in walk(sub, (*path, name))]
        return [path] if any("--json" in parameter.opts for parameter in command.params) else []

    return walk(cli, ())


def test_every_command_tells_of_wrong_usage() -> None:
    assert len(with_json()) >= len(COMMANDS)
    for path in with_json():
        found = error_of(*path, "--no-such-option", "--json")
        assert (found["kind"], found["exit_code"]) == ("usage", 2)
        assert "--no-such-option" in str(found["message"])


@pytest.mark.parametrize(
    ("arguments", "kind", "code"),
    [
        (["info", "/nowhere", "--json"], "data", 3),
        (["corpus", "info", "/nowhere", "--json"], "data", 3),
        (["fit", "/nowhere", "-o", "{tmp}/m", "--json"], "data", 3),
        (["fit", "/nowhere", "-o", "{tmp}/m", "--json", "-k", "0"], "usage", 2),
        (["fit", "/nowhere", "-o", "{tmp}/m", "--json", "--phases", "0"], "usage", 2),
        (["fit", "/nowhere", "-o", "{tmp}/m", "--json", "--stop-words", "klingon"], "usage", 2),
        (["evaluate", "--json"], "usage", 2),
        (["transform", "m", "x", "--json"], "usage", 2),
        (["topic", "--json"], "usage", 2),
    ],
)
def test_failures(arguments: list[str], kind: str, code: int, tmp_path: Path) -> None:
    found = error_of(*[word.format(tmp=tmp_path) for word in arguments])
    assert (found["kind"], found["exit_code"]) == (kind, code)


def test_json_asked_for_by_the_environment_and_not_by_an_argument_of_another_command() -> None:
    assert error_of("info", "/nowhere", env={"LDA_INFO_JSON": "1"})["kind"] == "data"
    assert error_of("corpus", "info", "/nowhere", env={"LDA_CORPUS_INFO_JSON": "true"})["kind"] == "data"
    assert CliRunner().invoke(cli, ["info", "/nowhere"], env={"LDA_INFO_JSON": "0"}).stdout == ""
    assert CliRunner().invoke(cli, ["info", "--", "--json"]).stdout == ""


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        (lda.DataError("x"), "data", 3),
        (CheckpointError("x"), "checkpoint", 1),
        (OtherFitError("x"), "checkpoint", 3),
        (ClusterError("x"), "cluster", 4),
        (OSError(28, "No space left on device"), "system", 1),
        (MemoryError(), "memory", 1),
        (ZeroDivisionError("x"), "failure", 1),
        (KeyboardInterrupt(), "interrupted", 130),
        (SystemExit(15), "failure", 15),
    ],
)
def test_kinds(error: BaseException, kind: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(error, arguments=["fit", "--json"]) == code
    assert json.loads(capsys.readouterr().out)["error"]["kind"] == kind


def test_subclasses_end_as_their_class_does(capsys: pytest.CaptureFixture[str]) -> None:
    class LostError(ClusterError):
        """From any module."""

    assert exit_code(LostError("gone")) == 4
    assert capsys.readouterr() == ("", "lda: error: gone\n")


def test_an_interrupt_of_transform_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("lda.transform.transform_corpus.transform_corpus", interrupted)
    lda.LDA(2, max_iter=1, random_state=0).fit(tiny.documents()).save(tmp_path / "m")
    source = tiny.jsonl(tmp_path / "docs.jsonl")
    found = error_of("transform", tmp_path / "m", source, "--text", "body", "-o", tmp_path / "out/", "--json")
    assert (found["kind"], found["exit_code"]) == ("interrupted", 130)
    assert "--resume" in str(found["message"])


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [(["topic"], "topics"), (["corpus", "biuld"], "build"), (["evalute", "--json"], "evaluate")],
)
def test_the_command_that_was_meant_is_named(arguments: list[str], meant: str) -> None:
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 2
    assert result.stderr.count("Did you mean") == 1
    assert meant in result.stderr.partition("Did you mean")[2]


def test_a_missing_bucket_is_the_same_everywhere(bucket: str, tmp_path: Path) -> None:
    source = tiny.jsonl(tmp_path / "docs.jsonl")
    lda.LDA(2, max_iter=1, random_state=0).fit(tiny.documents()).save(tmp_path / "m")
    gone = bucket.replace("@bucket/", "@nosuchbucket/").format("x/place")
    text = ["--text", "body"]
    for arguments in (
        ["topics", gone],
        ["info", gone],
        ["corpus", "info", gone],
        ["fit", gone, "-o", tmp_path / "new"],
        ["fit", source, *text, "-o", gone],
        ["fit", source, *text, "-o", gone, "--checkpoint-every", "0"],
        ["fit", source, *text, "-o", tmp_path / "new", "--checkpoint", gone],
        ["corpus", "build", source, *text, "-o", gone],
        ["transform", gone, source, *text, "-o", tmp_path / "new.jsonl"],
        ["transform", tmp_path / "m", gone, "-o", tmp_path / "new.jsonl"],
        ["transform", tmp_path / "m", source, *text, "-o", gone],
        ["evaluate", tmp_path / "m", gone],
    ):
        found = error_of(*arguments, "--json", "-q")
        assert found["exit_code"] == 3, arguments
        assert "nosuchbucket" in str(found["message"])
        assert "secret@" not in str(found["message"])
    assert not (tmp_path / "new").exists()
