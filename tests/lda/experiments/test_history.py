"""Models below folders are listed, filtered and ordered, with their parents; damaged ones do not end it."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
import tiny
from commands import fails, run, run_json
from forged import resign

import lda
from lda.corpus import DataError
from lda.experiments.history.ancestry import ancestors, tree
from lda.experiments.history.filters import filtered

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three models, one of which went on from another, in folders as a study has them, and much else beside them."""
    folder = tmp_path_factory.mktemp("history")
    first = lda.LDA(3, max_iter=10, random_state=1, validation_fraction=0.2).fit(tiny.documents())
    first.save(folder / "first")
    second = lda.LDA(3, max_iter=5, random_state=2).fit(tiny.documents(), init_from=first.model_)
    second.save(folder / "trials" / "0001" / "model")
    lda.LDA(5, max_iter=5, random_state=3, sampler="pclda").fit(tiny.documents()).save(
        folder / "trials" / "0002" / "model"
    )
    part = {"kind": "study", "study": "speeches", "trial": "2"}
    resign(folder / "trials/0002/model", "model.json", lambda value: value["run"].update(part_of=part))
    shutil.copytree(folder / "first", folder / ".hidden" / "model")
    lda.as_corpus(tiny.documents()).save(folder / "corpus")
    (folder / "other").mkdir()
    (folder / "other" / "model.json").write_text('{"layers": []}')  # of another program
    return folder


@pytest.fixture
def damaged(folder: Path, tmp_path: Path) -> Path:
    """Models that cannot be listed, beside a sound one."""
    for name in ("sound", "cut", "gone", "flipped", "odd"):
        shutil.copytree(folder / "first", tmp_path / name)
    text = (tmp_path / "cut" / "model.json").read_text()
    (tmp_path / "cut" / "model.json").write_text(text[: len(text) // 2])
    (tmp_path / "gone" / "model.json").unlink()
    (tmp_path / "flipped" / "model.json").write_text(text.replace('"seed": 1', '"seed": 2'))
    resign(tmp_path / "odd", "model.json", lambda value: value["run"].update(n_documents="many"))
    return tmp_path


def names(runs: list[lda.ListedModel], folder: Path) -> list[str]:
    return [run.name.removeprefix(f"{folder.as_posix()}/") for run in runs]


def test_models_are_found_wherever_they_are(folder: Path) -> None:
    runs = lda.history(folder)

    assert names(runs, folder) == ["first", "trials/0001/model", "trials/0002/model"]
    first, second, third = runs
    model = lda.Model.load(folder / "first")
    assert (first.fingerprint, first.heldout) == (model.fingerprint(), model.record.metrics["heldout"])
    assert second.parent is not None
    assert second.parent["fingerprint"] == first.fingerprint
    assert (third.n_topics, third.sampler, third.value("part_of")) == (5, "pclda", "study speeches, trial 2")


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        (["n_topics>=5"], ["trials/0002/model"]),
        (["n_topics < 5", "sweeps=10"], ["first"]),
        (["heldout<0"], ["first"]),
        (["sampler!=pclda", "seed!=1"], ["trials/0001/model"]),
        (["part_of~STUDY"], ["trials/0002/model"]),
        (["settings.validation_fraction=0.2"], ["first"]),
        (["interrupted=no", "when>=2001"], ["first", "trials/0001/model", "trials/0002/model"]),
        (["parent=none"], []),
        (["n_topics >= 5 or seed = 1"], ["first", "trials/0002/model"]),
        (["not sampler in (pclda, none) and heldout is null"], ["trials/0001/model"]),
    ],
)
def test_conditions(folder: Path, conditions: list[str], expected: list[str]) -> None:
    assert names(lda.history(folder, where=conditions), folder) == expected


def test_orders_put_what_is_not_known_last(folder: Path) -> None:
    assert [run.seed for run in lda.history(folder, sort="-seed")] == [3, 2, 1]
    assert names(lda.history(folder, sort="heldout"), folder)[0] == "first"
    assert names(lda.history(folder, sort="settings.phases"), folder)


@pytest.mark.parametrize("text", ["n_topics>", "topics>=5", "settings.=1", "import os", "a b=1", ""])
def test_what_is_no_condition(folder: Path, text: str) -> None:
    with pytest.raises(ValueError, match=r"cannot be understood|there is no field"):
        lda.history(folder, where=[text])


def test_damaged_models_are_listed_with_the_reason(damaged: Path) -> None:
    found = {run.name.rpartition("/")[2]: run.problem for run in lda.history(damaged)}

    assert found.pop("sound") is None
    assert all(problem and "\n" not in problem for problem in found.values()), found
    assert found.keys() == {"cut", "gone", "flipped", "odd"}
    result = run("history", damaged)
    assert "4 of 5 models cannot be read" in result.stderr
    assert result.stdout.count("\n") == 6


def test_the_commands_tables(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    table = run("history", ".", "--sort=-seed").stdout.splitlines()
    head = "name when K sampler sweeps tokens time held-out fingerprint part of went on from"
    assert " ".join(table[0].split()) == head
    assert [line.split()[0] for line in table[1:]] == ["trials/0002/model", "trials/0001/model", "first"]
    assert run("history", ".", "--tree").stdout.splitlines()[1].startswith("└─ trials/0001/model")
    found = run_json("history", ".", "--where", "n_topics=3")
    assert (found["n_models"], len(found["runs"])) == (3, 2)
    parents = run_json("history", "trials/0001/model", ".")
    assert [step["run"]["name"] for step in parents["parents"]] == ["first"]
    alone = run("history", "trials/0001/model", "trials").stdout
    assert "which is not among the models here" in alone
    assert "there is no field 'x'" in run("history", ".", "--where", "x", code=2).stderr
    assert "does not exist" in fails(3, "history", "nowhere")


def test_forged_parents_in_a_circle_come_to_an_end(folder: Path, tmp_path: Path) -> None:
    prints = [letter * 64 for letter in "ab"]
    for own, other in (prints, prints[::-1]):
        shutil.copytree(folder / "first", tmp_path / own[0])

        def forge(value: dict[str, Any], own: str = own, other: str = other) -> None:
            value["fingerprint"] = own
            value["run"]["parent"] = {"kind": "model", "fingerprint": other}

        resign(tmp_path / own[0], "model.json", forge)
    runs = lda.history(tmp_path)

    assert len(ancestors(runs[0], runs)) == 3
    assert sorted(branch.run.name for branch in tree(runs) if branch.run) == [run.name for run in runs]


def test_records_of_earlier_versions(folder: Path, tmp_path: Path) -> None:
    """They know neither metrics nor machine, and load as they did."""
    shutil.copytree(folder / "first", tmp_path / "old")
    new = (
        "machine",
        "code",
        "metrics",
        "peak_bytes",
        "began",
        "ended",
        "mini_batches",
        "resumed_after",
        "part_of",
    )
    resign(tmp_path / "old", "model.json", lambda value: [value["run"].pop(name) for name in new])

    (run,) = lda.history(tmp_path)
    record = lda.Model.load(tmp_path / "old").record

    assert run.heldout == lda.Model.load(folder / "first").record.metrics["heldout"]
    assert (record.machine, record.metrics, record.mini_batches) == (None, {}, 1)
    assert filtered([run], ["peak_bytes>0"]) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"machine": {"processor": ["x"]}},
        {"machine": {"processor": "x" * 300}},
        {"code": "abc"},
        {"metrics": {"heldout": "good"}},
        {"peak_bytes": -1},
        {"began": "yesterday"},
        {"mini_batches": 0},
        {"resumed_after": True},
        {"seconds": {"read": 0, "fit": 1, "write": "long"}},
    ],
    ids=json.dumps,
)
def test_damaged_facts_are_refused(folder: Path, tmp_path: Path, wrong: dict[str, Any]) -> None:
    shutil.copytree(folder / "first", tmp_path / "model")
    resign(tmp_path / "model", "model.json", lambda value: value["run"].update(wrong))
    with pytest.raises(DataError, match="damaged") as error:
        lda.Model.load(tmp_path / "model")
    assert "\n" not in str(error.value)


def test_of_equal_models_the_one_that_a_command_names_is_the_parent(folder: Path, tmp_path: Path) -> None:
    for name in ("a-copy", "first"):
        shutil.copytree(folder / "first", tmp_path / name)
    shutil.copytree(folder / "trials/0001/model", tmp_path / "on")
    command = "lda fit more.jsonl --init-from first/ -o on"
    resign(tmp_path / "on", "model.json", lambda value: value["run"].update(command=command))
    runs = lda.history(tmp_path)

    assert [branch.depth for branch in tree(runs)] == [0, 0, 1]
    oldest = ancestors(runs[-1], runs)[0].run
    assert oldest is not None
    assert names([oldest], tmp_path) == ["first"]


def test_numbers_given_and_taken_back_are_steps_of_their_own(folder: Path, tmp_path: Path) -> None:
    """The counts, and so the fingerprint, are then those of a model further back in the line."""
    oldest, mixed = "d" * 64, "c" * 64
    fitted = lda.Model.load(folder / "first").fingerprint()
    earlier = json.dumps([{"kind": "align", "fingerprint": fitted}, {"kind": "model", "fingerprint": oldest}])
    for name, own, kind, before, parent in (
        ("oldest", oldest, "", "", {}),
        ("fit", fitted, "model", oldest, {}),
        ("mixed", mixed, "align", fitted, {}),
        ("back", fitted, "align", mixed, {"earlier": earlier}),
    ):
        shutil.copytree(folder / "first", tmp_path / name)
        facts = {"kind": kind, "fingerprint": before, **parent} if kind else None
        command = f"lda align {'fit' if name == 'mixed' else 'mixed'} --to other -o {name}"

        def edit(
            value: dict[str, Any],
            own: str = own,
            facts: dict[str, str] | None = facts,
            command: str = command,
        ) -> None:
            value["fingerprint"] = own
            value["run"].update(parent=facts, command=command)

        resign(tmp_path / name, "model.json", edit)
    runs = lda.history(tmp_path)
    back = next(one for one in runs if one.name.endswith("back"))
    line = ancestors(back, runs)
    assert [step.run and step.run.name.rpartition("/")[2] for step in line] == [
        "oldest", "fit", "mixed", "back",
    ]  # fmt: skip
    assert not any("earlier" in step.told for step in line), "text for machines"


def test_a_model_with_the_numbers_it_had_is_not_its_own_parent(folder: Path, tmp_path: Path) -> None:
    """`lda align` of a model that was aligned already: the fingerprint stays, and the line goes on past it."""
    shutil.copytree(folder / "first", tmp_path / "first")
    lda.Model.load(tmp_path / "first").merge_topics(0, 1).save(tmp_path / "merged")
    shutil.copytree(tmp_path / "merged", tmp_path / "aligned")
    known = lda.history(tmp_path / "merged")[0]
    assert known.fingerprint is not None

    def align(value: dict[str, Any]) -> None:
        earlier = json.dumps([{"kind": "merge", "fingerprint": "c" * 64}])
        value["run"]["parent"] = {
            "kind": "align", "fingerprint": known.fingerprint, "to": "b" * 64, "earlier": earlier
        }  # fmt: skip

    resign(tmp_path / "aligned", "model.json", align)
    runs = lda.history(tmp_path)
    last = next(run for run in runs if run.name.endswith("aligned"))
    steps = ancestors(last, runs)
    assert [step.run and step.run.name.rpartition("/")[2] for step in steps] == ["first", "merged", "aligned"]
    assert steps[0].told.startswith("topics 0 1 of model ")
    assert steps[1].told == f"model {known.fingerprint[:12]} aligned to {'b' * 12}"
