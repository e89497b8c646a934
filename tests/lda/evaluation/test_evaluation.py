"""Held-out scores: honest about noise, about unknown words, and about documents that are not held out."""

from __future__ import annotations

from typing import Any

import naive
import naive_evaluation
import numpy as np
import pytest
import tiny
from small_models import ALPHA, BETA, COUNTS, PHI, batch, large, texts

import lda
from lda.cluster import FrozenModel
from lda.corpus import DataError, DocumentBatch, as_corpus
from lda.corpus.document_hashes import document_hashes, term_hashes
from lda.evaluation.evaluable import Evaluable
from lda.evaluation.heldout import Estimation, HeldoutScore, ratio, score_documents
from lda.evaluation.topic_model import TopicModel
from lda.evaluation.trained_documents import n_among
from lda.model.topic_matrix import TopicMatrix

TERMS = [f"t{w}" for w in range(400)]


def documents(lists: list[list[int]], n_unknown: int = 0) -> DocumentBatch:
    return DocumentBatch([str(d) for d in range(len(lists))], *batch(lists), n_unknown)


def scored(frozen: FrozenModel, *lists: list[list[int]], **options: Any) -> HeldoutScore:
    return score_documents(
        frozen, [documents(part) for part in lists], Estimation(**options), vocabulary=TERMS
    )


# Which number it is


def test_one_scored_token_ties_completion_to_the_exact_likelihood() -> None:
    # With one token to score, completion is log p(w | seen) = log p(both) - log p(seen), all assignments listed.
    model = FrozenModel(COUNTS, ALPHA, BETA)
    for words in ([0, 2], [0, 1, 4], [3, 3, 1]):
        held = naive.held_half(len(words), naive.content_key(words), 5)
        seen = [w for w, h in zip(sorted(words), held, strict=True) if not h]
        exact = naive_evaluation.log_likelihood(words, PHI, ALPHA) - naive_evaluation.log_likelihood(
            seen, PHI, ALPHA
        )
        found = scored(model, [words], seed=5, samples=20_000)
        assert found.log_likelihood == pytest.approx(exact, abs=0.02)
        assert found.perplexity == np.exp(-found.log_likelihood)
    assert scored(model, [[0, 2, 3]], estimator="left-to-right").perplexity is None


def test_subset_and_whole_agree_within_noise() -> None:
    model, lists = large(), texts(400)
    whole = scored(model, lists)
    parts = [scored(model, lists[i : i + 40]) for i in range(0, 400, 40)]
    for part in parts:  # unlike a bound per document, it has no bias that grows as documents get fewer
        assert abs(part.log_likelihood - whole.log_likelihood) < 4 * part.standard_error
    weights = [part.n_scored_tokens for part in parts]
    assert np.average([part.log_likelihood for part in parts], weights=weights) == pytest.approx(
        whole.log_likelihood
    )
    spread = np.std([part.log_likelihood for part in parts], ddof=1)
    assert 0.4 < np.mean([part.standard_error for part in parts]) / spread < 2.5
    assert (
        0.2 < whole.standard_error / np.mean([part.standard_error for part in parts]) < 0.45
    )  # 1 / sqrt(10)


def test_batches_do_not_matter() -> None:
    model, lists = large(), texts(50)
    for options in ({}, {"estimator": "left-to-right", "particles": 2}):
        assert scored(model, lists, **options) == scored(model, lists[:13], [], lists[13:], **options)


def test_standard_error_is_that_of_a_ratio() -> None:
    rng = np.random.default_rng(0)
    sizes = rng.integers(1, 60, (3000, 50))
    totals = -7 * sizes + rng.normal(0, 3, sizes.shape) * np.sqrt(sizes)
    found = [ratio(t, n) for t, n in zip(totals, sizes, strict=True)]
    assert np.mean([error for _, error in found]) == pytest.approx(
        np.std([value for value, _ in found]), rel=0.05
    )
    value, error = ratio(np.array([-6.0, 0.0]), np.array([2, 0]))
    assert value == -3
    assert np.isnan(error)


def test_nothing_to_score() -> None:
    model = large()
    with pytest.raises(DataError, match="knows none of the 7 words of 2 held-out documents"):
        score_documents(model, [documents([[], []], 7)], Estimation(), vocabulary=TERMS)
    with pytest.raises(DataError, match="none of 1 held-out documents has two words"):
        scored(model, [[3]])
    with pytest.raises(DataError, match="no held-out documents"):
        scored(model)
    with pytest.raises(ValueError, match="estimator must be one of completion, left-to-right, got 'bound'"):
        Estimation(estimator="bound")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="particles must be 1 or more, got 0"):
        Estimation(particles=0)


# Documents seen before


def test_content_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    lists = [[5, 1, 1, 2, 9], [], [1, 5, 2, 1, 9], [1, 5, 2, 2, 9], [1, 2], [7] * 30]
    offsets, words = batch(lists)
    found = document_hashes(offsets, words, term_hashes(TERMS))
    assert found[0] == found[2] != found[3]
    assert found[1] == found[4] == 0  # too short to tell
    assert len(set(found[[0, 3, 5]].tolist())) == 3
    # Terms count, not their numbers.
    order = np.random.default_rng(0).permutation(400)
    renamed = [TERMS[i] for i in order]
    numbers = np.argsort(order)[words].astype(np.int32)
    np.testing.assert_array_equal(document_hashes(offsets, numbers, term_hashes(renamed)), found)
    monkeypatch.setattr("lda.corpus.document_hashes.TOKENS_AT_A_TIME", 6)
    np.testing.assert_array_equal(document_hashes(offsets, words, term_hashes(TERMS)), found)
    assert n_among(found, np.unique(found[[0, 1]])) == 2
    assert n_among(found, np.zeros(0, dtype=np.uint64)) == 0


def test_model_knows_what_it_was_trained_on() -> None:
    fitted = lda.LDA(3, max_iter=2, random_state=0, validation_fraction=0.3).fit(tiny.documents())
    hashes = fitted.model_.document_hashes
    assert hashes is not None
    assert 30 < len(hashes) < 55  # those kept out for validation are not among them
    with pytest.warns(UserWarning, match=rf"{len(hashes)} of 60 scored documents"):
        score = fitted.model_.heldout_score(tiny.documents())
    assert score.n_trained == len(hashes)
    unseen = fitted.model_.heldout_score([*tiny.documents(70)[60:], ["bread", "unheard", "of"]])
    assert (unseen.n_trained, unseen.n_documents, unseen.n_scored_documents, unseen.n_unknown) == (
        0,
        11,
        10,
        2,
    )


def test_corpora_too_large_are_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lda.evaluation.trained_documents.MAX_TOKENS", 100)
    model = lda.LDA(3, max_iter=1, random_state=0).fit(tiny.documents()).model_
    assert model.document_hashes is None
    assert model.heldout_score(tiny.documents()).n_trained is None


# What can be evaluated


def test_an_evaluable_model_says_what_it_is_made_of() -> None:
    class Half(Evaluable):
        n_topics = 3

    with pytest.raises(TypeError, match="abstract"):
        Half()  # type: ignore[abstract]
    missing = Evaluable.__abstractmethods__
    assert missing - Half.__abstractmethods__ == {"n_topics"}
    for kind in (lda.Model, TopicMatrix):
        assert issubclass(kind, Evaluable)
    protocol = {name for name in vars(TopicModel) if not name.startswith("_")}
    assert missing < protocol  # the base asks for nothing that its functions do not need


def test_stability_names_what_is_no_model() -> None:
    fitted = lda.LDA(3, max_iter=1, random_state=0).fit(tiny.documents())
    with pytest.raises(TypeError, match=r"got LDA as number 2; of a fitted LDA, give its model_"):
        lda.stability([fitted.model_, fitted])  # type: ignore[list-item]
    assert lda.stability([fitted.model_, fitted.model_]).overlap == pytest.approx(1)


# Topics of other programs


def test_matrix_scores_as_the_model_it_was_taken_from() -> None:
    model = lda.LDA(3, max_iter=40, random_state=0).fit(tiny.documents()).model_
    matrix = TopicMatrix(
        matrix=model.topic_word.astype(np.float32), vocabulary=model.vocabulary, alpha=model.alpha
    )
    unseen = tiny.documents(260)[60:]
    ours, theirs = model.heldout_score(unseen), matrix.heldout_score(unseen)
    assert theirs.n_trained is None
    assert abs(ours.log_likelihood - theirs.log_likelihood) < ours.standard_error
    assert matrix.top_words(5) == model.top_words(5)
    assert matrix.coherence(unseen, n_words=5).topics == model.coherence(unseen, n_words=5).topics
    ours_by_topic, theirs_by_topic = (m.diagnostics(n_words=5).columns() for m in (model, matrix))
    assert ours_by_topic.keys() - theirs_by_topic.keys() == {"tokens", "corpus_dist"}
    np.testing.assert_array_equal(theirs_by_topic["word_length"], ours_by_topic["word_length"])
    assert matrix.diagnostics(unseen).tokens is not None
    by_position = TopicMatrix(
        matrix=model.topic_word, vocabulary=[str(i) for i in range(15)], alpha=model.alpha
    )
    columns = as_corpus(tiny.counts()).to_csr()
    assert by_position.score(columns) < 0  # a matrix without names is taken column by column


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        ([[0.5, 0.5], [0.2, 0.9]], "row 1 sums to 1.1;"),
        ([[0.5, 0.4], [0.2, 0.9]], r"row 0 sums to 0.9 \(and 1 more rows do not\)"),
        ([[0.5, 0.5], [1.2, -0.2]], "got -0.2 in row 1, column 1"),
        ([[0.5, np.nan], [0.2, 0.8]], "got nan in row 0, column 1"),
        ([[0.2, 0.3, 0.5], [0.2, 0.3, 0.5]], "3 columns .* got 2 terms; it seems to be transposed"),
        ([[0.2, 0.3, 0.5]], "3 columns of the topic-word matrix, got 2 terms"),
        ([1.0], "a row a topic and a column a term"),
    ],
)  # fmt: skip
def test_matrices_that_are_none(matrix: list[Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        TopicMatrix(matrix=np.array(matrix), vocabulary=["a", "b"], alpha=np.array(0.1))


def test_priors_that_are_none() -> None:
    matrix = np.full((2, 2), 0.5)
    for alpha, message in (
        (0.0, "got 0.0 for topic 0"),
        ([1, np.inf], "got inf for topic 1"),
        ([1, 1, 1], r"shape \(3,\)"),
    ):
        with pytest.raises(DataError, match=message):
            TopicMatrix(matrix=matrix, vocabulary=["a", "b"], alpha=np.array(alpha))


def test_impossible_words_are_named() -> None:
    matrix = TopicMatrix(
        matrix=np.array([[0.5, 0.5, 0], [1, 0, 0]]), vocabulary=["a", "b", "c"], alpha=np.array(0.1)
    )
    assert matrix.top_words(3) == [["a", "b"], ["a"]]
    assert matrix.score([["a", "b", "a", "b"]]) < 0
    with pytest.raises(DataError, match="'c' has probability 0 in every topic"):
        matrix.score([["a", "b"], ["b", "c", "a"]])


def test_imaginary_parts_are_not_dropped() -> None:
    with pytest.raises(DataError, match="alpha must hold real numbers, got values of type complex128"):
        TopicMatrix(matrix=np.full((2, 2), 0.5), vocabulary=["a", "b"], alpha=np.array(0.1 + 1j))
    with pytest.raises(DataError, match="matrix must hold real numbers"):
        TopicMatrix(matrix=np.full((2, 2), 0.5 + 1j), vocabulary=["a", "b"], alpha=np.array(0.1))
