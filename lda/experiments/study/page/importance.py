"""How much each varied parameter matters for the held-out score: by Optuna, or by analysis of variance."""

from __future__ import annotations

import warnings
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from lda.experiments.study.quiet_optuna import quiet_optuna
from lda.extras import MissingPackageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Method = Literal["ped-anova", "anova"]

FEWEST_FOR_PED: Final = 20
"""Trials from which PED-ANOVA is asked: its authors want five or more among the good ones, and these a small part."""

GOOD_TRIALS: Final = 5
LEAST_QUANTILE: Final = 0.1

FEWEST: Final = 6
"""Trials below which nothing is said: chance alone makes large shares of few."""

GROUPS: Final = 4
"""Of a number that is drawn and not taken from a list, whose values hardly ever come twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Importance:
    """What goes with what.

    Attributes:
        method: "ped-anova" (Watanabe, Bansal and Hutter, IJCAI 2023): shares that sum to 1, of what tells good trials
            from the others. "anova": for each parameter alone, the part of the variance of scores that goes with it
            (epsilon squared of Kelley, 1935), 0 to 1; these need not sum to 1.
        shares: by parameter, the largest first.
        n_trials: that it was found from.
        quantile: of PED-ANOVA, the part of trials that count as good; else None.
    """

    method: Method
    shares: dict[str, float]
    n_trials: int
    quantile: float | None = None


def importance_of(parameters: Sequence[Mapping[str, Any]], scores: Sequence[float]) -> Importance | None:
    """How much parameters matter.

    Args:
        parameters: of each trial; plain values.
        scores: of each trial, the higher the better.

    Returns:
        None where nothing can be told: there are few trials, no parameter has two values, each trial has a value of its
        own, or all scores are equal.
    """
    names = [
        name
        for name in (parameters[0] if parameters else {})
        if len({_key(row[name]) for row in parameters}) > 1
    ]
    if not names or len(scores) < FEWEST or len(set(scores)) < 2:
        return None
    if len(names) > 1 and len(scores) >= FEWEST_FOR_PED:
        with suppress(MissingPackageError):  # a page need not have it
            return _by_optuna(names, parameters, scores)
    found = {
        name: _explained(_groups([row[name] for row in parameters]), np.asarray(scores)) for name in names
    }
    known = {name: share for name, share in found.items() if share is not None}
    if not known:
        return None
    return Importance(method="anova", shares=_sorted(known), n_trials=len(scores))


def _by_optuna(
    names: Sequence[str], parameters: Sequence[Mapping[str, Any]], scores: Sequence[float]
) -> Importance:
    quantile = max(LEAST_QUANTILE, GOOD_TRIALS / len(scores))
    with quiet_optuna("the importance of parameters") as optuna, warnings.catch_warnings():
        # That lists are no categories that a database could keep, and the like.
        warnings.simplefilter("ignore")
        values = {name: [row[name] for row in parameters] for name in names}
        spaces = {name: _distribution(optuna, of) for name, of in values.items()}
        study = optuna.create_study(direction="maximize")
        for i, score in enumerate(scores):
            given = {name: _value(values[name], i) for name in names}
            study.add_trial(optuna.trial.create_trial(params=given, distributions=spaces, value=float(score)))
        evaluator = optuna.importance.PedAnovaImportanceEvaluator(target_quantile=quantile)
        found = optuna.importance.get_param_importances(study, evaluator=evaluator)
    return Importance(
        method="ped-anova",
        shares=_sorted({name: float(found.get(name, 0.0)) for name in names}),
        n_trials=len(scores),
        quantile=quantile,
    )


def _distribution(optuna: Any, values: Sequence[Any]) -> Any:  # noqa: ANN401 - Optuna is imported late
    if not all(_is_number(value) for value in values):
        return optuna.distributions.CategoricalDistribution(sorted({_key(value) for value in values}))
    low, high = min(values), max(values)
    log = low > 0 and high / low >= 8
    if all(isinstance(value, int) for value in values):
        return optuna.distributions.IntDistribution(low, high, log=log)
    return optuna.distributions.FloatDistribution(float(low), float(high), log=log)


def _value(values: Sequence[Any], i: int) -> Any:  # noqa: ANN401 - whatever a parameter is
    return values[i] if all(_is_number(value) for value in values) else _key(values[i])


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _key(value: object) -> str:
    return repr(value)


def _groups(values: Sequence[Any]) -> list[int]:
    """The group of each value: its own, or a quarter of the numbers where nearly each is another."""
    distinct = sorted({_key(value) for value in values})
    if len(distinct) > max(GROUPS, len(values) // 2) and all(_is_number(value) for value in values):
        bounds = np.quantile(values, np.linspace(0, 1, GROUPS + 1)[1:-1])
        return [int(group) for group in np.searchsorted(bounds, values, side="left")]
    place = {key: i for i, key in enumerate(distinct)}
    return [place[_key(value)] for value in values]


def _explained(groups: Sequence[int], scores: np.ndarray[Any, np.dtype[np.float64]]) -> float | None:
    """Part of the variance that lies between groups, without what chance alone would put there; None if that is all."""
    of = np.asarray(groups)
    members = [scores[of == group] for group in np.unique(of)]
    within = sum(float(((part - part.mean()) ** 2).sum()) for part in members)
    total = float(((scores - scores.mean()) ** 2).sum())
    free = len(scores) - len(members)
    if free < 1 or total <= 0 or len(members) < 2:
        return None
    return max(0.0, (total - within - (len(members) - 1) * within / free) / total)


def _sorted(shares: Mapping[str, float]) -> dict[str, float]:
    return dict(sorted(shares.items(), key=lambda pair: (-pair[1], pair[0])))
