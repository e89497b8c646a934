"""A model whose topics have other numbers: permuted, or several of them under one."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lda.cluster.counts.columns import columns_renumbered
from lda.corpus.errors import DataError
from lda.labels.labels import Label, Labels

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from lda.model.fields import ModelFields
    from lda.model.run_record import RunRecord

    Floats = npt.NDArray[np.float64]
    Numbers = npt.NDArray[np.int64]


ALIGNED: Final = "align"
"""Kind of the parent of a model that is the same but for the order of its topics."""


def renumbered(model: ModelFields, numbers: Numbers) -> ModelFields:
    """The same model with its topics under other numbers; those that get the same number are added up.

    All that is told by topic goes along: counts, averages, prior, word prior, frozen topics. Names are left out, and
    the record stays as it is: whoever renumbers knows what becomes of them.

    Args:
        model: the model.
        numbers: (K,) int64, the number that each topic gets, 0 to the largest without a gap.
    """
    n_topics = int(numbers.max()) + 1
    alpha = np.zeros(n_topics)
    np.add.at(alpha, numbers, model.alpha)
    optional = (model.soft_counts, model.mean_counts, model.word_prior)
    soft, mean, prior = (
        None if matrix is None else columns_renumbered(matrix, numbers, n_topics) for matrix in optional
    )
    return model._replace(
        counts=columns_renumbered(model.counts, numbers, n_topics),
        alpha=alpha,
        soft_counts=soft,
        mean_counts=mean,
        word_prior=prior,
        frozen_topics=tuple(sorted({int(numbers[k]) for k in model.frozen_topics})),
        labels=Labels(),
    )


def edited_record(
    record: RunRecord, parent: Mapping[str, str], alpha: Floats | None, *, command: str | None
) -> RunRecord:
    """The record of a model made from another one by hand.

    What it says of documents, sweeps and seed stays true: of the fit. With other topics than that one, settings that
    are told by topic follow the model, and seed words, which have numbers, are told by the word prior alone.

    Args:
        record: of the model that it was made from.
        parent: its kind, its fingerprint, and what was done; what that one went on from is kept under "earlier", see
            `lineage`.
        alpha: (K,) of the new model; None where the topics are those of the fit, under other numbers: the record says
            how to run that again.
        command: the shell command that made it; None from Python.
    """
    before = lineage(record.parent)
    earlier = {"earlier": json.dumps(before, sort_keys=True)} if before else {}
    if alpha is None:
        return replace(record, parent={**parent, **earlier}, command=command)
    settings: dict[str, Any] = {**record.settings, "n_topics": len(alpha)}
    if isinstance(settings.get("alpha"), (list, tuple)):
        settings["alpha"] = alpha.tolist()
    return replace(record, settings=settings, parent={**parent, **earlier}, command=command, seed_words=None)


def lineage(parent: Mapping[str, str] | None) -> list[dict[str, str]]:
    """What a model was made from, what that was made from, and so on: parents as records have them, without "earlier".

    "earlier" is the JSON text of a list. Rejected: each parent as text within the text of the next, whose quotes are
    escaped again with every edit, so that the record doubles.

    Raises:
        DataError: it is not that.
    """
    if parent is None:
        return []
    newest = {name: value for name, value in parent.items() if name != "earlier"}
    try:
        before = json.loads(parent.get("earlier", "[]"))
    except (ValueError, RecursionError):
        before = None
    if not isinstance(before, list) or not all(
        isinstance(one, dict) and all(isinstance(value, str) for value in one.values()) for one in before
    ):
        raise DataError(
            "what the record says of earlier parents cannot be read; restore the model from a copy"
        )
    return [newest, *before]


def named(names: Mapping[int, Label]) -> Labels:
    """Labels of a model that is being made, and has no fingerprint yet."""
    return Labels(names=dict(names))
