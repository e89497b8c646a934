"""`lda fit` that goes on: from a model (--init-from), and from a state of MALLET (--input-state)."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from pathlib import Path

import numpy as np
import pytest
from commands import fails, run, run_json

import lda
from lda.interop import mallet_state, state_corpus
from lda.interop.mallet_state import read_state
from lda.interop.state_corpus import corpus_of_state
from lda.model.model import Model

JAVA = Path(__file__).parents[1] / "interop" / "mallet_java"
STATE = JAVA / "state.gz"
TOPICS = {
    0: ["cat", "dog", "pet", "food"],
    1: ["bond", "stock", "market", "trader"],
    2: ["rain", "wind", "sun", "storm"],
}


def written(path: Path, n: int, *, extra: str, seed: int) -> Path:
    """Documents of one topic each, with one word that only these documents have."""
    rng = np.random.default_rng(seed)
    texts = [" ".join([*rng.choice(TOPICS[d % 3], 12), extra]) for d in range(n)]
    path.write_text("\n".join(texts) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of 60 documents with names for its topics, and 30 other documents."""
    folder = tmp_path_factory.mktemp("going-on")
    first = written(folder / "first.txt", 60, extra="early", seed=0)
    written(folder / "more.txt", 30, extra="late", seed=1)
    run("fit", first, "-k", 3, "-n", 30, "-o", folder / "model")
    run("label", folder / "model", "--set", f"{main_topic(folder / 'model', 'cat')}=Animals")
    return folder


def main_topic(path: Path, word: str) -> int:
    model = Model.load(path)
    return int(model.counts[model.vocabulary.index(word)].toarray().argmax())


def test_topics_keep_numbers_and_names(folder: Path, tmp_path: Path) -> None:
    old, new = folder / "model", tmp_path / "new"
    told = run("fit", folder / "more.txt", "--input-model", old, "-n", 20, "-o", new).stderr
    assert (
        "12 terms of the corpus are the model's; 1 is new, without counts; 1 of the model is not there"
        in told
    )
    for word in ("cat", "stock", "rain"):
        assert main_topic(new, word) == main_topic(old, word)
    was, now = Model.load(old), Model.load(new)
    assert now.labels.names == was.labels.names
    assert "Animals" in run("topics", new).stdout
    # The model's counts are where it began, and no part of it.
    assert int(now.counts.sum()) == 30 * 13
    assert now.record.parent is not None
    assert now.record.parent["fingerprint"] == was.fingerprint()
    assert f"model {was.fingerprint()}" in run("info", new).stdout
    assert run_json("info", new)["parent"]["kind"] == "model"
    assert run_json("info", old)["parent"] is None


def test_learned_priors_begin_at_the_models(folder: Path, tmp_path: Path) -> None:
    old = Model.load(folder / "model")
    run("fit", folder / "more.txt", "--init-from", folder / "model", "-n", 0, "-o", tmp_path / "new")
    new = Model.load(tmp_path / "new")
    np.testing.assert_array_equal(new.alpha, old.alpha)
    assert new.beta == old.beta
    given = ["--alpha-sum", 1.5, "--beta", 0.2]
    run(
        "fit", folder / "more.txt", "--init-from", folder / "model", "-n", 0, *given, "-o", tmp_path / "given"
    )
    np.testing.assert_allclose(
        Model.load(tmp_path / "given").alpha, 0.5
    )  # of the model's three topics, not of ten
    assert Model.load(tmp_path / "given").beta == 0.2


def test_the_estimator_makes_the_same_model(folder: Path, tmp_path: Path) -> None:
    corpus = lda.read_corpus([folder / "more.txt"])
    run("fit", folder / "more.txt", "--init-from", folder / "model", "-n", 12, "-o", tmp_path / "new")
    made = lda.LDA(3, max_iter=12, random_state=0).fit(corpus, init_from=folder / "model")
    new = Model.load(tmp_path / "new")
    assert made.model_.fingerprint() == new.fingerprint()
    assert made.model_.labels.names == new.labels.names
    assert made.model_.record.parent == {
        "kind": "model",
        "fingerprint": Model.load(folder / "model").fingerprint(),
    }
    # A loaded model is no fit that goes on: its parameters can be fitted anew.
    loaded = lda.load(tmp_path / "new")
    assert loaded.start == "auto"
    loaded.set_params(max_iter=1).fit(corpus)
    with pytest.raises(ValueError, match="init_from goes on with the 3 topics"):
        lda.LDA(4, max_iter=1).fit(corpus, init_from=folder / "model")


def test_finished_is_finished(folder: Path, tmp_path: Path) -> None:
    """And a model that began elsewhere is another one."""
    command = ["fit", folder / "more.txt", "-n", 4, "-o", tmp_path / "new"]
    run(*command, "--init-from", folder / "model")
    assert "finished already" in run(*command, "--init-from", folder / "model", "--resume").stderr
    assert "a model of another fit" in fails(3, *command, "-k", 3, "--resume", "-q")
    run("fit", folder / "more.txt", "-k", 3, "-n", 4, "-o", tmp_path / "other")
    from_other = fails(3, *command, "--init-from", tmp_path / "other", "--resume", "-q")
    assert "begin was" in from_other


def test_a_state_is_a_corpus_of_its_own(tmp_path: Path) -> None:
    """Without sweeps the model is what MALLET had; its counts are those of the file."""
    run(
        "fit",
        "--input-state",
        STATE,
        "-n",
        0,
        "-o",
        tmp_path / "model",
        "--output-doc-topics",
        tmp_path / "d.jsonl",
    )
    model, state = Model.load(tmp_path / "model"), read_state(STATE)
    counts = {
        (word, k): int(n)
        for word, row in zip(model.vocabulary, model.counts.toarray(), strict=True)
        for k, n in enumerate(row)
    }
    expected = dict.fromkeys(counts, 0)
    for number, topic in zip(state.words, state.topics, strict=True):
        expected[state.terms[number], topic] += 1
    assert counts == expected
    np.testing.assert_array_equal(model.alpha, state.alpha)
    assert model.beta == state.beta
    assert model.record.parent is not None
    assert model.record.parent["kind"] == "state"
    ids = [json.loads(line)["id"] for line in (tmp_path / "d.jsonl").read_text().splitlines()]
    assert ids == ["0", "1", "2", "3", "4", "5"]
    repeated = run("fit", "--input-state", STATE, "-n", 5, "-o", tmp_path / "onward")
    assert "first topics given, alpha 1.751 to 3.102" in repeated.stderr


def test_a_state_of_documents_that_are_read(tmp_path: Path) -> None:
    texts = [line.split("\t")[2] for line in (JAVA / "docs.txt").read_text(encoding="utf-8").splitlines()]
    documents = tmp_path / "docs.txt"
    documents.write_text("\n".join(texts) + "\n", encoding="utf-8")
    command = ["fit", documents, "--token-regex", r"[\p{L}&]+", "--input-state", STATE]
    run(*command, "-n", 0, "-o", tmp_path / "read")
    run("fit", "--input-state", STATE, "-n", 0, "-o", tmp_path / "alone")
    assert Model.load(tmp_path / "read").fingerprint() == Model.load(tmp_path / "alone").fingerprint()
    run(*command, "-n", 3, "--num-topics", 3, "-o", tmp_path / "onward")
    assert "which the corpus has not" in fails(
        3, *command, "--stop-words", "en", "-o", tmp_path / "none", "-q"
    )


def test_a_state_need_not_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hours later the file may be gone, and the fit is none the worse for it."""
    path = tmp_path / "state.gz"
    path.write_bytes(STATE.read_bytes())

    def gone(state: mallet_state.MalletState) -> lda.Corpus:
        state.path.unlink()
        return corpus_of_state(state)

    monkeypatch.setattr(state_corpus, "corpus_of_state", gone)
    run("fit", "--input-state", path, "-n", 1, "-o", tmp_path / "model")
    parent = Model.load(tmp_path / "model").record.parent
    assert parent is not None
    assert parent["sha256"] == hashlib.sha256(STATE.read_bytes()).hexdigest()


def test_documents_of_a_state(tmp_path: Path) -> None:
    """Sources are their names; one that has no tokens keeps its place."""
    lines = ["#doc source pos typeindex type topic", "#alpha : 0.5 0.5 ", "#beta : 0.01"]
    lines += ["0 file:/a b.txt 0 0 cat 1", "0 file:/a b.txt 1 3 dog 0", "2 file:/c.txt 0 0 cat 1"]
    path = tmp_path / "state.gz"
    path.write_bytes(gzip.compress(("\n".join(lines) + "\n").encode()))
    corpus = corpus_of_state(read_state(path))
    assert corpus.document_ids().to_pylist() == ["file:/a b.txt", "1", "file:/c.txt"]
    assert list(corpus.vocabulary) == ["cat", "dog"]
    np.testing.assert_array_equal(corpus.to_csr().toarray(), [[1, 1], [0, 0], [1, 0]])


@pytest.mark.parametrize(
    ("code", "arguments", "told"),
    [
        (2, ["more.txt", "--init-from", "model", "-k", "4"], "the model model has 3 topics, got -k 4; leave"),
        (2, ["more.txt", "--init-from", "model", "--start", "random"], "--start cannot be chosen"),
        (2, ["more.txt", "--init-from", "model", "--input-state", STATE], "exclude each other"),
        (2, ["--init-from", "model"], "Missing argument 'INPUT...'"),
        (2, [], "Missing argument 'INPUT...'"),
        (2, ["--input-state", STATE, "-k", "4"], "has 3 topics, got -k 4"),
        (2, ["--input-state", STATE, "--stop-words", "en"], "--stop-words is about INPUT"),
        (3, ["more.txt", "--init-from", "nowhere"], "nowhere does not exist"),
        (3, ["strange.txt", "--init-from", "model"], "none of the corpus' 3 terms is one of the model's"),
        (3, ["--input-state", "more.txt"], "is no state of MALLET"),
        (3, ["more.txt", "--input-state", STATE], "the corpus has not"),
    ],
)  # fmt: skip
def test_what_is_refused(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    code: int,
    arguments: list[object],
    told: str,
) -> None:
    monkeypatch.chdir(folder)
    (folder / "strange.txt").write_text("one two three\n", encoding="utf-8")
    assert told in run("fit", *arguments, "-n", 1, "-o", tmp_path / "new", "-q", code=code).stderr
    assert not (tmp_path / "new").exists()


HEAD = "#doc source pos typeindex type topic\n#alpha : {} \n#beta : {}\n"


def test_a_state_that_is_none_is_refused_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mallet_state, "_LONGEST_LINE", 200)
    os.mkfifo(tmp_path / "pipe")

    def refused(state: object) -> str:
        return fails(3, "fit", "--input-state", state, "-n", 0, "-o", tmp_path / "model", "-q")

    assert "is a pipe or a device" in refused(tmp_path / "pipe")  # and is not waited for
    assert "s3://bucket/x is a URI" in refused("s3://key:secret@bucket/x")
    state = tmp_path / "state.gz"
    state.write_bytes(gzip.compress(bytes(10_000)))
    assert "line 1 is longer than" in refused(state)
    for alpha, beta in (("1e-320", "0.1"), ("1e308", "0.1"), ("0.1", "inf"), ("nan", "0.1")):
        state.write_text(HEAD.format(alpha, beta) + "0 NA 0 0 word 0\n")
        assert "alpha and beta must be positive, from 1e-12 to 1e+12" in refused(state)


WEEKS = {
    "bread": ["bread", "butter", "flour", "oven", "yeast", "dough"],
    "sport": ["goal", "match", "player", "referee", "team", "coach"],
    "stars": ["comet", "galaxy", "orbit", "planet", "star", "moon"],
}


def week(path: Path, first: int, count: int, themes: list[str], day: str) -> Path:
    """Documents of one theme each, in turn, of one day."""
    rng = np.random.default_rng(first)
    rows = [
        {"id": f"d{i}", "text": " ".join(rng.choice(WEEKS[themes[i % len(themes)]], 30)), "date": day}
        for i in range(first, first + count)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus of two themes, a model of it with a name, and the corpus after an append with a third theme."""
    folder = tmp_path_factory.mktemp("grown")
    old = week(folder / "old.jsonl", 0, 80, ["bread", "sport"], "2026-01-05")
    run("corpus", "build", old, "--text", "text", "--id", "id", "--min-df", 2, "-o", folder / "c")
    run("fit", folder / "c", "-k", 2, "-n", 60, "--optimize-interval", 0, "-o", folder / "model")
    run("label", folder / "model", "--set", f"{main_topic(folder / 'model', 'bread')}=Baking")
    new = week(folder / "new.jsonl", 100, 30, ["stars", "bread"], "2026-02-02")
    run("corpus", "append", folder / "c", new)
    return folder


def test_priors_stay_in_a_short_fit(grown: Path, tmp_path: Path) -> None:
    """Learned of topics that have been drawn anew for 20 sweeps, alpha of the largest topic grows time after time."""
    fit = ("fit", grown / "c", "--init-from", grown / "model", "-o")
    assert (
        "documents are those of the model, whose priors stay; -n says otherwise"
        in run(*fit, tmp_path / "m").stderr
    )
    was, now = Model.load(grown / "model"), Model.load(tmp_path / "m")
    np.testing.assert_array_equal(now.alpha, was.alpha)
    assert now.beta == was.beta
    assert "whose priors stay" not in run(*fit, tmp_path / "l", "--burn-in", 5).stderr
    assert (np.asarray(Model.load(tmp_path / "l").alpha) != was.alpha).all()


def test_new_topics_find_a_new_theme(grown: Path, tmp_path: Path) -> None:
    begin = ["--init-from", grown / "model", "--add-topics", 1]
    told = run("fit", grown / "c", *begin, "--optimize-interval", 0, "-o", tmp_path / "m").stderr
    assert "20 sweeps will do in place of 200, since 80 of 110 documents are those of the model" in told
    was, now = Model.load(grown / "model"), Model.load(tmp_path / "m")
    assert (now.n_topics, now.record.n_sweeps) == (3, 20)
    assert {main_topic(tmp_path / "m", word) for word in WEEKS["stars"]} == {2}
    for word in ("bread", "goal"):
        assert main_topic(tmp_path / "m", word) == main_topic(grown / "model", word)
    assert now.labels.names == was.labels.names
    np.testing.assert_array_equal(now.alpha, [*was.alpha, np.median(was.alpha)])
    # The estimator makes the same, and says what it needs.
    corpus = lda.Corpus.open(grown / "c")
    made = lda.LDA(3, max_iter=20, random_state=0, optimize_interval=0, sample_interval=3).fit(
        corpus, init_from=grown / "model", add_topics=1
    )
    assert made.model_.fingerprint() == now.fingerprint()
    with pytest.raises(ValueError, match="add_topics says how many are new"):
        lda.LDA(3).fit(corpus, init_from=grown / "model")
    with pytest.raises(ValueError, match="add_topics adds to those of a model"):
        lda.LDA(3).fit(corpus, add_topics=1)
    # The record is enough to repeat it, and the earlier model, whose corpus has grown since.
    assert "same" in run("reproduce", tmp_path / "m").stdout
    assert "same" in run("reproduce", grown / "model").stdout
    assert lda.reproduce(grown / "model", corpus).same


def test_the_usual_sweeps_where_documents_are_new_or_n_is_typed(grown: Path, tmp_path: Path) -> None:
    alone = run("fit", grown / "new.jsonl", "--init-from", grown / "model", "-o", tmp_path / "a").stderr
    assert "will do" not in alone
    assert Model.load(tmp_path / "a").record.n_sweeps == 200
    run("fit", grown / "c", "--init-from", grown / "model", "-n", 7, "-o", tmp_path / "b")
    assert Model.load(tmp_path / "b").record.n_sweeps == 7


def test_a_window_forgets(grown: Path, tmp_path: Path) -> None:
    window = ["--window", "14d", "--date-field", "date"]
    told = run("fit", grown / "c", "-k", 2, "-n", 20, *window, "-o", tmp_path / "m").stderr
    assert "30 documents from 2026-01-20 to 2026-02-02; left out: 80 older documents" in told
    model = Model.load(tmp_path / "m")
    assert model.record.n_documents == 30
    assert not set(WEEKS["sport"]) & set(model.vocabulary)
    assert "window 14d, until 2026-02-02" in run("info", tmp_path / "m").stdout
    # Two appends later the same documents are found again.
    late = week(tmp_path / "late.jsonl", 200, 10, ["sport"], "2026-03-02")
    copied = lda.Corpus.open(grown / "c")
    copied.save(tmp_path / "c")
    again = run("fit", tmp_path / "c", "-k", 2, "-n", 20, *window, "-o", tmp_path / "n")
    assert again.exit_code == 0
    run("corpus", "append", tmp_path / "c", late)
    assert "same" in run("reproduce", tmp_path / "n").stdout
    run("fit", tmp_path / "c", "-k", 2, "-n", 5, *window, "--until", "2026-02-02", "-o", tmp_path / "o")
    assert Model.load(tmp_path / "o").record.corpus_hash == model.record.corpus_hash
    assert (
        "left out: 110 older documents"
        in run("fit", tmp_path / "c", "-k", 1, "-n", 1, *window, "-o", tmp_path / "p").stderr
    )


def test_what_no_window_can_be(grown: Path, tmp_path: Path) -> None:
    fit = ["fit", grown / "c", "-o", tmp_path / "m", "-q"]
    for options, code, told in (
        (["--window", "9x", "--date-field", "date"], 2, "a number of days, weeks, months or years"),
        (["--window", "0d", "--date-field", "date"], 2, "a number of days, weeks, months or years"),
        (["--window", "9d"], 2, "--window needs --date-field"),
        (["--until", "2026-01-01"], 2, "--until is about --window"),
        (["--window", "9d", "--date-field", "date", "--until", "soon"], 2, "must be a date"),
        (["--window", "9", "--date-field", "date"], 3, "say of what --window 9 is: 9d"),
        (["--window", "9d", "--date-field", "day"], 3, "have no field 'day'; they have date"),
        (
            ["--window", "9d", "--date-field", "date", "--until", "1999-01-01"],
            3,
            "they are from 2026-01-05 to 2026",
        ),
        (["--add-topics", "2"], 2, "--add-topics adds to those of a model"),
        (["--init-from", grown / "model", "-k", 5], 2, "--add-topics N adds some"),
        (["--init-from", grown / "model", "--add-topics", 1, "--group-by", "date"], 2, "goes with one model"),
    ):
        assert told in run(*fit, *options, code=code).stderr
