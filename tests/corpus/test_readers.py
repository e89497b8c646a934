"""Each format, from a small file of its kind, plain and packed."""

from __future__ import annotations

import bz2
import csv
import gzip
import json
import lzma
import os
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import scipy.io
import scipy.sparse

from lda.corpus import DataError, Recipe, build_corpus, iter_documents, read_corpus
from lda.corpus.inputs.find import find_inputs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lda.corpus import Corpus

TEXTS = ["Zebra apple apple", "", 'Banana "quoted" apple,\nsecond line\twith tab', "été zebra"]
COUNTS = np.array([[2, 0, 1], [0, 0, 0], [0, 3, 0]])
TERMS = ["pear", "fig", "lime"]


def documents(corpus: Corpus) -> list[list[str]]:
    terms = corpus.vocabulary
    made: list[list[str]] = []
    for index in range(corpus.n_shards):
        shard = corpus.shard(index)
        assert shard.first_document == len(made)
        bounds = zip(shard.doc_offsets, shard.doc_offsets[1:], strict=False)
        made += [[terms[word] for word in shard.words[start:stop]] for start, stop in bounds]
    return made


def words(text: str) -> list[str]:
    return "".join(c if c.isalpha() else " " for c in text.lower()).split()


def check_texts(corpus: Corpus, ids: list[str]) -> None:
    assert documents(corpus) == [words(text) for text in TEXTS]
    assert corpus.document_ids().to_pylist() == ids
    assert (corpus.n_documents, corpus.n_empty_documents, corpus.ordered) == (4, 1, True)


def zstd(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return sink.getvalue().to_pybytes()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstd,
}


@pytest.mark.parametrize("packed", PACKERS)
def test_jsonl(tmp_path: Path, packed: str) -> None:
    rows = [{"id": f"d{i}", "year": 1990 + i, "tags": ["x"], "text": text} for i, text in enumerate(TEXTS)]
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    file = tmp_path / f"a.jsonl{packed}"
    file.write_bytes(PACKERS[packed](lines.encode()))
    corpus = read_corpus([file])
    check_texts(corpus, ["d0", "d1", "d2", "d3"])
    metadata = corpus.metadata()
    assert metadata is not None
    assert metadata.to_pydict() == {"year": [1990, 1991, 1992, 1993], "tags": [["x"]] * 4}


def test_jsonl_odd_but_sound(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(
        '\ufeff{"body": "one two", "n": 1}\r\n\n{"body": null, "n": "x", "id": 7}\n{"body": "\\ud83d ok"}'
    )
    corpus = read_corpus([file])
    assert documents(corpus) == [["one", "two"], [], ["ok"]]
    assert corpus.document_ids().to_pylist() == ["1", "3", "4"]
    metadata = corpus.metadata()
    assert metadata is not None
    assert metadata.column("n").to_pylist() == ["1", "x", None]


def test_several_text_fields_and_inputs(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / f"{name}.jsonl").write_text(
            json.dumps({"title": f"title{name}"[:5] + name, "text": "body"}) + "\n"
        )
    corpus = read_corpus([tmp_path / "a.jsonl", tmp_path / "b.jsonl"], recipe=Recipe(text="title, text"))
    assert documents(corpus) == [["titlea", "body"], ["titleb", "body"]]
    assert corpus.document_ids().to_pylist() == ["a.jsonl:1", "b.jsonl:1"]
    assert documents(read_corpus([tmp_path], recipe=Recipe(text="title"))) == [["titlea"], ["titleb"]]


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_csv(tmp_path: Path, delimiter: str) -> None:
    file = tmp_path / "a.csv"
    with file.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream, delimiter=delimiter)
        writer.writerow(["key", "text", "year"])
        writer.writerows([f"k{i}", text, 2000 + i] for i, text in enumerate(TEXTS))
    corpus = read_corpus([file], recipe=Recipe(id="key"))
    check_texts(corpus, ["k0", "k1", "k2", "k3"])
    metadata = corpus.metadata()
    assert metadata is not None
    assert metadata.to_pydict() == {"year": ["2000", "2001", "2002", "2003"]}


def test_csv_field_longer_than_the_csv_module_allows(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("text,n\n" + '"' + "long word\n" * 50_000 + '",1\n')
    assert read_corpus([file]).n_tokens == 100_000


def test_tsv_takes_quotes_as_characters(tmp_path: Path) -> None:
    file = tmp_path / "a.tsv"
    file.write_text('id\ttitle\tabstract\n708.1818\tThe "open\tone "two\n1502.02\tplain\tthree"\n')
    corpus = read_corpus([file], recipe=Recipe(text="title,abstract"))
    assert documents(corpus) == [["the", "open", "one", "two"], ["plain", "three"]]
    assert corpus.document_ids().to_pylist() == ["708.1818", "1502.02"]


def test_parquet(tmp_path: Path) -> None:
    table = pa.table(
        {
            "key": [1, 2, 3, 4],
            "text": pa.array([TEXTS[0], None, *TEXTS[2:]]).dictionary_encode(),
            "kind": pa.array(["a", "b", "a", "a"]).dictionary_encode(),
        }
    )
    file = tmp_path / "a.parquet"
    pq.write_table(table, file, row_group_size=2)
    corpus = read_corpus([file], recipe=Recipe(id="key"))
    check_texts(corpus, ["1", "2", "3", "4"])
    metadata = corpus.metadata()
    assert metadata is not None
    assert metadata.to_pydict() == {"kind": ["a", "b", "a", "a"]}
    both = read_corpus([file], recipe=Recipe(text="text,kind"))
    assert documents(both)[1] == []  # "b" is one letter, null leaves nothing behind
    assert both.document_ids().to_pylist() == ["1", "2", "3", "4"]


def test_folder_of_texts(tmp_path: Path) -> None:
    (tmp_path / "b" / ".hidden").mkdir(parents=True)
    (tmp_path / "b" / "one.txt").write_text("two words")
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(b"packed text"))
    (tmp_path / "c.txt").write_text("")
    (tmp_path / "b" / ".hidden" / "x.txt").write_text("hidden")
    (tmp_path / "metadata.csv").write_text("a,b\n1,2\n")
    corpus = read_corpus([tmp_path])
    assert documents(corpus) == [["packed", "text"], ["two", "words"], []]
    assert corpus.document_ids().to_pylist() == ["a.txt.gz", "b/one.txt", "c.txt"]
    single = read_corpus([tmp_path / "b" / "one.txt"], format="text")
    assert single.document_ids().to_pylist() == ["one.txt"]


def test_folders_within_a_folder_are_a_field(tmp_path: Path) -> None:
    for name in ("a/x/1.txt", "b/2.txt", "3.txt"):
        (tmp_path / "f" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "f" / name).write_text("war and peace")
    metadata = read_corpus([tmp_path / "f"]).metadata()
    assert metadata is not None
    assert metadata.to_pydict() == {"folder": [None, "a/x", "b"]}


def test_folder_without_txt_takes_every_file(tmp_path: Path) -> None:
    for name in ("alt.atheism/49960", "sci.space/60001"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(f"post {name}")
    assert read_corpus([tmp_path]).document_ids().to_pylist() == ["alt.atheism/49960", "sci.space/60001"]


def test_latin1_among_utf8(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("caf\u00e9 au lait".encode("latin-1"))
    assert documents(read_corpus([tmp_path], encoding="latin-1")) == [["café", "au", "lait"]]
    assert documents(read_corpus([tmp_path], errors="ignore")) == [["caf", "au", "lait"]]
    assert read_corpus([tmp_path], errors="replace").n_tokens == 3


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "cp1251"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.txt").write_bytes("Привет мир\nещё раз\n".encode(encoding))
    assert documents(read_corpus([tmp_path / "a.txt"], encoding=encoding))[0] == ["привет", "мир"]


def test_one_document_per_line(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("one two\r\n\r\nthree\u2028four\x0cfive".encode())
    corpus = read_corpus([tmp_path / "a.txt"])
    assert documents(corpus) == [["one", "two"], [], ["three", "four", "five"]]
    assert corpus.document_ids().to_pylist() == ["1", "2", "3"]


def check_counts(corpus: Corpus, first: int, terms: list[str] = TERMS) -> None:
    np.testing.assert_array_equal(corpus.to_csr().toarray(), COUNTS)
    assert corpus.vocabulary == terms
    assert corpus.document_ids().to_pylist() == [str(first + i) for i in range(3)]
    assert (corpus.recipe, corpus.ordered, corpus.n_empty_documents) == (None, False, 1)


@pytest.mark.parametrize("packed", ["", ".gz"])
def test_uci(tmp_path: Path, packed: str) -> None:
    lines = b"3\n3\n3\n1 1 2\n1 3 1\n3 2 3\n"
    (tmp_path / f"docword.x.txt{packed}").write_bytes(PACKERS[packed](lines))
    (tmp_path / "vocab.x.txt").write_text("\n".join(TERMS) + "\n")
    check_counts(read_corpus([tmp_path / f"docword.x.txt{packed}"]), 1)
    check_counts(read_corpus(sorted(tmp_path.iterdir())), 1)
    (tmp_path / "other").write_bytes(lines.replace(b" ", b"\t"))
    check_counts(read_corpus([tmp_path / "other"], vocabulary=tmp_path / "vocab.x.txt"), 1)


def test_uci_across_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lda.corpus.readers.triplets.BLOCK_BYTES", 7)
    monkeypatch.setattr("lda.corpus.readers.count_batches.TOKENS_PER_BATCH", 2)
    monkeypatch.setattr("lda.corpus.readers.uci.TOKENS_PER_BATCH", 2)
    rng = np.random.default_rng(0)
    counts = rng.integers(0, 3, (40, 12)) * (rng.random((40, 12)) < 0.3)
    rows, columns = np.nonzero(counts)
    body = "".join(f"{d + 1} {w + 1} {counts[d, w]}\n" for d, w in zip(rows, columns, strict=True))
    (tmp_path / "docword.y.txt").write_text(f"40\n12\n{len(rows)}\n{body}")
    (tmp_path / "vocab.y.txt").write_text("\n".join(f"w{i}" for i in range(12)))
    corpus = read_corpus([tmp_path / "docword.y.txt"])
    np.testing.assert_array_equal(corpus.to_csr().toarray(), counts)


@pytest.mark.parametrize("kind", ["csr", "csc", "dense", "gensim"])
def test_matrix_market(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "a.mtx"
    if kind == "gensim":
        from gensim.corpora import MmCorpus

        bows = [[(int(j), int(row[j])) for j in np.flatnonzero(row)] for row in COUNTS]
        MmCorpus.serialize(str(file), bows)
    else:
        matrix = COUNTS if kind == "dense" else scipy.sparse.csr_matrix(COUNTS).asformat(kind)  # type: ignore[call-overload]
        scipy.io.mmwrite(file, matrix)
    check_counts(read_corpus([file]), 1, ["0", "1", "2"])
    file.with_name("a.vocab").write_text("\n".join(TERMS))
    check_counts(read_corpus([file]), 1)


def test_npz(tmp_path: Path) -> None:
    file = tmp_path / "a.npz"
    scipy.sparse.save_npz(file, scipy.sparse.csc_matrix(COUNTS.astype(np.float32)))
    check_counts(read_corpus([file]), 0, ["0", "1", "2"])


def test_ldac(tmp_path: Path) -> None:
    for name in ("a.ldac", "a.dat"):
        (tmp_path / name).write_text("2 0:2 2:1\n0\n1 1:3\n")
        check_counts(read_corpus([tmp_path / name]), 1, ["0", "1", "2"])
    (tmp_path / "a.tokens").write_text("\n".join(TERMS) + "\n")
    check_counts(read_corpus([tmp_path / "a.ldac"]), 1)


def test_svmlight(tmp_path: Path) -> None:
    one = tmp_path / "a.svmlight"
    one.write_text("+1 1:2 3:1.0 # remark\n-1 qid:3\n0.5 2:3\n")
    corpus = read_corpus([one])
    check_counts(corpus, 1, ["0", "1", "2"])
    metadata = corpus.metadata()
    assert metadata is not None
    assert metadata.to_pydict() == {"label": ["+1", "-1", "0.5"]}
    zero = tmp_path / "zero"
    zero.write_text("7 0:2 2:1\n7\n7 1:3\n")
    assert find_inputs([zero])[0].reader.name == "svmlight"
    check_counts(read_corpus([zero]), 1, ["0", "1", "2"])


def test_counts_may_be_pruned(tmp_path: Path) -> None:
    scipy.sparse.save_npz(
        tmp_path / "a.npz", scipy.sparse.csr_matrix([[1, 2, 0, 1], [0, 2, 0, 1], [0, 1, 0, 0]])
    )
    (tmp_path / "a.vocab").write_text("pear\nthe\nfig\nlime\n")
    kept = read_corpus([tmp_path / "a.npz"], recipe=Recipe(min_df=2, stop_words="en"))
    assert kept.vocabulary == ["lime"]
    assert kept.to_csr().toarray().tolist() == [[1], [1], [0]]


def test_content_decides_when_the_name_does_not(tmp_path: Path) -> None:
    beginnings = {
        "jsonl": ' {"text": "x"}\n',
        "mm": "%%MatrixMarket matrix coordinate integer general\n",
        "ldac": "2 0:1 5:3\n1 4:1\n",
        "uci": "1\n2\n1\n1 2 1\n",
    }
    for name, beginning in beginnings.items():
        (tmp_path / "data").write_text(beginning)
        assert find_inputs([tmp_path / "data"])[0].reader.name == name
    (tmp_path / "data").write_text("just words\n")
    with pytest.raises(DataError, match="cannot be told"):
        find_inputs([tmp_path / "data"])


@pytest.mark.parametrize("threads", [1, 3])
def test_batches_and_threads_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    rng = np.random.default_rng(1)
    rows = [{"text": " ".join(f"w{'abcdefgh'[i]}" for i in rng.integers(0, 8, 9)), "n": i} for i in range(50)]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    whole = read_corpus([tmp_path / "a.jsonl"], threads=1)
    monkeypatch.setattr("lda.corpus.readers.base.BATCH_CHARACTERS", 60)
    monkeypatch.setattr("lda.corpus.readers.files.BLOCK_BYTES", 11)
    pieces = build_corpus([tmp_path / "a.jsonl"], tmp_path / "built", threads=threads)
    assert pieces.content_hash == whole.content_hash
    assert documents(pieces) == [words(str(row["text"])) for row in rows]
    metadata = pieces.metadata()
    assert metadata is not None
    assert metadata.column("n").to_pylist() == list(range(50))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.jsonl", "built"]


def test_streaming_texts_in_a_fixed_vocabulary(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("pear fig xx\n\nthe lime pear\nyy\n")
    batches = list(
        iter_documents(
            [tmp_path / "a.txt"], recipe=Recipe(stop_words="en"), vocabulary_terms=TERMS, batch_documents=3
        )
    )
    assert [batch.ids for batch in batches] == [["1", "2", "3"], ["4"]]
    assert [batch.words.tolist() for batch in batches] == [[0, 1, 2, 0], []]
    assert [batch.doc_offsets.tolist() for batch in batches] == [[0, 2, 2, 4], [0, 0]]
    assert sum(batch.n_unknown for batch in batches) == 2


def test_streaming_counts_by_name_or_position(tmp_path: Path) -> None:
    file = tmp_path / "a.npz"
    scipy.sparse.save_npz(file, scipy.sparse.csr_matrix(COUNTS))
    (by_position,) = iter_documents([file], vocabulary_terms=[*TERMS, "more"])
    assert by_position.words.tolist() == [0, 0, 2, 1, 1, 1]
    with pytest.raises(DataError, match="3 columns without names, the model has 2"):
        list(iter_documents([file], vocabulary_terms=TERMS[:2]))
    (tmp_path / "a.vocab").write_text("lime\nother\npear\n")
    (by_name,) = iter_documents([file], vocabulary_terms=TERMS)
    assert by_name.words.tolist() == [2, 2, 0]
    assert by_name.n_unknown == 3


def test_streaming_a_corpus_folder(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("pear fig\nlime lime zz\n")
    build_corpus([tmp_path / "a.txt"], tmp_path / "c")
    batches = list(iter_documents([tmp_path / "c"], vocabulary_terms=TERMS))
    assert [batch.words.tolist() for batch in batches] == [[0, 1], [2, 2]]
    assert sum(batch.n_unknown for batch in batches) == 1


ENDS = ["\n", "\r\n", "\r"]
LINES: dict[str, list[str]] = {
    "a.txt": ["one two", "", "three"],
    "a.jsonl": ['{"text": "one two"}', '{"text": ""}', '{"text": "three"}'],
    "a.csv": ["sep=;", "text;n", '"one two";1', ";2", "three;3"],
    "a.tsv": ["text\tn", "one two\t1", "\t2", "three\t3"],
    "a.ldac": ["2 0:2 2:1", "0", "1 1:3"],
    "a.svm": ["1 1:2 3:1", "2", "3 2:3"],
    "a.mtx": [
        "%%MatrixMarket matrix coordinate integer general",
        "% remark",
        "3 3 3",
        "1 1 2",
        "1 3 1",
        "3 2 3",
    ],
    "docword.a.txt": ["3", "3", "3", "1 1 2", "1 3 1", "3 2 3"],
    "data": ["3", "3", "3", "1 1 2", "1 3 1", "3 2 3"],
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("name", LINES)
def test_line_ends_and_byte_order_marks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, end: str
) -> None:
    (tmp_path / "vocab.txt").write_bytes(end.join(TERMS).encode("utf-16"))
    (tmp_path / name).write_text("".join(f"{line}\n" for line in LINES[name]))
    vocabulary = tmp_path / "vocab.txt"
    expected = read_corpus([tmp_path / name], vocabulary=vocabulary)
    assert (expected.n_documents, expected.n_empty_documents, expected.n_terms) == (3, 1, 3)
    monkeypatch.setattr("lda.corpus.readers.files.BLOCK_BYTES", 5)  # so that a block ends between CR and LF
    monkeypatch.setattr("lda.corpus.readers.triplets.BLOCK_BYTES", 5)
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-32"):
        for last in (end, ""):
            (tmp_path / name).write_bytes((end.join(LINES[name]) + last).encode(encoding))
            found = read_corpus([tmp_path / name], vocabulary=vocabulary)
            assert found.content_hash == expected.content_hash, (encoding, last)
    big_endian = "\ufeff" + end.join(LINES[name])
    (tmp_path / name).write_bytes(big_endian.encode("utf-16-be"))
    assert read_corpus([tmp_path / name], vocabulary=vocabulary, encoding="latin-1").n_documents == 3


def test_bytes_that_are_no_text_may_be_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'{"text": "fi\0g li\xffme"}')
    assert documents(read_corpus([tmp_path / "a.jsonl"], errors="ignore")) == [["fig", "lime"]]
    assert documents(read_corpus([tmp_path / "a.jsonl"], errors="replace")) == [["fi", "li", "me"]]
    with pytest.raises(DataError, match=r"not valid utf-16: .*--encoding utf-16-le"):
        read_corpus([tmp_path / "a.jsonl"], encoding="utf-16")


def test_content_before_the_name(tmp_path: Path) -> None:
    table = pa.table({"text": ["pear fig"]})
    (tmp_path / "parts").mkdir()
    for file in (
        tmp_path / "a.csv",
        tmp_path / "b.txt",
        *(tmp_path / "parts" / f"{i}.csv" for i in range(2)),
    ):
        pq.write_table(table, file)
    assert documents(read_corpus([tmp_path / "a.csv", tmp_path / "b.txt"])) == [["pear", "fig"]] * 2
    assert documents(read_corpus([tmp_path / "parts"])) == [["pear", "fig"]] * 2
    (tmp_path / "c.parquet").write_text('{"text": "lime"}\n')
    assert documents(read_corpus([tmp_path / "c.parquet"])) == [["lime"]]
    scipy.sparse.save_npz(tmp_path / "x.npz", scipy.sparse.csr_matrix(COUNTS))
    (tmp_path / "x.npz").rename(tmp_path / "matrix")
    check_counts(read_corpus([tmp_path / "matrix"]), 0, ["0", "1", "2"])


def test_excel_names_its_delimiter(tmp_path: Path) -> None:
    for first, row in (("sep=;", "a,b;c"), ('"SEP=|"', "a;;b|c"), ("sep=\\t", "a,b\tc")):
        (tmp_path / "a.csv").write_text(f"{first}\ntext{row[-2]}n\npear {row}\n")
        corpus = read_corpus([tmp_path / "a.csv"])
        assert (documents(corpus), corpus.document_ids().to_pylist()) == ([["pear"]], ["1"])


def test_no_text_is_empty_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows: list[dict[str, Any]] = [
        {"n": 1},
        {"text": "pear fig", "n": 2},
        {"text": None},
        {"n": 3},
        {"text": ""},
        {"text": "lime"},
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    pq.write_table(pa.table({"text": [row.get("text") for row in rows]}), tmp_path / "a.parquet")
    for name in ("a.jsonl", "a.parquet"):
        corpus = read_corpus([tmp_path / name])
        assert documents(corpus) == [[], ["pear", "fig"], [], [], [], ["lime"]]
        assert (corpus.n_empty_documents, corpus.n_without_text) == (4, 3)
        built = build_corpus([tmp_path / name], tmp_path / f"{name}.corpus")
        assert (built.n_without_text, built.content_hash) == (3, corpus.content_hash)
        batches = iter_documents([tmp_path / name], vocabulary_terms=TERMS, batch_documents=2)
        assert sum(batch.n_without_text for batch in batches) == 3
    rows = [
        {"title": "pear"},
        {"abstract": "fig"},
        {"title": "lime", "abstract": "pear"},
        {"title": None},
        {},
    ]
    (tmp_path / "b.jsonl").write_text("\n".join(map(json.dumps, rows)))
    both = read_corpus([tmp_path / "b.jsonl"], recipe=Recipe(text="title,abstract"))
    assert documents(both) == [["pear"], ["fig"], ["lime", "pear"], [], []]
    assert both.n_without_text == 2
    with pytest.raises(DataError, match="lines 1 to 5: no field 'txt'; it has: 'title', 'abstract'; choose"):
        read_corpus([tmp_path / "b.jsonl"], recipe=Recipe(text="txt"))
    monkeypatch.setattr("lda.corpus.readers.jsonl.LINES_THAT_WAIT", 2)
    with pytest.raises(DataError, match="lines 1 to 2: no field 'txt'"):
        read_corpus([tmp_path / "b.jsonl"], recipe=Recipe(text="txt"))


def test_a_manifest_of_before(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("pear fig\n")
    built = build_corpus([tmp_path / "a.txt"], tmp_path / "c")
    manifest = json.loads((tmp_path / "c" / "manifest.json").read_text())
    del manifest["n_without_text"], manifest["sha256"]
    (tmp_path / "c" / "manifest.json").write_text(json.dumps(manifest))
    opened = read_corpus([tmp_path / "c"])
    assert (opened.content_hash, opened.n_without_text) == (built.content_hash, 0)


def test_strings_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(
        '{"text": "pear \\ud83d", "\\udc00": 1, "n": {"x": "\\ud83d"}, "m": "\\ud83d"}\n'
    )
    corpus = read_corpus([tmp_path / "a.jsonl"])
    metadata = corpus.metadata()
    assert metadata is not None
    assert metadata.to_pydict() == {"?": [1], "n": ['{"x": "?"}'], "m": ["?"]}
    with pytest.raises(DataError, match=r"got 'x\\ud83d' in what .* returned for '1', which holds half"):
        read_corpus([tmp_path / "a.jsonl"], tokenizer=lambda text: ["x\ud83d"])
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / os.fsdecode(b"caf\xe9.txt")).write_text("pear")
    assert read_corpus([tmp_path / "texts"]).document_ids().to_pylist() == ["caf\\udce9.txt"]


def test_an_id_that_need_not_be_there(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "pear"}\n{"text": "fig", "url": "u2"}\n')
    (tmp_path / "a.csv").write_text("text,url\npear,u1\nfig,u2\n")
    pq.write_table(pa.table({"text": ["pear", "fig"], "url": [None, "u2"]}), tmp_path / "a.parquet")
    expected = {"a.jsonl": ["1", "2"], "a.csv": ["u1", "u2"], "a.parquet": ["1", "u2"]}
    for name, ids in expected.items():
        how: dict[str, Any] = {"recipe": Recipe(id="url"), "require_id": False}
        (batch,) = iter_documents([tmp_path / name], vocabulary_terms=TERMS, **how)
        assert batch.ids == ids
        how["require_id"] = True
        if name == "a.csv":
            how["recipe"] = Recipe(id="link")
        with pytest.raises(DataError, match="'url'"):  # as the missing one, or among those that are there
            list(iter_documents([tmp_path / name], vocabulary_terms=TERMS, **how))
