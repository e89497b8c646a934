"""What `lda fit` writes: the model, and the files that MALLET's options ask for."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

    from lda.cluster import FitResult
    from lda.cluster.spec.results import CountsTo
    from lda.corpus import Corpus
    from lda.model.model import Model, Topic
    from lda.model.run_record import RunRecord
    from lda.model.write import ModelWriter

DOCUMENTS_WRITTEN: Final = 1024  # at a time, so that the dense weights stay small
WORDS_IN_KEYS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """What the run writes: the model folder, and the files that MALLET's options ask for."""

    model: str
    doc_topics: Path | None
    topic_keys: Path | None
    overwrite: bool

    @classmethod
    def asked_for(
        cls, *, output: str, output_doc_topics: str | None, output_topic_keys: str | None, overwrite: bool
    ) -> Self:
        """The targets that the options name.

        Raises:
            DataError: a file is to be written to a URI.
        """
        from lda.corpus.storage.output_target import local_path

        return cls(
            model=output,
            doc_topics=None if output_doc_topics is None else local_path(output_doc_topics),
            topic_keys=None if output_topic_keys is None else local_path(output_topic_keys),
            overwrite=overwrite,
        )

    def replacing(self, resumed: bool) -> Targets:
        """The targets of a command that may be resumed: what its earlier run has written may be replaced."""
        return replace(self, overwrite=True) if resumed else self

    def others_exist(self) -> bool:
        """Whether the files beside the model are there, as far as they are wanted."""
        return all(path is None or path.exists() for path in (self.doc_topics, self.topic_keys))

    def check(self, read: Sequence[object] = ()) -> None:
        """Refuse what could not be written at the end, before anything is read. Raises `DataError`.

        read: places that the command reads, which its files must not replace.
        """
        from lda.corpus.storage.output_target import check_apart, check_file_target
        from lda.model.write import check_model_target
        from lda.transform.topic_writers import Selection, check_format

        check_model_target(self.model, overwrite=self.overwrite)
        if self.doc_topics is not None:
            check_format(self.doc_topics, Selection())
        for path in (self.doc_topics, self.topic_keys):
            if path is not None:
                check_file_target(path, overwrite=self.overwrite)
                check_apart(path, read)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """What is told of a finished model. topics: with as many words each as were asked for."""

    record: RunRecord
    n_terms: int
    fingerprint: str
    topics: list[Topic]

    @classmethod
    def of(cls, model: Model, n_words: int) -> Fitted:
        """The summary of a model that was finished before."""
        return cls(
            record=model.record,
            n_terms=model.n_terms,
            fingerprint=model.fingerprint(),
            topics=model.topics(n_words),
        )


class Output:
    """The outputs of one fit. The model's folder is made when the sweeps are done, and given up if it fails then."""

    def __init__(self, targets: Targets, n_words: int) -> None:
        self._targets, self.n_words = targets, n_words
        self._stack = ExitStack()
        self._writer: ModelWriter | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> bool | None:
        return self._stack.__exit__(*error)  # type: ignore[arg-type]  # type, value and traceback, as they came

    @property
    def wants_document_topics(self) -> bool:
        """Whether the documents' topics are written."""
        return self._targets.doc_topics is not None

    @property
    def counts_to(self) -> CountsTo:
        """Where the fit is to write the counts, and how many words it is to tell of each topic."""
        from lda.cluster.spec.results import CountsTo

        keys = WORDS_IN_KEYS if self._targets.topic_keys is not None else 0
        return CountsTo(place=self._place, top_words=max(self.n_words, keys, 0))

    def _place(self) -> str:
        from lda.model.write import new_model

        if self._writer is not None:
            # Asked again after a loss in the midst of writing, maybe with fewer parts.
            self._writer.clear()
        else:
            targets = self._targets
            self._writer = self._stack.enter_context(new_model(targets.model, overwrite=targets.overwrite))
        return self._writer.place

    def finish(self, result: FitResult, corpus: Corpus, record: RunRecord, *, remember: bool) -> Fitted:
        """Write everything that is not written yet, the model first.

        remember: keep content hashes of the documents, for which the corpus is read once more.
        """
        import numpy as np

        from lda.evaluation.trained_documents import trained_hashes
        from lda.model.model import topics_of

        stored, vocabulary = result.stored, corpus.vocabulary
        alpha = np.asarray(result.alpha, dtype=np.float64)
        assert stored is not None
        assert self._writer is not None
        self._writer.finish(
            alpha=alpha,
            beta=float(result.beta),
            vocabulary=vocabulary,
            record=record,
            fingerprint=stored.fingerprint,
            counts=stored.counts,
            soft_counts=stored.soft_counts,
            document_hashes=trained_hashes(result, corpus) if remember else None,
        )
        self._stack.close()
        topics = topics_of(stored.tops, alpha, float(result.beta), vocabulary)
        if (path := self._targets.doc_topics) is not None:
            _write_doc_topics(path, alpha, corpus, result, self._targets.overwrite)
        if (path := self._targets.topic_keys) is not None:
            _write_topic_keys(path, topics, self._targets.overwrite)
        return Fitted(
            record=record,
            n_terms=corpus.n_terms,
            fingerprint=stored.fingerprint,
            topics=[topic._replace(words=topic.words[: self.n_words]) for topic in topics],
        )


def _write_doc_topics(
    path: Path, alpha: npt.NDArray[np.float64], corpus: Corpus, result: FitResult, overwrite: bool
) -> None:
    """(n_dk + alpha_k) / (N_d + sum(alpha)) of the last sweep for each training document."""
    from lda.transform.topic_writers import Selection, open_writer

    counts = result.doc_topic_counts
    assert counts is not None
    ids = corpus.document_ids()
    with open_writer(path, len(alpha), Selection(), overwrite=overwrite) as writer:
        for first in range(0, corpus.n_documents, DOCUMENTS_WRITTEN):
            theta = counts[first : first + DOCUMENTS_WRITTEN].toarray() + alpha
            theta /= theta.sum(axis=1, keepdims=True)
            names = [str(name) for name in ids.slice(first, DOCUMENTS_WRITTEN).to_pylist()]
            writer.write(names, theta.astype("float32"))


def _write_topic_keys(path: Path, topics: list[Topic], overwrite: bool) -> None:
    """MALLET's table: number, alpha, the most probable words."""
    from lda.corpus.storage.output_target import new_file

    rows = [
        f"{t.number}\t{t.alpha:.5g}\t{' '.join(word for word, _ in t.words[:WORDS_IN_KEYS])}\n"
        for t in topics
    ]
    with new_file(path, overwrite=overwrite) as temporary:
        temporary.write_text("".join(rows), encoding="utf-8")
