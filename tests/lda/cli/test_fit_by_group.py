"""`lda fit --group-by` as a user meets it: its table, what it refuses, and how it goes on after what went wrong."""

from __future__ import annotations

import csv
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import tiny
from commands import run, run_json

import lda

PLACES = (*["north"] * 3, *["south"] * 3, *["east"] * 3)


def written(path: Path, places: tuple[object, ...] = PLACES, n: int = 61) -> Path:
    rows = [
        {"body": " ".join(tokens), "place": places[i % len(places)], "number": i % 50}
        for i, tokens in enumerate(tiny.documents(n))
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("source") / "docs.jsonl")


def fit(source: Path, models: Path, *more: object, sweeps: int = 6) -> list[object]:
    what = ["fit", source, "--text", "body", "-k", 3, "-n", sweeps, "-j", 1, "-o", models]
    return [*what, *([] if "--group-by" in more else ["--group-by", "place"]), *more]


@pytest.fixture(scope="module")
def whole(source: Path) -> Path:
    """The models of all three groups; no test changes them."""
    run(*fit(source, source.parent / "whole"))
    return source.parent / "whole"


def fingerprints(models: Path) -> dict[str, str | None]:
    return {group.value: group.fingerprint for group in lda.Groups.open(models).records}


def test_a_table_and_the_same_as_json_and_csv(source: Path, whole: Path, tmp_path: Path) -> None:
    result = run(*fit(source, tmp_path / "m", "--validation-fraction", 0.2))
    head, north, *rest = result.stdout.splitlines()
    assert head.split() == ["place", "documents", "tokens", "terms", "held-out", "seconds", "model"]
    assert north.split()[:3] == ["north", "21", "840"]
    assert north.endswith(f"{tmp_path}/m/north")
    assert [line.split()[0] for line in rest] == ["south", "east"]
    assert "3/3" in result.stderr
    found = run_json(*fit(source, whole, "--resume"))
    assert [found[f"n_{what}"] for what in ("documents", "missing", "groups", "done", "failed", "skipped")] == [
        61, 0, 3, 3, 0, 0,
    ]  # fmt: skip
    with (whole / "groups.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["fingerprint"] for row in rows] == [group["fingerprint"] for group in found["groups"]]
    assert {path.name for path in whole.iterdir()} == {"north", "south", "east", "groups.json", "groups.csv"}


def test_the_command_of_a_model_repeats_it_alone(
    source: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = lda.Model.load(whole / "south").record.command
    assert command is not None
    words = shlex.split(command)[1:]
    words[words.index("--output") + 1] = str(tmp_path / "again")
    monkeypatch.chdir(tmp_path)
    run(*words)
    assert fingerprints(tmp_path / "again") == {"south": fingerprints(whole)["south"]}


def test_resume_does_what_is_missing_and_no_more(source: Path, whole: Path, tmp_path: Path) -> None:
    models = tmp_path / "m"
    run(*fit(source, models, "--group", "south"))
    made = (models / "south" / "model.json").stat().st_mtime_ns
    (models / "east").mkdir()
    (models / "east" / "mine.txt").write_text("not a model")
    result = run(*fit(source, models, "--resume"), code=1)
    assert "1 of 3 groups failed: east; to repeat it: lda fit" in result.stderr
    assert result.stderr.rstrip().endswith("--resume")
    assert f"failed: {models}/east exists already" in result.stdout
    found = run_json(*fit(source, models, "--resume"), code=1)
    assert [group["state"] for group in found["groups"]] == ["done", "done", "failed"]
    shutil.rmtree(models / "east")
    shutil.rmtree(models / "north")
    result = run(*fit(source, models, "--resume"))
    assert ("2/2" in result.stderr, "south:" in result.stderr) == (True, False)
    assert (models / "south" / "model.json").stat().st_mtime_ns == made
    assert fingerprints(models) == fingerprints(whole)
    result = run(*fit(source, models, "--resume"))
    assert "is finished already; nothing to resume" in result.stderr


def test_what_lacks_seed_words_fails_alone(tmp_path: Path) -> None:
    rows = [
        {"body": " ".join([*tokens, "rare"] if i % 2 else tokens), "place": "odd" if i % 2 else "even"}
        for i, tokens in enumerate(tiny.documents(40))
    ]
    (tmp_path / "docs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "seeds.json").write_text('{"Rare": ["rare"]}')
    models = tmp_path / "m"
    result = run(*fit(tmp_path / "docs.jsonl", models, "--seed-words", tmp_path / "seeds.json"), code=1)
    assert "failed: none of the seed words is in the vocabulary" in result.stdout
    groups = lda.Groups.open(models)
    assert (list(groups), [group.value for group in groups.failed]) == (["odd"], ["even"])
    assert groups["odd"].labels.name(0) == "Rare"
    assert groups["odd"].record.seed_words is not None


def test_another_run_is_not_gone_on_with(source: Path, whole: Path, tmp_path: Path) -> None:
    refused = run(*fit(source, whole), code=3)
    assert "holds models of groups already" in refused.stderr
    refused = run(*fit(source, whole, "--resume", sweeps=7), code=3)
    assert "groups of another run: sweeps was 6, is 7" in refused.stderr
    refused = run(*fit(written(tmp_path / "other.jsonl", n=60), whole, "--resume"), code=3)
    assert "groups of another run: corpus was " in refused.stderr
    models = tmp_path / "m"
    shutil.copytree(whole, models)
    text = (models / "groups.json").read_text()
    (models / "groups.json").write_text(text.replace('"done"', '"waiting"', 1))
    assert "is damaged" in run(*fit(source, models, "--resume"), code=3).stderr
    run(*fit(source, models, "--overwrite", "--group", "south"))
    assert {path.name for path in models.iterdir()} == {"south", "groups.json", "groups.csv"}


@pytest.mark.parametrize(
    ("more", "code", "message"),
    [
        (
            ["--group-by", "plaze"],
            3,
            "no field 'plaze' besides text and id, where it has: 'place', 'number'; choose",
        ),
        (
            ["--group", "west"],
            3,
            "no document has 'west' for the field 'place'; there are 'north', 'south', 'east'",
        ),
        (["--min-documents", 22], 3, "no group of the field 'place' has 22 documents and a token ('"),
        (
            ["--group-by", "number", "--min-documents", 2, "--small-groups", "refuse"],
            3,
            "39 groups of the field",
        ),
        (["--output-doc-topics", "x.csv"], 2, "--output-doc-topics writes a file of one model"),
        (["--top-words", 5], 2, "--top-words prints the topics of one model"),
        (["--input-state", "state.gz"], 2, "begin from a model (--init-from)"),
        (["--checkpoint-every", -1], 2, "--checkpoint-every"),
    ],
)
def test_what_is_refused(source: Path, tmp_path: Path, more: list[object], code: int, message: str) -> None:
    result = run(*fit(source, tmp_path / "m", *more), code=code)
    assert message in " ".join(result.stderr.split())
    assert not (tmp_path / "m").exists()


def test_options_of_groups_need_groups(source: Path, tmp_path: Path) -> None:
    result = run("fit", source, "--text", "body", "-o", tmp_path / "m", "--group", "north", code=2)
    assert "--group is about groups; name the field that makes them (--group-by FIELD)" in result.stderr
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("Dear")
    refused = run(*fit(source, tmp_path / "mine", "--overwrite"), code=3)
    assert "holds something other than models of groups" in refused.stderr
    assert (tmp_path / "mine" / "letter.txt").exists()


def test_small_groups_and_strange_values_are_shown_safely(tmp_path: Path) -> None:
    source = written(tmp_path / "docs.jsonl", ("a/b\x1b[2J", "a/b\x1b[2J", "a/b\x1b[2J", "few", None), 45)
    result = run(*fit(source, tmp_path / "m", "-k", 30))
    assert "\x1b" not in result.stdout + result.stderr
    assert "a/b\\x1b[2J" in result.stdout
    assert "left out, for they are small: few (9 documents)" in result.stdout
    assert "9 documents without 'place' are in no group" in result.stderr
    assert "30 topics are many for " in result.stderr
    assert " (27 documents, 1,080 tokens): fewer documents than topics" in result.stderr
    (group,) = lda.Groups.open(tmp_path / "m")
    assert group == "a/b\x1b[2J"


@pytest.mark.slow
def test_killed_in_the_midst(source: Path, whole: Path, tmp_path: Path) -> None:
    """At the moment in which the second model appears, and before that is recorded."""
    models = tmp_path / "m"
    dies = (
        "import os, signal, sys\n"
        "def die(event, given):\n"
        "    if event == 'os.rename' and str(given[1]).endswith('/m/south'):\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "sys.addaudithook(die)\n"
    )
    code = dies + "sys.argv[0] = 'lda'; from lda.cli import main; main()"
    ended = subprocess.run(
        [sys.executable, "-c", code, *map(str, fit(source, models, "--checkpoint-every", 2))],
        capture_output=True,
        check=False,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    assert (models / "north").exists()
    assert (models / ".checkpoints" / "south").exists()
    run(*fit(source, models, "--checkpoint-every", 2, "--resume"))
    assert fingerprints(models) == fingerprints(whole)
    assert not (models / ".checkpoints").exists()


def test_a_value_that_is_a_whole_text_is_cut_in_every_line(tmp_path: Path) -> None:
    source = written(tmp_path / "docs.jsonl", ("x" * 3000, "y" * 3000), 40)
    result = run(*fit(source, tmp_path / "m", "-k", 30))
    assert "y" * 37 + "..." in result.stderr
    assert max(map(len, (result.stdout + result.stderr).splitlines())) < 400


def test_models_of_groups_are_no_documents_and_take_the_place_of_none(
    source: Path, whole: Path, tmp_path: Path
) -> None:
    refused = run("fit", whole, "-k", 2, "-o", tmp_path / "m", code=3)
    assert "holds models of groups, not documents" in refused.stderr
    parent = whole / "north"
    refused = run(*fit(source, whole, "--init-from", parent, "--overwrite"), code=3)
    assert f"would take the place of {parent}, which is read" in refused.stderr
    assert (parent / "model.json").exists()
