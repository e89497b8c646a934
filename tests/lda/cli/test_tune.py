"""`lda tune`: what it prints, what it keeps, and one line for each thing that cannot be."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
import tiny
from commands import fails, run, run_json

import lda
from lda.cli.tune.duration import seconds_of, written
from lda.experiments.study.running.trial_job import TrialWorker

QUICK = ("-n", 12, "--at-once", 0, "-j", 1, "--test-fraction", 0.3, "--no-page")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus") / "tiny"
    lda.as_corpus(tiny.counts(90)).save(folder)
    return folder


@pytest.fixture(scope="module")
def study(corpus: Path) -> Path:
    folder = corpus.parent / "study"
    run("tune", corpus, "-k", "2,3", "--seeds", 2, "-o", folder, *QUICK)
    return folder


def test_it_says_how_to_keep_a_model(corpus: Path, tmp_path: Path) -> None:
    documents = tiny.jsonl(tmp_path / "tiny.jsonl", 60)
    found = run(
        "tune", documents, "--text", "body", "--id", "name", "-k", "2,3", "--min-df", "1,2", "--stop-words", "en",
        "--alpha", 0.5, "-o", tmp_path / "study", *QUICK,
    )  # fmt: skip
    assert "trial 1 (topics 2, min df 1, seed 0): held-out -" in found.stderr
    assert "4 of 4 trials ended" in found.stderr
    command = found.stdout.splitlines()[-1].strip()
    words = shlex.split(command)
    assert words[:3] == ["lda", "fit", str(documents)]
    for flag, value in (("--text", "body"), ("--id", "name"), ("--stop-words", "en"), ("--alpha", "0.5")):
        assert words[words.index(flag) + 1] == value
    words[words.index("-o") + 1] = str(tmp_path / "kept")
    kept = run_json(*words[1:])
    assert kept["n_documents"] == 60  # all of them
    assert kept["n_topics"] == int(words[words.index("--topics") + 1])


def test_json_and_show(study: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in study.rglob("*")}
    found = run_json("tune", study, "--show")
    assert [trial["parameters"]["topics"] for trial in found["trials"]] == [2, 2, 3, 3]
    assert [one["n_trials"] for one in found["candidates"]] == [2, 2]
    assert found["recommendation"]["sentences"]
    text = run("tune", study, "--show").stdout
    assert text.splitlines()[0].split()[:3] == ["K", "seeds", "held-out"]
    assert {path: path.stat().st_mtime_ns for path in study.rglob("*")} == before


def test_a_trial_knows_its_study_and_its_command(study: Path, tmp_path: Path) -> None:
    record = lda.Model.load(study / "trials" / "0003" / "model").record
    assert record.part_of == {"kind": "study", "study": "study", "trial": "3"}
    assert record.command is not None
    assert "--topics 3" in record.command


def test_overwriting_replaces_a_study_and_nothing_else(corpus: Path, study: Path, tmp_path: Path) -> None:
    copy = tmp_path / "study"
    shutil.copytree(study, copy)
    run("tune", corpus, "-k", "3,4", "-o", copy, "--overwrite", *QUICK)
    found = run_json("tune", copy, "--show")
    assert [trial["parameters"]["topics"] for trial in found["trials"]] == [3, 4]


def test_a_typing_error_costs_nothing(corpus: Path, study: Path, tmp_path: Path) -> None:
    """The corrected command is not refused, and a study that was to be replaced is still there."""
    documents = tiny.jsonl(tmp_path / "tiny.jsonl", 60)
    asked = ("tune", documents, "-q", "-k", "2,3", *QUICK, "-o")
    assert "bodi" in fails(3, *asked, tmp_path / "new", "--text", "bodi")
    assert not (tmp_path / "new").exists()
    old = tmp_path / "old"
    shutil.copytree(study, old)
    before = sorted(str(path.relative_to(old)) for path in old.rglob("*"))
    assert "bodi" in fails(3, *asked, old, "--text", "bodi", "--overwrite")
    assert sorted(str(path.relative_to(old)) for path in old.rglob("*")) == before
    assert len(run_json("tune", old, "--show")["trials"]) == 4


def test_where_all_trials_fail_so_does_the_command(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: object) -> dict[str, Any]:
        raise MemoryError

    monkeypatch.setattr(TrialWorker, "finish", no_room)
    found = run("tune", corpus, "-k", "2,3", "-o", tmp_path / "study", *QUICK, code=1)
    assert "trial 2 failed: out of memory" in found.stdout
    assert "has come to its end" in found.stderr.splitlines()[-1]


BAD: tuple[tuple[int, tuple[Any, ...], str], ...] = (
    (2, ("-k", "5"), "the search space is empty: every parameter has one value, and there is one seed"),
    (2, ("-k", ""), "--topics lists no values"),
    (2, ("-k", "2,x"), "--topics must list whole numbers, got 'x'"),
    (2, ("-k", "2,0"), "no fit can have topics 0: the number of topics must be"),
    (2, ("-k", "2-5"), "--topics is a range, of which a grid cannot try all"),
    (2, ("-k", "2,3", "--alpha", "0.1,soon"), "--alpha must list numbers or auto"),
    (2, ("-k", "2,3", "--sampler", "best"), "best"),
    (2, ("-k", "2,3", "--candidates", 5), "--candidates is for --search random and bayes"),
    (2, ("-k", "2,3", "--search", "random"), "--search random needs --candidates N"),
    (2, ("-k", "3", "--halving", "--seeds", 3), "--halving needs several candidates"),
    (2, ("-k", "2,3", "--halving", "-n", 5), "--halving needs 9 sweeps"),
    (2, ("-k", "2,3", "--halving", "-n", "20,40"), "--sweeps must be one number"),
    (2, ("-k", "2,3", "--test-fraction", 0), "--test-fraction must lie between 0 and 1"),
    (2, ("-k", "2,3", "--time", "soon"), "a time is hours, minutes or seconds"),
    (2, ("-k", "2,3", "--time", "1s", "-n", 400_000), "too short for a single trial"),
    (
        2,
        ("-k", "2,3", "--stop-words", "en,none", "--stop-words", "de"),
        "--stop-words is given several times",
    ),
    (2, ("-k", "2,3", "--resume", "--overwrite"), "exclude each other"),
    (
        3,
        ("-k", "2,3", "--min-df", "2,5"),
        "is a finished corpus, its words are fixed, so --min-df cannot vary",
    ),
    (3, ("-k", "2,3", "--stop-words", "en"), "is a finished corpus, its words are fixed, so text options"),
    (3, ("-k", "2,3", "--heldout", "nowhere.jsonl"), "there is no file or folder nowhere.jsonl"),
    (3, ("-k", "2,500"), "documents to train on, too few for 500 topics"),
    (3, ("-k", "2,3", "--test-fraction", 1e-9), "none or all would be held out at --test-fraction 1e-09"),
)


@pytest.mark.parametrize(("code", "arguments", "says"), BAD)
def test_what_cannot_be(
    corpus: Path, tmp_path: Path, code: int, arguments: tuple[Any, ...], says: str
) -> None:
    line = run(
        "tune", corpus, "-q", "-o", tmp_path / "study", *QUICK, *arguments, code=code
    ).stderr.splitlines()
    assert says in line[-1]
    if code == 3:
        assert len(line) == 1


def test_studies_that_are_none(corpus: Path, study: Path, tmp_path: Path) -> None:
    assert "is no study: it has no study.json" in fails(3, "tune", corpus, "--show")
    assert "does not exist" in fails(3, "tune", tmp_path / "none", "--show")
    asked = ("tune", corpus, "-q", *QUICK, "-o")
    assert "holds a study already" in fails(3, *asked, study, "-k", "2,3")
    other = fails(3, *asked, study, "-k", "2,4", "--seeds", 2, "--resume")
    assert (
        "holds a study of another search (space: {'topics': [2, 3]} there, {'topics': [2, 4]} here)" in other
    )
    assert "of fits with other settings (burn_in: 10 there, 3 here)" in fails(
        3, *asked, study, "-k", "2,3", "--seeds", 2, "--burn-in", 3, "--resume"
    )
    damaged = tmp_path / "damaged"
    shutil.copytree(study, damaged)
    path = damaged / "trials" / "0002" / "trial.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"seed": 7}))
    assert "trial.json is damaged" in fails(3, "tune", damaged, "--show")


def test_missing_options_and_packages(corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Missing option '-k'" in run("tune", corpus, "-o", tmp_path / "s", code=2).stderr
    assert "Missing option '-o'" in run("tune", corpus, "-k", "2,3", code=2).stderr
    monkeypatch.setitem(__import__("sys").modules, "optuna", None)
    asked = (
        "tune",
        corpus,
        "-q",
        *QUICK,
        "-o",
        tmp_path / "s",
        "-k",
        "2-5",
        "--search",
        "bayes",
        "--candidates",
        4,
    )
    assert "Bayesian searches need the package optuna; pip install 'raylda[tune]'" in fails(2, *asked)


def test_times() -> None:
    assert [seconds_of(text) for text in ("90s", "10m", "1h30m", "600", "2 min", "300.0")] == [
        90, 600, 5400, 600, 120, 300
    ]  # fmt: skip
    assert [written(seconds) for seconds in (90, 600, 5400, 600.0, 90.5)] == [
        "1m30s",
        "10m",
        "1h30m",
        "10m",
        "1m30.5s",
    ]
    assert seconds_of(written(3725.25)) == 3725.25
    for text in ("", "0", "m", "-5m", "1d", "10m5h"):
        with pytest.raises(ValueError, match="a time is"):
            seconds_of(text)


def test_no_study_takes_the_place_of_what_it_is_made_of(corpus: Path, study: Path, tmp_path: Path) -> None:
    copy = tmp_path / "study"
    shutil.copytree(study, copy)
    [train] = (copy / "corpora").glob("*/train")
    line = fails(3, "tune", train, "-k", "2,3", "-o", copy, "--overwrite")
    assert "would take the place of" in line
    assert (train / "manifest.json").exists()


def test_a_uri_is_no_folder_for_a_study(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    line = fails(3, "tune", corpus, "-k", "2,3", "-o", "s3://KEY:SECRET@bucket/study", "-q")
    assert "is a URI, where no study can be written" in line
    assert "SECRET" not in line
    assert not list(tmp_path.iterdir())


def test_a_study_is_no_document(study: Path, tmp_path: Path) -> None:
    for command in (("fit", study, "-k", 2), ("tune", study, "-k", "2,3")):
        assert "is a study, not documents" in fails(3, *command, "-o", tmp_path / "out", "-q")
    assert not (tmp_path / "out").exists()


def test_a_damaged_division_of_the_documents_is_told(corpus: Path, study: Path, tmp_path: Path) -> None:
    copy = tmp_path / "study"
    shutil.copytree(study, copy)
    parts = next(copy.rglob("parts.npy"))
    for data in (b"", b"\x80\x04K\x01."):
        parts.write_bytes(data)
        for folder in (copy / "corpora").glob("*/"):
            shutil.rmtree(folder)
        line = fails(3, "tune", corpus, "-k", "2,3", "--seeds", 2, "-o", copy, *QUICK, "--resume", "-q")
        assert "parts.npy is damaged" in line
        assert "--overwrite" in line


def test_a_model_that_was_moved_away_is_not_removed(corpus: Path, study: Path, tmp_path: Path) -> None:
    copy, elsewhere = tmp_path / "study", tmp_path / "elsewhere"
    shutil.copytree(study, copy)
    model = copy / "trials" / "0001" / "model"
    model.rename(elsewhere)
    model.symlink_to(elsewhere)
    arguments = ("tune", corpus, "-k", "2,3", "--seeds", 2, "-o", copy, *QUICK, "--resume")
    run(*arguments, "--keep", "none")
    assert not list(copy.glob("trials/*/model"))
    assert (elsewhere / "model.json").exists()
