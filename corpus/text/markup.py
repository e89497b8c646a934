"""HTML taken out of texts: tags, comments, scripts and entities."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from lda.corpus.arrow import pc

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MARKUPS: Final = ("html",)
"""What `Recipe.strip` may be."""

# A tag ends at its >, which quotes may hide; one that never ends is text, as is a < that no letter follows. No part
# of this crosses a <, and what a part gives back never begins as the next one does, so that the time stays linear in
# any text. Rejected: groups that give back nothing, (?:...)*+, because the first releases of Python 3.11 match them
# wrongly.
_TAG: Final = re.compile(
    r"""<!--(?:[^<-]++|<(?!!--)|-(?!->))*-->|<[!?][^<>]*+>|"""
    r"""<(/?)([a-zA-Z][^\s/<>]*+)(?:(?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*>|[^<>]*+>)"""
)

_ENTITY: Final = re.compile(r"&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)")
"""What may be an entity."""

_INLINE: Final = frozenset(
    """
a abbr acronym b bdi bdo big cite code del dfn em font i ins kbd mark nobr q s samp small span strike strong
sub sup tt u var wbr
""".split()  # noqa: SIM905 - a list literal would take a line for each word
)
"""Elements in the midst of words: browsers set no blank for them, so H<sub>2</sub>O is one word."""

_NO_TEXT: Final = frozenset({"script", "style"})
"""Elements whose content no reader sees."""

_ENTITIES: Final = frozenset({"amp", "gt", "lt", "nbsp", "quot"})
_SIGNS: Final = _ENTITIES | {"br", "href", "li", "td", "tr", "div", "span"}
_SURE, _LIKELY = 20, 100


def strip_markup(texts: pa.Array[Any], strip: str | None) -> pa.Array[Any]:
    """The texts without the markup that `strip` names, one of `MARKUPS`; null stays null. None: as they are.

    Args:
        texts: (n,) strings.
        strip: as `Recipe.strip`.
    """
    if strip is None:
        return texts
    marked = pc.match_substring_regex(texts, pattern="[<&]")
    if not pc.any(marked).as_py():
        return texts
    made = [text and strip_html(text) for text in texts.to_pylist()]
    stripped: pa.Array[Any] = pa.array(made, type=texts.type)
    return stripped


def strip_html(text: str) -> str:
    """The text that a reader of this HTML sees: tags gone, entities as the characters they stand for, once."""
    return html.unescape("".join(piece for piece, _, _ in _seen(text)))


def strip_html_spans(text: str) -> tuple[str, list[int], list[int]] | None:
    """What `strip_html` returns, and where in the text each of its characters begins and ends; None if in doubt."""
    pieces, starts, stops = [], list[int](), list[int]()
    for piece, start, stop in _seen(text):
        pieces.append(piece)
        plain = stop - start == len(piece)
        starts += range(start, stop) if plain else [start] * len(piece)
        stops += range(start + 1, stop + 1) if plain else [stop] * len(piece)
    joined = "".join(pieces)
    out, begins, ends, at = [], list[int](), list[int](), 0
    for entity in _ENTITY.finditer(joined):
        made = html.unescape(entity[0])
        if made == entity[0]:
            continue
        out += [joined[at : entity.start()], made]
        begins += starts[at : entity.start()] + [starts[entity.start()]] * len(made)
        ends += stops[at : entity.start()] + [stops[entity.end() - 1]] * len(made)
        at = entity.end()
    found = "".join(out) + joined[at:]
    return (found, begins + starts[at:], ends + stops[at:]) if found == html.unescape(joined) else None


def _seen(text: str) -> Iterator[tuple[str, int, int]]:
    """What a reader sees, piece by piece, each with where it begins and ends; a blank stands for a tag."""
    position, lower = 0, ""
    unclosed: set[str] = set()
    while tag := _TAG.search(text, position):
        yield text[position : tag.start()], position, tag.start()
        position, name = tag.end(), (tag[2] or "").lower()
        if name not in _INLINE:
            yield " ", tag.start(), tag.end()
        if name in _NO_TEXT and not tag[1] and name not in unclosed:
            lower = lower or text.lower()
            end = (
                lower.find(f"</{name}", position)
                if len(lower) == len(text)
                else text.find(f"</{name}", position)
            )
            if end < 0:
                unclosed.add(name)  # cut off: what follows is taken for text, and nothing is looked for again
            else:
                position = end
    yield text[position:], position, len(text)


def markup_hint(terms: Sequence[str]) -> str | None:
    """One line that tells of HTML left in the text, judged by its terms, the most frequent first; None without."""
    sure = [term for term in terms[:_SURE] if term in _ENTITIES | {"br"}]
    likely = [term for term in terms[:_LIKELY] if term in _SIGNS]
    if not sure and len(likely) < 2:
        return None
    return (
        f"{', '.join(map(repr, likely))} among the most frequent terms: the text seems to be HTML; "
        "--strip html takes tags and entities out"
    )
