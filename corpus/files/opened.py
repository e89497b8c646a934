"""A corpus folder as it is opened, before it is a `Corpus`: readers of folders need not know that class."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    from lda.corpus.files.manifest import EarlierCorpus
    from lda.corpus.shard import Shards
    from lda.corpus.summary import Summary


class OpenedCorpus(NamedTuple):
    """What a `Corpus` is made of.

    shards: read or mapped when they are used. vocabulary: one row a term. first_documents: (n_shards,) int64, number of
    the first document of each shard. content_hash: as the manifest has it. earlier: what the corpus was before each
    append, the oldest first.
    """

    shards: Shards
    vocabulary: pa.Table
    summary: Summary
    first_documents: npt.NDArray[np.int64]
    content_hash: str
    earlier: tuple[EarlierCorpus, ...] = ()
