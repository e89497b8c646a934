"""What a fit finds: planted topics, planted priors."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from planted import match, plant

from lda.cluster import Checkpointing, FitResult, FitSettings, fingerprint, fit
from lda.corpus import as_corpus
from lda.samplers.priors import least_sum, raised, start_priors
from lda.samplers.registry import SAMPLERS

if TYPE_CHECKING:
    from pathlib import Path

    from lda.corpus import Corpus


def topics(result: FitResult) -> np.ndarray:
    """phi (K, V), the posterior mean."""
    counts = result.topic_word_counts.toarray().T + result.beta
    return np.asarray(counts / counts.sum(axis=1, keepdims=True))


def best(corpus: Corpus, seeds: int, **given: Any) -> FitResult:
    """The likeliest of some chains: one alone may stay where two topics share a third's words."""
    results = [fit(corpus, FitSettings(seed=seed, **given)) for seed in range(seeds)]
    return max(results, key=lambda r: r.history[-1].log_likelihood or -np.inf)


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("start", ["random", "growing"])
def test_planted_topics_are_found(monkeypatch: pytest.MonkeyPatch, sampler: str, start: str) -> None:
    monkeypatch.setattr("lda.cluster.sweeping.start_schedule.FIRST_STAGE", 100)
    truth = plant(3, 600, 60, np.full(6, 0.15), 80, 0.08)
    corpus = as_corpus(truth.counts)
    result = best(corpus, 2, n_topics=6, sampler=sampler, start=start, sweeps=80, beta=0.05, alpha=0.15)
    found, distance = match(topics(result), truth.phi)
    assert distance < 0.1
    # Topics of documents follow: most tokens of a document are of the topics that made them.
    assert result.doc_topic_counts is not None
    shares = result.doc_topic_counts.toarray()[:, found] / truth.counts.sum(axis=1, keepdims=True)
    assert 0.5 * np.abs(shares - truth.theta).sum(axis=1).mean() < 0.12


@pytest.mark.parametrize("sampler", ["adlda", "pclda", "collapsed"])
def test_learned_priors_come_near_the_planted_ones(sampler: str) -> None:
    alpha = np.array([0.6, 0.4, 0.3, 0.2, 0.1])
    truth = plant(5, 1000, 120, alpha, 200, 0.3)
    result = best(as_corpus(truth.counts), 3, n_topics=5, sampler=sampler, sweeps=120, beta="auto")
    found, distance = match(topics(result), truth.phi)
    assert distance < 0.1
    np.testing.assert_allclose(result.alpha[found], alpha, rtol=0.2)
    assert result.beta == pytest.approx(0.3, rel=0.15)
    assert result.history[-1].alpha_sum == pytest.approx(alpha.sum(), rel=0.1)


@pytest.mark.parametrize("n_topics", [2, 6])
def test_a_learned_sum_of_alpha_does_not_fall_below_the_one_it_began_with(n_topics: int) -> None:
    """Documents of one topic each would take it to nothing; proportions are learned all the same."""
    share = np.arange(1, n_topics + 1) / np.arange(1, n_topics + 1).sum()
    truth = plant(3, 600, 60, share * 1e-3, 80, 0.08)
    result = fit(as_corpus(truth.counts), FitSettings(n_topics=n_topics, sweeps=60, alpha="auto"))
    sums = [record.alpha_sum for record in result.history]
    assert min(sums) > least_sum(n_topics) - 1e-9
    assert sums[-1] == pytest.approx(least_sum(n_topics)) == pytest.approx(0.1 * n_topics)
    assert result.alpha.max() > 1.3 * result.alpha.min()


@pytest.mark.parametrize(("n_topics", "least"), [(1, 0.1), (20, 2.0), (500, 50.0), (10_000, 50.0)])
def test_a_sum_that_is_too_small_is_raised_in_proportion(n_topics: int, least: float) -> None:
    assert least_sum(n_topics) == pytest.approx(least)
    assert start_priors("auto", 0.1, n_topics).alpha.sum() == pytest.approx(least)
    shape = np.random.default_rng(0).gamma(1.0, size=n_topics)
    small, large = shape * least / shape.sum() / 7, shape * least / shape.sum() * 7
    np.testing.assert_allclose(raised(small), small * 7)
    np.testing.assert_array_equal(raised(large), large)


def test_given_priors_stay() -> None:
    truth = plant(1, 50, 20, np.ones(3), 30, 0.1)
    alpha = (0.1, 0.2, 0.3)
    result = fit(as_corpus(truth.counts), FitSettings(n_topics=3, sweeps=12, alpha=alpha, beta=0.3))
    assert result.alpha.tolist() == list(alpha)
    assert result.beta == 0.3


def test_heldout_rises_while_a_model_is_learned() -> None:
    truth = plant(3, 600, 60, np.full(6, 0.15), 80, 0.08)
    chosen = FitSettings(n_topics=6, sweeps=60, validation_fraction=0.2, evaluate_every=1)
    heldout = [r.heldout for r in fit(as_corpus(truth.counts), chosen).history]
    assert heldout[-1] is not None
    assert heldout[0] is not None
    assert heldout[-1] > heldout[0] + 0.3
    # No model can predict better than the one that made the documents, given their true topics.
    tokens = truth.counts.sum()
    assert heldout[-1] < np.sum(truth.counts * np.log(truth.theta @ truth.phi)) / tokens + 0.1


def test_a_fit_that_stopped_by_itself_stops_there_again_when_resumed(tmp_path: Path) -> None:
    # tol this large: no evaluation gains enough, so the fit stops at the second one after the first.
    corpus = as_corpus(np.random.default_rng(5).poisson(0.5, (60, 40)))
    wanted = FitSettings(n_topics=3, sweeps=60, tol=1e6, n_iter_no_change=2, evaluate_every=5, threads=1)
    undisturbed = fit(corpus, wanted)
    assert undisturbed.n_sweeps == 15
    place = Checkpointing(path=str(tmp_path / "c"), every=5)
    fit(corpus, wanted, checkpointing=place)
    resumed = fit(corpus, wanted, checkpointing=replace(place, resume=True))
    assert resumed.n_sweeps == 15
    assert fingerprint(resumed.topic_word_counts) == fingerprint(undisturbed.topic_word_counts)  # type: ignore[arg-type]


def test_one_alpha_is_learned_for_all_topics() -> None:
    truth = plant(5, 1000, 120, np.full(5, 0.3), 200, 0.3)
    result = best(as_corpus(truth.counts), 2, n_topics=5, alpha="auto-symmetric", sweeps=80)
    assert len(set(result.alpha)) == 1
    assert result.alpha[0] == pytest.approx(0.3, rel=0.1)


def test_learning_can_be_switched_off() -> None:
    truth = plant(5, 100, 120, np.full(5, 0.3), 50, 0.3)
    result = fit(as_corpus(truth.counts), FitSettings(n_topics=5, sweeps=30, optimize_interval=0))
    started = start_priors("auto", "auto", 5)
    assert result.alpha.tolist() == started.alpha.tolist()
    assert result.beta == started.beta
    assert {(row.alpha_sum, row.beta) for row in result.history} == {(started.alpha.sum(), started.beta)}
