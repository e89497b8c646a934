"""Data frames and plots of models and estimators over documents, and what is said where a package is missing."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest
from made_models import made_model, planted_model

import lda
from lda.charts.distances import topic_distances
from lda.evaluation.relevance import term_share
from lda.extras import MissingPackageError

YEARS = [1900 + d // 20 for d in range(80)]
PARTIES = ["Whig" if d % 3 else "Democratic" for d in range(80)]


@pytest.fixture(scope="module")
def documents() -> list[list[str]]:
    rng = np.random.default_rng(0)
    early, late = [f"early{i}" for i in range(12)], [f"late{i}" for i in range(12)]
    return [list(rng.choice(early if d < 40 else late, 30)) for d in range(80)]


@pytest.fixture(scope="module")
def fitted(documents: list[list[str]]) -> lda.LDA:
    return lda.LDA(3, max_iter=60, random_state=0).fit(documents)


def metadata() -> pd.DataFrame:
    return pd.DataFrame({"year": YEARS, "party": PARTIES})


def test_topics_frame_has_the_numbers_of_the_model() -> None:
    model = planted_model(5).with_labels({2: "Trade"})
    frame = model.topics_frame(4)
    assert frame.index.tolist() == list(range(5))
    assert frame.index.name == "topic"
    assert frame.loc[2, "name"] == "Trade"
    assert frame["name"].isna().sum() == 4
    for topic in model.topics(4):
        row = frame.loc[topic.number]
        assert (row["tokens"], row["share"], row["alpha"]) == (topic.tokens, topic.share, topic.alpha)
        assert row["words"] == ", ".join(word for word, _ in topic.words)
    np.testing.assert_array_equal(frame["eff_num_words"], model.diagnostics().eff_num_words)


def test_map_frame_adds_places_on_the_map() -> None:
    model = planted_model(3)
    frame = model.map_frame()
    between = np.hypot(*(frame.loc[0, ["x", "y"]] - frame.loc[1, ["x", "y"]]).astype(float))
    assert between == pytest.approx(topic_distances(model)[0, 1], abs=1e-3)


def test_words_frame_is_by_relevance_and_whole() -> None:
    model = planted_model(4)
    frame = model.words_frame(1, lambda_=1.0)
    assert len(frame) == (model.language_counts[:, [1]] > 0).nnz
    assert (np.diff(frame["p"]) <= 0).all()
    terms = [model.vocabulary.index(word) for word in frame["word"]]
    np.testing.assert_allclose(frame["p"], model.topic_word[1, terms])
    np.testing.assert_allclose(frame["lift"], model.topic_word[1, terms] / term_share(model)[terms])
    assert frame["tokens"].tolist() == model.counts[terms][:, [1]].toarray().ravel().tolist()
    assert len(model.words_frame(1, 3)) == 3


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.words_frame(4), "there are topics 0 to 3, got 4"),
        (lambda m: m.words_frame(-1), "there are topics 0 to 3, got -1"),
        (lambda m: m.words_frame(0, -2), "n_words must be 0 or more, got -2"),
        (lambda m: m.words_frame(0, lambda_=7), "lambda must lie between 0 and 1, got 7"),
        (lambda m: m.topics_frame(-1), "n_words must be 0 or more, got -1"),
        (lambda m: m.plot_words(True), "there are topics 0 to 3, got True"),
    ],
)
def test_wrong_arguments_are_refused_in_one_line(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        call(planted_model(4))


def test_history_frame_has_a_row_a_sweep(fitted: lda.LDA) -> None:
    frame = fitted.history_frame()
    assert frame.index.tolist() == [record.sweep for record in fitted.history_]
    expected = [np.nan if r.log_likelihood is None else r.log_likelihood for r in fitted.history_]
    np.testing.assert_array_equal(frame["log_likelihood"], expected)
    assert frame["heldout"].isna().all()


def test_document_frame_is_transform_with_names(fitted: lda.LDA, documents: list[list[str]]) -> None:
    named = fitted.model_.with_labels({1: "Second"})
    frame = named.document_frame(documents[:4])
    np.testing.assert_array_equal(frame.to_numpy(), named.transform(documents[:4]))
    assert frame.columns[1] == "1 Second"
    assert frame.columns[0].startswith("0 ")
    pd.testing.assert_frame_equal(
        fitted.document_frame(documents[:4]), fitted.model_.document_frame(documents[:4])
    )


def test_document_frame_keeps_the_index_of_a_table() -> None:
    table = pd.DataFrame(np.arange(20).reshape(5, 4) % 4, index=list("abcde"), columns=list("wxyz"))
    model = lda.LDA(3, max_iter=5, random_state=0).fit(table)
    assert model.document_frame(table).index.tolist() == list("abcde")
    polars = pytest.importorskip("polars")
    chosen: Any = model.set_output(transform="polars").document_frame(table)
    assert isinstance(chosen, polars.DataFrame)
    assert chosen["document"].to_list() == list("abcde")
    assert isinstance(model.topics_frame(frame="pandas"), pd.DataFrame)


@pytest.mark.parametrize("frame", ["polars", "arrow"])
def test_frames_of_others_have_the_columns_of_pandas(
    fitted: lda.LDA, documents: list[list[str]], frame: Any
) -> None:
    if frame == "polars":
        pytest.importorskip("polars")
    for call in (
        lambda m, **k: m.topics_frame(4, **k),
        lambda m, **k: m.map_frame(**k),
        lambda m, **k: m.words_frame(1, **k),
        lambda m, **k: m.history_frame(**k),
        lambda m, **k: m.over_frame(documents, "year", bin="year", metadata=metadata(), **k),
        lambda m, **k: m.by_frame(documents, "party", metadata=metadata(), **k),
        lambda m, **k: (
            m.document_frame(documents, **k).rename_axis("document")
            if not k
            else m.document_frame(documents, **k)
        ),
        lambda m, **k: m.doc_topic_frame(**k).rename_axis("document") if not k else m.doc_topic_frame(**k),
    ):
        expected = call(fitted)
        if expected.index.name is not None:
            expected = expected.reset_index()
        found: Any = call(fitted, frame=frame)
        assert type(found).__module__.partition(".")[0] == {"arrow": "pyarrow"}.get(frame, frame)
        found = found.to_pandas()
        assert list(found.columns) == list(expected.columns)
        for name in expected:
            np.testing.assert_array_equal(
                found[name].fillna("").to_numpy(), expected[name].fillna("").to_numpy(), err_msg=name
            )
    named: Any = fitted.model_.topics_frame(frame="arrow")
    assert str(named.schema.field("name").type) == "string"  # also where no topic has one


def test_topics_of_training_documents(fitted: lda.LDA, documents: list[list[str]]) -> None:
    frame = fitted.doc_topic_frame()
    np.testing.assert_array_equal(frame.to_numpy(), fitted.doc_topic_)
    assert list(frame.columns) == list(fitted.document_frame(documents[:1]).columns)


def test_the_index_of_a_data_frame_of_a_kind_of_its_own(fitted: lda.LDA) -> None:
    class Named(pd.DataFrame):
        pass

    names = fitted.model_.vocabulary
    counts = Named(np.ones((2, len(names)), dtype=int), columns=names, index=["one", "two"])
    assert list(fitted.document_frame(counts).index) == ["one", "two"]
    polars: Any = fitted.document_frame(counts, frame="polars")
    assert polars["document"].to_list() == ["one", "two"]


def test_frames_that_there_are_not(fitted: lda.LDA, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="frame must be one of pandas, polars, arrow, got 'dask'"):
        fitted.topics_frame(frame="dask")  # type: ignore[arg-type]
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(
        MissingPackageError, match="frames of polars need the package polars; pip install polars"
    ):
        fitted.document_frame([], frame="polars")


def test_over_time_as_frame_and_plot(fitted: lda.LDA, documents: list[list[str]]) -> None:
    frame = fitted.over_frame(documents, "year", bin="year", metadata=metadata())
    assert len(frame) == 4 * 3
    assert frame["n_documents"].tolist() == [20] * 12
    assert frame["start"].dt.year.unique().tolist() == [1900, 1901, 1902, 1903]
    theta = fitted.transform(documents)
    np.testing.assert_allclose(frame["mean"][:3], theta[:20].mean(axis=0), atol=1e-6)
    assert (frame["low"] <= frame["mean"]).all()
    assert (frame["mean"] <= frame["high"]).all()
    spec = fitted.plot_over(documents, "year", [0, 2], bin="year", metadata=metadata()).to_dict()
    assert {row["topic"] for row in _values(spec)} == {0, 2}


def test_groups_as_frame_and_plot(fitted: lda.LDA, documents: list[list[str]]) -> None:
    frame = fitted.by_frame(documents, "party", metadata=metadata())
    assert "start" not in frame
    assert sorted(set(frame["party"])) == ["Democratic", "Whig"]
    whigs = np.array(PARTIES) == "Whig"
    expected = fitted.transform(documents)[whigs].mean(axis=0)
    found = frame[frame["party"] == "Whig"].set_index("topic")["mean"]
    np.testing.assert_allclose(found, expected, atol=1e-6)
    rows = _values(fitted.plot_by(documents, "party", [1], metadata=metadata()).to_dict())
    assert [row["value"] for row in rows] == ["Whig", "Democratic"]


def _values(spec: dict[str, Any]) -> list[dict[str, Any]]:
    return next(iter(spec["datasets"].values())) if "datasets" in spec else spec["data"]["values"]


def test_an_estimator_draws_what_its_model_draws(fitted: lda.LDA) -> None:
    assert fitted.plot_topics().to_dict() == fitted.model_.plot_topics().to_dict()
    pd.testing.assert_frame_equal(fitted.topics_frame(), fitted.model_.topics_frame())
    with pytest.raises(Exception, match="not fitted"):
        lda.LDA().plot_topics()


@pytest.mark.parametrize(
    ("package", "call", "remedy"),
    [
        ("altair", lambda m: m.plot_topics(), r"pip install 'raylda\[report\]'"),
        ("sklearn.manifold", lambda m: m.map_frame(), r"pip install 'raylda\[report\]'"),
        ("pandas", lambda m: m.topics_frame(), "pip install pandas"),
    ],
)
def test_a_missing_package_is_one_line(
    monkeypatch: pytest.MonkeyPatch, package: str, call: Any, remedy: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingPackageError, match=remedy) as caught:
        call(made_model([[3, 1], [0, 2]]))
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, ImportError)
