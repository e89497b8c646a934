"""Seed words, from a file or Python to the topics of a model."""

from __future__ import annotations

import json
import re
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import scipy.sparse as sp
import tiny
from click.testing import CliRunner

import lda
from lda.cli import cli
from lda.corpus import DataError
from lda.seed_words import SeedWords, read_seed_words

if TYPE_CHECKING:
    from pathlib import Path

FOOD, GAME, SKY = (theme.split() for theme in tiny.THEMES)
SEEDS: dict[int | str, Any] = {"Sky": ["comet", "orbit"], 2: {"goal": 30}}


def topics_of(model: lda.Model) -> list[set[str]]:
    return [set(words) for words in model.top_words(5)]


@pytest.mark.parametrize("sampler", ["adlda", "esca", "pclda"])
def test_topics_are_where_their_seeds_are(sampler: str) -> None:
    found = lda.LDA(3, sampler=sampler, max_iter=20, seed_words=SEEDS, random_state=1).fit(tiny.documents())
    assert topics_of(found.model_) == [set(SKY), set(FOOD), set(GAME)]
    assert found.model_.labels.name(0) == "Sky"
    assert found.model_.labels.name(2) is None
    np.testing.assert_allclose(found.topic_word_.sum(axis=1), 1)
    assert found.model_.counts.sum() == 60 * 40
    assert found.model_.language_counts.sum() == pytest.approx(60 * 40 + 200 + 30, abs=0.01)


def test_saved_loaded_and_fitted_again(tmp_path: Path) -> None:
    made = lda.LDA(3, max_iter=8, seed_words=SEEDS, seed_weight=7, frozen_topics=["Sky"], random_state=1)
    made.fit(tiny.documents())
    made.model_.save(tmp_path / "model")
    loaded = lda.load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.topic_word_, made.topic_word_)
    np.testing.assert_array_equal(loaded.transform(tiny.documents(5)), made.transform(tiny.documents(5)))
    assert loaded.model_.labels.name(0) == "Sky"
    assert loaded.model_.frozen_topics == (0,)
    again = lda.LDA(**loaded.get_params()).fit(tiny.documents())
    assert again.model_.fingerprint() == made.model_.fingerprint()
    weights = made.model_.beta + np.array([7.0 * (w in SEEDS["Sky"]) for w in made.model_.vocabulary])
    np.testing.assert_allclose(loaded.topic_word_[0], weights / weights.sum(), rtol=1e-12)


@pytest.mark.filterwarnings(
    "ignore:of the documents' tokens of its seed words", "ignore:most seed words are likelier"
)
def test_a_model_with_word_prior_is_refused_by_what_does_not_know_it(tmp_path: Path) -> None:
    lda.LDA(3, max_iter=2, seed_words=[["goal"]], random_state=1).fit(tiny.documents()).model_.save(
        tmp_path / "m"
    )
    lda.LDA(3, max_iter=2, random_state=1).fit(tiny.documents()).model_.save(tmp_path / "plain")
    versions = [
        json.loads((tmp_path / name / "model.json").read_text())["format_version"] for name in ("m", "plain")
    ]
    assert versions == [4, 3]
    (tmp_path / "m" / "word_prior.npz").write_bytes(b"")
    with pytest.raises(DataError, match=r"word_prior.npz is missing or damaged \(it has 0 bytes"):
        lda.Model.load(tmp_path / "m")


def test_mini_batches_keep_seeds_and_frozen_topics() -> None:
    model = lda.LDA(3, max_iter=10, seed_words={0: SKY, 1: FOOD}, frozen_topics=[0], random_state=1)
    for first in range(0, 60, 20):
        model.partial_fit(tiny.documents()[first : first + 20])
    assert topics_of(model.model_) == [set(SKY), set(FOOD), set(GAME)]
    assert model.model_.counts.sum() == 60 * 40
    np.testing.assert_allclose(model.topic_word_[0].max() * 5, 1, atol=0.1)  # as its seeds say
    assert model.model_.language_counts[:, 0].sum() == 500
    assert model.model_.language_counts[:, 1:].sum() == pytest.approx(
        model.model_.document_counts[:, 1:].sum() + 500, abs=0.01
    )


def run(*arguments: object) -> Any:
    return CliRunner().invoke(cli, [str(a) for a in arguments])


def test_command(tmp_path: Path) -> None:
    source = tiny.jsonl(tmp_path / "tiny.jsonl")
    (tmp_path / "seeds.yaml").write_text("Sky: [comet, orbit, no, 1990]\n2: {goal: 30}\n", encoding="utf-8")
    (tmp_path / "seeds.json").write_text(json.dumps({"Sky": ["comet", "orbit"], "2": {"goal": 30}}))
    options = ["fit", source, "--text", "body", "-k", 3, "-n", 12, "-s", 1, "--seed-weight", 50]
    more = ["--checkpoint-every", 5, "--frozen-topics", "Sky"]
    found = run(*options, *more, "--seed-words", tmp_path / "seeds.yaml", "-o", tmp_path / "a")
    assert found.exit_code == 0, found.output
    assert "seed words that are not in the vocabulary are left out: no, 1990" in found.output
    assert re.search(r"(?m)^ *0 .*Sky", found.output)  # the topics that it prints have names
    same = run(
        *options, "--seed-words", tmp_path / "seeds.json", "--frozen-topics", "0", "-o", tmp_path / "b"
    )
    assert same.exit_code == 0, same.output
    a, b = lda.Model.load(tmp_path / "a"), lda.Model.load(tmp_path / "b")
    assert a.fingerprint() == b.fingerprint()
    assert a.labels.title(0) == "0 Sky"
    assert topics_of(a)[2] == set(GAME)
    assert run("info", tmp_path / "a").exit_code == 0
    assert "Sky" in run("topics", tmp_path / "a").output

    # What the command has finished is finished with these words only.
    resumed = run(*options, *more, "--seed-words", tmp_path / "seeds.yaml", "-o", tmp_path / "a", "--resume")
    assert "finished already" in resumed.output
    other = run(*options, *more, "--seed-words", tmp_path / "seeds.yaml", "-o", tmp_path / "b", "--resume")
    assert "finished already" in other.output
    plain = run(*options, "-o", tmp_path / "a", "--resume")
    assert plain.exit_code == 3
    assert "another fit: word_prior was" in plain.output


@pytest.mark.parametrize(
    ("words", "more", "told"),
    [
        ("comet", {}, "must be lists of words by topic"),
        ({}, {}, "must name a topic and its words"),
        ({"Sky": "comet"}, {}, "the seed words of topic 'Sky' must be a list"),
        ({"Sky": []}, {}, "topic 'Sky' has no seed words"),
        ({"Sky": [1990]}, {}, "a seed word must be text, got 1990"),
        ({"Sky": ["comet", "comet"]}, {}, "topic 'Sky' 'comet' stands twice"),
        ({0: ["comet"], "0": ["goal"]}, {}, "seed words for topic 0 twice"),
        ({3: ["comet"]}, {}, "numbered from 0 to 2, got seed words for topic 3"),
        ([["a"], ["b"], ["c"], ["d"]], {}, "seed words for 4 topics, but 3 topics"),
        ({True: ["comet"]}, {}, "called by its number or a name, got True"),
        ({"Sky": {"comet": 0}}, {}, "the weight of 'comet' must be from 1"),
        ({"Sky": {"comet": 1.5}}, {}, "must be a whole number of tokens, 1 or more, got 1.5"),
        ([["comet"]], {"seed_weight": -2}, "the seed weight must be from 1"),
        ([["comet"]], {"frozen_topics": [1]}, "topic 1 cannot be frozen, for it has no seed words"),
        (None, {"frozen_topics": "all"}, "frozen only if seed words say what they are"),
        ([["zzz", "\x1b[31m"]], {}, "none of the seed words is in the vocabulary"),
        (
            [["comet"], ["zzz"]],
            {"frozen_topics": [1]},
            "topic 1 cannot be frozen, for none of its seed words",
        ),
        ({"\x1b[31mSky": ["comet"]}, {}, "must not hold control characters"),
        (
            [["comet"]],
            {"frozen_topics": "all", "sampler": "collapsed", "alpha": 1.0, "beta": 1.0},
            "take adlda, esca",
        ),
    ],
)
def test_refused(words: object, more: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told) as raised:
        lda.LDA(3, max_iter=1, seed_words=words, random_state=0, **more).fit(tiny.documents(6))  # type: ignore[arg-type]
    assert "\x1b" not in str(raised.value)


@pytest.mark.filterwarnings(
    "ignore:of the documents' tokens of its seed words", "ignore:most seed words are likelier"
)
def test_words_that_are_not_there_are_told_once() -> None:
    with pytest.warns(UserWarning, match="left out: zzz, yyy; none is left for topic 'Odd'"):
        found = lda.LDA(3, max_iter=1, seed_words={"Sky": ["comet", "zzz"], "Odd": ["yyy"]}).fit(
            tiny.documents(6)
        )
    assert found.model_.labels.name(1) is None
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "seed words that are not")
        lda.LDA(3, max_iter=1, seed_words=SEEDS).fit(tiny.documents(6))


def test_a_topic_that_has_lost_its_seed_words_is_told(tmp_path: Path) -> None:
    """One word of each theme: a topic holds one theme, and its name would speak of all."""
    (tmp_path / "seeds.json").write_text(json.dumps({"All": [FOOD[0], GAME[0], SKY[0]]}))
    seeds = {"All": [FOOD[0], GAME[0], SKY[0]]}
    with pytest.warns(UserWarning, match=r"likelier in another topic .*'All': \w+ \([12]\), \w+ \([12]\);"):
        lda.LDA(3, max_iter=40, seed_words=seeds, seed_weight=1, random_state=1).fit(tiny.documents())
    source = tiny.jsonl(tmp_path / "tiny.jsonl")
    options = ["--text", "body", "-k", 3, "-n", 40, "-s", 1, "--seed-weight", 1, "-o", tmp_path / "m"]
    done = run("fit", source, "--seed-words", tmp_path / "seeds.json", *options)
    assert done.exit_code == 0, done.output
    assert "warning: most seed words are likelier in another topic" in done.output


def test_columns_without_names_are_told() -> None:
    with pytest.raises(DataError, match="have numbers for names; name them"):
        lda.LDA(2, max_iter=1, seed_words=[["goal"]]).fit(np.ones((3, 4), dtype=int))


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.yaml", "Sky: [comet\n", "has no seed words: while parsing"),
        ("a.yaml", "Sky: [comet]\nSky: [goal]\n", "'Sky' stands twice"),
        ("a.yaml", "[a]: [comet]\n", "a key must be a topic or a word"),
        ("a.json", '{"Sky": ["comet"], "Sky": []}', "'Sky' stands twice"),
        ("a.json", "[" * 100_000, "has no seed words"),
        ("a.yaml", "Sky: !!python/object/apply:os.getcwd []\n", ""),
        ("a.yaml", "", "has no seed words: nothing stands there"),
    ],
)
def test_files_refused(name: str, text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    source = tiny.jsonl(tmp_path / "tiny.jsonl", 6)
    found = run(
        "fit", source, "--text", "body", "-k", 3, "-o", tmp_path / "m", "--seed-words", tmp_path / name
    )
    assert found.exit_code in (2, 3), found.output
    assert found.exception is None or isinstance(found.exception, SystemExit)
    assert told in " ".join(found.output.split())


def test_yaml_has_words_only(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("0: [no, 1990, null, ~, 1e3]\n")
    found = SeedWords.of(read_seed_words(tmp_path / "a.yml"), n_topics=1)
    assert found is not None
    assert list(found.topics[0]) == ["no", "1990", "null", "~", "1e3"]
    with pytest.raises(DataError, match="is no file"):
        read_seed_words(tmp_path / "none.yaml")


def test_topics_of_other_words_are_told() -> None:
    """By the documents' tokens: with a large weight seed words are likely in a topic, whatever it is about."""
    terms = ["a", "b", "c", "d"]
    begun = sp.csr_matrix(np.array([[90, 0, 0], [90, 0, 0], [0, 90, 0], [0, 0, 90]]))
    seeds = SeedWords.of({"Sky": ["a", "b"], "Sea": ["c"], 2: ["d"]}, n_topics=3, frozen=[2])
    assert seeds is not None
    theirs = np.array([[5, 0, 1], [5, 9, 0], [0, 4, 4], [3, 0, 1]])
    assert seeds.outvoted(terms, sp.csr_matrix(theirs), begun, 0.1) is None
    theirs[1, 1] = 14
    told = seeds.outvoted(terms, sp.csr_matrix(theirs), begun, 0.1)
    assert told is not None
    assert "of its seed words topic 'Sky' holds 40%, and topic 1 56%: look" in told


def test_large_counts_and_weights_add_up() -> None:
    """A count and a weight are more together than int32 holds."""
    many = np.array([[2_000_000_000, 0], [0, 2_000_000_000]], dtype=np.int32)
    begun = np.array([[1_000_000_000, 0], [0, 1_000_000_000]], dtype=np.int32)
    seeds = SeedWords.of([["a"], ["b"]], n_topics=2, weight=1_000_000_000)
    assert seeds is not None
    assert seeds.outvoted(["a", "b"], sp.csr_matrix(many), sp.csr_matrix(begun), 0.1) is None
