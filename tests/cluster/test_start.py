"""The start: how wide phi is, for how long, and for whom."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from planted import match

from lda.cluster import Checkpointing, FitSettings, fingerprint, fit
from lda.cluster.sweeping import start_schedule as start_module
from lda.cluster.sweeping.phase_model import MeanModel
from lda.cluster.sweeping.start_schedule import (
    BETA_SWEEPS,
    DECAY,
    FIRST_STAGE,
    StartSchedule,
    start_schedule,
)
from lda.corpus import as_corpus
from lda.progress import describe
from lda.samplers.priors import Priors
from lda.samplers.registry import SAMPLERS, sampler

if TYPE_CHECKING:
    from pathlib import Path

    from lda.corpus import Corpus

K = 16
WARM = 0.25  # 1 / sqrt(16)


def priors(beta: float = 0.01) -> Priors:
    return Priors(alpha=np.full(K, 0.1), beta=beta)


def wanted(**more: Any) -> FitSettings:
    return FitSettings(n_topics=K, **{"beta": 0.01} | more).resolved()


@pytest.mark.parametrize(
    ("start", "name", "n_documents", "said"),
    [
        ("auto", "adlda", FIRST_STAGE, "annealed"),
        ("auto", "adlda", FIRST_STAGE + 1, "growing"),
        ("growing", "esca", 10, "annealed"),
        ("annealed", "adlda", 10**6, "annealed"),
        ("random", "adlda", 10**6, "random"),
        ("auto", "pclda", 10**6, "random"),
    ],
)
def test_the_start_is_announced_as_it_will_be(start: Any, name: str, n_documents: int, said: str) -> None:
    settings = FitSettings(n_topics=K, start=start, sampler=name, beta=0.01)
    assert f", {said} start, " in describe(settings, n_documents)
    made = start_schedule(settings.resolved(), n_documents, sampler(name))
    assert (made.n_stages > 1, made.decay < 1) == (said == "growing", said == "annealed")


def test_growing_is_warm_until_all_documents_are_in() -> None:
    made = start_schedule(wanted(), 3 * start_module.FIRST_STAGE, sampler("adlda"))
    passes = made.n_stages * (1 + made.sweeps)
    assert made.n_stages == 3
    betas = [made.warm(pass_number, priors()).beta for pass_number in range(passes + 3)]
    assert betas == pytest.approx([WARM] * passes + [0.01] * 3)


def test_annealing_falls_to_the_beta_asked_for() -> None:
    made = start_schedule(wanted(), 10, sampler("adlda"))
    betas = [made.warm(pass_number, priors()).beta for pass_number in range(1, 80)]
    assert betas[0] == pytest.approx(3 * WARM)
    assert betas[-1] == 0.01
    assert all(
        b == max(a * DECAY, 0.01) or b == pytest.approx(a * DECAY) for a, b in itertools.pairwise(betas)
    )


@pytest.mark.parametrize("start", ["annealed", "growing"])
def test_a_wide_beta_is_left_alone(start: str) -> None:
    made = start_schedule(wanted(start=start), 10**5, sampler("adlda"))
    given = priors(beta=2.0)
    assert all(made.warm(pass_number, given) is given for pass_number in range(100))


@pytest.mark.parametrize("name", SAMPLERS)
def test_random_topics_and_drawn_models_begin_cold(name: str) -> None:
    assert start_schedule(wanted(start="random"), 10**5, sampler(name)) == StartSchedule(1, 10**5, 0)
    if sampler(name).language != "mean":
        assert start_schedule(wanted(start="annealed"), 10**5, sampler(name)) == StartSchedule(1, 10**5, 0)


@pytest.fixture
def corpus() -> Corpus:
    return as_corpus(np.random.default_rng(0).poisson(0.4, (60, 40)))


@pytest.mark.parametrize(("start", "first_stage"), [("annealed", 4000), ("growing", 20)])
def test_passes_sample_with_it(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch, start: str, first_stage: int
) -> None:
    """What the kernels are given is what the schedule says; what the model keeps is what was asked for."""
    monkeypatch.setattr(start_module, "FIRST_STAGE", first_stage)
    used: list[float] = []
    build = MeanModel.build

    def noting(self: MeanModel, counts: Any, totals: Any, given: Priors, *rest: Any) -> Any:
        used.append(given.beta)
        return build(self, counts, totals, given, *rest)

    monkeypatch.setattr(MeanModel, "build", noting)
    settings = wanted(start=start, phases=1, sweeps=60, threads=1, beta=0.05)
    result = fit(corpus, settings)
    made = start_schedule(settings, corpus.n_documents, sampler("adlda"))
    first = 1 if start == "annealed" else 0  # random topics ask no model
    expected = [made.warm(first + i, priors(0.05)).beta for i in range(len(used))]
    assert used == pytest.approx(expected)
    assert used[0] > 0.2
    assert used[-1] == 0.05 == result.beta


@pytest.mark.parametrize("start", ["annealed", "growing"])
def test_a_beta_to_be_learned_is_learned_after_every_sweep_of_its_start(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch, start: str
) -> None:
    """Long before the burn-in and between the intervals, and in the start alone."""
    monkeypatch.setattr(start_module, "FIRST_STAGE", 20)
    settings = wanted(start=start, beta="auto", sweeps=BETA_SWEEPS + 10, burn_in=1000, threads=1)
    result = fit(corpus, settings)
    assert np.all(result.alpha == result.alpha[0])
    betas = [record.beta for record in result.history]
    assert all(a != b for a, b in itertools.pairwise(betas[:BETA_SWEEPS]))
    assert set(betas[BETA_SWEEPS - 1 :]) == {result.beta}


@pytest.mark.parametrize(("start", "sampler"), [("random", "adlda"), ("annealed", "pclda")])
def test_random_topics_and_drawn_models_learn_beta_after_the_burn_in(
    corpus: Corpus, start: str, sampler: str
) -> None:
    settings = wanted(start=start, beta="auto", sampler=sampler, sweeps=12, burn_in=10, optimize_interval=5)
    betas = [record.beta for record in fit(corpus, settings).history]
    assert set(betas[:9]) == {0.01}
    assert 0.01 not in betas[9:]


@pytest.mark.parametrize("more", [{}, {"burn_in": 0, "optimize_interval": 1}])
def test_topics_that_are_all_alike_do_not_hold_beta_at_infinity(more: dict[str, Any]) -> None:
    """The likeliest beta of random topics has no upper end where all words are equally frequent."""
    rng = np.random.default_rng(5)
    phi = np.kron(np.eye(4), np.full(15, 1 / 15))
    even = rng.multinomial(40, rng.dirichlet(np.full(4, 0.1), 400) @ phi)
    settings = FitSettings(n_topics=4, beta="auto", start="annealed", sweeps=60, threads=1, **more)
    result = fit(as_corpus(even), settings)
    schedule = start_schedule(settings.resolved(), 400, sampler("adlda"))
    for record in result.history[:BETA_SWEEPS]:
        assert record.beta <= schedule.widest(1 + record.sweep) < 3 / math.sqrt(4)
    assert schedule.widest(2 + BETA_SWEEPS) == math.inf
    assert result.topic_word_counts is not None
    found = result.topic_word_counts.toarray().T + result.beta
    _, distance = match(found / found.sum(axis=1, keepdims=True), phi)
    assert distance < 0.15


@pytest.mark.parametrize("start", ["annealed", "growing"])
def test_a_fit_resumed_within_its_start_ends_alike(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, start: str
) -> None:
    """Also when it was first asked for fewer sweeps."""
    monkeypatch.setattr(start_module, "FIRST_STAGE", 20)
    settings = wanted(start=start, beta="auto", sweeps=BETA_SWEEPS + 12, threads=1)
    undisturbed = fit(corpus, settings)
    place = Checkpointing(path=str(tmp_path / "c"), every=4)
    fit(corpus, replace(settings, sweeps=8), checkpointing=place)
    resumed = fit(corpus, settings, checkpointing=replace(place, resume=True))
    assert [r.beta for r in resumed.history] == [r.beta for r in undisturbed.history]
    assert fingerprint(resumed.topic_word_counts) == fingerprint(undisturbed.topic_word_counts)  # type: ignore[arg-type]
    np.testing.assert_array_equal(resumed.alpha, undisturbed.alpha)
