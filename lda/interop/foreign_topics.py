"""Topics that another program has fitted, as arrays: what its readers here return."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from scipy.sparse import csr_matrix

    Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignTopics:
    """K topics over V terms, with the counts they are made of: p(w | k) is proportional to counts + beta.

    Attributes:
        program: that fitted them, in small letters: "gensim".
        version: of the program, as far as it is known.
        counts: (V, K) CSR, expected or whole tokens of each term in each topic.
        alpha: (K,) float64, the prior of each topic in a document.
        beta: the prior of a term in a topic.
        vocabulary: V terms.
        n_documents: that were trained on.
        seed: for inference with them.
    """

    program: str
    version: str
    counts: csr_matrix
    alpha: Floats
    beta: float
    vocabulary: list[str]
    n_documents: int
    seed: int = 0
