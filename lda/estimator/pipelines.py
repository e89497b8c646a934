"""Names of terms in pipelines of scikit-learn, whose steps hand on matrices without names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lda.estimator.estimator import LDA


def name_terms(pipeline: Any) -> LDA:  # noqa: ANN401 - scikit-learn's, which is not imported
    """Give the topics of a fitted pipeline the words of the steps before them, and return the `LDA` in it.

    `CountVectorizer` makes a matrix, and a matrix has no names, so the model knows its terms by their numbers. Here the
    steps before it are asked for `get_feature_names_out()`; afterwards all that shows words has them, `save` included.

    Args:
        pipeline: a fitted `Pipeline` with an `LDA` in it, also within another one, a `ColumnTransformer` or a
            `FeatureUnion`; or a search over such a pipeline, whose `best_estimator_` is taken. Of several each gets its
            names, and the first is returned.

    Raises:
        TypeError: it is no pipeline, or has no `LDA`.
        ValueError: nothing stands before the `LDA`, or what does has no names for its columns.
        NotFittedError: it has not been fitted.
    """
    fitted = getattr(pipeline, "best_estimator_", pipeline)
    found = [] if isinstance(fitted, LDA) else list(_named(fitted, None))
    if not found:
        kind = type(pipeline).__name__
        raise TypeError(f"name_terms takes a fitted pipeline with an lda.LDA among its steps, got {kind}")
    return found[0]


def _named(part: Any, names: Any) -> Iterator[LDA]:  # noqa: ANN401
    """Each LDA in a part of a pipeline, named; names: of the columns that go into the part, None if unknown."""
    if isinstance(part, LDA):
        if names is None:
            raise ValueError(
                "nothing stands before the LDA, so there are no names; give them by LDA.name_terms, or fit a table"
            )
        yield part.name_terms(names)
    elif hasattr(part, "steps"):
        for number, (_, step) in enumerate(part.steps):
            if _may_hold_topics(step):
                yield from _named(step, _names_before(part, number, names) if number else names)
    elif hasattr(part, "transformers_"):  # of columns, whose names are no names of terms
        for _, step, _ in part.transformers_:
            if not isinstance(step, LDA):  # a table brings its names along
                yield from _named(step, None)
    else:
        for _, step in getattr(part, "transformer_list", ()):
            yield from _named(step, names)


def _may_hold_topics(step: object) -> bool:
    kinds = ("steps", "transformers_", "transformer_list")
    return isinstance(step, LDA) or any(hasattr(step, name) for name in kinds)


def _names_before(pipeline: Any, number: int, names: Any) -> Any:  # noqa: ANN401
    """Names of the columns that the first steps of a pipeline make."""
    try:
        return pipeline[:number].get_feature_names_out(names)
    except AttributeError as error:
        if isinstance(error, ValueError):  # scikit-learn's NotFittedError is both
            raise
        raise ValueError(
            f"the steps before the LDA have no names for their columns ({error}); give them by LDA.name_terms"
        ) from None
