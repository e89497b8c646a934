"""What comes late is made to come early: the first requests of a model would otherwise wait for it.

An inferencer loads its kernels when it is made. Beside those, the first text that is not ASCII has Arrow's tables of
characters made, some texts take another way than others, and a dictionary (of Chinese, say) is read for the
first word that needs it.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lda.inference.inferencer import Inferencer

LONGEST: Final = 1_000
"""Characters of the text that is made of a model's own words."""

MANY: Final = 100
"""Tokens of the list that is made of them."""

_TEXTS: Final = (
    "One is in English,",
    "une autre \u2013 \u00e0 c\u00f4t\u00e9 \u2013 en fran\u00e7ais;",
    "\u4e2d\u6587 \u65e5\u672c\u8a9e e\u0301",
)
"""Of ASCII; of letters whose tables are made at the first of them; and of others, which Arrow itself cuts."""


def rehearse(inferencer: Inferencer, words: Sequence[str]) -> None:
    """Infer a few documents of each kind. words: of the model.

    What goes wrong is left for the requests, which are answered with what is wrong: a function that cuts texts, which
    somebody else has written, may not care for ours.
    """
    own = " ".join(words)[:LONGEST]
    asked: list[tuple[Callable[..., object], Any]] = [
        (inferencer.infer_tokens, [list(words[:MANY])]),
        (inferencer.infer_counts, np.zeros((2, inferencer.n_terms), dtype=np.int64)),
    ]
    if inferencer.can_read_texts:
        asked += [(inferencer.infer_texts, [text]) for text in (own, *_TEXTS)]
        asked.append((inferencer.infer_texts, [own, *_TEXTS]))
    for infer, documents in asked:
        with suppress(Exception):
            infer(documents)
