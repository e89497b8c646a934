"""`lda export --to mallet`, `dfr` and `jslda`, read as those programs read them."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import xml.etree.ElementTree as ET
import zipfile
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
import tiny
from commands import fails, run
from made_models import planted_model

import lda
from lda.evaluation.inferred_documents import InferredDocuments
from lda.interop import dfr
from lda.interop.mallet_state import read_state

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("export") / "docs.jsonl"
    rows = [
        {"id": f"doc {i}", "text": " ".join(tokens), "year": 1900 + i, "title": f'"{i}", a title'}
        for i, tokens in enumerate(tiny.documents())
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def model(source: Path) -> Path:
    target = source.parent / "model"
    run("fit", source, "-k", 3, "-n", 40, "-o", target, "-q")
    run("label", target, "--set", "1=Second", "-q")
    return target


def exported(model: Path, source: Path, to: str) -> Path:
    out = source.parent / to
    if not out.exists():
        run("export", model, source, "--to", to, "-o", out, "-q")
    return out


def test_mallet_s_files(model: Path, source: Path) -> None:
    out, fitted = exported(model, source, "mallet"), lda.Model.load(model)
    state = read_state(out / "state.gz")
    assert len(state.words) == 60 * 40
    assert sorted(state.terms) == sorted(fitted.vocabulary)
    # As gensim's wrapper of MALLET read topics of documents: name and weights after the number, between tabs.
    rows = [line.split("\t") for line in (out / "doc-topics.txt").read_text().splitlines()]
    assert [row[1] for row in rows] == [f"doc {i}" for i in range(60)]
    n_dk = np.zeros((60, 3))
    np.add.at(n_dk, (state.documents, state.topics), 1)
    theta = (n_dk + fitted.alpha) / (40 + fitted.alpha.sum())
    np.testing.assert_allclose(np.array([row[2:] for row in rows], dtype=float), theta)
    # As it read the state for words' topics: six columns after three lines of head.
    with gzip.open(out / "state.gz", "rt") as file:
        head = [next(file) for _ in range(3)]
        columns = [line.split(" ") for line in file]
    assert [float(a) for a in head[1].split(":")[1].split()] == fitted.alpha.tolist()
    assert {len(row) for row in columns} == {6}
    # As R reads it (`load.mallet.state` and tidytext): a table with these columns.
    assert head[0] == "#doc source pos typeindex type topic\n"
    diagnostics = ET.fromstring((out / "diagnostics.xml").read_text())
    assert [float(topic.attrib["tokens"]) for topic in diagnostics] == fitted.counts.sum(axis=0).tolist()[0]
    assert [word.attrib["rank"] for word in diagnostics[0]][:3] == ["1", "2", "3"]
    for report in ("topic-report.xml", "topic-phrases.xml"):
        assert len(ET.fromstring((out / report).read_text())) == 3
    line = (out / "word-topic-counts.txt").read_text().splitlines()[4]
    assert re.fullmatch(r"4 [a-z]+( \d:\d+)+", line)
    assert (out / "topic-keys.txt").read_text().count("\n") == 3


def test_without_documents_there_is_what_tells_of_topics(model: Path, tmp_path: Path) -> None:
    run("export", model, "--to", "mallet", "-o", tmp_path / "out", "-q")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "topic-keys.txt", "topic-report.xml", "topic-word-weights.txt", "word-topic-counts.txt",
    ]  # fmt: skip
    (tmp_path / "out" / "mine.txt").write_text("kept")
    line = fails(3, "export", model, "--to", "mallet", "-o", tmp_path / "out", "--overwrite", "-q")
    assert "is not a folder written by an export to mallet" in line


def test_weights_of_words_are_what_topics_are_made_of(source: Path, tmp_path: Path) -> None:
    """Normalised, they are p(word | topic): with the tokens of seed words, and of a frozen topic nothing else."""
    first, second = list(lda.read_corpus([source]).vocabulary)[:2]
    fitted = lda.LDA(
        3,
        max_iter=3,
        n_samples=0,
        random_state=0,
        seed_words={0: {first: 50}, 1: {second: 7}},
        frozen_topics=[1],
    ).fit(lda.read_corpus([source]))
    fitted.export(tmp_path / "out", to="mallet")
    lines = (tmp_path / "out" / "topic-word-weights.txt").read_text().splitlines()
    weights = np.array([float(line.split("\t")[2]) for line in lines]).reshape(3, -1)
    np.testing.assert_allclose(weights / weights.sum(axis=1, keepdims=True), fitted.topic_word_)


def test_from_python_it_is_the_same(model: Path, source: Path, tmp_path: Path) -> None:
    corpus = lda.read_corpus([source])
    lda.Model.load(model).export(tmp_path / "out", to="mallet", X=corpus)
    for file in (tmp_path / "out").iterdir():
        assert file.read_bytes() == (exported(model, source, "mallet") / file.name).read_bytes(), file.name
    with pytest.raises(ValueError, match="dfr tells of documents, and none are given"):
        lda.Model.load(model).export(tmp_path / "dfr", to="dfr")


def test_dfr_browser_s_data(model: Path, source: Path) -> None:
    out, fitted = exported(model, source, "dfr"), lda.Model.load(model)
    words = json.loads((out / "tw.json").read_text())
    assert words["alpha"] == fitted.alpha.tolist()
    for topic, entry in enumerate(words["tw"]):
        assert entry["weights"] == sorted(entry["weights"], reverse=True)
        numbers = [fitted.vocabulary.index(word) for word in entry["words"]]
        assert fitted.counts[numbers, topic].toarray().ravel().tolist() == entry["weights"]
    with zipfile.ZipFile(out / "dt.json.zip") as archive:
        (name,) = archive.namelist()
        weights = json.loads(archive.read(name))
    assert len(weights["p"]) == 4
    assert sum(weights["x"]) == 60 * 40
    assert max(weights["i"]) == 59
    with zipfile.ZipFile(out / "meta.csv.zip") as archive:
        rows = list(csv.DictReader(io.StringIO(archive.read("meta.csv").decode())))
    assert rows[7] == {"id": "doc 7", "year": "1907", "title": '"7", a title'}
    info = json.loads((out / "info.json").read_text())
    assert info["VIS"]["topic_labels"] == {"2": "Second"}  # it counts from 1
    assert info["VIS"]["condition"] == {
        "type": "time", "name": "year", "spec": {"field": "year", "unit": "year", "n": 1},
    }  # fmt: skip
    assert info["VIS"]["metadata"]["spec"] == {"id": "id", "date_field": ["year"]}
    places = [line.split(",") for line in (out / "topic_scaled.csv").read_text().splitlines()]
    assert np.isfinite(np.array(places, dtype=float)).all()
    assert np.array(places).shape == (3, 2)


@pytest.mark.parametrize(
    ("fields", "kind", "field"),
    [
        ({"when": [datetime(1999, 12, 31, 23, tzinfo=UTC), None], "party": ["a", "b"]}, "ordinal", "party"),
        (
            {"party": ["a", "b"], "day_of_update": [date(1999, 1, 2), date(2001, 3, 4)]},
            "time",
            "day_of_update",
        ),
        ({"year": ["about 1900", "1901"], "title": ["a", ""]}, "ordinal", "year"),
        ({"title": ["a", None]}, "ordinal", "part"),
        ({}, "ordinal", "part"),
    ],
)
def test_what_dfr_browser_groups_by_is_a_field_that_is_there(
    tmp_path: Path, fields: dict[str, list[Any]], kind: str, field: str
) -> None:
    """Its own choice, a field "date", leaves its pages empty where there is none."""
    documents = InferredDocuments(
        ids=["0", "1"],
        doc_offsets=np.array([0, 1, 2]),
        words=np.array([0, 1], dtype=np.int32),
        topics=np.array([0, 1], dtype=np.int32),
        theta=np.eye(2, dtype=np.float32),
        metadata=pa.table(fields) if fields else None,
    )
    dfr.write(planted_model(n_topics=2, n_terms=4), documents, tmp_path)
    vis = json.loads((tmp_path / "info.json").read_text())["VIS"]
    assert (vis["condition"]["type"], vis["condition"]["spec"]["field"]) == (kind, field)
    assert vis["metadata"]["spec"]["date_field"] == ([field] if kind == "time" else [])
    with zipfile.ZipFile(tmp_path / "meta.csv.zip") as archive:
        assert all(row[field] for row in csv.DictReader(io.StringIO(archive.read("meta.csv").decode())))


def test_jslda_s_files(model: Path, source: Path) -> None:
    out = exported(model, source, "jslda")
    lines = (out / "documents.txt").read_text().splitlines()
    assert [line.split("\t") for line in lines] == [
        [f"doc {i}", str(1900 + i), " ".join(tokens)] for i, tokens in enumerate(tiny.documents())
    ]
    state = (out / "state.csv").read_text().splitlines()
    assert state[0] == "DocID,Word,Topic"
    assert len(state) == 1 + 60 * 40
    assert re.fullmatch(r'0,"[a-z]+",[012]', state[1])
    # Ours read them, too.
    run(
        "fit",
        out / "documents.txt",
        "--format",
        "mallet",
        "--line-regex",
        r"(.*)\t(.*)\t(.*)",
        "-n",
        1,
        "-o",
        out.parent / "again",
    )
    assert lda.Model.load(out.parent / "again").n_terms == 15


def test_xml_is_well_formed_whatever_the_terms_are(tmp_path: Path) -> None:
    terms = ["\x1b[31mred", "a&b", "<i>", "nul\0", "\uffff"]
    counts = np.random.default_rng(0).poisson(2, (20, 5))
    documents = lda.as_corpus(counts, vocabulary=terms)
    fitted = lda.LDA(2, max_iter=5, random_state=0).fit(documents)
    fitted.export(tmp_path / "out", to="mallet", X=documents)
    files = sorted((tmp_path / "out").glob("*.xml"))
    assert len(files) == 3
    for file in files:
        words = {word.text for word in ET.parse(file).getroot().iter("word")}
        assert words == {"\ufffd[31mred", "a&b", "<i>", "nul\ufffd", "\ufffd"}
