"""Which words of documents that join a corpus become terms of it.

Term ids do not change. New terms stand at the end of the vocabulary, by falling frequency among themselves. Which of
the words of the new documents become terms, is asked of these documents alone, for what an earlier build has pruned is
not known any more:

* `min_df`: in as many of the new documents, if it is a count; if it is a share, in that share of them, and in
  `LEAST_DOCUMENTS`, or as many as the share was of the corpus when it was built, if that is fewer.
* `max_df`: words that were too frequent when the corpus was built stay out, however frequent they are now; they would
  be in the new documents alone, and look like news. Others may be in that share of all documents: what all the world
  speaks of this week is in most of the new ones, and no empty word. A count is taken as the share of the corpus that it
  was when the corpus was built. Where the manifest does not name the words (of an earlier version, or a part of a
  corpus), the share is one of the new documents, so "the" stays out all the same.
* `max_features`: where the vocabulary has as many, with more tokens than the rarest of its terms has.

A corpus whose terms were given (`terms_of`) has no others. Words that count as one, by their stem, say, are the term
that they are in the corpus.

All other words that the corpus does not have are left out, as pruned ones are. Rejected: to keep the counts of pruned
words beside the corpus, and let them in once they are frequent enough in all. Those are most of the distinct words of a
text, and the tokens that were dropped in old shards cannot come back, so a term would be in some of the documents that
have it and not in others.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from lda.corpus.assembly.pruning import KeptTerms, select_terms
from lda.corpus.text.recipe import Recipe

if TYPE_CHECKING:
    from lda.corpus.corpus import Corpus
    from lda.corpus.files.manifest import Manifest

LEAST_DOCUMENTS: Final = 5
"""Documents that a new term is in, at least, where min_df is a share: one of a small append is in one document."""


def check_new_min_df(value: float) -> None:
    """Raise ValueError unless it is a number or a share of documents."""
    try:
        Recipe(min_df=value)
    except ValueError as error:
        raise ValueError(f"new_{error}") from None


def new_terms(
    names: list[str],
    frequencies: npt.NDArray[np.int64],
    n_documents: int,
    recipe: Recipe,
    manifest: Manifest,
    corpus: Corpus,
    new_min_df: float | None,
    stop: frozenset[str],
    stays_out: npt.NDArray[np.bool_],
) -> KeptTerms:
    """Which of the words become terms, in their order. See the head of this file.

    stays_out: those that were too frequent when the corpus was built.
    """
    if recipe.terms_of is not None:
        none = np.zeros(0, dtype=np.int64)
        return KeptTerms(none, {}, none)
    at_first = manifest.earlier[0].n_documents if manifest.earlier else corpus.n_documents
    if new_min_df is None:
        least = _least_documents(recipe.min_df, n_documents, at_first)
    else:  # as it is said
        least = new_min_df if isinstance(new_min_df, int) else math.ceil(new_min_df * n_documents)
    most = recipe.max_df if isinstance(recipe.max_df, float) else min(1.0, recipe.max_df / at_first)
    if manifest.summary.knows_too_frequent:
        most = min(1.0, most * (corpus.n_documents + n_documents) / n_documents)
    limits = Recipe(min_df=max(least, 1), max_df=float(most))
    selection = select_terms(names, frequencies, n_documents, limits, stop, keep_order=not corpus.ordered)
    kept = selection.kept[~stays_out[selection.kept]]
    if recipe.max_features is not None and corpus.n_terms >= recipe.max_features:
        kept = kept[frequencies[0, kept] > int(corpus.term_frequencies.min())]
    return selection._replace(kept=kept)


def _least_documents(min_df: float, n_documents: int, at_first: int) -> int:
    """Documents that a new term has to be in."""
    if isinstance(min_df, int):
        return min_df
    return max(math.ceil(min_df * n_documents), min(LEAST_DOCUMENTS, math.ceil(min_df * at_first)))
