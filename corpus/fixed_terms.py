"""Terms that a corpus has before it is built: those of another corpus, of a file, or given as they are."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from lda.corpus.corpus import Corpus
from lda.corpus.errors import DataError
from lda.corpus.files.manifest import is_corpus_folder
from lda.corpus.presentable import without_keys
from lda.corpus.readers.vocabulary_file import read_vocabulary
from lda.corpus.storage.places import is_uri
from lda.corpus.terms import check_terms
from lda.corpus.text.recipe import DIGEST, terms_digest
from lda.corpus.text.term_keys import TermKeys, has_keys

if TYPE_CHECKING:
    from lda.corpus.text.recipe import Recipe


def fixed_terms(recipe: Recipe) -> tuple[Recipe, list[str] | None]:
    """The recipe with its terms remembered by their digest, and these, (V,) in their order; None where none are fixed.

    A recipe that joins phrases gets those of the corpus that the terms come from.

    Raises:
        DataError: there is no such corpus or file, it is damaged, two of its terms count as one by the recipe, or
            phrases are wanted and there are none.
    """
    given = recipe.terms_of
    if given is None:
        return recipe, None
    pairs = recipe.phrase_pairs
    if isinstance(given, str):
        if DIGEST.fullmatch(given):
            raise DataError(
                "the terms of this recipe were those of another corpus, of which it has the digest only; name that "
                "corpus, or its model: terms_of= (--terms-of)"
            )
        source = f"the vocabulary of {without_keys(given)}"
        terms, of_source = named_terms(given)
        if pairs is None and of_source is not None:
            pairs = of_source.phrase_pairs
    else:
        source, terms = "the vocabulary", check_terms(given, len(given))
    if recipe.phrases is not None and pairs is None:
        raise DataError(
            f"{source} comes without phrases, and phrases of these documents would mostly be none of its terms; leave "
            "out phrases, or give a corpus or model that has some"
        )
    _check_keys(recipe, terms, source)
    pairs = pairs if recipe.phrases is not None else None
    return dataclasses.replace(recipe, terms_of=terms_digest(terms), phrase_pairs=pairs), terms


def named_terms(place: str) -> tuple[list[str], Recipe | None]:
    """The terms of a corpus or of a file with one a line, and how the former's text became them.

    Raises:
        DataError: there is neither, or it is damaged.
    """
    if is_uri(place) or is_corpus_folder(place):
        corpus = Corpus.open(place)
        return corpus.vocabulary, corpus.recipe
    if Path(place).is_dir():
        if (Path(place) / "model.json").is_file():
            raise DataError(
                f"{without_keys(place)} is a model; give its terms: terms_of=tuple(lda.load(...).vocabulary)"
            )
        raise DataError(
            f"{without_keys(place)} is neither a corpus nor a file with one term a line; name one of them, or a model"
        )
    return read_vocabulary(place), None


def _check_keys(recipe: Recipe, terms: list[str], source: str) -> None:
    if not has_keys(recipe):
        return
    known: dict[str, str] = {}
    for key, term in zip(TermKeys(recipe)(terms), terms, strict=True):
        if (other := known.setdefault(key, term)) != term:
            raise DataError(
                f"{source} has {other!r:.40} and {term!r:.40}, which count as one by stem, lemmatize or normalize; "
                "leave that out, or one of the terms"
            )
