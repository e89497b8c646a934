"""Settings: what is wrong is named, with the value."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from lda.cluster import FitSettings, fit
from lda.cluster.loop.early_stopping import Samples
from lda.corpus import as_corpus
from lda.samplers.priors import Priors, start_priors


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"n_topics": 0}, "the number of topics must be between 1 and .*, got 0"),
        ({"n_topics": 2**31}, "number of topics .*, got 2147483648"),
        ({"n_topics": 2.0}, r"number of topics must be a whole number .*, got 2\.0"),
        ({"n_topics": True}, "number of topics .*, got True"),
        ({"sampler": "gibbs"}, "no sampler is called 'gibbs'; there are auto, adlda, esca"),
        ({"alpha": 0.0}, r"alpha must be positive.*, got 0\.0"),
        ({"alpha": -1}, "alpha must be positive.*, got -1"),
        ({"alpha": math.nan}, "alpha must be positive.*, got nan"),
        ({"alpha": math.inf}, "alpha must be positive.*, got inf"),
        ({"alpha": 1e-13}, "alpha must be positive, from 1e-12 to 1e.12, got 1e-13"),
        ({"alpha": None}, "alpha must be positive.*, got None"),
        ({"alpha": "symmetric"}, "alpha must be a positive number or \"auto\", got 'symmetric'"),
        ({"alpha": (0.1, 0.0, 0.2)}, r"alpha must be positive.*, got 0\.0"),
        ({"alpha": (0.1, 0.2)}, r"alpha must be one number or one per topic \(3\), got 2"),
        ({"beta": 0}, "beta must be positive.*, got 0"),
        ({"beta": 1e300}, r"beta must be positive.*, got 1e\+300"),
        ({"beta": "learn"}, "beta must be .*, got 'learn'"),
        ({"sweeps": -1}, "number of sweeps must be at least 0, got -1"),
        ({"phases": 0}, "phases must be between 1 and 1024, got 0"),
        ({"threads": 0}, "threads must be between 1 and 4096, got 0"),
        ({"start": "warm"}, "start must be auto, random, annealed or growing, got 'warm'"),
        ({"seed": -1}, "the seed must be between 0 and .*, got -1"),
        ({"seed": 2**64}, "the seed must be .*, got 18446744073709551616"),
        ({"optimize_interval": -1}, "optimize_interval must be at least 0, got -1"),
        ({"burn_in": -1}, "burn_in must be at least 0, got -1"),
        ({"n_samples": -1}, "n_samples must be at least 0, got -1"),
        ({"sample_interval": 0.5}, r"sample_interval must be a whole number .*, got 0\.5"),
        ({"n_iter_no_change": 0}, "n_iter_no_change must be at least 1, got 0"),
        ({"evaluate_every": 0}, "evaluate_every must be at least 1, got 0"),
        ({"validation_fraction": 1.0}, r"validation_fraction must lie in \[0, 1\), got 1\.0"),
        ({"validation_fraction": math.nan}, "validation_fraction must lie .*, got nan"),
        ({"tol": -0.1}, r"tol must not be negative, got -0\.1"),
        ({"tol": math.nan}, "tol must not be negative, got nan"),
    ],
)
def test_each_bad_value_is_named(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        FitSettings(**{"n_topics": 3} | given)


def test_choices_are_made() -> None:
    chosen = FitSettings(n_topics=5).resolved()
    assert (chosen.sampler, chosen.start) == ("adlda", "growing")
    assert chosen.threads is not None
    assert chosen.phases is not None
    assert FitSettings(n_topics=5, start="random").resolved().start == "random"
    assert (chosen.n_samples, chosen.sample_interval, chosen.beta) == (5, 10, "auto")
    intervals = [FitSettings(n_topics=5, sweeps=n).resolved().sample_interval for n in (0, 39, 100, 5000)]
    assert intervals == [1, 1, 5, 20]
    assert FitSettings(n_topics=5, n_samples=0).resolved().n_samples == 0
    assert FitSettings(n_topics=5, sampler="collapsed", threads=8, phases=3).resolved().threads == 1
    assert (
        FitSettings(n_topics=np.int64(5), seed=np.uint64(2**63), alpha=np.float32(0.5)).resolved() is not None  # type: ignore[arg-type]
    )  # type: ignore[arg-type]


def test_priors() -> None:
    assert start_priors((1, 2), 0.5, 2).alpha.tolist() == [1.0, 2.0]
    assert start_priors("auto", "auto", 1000).alpha.sum() == pytest.approx(50)
    with pytest.raises(ValueError, match=r"one per topic \(3\), got 2"):
        start_priors((1, 2), 0.5, 3)
    with pytest.raises(ValueError, match="alpha must be numbers of at least 1e-12"):
        Priors(alpha=np.array([1.0, 1e-40]), beta=1)
    with pytest.raises(ValueError, match="beta must be a number of at least 1e-12, got 0"):
        Priors(alpha=np.ones(2), beta=0)


def test_settings_that_do_not_fit_the_corpus() -> None:
    with pytest.raises(ValueError, match=r"validation_fraction 0\.01 of 2 documents leaves none on one side"):
        fit(as_corpus(np.eye(2)), FitSettings(n_topics=2, validation_fraction=0.01))
    with pytest.raises(ValueError, match="no tokens"):
        fit(as_corpus([[], []], allow_empty=True), FitSettings(n_topics=2))


def test_samples_without_end_are_a_plan_like_any_other() -> None:
    """As many as a user asks for: a plan must not be a list of them."""
    every, two = Samples(10**15, 1, 200), Samples(2, 50, 200)
    assert every.take(1)
    assert [sweep for sweep in range(1, 300) if two.take(sweep)] == [150, 200]
    assert every.keeps(two.taken)
    assert not two.keeps([100])
