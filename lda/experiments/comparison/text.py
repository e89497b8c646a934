"""A comparison as text for people: tables of 80 columns, as long as terms and names let them."""

from __future__ import annotations

import math
from string import ascii_uppercase
from typing import TYPE_CHECKING, Final

from lda.corpus.presentable import printable
from lda.experiments.comparison.results import KINDS
from lda.progress import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lda.experiments.comparison.results import (
        ChangedWord,
        ComparedModel,
        ComparedModels,
        PairComparison,
        TopicRelation,
    )

WIDTH: Final = 80
"""Columns where standard output is no terminal."""

CHANGED: Final = 4
"""Words of a topic that are shown as gained, and as lost."""

WIDEST_NAME: Final = 24
"""Columns of a document's name."""

PLUS_MINUS: Final = "\N{PLUS-MINUS SIGN}"


def comparison_text(found: ComparedModels, *, rows: int, width: int | None) -> str:
    """The whole comparison.

    Args:
        found: the comparison.
        rows: of each table; a line says how many more there are.
        width: columns of the terminal; None where there is none.
    """
    columns = width or WIDTH
    letters = [letter_of(number) for number in range(len(found.models))]
    parts = [_models(found, letters)]
    if len(found.models) > 2:
        parts.append(_overview(found, letters))
    if found.scores is not None:
        parts.append(_scores(found, letters))
    parts += [_pair(found, pair, letters, rows, columns) for pair in found.pairs]
    return "\n\n".join(parts)


def letter_of(number: int) -> str:
    """A, B, ... Z, AA, AB, ...: what a model is called in tables."""
    size = len(ascii_uppercase)
    head = letter_of(number // size - 1) if number >= size else ""
    return head + ascii_uppercase[number % size]


def _models(found: ComparedModels, letters: Sequence[str]) -> str:
    rows = []
    for letter, model in zip(letters, found.models, strict=True):
        fit = "" if model.sampler is None else f", {model.sampler}, seed {model.seed}"
        read = "" if model.n_documents is None else f", {plural(model.n_documents, 'document')}"
        size = f"{plural(model.n_topics, 'topic')}, {plural(model.n_terms, 'term')}"
        rows.append(f"{letter}  {printable(model.name)}: {size}{read}{fit}")
    return "\n".join(rows)


def _overview(found: ComparedModels, letters: Sequence[str]) -> str:
    """Every two models: mean overlap, and what part of the topics of the row's model both have."""
    size = max(6, *map(len, letters))
    head = "overlap" + " " * (size - 4) + "  ".join(letter.rjust(size) for letter in letters)
    shared_head = "   ".join(letter.rjust(size) for letter in letters)
    lines = [f"{head}   shared topics {shared_head}"] if len(letters) <= 4 else [head]
    for letter, overlaps, shared in zip(letters, found.overlaps, found.shared, strict=True):
        line = letter.ljust(size + 3) + "  ".join(f"{value:.4f}".rjust(size) for value in overlaps)
        if len(letters) <= 4:
            line += " " * 17 + "   ".join(f"{value:.0%}".rjust(size) for value in shared)
        lines.append(line)
    return "\n".join(lines)


def _scores(found: ComparedModels, letters: Sequence[str]) -> str:
    assert found.scores is not None
    first = found.scores[0]
    head = (
        f"held-out: {first.n_scored_tokens:,} tokens of {plural(first.n_scored_documents, 'document')}, "
        f"{plural(found.n_scored_terms or 0, 'term')}; nats per token"
    )
    lines = [head]
    for letter, score, pair in zip(letters, found.scores, [None, *found.pairs], strict=True):
        line = f"{letter}  {score.log_likelihood:.4f} {PLUS_MINUS} {_error(score.standard_error)}"
        if pair is not None and pair.heldout is not None:
            difference = pair.heldout
            error = _error(difference.standard_error)
            line += f"   {letter} - {letters[0]}: {difference.value:+.4f} {PLUS_MINUS} {error}"
        lines.append(line)
    return "\n".join(lines)


def _error(value: float) -> str:
    return "?" if math.isnan(value) else f"{value:.4f}"


def _pair(
    found: ComparedModels, pair: PairComparison, letters: Sequence[str], rows: int, columns: int
) -> str:
    names = letters[pair.first], letters[pair.second]
    models = found.models[pair.first], found.models[pair.second]
    kinds = [(kind, len(pair.of_kind(kind))) for kind in ("shared", "split", "merged")]
    told = [f"{n} {kind}" for kind, n in kinds]
    alone = pair.of_kind("particular")
    told.append(f"{sum(len(one.first) for one in alone)} only in {names[0]}")
    told.append(f"{sum(len(one.second) for one in alone)} only in {names[1]}")
    lines = [f"{names[0]} and {names[1]}: {', '.join(told)}"]
    if not pair.terms.same:
        lines.append(
            f"{plural(pair.terms.n_shared, 'shared term')}, {pair.terms.first_share:.1%} and "
            f"{pair.terms.second_share:.1%} of the tokens"
        )
    lines.append(
        f"mean overlap of matches {pair.overlap:.4f} (1: equal; {pair.chance:.3f}: neighbours in one model);\n"
        f"topics are near from {pair.near:.3f} on"
    )
    blocks = ["\n".join(lines), _relations(pair, models, names, rows, columns)]
    blocks.append(_changes(pair, names, rows, columns))
    if not pair.apart:  # else everything "moved"
        blocks += [_words(pair, names, rows), _documents(pair, names, rows)]
    return "\n\n".join(filter(None, blocks))


def _relations(
    pair: PairComparison,
    models: tuple[ComparedModel, ComparedModel],
    names: tuple[str, str],
    rows: int,
    columns: int,
) -> str:
    head = ("kind", names[0], names[1], "overlap", f"{names[0]} share", f"{names[1]} share")
    shown: list[TopicRelation] = []
    for kind in KINDS:  # of each, for the shared ones alone would fill the table
        shown += pair.of_kind(kind)[:rows]
    cells = [
        (
            relation.kind,
            _numbers(relation.first, relation.nearest),
            _numbers(relation.second, relation.nearest),
            "" if relation.kind == "empty" else f"{relation.overlap:.3f}",
            f"{relation.first_share:.1%}" if relation.first else "",
            f"{relation.second_share:.1%}" if relation.second else "",
        )
        for relation in shown
    ]
    widths = [max(map(len, column)) for column in zip(head, *cells, strict=True)]
    table = ["  ".join(_placed(head, widths)) + "  topic"]
    for relation, row in zip(shown, cells, strict=True):
        line = "  ".join(_placed(row, widths))
        table.append(f"{line}  {_subject(relation, models, columns - len(line) - 2)}")
    if any(relation.nearest is not None and not (relation.first and relation.second) for relation in shown):
        table.append("particular: none is near; (3): the nearest all the same. share: of all tokens")
    return "\n".join([*table, *_more(len(pair.relations) - len(shown))])


def _placed(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    """Cells, the first of them from the left."""
    return [
        row[0].ljust(widths[0]),
        *(cell.rjust(size) for cell, size in zip(row[1:], widths[1:], strict=True)),
    ]


def _numbers(topics: Sequence[int], nearest: int | None) -> str:
    """The topics of a relation; where there are none the nearest one, in brackets."""
    if topics:
        return "+".join(map(str, topics))
    return "-" if nearest is None else f"({nearest})"


def _subject(relation: TopicRelation, models: tuple[ComparedModel, ComparedModel], room: int) -> str:
    """Names of the topics, and words of the first of them; where the topic is near, for one without partner."""
    several = [
        (model, k)
        for model, side in zip(models, (relation.first, relation.second), strict=True)
        for k in side
    ]
    named = [name for model, k in several if (name := model.topics[k].name) is not None]
    text = " / ".join(dict.fromkeys(map(printable, named)))
    if not text:
        model, k = several[0]
        text = _fitting([printable(word) for word in model.topics[k].words], room) or "(empty)"
    return text


def _fitting(words: Sequence[str], room: int) -> str:
    """As many of the words as fit, one in any case."""
    from rich.cells import cell_len

    text = ""
    for word in words:
        longer = f"{text} {word}" if text else word
        if text and cell_len(longer) > room:
            break
        text = longer
    return text


def _more(n: int) -> list[str]:
    return [f"... and {n:,} more (--rows, or --json for all)"] if n > 0 else []


def _changes(pair: PairComparison, names: tuple[str, str], rows: int, columns: int) -> str:
    """Of matched topics that belong together, those that changed most first: words that grew and shrank."""
    changed = [match for match in pair.matches if match.kind != "particular" and (match.gained or match.lost)]
    changed.sort(key=lambda match: (match.overlap, match.first))
    if not changed:
        return ""
    pairs = [(str(match.first), str(match.second)) for match in changed[:rows]]
    sizes = [max(len(names[i]), *(len(one[i]) for one in pairs)) for i in (0, 1)]
    lines = [
        f"{names[0].rjust(sizes[0])}  {names[1].rjust(sizes[1])}  words that grew (+) and shrank (-) most"
    ]
    for numbers, match in zip(pairs, changed, strict=False):
        line = "  ".join(number.rjust(size) for number, size in zip(numbers, sizes, strict=True))
        words = _signed("+", match.gained[:CHANGED]) + _signed("-", match.lost[:CHANGED])
        lines.append(f"{line}  {_fitting(words, columns - len(line) - 2)}")
    return "\n".join([*lines, *_more(len(changed) - rows)])


def _signed(sign: str, words: Sequence[ChangedWord]) -> list[str]:
    return [sign + printable(word.term) for word in words]


def _words(pair: PairComparison, names: tuple[str, str], rows: int) -> str:
    from rich.cells import cell_len

    if not pair.moved_words:
        return ""
    shown = pair.moved_words[:rows]
    terms = [printable(word.term) for word in shown]
    size = max(map(cell_len, ["term", *terms]))
    lines = [
        f"{plural(pair.n_moved_words, 'term')} moved to topics of {names[1]} that are no partners in {names[0]}"
    ]
    lines.append(f"{'term'.ljust(size)}   share  {names[0]:>6} of tokens  {names[1]:>6} of tokens")
    for term, word in zip(terms, shown, strict=True):
        pad = " " * (size - cell_len(term))
        lines.append(
            f"{term}{pad}  {word.share:6.3%}  {word.first:>6} {word.first_part:9.1%}  "
            f"{word.second:>6} {word.second_part:9.1%}"
        )
    return "\n".join([*lines, *_more(len(pair.moved_words) - rows)])


def _documents(pair: PairComparison, names: tuple[str, str], rows: int) -> str:
    from rich.cells import cell_len, set_cell_size

    moved = pair.documents
    if moved is None:
        return ""
    told = (
        f"{moved.n_moved:,} of {plural(moved.n_documents, 'document')} moved; "
        f"documents changed by {moved.mean_change:.1%} in the mean"
    )
    lines = [told]
    shown = moved.most[:rows]
    if shown:
        ids = [printable(document.id) for document in shown]
        size = min(max(map(cell_len, ["document", *ids])), WIDEST_NAME)
        lines.append(f"{'document'.ljust(size)}  changed  {names[0]:>6} of it  {names[1]:>6} of it")
        for name, document in zip(ids, shown, strict=True):
            lines.append(
                f"{set_cell_size(name, size)}  {document.change:7.1%}  {document.first:>6} "
                f"{document.first_weight:5.0%}  {document.second:>6} {document.second_weight:5.0%}"
            )
    return "\n".join([*lines, *_more(len(moved.most) - rows)])
