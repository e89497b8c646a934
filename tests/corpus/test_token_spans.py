"""Tokens in their text: those that are counted, where they stand, to the character."""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from texts import tokens

from lda.corpus import Recipe
from lda.corpus.arrow import strings
from lda.corpus.readers.ready_tokens import TOKENS
from lda.corpus.text.token_spans import SpannedText, TokenSpans
from lda.corpus.text.tokenizer import normalised


def spans(text: str, recipe: Recipe | None = None, tokenizer: object = None) -> SpannedText:
    (found,) = TokenSpans(recipe or Recipe(), tokenizer)(strings([text]))  # type: ignore[arg-type]
    return found


class Span(NamedTuple):
    start: int
    stop: int
    term: str


def listed(found: SpannedText) -> list[Span]:
    assert len(found.words) == len(found.starts) == len(found.stops)
    return [Span(*row) for row in zip(found.starts.tolist(), found.stops.tolist(), found.words, strict=True)]


def marked(text: str, recipe: Recipe | None = None, tokenizer: object = None) -> list[str]:
    """What is marked in the text, which must be whole."""
    found = spans(text, recipe, tokenizer)
    assert found.whole
    assert found.text == text
    return [text[span.start : span.stop] for span in listed(found)]


LETTERS = st.text(
    st.sampled_from(
        "abAB eé\u0301\u0308İßẞǅﬁ\u00adöO\u200d1_&;<>/bpamltscri!-가ᄀ\u1161\u11a8กำ \n\t\u0130\u03a3"
    )
)


@settings(deadline=None, max_examples=50)
@given(
    st.one_of(LETTERS, st.text(max_size=40)),
    st.sampled_from(["letters", "identifiers", r"\w+(?:'\w+)?"]),
    st.booleans(),
    st.sampled_from([None, "html"]),
)
@example("a&am<b>p;bc&lt;i&gt;x</i> <script>no</script>yes", "letters", True, "html")
@example("İstanbul STRASSE ß e\u0301te\u0301 co\u00adop", "letters", True, None)
def test_spans_are_those_of_the_tokens(text: str, pattern: str, lowercase: bool, strip: str | None) -> None:
    recipe = Recipe(pattern=pattern, lowercase=lowercase, strip=strip, stop_words=("ab", "am"))
    found = spans(text, recipe)
    assert [span.term for span in listed(found)] == tokens(text, recipe)
    ends = [0] + [end for span in listed(found) for end in (span.start, span.stop)] + [len(found.text)]
    assert ends == sorted(ends)
    assert all(span.start < span.stop for span in listed(found))
    if found.whole:
        assert found.text == text
    if strip is None and found.whole:
        for span in listed(found):
            here = normalised(strings([found.text[span.start : span.stop]]), lowercase=lowercase)
            assert here[0].as_py().startswith(span.term)  # a mark may be left over


def test_case_that_changes_lengths() -> None:
    assert marked("İZMİR und STRASSE, straße") == ["İZMİR", "und", "STRASSE", "straße"]


def test_accents_typed_apart_and_soft_hyphens() -> None:
    assert marked("un e\u0301te\u0301 tre\u0300s co\u00adopératif") == [
        "un",
        "e\u0301te\u0301",
        "tre\u0300s",
        "co\u00adopératif",
    ]


def test_hangul_typed_apart() -> None:
    text = unicodedata.normalize("NFD", "한국어 문서 and more")
    assert [unicodedata.normalize("NFC", word) for word in marked(text)] == ["한국어", "문서", "and", "more"]


def test_markup() -> None:
    recipe = Recipe(strip="html", stop_words=("the",))
    text = "<p>H<sub>TwoO</sub> &amp; the caf&eacute;s<script>var ice;</script><br>R&D</p>"
    found = spans(text, recipe)
    assert found.whole
    assert [(span.term, text[span.start : span.stop]) for span in listed(found)] == [
        ("htwoo", "H<sub>TwoO"), ("cafés", "caf&eacute;s"),
    ]  # fmt: skip


def test_a_stop_word_is_not_where_a_token_is_sought() -> None:
    text = "The he, then HE"
    found = spans(text, Recipe(stop_words=("the",)))
    assert [(span.start, span.term) for span in listed(found)] == [(4, "he"), (8, "then"), (13, "he")]


def test_a_pattern_that_looks_around() -> None:
    text = "foo #foo bar#bar #x"
    found = spans(text, Recipe(pattern=r"(?<=#)\w+"))
    assert [span.start for span in listed(found)] == [5, 13, 18]
    grouped = spans("a=1, b=22", Recipe(pattern=r"\w=(\d+)"))
    assert [(span.start, span.term) for span in listed(grouped)] == [(2, "1"), (7, "22")]


def test_runs_of_words_span_what_stands_between_them() -> None:
    text = "King of  England's crown"
    recipe = Recipe(stop_words=("of",), ngram_range=(1, 2))
    found = spans(text, recipe)
    assert [span.term for span in listed(found)] == tokens(text, recipe)
    assert ("king england", "King of  England") in [(s.term, text[s.start : s.stop]) for s in listed(found)]


def test_functions() -> None:
    def stems(text: str) -> list[str]:
        return [word.lower().rstrip("s") for word in text.split() if word.lower() != "the"]

    assert marked("The he sees Cats", None, stems) == ["he", "see", "Cat"]
    assert marked("playing on", Recipe(), lambda text: ["play", "ing", "on"]) == ["play", "ing", "on"]
    lost = spans("Going home", None, lambda text: ["go", "house"])
    assert (lost.text, lost.whole) == ("go house", False)
    assert [lost.text[s.start : s.stop] for s in listed(lost)] == ["go", "house"]


def test_lists_of_tokens() -> None:
    lists = pa.array([["new york", "", "of", "gold"], []], TOKENS)
    first, second = TokenSpans(Recipe(stop_words=("of",), ngram_range=(1, 2)))(lists)
    assert (first.text, first.whole) == ("new york of gold", False)
    assert [(s.start, s.stop, s.term) for s in listed(first)] == [
        (0, 8, "new york"), (0, 16, "new york gold"), (12, 16, "gold"),
    ]  # fmt: skip
    assert (second.text, second.words) == ("", [])


@pytest.mark.parametrize("text", ["", " ", "12 34"])
def test_nothing_to_mark(text: str) -> None:
    found = spans(text)
    assert (found.text, listed(found), found.whole) == (text, [], True)
