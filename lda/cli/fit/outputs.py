"""What `lda fit` writes: the model, and the files beside it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from lda.cli.fit.output_files import Finished, OutputFiles
from lda.experiments.fitted import NewModel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lda.cluster import FitResult
    from lda.cluster.spec.results import CountsTo
    from lda.corpus import Corpus
    from lda.labels.labels import Labels
    from lda.model.model import Model, Topic
    from lda.model.run_record import RunRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """What the run writes: the model's folder, and files beside it."""

    model: str
    files: OutputFiles = field(default_factory=OutputFiles)
    overwrite: bool

    def replacing(self, resumed: bool) -> Targets:
        """The targets of a command that may be resumed: what its earlier run has written may be replaced."""
        return replace(self, overwrite=True) if resumed else self

    def others_exist(self) -> bool:
        """Whether the files beside the model are there, as far as they are wanted."""
        return self.files.all_exist()

    def check(self, read: Sequence[object] = ()) -> None:
        """Refuse what could not be written at the end, before anything is read. Raises `DataError`.

        read: places that the command reads, which its files must not replace.
        """
        from lda.corpus.storage.output_target import check_different
        from lda.corpus.storage.places import is_uri
        from lda.model.write import check_model_target

        check_model_target(self.model, overwrite=self.overwrite)
        model = [] if is_uri(self.model) else [Path(self.model)]
        check_different([*model, *(path for _, path in self.files.wanted())])
        self.files.check(list(read), overwrite=self.overwrite)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """What is told of a finished model. topics: with as many words each as were asked for. labels: their names."""

    record: RunRecord
    n_terms: int
    fingerprint: str
    topics: list[Topic]
    labels: Labels | None = None

    @classmethod
    def of(cls, model: Model, n_words: int) -> Fitted:
        """The summary of a model that was finished before."""
        return cls(
            record=model.record,
            n_terms=model.n_terms,
            fingerprint=model.fingerprint(),
            topics=model.topics(n_words),
            labels=model.labels,
        )


class Output:
    """The outputs of one fit."""

    def __init__(self, targets: Targets, n_words: int) -> None:
        self._targets, self.n_words = targets, n_words
        self._model = NewModel(targets.model, overwrite=targets.overwrite, top_words=max(n_words, 0))

    def __enter__(self) -> Self:
        self._model.__enter__()
        return self

    def __exit__(self, *error: object) -> bool | None:
        return self._model.__exit__(*error)

    @property
    def wants_document_topics(self) -> bool:
        """Whether counts of the documents' topics are needed for files."""
        return "documents" in self._targets.files.needs

    @property
    def wants_token_topics(self) -> bool:
        """Whether the topics of tokens are needed for files."""
        return "tokens" in self._targets.files.needs

    @property
    def counts_to(self) -> CountsTo:
        """Where the fit is to write the counts, and how many words it is to tell of each topic."""
        return self._model.counts_to

    def finish(
        self,
        result: FitResult,
        corpus: Corpus,
        record: RunRecord,
        *,
        remember: bool,
        labels: Labels | None = None,
        align_to: Model | None = None,
    ) -> Fitted:
        """Write everything that is not written yet, the model first.

        labels: names of the topics. remember: keep content hashes of the documents, for which the corpus is read once
        more. align_to: the model whose numbers and names the topics get, before anything but the counts is written.
        """
        from lda.model.model import topics_of

        if align_to is not None:
            from lda.cli.fit.alignment import align_result

            result, record, labels = align_result(
                result, corpus, record, self._model.writer, align_to, max(self.n_words, 0)
            )
        stored = self._model.finish(result, corpus, record, remember=remember, labels=labels)
        topics = topics_of(stored.tops, result.alpha, float(result.beta), corpus.vocabulary)
        targets = self._targets
        if targets.files.paths:
            from lda.model.model import Model

            targets.files.write(
                Finished(
                    model=Model.load(targets.model, verify=False),
                    corpus=corpus,
                    result=result,
                    choices=targets.files.choices,
                    overwrite=targets.overwrite,
                )
            )
        return Fitted(
            record=record,
            labels=labels,
            n_terms=corpus.n_terms,
            fingerprint=stored.fingerprint,
            topics=topics,
        )
