"""A model, and documents, as tables of plain columns: for spreadsheets, databases, R, all that reads CSV or Parquet.

Columns are called as those of the data frames (`topics_frame`) and of the tables of a report.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lda.charts.tables import topics_table
from lda.cluster.counts.sparse_sums import term_sums
from lda.evaluation.relevance import held_terms, term_share
from lda.report.documents_part import LEAST
from lda.report.numbers import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from lda.evaluation.inferred_documents import InferredDocuments
    from lda.interop.exported_model import ExportedModel

NAMES: Final = ("topics", "words", "vocabulary", "documents", "document_topics")
"""Of the tables; the last two are there where documents are."""

MOST_WORDS: Final = 1000
"""Words of a topic in a table for people. With all of them 1,000 topics over 50,000 words would be up to 50 million
rows, of which a spreadsheet opens the first million."""


def tables_of(
    model: ExportedModel, documents: InferredDocuments | None, *, most_words: int | None = MOST_WORDS
) -> dict[str, pa.Table]:
    """All tables by name.

    topics: topic, name, title, tokens, share, alpha, words, exclusivity, eff_num_words, a row a topic. words: topic,
    rank, word, p, lift, tokens, of words that the topic holds, the most probable first. vocabulary: term, word, tokens,
    share, a row a term. documents: document, id, n_tokens, topic and weight of the largest topic, the fields as
    `field_...`. document_topics: document, id, topic, weight, of topics with 1 % or more and the largest one, the
    heaviest first: `lda transform` writes all weights.

    Args:
        model: a fitted model.
        documents: with their topics, or None.
        most_words: rows of a topic in `words`; None for all words that it holds.
    """
    found = {
        "topics": _topics(model),
        "words": _words(model, most_words),
        "vocabulary": _vocabulary(model),
    }
    if documents is not None:
        found |= {"documents": _documents(documents), "document_topics": _document_topics(documents)}
    return found


def _topics(model: ExportedModel) -> pa.Table:
    columns = topics_table(model)
    return _table(columns | {name: _texts(columns[name]) for name in ("name", "title", "words")})


def _words(model: ExportedModel, most: int | None) -> pa.Table:
    share = term_share(model)
    terms, p, sizes = [np.zeros(0, np.int64)], [np.zeros(0)], []
    for its_terms, its_p in held_terms(model):
        best = np.lexsort((its_terms, -its_p))[:most]
        terms.append(its_terms[best].astype(np.int64))
        p.append(its_p[best])
        sizes.append(len(best))
    all_terms, all_p = np.concatenate(terms), np.concatenate(p)
    topics = np.repeat(np.arange(model.n_topics), sizes)
    ranks = np.arange(len(topics)) - np.repeat(np.cumsum([0, *sizes[:-1]]), sizes) + 1
    # Of no pairs SciPy returns a sparse matrix.
    tokens = np.asarray(model.counts.tocsr()[all_terms, topics]).ravel() if len(topics) else topics
    return _table(
        {
            "topic": topics,
            "rank": ranks,
            "word": _texts(model.vocabulary).take(all_terms),
            "p": all_p,
            "lift": all_p / share[all_terms],
            "tokens": tokens.astype(np.int64),
        }
    )


def _vocabulary(model: ExportedModel) -> pa.Table:
    return _table(
        {
            "term": np.arange(model.n_terms),
            "word": _texts(model.vocabulary),
            "tokens": term_sums(model.counts).astype(np.int64),
            "share": term_share(model),
        }
    )


def _documents(documents: InferredDocuments) -> pa.Table:
    theta = documents.theta
    columns: dict[str, Any] = {
        "document": np.arange(documents.n_documents),
        "id": _texts(documents.ids),
        "n_tokens": documents.lengths,
        "topic": theta.argmax(axis=1),
        "weight": theta.max(axis=1) if len(theta) else np.zeros(0, np.float32),
    }
    if documents.metadata is not None:
        for name in documents.metadata.column_names:
            columns[f"field_{name}"] = documents.metadata.column(name)
    return _table(columns)


def _document_topics(documents: InferredDocuments) -> pa.Table:
    theta = documents.theta
    shown = theta >= LEAST
    shown[np.arange(len(theta)), theta.argmax(axis=1)] = True
    row, topic = np.nonzero(shown)
    weight = theta[row, topic]
    order = np.lexsort((topic, -weight, row))
    row, topic = row[order], topic[order]
    return _table(
        {
            "document": row,
            "id": _texts(documents.ids).take(row),
            "topic": topic,
            "weight": weight[order],
        }
    )


def _table(columns: dict[str, Any]) -> pa.Table:
    import pyarrow as pa

    return pa.table(
        {
            name: pa.array(values) if isinstance(values, list | np.ndarray) else values
            for name, values in columns.items()
        }
    )


def _texts(values: Sequence[str | None]) -> pa.Array[Any]:
    import pyarrow as pa

    return pa.array([None if value is None else text(value) for value in values], pa.string())
