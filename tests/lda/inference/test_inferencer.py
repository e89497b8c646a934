"""A model kept ready: the answers of `lda transform` to the bit, from texts, tokens and counts, here and elsewhere."""

from __future__ import annotations

import json
import pickle
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import commands
import numpy as np
import pytest
import scipy.sparse as sp
import tiny

import lda
from lda.corpus import DataError
from lda.inference import term_numbers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TEXTS = [
    *(" ".join(tokens).capitalize() + "." for tokens in tiny.documents(12)),
    "",
    None,
    "Unheard of, all four",
    "Breads & Ovens \u2013 na\u00efve go\u00adal \u041c\u0438\u0440 e\u0301te\u0301",
]
RECIPES = {
    "runs": lda.Recipe(text="body", stop_words=("oven", "team"), ngram_range=(1, 2)),
    "phrases": lda.Recipe(text="body", phrases="npmi", phrase_threshold=-1.0, phrase_min_count=1),
    "stems": lda.Recipe(text="body", stem="english"),
    "lemmas": lda.Recipe(text="body", lemmatize="english", strip="html"),
    "characters": lda.Recipe(text="body", pattern="[a-z]{3}"),
    "boundaries": lda.Recipe(text="body", pattern="words"),
}


def split(text: str) -> list[str]:
    return re.findall("[a-z]+", text.lower())


def fit(folder: Path, recipe: lda.Recipe, **options: Any) -> lda.Model:
    corpus = lda.read_corpus([tiny.jsonl(folder / "docs.jsonl")], recipe=recipe, **options)
    return lda.LDA(3, max_iter=5, random_state=4).fit(corpus).model_


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> lda.Model:
    return fit(tmp_path_factory.mktemp("model"), RECIPES["runs"])


@pytest.fixture(scope="module")
def topics(model: lda.Model) -> lda.Inferencer:
    return lda.Inferencer(model)


@pytest.mark.parametrize("name", RECIPES)
def test_texts_get_the_answers_of_the_model_and_of_the_command(name: str, tmp_path: Path) -> None:
    model = fit(tmp_path, RECIPES[name])
    model.save(tmp_path / "model")
    lines = tmp_path / "new.jsonl"
    lines.write_text("".join(json.dumps({"body": text}) + "\n" for text in TEXTS), encoding="utf-8")
    commands.run("transform", str(tmp_path / "model"), str(lines), "-o", str(tmp_path / "theta.npy"))
    topics = lda.Inferencer(tmp_path / "model")
    topics.save_prepared(tmp_path / "prepared")
    mapped = lda.Inferencer.open_prepared(tmp_path / "prepared")
    expected = np.load(tmp_path / "theta.npy")
    words = model.tokenize(TEXTS)
    for one in (topics, mapped):
        found = one.infer_texts(TEXTS)
        np.testing.assert_array_equal(found.theta, expected)
        np.testing.assert_array_equal(found.n_known + found.n_unknown, [len(mine) for mine in words])
        np.testing.assert_array_equal(one.texts(text for text in TEXTS), expected)  # the way of many texts
        for number, text in enumerate(TEXTS):
            np.testing.assert_array_equal(one.texts([text])[0], expected[number])
    assert model.transform_texts(TEXTS, seed=9).tolist() == topics.texts(TEXTS, seed=9).tolist()


def test_tokens_and_counts_get_the_answers_of_the_model(model: lda.Model, topics: lda.Inferencer) -> None:
    documents = [*model.tokenize(TEXTS), ["oven"], []]
    found = topics.infer_tokens(documents)
    np.testing.assert_array_equal(found.theta, model.transform(documents))
    assert (found.n_known[-2:].tolist(), found.n_unknown[-2:].tolist()) == ([0, 0], [1, 0])
    np.testing.assert_array_equal(topics.tokens(tuple(map(tuple, documents))), found.theta)
    counts = np.random.default_rng(0).poisson(0.3, (9, model.n_terms))
    expected = model.transform(counts)
    for X in (
        counts,
        counts.astype(np.float32),
        sp.csc_matrix(counts),
        sp.coo_array(counts),
        counts.tolist(),
    ):
        np.testing.assert_array_equal(topics.counts(X), expected)
    for row in (counts[3], sp.csr_matrix(counts[3]), sp.csr_array(counts)[3], counts[3].tolist()):
        np.testing.assert_array_equal(topics.counts(row), expected[3:4])
    assert topics.infer_counts(counts).n_known.tolist() == counts.sum(axis=1).tolist()
    assert topics.counts(counts[:0]).shape == topics.tokens([]).shape == topics.texts([]).shape == (0, 3)


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (lambda t: t.counts(np.zeros((2, 3))), "X has 3 features, but LDA is expecting"),
        (lambda t: t.counts(sp.csr_matrix((2, 3))), "X has 3 features, but LDA is expecting"),
        (lambda t: t.counts(np.full(t.n_terms, -1)), "got the negative -1 at row 0, column 0"),
        (lambda t: t.counts(np.full((2, t.n_terms), np.nan)), "got NaN nan at row 0, column 0"),
        (lambda t: t.counts(np.full(t.n_terms, 0.5)), "got the fraction 0.5"),
        (lambda t: t.counts(np.full(t.n_terms, 1e30)), "got the huge"),
        (lambda t: t.counts(np.full(t.n_terms, 2**30)), "at most 16777216 tokens"),
        (lambda t: t.counts([[1], [1, 2]]), "rows of counts must have one length"),
        (lambda t: t.counts(np.zeros((1, 1, 1))), "must be a matrix"),
        (lambda t: t.counts("text"), "counts must be"),
        (lambda t: t.counts(np.ma.masked_equal(np.ones((1, t.n_terms)), 1)), "got masked entries"),
        (lambda t: t.counts(np.array(["a"] * t.n_terms)), "counts must be whole numbers"),
        (lambda t: t.tokens("bread"), "got raw text"),
        (lambda t: t.tokens(["bread"]), "got raw text for document 0"),
        (lambda t: t.tokens([["bread"], ["bread", 3]]), r"got 3 \(int\) in document 1"),
        (lambda t: t.tokens([[["bread"]]]), "tokens must be strings"),
        (lambda t: t.tokens([["\ud800"]]), "half of a surrogate pair"),
        (lambda t: t.texts("bread"), "put it into a list"),
        (lambda t: t.texts(["bread", 3]), r"got 3 \(int\) for document 1"),
        (lambda t: t.texts(["\ud800"]), "half of a surrogate pair"),
        (lambda t: t.texts(["bread"], seed=-1), "the seed must be between 0 and"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    topics: lda.Inferencer, tmp_path_factory: pytest.TempPathFactory, ask: Callable[[Any], Any], told: str
) -> None:
    with pytest.raises((ValueError, TypeError), match=told) as refused:
        ask(topics)
    assert "\n" not in str(refused.value)


def test_a_model_without_a_recipe_reads_tokens_and_counts() -> None:
    model = lda.LDA(3, max_iter=2, random_state=0).fit(tiny.documents()).model_
    topics = lda.Inferencer(model)
    assert not topics.can_read_texts
    with pytest.raises(ValueError, match="does not know how text becomes words"):
        topics.texts(["bread"])
    np.testing.assert_array_equal(topics.tokens([["bread"]]), model.transform([["bread"]]))
    cut = lda.Inferencer(model, tokenizer=split)
    np.testing.assert_array_equal(cut.texts(["Bread!"]), topics.tokens([["bread"]]))


def test_a_function_is_given_again(tmp_path: Path) -> None:
    model = fit(tmp_path, lda.Recipe(text="body"), tokenizer=split)
    assert not lda.Inferencer(model).can_read_texts
    topics = lda.Inferencer(model, tokenizer=split)
    np.testing.assert_array_equal(topics.texts(TEXTS), model.transform_texts(TEXTS, tokenizer=split))
    with pytest.raises(TypeError, match="tokenizer must be a function"):
        lda.Inferencer(model, tokenizer=3)  # type: ignore[arg-type]


def test_threads_share_it_and_a_pickled_one_is_ready(topics: lda.Inferencer, tmp_path: Path) -> None:
    expected = topics.texts(TEXTS)
    topics.save_prepared(tmp_path / "prepared")
    mapped = lda.Inferencer.open_prepared(tmp_path / "prepared")
    topics.model.save(tmp_path / "model")
    loaded = lda.Model.load(tmp_path / "model")
    for one in (topics, mapped, pickle.loads(pickle.dumps(topics)), pickle.loads(pickle.dumps(mapped))):
        with ThreadPoolExecutor(4) as pool:
            for found in pool.map(one.texts, [[text] for text in TEXTS[:12] * 4]):
                assert found[0].tolist() in expected.tolist()
        np.testing.assert_array_equal(one.texts(TEXTS), expected)
        assert one.fingerprint == topics.model.fingerprint()
        assert one.content == lda.Inferencer(loaded).content
        assert one.topics(3) == topics.model.topics(3)
        assert one.labels == (None, None, None)


def test_a_prepared_folder_that_is_not_whole(topics: lda.Inferencer, tmp_path: Path) -> None:
    folder = tmp_path / "prepared"
    with pytest.raises(DataError, match="there is no prepared model in"):
        lda.Inferencer.open_prepared(folder)
    topics.save_prepared(folder)
    topics.save_prepared(folder)  # again
    mapped = lda.Inferencer.open_prepared(folder)
    with pytest.raises(ValueError, match="not the model"):
        mapped.save_prepared(tmp_path / "another")
    for file in sorted(folder.iterdir()):
        whole = file.read_bytes()
        middle = len(whole) // 2
        damaged = (whole[:-9], whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :], None)
        for data in damaged:
            file.unlink()
            if data is not None:
                file.write_bytes(data)
            with pytest.raises(DataError, match=r"is damaged|there is no prepared model") as refused:
                lda.Inferencer.open_prepared(folder)
            assert "\n" not in str(refused.value)
        file.write_bytes(whole)
    # Checksums cost a pass over the files, which workers of one machine leave out; nothing is read beyond an array.
    numbers = np.load(folder / "numbers.npy")
    np.save(folder / "numbers.npy", np.full_like(numbers, topics.n_terms))
    with pytest.raises(DataError, match="numbers of terms must lie in 0"):
        lda.Inferencer.open_prepared(folder, verify=False)
    np.save(folder / "numbers.npy", numbers)
    np.testing.assert_array_equal(lda.Inferencer.open_prepared(folder).texts(TEXTS), topics.texts(TEXTS))
    (tmp_path / "other").mkdir()
    with pytest.raises(DataError, match="is no prepared model"):
        topics.save_prepared(tmp_path / "other")


def test_a_trie_knows_terms_to_their_end_and_no_bytes(tmp_path: Path) -> None:
    documents = [["a\0b", "a", "a\x01b", "a\x010b"], ["a\0", "c", "a"], ["a\x01", "a\0b", "a\0c"]] * 2
    topics = lda.Inferencer(lda.LDA(2, max_iter=2, random_state=0).fit(documents).model_)
    topics.save_prepared(tmp_path / "prepared")
    mapped = lda.Inferencer.open_prepared(tmp_path / "prepared")
    strange = [*documents, ["a\0x"], ["c\0"], ["\0"], ["a\x01\x01b"], ["a\x01" + "1b"]]
    one, other = topics.infer_tokens(strange), mapped.infer_tokens(strange)
    np.testing.assert_array_equal(one.theta, other.theta)
    np.testing.assert_array_equal(one.n_known, other.n_known)
    with pytest.raises(DataError, match=r"got b'a' \(bytes\)"):
        mapped.tokens([["c", b"a"]])  # type: ignore[list-item]


def test_a_process_keeps_some_numbers_beside_a_trie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terms = [f"term{i}" for i in range(60)]
    trie = term_numbers.open_trie(tmp_path / "trie", term_numbers.write_trie(terms, tmp_path / "trie"))
    monkeypatch.setattr(term_numbers, "MOST_KEPT", 16)
    rng = np.random.default_rng(0)
    for n in [3, 1, 30, 16, 17, 0, *range(1, 20)]:
        words = [f"term{i}" for i in rng.integers(0, 90, n)] + ["x" * 1000] * (n % 3)
        assert trie(words) == [terms.index(word) if word in terms else -1 for word in words]
        assert len(trie._known) <= 16
        assert "x" * 1000 not in trie._known


def marked(text: str) -> list[str]:
    return ["start", *text.split()]


def test_a_function_is_asked_of_missing_texts_as_well(tmp_path: Path) -> None:
    corpus = lda.read_corpus(
        [tiny.jsonl(tmp_path / "d.jsonl")], recipe=lda.Recipe(text="body"), tokenizer=marked
    )
    model = lda.LDA(2, max_iter=2, random_state=0).fit(corpus).model_
    found = lda.Inferencer(model, tokenizer=marked).infer_texts([None, ""])
    assert found.n_known.tolist() == [1, 1]
    np.testing.assert_array_equal(found.theta, model.transform_texts([None, ""], tokenizer=marked))


@pytest.mark.parametrize(
    "recipe",
    [
        lda.Recipe(text="body", split_compounds="german"),
        lda.Recipe(text="body", lemmatize="german"),
    ],
)
def test_a_package_that_is_missing_is_told_at_once(
    recipe: lda.Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = fit(tmp_path, recipe)
    lda.Inferencer(model).save_prepared(tmp_path / "prepared")
    monkeypatch.setitem(sys.modules, "simplemma", None)
    for made in (lambda: lda.Inferencer(model), lambda: lda.Inferencer.open_prepared(tmp_path / "prepared")):
        with pytest.raises(DataError, match="needs the package simplemma"):
            made()
