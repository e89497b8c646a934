"""gensim, imported when something needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lda.corpus.errors import DataError
from lda.extras import needed

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

OLDEST: Final = "4.4"
"""Earlier ones cannot be built for the NumPy and SciPy that this package needs."""

REMEDY: Final = f"pip install 'gensim>={OLDEST}' (it has no wheel for Python 3.14 yet)"


def gensim(purpose: str = "models of gensim") -> Any:  # noqa: ANN401 - a module
    """The package. purpose: what needs it, the beginning of a sentence.

    Raises:
        MissingPackageError: it is not installed, or too old.
    """
    module = needed("gensim", purpose, REMEDY, oldest=OLDEST)
    needed("gensim.models", purpose, REMEDY)
    needed("gensim.corpora", purpose, REMEDY)
    return module


def dictionary_of(
    vocabulary: Sequence[str],
    *,
    n_documents: int = 0,
    documents: npt.NDArray[np.int64] | None = None,
    tokens: npt.NDArray[np.float64] | None = None,
) -> Any:  # noqa: ANN401 - a Dictionary
    """A gensim Dictionary with the terms numbered as they stand.

    Args:
        vocabulary: V terms.
        n_documents: that `documents` and `tokens` are of.
        documents: (V,) int64, documents of each term; None where they are not known.
        tokens: (V,) tokens of each term; None where they are not known.
    """
    found = gensim("Dictionaries of gensim").corpora.Dictionary()
    found.token2id = {term: number for number, term in enumerate(vocabulary)}
    found.id2token = dict(enumerate(vocabulary))
    if documents is not None:
        found.dfs = {number: int(n) for number, n in enumerate(documents.tolist())}
        found.num_docs = n_documents
        found.num_nnz = int(documents.sum())
    if tokens is not None:
        found.cfs = {number: int(n) for number, n in enumerate(np.rint(tokens).tolist())}
        found.num_docs = n_documents
        found.num_pos = int(sum(found.cfs.values()))
    return found


def columns_in(dictionary: Any, vocabulary: Sequence[str]) -> npt.NDArray[np.int64]:  # noqa: ANN401 - a Dictionary, or a dict
    """(V,) where each id of a Dictionary of the same terms stands in the vocabulary.

    Raises:
        DataError: the Dictionary is one of other terms.
    """
    from lda.corpus.convert import resolve_vocabulary

    terms = resolve_vocabulary(dictionary)
    known = {term: number for number, term in enumerate(vocabulary)}
    strange = [term for term in terms if term not in known]
    missing = known.keys() - set(terms)
    if strange or missing:
        parts = [
            f"{len(some):,} {what} ({sorted(some)[0]!r:.60}{', ...' if len(some) > 1 else ''})"
            for some, what in (
                (missing, "terms of the model are not in it"),
                (strange, "of its terms the model lacks"),
            )
            if some
        ]
        raise DataError(
            f"the Dictionary must hold the {len(known):,} terms of the model and no others, got one of {len(terms):,}: "
            f"{' and '.join(parts)}; give that of the fit, or none"
        )
    return np.array([known[term] for term in terms], dtype=np.int64)
