"""The documents of a MALLET state: it holds all tokens, so that it is a corpus of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from lda.corpus.batches import TokenBatch, count_terms
from lda.corpus.convert import corpus_of_tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from lda.corpus.corpus import Corpus
    from lda.interop.mallet_state import MalletState

NO_SOURCE: Final = "NA"
DOCUMENTS: Final = 4096
"""Documents that are made a batch at a time."""


def corpus_of_state(state: MalletState) -> Corpus:
    """The documents of a state, their tokens in its order, so that its topics are those of the corpus' tokens.

    A document is called by its source, or by its number where not all have a source of their own. Documents without
    tokens have no line in a state: those between others are kept, empty; those after the last are not known.
    """
    return corpus_of_tokens(_batches(state))


def _batches(state: MalletState) -> Iterator[TokenBatch]:
    names = _names(state)
    offsets = np.searchsorted(state.documents, np.arange(len(names) + 1))
    for first in range(0, len(names), DOCUMENTS):
        last = min(first + DOCUMENTS, len(names))
        used, places = np.unique(state.words[offsets[first] : offsets[last]], return_inverse=True)
        starts = (offsets[first : last + 1] - offsets[first]).astype(np.int64)
        words: npt.NDArray[np.int32] = places.astype(np.int32)
        yield TokenBatch(
            pa.array(names[first:last], pa.large_string()),
            starts,
            words,
            [state.terms[number] for number in used.tolist()],
            *count_terms(starts, words, len(used)),
        )


def _names(state: MalletState) -> list[str]:
    n_documents = int(state.documents[-1]) + 1
    sources = [state.sources.get(number) for number in range(n_documents)]
    own = [source for source in sources if source is not None]
    if NO_SOURCE in own or len(set(own)) < len(own):
        return [str(number) for number in range(n_documents)]
    return [str(number) if source is None else source for number, source in enumerate(sources)]
