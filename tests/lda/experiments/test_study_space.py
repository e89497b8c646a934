"""What a study searches: values as they are typed, candidates of the searches, and who goes on after a rung."""

from __future__ import annotations

import math

import pytest

from lda.experiments.study.search.halving import Standing, rungs, survivors
from lda.experiments.study.search.search import BATCH, Result, Search
from lda.experiments.study.space import (
    PARAMETERS,
    Parameters,
    Range,
    Space,
    check_values,
    parse_values,
)


@pytest.mark.parametrize(
    ("name", "text", "values"),
    [
        ("topics", "20,50", (20, 50)),
        ("topics", "20-400", Range(low=20, high=400, whole=True)),
        ("alpha", "0.1,auto", (0.1, "auto")),
        ("alpha", "1e-3-1e-1", Range(low=0.001, high=0.1, whole=False)),
        ("min_df", "2,0.01", (2, 0.01)),
        ("max_df", "1,1.0", (1, 1.0)),
        ("stop_words", "en,none", ("en", "none")),
        ("sampler", "adlda,warplda", ("adlda", "warplda")),
    ],
)
def test_what_is_typed(name: str, text: str, values: object) -> None:
    found = parse_values(PARAMETERS[name], text)
    assert found == values
    assert repr(found) == repr(values)  # 1 is a count of documents, 1.0 a share


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("topics", "", "lists no values"),
        ("topics", "20,,50", "comma too many"),
        ("topics", "20,50,20", "lists 20 twice"),
        ("topics", "2.5", "whole numbers"),
        ("topics", "50-20", "the smaller first"),
        ("topics", "2.5-4", "two whole numbers"),
        ("alpha", "0.1,often", "numbers or auto or auto-symmetric, got 'often'"),
        ("min_df", "2-5", "takes no range"),
    ],
)
def test_what_cannot_be(name: str, text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_values(PARAMETERS[name], text)


def test_values_of_python() -> None:
    assert check_values(PARAMETERS["stop_words"], [None, "en"]) == ("none", "en")
    assert check_values(PARAMETERS["topics"], 5.0) == (5,)
    for values in ([True], [2.5], []):
        with pytest.raises(ValueError, match="--topics"):
            check_values(PARAMETERS["topics"], values)


def test_a_random_search_is_its_seed_s() -> None:
    space: Space = {
        "topics": Range(low=20, high=400, whole=True),
        "alpha": (0.1, "auto"),
        "beta": Range(low=0.001, high=0.1, whole=False),
    }
    draws = [
        Search(kind="random", space=space, n_candidates=50, seed=seed).next_batch([]) for seed in (1, 1, 2)
    ]
    assert draws[0] == draws[1] != draws[2]
    topics = [candidate["topics"] for candidate in draws[0]]
    assert all(20 <= n <= 400 for n in topics)
    assert sum(n < math.sqrt(20 * 400) for n in topics) == pytest.approx(25, abs=10)  # by logarithms


def test_a_small_space_is_tried_once() -> None:
    search = Search(kind="random", space={"topics": (2, 3, 4)}, n_candidates=10, seed=0)
    assert search.n_wanted == 3
    assert sorted(one["topics"] for one in search.next_batch([])) == [2, 3, 4]


def results(candidates: list[Parameters]) -> list[Result]:
    """As if the likelihood were highest at 100 topics."""
    return [
        Result(parameters=one, score=-abs(math.log(one["topics"] / 100)), sweeps=10, complete=True)
        for one in candidates
    ]


def test_a_bayesian_search_goes_where_it_is_good_and_can_begin_anew() -> None:
    pytest.importorskip("optuna")
    space: Space = {"topics": Range(low=5, high=2000, whole=True), "min_df": (2, 5)}
    search = Search(kind="bayes", space=space, n_candidates=26, seed=3)
    tried: list[Parameters] = []
    while batch := search.next_batch(results(tried)):
        assert len(batch) <= BATCH
        # A new process, with what is on disk alone, asks for the same.
        assert Search(kind="bayes", space=space, n_candidates=26, seed=3).next_batch(results(tried)) == batch
        tried += batch
    assert len(tried) == 26 == len({str(one) for one in tried})
    assert [one["min_df"] for one in tried] == [
        2,
        5,
    ] * 13  # recipes take turns: their scores cannot be compared

    def distance(some: list[Parameters]) -> float:
        return sum(abs(math.log(one["topics"] / 100)) for one in some) / len(some)

    assert distance(tried[-8:]) < distance(tried[:8])


def test_a_bayesian_search_of_a_small_space_ends() -> None:
    optuna = pytest.importorskip("optuna")
    search = Search(kind="bayes", space={"topics": (2, 3, 4, 5, 6)}, n_candidates=40, seed=0)
    first = search.next_batch([])
    second = search.next_batch(results(first))
    assert sorted(one["topics"] for one in first + second) == [2, 3, 4, 5, 6]
    assert search.next_batch(results(first + second)) == []
    assert (
        optuna.logging.get_verbosity() == optuna.logging.INFO
    )  # others who use it in this process hear of it


def test_rungs() -> None:
    assert rungs(200, halving=True) == (23, 67, 200)
    assert rungs(200, halving=False) == (200,)
    with pytest.raises(ValueError, match="--halving needs 9 sweeps"):
        rungs(8, halving=True)


def test_the_best_third_goes_on_within_each_corpus() -> None:
    standings = [Standing(candidate=f"a{i}", corpus="a", score=-float(i)) for i in range(9)]
    standings += [Standing(candidate="b0", corpus="b", score=-100.0)]
    standings += [
        Standing(candidate="b1", corpus="b", score=None),
        Standing(candidate="b2", corpus="b", score=-99.0),
    ]
    standings += [Standing(candidate="b3", corpus="b", score=-101.0)]
    assert survivors(standings) == {"a0", "a1", "a2", "b0", "b2"}
    assert survivors(reversed(standings)) == {"a0", "a1", "a2", "b0", "b2"}
