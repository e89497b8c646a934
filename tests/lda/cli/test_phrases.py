"""`--phrases`: found where a corpus is made, and joined in all text that the model sees afterwards."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tiny
from commands import fails, run, run_json

import lda

if TYPE_CHECKING:
    from pathlib import Path

OPTIONS = ("--text", "body", "--phrases", "npmi", "--phrase-min-count", "8", "--phrase-threshold", "0.4")


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Documents that speak of New York now and then."""
    path = tmp_path_factory.mktemp("texts") / "texts.jsonl"
    rows = []
    for number, tokens in enumerate(tiny.documents()):
        body = " ".join(["New York;", *tokens, *(["the new", "york"] if number % 2 else [])])
        rows.append(json.dumps({"name": f"doc-{number}", "body": body}))
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def model(texts: Path) -> Path:
    folder = texts.parent / "model"
    run("fit", texts, *OPTIONS, "-k", 3, "-n", 5, "--stop-words", "en", "-o", folder, "-q", "--seed", 3)
    return folder


def test_the_model_knows_its_phrases(model: Path) -> None:
    told = run_json("info", model)

    assert told["recipe"]["phrases"] == "npmi"
    assert ["new", "york"] in told["recipe"]["phrase_pairs"]
    assert "--phrases npmi --phrase-min-count 8 --phrase-threshold 0.4" in told["command"]
    assert "new_york" in next(
        line for line in run("info", model).stdout.splitlines() if line.startswith("phrases ")
    )
    loaded = lda.Model.load(model)
    assert "new_york" in loaded.vocabulary
    assert loaded.tokenize(["New York, new bread in the new York"]) == [
        ["new_york", "new", "bread", "new_york"],
    ]


def test_every_way_to_the_topics_of_a_text_is_the_same(model: Path, texts: Path, tmp_path: Path) -> None:
    bodies = [json.loads(line)["body"] for line in texts.read_text(encoding="utf-8").splitlines()]
    loaded = lda.Model.load(model)
    expected = loaded.transform_texts(bodies)

    run("transform", model, texts, "--text", "body", "-o", tmp_path / "theta.npy", "-q")
    run("corpus", "build", texts, *OPTIONS, "--stop-words", "en", "-o", tmp_path / "corpus", "-q")
    run("transform", model, tmp_path / "corpus", "-o", tmp_path / "again.npy", "-q")

    np.testing.assert_array_equal(np.load(tmp_path / "theta.npy"), expected)
    np.testing.assert_array_equal(np.load(tmp_path / "again.npy"), expected)
    np.testing.assert_array_equal(loaded.transform(loaded.tokenize(bodies)), expected)


def test_a_page_marks_a_phrase_as_one(model: Path, texts: Path) -> None:
    loaded = lda.Model.load(model)
    topic = int(np.argmax(loaded.topic_word[:, loaded.vocabulary.index("new_york")]))

    shown = run("show", model, topic, texts, "--text", "body", "--documents", 1).stdout

    assert "New York" in shown


def test_the_corpus_tells_of_its_phrases(texts: Path, tmp_path: Path) -> None:
    run("corpus", "build", texts, *OPTIONS, "-o", tmp_path / "corpus", "-q", "--threads", 1)

    lines = run("corpus", "info", tmp_path / "corpus").stdout.splitlines()

    assert next(line for line in lines if line.startswith("phrases ")).split()[1].isdigit()
    again = lda.read_corpus(
        [texts],
        recipe=lda.Recipe(text="body", phrases="npmi", phrase_min_count=8, phrase_threshold=0.4),
        threads=2,
    )
    assert again.content_hash == run_json("corpus", "info", tmp_path / "corpus")["content_hash"]


def test_a_list_of_phrases_has_their_scores(texts: Path, model: Path) -> None:
    rows = [
        line.split("\t")
        for line in run("corpus", "phrases", texts, *OPTIONS, "--stop-words", "en").stdout.splitlines()
    ]

    pairs = run_json("info", model)["recipe"]["phrase_pairs"]
    assert sorted(row[0] for row in rows) == sorted("_".join(pair) for pair in pairs)
    told = run_json("corpus", "phrases", texts, "--text", "body", "--stop-words", "en")
    assert told["phrases"] == "npmi"
    scores = [row["score"] for row in told["found"]]
    assert scores == sorted(scores, reverse=True)
    assert all(score > 0.5 for score in scores)
    assert {"phrase": "new_york", "count": 90, "score": scores[0]} in told["found"]
    assert "is a model, not documents" in fails(3, "corpus", "phrases", model, "-q")
    assert "only AnnData files have layers" in fails(3, "corpus", "phrases", texts, "--layer", "counts", "-q")


def test_options_that_go_with_nothing_are_refused(texts: Path, tmp_path: Path) -> None:
    def told(*options: object) -> str:
        return run("corpus", "build", texts, "--text", "body", *options, "-o", tmp_path / "c", code=2).stderr

    assert "--phrase-min-count is for phrases" in told("--phrase-min-count", 3)
    assert "--phrase-threshold of npmi must lie in -1 ... 1, got 10.0" in told(
        "--phrases", "npmi", "--phrase-threshold", 10
    )
    counts = tmp_path / "counts.ldac"
    counts.write_text("1 0:2\n")
    assert "n-grams, phrases, tokenisers" in fails(
        3, "corpus", "build", counts, "--phrases", "npmi", "-o", tmp_path / "c", "-q"
    )
