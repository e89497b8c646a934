"""What evaluation needs of a model: so that its functions need not know the classes that have it."""

from __future__ import annotations

from inspect import getattr_static
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt
    from scipy.sparse import csr_matrix

    from lda.cluster import FrozenModel
    from lda.cluster.spec.fit_settings import Device

    Floats = npt.NDArray[np.float64]


class TopicModel(Protocol):
    """A vocabulary, and topics over it; `lda.Model` and `lda.TopicMatrix` are such."""

    @property
    def vocabulary(self) -> list[str]:
        """The V terms."""
        ...

    @property
    def alpha(self) -> Floats:
        """(K,) float64, the prior of each topic in a document."""
        ...

    @property
    def beta(self) -> float:
        """The prior of a term in a topic."""
        ...

    @property
    def n_topics(self) -> int:
        """K."""
        ...

    @property
    def n_terms(self) -> int:
        """V."""
        ...

    @property
    def named_terms(self) -> bool:
        """Whether the terms are names, not just numbers of columns."""
        ...

    @property
    def language_counts(self) -> csr_matrix:
        """(V, K) CSR, n_kw, or p(w | k) of a model that has no counts."""
        ...

    @property
    def topic_word(self) -> Floats:
        """(K, V) float64, rows sum to 1."""
        ...

    @property
    def last_tokens(self) -> Floats | None:
        """(K,) float64, tokens of each topic in the last state of training; None if there was none."""
        ...

    @property
    def document_hashes(self) -> npt.NDArray[np.uint64] | None:
        """Sorted uint64 content hashes of the documents trained on; None if they are not known."""
        ...

    @property
    def hashed_terms(self) -> list[str]:
        """The V terms as they were called when the documents trained on were hashed."""
        ...

    @property
    def impossible_terms(self) -> npt.NDArray[np.bool_] | None:
        """(V,) bool, terms of probability 0 in every topic; None where smoothing leaves none."""
        ...

    def frozen(self, *, threads: int | None = None, device: Device = "cpu") -> FrozenModel:
        """The language model prepared for inference."""
        ...

    def top_words(self, n: int = 10) -> list[list[str]]:
        """The `n` most probable terms of each topic, best first."""
        ...


def check_models(models: Sequence[object], doing: str) -> None:
    """See that all are models. doing: what a message begins with, "stability compares".

    Raises:
        TypeError: one of them is none.
    """
    for number, model in enumerate(models):
        if getattr_static(model, "topic_word", None) is None:  # to ask for it would make all topics dense
            raise TypeError(
                f"{doing} models, got {type(model).__name__} as number {number + 1}; of a fitted LDA, give its model_"
            )
