"""The estimator from Python: inputs, results, reproducibility, other libraries' habits."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import tiny

import lda
from lda import DataError, Model


@pytest.fixture(scope="module")
def fitted() -> lda.LDA:
    return lda.LDA(3, max_iter=60, random_state=0).fit(tiny.documents())


def test_finds_planted_topics(fitted: lda.LDA) -> None:
    assert tiny.themes_found(fitted.top_words(5))
    leading = fitted.doc_topic_.argmax(axis=1).reshape(-1, 3)
    assert (leading == leading[0]).all()


def test_results_have_the_promised_shapes(fitted: lda.LDA) -> None:
    assert fitted.topic_word_.shape == fitted.components_.shape == (3, 15)
    np.testing.assert_allclose(fitted.topic_word_.sum(axis=1), 1)
    np.testing.assert_allclose(fitted.components_.sum(), 60 * 40 + 3 * 15 * fitted.beta_)
    np.testing.assert_allclose(fitted.doc_topic_.sum(axis=1), 1, rtol=1e-5)
    assert fitted.alpha_.shape == (3,)
    assert fitted.n_iter_ == len(fitted.history_) == 60
    assert fitted.n_features_in_ == 15
    assert list(fitted.get_feature_names_out()) == ["lda0", "lda1", "lda2"]
    assert set(fitted.feature_names_in_) == set(" ".join(tiny.THEMES).split())
    last = fitted.history_[-1].log_likelihood
    assert last is not None
    assert fitted.loglikelihood() == pytest.approx(last * 60 * 40)


@pytest.mark.parametrize("sampler", ["adlda", "esca", "pclda", "uncollapsed"])
def test_threads_do_not_change_a_bit(sampler: str) -> None:
    models = [
        lda.LDA(3, sampler=sampler, max_iter=5, n_jobs=n, random_state=3).fit(tiny.documents())
        for n in (1, 2)
    ]
    assert models[0].model_.fingerprint() == models[1].model_.fingerprint()
    np.testing.assert_array_equal(
        models[0].transform(tiny.documents()), models[1].transform(tiny.documents())
    )


def test_random_states() -> None:
    def fingerprint(random_state: Any) -> str:
        return lda.LDA(3, max_iter=1, random_state=random_state).fit(tiny.documents()).model_.fingerprint()

    assert fingerprint(5) == fingerprint(np.int64(5)) != fingerprint(6)
    assert fingerprint(np.random.default_rng(1)) == fingerprint(np.random.default_rng(1))
    assert fingerprint(np.random.RandomState(1)) == fingerprint(np.random.RandomState(1))
    drawn = lda.LDA(3, max_iter=1).fit(tiny.documents())
    assert fingerprint(drawn.seed_) == drawn.model_.fingerprint()
    with pytest.raises(TypeError, match="random_state"):
        fingerprint("five")


def test_one_document_gets_the_answer_it_gets_among_many(fitted: lda.LDA) -> None:
    together = fitted.transform(tiny.documents())
    np.testing.assert_array_equal(fitted.transform([tiny.documents()[4]])[0], together[4])
    np.testing.assert_allclose(together.sum(axis=1), 1, rtol=1e-5)
    assert together.dtype == np.float32
    again = lda.LDA(3, max_iter=60, random_state=0).fit_transform(tiny.documents())
    np.testing.assert_array_equal(again, together)
    first = np.array([fitted.model_.vocabulary.index(token) for token in tiny.documents()[0]], dtype=np.int32)
    np.testing.assert_array_equal(fitted.model_.transform_arrays(np.array([0, 40]), first)[0], together[0])


def test_empty_and_unknown_documents_get_the_prior(fitted: lda.LDA) -> None:
    theta = fitted.transform([[], ["unheard", "of"], tiny.documents()[0]])
    np.testing.assert_allclose(theta[:2], [fitted.model_.prior] * 2, rtol=1e-5)
    matrix = lda.LDA(3, max_iter=5, random_state=0).fit(tiny.counts())
    np.testing.assert_allclose(matrix.transform(np.zeros((1, 15), int))[0], matrix.model_.prior, rtol=1e-5)


def test_every_form_of_the_counts_gives_the_same_model() -> None:
    counts = tiny.counts()
    names = sorted(" ".join(tiny.THEMES).split())
    forms = [
        counts, sp.csc_matrix(counts), sp.coo_array(counts), counts.toarray(), counts.toarray().astype(float),
        pd.DataFrame(counts.toarray(), columns=names), lda.as_corpus(counts, vocabulary=names),
    ]  # fmt: skip
    models = [lda.LDA(3, max_iter=3, random_state=0).fit(form) for form in forms]
    assert len({model.model_.fingerprint() for model in models}) == 1
    assert not hasattr(models[0], "feature_names_in_")
    assert list(models[5].feature_names_in_) == names
    thetas = [model.transform(form) for model, form in zip(models, forms, strict=True)]
    for theta in thetas[1:]:
        np.testing.assert_array_equal(theta, thetas[0])


def test_columns_are_matched_by_name_else_by_position() -> None:
    names = sorted(" ".join(tiny.THEMES).split())
    frame = pd.DataFrame(tiny.counts().toarray(), columns=names)
    model = lda.LDA(3, max_iter=3, random_state=0).fit(frame)
    expected = model.transform(frame)
    np.testing.assert_array_equal(model.transform(frame[names[::-1]]), expected)
    np.testing.assert_array_equal(model.transform(frame.to_numpy()), expected)
    with pytest.warns(UserWarning, match="does not know 1 of 16 columns"):
        np.testing.assert_array_equal(model.transform(frame.assign(unheard=1)), expected)
    with pytest.raises(DataError, match=r"14 features, but LDA is expecting 15"):
        model.transform(frame.to_numpy()[:, :14])
    unnamed = lda.LDA(3, max_iter=3, random_state=0).fit(frame.to_numpy())
    np.testing.assert_array_equal(unnamed.transform(frame), expected)


def test_gensim_corpora() -> None:
    gensim = pytest.importorskip("gensim.corpora")
    dictionary = gensim.Dictionary(tiny.documents())
    bow = [dictionary.doc2bow(document) for document in tiny.documents()]
    model = lda.LDA(3, max_iter=60, random_state=1).fit(lda.as_corpus(bow, vocabulary=dictionary))
    assert tiny.themes_found(model.top_words(5))
    np.testing.assert_array_equal(model.transform(bow[:1])[0], model.transform(bow)[0])


def test_score_is_per_token_and_honest(fitted: lda.LDA) -> None:
    unseen = tiny.documents(120)[60:]
    score = fitted.score(unseen)
    assert -np.log(15) < score < 0
    assert fitted.perplexity(unseen) == np.exp(-score)
    worse = lda.LDA(3, max_iter=0, random_state=0).fit(tiny.documents())
    assert worse.score(unseen) < score
    halves = [fitted.score(unseen[:30]), fitted.score(unseen[30:])]
    assert np.mean(halves) == pytest.approx(score, abs=1e-9)  # unlike a bound, it does not depend on the set
    with pytest.warns(UserWarning, match="2 of 12 scored documents have the same words as documents that"):
        fitted.model_.heldout_score([*unseen[:10], *(doc[::-1] for doc in tiny.documents()[:2])])
    with pytest.raises(DataError, match="two words"):
        fitted.score([["bread"]])


def test_callbacks_stop_and_all_are_called() -> None:
    seen: list[int] = []
    model = lda.LDA(
        3, max_iter=50, random_state=0, callbacks=[lambda r: r.sweep == 4, lambda r: seen.append(r.sweep)]
    )
    assert model.fit(tiny.documents()).n_iter_ == 4
    assert seen == [1, 2, 3, 4]


def test_early_stop_on_validation_documents() -> None:
    model = lda.LDA(3, max_iter=400, random_state=0, validation_fraction=0.2, tol=0.05, n_iter_no_change=2)
    model.fit(tiny.documents())
    assert model.n_iter_ < 400
    assert model.history_[-1].heldout is not None
    assert model.doc_topic_.shape == (60, 3)


def test_averaging_uses_late_sweeps(fitted: lda.LDA) -> None:
    averaged = lda.LDA(3, max_iter=60, random_state=0, n_samples=4, sample_interval=2).fit(tiny.documents())
    assert averaged.model_.fingerprint() == fitted.model_.fingerprint()
    assert not np.array_equal(averaged.topic_word_, fitted.topic_word_)
    np.testing.assert_allclose(averaged.components_.sum(), fitted.components_.sum(), rtol=1e-6)


def test_save_load_pickle(fitted: lda.LDA, tmp_path: Any) -> None:
    fitted.save(tmp_path / "m")
    expected = fitted.transform(tiny.documents())
    loaded = lda.load(tmp_path / "m")
    thawed = pickle.loads(pickle.dumps(loaded))
    for model in (loaded, thawed, pickle.loads(pickle.dumps(fitted))):
        np.testing.assert_array_equal(model.transform(tiny.documents()), expected)
        assert model.history_ == fitted.history_
    assert loaded.get_params()["n_components"] == 3
    assert loaded.fit(tiny.documents()).model_.fingerprint() == fitted.model_.fingerprint()
    with pytest.raises(AttributeError, match="training documents"):
        _ = thawed.doc_topic_


def test_unfitted() -> None:
    for use in (
        lambda m: m.transform([["a"]]),
        lambda m: m.topic_word_,
        lambda m: m.top_words(),
        lambda m: m.save("x"),
    ):
        with pytest.raises((ValueError, AttributeError), match="not fitted"):
            use(lda.LDA())
    assert not hasattr(lda.LDA(), "components_")


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("num_topics", "n_components"),
        ("k", "n_components"),
        ("iterations", "max_iter"),
        ("workers", "n_jobs"),
        ("learning_method", "of variational inference; leave it out"),
    ],
)
def test_other_names_are_explained(name: str, ours: str) -> None:
    with pytest.raises(TypeError, match=ours):
        lda.LDA(**{name: 3})  # type: ignore[arg-type]


def test_synonym_beside_the_parameter() -> None:
    with pytest.raises(TypeError, match="both"):
        lda.LDA(20, n_topics=30)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unexpected"):
        lda.LDA(nonsense=1)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("parameters", "X", "message"),
    [
        ({"n_components": 0}, [["a"]], "between 1"),
        ({"alpha": -1.0}, [["a"]], "alpha"),
        ({"alpha": [0.1, 0.2]}, [["a"]], "one per topic"),
        ({"beta": float("nan")}, [["a"]], "beta"),
        ({"sampler": "magic"}, [["a"]], "adlda"),
        ({"max_iter": -1}, [["a"]], "sweeps"),
        ({}, np.array([[1.5, 2.0]]), "fraction"),
        ({}, np.array([[1.0, np.nan]]), "NaN"),
        ({}, np.array([[1, -2]]), "negative"),
        ({}, [[], []], "empty"),
        ({}, np.zeros((3, 4), int), "empty"),
    ],
)
def test_bad_input(parameters: dict[str, Any], X: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        lda.LDA(**parameters).fit(X)
    assert "\n" not in str(caught.value)


def test_raw_text_is_refused_with_the_remedy() -> None:
    with pytest.raises(TypeError, match="split"):
        lda.LDA(2).fit(["some raw text", "more of it"])


def test_array_priors_and_verbose(capsys: pytest.CaptureFixture[str]) -> None:
    model = lda.LDA(3, alpha=np.array([0.1, 0.2, 0.3]), max_iter=10, random_state=0, verbose=1).fit(
        tiny.documents()
    )
    np.testing.assert_allclose(model.alpha_, [0.1, 0.2, 0.3])
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "alpha 0.1 to 0.3 per topic (sum 0.6)" in printed.err
    assert "sweep 10/10" in printed.err


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"alpha": None}, "a prior must be a number"),
        ({"alpha": {}}, "a prior must be a number"),
        ({"alpha": [[0.1, 0.2, 0.3]]}, "a prior must be a number"),
        ({"beta": None}, "a prior must be a number"),
        ({"beta": [0.1, 0.2]}, "beta must be one number"),
        ({"n_jobs": "2"}, "n_jobs must be a whole number or None, got '2'"),
        ({"n_jobs": -1.5}, "n_jobs must be a whole number or None, got -1.5"),
        ({"memory": 1.5}, "a size is a number of bytes"),
        ({"validation_fraction": "0.1"}, "validation_fraction must lie"),
        ({"tol": "0.1"}, "tol must not be negative, got '0.1'"),
        ({"callbacks": None}, "callbacks must be a sequence of functions, got None"),
        ({"callbacks": print}, "callbacks must be a sequence of functions"),
        ({"callbacks": [3]}, "callbacks must be a sequence of functions"),
    ],
)
def test_parameters_of_a_wrong_type_are_named(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        lda.LDA(3, max_iter=1, **parameters).fit(tiny.counts())


def test_pickles_of_before_a_parameter_was_there(fitted: lda.LDA) -> None:
    state = fitted.__getstate__()
    for name in ("device", "optimize_interval", "burn_in", "evaluate_every"):
        del state[name]
    old = lda.LDA.__new__(lda.LDA)
    old.__setstate__(state)
    assert old.get_params() == fitted.get_params()
    np.testing.assert_array_equal(old.transform(tiny.documents(5)), fitted.transform(tiny.documents(5)))


def test_documents_without_words_are_not_called_unknown(fitted: lda.LDA) -> None:
    with pytest.raises(DataError, match="all of the 2 held-out documents are empty"):
        fitted.score([[], []])


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ({"cluster": 3}, r"cluster must be an lda.Cluster or None, got 3; give lda.Cluster\(address=...\)"),
        ({"cluster": "auto"}, r"cluster must be an lda.Cluster or None, got 'auto'"),
        (
            {"checkpointing": "x"},
            r"checkpointing must be an lda.Checkpointing or None, got 'x'; .*\(path=...\)",
        ),
        ({"checkpointing": True}, "checkpointing must be an lda.Checkpointing or None, got True"),
    ],
)
def test_arguments_of_fit_of_a_wrong_type_are_named(argument: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        lda.LDA(3, max_iter=1, random_state=0).fit(tiny.counts(), **argument)


def test_keys_in_a_wrong_argument_are_not_shown() -> None:
    with pytest.raises(TypeError) as caught:
        lda.LDA(3, random_state=0).fit(tiny.counts(), checkpointing="s3://key:secret@bucket/x")  # type: ignore[arg-type]
    assert "secret" not in str(caught.value)
    assert "s3://bucket/x" in str(caught.value)


def test_diagnostics_go_to_the_device(fitted: lda.LDA, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    frozen = Model.frozen

    def note(self: Model, *, threads: int | None = None, device: Any = "cpu") -> Any:
        asked.append((threads, device))
        return frozen(self, threads=threads)

    monkeypatch.setattr(Model, "frozen", note)
    model = pickle.loads(pickle.dumps(fitted)).set_params(device="cuda", n_jobs=2)
    assert model.diagnostics(tiny.documents(5), n_words=3).coherence is not None
    assert asked == [(2, "cuda")]
    model.model_.heldout_score(tiny.documents(70)[60:], device="cuda")
    assert asked[-1] == (None, "cuda")
