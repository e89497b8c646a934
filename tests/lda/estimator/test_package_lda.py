"""`LDA` called in the words of the package `lda`: its defaults, its attributes, its transform."""

from __future__ import annotations

import logging
import pickle
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import tiny
from scipy.special import gammaln

import lda
from lda.estimator.iterated_pseudo_counts import topics_by_pseudo_counts
from lda.estimator.package_lda import PackageLDA

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

LDA: Any = lda.LDA  # whose words these are, a type checker cannot know
X = tiny.counts().toarray()


@pytest.fixture(scope="module")
def fitted() -> Any:
    return LDA(n_topics=3, n_iter=25, random_state=1, refresh=10).fit(X)


@pytest.mark.parametrize(
    ("args", "keywords", "expected"),
    [
        ((), {"n_topics": 5}, (5, 2000, 0.1, 0.01, None, 10)),
        ((5, 60), {}, (5, 60, 0.1, 0.01, None, 10)),
        ((5, 60, 0.3, 0.2, 7, 15), {}, (5, 60, 0.3, 0.2, 7, 15)),
        ((5,), {"eta": 0.4}, (5, 2000, 0.1, 0.4, None, 10)),
        ((5,), {"refresh": 1, "random_state": 0}, (5, 2000, 0.1, 0.01, 0, 1)),
        ((), {"n_topics": 5, "sampler": "pclda", "n_iter": 9}, (5, 9, 0.1, 0.01, None, 10)),
    ],
)
def test_calls_in_its_words_have_its_defaults(
    args: tuple[Any, ...], keywords: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    model = LDA(*args, **keywords)
    assert type(model) is PackageLDA
    names = ("n_topics", "n_iter", "alpha", "eta", "random_state", "refresh")
    assert tuple(getattr(model, name) for name in names) == expected
    others = {name: value for name, value in keywords.items() if name not in names}
    chain = {"sampler": "collapsed", "start": "random", "n_samples": 0}
    assert model.get_params().items() >= {**chain, **others}.items()


@pytest.mark.parametrize(
    ("args", "keywords"),
    [
        ((5,), {}),
        ((5,), {"alpha": 0.3, "random_state": 1}),
        ((), {"n_components": 5, "eta": 0.1}),
        ((5,), {"max_iter": 9, "eta": 0.1}),
        ((), {"n_iter": 9}),  # that package does not do without a number of topics
    ],
)
def test_calls_in_our_words_keep_ours(args: tuple[Any, ...], keywords: dict[str, Any]) -> None:
    model = LDA(*args, **keywords)
    assert type(model) is lda.LDA
    assert (model.start, model.n_samples) == ("auto", None)


def test_its_modules_are_there() -> None:
    code = (
        "import lda; lda.datasets.load_speeches, lda.utils.ldac2dtm, lda.lda.LDA\n"
        "from lda.lda import LDA; assert LDA is lda.LDA"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_priors_are_refused_at_once_as_there() -> None:
    for args, keywords in (((5,), {"alpha": -3}), ((5,), {"eta": 0}), ((), {"n_topics": 5, "alpha": -1})):
        with pytest.raises(ValueError, match="must be greater than zero"):
            LDA(*args, **keywords)
    lda.LDA(alpha=-1)  # as `clone` does; `fit` refuses it
    with pytest.raises(TypeError, match="n_jobs"):
        LDA(n_topics=5, workers=3)
    with pytest.raises(TypeError, match="both"):
        LDA(5, n_topics=6)


def test_counts_topics_and_likelihood_belong_together(fitted: Any) -> None:
    assert (fitted.nzw_.shape, fitted.nzw_.dtype) == ((3, 15), np.intc)
    assert (fitted.ndz_.shape, fitted.ndz_.dtype) == ((60, 3), np.intc)
    np.testing.assert_array_equal(fitted.nzw_.sum(axis=0), X.sum(axis=0))
    np.testing.assert_array_equal(fitted.ndz_.sum(axis=1), X.sum(axis=1))
    np.testing.assert_array_equal(fitted.nz_, fitted.nzw_.sum(axis=1))
    np.testing.assert_array_equal(fitted.nz_, fitted.ndz_.sum(axis=0))
    smoothed = fitted.nzw_ + 0.01
    np.testing.assert_allclose(fitted.topic_word_, smoothed / smoothed.sum(axis=1, keepdims=True), rtol=1e-12)
    np.testing.assert_array_equal(fitted.components_, fitted.topic_word_)
    smoothed = fitted.ndz_ + 0.1
    np.testing.assert_allclose(fitted.doc_topic_, smoothed / smoothed.sum(axis=1, keepdims=True), rtol=1e-12)
    # Griffiths and Steyvers (2004), equations 2 and 3, term by term.
    topics = sum(
        gammaln(15 * 0.01) - 15 * gammaln(0.01) + gammaln(row + 0.01).sum() - gammaln(row.sum() + 15 * 0.01)
        for row in fitted.nzw_
    )
    documents = sum(
        gammaln(3 * 0.1) - 3 * gammaln(0.1) + gammaln(row + 0.1).sum() - gammaln(row.sum() + 3 * 0.1)
        for row in fitted.ndz_
    )
    assert fitted.loglikelihood() == pytest.approx(topics + documents, rel=1e-10)
    # A state that was not evaluated is known by its counts all the same: that of a fit that a callback ends.
    ended = fitted.set_params(callbacks=(lambda record: record.sweep == 25,))
    cut = LDA(**{**ended.get_params(), "n_iter": 40}).fit(X)
    fitted.set_params(callbacks=())
    assert cut.n_iter_ == 25
    assert len(cut.loglikelihoods_) == 2
    assert cut.loglikelihood() == pytest.approx(fitted.loglikelihood(), rel=1e-12)
    assert len(fitted.loglikelihoods_) == 3  # after 10, 20 and 25 sweeps
    assert fitted.loglikelihoods_[-1] == pytest.approx(fitted.loglikelihood(), rel=1e-12)


@pytest.mark.filterwarnings("ignore:of the documents' tokens of its", "ignore:most seed words")
@pytest.mark.parametrize(("sampler", "frozen"), [("collapsed", ()), ("adlda", (1,))])
def test_the_likelihood_knows_what_topics_began_with(sampler: str, frozen: tuple[int, ...]) -> None:
    frame = pd.DataFrame(X, columns=[f"w{i}" for i in range(X.shape[1])])
    given: dict[str, Any] = {
        "n_topics": 3,
        "random_state": 1,
        "seed_words": [["w1"], ["w2"]],
        "seed_weight": 9,
        "frozen_topics": frozen,
        "sampler": sampler,
    }
    whole = LDA(n_iter=15, refresh=15, **given).fit(frame)
    cut = LDA(n_iter=40, refresh=10, callbacks=(lambda record: record.sweep == 15,), **given).fit(frame)
    assert cut.model_.fingerprint() == whole.model_.fingerprint()
    assert cut.history_[-1].log_likelihood is None
    assert cut.loglikelihood() == pytest.approx(whole.loglikelihood(), rel=1e-12)


def test_a_fit_is_that_of_our_words_with_its_settings(fitted: Any) -> None:
    ours = lda.LDA(
        3,
        max_iter=25,
        alpha=0.1,
        beta=0.01,
        random_state=1,
        evaluate_every=10,
        sampler="collapsed",
        start="random",
        n_samples=0,
    ).fit(X)
    assert ours.model_.fingerprint() == fitted.model_.fingerprint()
    np.testing.assert_allclose(ours.topic_word_, fitted.topic_word_)
    assert ours.loglikelihood() == pytest.approx(fitted.loglikelihood())


def token_by_token(phi: npt.NDArray[Any], document: npt.NDArray[Any], alpha: float, steps: int) -> Any:
    """Iterated pseudo-counts as Buntine (2009) writes them, a row of q for each token."""
    q = np.zeros((len(document), len(phi)))
    for _ in range(steps + 1):
        others = [sum(q[j] for j in range(len(document)) if j != i) + alpha for i in range(len(document))]
        q = np.array([phi[:, word] * weight for word, weight in zip(document, others, strict=True)])
        q /= q.sum(axis=1, keepdims=True)
    return q.sum(axis=0) / len(document)


def test_transform_is_by_iterated_pseudo_counts(fitted: Any) -> None:
    theta = fitted.transform(X[:4], max_iter=6)
    assert theta.dtype == np.float64
    for row, counts in zip(theta, X[:4], strict=True):
        document = np.repeat(np.arange(15), counts)
        expected = token_by_token(fitted.topic_word_, document, 0.1, 6)
        np.testing.assert_allclose(row, expected, rtol=1e-9, atol=1e-12)
    assert not np.allclose(theta, fitted.transform(X[:4], max_iter=0))
    np.testing.assert_array_equal(fitted.transform(X[:4], max_iter=0), fitted.transform(X[:4], tol=1e9))
    for one in (X[0], X[:1], sp.csr_matrix(X[:1]), sp.csr_array(X[:1])):
        np.testing.assert_array_equal(fitted.transform(one, max_iter=6), theta[:1])
    np.testing.assert_allclose(fitted.transform(np.zeros(15, int)), np.full((1, 3), 1 / 3))
    assert topics_by_pseudo_counts(
        np.zeros(1, np.int64), np.zeros(0, np.int32), fitted.topic_word_, np.ones(3), max_iter=1, tol=0
    ).shape == (0, 3)


def test_what_its_scripts_do_with_input(fitted: Any) -> None:
    theta = LDA(n_topics=3, n_iter=25, random_state=1).fit_transform(sp.csr_matrix(X))
    np.testing.assert_array_equal(theta, fitted.doc_topic_)
    one = LDA(n_topics=2, n_iter=2, random_state=1).fit_transform(X[0])
    assert one.shape == (1, 2)
    for use in (fitted.transform, LDA(n_topics=2, n_iter=1).fit):
        with pytest.raises(ValueError, match="integer values, got float64"):
            use(sp.csr_matrix(X, dtype=float))
        with pytest.raises(ValueError, match="negative"):
            use(-X)
        with pytest.raises(ValueError, match="fraction"):
            use(X / 2)
    with pytest.raises(ValueError, match="not fitted"):
        LDA(n_topics=2).transform(X)


def test_without_a_random_state_numpys_global_one_counts() -> None:
    np.random.seed(5)  # noqa: NPY002 - as such scripts do
    first = LDA(n_topics=3, n_iter=2).fit(X)
    second = LDA(n_topics=3, n_iter=2).fit(X)
    np.random.seed(5)  # noqa: NPY002
    again = LDA(n_topics=3, n_iter=2).fit(X)
    assert first.random_state is None
    assert first.seed_ == again.seed_ != second.seed_
    np.testing.assert_array_equal(first.ndz_, again.ndz_)


def test_it_is_an_estimator_of_scikit_learn_too(fitted: Any, tmp_path: Path) -> None:
    base = pytest.importorskip("sklearn.base")
    copy = base.clone(fitted.set_params(n_topics=3))
    assert repr(copy) == "LDA(n_topics=3, n_iter=25, random_state=1)"
    assert type(eval(f"lda.{copy!r}")) is PackageLDA
    assert copy.set_params(n_topics=2, eta=0.5, n_jobs=1).get_params().items() >= {
        ("n_topics", 2),
        ("eta", 0.5),
        ("n_jobs", 1),
        ("n_samples", 0),
    }
    assert (copy.n_components, copy.beta) == (2, 0.5)
    thawed = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(thawed.transform(X), fitted.transform(X))
    assert thawed.loglikelihood() == fitted.loglikelihood()
    assert repr(thawed) == repr(fitted)
    frame = pd.DataFrame(X, index=[f"d{i}" for i in range(60)], columns=[f"w{i}" for i in range(15)])
    table = base.clone(fitted).set_output(transform="pandas").fit_transform(frame)
    assert (list(table.index), list(table.columns)) == (list(frame.index), ["lda0", "lda1", "lda2"])
    np.testing.assert_array_equal(table.to_numpy(), fitted.doc_topic_)
    fitted.save(tmp_path / "model")
    loaded = lda.load(tmp_path / "model")
    assert (type(loaded), loaded.n_components, loaded.alpha, loaded.beta) == (lda.LDA, 3, 0.1, 0.01)


def test_it_goes_on_from_itself() -> None:
    model = LDA(n_topics=3, n_iter=20, random_state=1).fit(X)
    before = model.topic_word_
    model.set_params(warm_start=True, n_iter=5).fit(X)
    assert model.topic_word_.argmax(axis=1).tolist() == before.argmax(axis=1).tolist()
    model.partial_fit(X[:10])
    assert model.nz_.sum() == X.sum() + X[:10].sum()


def test_every_parameter_of_ours_goes_beside_its_own() -> None:
    given = {name: value for name, value in lda.LDA().get_params().items() if name != "n_samples"}
    for name in ("n_components", "max_iter", "alpha", "beta", "random_state", "evaluate_every"):
        del given[name]
    model = LDA(n_topics=4, **given)
    assert model.get_params().items() >= given.items()
    assert (model.n_topics, model.start) == (4, "auto")


def test_its_logger_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="lda"):
        model = LDA(n_topics=3, n_iter=20, random_state=1).fit(X)
    assert caplog.messages == [
        "n_documents: 60",
        "vocab_size: 15",
        f"n_words: {X.sum()}",
        "n_topics: 3",
        "n_iter: 20",
        f"<10> log likelihood: {model.loglikelihoods_[0]:.0f}",
        f"<20> log likelihood: {model.loglikelihoods_[1]:.0f}",
    ]


def test_steps_and_tolerances_that_cannot_be(fitted: Any) -> None:
    with pytest.raises(ValueError, match="max_iter must be at least 0, got -1"):
        fitted.transform(X, max_iter=-1)
    with pytest.raises(ValueError, match="tol must be at least 0, got nan"):
        fitted.transform(X, tol=float("nan"))
    with pytest.raises(TypeError, match=r"init_from must be a model, .* got PackageLDA"):
        LDA(3, max_iter=1).fit(X, init_from=fitted)
