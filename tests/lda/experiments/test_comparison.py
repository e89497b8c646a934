"""Models compared: relations of topics on truths that are constructed, what moved, and scores on the same tokens."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import scipy.sparse as sp
from made_models import made_model
from numpy.testing import assert_allclose
from tiny import documents

import lda
from lda.evaluation.heldout import Estimation
from lda.evaluation.matching import OwnOverlaps, match_topics
from lda.evaluation.overlaps import overlaps
from lda.evaluation.paired import document_scores, paired_difference
from lda.model.fields import ModelFields
from lda.model.renumbered import renumbered

if TYPE_CHECKING:
    from numpy.typing import NDArray

K, V = 8, 400


def planted(seed: int = 0, concentration: float = 0.1) -> NDArray[np.int64]:
    """(V, K) counts of topics of unequal size."""
    rng = np.random.default_rng(seed)
    phi = rng.dirichlet(np.full(V, concentration), K)
    return np.stack([rng.multinomial(4000 + 1000 * k, p) for k, p in enumerate(phi)], axis=1)


def noisy(counts: NDArray[np.int64], seed: int = 9) -> NDArray[np.int64]:
    """The same topics as another fit would find them."""
    return np.asarray(np.random.default_rng(seed).poisson(counts * 0.8))


def related(
    first: NDArray[np.int64], second: NDArray[np.int64], **how: Any
) -> list[tuple[str, list[int], list[int]]]:
    """(kind, first, second) of all relations but the shared ones that are where they belong."""
    found = lda.compare([made_model(first), made_model(second)], **how)
    return [(one.kind, one.first, one.second) for one in found.pairs[0].relations]


def shared(n: int) -> list[tuple[str, list[int], list[int]]]:
    return [("shared", [k], [k]) for k in range(n)]


@pytest.mark.parametrize("concentration", [0.02, 0.1, 1.0], ids=["apart", "as usual", "alike"])
@pytest.mark.parametrize("seed", range(3))
class TestRelations:
    """Each truth for topics that hardly overlap, and for topics that overlap by two thirds."""

    def test_a_permutation(self, concentration: float, seed: int) -> None:
        first = planted(seed, concentration)
        order = np.random.default_rng(1).permutation(K)
        found = related(first, noisy(first)[:, order])
        assert sorted(found) == sorted(("shared", [int(k)], [i]) for i, k in enumerate(order))

    def test_two_merged_and_the_other_way_round(self, concentration: float, seed: int) -> None:
        first = planted(seed, concentration)
        second = np.column_stack([first[:, 0] + first[:, 1], first[:, 2:]])
        found = related(first, noisy(second))
        assert [one for one in found if one[0] != "shared"] == [("merged", [1, 0], [0])]
        assert sorted(found)[1:] == [("shared", [k], [k - 1]) for k in range(2, K)]
        found = related(noisy(second), first)
        assert [one for one in found if one[0] != "shared"] == [("split", [0], [1, 0])]

    def test_one_of_noise(self, concentration: float, seed: int) -> None:
        first = planted(seed, concentration)
        for noise in (
            np.full(V, 20),  # every word alike
            np.random.default_rng(5).multinomial(
                6000, np.random.default_rng(5).dirichlet(np.full(V, concentration))
            ),
        ):
            second = noisy(first)
            second[:, 3] = noise
            found = related(first, second)
            assert sorted(found) == sorted(
                [
                    *(one for one in shared(K) if one[1] != [3]),
                    ("particular", [3], []),
                    ("particular", [], [3]),
                ]
            )

    def test_more_topics(self, concentration: float, seed: int) -> None:
        first = planted(seed, concentration)
        more = planted(seed + 10, concentration)[:, :3]
        found = related(first, np.column_stack([noisy(first), more]))
        assert sorted(found) == sorted([*shared(K), *(("particular", [], [K + k]) for k in range(3))])


def test_where_no_topics_belong_together_nothing_is_said_to_have_moved() -> None:
    """As of two groups: that all words and documents moved would be true of any such two, and say nothing."""
    models = [made_model(planted(seed)) for seed in (0, 20)]
    texts = models[0].top_words(20)
    found = lda.compare(models, texts, names=["north", "south"])
    assert found.pairs[0].apart
    assert any("no topic of south belongs to one of north" in note for note in found.notes)
    told = str(found)
    assert "0 shared, 0 split, 0 merged, 8 only in A, 8 only in B" in told
    assert "held-out: " in told
    assert "moved to topics" not in told
    assert "note: no topic of south" in told
    same = lda.compare([models[0], made_model(noisy(planted()))], texts)
    assert not same.pairs[0].apart
    assert "documents changed by" in str(same)


def test_three_parts_and_their_weights() -> None:
    first = planted()
    second = np.column_stack([first[:, :3].sum(axis=1), first[:, 3:]])
    (merged,) = lda.compare([made_model(first), made_model(second)]).pairs[0].of_kind("merged")
    assert (merged.first, merged.second) == ([2, 1, 0], [0])
    assert_allclose(merged.weights, np.array([6, 5, 4]) / 15, atol=0.02)
    assert merged.overlap > 0.99
    assert sum(merged.weights) == pytest.approx(1)


def test_topics_without_tokens_are_like_nothing() -> None:
    first = planted()
    first[:, 5] = 0
    found = related(first, first)
    assert found[-2:] == [("empty", [5], []), ("empty", [], [5])]
    assert sum(one[0] == "shared" for one in found) == K - 1


@pytest.mark.parametrize("concentration", [0.005, 0.1, 3.0], ids=["rare terms", "both", "frequent terms"])
def test_overlaps_are_bhattacharyyas_coefficient_by_name(concentration: float) -> None:
    """Also that of terms which few topics hold, which are multiplied otherwise."""
    backwards = [f"w{w}" for w in range(V)][::-1]
    first = made_model(planted(0, concentration))
    second = made_model(planted(1, concentration)[::-1], vocabulary=backwards)
    order = [second.vocabulary.index(term) for term in first.vocabulary]
    expected = np.sqrt(first.topic_word) @ np.sqrt(second.topic_word[:, order]).T
    assert_allclose(overlaps(first, second), expected, rtol=1e-12)
    assert_allclose(
        overlaps(first, first), np.sqrt(first.topic_word) @ np.sqrt(first.topic_word).T, rtol=1e-12
    )
    matrix = lda.TopicMatrix(matrix=second.topic_word, vocabulary=second.vocabulary, alpha=np.array(0.1))
    assert_allclose(overlaps(first, matrix), expected, rtol=1e-12)


def test_a_vocabulary_of_its_own() -> None:
    """Terms that one lacks are probability lost: such a topic is near nothing, the rest is found."""
    first = planted()
    own = np.zeros((40, K), dtype=np.int64)
    own[:, 4] = 400  # three quarters of topic 4
    terms = [f"w{w}" for w in range(V)]
    a = made_model(first, vocabulary=terms)
    b = made_model(np.vstack([noisy(first), own]), vocabulary=[*terms, *(f"x{w}" for w in range(40))])
    pair = lda.compare([a, b]).pairs[0]
    assert (pair.terms.n_shared, pair.terms.only_first, pair.terms.only_second) == (V, 0, 40)
    assert pair.terms.first_share == 1
    assert 0.5 < pair.terms.second_share < 1
    assert [(one.first, one.second) for one in pair.of_kind("particular")] == [([4], []), ([], [4])] or [
        (one.first, one.second) for one in pair.of_kind("particular")
    ] == [([], [4]), ([4], [])]
    assert len(pair.of_kind("shared")) == K - 1
    foreign = made_model(first, vocabulary=[*terms[:9], *(f"y{w}" for w in range(V - 9))])
    with pytest.raises(
        lda.DataError, match=r"^A and B share 9 of 400 and 400 terms, with \d.\d% of the tokens of A;"
    ):
        lda.compare([a, foreign], names=["A", "B"])


def test_words_that_moved() -> None:
    first = planted(concentration=0.02)
    second = first.copy()
    w = int(first[:, 2].argmax())
    second[w, [2, 6]] = second[w, [6, 2]]
    pair = lda.compare([made_model(first), made_model(second)], n_words=1).pairs[0]
    (moved,) = pair.moved_words
    assert (moved.term, moved.first, moved.second, pair.n_moved_words) == (f"w{w}", 2, 6, 1)
    of = {match.first: match for match in pair.matches}
    assert [word.term for word in of[2].lost] == [f"w{w}"]
    assert [word.term for word in of[6].gained] == [f"w{w}"]
    assert of[2].lost[0].first == pytest.approx(made_model(first).topic_word[2, w])


def test_words_of_a_topic_that_was_split_have_not_moved() -> None:
    first = planted(concentration=0.02)
    half = first[:, 0] * (np.arange(V) % 2)
    pair = lda.compare(
        [made_model(first), made_model(np.column_stack([first[:, 0] - half, first[:, 1:], half]))]
    ).pairs[0]
    assert [(one.first, one.second) for one in pair.of_kind("split")] in ([([0], [0, K])], [([0], [K, 0])])
    assert pair.n_moved_words == 0


@pytest.fixture(scope="module")
def models() -> list[lda.Model]:
    """Two fits, and one to documents without two of the terms."""
    train = documents(40)
    few = [[word for word in tokens if word not in ("oven", "team")] for tokens in train]
    return [
        lda.LDA(3, max_iter=30, random_state=seed).fit(tokens).model_
        for seed, tokens in enumerate((train, train, few))
    ]


class TestDocuments:
    """What models make of documents that none of them has seen, and of those that they have."""

    def test_scores_are_of_the_same_tokens(self, models: list[lda.Model]) -> None:
        new = documents(80)[40:]
        found = lda.compare(models, new)
        assert found.scores is not None
        assert found.n_scored_terms == 13
        assert len({score.n_scored_tokens for score in found.scores}) == 1
        two = lda.compare(models[:2], new)
        assert two.scores is not None
        assert two.n_scored_terms == 15
        for model, score in zip(models, two.scores, strict=False):
            alone = model.heldout_score(new)
            assert (score.log_likelihood, score.standard_error) == (
                alone.log_likelihood,
                alone.standard_error,
            )
            assert score.n_trained == alone.n_trained == 0
        from lda.evaluation.documents import batches_of

        by_document = [
            document_scores(model.frozen(), batches_of(model, new), Estimation()) for model in models[:2]
        ]
        difference = two.pairs[0].heldout
        assert difference is not None
        assert (difference.value, difference.standard_error) == paired_difference(
            by_document[1], by_document[0]
        )
        assert two.notes == []

    def test_documents_of_the_training_are_told(self, models: list[lda.Model]) -> None:
        found = lda.compare(models[:2], documents(41), names=["old", "new"])
        assert [note.partition(",")[0] for note in found.notes] == [
            "40 of 41 scored documents have the words of documents of the training of old",
            "40 of 41 scored documents have the words of documents of the training of new",
        ]

    def test_documents_that_moved(self, models: list[lda.Model]) -> None:
        """With the topics renamed nothing moves; with two documents' words exchanged these do."""
        new = documents(80)[40:]
        same = models[0]
        order = np.array([2, 0, 1])

        mixed = lda.Model(**renumbered(ModelFields.of(same), order).arguments())
        pair = lda.compare([same, mixed], new).pairs[0]
        assert pair.documents is not None
        assert (pair.documents.n_documents, pair.documents.n_moved) == (40, 0)
        assert pair.documents.mean_change < 0.05
        assert sum(n for _, _, n in pair.documents.flows) == 40
        swapped = replace(same, vocabulary=[*same.vocabulary[-5:], *same.vocabulary[:-5]])
        pair = lda.compare([same, swapped], new).pairs[0]
        assert pair.documents is not None
        assert pair.documents.most[0].change == max(one.change for one in pair.documents.most)

    def test_nothing_to_score(self, models: list[lda.Model]) -> None:
        with pytest.raises(lda.DataError, match="none of 2 documents has two words that all 2 models know"):
            lda.compare(models[:2], [["unheard"], ["of"]])


def test_many_models_and_what_is_no_comparison() -> None:
    first = planted()
    models = [made_model(first), made_model(noisy(first)), made_model(noisy(first)[:, :5])]
    found = lda.compare(models)
    assert [(pair.first, pair.second) for pair in found.pairs] == [(0, 1), (0, 2)]
    assert np.array(found.overlaps).shape == (3, 3)
    assert found.overlaps[0][1] == found.overlaps[1][0] == found.pairs[0].overlap
    assert (found.shared[0][2], found.shared[2][0]) == (5 / K, 1.0)
    assert lda.stability(models[:2]).overlap == pytest.approx(found.overlaps[0][1])
    again = lda.compare([models[0], models[0]], names=["a", "b"])
    assert again.notes[0].startswith("a and b have the same counts (fingerprint ")
    assert again.pairs[0].overlap == pytest.approx(1)
    assert found.to_dict()["pairs"][1]["second"] == 2
    with pytest.raises(ValueError, match="two or more models, got 1"):
        lda.compare(models[:1])
    with pytest.raises(TypeError, match="got ndarray as number 2; of a fitted LDA, give its model_"):
        lda.compare([models[0], first])  # type: ignore[list-item]


def test_one_topic_each() -> None:
    matching = match_topics(*(OwnOverlaps.of(made_model(planted()[:, :1])) for _ in range(2)))
    assert (matching.chance, matching.near) == (0.0, 0.5)
    assert matching.near_pairs == {0: 0}


def test_a_matrix_of_another_program() -> None:
    model = made_model(planted())
    matrix = lda.TopicMatrix(matrix=model.topic_word, vocabulary=model.vocabulary, alpha=np.array(0.1))
    found = lda.compare([model, matrix])
    assert len(found.pairs[0].of_kind("shared")) == K
    assert (found.models[1].sampler, found.models[1].fingerprint) == (None, None)
    assert sp.issparse(model.counts)


def test_rare_terms_that_one_vocabulary_lacks_do_not_hide_that_topics_are_the_same() -> None:
    """As with another min_df: what is left of each topic is near the whole."""
    first = planted(concentration=0.2)
    kept = np.argsort(-first.sum(axis=1))[: V // 3]
    terms = [f"w{w}" for w in range(V)]
    fewer = made_model(noisy(first)[kept], vocabulary=[terms[w] for w in kept])
    pair = lda.compare([made_model(first, vocabulary=terms), fewer]).pairs[0]
    assert 0.5 < pair.terms.first_share < 0.8
    assert len(pair.of_kind("shared")) == K
