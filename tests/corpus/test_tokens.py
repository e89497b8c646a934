"""Text to tokens: patterns, Unicode, stop words, n-grams, pruning."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from texts import tokens

from lda.corpus import DataError, Recipe, as_corpus, read_corpus, resolve_stop_words
from lda.corpus.arrow import strings
from lda.corpus.batches import count_terms
from lda.corpus.text.patterns import compile_pattern
from lda.corpus.text.recipe import DEFAULT_PATTERN
from lda.corpus.text.stop_words import ENGLISH, LANGUAGES, stop_words
from lda.corpus.text.tokenizer import TextTokenizer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lda.corpus import Corpus


def read(path: Path, texts: Sequence[str], **options: object) -> Corpus:
    file = path / "texts.txt"
    file.write_text("\n".join(texts) + "\n", encoding="utf-8")
    return read_corpus([file], recipe=Recipe(**options))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The end. A 2nd start_up, e-mail!", ["the", "end", "nd", "start", "up", "mail"]),
        ("", []),
        ("x 1 _ !", []),
        ("Übergrößen; naïve ÉTÉ", ["übergrößen", "naïve", "été"]),
        ("Привет, МИР", ["привет", "мир"]),
        ("你好世界。再见", ["你好世界", "再见"]),
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),
        ("caf\u0065\u0301 caf\u00e9", ["café", "café"]),  # an accent on its own and in one character
        ("\u0301ab a\u0301", ["ab"]),  # a mark begins no word; a letter and its mark are one letter
        ("don\u2019t isn't", ["don", "isn"]),
        ("tab\tline\nfeed\u00a0space\x0bend", ["tab", "line", "feed", "space", "end"]),
    ],
)
def test_words_of_any_script(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


@settings(deadline=None)  # the first call writes out the Unicode properties
@given(st.lists(st.text(max_size=40), min_size=1, max_size=6))
def test_fast_path_equals_the_regular_expression(texts: list[str]) -> None:
    # The properties of one character may differ between the Unicode versions of Python and arrow.
    texts = ["".join(c if unicodedata.category(c) != "Cn" else " " for c in text) for text in texts]
    texts = [text.encode("utf-8", "ignore").decode() for text in texts]
    fast = TextTokenizer(Recipe())(strings(texts), strings(texts))
    slow = TextTokenizer(Recipe(pattern=f"(?:{DEFAULT_PATTERN})"))(strings(texts), strings(texts))
    np.testing.assert_array_equal(fast.doc_offsets, slow.doc_offsets)
    assert fast.terms is not None
    assert slow.terms is not None
    assert [fast.terms[w] for w in fast.words] == [slow.terms[w] for w in slow.words]


def test_own_pattern_and_case() -> None:
    assert tokens("C3PO met R2D2", Recipe(pattern=r"\w+", lowercase=False)) == ["C3PO", "met", "R2D2"]
    assert tokens("k=v a=b", Recipe(pattern=r"(\w)=")) == ["k", "a"]
    assert tokens("aXbXXc", Recipe(pattern=r"[^\p{Lu}]*", lowercase=False)) == ["a", "b", "c"]


def test_properties_inside_and_outside_of_classes() -> None:
    assert compile_pattern(r"\p{Lu}\pL+").findall("Ab éÉa Éé") == ["Ab", "Éa", "Éé"]
    assert compile_pattern(r"[\p{N}\]x]+").findall("12]x y٣") == ["12]x", "٣"]
    assert compile_pattern(r"[]\P{L}]+").findall("a]1b") == ["]1"]
    assert compile_pattern(r"\\p{1}").pattern == r"\\p{1}"
    with pytest.raises(re.error, match="unknown Unicode property"):
        compile_pattern(r"\p{Xx}")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pattern": "("}, "not a regular expression"),
        ({"pattern": r"(a)(b)"}, "2 groups"),
        ({"min_df": 0}, "at least 1"),
        ({"max_df": 1.5}, "share"),
        ({"max_features": 0}, "at least 1"),
        ({"ngram_range": (2, 1)}, "ngram_range"),
    ],
)
def test_recipe_refuses_what_cannot_be_right(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Recipe(**options)  # type: ignore[arg-type]


def test_recipe_survives_json() -> None:
    import json

    recipe = Recipe(text="a,b", stop_words=("x", "y"), min_df=2, max_df=0.5, ngram_range=(1, 3))
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe


def test_own_tokenizer(tmp_path: Path) -> None:
    assert tokens("A b", tokenizer=str.split) == ["A", "b"]
    with pytest.raises(DataError, match="must return a list of strings"):
        tokens("x", tokenizer=lambda text: text)  # type: ignore[arg-type, return-value]
    (tmp_path / "a.txt").write_text("A b\nA\n")
    corpus = read_corpus([tmp_path / "a.txt"], tokenizer=str.split)
    assert corpus.vocabulary == ["A", "b"]
    assert corpus.recipe is not None
    with pytest.raises(DataError, match=r"function str\.split"):
        TextTokenizer(corpus.recipe)


def test_stop_words_pass_through_the_tokenizer() -> None:
    assert tokens("Isn't it the cat?", Recipe(stop_words="english")) == ["cat"]
    assert tokens("the cat sat", Recipe(stop_words=("Cat",))) == ["the", "sat"]
    assert tokens("le chat et la souris", Recipe(stop_words="fr")) == ["chat", "souris"]


def test_stop_lists(tmp_path: Path) -> None:
    assert {"the", "isn't", "of"} <= stop_words("en") == ENGLISH
    assert all(stop_words(code) for code in LANGUAGES.values())
    file = tmp_path / "stop.txt"
    file.write_text("\ufeffund\n\n# remark\noder \n", encoding="utf-8")
    assert resolve_stop_words(str(file)) == ("oder", "und")
    assert resolve_stop_words("German") == "de"
    with pytest.raises(ValueError, match=r"got 'klingon'; try .*english"):
        resolve_stop_words("klingon")


def test_missing_language_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "stopwordsiso", None)
    assert stop_words("en")
    with pytest.raises(DataError, match=r"pip install raylda\[text\]"):
        stop_words("fr")


def test_ngrams() -> None:
    made = tokens("new york city", Recipe(ngram_range=(1, 2)))
    assert made == ["new", "new york", "york", "york city", "city"]
    assert tokens("a1 bb cc dd", Recipe(ngram_range=(2, 3))) == ["bb cc", "bb cc dd", "cc dd"]
    assert tokens("cut the cake", Recipe(ngram_range=(2, 2), stop_words="en")) == ["cut cake"]


@given(st.lists(st.lists(st.sampled_from("abc"), max_size=5), min_size=1, max_size=5), st.integers(1, 4))
def test_ngrams_stay_within_documents(documents: list[list[str]], size: int) -> None:
    texts = strings([" ".join(words) for words in documents])
    batch = TextTokenizer(Recipe(ngram_range=(size, size)), str.split)(texts, texts)
    assert batch.terms is not None
    for i, words in enumerate(documents):
        made = [batch.terms[w] for w in batch.words[batch.doc_offsets[i] : batch.doc_offsets[i + 1]]]
        assert made == [" ".join(words[j : j + size]) for j in range(len(words) - size + 1)]


@given(st.lists(st.lists(st.integers(0, 4), max_size=6), min_size=1, max_size=6))
def test_frequencies(documents: list[list[int]]) -> None:
    offsets = np.cumsum([0, *map(len, documents)]).astype(np.int64)
    words = np.array([word for document in documents for word in document], dtype=np.int32)
    tokens_of, documents_with = count_terms(offsets, words, 5)
    assert tokens_of.tolist() == [sum(document.count(word) for document in documents) for word in range(5)]
    assert documents_with.tolist() == [sum(word in document for document in documents) for word in range(5)]


def test_vocabulary_order_and_limits(tmp_path: Path) -> None:
    texts = ["bb aa aa", "aa bb", "cc bb", "dd"]
    assert read(tmp_path, texts).vocabulary == ["aa", "bb", "cc", "dd"]
    assert read(tmp_path, texts, min_df=2).vocabulary == ["aa", "bb"]
    assert read(tmp_path, texts, min_df=0.5).vocabulary == ["aa", "bb"]
    assert read(tmp_path, texts, max_df=2).vocabulary == ["aa", "cc", "dd"]
    assert read(tmp_path, texts, max_df=0.5).vocabulary == ["aa", "cc", "dd"]
    assert read(tmp_path, texts, max_df=1).vocabulary == ["cc", "dd"]
    assert read(tmp_path, texts, max_features=3).vocabulary == ["aa", "bb", "cc"]
    pruned = read(tmp_path, texts, min_df=2)
    assert (pruned.n_documents, pruned.n_empty_documents, pruned.n_tokens) == (4, 1, 6)
    assert pruned.document_frequencies.tolist() == [2, 3]


def test_stop_word_share(tmp_path: Path) -> None:
    assert read(tmp_path, ["the cat", "of dogs"]).stop_word_share == 0.5
    assert as_corpus(np.eye(2)).stop_word_share is None
