"""`MlflowTracker`: a callback that keeps the run of a fit in MLflow, and never stands in the fit's way."""

from __future__ import annotations

import socket
import threading
import time
import warnings
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from lda.corpus.presentable import presentable, without_keys
from lda.corpus.storage.leftovers import temporary_folder
from lda.extras import needed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from lda.cluster import FitSettings, SweepRecord
    from lda.corpus import Corpus
    from lda.interop.exportable import Exportable
    from lda.interop.exported_model import RunFacts

    Job = Callable[[Any, str], object]

EXPERIMENT: Final = "raylda"
ARTIFACT: Final = "model"
"""Where the model lies among the artifacts of a run: "runs:/RUN/model" loads it."""

METRICS: Final = ("log_likelihood", "heldout", "alpha_sum", "beta", "tokens_per_second")
LONGEST: Final = 500
"""Characters of a parameter; stores refuse longer ones, each at a limit of its own."""

SECONDS_TO_ANSWER: Final = 5.0
AT_ONCE: Final = 90
"""Parameters in one request, of which MLflow takes a hundred."""


class MlflowTracker:
    """Keeps what a fit was asked for, found and made as a run of MLflow.

    As a callback, `LDA(callbacks=[MlflowTracker()])`, it opens a run when a fit begins: parameters are the settings of
    the fit and the recipe of the text; metrics are those of each sweep that is evaluated, by its number; tags are the
    model's fingerprint, the content hash of the corpus, versions and the commit; the artifact "model" is the model in
    the form that MLflow loads, if it is wanted. Each fit is a run of its own.

    MLflow is talked to by a thread of its own. One that fails, or does not answer, costs a warning and the rest of the
    run's entries, never the fit.

    Args:
        experiment: name of the experiment, which is made where there is none.
        tracking_uri: address of a server or a store, such as "sqlite:///mlflow.db"; None for that which MLflow is set
            to, by `mlflow.set_tracking_uri` or the variable MLFLOW_TRACKING_URI.
        run_name: name of the run; None leaves it to MLflow.
        run_id: of a run that is there, which is written to and left open; None opens one for each fit.
        tags: further tags.
        log_model: keep the model as an artifact.
        patience: seconds that the end of a fit waits for MLflow.

    Attributes:
        run_id_: of the run of the last fit; None before there was one.

    Raises:
        MissingPackageError: mlflow is not installed.
    """

    run_id_: str | None = None

    def __init__(
        self,
        experiment: str = EXPERIMENT,
        tracking_uri: str | None = None,
        *,
        run_name: str | None = None,
        run_id: str | None = None,
        tags: Mapping[str, str] | None = None,
        log_model: bool = True,
        patience: float = 60.0,
    ) -> None:
        _mlflow()  # who has none is told now, not after the fit
        self.experiment, self.tracking_uri = experiment, tracking_uri
        self.run_name, self.run_id = run_name, run_id
        self.tags, self.log_model, self.patience = tags, log_model, patience
        self._line: _Line | None = None

    def __repr__(self) -> str:
        where = None if self.tracking_uri is None else without_keys(self.tracking_uri)
        return f"MlflowTracker({self.experiment!r}, {where!r})"

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_line": None}  # a thread goes nowhere

    def on_begin(self, settings: FitSettings, corpus: Corpus) -> None:
        """A fit begins: open a run, and tell it the settings."""
        self._line = line = _Line(self)
        parameters = _parameters(settings.resolved().to_dict(), corpus)
        line.put(lambda client, run: _log_parameters(client, run, parameters))
        self._warn()

    def __call__(self, record: SweepRecord) -> None:
        """A sweep is over."""
        values = {name: getattr(record, name) for name in METRICS}
        if self._line is None or (values["log_likelihood"] is None and values["heldout"] is None):
            return
        known = {name: float(value) for name, value in values.items() if value is not None}
        self._line.put(lambda client, run: _log_metrics(client, run, known, record.sweep))
        self._warn()

    def on_model(self, model: Exportable) -> None:
        """The fit is done: keep what the model tells of itself, and the model, and close the run."""
        if self._line is None:
            return
        record, print_ = model.record, model.fingerprint()  # type: ignore[attr-defined]  # of a model, it has both
        tags = _tags(record, print_)
        n_sweeps = int(record.n_sweeps)
        last = {f"seconds_{name}": float(value) for name, value in record.seconds.items()}
        if record.peak_bytes is not None:
            last["peak_bytes"] = float(record.peak_bytes)

        def finish(client: Any, run: str) -> None:  # noqa: ANN401 - of MLflow
            _log_metrics(client, run, last, n_sweeps)
            for name, value in tags.items():
                client.set_tag(run, name, value)
            if self.log_model:
                with temporary_folder() as folder:
                    model.export(Path(folder) / ARTIFACT, to="mlflow")
                    client.log_artifacts(run, f"{folder}/{ARTIFACT}", ARTIFACT)

        self._line.put(finish)
        self._close("FINISHED")

    def on_failure(self, error: BaseException) -> None:
        """The fit has failed, or was cut off."""
        self._close("KILLED" if isinstance(error, KeyboardInterrupt) else "FAILED")

    def _close(self, status: str) -> None:
        line, self._line = self._line, None
        if line is None:
            return
        line.close(None if self.run_id is not None else status, self.patience)
        self.run_id_ = line.run_id
        line.warn()

    def _warn(self) -> None:
        if self._line is not None:
            self._line.warn()


class _Line(threading.Thread):
    """What is to be told to MLflow, one after the other, until it fails."""

    def __init__(self, tracker: MlflowTracker) -> None:
        super().__init__(name="lda-mlflow", daemon=True)
        self.tracker, self.run_id = tracker, tracker.run_id
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._problem: str | None = None
        self._told = False
        self.start()

    def put(self, job: Job) -> None:
        """Have it done after the others."""
        if self._problem is None:
            self._jobs.put(job)

    def close(self, status: str | None, patience: float) -> None:
        """End the run with a status, None to leave it open, and wait until all is told, so many seconds at most."""
        if status is not None:
            self._jobs.put(lambda client, run: client.set_terminated(run, status))
        self._jobs.put(None)
        self.join(patience)
        if self.is_alive() and self._problem is None:
            self._problem = f"it has not answered for {patience:g} seconds"

    def warn(self) -> None:
        """Say once what went wrong; in the thread of the fit, where warnings are looked for."""
        if self._problem is None or self._told:
            return
        self._told = True
        # Keys are taken out before the text is cut: half an address does not show that it holds one.
        warnings.warn(
            f"MLflow does not keep this run, and the fit goes on without: {presentable(self._problem):.400}",
            stacklevel=4,
        )

    def run(self) -> None:
        """Open the run and do the jobs."""
        try:
            mlflow = _mlflow()
            _knock(self.tracker.tracking_uri or mlflow.get_tracking_uri())
            client = mlflow.MlflowClient(tracking_uri=self.tracker.tracking_uri)
            if self.run_id is None:
                self.run_id = self._opened(client)
            while (job := self._jobs.get()) is not None:
                job(client, self.run_id)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not end a fit
            self._problem = " ".join(str(error).split()) or type(error).__name__

    def _opened(self, client: Any) -> str:  # noqa: ANN401 - of MLflow
        name = self.tracker.experiment
        found = client.get_experiment_by_name(name)
        experiment = client.create_experiment(name) if found is None else found.experiment_id
        tags = {"raylda": "fit", **(self.tracker.tags or {})}
        return str(client.create_run(experiment, tags=tags, run_name=self.tracker.run_name).info.run_id)


def _knock(uri: str) -> None:
    """Raise OSError at once where no server answers: MLflow would ask it again for minutes."""
    place = urlsplit(uri)
    if place.scheme in ("http", "https") and place.hostname:
        port = place.port or (443 if place.scheme == "https" else 80)
        try:
            socket.create_connection((place.hostname, port), SECONDS_TO_ANSWER).close()
        except OSError as error:
            raise OSError(f"{without_keys(uri)} does not answer ({error.strerror or error})") from None


def _mlflow() -> Any:  # noqa: ANN401 - a module
    return needed("mlflow", "runs in MLflow", "pip install 'raylda[mlflow]'", oldest="3")


def _parameters(settings: Mapping[str, Any], corpus: Corpus) -> dict[str, str]:
    recipe = {} if corpus.recipe is None else corpus.recipe.to_dict()
    found = {
        **{name: value for name, value in settings.items() if value is not None},
        "n_documents": corpus.n_documents,
        "n_terms": corpus.n_terms,
        "n_tokens": corpus.n_tokens,
        **{f"recipe.{name}": value for name, value in recipe.items() if value is not None},
    }
    return {name: _cut(str(value)) for name, value in found.items()}


def _tags(record: RunFacts, fingerprint: str) -> dict[str, str]:
    found: dict[str, Any] = {
        "fingerprint": fingerprint,
        "corpus_hash": record.corpus_hash,
        "sweeps": record.n_sweeps,
        "interrupted": record.interrupted,
        **{f"version.{name}": value for name, value in record.versions.items()},
        **{f"code.{name}": value for name, value in (record.code or {}).items()},
        **{f"machine.{name}": value for name, value in (record.machine or {}).items()},
        **{f"part_of.{name}": value for name, value in (record.part_of or {}).items()},
        "command": None if record.command is None else without_keys(record.command),
    }
    return {name: _cut(str(value)) for name, value in found.items() if value is not None}


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."


def _log_parameters(client: Any, run: str, parameters: Mapping[str, str]) -> None:  # noqa: ANN401 - of MLflow
    entities = _mlflow().entities
    made = [entities.Param(name, value) for name, value in parameters.items()]
    for some in _some(made):
        client.log_batch(run, params=some)


def _log_metrics(client: Any, run: str, values: Mapping[str, float], step: int) -> None:  # noqa: ANN401 - of MLflow
    entities, now = _mlflow().entities, int(time.time() * 1000)
    client.log_batch(run, metrics=[entities.Metric(name, value, now, step) for name, value in values.items()])


def _some(entries: list[Any]) -> Iterable[list[Any]]:
    return (entries[first : first + AT_ONCE] for first in range(0, len(entries), AT_ONCE))
