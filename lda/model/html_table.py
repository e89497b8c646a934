"""Topics as a small table in HTML, for notebooks."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

import numpy as np

from lda.corpus.presentable import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

MOST_TOPICS: Final = 20
"""Rows of the table; of more topics the largest are shown."""

_LEFT: Final = "text-align: left"


def html_table(
    caption: str,
    words: Sequence[Sequence[tuple[str, float]]],
    *,
    tokens: npt.NDArray[np.float64] | None = None,
    names: Sequence[str | None] | None = None,
) -> str:
    """A table with a row a topic: number, name, share of all tokens with a bar, most probable terms.

    Terms and names come from outside: what would be markup or a command is escaped. Probabilities of terms show when
    the pointer rests on them.

    Args:
        caption: what stands above it.
        words: (term, probability) of the terms to show of each topic, best first.
        tokens: (K,) tokens of each topic; None leaves out their share and shows the first topics.
        names: (K,) what topics are called; without any name there is no column for them.
    """
    n_topics = len(words)
    names = names or [None] * n_topics
    named = any(names)
    columns = ["topic", *(["name"] if named else []), *([] if tokens is None else ["share"])]
    columns.append("most probable terms")
    head = "".join(f"<th>{column}</th>" for column in columns)
    shown = list(range(n_topics))
    if tokens is not None:
        shown = np.argsort(-tokens, kind="stable").tolist()
    rows, total = [], 1.0 if tokens is None else max(float(tokens.sum()), 1.0)
    for k in shown[:MOST_TOPICS]:
        name = f'<td style="{_LEFT}">{_escaped(names[k] or "")}</td>' if named else ""
        share = "" if tokens is None else _share(float(tokens[k]) / total, float(tokens.max()) / total)
        terms = " ".join(f'<span title="{p:.4g}">{_escaped(term)}</span>' for term, p in words[k])
        rows.append(f'<tr><td>{k}</td>{name}{share}<td style="{_LEFT}">{terms}</td></tr>')
    if n_topics > MOST_TOPICS:
        more = f"{n_topics - MOST_TOPICS:,} {'more' if tokens is None else 'smaller'} topics are not shown"
        rows.append(f'<tr><td colspan="{len(columns)}">{more}</td></tr>')
    body = "\n".join(rows)
    return (
        f'<table>\n<caption style="{_LEFT}">{_escaped(caption)}</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"
    )


def _share(share: float, largest: float) -> str:
    """The cell of a share: the number, and behind it a bar that is as long as the cell for the largest topic.

    A gradient and not an element of its own, so that the text of the cell stays the number alone.
    """
    width = 100 * share / largest if largest > 0 else 0.0
    bar = f"linear-gradient(to right, rgba(0, 114, 178, 0.35) {width:.1f}%, transparent {width:.1f}%)"
    return f'<td style="min-width: 5em; background: {bar}">{share:.1%}</td>'


def _escaped(text: str) -> str:
    return escape(printable(text))
