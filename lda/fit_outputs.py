"""What `lda fit` writes: the model, and the files that MALLET's options ask for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from lda.cluster import FitResult
    from lda.corpus import Corpus
    from lda.model import Model

DOCUMENTS_WRITTEN: Final = 1024  # at a time, so that the dense weights stay small
WORDS_IN_KEYS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """What the run writes: the model folder, and the files that MALLET's options ask for."""

    model: Path
    doc_topics: Path | None
    topic_keys: Path | None
    overwrite: bool

    @classmethod
    def take(cls, options: dict[str, Any]) -> Targets:
        """The targets that the options name; they are taken out of `options`."""
        doc_topics, topic_keys = options.pop("output_doc_topics"), options.pop("output_topic_keys")
        return cls(
            model=Path(options.pop("output")),
            doc_topics=None if doc_topics is None else Path(doc_topics),
            topic_keys=None if topic_keys is None else Path(topic_keys),
            overwrite=options.pop("overwrite"),
        )

    def replacing(self, resumed: bool) -> Targets:
        """The same, for a command that is resumed: what its earlier run has written may be replaced."""
        return replace(self, overwrite=True) if resumed else self

    def others_exist(self) -> bool:
        """Whether the files beside the model are there, as far as they are wanted."""
        return all(path is None or path.exists() for path in (self.doc_topics, self.topic_keys))

    def check(self) -> None:
        """Refuse what could not be written at the end, before anything is read. Raises `DataError`."""
        from lda.atomic import check_file_target
        from lda.doc_topics import Selection, check_format
        from lda.model_files import check_model_target

        check_model_target(self.model, overwrite=self.overwrite)
        if self.doc_topics is not None:
            check_format(self.doc_topics, Selection())
        for path in (self.doc_topics, self.topic_keys):
            if path is not None:
                check_file_target(path, overwrite=self.overwrite)

    def write(self, model: Model, corpus: Corpus, result: FitResult) -> None:
        """Write everything, the model first."""
        model.save(self.model, overwrite=self.overwrite)
        if self.doc_topics is not None:
            _write_doc_topics(self.doc_topics, model, corpus, result, self.overwrite)
        if self.topic_keys is not None:
            _write_topic_keys(self.topic_keys, model, self.overwrite)


def _write_doc_topics(path: Path, model: Model, corpus: Corpus, result: FitResult, overwrite: bool) -> None:
    """(n_dk + alpha_k) / (N_d + sum(alpha)) of the last sweep for each training document."""
    from lda.doc_topics import Selection, open_writer

    counts = result.doc_topic_counts
    assert counts is not None
    ids = corpus.document_ids()
    with open_writer(path, model.n_topics, Selection(), overwrite=overwrite) as writer:
        for first in range(0, corpus.n_documents, DOCUMENTS_WRITTEN):
            theta = counts[first : first + DOCUMENTS_WRITTEN].toarray() + model.alpha
            theta /= theta.sum(axis=1, keepdims=True)
            names = [str(name) for name in ids.slice(first, DOCUMENTS_WRITTEN).to_pylist()]
            writer.write(names, theta.astype("float32"))


def _write_topic_keys(path: Path, model: Model, overwrite: bool) -> None:
    """MALLET's table: number, alpha, the most probable words."""
    from lda.atomic import new_file

    rows = [
        f"{t.number}\t{t.alpha:.5g}\t{' '.join(word for word, _ in t.words)}\n"
        for t in model.topics(WORDS_IN_KEYS)
    ]
    with new_file(path, overwrite=overwrite) as temporary:
        temporary.write_text("".join(rows), encoding="utf-8")
