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


def html_table(
    caption: str,
    words: Sequence[Sequence[tuple[str, float]]],
    *,
    tokens: npt.NDArray[np.float64] | None = None,
) -> str:
    """A table with a row a topic: number, share of all tokens, most probable terms.

    Terms come from outside: what would be markup or a command is escaped. Their probabilities show when the pointer
    rests on them.

    Args:
        caption: what stands above it.
        words: (term, probability) of the terms to show of each topic, best first.
        tokens: (K,) tokens of each topic; None leaves out their share and shows the first topics.
    """
    n_topics = len(words)
    head = "<th>topic</th>" + ("" if tokens is None else "<th>share</th>") + "<th>most probable terms</th>"
    shown = list(range(n_topics))
    if tokens is not None:
        shown = np.argsort(-tokens, kind="stable").tolist()
    rows, total = [], 1.0 if tokens is None else max(float(tokens.sum()), 1.0)
    for k in shown[:MOST_TOPICS]:
        share = "" if tokens is None else f"<td>{tokens[k] / total:.1%}</td>"
        terms = " ".join(f'<span title="{p:.4g}">{_escaped(term)}</span>' for term, p in words[k])
        rows.append(f'<tr><td>{k}</td>{share}<td style="text-align: left">{terms}</td></tr>')
    if n_topics > MOST_TOPICS:
        columns = 2 if tokens is None else 3
        more = f"{n_topics - MOST_TOPICS:,} {'more' if tokens is None else 'smaller'} topics are not shown"
        rows.append(f'<tr><td colspan="{columns}">{more}</td></tr>')
    body = "\n".join(rows)
    return (
        f'<table>\n<caption style="text-align: left">{_escaped(caption)}</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"
    )


def _escaped(text: str) -> str:
    return escape(printable(text))
