"""What evaluation needs of a model: so that its parts need not know the classes that have it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class TopicModel(Protocol):
    """A vocabulary, and topics over it; `lda.Model` and `lda.TopicMatrix` are such."""

    @property
    def vocabulary(self) -> list[str]:
        """The V terms."""
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
    def topic_word(self) -> npt.NDArray[np.float64]:
        """(K, V) float64, rows sum to 1."""
        ...

    def top_words(self, n: int = 10) -> list[list[str]]:
        """The `n` most probable terms of each topic, best first."""
        ...
