"""Samples, selections and merged corpora: what a list of the documents would give, and what a build would."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import scipy.sparse as sp

from lda.corpus import Corpus, DataError, Recipe, as_corpus, build_corpus, read_corpus
from lda.corpus.finished.frequencies import term_table
from lda.corpus.finished.merging import folder_prefixes, merge_corpora, recipe_differences
from lda.corpus.finished.selection import documents_of_ids, sample_documents, select_corpus

if TYPE_CHECKING:
    from pathlib import Path

TEXTS = ("the cat sat on the mat", "dogs and cats", "", "the dog barks at the cat", "birds", "mat mat zebra")


def jsonl(path: Path, texts: tuple[str, ...], first: int = 0, **fields: Any) -> Path:
    rows = [
        {"id": f"d{first + n}", "text": text, "year": first + n, **fields} for n, text in enumerate(texts)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def documents(corpus: Corpus) -> dict[str, list[str]]:
    terms = corpus.vocabulary
    return {
        row["id"]: [terms[word] for word in row["tokens"]]
        for batch in corpus.batches()
        for row in batch.select(["id", "tokens"]).to_pylist()
    }


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return read_corpus([jsonl(tmp_path / "all.jsonl", TEXTS)])


def test_a_selection_is_what_a_list_would_give(corpus: Corpus, tmp_path: Path) -> None:
    chosen = np.array([True, False, True, True, False, True])
    made = select_corpus(corpus, tmp_path / "some", documents=chosen, without_terms=["the", "mat", "zebra"])
    assert documents(made) == {
        "d0": ["cat", "sat", "on"], "d2": [], "d3": ["dog", "barks", "at", "cat"], "d5": [],
    }  # fmt: skip
    assert made.vocabulary == [t for t in corpus.vocabulary if t not in {"the", "mat", "zebra"}]
    assert (made.n_empty_documents, made.recipe, made.ordered) == (2, corpus.recipe, True)
    metadata = made.metadata()
    assert metadata is not None
    assert metadata.column("year").to_pylist() == [0, 2, 3, 5]
    used = select_corpus(
        corpus, tmp_path / "used", terms=["cat", "dogs"], documents=chosen, drop_unused_terms=True
    )
    assert used.vocabulary_table.to_pydict() == {
        "term": ["cat"], "term_frequency": [2], "document_frequency": [2],
    }  # fmt: skip
    whole = select_corpus(corpus, tmp_path / "whole", documents=np.ones(6, dtype=bool))
    assert whole.content_hash == corpus.content_hash
    assert whole.n_without_text == corpus.n_without_text


def test_a_selection_that_cannot_be(corpus: Corpus, tmp_path: Path) -> None:
    for wanted, message in (
        ({"documents": np.zeros(6, dtype=bool)}, "none of the 6 documents is selected"),
        ({"terms": ["unicorn"]}, "none of the 13 terms is selected"),
        ({"documents": np.arange(6) == 2}, "no token is left"),
    ):
        with pytest.raises(DataError, match=message):
            select_corpus(corpus, tmp_path / "none", **wanted)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="documents must be 6 of bool"):
        select_corpus(corpus, tmp_path / "none", documents=np.ones(5, dtype=bool))
    assert not (tmp_path / "none").exists()


def test_samples_hold_the_smaller_ones(tmp_path: Path) -> None:
    corpus = read_corpus(
        [jsonl(tmp_path / "many.jsonl", tuple(f"{'abcdefg'[n % 7] * 2} word" for n in range(500)))]
    )
    by_size = [sample_documents(corpus, n, seed=3) for n in (1, 50, 200, 500)]
    assert [int(chosen.sum()) for chosen in by_size] == [1, 50, 200, 500]
    for smaller, larger in pairwise(by_size):
        assert not (smaller & ~larger).any()
    share = sample_documents(corpus, 0.2, seed=3)
    assert 70 < share.sum() < 130  # 100, and 9 of standard deviation
    assert (share != sample_documents(corpus, 0.2, seed=4)).any()
    # The same of the documents that a smaller corpus has, too.
    half = select_corpus(corpus, tmp_path / "half", documents=np.arange(500) < 250)
    assert np.array_equal(sample_documents(half, 0.2, seed=3), share[:250])
    for size in (0, 0.0, 1.5, -1, True):
        with pytest.raises(ValueError, match="size of a sample"):
            sample_documents(corpus, size)
    with pytest.raises(DataError, match="more documents than the corpus, which has 500; got 501"):
        sample_documents(corpus, 501)


def test_ids_that_are_there_and_not(corpus: Corpus) -> None:
    found, missing = documents_of_ids(corpus, ["d3", "d9", "d0", "d3", "x"])
    assert found.tolist() == [True, False, False, True, False, False]
    assert missing == ["d9", "x"]


@pytest.mark.parametrize("recipe", [Recipe(), Recipe(stop_words="en", ngram_range=(1, 2))])
def test_texts_merged_are_those_of_one_build(recipe: Recipe, tmp_path: Path) -> None:
    first = jsonl(tmp_path / "a.jsonl", TEXTS[:4], place="north")
    second = jsonl(tmp_path / "b.jsonl", TEXTS[4:], first=4, length=2.5)
    parts = [build_corpus([path], tmp_path / path.stem, recipe=recipe) for path in (first, second)]
    made = merge_corpora(parts, tmp_path / "merged")
    whole = build_corpus([first, second], tmp_path / "whole", recipe=recipe)
    assert made.manifest == whole.manifest
    assert made.removed == ({"stop_words": {"tokens": 7}} if recipe.stop_words else None)
    assert made.metadata() == whole.metadata()


def test_counts_merged(tmp_path: Path) -> None:
    a = as_corpus(sp.csr_matrix([[1, 2], [0, 1]]), vocabulary=["zinc", "ash"], ids=["a", "b"])
    b = as_corpus(sp.csr_matrix([[3, 0, 1]]), vocabulary=["bay", "cedar", "ash"], ids=["c"])
    made = merge_corpora([a, b], tmp_path / "merged")
    assert made.vocabulary == ["zinc", "ash", "bay", "cedar"]
    assert documents(made) == {"a": ["zinc", "ash", "ash"], "b": ["ash"], "c": ["ash", "bay", "bay", "bay"]}
    assert not made.ordered


def test_corpora_that_cannot_be_merged(corpus: Corpus, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"6 stand in two or more, such as 'd[0-5]' in number 1 and number 2"):
        merge_corpora([corpus, corpus], tmp_path / "no")
    made = merge_corpora([corpus, corpus], tmp_path / "yes", prefixes=["a:", ""])
    assert list(documents(made)) == [*(f"a:d{n}" for n in range(6)), *(f"d{n}" for n in range(6))]
    counts = as_corpus(sp.csr_matrix([[1, 2]]))
    with pytest.raises(DataError, match="got text in number 2 and counts in number 1"):
        merge_corpora([counts, corpus], tmp_path / "no")
    with pytest.raises(DataError, match="'x' is the name of two"):
        folder_prefixes([tmp_path / "x", "s3://bucket/x/"])
    assert not (tmp_path / "no").exists()


def test_differences_of_recipes(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a.jsonl", TEXTS)
    recipes = (Recipe(text="text"), Recipe(lowercase=False, min_df=2))
    found = recipe_differences([read_corpus([path], recipe=recipe).recipe for recipe in recipes])
    assert [(one.name, one.values, one.kind) for one in found] == [
        ("lowercase", (True, False), "words"),
        ("min_df", (1, 2), "pruning"),
        ("text", ("text", None), "reading"),
    ]


def test_the_table_of_terms(corpus: Corpus) -> None:
    assert term_table(corpus, top=3).to_pydict()["term"] == ["the", "mat", "cat"]
    found = term_table(corpus, regex="^(cat|do)", sort="documents")
    assert found.column_names == ["id", "term", "tokens", "documents", "share", "document_share"]
    assert found.to_pydict()["term"] == ["cat", "cats", "dog", "dogs"]
    assert found.to_pylist()[0]["document_share"] == pytest.approx(2 / 6)
    assert term_table(corpus, sort="burst", top=1).to_pydict()["term"] == ["the"]
    assert term_table(corpus, min_df=2, sort="term").to_pydict()["term"] == ["cat", "mat", "the"]
    assert term_table(corpus, prefix="zeb", max_df=0.2).num_rows == 1
    assert [row["id"] for row in term_table(corpus, sort="id").to_pylist()] == list(range(13))
    with pytest.raises(ValueError, match="is no regular expression"):
        term_table(corpus, regex="(")
