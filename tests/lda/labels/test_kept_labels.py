"""Names that a model keeps: saved with it, outside its fingerprint, and never in the way of opening it."""

from __future__ import annotations

import json
import shutil
import warnings
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tiny
from commands import fails, run

import lda
from lda import DataError, Labels, Model, load_labels

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="module")
def fitted() -> Model:
    return lda.LDA(3, max_iter=5, random_state=1).fit(tiny.documents()).model_


@pytest.fixture
def saved(fitted: Model, tmp_path: Path) -> Path:
    fitted.with_labels({1: "War", 2: "Peace"}).save(tmp_path / "m")
    return tmp_path / "m"


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_they_are_saved_with_the_model_and_change_nothing_of_it(fitted: Model, saved: Path) -> None:
    fitted.save(saved.with_name("plain"))
    named, plain = bytes_of(saved), bytes_of(saved.with_name("plain"))
    assert named.keys() - plain.keys() == {"labels.json"}
    assert json.loads(named["labels.json"])["fingerprint"] == fitted.fingerprint()
    found = Model.load(saved)
    assert {k: label.name for k, label in found.labels.names.items()} == {1: "War", 2: "Peace"}
    assert found.fingerprint() == fitted.fingerprint()
    differ = {name for name in plain if plain[name] != named[name]}
    assert differ <= {"model.json"}, "which holds the time of the saving"
    assert not fitted.labels
    assert fitted.labels.n_topics == 3
    assert lda.load(saved).model_.labels.name(1) == "War"


def test_what_a_saved_model_replaces_loses_its_names(fitted: Model, saved: Path) -> None:
    fitted.save(saved, overwrite=True)
    assert not Model.load(saved).labels
    fitted.with_labels(["a", None, "c"]).save(saved, overwrite=True)
    assert Model.load(saved).with_labels(None).labels == Labels(n_topics=3)
    Model.load(saved).save(saved, overwrite=True)  # its counts are mapped from there
    assert Model.load(saved).labels.name(2) == "c"


def test_in_a_bucket(fitted: Model, place: Callable[[str], str]) -> None:
    model = place("m")
    fitted.with_labels({1: "War"}).save(model)
    assert load_labels(place("m/labels.json"), fitted).name(1) == "War"
    assert Model.load(model).labels.name(1) == "War"
    run("label", model, "--set", "2=Peace")
    assert {k: label.name for k, label in Model.load(model).labels.names.items()} == {1: "War", 2: "Peace"}
    fitted.with_labels({0: "Other"}).save(model, overwrite=True)
    assert list(Model.load(model).labels.names) == [0]
    fitted.save(model, overwrite=True)
    assert not Model.load(model).labels
    run("label", model, "--set", "2=Peace")
    run("label", model, "--clear")
    assert not Model.load(model).labels


DAMAGED = {
    "garbage": b"\x00\xff",
    "another model": json.dumps({"fingerprint": "b" * 64, "names": {"1": "x"}}).encode(),
    "more topics": b'{"7": "x"}',
    "a newer version": b'{"format": "raylda-labels", "version": 9, "names": {}}',
    "an escape": rb'{"1": "\u001b[2J"}',
}


@pytest.mark.parametrize("what", [*DAMAGED, "a folder", "a link out"])
def test_a_model_opens_without_names_that_are_damaged(saved: Path, what: str) -> None:
    path = saved / "labels.json"
    path.unlink()
    if what == "a folder":
        path.mkdir()
    elif what == "a link out":
        (saved.parent / "outside.json").write_text('{"1": "x"}')
        path.symlink_to(saved.parent / "outside.json")
    else:
        path.write_bytes(DAMAGED[what])
    with pytest.warns(UserWarning, match="the topics have no names: labels.json of the model") as told:
        model = Model.load(saved)
    assert len(told) == 1
    assert str(told[0].message).isprintable()
    assert not model.labels
    assert "labels.json of the model" in fails(3, "label", saved, "--set", "1=x"), "names in it would be lost"
    if what == "a folder":
        assert "Is a directory" in fails(1, "label", saved, "--clear", "-q")
        return
    run("label", saved, "--clear")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not Model.load(saved).labels


def test_a_fit_that_replaces_a_model_takes_no_names_over(tmp_path: Path) -> None:
    tiny.jsonl(tmp_path / "d.jsonl")
    fit = ("fit", tmp_path / "d.jsonl", "--text", "body", "-k", 3, "-n", 2, "-q", "-o", tmp_path / "m")
    run(*fit)
    run("label", tmp_path / "m", "--set", "1=War")
    run(*fit, "--overwrite", "-s", 2)
    assert not Model.load(tmp_path / "m").labels


def test_models_of_before_have_none(fitted: Model, tmp_path: Path) -> None:
    fitted.save(tmp_path / "m")
    shutil.copytree(tmp_path / "m", tmp_path / "copy")
    assert not (tmp_path / "m" / "labels.json").exists()
    assert not Model.load(tmp_path / "copy").labels


def test_forms_that_with_labels_takes(fitted: Model, tmp_path: Path) -> None:
    (tmp_path / "l.json").write_text('{"1": "War"}')
    for form in ({1: "War"}, [None, "War", ""], Labels().with_names({1: "War"}), tmp_path / "l.json"):
        labels = fitted.with_labels(form).labels
        assert {k: label.name for k, label in labels.names.items()} == {1: "War"}
        assert (labels.n_topics, labels.fingerprint) == (3, fitted.fingerprint())
    with pytest.raises(ValueError, match="one for each of the 3 topics"):
        fitted.with_labels(["War"])
    with pytest.raises(ValueError, match="topics 0 to 2"):
        fitted.with_labels({3: "War"})
    assert fitted.with_labels({np.int64(1): "War", "2": "Peace"}).labels.name(2) == "Peace"  # type: ignore[dict-item]
    for odd in ({1.5: "War"}, {None: "War"}, {"one": "War"}):
        with pytest.raises(ValueError, match="got"):
            fitted.with_labels(odd)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="a dict, a list, Labels or the path of a file, got int"):
        fitted.with_labels(3)  # type: ignore[arg-type]
    theirs = Labels(fingerprint="b" * 64).with_names({1: "War"})
    with pytest.raises(DataError, match="another model"):
        fitted.with_labels(theirs)
    assert fitted.with_labels(theirs, force=True).labels.fingerprint == fitted.fingerprint()
