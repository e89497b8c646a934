"""Raw texts of new documents, cut into words as the model's own text was."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

import numpy as np

from lda.model.text_recipe import Recorded, own_recipe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy.typing as npt

    from lda.cluster import FrozenModel
    from lda.corpus import Recipe
    from lda.corpus.text.tokenizer import Tokenizer


class OfTexts(Recorded, Protocol):
    """A model whose terms are words."""

    @property
    def vocabulary(self) -> list[str]:
        """The V terms."""
        ...

    @property
    def named_terms(self) -> bool:
        """Whether the terms are names, not just numbers of columns."""
        ...


def topics_of_texts(
    model: OfTexts,
    frozen: Callable[[], FrozenModel],
    texts: Iterable[str | None],
    *,
    tokenizer: Tokenizer | str | None,
    seed: int,
    threads: int | None,
) -> npt.NDArray[np.float32]:
    """Topic proportions (D, K) of texts. frozen: called once the arguments are found good. Raises as `recipe_for`."""
    from lda.corpus.stream import iter_texts
    from lda.evaluation.documents import tell_of_unknown

    recipe = recipe_for(model, tokenizer)
    batches = iter_texts(
        texts, recipe=recipe, vocabulary_terms=model.vocabulary, tokenizer=tokenizer, threads=threads or None
    )
    language = frozen()
    found = [np.zeros((0, language.n_topics), dtype=np.float32)]
    n_known = n_unknown = 0
    for batch in batches:
        found.append(language.transform(batch.doc_offsets, batch.words, seed=seed))
        n_known += len(batch.words)
        n_unknown += batch.n_unknown
    tell_of_unknown(n_known, n_unknown)
    return np.concatenate(found)


def words_of_texts(
    model: OfTexts, texts: Iterable[str | None], *, tokenizer: Tokenizer | str | None
) -> list[list[str]]:
    """The words of each text. Raises as `recipe_for`."""
    from lda.corpus.stream import tokenized_texts

    found = []
    batches = tokenized_texts(
        texts,
        recipe=recipe_for(model, tokenizer),
        tokenizer=tokenizer,
        vocabulary_terms=model.vocabulary,
    )
    for batch in batches:
        terms = batch.terms or []
        words = [terms[number] for number in batch.words.tolist()]
        offsets = batch.doc_offsets.tolist()
        found += [words[start:stop] for start, stop in pairwise(offsets)]
    return found


def recipe_for(model: OfTexts, tokenizer: Tokenizer | str | None) -> Recipe:
    """The recipe by which raw text becomes words of the model. Raises as `usable_recipe`."""
    return usable_recipe(own_recipe(model), tokenizer, named_terms=model.named_terms)


def usable_recipe(recipe: Recipe | None, tokenizer: Tokenizer | str | None, *, named_terms: bool) -> Recipe:
    """The recipe of a model, or one for the tokenizer given, as it may be applied to raw text.

    Raises:
        TypeError: `tokenizer` is no function, and does not name one.
        ValueError: the model has no recipe and no `tokenizer` is given, or the two do not go together.
    """
    from lda.corpus import Recipe
    from lda.corpus.text.chosen_tokenizer import released
    from lda.corpus.text.imported_function import names_tokenizer

    named = isinstance(tokenizer, str) and names_tokenizer(tokenizer)
    if tokenizer is not None and not named and not callable(tokenizer):
        raise TypeError(
            f"tokenizer must be a function from a text to a list of words, got {tokenizer!r:.60}; "
            "give that of the fit, or where it is imported from (package.module:function)"
        )
    if not named_terms:
        raise ValueError(
            "the model's terms are numbers of columns, not words, so no text can be cut into them; "
            "give counts to transform(X), or fit with the names of the columns"
        )
    if recipe is None:
        if tokenizer is None:
            raise ValueError(
                "the model was fitted to counts or token lists, so it does not know how text becomes words; give "
                "token lists to transform(X), or tokenizer=, the function that made them"
            )
        return Recipe(tokenizer=tokenizer) if isinstance(tokenizer, str) else Recipe()
    if isinstance(tokenizer, str | None) and recipe.cut_by_function:
        raise ValueError(
            f"the model's words were made by the Python function {recipe.tokenizer!r}, which a model cannot hold; "
            "pass it as tokenizer="
        )
    if not isinstance(tokenizer, str | None) and not (recipe.cut_by_function or recipe.imports):
        raise ValueError(
            f"the model's text was cut by the pattern of its recipe, not by a function, got tokenizer "
            f"{tokenizer!r:.60}; leave it out"
        )
    return released(recipe, tokenizer) if isinstance(tokenizer, str | None) else recipe
