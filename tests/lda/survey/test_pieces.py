"""Texts in pieces: they join to the text, and show the known tokens with the topics inferred for them."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from texts import tokens

from lda.corpus import Recipe
from lda.survey.described_documents import KeptText
from lda.survey.pieces import CutTexts
from lda.survey.sources import documents_of

if TYPE_CHECKING:
    from lda.corpus.text.tokenizer import Tokenizer
    from lda.survey.survey import Piece

VOCABULARY = [
    "straße",
    "été",
    "the cat",
    "cat",
    "the",
    "cat sat",
    "the cat sat",
    "istanbul",
    "co",
    "R2D2",
    "a",
]


def pieces(
    text: str | list[str],
    recipe: Recipe,
    tokenizer: Tokenizer | None = None,
    vocabulary: list[str] = VOCABULARY,
    words: list[str] | None = None,
) -> tuple[tuple[Piece, ...], bool, Counter[tuple[int, int]]]:
    """The pieces, whether they are the text, and how often each term has each topic. Token i of a term gets topic i."""
    if words is None:
        words = tokens(text, recipe, tokenizer) if isinstance(text, str) else text
    ids = np.array([vocabulary.index(word) for word in words if word in vocabulary], dtype=np.int32)
    ordered = np.sort(ids)
    z = np.arange(len(ids)) - np.searchsorted(ordered, ordered)
    source = documents_of(texts=[""], recipe=recipe, tokenizer=tokenizer)
    ((found, whole),) = CutTexts(source, vocabulary).pieces([KeptText(text, ids)], [(ordered, z)])
    return found, whole, Counter(zip(ordered.tolist(), z.tolist(), strict=True))


def joined(found: tuple[Piece, ...]) -> str:
    return "".join(piece.text for piece in found)


WORDS = st.sampled_from(
    [
        "Straße",
        "STRASSE",
        "e\u0301te\u0301",
        "ÉTÉ",
        "the",
        "The",
        "cat",
        "sat",
        "İstanbul",
        "co\u00adop",
        "R2D2",
        "a",
        "&amp;",
        "<b>",
        "x",
    ]
)
TEXTS = st.lists(st.tuples(WORDS, st.sampled_from([" ", "\n", "-", "", ", "]))).map(
    lambda pairs: "".join(word + gap for word, gap in pairs)
)


@settings(deadline=None, max_examples=50)
@given(
    TEXTS,
    st.sampled_from(["letters", "identifiers"]),
    st.booleans(),
    st.sampled_from([None, "html"]),
    st.sampled_from([(1, 1), (1, 3), (2, 2)]),
)
@example("The cat sat, the CAT", "letters", True, None, (1, 3))
def test_pieces_join_to_the_text(
    text: str, pattern: str, lowercase: bool, strip: str | None, ngram_range: tuple[int, int]
) -> None:
    recipe = Recipe(
        pattern=pattern, lowercase=lowercase, strip=strip, ngram_range=ngram_range, stop_words=("sat",)
    )
    found, whole, counted = pieces(text, recipe)
    assert not whole or joined(found) == text
    assert all(piece.text for piece in found)
    assert all(first.topic >= 0 or second.topic >= 0 for first, second in pairwise(found))
    known = [word for word in tokens(text, recipe) if word in VOCABULARY]
    shown = [piece.topic for piece in found if piece.topic >= 0]
    if ngram_range == (1, 1):
        before: Counter[str] = Counter()
        for topic, word in zip(shown, known, strict=True):  # token i of a term has topic i
            assert topic == before[word]
            before[word] += 1
        assert sum(counted.values()) == len(shown)
    else:
        assert len(shown) <= len(known)
        assert bool(shown) == bool(known)


def test_the_longest_run_is_shown() -> None:
    found, whole, _ = pieces("So the Cat  sat; cat", Recipe(ngram_range=(1, 3)))
    assert whole
    assert [(piece.text, piece.topic) for piece in found] == [
        ("So ", -1),
        ("the Cat  sat", 0),
        ("; ", -1),
        ("cat", 1),
    ]


def test_stop_words_are_plain() -> None:
    found, whole, _ = pieces("the cat", Recipe(stop_words=("the",)))
    assert whole
    assert [tuple(piece) for piece in found] == [("the ", -1), ("cat", 0)]


def test_a_function_whose_words_are_not_in_the_text() -> None:
    found, whole, _ = pieces("Das Kätzchen", Recipe(tokenizer="f"), lambda text: ["the", "cat"])
    assert not whole
    assert joined(found) == "the cat"
    assert [piece.topic for piece in found] == [0, -1, 0]


def test_lists_of_tokens_with_unknown_ones_among_them() -> None:
    found, whole, _ = pieces(["cat", "dog", "a", "cat"], Recipe())
    assert not whole
    assert [tuple(piece) for piece in found] == [("cat", 0), (" dog ", -1), ("a", 0), (" ", -1), ("cat", 1)]


def test_words_that_came_beside_the_text() -> None:
    vocabulary = ["Run", "cat!"]
    found, whole, _ = pieces("Running, the CAT!", Recipe(), None, vocabulary, ["Run", "cat!"])
    assert whole
    assert [tuple(p) for p in found] == [("Run", 0), ("ning, the ", -1), ("CAT!", 0)]
    lost, whole, _ = pieces("Going", Recipe(), None, vocabulary, ["Run", "cat!"])
    assert (joined(lost), whole) == ("Run cat!", False)


@pytest.mark.parametrize("text", ["", None])
def test_an_empty_text(text: Any) -> None:
    found, _, _ = pieces(text, Recipe(), words=[])
    assert found == ()


def test_a_text_with_markup_and_escapes_is_left_as_it_is() -> None:
    text = "<script>alert('cat')</script> \x1b[31m the \u202e cat"
    found, whole, _ = pieces(text, Recipe())
    assert whole
    assert joined(found) == text


def test_a_phrase_is_one_piece_with_all_that_stands_between_its_words() -> None:
    recipe = Recipe(phrases="npmi", phrase_pairs=(("secretary", "state"), ("new", "york")), stop_words="en")
    text = "The Secretary of State went to New\nYork, and the state of new things is new."

    found, whole, counted = pieces(
        text, recipe, vocabulary=["secretary_state", "new_york", "state", "new", "things"]
    )

    assert whole
    assert joined(found) == text
    assert [piece.text for piece in found if piece.topic >= 0] == [
        "Secretary of State", "New\nYork", "state", "new", "things", "new",
    ]  # fmt: skip
    assert counted[3, 1] == 1
