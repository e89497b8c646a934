"""Raw texts in Python: cut by the model's own recipe, to the topics that the words themselves get."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import commands
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import tiny

import lda
from lda.corpus import DataError
from lda.model.model import Model

TEXTS = [" ".join(tokens).capitalize() + "." for tokens in tiny.documents(12)]
RECIPE = lda.Recipe(text="body", stop_words=("oven", "team"), ngram_range=(1, 2))


def fit(folder: Path, recipe: lda.Recipe = RECIPE, **options: Any) -> lda.LDA:
    corpus = lda.read_corpus([tiny.jsonl(folder / "docs.jsonl")], recipe=recipe, **options)
    return lda.LDA(3, max_iter=10, random_state=0).fit(corpus)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> lda.LDA:
    return fit(tmp_path_factory.mktemp("texts"))


def split(text: str) -> list[str]:
    return re.findall("[a-z]+", text.lower())


def test_texts_get_the_topics_of_their_words(fitted: lda.LDA) -> None:
    words = fitted.tokenize(TEXTS)
    assert "oven" not in {word for document in words for word in document}
    assert any(" " in word or "_" in word for word in words[0])  # runs of two words, as the recipe has it
    expected = fitted.transform(words)
    assert expected.shape == (12, 3)
    np.testing.assert_array_equal(fitted.transform_texts(TEXTS), expected)
    np.testing.assert_array_equal(fitted.model_.transform_texts(TEXTS, threads=1), expected)
    np.testing.assert_array_equal(fitted.model_.transform(words), expected)
    assert not np.array_equal(fitted.model_.transform_texts(TEXTS, seed=1), expected)


def test_as_the_command_line(fitted: lda.LDA, tmp_path: Path) -> None:
    fitted.save(tmp_path / "model")
    lines = tmp_path / "new.jsonl"
    lines.write_text("".join(json.dumps({"body": text}) + "\n" for text in TEXTS), encoding="utf-8")
    commands.run("transform", str(tmp_path / "model"), str(lines), "-o", str(tmp_path / "theta.npy"))
    theta = Model.load(tmp_path / "model").transform_texts(TEXTS)
    np.testing.assert_array_equal(np.load(tmp_path / "theta.npy"), theta)
    np.testing.assert_array_equal(lda.load(tmp_path / "model").transform_texts(TEXTS), theta)


def test_one_text_gets_the_answer_it_gets_among_many(
    fitted: lda.LDA, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = [
        "",
        None,
        "Yeast\u00ad \u00e9t\u00e9 e\u0301te\u0301",
        "<b>flour</b> 1984 bread-butter",
        "galaxy " * 300,
    ]
    texts = [*TEXTS, *odd]
    together = fitted.transform_texts(texts)
    for number, text in enumerate(texts):
        np.testing.assert_array_equal(fitted.transform_texts([text])[0], together[number])
    np.testing.assert_allclose(together[12:14], [fitted.model_.prior] * 2, rtol=1e-5)
    monkeypatch.setattr("lda.corpus.readers.base.BATCH_DOCUMENTS", 5)
    np.testing.assert_array_equal(fitted.transform_texts(texts), together)
    np.testing.assert_array_equal(fitted.transform_texts(iter(texts[::-1])), together[::-1])


@pytest.mark.parametrize(
    "column",
    [
        tuple, iter, np.array, pa.array, lambda x: pa.chunked_array([x[:5], x[5:]]), pd.Series,
        lambda x: pd.Series(x, dtype="string"), lambda x: pytest.importorskip("polars").Series(x),
    ],
)  # fmt: skip
def test_columns_of_other_libraries(fitted: lda.LDA, column: Callable[[Any], Any]) -> None:
    np.testing.assert_array_equal(fitted.transform_texts(column(TEXTS)), fitted.transform_texts(TEXTS))


def test_missing_texts_are_empty(fitted: lda.LDA) -> None:
    expected = [fitted.model_.prior] * 2 + [fitted.transform_texts(TEXTS[:1])[0]]
    columns: list[Any] = [
        [None, float("nan"), TEXTS[0]],
        pa.array([None, "", TEXTS[0]]),
        pd.Series([pd.NA, None, TEXTS[0]]),
    ]
    for column in columns:
        np.testing.assert_allclose(fitted.transform_texts(column), expected, rtol=1e-5)
    assert fitted.transform_texts([]).shape == (0, 3)
    assert fitted.tokenize([None, "Bread."]) == [[], ["bread"]]


def test_output_containers(fitted: lda.LDA) -> None:
    column = pd.Series(TEXTS, index=[f"d{i}" for i in range(12)])
    frame: Any = lda.LDA(3)._adopt(fitted.model_).set_output(transform="pandas").transform_texts(column)
    assert list(frame.columns) == ["lda0", "lda1", "lda2"]
    assert list(frame.index) == list(column.index)


def test_texts_can_be_scored_and_measured(fitted: lda.LDA) -> None:
    unseen = [" ".join(tokens) for tokens in tiny.documents(90)[60:]]
    words = fitted.tokenize(unseen)
    assert fitted.score(words) == fitted.model_.score(words) < 0
    assert fitted.coherence(words, n_words=5).window == 10  # the words stand in the order of the text


def test_words_that_the_model_does_not_know(fitted: lda.LDA) -> None:
    with pytest.warns(
        UserWarning, match="knows none of the 3 words, so every document gets the prior"
    ) as told:
        theta = fitted.model_.transform_texts(["Unheard of"])
    assert told[0].filename == __file__
    np.testing.assert_allclose(theta[0], fitted.model_.prior, rtol=1e-5)
    with pytest.warns(UserWarning, match="knows none of the 3 words") as told:
        fitted.transform_texts(["Unheard of"])
    assert told[0].filename == __file__


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("Bread and butter", r"got one: 'Bread and butter'; put it into a list"),
        (b"Bread", "got one: b'Bread'"),
        ([["bread", "butter"]], "got a list for document 0; give lists of words to transform"),
        (["bread", 3], r"got 3 \(int\) for document 1"),
        ([b"bread"], r"got b'bread' \(bytes\) for document 0; decode"),
        (pd.DataFrame({"body": TEXTS}), "got DataFrame; give the column"),
        ({"body": TEXTS}, "got dict; give the column"),
        (3, "got int"),
    ],
)  # fmt: skip
def test_what_is_no_text(fitted: lda.LDA, texts: Any, message: str) -> None:
    for use in (
        fitted.transform_texts,
        fitted.model_.transform_texts,
        fitted.tokenize,
        fitted.model_.tokenize,
    ):
        with pytest.raises(TypeError, match=message) as caught:
            use(texts)
        assert "\n" not in str(caught.value)


def test_half_of_a_surrogate_pair(fitted: lda.LDA) -> None:
    with pytest.raises(DataError, match="half of a surrogate pair"):
        fitted.transform_texts(["bread \ud83d"])


# Models whose words a function has made, and models without a recipe


def test_a_python_tokenizer_is_asked_for_again(tmp_path: Path) -> None:
    model = fit(tmp_path, lda.Recipe(text="body"), tokenizer=split)
    model.save(tmp_path / "model")
    loaded = lda.load(tmp_path / "model")
    with pytest.raises(ValueError, match=r"made by the Python function 'split'.*; pass it as tokenizer="):
        loaded.transform_texts(TEXTS)
    theta = loaded.transform_texts(TEXTS, tokenizer=split)
    np.testing.assert_array_equal(theta, model.transform([split(text) for text in TEXTS]))
    assert loaded.tokenize(TEXTS[:1], tokenizer=split) == [split(TEXTS[0])]
    with pytest.raises(DataError, match="must return a list of strings"):
        loaded.transform_texts(TEXTS, tokenizer=len)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"tokenizer must be a function .*got 'split'"):
        loaded.transform_texts(TEXTS, tokenizer="split")  # type: ignore[arg-type]


def test_a_tokenizer_beside_the_pattern_of_a_recipe(fitted: lda.LDA) -> None:
    with pytest.raises(ValueError, match="cut by the pattern of its recipe, not by a function"):
        fitted.transform_texts(TEXTS, tokenizer=split)


def test_models_without_a_recipe() -> None:
    of_lists = lda.LDA(3, max_iter=5, random_state=0).fit(tiny.documents())
    with pytest.raises(ValueError, match=r"fitted to counts or token lists.*give token lists to transform"):
        of_lists.transform_texts(TEXTS)
    theta = of_lists.transform_texts(TEXTS, tokenizer=split)
    np.testing.assert_array_equal(theta, of_lists.transform([split(text) for text in TEXTS]))
    of_columns = lda.LDA(3, max_iter=5, random_state=0).fit(tiny.counts())
    for tokenizer in (None, split):
        with pytest.raises(ValueError, match="numbers of columns, not words"):
            of_columns.transform_texts(TEXTS, tokenizer=tokenizer)


# Documents in any form


def test_model_transforms_what_the_estimator_does(fitted: lda.LDA) -> None:
    model = lda.LDA(3, max_iter=5, random_state=0).fit(tiny.counts())
    frame = pd.DataFrame(tiny.counts().toarray())
    forms = [
        tiny.counts(),
        tiny.counts().toarray(),
        frame,
        lda.as_corpus(tiny.counts()),
        tiny.counts().toarray().tolist(),
    ]
    expected = model.transform(forms[0])
    for form in forms:
        found = model.model_.transform(form)
        np.testing.assert_array_equal(found, expected)
        assert found.dtype == np.float32
    by_word = fitted.model_.transform([["bread", "unheard", "butter"], []])
    np.testing.assert_array_equal(by_word, fitted.transform([["bread", "unheard", "butter"], []]))
    with pytest.raises(DataError, match="14 features"):
        model.model_.transform(tiny.counts()[:, :14])
    with pytest.raises(TypeError, match="as_corpus takes"):
        model.model_.transform(3)
    with pytest.warns(UserWarning, match="knows none of the 1 words") as told:
        fitted.model_.transform([["unheard"]])
    assert told[0].filename == __file__


def test_arrays_of_numbers_go_by_another_name(fitted: lda.LDA) -> None:
    documents = fitted.tokenize(TEXTS)
    known = {term: number for number, term in enumerate(fitted.model_.vocabulary)}
    words = np.array([known[word] for document in documents for word in document], dtype=np.int32)
    theta = fitted.model_.transform_arrays(np.cumsum([0, *map(len, documents)]), words)
    np.testing.assert_array_equal(theta, fitted.transform_texts(TEXTS))
    with pytest.raises(ValueError, match="term ids must lie in"):
        fitted.model_.transform_arrays(np.array([0, 1]), np.array([10**6]))
