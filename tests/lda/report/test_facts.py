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
    phrases = Recipe(phrases="npmi", phrase_pairs=(("new", "york"),), ngram_range=(1, 2))
    assert recipe_in_words(phrases.to_dict()) == (
        "words of two letters or more, in lower case, 1 pair of words joined to phrases (npmi above 0.5, at least 5 "
        "times), runs of 1 to 2 words"
    )
    made = Recipe(tokenizer="chinese", made_with=("rjieba 0.2.2",), terms_of=("a",))
    assert recipe_in_words(made.to_dict()) == (
        "words as the segmenter for chinese cuts them, in lower case, only terms that were given, with rjieba 0.2.2"
    )
    german = Recipe(pattern="words", stem="german", split_compounds="german", normalize="hindi")
    assert recipe_in_words(german.to_dict()) == (
        "words between the word boundaries of Unicode, in lower case, compounds in parts, spellings of hindi counted "
        "as one, words of one stem (german) counted as one"
    )
    assert recipe_in_words(Recipe(tokenizer="spacy").to_dict()).startswith(
        "words as the Python function spacy"
    )
