"""A model with the topic numbers, and the names, of another one: so that topic 3 stays topic 3 after a new fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lda.cluster.counts.fingerprint import fingerprint
from lda.evaluation.matching import OwnOverlaps, match_topics
from lda.evaluation.shared_terms import checked_shares
from lda.model.renumbered import ALIGNED, edited_record, named, renumbered

if TYPE_CHECKING:
    import numpy.typing as npt

    from lda.evaluation.topic_model import TopicModel
    from lda.labels.labels import Label, Labels
    from lda.model.fields import ModelFields

    Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Alignment:
    """Which topic gets which number.

    Attributes:
        numbers: (K,) int64, the new number of each topic.
        partners: topic of the other model for each topic, by its old number, that has one near it.
        near: overlap from which topics are near.
    """

    numbers: Numbers
    partners: dict[int, int]
    near: float


def alignment(model: TopicModel, other: TopicModel) -> Alignment:
    """Match the topics of a model with those of another (see `lda.evaluation.matching`).

    A topic with a partner near it gets that one's number. The others get the numbers that are free, in their own order;
    so does one whose partner has a number beyond K.

    Raises:
        DataError: the models share terms that hold less than half of the tokens of one of them.
    """
    shares = checked_shares(model, other)
    matching = match_topics(OwnOverlaps.of(model), OwnOverlaps.of(other), shares=shares)
    partners = matching.near_pairs
    numbers = np.full(model.n_topics, -1, dtype=np.int64)
    for topic, partner in partners.items():
        if partner < model.n_topics:
            numbers[topic] = partner
    free = sorted(set(range(model.n_topics)) - set(numbers.tolist()))
    numbers[numbers < 0] = free
    return Alignment(numbers=numbers, partners=partners, near=matching.near)


def aligned(
    model: ModelFields, how: Alignment, to: str, labels: Labels, *, command: str | None = None
) -> ModelFields:
    """The model with the numbers of another one, and its names; a topic keeps its own name where that one gives none.

    The fingerprint is that of the counts in their new order, for names and numbers belong together. The record says
    what was before: parent {"kind": "align", "fingerprint": of the model as it was, "to": of the other one}.

    Args:
        model: the model.
        how: the alignment.
        to: fingerprint of the other model.
        labels: its names.
        command: a shell command that repeats this, for the record; None keeps that of the fit.
    """
    found = renumbered(model, how.numbers)
    own = {} if model.labels is None else model.labels.names
    names: dict[int, Label] = {}
    for topic, number in enumerate(how.numbers.tolist()):
        partner = how.partners.get(topic)
        label = None if partner is None else labels.names.get(partner)
        label = label or own.get(topic)
        if label is not None:
            names[number] = label
    parent = {"kind": ALIGNED, "fingerprint": fingerprint(model.counts), "to": to}
    record = edited_record(model.record, parent, None, command=command or model.record.command)
    return found._replace(labels=named(names), record=record)
