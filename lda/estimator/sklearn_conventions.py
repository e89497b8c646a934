"""What scikit-learn expects of an estimator, without importing scikit-learn.

Rejected: inheriting from `BaseEstimator`, because it would make scikit-learn a dependency and importing this package
a second slower, for the five small methods below.
"""

from __future__ import annotations

import inspect
import secrets
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sklearn.utils import Tags

    RandomState = int | np.random.Generator | np.random.RandomState | None

CONTAINERS: Final = ("default", "pandas", "polars")
"""What `transform` can return; scikit-learn's names."""

LONGEST_VALUE: Final = 60
"""Characters of a parameter's value in the `repr` of an estimator."""


class NotFittedError(ValueError, AttributeError):
    """A result was asked of an estimator before `fit`."""


def not_fitted(estimator: object) -> Exception:
    """The error to raise; scikit-learn's own class if it is in use, so that `except` clauses match."""
    text = f"this {type(estimator).__name__} is not fitted yet; call fit(X) first, or lda.load(path) for a saved one"
    theirs = getattr(sys.modules.get("sklearn.exceptions"), "NotFittedError", None)
    return theirs(text) if theirs is not None else NotFittedError(text)


class EstimatorConventions:
    """Parameters, tags, printing and output containers of a scikit-learn transformer."""

    @classmethod
    def _parameter_defaults(cls) -> dict[str, Any]:
        """The constructor's named parameters with their defaults, in order of declaration."""
        declared = inspect.signature(cls.__init__).parameters.values()
        return {p.name: p.default for p in declared if p.name != "self" and p.kind is not p.VAR_KEYWORD}

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # no nested estimators here
        """The constructor's parameters and their present values."""
        return {name: getattr(self, name) for name in self._parameter_defaults()}

    def set_params(self, **parameters: Any) -> Self:  # noqa: ANN401
        """Set constructor parameters by name. Raises `ValueError` for a name that is not one of them."""
        known = self._parameter_defaults()
        for name, value in parameters.items():
            if name not in known:
                raise ValueError(
                    f"invalid parameter {name!r} for estimator {type(self).__name__}; valid are {', '.join(known)}"
                )
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        changed = [
            f"{name}={_short_repr(getattr(self, name))}"
            for name, default in self._parameter_defaults().items()
            if not _same(getattr(self, name), default)
        ]
        return f"{type(self).__name__}({', '.join(changed)})"

    def __sklearn_tags__(self) -> Tags:
        """Tags for scikit-learn 1.6 and later: a transformer of non-negative, possibly sparse, counts."""
        from sklearn.utils import InputTags, Tags, TargetTags, TransformerTags

        return Tags(
            estimator_type="transformer",
            target_tags=TargetTags(required=False),
            transformer_tags=TransformerTags(preserves_dtype=[]),
            input_tags=InputTags(sparse=True, positive_only=True),
        )

    def __sklearn_is_fitted__(self) -> bool:
        """Whether `fit` or `load` has happened."""
        return hasattr(self, "model_")

    def set_output(self, *, transform: str | None = None) -> Self:
        """Choose what `transform` returns: "default" (an array), "pandas" or "polars" (a DataFrame).

        None changes nothing. Without a choice `sklearn.set_config(transform_output=...)` decides.

        Raises:
            ValueError: another container is asked for.
        """
        if transform is None:
            return self
        if transform not in CONTAINERS:
            raise ValueError(f"set_output knows {', '.join(map(repr, CONTAINERS))}, got {transform!r}")
        # The name under which scikit-learn's own estimators keep it: `clone` copies this attribute and no other.
        self._sklearn_output_config = {"transform": transform}
        return self

    def _container(self) -> Callable[[Any, object, Sequence[str]], Any]:
        """The function from (array, X, names of the columns) to the container that was chosen.

        Asked for before the work, so that a package that is missing is missed before it.

        Raises:
            ImportError: the container's package is not installed. ValueError: the choice is none of `CONTAINERS`.
        """
        sklearn = sys.modules.get("sklearn")
        general = sklearn.get_config().get("transform_output", "default") if sklearn else "default"
        chosen = getattr(self, "_sklearn_output_config", {}).get("transform", general)
        if chosen not in CONTAINERS:
            raise ValueError(f"transform_output must be one of {', '.join(CONTAINERS)}, got {chosen!r}")
        if chosen == "default":
            return lambda values, X, names: values
        try:
            import_module(chosen)
        except ImportError as error:
            raise ImportError(
                f"output as {chosen} needs the package {chosen}; install it, or choose set_output(transform='default')"
            ) from error
        return _pandas_frame if chosen == "pandas" else _polars_frame


def seed_of(random_state: RandomState) -> int:
    """A seed from what scikit-learn calls a random state; generators are advanced, None draws a new one.

    Raises:
        TypeError: it is none of the kinds known.
    """
    if random_state is None:
        return secrets.randbits(31)
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**31))
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31 - 1))
    if isinstance(random_state, (int, np.integer)) and not isinstance(random_state, bool):
        return int(random_state)
    raise TypeError(f"random_state must be a whole number, a NumPy generator or None, got {random_state!r}")


def threads_of(n_jobs: int | None) -> int | None:
    """Threads for scikit-learn's `n_jobs`: None and -1 are all cores, -2 all but one, ..."""
    if n_jobs is None:
        return None
    if isinstance(n_jobs, bool) or not hasattr(n_jobs, "__index__"):
        raise ValueError(f"n_jobs must be a whole number or None, got {n_jobs!r}")
    if n_jobs >= 0:
        return n_jobs
    from lda.corpus.machine import available_cores

    return max(1, available_cores() + 1 + n_jobs)


def _pandas_frame(values: Any, X: object, names: Sequence[str]) -> Any:  # noqa: ANN401 - pandas is optional
    import pandas as pd

    index = X.index if isinstance(X, pd.DataFrame | pd.Series) else None
    return pd.DataFrame(values, columns=pd.Index(names), index=index)


def _polars_frame(values: Any, X: object, names: Sequence[str]) -> Any:  # noqa: ANN401 - polars is optional
    import polars as pl

    return pl.DataFrame(values, schema=list(names), orient="row")


def _same(value: object, default: object) -> bool:
    """Equality that an array parameter does not turn into an array."""
    return value is default or (type(value) is type(default) and bool(np.all(value == default)))


def _short_repr(value: object) -> str:
    """`repr` on one line; an array of a thousand priors is cut short."""
    text = " ".join(repr(value).split())
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 3]}..."
