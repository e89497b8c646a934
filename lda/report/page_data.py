"""What a page shows, as plain values for JSON: from a model, and from a survey of documents and names where there are.

Columns are lists, so that ten thousand documents are a few lists and not ten thousand objects. Numbers have six
significant digits, shares in documents and groups four; NaN is None.
"""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Final

from lda.corpus.presentable import printable
from lda.labels.labels_file import labels_object
from lda.progress import plural
from lda.report.documents_part import (
    best_data,
    documents_data,
    documents_facts,
    groups_data,
    longest_text,
    text_data,
)
from lda.report.facts import facts, heldout_data, history_data
from lda.report.measures import measure_data
from lda.report.numbers import number, numbers, text
from lda.report.topic_words import word_data

if TYPE_CHECKING:
    from lda.report.parts import ReportParts
    from lda.report.reported_model import ReportedModel
    from lda.survey.survey import Survey

FORMAT: Final = 1


def page_data(parts: ReportParts) -> dict[str, Any]:
    """The data of a page: the parts of a report as plain values.

    fit: how much was fitted to, as numbers. facts: rows by heading. heldout, history: how good the model is, and how
    that came. warnings, missing: sentences. labels: as in a `labels.json`. topics: columns of K. measures: which of
    these are numbers to colour by. vocabulary, term_share, words, word_topics: see `word_data`. documents, best,
    texts, over, by: see `lda.report.documents_part`; None where there are no documents.
    """
    model, survey, mapped, tokens = parts.model, parts.survey, parts.mapped, parts.tokens
    measures, columns = measure_data(parts.diagnostics)
    if survey is not None and survey.over is not None and parts.trend is not None:
        measures = [*measures, parts.trend.told(text(survey.over.field))]
        columns = columns | {"trend": numbers(parts.trend.values)}
    told = facts(model)
    if survey is not None:
        told.insert(2, documents_facts(survey))
    return {
        "format": FORMAT,
        "title": text(parts.title) if parts.title is not None else _title(model),
        "made": made(),
        "fit": {
            "n_documents": model.record.n_documents,
            "n_tokens": model.record.n_tokens,
            "n_terms": model.n_terms,
        },
        "facts": told,
        "heldout": heldout_data(model.record, None if survey is None else survey.heldout),
        "history": history_data(model.record),
        "warnings": [
            {"kind": one.kind, "text": text(one.text), "topics": list(one.topics)} for one in parts.findings
        ],
        "missing": _missing(model, survey),
        "labels": labels_object(parts.labels),
        "topics": {
            "name": [text(name) for name in parts.names],
            "suggestions": [[text(name) for name in of_topic] for of_topic in parts.suggestions],
            "share": numbers(tokens / max(float(tokens.sum()), 1.0)),
            "tokens": [int(n) for n in tokens],
            "alpha": numbers(model.alpha),
            "x": numbers(mapped.x),
            "y": numbers(mapped.y),
            "related": [[[k, number(distance)] for k, distance in row] for row in mapped.related],
            **columns,
        },
        "measures": measures,
        **word_data(model, parts.words, parts.shares),
        "documents": None if survey is None else documents_data(survey),
        "best": None if survey is None else best_data(survey),
        "texts": None if survey is None else text_data(survey),
        "over": None if survey is None or survey.over is None else groups_data(survey.over),
        "by": [] if survey is None else [groups_data(groups) for groups in survey.by],
    }


def made() -> dict[str, str]:
    """What a page was made by, and when."""
    return {"raylda": _version(), "date": datetime.now(UTC).date().isoformat()}


def _title(model: ReportedModel) -> str:
    return f"{plural(model.n_topics, 'topic')} of {plural(model.record.n_documents, 'document')}"


def _version() -> str:
    try:
        return version("raylda")
    except PackageNotFoundError:  # a bare checkout has no distribution of its own
        return "unknown"


def _missing(model: ReportedModel, survey: Survey | None) -> list[str]:
    """What a page cannot show, and what would make it."""
    found = []
    if not any(row["heldout"] is not None for row in model.record.history) and (
        survey is None or survey.heldout is None
    ):
        found.append(
            "There is no held-out likelihood: it needs documents that the model was not fitted to. Fit with "
            "--validation-fraction 0.1, or name other documents after the model."
        )
    if not any(row["log_likelihood"] is not None for row in model.record.history):
        found.append("There is no training curve: the fit did not evaluate itself (--evaluate-every).")
    if survey is None:
        found.append(
            "There are no documents, texts, groups or trends, and no coherence: these need the documents. Name them "
            "after the model (`lda report MODEL CORPUS`)."
        )
        return found
    if survey.over is None:
        found.append("Nothing is shown over time: name a field with --over.")
    if not survey.by:
        found.append("There are no groups to compare: name fields with --by.")
    found += [
        f"Nothing is shown over {printable(groups.field)}: no document with known words has a value of it."
        for groups in (*([] if survey.over is None else [survey.over]), *survey.by)
        if not groups.values
    ]
    if (longest := longest_text(survey)) is not None:
        found.append(
            f"Texts are cut after {longest:,} characters, for all of them would make too large a page; keep fewer "
            "(--documents N) to have them whole."
        )
    if not survey.texts:
        found.append("No texts are kept (--documents 0), so documents show their topics only.")
    elif survey.rebuilt:
        found.append(
            "Of some documents only the words are known, so their text is made of these: name the raw files instead of "
            "a corpus or counts."
        )
    return found
