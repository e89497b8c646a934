"""Topics merged by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lda.cluster.counts.fingerprint import fingerprint
from lda.model.renumbered import edited_record, named, renumbered

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from lda.model.fields import ModelFields

    Numbers = npt.NDArray[np.int64]


def check_topic(n_topics: int, topic: int) -> None:
    """Raise ValueError where there is no topic of that number."""
    if isinstance(topic, bool) or not isinstance(topic, int | np.integer) or not 0 <= topic < n_topics:
        raise ValueError(f"the topics are 0 to {n_topics - 1}, got {topic!r:.40}")


def numbers_after(n_topics: int, topics: Sequence[int]) -> Numbers:
    """(K,) int64, the number that each topic has after some are merged into the first of them.

    The numbers of the others become free, and the last topics take them, so that as few topics as can be have another
    number than before. Rejected: to close up, which renumbers all behind the first gap.
    """
    into, *others = topics
    numbers = np.arange(n_topics, dtype=np.int64)
    left = n_topics - len(others)
    free = sorted(k for k in others if k < left)
    moving = sorted(k for k in range(left, n_topics) if k not in others)
    numbers[moving] = free
    numbers[others] = numbers[into]
    return numbers


def merged(model: ModelFields, topics: Sequence[int], *, command: str | None = None) -> ModelFields:
    """The model with several topics as one: their counts and the alphas added up.

    Args:
        model: the model.
        topics: two or more; the first keeps its number, and its name, or gets the first name that one of them has. The
            last topics of the model get the numbers of the others.
        command: a shell command that repeats this, for the record.

    Raises:
        ValueError: there is no such topic, one stands there twice, there are fewer than two, or some of them are frozen
            and others not.
    """
    n_topics = len(model.alpha)
    for k in topics:
        check_topic(n_topics, k)
    chosen = [int(k) for k in topics]
    if len(chosen) < 2:
        raise ValueError(f"two or more topics are merged, got {chosen}")
    for k in chosen:
        if chosen.count(k) > 1:
            raise ValueError(f"a topic is merged with others, not with itself: {k} is given twice")
    frozen = [k in model.frozen_topics for k in chosen]
    if any(frozen) and not all(frozen):
        raise ValueError(
            f"topic {chosen[frozen.index(True)]} is frozen, and topic {chosen[frozen.index(False)]} is not, so their "
            "words cannot be added up; merge topics of one kind"
        )
    numbers = numbers_after(n_topics, chosen)
    found = renumbered(model, numbers)
    own = {} if model.labels is None else model.labels.names
    names = {int(numbers[k]): label for k, label in own.items() if k not in chosen}
    name = next((own[k] for k in chosen if k in own), None)
    if name is not None:
        names[int(numbers[chosen[0]])] = name
    parent = {
        "kind": "merge",
        "fingerprint": fingerprint(model.counts),
        "topics": " ".join(map(str, chosen)),
        "into": str(int(numbers[chosen[0]])),
    }
    record = edited_record(model.record, parent, found.alpha, command=command)
    return found._replace(labels=named(names), record=record)
