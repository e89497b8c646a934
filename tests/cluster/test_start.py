"""The start: how wide phi is, for how long, and for whom."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from lda.cluster import FitSettings, fit
from lda.cluster.sweeping import start_schedule as start_module
from lda.cluster.sweeping.phase_model import MeanModel
from lda.cluster.sweeping.start_schedule import DECAY, FIRST_STAGE, StartSchedule, start_schedule
from lda.corpus import as_corpus
from lda.progress import describe
from lda.samplers.priors import Priors
from lda.samplers.registry import SAMPLERS, sampler

if TYPE_CHECKING:
    from lda.corpus import Corpus

K = 16
WARM = 0.25  # 1 / sqrt(16)


def priors(beta: float = 0.01) -> Priors:
    return Priors(alpha=np.full(K, 0.1), beta=beta)


def wanted(**more: Any) -> FitSettings:
    return FitSettings(n_topics=K, **more).resolved()


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
    settings = FitSettings(n_topics=K, start=start, sampler=name)
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
