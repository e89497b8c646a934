"""Tables of other libraries in and out: polars, DuckDB's way (a stream of Arrow), whatever becomes an array."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import scipy.sparse as sp
import tiny

import lda
from lda.corpus import DataError, as_corpus

pl: Any = pytest.importorskip("polars")
sklearn = pytest.importorskip("sklearn")

from sklearn.base import clone  # noqa: E402
from sklearn.model_selection import GridSearchCV  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402

NAMES = sorted(" ".join(tiny.THEMES).split())
FRAME = pd.DataFrame(tiny.counts().toarray(), columns=NAMES)


class Stream:
    """What DuckDB and Ibis hand over: the stream, once, and nothing else."""

    def __init__(self, table: pa.Table) -> None:
        self._table: pa.Table | None = table

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        table, self._table = self._table, None
        assert table is not None, "the stream is read twice"
        return table.__arrow_c_stream__(requested_schema)


class Array:
    """What xarray, PyTorch and JAX hand over."""

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return tiny.counts().toarray()


@pytest.fixture(scope="module")
def fitted() -> lda.LDA:
    return lda.LDA(3, max_iter=5, random_state=0).fit(FRAME)


def counted(corpus: lda.Corpus) -> list[list[int]]:
    lookup = {term: number for number, term in enumerate(corpus.vocabulary)}
    assert len(lookup) == corpus.n_terms
    return [
        np.bincount(shard.words[start:stop], minlength=corpus.n_terms).tolist()
        for shard in map(corpus.shard, range(corpus.n_shards))
        for start, stop in zip(shard.doc_offsets[:-1], shard.doc_offsets[1:], strict=True)
    ]


def test_every_table_of_the_same_counts_gives_the_same_model(fitted: lda.LDA) -> None:
    table = pa.table({name: pa.array(FRAME[name]) for name in NAMES})
    columns: dict[str, Any] = {name: table.column(name).cast(pa.decimal128(38, 0)) for name in NAMES}
    decimal = pa.table(columns)
    expected = fitted.transform(FRAME)
    forms = (pl.from_pandas(FRAME), Stream(table), decimal, table, table.to_batches()[0])
    for form in forms:
        model = lda.LDA(3, max_iter=5, random_state=0).fit(form)
        assert model.model_.fingerprint() == fitted.model_.fingerprint()
        assert list(model.feature_names_in_) == NAMES
    np.testing.assert_array_equal(fitted.transform(pl.from_pandas(FRAME)), expected)
    np.testing.assert_array_equal(fitted.transform(Stream(table)), expected)
    for unnamed in (Array(), FRAME.to_numpy().tolist(), [*FRAME.to_numpy()], iter(FRAME.to_numpy().tolist())):
        np.testing.assert_array_equal(fitted.transform(unnamed), expected)
    named = Array()
    named.columns = NAMES[::-1]  # type: ignore[attr-defined]  # as the tables of Dask and Modin have
    assert not np.array_equal(fitted.transform(named), expected)
    rows = lda.LDA(3, max_iter=5, random_state=0).fit(FRAME.to_numpy().tolist())
    assert rows.model_.fingerprint() == fitted.model_.fingerprint()
    assert rows.n_features_in_ == 15


def test_lists_of_count_rows() -> None:
    rows = [[1, 0, 2], [0, 1, 0]]
    corpus = as_corpus(rows, vocabulary=["a", "b", "c"])
    assert (counted(corpus), corpus.vocabulary, corpus.ordered) == (rows, ["a", "b", "c"], False)
    assert as_corpus([np.array([1, 0]), np.array([2, 0])]).n_tokens == 3
    assert as_corpus([(1, 0), (0, 2)]).n_terms == 2
    assert as_corpus(iter([[1, 2], [0, 4]])).n_tokens == 7
    for bad, message in (
        ([[1, 0], [1]], "one length.*2 in row 0 and 1 in row 1.*strings"),
        ([[1, 1.5]], "the fraction 1.5 at row 0, column 1"),
        ([[1, -1]], "negative -1 at row 0, column 1"),
        ([[1, None]], "numbers only, got NoneType"),
        ([[10**30, 1]], "numbers only, got a whole number beyond 64 bits"),
    ):
        with pytest.raises(DataError, match=message):
            as_corpus(bad)
    with pytest.raises((TypeError, DataError), match="tokens must be strings, got 1"):
        as_corpus([[1, "a"]])


@pytest.mark.parametrize("wrap", [pl.Series, pa.array, lambda x: pa.chunked_array([x]), pd.Series, list])
def test_a_column_of_lists_is_documents(wrap: Any) -> None:
    corpus = as_corpus(wrap([["b", "a", "b"], [], ["c"]]))
    assert sorted(corpus.vocabulary) == ["a", "b", "c"]
    assert (corpus.ordered, corpus.n_documents, corpus.n_empty_documents, corpus.n_tokens) == (True, 3, 1, 4)


def test_columns_of_lists_in_tables() -> None:
    alone = pl.DataFrame({"tokens": [["a", "b"], None]})
    assert as_corpus(alone).n_empty_documents == as_corpus(alone["tokens"]).n_empty_documents == 1
    with pytest.raises(DataError, match="'tokens'; give that column alone"):
        as_corpus(alone.with_columns(n=pl.lit(1)))
    with pytest.raises(DataError, match="null in column 'a'; fill"):
        as_corpus(pl.DataFrame({"a": [1, None]}))
    with pytest.raises(DataError, match=r"whole numbers .*'a' of decimal128"):
        as_corpus(pa.table({"a": pa.array([1.5]).cast(pa.decimal128(5, 2))}))


def test_an_object_that_becomes_no_array() -> None:
    class Elsewhere:
        def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
            raise RuntimeError("on the GPU;\ncopy it")

    with pytest.raises(TypeError, match=r"Elsewhere cannot become a NumPy array \(on the GPU; copy it\)"):
        as_corpus(Elsewhere())


def test_what_can_be_read_once_is_read_once(fitted: lda.LDA) -> None:
    table = pa.table({name: pa.array(FRAME[name]) for name in NAMES})
    expected = fitted.coherence(FRAME, "u_mass", n_words=3).mean
    for once in (Stream(table), table.to_reader(), iter(tiny.documents())):
        assert fitted.coherence(once, "u_mass", n_words=3).mean == pytest.approx(expected)
    np.testing.assert_array_equal(fitted.transform(table.to_reader()), fitted.transform(FRAME))
    both = clone(fitted).fit_transform
    np.testing.assert_array_equal(both(table.to_reader()), both(FRAME))
    np.testing.assert_array_equal(both(iter(tiny.documents())), both(tiny.documents()))


def test_rows_must_have_all_columns(fitted: lda.LDA) -> None:
    with pytest.raises(DataError, match=r"2 features, but LDA is expecting 15"):
        fitted.transform([[1, 0], [0, 1]])
    with pytest.raises(DataError, match=r"2 features, but LDA is expecting 15"):
        fitted.transform(iter([[1, 0], [0, 1]]))
    assert fitted.transform([[(0, 2), (1, 1)]]).shape == (1, 3)


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame, pa.table])
def test_columns_of_which_the_model_knows_none_are_refused(fitted: lda.LDA, kind: Any) -> None:
    other = kind({"x": [1, 2], "y": [0, 3]})
    for use in (fitted.transform, fitted.score, fitted.perplexity):
        with pytest.raises(
            ValueError, match=r"none of the columns .* got 'x', 'y' where it has 'bread', 'butter'"
        ):
            use(other)
    with pytest.raises(
        DataError, match="got '3', '7' where it has 'bread'"
    ):  # a slice of columns without names
        fitted.transform(pd.DataFrame([[1, 2]], columns=[3, 7]))
    named = lda.as_corpus(sp.csr_matrix([[1, 2]]), vocabulary=["x", "y"])
    with pytest.raises(DataError, match="none of the columns"):
        fitted.transform(named)


def test_columns_that_differ_are_told(fitted: lda.LDA) -> None:
    expected = fitted.transform(FRAME)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(fitted.transform(FRAME[NAMES[::-1]]), expected)
    with pytest.warns(UserWarning, match=r"does not know 1 of 16 columns \('unheard'\), which are left out$"):
        np.testing.assert_array_equal(fitted.transform(FRAME.assign(unheard=1)), expected)
    with pytest.warns(
        UserWarning, match=r"no column for 13 of the model's 15 .*\('comet', .*\.\.\.\), which count as 0"
    ):
        fitted.transform(FRAME[["bread", "butter"]])
    with pytest.warns(UserWarning, match=r"does not know 1 of 3 columns.*; X has no column for 13"):
        fitted.score(FRAME[["bread", "butter"]].assign(unheard=1))
    with pytest.warns(UserWarning, match="knows none of the 2 words, so every document gets the prior"):
        fitted.transform([["unheard"], ["of"]])


@pytest.mark.parametrize(("container", "kind"), [("polars", pl.DataFrame), ("pandas", pd.DataFrame)])
def test_output_containers(fitted: lda.LDA, container: str, kind: type) -> None:
    model = clone(fitted).set_output(transform=container)
    assert isinstance(clone(model).fit_transform(FRAME), kind)  # grid search and pipelines clone
    theta: Any = model.fit(FRAME).transform(pl.from_pandas(FRAME))
    assert isinstance(theta, kind)
    named: Any = theta
    assert list(named.columns) == ["lda0", "lda1", "lda2"]
    np.testing.assert_array_equal(named.to_numpy(), fitted.transform(FRAME))
    assert isinstance(model.set_output(transform=None).transform(FRAME), kind)
    assert isinstance(model.set_output(transform="default").transform(FRAME), np.ndarray)
    pipeline = make_pipeline("passthrough", lda.LDA(2, max_iter=2, random_state=0))
    search = GridSearchCV(pipeline.set_output(transform=container), {"lda__n_components": [2, 3]}, cv=2)
    assert isinstance(search.fit(FRAME).best_estimator_.transform(FRAME), kind)
    with sklearn.config_context(transform_output=container):
        assert isinstance(fitted.transform(FRAME), kind)
        assert isinstance(model.transform(FRAME), np.ndarray)  # its own choice counts


def test_output_containers_that_cannot_be(fitted: lda.LDA, monkeypatch: pytest.MonkeyPatch) -> None:
    model = clone(fitted).fit(FRAME)
    with pytest.raises(ValueError, match="'default', 'pandas', 'polars', 'arrow', got 'modin'"):
        model.set_output(transform="modin")
    monkeypatch.setitem(__import__("sys").modules, "polars", None)
    with pytest.raises(ImportError, match="polars needs the package polars; install it"):
        model.set_output(transform="polars").transform(FRAME)


def test_pandas_index_of_a_series() -> None:
    documents = pd.Series(tiny.documents(), index=[f"d{i}" for i in range(60)])
    theta = lda.LDA(3, max_iter=2, random_state=0).set_output(transform="pandas").fit_transform(documents)
    assert list(theta.index) == list(documents.index)  # type: ignore[attr-defined]
