"""Fields that hold lists of tokens, and text that is kept as bytes: JSON lines and Parquet."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tiny
from click.testing import CliRunner

import lda
from lda.cli import cli
from lda.corpus import Corpus, DataError, Recipe, as_corpus, iter_documents, read_corpus

LISTS = [["New_York", "isn't", "new", "TP53"], [], ["new", "new", "é"]]


def documents(corpus: Corpus) -> list[list[str]]:
    shards = [corpus.shard(number) for number in range(corpus.n_shards)]
    return [
        [corpus.vocabulary[word] for word in shard.words[start:stop]]
        for shard in shards
        for start, stop in zip(shard.doc_offsets[:-1], shard.doc_offsets[1:], strict=True)
    ]


def jsonl(folder: Path, *rows: Mapping[str, object]) -> Path:
    (folder / "d.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder / "d.jsonl"


def parquet(folder: Path, **columns: Any) -> Path:
    pq.write_table(pa.table(columns), folder / "d.parquet", row_group_size=2)
    return folder / "d.parquet"


def read(file: Path, **recipe: Any) -> Corpus:
    return read_corpus([file], recipe=Recipe(**recipe))


STRINGS = (pa.string(), pa.large_string(), pa.binary())
KINDS = [wrap(kind) for kind in STRINGS for wrap in (pa.list_, pa.large_list)]


@pytest.mark.parametrize("kind", ["json", *KINDS], ids=str)
def test_lists_are_taken_as_they_are(tmp_path: Path, kind: Any) -> None:
    if kind == "json":
        file = jsonl(tmp_path, *({"id": f"d{i}", "tokens": tokens} for i, tokens in enumerate(LISTS)))
    else:
        file = parquet(tmp_path, id=["d0", "d1", "d2"], tokens=pa.array(LISTS, kind))
    corpus = read(file)  # the field need not be named
    assert documents(corpus) == LISTS
    assert (corpus.ordered, corpus.n_empty_documents) == (True, 1)
    assert corpus.document_ids().to_pylist() == ["d0", "d1", "d2"]
    # Stop words are compared as they are; n-grams are runs of tokens.
    assert documents(read(file, stop_words=("isn't", "new")))[0] == ["New_York", "TP53"]
    assert "isn't" not in read(file, stop_words="en").vocabulary
    assert documents(read(file, ngram_range=(2, 2)))[0] == ["New_York isn't", "isn't new", "new TP53"]


def test_fixed_sizes_and_null_lists(tmp_path: Path) -> None:
    pairs = pa.array([["a", "b"], None, ["c", "d"], ["b", "a"], None], pa.list_(pa.string(), 2))
    assert documents(read(parquet(tmp_path, words=pairs), text="words")) == [
        ["a", "b"], [], ["c", "d"], ["b", "a"], []
    ]  # fmt: skip
    file = jsonl(tmp_path, {"text": None}, {"text": ["a", "", "b"]}, {"text": []})
    assert documents(read(file)) == [[], ["a", "b"], []]


def test_several_fields_of_lists(tmp_path: Path) -> None:
    rows = {"t": [["x"], None, ["y"]], "b": [["a", "b"], ["c"], []]}
    expected = [["x", "a", "b"], ["c"], ["y"]]
    assert documents(read(parquet(tmp_path, **rows), text="t,b")) == expected
    file = jsonl(tmp_path, *({"t": t, "b": b} for t, b in zip(*rows.values(), strict=True)))
    assert documents(read(file, text="t,b")) == expected


def test_the_model_of_lists_is_the_model_of_token_lists(tmp_path: Path) -> None:
    file = jsonl(tmp_path, *({"words": tokens} for tokens in tiny.documents()))
    recipe = Recipe(text="words")
    model = lda.LDA(3, max_iter=5, random_state=0).fit(read_corpus([file], recipe=recipe))
    other = parquet(tmp_path, words=tiny.documents())
    assert lda.LDA(3, max_iter=5, random_state=0).fit(
        read_corpus([other], recipe=recipe)
    ).model_.fingerprint() == (model.model_.fingerprint())
    assert (
        lda.LDA(3, max_iter=5, random_state=0).fit(as_corpus(tiny.documents())).model_.fingerprint()
        == model.model_.fingerprint()
    )
    model.save(tmp_path / "m")
    out = tmp_path / "t.npy"
    given = ["transform", str(tmp_path / "m"), str(file), "--text", "words", "-o", str(out), "-q"]
    result = CliRunner().invoke(cli, given)
    assert result.exit_code == 0, result.stderr
    np.testing.assert_array_equal(np.load(out), model.transform(tiny.documents()))


def test_a_pattern_is_for_text(tmp_path: Path) -> None:
    file = jsonl(tmp_path, {"tokens": ["a1", "b2"]})
    with pytest.raises(DataError, match=r"a pattern cuts text, and the text field holds lists.*leave it out"):
        read(file, pattern=r"\w+")
    with pytest.raises(DataError, match="a tokenizer cuts text"):
        read_corpus([file], tokenizer=str.split)
    # A model of text keeps the pattern of its text, and takes lists all the same.
    [batch] = iter_documents([file], recipe=Recipe(pattern=r"\w+"), vocabulary_terms=["b2", "a1"])
    assert batch.words.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            [{"tokens": ["a", 3]}],
            r"line 1: the list in the field 'tokens' must hold strings, got 3 at place 1",
        ),
        ([{"tokens": [None]}], r"line 1: .* got None at place 0"),
        ([{"tokens": [["a"]]}], r"line 1: .* got \['a'\] at place 0"),
        ([{"tokens": ["é", "a\ud83d"]}], r"line 1: .* got 'a\\ud83d' at place 1, which holds half"),
        ([{"text": "a b"}, {"text": ["a"]}], r"line 2: .*text in every line, or a list.*got an array after"),
        ([{"text": ["a"]}, {"text": None}, {"text": "a b"}], r"line 3: .*got a string after the other"),
        ([{"text": {"a": 1}}], r"line 1: .* a string or an array of strings, got an object"),
    ],
)
def test_json_lists_that_are_none(tmp_path: Path, rows: list[dict[str, object]], message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        read(jsonl(tmp_path, *rows))
    assert "\n" not in str(caught.value)


def test_text_beside_lists_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="line 1: the text fields must all hold text, or all lists"):
        read(jsonl(tmp_path, {"a": "x y", "b": ["x"]}), text="a,b")
    with pytest.raises(DataError, match="the text fields must all hold text, or all lists"):
        read(parquet(tmp_path, a=["x y"], b=[["x"]]), text="a,b")
    with pytest.raises(DataError, match=r"'a' must hold text, or lists of it, got list<.*int64>"):
        read(parquet(tmp_path, a=[[1, 2]]), text="a")
    with pytest.raises(DataError, match=r"row 4: a list in the field .a. holds null;"):
        read(parquet(tmp_path, a=[["x"], ["y"], ["x"], ["x", None], ["y"]]), text="a")


@pytest.mark.parametrize(
    "kind", [pa.binary(), pa.large_binary(), pa.dictionary(pa.int32(), pa.binary())], ids=str
)
def test_parquet_strings_that_are_bytes(tmp_path: Path, kind: Any) -> None:
    texts = ["été zebra".encode(), None, b"apple"]
    file = parquet(
        tmp_path, id=pa.array([b"k1", b"k2", "k\u00e9".encode()], kind), text=pa.array(texts, kind)
    )
    corpus = read(file)
    assert documents(corpus) == [["été", "zebra"], [], ["apple"]]
    assert corpus.document_ids().to_pylist() == ["k1", "k2", "ké"]


def test_bytes_in_another_encoding(tmp_path: Path) -> None:
    texts = pa.array([b"apple", b"pear", "été".encode("latin-1")], pa.binary())
    file = parquet(tmp_path, text=texts)
    with pytest.raises(
        DataError, match=r"row 3: the field 'text' is not valid utf-8: byte 0xe9 at position 0.*--encoding"
    ):
        read(file)
    assert documents(read_corpus([file], encoding="latin-1")) == [["apple"], ["pear"], ["été"]]
    assert documents(read_corpus([file], errors="ignore"))[:2] == [["apple"], ["pear"]]
    with pytest.raises(ValueError, match="encoding 'klingon' is unknown"):
        read_corpus([file], encoding="klingon")
    tokens = pa.array([[b"apple"], [b"x", "été".encode("latin-1")]], pa.list_(pa.binary()))
    with pytest.raises(DataError, match=r"row 2: the field 'text' is not valid utf-8"):
        read(parquet(tmp_path, text=tokens))
