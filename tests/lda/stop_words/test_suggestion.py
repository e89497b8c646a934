"""Empty words of a corpus: those that were planted are found, and no word of a theme."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
import scipy.sparse as sp
import tiny
from commands import fails, run, run_json

import lda
from lda.corpus.text.stop_words import resolve_stop_words
from lda.stop_words.suggestion import evenness, suggest_stop_words

if TYPE_CHECKING:
    from pathlib import Path

EMPTY = ("film", "picture")
THEMED = set(" ".join(tiny.THEMES).split())


def documents() -> list[list[str]]:
    """Documents on three themes, all of them with the empty words, and a rare word in two."""
    made = [[*tokens, *EMPTY * 3] for tokens in tiny.documents()]
    made[0].append("rare")
    made[1].append("rare")
    return made


@pytest.fixture(scope="module")
def model() -> lda.Model:
    return lda.LDA(3, max_iter=50, random_state=0).fit(documents()).model_


def test_evenness_is_what_its_formula_says() -> None:
    counts = np.array([[6, 2, 0], [5, 5, 5], [0, 0, 0], [0, 9, 0]])
    p = counts.sum(axis=0) / counts.sum()
    found = evenness(sp.csr_matrix(counts))
    for row, value in zip(counts, found.tolist(), strict=True):
        if not row.sum():
            assert value == -math.inf
            continue
        q = row / row.sum()
        divergence = sum(a * math.log(a / b) for a, b in zip(q, p, strict=True) if a)
        assert value == pytest.approx(1 - divergence / math.log(3))
    same = evenness(sp.csr_matrix(np.array([[2, 4], [1, 2]])))
    np.testing.assert_allclose(same, 1.0)


def test_planted_empty_words_are_proposed(model: lda.Model) -> None:
    found = suggest_stop_words(documents(), model=model)
    assert set(found.terms) == set(EMPTY)
    assert found.token_share == pytest.approx(6 / 46, abs=1e-3)
    for word in found.words:
        assert (word.documents, word.document_share, word.tokens) == (60, 1.0, 180)
        assert word.topics == 3
        assert word.evenness > 0.7
    assert suggest_stop_words(documents(), model=model, most=1).terms == found.terms[:1]
    quick = suggest_stop_words(documents(), n_topics=3, n_jobs=1)
    assert set(quick.terms) == set(EMPTY)
    assert quick == suggest_stop_words(documents(), n_topics=3, n_jobs=2)


def test_terms_that_no_list_of_stop_words_can_hold() -> None:
    texts = [[*tokens, *["#film", "two words", "film"] * 3] for tokens in tiny.documents()]
    assert suggest_stop_words(texts, n_topics=3).terms == ["#film", "film"]


def test_the_command_prints_a_file_for_stop_words(model: lda.Model, tmp_path: Path) -> None:
    texts = tmp_path / "texts.txt"
    texts.write_text("".join(" ".join(tokens) + "\n" for tokens in documents()))
    run("corpus", "build", texts, "--format", "lines", "-o", tmp_path / "c", "-q")
    model.save(tmp_path / "model")
    asked = ("corpus", "stop-words", "--suggest", tmp_path / "c", "--model", tmp_path / "model")
    text = run(*asked).stdout
    (tmp_path / "empty.txt").write_text(text)
    assert resolve_stop_words(str(tmp_path / "empty.txt")) == EMPTY
    lines = text.splitlines()
    reasons = lines[lines.index("film") - 1]
    assert reasons.startswith("# 100% of the documents, evenness ")
    assert reasons.endswith(", in the top ten of 3 topics")
    value = run_json(*asked, "--top", 1)
    assert (value["n_words"], value["n_topics"], value["n_documents"]) == (1, 3, 60)

    run(
        "corpus",
        "build",
        texts,
        "--format",
        "lines",
        "--stop-words",
        tmp_path / "empty.txt",
        "-o",
        tmp_path / "d",
    )
    run("corpus", "select", tmp_path / "c", "--without-terms", tmp_path / "empty.txt", "-o", tmp_path / "e")
    built, selected = (lda.Corpus.open(tmp_path / name) for name in "de")
    assert set(built.vocabulary) == {*THEMED, "rare"}
    assert built.content_hash == selected.content_hash


def test_what_cannot_be_asked(model: lda.Model, tmp_path: Path) -> None:
    for arguments, message in (
        (("en", "--suggest", tmp_path), "takes no language, got 'en'"),
        (("--model", tmp_path), "--model goes with --suggest CORPUS"),
        (("--suggest", tmp_path, "--model", tmp_path, "-k", 5), "--model and --topics exclude each other"),
    ):
        assert message in run("corpus", "stop-words", *arguments, code=2).stderr
    assert "is not a corpus" in fails(3, "corpus", "stop-words", "--suggest", tmp_path, "-q")
    with pytest.raises(lda.DataError, match="it has 0% of the tokens"):
        suggest_stop_words([["other", "words", "altogether"]] * 5, model=model)
    with pytest.raises(ValueError, match="two topics at least, got 1"):
        suggest_stop_words(documents(), n_topics=1)
