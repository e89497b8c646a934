"""What a document says, in 64 bits: to notice that two corpora share documents.

A hash is made of the document's terms, as strings, and how often each occurs; neither term ids, nor the order of
the tokens, nor the document's name play a part. Documents of fewer than `SHORTEST` tokens get 0, which stands for
"cannot tell": two documents that say "no comment" are not the same document.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Hashes = npt.NDArray[np.uint64]

SHORTEST: Final = 5
TOKENS_AT_A_TIME: Final = 1 << 20  # 16 MB of scratch, whatever the size of a shard


def term_hashes(terms: Sequence[str]) -> Hashes:
    """(V,) uint64, the first 8 bytes of the terms' BLAKE2b; the same on any machine."""
    digests = b"".join(
        hashlib.blake2b(term.encode("utf-8", "surrogatepass"), digest_size=8).digest() for term in terms
    )
    return np.frombuffer(digests, dtype="<u8").astype(np.uint64)


def document_hashes(
    doc_offsets: npt.NDArray[np.int64], words: npt.NDArray[np.int32], hashes: Hashes
) -> Hashes:
    """(D,) uint64 of documents whose tokens are `words`; `hashes` (V,) are those of the terms."""
    found = np.zeros(len(doc_offsets) - 1, dtype=np.uint64)
    first = 0
    while first < len(found):
        last = int(np.searchsorted(doc_offsets, doc_offsets[first] + TOKENS_AT_A_TIME, side="right")) - 1
        last = min(max(last, first + 1), len(found))
        begin = doc_offsets[first]
        # A sum does not ask for the order; sums of 64-bit integers wrap round, and so do their differences.
        sums = np.zeros(int(doc_offsets[last] - begin) + 1, dtype=np.uint64)
        np.cumsum(hashes[words[begin : doc_offsets[last]]], out=sums[1:])
        ends = sums[doc_offsets[first : last + 1] - begin]
        found[first:last] = ends[1:] - ends[:-1]
        first = last
    found[np.diff(doc_offsets) < SHORTEST] = 0
    return found
