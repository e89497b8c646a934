"""`lda corpus info`: what is in a corpus, on one screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import click

from lda.cli.bars import bar, plain_bars
from lda.cli.console import Console, output_options
from lda.cli.corpus.described import describe
from lda.cli.gathering import taking
from lda.cli.help import Command
from lda.cli.option import Heading, option
from lda.cli.text_options import phrases_in_words, words_in_words
from lda.corpus.presentable import printable, without_keys
from lda.progress import plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lda.corpus import Corpus

LABEL: Final = 19
"""Columns of what a line is about."""

WIDTH: Final = 80
MOST_FIELDS: Final = 8
OPTIONS: Final = {
    "stop_words": "stop words",
    "min_df": "--min-df",
    "max_df": "--max-df",
    "vocabulary_memory": "--vocabulary-memory",
    "max_features": "--max-features",
    "terms_of": "--terms-of",
}
"""What may have left out words, as `Summary.removed` calls it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusInfoOptions:
    """What `lda corpus info` is asked for. model: folder or URI; None for no comparison."""

    folder: str
    model: str | None
    quick: bool
    console: Console


@click.command(
    cls=Command,
    examples=(
        "lda corpus info corpus/",
        "lda corpus info new/ --model model/",
        "lda corpus info corpus/ --quick --json",
    ),
    short_help="Tell what is in a corpus.",
)
@click.argument("folder", metavar="CORPUS")
@option(
    "--model",
    metavar="MODEL",
    heading=Heading.MODEL,
    help="Tell how much of the corpus this model does not know.",
)
@option(
    "--quick",
    is_flag=True,
    heading=Heading.OUTPUT,
    help="Read no documents: leave out their lengths, fields and duplicates.",
)
@output_options
@taking(CorpusInfoOptions)
def info(options: CorpusInfoOptions) -> None:
    """Tell what is in a corpus: its size, lengths, terms, fields, what was left out of it, and how it was made."""
    from lda.corpus import Corpus

    corpus = Corpus.open(options.folder)
    value = describe(corpus, options.folder)
    if not options.quick:
        from lda.corpus.finished.overview import corpus_overview

        value |= corpus_overview(corpus).to_dict()
    if options.model is not None:
        value["unknown"] = _unknown(corpus, options.model)
    options.console.result(value, lambda: _text(value))


def _unknown(corpus: Corpus, place: str) -> dict[str, Any]:
    """How much of the corpus a model does not know, and in what their recipes differ."""
    from lda.corpus.finished.merging import recipe_differences
    from lda.corpus.finished.overview import unknown_terms
    from lda.corpus.text.recipe import Recipe
    from lda.model.model import Model

    model = Model.load(place)
    recipe = None if model.record.recipe is None else Recipe.from_dict(model.record.recipe)
    differences = recipe_differences([recipe, corpus.recipe])
    return {
        "model": without_keys(place),
        **unknown_terms(corpus, model.vocabulary).to_dict(),
        "cut_differently": [one.name for one in differences if one.kind == "words"],
    }


def _text(value: dict[str, Any]) -> str:
    rows: list[tuple[str, Iterable[str] | None]] = [
        ("documents", [_documents(value)]),
        ("tokens", [f"{value['n_tokens']:,}"]),
        ("terms", [f"{value['n_terms']:,} in {plural(value['n_shards'], 'shard')}"]),
        ("made from", [_origin(value)]),
        ("documents chosen", _steps(value)),
        ("left out", _left_out(value)),
        ("words", _maybe(words_in_words(value["recipe"]))),
        ("phrases", _maybe(phrases_in_words(value["recipe"]))),
        ("English stop words", _maybe(_stop_share(value["stop_word_share"]))),
        ("frequent terms", _words(row["term"] for row in value["frequent_terms"])),
    ]
    if "lengths" in value:
        rows += [
            ("in most documents", _words(row["term"] for row in value["widespread_terms"])),
            ("terms by documents", _vocabulary(value)),
            ("tokens a document", _lengths(value["lengths"])),
            ("fields", _fields(value)),
            ("the same words", _duplicates(value["duplicates"])),
        ]
    rows += [
        ("unknown", _unknown_lines(value["unknown"]) if "unknown" in value else None),
        ("appended", _appended(value)),
        ("content hash", [value["content_hash"]]),
    ]
    lines = []
    for name, texts in rows:
        for number, text in enumerate(texts or ()):
            lines.append(f"{'' if number else name:<{LABEL}} {printable(text)}".rstrip())
    return "\n".join(lines)


def _maybe(text: str | None) -> list[str]:
    return [] if text is None else [text]


def _documents(value: Mapping[str, Any]) -> str:
    without = f", {value['n_without_text']:,} for want of a text field" if value["n_without_text"] else ""
    skipped = f"; {plural(value['n_skipped'], 'bad record')} skipped" if value.get("n_skipped") else ""
    return f"{value['n_documents']:,} ({value['n_empty_documents']:,} empty{without}){skipped}"


def _steps(value: Mapping[str, Any]) -> list[str]:
    """What was done with documents before their terms were counted."""
    from lda.corpus.documents.steps import steps_in_words

    return steps_in_words(value["steps"]).split("; ") if value.get("steps") else []


def _origin(value: Mapping[str, Any]) -> str:
    recipe = value["recipe"]
    if value["stop_word_share"] is None and not value["ordered"]:
        return "counts"
    if not recipe:
        return "text"
    words = recipe["stop_words"]
    told = (
        f"{len(words):,} stop words" if isinstance(words, (list, tuple)) else f"stop words: {words or 'kept'}"
    )
    low, high = recipe["ngram_range"]
    runs = "" if (low, high) == (1, 1) else f", runs of {low} to {high} words"
    return f"text ({told}{runs}{'' if recipe['lowercase'] else ', upper case kept'})"


def _left_out(value: Mapping[str, Any]) -> list[str]:
    """What each option took away of all tokens that there were."""
    recipe, removed = value["recipe"], value.get("removed")
    if removed is None:
        limits = {"min_df": 1, "max_df": 1.0, "max_features": None, "stop_words": None}
        acts = recipe is not None and any(recipe[name] != limits[name] for name in limits)
        return ["not recorded (a part of a corpus, or built by an earlier version)"] if acts else []
    # It is what the build took away, of the documents that there were then.
    earlier = value.get("earlier")
    first = earlier[0] if earlier else value
    total = first["n_tokens"] + sum(counts["tokens"] for counts in removed.values())
    of = f" of the first {plural(first['n_documents'], 'document')}" if earlier else ""
    found = []
    for name in OPTIONS:
        if name not in removed:
            continue
        counts = removed[name]
        asked = (
            f" {recipe[name]}" if recipe is not None and name in ("min_df", "max_df", "max_features") else ""
        )
        terms = f"{plural(counts['terms'], 'term')}, " if "terms" in counts else ""
        share = counts["tokens"] / max(total, 1)
        found.append(f"{OPTIONS[name]}{asked}: {terms}{plural(counts['tokens'], 'token')} ({share:.1%}{of})")
    return found


def _stop_share(share: float | None) -> str | None:
    return None if share is None else f"{share:.1%} of the tokens"


def _words(names: Iterable[str], lines: int = 2) -> list[str]:
    """As many of the names as so many lines hold."""
    from rich.cells import cell_len

    room = WIDTH - LABEL - 1
    found: list[str] = []
    for name in names:
        shown = printable(name)
        if found and cell_len(found[-1]) + 1 + cell_len(shown) <= room:
            found[-1] += f" {shown}"
        elif len(found) < lines:
            found.append(shown)
        else:
            break
    return found


def _span(first: int, last: int) -> str:
    return f"{first:,}" if first == last else f"{first:,}-{last:,}"


def _vocabulary(value: Mapping[str, Any]) -> list[str]:
    """How many terms are in so many documents."""
    parts = []
    for one in value["document_frequencies"]:
        documents = (
            "1 document" if (one["first"], one["last"]) == (1, 1) else _span(one["first"], one["last"])
        )
        parts.append(f"{one['terms']:,} in {documents}")
    return _broken(parts)


def _broken(parts: Sequence[str]) -> list[str]:
    """The parts with commas between them, in lines that fit."""
    lines: list[str] = []
    for part in parts:
        if lines and len(lines[-1]) + 2 + len(part) <= WIDTH - LABEL - 2:
            lines[-1] += f", {part}"
        else:
            if lines:
                lines[-1] += ","
            lines.append(part)
    return lines


def _lengths(lengths: Mapping[str, Any]) -> list[str]:
    at = lengths["quantiles"]
    told = (
        f"median {at['0.5']:,}, mean {lengths['mean']:,.0f}; half {at['0.25']:,} to {at['0.75']:,}, "
        f"all {at['0']:,} to {at['1']:,}"
    )
    bins = lengths["histogram"]
    most = max((one["documents"] for one in bins), default=0)
    names = [_span(one["first"], one["last"]) for one in bins]
    width, size = (
        max(map(len, names), default=0),
        max((len(f"{one['documents']:,}") for one in bins), default=0),
    )
    room = WIDTH - LABEL - 1 - width - size - 4
    return [
        told,
        *(
            f"{name:>{width}}  {one['documents']:>{size},}  "
            f"{bar(one['documents'] / max(most, 1), min(room, 30), plain=plain_bars())}".rstrip()
            for name, one in zip(names, bins, strict=True)
        ),
    ]


def _fields(value: Mapping[str, Any]) -> list[str]:
    fields = value["fields"]
    shown = fields[:MOST_FIELDS]
    width = min(max((len(printable(one["name"])) for one in shown), default=0), 20)
    lines = []
    for one in shown:
        name = printable(one["name"])
        head = f"{name if len(name) <= width else name[: width - 3] + '...':<{width}}  {one['type']}"
        parts = [head]
        if one["missing"]:
            parts.append(f"{one['missing']:,} missing")
        if one["least"] is not None:
            parts.append(f"{_plain(one['least'])} to {_plain(one['greatest'])}")
        elif one["frequent"]:
            head = f"{', '.join(parts)}, {one['n_different']:,} different: "
            lines.append(head + _frequent(one["frequent"], WIDTH - LABEL - 1 - len(head)))
            continue
        elif one["n_different"]:
            parts.append(f"{one['n_different']:,} different")
        lines.append(_cut(", ".join(parts), WIDTH - LABEL - 1))
    if len(fields) > MOST_FIELDS:
        lines.append(f"... and {plural(len(fields) - MOST_FIELDS, 'further field')} (--json has them)")
    return lines


def _plain(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _frequent(values: Sequence[Mapping[str, Any]], room: int) -> str:
    """As many of the values as the room allows, but one at least."""
    told = [f"{printable(str(one['value']))} ({one['documents']:,})" for one in values]
    shown = next(
        (n for n in range(len(told), 1, -1) if len(", ".join(told[:n])) + 5 * (n < len(told)) <= room), 1
    )
    return _cut(", ".join(told[:shown]), max(room, 8)) + (", ..." if shown < len(told) else "")


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 3].rstrip(' ,')}..."


def _appended(value: dict[str, Any]) -> list[str] | None:
    """What joined the corpus after it was built, and when; None for nothing."""
    earlier = value.get("earlier")
    if not earlier:
        return None
    sizes = [*(then["n_documents"] for then in earlier), value["n_documents"]]
    last = f"{plural(sizes[-1] - sizes[-2], 'document')} on {earlier[-1]['appended'][:10]}"
    if len(earlier) == 1:
        return [f"{last}, to {sizes[0]:,}"]
    return [
        f"{sizes[-1] - sizes[0]:,} documents in {len(earlier):,} appends, to {sizes[0]:,}; the last {last}"
    ]


def _duplicates(found: Mapping[str, int]) -> list[str]:
    if not found["documents"]:
        return ["no document says what another says"]
    documents, groups = plural(found["documents"], "document"), plural(found["groups"], "group")
    return [f"{documents} say what another says, in {groups} of up to {found['largest']:,}"]


def _unknown_lines(found: Mapping[str, Any]) -> list[str]:
    share, terms = f"{found['token_share']:.1%}", plural(found["terms"], "term")
    lines = [f"{terms} that the model has not: {found['tokens']:,} tokens ({share})"]
    lines += _words((row["term"] for row in found["frequent"]), lines=2)
    lines.append(f"{plural(found['unused'], 'term')} of the model's are not in the corpus")
    if found["cut_differently"]:
        lines.append(
            f"the model's texts were cut into words otherwise: {', '.join(found['cut_differently'])}"
        )
    return lines
