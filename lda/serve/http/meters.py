"""`Meters`: what is counted, of one process or of all workers together.

Workers are processes: whoever starts them names a folder in PROMETHEUS_MULTIPROC_DIR, where each writes its numbers;
any of them answers for all. Labels have few values: our routes, names of models that are served, statuses.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lda.extras import needed
from lda.serve.http.topic_shares import FACTS, TopicShares, drift, sums_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lda.serve.http.batching import Found
    from lda.serve.http.http_request import HttpRequest
    from lda.serve.http.limits import WaitingRequests
    from lda.serve.shelf import ServedModel, Shelf

FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Variable of the environment that prometheus-client reads, too, when it is imported."""

REMEDY: Final = "pip install 'raylda[serve]'"

SECONDS: Final = (0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
SIZES: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096, 16384)


class Meters:
    """Counts what is done, in a registry of its own.

    Args:
        shelf: models that are told of.
        waiting: what is here.

    Raises:
        MissingPackageError: prometheus-client is not installed.
    """

    def __init__(self, shelf: Shelf, waiting: WaitingRequests) -> None:
        package = needed("prometheus_client", "metrics", REMEDY)
        self._shelf, self._waiting = shelf, waiting
        named = os.environ.get(FOLDER)
        self._folder = Path(named) if named else None
        self._registry: Any = package.CollectorRegistry(auto_describe=True)
        self._shares = dict[str, TopicShares]()
        self._requests = self._made(
            package.Counter,
            "lda_serve_requests",
            "Requests, by route, status and model.",
            ["route", "status", "model"],
        )
        self._seconds = self._made(
            package.Histogram,
            "lda_serve_request_seconds",
            "From the headers of a request to its answer.",
            ["route"],
            buckets=SECONDS,
        )
        self._batch_documents = self._made(
            package.Histogram,
            "lda_serve_batch_documents",
            "Documents that were inferred together.",
            ["model"],
            buckets=SIZES,
        )
        self._batch_requests = self._made(
            package.Histogram,
            "lda_serve_batch_requests",
            "Requests whose documents were inferred together.",
            ["model"],
            buckets=SIZES,
        )
        self._documents = self._made(
            package.Counter, "lda_serve_documents", "Documents that topics were inferred of.", ["model"]
        )
        self._words = self._made(
            package.Counter,
            "lda_serve_words",
            "Their words, those that the model knows and those that it does not.",
            ["model", "known"],
        )
        self._here = self._made(
            package.Gauge,
            "lda_serve_waiting_requests",
            "Requests that are read, wait or are inferred.",
            [],
            multiprocess_mode="livesum",
        )
        self._bytes = self._made(
            package.Gauge,
            "lda_serve_waiting_bytes",
            "Bytes of their bodies.",
            [],
            multiprocess_mode="livesum",
        )
        self._counters = dict[tuple[str, int, str], Any]()
        self._timers = dict[str, Any]()
        self._of_models = dict[str, tuple[Any, ...]]()

    def _made(self, kind: Any, name: str, text: str, labels: list[str], **options: Any) -> Any:  # noqa: ANN401
        return kind(name, text, labels, registry=self._registry, **options)

    def answered(self, request: HttpRequest, route: str, status: int, seconds: float) -> None:
        """Count a request that is over."""
        model = "" if request.model is None else request.model.name
        counter = self._counters.get((route, status, model))
        if counter is None:
            counter = self._requests.labels(route, str(status), model)
            self._counters[route, status, model] = counter
        counter.inc()
        timer = self._timers.get(route)
        if timer is None:
            timer = self._timers[route] = self._seconds.labels(route)
        timer.observe(seconds)
        self._here.set(self._waiting.requests)
        self._bytes.set(self._waiting.n_bytes)

    def batch(self, model: ServedModel, n_requests: int, found: Found) -> None:
        """Count documents that were inferred in one call."""
        meters = self._of_models.get(model.name)
        if meters is None:
            meters = self._of_models[model.name] = (
                self._batch_documents.labels(model.name),
                self._batch_requests.labels(model.name),
                self._documents.labels(model.name),
                self._words.labels(model.name, "true"),
                self._words.labels(model.name, "false"),
            )
        documents, requests, all_documents, known, unknown = meters
        documents.observe(len(found.theta))
        requests.observe(n_requests)
        all_documents.inc(len(found.theta))
        known.inc(int(found.n_known.sum()))
        unknown.inc(int(found.n_unknown.sum()))
        shares = self._shares.get(model.name)
        if shares is None or shares.model.digest != model.digest:
            shares = self._shares[model.name] = TopicShares(model, self._folder)
        shares.add(found)

    def text(self, accepted: str) -> tuple[bytes, str]:
        """All of it as text, and the type of that. accepted: types that are asked for, as in the header `Accept`."""
        package = needed("prometheus_client", "metrics", REMEDY)
        registry = package.CollectorRegistry()
        if self._folder is None:
            registry.register(_Whole(self._registry))
        else:
            multiprocess = needed("prometheus_client.multiprocess", "metrics", REMEDY)
            multiprocess.MultiProcessCollector(registry, path=str(self._folder))
        registry.register(_OfModels(self))
        encode, media = needed("prometheus_client.exposition", "metrics", REMEDY).choose_encoder(accepted)
        return encode(registry), media

    def of_models(self) -> Iterator[Any]:
        """What is found out of sums when it is asked for, of the models that are served now."""
        made = needed("prometheus_client.metrics_core", "metrics", REMEDY)
        info = made.InfoMetricFamily("lda_serve_model", "Models that are served.", labels=["model"])
        unknown = made.GaugeMetricFamily(
            "lda_serve_unknown_word_share",
            "Part of all words so far that this version of the model does not know.",
            labels=["model"],
        )
        distance = made.GaugeMetricFamily(
            "lda_serve_topic_drift",
            "Jensen-Shannon distance (base 2, 0 to 1) of the topics' shares in all words so far, as this version of "
            "the model sees them, from their shares in training.",
            labels=["model"],
        )
        for model in self._shelf.models():
            shares = self._shares.get(model.name)
            here = shares if shares is not None and shares.model.digest == model.digest else None
            sums = sums_of(model, self._folder, here)
            info.add_metric([model.name], {"version": model.version, "fingerprint": model.fingerprint})
            if sums[1] + sums[2] > 0:
                unknown.add_metric([model.name], sums[2] / (sums[1] + sums[2]))
            if sums[1] > 0 and (found := drift(sums[FACTS:], model.training_shares)) is not None:
                distance.add_metric([model.name], found)
        yield from (info, unknown, distance)


class _Whole:
    """Passes on what a registry has."""

    def __init__(self, registry: Any) -> None:  # noqa: ANN401 - of prometheus-client
        self._registry = registry

    def collect(self) -> Iterator[Any]:
        """See prometheus-client's `Collector`."""
        yield from self._registry.collect()


class _OfModels:
    """Passes on `Meters.of_models`."""

    def __init__(self, meters: Meters) -> None:
        self._meters = meters

    def collect(self) -> Iterator[Any]:
        """See prometheus-client's `Collector`."""
        yield from self._meters.of_models()
