"""The tables of a report, at the full precision of the model: for spreadsheets, and for other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lda.charts.measures import overall
from lda.charts.tables import HISTORY
from lda.evaluation.wasted_topics import TOP_WORDS
from lda.report.documents_part import LEAST
from lda.report.numbers import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from lda.report.parts import ReportParts
    from lda.survey.survey import GroupShares, Survey

TABLES: Final = (
    "topics",
    "words",
    "related",
    "history",
    "labels",
    "documents",
    "document_topics",
    "best",
    "over",
    "by",
)
"""Names of the tables; that of a group is `by_` and the field, and those without content are left out."""


def tables_of(parts: ReportParts) -> dict[str, pa.Table]:
    """All tables by name, in the order of `TABLES`; columns are called as those of the data frames of `lda.charts`.

    topics: topic, name, title, tokens, share, alpha, x, y, words, and the measures. words: topic, name, title, rank,
    word, p, share, lift, of the words that the page can show. related: topic, other, distance. history: a row a sweep.
    labels: topic, name, source, when. documents: document, id, n_tokens, topic and weight of the largest topic, the
    fields as `field_...`. document_topics: document, id, topic, name, title, weight, of topics with 1 % or more:
    `lda transform` writes all topics of all documents. best: topic, name, title, rank, document, id, weight. over and
    by_...: value, start, n_documents, topic, name, title, mean, low, high, difference.

    `name` is what people call a topic, empty where nobody does; `title` its number with that, or with what the page
    calls it then, so that no two are the same. `document` is the place in the corpus, from 0.
    """
    found = {
        "topics": _topics(parts),
        "words": _words(parts),
        "related": _related(parts),
        "history": _history(parts),
        "labels": _labels(parts),
    }
    survey = parts.survey
    if survey is not None:
        found |= {
            "documents": _documents(survey),
            "document_topics": _document_topics(parts, survey),
            "best": _best(parts, survey),
        }
        if survey.over is not None:
            found["over"] = _groups(parts, survey.over)
        for groups in survey.by:
            found[f"by_{groups.field}"] = _groups(parts, groups)
    return found


def _table(columns: dict[str, Any]) -> pa.Table:
    import pyarrow as pa

    return pa.table({name: pa.array(values) for name, values in columns.items()})


def _texts(values: Sequence[str]) -> pa.Array[Any]:
    import pyarrow as pa

    return pa.array([text(value) for value in values], pa.string())


def _named(parts: ReportParts, topics: Any) -> dict[str, Any]:  # noqa: ANN401 - an array of numbers
    """The columns that each table of topics begins with."""
    import pyarrow as pa

    numbers = np.asarray(topics, dtype=np.int64)
    own = [parts.labels.name(k) for k in range(parts.model.n_topics)]
    return {
        "topic": numbers,
        "name": pa.array([own[k] for k in numbers], pa.string()),
        "title": _texts([f"{k} {parts.names[k]}" for k in numbers]),
    }


def _topics(parts: ReportParts) -> pa.Table:
    tokens = parts.tokens
    words = [", ".join(words) for words in parts.model.top_words(TOP_WORDS)]
    measures = {name: column for name, column in parts.diagnostics.columns().items() if name != "tokens"}
    return _table(
        {
            **_named(parts, np.arange(parts.model.n_topics)),
            "tokens": tokens.astype(np.int64),
            "share": tokens / max(float(tokens.sum()), 1.0),
            "alpha": parts.model.alpha,
            "x": parts.mapped.x,
            "y": parts.mapped.y,
            "words": _texts(words),
            **measures,
            **({} if parts.trend is None else {"trend": parts.trend.values}),
        }
    )


def _words(parts: ReportParts) -> pa.Table:
    found = parts.words
    topics = np.repeat(np.arange(parts.model.n_topics), np.diff(found.offsets))
    vocabulary = parts.model.vocabulary
    return _table(
        {
            **_named(parts, topics),
            "rank": np.arange(len(topics)) - found.offsets[topics] + 1,
            "word": _texts([vocabulary[int(term)] for term in found.terms]),
            "p": found.p,
            "share": parts.shares[found.terms],
            "lift": found.p / parts.shares[found.terms],
        }
    )


def _related(parts: ReportParts) -> pa.Table:
    rows = [(k, other, far) for k, row in enumerate(parts.mapped.related) for other, far in row]
    return _table(
        {
            "topic": np.array([k for k, _, _ in rows], dtype=np.int64),
            "other": np.array([other for _, other, _ in rows], dtype=np.int64),
            "distance": np.array([far for _, _, far in rows], dtype=np.float64),
        }
    )


def _history(parts: ReportParts) -> pa.Table:
    import pyarrow as pa

    rows = parts.model.record.history
    kinds = {"sweep": pa.int64(), **dict.fromkeys(HISTORY, pa.float64())}
    return _table({name: pa.array([row.get(name) for row in rows], kind) for name, kind in kinds.items()})


def _labels(parts: ReportParts) -> pa.Table:
    import pyarrow as pa

    rows = list(parts.labels.names.items())
    return _table(
        {
            "topic": pa.array([topic for topic, _ in rows], pa.int64()),
            "name": _texts([label.name for _, label in rows]),
            "source": _texts([label.source for _, label in rows]),
            "when": pa.array([label.when for _, label in rows], pa.string()),
        }
    )


def _documents(survey: Survey) -> pa.Table:
    import pyarrow as pa

    columns: dict[str, Any] = {
        "document": survey.numbers,
        "id": _texts(survey.ids),
        "n_tokens": survey.n_tokens_of,
        "topic": survey.theta.argmax(axis=1),
        "weight": survey.theta.max(axis=1) if len(survey.ids) else pa.array([], pa.float32()),
    }
    for name in survey.fields.column_names:
        columns[f"field_{name}"] = survey.fields.column(name).combine_chunks()
    return pa.table(columns)


def _document_topics(parts: ReportParts, survey: Survey) -> pa.Table:
    row, topic = np.nonzero(survey.theta >= LEAST)
    return _table(
        {
            "document": survey.numbers[row],
            "id": _texts([survey.ids[i] for i in row]),
            **_named(parts, topic),
            "weight": survey.theta[row, topic],
        }
    )


def _best(parts: ReportParts, survey: Survey) -> pa.Table:
    topic, rank = np.nonzero(survey.best >= 0)
    row = survey.best[topic, rank]
    return _table(
        {
            **_named(parts, topic),
            "rank": rank + 1,
            "document": survey.numbers[row],
            "id": _texts([survey.ids[i] for i in row]),
            "weight": survey.theta[row, topic],
        }
    )


def _groups(parts: ReportParts, groups: GroupShares) -> pa.Table:
    n_groups, n_topics = groups.mean.shape
    topics = np.tile(np.arange(n_topics), n_groups)
    group = np.repeat(np.arange(n_groups), n_topics)
    start = {} if groups.starts is None else {"start": [groups.starts[g] for g in group]}
    return _table(
        {
            "value": _texts([groups.values[g] for g in group]),
            **start,
            "n_documents": groups.n_documents[group],
            **_named(parts, topics),
            "mean": groups.mean.ravel(),
            "low": groups.low.ravel(),
            "high": groups.high.ravel(),
            "difference": (groups.mean - overall(groups)).ravel(),
        }
    )
