"""What the page of a study shows, without a browser; and how much its parameters matter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from made_studies import made_study

from lda.experiments.study.page.importance import importance_of
from lda.experiments.study.page.page_data import study_data

SIZES = [{"topics": k} for k in (10, 20, 50)]


def trials(n: int) -> tuple[list[dict[str, Any]], list[float]]:
    """Trials whose score goes with K, and neither with alpha nor with stop words."""
    rng = np.random.default_rng(0)
    parameters: list[dict[str, Any]] = [
        {
            "topics": int(rng.choice([10, 20, 50, 100])),
            "alpha": float(rng.uniform(0.01, 1)),
            "stop_words": ["en"] if rng.random() < 0.5 else None,
        }
        for _ in range(n)
    ]
    return parameters, [float(np.log(row["topics"]) + 0.05 * rng.normal()) for row in parameters]


def test_the_parameter_that_scores_go_with_matters_most_by_analysis_of_variance() -> None:
    found = importance_of(*trials(15))
    assert found is not None
    assert (found.method, found.n_trials, found.quantile) == ("anova", 15, None)
    assert next(iter(found.shares)) == "topics"
    assert found.shares["topics"] > 0.9
    assert found.shares["stop_words"] < 0.1


@pytest.mark.slow
def test_with_many_trials_optuna_tells_what_makes_the_best_of_them() -> None:
    pytest.importorskip("optuna", reason="needs optuna, of the extra tune")
    found = importance_of(*trials(40))
    assert found is not None
    assert (found.method, found.n_trials, found.quantile) == ("ped-anova", 40, 0.125)
    assert next(iter(found.shares)) == "topics"
    assert sum(found.shares.values()) == pytest.approx(1)


def test_a_part_of_the_variance_is_epsilon_squared() -> None:
    # Groups of 0, 1, 2 and of 4, 5, 6: 24 of 28 lie between them; 4 within, of 4 degrees of freedom.
    found = importance_of([{"topics": 5}] * 3 + [{"topics": 9}] * 3, [0.0, 1, 2, 4, 5, 6])
    assert found is not None
    assert found.shares["topics"] == pytest.approx((24 - 1) / 28)


@pytest.mark.parametrize(
    ("parameters", "scores"),
    [
        ([], []),
        ([{"topics": 5}] * 8, list(range(8))),
        ([{"topics": 5}, {"topics": 9}], [1.0, 2.0]),
        ([{"topics": 5}, {"topics": 9}] * 4, [1.0] * 8),
        ([{"sampler": f"s{i}"} for i in range(8)], list(range(8))),
    ],
)
def test_nothing_is_said_of_what_cannot_be_told(parameters: list[Any], scores: list[float]) -> None:
    assert importance_of(parameters, scores) is None


def test_the_page_holds_candidates_trials_and_their_models() -> None:
    study, summary = made_study(SIZES, stopped=[0])
    data = study_data(study, summary)
    assert [one["values"] for one in data["candidates"]] == SIZES
    assert [one["heldout"] is None for one in data["candidates"]] == [True, False, False]
    assert [trial["candidate"] for trial in data["trials"]] == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert data["candidates"][2]["duplicates"] == 2
    assert [trial["duplicates"] for trial in data["trials"][6:]] == [2] * 3  # topics, not pairs
    assert data["best"] == 2
    assert data["parameters"][0]["title"] == "number of topics, K"
    assert all(criterion["caution"] for criterion in data["criteria"])
    # The best trial of each candidate that has a model, matched with the others.
    models = data["beside"]["models"]
    assert [len(model["topics"]) for model in models] == [20, 50]
    by_score = {trial["number"]: trial["heldout"] for trial in data["trials"] if trial["candidate"] == 2}
    assert models[1]["trial"] == max(by_score, key=lambda number: by_score[number])
    [[first, second, flat]] = data["beside"]["matches"]
    assert (first, second, len(flat)) == (0, 1, 3 * 20)
    assert sorted(flat[0::3]) == list(range(20))
    assert len(set(flat[1::3])) == 20


def test_what_is_missing_is_said_with_what_would_make_it() -> None:
    study, summary = made_study(SIZES, seeds=(0,), measured=False)
    missing = " ".join(study_data(study, summary)["missing"])
    for part in ("no trial is done", "--seeds 3", "--resume"):
        assert part in missing
    study, summary = made_study(SIZES)
    shared = replace(summary, compared=replace(summary.compared, basis="shared terms"))
    data = study_data(study, shared)
    assert "vocabularies" in " ".join(data["missing"])
    assert all(trial["heldout"] is None for trial in data["trials"])


def test_the_command_that_keeps_a_model_is_on_the_page() -> None:
    study, summary = made_study([{"topics": k} for k in (10, 20)])
    told = study_data(study, summary, ("To keep it", "lda fit <b> -k 20"))["keep"]
    assert told[1] == "lda fit <b> -k 20"
    assert study_data(study, summary, ("To keep it", None))["keep"] is None
