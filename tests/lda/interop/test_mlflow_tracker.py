"""Fits that MLflow keeps, in its own store; and fits that go on without it."""

from __future__ import annotations

import copy
import pickle
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tiny
from commands import run

import lda

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.slow,  # a store takes seconds to be made
    pytest.mark.filterwarnings("ignore:::mlflow", "ignore:::sqlalchemy", "ignore:::alembic"),
]


@pytest.fixture(scope="module")
def mlflow() -> Any:
    """MLflow, which warns of itself while it is imported, and would tell others of its use."""
    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patched:
        patched.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        warnings.simplefilter("ignore")
        pytest.importorskip(
            "mlflow.pyfunc", reason="mlflow-skinny is in the extras mlflow and docs, not in dev"
        )
        for package in ("sqlalchemy", "alembic"):
            pytest.importorskip(package, reason="MLflow's store in a file needs it; optuna brings it")
        yield pytest.importorskip("mlflow")


@pytest.fixture(scope="module")
def _store(mlflow: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an empty store, which takes seconds to make."""
    folder = tmp_path_factory.mktemp("mlflow")
    mlflow.MlflowClient(tracking_uri=f"sqlite:///{folder}/mlflow.db").search_experiments()
    return folder


@pytest.fixture
def store(_store: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Address of a store, whose artifacts lie beside it."""
    monkeypatch.chdir(_store)
    return f"sqlite:///{_store}/mlflow.db"


def only_run(mlflow: Any, store: str, experiment: str) -> Any:
    client = mlflow.MlflowClient(tracking_uri=store)
    (found,) = client.search_runs([client.get_experiment_by_name(experiment).experiment_id])
    return found


def test_a_fit_is_a_run(mlflow: Any, store: str, tmp_path: Path) -> None:
    file = tiny.jsonl(tmp_path / "texts.jsonl")
    corpus = lda.read_corpus([file], recipe=lda.Recipe(text="body", id="name", min_df=2))
    tracker = lda.MlflowTracker("one", store, run_name="first", tags={"team": "topics"})
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        fitted = lda.LDA(
            3, max_iter=20, random_state=1, validation_fraction=0.2, alpha=0.5, callbacks=[tracker]
        ).fit(corpus)
    model = fitted.model_

    found = only_run(mlflow, store, "one")

    assert (found.info.status, found.info.run_name, found.info.run_id) == (
        "FINISHED",
        "first",
        tracker.run_id_,
    )
    assert found.data.params["n_topics"] == "3"
    assert found.data.params["alpha"] == "0.5"
    assert found.data.params["recipe.min_df"] == "2"
    assert found.data.tags["fingerprint"] == model.fingerprint()
    assert found.data.tags["corpus_hash"] == corpus.content_hash
    assert found.data.tags["version.raylda"] == model.record.versions["raylda"]
    assert found.data.tags["team"] == "topics"
    history = mlflow.MlflowClient(tracking_uri=store).get_metric_history(tracker.run_id_, "heldout")
    expected = [(row.sweep, row.heldout) for row in fitted.history_ if row.heldout is not None]
    assert [(metric.step, metric.value) for metric in history] == expected
    mlflow.set_tracking_uri(store)
    loaded = mlflow.pyfunc.load_model(f"runs:/{tracker.run_id_}/model")
    np.testing.assert_array_equal(loaded.predict(["a galaxy"]), model.transform_texts(["a galaxy"]))


def test_the_command_is_a_run(mlflow: Any, store: str, tmp_path: Path) -> None:
    file = tiny.jsonl(tmp_path / "texts.jsonl")
    words = ("fit", file, "--text", "body", "-k", 3, "-n", 5, "-o", tmp_path / "model", "--mlflow", store)
    run(*words, MLFLOW_EXPERIMENT_NAME="two")

    found = only_run(mlflow, store, "two")

    model = lda.Model.load(tmp_path / "model")
    assert found.data.tags["fingerprint"] == model.fingerprint()
    assert found.data.tags["command"] == model.record.command
    assert "mlflow" not in (model.record.command or "")


def test_a_fit_that_fails_is_a_failed_run(mlflow: Any, store: str) -> None:
    def fail(record: lda.SweepRecord) -> bool:
        raise ArithmeticError(f"at {record.sweep}")

    tracker = lda.MlflowTracker("three", store, log_model=False)
    with pytest.raises(ArithmeticError, match="at 1"):
        lda.LDA(2, max_iter=3, random_state=1, callbacks=[tracker, fail]).fit(tiny.documents())
    assert only_run(mlflow, store, "three").info.status == "FAILED"


def test_a_run_that_is_there_stays_open(mlflow: Any, store: str) -> None:
    client = mlflow.MlflowClient(tracking_uri=store)
    mine = client.create_run(client.create_experiment("four")).info.run_id
    tracker = lda.MlflowTracker("four", store, run_id=mine, log_model=False)

    lda.LDA(2, max_iter=3, random_state=1, callbacks=[tracker]).fit(tiny.documents())

    found = only_run(mlflow, store, "four")
    assert (found.info.run_id, found.info.status) == (mine, "RUNNING")
    assert found.data.tags["sweeps"] == "3"


@pytest.mark.parametrize(
    "place",
    [
        "http://user:secret@127.0.0.1:9",
        "sqlite:///file/mlflow.db",
        pytest.param(f"unheard-of://user:secret{'x' * 500}@here", id="long"),  # than what is told
    ],
)
def test_a_fit_goes_on_without(
    mlflow: Any, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("no folder")
    tracker = lda.MlflowTracker("five", place)
    alone = lda.LDA(2, max_iter=30, random_state=1).fit(tiny.documents()).model_
    with pytest.warns(UserWarning, match="the fit goes on without") as told:
        fitted = lda.LDA(2, max_iter=30, random_state=1, callbacks=[tracker]).fit(tiny.documents())

    own = [str(warning.message) for warning in told if "goes on without" in str(warning.message)]
    assert len(own) == 1
    assert "secret" not in own[0]
    assert "secret" not in repr(tracker)
    assert fitted.model_.fingerprint() == alone.fingerprint()


def test_it_travels(mlflow: Any) -> None:
    tracker = lda.MlflowTracker("six", "sqlite:///x.db")
    for twin in (pickle.loads(pickle.dumps(tracker)), copy.deepcopy(tracker)):
        assert (twin.experiment, twin.tracking_uri) == ("six", "sqlite:///x.db")
