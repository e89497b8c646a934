"""A fit whose model goes into a folder: what trials, groups and repetitions have in common."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from pathlib import Path

    from lda.cluster import Beginning, FitResult, FitSettings
    from lda.cluster.counts.word_prior import WordPrior
    from lda.cluster.spec.results import CountsTo, StoredCounts
    from lda.corpus import Corpus
    from lda.labels.labels import Labels
    from lda.model.model import Model
    from lda.model.run_record import RunRecord
    from lda.model.write import ModelWriter

DECIDE_END: Final = frozenset({"sweeps", "tol", "n_iter_no_change", "n_samples", "sample_interval"})
"""Settings that may change while a fit goes on; once it is finished, a change means a different model."""


def differences_of(
    model: Model,
    settings: FitSettings,
    corpus: Corpus,
    *,
    prior: WordPrior | None = None,
    begin: Beginning | None = None,
    going_on: bool = False,
) -> str:
    """In words, where a model is not the one that a fit of this corpus makes or would go on to; empty if it is.

    Args:
        model: the model of an earlier run.
        settings: of the fit, resolved.
        corpus: the documents.
        prior: tokens that topics begin with.
        begin: where the chain begins.
        going_on: whether the fit may have another end than the finished model, such as more sweeps.
    """
    from lda.cluster.checkpoints.identity import BEGIN, WORD_PRIOR, differences, identity
    from lda.cluster.counts.word_prior import WordPrior

    was = {**model.record.settings, "corpus": model.record.corpus_hash}
    if model.word_prior is not None:
        was[WORD_PRIOR] = WordPrior(counts=model.word_prior, frozen=model.frozen_topics).digest()
    was[BEGIN] = (model.record.parent or {}).get(BEGIN)
    now = identity(settings, corpus.content_hash, prior, begin)
    if not (model.record.interrupted or going_on):
        now |= {name: value for name, value in asdict(settings).items() if name in DECIDE_END}
    return differences(was, now)


class NewModel:
    """A model that a fit is writing: its folder is made when the sweeps are done, and given up if anything fails.

    To be used in a `with` block around the fit, which is given `counts_to`. Rejected: making the folder at the
    beginning, because a fit that is killed would leave it behind.
    """

    def __init__(self, place: str | Path, *, overwrite: bool = False, top_words: int = 0) -> None:
        """Nothing is written yet.

        Args:
            place: folder or URI of the model.
            overwrite: replace a model that stands there.
            top_words: how many of each topic the fit is to tell.
        """
        self._place, self._overwrite, self._top_words = place, overwrite, top_words
        self._stack = ExitStack()
        self._writer: ModelWriter | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> bool | None:
        return self._stack.__exit__(*error)  # type: ignore[arg-type]  # type, value and traceback, as they came

    @property
    def counts_to(self) -> CountsTo:
        """Where the fit is to write the counts."""
        from lda.cluster.spec.results import CountsTo

        return CountsTo(place=self._counts, top_words=self._top_words)

    @property
    def writer(self) -> ModelWriter:
        """What writes the model, once the fit has asked where to write the counts."""
        assert self._writer is not None
        return self._writer

    def _counts(self) -> str:
        from lda.model.write import new_model

        if self._writer is not None:
            # Asked again after a loss in the midst of writing, maybe with fewer parts.
            self._writer.clear()
        else:
            self._writer = self._stack.enter_context(new_model(self._place, overwrite=self._overwrite))
        return self._writer.place

    def finish(
        self,
        result: FitResult,
        corpus: Corpus,
        record: RunRecord,
        *,
        remember: bool,
        labels: Labels | None = None,
    ) -> StoredCounts:
        """Write what is not written yet; the model is in its place then.

        Args:
            result: of the fit.
            corpus: its documents.
            record: of the run.
            remember: keep content hashes of the documents, for which the corpus is read once more.
            labels: names of the topics.

        Raises:
            OSError: the disk refused.
        """
        import numpy as np

        from lda.evaluation.trained_documents import trained_hashes

        stored = result.stored
        assert stored is not None
        self.writer.finish(
            alpha=np.asarray(result.alpha, dtype=np.float64),
            beta=float(result.beta),
            vocabulary=corpus.vocabulary,
            record=record,
            fingerprint=stored.fingerprint,
            counts=stored.counts,
            soft_counts=stored.soft_counts,
            word_prior=result.word_prior,
            frozen_topics=result.frozen_topics,
            document_hashes=trained_hashes(result, corpus) if remember else None,
            labels=labels,
        )
        self._stack.close()
        return stored


def fit_into(
    place: str | Path,
    corpus: Corpus,
    settings: FitSettings,
    *,
    command: str | None = None,
    parent: dict[str, str] | None = None,
    part_of: dict[str, str] | None = None,
    labels: Labels | None = None,
    seed_words: dict[str, Any] | None = None,
    seconds_read: float = 0.0,
    remember: bool = True,
    overwrite: bool = False,
    **options: Any,  # noqa: ANN401 - those of `lda.cluster.fit`
) -> tuple[FitResult, str]:
    """Fit a corpus and write the model.

    Args:
        place: folder or URI of the model, which appears whole or not at all.
        corpus: the documents.
        settings: of the fit.
        command: a shell command that repeats the run, for the record.
        parent: what the run goes on from, for the record; see `RunRecord`.
        part_of: what the run belongs to, for the record; see `RunRecord`.
        labels: names of the topics.
        seed_words: seed words, for the record; see `RunRecord`.
        seconds_read: seconds that reading the corpus took, for the record.
        remember: keep content hashes of the documents, for which the corpus is read once more.
        overwrite: replace a model that stands there.
        **options: further arguments of `lda.cluster.fit`, but for those that say where counts go.

    Returns:
        What the fit found, its counts written and not in it, and the model's fingerprint.

    Raises:
        ValueError: the settings do not fit the corpus.
        DataError: something other than a model stands there, or a model and `overwrite` is off.
        OSError: the disk refused.
        CheckpointError, ClusterError: as `lda.cluster.fit` raises them.
    """
    from lda.cluster import fit
    from lda.corpus.terms import has_names
    from lda.model.run_record import RunRecord
    from lda.model.write import check_model_target

    check_model_target(place, overwrite=overwrite)
    options.setdefault("document_topics", False)
    with NewModel(place, overwrite=overwrite) as model:
        result = fit(corpus, settings, counts_to=model.counts_to, **options)
        record = RunRecord.from_fit(
            result,
            corpus,
            named_terms=has_names(corpus.vocabulary),
            command=command,
            parent=parent,
            part_of=part_of,
            seed_words=seed_words,
            seconds_read=seconds_read,
        )
        stored = model.finish(result, corpus, record, remember=remember, labels=labels)
    return result, stored.fingerprint
