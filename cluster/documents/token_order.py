"""From the order of a corpus' tokens to that in which shards keep them, and back.

A corpus has tokens in the order of the text; shards, and the files of a checkpoint, have them sorted by word within
each document. Where a word occurs several times in a document, its tokens are told apart by their place alone: here
the order is kept, so that going there and back changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from lda.corpus.corpus import Corpus
    from lda.corpus.shard import CorpusShard


def order_by_word(doc_offsets: NDArray[np.int64], words: NDArray[np.int32]) -> NDArray[np.int64]:
    """Places (n,) of tokens, document by document, those of each sorted by word; stable.

    doc_offsets: (D + 1,), words: (n,), as in a `CorpusShard`.
    """
    lengths = np.diff(doc_offsets)
    width = int(words.max(initial=0)) + 1  # documents times terms of one shard: far below 2^63
    document = np.repeat(np.arange(len(lengths), dtype=np.int64) * width, lengths)
    return np.argsort(document + words, kind="stable")


class TokenOrder:
    """The places of the tokens that are trained on, logical shard by logical shard.

    keep: (D,) bool, documents of the corpus that are trained on.
    """

    def __init__(self, corpus: Corpus, keep: NDArray[np.bool_]) -> None:
        self._corpus, self._keep = corpus, keep
        self._first = np.concatenate([[0], np.cumsum(corpus.shard_tokens)]).astype(np.int64)

    @property
    def n_shards(self) -> int:
        """Logical shards of the corpus."""
        return self._corpus.n_shards

    def others(self) -> TokenOrder:
        """That of the documents which are not trained on."""
        return TokenOrder(self._corpus, ~self._keep)

    def joined(self, parts: Iterable[tuple[int, NDArray[Any]]]) -> NDArray[np.int32]:
        """Topics (N,) of all tokens in the corpus' order, from what `Shard.topics` gave; 0 where none was given."""
        topics = np.zeros(self._first[-1], dtype=np.int32)
        for index, part in parts:
            topics[self.places(index)] = part
        return topics

    def places(self, index: int) -> NDArray[np.int64]:
        """Where, among the corpus' tokens, those of a logical shard lie that are trained on; in the shard's order."""
        shard = self._corpus.shard(index)
        places: NDArray[np.int64] = self._first[index] + _kept(shard, self._keep)
        return places

    def split(self, topics: NDArray[Any], parts: list[int]) -> Iterator[tuple[int, NDArray[Any]]]:
        """(logical shard, topics of its tokens as `Shard.set_topics` takes them) of these shards.

        topics: (N,) of all tokens, in the corpus' order.
        """
        for index in parts:
            yield index, topics[self.places(index)]


def _kept(shard: CorpusShard, keep: NDArray[np.bool_]) -> NDArray[np.int64]:
    order = order_by_word(shard.doc_offsets, shard.words)
    lengths = np.diff(shard.doc_offsets)
    mine = keep[shard.first_document : shard.first_document + len(lengths)]
    return order if mine.all() else order[np.repeat(mine, lengths)]
