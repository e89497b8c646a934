"""Each rule speaks up for a model that has the fault, and is silent for one that has not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from made_models import made_model, planted_model
from made_surveys import made_groups, made_survey

from lda.report.findings import Finding, findings
from lda.report.topic_map import topic_map

if TYPE_CHECKING:
    import lda
    from lda.survey.survey import Survey


def kinds(model: lda.Model, survey: Survey | None = None) -> dict[str, Finding]:
    return {found.kind: found for found in findings(model, survey, topic_map(model).distances)}


def healthy(words: list[str] | None = None) -> lda.Model:
    """Three topics of ten words each that share none."""
    counts = np.kron(np.eye(3, dtype=np.int32), np.arange(60, 10, -5)[:, None])
    return made_model(counts, vocabulary=words or [f"term{i}" for i in range(30)])


def with_record(model: lda.Model, **changes: Any) -> lda.Model:
    return replace(model, record=replace(model.record, **changes))


def curve(*values: float) -> tuple[dict[str, Any], ...]:
    return tuple(
        {"sweep": 10 * i, "log_likelihood": value, "heldout": None} for i, value in enumerate(values, start=1)
    )


def test_a_sound_model_and_its_own_documents_give_no_findings() -> None:
    model = with_record(healthy(), history=curve(-9, -8.5, -8.4, -8.399), n_documents=12)
    survey = made_survey(model, over=made_groups(3, [20, 30], starts=[1.0, 2.0]))
    assert findings(model, survey, topic_map(model).distances) == []


def test_a_topic_twice() -> None:
    counts = np.array(healthy().counts.todense())
    twice = made_model(np.hstack([counts, counts[:, :1]]))
    found = kinds(twice)["duplicate"]
    assert found.topics == (0, 3)
    assert "10 of ten top words in common: w0, w1" in found.text


def test_topics_that_are_alike_are_one_warning_and_dead_ones_none() -> None:
    counts = np.array(healthy().counts.todense())
    dead = np.zeros((30, 3), dtype=np.int32)
    dead[4] = 1  # a token each, of the same word: alike, by chance
    model = made_model(np.hstack([counts, counts[:, :1], counts[:, :1], counts[:, 1:2], dead]))
    found = findings(model, None, topic_map(model).distances)
    assert [one.topics for one in found if one.kind == "duplicate"] == [(0, 3, 4), (1, 5)]
    assert [one.topics for one in found if one.kind == "dead"] == [(6, 7, 8)]
    assert "Topics 0, 3 and 4 are nearly the same (10 of ten top words in common" in found[-2].text


def test_topics_that_are_near_though_their_first_words_differ() -> None:
    rng = np.random.default_rng(0)
    base = rng.integers(40, 60, 200)  # many words of nearly the same weight: the first ten are chance
    other = base + rng.integers(-9, 10, 200)
    apart = np.roll(np.where(np.arange(200) < 100, 90, 1), 37)
    model = made_model(np.stack([base, other, apart], axis=1))
    found = findings(model, None, topic_map(model).distances)
    assert [one.topics for one in found if one.kind == "duplicate"] == [(0, 1)]


def test_dead_topics() -> None:
    counts = np.array(healthy().counts.todense())
    dead = np.zeros((30, 2), dtype=np.int32)
    dead[4, 1] = 1
    found = kinds(made_model(np.hstack([counts, dead])))
    assert found["dead"].topics == (3, 4)
    assert "(1 at most)" in found["dead"].text
    assert "duplicate" not in found  # both are empty, which has been said


def test_one_topic_with_most_tokens() -> None:
    counts = np.array(healthy().counts.todense())
    counts[:, 1] *= 9
    found = kinds(made_model(counts))["dominant"]
    assert found.topics == (1,)
    assert "82%" in found.text


@pytest.mark.parametrize(
    "word", ["nbsp", "HREF", "http", "www", "http://x.org/a", "&amp;", "<br", "\\frac", "cnn.com"]
)
def test_mark_up(word: str) -> None:
    words = [f"term{i}" for i in range(30)]
    words[12] = word
    found = kinds(healthy(words))["markup"]
    assert found.topics == (1,)
    assert word in found.text


def test_two_words_that_may_be_mark_up_are() -> None:
    words = [f"term{i}" for i in range(30)]
    words[3] = "amp"
    words[14] = "span"
    assert "markup" not in kinds(healthy(words))
    words[5] = "lt"
    found = kinds(healthy(words))["markup"]
    assert found.topics == (0,)
    assert ": amp, lt;" in found.text


def test_stop_words() -> None:
    words = [f"term{i}" for i in range(30)]
    words[20:22] = ["the", "of"]
    assert "stop_words" not in kinds(healthy(words))
    words[22] = "And"
    found = kinds(healthy(words))["stop_words"]
    assert found.topics == (2,)
    assert "the, of, And" in found.text


def test_terms_cannot_command_the_terminal() -> None:
    words = [f"term{i}" for i in range(30)]
    words[0] = "http:\x1b[2J"
    words[1] = "www.\u202e"
    found = kinds(healthy(words))
    assert r"http:\x1b[2J, www.\u202e" in found["markup"].text
    assert all(one.text.isprintable() for one in found.values())


def test_an_interrupted_fit() -> None:
    found = kinds(with_record(healthy(), interrupted=True, n_sweeps=7))["interrupted"]
    assert "after 7 of" in found.text


def test_a_curve_that_still_rises() -> None:
    rising = kinds(with_record(healthy(), history=curve(-9, -8.5, -8.3, -8.2)))["rising"]
    assert "by 0.100 nats a token from sweep 30 to 40" in rising.text
    sparse = [{**row, "sweep": sweep} for row, sweep in zip(curve(-9, -8.5, -8.3), (1, 40, 100), strict=True)]
    assert "rising" not in kinds(with_record(healthy(), history=tuple(sparse)))  # most of it may be long ago
    assert "rising" not in kinds(with_record(healthy(), history=curve(-9, -8.5, -8.3, -8.275)))
    assert "rising" not in kinds(with_record(healthy(), history=curve(-9, -8)))  # too few to say


def of(model: lda.Model, **changes: Any) -> dict[str, Finding]:
    model = with_record(model, n_documents=12)
    return kinds(model, made_survey(model, **changes))


def test_documents_without_known_words() -> None:
    found = of(healthy(), n_empty_documents=1, n_without_text=1)["empty"]
    assert "1 document of 12 has no word" in found.text
    assert "1 of them have no text" in found.text


def test_unknown_words() -> None:
    assert "unknown" not in of(healthy(), n_trained=0, n_tokens=50, n_unknown=50)
    assert "unknown" not in of(
        healthy(), n_trained=12, n_tokens=49, n_unknown=51
    )  # the fit left them out itself
    assert "51%" in of(healthy(), n_trained=0, n_tokens=49, n_unknown=51)["unknown"].text
    assert "51%" in of(healthy(), n_trained=None, n_tokens=49, n_unknown=51)["unknown"].text


def test_a_corpus_that_is_not_the_models() -> None:
    assert "corpus" not in of(healthy(), corpus_hash=None, n_trained=12)
    fewer = of(healthy(), corpus_hash="0" * 64, n_documents=9, n_trained=9)["corpus"].text
    assert "9 documents here, 12 in the corpus of the fit" in fewer
    others = of(healthy(), corpus_hash=None, n_trained=2, n_untold=3)["corpus"].text
    assert "fitted to 2 of them (3 are too short to tell)" in others
    content = of(healthy(), corpus_hash="0" * 64, n_trained=None, n_untold=None)["corpus"].text
    assert "content differs" in content


def test_documents_kept_out_of_the_fit_are_its_own() -> None:
    model = healthy()
    settings = {**model.record.settings, "validation_fraction": 0.25}
    assert "corpus" not in of(with_record(model, settings=settings), corpus_hash=None, n_trained=9)


def test_few_documents_behind_a_value() -> None:
    model = with_record(healthy(), n_documents=12)
    groups = made_groups(3, [40, 9, 1, 0])
    found = kinds(model, made_survey(model, by=(groups,)))["few"]
    assert "2 values of year: g1 (9), g2 (1)" in found.text


def test_values_that_are_shown_as_one() -> None:
    model = healthy()
    groups = replace(made_groups(3, [40, 30, 20]), n_gathered=7)
    text = kinds(model, made_survey(model, by=(groups,)))["gathered"].text
    assert "year has 9 values. The 2 with the most documents" in text
    assert "gathered" not in kinds(model, made_survey(model, by=(made_groups(3, [40, 30, 20]),)))


def test_planted_topics_share_words_without_being_the_same() -> None:
    assert "duplicate" not in kinds(planted_model())
