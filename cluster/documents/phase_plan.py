"""`Plan`: the rule that divides documents into phases of a sweep and stages of a start."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Plan:
    """How documents are split into phases and start stages; identical for all shards.

    n_documents: in the whole corpus. phases: number of phases of a sweep. lag: see `unseen`. n_stages: number of
    stages of a growing start, 1 without. first_stage: documents in its first stage. seed: of the fit.
    """

    n_documents: int
    n_terms: int
    n_topics: int
    phases: int
    lag: int
    n_stages: int
    first_stage: int
    seed: int

    def phase(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Phase (D,) of the documents with these global indices (D,); the phases of a sweep come in rising order."""
        return ids % self.phases

    def stage(self, share: NDArray[np.float64]) -> NDArray[np.int64]:
        """Stage at which documents join, from their uniform random number (D,) in [0, 1)."""
        if self.n_stages == 1:
            return np.zeros(len(share), dtype=np.int64)
        position = np.maximum(share * self.n_documents / self.first_stage, 1e-300)
        return np.clip(np.ceil(np.log2(position)), 0, self.n_stages - 1).astype(np.int64)

    def unseen(self, phase: int, *, fresh: bool) -> int:
        """How many of the preceding phases are missing from the counts, because their deltas are still in flight.

        Each pass starts from complete counts, so that a checkpoint needs only the topics. First topics (fresh) are
        drawn from complete counts, too.
        """
        return 0 if fresh else min(self.lag, phase)
