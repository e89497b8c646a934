"""Other libraries' names for our parameters: the package `lda`'s are accepted, the rest are explained."""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from inspect import Signature

# Of the package `lda`: `LDA(n_topics=, n_iter=, alpha=, eta=, random_state=, refresh=)`.
ACCEPTED: Final = {
    "n_topics": "n_components",
    "n_iter": "max_iter",
    "eta": "beta",
    "refresh": "evaluate_every",
}

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


VARIATIONAL: Final = {
    "learning_method": "batch",
    "learning_decay": 0.7,
    "learning_offset": 10.0,
    "batch_size": 128,
    "total_samples": 1e6,
    "perp_tol": 0.1,
    "mean_change_tol": 1e-3,
    "max_doc_update_iter": 100,
}
"""Parameters of scikit-learn's class that are of variational inference, which sampling has no use for; its defaults."""


def is_call_of_package_lda(args: tuple[Any, ...], keywords: Mapping[str, Any]) -> bool:
    """Whether `LDA(...)` is called in the words of the package `lda` alone, so that its defaults are meant as well.

    That package cannot do without a number of topics; a call that has none is one of ours, and so is one that has one
    of our names for the same. There those words are synonyms, and our defaults are meant.
    """
    if not keywords.keys().isdisjoint(ACCEPTED.values()):
        return False
    if args and "n_topics" not in keywords:
        return len(args) > 1 or not keywords.keys().isdisjoint(ACCEPTED)
    return not args and "n_topics" in keywords


def check_prior_of_call(args: tuple[Any, ...], keywords: Mapping[str, Any]) -> None:
    """Refuse a prior at once where the package `lda` does: `LDA(10, alpha=-3)` is a call of both.

    Calls by name alone only store it, as `clone` and a grid search need it: `fit` refuses it then.

    Raises:
        ValueError: alpha is a number, and not above 0.
    """
    alpha = keywords.get("alpha")
    if args and isinstance(alpha, Real) and not float(alpha) > 0:
        raise ValueError(f"alpha must be greater than zero, got {alpha!r}")


def translate(
    args: tuple[Any, ...], keywords: Mapping[str, Any], signature: Signature, called: str = "LDA"
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments of a call in our names, where it has those of other libraries.

    Args:
        args: positional arguments as passed.
        keywords: keyword arguments as passed.
        signature: the constructor's, without `self`.
        called: name of the class, for messages.

    Returns:
        Positional and keyword arguments for the constructor, which refuses too many of the former itself.

    Raises:
        TypeError: an unknown name, or a synonym beside the parameter it stands for.
    """
    if all(name in signature.parameters for name in keywords):
        return args, dict(keywords)
    translated: dict[str, Any] = {}
    synonyms: dict[str, str] = {}
    given = {*list(signature.parameters)[: len(args)], *keywords}
    for name, value in keywords.items():
        ours = name if name in signature.parameters else ACCEPTED.get(name)
        if ours is None:
            raise TypeError(explain(name, called))
        if ours != name:
            if ours in given or ours in synonyms:
                raise TypeError(f"{called}() got both {ours!r} and its synonym {name!r}; pass {ours!r} only")
            synonyms[ours] = name
        translated[ours] = value
    return args, translated


def explain(name: str, called: str = "LDA") -> str:
    """Why `LDA`, or a class like it, has no parameter of this name, and what it is called here where it is known."""
    if called != "LDA":
        return (
            f"{called}() got an unexpected keyword argument {name!r}; see help({called}) for its parameters"
        )
    if name in EXPLAINED:
        return f"LDA() has no parameter {name!r}; here it is called {EXPLAINED[name]}"
    if name in VARIATIONAL:
        return (
            f"LDA() has no parameter {name!r}, which is of variational inference; leave it out, or take "
            "lda.LatentDirichletAllocation, which has the parameters of scikit-learn's"
        )
    return f"LDA() got an unexpected keyword argument {name!r}; see help(lda.LDA) for its parameters"
