"""A recipe in words."""

from __future__ import annotations

from lda.corpus import Recipe
from lda.report.facts import recipe_in_words


def test_recipe_in_words() -> None:
    assert recipe_in_words(None) == "counts or tokens, taken as they were"
    assert recipe_in_words(Recipe().to_dict()) == "words of two letters or more, in lower case"
    recipe = Recipe(
        text="title,body", stop_words="en", min_df=3, max_df=0.5, ngram_range=(1, 2), strip="html"
    )
    assert recipe_in_words(recipe.to_dict()) == (
        "words of the field title,body of two letters or more, in lower case, html taken out, without the stop "
        "words of 'en', runs of 1 to 2 words, in at least 3 documents, in at most 50 % of the documents"
    )
    other = Recipe(pattern=r"\w+", lowercase=False, stop_words=("a", "b"), max_features=1000, max_df=1)
    assert recipe_in_words(other.to_dict()) == (
        r"words that match \w+, without 2 stop words, in at most 1 document, the 1,000 most frequent ones"
    )
    assert recipe_in_words(Recipe(tokenizer="spacy").to_dict()).startswith(
        "words as the Python function spacy"
    )
