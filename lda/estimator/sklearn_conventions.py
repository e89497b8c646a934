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
    from collections.abc import Callable, Mapping, Sequence

    from sklearn.utils import Tags
    from sklearn.utils.metadata_routing import MetadataRequest

    RandomState = int | np.random.Generator | np.random.RandomState | None

CONTAINERS: Final = ("default", "pandas", "polars", "arrow")
"""What `transform` can return; scikit-learn's names, but for the last."""

ROUTED: Final = ("add_topics", "checkpointing", "cluster", "init_from", "vocabulary")
"""What `fit` takes beside documents."""

LONGEST_VALUE: Final = 60
"""Characters of a parameter's value in the `repr` of an estimator."""


class NotFittedError(ValueError, AttributeError):
    """A result was asked of an estimator before `fit`."""


def not_fitted(estimator: object) -> Exception:
    """The error to raise; scikit-learn's own class if it is in use, so that `except` clauses match."""
    text = (
        f"This {type(estimator).__name__} instance is not fitted yet. Call 'fit' with appropriate arguments before "
        "using this estimator, or open a saved one with lda.load(path)"
    )
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
        """Tags for scikit-learn 1.6 and later: a transformer of non-negative, possibly sparse, whole counts.

        "categorical" is its only tag by which data are whole numbers: tokens are draws from categories, which come one
        by one in token lists, and counted in matrices. Fractions are refused, never rounded.
        """
        from sklearn.utils import InputTags, Tags, TargetTags, TransformerTags

        return Tags(
            estimator_type="transformer",
            target_tags=TargetTags(required=False),
            transformer_tags=TransformerTags(preserves_dtype=[]),
            input_tags=InputTags(sparse=True, categorical=True, positive_only=True),
        )

    def get_metadata_routing(self) -> MetadataRequest:
        """What scikit-learn's metadata routing may hand to `fit`: its keywords, if they are asked for.

        No method takes data beside X; `fit` tells why there is no `sample_weight`.
        """
        from sklearn.utils.metadata_routing import MetadataRequest

        if hasattr(self, "_metadata_request"):
            return self._metadata_request
        asked = MetadataRequest(owner=type(self).__name__)
        for name in ROUTED:
            asked.fit.add_request(param=name, alias=None)
        return asked

    def set_fit_request(self, **asked: bool | str | None) -> Self:
        """Ask for keywords of `fit` from that of a pipeline, where scikit-learn's metadata routing is on.

        Args:
            **asked: True to be handed it, False not to be, None to have it refused, or the name under which it comes.

        Raises:
            TypeError: it is something else, which `fit` does not take.
        """
        for name in asked:
            if name not in ROUTED:
                raise TypeError(f"fit can be handed {', '.join(ROUTED)}, got a request for {name!r:.60}")
        request = self.get_metadata_routing()
        for name, alias in asked.items():
            request.fit.add_request(param=name, alias=alias)
        # The name under which scikit-learn's own estimators keep it: `clone` copies this attribute, too.
        self._metadata_request = request
        return self

    def __sklearn_is_fitted__(self) -> bool:
        """Whether `fit` or `load` has happened."""
        return hasattr(self, "model_")

    def set_output(self, *, transform: str | None = None) -> Self:
        """Choose what `transform` returns: "default" (an array), "pandas" or "polars" (a DataFrame), "arrow" (a Table).

        None changes nothing. Without a choice `sklearn.set_config(transform_output=...)` decides, which knows all but
        "arrow". A clone has the same choice.

        Raises:
            ValueError: another container is asked for.
        """
        if transform is None:
            return self
        if transform not in CONTAINERS:
            raise ValueError(f"set_output knows {', '.join(map(repr, CONTAINERS))}, got {transform!r}")
        # The name under which scikit-learn's own estimators keep it: `clone` copies this attribute.
        self._sklearn_output_config = {"transform": transform}
        return self

    def _chosen_output(self) -> str:
        """What `set_output` chose for this estimator, or scikit-learn's settings for all."""
        sklearn = sys.modules.get("sklearn")
        general = sklearn.get_config().get("transform_output", "default") if sklearn else "default"
        chosen: str = getattr(self, "_sklearn_output_config", {}).get("transform", general)
        return chosen

    def _container(self) -> Callable[[Any, object, Sequence[str]], Any]:
        """The function from (array, X, names of the columns) to the container that was chosen.

        Asked for before the work, so that a package that is missing is missed before it.

        Raises:
            ImportError: the container's package is not installed. ValueError: the choice is none of `CONTAINERS`.
        """
        chosen = self._chosen_output()
        if chosen not in CONTAINERS:
            raise ValueError(f"transform_output must be one of {', '.join(CONTAINERS)}, got {chosen!r}")
        if chosen == "default":
            return lambda values, X, names: values
        if chosen == "arrow":
            return _arrow_table
        try:
            import_module(chosen)
        except ImportError as error:
            raise ImportError(
                f"output as {chosen} needs the package {chosen}; install it, or choose set_output(transform='default')"
            ) from error
        return _pandas_frame if chosen == "pandas" else _polars_frame


ELSEWHERE: Final = {
    "layer": "give the counts of a layer as lda.as_corpus(adata, layer=...)",
    "id2word": "give the Dictionary as vocabulary=",
    "dictionary": "give the Dictionary as vocabulary=",
    "feature_names": "give the names of the columns as vocabulary=",
}
"""What users of scanpy, gensim and others may look for, and where it is."""


def refuse_metadata(method: str, given: Mapping[str, Any]) -> None:
    """Raise TypeError for keywords that a method does not have; a weight is told why, and None is none."""
    given = {name: value for name, value in given.items() if name != "sample_weight" or value is not None}
    if "sample_weight" in given:
        raise TypeError(
            f"LDA.{method}() takes no sample_weight: a document counts by its tokens, which are whole; multiply the "
            "rows of counts by whole weights, or repeat documents"
        )
    if given:
        from lda.corpus.presentable import presentable

        name = next(iter(given))
        told = f"; {ELSEWHERE[name]}" if name in ELSEWHERE else ""
        raise TypeError(f"LDA.{method}() got an unexpected keyword argument {presentable(name)!r}{told}")


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


def _arrow_table(values: Any, X: object, names: Sequence[str]) -> Any:  # noqa: ANN401 - as of the others
    import pyarrow as pa

    return pa.table(dict(zip(names, values.T, strict=True)))


def _same(value: object, default: object) -> bool:
    """Equality that an array parameter does not turn into an array."""
    return value is default or (type(value) is type(default) and bool(np.all(value == default)))


def _short_repr(value: object) -> str:
    """`repr` on one line; an array of a thousand priors is cut short."""
    text = " ".join(repr(value).split())
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 3]}..."
