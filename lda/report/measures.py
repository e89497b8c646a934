"""Numbers about topics, each with a title and what it means in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from lda.charts.measures import trend
from lda.corpus.presentable import printable
from lda.report.numbers import numbers

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from lda.evaluation.diagnostics import TopicDiagnostics
    from lda.survey.survey import GroupShares

    Floats = npt.NDArray[np.float64]

MEASURES: Final[tuple[tuple[str, str, str, int], ...]] = (
    (
        "coherence",
        "Coherence",
        (
            "How often the topic's ten most probable words stand with this topic in the same documents: the nearer "
            "to 0, the more the words belong together."
        ),
        1,
    ),
    (
        "exclusivity",
        "Exclusivity",
        "How much the topic's ten most probable words belong to it alone: 1 if no other topic has them.",
        3,
    ),
    (
        "eff_num_words",
        "Effective words",
        "How many words the topic would have if all of them were equally probable: few for a narrow topic.",
        0,
    ),
    (
        "document_entropy",
        "Document entropy",
        "How evenly the topic's tokens lie over documents, in nats: low where few documents hold most of it.",
        2,
    ),
    (
        "corpus_dist",
        "Distance from the corpus",
        (
            "How far the topic's words are from the words of the whole corpus, in nats: near 0 for a topic that says "
            "nothing of its own."
        ),
        2,
    ),
    (
        "uniform_dist",
        "Distance from uniform",
        "How far the topic's words are from all words being equally probable, in nats: low for a vague topic.",
        2,
    ),
    (
        "rank_1_docs",
        "First in documents",
        "Of the documents that hold the topic, the part in which it has more tokens than any other.",
        3,
    ),
    (
        "allocation_ratio",
        "Concentration",
        "Of the documents that the topic makes up 2 % of or more, the part that it makes up half of or more.",
        3,
    ),
    (
        "token_doc_diff",
        "Burstiness",
        (
            "How much the words differ when they are counted by token and by document, in nats: high where a word "
            "fills few documents."
        ),
        3,
    ),
    (
        "word_length",
        "Word length",
        "Mean length of the topic's ten most probable words, in characters; bad topics often have short ones.",
        1,
    ),
)
"""Field, title, meaning, digits behind the point; the fields are those of `TopicDiagnostics`."""

ALPHA: Final = {
    "field": "alpha",
    "title": "Prior",
    "what": "The weight of the topic in a document of which nothing is known: high for a topic that is everywhere.",
    "digits": 4,
}


def measure_data(found: TopicDiagnostics) -> tuple[list[dict[str, Any]], dict[str, list[Any]]]:
    """(descriptions, the columns of `topics` by field) of the diagnostics that are there, the prior among them."""
    columns = found.columns()
    told = [
        {"field": field, "title": title, "what": what, "digits": digits}
        for field, title, what, digits in MEASURES
        if field in columns
    ]
    return [*told, ALPHA], {field: numbers(columns[field]) for field, *_ in MEASURES if field in columns}


class Trend(NamedTuple):
    """values: (K,) rise of each topic's share from the first group to the last. first, last: labels of these."""

    values: Floats
    first: str
    last: str

    def told(self, field: str) -> dict[str, Any]:
        """Its description, as of the other measures."""
        return {
            "field": "trend",
            "title": "Trend",
            "what": f"How much the topic's share of a document rises from {self.first} to {self.last} ({field}), along "
            "the straight line that fits its means best, weighted by their documents.",
            "digits": 4,
        }


def rise_over(over: GroupShares) -> Trend | None:
    """The trend of topics over a time or a number; None where fewer than two of its values have documents."""
    held = [value for value, n in zip(over.values, over.n_documents, strict=True) if n]
    if over.starts is None or len(held) < 2:
        return None
    return Trend(trend(over), printable(held[0]), printable(held[-1]))
