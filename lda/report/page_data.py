"""What a page shows, as plain values for JSON: from a model, and from a survey of documents and names where there are.

Columns are lists, so that ten thousand documents are a few lists and not ten thousand objects. Numbers have six
significant digits, shares in documents and groups four; NaN is None.
"""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Final

from lda.evaluation.diagnostics import describe_topics
from lda.labels.labels import Labels
from lda.labels.labels_file import labels_object
from lda.labels.suggestions import suggest_names
from lda.progress import plural
from lda.report.documents_part import best_data, documents_data, documents_facts, groups_data, text_data
from lda.report.facts import facts, heldout_data, history_data
from lda.report.findings import TOP_WORDS, findings
from lda.report.measures import measure_data, trend
from lda.report.numbers import number, numbers, text
from lda.report.topic_map import topic_map
from lda.report.topic_words import word_data

if TYPE_CHECKING:
    from lda.report.reported_model import ReportedModel
    from lda.survey.survey import Survey

FORMAT: Final = 1

EMPTY: Final = "(empty)"
"""What a topic without tokens is called."""

NAMING_WORDS: Final = 3
"""Most relevant words that stand for a topic without a name."""


def page_data(
    model: ReportedModel,
    survey: Survey | None = None,
    *,
    labels: Labels | None = None,
    title: str | None = None,
) -> dict[str, Any]:
    """The data of a page.

    Args:
        model: what was fitted.
        survey: what documents say about its topics; None shows what the model alone knows, and says what is missing.
        labels: names of its topics; None takes none.
        title: of the page; None for "20 topics of 214 documents".

    Returns:
        Plain values. `format` is 1; the keys are those of `docs/how-to/report.md`.
    """
    mapped = topic_map(model)
    found = describe_topics(
        model.language_counts,
        model.beta,
        model.top_words(TOP_WORDS),
        model.vocabulary,
        n_words=TOP_WORDS,
        tokens=model.last_tokens,
        use=None if survey is None else survey.use,
    )
    measures, columns = measure_data(found)
    over = None if survey is None else survey.over
    if over is not None and (rise := trend(over)) is not None:
        measures, columns = [*measures, rise.told(over.field)], columns | {"trend": numbers(rise.values)}
    tokens = model.last_tokens
    assert tokens is not None  # only topic-word matrices have none
    told = facts(model)
    if survey is not None:
        told.insert(2, documents_facts(survey))
    return {
        "format": FORMAT,
        "title": text(title) if title is not None else _title(model),
        "made": {"raylda": _version(), "date": datetime.now(UTC).date().isoformat()},
        "facts": told,
        "heldout": heldout_data(model.record, None if survey is None else survey.heldout),
        "history": history_data(model.record),
        "warnings": [
            {"kind": one.kind, "text": text(one.text), "topics": list(one.topics)}
            for one in findings(model, survey, mapped.distances)
        ],
        "missing": _missing(model, survey),
        "labels": _labels(model, labels),
        "topics": {
            **_names(model, survey, labels),
            "share": numbers(tokens / max(float(tokens.sum()), 1.0)),
            "tokens": [int(n) for n in tokens],
            "alpha": numbers(model.alpha),
            "x": numbers(mapped.x),
            "y": numbers(mapped.y),
            "related": [[[k, number(distance)] for k, distance in row] for row in mapped.related],
            **columns,
        },
        "measures": measures,
        **word_data(model),
        "documents": None if survey is None else documents_data(survey),
        "best": None if survey is None else best_data(survey),
        "texts": None if survey is None else text_data(survey),
        "over": None if over is None else groups_data(over),
        "by": [] if survey is None else [groups_data(groups) for groups in survey.by],
    }


def _title(model: ReportedModel) -> str:
    return f"{plural(model.n_topics, 'topic')} of {plural(model.record.n_documents, 'document')}"


def _version() -> str:
    try:
        return version("raylda")
    except PackageNotFoundError:  # a bare checkout has no distribution of its own
        return "unknown"


def _names(model: ReportedModel, survey: Survey | None, labels: Labels | None) -> dict[str, Any]:
    """The columns `name` and `suggestions`: a name of its own, or the most relevant words; and what it might be."""
    # Of counts, words have no order: what would stand side by side is no phrase.
    documents = tuple(survey.texts.values()) if survey is not None and survey.ordered else ()
    suggested = suggest_names(model, documents)
    names, suggestions = [], []
    for topic, one in enumerate(suggested):
        own = None if labels is None else labels.name(topic)
        names.append(own or ", ".join(one.words[:NAMING_WORDS]) or EMPTY)
        found = [
            one.name,
            *(phrase.text for phrase in one.phrases[:NAMING_WORDS]),
            ", ".join(one.words[:NAMING_WORDS]),
        ]
        suggestions.append([text(name) for name in dict.fromkeys(found) if name])
    return {"name": [text(name) for name in names], "suggestions": suggestions}


def _labels(model: ReportedModel, labels: Labels | None) -> dict[str, Any]:
    """As a `labels.json`, so that a page that adds names to it has one to save."""
    own = Labels() if labels is None else labels
    return labels_object(own.of_model(model.fingerprint(), model.n_topics))


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
    if not survey.texts:
        found.append("No texts are kept (--documents 0), so documents show their topics only.")
    elif survey.rebuilt:
        found.append(
            "Of some documents only the words are known, so their text is made of these: name the raw files instead of "
            "a corpus or counts."
        )
    return found
