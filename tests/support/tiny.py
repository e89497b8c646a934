"""A corpus small enough to fit in a blink, with topics planted in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

if TYPE_CHECKING:
    from pathlib import Path

THEMES = ("bread butter flour oven yeast", "goal match player referee team", "comet galaxy orbit planet star")


def documents(n: int = 60, length: int = 40) -> list[list[str]]:
    """Token lists; document i is about theme i % 3, with a tenth of its words from the others."""
    rng = np.random.default_rng(10)
    themes = [theme.split() for theme in THEMES]
    mixed = [word for theme in themes for word in theme]
    return [
        [str(rng.choice(mixed if rng.random() < 0.1 else themes[i % 3])) for _ in range(length)]
        for i in range(n)
    ]


def jsonl(path: Path, n: int = 60) -> Path:
    """The same as a file of JSON lines with the fields `name` and `body`."""
    rows = [{"name": f"doc-{i}", "body": " ".join(tokens)} for i, tokens in enumerate(documents(n))]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def counts(n: int = 60) -> sp.csr_matrix:
    """The same as a matrix of counts (n, 15); columns in alphabetical order."""
    terms = sorted(" ".join(THEMES).split())
    dense = np.zeros((n, len(terms)), dtype=np.int64)
    for row, tokens in enumerate(documents(n)):
        np.add.at(dense[row], [terms.index(token) for token in tokens], 1)
    return sp.csr_matrix(dense)


def themes_found(top_words: list[list[str]]) -> bool:
    """Whether the topics are the planted themes, in any order."""
    return {frozenset(words) for words in top_words} == {frozenset(theme.split()) for theme in THEMES}
