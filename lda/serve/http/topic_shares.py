"""Topics of what was asked, added up: how far they are from those of what the model was fitted to.

The weights of a document are (n_dk + alpha_k) / (N_d + sum of alpha), a mean over states; solved for n_dk they are
tokens of each topic, which can be added over documents of any length, and compared with the model's own.
"""

from __future__ import annotations

import mmap
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from lda.serve.http.batching import Found
    from lda.serve.shelf import ServedModel

    Floats = NDArray[np.float64]

FACTS: Final = 3
"""Documents, known and unknown words stand before the tokens of the K topics."""

SUFFIX: Final = ".topics"


class TopicShares:
    """Sums of one process over the documents that were asked of one model.

    Args:
        model: whose answers are added up.
        folder: where other processes can read them; None keeps them here.
    """

    def __init__(self, model: ServedModel, folder: Path | None) -> None:
        self.model = model
        n_bytes = 8 * (FACTS + model.n_topics)
        if folder is None:
            self.sums: Floats = np.zeros(n_bytes // 8)
        else:
            path = folder / f"{model.name}-{model.digest.hex()}-{os.getpid()}{SUFFIX}"
            # What was counted stays, where a model comes back, or the number of a process that has died.
            with path.open("a+b") as file:
                file.truncate(n_bytes)
                self.sums = np.frombuffer(mmap.mmap(file.fileno(), n_bytes), dtype=np.float64)
        self._whole = float(model.alpha.sum())

    def add(self, found: Found) -> None:
        """Take answers in."""
        n_documents = len(found.theta)
        self.sums[0] += n_documents
        self.sums[1] += found.n_known.sum()
        self.sums[2] += found.n_unknown.sum()
        self.sums[FACTS:] += (found.n_known + self._whole) @ found.theta - n_documents * self.model.alpha


def sums_of(model: ServedModel, folder: Path | None, here: TopicShares | None) -> Floats:
    """(3 + K,) float64, of all processes. here: of this one."""
    total = np.zeros(FACTS + model.n_topics)
    if folder is None:
        return total if here is None else total + here.sums
    for sums in _files(folder, f"{model.name}-{model.digest.hex()}-*{SUFFIX}"):
        if len(sums) == len(total):
            total += sums
    return total


def drift(tokens: Floats, training_shares: Floats) -> float | None:
    """Jensen-Shannon distance of two mixes of topics, in base 2: 0 for equal ones, 1 for ones that share no topic.

    tokens: (K,) of what was asked; None is returned where there are none.
    """
    tokens = np.maximum(tokens, 0)
    whole = tokens.sum()
    if not whole > 0:
        return None
    asked = tokens / whole
    middle = (asked + training_shares) / 2
    divergence = (_divergence(asked, middle) + _divergence(training_shares, middle)) / 2
    return float(np.sqrt(max(divergence, 0.0)))


def _divergence(of: Floats, to: Floats) -> float:
    some = of > 0
    return float(np.sum(of[some] * np.log2(of[some] / to[some])))


def _files(folder: Path, pattern: str) -> Iterator[Floats]:
    for path in folder.glob(pattern):
        try:
            raw = path.read_bytes()
        except OSError:  # a worker that was replaced, and cleaned up
            continue
        yield np.frombuffer(raw[: len(raw) // 8 * 8], dtype=np.float64)
