"""The command line: what a user types, what comes out where."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as pq
import pytest
import tiny
from commands import fails, run, run_json

import lda
from lda.cli import COMMANDS

if TYPE_CHECKING:
    from pathlib import Path


def read(path: Path) -> io.StringIO:
    return io.StringIO(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.jsonl(tmp_path_factory.mktemp("source") / "docs.jsonl")


@pytest.fixture(scope="module")
def model(source: Path) -> Path:
    target = source.parent / "model"
    run("fit", source, "--text", "body", "--id", "name", "-k", 3, "-n", 60, "-o", target, "-q")
    return target


def test_fit_prints_topics_and_reports_on_stderr(source: Path, tmp_path: Path) -> None:
    result = run("fit", source, "--text", "body", "-k", 3, "-n", 60, "-o", tmp_path / "m")
    head, *topics = [line.split() for line in result.stdout.splitlines()]
    assert head == ["topic", "share", "alpha", "words"]
    topics = [line[3:8] for line in topics]
    assert tiny.themes_found(topics)
    lines = result.stderr.splitlines()
    assert lines[0] == f"reading {source}"
    assert lines[1].startswith("read 60 documents, 2,400 tokens, 15 terms in ")
    assert "sampler adlda" in lines[2]
    assert (
        "alpha 0.1 per topic (sum 0.3, learned from here), beta 0.01 (learned from here), seed 0" in lines[2]
    )
    assert any("sweep 60/60" in line and "log-likelihood -" in line for line in lines)
    assert lines[-1].startswith(f"wrote {tmp_path / 'm'} (fingerprint ")


def test_fit_json(source: Path, tmp_path: Path) -> None:
    value = run_json("fit", source, "--text", "body", "-k", 3, "-n", 12, "-s", 4, "-o", tmp_path / "m", "-q")
    expected = {
        "model", "n_documents", "n_tokens", "n_terms", "n_topics", "sampler", "seed", "sweeps", "seconds",
        "tokens_per_second", "history", "fingerprint",
    }  # fmt: skip
    assert expected <= set(value)
    assert (value["n_documents"], value["n_tokens"], value["n_terms"], value["n_topics"]) == (60, 2400, 15, 3)
    assert (value["sampler"], value["seed"], value["sweeps"]) == ("adlda", 4, 12)
    assert set(value["seconds"]) == {"read", "fit", "evaluate", "write"}
    assert [row["sweep"] for row in value["history"]] == list(range(1, 13))
    assert set(value["history"][0]) == {"sweep", "seconds", "log_likelihood", "heldout"}
    assert value["fingerprint"] == run_json("info", tmp_path / "m")["fingerprint"]
    assert value["fingerprint"] == lda.load(tmp_path / "m").model_.fingerprint()


def test_the_recorded_command_repeats_the_run(source: Path, model: Path, tmp_path: Path) -> None:
    import shlex

    info = run_json("info", model)
    words = shlex.split(info["command"])
    assert words[:2] == ["lda", "fit"]
    words[words.index("--output") + 1] = str(tmp_path / "again")
    assert run_json(*words[1:], "-q")["fingerprint"] == info["fingerprint"]


def test_mallet_spellings(source: Path, tmp_path: Path) -> None:
    ours = run_json(
        "fit", source, "--text", "body", "-k", 3, "-n", 8, "-j", 2, "-s", 5, "--alpha", 0.5, "--beta", 0.02,
        "-o", tmp_path / "a", "--top-words", 4, "-q",
    )  # fmt: skip
    mallets = run_json(
        "fit", source, "--text", "body", "--num-topics", 3, "--num-iterations", 8, "--num-threads", 1,
        "--random-seed", 5, "--alpha-sum", 1.5, "--beta", 0.02, "--output-model", tmp_path / "b", "--num-top-words", 4,
        "--optimize-interval", 10, "--output-doc-topics", tmp_path / "theta.tsv",
        "--output-topic-keys", tmp_path / "keys", "-q",
    )  # fmt: skip
    assert mallets["fingerprint"] == ours["fingerprint"]
    keys = [line.split("\t") for line in (tmp_path / "keys").read_text().splitlines()]
    assert [(row[0], row[1]) for row in keys] == [("0", "0.5"), ("1", "0.5"), ("2", "0.5")]
    theta = list(csv.reader(read(tmp_path / "theta.tsv"), delimiter="\t"))
    assert theta[0] == ["id", "topic_0", "topic_1", "topic_2"]
    assert len(theta) == 61
    assert sum(map(float, theta[1][1:])) == pytest.approx(1, abs=1e-5)


def test_options_from_the_environment(source: Path, tmp_path: Path) -> None:
    value = run_json(
        "fit", source, "-o", tmp_path / "m", "-q", LDA_FIT_TEXT="body", LDA_FIT_SEED="9", LDA_FIT_SWEEPS="2"
    )
    assert (value["seed"], value["sweeps"], value["n_topics"]) == (9, 2, 10)


def test_topics(model: Path) -> None:
    lines = run("topics", model, "-n", 5).stdout.splitlines()
    assert tiny.themes_found([line.split()[3:] for line in lines[1:]])
    value = run_json("topics", model, "-n", 2, "--sort", "size")
    tokens = [topic["tokens"] for topic in value["topics"]]
    assert tokens == sorted(tokens, reverse=True)
    assert sum(tokens) == 2400
    assert all(len(topic["words"]) == 2 for topic in value["topics"])


def test_info(model: Path) -> None:
    text = run("info", model).stdout
    value = run_json("info", model)
    for name in ("fingerprint", "corpus_hash", "command"):
        assert value[name] in text
    assert value["recipe"]["text"] == "body"
    assert value["settings"]["sweeps"] == 60


@pytest.fixture(scope="module")
def theta(model: Path) -> np.ndarray:
    return lda.load(model).transform(tiny.documents())


@pytest.mark.parametrize("suffix", ["parquet", "jsonl", "csv", "tsv", "npy"])
def test_transform_formats(source: Path, model: Path, theta: np.ndarray, tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"theta.{suffix}"
    value = run_json("transform", model, source, "-o", out)
    assert (value["n_documents"], value["n_tokens"], value["n_unknown"]) == (60, 2400, 0)
    ids = [f"doc-{i}" for i in range(60)]
    if suffix == "parquet":
        table = pq.read_table(out)
        ids, weights = [str(i) for i in table["id"].to_pylist()], table["weights"].to_pylist()
    elif suffix == "jsonl":
        rows = [json.loads(line) for line in out.read_text().splitlines()]
        ids, weights = [row["id"] for row in rows], [row["weights"] for row in rows]
    elif suffix == "npy":
        weights = np.load(out)
    else:
        rows = list(csv.reader(read(out), delimiter="," if suffix == "csv" else "\t"))[1:]
        ids, weights = [row[0] for row in rows], [row[1:] for row in rows]
    assert ids == [f"doc-{i}" for i in range(60)]
    np.testing.assert_array_equal(np.asarray(weights, dtype=np.float32), theta)


@pytest.mark.parametrize("suffix", ["parquet", "jsonl", "csv"])
def test_transform_selection(
    source: Path, model: Path, theta: np.ndarray, tmp_path: Path, suffix: str
) -> None:
    out = tmp_path / f"theta.{suffix}"
    run("transform", model, source, "-o", out, "--top", 2, "--threshold", 0.3, "-q")
    if suffix == "parquet":
        found = [
            list(zip(row["topics"], row["weights"], strict=True)) for row in pq.read_table(out).to_pylist()
        ]
    elif suffix == "jsonl":
        rows = [json.loads(line)["topics"] for line in out.read_text().splitlines()]
        found = [[(topic["topic"], topic["weight"]) for topic in row] for row in rows]
    else:
        table = list(csv.reader(read(out)))
        assert table[0] == ["id", "topic", "weight"]
        found = [[(int(k), float(w)) for name, k, w in table[1:] if name == f"doc-{i}"] for i in range(60)]
    for row, weights in zip(found, theta, strict=True):
        expected = [k for k in np.argsort(-weights, kind="stable")[:2] if weights[k] >= 0.3]
        assert [k for k, _ in row] == expected
        np.testing.assert_allclose([w for _, w in row], weights[expected])


def test_transform_standard_input_to_standard_output(model: Path) -> None:
    text = "comet planet star orbit\n\nunheard words\n"
    result = run("transform", model, "-", "--format", "lines", stdin=text)
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    prior = lda.load(model).model_.prior
    np.testing.assert_allclose(rows[-1]["weights"], prior, rtol=1e-5)
    assert max(rows[0]["weights"]) > 0.7
    assert "2 of 6 words unknown" in result.stderr


def test_transform_matches_other_field_names_and_counts(
    model: Path, theta: np.ndarray, tmp_path: Path
) -> None:
    (tmp_path / "other.csv").write_text("key,content\nx," + " ".join(tiny.documents()[0]) + "\n")
    result = run("transform", model, tmp_path / "other.csv", "--text", "content", "--id", "key", "-q")
    row = json.loads(result.stdout)
    assert row["id"] == "x"
    np.testing.assert_array_equal(np.float32(row["weights"]), theta[0])
    lda.as_corpus(tiny.counts(), vocabulary=sorted(" ".join(tiny.THEMES).split())).save(tmp_path / "corpus")
    run("transform", model, tmp_path / "corpus", "-o", tmp_path / "theta.npy", "-q")
    np.testing.assert_array_equal(np.load(tmp_path / "theta.npy"), theta)


def test_corpus_build_then_fit_is_the_same_model(source: Path, model: Path, tmp_path: Path) -> None:
    built = run_json("corpus", "build", source, "--text", "body", "--id", "name", "-o", tmp_path / "c")
    described = run_json("corpus", "info", tmp_path / "c")
    assert built["content_hash"] == described["content_hash"] == run_json("info", model)["corpus_hash"]
    assert described["n_documents"] == 60
    assert "content hash" in run("corpus", "info", tmp_path / "c").stdout
    value = run_json("fit", tmp_path / "c", "-k", 3, "-n", 60, "-o", tmp_path / "m", "-q")
    assert value["fingerprint"] == run_json("info", model)["fingerprint"]


def test_stop_words_are_mentioned_only_when_they_matter(tmp_path: Path) -> None:
    (tmp_path / "d.txt").write_text("the cat and the dog are in the house of the man\n" * 5)
    hint = "--stop-words en removes them"
    assert hint in run("fit", tmp_path / "d.txt", "-k", 2, "-n", 1, "-o", tmp_path / "a").stderr
    for number, option in enumerate(
        (["--stop-words", "en"], ["--remove-stopwords"], ["--stop-words", "english"])
    ):
        target = tmp_path / f"m{number}"
        assert hint not in run("fit", tmp_path / "d.txt", "-k", 2, "-n", 1, "-o", target, *option).stderr
    assert {"cat", "dog", "house", "man"} == set(lda.load(target).model_.vocabulary)


def test_text_options(tmp_path: Path) -> None:
    (tmp_path / "d.txt").write_text("Red fish Blue fish\nred fish blue bird\nred cat\n")
    run(
        "corpus", "build", tmp_path / "d.txt", "-o", tmp_path / "c", "--keep-case", "--ngram-range", "1,2",
        "--min-df", 2, "--max-df", 0.9, "--pattern", "[A-Za-z]+", "-q",
    )  # fmt: skip
    assert set(lda.as_corpus(tmp_path / "c").vocabulary) == {"red", "fish"}


def test_overwrite(source: Path, tmp_path: Path) -> None:
    arguments = ["fit", source, "--text", "body", "-k", 2, "-n", 1, "-q", "-o", tmp_path / "m"]
    run(*arguments)
    assert "--overwrite" in run(*arguments, code=3).stderr
    run(*arguments, "--overwrite")


@pytest.mark.parametrize("command", ["transform", "fit"])
def test_an_output_does_not_replace_an_input(source: Path, model: Path, tmp_path: Path, command: str) -> None:
    docs = tmp_path / "docs.jsonl"
    docs.write_bytes(source.read_bytes())
    arguments = {
        "transform": [model, docs, "-o", docs],
        "fit": [docs, "-k", 2, "-n", 1, "-o", tmp_path / "m", "--output-doc-topics", docs],
    }[command]
    said = fails(3, command, *arguments, "--text", "body", "--overwrite", "-q")
    assert "which is read" in said
    assert docs.read_bytes() == source.read_bytes()


@pytest.mark.parametrize(
    "command", [[], *([name] for name in COMMANDS), ["corpus", "build"], ["corpus", "info"]]
)
def test_help_has_examples(command: list[str]) -> None:
    text = run(*command, "--help").stdout
    assert "\nExamples:\n  lda " in text
    assert f"lda {' '.join(command)}".strip() in text


def test_version() -> None:
    assert run("--version").stdout.startswith(f"lda (raylda) {lda.__version__}")


def test_quiet_and_log_and_bar(source: Path, tmp_path: Path) -> None:
    arguments = ["fit", source, "--text", "body", "-k", 2, "-n", 3]
    assert run(*arguments, "-o", tmp_path / "q", "-q", "--top-words", 0).output == ""
    assert run(*arguments, "-o", tmp_path / "n", "--progress", "none").stderr == ""
    assert run(*arguments, "-o", tmp_path / "v", "-v").stderr.count("sweep ") == 3
    bar = run(*arguments, "-o", tmp_path / "b", "--progress", "bar", NO_COLOR="1")
    assert "3/3" in bar.stderr
    assert "\x1b[3" not in bar.stderr


def test_bar_on_a_terminal_keeps_notes_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    from lda.progress import Progress

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stderr", Terminal())
    monkeypatch.setenv("TERM", "xterm")
    assert Progress().mode == "bar"
    assert Progress(verbosity=-1).mode == "none"
    monkeypatch.setenv("TERM", "dumb")
    assert Progress().mode == "log"
