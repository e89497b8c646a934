"""Tokens that topics have from the beginning: the whole posterior of tiny corpora, conditionals, likelihood and beta.

phi_k ~ Dirichlet(beta + s_k.), and of frozen topics phi_k = (s_k. + beta) / (s_k + V beta).
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import naive
import numpy as np
import pytest
import scipy.sparse as sp
from goodness import assert_fits, rejects
from scipy.optimize import minimize_scalar
from scipy.special import gammaln

from lda.cluster import FitSettings, fingerprint, fit
from lda.cluster.counts.word_prior import WordPrior
from lda.cluster.loop.local_engine import Engine
from lda.corpus import as_corpus
from lda.samplers.counts.histograms import values
from lda.samplers.priors import learn_beta
from lda.samplers.scoring.joint_likelihood import joint_log_likelihood_of_counts

if TYPE_CHECKING:
    from numpy.typing import NDArray

ALPHA, BETA = (0.5, 1.2), 0.6
CORPUS = as_corpus([["a", "a", "b"], ["b"], [], ["a", "c"]], allow_empty=True)
BEGUN = np.array([[2, 0], [0, 3], [0, 1]])  # a, b, c by topic


def log_words(n_wk: NDArray[Any], begun: NDArray[Any], beta: float, frozen: tuple[int, ...]) -> float:
    """Log p(w | z), term by term."""
    total = 0.0
    for k in range(n_wk.shape[1]):
        prior = begun[:, k] + beta
        if k in frozen:
            total += float(n_wk[:, k] @ np.log(prior / prior.sum()))
            continue
        total += float(gammaln(prior.sum()) - gammaln(prior.sum() + n_wk[:, k].sum()))
        total += float(np.sum(gammaln(prior + n_wk[:, k]) - gammaln(prior)))
    return total


def posterior(
    engine: Engine, begun: NDArray[Any], frozen: tuple[int, ...] = (), beta: float = BETA
) -> NDArray[np.float64]:
    """p(z | w) of all K^N assignments of the engine's tokens, in its own order of them."""
    shard, n_topics = engine.documents.shards[0], len(ALPHA)
    log_p = []
    for z in product(range(n_topics), repeat=shard.n_tokens):
        topics = np.array(z)
        n_dk = naive.document_counts(topics, shard.doc_offsets, n_topics)
        n_wk = naive.counts(shard.words, topics, CORPUS.n_terms, n_topics)
        no_words = naive.log_joint(n_dk, 0 * n_wk, np.array(ALPHA), np.full(CORPUS.n_terms, beta))
        log_p.append(no_words + log_words(n_wk, begun, beta, frozen))
    p = np.exp(np.array(log_p) - max(log_p))
    return p / p.sum()


def chain(
    sampler: str, thin: int, frozen: tuple[int, ...] = (), states: int = 2500
) -> tuple[Engine, NDArray[np.int64]]:
    """(engine, number of visits to each state)."""
    chosen = FitSettings(n_topics=2, sampler=sampler, alpha=ALPHA, beta=BETA, threads=1, phases=1)
    prior = WordPrior.of(BEGUN, (CORPUS.n_terms, 2), frozen)
    engine = Engine(CORPUS, chosen.resolved(), lambda: False, prior)
    engine.start()
    shard = engine.documents.shards[0]
    place = 2 ** np.arange(shard.n_tokens)[::-1]
    visits = np.zeros(2**shard.n_tokens, dtype=np.int64)
    for state in range(-50, states):
        for _ in range(thin):
            engine.sweep()
        if state >= 0:
            visits[int(shard.z.astype(np.int64) @ place)] += 1
    return engine, visits


@pytest.mark.parametrize(
    ("sampler", "thin", "frozen"),
    [
        ("collapsed", 6, ()),
        pytest.param("pclda", 8, (), marks=pytest.mark.slow),
        pytest.param("pclda", 6, (1,), marks=pytest.mark.slow),
        pytest.param("uncollapsed", 10, (), marks=pytest.mark.slow),
        pytest.param("uncollapsed", 8, (1,), marks=pytest.mark.slow),
    ],
)
def test_exact(sampler: str, thin: int, frozen: tuple[int, ...]) -> None:
    engine, visits = chain(sampler, thin, frozen)
    assert_fits(visits, posterior(engine, BEGUN, frozen), f"{sampler}, frozen {frozen}")
    # The same visits refuse other tokens, and the other answer to which topics are frozen.
    assert rejects(visits, posterior(engine, BEGUN[:, ::-1], frozen))
    assert rejects(visits, posterior(engine, 0 * BEGUN, frozen))
    assert rejects(visits, posterior(engine, BEGUN, () if frozen else (1,)))


RULES = {"adlda": (False, False), "esca": (True, True), "esca-leave-out": (False, False)}
"""Whether the own token is in (n_dk, phi), as in `test_conditionals`."""

N_DOCS, FROZEN = 12, 1
STATES = np.array(
    [[FROZEN, 0, 2], [0, FROZEN, 2]]
)  # topics of the words a, b, c: the first token's is frozen, or not


@pytest.mark.parametrize("n_topics", [3, 300])  # 300: the other sequential rule, and sparse rows
@pytest.mark.parametrize("sampler", RULES)
def test_conditional(sampler: str, n_topics: int) -> None:
    """The first token of each document, drawn again and again from the same state."""
    corpus = as_corpus([["a", "b", "c"]] * N_DOCS)
    begun = np.zeros((3, n_topics), dtype=np.int64)
    begun[:, :3] = [[1, 1, 0], [3, 4, 1], [0, 1, 1]]
    alpha, beta = np.full(n_topics, 0.002), 0.3
    alpha[:3] = 0.5, 0.4, 0.3
    settings = FitSettings(
        n_topics=n_topics, sampler=sampler, alpha=tuple(alpha), beta=beta, phases=1, start="random", threads=1
    )
    prior = WordPrior.of(begun, begun.shape, [FROZEN])
    engine = Engine(corpus, settings.resolved(), lambda: False, prior)
    engine.start()
    shard = engine.documents.shards[0]
    state = STATES[shard.doc_ids % 2].ravel()
    visits = np.zeros((2, n_topics), dtype=np.int64)
    for _ in range(1500):
        shard.remember(0)
        shard.z[:] = state
        engine.sweeper.apply(0)
        engine.sweep()
        for kind in (0, 1):
            visits[kind] += np.bincount(shard.z[::3][shard.doc_ids % 2 == kind], minlength=n_topics)

    n_wk = naive.counts(shard.words, state, 3, n_topics)
    in_document, in_phi = RULES[sampler]

    def expected(kind: int, begun: NDArray[Any] = begun, frozen: int | None = FROZEN) -> NDArray[np.float64]:
        old = STATES[kind, 0]
        n_d, whole = np.bincount(STATES[kind], minlength=n_topics).astype(float), (n_wk + begun).astype(float)
        n_d[old] -= not in_document
        whole[0, old] -= not in_phi
        if frozen is not None:
            whole[:, frozen] = begun[:, frozen]
        p = (n_d + alpha) * (whole[0] + beta) / (whole.sum(axis=0) + 3 * beta)
        return p / p.sum()

    for kind in (0, 1):
        assert_fits(visits[kind], expected(kind), f"{sampler}, {n_topics} topics, state {kind}")
        assert rejects(visits[kind], expected(kind, frozen=None))
    assert rejects(visits[0], expected(0, 0 * begun))


@pytest.mark.parametrize("frozen", [(), (1,)])
def test_likelihood_and_beta(frozen: tuple[int, ...]) -> None:
    rng = np.random.default_rng(4)
    begun = rng.poisson(1.0, (20, 3))
    corpus = as_corpus(rng.poisson(0.4, (30, 20)))
    settings = FitSettings(n_topics=3, alpha=0.4, beta=0.2, sweeps=3, threads=1).resolved()
    prior = WordPrior.of(begun, begun.shape, frozen)
    engine = Engine(corpus, settings, lambda: False, prior)
    engine.start()
    engine.sweep()
    n_wk = engine.matrix().toarray()
    assert n_wk.sum() == corpus.n_tokens
    n_dk = engine.document_topics().toarray()
    documents = naive.log_joint(n_dk, 0 * n_wk, np.full(3, 0.4), np.full(20, 0.2))
    wanted = documents + log_words(n_wk, begun, 0.2, frozen)
    assert engine.log_likelihood() * corpus.n_tokens == pytest.approx(wanted, rel=1e-12)
    matrix = engine.matrix()
    later = joint_log_likelihood_of_counts(
        engine.priors, engine.document_topics(), matrix, prior.language(matrix), prior.before,
        prior.frozen_tokens(matrix) if frozen else None,
    )  # fmt: skip
    assert later / corpus.n_tokens == engine.log_likelihood()

    free = [k for k in range(3) if k not in frozen]
    found = minimize_scalar(
        lambda x: -log_words(n_wk[:, free], begun[:, free], float(np.exp(x)), ()), bounds=(-7, 5), method="bounded",
        options={"xatol": 1e-10},
    )  # fmt: skip
    beta = 0.2
    cells, totals = engine.aggregator.cell_histogram(), engine.aggregator.totals()
    for _ in range(200):
        beta = learn_beta(beta, cells, totals, 20, prior.before)
    assert beta == pytest.approx(float(np.exp(found.x)), rel=1e-4)


def test_soft_counts_are_of_the_documents_alone() -> None:
    rng = np.random.default_rng(5)
    counts = rng.poisson(0.05, (40, 60))  # words of a token or none
    counts[0, 0] += 1
    begun = sp.csr_matrix(rng.poisson(0.02, (60, 200)) * 3)
    settings = FitSettings(
        n_topics=200, alpha=0.2, beta=3.0, sweeps=4, n_samples=2, sample_interval=1, threads=1
    )
    for frozen in ((), (2, 5)):
        result = fit(as_corpus(counts), settings, word_prior=begun, frozen_topics=frozen)
        assert result.soft_counts is not None
        np.testing.assert_allclose(
            np.asarray(result.soft_counts.sum(axis=1)).ravel(), counts.sum(axis=0), atol=1e-3
        )


def test_nothing_to_begin_with_changes_nothing() -> None:
    corpus = as_corpus([["a", "b", "a"], ["b", "c"]] * 20)
    settings = FitSettings(n_topics=4, sweeps=5, seed=3)
    plain = fit(corpus, settings)
    same = fit(corpus, settings, word_prior=sp.csr_matrix(np.zeros((3, 4), dtype=np.int64)))
    assert plain.topic_word_counts is not None
    assert same.topic_word_counts is not None
    assert fingerprint(plain.topic_word_counts) == fingerprint(same.topic_word_counts)
    assert plain.history[-1].log_likelihood == same.history[-1].log_likelihood


@pytest.mark.parametrize(
    ("counts", "frozen", "settings", "told"),
    [
        (np.ones((2, 2)), (), {}, r"a row a term and a column a topic, \(3, 2\), got \(2, 2\)"),
        (np.full((3, 2), 0.5), (), {}, "whole numbers, got 0.5"),
        (-np.ones((3, 2)), (), {}, "from 0 to 2147483647, got -1"),
        (np.full((3, 2), np.nan), (), {}, "got nan"),
        (np.full((3, 2), 2**31 - 1), (), {}, "at most 2147483647 times"),
        (np.ones((3, 2)), (2,), {}, r"must lie in 0 .. 1, got 2"),
        (
            np.ones((3, 2)),
            (0,),
            {"sampler": "collapsed", "alpha": 1.0, "beta": 1.0},
            "collapsed counts each token",
        ),
        (None, (0,), {}, "frozen topics need word_prior"),
        (np.ones((3, 2)), (0,), {"device": "cuda"}, "without the device cuda; take the device cpu"),
    ],
)
def test_refused(
    counts: NDArray[Any] | None, frozen: tuple[int, ...], settings: dict[str, Any], told: str
) -> None:
    matrix = None if counts is None else sp.csr_matrix(counts)
    with pytest.raises(ValueError, match=told):
        fit(CORPUS, FitSettings(n_topics=2, **settings), word_prior=matrix, frozen_topics=frozen)


def test_tokens_by_what_a_topic_began_with() -> None:
    prior = WordPrior.of(BEGUN, BEGUN.shape, (1,))
    found = prior.frozen_tokens(sp.csr_matrix([[4, 2], [0, 5], [1, 7]], dtype=np.int32))
    assert dict(zip(found.key.tolist(), found.times.tolist(), strict=True)) == {0: 2, 3: 5, 1: 7}
    assert values(prior.counts.data).key.tolist() == [1, 2, 3]
