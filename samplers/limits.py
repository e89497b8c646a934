"""Limits of the arithmetic, for callers that check settings without loading a kernel."""

from __future__ import annotations

from typing import Final

PRIOR_MIN: Final = 1e-12
"""Smallest alpha_k and beta. Kernels multiply alpha_k by beta / (n_k + bbar) in float32; with both this small and
10^12 tokens the product is still a normal number. Were it zero, a token might find no topic of any weight."""

PRIOR_MAX: Final = 1e12
"""Largest alpha_k and beta: sums over all topics or words stay far inside float32."""

MAX_DOCUMENT_TOKENS: Final = 1 << 24
"""Longest document: the counts n_dk of the document at hand are float32, whole numbers up to here."""

MAX_COUNT: Final = (1 << 31) - 1
"""Largest count n_kw, and so the most tokens of a term: counts and their changes are int32."""


def check_document_length(longest: int) -> None:
    """Raise ValueError when a document of `longest` tokens is too long."""
    if longest > MAX_DOCUMENT_TOKENS:
        raise ValueError(
            f"a document may have at most {MAX_DOCUMENT_TOKENS} tokens, got {longest}; divide it, or its counts"
        )
