"""Words of languages that need more than a pattern."""

from __future__ import annotations

import json
from importlib import metadata
from typing import TYPE_CHECKING

import pytest
from texts import tokens

from lda.corpus import DataError, Recipe, build_corpus, read_corpus
from lda.corpus.arrow import strings
from lda.corpus.text.segmenters import SEGMENTERS, imported
from lda.corpus.text.token_spans import TokenSpans

if TYPE_CHECKING:
    from pathlib import Path

SEGMENTED = {
    "chinese": (
        "政府宣布新的经济政策，希望在１９９９年降低失业率。ＧＤＰ。新增三百张",
        [
            "政府",
            "宣布",
            "新",
            "的",
            "经济",
            "政策",
            "希望",
            "在",
            "年",
            "降低",
            "失业率",
            "gdp",
            "新增",
            "张",
        ],
    ),
    "japanese": (
        "医者は患者に薬を三つ飲ませた。彼女は東京へ行った。ﾃﾞｰﾀ",
        ["医者", "患者", "薬", "飲む", "彼女", "東京", "行く", "データ"],
    ),
    "korean": (
        "의사가 환자에게 약을 주었다. 학생들이 학교에서 공부합니다.",
        ["의사", "환자", "약", "주다", "학생", "학교", "공부"],
    ),
    "thai": (
        "รัฐบาลกำลังประกาศนโยบายน้ำใหม่ ๑๒๓",  # with the vowel am, which NFKC takes apart
        ["รัฐบาล", "กำลัง", "ประกาศ", "นโยบาย", "น้ำ", "ใหม่"],
    ),
    "words": (
        "Don't stop: the naïve can’t spend 3.14 on foo_bar",
        ["don't", "stop", "the", "naïve", "can’t", "spend", "on", "foo_bar"],
    ),
}
"""A text, and its words: written in another width, numbers are no words."""


def needs(*packages: str) -> None:
    for package in packages:
        try:
            metadata.version(package)
        except metadata.PackageNotFoundError:
            pytest.skip(f"needs {package}, of the extra languages")


@pytest.mark.parametrize("name", SEGMENTERS)
def test_a_segmenter_finds_the_words(name: str, tmp_path: Path) -> None:
    needs(*SEGMENTERS[name].packages)
    text, expected = SEGMENTED[name]

    assert tokens(text, Recipe(tokenizer=name)) == expected

    # The same in several threads, on long texts, and told with versions.
    file = tmp_path / "texts.txt"
    file.write_text(f"{text} {text}\n" * 40, encoding="utf-8")
    recipe = Recipe(tokenizer=name, stop_words=(expected[0],))
    one, several = (read_corpus([file], recipe=recipe, threads=threads) for threads in (1, 3))
    assert one.content_hash == several.content_hash
    assert sorted(one.vocabulary) == sorted({*expected} - {expected[0]})
    assert one.recipe is not None
    assert one.recipe.made_with == tuple(
        f"{package} {metadata.version(package)}" for package in SEGMENTERS[name].packages
    )


def test_a_long_text_is_no_other_than_its_sentences(tmp_path: Path) -> None:
    needs("SudachiPy", "SudachiDict-small")
    text, expected = SEGMENTED["japanese"]

    assert tokens(text * 2000, Recipe(tokenizer="japanese")) == expected * 2000


def test_what_is_not_installed_is_told() -> None:
    with pytest.raises(DataError, match=r"--tokenizer tamil needs the package no_such; .*raylda\[tamil\]"):
        imported("no_such.words", "--tokenizer tamil", "tamil")


@pytest.mark.parametrize("language", ["chinese", "japanese", "thai"])
def test_text_without_blanks_is_told_of(language: str, tmp_path: Path) -> None:
    file = tmp_path / "texts.txt"
    file.write_text(SEGMENTED[language][0] * 3 + "\n", encoding="utf-8")

    with pytest.warns(UserWarning, match=rf"puts no blanks .*; --tokenizer {language} finds them"):
        read_corpus([file])

    # Not of what is cut already, of Korean, or of a name among other words.
    blanks = " ".join(SEGMENTED["thai"][1]) + " " + SEGMENTED["korean"][0]
    file.write_text(f"{blanks} {blanks} a text with 中华人民共和国 in it\n", encoding="utf-8")
    read_corpus([file])


def test_unicode_words_are_a_pattern_with_a_name() -> None:
    recipe = Recipe(pattern="words")

    assert recipe == Recipe(tokenizer="words")
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe
    with pytest.raises(ValueError, match="exclude each other"):
        Recipe(pattern="words", tokenizer="chinese")


def test_words_of_a_segmenter_are_marked_where_they_stand() -> None:
    needs("rjieba")
    text, expected = SEGMENTED["chinese"]
    text = text.partition("在")[0]

    (found,) = TokenSpans(Recipe(tokenizer="chinese", stop_words=("的",)))(strings([text]))

    assert found.whole
    marked = [text[a:b] for a, b in zip(found.starts, found.stops, strict=True)]
    assert marked == found.words == [word for word in expected[:7] if word != "的"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("كَتَبَ الطُّلَّابُ الدَّرْسَ في المدرسة.", ["كَتَبَ", "الطُّلَّابُ", "الدَّرْسَ", "في", "المدرسة"]),
        ("सरकार ने नई आर्थिक नीति की घोषणा की।", ["सरकार", "ने", "नई", "आर्थिक", "नीति", "की", "घोषणा", "की"]),
        ("می\u200cخواهم کتاب", ["می\u200cخواهم", "کتاب"]),
    ],
)
@pytest.mark.parametrize("pattern", ["letters", "identifiers", "words"])
def test_words_do_not_fall_apart_at_their_marks(pattern: str, text: str, expected: list[str]) -> None:
    if pattern == "words":
        needs("unicode-segmentation-rs")
    assert tokens(text, Recipe(pattern=pattern)) == expected


@pytest.mark.parametrize(
    ("language", "written", "shown"),
    [
        # With and without vowels, with a stroke that makes it longer, alef with hamza or without.
        ("arabic", "أحمد احمد أَحْمَد احـــمد احمد", "احمد"),
        ("arabic", "مدرسة مدرسه مدرسة", "مدرسة"),
        # With and without a nukta, the nasal written in two ways.
        ("hindi", "हिन्दी\u0902 ज़मीन ज\u093cमीन जमीन जमीन जमीन", None),
        ("hindi", "हाँ हां हाँ", "हाँ"),
    ],
)
def test_spellings_of_one_word_are_one_term(
    tmp_path: Path, language: str, written: str, shown: str | None
) -> None:
    file = tmp_path / "texts.txt"
    file.write_text(written + "\n", encoding="utf-8")

    corpus = read_corpus([file], recipe=Recipe(normalize=language))

    if shown is None:
        assert corpus.vocabulary == ["जमीन", "हिन्दी\u0902"]
        assert corpus.n_tokens == 6
    else:
        assert corpus.vocabulary == [shown]


def test_german_compounds_are_their_parts(tmp_path: Path) -> None:
    needs("simplemma")
    text = "Die Arbeitsmarktpolitik der Bundesregierung: Regierungen, Wissenschaft und Minister"
    recipe = Recipe(split_compounds="german", stop_words=("der", "die", "und"))
    parts = ["arbeits", "markt", "politik", "bundes", "regierung"]
    whole = ["regierungen", "wissenschaft", "minister"]

    assert tokens(text, recipe) == parts + whole

    (found,) = TokenSpans(recipe)(strings([text]))
    assert found.whole
    assert [text[a:b].lower() for a, b in zip(found.starts, found.stops, strict=True)] == parts + whole

    (tmp_path / "text.txt").write_text(f"{text}\nBundesregierung\n", encoding="utf-8")
    corpus = build_corpus([tmp_path / "text.txt"], tmp_path / "corpus", recipe=recipe)
    assert corpus.vocabulary[:2] == ["bundes", "regierung"]
    assert corpus.n_tokens == 10
