"""Options on documents, as commands take them: to build, to fit, to repeat that, and to transform."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from commands import run, run_json

import lda

if TYPE_CHECKING:
    from pathlib import Path

WHERE = "year >= 2000 and lang in (en, de)"


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Documents of two languages, of which every fourth repeats an earlier one."""
    path = tmp_path_factory.mktemp("texts") / "texts.jsonl"
    words = [f"{a}{b}rd" for a in "abcdef" for b in "klmno"]
    rows = []
    for number in range(40):
        some = [words[(number * 7 + place * (number % 5 + 1)) % 30] for place in range(30)]
        rows.append(
            {
                "id": f"d{number}",
                "text": " ".join(some),
                "year": 1990 + number % 20,
                "lang": ["en", "fr"][number % 2],
            }
        )
        if number % 4 == 3:
            rows[-1]["text"] = rows[-3]["text"]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_fit_of_chosen_documents_can_be_repeated(texts: Path, tmp_path: Path) -> None:
    model = tmp_path / "model"
    how = ("--where", WHERE, "--where", "not id = d0", "--dedupe", "exact", "--split-tokens", 12)
    told = run("fit", texts, *how, "-k", 3, "-n", 5, "-o", model).stderr
    assert f"30 of 40 left out by ({WHERE}) and (not id = d0); " in told
    assert "split into chunks of up to 12 tokens" in told
    chosen = lda.read_corpus([texts], where=f"({WHERE}) and (not id = d0)", dedupe="exact", split_tokens=12)
    assert lda.Model.load(model).record.corpus_hash == chosen.content_hash
    assert run_json("reproduce", model)["same"] is True
    assert "are not the documents" in run("reproduce", model, "--where", "year > 2005", code=3).stderr


def test_a_fit_of_some_documents_of_a_corpus(texts: Path, tmp_path: Path) -> None:
    corpus, model, part = (tmp_path / name for name in ("corpus", "model", "part"))
    built = run_json(
        "corpus", "build", texts, "--types", "auto,year:float", "--mark-duplicates", "-o", corpus
    )
    different = {json.loads(line)["text"] for line in texts.read_text().splitlines()}
    assert built["steps"]["n_duplicates"] == 40 - len(different) > 5
    run("fit", corpus, "--where", WHERE, "-k", 3, "-n", 5, "-o", model)
    assert run_json("reproduce", model)["same"] is True
    run("corpus", "select", corpus, "--where", WHERE, "--drop-unused-terms", "-o", part)
    assert lda.Corpus.open(part).content_hash == lda.Model.load(model).record.corpus_hash
    assert run_json("reproduce", model, part)["same"] is True
    for documents in (texts, corpus):
        lines = run("transform", model, documents, "--where", "year < 1992").stdout.splitlines()
        assert [json.loads(line)["id"] for line in lines] == ["d0", "d1", "d20", "d21"]
        scored = run_json("evaluate", model, documents, "--where", "year < 1992")
        assert scored["completion"]["n_documents"] == 4
    page = tmp_path / "page.html"
    assert run_json("report", model, corpus, "--where", "year < 1992", "-o", page)["n_documents"] == 4
    told = run("fit", corpus, "--dedupe", "exact", "-k", 3, "-o", tmp_path / "no", code=3).stderr
    assert "is for where it is built" in told


@pytest.mark.parametrize(
    ("code", "how", "told"),
    [
        (2, ["--where", "year >"], "a value was to come"),
        (2, ["--dedupe", "nearly"], "dedupe must be exact, or a similarity"),
        (2, ["--types", "year"], "types must be auto"),
        (3, ["--where", "yeer > 3"], "there are year, lang, and id"),
        (3, ["--where", "lang > 3"], "holds 'en', which is not a number"),
        (3, ["--join-by", "user"], "no document has the field 'user' to be joined by; there are year, lang"),
        (3, ["--where", "year > 3000"], "none of 40 documents fulfils the condition"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(
    texts: Path, tmp_path: Path, code: int, how: list[str], told: str
) -> None:
    assert told in run("corpus", "build", texts, *how, "-o", tmp_path / "corpus", code=code).stderr
    assert not (tmp_path / "corpus").exists()
