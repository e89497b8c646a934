"""Which terms stay: min_df, max_df, max_features, and the order of the vocabulary."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lda.corpus.arrow import array, pc, strings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lda.corpus.text.recipe import Recipe


class KeptTerms(NamedTuple):
    """Outcome of pruning.

    Attributes:
        kept: (V,) int64, old ids in the order of the new ones.
        removed: `terms` and `tokens` taken away by each option that took any.
        too_frequent: old ids of those that `max_df` took away.
    """

    kept: npt.NDArray[np.int64]
    removed: dict[str, dict[str, int]]
    too_frequent: npt.NDArray[np.int64]


def select_terms(
    terms: Sequence[str],
    frequencies: npt.NDArray[np.int64],
    n_documents: int,
    recipe: Recipe | None,
    stop: frozenset[str] = frozenset(),
    *,
    keep_order: bool,
) -> KeptTerms:
    """Choose and order the terms.

    Args:
        terms: the (U,) candidates.
        frequencies: (2, U): tokens of each term, documents with each term.
        n_documents: all documents; shares in the recipe refer to it.
        recipe: the limits; None keeps all terms.
        stop: terms to be dropped whatever their frequency.
        keep_order: keep the order (matrices) instead of falling frequency, ties alphabetical (texts).
    """
    tokens, documents = frequencies
    removed: dict[str, dict[str, int]] = {}
    kept = np.arange(len(terms), dtype=np.int64)
    too_frequent = kept[:0]
    if stop:
        kept = _drop(
            "stop_words", kept, np.array([term not in stop for term in terms], dtype=bool), tokens, removed
        )
    if recipe is not None and recipe.prunes:
        low, high = as_count(recipe.min_df, n_documents), as_count(recipe.max_df, n_documents)
        kept = _drop("min_df", kept, documents[kept] >= low, tokens, removed)
        too_frequent = kept[documents[kept] > high]
        kept = _drop("max_df", kept, documents[kept] <= high, tokens, removed)
    order = _by_frequency(terms, tokens, kept)
    if recipe is not None and recipe.max_features is not None:
        cut = recipe.max_features
        order = _drop("max_features", order, np.arange(len(order)) < cut, tokens, removed)
    return KeptTerms(np.sort(order) if keep_order else order, removed, too_frequent)


def as_count(limit: float, n_documents: int) -> float:
    """A limit of document frequencies as a number of documents, of which a share is made here."""
    return limit if isinstance(limit, int) else limit * n_documents


def _drop(
    option: str,
    kept: npt.NDArray[np.int64],
    stays: npt.NDArray[np.bool_],
    tokens: npt.NDArray[np.int64],
    removed: dict[str, dict[str, int]],
) -> npt.NDArray[np.int64]:
    lost = kept[~stays]
    if len(lost):
        removed[option] = {"terms": len(lost), "tokens": int(tokens[lost].sum())}
    return kept[stays]


def _by_frequency(
    terms: Sequence[str], tokens: npt.NDArray[np.int64], kept: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """The kept ids by falling frequency, ties in the order of code points (not of a locale)."""
    table = pa.table({"tokens": array(tokens[kept]), "name": strings(terms).take(array(kept))})
    order = pc.sort_indices(table, sort_keys=[("tokens", "descending"), ("name", "ascending")])
    return kept[np.asarray(order, dtype=np.int64)]
