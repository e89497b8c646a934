"""Models from gensim and to gensim, and its own tools on ours."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tiny
from commands import fails, run

import lda
from lda.corpus import DataError

if TYPE_CHECKING:
    from pathlib import Path

gensim: Any = pytest.importorskip("gensim", reason="gensim has no wheel for Python 3.14")

from gensim.corpora import Dictionary  # noqa: E402
from gensim.models import CoherenceModel, HdpModel, LdaModel, LdaMulticore, LdaSeqModel  # noqa: E402
from gensim.models.callbacks import (  # noqa: E402
    Callback,
    CoherenceMetric,
    ConvergenceMetric,
    DiffMetric,
    PerplexityMetric,
)

TEXTS = tiny.documents()
DICTIONARY = Dictionary(TEXTS)
BOWS = [DICTIONARY.doc2bow(text) for text in TEXTS]


@pytest.fixture(scope="module")
def fitted() -> lda.LDA:
    return lda.LDA(3, max_iter=40, random_state=1).fit(BOWS, vocabulary=DICTIONARY)


@pytest.fixture(scope="module")
def theirs() -> Any:
    return LdaModel(BOWS, id2word=DICTIONARY, num_topics=3, passes=20, alpha="auto", random_state=1)


def test_to_gensim_has_the_same_topics(fitted: lda.LDA, tmp_path: Path) -> None:
    made = fitted.to_gensim(BOWS)
    np.testing.assert_allclose(made.get_topics(), fitted.topic_word_, rtol=1e-12)
    np.testing.assert_allclose(made.alpha, fitted.alpha_)
    np.testing.assert_allclose(made.eta, fitted.beta_)
    for name in ("token2id", "dfs", "num_docs", "num_pos", "num_nnz", "cfs"):
        assert getattr(made.id2word, name) == getattr(DICTIONARY, name), name
    assert [word for word, _ in made.show_topic(1, 5)] == fitted.top_words(5)[1]
    # Its inference works: each document is mostly about the theme it was made of.
    assert len({max(made[bow], key=lambda pair: pair[1])[0] for bow in BOWS[::3]}) == 1
    made.save(str(tmp_path / "model"))
    np.testing.assert_array_equal(LdaModel.load(str(tmp_path / "model")).get_topics(), made.get_topics())
    made.update(BOWS)  # and it can be trained on


def test_to_gensim_in_the_ids_of_a_dictionary(fitted: lda.LDA) -> None:
    turned = Dictionary([sorted(DICTIONARY.token2id, reverse=True)])
    turned.token2id = {term: 14 - number for term, number in DICTIONARY.token2id.items()}
    made = fitted.to_gensim(dictionary=turned)
    np.testing.assert_allclose(made.get_topics(), fitted.topic_word_[:, ::-1], rtol=1e-12)
    for terms, message in (
        (TEXTS[0][:3], r"15 terms .* 1[2-4] terms of the model are not in it"),
        ([*DICTIONARY.token2id, "plum"], r"got one of 16: 1 of its terms the model lacks \('plum'\)"),
    ):
        with pytest.raises(DataError, match=message):
            fitted.to_gensim(dictionary=Dictionary([terms]))


def test_ids_without_names() -> None:
    unnamed = lda.LDA(3, max_iter=5, random_state=1).fit(BOWS)
    assert unnamed.to_gensim(dictionary=DICTIONARY).show_topic(0, 1)[0][0] in DICTIONARY.token2id
    assert unnamed.id2word[14] == "14"
    taken = lda.Model.from_gensim(LdaModel(BOWS, num_topics=2, random_state=0))
    assert (taken.named_terms, taken.vocabulary[14]) == (False, "14")
    assert lda.LDA(1, max_iter=2).fit(BOWS)[BOWS[0]] == [(0, 1.0)]


def test_a_dictionary_that_has_seen_no_documents(fitted: lda.LDA) -> None:
    made = fitted.id2word
    assert (made.token2id, made.cfs, made.dfs) == (DICTIONARY.token2id, DICTIONARY.cfs, {})


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # LdaMulticore forks
@pytest.mark.parametrize("kind", [LdaModel, LdaMulticore])
def test_from_gensim_has_the_same_topics(kind: Any, tmp_path: Path) -> None:
    eta = np.linspace(0.05, 0.5, 15)
    options = {"workers": 1} if kind is LdaMulticore else {"alpha": "auto"}
    model = kind(BOWS, id2word=DICTIONARY, num_topics=3, passes=20, eta=eta, random_state=1, **options)
    taken = lda.Model.from_gensim(model)
    np.testing.assert_allclose(taken.topic_word, model.get_topics(), rtol=1e-5)
    np.testing.assert_allclose(taken.alpha, model.alpha)
    assert taken.beta == pytest.approx(0.05)
    # Whole counts keep what each term has in all.
    np.testing.assert_allclose(taken.counts.sum(axis=1), taken.language_counts.sum(axis=1), atol=0.5001)
    assert (taken.record.settings["sampler"], taken.record.n_documents) == ("own:gensim", 60)
    assert np.isfinite(taken.heldout_score(TEXTS).log_likelihood)
    model.save(str(tmp_path / "saved"))
    taken.save(tmp_path / "ours")
    for again in (lda.Model.from_gensim(tmp_path / "saved"), lda.Model.load(tmp_path / "ours")):
        assert again.fingerprint() == taken.fingerprint()
    np.testing.assert_allclose(taken.to_gensim().get_topics(), model.get_topics(), rtol=1e-5)


def test_what_is_no_model_to_take_over(
    fitted: lda.LDA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for model, error, message in (
        (HdpModel(BOWS, DICTIONARY, random_state=0), DataError, "got HdpModel; .*suggested_lda_model"),
        (LdaSeqModel.__new__(LdaSeqModel), DataError, "got LdaSeqModel; .*TopicMatrix"),
        (tmp_path / "nothing", DataError, "and there is no such file; name the one given to save"),
        (tmp_path, DataError, "there is no such file"),
        ([1], TypeError, "a gensim LdaModel, an LdaMulticore or the path of a saved one, got list"),
    ):
        with pytest.raises(error, match=message):
            lda.Model.from_gensim(model)
    (tmp_path / "text").write_text("no pickle")
    with pytest.raises(DataError, match=r"gensim cannot load .*text"):
        lda.Model.from_gensim(tmp_path / "text")
    monkeypatch.setattr("lda.extras.version", lambda _: "3.8.3")
    with pytest.raises(ImportError, match=r"4\.4 or later, got 3\.8\.3; pip"):
        fitted.to_gensim()


def test_commands_tell_what_to_do_with_a_model_of_gensim(theirs: Any, tmp_path: Path) -> None:
    theirs.save(str(tmp_path / "theirs"))
    for place in (tmp_path / "theirs", tmp_path):
        said = fails(3, "topics", place)
        assert "is a model of gensim, whose files are pickles" in said
        assert "lda.Model.from_gensim(" in said


def test_export(fitted: lda.LDA, tmp_path: Path) -> None:
    fitted.save(tmp_path / "model")
    documents = tiny.jsonl(tmp_path / "docs.jsonl")
    for overwrite in ([], ["--overwrite"]):
        run(
            "export", tmp_path / "model", documents, "--text", "body", "--to", "gensim", "-o", tmp_path / "out",
            *overwrite,
        )  # fmt: skip
    made = LdaModel.load(str(tmp_path / "out" / "lda.gensim"))
    np.testing.assert_allclose(made.get_topics(), fitted.topic_word_, rtol=1e-12)
    assert Dictionary.load(str(tmp_path / "out" / "dictionary.gensim")).dfs == DICTIONARY.dfs
    assert lda.Model.from_gensim(tmp_path / "out").n_topics == 3


def test_names_of_gensim(fitted: lda.LDA, caplog: pytest.LogCaptureFixture) -> None:
    theirs = fitted.to_gensim()
    for ours in (fitted, fitted.model_):
        assert ours.num_topics == 3
        np.testing.assert_array_equal(ours.get_topics(), fitted.topic_word_)
        np.testing.assert_allclose(ours.state.get_lambda(), theirs.state.get_lambda())
        assert ours.show_topics(-1, 4) == theirs.show_topics(-1, 4)
        for k in range(3):
            for mine, other in (
                (ours.show_topic(k, 4), theirs.show_topic(k, 4)),
                (ours.get_topic_terms(k, 4), theirs.get_topic_terms(k, 4)),
            ):
                assert [term for term, _ in mine] == [term for term, _ in other]
                np.testing.assert_allclose([p for _, p in mine], [p for _, p in other])
            assert ours.print_topic(k) == theirs.print_topic(k)
    with caplog.at_level(logging.INFO, logger="lda"):
        shown = fitted.print_topics(2)
    assert [k for k, _ in shown] == np.argsort(-fitted.model_.topic_totals, kind="stable")[:2].tolist()
    assert len(caplog.records) == 2
    assert dict(fitted.get_term_topics("star", 0)) == pytest.approx(
        dict(enumerate(fitted.topic_word_[:, DICTIONARY.token2id["star"]]))
    )
    assert len(fitted.get_term_topics(DICTIONARY.token2id["star"], 0.05)) == 1
    for call in (
        lambda: fitted.show_topic(3),
        lambda: fitted.get_term_topics(15),
        lambda: fitted.get_term_topics("plum"),
    ):
        with pytest.raises(ValueError, match=r"numbered 0 \.\.\.|no term 'plum'"):
            call()


def test_words_in_the_log_hold_no_commands_to_a_terminal(caplog: pytest.LogCaptureFixture) -> None:
    model = lda.LDA(2, max_iter=2, random_state=0).fit(
        np.eye(3, dtype=np.int32), vocabulary=["a\x1b[2J", "b", "c"]
    )
    with caplog.at_level(logging.INFO, logger="lda"):
        model.print_topics(2, 3)
    assert len(caplog.messages) == 2
    assert all("\x1b" not in said and r'"a\x1b[2J"' in said for said in caplog.messages)


def test_topics_of_bows(fitted: lda.LDA) -> None:
    theta = fitted.transform(TEXTS)
    assert dict(fitted.get_document_topics(BOWS[0], 0)) == pytest.approx(dict(enumerate(theta[0])))
    assert fitted[BOWS[1]] == [(k, p) for k, p in enumerate(theta[1].tolist()) if p >= 0.01]
    many = fitted[BOWS[:3]]
    assert many == [fitted[bow] for bow in BOWS[:3]]
    assert dict(fitted.get_document_topics([], 0)) == pytest.approx(dict(enumerate(fitted.model_.prior)))
    topics, words, weights = fitted.get_document_topics(BOWS[0], per_word_topics=True)
    assert topics == fitted[BOWS[0]]
    for (word, count), (_, order), (_, its) in zip(BOWS[0], words, weights, strict=True):
        p = theta[0] * fitted.topic_word_[:, word]
        p *= count / p.sum()
        np.testing.assert_allclose(dict(its)[order[0]], p.max(), rtol=1e-5)
        assert sorted(order) == [k for k, _ in its]
    gamma, nothing = fitted.inference(BOWS)
    np.testing.assert_allclose(gamma / gamma.sum(axis=1, keepdims=True), theta, rtol=1e-5)
    assert nothing is None
    np.testing.assert_allclose(gamma.sum(axis=1), 40 + fitted.alpha_.sum(), rtol=1e-5)
    with pytest.raises(ValueError, match="collect_sstats must be off"):
        fitted.inference(BOWS, collect_sstats=True)
    with pytest.raises(DataError, match=r"0 \.\.\. 14, got 15"):
        fitted.get_document_topics([(15, 1)])
    with pytest.raises(TypeError):
        iter(fitted)  # type: ignore[call-overload]


@pytest.mark.parametrize("measure", ["u_mass", "c_v", "c_npmi"])
def test_coherence_model_takes_ours(fitted: lda.LDA, measure: str) -> None:
    options = {"texts": TEXTS, "coherence": measure, "topn": 5, "processes": 1}
    values = [
        CoherenceModel(model=model, dictionary=dictionary, **options).get_coherence()
        for model, dictionary in (
            (fitted, DICTIONARY),
            (fitted.model_, None),
            (fitted.to_gensim(), DICTIONARY),
        )
    ]
    assert values[0] == values[1] == values[2]
    if measure == "u_mass":
        assert fitted.top_topics(texts=TEXTS, topn=5)[0][1] == pytest.approx(
            max(CoherenceModel(model=fitted, dictionary=DICTIONARY, **options).get_coherence_per_topic())
        )


def test_callbacks_take_ours(fitted: lda.LDA, theirs: Any) -> None:
    other = lda.LDA(3, max_iter=2, random_state=5).fit(BOWS, vocabulary=DICTIONARY)
    made = fitted.to_gensim()
    assert DiffMetric(distance="hellinger", normed=False).get_value(
        model=fitted, other_model=other
    ) == pytest.approx(
        made.diff(other.to_gensim(), "hellinger", diagonal=True, annotation=False, normed=False)[0]
    )
    assert ConvergenceMetric().get_value(model=fitted, other_model=fitted.model_) == 0
    assert DiffMetric().get_value(model=fitted, other_model=theirs).shape == (3,)
    perplexity = PerplexityMetric(corpus=BOWS).get_value(model=fitted)
    assert perplexity == pytest.approx(2 ** -fitted.log_perplexity(BOWS), rel=0.02)
    callback = Callback(
        [DiffMetric(), CoherenceMetric(corpus=BOWS, dictionary=DICTIONARY, coherence="u_mass", topn=5)]
    )
    callback.set_model(fitted.model_)
    found = callback.on_epoch_end(0)
    assert (
        found["Coherence"]
        == CoherenceModel(
            model=fitted, corpus=BOWS, dictionary=DICTIONARY, coherence="u_mass", topn=5
        ).get_coherence()
    )


def test_what_is_no_list_is_told(fitted: lda.LDA, theirs: Any) -> None:
    with pytest.raises(TypeError, match=r"a vocabulary must be a list of terms, .* got int"):
        fitted.to_gensim(dictionary=5)
    with pytest.raises(TypeError, match=r"a document must be a list of \(id, count\), got int"):
        fitted.get_document_topics(5)  # type: ignore[arg-type]
    bare = LdaModel.__new__(LdaModel)
    bare.__dict__.update(theirs.__dict__, id2word=None)
    with pytest.raises(DataError, match="no names of its terms"):
        lda.Model.from_gensim(bare)
