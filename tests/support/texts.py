"""Texts as the tokens that a recipe makes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lda.corpus import Recipe
from lda.corpus.arrow import strings
from lda.corpus.text.tokenizer import TextTokenizer

if TYPE_CHECKING:
    from lda.corpus.text.tokenizer import Tokenizer


def tokens(text: str, recipe: Recipe | None = None, tokenizer: Tokenizer | None = None) -> list[str]:
    batch = TextTokenizer(recipe or Recipe(), tokenizer)(strings([text]), strings(["0"]))
    assert batch.terms is not None
    return [batch.terms[word] for word in batch.words]
