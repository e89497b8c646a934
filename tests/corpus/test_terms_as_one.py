"""Words that count as one term: stems, basic forms, and the word that is shown for them."""

from __future__ import annotations

import dataclasses
import json
import random
from importlib import metadata
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

import lda
from lda.corpus import Corpus, DataError, Recipe, build_corpus, iter_corpus, iter_documents, read_corpus
from lda.corpus.arrow import strings
from lda.corpus.finished.merging import merge_corpora, recipe_differences
from lda.corpus.stream import tokenized_texts
from lda.corpus.text.term_keys import TermKeys, shown_form
from lda.corpus.text.token_spans import TokenSpans

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

STEMMED = Recipe(stem="english")
TEXTS = ["houses house walked", "house houses houses", "walks walking", "walking walks tree", "trees"]


def write(path: Path, texts: Sequence[str]) -> Path:
    file = path / "texts.txt"
    file.write_text("\n".join(texts) + "\n", encoding="utf-8")
    return file


def counts(corpus: Corpus) -> dict[str, tuple[int, int]]:
    table = corpus.vocabulary_table.to_pydict()
    found = zip(table["term"], table["term_frequency"], table["document_frequency"], strict=True)
    return {term: (tokens, documents) for term, tokens, documents in found}


def test_a_stem_is_shown_as_its_most_frequent_word(tmp_path: Path) -> None:
    corpus = read_corpus([write(tmp_path, TEXTS)], recipe=STEMMED)

    # walking and walks stand twice, tree and trees once: the first in the order of code points.
    assert counts(corpus) == {"houses": (5, 2), "walking": (5, 3), "tree": (2, 2)}
    assert corpus.vocabulary == ["houses", "walking", "tree"]
    assert corpus.recipe is not None
    assert corpus.recipe.made_with == (f"PyStemmer {metadata.version('PyStemmer')}",)


def test_neither_order_nor_threads_nor_the_folder_matter(tmp_path: Path) -> None:
    rng = random.Random(1)
    words = ["run", "runs", "running", "house", "houses", "housing", "state", "states", "united", "unite"]
    texts = [" ".join(rng.choices(words, k=9)) for _ in range(1000)]
    recipe = Recipe(stem="en", min_df=2, ngram_range=(1, 2))
    stored = build_corpus([write(tmp_path, texts)], tmp_path / "corpus", recipe=recipe, threads=3)
    one = read_corpus([write(tmp_path, texts)], recipe=recipe, threads=1)
    backwards = read_corpus([write(tmp_path, texts[::-1])], recipe=recipe)

    assert stored.content_hash == one.content_hash
    assert counts(backwards) == counts(one)
    # Of each document and key, one: counted anew, by sets.
    keys = TermKeys(recipe)
    frequency: dict[str, int] = {}
    for text in texts:
        split = text.split()
        for key in {*keys(split), *keys([" ".join(pair) for pair in pairwise(split)])}:
            frequency[key] = frequency.get(key, 0) + 1
    shown = counts(one)
    assert (
        dict(zip(keys(list(shown)), (documents for _, documents in shown.values()), strict=True)) == frequency
    )


def test_documents_with_two_words_of_a_stem_count_once(tmp_path: Path) -> None:
    file = write(tmp_path, ["house houses", "tree", "trees"])

    assert read_corpus([file], recipe=Recipe(stem="english", min_df=2)).vocabulary == ["tree"]


def test_basic_forms_and_their_case(tmp_path: Path) -> None:
    file = write(tmp_path, ["Häuser Haus Häuser", "ging gehen gegangen gehen"])

    assert read_corpus([file], recipe=Recipe(lemmatize="german")).vocabulary == ["gehen", "häuser"]
    assert "Häuser" in read_corpus([file], recipe=Recipe(lemmatize="de", lowercase=False)).vocabulary


def test_new_documents_get_the_words_of_the_model(tmp_path: Path) -> None:
    terms = read_corpus([write(tmp_path, TEXTS)], recipe=STEMMED).vocabulary
    new = tmp_path / "new.txt"
    new.write_text("House, walk; trees unknown unknowns\n", encoding="utf-8")
    recipe = Recipe.from_dict(json.loads(json.dumps(STEMMED.to_dict())))

    (batch,) = iter_documents([new], recipe=recipe, vocabulary_terms=terms)
    (named,) = tokenized_texts(["House, walk; unknowns"], recipe=recipe, vocabulary_terms=terms)
    (spans,) = TokenSpans(recipe, vocabulary=terms)(strings(["House, walk; unknowns"]))
    other = read_corpus([new], recipe=STEMMED)
    build_corpus([new], tmp_path / "plain")
    (of_plain,) = iter_documents([tmp_path / "plain"], recipe=recipe, vocabulary_terms=terms)
    (of_corpus,) = iter_corpus(other, terms)

    assert [terms[word] for word in batch.words] == ["houses", "walking", "tree"]
    assert batch.n_unknown == 2
    assert named.terms == spans.words == ["houses", "walking", "unknowns"]
    assert "house" in other.vocabulary  # where the model has another one
    np.testing.assert_array_equal(of_corpus.words, batch.words)
    np.testing.assert_array_equal(of_plain.words, batch.words)  # of a corpus that knows no stems


def test_merged_corpora_share_their_terms(tmp_path: Path) -> None:
    first = read_corpus([write(tmp_path, ["houses houses tree", "trees"])], recipe=STEMMED)
    second = read_corpus([write(tmp_path, ["house", "walks"])], recipe=STEMMED)

    merged = merge_corpora([first, second], tmp_path / "merged", prefixes=["a", "b"])
    apart = merge_corpora(
        [first, read_corpus([write(tmp_path, ["house"])])], tmp_path / "apart", prefixes=["a", "b"]
    )

    assert counts(merged) == {"houses": (3, 2), "tree": (2, 2), "walks": (1, 1)}
    assert {"house", "houses"} < {*apart.vocabulary}
    own, read = STEMMED, Recipe.from_dict(STEMMED.to_dict())
    assert recipe_differences([own, read]) == []


def test_stop_words_and_phrases_come_before(tmp_path: Path) -> None:
    texts = ["the united states and the united state", "a state unites others", *["united states"] * 6]
    recipe = Recipe(
        stem="english", stop_words=("states",), phrases="count", phrase_pairs=(("united", "state"),)
    )

    corpus = read_corpus([write(tmp_path, texts)], recipe=recipe)

    assert {"united_state", "united", "state"} <= {*corpus.vocabulary}
    assert TermKeys(STEMMED)(["united_states", "united states", "unit_stat"]) == [
        "unit_state", "unit state", "unit_stat",
    ]  # fmt: skip


@pytest.mark.parametrize("settings", [{"stem": "en"}, {"lemmatize": "en"}, {"normalize": "arabic"}])
def test_every_term_has_a_key(settings: dict[str, str]) -> None:
    terms = ["__init__", "_", " ", "a  b", "\u064b", "\u200b", "\t", "houses", "\u0640"]

    keys = TermKeys(Recipe(**settings))(terms)  # type: ignore[arg-type]

    assert len(keys) == len(terms)
    assert all(keys)


def test_the_shown_word_is_chosen_where_counts_meet() -> None:
    assert shown_form({"b": 2, "a": 2, "c": 1}) == "a"


def test_a_recipe_says_nothing_of_what_it_does_not_do() -> None:
    assert set(Recipe().to_dict()) == {
        "text", "id", "pattern", "lowercase", "stop_words", "min_df", "max_df", "max_features", "ngram_range",
        "tokenizer", "strip",
    }  # fmt: skip


def test_counts_have_no_stems(tmp_path: Path) -> None:
    file = tmp_path / "counts.mtx"
    file.write_text("%%MatrixMarket matrix coordinate integer general\n1 1 1\n1 1 3\n", encoding="utf-8")

    with pytest.raises(DataError, match=r"need text, and .* holds counts"):
        read_corpus([file], recipe=STEMMED)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"stem": "klingon"}, "stem must be a language such as .*, got 'klingon'"),
        ({"stem": "en", "lemmatize": "en"}, "exclude each other"),
        ({"split_compounds": "dutch"}, "split_compounds must be 'german' or None"),
        ({"normalize": "french"}, "normalize must be 'arabic' or 'hindi' or None"),
    ],
)
def test_what_cannot_be_is_told(settings: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Recipe(**settings)  # type: ignore[arg-type]


def test_a_language_without_basic_forms_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="--lemmatize zh cannot be"):
        read_corpus([write(tmp_path, TEXTS)], recipe=Recipe(lemmatize="zh"))


def test_given_terms_keep_their_order(tmp_path: Path) -> None:
    file = write(tmp_path, ["tree house tree", "bird", "walk"])
    first = build_corpus([file], tmp_path / "first", recipe=Recipe())
    new = tmp_path / "new.txt"
    new.write_text("cat walk house\nhouse dog\n\n", encoding="utf-8")
    (tmp_path / "terms.txt").write_text("\n".join(first.vocabulary) + "\n", encoding="utf-8")
    places: list[object] = [tmp_path / "first", str(tmp_path / "terms.txt"), first.vocabulary]

    made = [
        lda.build_corpus([new], tmp_path / f"made{number}", terms_of=place)  # type: ignore[arg-type]
        for number, place in enumerate(places)
    ]

    assert len({corpus.content_hash for corpus in made}) == 1
    corpus = made[0]
    assert corpus.vocabulary == first.vocabulary == ["tree", "bird", "house", "walk"]
    assert counts(corpus) == {"tree": (0, 0), "bird": (0, 0), "house": (2, 2), "walk": (1, 1)}
    assert corpus.recipe is not None
    assert str(corpus.recipe.terms_of).startswith("sha256:")
    assert Corpus.open(tmp_path / "made0").recipe == corpus.recipe
    with pytest.raises(DataError, match="has the digest only; name that corpus"):
        read_corpus([new], recipe=corpus.recipe)


def test_given_terms_and_stems(tmp_path: Path) -> None:
    file = write(tmp_path, ["houses house", "tree"])

    corpus = read_corpus([file], recipe=Recipe(stem="english", terms_of=("tree", "housing")))

    assert counts(corpus) == {"tree": (1, 1), "housing": (2, 1)}
    with pytest.raises(DataError, match="'house' and 'houses', which count as one"):
        read_corpus([file], recipe=Recipe(stem="english", terms_of=("house", "tree", "houses")))


def test_given_terms_leave_nothing_to_choose(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="terms_of fixes the terms"):
        Recipe(terms_of="corpus", min_df=2)
    with pytest.raises(DataError, match="of 1 tokens were removed by --terms-of 1"):
        read_corpus([write(tmp_path, ["cat"])], recipe=Recipe(terms_of=("dog",)))
    with pytest.raises(DataError, match="comes without phrases"):
        read_corpus([write(tmp_path, ["cat"])], recipe=Recipe(terms_of=("cat",), phrases="npmi"))
    with pytest.raises(DataError, match="neither a corpus nor a file"):
        read_corpus([write(tmp_path, ["cat"])], recipe=Recipe(terms_of=str(tmp_path)))


def test_given_terms_bring_the_phrases_of_their_corpus(tmp_path: Path) -> None:
    recipe = Recipe(phrases="npmi", phrase_pairs=(("new", "york"),))
    build_corpus([write(tmp_path, ["new york is new"])], tmp_path / "first", recipe=recipe)

    again = read_corpus(
        [write(tmp_path, ["new york york"])], recipe=Recipe(phrases="npmi", terms_of=str(tmp_path / "first"))
    )

    assert counts(again)["new_york"] == (1, 1)
    assert again.recipe is not None
    assert again.recipe.phrase_pairs == recipe.phrase_pairs


def test_a_recorded_recipe_cannot_be_settled_wrongly() -> None:
    values = Recipe(stem="en").to_dict()
    for name, value in (("terms_of", "corpus"), ("made_with", [1]), ("stem", 3), ("recorded", False)):
        with pytest.raises((TypeError, ValueError)):
            Recipe.from_dict({**values, name: value})
    assert Recipe.from_dict(values).recorded
    assert not dataclasses.replace(Recipe.from_dict(values), recorded=False).recorded
