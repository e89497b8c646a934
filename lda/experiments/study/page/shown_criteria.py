"""The criteria that the page of a study shows, each with what it cannot tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """A number about each candidate.

    Attributes:
        field: of `CandidateSummary`.
        title: what the page calls it.
        digits: after the point.
        what: what it is.
        caution: what it cannot tell; shown wherever the criterion is.
    """

    field: str
    title: str
    digits: int
    what: str
    caution: str


CRITERIA: Final[tuple[Criterion, ...]] = (
    Criterion(
        field="heldout",
        title="Held-out likelihood",
        digits=4,
        what="Log-likelihood of documents that no trial was trained on, nats per scored token, by document "
        "completion. Higher is better.",
        caution="It says how well words are predicted, not whether topics mean something to people; on large "
        "collections it often rises long after that has ended.",
    ),
    Criterion(
        field="npmi",
        title="Coherence (NPMI)",
        digits=4,
        what="How often a topic's top words stand together in the reference, against chance; the mean over "
        "topics.",
        caution="It often rises as K falls, because few topics hold frequent words. Differences between models "
        "look larger than people find them.",
    ),
    Criterion(
        field="diversity",
        title="Diversity",
        digits=3,
        what="Share of the 25 top words of all topics that are different words.",
        caution="A few topics are easily diverse. It falls as K grows, also where the new topics are good ones.",
    ),
    Criterion(
        field="exclusivity",
        title="Exclusivity",
        digits=3,
        what="How much top words belong to their topic alone; the mean over topics.",
        caution="Topics of rare words and of noise are exclusive, too. Read it beside coherence.",
    ),
    Criterion(
        field="stability",
        title="Stability over seeds",
        digits=3,
        what="Share of topics that are found again in the model of another seed, matched one to one.",
        caution="What comes again need not be useful, and few topics come again more easily than many. It needs "
        "two seeds.",
    ),
    Criterion(
        field="duplicates",
        title="Duplicate topics",
        digits=1,
        what="Topics that say what another one says.",
        caution="A few are usual with many topics; lda merge-topics makes one of two.",
    ),
    Criterion(
        field="dead",
        title="Dead topics",
        digits=1,
        what="Topics that hold hardly any tokens.",
        caution="They cost time and do no other harm; many of them say that K is beyond what the documents hold.",
    ),
    Criterion(
        field="seconds",
        title="Seconds of a fit",
        digits=1,
        what="Time of one fit, without scoring.",
        caution="Trials that ran side by side slowed each other down.",
    ),
    Criterion(
        field="peak_bytes",
        title="Memory of a fit",
        digits=0,
        what="The most memory that the process held which did the fit.",
        caution="A process that did several fits holds the most of all of them.",
    ),
)
