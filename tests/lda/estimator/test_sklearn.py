"""Inside scikit-learn: clone, pipelines, grid search, output containers."""

from __future__ import annotations

import inspect
import pickle
import subprocess
import sys
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import tiny

import lda

if TYPE_CHECKING:
    from pathlib import Path

sklearn = pytest.importorskip("sklearn")

import joblib  # noqa: E402
from sklearn.base import clone  # noqa: E402
from sklearn.compose import ColumnTransformer  # noqa: E402
from sklearn.exceptions import NotFittedError  # noqa: E402
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer  # noqa: E402
from sklearn.feature_selection import SelectKBest  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.model_selection import GridSearchCV  # noqa: E402
from sklearn.pipeline import FeatureUnion, make_pipeline  # noqa: E402
from sklearn.preprocessing import FunctionTransformer  # noqa: E402
from sklearn.utils import get_tags  # noqa: E402
from sklearn.utils.estimator_checks import check_estimator  # noqa: E402
from sklearn.utils.validation import check_is_fitted  # noqa: E402

TEXTS = [" ".join(tokens) for tokens in tiny.documents()]


# That it inherits from BaseEstimator is the one thing that is not expected: see `lda.estimator.sklearn_conventions`.
@pytest.mark.filterwarnings("ignore:Estimator LDA does not inherit from:UserWarning")
def test_all_checks_of_scikit_learn_pass() -> None:
    model = lda.LDA(2, max_iter=2, n_jobs=1)
    checks = check_estimator(model, on_skip=None, on_fail=None, expected_failed_checks={})
    assert len(checks) > 40
    failed = {check["check_name"]: check["exception"] for check in checks if check["status"] == "failed"}
    assert not failed
    skipped = {check["check_name"] for check in checks if check["status"] == "skipped"}
    assert skipped <= {"check_array_api_input"}  # SciPy's switch for arrays of other libraries is off


def test_clone_and_parameters() -> None:
    model = lda.LDA(7, alpha=[0.1] * 7, callbacks=[print])
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    assert copy.set_params(n_components=3).n_components == 3
    with pytest.raises(ValueError, match="invalid parameter 'n_topics'"):
        copy.set_params(n_topics=3)


def test_tags_and_fittedness() -> None:
    tags = get_tags(lda.LDA())
    assert tags.input_tags.sparse
    assert tags.input_tags.positive_only
    assert not tags.target_tags.required
    assert tags.transformer_tags is not None
    with pytest.raises(NotFittedError, match="not fitted"):
        lda.LDA().transform([["a"]])
    with pytest.raises(NotFittedError):
        check_is_fitted(lda.LDA())
    check_is_fitted(lda.LDA(2, max_iter=1).fit(tiny.counts()))


def test_pipeline() -> None:
    pipeline = make_pipeline(CountVectorizer(), lda.LDA(3, max_iter=60, random_state=1))
    theta = pipeline.fit_transform(TEXTS)
    np.testing.assert_array_equal(pipeline.transform(TEXTS), theta)
    assert (theta.argmax(axis=1).reshape(-1, 3) == theta[:3].argmax(axis=1)).all()
    assert list(pipeline.get_feature_names_out()) == ["lda0", "lda1", "lda2"]
    with pytest.raises(ValueError, match="fraction"):
        make_pipeline(TfidfVectorizer(), lda.LDA(3)).fit(TEXTS)


def test_grid_search_scores_held_out_documents() -> None:
    search = GridSearchCV(lda.LDA(max_iter=20, random_state=0), {"n_components": [1, 2, 3]}, cv=2)
    search.fit(tiny.counts())
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_params_ == {"n_components": 3}


def test_set_output() -> None:
    frame = pd.DataFrame(tiny.counts().toarray(), index=[f"d{i}" for i in range(60)])
    frame.columns = sorted(" ".join(tiny.THEMES).split())
    model = lda.LDA(3, max_iter=5, random_state=0).set_output(transform="pandas").fit(frame)
    theta = model.transform(frame)
    assert list(theta.columns) == ["lda0", "lda1", "lda2"]  # type: ignore[attr-defined]
    assert list(theta.index) == list(frame.index)  # type: ignore[attr-defined]
    with sklearn.config_context(transform_output="pandas"):
        assert isinstance(lda.LDA(3, max_iter=5).fit_transform(frame), pd.DataFrame)
    assert isinstance(model.set_output(transform="default").transform(frame), np.ndarray)
    table = clone(model.set_output(transform="arrow")).fit_transform(frame)
    np.testing.assert_array_equal(table.column("lda1").to_numpy(), theta["lda1"])  # type: ignore[attr-defined,call-overload]
    assert type(model.fit(frame).topics_frame()) is type(model.doc_topic_frame()) is type(table)
    with pytest.raises(ValueError, match="'arrow', got 'modin'"):
        model.set_output(transform="modin")


def test_scikit_learn_is_not_needed() -> None:
    code = (
        "import sys; sys.modules['sklearn'] = None\n"
        "import lda; m = lda.LDA(2, max_iter=1).fit([['a', 'b'], ['b']]); m.transform([['a']])"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_synonyms_are_of_the_call_alone() -> None:
    signature = inspect.signature(lda.LDA)
    assert next(iter(signature.parameters)) == "n_components"
    assert not any(p.kind in (p.VAR_KEYWORD, p.VAR_POSITIONAL) for p in signature.parameters.values())
    assert signature.parameters.keys() == lda.LDA().get_params().keys()
    model: Any = lda.LDA(n_topics=3, max_iter=7, eta=0.02)  # type: ignore[call-arg]
    for copy in (clone(model), pickle.loads(pickle.dumps(model)), deepcopy(model)):
        assert repr(copy) == "LDA(n_components=3, beta=0.02, max_iter=7)"

    class Named(lda.LDA):
        def __init__(self, n_components: int = 2, *, title: str = "") -> None:
            super().__init__(n_components)
            self.title = title

    assert Named(n_topics=4, title="mine").get_params() == {"n_components": 4, "title": "mine"}  # type: ignore[call-arg]


def test_words_survive_a_pipeline(tmp_path: Path) -> None:
    pipeline = make_pipeline(CountVectorizer(), lda.LDA(3, max_iter=30, random_state=0)).fit(TEXTS)
    model, counts = pipeline["lda"], pipeline["countvectorizer"].transform(TEXTS)
    names = pipeline["countvectorizer"].get_feature_names_out()
    assert all(word.isdigit() for words in model.top_words(5) for word in words)
    assert tiny.themes_found(model.top_words(5, feature_names=names))
    assert tiny.themes_found(model.model_.top_words(5, feature_names=pipeline["countvectorizer"]))
    before = (model.transform(counts), model.model_.fingerprint())
    assert lda.name_terms(pipeline) is model
    assert tiny.themes_found(model.top_words(5))
    assert list(model.feature_names_in_) == list(names)
    np.testing.assert_array_equal(model.transform(counts), before[0])
    np.testing.assert_array_equal(
        model.transform(pd.DataFrame(counts.toarray()[:, ::-1], columns=names[::-1])), before[0]
    )
    model.save(tmp_path / "model")
    loaded = lda.load(tmp_path / "model")
    assert loaded.top_words(5) == model.top_words(5)
    assert loaded.model_.fingerprint() == before[1]
    for fitted in (model, loaded):  # documents were hashed by the numbers of columns
        with pytest.warns(UserWarning, match="60 of 60 scored documents have the same words"):
            assert fitted.model_.heldout_score(counts).n_trained == 60
    assert set("".join(model.topics_frame(5)["words"]).replace(", ", "")) <= set("".join(names))
    with pytest.raises(ValueError, match="must name each of the 15 columns, got 2"):
        model.top_words(feature_names=["a", "b"])


@pytest.mark.filterwarnings("ignore:.*trained on:UserWarning")  # of a few words only, documents are alike
def test_names_are_found_in_searches_and_pipelines_within_pipelines() -> None:
    words = make_pipeline(CountVectorizer(), SelectKBest(lambda X, y: np.arange(15), k=5))
    topics = make_pipeline(
        FunctionTransformer(feature_names_out="one-to-one"), lda.LDA(2, max_iter=5, random_state=0)
    )
    search = GridSearchCV(make_pipeline(words, topics), {"pipeline-2__lda__max_iter": [3, 5]}, cv=2)
    search.fit(TEXTS, [0, 1] * 30)
    assert list(lda.name_terms(search).feature_names_in_) == sorted(" ".join(tiny.THEMES).split())[-5:]
    table = pd.DataFrame({"text": TEXTS, "n": range(60)})
    topics = make_pipeline(
        CountVectorizer(), FeatureUnion([("few", lda.LDA(2, max_iter=1)), ("one", lda.LDA(1))])
    )
    columns = ColumnTransformer([("topics", topics, "text"), ("rest", "passthrough", ["n"])]).fit(table)
    assert lda.name_terms(columns).n_components == 2
    for _, model in columns.named_transformers_["topics"][-1].transformer_list:
        assert set(model.feature_names_in_) == set(" ".join(tiny.THEMES).split())
    with pytest.raises(NotFittedError):
        lda.name_terms(make_pipeline(CountVectorizer(), lda.LDA(2)))
    with pytest.raises(TypeError, match=r"with an lda\.LDA among its steps, got Pipeline"):
        lda.name_terms(words)
    with pytest.raises(ValueError, match="nothing stands before the LDA"):
        lda.name_terms(make_pipeline(lda.LDA(2)).fit(tiny.counts()))
    unnamed = make_pipeline(CountVectorizer(), FunctionTransformer(), lda.LDA(2, max_iter=1)).fit(TEXTS)
    with pytest.raises(ValueError, match="no names for their columns"):
        lda.name_terms(unnamed)


def test_metadata_routing_and_weights() -> None:
    counts, weights = tiny.counts(), np.ones(60)
    for name, where in (
        ("layer", "give the counts of a layer as lda.as_corpus"),
        ("id2word", "give the Dictionary as vocabulary="),
    ):
        with pytest.raises(TypeError, match=rf"unexpected keyword argument '{name}'; {where}"):
            lda.LDA(2).fit(tiny.counts(), **{name: None})  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"fit\(\) takes no sample_weight: .* whole weights"):
        lda.LDA(2).fit(counts, sample_weight=weights)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"lda\.as_corpus\(adata, layer="):
        lda.LDA(2).fit(counts, layer="counts")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="unexpected keyword argument 'weights'"):
        lda.LDA(2).partial_fit(counts, weights=weights)  # type: ignore[arg-type]
    with sklearn.config_context(enable_metadata_routing=True):
        classifier = LogisticRegression().set_fit_request(sample_weight=True)
        model = lda.LDA(2, max_iter=3, random_state=0)
        make_pipeline(model, classifier).fit(counts, [0, 1] * 30, sample_weight=weights)
        GridSearchCV(lda.LDA(max_iter=3), {"n_components": [1, 2]}, cv=2).fit(counts)
        asking = clone(model.set_fit_request(cluster=True))
        with pytest.raises(TypeError, match=r"cluster must be an lda.Cluster or None, got 'here'"):
            make_pipeline(asking, classifier).fit(counts, [0, 1] * 30, cluster="here")
        with pytest.raises(TypeError, match="a request for 'sample_weight'"):
            model.set_fit_request(sample_weight=True)


def test_partial_fit_joins_the_counts() -> None:
    counts = tiny.counts(240)
    model = lda.LDA(3, max_iter=30, random_state=0)
    for start in range(0, 240, 80):
        model.partial_fit(counts[start : start + 80])
    record = model.model_.record
    assert (record.n_documents, record.n_trained_tokens, model.n_iter_) == (240, counts.sum(), 90)
    assert [row.sweep for row in model.history_] == list(range(1, 91))
    np.testing.assert_array_equal(model.model_.counts.sum(axis=1).ravel(), counts.sum(axis=0))
    assert model.model_.language_counts.sum() == pytest.approx(counts.sum())
    names = sorted(" ".join(tiny.THEMES).split())
    assert tiny.themes_found(model.top_words(5, feature_names=names))
    assert np.isnan(model.loglikelihood())
    with pytest.raises(AttributeError, match="that mini-batches have joined"):
        _ = model.doc_topic_
    with pytest.warns(UserWarning, match="240 of 240 scored documents"):
        model.model_.heldout_score(counts)
    # One counts like the other: the second half's topics are drawn given the first's, which have not changed.
    first = lda.LDA(3, max_iter=30, random_state=0).partial_fit(counts[:80])
    second = deepcopy(first).partial_fit(counts[80:160])
    assert ((second.model_.counts - first.model_.counts).toarray() >= 0).all()
    again = (
        lda.LDA(3, max_iter=30, random_state=0, n_jobs=2).partial_fit(counts[:80]).partial_fit(counts[80:160])
    )
    assert again.model_.fingerprint() == second.model_.fingerprint()
    np.testing.assert_array_equal(second.alpha_, first.alpha_)


def test_partial_fit_keeps_the_vocabulary_and_goes_on_from_a_file(tmp_path: Path) -> None:
    documents = tiny.documents(90)
    model = lda.LDA(3, max_iter=10, random_state=0).partial_fit(documents[:60])
    model.save(tmp_path / "model")
    loaded = lda.load(tmp_path / "model")
    with pytest.warns(UserWarning, match="the vocabulary stays"):
        model.partial_fit([[*tokens, "unheard"] for tokens in documents[60:]])
    assert model.n_features_in_ == 15
    assert loaded.partial_fit(documents[60:]).model_.fingerprint() == model.model_.fingerprint()
    known = model.model_.counts.sum()
    with pytest.warns(UserWarning, match="the vocabulary stays"):
        assert model.partial_fit([["unheard", "of"]]).model_.counts.sum() == known
    with pytest.raises(lda.DataError, match="X has 2 features, but LDA is expecting 15"):
        model.partial_fit([[1, 2]])
    with pytest.raises(ValueError, match="3 topics of the model so far, got n_components=4"):
        model.set_params(n_components=4).partial_fit(documents)


def test_warm_start_begins_from_the_topics_so_far() -> None:
    frame = pd.DataFrame(tiny.counts().toarray(), columns=sorted(" ".join(tiny.THEMES).split()))
    model = lda.LDA(3, max_iter=40, random_state=0, warm_start=True).fit(frame)
    topics = [set(words) for words in model.top_words(5)]
    model.set_params(max_iter=1).fit(frame[frame.columns[::-1]])
    assert [
        set(words) for words in model.top_words(5)
    ] == topics  # their numbers stay, in any order of columns
    assert model.n_iter_ == 1
    words = model.fit(tiny.documents(90)).top_words(5)
    assert [set(found) for found in words] == topics
    with pytest.raises(ValueError, match="warm_start goes on with the 3 topics"):
        deepcopy(model).set_params(n_components=4).fit(frame)
    with pytest.raises(
        lda.DataError, match=r"X has 14 features, but LDA is expecting 15 .*set warm_start=False"
    ):
        model.fit(frame.to_numpy()[:, 1:])
    with pytest.raises(lda.DataError, match="none of the corpus' 2 terms is one of the model's"):
        model.fit([["other", "words"]] * 4)


def test_what_is_told_once_a_process() -> None:
    code = (
        "import sys, warnings; sys.path.insert(0, 'tests/support'); import lda, tiny\n"
        "for n, decay in ((60, 0.5), (50, 0.6), (40, 0.8)):\n"
        "    with warnings.catch_warnings():  # as scikit-learn does for each fold\n"
        "        model = lda.LatentDirichletAllocation(2, max_iter=1, learning_decay=decay, random_state=0)\n"
        "        model.fit(tiny.counts()).score(tiny.counts(n))"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stderr.count("trained on") == 1
    assert found.stderr.count("learning_decay: of variational inference, and without effect") == 1


def test_a_fitted_estimator_is_the_same_elsewhere(tmp_path: Path) -> None:
    frame = pd.DataFrame(tiny.counts().toarray(), columns=sorted(" ".join(tiny.THEMES).split()))
    model = lda.LDA(3, max_iter=5, random_state=0).set_output(transform="polars").fit(frame)
    joblib.dump(model, tmp_path / "model.joblib")
    for copy in (joblib.load(tmp_path / "model.joblib"), pickle.loads(pickle.dumps(model)), deepcopy(model)):
        assert copy.transform(frame).equals(model.transform(frame))
        assert list(copy.feature_names_in_) == list(frame.columns)
        assert copy.get_feature_names_out(frame.columns).tolist() == ["lda0", "lda1", "lda2"]
    assert not clone(model).__sklearn_is_fitted__()
