"""`lda export --to csv|parquet`: the numbers of the model, in tables that other programs read."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import scipy.sparse as sp
from click.testing import CliRunner

import lda
import lda.interop.tables
from lda.cli.entry import cli
from lda.corpus import DataError
from lda.corpus.storage.output_target import check_file_target
from lda.corpus.storage.places import storage
from lda.corpus.storage.signed_record import write_record
from lda.experiments.groups import folder as groups_folder
from lda.experiments.groups import records as groups_records
from lda.experiments.study import records as study_records
from lda.interop.export import check_export
from lda.interop.targets import Target
from lda.report.documents_part import LEAST
from lda.splitting import split_folder

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ["topics", "words", "vocabulary", "documents", "document_topics"]
WORDS = ['say "no"', "a,b", "two lines", "café", "=1+1", "plain"]


@pytest.fixture(scope="module")
def documents() -> Any:
    rng = np.random.default_rng(0)
    kind = np.arange(30) % 2
    counts = rng.poisson(np.where(kind[:, None] == np.arange(6) % 2, 5.0, 0.1))
    return lda.as_corpus(sp.csr_matrix(counts), vocabulary=WORDS, ids=[f"d {i}" for i in range(30)])


@pytest.fixture(scope="module")
def model(documents: Any) -> lda.Model:
    fitted = lda.LDA(3, max_iter=30, random_state=0).fit(documents).model_
    return fitted.with_labels({1: 'Quoted "name", with a comma'})


def tables(folder: Path) -> dict[str, pd.DataFrame]:
    if (folder / "topics.csv").exists():
        return {
            path.stem: pd.read_csv(path, keep_default_na=False, na_values={"name": ""})
            for path in folder.iterdir()
        }
    return {path.stem: pd.read_parquet(path) for path in folder.iterdir()}


@pytest.mark.parametrize("to", ["csv", "parquet"])
def test_tables_have_the_numbers_of_the_model(
    model: lda.Model, documents: Any, tmp_path: Path, to: str
) -> None:
    found = tables(model.export(tmp_path / to, to=to, X=documents))
    assert sorted(found) == sorted(NAMES)
    topics, words, vocabulary = found["topics"], found["words"], found["vocabulary"]
    frame = model.topics_frame().reset_index()
    np.testing.assert_allclose(topics["share"], frame["share"])
    assert topics["name"].tolist()[1] == 'Quoted "name", with a comma'
    assert topics["words"].tolist() == frame["words"].tolist()

    assert sorted(vocabulary["word"]) == sorted(WORDS)
    assert vocabulary["tokens"].sum() == documents.n_tokens == topics["tokens"].sum()
    number = dict(zip(vocabulary["word"], vocabulary["term"], strict=True))
    terms = words["word"].map(number)
    np.testing.assert_allclose(words["p"], model.topic_word[words["topic"], terms])
    np.testing.assert_array_equal(words["tokens"], model.counts.toarray()[terms, words["topic"]])
    assert len(words) == (model.language_counts > 0).nnz
    for k in range(3):
        part = words[words["topic"] == k]
        assert part["rank"].tolist() == list(range(1, len(part) + 1))
        assert (np.diff(part["p"]) <= 0).all()
        np.testing.assert_allclose(part["lift"].iloc[0], model.words_frame(k, 1, lambda_=1)["lift"].iloc[0])

    theta = model.transform(documents)
    assert found["documents"]["id"].tolist() == [f"d {i}" for i in range(30)]
    np.testing.assert_allclose(found["documents"]["weight"], theta.max(axis=1), rtol=1e-6)
    long = found["document_topics"]
    assert len(long) == (theta >= LEAST).sum()
    np.testing.assert_allclose(long["weight"], theta[long["document"], long["topic"]], rtol=1e-6)
    assert all((np.diff(part["weight"]) <= 0).all() for _, part in long.groupby("document"))


def test_without_documents_there_are_three(model: lda.Model, tmp_path: Path) -> None:
    assert sorted(tables(model.export(tmp_path / "t", to="csv"))) == sorted(NAMES[:3])


def test_csv_is_rfc_4180_and_parquet_is_typed(model: lda.Model, documents: Any, tmp_path: Path) -> None:
    model.export(tmp_path / "csv", to="csv")
    raw = (tmp_path / "csv" / "vocabulary.csv").read_bytes()
    assert raw.count(b"\r\n") == 1 + len(WORDS)
    assert b'"say ""no"""' in raw
    with (tmp_path / "csv" / "vocabulary.csv").open(encoding="utf-8", newline="") as file:
        assert {row["word"] for row in csv.DictReader(file)} == set(WORDS)
    model.export(tmp_path / "parquet", to="parquet", X=documents)
    schema = pq.read_schema(tmp_path / "parquet" / "words.parquet")
    assert {name: str(schema.field(name).type) for name in schema.names} == {
        "topic": "int64",
        "rank": "int64",
        "word": "string",
        "p": "double",
        "lift": "double",
        "tokens": "int64",
    }


def test_csv_of_a_large_model_stays_one_that_can_be_opened(model: lda.Model) -> None:
    few = lda.interop.tables.tables_of(model, None, most_words=2)["words"].to_pandas()
    every = lda.interop.tables.tables_of(model, None, most_words=None)["words"].to_pandas()
    pd.testing.assert_frame_equal(few, every[every["rank"] <= 2].reset_index(drop=True))
    assert lda.interop.tables.MOST_WORDS == 1000


def test_the_command_and_its_fields(documents: Any, tmp_path: Path) -> None:
    rows = [
        {"id": f"d{i}", "text": "silver gold" if i % 2 else "war peace", "year": 1900 + i} for i in range(20)
    ]
    source = tmp_path / "in.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    run = CliRunner().invoke
    made = run(
        cli,
        ["fit", str(source), "--text", "text", "--id", "id", "-k", "2", "-n", "5", "-o", str(tmp_path / "m")],
    )
    assert made.exit_code == 0, made.output
    out = tmp_path / "tables"
    call = [
        "export",
        str(tmp_path / "m"),
        str(source),
        "--text",
        "text",
        "--id",
        "id",
        "--to",
        "parquet",
        "-o",
        str(out),
    ]
    assert run(cli, call).exit_code == 0
    assert tables(out)["documents"]["id"].tolist() == [row["id"] for row in rows]
    assert run(cli, call).exit_code == 3  # it stands there
    assert run(cli, [*call, "--overwrite"]).exit_code == 0
    (out / "notes.txt").write_text("mine")
    refused = run(cli, [*call, "--overwrite"])
    assert refused.exit_code == 3
    assert "Traceback" not in refused.output


def test_nothing_else_is_overwritten(model: lda.Model, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "essay.txt").write_text("mine")
    with pytest.raises(DataError):
        model.export(tmp_path / "kept", to="csv", overwrite=True)
    assert (tmp_path / "kept" / "essay.txt").read_text() == "mine"


def test_no_part_of_a_model_or_a_corpus_is_overwritten(
    model: lda.Model, documents: Any, tmp_path: Path
) -> None:
    model.save(tmp_path / "m")
    documents.save(tmp_path / "c")
    call = ["transform", str(tmp_path / "m"), str(tmp_path / "c"), "-o", str(tmp_path / "t"), "-q"]
    assert CliRunner().invoke(cli, call).exit_code == 0
    page = Target(name="page", what="one file", module="lda.interop.csv_tables", kind="file")
    parts = {path: path.read_bytes() for path in tmp_path.glob("[mct]/*") if path.name != "_SUCCESS"}
    assert {path.name for path in parts} >= {
        "model.json", "counts.npz", "labels.json",
        "manifest.json", "shard-00000.arrow",
        "_manifest.json", "part-00000.parquet",
    }  # fmt: skip
    for path in parts:
        with pytest.raises(DataError, match="is a part of the model, the corpus or the topics there"):
            check_export(page, path, overwrite=True)
        with pytest.raises(DataError, match="is a part of the model, the corpus or the topics there"):
            model.card(path, overwrite=True)
    assert {path: path.read_bytes() for path in parts} == parts
    # What lies there and is no part of it may be replaced, and so may what only has such a name.
    (tmp_path / "m" / "README.md").write_text("a card")
    (tmp_path / "model.json").write_text("{}")
    for name in ("m/README.md", "model.json"):
        model.card(tmp_path / name, overwrite=True)
        assert (tmp_path / name).read_text().startswith("---")
    assert lda.Model.load(tmp_path / "m").fingerprint() == model.fingerprint()


@pytest.mark.parametrize(
    ("name", "form", "whole"),
    [
        (study_records.STUDY_FILE, study_records.FORMAT, "the study"),
        (study_records.TRIAL_FILE, study_records.TRIAL_FORMAT, "the trial of a study"),
        (groups_folder.RECORD, groups_records.FORMAT, "the groups"),
        (split_folder.SPLIT, split_folder.FORMAT, "the split"),
    ],
)
def test_no_record_of_many_models_is_overwritten(name: str, form: str, whole: str, tmp_path: Path) -> None:
    write_record(storage(tmp_path), name, {"models": 9}, form=form, version=1)
    with pytest.raises(DataError, match=f"is a part of {whole} there"):
        check_file_target(tmp_path / name, overwrite=True)
    (tmp_path / "page.html").write_text("made of it")
    check_file_target(tmp_path / "page.html", overwrite=True)
    (tmp_path / name).write_text("{}")
    check_file_target(tmp_path / name, overwrite=True)


def test_documents_are_not_overwritten_with_what_is_made_of_them(model: lda.Model, tmp_path: Path) -> None:
    path = tmp_path / "documents.txt"
    path.write_text("plain café\n")
    page = Target(name="page", what="one file", module="lda.interop.csv_tables", kind="file")
    with pytest.raises(DataError, match="which is read"):
        model.export(path, to=page, X=str(path), overwrite=True)
    with pytest.raises(DataError, match="which is read"):
        model.card(path, X=path, overwrite=True)
    assert path.read_text() == "plain café\n"
