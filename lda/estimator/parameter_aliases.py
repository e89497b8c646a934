"""Other libraries' names for our parameters: the package `lda`'s are accepted, the rest are explained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

# Code written for the package `lda` (`LDA(n_topics=, n_iter=, alpha=, eta=, random_state=, refresh=)`) runs as it is.
ACCEPTED: Final = {"n_topics": "n_components", "n_iter": "max_iter", "eta": "beta"}
IGNORED: Final = frozenset({"refresh"})  # how often that package logs; `verbose` and `callbacks` do it here

EXPLAINED: Final = {
    "num_topics": "n_components",
    "k": "n_components",
    "K": "n_components",
    "n_clusters": "n_components",
    "iterations": "max_iter",
    "num_iterations": "max_iter",
    "passes": "max_iter",
    "maxIter": "max_iter",
    "doc_topic_prior": "alpha",
    "alpha_sum": "alpha (per topic: the sum divided by the number of topics)",
    "topic_word_prior": "beta",
    "workers": "n_jobs",
    "n_workers": "n_jobs",
    "threads": "n_jobs",
    "seed": "random_state",
    "random_seed": "random_state",
    "callback": "callbacks",
    "early_stopping": "tol and validation_fraction",
    "optim_interval": "optimize_interval",
    "optimize_burn_in": "burn_in",
    "perp_tol": "tol",
}


def translate(
    extra: Mapping[str, Any], given: Mapping[str, Any], defaults: Mapping[str, Any]
) -> dict[str, Any]:
    """Our parameters for the accepted synonyms in `extra`.

    Args:
        extra: keyword arguments that are not parameters of the estimator.
        given: the estimator's own parameters as passed.
        defaults: their defaults; a parameter and its synonym may not both be set.

    Raises:
        TypeError: an unknown name, or a synonym beside the parameter it stands for.
    """
    translated: dict[str, Any] = {}
    for name, value in extra.items():
        if name in IGNORED:
            continue
        ours = ACCEPTED.get(name)
        if ours is None:
            raise TypeError(_explain(name))
        if given[ours] is not defaults[ours]:
            raise TypeError(f"LDA() got both {ours!r} and its synonym {name!r}; pass {ours!r} only")
        translated[ours] = value
    return translated


def _explain(name: str) -> str:
    if name in EXPLAINED:
        return f"LDA() has no parameter {name!r}; here it is called {EXPLAINED[name]}"
    return f"LDA() got an unexpected keyword argument {name!r}; see help(lda.LDA) for its parameters"
