"""Exact samplers against the whole posterior of tiny corpora, listed state by state.

p(z | w) ~ p(w, z), a product of Dirichlet-multinomials, for all K^N assignments. The real engine runs a chain,
thinned until its states are as good as independent; how often it is in each state is compared with the list.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import naive
import numpy as np
import pytest
from goodness import assert_fits, rejects

from lda.cluster import FitSettings
from lda.cluster.loop.local_engine import Engine
from lda.corpus import as_corpus

if TYPE_CHECKING:
    from numpy.typing import NDArray

ALPHA, BETA = (0.5, 1.2), 0.6
# Repeats within and across documents, a document of one token, one of none.
CORPUS = as_corpus([["a", "a", "b"], ["b"], [], ["a", "c", "c", "b"]], allow_empty=True)


def posterior(engine: Engine, alpha: tuple[float, ...] = ALPHA, beta: float = BETA) -> NDArray[np.float64]:
    """p(z | w) of all K^N assignments of the engine's tokens, in its own order of them."""
    shard, n_topics = engine.documents.shards[0], len(alpha)
    log_p = []
    for z in product(range(n_topics), repeat=shard.n_tokens):
        topics = np.array(z)
        n_dk = naive.document_counts(topics, shard.doc_offsets, n_topics)
        n_wk = naive.counts(shard.words, topics, CORPUS.n_terms, n_topics)
        log_p.append(naive.log_joint(n_dk, n_wk, np.array(alpha), np.full(CORPUS.n_terms, beta)))
    p = np.exp(np.array(log_p) - max(log_p))
    return p / p.sum()


def chain(
    sampler: str, *, thin: int, states: int = 5000, **settings: Any
) -> tuple[Engine, NDArray[np.int64]]:
    """(engine, number of visits to each state)."""
    chosen = FitSettings(n_topics=len(ALPHA), sampler=sampler, alpha=ALPHA, beta=BETA, threads=1, **settings)
    engine = Engine(CORPUS, chosen.resolved(), lambda: False)
    engine.start()
    place = len(ALPHA) ** np.arange(engine.documents.shards[0].n_tokens)[::-1]
    visits = np.zeros(len(ALPHA) ** engine.documents.shards[0].n_tokens, dtype=np.int64)
    for state in range(-50, states):
        for _ in range(thin):
            engine.sweep()
        if state >= 0:
            visits[int(engine.documents.shards[0].z.astype(np.int64) @ place)] += 1
    return engine, visits


@pytest.mark.parametrize(
    ("sampler", "thin", "phases"),
    [
        ("collapsed", 6, 1),
        ("pclda", 8, 1),
        pytest.param("pclda", 8, 2, marks=pytest.mark.slow),  # twice as long a chain
        ("uncollapsed", 10, 1),
    ],
)
def test_exact(sampler: str, thin: int, phases: int) -> None:
    engine, visits = chain(sampler, thin=thin, phases=phases)
    assert_fits(visits, posterior(engine), f"{sampler}, {phases} phases")
    # The same visits refuse priors that are not the chain's.
    assert rejects(visits, posterior(engine, beta=2 * BETA))
    assert rejects(visits, posterior(engine, alpha=ALPHA[::-1]))


def test_of_the_test() -> None:
    # ESCA counts the own token everywhere: not this posterior, and the same machinery says so.
    engine, visits = chain("esca", thin=6)
    assert rejects(visits, posterior(engine))


def test_collapsed_with_three_topics() -> None:
    corpus = as_corpus([["a", "b", "b"], ["b", "a", "c"]])
    alpha, beta = (0.4, 0.9, 1.3), 0.7
    settings = FitSettings(n_topics=3, sampler="collapsed", alpha=alpha, beta=beta, seed=1)
    engine = Engine(corpus, settings.resolved(), lambda: False)
    engine.start()
    visits = np.zeros(3**6, dtype=np.int64)
    for _ in range(20_000):
        for _ in range(3):
            engine.sweep()
        visits[int(engine.documents.shards[0].z.astype(np.int64) @ 3 ** np.arange(6)[::-1])] += 1
    shard = engine.documents.shards[0]
    log_p = np.array([
        naive.log_joint(
            naive.document_counts(np.array(z), shard.doc_offsets, 3), naive.counts(shard.words, np.array(z), 3, 3),
            np.array(alpha), np.full(3, beta),
        )
        for z in product(range(3), repeat=6)
    ])  # fmt: skip
    p = np.exp(log_p - log_p.max())
    assert_fits(visits, p / p.sum(), "collapsed, three topics")
