"""What a page shows is what the model and the survey say, and strict JSON whatever comes from outside."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from made_models import made_model, planted_model
from made_surveys import made_groups, made_survey

from lda.evaluation.diagnostics import describe_topics
from lda.evaluation.heldout import HeldoutScore
from lda.evaluation.relevance import LAMBDAS, most_relevant
from lda.labels.labels import Label, Labels
from lda.report.page_data import page_data
from lda.report.parts import gathered
from lda.survey.survey import Piece

HOSTILE = "</script><script>alert(1)</script>\x1b[31m\u202e\udce9"


def data_of(*args: Any, **options: Any) -> dict[str, Any]:
    """The data after a trip through strict JSON in UTF-8."""
    text = json.dumps(page_data(gathered(*args, **options)), allow_nan=False, ensure_ascii=False)
    found = json.loads(text.encode("utf-8"))
    assert isinstance(found, dict)
    return found


def test_topics_are_those_of_the_model() -> None:
    model = planted_model()
    data = data_of(model)
    topics = data["topics"]
    listed = model.topics(5)
    assert topics["tokens"] == [topic.tokens for topic in listed]
    assert topics["share"] == pytest.approx([topic.share for topic in listed], rel=1e-5)
    assert topics["alpha"] == pytest.approx(model.alpha, rel=1e-5)
    found = describe_topics(
        model.language_counts, model.beta, model.top_words(10), model.vocabulary,
        n_words=10, tokens=model.last_tokens, use=None,
    )  # fmt: skip
    assert topics["exclusivity"] == pytest.approx(found.exclusivity, rel=1e-5)
    assert {row["field"] for row in data["measures"]} <= topics.keys()
    assert all(len(column) == model.n_topics for column in topics.values())
    assert data["labels"]["fingerprint"] == model.fingerprint()


def test_words_of_topics_and_topics_of_words() -> None:
    model = planted_model()
    data = data_of(model)
    words, names = data["words"], data["vocabulary"]
    phi = model.topic_word
    index = {term: w for w, term in enumerate(model.vocabulary)}
    for k in range(model.n_topics):
        part = slice(words["offsets"][k], words["offsets"][k + 1])
        terms = [names[i] for i in words["term"][part]]
        assert words["p"][part] == pytest.approx([phi[k, index[t]] for t in terms], rel=1e-5)
        for lambda_ in LAMBDAS:
            best = [model.vocabulary[w] for w in most_relevant(model, 30, lambda_)[k]]
            assert set(best) <= set(terms)
    share = np.asarray(model.counts.sum(axis=1)).ravel() / model.counts.sum()
    assert data["term_share"] == pytest.approx([share[index[t]] for t in names], rel=1e-5)
    held = data["word_topics"]
    dense = model.counts.toarray()
    for i, term in enumerate(names):
        part = slice(held["offsets"][i], held["offsets"][i + 1])
        tokens = held["tokens"][part]
        assert tokens == sorted(tokens, reverse=True)
        assert tokens == [dense[index[term], k] for k in held["topic"][part]]
        assert sum(tokens) == dense[index[term]].sum()  # of so few topics none is left out
        assert held["p"][part] == pytest.approx([phi[k, index[term]] for k in held["topic"][part]], rel=1e-3)


def test_the_map_keeps_distances() -> None:
    model = planted_model()
    topics = data_of(model)["topics"]
    phi = model.topic_word
    for k, row in enumerate(topics["related"]):
        assert [far for _, far in row] == sorted(far for _, far in row)
        for other, far in row:
            middle = (phi[k] + phi[other]) / 2
            divergence = sum((p * np.log(p / middle)).sum() for p in (phi[k], phi[other])) / 2
            assert far == pytest.approx(np.sqrt(divergence), rel=1e-5)
    assert np.isfinite([topics["x"], topics["y"]]).all()


def test_one_topic_is_a_map_too() -> None:
    data = data_of(made_model([[3], [1]]))
    assert data["topics"]["related"] == [[]]
    assert len(data["topics"]["x"]) == len(data["topics"]["y"]) == 1


def test_without_documents_it_says_what_is_missing() -> None:
    data = data_of(planted_model())
    assert data["documents"] is data["best"] is data["texts"] is data["over"] is None
    assert data["by"] == []
    assert any("name them" in sentence.lower() for sentence in data["missing"])
    assert any("held-out" in sentence for sentence in data["missing"])


def test_documents_are_those_of_the_survey() -> None:
    model = planted_model()
    survey = made_survey(
        model, over=made_groups(6, [4, 1, 20], starts=["1900-01-01", "1901-01-01", "1902-01-01"])
    )
    data = data_of(model, survey)
    documents = data["documents"]
    assert documents["id"] == survey.ids
    assert documents["fields"]["year"] == list(range(1900, 1912))
    offsets = documents["topics"]["offsets"]
    for row, theta in enumerate(survey.theta):
        part = slice(offsets[row], offsets[row + 1])
        assert documents["topics"]["topic"][part] == [int(theta.argmax())]  # the others are below a hundredth
        assert documents["topics"]["weight"][part] == pytest.approx([float(theta.max())], rel=1e-3)
    assert documents["nearest"] == {"per": 2, "document": [1, -1] * 12}
    assert data["best"]["document"] == list(range(6))
    [pieces] = data["texts"]["pieces"]
    assert "".join(text for text, _ in pieces) == "".join(piece.text for piece in survey.texts[0])
    assert "seed 7" in data["texts"]["how"]
    assert data["topics"]["coherence"] is not None
    over = data["over"]
    assert over["n_documents"] == [4, 1, 20]
    assert over["low"][1] == [None] * 6
    assert survey.over is not None
    assert np.array(over["mean"]) == pytest.approx(survey.over.mean, rel=1e-3)


def test_the_trend_is_the_line_of_least_squares() -> None:
    model = planted_model()
    groups = made_groups(6, [3, 5, 9, 2], starts=[0.0, 1.0, 2.0, 5.0])
    data = data_of(model, made_survey(model, over=groups))
    x = np.repeat([0.0, 1.0, 2.0, 5.0], groups.n_documents)  # each document counts once
    for k in range(6):
        slope = np.polyfit(x, np.repeat(groups.mean[:, k], groups.n_documents), 1)[0]
        assert data["topics"]["trend"][k] == pytest.approx(5 * slope, rel=1e-4, abs=1e-9)
    assert data["measures"][-1]["field"] == "trend"


def test_held_out_likelihood_comes_from_the_survey_then_from_the_fit() -> None:
    score = HeldoutScore(
        estimator="completion", log_likelihood=-7.25, standard_error=0.03, n_documents=20, n_scored_documents=19,
        n_tokens=200, n_scored_tokens=99, n_unknown=3, n_trained=0, seed=0,
    )  # fmt: skip
    row = {"sweep": 10, "log_likelihood": -8.0, "heldout": -7.5}
    model = made_model([[3, 1], [1, 4]], history=[row])
    found = data_of(model, made_survey(model, heldout=score))["heldout"]
    assert (found["log_likelihood"], found["standard_error"]) == (-7.25, 0.03)
    assert (found["n_documents"], found["n_tokens"]) == (19, 99)
    of_fit = data_of(model)
    assert of_fit["heldout"]["log_likelihood"] == -7.5
    assert of_fit["heldout"]["standard_error"] is None
    assert of_fit["history"] == {"sweep": [10], "log_likelihood": [-8.0], "heldout": [-7.5]}


def test_names_are_those_of_the_labels() -> None:
    model = planted_model()
    labels = Labels(names={2: Label(name="Third", source="me")}, n_topics=6)
    data = data_of(model, labels=labels)
    assert data["topics"]["name"][2] == "Third"
    assert data["topics"]["name"][0].count(", ") == 2  # its most relevant words
    assert data["labels"]["names"] == {"2": {"name": "Third", "source": "me"}}


def test_whatever_comes_from_outside_is_a_value_of_json() -> None:
    model = planted_model()
    model = replace(model, vocabulary=[HOSTILE, *model.vocabulary[1:]])
    survey = made_survey(
        model,
        n=2,
        ids=[HOSTILE, "x" * 10_000],
        fields=pa.table(
            {
                "a": [None, float("nan")],
                "b": [2**60, -5],
                "c": ["y" * 10_000, "z"],
                "d": [date(2001, 2, 3), None],
                "e": [[1, 2], None],
                "f": [True, False],
            }
        ),
        texts={1: (Piece(HOSTILE, -1),)},
    )
    data = data_of(model, survey, title=HOSTILE)
    spelled = HOSTILE.replace("\udce9", "\\udce9")
    assert data["title"] == spelled
    assert spelled in data["vocabulary"]
    assert data["documents"]["id"][0] == spelled
    assert data["texts"]["pieces"] == [[[spelled, -1]]]
    fields = data["documents"]["fields"]
    assert fields["a"] == [None, None]
    assert fields["b"] == [str(2**60), -5]
    assert len(fields["c"][0]) == 300
    assert fields["d"] == ["2001-02-03", None]
    assert fields["e"] == ["[1, 2]", None]
    assert fields["f"] == [True, False]


def test_a_command_shows_no_keys() -> None:
    model = planted_model()
    command = "lda fit 's3://KEY:SECRET@bucket/docs?token=HIDDEN' -o model \x1b[2J"
    model = replace(model, record=replace(model.record, command=command))
    told = json.dumps(data_of(model)["facts"])
    assert "s3://bucket/docs" in told
    for secret in ("KEY", "SECRET", "HIDDEN", "\\u001b"):
        assert secret not in told


def test_long_texts_are_cut_short_ones_are_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lda.report.documents_part.MOST_CHARACTERS", 100)
    model = planted_model()
    short = (Piece("a" * 10, 0), Piece(" ", -1))
    long = tuple(Piece("b" * 9 + " ", 1) for _ in range(30))
    survey = replace(made_survey(model), texts={0: short, 1: long, 2: long})
    data = data_of(model, survey)
    first, *others = data["texts"]["pieces"]
    assert first == [list(piece) for piece in short]
    for pieces in others:  # (100 - 11) // 2 characters of each
        assert pieces == [*([list(piece) for piece in long[:4]]), [" … (260 more characters)", -1]]
    assert any("cut after 44 characters" in sentence for sentence in data["missing"])
    whole = data_of(model, replace(survey, texts={0: short, 1: long[:5]}))
    assert whole["texts"]["pieces"][1] == [list(piece) for piece in long[:5]]
    assert not any("cut after" in sentence for sentence in whole["missing"])
