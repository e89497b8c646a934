"""Whether new documents are other ones: alarms where they are, and none where only chance tells them apart."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import tiny
from commands import fails, run, run_json
from scipy.spatial.distance import jensenshannon

import lda
import lda.datasets
from lda.corpus.stream import UnknownWords
from lda.evaluation.document_units import DocumentUnits
from lda.evaluation.drift import _distance, jensen_shannon
from lda.evaluation.heldout import ratio
from lda.results import DriftLimits


@pytest.fixture(scope="module")
def speeches() -> pd.DataFrame:
    """The State of the Union messages by date; words are the columns."""
    return pd.DataFrame(lda.datasets.load_speeches(), columns=list(lda.datasets.load_speeches_vocab()))


@pytest.fixture(scope="module")
def early(speeches: pd.DataFrame) -> lda.Model:
    """A model of every other speech of the first 170, to 1960."""
    return lda.LDA(8, max_iter=15, random_state=0).fit(speeches.iloc[:170:2]).model_


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(n, marks=pytest.mark.slow) for n in range(2, 7))])
def test_halves_of_unseen_documents_are_no_drift(early: lda.Model, speeches: pd.DataFrame, seed: int) -> None:
    order = 1 + 2 * np.random.default_rng(seed).permutation(85)
    found = early.drift(speeches.iloc[order[:42]], speeches.iloc[order[42:]], seed=seed)
    assert found.exceeded == (), found.checks
    assert (found.new.n_trained, found.reference.n_trained) == (0, 0)
    # Against the training as well: the fresh sample is one of the same documents.
    assert early.drift(speeches.iloc[order], seed=seed).exceeded == ()


def test_late_documents_drift_from_early_ones(early: lda.Model, speeches: pd.DataFrame) -> None:
    late = speeches.iloc[180:]
    found = early.drift(late, speeches.iloc[1:170:2])
    assert "shift" in found.exceeded
    assert found.distance is not None
    assert found.distance_noise is not None
    assert found.distance > 2 * found.distance_noise
    moved = found.topics[0]
    assert moved.low is not None
    assert moved.high is not None
    assert moved.low < moved.difference < moved.high
    assert moved.low * moved.high > 0  # far from chance
    assert math.isclose(sum(topic.share for topic in found.topics), 1)
    assert early.drift(late).exceeded == ("shift",)
    assert early.drift(late, max_shift=None).exceeded == ()


def test_a_reference_that_was_trained_on_is_not_scored(early: lda.Model, speeches: pd.DataFrame) -> None:
    trained = speeches.iloc[:170:2]
    found = early.drift(speeches.iloc[1:170:2], trained)
    assert found.reference.n_trained == 85
    assert found.reference.log_likelihood is None
    assert found.loss is None
    assert any("nothing to be compared with" in note for note in found.notes)
    assert "predicted too well" in early.drift(trained).notes[-1]
    # The same documents, sampled with the model and inferred afterwards, hardly differ.
    assert (early.drift(trained).distance or 0) < 0.05


def test_scores_are_those_of_an_evaluation(early: lda.Model, speeches: pd.DataFrame) -> None:
    some = speeches.iloc[180:200]
    found, score = early.drift(some, seed=3), early.heldout_score(some, seed=3)
    assert found.new.log_likelihood == score.log_likelihood
    assert found.new.log_likelihood_error == score.standard_error
    assert found.new.n_tokens == score.n_tokens


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model `m` of some documents, others of the same kind, and some of another kind."""
    made = tmp_path_factory.mktemp("drift")
    lines = tiny.jsonl(made / "all.jsonl", 180).read_text().splitlines(keepends=True)
    for number, name in enumerate(("old", "reference", "new")):
        (made / f"{name}.jsonl").write_text("".join(lines[60 * number : 60 * number + 60]))
    other = [json.dumps({"name": str(i), "body": "brot ofen mehl hefe star " * 8}) for i in range(20)]
    (made / "other.jsonl").write_text("\n".join(other))
    corpus = lda.read_corpus([made / "old.jsonl"], recipe=lda.Recipe(text="body", id="name"))
    lda.LDA(3, max_iter=20, random_state=0, validation_fraction=0.1).fit(corpus).save(made / "m")
    return made


def test_the_exit_code_tells_a_scheduler(folder: Path) -> None:
    arguments = ("drift", folder / "m", folder / "new.jsonl", "--reference", folder / "reference.jsonl")
    assert run(*arguments).stdout.splitlines()[-1] == "within the limits"
    arguments = ("drift", folder / "m", folder / "other.jsonl", "--reference", folder / "reference.jsonl")
    text = run(*arguments, code=5).stdout
    assert text.splitlines()[-1].startswith("beyond the limit: unknown words, topic shift")
    assert "unknown: brot 160, hefe 160, mehl 160, ofen 160" in text
    found = run_json(*arguments, code=5)
    assert found["exceeded"][:2] == ["unknown", "shift"]
    assert found["new"]["unknown_share"] == 0.8
    assert found["unknown_words"][0] == {"word": "brot", "tokens": 160}
    assert found["reference_inputs"] == [str(folder / "reference.jsonl")]
    without = ("--max-unknown", "none", "--max-shift", "none", "--max-loss", "none")
    assert run_json(*arguments, *without)["drift"] is False
    assert run_json(*arguments[:3], *without[2:], "--max-unknown", "90%")["against"] == "training"


def test_without_a_reference_the_training_is_what_there_is(folder: Path) -> None:
    found = run_json("drift", folder / "m", folder / "new.jsonl")
    record = lda.Model.load(folder / "m").record
    assert found["reference"]["log_likelihood"] == record.metrics["heldout"]
    assert found["reference"]["n_documents"] == 60
    assert abs(found["loss"]) < 0.2
    assert "the fair comparison" in found["notes"][0]


def test_what_cannot_be_compared_is_refused(folder: Path, tmp_path: Path) -> None:
    new = folder / "new.jsonl"
    assert (
        "--max-shift must be 0 to 1, got 2"
        in run("drift", folder / "m", new, "--max-shift", "2", code=2).stderr
    )
    assert "neither a number nor none" in run("drift", folder / "m", new, "--max-loss", "x", code=2).stderr
    (empty := tmp_path / "empty.jsonl").write_text('{"body": ""}\n{"body": null}\n')
    assert "all of the 2 new documents are empty" in fails(3, "drift", folder / "m", empty, "-q")
    (tmp_path / "none.txt").write_text("")
    assert "no new documents" in fails(
        3, "drift", folder / "m", tmp_path / "none.txt", "--format", "lines", "-q"
    )
    with pytest.raises(ValueError, match="max_loss must be 0 or more, or None for any, got -1"):
        DriftLimits(max_loss=-1)
    with pytest.raises(ValueError, match="max_loss must be 0 or more, or None for any, got inf"):
        DriftLimits(max_loss=math.inf)  # JSON knows no such number


def test_one_document_raises_no_alarm(folder: Path, tmp_path: Path) -> None:
    (one := tmp_path / "one.jsonl").write_text((folder / "other.jsonl").read_text().splitlines()[0])
    found = run_json("drift", folder / "m", one)
    assert (found["exceeded"], found["unknown_rise"]) == ([], 0.8)
    assert any("one document cannot tell" in note for note in found["notes"])


@pytest.mark.parametrize("others", ["", "brot ofen"])
def test_a_document_among_others_that_tell_nothing_is_one_document(
    folder: Path, tmp_path: Path, others: str
) -> None:
    model, recipe = lda.Model.load(folder / "m"), lda.Recipe(text="body")
    texts = [json.loads(line)["body"] for line in (folder / "new.jsonl").read_text().splitlines()]
    (one := tmp_path / "one.jsonl").write_text(
        "".join(json.dumps({"body": text}) + "\n" for text in [texts[0], *[others] * 30])
    )
    few, many = (lda.read_corpus([path], recipe=recipe) for path in (one, folder / "new.jsonl"))
    for found in (model.drift(few, max_shift=0), model.drift(many, few, max_shift=0, max_loss=0)):
        assert not {"shift", "loss"} & set(found.exceeded)
        assert any("one document" in note for note in found.notes)


def test_a_reference_without_a_known_word_is_refused(folder: Path, tmp_path: Path) -> None:
    (file := tmp_path / "zebras.jsonl").write_text('{"body": "zebra zebu"}\n' * 3)
    said = fails(3, "drift", folder / "m", folder / "new.jsonl", "--reference", file, "-q")
    assert "the model knows none of the words of the 3 reference documents" in said


def test_what_is_told_of_two_documents_can_be(folder: Path, tmp_path: Path) -> None:
    (file := tmp_path / "two.jsonl").write_text('{"body": "bread oven"}\n{"body": "comet"}\n')
    found = run_json("drift", folder / "m", file)
    assert max(topic["high"] - topic["low"] for topic in found["topics"]) > 1
    assert all(-1 <= topic["low"] <= topic["high"] <= 1 for topic in found["topics"])
    assert "-0.0000" not in run("drift", folder / "m", file, "--reference", file).stdout


def test_draws_of_a_few_documents_are_never_of_none() -> None:
    units = DocumentUnits(4)
    units.add(sp.csr_matrix(np.eye(4, dtype=np.int64)[:2] * 9))
    spread = units.deviations(np.random.default_rng(0), 1000)
    np.testing.assert_allclose(spread.sum(axis=1), 0, atol=1e-12)
    found, noise = _distance(units, units.shares()[0], units, 1.0, seed=0)
    assert found == 0
    assert noise is not None
    assert 0 < noise <= 1


@pytest.mark.parametrize(("n_new", "n_reference"), [(2, 2), (2, 20), (4, 4)])
def test_few_documents_raise_no_alarm_by_their_number(n_new: int, n_reference: int) -> None:
    rng, alarms = np.random.default_rng(3), 0
    for seed in range(20):
        new, reference = DocumentUnits(20), DocumentUnits(20)
        for units, n in ((new, n_new), (reference, n_reference)):
            shares = rng.dirichlet(np.full(20, 0.05), n)
            units.add(sp.csr_matrix(np.stack([rng.multinomial(3, share) for share in shares])))
        found, noise = _distance(new, reference.shares()[0], reference, 1.0, seed)
        assert found is not None
        assert noise is not None
        alarms += found > noise
    assert alarms <= 2


def test_documents_without_a_known_word(folder: Path, tmp_path: Path) -> None:
    (file := tmp_path / "zebras.jsonl").write_text('{"body": "zebra zebu"}\n' * 3)
    found = run_json("drift", folder / "m", file, code=5)
    assert found["exceeded"] == ["unknown"]
    assert (found["distance"], found["loss"], found["topics"]) == (None, None, [])
    assert "unknown: zebra 3, zebu 3" in run("drift", folder / "m", file, code=5).stdout


def test_the_distance_is_that_of_scipy() -> None:
    one, other = np.random.default_rng(0).dirichlet(np.full(9, 0.3), (2, 4))
    expected = [jensenshannon(p, q, base=2) for p, q in zip(one, other, strict=True)]
    np.testing.assert_allclose(jensen_shannon(one, other), expected, rtol=1e-12)
    ends = np.eye(2)
    assert jensen_shannon(ends[0], ends[1]) == 1
    assert jensen_shannon(ends[0], ends[0]) == 0


def test_sums_of_documents_vary_as_documents_do() -> None:
    rng = np.random.default_rng(1)
    counts = sp.csr_matrix(rng.poisson(rng.gamma(0.3, 4.0, (30_000, 4))))
    whole = DocumentUnits(4)
    for first in range(0, 30_000, 7_001):
        whole.add(counts[first : first + 7_001])
    lengths = np.asarray(counts.sum(axis=1)).ravel()
    share, error = whole.shares()
    assert whole.n_documents == (lengths > 0).sum() > whole.n_units
    exact = [ratio(counts[:, k].toarray().ravel().astype(float), lengths) for k in range(4)]
    np.testing.assert_allclose(share, [value for value, _ in exact], rtol=1e-12)
    np.testing.assert_allclose(error, [value for _, value in exact], rtol=0.05)
    again = whole.deviations(rng, 400)
    np.testing.assert_allclose(again.std(axis=0), error, rtol=0.2)
    in_one = DocumentUnits(4)
    in_one.add(counts)
    np.testing.assert_array_equal(in_one.topics, whole.topics)


def test_rare_unknown_words_are_forgotten_first() -> None:
    words = UnknownWords(most=4)
    words.add(["a", "b", "known"], np.array([0, 0, 1, 2], np.int32), np.array([-1, -1, 5], np.int32))
    assert words.top(5) == [("a", 2), ("b", 1)]
    words.add([f"w{i}" for i in range(9)], np.arange(9, dtype=np.int32), np.full(9, -1, np.int32))
    assert words.top(9) == [("a", 2), ("b", 1)]
