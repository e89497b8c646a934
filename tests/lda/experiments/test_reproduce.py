"""A fit is run again from its model's record: to the same bits, or with a word on what differs."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tiny
from click.testing import CliRunner
from cluster_fits import threads
from commands import fails, run, run_json
from forged import resign

import lda
from lda.cli import cli
from lda.cli.errors import DIFFERS
from lda.cluster import Checkpointing, FitSettings, fit
from lda.corpus import DataError
from lda.corpus.finished.partition import partition_corpus
from lda.experiments.fitted import fit_into

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Documents, and a model of them whose command has the name of a file alone."""
    folder = tmp_path_factory.mktemp("reproduce")
    tiny.jsonl(folder / "documents.jsonl")
    with pytest.MonkeyPatch.context() as here:
        here.chdir(folder)
        run(
            *(
                "fit",
                "documents.jsonl",
                "--text",
                "body",
                "--id",
                "name",
                "--min-df",
                2,
                "-k",
                3,
                "-n",
                24,
                "-j",
                1,
            ),
            *("--validation-fraction", 0.2, "--seed", 7, "-o", "model"),
        )
        run("label", "model", "--set", "1=Named")
    return folder


@pytest.fixture(autouse=True)
def _here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


def altered(folder: Path, to: Path, **changes: Any) -> Path:
    """A copy of the model whose record says something else."""
    shutil.copytree(folder / "model", to)
    resign(to, "model.json", lambda value: value["run"].update(changes))
    return to


def test_without_a_word_on_the_documents(folder: Path, tmp_path: Path) -> None:
    found = run_json("reproduce", "model", "-j", 2, "-o", tmp_path / "again")

    again = lda.Model.load(tmp_path / "again")
    assert found["same"]
    assert found["fingerprint"] == lda.Model.load("model").fingerprint() == again.fingerprint()
    assert again.labels.names[1].name == "Named"
    assert again.record.metrics == lda.Model.load("model").record.metrics
    assert again.record.command == lda.Model.load("model").record.command


def test_documents_that_a_pattern_names(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = (folder / "documents.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    for part in range(2):
        (tmp_path / f"part-{part}.jsonl").write_text("".join(rows[part::2]), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    run("fit", "part-*.jsonl", "--text", "body", "--id", "name", "-k", 2, "-n", 3, "-o", "m")
    assert run_json("reproduce", "m")["same"]
    for part in range(2):
        (tmp_path / f"part-{part}.jsonl").unlink()
    assert "the input of the recorded command, part-*.jsonl, is not here any more" in fails(
        3, "reproduce", "m"
    )


def test_on_workers_and_with_a_corpus(folder: Path, tmp_path: Path) -> None:
    source = ("documents.jsonl", "--text", "body", "--id", "name")
    run("corpus", "build", *source, "--min-df", 2, "-o", tmp_path / "c")
    words = ["reproduce", "model", "--corpus", str(tmp_path / "c"), "--address", "local", "--workers", "2"]

    result = CliRunner().invoke(cli, [*words, "--json"], obj=threads())

    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["same"]


def test_a_model_that_comes_out_otherwise(folder: Path, tmp_path: Path) -> None:
    record = lda.Model.load("model").record
    other = altered(
        folder, tmp_path / "other", seed=8, versions={**record.versions, "numpy": "0.1"}, interrupted=True
    )

    found = run_json("reproduce", other, code=DIFFERS)
    told = run("reproduce", other, "-q", code=DIFFERS).stdout

    assert not found["same"]
    assert found["recorded_fingerprint"] == lda.Model.load("model").fingerprint() != found["fingerprint"]
    assert found["first_difference"]["sweep"] == 10
    assert {"name": "numpy", "here": record.versions["numpy"], "recorded": "0.1"} in found["differences"]
    assert "differs: 24 sweeps" in told
    assert "recorded 0.1" in told
    assert "interrupted within a sweep" in told


def test_other_documents_are_told_apart_before_the_fit(folder: Path, tmp_path: Path) -> None:
    tiny.jsonl(tmp_path / "fewer.jsonl", 50)
    lines = (folder / "documents.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "turned.jsonl").write_text("".join(reversed(lines)), encoding="utf-8")
    source = ("documents.jsonl", "--text", "body", "--id", "name")
    run("corpus", "build", *source, "--ngram-range", "1,2", "-o", tmp_path / "all")
    for name, why in (
        ("fewer.jsonl", "50 documents, and 60 of the model's"),
        ("turned.jsonl", "another order"),
        ("all", "another recipe (min_df 1 for 2, ngram_range [1, 2] for [1, 1])"),
    ):
        assert why in fails(3, "reproduce", "model", tmp_path / name, "-q")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"command": None}, "fitted in Python"),
        ({"command": "lda fit gone.jsonl -o model"}, "gone.jsonl, is not here any more"),
        ({"command": "lda fit - -o model"}, "standard input"),
        ({"mini_batches": 2}, "partial_fit"),
        ({"parent": {"kind": "merged", "fingerprint": "ab"}}, "not made by a fit"),
        ({"parent": {"kind": "model", "fingerprint": "ab"}}, "--init-from"),
        ({"parent": {"kind": "state", "sha256": "ab"}}, "--input-state"),
    ],
)
def test_what_cannot_be_run_again(folder: Path, tmp_path: Path, changes: dict[str, Any], why: str) -> None:
    assert why in fails(3, "reproduce", altered(folder, tmp_path / "other", **changes), "-q")


def test_a_line_of_fits_with_seed_words_and_an_early_end(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "seeds.json").write_text(json.dumps({"Space": ["comet", "galaxy"]}), encoding="utf-8")
    source = ("fit", "documents.jsonl", "--text", "body", "--id", "name", "--min-df", 2)
    run(
        *(*source, "--init-from", "model", "--seed-words", tmp_path / "seeds.json", "-o", tmp_path / "on"),
        *("-n", 40, "--evaluate-every", 1, "--tol", 5, "--patience", 3),
    )
    assert lda.Model.load(tmp_path / "on").record.n_sweeps < 40
    (tmp_path / "seeds.json").unlink()  # the record has them

    assert run_json("reproduce", tmp_path / "on")["same"]
    assert "the model went on from the model" in fails(
        3, "reproduce", tmp_path / "on", "--init-from", tmp_path / "on", "-q"
    )
    # The parent is where the recorded command says: it is read, so it stays.
    told = fails(3, "reproduce", tmp_path / "on", "-o", "model", "--overwrite", "-q")
    assert "would take the place of model, which is read" in told


def test_a_fit_of_python(tmp_path: Path) -> None:
    ended = lda.LDA(3, max_iter=30, random_state=2, callbacks=[lambda row: row.sweep == 7]).fit(
        tiny.documents()
    )
    later = lda.LDA(3, max_iter=5, random_state=2).fit(tiny.documents(), init_from=ended.model_)

    assert lda.reproduce(ended.model_, tiny.documents(), threads=1).same
    found = lda.reproduce(later.model_, tiny.documents(), init_from=ended.model_, output=tmp_path / "new")
    assert found.same
    assert lda.Model.load(tmp_path / "new").fingerprint() == later.model_.fingerprint()
    with pytest.raises(DataError, match="59 documents, and 60"):
        lda.reproduce(ended.model_, tiny.documents(59))
    with pytest.raises(DataError, match="went on from nothing"):
        lda.reproduce(ended.model_, tiny.documents(), init_from=ended.model_)
    twice = (
        lda.LDA(3, max_iter=3, random_state=2).partial_fit(tiny.documents()).partial_fit(tiny.documents(9))
    )
    with pytest.raises(DataError, match="2 sets of documents"):
        lda.reproduce(twice.model_, tiny.documents())


def test_trials_and_groups_find_their_documents(tmp_path: Path) -> None:
    rows = [
        {"id": str(i), "body": " ".join(words), "side": "even" if i % 2 == 0 else "odd"}
        for i, words in enumerate(tiny.documents())
    ]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    corpus = lda.read_corpus([tmp_path / "rows.jsonl"], recipe=lda.Recipe(text="body"))
    (tmp_path / "corpora").mkdir()
    places = [tmp_path / "corpora" / name for name in ("even", "odd")]
    odd = np.array([i % 2 for i in range(len(rows))])
    parts = partition_corpus(corpus, odd, places, drop_unused_terms=True)
    settings = FitSettings(n_topics=3, sweeps=5, seed=3)
    group = {"kind": "groups", "field": "side", "group": "odd"}
    trial = {"kind": "study", "study": "sides", "trial": "1"}
    fit_into(tmp_path / "models" / "odd", parts[1], settings, part_of=group)
    fit_into(tmp_path / "trials" / "0001" / "model", parts[0], settings, part_of=trial)

    assert run_json("reproduce", tmp_path / "trials" / "0001" / "model")["same"]
    assert run_json("reproduce", tmp_path / "models" / "odd")["same"]
    shutil.rmtree(tmp_path / "corpora")
    assert run_json("reproduce", tmp_path / "models" / "odd", tmp_path / "rows.jsonl", "--text", "body")[
        "same"
    ]
    assert lda.reproduce(tmp_path / "models" / "odd", corpus).same
    assert "have no field 'side'" in fails(
        3, "reproduce", tmp_path / "models" / "odd", "documents.jsonl", "--text", "body", "-q"
    )


def test_numbers_of_another_model(folder: Path, tmp_path: Path) -> None:
    """What is run again is the fit, before topics got other numbers."""
    before = lda.Model.load("model").fingerprint()
    other = altered(folder, tmp_path / "other", parent={"kind": "align", "fingerprint": before, "to": "ab"})

    assert "before topics got numbers of another model" in run("reproduce", other, "-q").stdout
    found = altered(folder, tmp_path / "more", parent={"kind": "align", "fingerprint": "ab", "to": before})
    assert run_json("reproduce", found, code=DIFFERS)["recorded_fingerprint"] == "ab"


def test_numbers_of_several_models_one_after_the_other() -> None:
    """Back over all of them to the fit, to what it went on from, or to what no fit can do."""
    documents = lda.as_corpus(tiny.documents(60))
    one, two, three = (
        lda.LDA(3, max_iter=12, random_state=seed, n_jobs=1).fit(documents).model_ for seed in range(3)
    )
    twice = one.aligned_to(two).aligned_to(three)
    found = lda.reproduce(twice, documents, threads=1)
    assert (found.same, found.recorded) == (True, one.fingerprint())
    with pytest.raises(DataError, match="'merge'.*" + one.fingerprint()):
        lda.reproduce(one.merge_topics(0, 2).aligned_to(two), documents)
    on = lda.LDA(3, max_iter=6, random_state=0, n_jobs=1, warm_start=True).fit(documents)
    first = on.model_
    later = on.fit(documents).model_.aligned_to(two)
    with pytest.raises(DataError, match=f"fingerprint {first.fingerprint()}; give it"):
        lda.reproduce(later, documents)
    assert lda.reproduce(later, documents, init_from=first, threads=1).same


def test_an_early_stop_that_was_asked_for_on_the_way(tmp_path: Path) -> None:
    """Asked for at the beginning, it would have come long before the sweep from which the fit went on."""
    documents = lda.as_corpus(tiny.documents(60))
    settings = FitSettings(n_topics=3, sweeps=40, seed=1, threads=1, evaluate_every=4)
    keep = Checkpointing(path=str(tmp_path / "checkpoints"), every=4, resume=True)
    fit(documents, settings, checkpointing=keep, pause_after=20)
    hasty = replace(settings, tol=5.0, n_iter_no_change=1)
    result, _ = fit_into(tmp_path / "model", documents, hasty, checkpointing=keep)
    assert 20 < result.n_sweeps < 40
    assert lda.reproduce(tmp_path / "model", documents, threads=1).same
