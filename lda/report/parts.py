"""Everything that a report shows, found once, for the page and for tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lda.evaluation.diagnostics import diagnose
from lda.evaluation.relevance import relevant_terms, term_share
from lda.evaluation.wasted_topics import TOP_WORDS
from lda.labels.labels import WITHOUT_WORDS, Labels
from lda.labels.suggestions import suggest_names
from lda.report.findings import Finding, findings
from lda.report.measures import Trend, rise_over
from lda.report.topic_map import TopicMap, topic_map

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from lda.evaluation.diagnostics import TopicDiagnostics
    from lda.evaluation.relevance import RelevantTerms
    from lda.report.reported_model import ReportedModel
    from lda.survey.survey import Survey

    Floats = npt.NDArray[np.float64]

NAMING_WORDS: Final = 3
"""Most relevant words that stand for a topic without a name."""

WORDS: Final = 30
"""Words of a topic that a page shows at each place of the slider."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReportParts:
    """What a report shows of a model, and of documents where there are any.

    Attributes:
        model: what was fitted.
        survey: of documents; None without any.
        labels: names that people gave, as those of this model.
        title: what the report is called; None for the usual title.
        tokens: (K,) float64, tokens of each topic in the last sweep.
        names: K names: that of the labels, or the most relevant words.
        suggestions: K lists of what each topic might be called.
        mapped: distances, places and neighbours.
        diagnostics: numbers about each topic, more of them with documents.
        trend: rise of the topics over the field of the survey; None where there is none.
        words: terms of each topic that the slider can show.
        shares: (V,) float64, of each term in all tokens.
        findings: what a reader should know.
    """

    model: ReportedModel
    survey: Survey | None
    labels: Labels
    title: str | None
    tokens: Floats
    names: list[str]
    suggestions: list[list[str]]
    mapped: TopicMap
    diagnostics: TopicDiagnostics
    trend: Trend | None
    words: RelevantTerms
    shares: Floats
    findings: list[Finding]


def gathered(
    model: ReportedModel,
    survey: Survey | None = None,
    *,
    labels: Labels | None = None,
    title: str | None = None,
    threads: int | None = None,
) -> ReportParts:
    """Find it all; for arguments see `ReportParts`. labels: None for none. threads: None for all cores."""
    tokens = model.last_tokens
    assert tokens is not None, "a topic-word matrix has no run to report on"
    own = (labels or Labels()).of_model(model.fingerprint(), model.n_topics)
    mapped = topic_map(model, threads=threads)
    names, suggestions = _names(model, survey, own)
    return ReportParts(
        model=model,
        survey=survey,
        labels=own,
        title=title,
        tokens=tokens,
        names=names,
        suggestions=suggestions,
        mapped=mapped,
        diagnostics=diagnose(model, None, n_words=TOP_WORDS)
        if survey is None
        else diagnose(model, None, n_words=survey.n_words, use=survey.use),
        trend=None if survey is None or survey.over is None else rise_over(survey.over),
        words=relevant_terms(model, WORDS),
        shares=term_share(model),
        findings=findings(model, survey, mapped.distances),
    )


def _names(model: ReportedModel, survey: Survey | None, labels: Labels) -> tuple[list[str], list[list[str]]]:
    # Of counts, words have no order: what would stand side by side is no phrase.
    documents = tuple(survey.texts.values()) if survey is not None and survey.ordered else ()
    names, suggestions = [], []
    for one in suggest_names(model, documents):
        relevant = ", ".join(one.words[:NAMING_WORDS])
        names.append(labels.name(one.topic) or relevant or WITHOUT_WORDS)
        found = [one.name, *(phrase.text for phrase in one.phrases[:NAMING_WORDS]), relevant]
        suggestions.append([name for name in dict.fromkeys(found) if name])
    return names, suggestions
