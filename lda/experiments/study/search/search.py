"""Which candidates a study tries: all of a grid, some at random, or those that earlier results speak for.

A search gives its candidates in batches. What a batch holds depends on the seed of the search and on the results of
the batches before, never on how many workers there are or how fast they are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from lda.experiments.study.quiet_optuna import needed_optuna, quiet_optuna
from lda.experiments.study.records import candidate_key
from lda.experiments.study.space import (
    PARAMETERS,
    Parameters,
    Range,
    Space,
    all_candidates,
    recipe_parameters,
    recipes_of,
    size_of_space,
)

Kind = Literal["grid", "random", "bayes"]
KINDS: Final[tuple[Kind, ...]] = ("grid", "random", "bayes")

BATCH: Final = 4
"""Candidates that a Bayesian search asks for at a time. More would keep more cores busy, and learn less from each."""

TRIES: Final = 1000
"""Draws in search of a candidate that was not drawn before."""

PURPOSE: Final = "Bayesian searches"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a candidate.

    score: mean held-out log-likelihood over seeds, to be made large; None where it failed. sweeps: after which it was
    scored last. complete: whether its trials were not stopped before.
    """

    parameters: Parameters
    score: float | None
    sweeps: int
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """How candidates are found.

    Attributes:
        kind: "grid", "random" or "bayes".
        space: parameters that vary.
        n_candidates: how many are tried; None for all of a grid.
        seed: of the search.
    """

    kind: Kind
    space: Space
    n_candidates: int | None
    seed: int

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"search must be {', '.join(KINDS)}, got {self.kind!r:.40}")
        if self.kind == "grid" and self.n_candidates is not None:
            raise ValueError("--candidates is for --search random and bayes; a grid tries everything")
        if self.kind != "grid" and (self.n_candidates is None or self.n_candidates < 1):
            raise ValueError(f"--search {self.kind} needs --candidates N, how many to try")

    @property
    def n_wanted(self) -> int:
        """Candidates in all: of a small space fewer than were asked for."""
        size = size_of_space(self.space)
        return int(size) if self.n_candidates is None else int(min(size, self.n_candidates))

    @property
    def batch(self) -> int | None:
        """Candidates at a time; None for all at once."""
        return BATCH if self.kind == "bayes" else None

    def check_package(self) -> None:
        """Raise `MissingPackageError` where a package is needed that is not there."""
        if self.kind == "bayes":
            needed_optuna(PURPOSE)

    def next_batch(self, results: Sequence[Result]) -> list[Parameters]:
        """The candidates to try after these results, which are those of all batches so far; none at the end."""
        left = self.n_wanted - len(results)
        if left <= 0:
            return []
        if self.kind == "grid":
            return list(all_candidates(self.space))
        if self.kind == "random":
            return self._random(left)
        return self._asked(results, min(left, BATCH))

    def _random(self, n: int) -> list[Parameters]:
        import numpy as np

        draws = np.random.Generator(np.random.Philox(self.seed))
        found: dict[str, Parameters] = {}
        for _ in range(TRIES * n):
            drawn = {name: _drawn(values, draws.random()) for name, values in self.space.items()}
            found.setdefault(candidate_key(drawn), drawn)
            if len(found) == n:
                break
        return list(found.values())

    def _asked(self, results: Sequence[Result], n: int) -> list[Parameters]:
        """A batch of a Bayesian search.

        Scores of two vocabularies cannot be compared, so each recipe has a search of its own, and they take turns.
        Each batch begins a study of Optuna's anew, with all results so far and a seed of its own: so a search that was
        cut off goes on as if it had not been. Rejected: to keep Optuna's storage, a second truth beside our records.
        """
        recipes = recipes_of(self.space)
        seen = {candidate_key(result.parameters) for result in results}
        found: list[Parameters] = []
        with quiet_optuna(PURPOSE) as optuna:
            for turn in range(n):
                recipe = recipes[(len(results) + turn) % len(recipes)]
                asked = self._ask(optuna, recipe, results, found, seen, turn)
                if asked is None:  # this recipe has no candidate left
                    continue
                found.append(asked)
                seen.add(candidate_key(asked))
        return found

    def _ask(
        self,
        optuna: Any,  # noqa: ANN401 - a module
        recipe: Parameters,
        results: Sequence[Result],
        pending: Sequence[Parameters],
        seen: set[str],
        turn: int,
    ) -> Parameters | None:
        own = {name: values for name, values in self.space.items() if not PARAMETERS[name].of_recipe}
        ranges = {name: _distribution(optuna, values) for name, values in own.items()}
        sampler = optuna.samplers.TPESampler(
            seed=_seed(self.seed, len(results), turn), multivariate=True, constant_liar=True
        )
        study = optuna.create_study(direction="maximize", sampler=sampler)
        for result in results:
            if recipe_parameters(result.parameters) == recipe:
                study.add_trial(_told(optuna, result, ranges))
        for parameters in pending:
            if recipe_parameters(parameters) == recipe:
                study.add_trial(
                    optuna.trial.create_trial(
                        params={name: parameters[name] for name in own},
                        distributions=ranges,
                        state=optuna.trial.TrialState.RUNNING,
                    )
                )
        for tried in range(TRIES):
            if (
                tried == BATCH * 8
            ):  # it insists on what is known; in a small space chance finds the rest sooner
                study.sampler = optuna.samplers.RandomSampler(seed=_seed(self.seed, len(results), turn, 1))
            asked = study.ask(ranges)
            params = {name: _plain(own[name], asked.params[name]) for name in own}
            parameters = {name: params[name] if name in params else recipe[name] for name in self.space}
            if candidate_key(parameters) not in seen:
                return parameters
        return None


def _seed(*parts: int) -> int:
    """32 bits, for Optuna takes no more."""
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:4], "little")


def _drawn(values: tuple[Any, ...] | Range, share: float) -> Any:  # noqa: ANN401 - a number or a word
    if isinstance(values, Range):
        return values.at(share)
    return values[min(int(share * len(values)), len(values) - 1)]


def _plain(values: tuple[Any, ...] | Range, value: Any) -> Any:  # noqa: ANN401 - a number or a word
    """As it stands in commands: four digits are more than anybody would choose."""
    if isinstance(values, Range) and not values.whole:
        return float(f"{value:.4g}")
    return value


def _distribution(optuna: Any, values: tuple[Any, ...] | Range) -> Any:  # noqa: ANN401 - of Optuna
    if isinstance(values, tuple):
        return optuna.distributions.CategoricalDistribution(values)
    if values.whole:
        return optuna.distributions.IntDistribution(int(values.low), int(values.high), log=True)
    return optuna.distributions.FloatDistribution(values.low, values.high, log=True)


def _told(optuna: Any, result: Result, ranges: dict[str, Any]) -> Any:  # noqa: ANN401 - of Optuna
    states = optuna.trial.TrialState
    state = states.FAIL if result.score is None else states.COMPLETE if result.complete else states.PRUNED
    return optuna.trial.create_trial(
        params={name: result.parameters[name] for name in ranges},
        distributions=ranges,
        value=result.score if result.complete else None,
        intermediate_values={} if result.score is None else {result.sweeps: result.score},
        state=state,
    )
