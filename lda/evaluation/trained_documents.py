"""Which documents a model was trained on, by content: so that scoring it on them does not go unnoticed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from lda.cluster.spec.results import FitResult
    from lda.corpus import Corpus

    Hashes = npt.NDArray[np.uint64]

MAX_DOCUMENTS: Final = 10_000_000  # 80 MB in the model's folder
MAX_TOKENS: Final = 1 << 30  # some 10 s of hashing at the end of a fit, and of reading a corpus once more


def trained_hashes(result: FitResult, corpus: Corpus) -> Hashes | None:
    """Sorted content hashes of the documents that a fit has used, 8 bytes each; None for a corpus too large.

    Documents that were kept out for validation are not among them, nor are those too short to tell.
    """
    from lda.cluster.loop.validation import training_mask
    from lda.corpus.document_hashes import content_hashes

    if corpus.n_documents > MAX_DOCUMENTS or corpus.n_tokens > MAX_TOKENS:
        return None
    used = training_mask(corpus.n_documents, result.settings.validation_fraction, result.seed)
    found = content_hashes(corpus)
    return np.unique(found[used & (found != 0)])


def among(hashes: Hashes, trained: Hashes) -> npt.NDArray[np.bool_]:
    """(n,) which of `hashes`, those that can tell, are in the sorted array `trained`."""
    if not len(trained):
        return np.zeros(len(hashes), dtype=np.bool_)
    at = np.minimum(np.searchsorted(trained, hashes), len(trained) - 1)
    found: npt.NDArray[np.bool_] = (trained[at] == hashes) & (hashes != 0)
    return found


def n_among(hashes: Hashes, trained: Hashes) -> int:
    """How many of `hashes`, those that can tell, are in the sorted array `trained`."""
    return int(among(hashes, trained).sum())
