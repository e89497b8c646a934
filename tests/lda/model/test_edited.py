"""Models made of models by hand: aligned, merged, split."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import scipy.sparse as sp
from made_models import made_model, planted_model
from numpy.testing import assert_allclose, assert_array_equal
from tiny import documents

import lda
from lda.model.renumbered import lineage

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def fitted() -> lda.Model:
    """A fit of three themes, one of them named, with averages."""
    model = lda.LDA(3, max_iter=40, random_state=0, alpha=[0.2, 0.3, 0.4]).fit(documents(60)).model_
    assert model.soft_counts is not None
    return model.with_labels({1: "Second", 2: "Third"})


def everything(model: lda.Model, order: list[int]) -> lda.Model:
    """The same topics in another order, the plain way."""
    soft = model.soft_counts
    return replace(
        model,
        counts=sp.csr_matrix(model.counts[:, order]),
        soft_counts=None if soft is None else sp.csr_matrix(soft[:, order]),
        alpha=model.alpha[order],
        labels=lda.Labels(),
    )


class TestAligned:
    def test_numbers_names_and_all_that_is_told_by_topic(self, fitted: lda.Model, tmp_path: Path) -> None:
        mixed = everything(fitted, [2, 0, 1])
        back = mixed.aligned_to(fitted)
        assert_array_equal(back.counts.toarray(), fitted.counts.toarray())
        assert back.soft_counts is not None
        assert fitted.soft_counts is not None
        assert_array_equal(back.soft_counts.toarray(), fitted.soft_counts.toarray())
        assert_array_equal(back.alpha, fitted.alpha)
        assert back.labels.names == fitted.labels.names
        assert back.fingerprint() == fitted.fingerprint() != mixed.fingerprint()
        assert back.record.settings == fitted.record.settings, "of the fit, which can be run again"
        parent = {"kind": "align", "fingerprint": mixed.fingerprint(), "to": fitted.fingerprint()}
        assert back.record.parent == parent
        back.save(tmp_path / "model")
        again = lda.Model.load(tmp_path / "model")
        assert again.record.parent == parent
        assert lda.load(tmp_path / "model").n_components == 3
        twice = back.aligned_to(fitted).record.parent
        assert twice is not None
        assert json.loads(twice["earlier"]) == [parent]

    def test_a_long_line_of_descent_stays_short(self, fitted: lda.Model) -> None:
        found = fitted
        lengths = []
        for _ in range(12):
            found = found.aligned_to(fitted)
            lengths.append(len(str(found.record.parent)))
        parents = lineage(found.record.parent)
        assert [one["fingerprint"] for one in parents] == [fitted.fingerprint()] * 12
        assert len(set(np.diff(lengths[2:]).tolist())) == 1, "each adds what the last one did"
        with pytest.raises(lda.DataError, match="earlier parents cannot be read"):
            lineage({"kind": "align", "earlier": '[{"kind": 3}]'})

    def test_what_has_no_partner_gets_what_is_free(self) -> None:
        old = planted_model(6).with_labels({0: "zero", 4: "four", 5: "five"})
        strange = planted_model(2, seed=7).counts
        new = made_model(sp.hstack([strange[:, [0]], old.counts[:, [4, 1, 5]], strange[:, [1]]]).toarray())
        found = new.with_labels({4: "its own"}).aligned_to(old)
        # 4 and 1 keep their numbers; 5 is beyond K, and gets a free number but its name.
        assert_array_equal(found.counts[:, [4]].toarray(), old.counts[:, [4]].toarray())
        assert_array_equal(found.counts[:, [1]].toarray(), old.counts[:, [1]].toarray())
        assert_array_equal(found.counts[:, [2]].toarray(), old.counts[:, [5]].toarray())
        assert {k: label.name for k, label in found.labels.names.items()} == {
            2: "five",
            3: "its own",
            4: "four",
        }

    def test_a_word_prior_goes_along(self) -> None:
        old = planted_model(4)
        prior = sp.csr_matrix(np.diag([5, 0, 0, 7]).astype(np.int32)[np.arange(40) % 4])
        seeded = replace(everything(old, [1, 2, 3, 0]), word_prior=prior, frozen_topics=(3,))
        found = seeded.aligned_to(old)
        assert found.frozen_topics == (0,)
        assert found.word_prior is not None
        assert_array_equal(found.word_prior.toarray(), prior.toarray()[:, [3, 0, 1, 2]])

    def test_vocabularies_that_share_too_little(self) -> None:
        old = planted_model(4)
        with pytest.raises(
            lda.DataError, match=r"share 0 of 40 and 40 terms, with 0\.0% of the tokens of the model"
        ):
            replace(old, vocabulary=[f"x{w}" for w in range(40)]).aligned_to(old)


class TestMerged:
    def test_counts_add_up_and_the_last_topics_fill_the_gaps(self, tmp_path: Path) -> None:
        model = planted_model(6).with_labels({1: "one", 3: "three", 5: "five"})
        found = model.merge_topics(2, 4, 1)
        dense = model.counts.toarray()
        expected = np.stack([dense[:, 0], dense[:, 5], dense[:, [2, 4, 1]].sum(axis=1), dense[:, 3]], axis=1)
        assert_array_equal(found.counts.toarray(), expected)
        assert found.counts.dtype == np.int32
        assert_allclose(found.alpha, [0.1, 0.1, 0.3, 0.1])
        assert {k: label.name for k, label in found.labels.names.items()} == {1: "five", 2: "one", 3: "three"}
        assert found.record.settings["n_topics"] == 4
        assert found.record.parent == {
            "kind": "merge", "fingerprint": model.fingerprint(), "topics": "2 4 1", "into": "2",
        }  # fmt: skip
        assert found.last_tokens.sum() == model.last_tokens.sum()

    def test_into_a_number_that_is_no_more(self) -> None:
        model = planted_model(4).with_labels({3: "three"})
        found = model.merge_topics(3, 0)
        assert_array_equal(
            found.counts[:, [0]].toarray(), (model.counts[:, [0]] + model.counts[:, [3]]).toarray()
        )
        assert found.labels.name(0) == "three"
        assert found.record.parent is not None
        assert found.record.parent["into"] == "0"

    def test_averages_and_the_folder(self, fitted: lda.Model, tmp_path: Path) -> None:
        found = fitted.merge_topics(0, 2)
        assert found.soft_counts is not None
        assert fitted.soft_counts is not None
        assert_allclose(found.soft_counts.sum(axis=1), fitted.soft_counts.sum(axis=1), rtol=1e-6)
        found.save(tmp_path / "model")
        again = lda.Model.load(tmp_path / "model")
        assert (again.fingerprint(), again.labels.names) == (found.fingerprint(), found.labels.names)
        assert lda.load(tmp_path / "model").n_components == 2

    @pytest.mark.parametrize(
        ("topics", "told"),
        [
            ((3,), r"two or more topics are merged, got \[3\]"),
            ((3, 3), "a topic is merged with others, not with itself: 3 is given twice"),
            ((3, 6), "the topics are 0 to 5, got 6"),
            ((3, -1), "the topics are 0 to 5, got -1"),
        ],
    )
    def test_what_cannot_be(self, topics: tuple[int, ...], told: str) -> None:
        with pytest.raises(ValueError, match=told):
            planted_model(6).merge_topics(*topics)

    def test_frozen_ones_only_among_themselves(self) -> None:
        prior = sp.csr_matrix(np.ones((40, 6), dtype=np.int32))
        model = replace(planted_model(6), word_prior=prior, frozen_topics=(1, 2))
        with pytest.raises(ValueError, match="topic 1 is frozen, and topic 3 is not"):
            model.merge_topics(3, 1)
        found = model.merge_topics(1, 2)
        assert found.frozen_topics == (1,)
        assert found.word_prior is not None
        assert found.word_prior.toarray()[0].tolist() == [1, 2, 1, 1, 1]
        with pytest.raises(ValueError, match="topic 1 is frozen"):
            model.split_topic(1, [["w0", "w1"]])


class TestSplit:
    def test_two_themes_come_apart_and_add_up(self, fitted: lda.Model, tmp_path: Path) -> None:
        both = fitted.merge_topics(1, 0)  # two themes in one topic
        (k,) = (k for k in range(2) if both.last_tokens[k] > 1000)
        found = both.split_topic(k, documents(60), seed=3)
        assert found.n_topics == 3
        parts = [k, 2]
        dense = found.counts.toarray()
        assert_array_equal(dense[:, parts].sum(axis=1), both.counts.toarray()[:, k])
        assert_array_equal(dense[:, 1 - k], both.counts.toarray()[:, 1 - k])
        assert found.soft_counts is not None
        assert both.soft_counts is not None
        assert_allclose(
            found.soft_counts.toarray()[:, parts].sum(axis=1), both.soft_counts.toarray()[:, k], rtol=1e-5
        )
        assert found.alpha.sum() == pytest.approx(both.alpha.sum())
        assert found.last_tokens[k] >= found.last_tokens[2]
        assert found.labels.name(k) == both.labels.name(k)
        assert found.labels.name(2) is None
        pair = lda.compare([fitted, found]).pairs[0]
        assert len(pair.of_kind("shared")) == 3
        assert pair.overlap > 0.95
        found.save(tmp_path / "model")
        assert lda.Model.load(tmp_path / "model").record.parent == {
            "kind": "split", "fingerprint": both.fingerprint(), "topic": str(k), "into": f"{k} 2", "seed": "3",
            "earlier": json.dumps([both.record.parent], sort_keys=True),
        }  # fmt: skip
        assert both.split_topic(k, documents(60), seed=3, threads=1).fingerprint() == found.fingerprint()

    def test_what_cannot_be(self, fitted: lda.Model) -> None:
        with pytest.raises(ValueError, match="the topics are 0 to 2, got 3"):
            fitted.split_topic(3, documents(3))
        with pytest.raises(ValueError, match="split into two or more, got 1"):
            fitted.split_topic(0, documents(3), into=1)
        with pytest.raises(lda.DataError, match="too few to split it into 2"):
            fitted.split_topic(0, [["bread"]])
