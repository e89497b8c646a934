"""Inside scikit-learn: clone, pipelines, grid search, output containers."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import tiny

import lda

sklearn = pytest.importorskip("sklearn")

from sklearn.base import clone  # noqa: E402
from sklearn.exceptions import NotFittedError  # noqa: E402
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer  # noqa: E402
from sklearn.model_selection import GridSearchCV  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.utils import get_tags  # noqa: E402
from sklearn.utils.validation import check_is_fitted  # noqa: E402

TEXTS = [" ".join(tokens) for tokens in tiny.documents()]


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
    with pytest.raises(ValueError, match="'polars', got 'arrow'"):
        model.set_output(transform="arrow")


def test_scikit_learn_is_not_needed() -> None:
    code = (
        "import sys; sys.modules['sklearn'] = None\n"
        "import lda; m = lda.LDA(2, max_iter=1).fit([['a', 'b'], ['b']]); m.transform([['a']])"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
