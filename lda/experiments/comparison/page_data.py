"""What the page of a comparison shows, as plain values for JSON.

Models are told by their places, topics by their numbers. Numbers have six significant digits, shares and overlaps
four; None stands for what is not known.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lda.corpus.presentable import printable
from lda.progress import plural
from lda.report.numbers import number, text
from lda.report.page_data import made

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from lda.experiments.comparison.results import (
        ChangedWord,
        ComparedModel,
        ComparedModels,
        MatchedTopics,
        MovedDocuments,
        PairComparison,
        TopicRelation,
    )

FORMAT: Final = 1

MOST_CELLS: Final = 4_000_000
"""Of a matrix of overlaps: a byte each, and a picture that browsers can draw."""

LEVELS: Final = 255
"""Of an overlap in the matrix: more than an eye tells apart."""


def comparison_data(comparison: ComparedModels, *, title: str | None = None) -> dict[str, Any]:
    """The data of the page; the fields are those of `ComparedModels`, topics and matches as short lists.

    topics of a model: [name or None, share, words]. matches of a pair: [first, second, overlap, distance, near, kind,
    words that gained, words that lost] with words as [term, p in the first, p in the second]. similarities: rows and
    columns of the matrix, and its overlaps in 255ths, a byte each, row by row in base64; None where it is missing.
    """
    names = [text(printable(model.name)) for model in comparison.models]
    scores = comparison.scores
    return {
        "format": FORMAT,
        "title": text(printable(title)) if title is not None else _title(names),
        "made": made(),
        "models": [_model(model) for model in comparison.models],
        "pairs": [_pair(pair) for pair in comparison.pairs],
        "overlaps": [[number(value, 4) for value in row] for row in comparison.overlaps],
        "shared": [[number(value, 4) for value in row] for row in comparison.shared],
        "scores": None
        if scores is None
        else [
            {
                "heldout": number(score.log_likelihood),
                "error": number(score.standard_error),
                "n_tokens": score.n_scored_tokens,
                "n_documents": score.n_scored_documents,
                "n_trained": score.n_trained,
            }
            for score in scores
        ],
        "n_scored_terms": comparison.n_scored_terms,
        "notes": [text(printable(note)) for note in comparison.notes],
        "missing": _missing(comparison),
        "facts": [_facts(model) for model in comparison.models],
    }


def _title(names: Sequence[str]) -> str:
    if len(names) == 2:
        return f"{names[0]} and {names[1]}"
    return f"{names[0]} and {len(names) - 1} more models"


def _model(model: ComparedModel) -> dict[str, Any]:
    return {
        "name": text(printable(model.name)),
        "n_topics": model.n_topics,
        "n_terms": model.n_terms,
        "topics": [
            [
                None if topic.name is None else text(printable(topic.name)),
                number(topic.share, 4),
                [text(word) for word in topic.words],
            ]
            for topic in model.topics
        ],
    }


def _facts(model: ComparedModel) -> dict[str, Any]:
    rows: list[tuple[str, object]] = [
        ("topics", f"{model.n_topics:,}"),
        ("terms", f"{model.n_terms:,}"),
        ("documents", None if model.n_documents is None else f"{model.n_documents:,}"),
        ("tokens", None if model.n_tokens is None else f"{model.n_tokens:,}"),
        ("sampler", model.sampler),
        ("sweeps", None if model.n_sweeps is None else f"{model.n_sweeps:,}"),
        ("seed", model.seed),
        ("fingerprint", model.fingerprint),
    ]
    told = [[name, text(printable(str(value)))] for name, value in rows if value is not None]
    return {"heading": text(printable(model.name)), "rows": told}


def _pair(pair: PairComparison) -> dict[str, Any]:
    terms = pair.terms
    return {
        "first": pair.first,
        "second": pair.second,
        "terms": {
            "n_shared": terms.n_shared,
            "only_first": terms.only_first,
            "only_second": terms.only_second,
            "first_share": number(terms.first_share, 4),
            "second_share": number(terms.second_share, 4),
        },
        "chance": number(pair.chance, 4),
        "near": number(pair.near, 4),
        "overlap": number(pair.overlap, 4),
        "relations": [_relation(relation) for relation in pair.relations],
        "matches": [_match(match) for match in pair.matches],
        "moved_words": [
            [
                text(word.term),
                number(word.share, 4),
                word.first,
                number(word.first_part, 4),
                word.second,
                number(word.second_part, 4),
            ]
            for word in pair.moved_words
        ],
        "n_moved_words": pair.n_moved_words,
        "documents": None if pair.documents is None else _documents(pair.documents),
        "heldout": None
        if pair.heldout is None
        else {"value": number(pair.heldout.value), "error": number(pair.heldout.standard_error)},
        "similarities": _packed(pair.similarities),
    }


def _relation(relation: TopicRelation) -> dict[str, Any]:
    return {
        "kind": relation.kind,
        "first": list(relation.first),
        "second": list(relation.second),
        "weights": [number(weight, 4) for weight in relation.weights],
        "overlap": number(relation.overlap, 4),
        "nearest": relation.nearest,
        "first_share": number(relation.first_share, 4),
        "second_share": number(relation.second_share, 4),
    }


def _match(match: MatchedTopics) -> list[Any]:
    overlap, distance = number(match.overlap, 4), number(match.distance, 4)
    words = [_changed(match.gained), _changed(match.lost)]
    return [match.first, match.second, overlap, distance, match.near, match.kind, *words]


def _changed(words: Sequence[ChangedWord]) -> list[list[Any]]:
    return [[text(word.term), number(word.first, 4), number(word.second, 4)] for word in words]


def _documents(moved: MovedDocuments) -> dict[str, Any]:
    return {
        "n_documents": moved.n_documents,
        "n_moved": moved.n_moved,
        "mean_change": number(moved.mean_change, 4),
        "most": [
            [
                text(document.id),
                document.first,
                number(document.first_weight, 4),
                document.second,
                number(document.second_weight, 4),
                number(document.change, 4),
            ]
            for document in moved.most
        ],
        "flows": [list(flow) for flow in moved.flows],
    }


def _packed(similarities: npt.NDArray[np.float32] | None) -> dict[str, Any] | None:
    if similarities is None or similarities.size > MOST_CELLS:
        return None
    levels = np.rint(LEVELS * np.clip(np.nan_to_num(similarities), 0, 1)).astype(np.uint8)
    rows, columns = levels.shape
    return {"rows": rows, "columns": columns, "bytes": base64.b64encode(levels.tobytes()).decode("ascii")}


def _missing(comparison: ComparedModels) -> list[str]:
    """What the page cannot show, and what would make it."""
    found = []
    if comparison.scores is None:
        found.append(
            "Documents that moved, and held-out likelihood: no documents were given; name some that no model was "
            "trained on."
        )
    large = [
        pair
        for pair in comparison.pairs
        if pair.similarities is not None and pair.similarities.size > MOST_CELLS
    ]
    if large:
        found.append(
            f"The matrix of overlaps of {plural(len(large), 'pair')}: it has more than {MOST_CELLS:,} cells; "
            "`similarities` of the comparison has it in Python."
        )
    if all(pair.similarities is None for pair in comparison.pairs):
        found.append(
            "The matrix of overlaps: this comparison was read from its table, which does not hold it."
        )
    return [text(one) for one in found]
