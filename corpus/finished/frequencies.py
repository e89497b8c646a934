"""The terms of a corpus as a table: found by name, by how often they occur, in an order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from lda.corpus.arrow import array, pc

if TYPE_CHECKING:
    from lda.corpus.corpus import Corpus

ORDERS: Final = ("tokens", "documents", "burst", "term", "id")
"""Ways to sort: most tokens first, most documents, most tokens a document; by name; as in the vocabulary."""


def term_table(
    corpus: Corpus,
    *,
    prefix: str | None = None,
    regex: str | None = None,
    min_df: float = 1,
    max_df: float = 1.0,
    sort: str = "tokens",
    top: int | None = None,
) -> pa.Table:
    """The terms that are asked for, with their frequencies. Only the vocabulary is read, no document.

    Args:
        corpus: whose terms.
        prefix: how they begin; None for all.
        regex: what stands somewhere in them, a regular expression of RE2, whose time is linear in the text; None for
            all.
        min_df: in at least so many documents, or in such a share of them (float).
        max_df: in at most so many documents, or in such a share of them (float).
        sort: one of `ORDERS`; those that are equal stand by name.
        top: so many at most.

    Returns:
        Table of `id` (int64), `term`, `tokens`, `documents` (int64), `share` of the tokens of the corpus and
        `document_share` (float64).

    Raises:
        ValueError: the regular expression is none, or there is no such order.
    """
    if sort not in ORDERS:
        raise ValueError(f"terms are sorted by {', '.join(ORDERS)}, got {sort!r:.40}")
    found = corpus.vocabulary_table.rename_columns(["term", "tokens", "documents"])
    found = found.add_column(0, "id", array(np.arange(corpus.n_terms, dtype=np.int64)))
    low, high = (n if isinstance(n, int) else n * corpus.n_documents for n in (min_df, max_df))
    documents = np.asarray(corpus.document_frequencies)
    found = found.filter(array((documents >= low) & (documents <= high)))
    if prefix is not None:
        found = found.filter(pc.starts_with(found.column("term"), pattern=prefix))
    if regex is not None:
        try:
            found = found.filter(pc.match_substring_regex(found.column("term"), pattern=regex))
        except pa.ArrowInvalid as error:
            reason = str(error).removeprefix("Invalid regular expression: ")
            raise ValueError(f"{regex!r:.80} is no regular expression: {reason:.100}") from None
    found = _sorted(found, sort)
    if top is not None:
        found = found.slice(0, top)
    for name, of, whole in (
        ("share", "tokens", corpus.n_tokens),
        ("document_share", "documents", corpus.n_documents),
    ):
        counts = np.asarray(found.column(of).to_numpy(), dtype=np.float64)
        found = found.append_column(name, array(counts / max(whole, 1)))
    return found


def _sorted(table: pa.Table, sort: str) -> pa.Table:
    if sort == "id":
        return table
    if sort == "burst":
        burst = np.asarray(table.column("tokens").to_numpy()) / np.maximum(
            table.column("documents").to_numpy(), 1
        )
        table = table.append_column("burst", array(burst))
    keys = [("term", "ascending")] if sort == "term" else [(sort, "descending"), ("term", "ascending")]
    found = table.take(pc.sort_indices(table, sort_keys=keys))
    return found.drop_columns(["burst"]) if sort == "burst" else found
