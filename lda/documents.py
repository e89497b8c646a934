"""New documents, in whatever form, as batches of the model's own term ids."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from lda.corpus.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from lda.corpus import Corpus, DocumentBatch, Recipe
    from lda.evaluation import Evaluation
    from lda.model import Model


def batches_of(model: Evaluation, X: object) -> Iterator[DocumentBatch]:
    """Everything `as_corpus` takes, batch by batch, in the ids of the model's vocabulary.

    Terms are matched by name where both sides have names, else by position; terms that the model does not
    know are left out. Documents may be empty.

    Raises:
        DataError: a matrix without names has not the model's number of columns, or holds no counts.
        TypeError: the kind of object is wrong.
    """
    from lda.corpus import as_corpus, iter_corpus

    corpus = as_corpus(X, allow_empty=True)
    if corpus.ordered or (model.named_terms and _has_names(corpus)):
        return iter_corpus(corpus, model.vocabulary)
    exact = hasattr(X, "shape")  # gensim's pairs know only the highest id that occurs
    if corpus.n_terms != model.n_terms if exact else corpus.n_terms > model.n_terms:
        raise DataError(
            f"X has {corpus.n_terms} columns, but the model was fitted with {model.n_terms}; "
            "give the same columns in the same order, or name them in a table or a Corpus"
        )
    return iter_corpus(corpus, corpus.vocabulary)


def all_documents(model: Evaluation, X: object) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """All documents of X at once: (doc_offsets (D + 1,) int64, words (N,) int32). Raises as `batches_of`."""
    batches = list(batches_of(model, X))
    lengths = [np.diff(batch.doc_offsets) for batch in batches]
    doc_offsets = np.concatenate([[0], np.cumsum(np.concatenate([np.zeros(0, np.int64), *lengths]))])
    words = np.concatenate([np.zeros(0, np.int32), *(batch.words for batch in batches)])
    return doc_offsets.astype(np.int64), words.astype(np.int32, copy=False)


def recipe_of(model: Model, **fields: str | None) -> Recipe:
    """The recipe of the model's own text, with the names of fields (`text`, `id`) that are given.

    Raises:
        DataError: a Python function made the model's words, or its pattern cannot be used.
    """
    from lda.corpus import Recipe

    try:
        recipe = Recipe() if model.record.recipe is None else Recipe.from_dict(model.record.recipe)
    except (TypeError, ValueError) as error:
        raise DataError(f"the model says of its words what cannot be: {error!s:.400}; fit it again") from None
    if recipe.tokenizer is not None:
        raise DataError(
            f"the model's words were made by the Python function {recipe.tokenizer!r}, which a model cannot hold; "
            "use LDA in Python with the same function"
        )
    return replace(recipe, **{name: value for name, value in fields.items() if value is not None})  # type: ignore[arg-type]


def _has_names(corpus: Corpus) -> bool:
    from lda.model import has_names

    return has_names(corpus.vocabulary)
