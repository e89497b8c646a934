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


class TopicMeasure(NamedTuple):
    """A number about each topic.

    Attributes:
        field: its name in a page's data, and in `TopicDiagnostics` if it is one of these.
        title: what people call it.
        what: what it means, in a sentence.
        digits: behind the point, where it is shown.
    """

    field: str
    title: str
    what: str
    digits: int


MEASURES: Final = (
    TopicMeasure(
        "coherence",
        "Coherence",
        (
            "How often the topic's ten most probable words stand with this topic in the same documents: the nearer "
            "to 0, the more the words belong together."
        ),
        1,
    ),
    TopicMeasure(
        "exclusivity",
        "Exclusivity",
        "How much the topic's ten most probable words belong to it alone: 1 if no other topic has them.",
        3,
    ),
    TopicMeasure(
        "eff_num_words",
        "Effective words",
        "How many words the topic would have if all of them were equally probable: few for a narrow topic.",
        0,
    ),
    TopicMeasure(
        "document_entropy",
        "Document entropy",
        "How evenly the topic's tokens lie over documents, in nats: low where few documents hold most of it.",
        2,
    ),
    TopicMeasure(
        "corpus_dist",
        "Distance from the corpus",
        (
            "How far the topic's words are from the words of the whole corpus, in nats: near 0 for a topic that says "
            "nothing of its own."
        ),
        2,
    ),
    TopicMeasure(
        "uniform_dist",
        "Distance from uniform",
        "How far the topic's words are from all words being equally probable, in nats: low for a vague topic.",
        2,
    ),
    TopicMeasure(
        "rank_1_docs",
        "First in documents",
        "Of the documents that hold the topic, the part in which it has more tokens than any other.",
        3,
    ),
    TopicMeasure(
        "allocation_ratio",
        "Concentration",
        "Of the documents that the topic makes up 2 % of or more, the part that it makes up half of or more.",
        3,
    ),
    TopicMeasure(
        "token_doc_diff",
        "Burstiness",
        (
            "How much the words differ when they are counted by token and by document, in nats: high where a word "
            "fills few documents."
        ),
        3,
    ),
    TopicMeasure(
        "word_length",
        "Word length",
        "Mean length of the topic's ten most probable words, in characters; bad topics often have short ones.",
        1,
    ),
)
"""Those of `TopicDiagnostics`."""

ALPHA: Final = TopicMeasure(
    "alpha",
    "Prior",
    "The weight of the topic in a document of which nothing is known: high for a topic that is everywhere.",
    4,
)


def measure_data(found: TopicDiagnostics) -> tuple[list[dict[str, Any]], dict[str, list[Any]]]:
    """(descriptions, the columns of `topics` by field) of the diagnostics that are there, the prior among them."""
    columns = found.columns()
    there = [measure for measure in MEASURES if measure.field in columns]
    told = [measure._asdict() for measure in (*there, ALPHA)]
    return told, {measure.field: numbers(columns[measure.field]) for measure in there}


class Trend(NamedTuple):
    """values: (K,) rise of each topic's share from the first group to the last. first, last: labels of these."""

    values: Floats
    first: str
    last: str

    def told(self, field: str) -> dict[str, Any]:
        """Its description, as of the other measures."""
        return TopicMeasure(
            "trend",
            "Trend",
            f"How much the topic's share of a document rises from {self.first} to {self.last} ({field}), along the "
            "straight line that fits its means best, weighted by their documents.",
            4,
        )._asdict()


def rise_over(over: GroupShares) -> Trend | None:
    """The trend of topics over a time or a number; None where fewer than two of its values have documents."""
    held = [value for value, n in zip(over.values, over.n_documents, strict=True) if n]
    if over.starts is None or len(held) < 2:
        return None
    return Trend(trend(over), printable(held[0]), printable(held[-1]))
