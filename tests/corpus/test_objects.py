"""`as_corpus`: what Python programmers hold in their hands."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from lda.corpus import Corpus, DataError, as_corpus, iter_corpus
from lda.corpus.assembly.shard_bounds import MIN_SHARDS, TOKENS_PER_SHARD, shard_bounds, shard_count

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COUNTS = np.array([[2, 0, 1], [0, 0, 0], [0, 3, 0]])


def dense(corpus: Corpus) -> Any:
    return corpus.to_csr().toarray()


@pytest.mark.parametrize(
    "make",
    [
        np.asarray,
        lambda x: x.astype(np.float32),
        lambda x: x.astype(np.uint8),
        np.asfortranarray,
        sp.csr_matrix,
        sp.csc_array,
        sp.coo_array,
        sp.lil_matrix,
        lambda x: sp.csr_matrix(x.astype(np.float64)),
        pd.DataFrame,
        lambda x: pd.DataFrame(x.astype(float)),
        lambda x: pd.DataFrame(x).astype("Int64"),
        lambda x: pd.DataFrame(x).astype(pd.SparseDtype(int, 0)),
        lambda x: pa.table({str(i): x[:, i] for i in range(3)}),
        lambda x: [[(j, x[i, j]) for j in np.flatnonzero(x[i])] for i in range(2)] + [[(1, 3.0)]],
    ],
)
def test_every_kind_of_matrix(make: Callable[[Any], Any]) -> None:
    corpus = as_corpus(make(COUNTS))
    np.testing.assert_array_equal(dense(corpus), COUNTS)
    assert corpus.vocabulary == ["0", "1", "2"]
    assert corpus.document_ids().to_pylist() == ["0", "1", "2"]
    assert corpus.content_hash == as_corpus(COUNTS).content_hash


def test_bool_single_row_and_explicit_zeros() -> None:
    assert dense(as_corpus(COUNTS > 0)).tolist() == [[1, 0, 1], [0, 0, 0], [0, 1, 0]]
    assert dense(as_corpus(COUNTS[:1])).tolist() == [[2, 0, 1]]
    zeros = sp.csr_matrix(([0, 4], [0, 2], [0, 2]), shape=(1, 3))
    corpus = as_corpus(zeros)
    assert corpus.document_frequencies.tolist() == [0, 0, 1]


def test_argument_is_left_alone() -> None:
    matrix = sp.csr_matrix(([1, 2, 3], [2, 0, 2], [0, 3]), shape=(1, 3))  # unsorted, with a repeat
    assert dense(as_corpus(matrix)).tolist() == [[2, 0, 4]]
    assert matrix.indices.tolist() == [2, 0, 2]
    assert not as_corpus(matrix).shard(0).words.flags.writeable


def test_names_come_along() -> None:
    frame = pd.DataFrame(COUNTS, columns=["x", "y", "z"], index=["p", "q", "r"])
    corpus = as_corpus(frame)
    assert (corpus.vocabulary, corpus.document_ids().to_pylist()) == (["x", "y", "z"], ["p", "q", "r"])
    cells = SimpleNamespace(X=sp.csr_matrix(COUNTS), var_names=frame.columns, obs_names=frame.index)
    assert as_corpus(cells).content_hash == corpus.content_hash
    given = as_corpus(COUNTS, vocabulary=["x", "y", "z"], ids=["p", "q", "r"])
    assert given.content_hash == corpus.content_hash
    assert as_corpus(corpus) is corpus


def test_mixed_frames() -> None:
    frame = pd.DataFrame(
        {"a": pd.arrays.SparseArray([1, 0], fill_value=0), "b": [True, True], "c": [2.0, 0.0]}
    )
    assert dense(as_corpus(frame)).tolist() == [[1, 1, 2], [0, 1, 0]]
    with pytest.raises(DataError, match=r"use pandas\.SparseDtype"):
        as_corpus(pd.DataFrame({"a": pd.arrays.SparseArray([1.0, np.nan])}))
    # Text is of the type str from pandas 3 on.
    with pytest.raises(DataError, match=r"got (str|object) in 'name'; drop it"):
        as_corpus(pd.DataFrame({"name": ["x"], "n": [1]}))
    with pytest.raises(DataError, match="NA in the table"):
        as_corpus(pd.DataFrame({"n": pd.array([1, None], dtype="Int64")}))


def test_gensim() -> None:
    from gensim.corpora import Dictionary

    texts = [["pear", "fig", "pear"], [], ["lime"]]
    dictionary = Dictionary(texts)
    corpus = as_corpus([dictionary.doc2bow(text) for text in texts], vocabulary=dictionary)
    assert corpus.vocabulary == [dictionary[i] for i in range(3)]
    assert dense(corpus)[0, dictionary.token2id["pear"]] == 2
    with pytest.raises(DataError, match=r"0 \.\.\. 2, got 3 in document 1"):
        as_corpus([[(0, 1)], [(3, 1)]], vocabulary=dictionary)


def test_token_lists() -> None:
    corpus = as_corpus([["b", "a", "b"], [], ("c",), np.array(["a"])], ids=list("wxyz"))
    assert corpus.vocabulary == ["a", "b", "c"]
    assert [corpus.shard(i).words.tolist() for i in range(corpus.n_shards)] == [[1, 0, 1], [], [2], [0]]
    assert (corpus.ordered, corpus.n_empty_documents) == (True, 1)
    assert corpus.document_ids().to_pylist() == list("wxyz")
    assert as_corpus(word.split() for word in ("x y", "z")).n_tokens == 3


def test_whole_numbers_that_an_array_or_a_table_holds_as_objects() -> None:
    mixed = np.array([[1, 0.0, True], [np.int8(3), Decimal(2), 0]], dtype=object)
    assert as_corpus(mixed).n_tokens == 7
    frame = pd.DataFrame(mixed, columns=["a", "b", "c"]).assign(d=[1, 0])
    corpus = as_corpus(frame)
    assert (corpus.n_tokens, corpus.vocabulary) == (8, ["a", "b", "c", "d"])
    assert frame.dtypes.tolist()[:3] == [np.dtype(object)] * 3
    with pytest.raises(TypeError, match="got dict at row 1, column 'c'"):
        as_corpus(frame.assign(c=np.array([1, {}], dtype=object)))
    with pytest.raises(DataError, match="got object in 'c'"):
        as_corpus(frame.assign(c=["x", "y"]))


def test_empty_documents_of_a_prediction() -> None:
    corpus = as_corpus([[], []], allow_empty=True)
    assert (corpus.n_documents, corpus.n_tokens, corpus.n_terms) == (2, 0, 0)
    (first, second) = iter_corpus(corpus, ["a"])
    assert first.doc_offsets.tolist() == second.doc_offsets.tolist() == [0, 0]
    assert as_corpus(np.zeros((2, 3)), allow_empty=True).n_terms == 3


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.array([[1, 1.5]]), "the fraction 1.5 at row 0, column 1; round"),
        (np.array([[0, 0], [0, -2]]), "negative -2 at row 1, column 1"),
        (np.array([[1, np.nan]]), "NaN nan at row 0, column 1"),
        (sp.csr_matrix([[0, np.inf]]), "infinite inf at row 0, column 1"),
        (np.array([1, 2]), r"two dimensions .* got 1. Reshape your data with X.reshape\(1, -1\)"),
        (np.array([[1, 2j]]), "Complex data not supported: .* complex128"),
        (np.array([[1, None]]), "None at row 0, column '1'; fill"),
        (np.array([["a", 1]], dtype=object), "the text 'a' at row 0, column '0'"),
        (np.array([[1, 1.5]], dtype=object), "the fraction 1.5 at row 0, column 1; round"),
        (np.array([[10**30]]), "are these really counts"),
        (np.zeros((0, 3)), r"0 sample\(s\) \(shape=\(0, 3\)\) while a minimum of 1 is required"),
        (np.zeros((2, 2)), "all documents are empty"),
        (np.array([[1e300]]), "are these really counts"),
        ([[], []], "all documents are empty: not one token"),
        ([], "at least one document"),
        (pa.table({"a": [1, None]}), "null in column 'a'"),
        ([[(0, -1)]], "negative"),
        ([[(0.5, 1)]], "term ids"),
        ([["line\nbreak"]], "line break"),
        ([["a", 3]], r"tokens must be strings, got 3 \(int\) in document 0; convert them with str"),
        ([["a"], [["a"]]], r"got \['a'\] \(list\) in document 1"),
        ([["a"]] * 5000 + [["b", None]], "tokens must be strings, got None in document 5000"),
        ([["a"], [np.nan]], "got nan in document 1"),
        ([["a"], [pd.NA]], "got <NA> in document 1"),
        ([[], np.array(["a", 1.5], dtype=object)], "got 1.5 .float. in document 1"),
        ([["a"], ["b\ud83d"]], r"got 'b\\ud83d' in document 1, which holds half of a surrogate pair"),
        ([["a"], None], r"lists of tokens, got None for document 1; give \[\]"),
        (pd.Series([["a"], np.nan]), "got nan for document 1"),
        ([[(0, 1)], None], "got None for document 1"),
        ([[(0, 1)], [(0, 2), "fig"]], r"\(id, count\) only, got 'fig' in document 1"),
        ([[(0, 1)], [(0, 2), (1, 2, 3)]], r"\(id, count\) only, got \(1, 2, 3\) in document 1"),
    ],
)
def test_bad_counts(value: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        as_corpus(value)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (["raw text", "more"], r"got raw text for document 0; split it"),
        ("just some text", "path"),
        (3, "got int"),
        ([3], "got int"),
        ([["a"]] * 100 + ["raw text"], "got raw text for document 100"),
        (iter([["a"], 3]), "got int for document 1"),
    ],
)
def test_wrong_kinds(value: object, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        as_corpus(value)


def test_names_that_do_not_fit(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="each of the 3 columns, got 2"):
        as_corpus(COUNTS, vocabulary=["a", "b"])
    with pytest.raises(DataError, match="'a' twice"):
        as_corpus(COUNTS, vocabulary=["a", "b", "a"])
    with pytest.raises(DataError, match="none for 1"):
        as_corpus(COUNTS, vocabulary={"a": 0, "b": 2})
    with pytest.raises(DataError, match="each of the 3 documents, got 1"):
        as_corpus(COUNTS, ids=["x"])
    (tmp_path / "v.txt").write_text("a\nb\nc\n")
    assert as_corpus(COUNTS, vocabulary=tmp_path / "v.txt").vocabulary == ["a", "b", "c"]
    with pytest.raises(TypeError, match="leave it out"):
        as_corpus([["a"]], vocabulary=["a"])


@pytest.mark.parametrize(("name", "shown"), [("\ud83d", r"'\\ud83d'"), (None, "None"), (np.nan, "nan")])
def test_names_that_are_no_text(name: object, shown: str) -> None:
    for vocabulary in (["x", name, "z"], {"x": 0, name: 1, "z": 2}, np.array(["x", name, "z"], dtype=object)):
        with pytest.raises(DataError, match=f"a term must be text, got {shown} for column 1"):
            as_corpus(COUNTS, vocabulary=vocabulary)
    if isinstance(name, str):
        with pytest.raises(DataError, match=f"ids must be text, got {shown} for document 2"):
            as_corpus(COUNTS, ids=["x", "y", name])


matrices = arrays(np.int64, array_shapes(min_dims=2, max_dims=2, max_side=12), elements=st.integers(0, 3))


@settings(deadline=None)
@given(matrices)
def test_round_trip_by_disk(tmp_path_factory: pytest.TempPathFactory, counts: Any) -> None:
    corpus = as_corpus(sp.csr_array(counts), allow_empty=True)
    folder = tmp_path_factory.mktemp("corpus") / "c"
    corpus.save(folder)
    opened = Corpus.open(folder)
    np.testing.assert_array_equal(dense(opened), counts)
    assert opened.content_hash == corpus.content_hash
    assert opened.term_frequencies.tolist() == counts.sum(axis=0).tolist()
    assert opened.document_frequencies.tolist() == (counts > 0).sum(axis=0).tolist()
    assert opened.n_empty_documents == (counts.sum(axis=1) == 0).sum()


@given(st.lists(st.integers(0, TOKENS_PER_SHARD), min_size=1, max_size=60))
def test_shards_are_contiguous_and_balanced(lengths: list[int]) -> None:
    bounds = shard_bounds(np.array(lengths, dtype=np.int64))
    n_shards = shard_count(len(lengths), sum(lengths))
    assert len(bounds) == n_shards + 1
    assert n_shards >= min(MIN_SHARDS, len(lengths))
    assert (np.diff(bounds) > 0).all()
    assert (bounds[0], bounds[-1]) == (0, len(lengths))
    sizes = np.add.reduceat(np.array([*lengths, 0]), bounds[:-1])
    assert sizes.max() <= sum(lengths) / n_shards + max(lengths)


@pytest.mark.parametrize("kind", [">i4", ">u2", ">f4", ">f8", ">f2", "<i8"])
def test_numbers_in_any_order_of_bytes(kind: str) -> None:
    foreign = COUNTS.astype(kind)
    for given_ in (foreign, pd.DataFrame(foreign)):
        np.testing.assert_array_equal(dense(as_corpus(given_)), COUNTS)


def test_what_lies_under_a_mask_is_not_counted() -> None:
    np.testing.assert_array_equal(dense(as_corpus(np.ma.array(COUNTS))), COUNTS)
    with pytest.raises(DataError, match=r"must not be missing, got masked entries; .*filled\(0\)"):
        as_corpus(np.ma.masked_equal(COUNTS, 2))
