"""A model as MLflow loads it, by MLflow itself."""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import tiny
import yaml

import lda
from lda.corpus import DataError
from lda.interop.mlflow import CODE, code_path
from lda.interop.yaml_document import yaml_document

if TYPE_CHECKING:
    from pathlib import Path

TEXTS = ["bread and butter, bread and butter", "a goal of the player", "galaxy", ""]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> lda.Model:
    """A model of texts."""
    file = tiny.jsonl(tmp_path_factory.mktemp("texts") / "texts.jsonl")
    recipe = lda.Recipe(text="body", id="name")
    corpus = lda.read_corpus([file], recipe=recipe)
    return lda.LDA(3, max_iter=10, random_state=4).fit(corpus).model_


@pytest.fixture(scope="module")
def exported(model: lda.Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return model.export(tmp_path_factory.mktemp("mlflow") / "model", to="mlflow")


@pytest.fixture(scope="module")
def mlflow() -> Any:
    """MLflow, which warns of itself while it is imported, and would tell others of its use."""
    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patched:
        patched.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        warnings.simplefilter("ignore")
        pytest.importorskip(
            "mlflow.pyfunc", reason="mlflow-skinny is in the extras mlflow and docs, not in dev"
        )
        return pytest.importorskip("mlflow")


@pytest.fixture(scope="module")
def loaded(mlflow: Any, exported: Path) -> Any:
    """What MLflow makes of it; nothing warns."""
    return mlflow.pyfunc.load_model(str(exported))


@pytest.mark.parametrize("form", [list, np.array, pd.Series, lambda texts: pd.DataFrame({"body": texts})])
def test_texts_in_every_form_have_their_topics(loaded: Any, model: lda.Model, form: Any) -> None:
    found = loaded.predict(form(TEXTS))

    np.testing.assert_array_equal(found, model.transform_texts(TEXTS))


def test_a_seed_is_a_parameter(loaded: Any, model: lda.Model) -> None:
    found = loaded.predict(TEXTS, params={"seed": 7})

    np.testing.assert_array_equal(found, model.transform_texts(TEXTS, seed=7))
    assert loaded.metadata.signature.to_dict()["params"]
    assert [column.type.name for column in loaded.metadata.signature.inputs.inputs] == ["string"]
    assert loaded.metadata.signature.outputs.inputs[0].shape == (-1, 3)
    assert loaded.metadata.metadata["raylda_fingerprint"] == model.fingerprint()


def test_a_server_answers(mlflow: Any, loaded: Any, exported: Path, model: lda.Model) -> None:
    """As `mlflow models serve` would, without a port."""
    server = pytest.importorskip("mlflow.pyfunc.scoring_server")
    for body in (
        {"inputs": TEXTS},
        {"dataframe_split": {"columns": ["text"], "data": [[text] for text in TEXTS]}},
    ):
        answer = server.invocations(
            json.dumps(body), "application/json", loaded, loaded.metadata.get_input_schema()
        )
        assert answer.status == 200, answer.response
        theta = json.loads(answer.response)["predictions"]
        np.testing.assert_allclose(theta, model.transform_texts(TEXTS), atol=1e-6)


def test_counts_have_their_topics(mlflow: Any, loaded: Any, model: lda.Model, tmp_path: Path) -> None:
    counts = tiny.counts()
    fitted = lda.LDA(3, max_iter=5, random_state=2).fit(counts).model_
    folder = fitted.export(tmp_path / "counts", to="mlflow")
    of_counts = mlflow.pyfunc.load_model(str(folder))
    expected = fitted.transform(counts)

    for X in (counts, counts.astype(float).tocsc(), counts.toarray(), counts.toarray().astype(np.int32)):
        np.testing.assert_array_equal(of_counts.predict(X), expected)
    names = sorted(" ".join(tiny.THEMES).split())
    frame = pd.DataFrame(counts.toarray(), columns=names)
    # A model of texts is told by its signature that texts come; below that it takes counts as well.
    np.testing.assert_array_equal(loaded.unwrap_python_model().predict(None, frame), model.transform(frame))


def test_mlflow_logs_the_folder(
    mlflow: Any, exported: Path, model: lda.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(f"file:{tmp_path / 'runs'}")
    try:
        with mlflow.start_run():
            logged = mlflow.pyfunc.log_model(
                name="topics",
                python_model=str(exported / CODE),
                artifacts={"model": str(exported / "artifacts" / "model")},
                signature=mlflow.models.Model.load(exported).signature,
                pip_requirements=str(exported / "requirements.txt"),
                input_example=["a text"],
            )
        again = mlflow.pyfunc.load_model(logged.model_uri)
        np.testing.assert_array_equal(again.predict(TEXTS), model.transform_texts(TEXTS))
    finally:
        mlflow.set_tracking_uri(before)


def test_the_folder_needs_no_mlflow_to_be_written(exported: Path) -> None:
    assert sorted(path.name for path in exported.iterdir() if path.name != "__pycache__") == [
        "MLmodel", "artifacts", "conda.yaml", "python_env.yaml", "requirements.txt", CODE,
    ]  # fmt: skip
    assert (exported / CODE).read_bytes() == code_path().read_bytes()
    assert not list(exported.rglob("*.pkl"))
    said = (exported / "MLmodel").read_text()
    assert str(exported.parent) not in said, "no path of this machine"


def test_a_folder_that_was_loaded_from_is_ours_still(model: lda.Model, tmp_path: Path) -> None:
    model.export(tmp_path / "m", to="mlflow")
    compiled = (
        tmp_path / "m" / "__pycache__" / "topic_model.cpython-311.pyc"
    )  # as importing the code leaves it
    compiled.parent.mkdir()
    compiled.touch()
    model.export(tmp_path / "m", to="mlflow", overwrite=True)
    assert not (tmp_path / "m" / "__pycache__").exists()


def test_two_exports_are_the_same(model: lda.Model, exported: Path, tmp_path: Path) -> None:
    again = model.export(tmp_path / "model", to="mlflow")
    for name in ("MLmodel", "requirements.txt", "conda.yaml", "python_env.yaml"):
        assert (again / name).read_bytes() == (exported / name).read_bytes()
    model.with_labels({0: "Bread"}).export(again, to="mlflow", overwrite=True)
    assert lda.Model.load(again / "artifacts" / "model").labels.name(0) == "Bread"
    model.export(again, to="mlflow", overwrite=True)
    (again / "artifacts" / "notes.txt").write_text("mine")
    with pytest.raises(DataError, match="export to mlflow"):
        model.export(again, to="mlflow", overwrite=True)
    assert (again / "artifacts" / "notes.txt").is_file()


def test_a_document_of_yaml_is_what_it_was_made_of() -> None:
    value = {
        "a": {"b": [1, "x: - 'y'", {"c": True, "d": None}], "e": [], "f": 0.5},
        "no": "no",
        "version": "3.10",
    }
    assert yaml.safe_load(yaml_document(value)) == value
    assert yaml_document({"g": f"é 🙂 {'long ' * 40}\tend"}).endswith("long \\tend\n")
