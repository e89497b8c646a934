"""The recipe by which the text of a model became words, for the text of new documents."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from lda.corpus.errors import DataError

if TYPE_CHECKING:
    from lda.corpus import Recipe
    from lda.model.run_record import RunRecord


class Recorded(Protocol):
    """A model that remembers its run."""

    @property
    def record(self) -> RunRecord:
        """The facts of the run."""
        ...


def own_recipe(model: Recorded) -> Recipe | None:
    """The recipe of the model's text; None of one that was fitted to counts or token lists. Raises `DataError`."""
    return recorded_recipe(model.record.recipe)


def recorded_recipe(values: dict[str, Any] | None) -> Recipe | None:
    """The recipe that a model has recorded, None where it has none. Raises `DataError`."""
    from lda.corpus import Recipe

    try:
        return None if values is None else Recipe.from_dict(values)
    except (TypeError, ValueError) as error:
        raise DataError(f"the model says of its words what cannot be: {error!s:.400}; fit it again") from None


def recipe_of(model: Recorded, *, tokenizer: str | None = None, **fields: str | None) -> Recipe:
    """The recipe of the model's own text, with the names of fields (`text`, `id`) that are given.

    tokenizer: where the user says that the function which cut the model's text is to be imported from; it must be the
    place that the model names.

    Raises:
        DataError: a Python function made the model's words that was passed itself, or is not named now; another one is
            named; or the pattern cannot be used.
    """
    from lda.corpus import Recipe
    from lda.corpus.text.chosen_tokenizer import released

    recipe = own_recipe(model) or Recipe()
    if recipe.cut_by_function:
        raise DataError(
            f"the model's words were made by the Python function {recipe.tokenizer!r}, which a model cannot hold; "
            "use transform_texts of LDA in Python with the same function"
        )
    recipe = replace(released(recipe, tokenizer), terms_of=None)  # which are the model's
    return replace(recipe, **{name: value for name, value in fields.items() if value is not None})  # type: ignore[arg-type]
