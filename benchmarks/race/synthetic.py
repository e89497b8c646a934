"""A corpus of any size from a planted model, its words as unequal as those of a language are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import scipy.sparse as sp

from lda.corpus import Corpus, build_corpus

TOPICS: Final = 200
TERMS: Final = 50_000
LENGTH: Final = 120  # tokens a document, on average
BATCH: Final = 10_000  # documents drawn at a time
BATCHES_A_FILE: Final = 8

ZIPF_SHIFT: Final = 2.7  # p(w) ~ 1 / (rank + 2.7), Mandelbrot's form of Zipf's law
CONCENTRATION: Final = 0.1  # of a term over topics: small, so that a topic has few of the terms
ALPHA: Final = 0.05
BALANCING: Final = 30


class Planted:
    """Topics phi_k ~ Gamma(0.1) times Zipf's law, balanced; theta_d ~ Dirichlet(0.05); lengths are Poisson.

    Balanced: rows and columns are scaled in turn until each topic sums to 1 and the words of all topics together follow
    the law (Sinkhorn and Knopp, 1967). Unscaled, a frequent word would be as rare as the topics that lack it.
    """

    def __init__(self, seed: int, n_topics: int = TOPICS, n_terms: int = TERMS, length: int = LENGTH) -> None:
        rng = np.random.default_rng([seed, 0])
        zipf = 1.0 / (np.arange(n_terms) + 1 + ZIPF_SHIFT)
        zipf *= n_topics / zipf.sum()
        phi = rng.gamma(CONCENTRATION, size=(n_topics, n_terms)) + np.finfo(np.float64).tiny
        for _ in range(BALANCING):
            phi *= zipf / phi.sum(axis=0)
            phi /= phi.sum(axis=1, keepdims=True)
        self.cumulative = np.cumsum(phi, axis=1)
        self.seed, self.n_topics, self.n_terms, self.length = seed, n_topics, n_terms, length

    def batch(self, number: int, n_documents: int) -> sp.csr_matrix:
        """Counts (n_documents, V) int32 of one batch, the same whenever it is drawn."""
        rng = np.random.default_rng([self.seed, 1, number])
        theta = rng.dirichlet(np.full(self.n_topics, ALPHA), n_documents)
        lengths = 1 + rng.poisson(self.length - 1, n_documents)
        n_dk = rng.multinomial(lengths, theta)
        documents, words = [], []
        for topic, cumulative in enumerate(self.cumulative):
            of = np.repeat(np.arange(n_documents, dtype=np.int32), n_dk[:, topic])
            drawn = np.searchsorted(cumulative, rng.random(len(of)) * cumulative[-1], side="right")
            documents.append(of)
            words.append(np.minimum(drawn, self.n_terms - 1).astype(np.int32))
        rows, columns = np.concatenate(documents), np.concatenate(words)
        ones = np.ones(len(rows), dtype=np.int32)
        return sp.coo_matrix((ones, (rows, columns)), shape=(n_documents, self.n_terms)).tocsr()

    def batches(self, n_tokens: int) -> Iterator[sp.csr_matrix]:
        """Batches of about `n_tokens` tokens in all."""
        left = max(1, round(n_tokens / self.length))
        number = 0
        while left > 0:
            yield self.batch(number, min(left, BATCH))
            left, number = left - BATCH, number + 1


def build_synthetic(folder: Path, n_tokens: int, seed: int = 0, planted: Planted | None = None) -> Corpus:
    """Draw a corpus of about `n_tokens` tokens into a corpus folder; no more than a few batches are in memory."""
    planted = planted or Planted(seed)
    parts = folder.parent / f"{folder.name}.parts"
    parts.mkdir(parents=True, exist_ok=True)
    files: list[Path] = []
    waiting: list[sp.csr_matrix] = []

    def write() -> None:
        files.append(parts / f"{len(files):05d}.npz")
        sp.save_npz(files[-1], sp.csr_matrix(sp.vstack(waiting, format="csr")), compressed=False)
        waiting.clear()

    for batch in planted.batches(n_tokens):
        waiting.append(batch)
        if len(waiting) == BATCHES_A_FILE:
            write()
    if waiting:
        write()
    names = parts / "vocabulary.txt"
    names.write_text("".join(f"w{i}\n" for i in range(planted.n_terms)), encoding="utf-8")
    corpus = build_corpus(files, folder, format="npz", vocabulary=names)
    for file in (*files, names):
        file.unlink()
    parts.rmdir()
    return corpus
