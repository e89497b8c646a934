"""What cuts the text of a recipe: a pattern, a segmenter, a function that is imported, or one that was passed."""

from __future__ import annotations

import dataclasses
import warnings
from typing import TYPE_CHECKING

from lda.corpus.errors import DataError
from lda.corpus.presentable import presentable
from lda.corpus.text.imported_function import (
    check_tokenizer_name,
    distribution_of,
    imported_function,
    package_version,
)
from lda.corpus.text.segmenters import SEGMENTERS, Segmenter

if TYPE_CHECKING:
    from lda.corpus.text.imported_function import Tokenizer
    from lda.corpus.text.recipe import Recipe


def chosen_tokenizer(recipe: Recipe, given: Tokenizer | str | None) -> Tokenizer | Segmenter | None:
    """What cuts the text; None for the pattern of the recipe.

    given: a function, or the name by which the user says what is to be imported.

    Raises:
        DataError: the recipe names a function that is not given, and cannot or may not be imported; or it names another
            one than is given; or it cannot be imported.
    """
    if given is not None and not isinstance(given, str):
        return given
    name = recipe.tokenizer
    if name is not None and recipe.cut_by_function:
        raise DataError(f"the text was split by the function {name}; pass it again as tokenizer=")
    check_named(recipe, given)
    if name is None:
        return None
    return SEGMENTERS[name] if name in SEGMENTERS else imported_function(name)


def check_named(recipe: Recipe, given: str | None) -> None:
    """See that the user names what is to be imported for a recipe that was read from a file, and nothing else.

    Raises:
        DataError: nothing is named where it should be, or something else than the recipe has.
    """
    name = recipe.tokenizer
    if given is not None and given != name:
        made = "by the pattern of its recipe" if name is None else f"by {name}"
        raise DataError(f"the text was cut {made}, got the tokenizer {given}; leave it out, or give that one")
    if given is None and recipe.imports and recipe.recorded:
        made = f" ({', '.join(recipe.made_with)})" if recipe.made_with else ""
        raise DataError(
            f"the text was cut by {name}{made}, and no file has code imported by itself; if you trust that function, "
            f"name it: --tokenizer {name} (tokenizer= in Python)"
        )


def released(recipe: Recipe, given: str | None) -> Recipe:
    """A recipe that was read from a file, with the user's leave to import what it names; warns of other versions.

    given: what the user names.

    Raises:
        DataError: as `check_named`.
    """
    check_named(recipe, given)
    warn_of_other_versions(recipe)
    return recipe if given is None else dataclasses.replace(recipe, recorded=False)


def settled(recipe: Recipe, given: Tokenizer | str | None = None) -> tuple[Recipe, Tokenizer | None]:
    """The recipe as a corpus remembers it, and the function that was passed, if one was.

    given: a function, or what names one or a segmenter, as `Recipe.tokenizer` does.

    Raises:
        DataError: a package is missing, or what is named cannot be imported.
        ValueError: there is no such tokenizer.
    """
    function: Tokenizer | None = None
    if isinstance(given, str):
        if recipe.tokenizer not in (None, given):
            raise ValueError(
                f"the recipe has the tokenizer {recipe.tokenizer}, got tokenizer {given}, too; leave one of them out"
            )
        recipe = dataclasses.replace(recipe, tokenizer=given)
    elif given is not None:
        function = given
        name = getattr(given, "__qualname__", type(given).__name__)
        if name in SEGMENTERS:  # which would be taken for ours
            name = f"{getattr(given, '__module__', '')}.{name}"
        return dataclasses.replace(recipe, tokenizer=name, made_with=made_with(recipe)), function
    if recipe.tokenizer is not None:
        check_tokenizer_name(recipe.tokenizer)
    return dataclasses.replace(recipe, made_with=made_with(recipe)), None


def made_with(recipe: Recipe) -> tuple[str, ...] | None:
    """The packages that the words of a recipe come from, with the versions that are installed; None for none."""
    packages: list[str] = []
    found: list[str] = []
    if recipe.tokenizer in SEGMENTERS:
        packages += SEGMENTERS[recipe.tokenizer].packages
    elif recipe.imports and recipe.tokenizer is not None:
        found.append(distribution_of(recipe.tokenizer))
    if recipe.stem is not None:
        packages.append("PyStemmer")
    if recipe.lemmatize is not None or recipe.split_compounds is not None:
        packages.append("simplemma")
    return tuple(found + [package_version(package) for package in packages]) or None


def warn_of_other_versions(recipe: Recipe) -> None:
    """Say so if the words of a model came from other versions of packages than are installed."""
    now = made_with(recipe)
    if not recipe.recorded or recipe.made_with is None or now is None or now == recipe.made_with:
        return
    changed = [
        f"{then}, here {here}" for then, here in zip(recipe.made_with, now, strict=False) if then != here
    ]
    warnings.warn(
        presentable(
            f"the words of the model were made with {'; '.join(changed)[:300]}: the same text may give other words"
        ),
        stacklevel=2,
    )
