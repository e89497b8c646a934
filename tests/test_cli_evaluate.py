"""`lda evaluate`: what it prints, and what it says of input that cannot be right."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import scipy.sparse as sp
import tiny
from test_cli import run, run_json
from test_cli_errors import fails

import lda
from lda.corpus import Recipe, build_corpus

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TEXT = ("--text", "body")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with models of two seeds, documents they were trained on, and documents they were not."""
    folder = tmp_path_factory.mktemp("evaluate")
    tiny.jsonl(folder / "train.jsonl")
    rows = tiny.jsonl(folder / "all.jsonl", 100).read_text().splitlines(keepends=True)
    extra = json.dumps({"name": "odd", "body": "unheard words and bread and butter"})
    (folder / "new.jsonl").write_text("".join([*rows[60:], extra + "\n"]))
    (folder / "foreign.jsonl").write_text('{"body": "nada de nada"}\n')
    corpus = build_corpus([folder / "train.jsonl"], folder / "corpus", recipe=Recipe(text="body"))
    for seed in (0, 1):
        fitted = lda.LDA(3, max_iter=60, random_state=seed).fit(corpus)
        fitted.save(folder / f"model-{seed}")
    np.save(folder / "phi.npy", fitted.topic_word_)
    np.save(folder / "alpha.npy", fitted.alpha_)
    (folder / "terms.txt").write_text("".join(f"{term}\n" for term in fitted.model_.vocabulary))
    sp.save_npz(folder / "phi.npz", sp.csr_matrix(fitted.topic_word_))
    return folder


def test_held_out_by_default(place: Path) -> None:
    result = run("evaluate", place / "model-0", place / "new.jsonl", *TEXT)
    assert result.stdout.startswith("document completion")
    assert "perplexity" in result.stdout
    assert "2 of 1,606 words unknown" not in result.stdout
    assert "4 of 1,606 words unknown (0.2%)" in result.stdout
    assert "warning" not in result.stderr
    value = run_json("evaluate", place / "model-0", place / "new.jsonl", *TEXT)["completion"]
    assert (value["n_documents"], value["n_unknown"], value["n_trained"]) == (41, 4, 0)
    assert value["perplexity"] == pytest.approx(np.exp(-value["log_likelihood"]))
    assert value["log_likelihood"] == lda.load(place / "model-0").score(
        [json.loads(line)["body"].split() for line in (place / "new.jsonl").read_text().splitlines()]
    )


def test_left_to_right_is_the_same_for_any_threads(place: Path) -> None:
    arguments = ("evaluate", place / "model-0", place / "new.jsonl", *TEXT, "-m", "left-to-right,completion")
    one = run_json(*arguments, "-j", 1, "--particles", 4)
    assert one == run_json(*arguments, "-j", 2, "--particles", 4)
    assert one["left_to_right"]["perplexity"] is None
    assert one["left_to_right"]["n_scored_tokens"] == one["completion"]["n_tokens"] == 1602


def test_documents_of_the_training_are_noticed(place: Path) -> None:
    result = run("evaluate", place / "model-0", place / "all.jsonl", *TEXT)
    assert "warning: 60 of 100 scored documents have the same words as" in result.stderr


def test_all_about_topics(place: Path) -> None:
    metrics = "npmi,c_v,u_mass,c_uci,diversity,diagnostics"
    arguments = ("evaluate", place / "model-0", place / "new.jsonl", *TEXT, "-m", metrics, "-n", 5)
    value = run_json(*arguments, "--reference", place / "corpus")
    assert value["npmi"]["window"] == 10
    assert value["npmi"]["n_windows"] == 60 * 31
    assert value["u_mass"]["n_windows"] == 60
    assert value["diversity"] == pytest.approx(15 / len(sum(lda.load(place / "model-0").top_words(25), [])))  # noqa: RUF017
    assert len(value["diagnostics"]["exclusivity"]) == 3
    rows = run(*arguments, "--reference", place / "corpus").stdout.splitlines()
    assert rows[0].startswith("coherence NPMI")
    assert [row.split()[0] for row in rows[-4:]] == ["topic", "0", "1", "2"]
    gensim = run_json(*arguments[:5], "-m", "c_npmi", "-n", 5, "--with-gensim")
    assert gensim["npmi"]["engine"] == "gensim"
    without = run_json("evaluate", place / "model-0", "-m", "diagnostics")
    assert without["diagnostics"]["rank_1_docs"] is None


def test_stability(place: Path) -> None:
    value = run_json("evaluate", "-m", "stability", place / "model-0", place / "model-1", "-n", 5)
    assert value["stability"]["overlap"] > 0.9  # both found the three themes
    assert value["stability"]["jaccard"] == 1
    assert (
        "3 topics matched" in run("evaluate", "-m", "stability", place / "model-0", place / "model-1").stdout
    )


@pytest.mark.parametrize("matrix", ["phi.npy", "phi.npz"])
def test_topics_of_another_program(place: Path, matrix: str) -> None:
    given = ("--topic-word", place / matrix, "--vocabulary", place / "terms.txt", *TEXT)
    value = run_json(
        "evaluate", *given, "--alpha", place / "alpha.npy", place / "new.jsonl", "-m", "completion,npmi"
    )
    ours = run_json("evaluate", place / "model-1", place / "new.jsonl", *TEXT)["completion"]
    assert value["completion"]["log_likelihood"] == pytest.approx(
        ours["log_likelihood"], abs=ours["standard_error"]
    )
    assert value["completion"]["n_trained"] is None


def _given(place: Path, **other: object) -> list[object]:
    options: dict[str, Any] = {"topic-word": "phi.npy", "vocabulary": "terms.txt", "alpha": "0.1", **other}
    found: list[object] = ["new.jsonl", *TEXT]
    for name, value in options.items():
        is_file = isinstance(value, str) and "." in value and not value.startswith("0.")
        found += [f"--{name}", place / value if is_file else value]
    return [place / entry if entry == "new.jsonl" else entry for entry in found]


def _saved(place: Path, name: str, value: object) -> str:
    np.save(place / name, np.asarray(value))
    return name


def _vocabulary(place: Path, text: str) -> str:
    (place / "other.txt").write_text(text)
    return "other.txt"


BAD: dict[str, tuple[int, Callable[[Path], list[object]], str]] = {
    "no known word": (3, lambda p: [p / "model-0", p / "foreign.jsonl", *TEXT], "knows none of the 3 words"),
    "no documents": (2, lambda p: [p / "model-0"], "name held-out files"),
    "no reference": (2, lambda p: [p / "model-0", "-m", "npmi"], "--reference"),
    "foreign reference": (
        3, lambda p: [p / "model-0", "-m", "npmi", "--reference", p / "foreign.jsonl", *TEXT], "lacks"
    ),
    "no model": (2, lambda p: [], "MODEL"),
    "model missing": (3, lambda p: [p / "nowhere", p / "new.jsonl"], "nowhere"),
    "metric unknown": (2, lambda p: [p / "model-0", p / "new.jsonl", "-m", "bound"], "'bound' is not one of"),
    "one model": (2, lambda p: [p / "model-0", "-m", "stability"], "two or more models"),
    "mixed": (2, lambda p: [p / "model-0", p / "model-1", "-m", "stability,npmi"], "no other metric"),
    "seed of 65 bits": (2, lambda p: [p / "model-0", p / "new.jsonl", "--seed", str(2**64)], "range"),
    "alpha of a model": (2, lambda p: [p / "model-0", p / "new.jsonl", "--alpha", "1"], "--topic-word"),
    "no alpha": (2, lambda p: ["--topic-word", p / "phi.npy", "--vocab", p / "terms.txt", p / "new.jsonl"], "--alpha"),
    "row sum": (3, lambda p: _given(p, **{"topic-word": _saved(p, "x.npy", np.ones((2, 15)))}), "row 0 sums to 15"),
    "NaN": (3, lambda p: _given(p, **{"topic-word": _saved(p, "x.npy", np.full((2, 15), np.nan))}), "row 0, column 0"),
    "negative": (3, lambda p: _given(p, **{"topic-word": _saved(p, "x.npy", [[-1] * 15])}), "got -1.0 in row 0"),
    "text": (3, lambda p: _given(p, **{"topic-word": _saved(p, "x.npy", [["a"] * 15])}), "no array of numbers"),
    "no matrix": (3, lambda p: _given(p, **{"topic-word": "terms.txt"}), "NumPy's format"),
    "vocabulary": (3, lambda p: _given(p, vocabulary=_vocabulary(p, "a\nb\n")), "15 columns"),
    "alpha": (3, lambda p: _given(p, alpha=_saved(p, "a.npy", [0.1, 0.2])), "one per topic (3)"),
    "alpha zero": (3, lambda p: _given(p, alpha="0"), "positive"),
    "alpha missing": (3, lambda p: _given(p, alpha="nowhere.npy"), "does not exist"),
}  # fmt: skip


@pytest.mark.parametrize("command", ["transform", "evaluate"])
def test_documents_too_long(place: Path, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lda.samplers.limits.MAX_DOCUMENT_TOKENS", 3)
    assert "at most 3 tokens" in fails(3, command, place / "model-0", place / "new.jsonl", *TEXT, "-q")


@pytest.mark.parametrize("kind", BAD)
def test_bad_input(place: Path, kind: str) -> None:
    code, make, expected = BAD[kind]
    arguments = make(place)
    if code == 2:
        assert expected in run("evaluate", *arguments, code=2).stderr
    else:
        assert expected in fails(code, "evaluate", *arguments, "-q")


def test_a_fit_remembers_its_documents(place: Path, tmp_path: Path) -> None:
    target = tmp_path / "model"
    run("fit", place / "train.jsonl", *TEXT, "-k", 3, "-n", 2, "-o", target, "-q")
    result = run("evaluate", target, place / "all.jsonl", *TEXT)
    assert "warning: 60 of 100 scored documents" in result.stderr
    (target / "documents.npy").write_bytes(b"torn")
    assert "documents.npy" in fails(3, "evaluate", target, place / "new.jsonl", *TEXT)
    (target / "documents.npy").unlink()
    assert "documents.npy is missing" in fails(3, "evaluate", target, place / "new.jsonl", *TEXT)
    description = json.loads((target / "model.json").read_text())
    del description["document_hashes"], description["sha256"]  # as an earlier version wrote it
    (target / "model.json").write_text(json.dumps(description))
    value = run_json("evaluate", target, place / "all.jsonl", *TEXT)
    assert value["completion"]["n_trained"] is None


def test_counts_are_no_texts(place: Path, tmp_path: Path) -> None:
    sp.save_npz(tmp_path / "counts.npz", tiny.counts())
    (tmp_path / "counts.vocab").write_text(
        "".join(f"{term}\n" for term in sorted(" ".join(tiny.THEMES).split()))
    )
    arguments = (
        "evaluate",
        place / "model-0",
        "-m",
        "npmi,u_mass",
        "-n",
        5,
        "--reference",
        tmp_path / "counts.npz",
    )
    result = run(*arguments)
    assert "warning: npmi is meant for windows of 10 tokens" in result.stderr
    value = run_json(*arguments)
    assert (value["npmi"]["window"], value["npmi"]["n_windows"]) == (None, 60)
    texts = run_json("evaluate", place / "model-0", "-m", "u_mass", "-n", 5, "--reference", place / "corpus")
    assert value["u_mass"]["topics"] == texts["u_mass"]["topics"]  # documents are documents
