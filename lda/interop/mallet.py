"""`lda export --to mallet`: all files of MALLET that tell of a model, and of documents where there are any."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lda.interop.mallet_diagnostics import write_diagnostics
from lda.interop.mallet_documents import write_doc_topics, write_topic_docs
from lda.interop.mallet_phrases import write_phrase_report
from lda.interop.mallet_state import write_state
from lda.interop.mallet_topics import (
    write_topic_keys,
    write_topic_report,
    write_topic_word_weights,
    write_word_topic_counts,
)

if TYPE_CHECKING:
    from pathlib import Path

    from lda.evaluation.inferred_documents import InferredDocuments
    from lda.interop.exported_model import ExportedModel


def write(model: ExportedModel, documents: InferredDocuments | None, path: Path) -> None:
    """Fill the folder.

    What tells of topics is of the counts of the model's last state; what tells of documents, and of words in them, of
    the topics inferred for these.
    """
    alpha, beta, counts, vocabulary = model.alpha, model.beta, model.counts, model.vocabulary
    write_topic_keys(path / "topic-keys.txt", alpha, counts, vocabulary)
    write_topic_report(path / "topic-report.xml", alpha, counts, vocabulary)
    write_word_topic_counts(path / "word-topic-counts.txt", counts, vocabulary)
    weights = model.last_language_counts
    write_topic_word_weights(path / "topic-word-weights.txt", weights, beta, vocabulary)
    if documents is None:
        return
    tokens = [(documents.doc_offsets, documents.words, documents.topics)]
    of_documents = documents.topic_counts(model.n_topics)
    write_doc_topics(path / "doc-topics.txt", documents.ids, of_documents, alpha)
    write_topic_docs(path / "topic-docs.txt", documents.ids, of_documents)
    write_state(path / "state.gz", alpha, beta, vocabulary, tokens)
    write_diagnostics(path / "diagnostics.xml", alpha, beta, counts, vocabulary, tokens)
    write_phrase_report(path / "topic-phrases.xml", alpha, counts, vocabulary, tokens)
