"""The documents, texts and groups of a survey, as plain values for a page."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lda.corpus.plain_values import plain_values
from lda.report.numbers import LARGEST, number, numbers, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from lda.survey.survey import GroupShares, Piece, Survey

LEAST: Final = 0.01
"""Topics of a document below this share are left out of a page, but for the largest one: with many topics the prior
alone gives each of them some thousandths."""

MOST: Final = 12
"""Topics of a document that a page has at most."""

DIGITS: Final = 4
"""Significant digits of shares in documents and groups, which are estimates with wide intervals."""

LONGEST: Final = 300
"""Characters of a field's value in a page; a column may hold the whole text once more."""

MOST_CHARACTERS: Final = 10_000_000
"""Of all texts of a page together: some four megabytes of it. Of books, the longest are cut."""


def documents_facts(survey: Survey) -> dict[str, Any]:
    """What was read for the report, in rows as of `facts`."""
    words = survey.n_tokens + survey.n_unknown
    rows = [["documents", f"{survey.n_documents:,}"]]
    if survey.n_trained is not None:
        rows.append(["the model was fitted to", f"{survey.n_trained:,} of them"])
    rows += [
        ["without known words", f"{survey.n_empty_documents:,}"],
        ["known words", f"{survey.n_tokens:,}"],
        ["unknown words", f"{survey.n_unknown:,} ({survey.n_unknown / max(words, 1):.1%})"],
        ["described here", f"{len(survey.ids):,}, {len(survey.texts):,} of them with text"],
        ["seed of the inference", str(survey.seed)],
    ]
    return {"heading": "Documents shown here", "rows": rows}


def documents_data(survey: Survey) -> dict[str, Any]:
    """The key `documents`: the described ones, in the order of the corpus."""
    return {
        "id": [text(name) for name in survey.ids],
        "n_tokens": survey.n_tokens_of.tolist(),
        "fields": {text(name): _column(survey.fields, name) for name in survey.fields.column_names},
        "topics": _topics(survey.theta),
        "nearest": {"per": int(survey.nearest.shape[1]), "document": survey.nearest.ravel().tolist()},
    }


def _topics(theta: np.ndarray[Any, np.dtype[np.float32]]) -> dict[str, Any]:
    """Topics of each document of `LEAST` or more, at most `MOST`, the heaviest first; of equal ones the first."""
    order = np.argsort(-theta, axis=1, kind="stable")[:, :MOST]
    weight = np.take_along_axis(theta, order, axis=1)
    kept = weight >= LEAST
    kept[:, :1] = True
    return {
        "offsets": np.concatenate([[0], np.cumsum(kept.sum(axis=1))]).tolist(),
        "topic": order[kept].tolist(),
        "weight": numbers(weight[kept], DIGITS),
    }


def _column(fields: pa.Table, name: str) -> list[Any]:
    return [_value(value) for value in plain_values(fields.column(name))]


def _value(value: object) -> str | int | float | bool | None:
    """A value of a field: numbers and truths as they are, dates as ISO 8601, all else as text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < LARGEST else str(value)
    if isinstance(value, float):
        return number(value, 17)
    if isinstance(value, datetime | date):
        return value.isoformat()
    shown = text(value if isinstance(value, str) else str(value))
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}…"


def best_data(survey: Survey) -> dict[str, Any]:
    """The key `best`: of each topic the documents that show it best, as numbers of described ones."""
    kept = survey.best >= 0
    return {
        "offsets": np.concatenate([[0], np.cumsum(kept.sum(axis=1))]).tolist(),
        "document": survey.best[kept].tolist(),
    }


def text_data(survey: Survey) -> dict[str, Any] | None:
    """The key `texts`: texts in pieces, each with the topic it was given; None if none were kept."""
    if not survey.texts:
        return None
    rows = sorted(survey.texts)
    longest = longest_text(survey)
    return {
        "document": rows,
        "pieces": [_pieces(survey.texts[row], longest) for row in rows],
        "whole": survey.whole_text,
        "how": (
            f"Each word has the topic that one draw of an inference with seed {survey.seed} gave it: the same seed "
            "gives the same colours, and with another one some words would have another topic. Words without a "
            "colour are none that the model knows."
        ),
    }


def longest_text(survey: Survey) -> int | None:
    """Characters that a page has of a text at most, so that all have `MOST_CHARACTERS`; None where all are whole."""
    lengths = sorted(sum(len(piece.text) for piece in pieces) for pieces in survey.texts.values())
    room = MOST_CHARACTERS
    for place, length in enumerate(lengths):
        share = room // (len(lengths) - place)
        if length > share:
            return share
        room -= length
    return None


def _pieces(pieces: Sequence[Piece], longest: int | None) -> list[list[Any]]:
    found: list[list[Any]] = []
    at = 0
    for piece in pieces:
        if longest is not None and at + len(piece.text) > longest:
            left = sum(len(other.text) for other in pieces) - at
            return [*found, [f" … ({left:,} more characters)", -1]]
        found.append([text(piece.text), piece.topic])
        at += len(piece.text)
    return found


def groups_data(groups: GroupShares) -> dict[str, Any]:
    """One of the keys `over` and `by`: shares of topics with their intervals, group by group."""
    starts = groups.starts
    return {
        "field": text(groups.field),
        "kind": groups.kind,
        "values": [text(value) for value in groups.values],
        "starts": None if starts is None else [s if isinstance(s, str) else number(s, 17) for s in starts],
        "n_documents": groups.n_documents.tolist(),
        "n_missing": groups.n_missing,
        "n_gathered": groups.n_gathered,
        "mean": numbers(groups.mean, DIGITS),
        "low": numbers(groups.low, DIGITS),
        "high": numbers(groups.high, DIGITS),
    }
