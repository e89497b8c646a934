"""Exported corpora: read back by our readers as the same corpus, and by the programs that they are for."""

from __future__ import annotations

import gzip
import importlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import scipy.io
import scipy.sparse as sp
import small_disk

from lda.corpus import Corpus, DataError, Recipe, as_corpus, read_corpus
from lda.corpus.export.export import FORMS, export_corpus
from lda.corpus.export.fault_keeping_file import FaultKeepingFile
from lda.corpus.files.folder import VOCABULARY_FILE

if TYPE_CHECKING:
    from pathlib import Path

COUNTS = ("uci", "matrix-market", "svmlight", "ldac")
NAMES = {
    "uci": "docword.x.txt", "matrix-market": "x.mtx", "svmlight": "x.svmlight", "ldac": "x.ldac", "anndata": "x.h5ad",
    "mallet": "x.mallet", "jsonl": "x.jsonl", "parquet": "x.parquet",
}  # fmt: skip
NAMES_OF_DOCUMENTS = [f"document {n} größe" for n in range(41)]
PACKED = [form.name for form in FORMS.values() if form.packs]


@pytest.fixture
def counts() -> Corpus:
    """Counts of documents, one of which is empty."""
    rng = np.random.default_rng(5)
    dense = rng.poisson(0.4, (41, 13))
    dense[7], dense[0, 0], dense[0, 12] = 0, 1, 3
    return as_corpus(
        sp.csr_matrix(dense), vocabulary=[f"term-{n}" for n in range(13)], ids=NAMES_OF_DOCUMENTS
    )


@pytest.fixture
def texts(tmp_path: Path) -> Corpus:
    words = ["ash", "bay", "cedar", "dogwood", "elm", "fir", "größe", "中文"]
    rng = np.random.default_rng(6)
    rows = [
        {
            "id": f"doc, {n}", "text": " ".join(rng.choice(words, n % 7)), "year": 1990 + n,
            "place": ["north", None][n % 2], "tags": ["a", "b"][: n % 3], "tokens": n / 2, "good": n % 2 == 0,
        }
        for n in range(30)
    ]  # fmt: skip
    path = tmp_path / "texts.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return read_corpus([path], recipe=Recipe(text="text"))


def csr(corpus: Corpus) -> Any:
    return corpus.to_csr().toarray()


@pytest.mark.parametrize("packed", ["", ".gz"])
@pytest.mark.parametrize("to", COUNTS)
def test_counts_come_back_as_the_same_corpus(to: str, packed: str, counts: Corpus, tmp_path: Path) -> None:
    files = export_corpus(counts, tmp_path / (NAMES[to] + packed), to)
    assert sorted(tmp_path.iterdir()) == sorted(files)
    again = read_corpus([files[-1]])
    assert again.content_hash == counts.content_hash
    opened = gzip.open if packed else open
    with opened(files[1], "rt") as ids:
        assert ids.read().splitlines() == NAMES_OF_DOCUMENTS
    for names, message in (
        (["a"] * 40, "names 40 documents, and"),
        (["a"] * 42, "more documents than the 41"),
    ):
        with opened(files[1], "wt") as ids:
            ids.write("\n".join(names))
        with pytest.raises(DataError, match=message):
            read_corpus([files[-1]])
    files[1].unlink()
    assert read_corpus([files[-1]]).document_ids().to_pylist() == [str(n + 1) for n in range(41)]


def test_counts_are_read_by_their_programs(counts: Corpus, tmp_path: Path) -> None:
    expected = csr(counts)
    paths = {to: export_corpus(counts, tmp_path / NAMES[to].replace("x.", f"{to}."), to)[-1] for to in COUNTS}
    np.testing.assert_array_equal(scipy.io.mmread(paths["matrix-market"]).toarray(), expected)
    svmlight = pytest.importorskip("sklearn.datasets").load_svmlight_file(paths["svmlight"])
    np.testing.assert_array_equal(svmlight[0].toarray(), expected)
    gensim = pytest.importorskip("gensim.corpora")
    dense = importlib.import_module("gensim.matutils").corpus2dense
    for corpus in (
        gensim.UciCorpus(str(paths["uci"]), str(tmp_path / "vocab.uci.txt")),
        gensim.BleiCorpus(str(paths["ldac"]), str(tmp_path / "ldac.vocab")),
        gensim.MmCorpus(str(paths["matrix-market"])),
    ):
        np.testing.assert_array_equal(dense(corpus, num_terms=13).T, expected)
    blei = gensim.BleiCorpus(str(paths["ldac"]), str(tmp_path / "ldac.vocab"))
    assert blei.id2word == {n: f"term-{n}" for n in range(13)}


def test_anndata_comes_back_and_is_read(texts: Corpus, tmp_path: Path) -> None:
    anndata = pytest.importorskip("anndata")
    (path,) = export_corpus(texts, tmp_path / "x.h5ad", "anndata")
    found = anndata.read_h5ad(path)
    np.testing.assert_array_equal(found.X.toarray(), csr(texts))
    assert list(found.var_names) == texts.vocabulary
    assert list(found.var["document_frequency"]) == texts.document_frequencies.tolist()
    assert found.obs["year"].tolist() == list(range(1990, 2020))
    assert found.obs["good"].tolist() == [n % 2 == 0 for n in range(30)]
    assert found.obs["place"].astype(object).fillna("?").tolist()[:2] == ["north", "?"]
    assert found.obs["tags"].tolist()[2] == '["a", "b"]'
    again = read_corpus([path])
    assert again.document_ids().to_pylist() == texts.document_ids().to_pylist()
    np.testing.assert_array_equal(csr(again), csr(texts))


@pytest.mark.parametrize("name", ["x.jsonl", "x.jsonl.gz", "x.parquet"])
def test_tokens_come_back_as_the_same_corpus(name: str, texts: Corpus, tmp_path: Path) -> None:
    (path,) = export_corpus(texts, tmp_path / name, name.split(".")[1])
    again = read_corpus([path], recipe=Recipe(text="tokens", id="id"))
    assert again.content_hash == texts.content_hash
    fields, expected = again.metadata(), texts.metadata()
    assert fields is not None
    assert expected is not None
    assert fields.column_names == ["year", "place", "tags", "tokens_", "good"]
    assert fields.to_pydict() == expected.rename_columns(fields.column_names).to_pydict()


def test_lines_for_mallet(texts: Corpus, tmp_path: Path) -> None:
    (path,) = export_corpus(texts, tmp_path / "x.txt", "mallet", label="place")
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "doc_0\tnorth\t"
    assert lines[1].startswith("doc_1\tX\t")
    again = read_corpus([path], format="mallet", recipe=Recipe(pattern=r"\S+", lowercase=False))
    assert again.vocabulary == texts.vocabulary
    np.testing.assert_array_equal(csr(again), csr(texts))
    runs = read_corpus([tmp_path / "texts.jsonl"], recipe=Recipe(text="text", ngram_range=(2, 2)))
    (path,) = export_corpus(runs, tmp_path / "runs.txt", "mallet")
    assert {word.count("_") for word in path.read_text(encoding="utf-8").split("\t", 2)[2].split()[:1]} <= {
        0,
        1,
    }
    again = read_corpus([path], format="mallet", recipe=Recipe(pattern=r"\S+", lowercase=False))
    assert sorted(again.vocabulary) == sorted(term.replace(" ", "_") for term in runs.vocabulary)


@pytest.mark.parametrize("to", PACKED)
def test_the_same_bytes_each_time(to: str, counts: Corpus, tmp_path: Path) -> None:
    first = [path.read_bytes() for path in export_corpus(counts, tmp_path / f"{NAMES[to]}.gz", to)]
    counts.save(tmp_path / "corpus")
    opened = Corpus.open(tmp_path / "corpus")
    second = export_corpus(opened, tmp_path / f"{NAMES[to]}.gz", to, overwrite=True)
    assert [path.read_bytes() for path in second] == first


def test_labels_of_svmlight(texts: Corpus, tmp_path: Path) -> None:
    path = export_corpus(texts, tmp_path / "x.svm", "svmlight", label="year")[-1]
    assert [line.split()[0] for line in path.read_text().splitlines()] == [str(n) for n in range(1990, 2020)]
    for label, message in (
        ("place", "labels of SVMlight are numbers, and the field 'place' holds string"),
        ("nothing", "no field 'nothing'; they have year, place, tags, tokens, good"),
    ):
        with pytest.raises(DataError, match=message):
            export_corpus(texts, tmp_path / "y.svm", "svmlight", label=label)
    with pytest.raises(ValueError, match="only svmlight and mallet have labels, and uci has none"):
        export_corpus(texts, tmp_path / "y", "uci", label="year")
    assert not list(tmp_path.glob("*y*svm*"))


def test_what_cannot_be_exported(counts: Corpus, tmp_path: Path) -> None:
    odd = as_corpus(sp.csr_matrix([[1, 2]]), vocabulary=[" blank", ",comma"], ids=["a"])
    for to, name, message in (
        ("ldac", "x.ldac", "cannot hold the term ' blank'"),
        ("mallet", "x.txt", "cannot hold the term ',comma'"),
        ("parquet", "x.parquet.gz", "choose a name without .gz"),
        ("uci", "s3://bucket/x", "is a URI"),
    ):
        with pytest.raises(DataError, match=message):
            export_corpus(odd, str(tmp_path / name) if "://" not in name else name, to)
    twice = as_corpus(sp.csr_matrix([[1], [2]]), ids=["a", "a"])
    with pytest.raises(DataError, match="observations must be different, got 'a' twice"):
        export_corpus(twice, tmp_path / "x.h5ad", "anndata")
    (tmp_path / "x.vocab").write_text("mine")
    with pytest.raises(DataError, match=r"x\.vocab exists already"):
        export_corpus(counts, tmp_path / "x.mtx", "matrix-market")
    assert [path.name for path in tmp_path.iterdir()] == ["x.vocab"]
    with pytest.raises(ValueError, match="can be exported to uci, matrix-market"):
        export_corpus(counts, tmp_path / "y", "word")


def test_a_damaged_shard_leaves_nothing(counts: Corpus, tmp_path: Path) -> None:
    counts.save(tmp_path / "corpus")
    shard = next(path for path in (tmp_path / "corpus").glob("*.arrow") if path.name != VOCABULARY_FILE)
    data = bytearray(shard.read_bytes())
    data[len(data) // 2] ^= 1
    shard.write_bytes(data)
    with pytest.raises(DataError, match="is damaged"):
        export_corpus(Corpus.open(tmp_path / "corpus"), tmp_path / "x.jsonl", "jsonl")
    assert [path.name for path in tmp_path.iterdir()] == ["corpus"]


def test_a_file_that_keeps_its_first_fault(tmp_path: Path) -> None:
    with FaultKeepingFile(tmp_path / "plain") as file:
        file.write(b"0123456789")
        file.seek(4)
        file.write(b"abc")
        file.seek(-2, 2)
        assert file.read(5) == b"89"
        file.truncate(9)
        file.check()
    assert (tmp_path / "plain").read_bytes() == b"0123abc78"
    with small_disk.of_size(tmp_path / "small", "4k") as disk, FaultKeepingFile(disk / "full") as file:
        file.write(b"a" * 4000)
        file.write(b"b" * 4000)
        file.seek(3998)
        file.write(b"cc")
        file.seek(9000)
        file.write(b"d")
        for place, expected in (
            (3997, b"acc"),
            (4000, b"bbb"),
            (4095, b"bbb"),
            (7999, b"b\0\0"),
            (8999, b"\0d"),
        ):
            file.seek(place)
            assert file.read(3) == expected
        with pytest.raises(OSError, match="No space left"):
            file.check()
