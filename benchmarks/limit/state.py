"""The state that all programs of a comparison begin from: documents, their topics, and the priors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lda.samplers.counts.row_layout import topic_dtype

if TYPE_CHECKING:
    from lda.cluster.loop.local_engine import Engine


def write_state(engine: Engine, path: Path) -> None:
    """Write what an engine holds, as `limit.h` reads it.

    int64 documents, tokens, terms, topics; float64 beta; int64 offsets (D + 1,); int32 terms and uint16 topics of the
    tokens (N,); float32 alpha (K,). Documents lie in the engine's order. Raises ValueError for a K that uint16 does
    not hold.
    """
    n_topics = engine.settings.n_topics
    if topic_dtype(n_topics) != np.uint16:
        raise ValueError(f"topics must be fewer than 65536, got {n_topics}; ask for fewer")
    (shard,) = engine.documents.shards
    sizes = [len(shard.doc_ids), shard.n_tokens, engine.plan.n_terms, n_topics]
    with path.open("wb") as file:
        np.array(sizes, np.int64).tofile(file)
        np.array([engine.priors.beta], np.float64).tofile(file)
        shard.doc_offsets.astype(np.int64).tofile(file)
        shard.words.astype(np.int32).tofile(file)
        shard.z.astype(np.uint16).tofile(file)
        np.asarray(engine.priors.alpha, np.float32).tofile(file)
