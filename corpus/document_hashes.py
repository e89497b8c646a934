"""What a document says, in 64 bits: to notice that two corpora share documents.

A hash is made of the document's terms, as strings, and how often each occurs; neither term ids, nor the order of
the tokens, nor the document's name play a part. Documents of fewer than `SHORTEST` tokens get 0, which stands for
"cannot tell": two documents that say "no comment" are not the same document.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from lda.corpus.shard import CorpusShard

    Hashes = npt.NDArray[np.uint64]

SHORTEST: Final = 5
TOKENS_AT_A_TIME: Final = 1 << 20  # 16 MB of scratch, whatever the size of a shard


def term_hashes(terms: Sequence[str]) -> Hashes:
    """(V,) uint64, see `text_hashes`."""
    return text_hashes(terms)


def text_hashes(texts: Iterable[str], key: bytes = b"") -> Hashes:
    """(n,) uint64, the first 8 bytes of the texts' BLAKE2b; the same on any machine.

    key: another one makes other hashes; up to 64 bytes.
    """
    digests = b"".join(
        hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8, key=key).digest()
        for text in texts
    )
    return np.frombuffer(digests, dtype="<u8").astype(np.uint64)


class Sharded(Protocol):
    """A corpus, as far as its documents are looked at."""

    @property
    def vocabulary(self) -> list[str]:
        """The V terms."""

    @property
    def n_shards(self) -> int:
        """How many shards there are."""

    def shard(self, index: int) -> CorpusShard:
        """One of them."""


def content_hashes(corpus: Sharded, *, shortest: int = SHORTEST) -> Hashes:
    """(D,) uint64, see `document_hashes`, of all documents of a corpus: one pass over its shards."""
    hashes = term_hashes(corpus.vocabulary)
    shards = (corpus.shard(index) for index in range(corpus.n_shards))
    return np.concatenate(
        [document_hashes(shard.doc_offsets, shard.words, hashes, shortest=shortest) for shard in shards]
    )


def document_hashes(
    doc_offsets: npt.NDArray[np.int64],
    words: npt.NDArray[np.int32],
    hashes: Hashes,
    *,
    shortest: int = SHORTEST,
) -> Hashes:
    """(D,) uint64 of documents whose tokens are `words`; `hashes` (V,) are those of the terms.

    shortest: of documents with fewer tokens nothing is told.
    """
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
    found[np.diff(doc_offsets) < shortest] = 0
    return found
