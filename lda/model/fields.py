"""A model as it lies in its folder: what is read and written without the class that answers questions about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from scipy.sparse import csr_matrix

    from lda.labels.labels import Labels
    from lda.model.run_record import RunRecord


class ModelFields(NamedTuple):
    """What a `Model` is made of.

    counts: (V, K) int32 CSR. alpha: (K,) float64. vocabulary: V terms. soft_counts, mean_counts: (V, K)
    float32 CSR, or None. document_hashes: (n,) uint64 sorted, or None. labels: names of the topics, or None.
    word_prior: (V, K) int32 CSR, or None. frozen_topics: numbers of topics.
    """

    counts: csr_matrix
    alpha: npt.NDArray[np.float64]
    beta: float
    vocabulary: list[str]
    record: RunRecord
    soft_counts: csr_matrix | None = None
    mean_counts: csr_matrix | None = None
    document_hashes: npt.NDArray[np.uint64] | None = None
    labels: Labels | None = None
    word_prior: csr_matrix | None = None
    frozen_topics: tuple[int, ...] = ()

    @classmethod
    def of(cls, model: object) -> ModelFields:
        """Those of a `Model`, for functions that make another one of it."""
        return cls(**{name: getattr(model, name) for name in cls._fields})

    def arguments(self) -> dict[str, Any]:
        """What `Model` is called with."""
        from lda.labels.labels import Labels

        return {**self._asdict(), "labels": self.labels or Labels()}
