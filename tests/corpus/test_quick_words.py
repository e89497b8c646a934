"""Words of one text without Arrow: those that `TextTokenizer` finds with it, whatever the text and the recipe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lda.corpus import DataError, Recipe
from lda.corpus.arrow import strings
from lda.corpus.text.quick_words import QuickWords
from lda.corpus.text.tokenizer import TextTokenizer

if TYPE_CHECKING:
    from lda.corpus.text.tokenizer import Tokenizer


def halves(text: str) -> list[str]:
    """A tokeniser of strange habits: empty words, and words with blanks."""
    return [text[:3], "", text[3:9], "of the"]


RECIPES: dict[str, tuple[Recipe, Tokenizer | None]] = {
    "plain": (Recipe(), None),
    "as written": (Recipe(lowercase=False), None),
    "stop words": (Recipe(stop_words=("the", "isn't", "été")), None),
    "runs": (Recipe(ngram_range=(1, 3)), None),
    "longer runs alone": (Recipe(ngram_range=(2, 2), stop_words=("aa",)), None),
    "phrases": (Recipe(phrases="npmi", phrase_pairs=(("aa", "aa"), ("ab", "ba"), ("été", "ab"))), None),
    "html": (Recipe(strip="html", ngram_range=(1, 2)), None),
    "compounds": (Recipe(split_compounds="german", ngram_range=(1, 2)), None),
    "function": (Recipe(tokenizer="halves", stop_words=("of the",)), halves),
    "pattern": (Recipe(pattern="[a-c]"), None),
}
CUT: dict[str, tuple[TextTokenizer, QuickWords]] = {}
LATIN = st.sampled_from("aAbBàÀéÉßÿŸıİſǅǆȺⱥʼ \t\n.,’“–\u00ad\u200c\u0301µªº²<>&;'-_09")
OTHERS = st.one_of(
    LATIN, st.characters(max_codepoint=0x2800), st.sampled_from("МирйЁΑθήςσΣ😀🏽❤\ufe0f\u200d€→שָׁ")
)
TEXTS = st.one_of(
    st.text(LATIN),
    st.text(OTHERS),
    st.text(),
    st.lists(st.sampled_from(["aa", "ab", "ba", "été", "the"])).map(" ".join),
)


def cut(name: str) -> tuple[TextTokenizer, QuickWords]:
    if name not in CUT:
        recipe, function = RECIPES[name]
        tokenizer = TextTokenizer(recipe, function)
        CUT[name] = (tokenizer, QuickWords(recipe, tokenizer))
    return CUT[name]


@pytest.mark.parametrize("name", [name for name in RECIPES if name != "pattern"])
@settings(deadline=None, max_examples=50)
@given(text=TEXTS)
@example(text="Caf\u00e9 au\u00ad lait \u2013 l\u2019\u00e9t\u00e9 isn't it? x Arbeitsmarktpolitik")
@example(text="\u0130stanbul \u03a3\u0391\u03a3 e\u0301te\u0301 \u1e9e\u01c5")
@example(text="<b>bread</b> &amp; butter &eacute;t&eacute;<br>ab<i>ba</i>")
@example(text="aa aa aa ab ba \x1c\x85\u2028 ab")
def test_the_words_are_those_of_arrow(name: str, text: str) -> None:
    slow, quick = cut(name)
    found = quick(text)
    if found is None:
        assert not text.isascii() or name == "html"  # an entity may stand for anything
        return
    _, words, terms = slow.uncounted(strings([text]))
    assert found == [terms[word] for word in words.tolist()]


def test_what_is_known_and_what_is_left_to_arrow() -> None:
    quick = cut("plain")[1]
    assert quick("Peace, and trade; with 2 nations: a\u00ad\u00ad.") == [
        "peace",
        "and",
        "trade",
        "with",
        "nations",
    ]
    assert quick("L\u2019\u00c9t\u00e9 \u2013 \u0152uvre") == ["\u00e9t\u00e9", "\u0153uvre"]
    assert quick("\u041c\u0438\u0440! \U0001f600 \u0391\u03b8\u03ae\u03bd\u03b1") == ["мир", "αθήνα"]
    for text in (
        "\u0130a",
        "e\u0301te",
        "\u039f\u0394\u039f\u03a3",
        "\u4e2d\u6587",
        "\u2764\ufe0f",
        "\ud800",
    ):
        assert quick(text) is None
    assert cut("pattern")[1]("abc") is None


def test_a_function_that_returns_no_words() -> None:
    recipe = Recipe(tokenizer="wrong")
    for wrong, told in ((lambda _: "text", "must return a list"), (lambda _: [1], "must return a list")):
        function: Any = wrong
        with pytest.raises(DataError, match=told):
            QuickWords(recipe, TextTokenizer(recipe, function))("text")
    half: Any = lambda _: ["\ud800"]  # noqa: E731
    assert QuickWords(recipe, TextTokenizer(recipe, half))("text") is None
