"""What MALLET writes where nobody asks for another number. Light, for the help of `lda fit` shows it."""

from __future__ import annotations

from typing import Final

WORDS: Final = 20
"""Of each topic (`--num-top-words`)."""

DOCUMENTS: Final = 100
"""Of each topic (`--num-top-docs`)."""
