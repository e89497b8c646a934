"""The drift of documents that stream by, from what a model knows of its training or from reference documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from lda.evaluation.drift import TrainedOn, measure_drift
from lda.evaluation.topic_model import TopicModel

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lda.corpus import DocumentBatch
    from lda.corpus.stream import UnknownWords
    from lda.evaluation.drift_results import Drift, DriftLimits
    from lda.labels.labels import Labels
    from lda.model.run_record import RunRecord


class RememberingModel(TopicModel, Protocol):
    """A model that remembers its training, and names of topics; `lda.Model` is one."""

    @property
    def record(self) -> RunRecord:
        """The facts of the run."""
        ...

    @property
    def labels(self) -> Labels:
        """Names of topics."""
        ...


def drift_of_batches(
    model: RememberingModel,
    new: Iterable[DocumentBatch],
    reference: Iterable[DocumentBatch] | None,
    *,
    limits: DriftLimits,
    unknown_words: UnknownWords,
    seed: int | None = None,
    threads: int | None = None,
) -> Drift:
    """As `Model.drift`, of documents in the ids of the model that were never all in memory.

    Args:
        model: whose drift it is.
        new: new documents.
        reference: reference documents, read after the new ones; None for the training.
        limits: what is still no drift.
        unknown_words: is told of the unknown words of the new documents while these are read.
        seed: None takes the seed of the fit.
        threads: None uses all cores.

    Raises:
        DataError: there are no documents, or all of them are empty; also what comes with batches.
    """
    record = model.record
    return measure_drift(
        model,
        new,
        reference,
        training=TrainedOn(
            n_documents=record.n_documents,
            n_empty_documents=record.n_empty_documents,
            n_tokens=record.n_tokens,
            heldout=record.metrics.get("heldout"),
        ),
        frozen=model.frozen(threads=threads),
        names={number: label.name for number, label in model.labels.names.items()},
        limits=limits,
        seed=record.seed if seed is None else seed,
        unknown_words=unknown_words,
    )
