"""Bad input: one clear line with the rule, the value and the place, and nothing half-written."""

from __future__ import annotations

import gzip
import lzma
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import scipy.sparse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lda.corpus import DataError, Recipe, read_corpus
from lda.corpus.readers.registry import FORMATS

if TYPE_CHECKING:
    from pathlib import Path

ROW = b'{"id": 1, "text": "good words"}\n'
UCI = b"2\n3\n2\n1 1 2\n2 3 1\n"
MM = b"%%MatrixMarket matrix coordinate integer general\n2 2 2\n1 1 3\n2 2 1\n"


def refuse(path: Path, match: str, format: str = "auto", **options: object) -> None:  # noqa: A002
    with pytest.raises(DataError, match=match) as caught:
        read_corpus([path], format=format, recipe=Recipe(**options))  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.jsonl", b"", "at least one document"),
        ("a.jsonl", ROW + b'{"id": 2, "text": "x"\n', "line 2, column 22 is not JSON"),
        ("a.jsonl", ROW + b"[1]\n", "line 2 is not a JSON object but an array"),
        ("a.jsonl", b'[\n{"text": "x"}\n]\n', r"one JSON array, not JSON lines; convert it with `jq"),
        ("a.jsonl", b"[" * 100_000, "not JSON"),
        (
            "a.jsonl",
            b'{"id": 2, "txt": "x"}\n' * 2,
            "lines 1 to 2: no field named 'text', .*; it has: 'id', 'txt'",
        ),
        (
            "a.jsonl",
            b'{"id": 2, "text": 5}\n',
            "'text' must be a string or an array of strings, got a number",
        ),
        ("a.jsonl", b'{"text": {"a": 1}}\n', "got an object"),
        ("a.jsonl", ROW * 3 + b'{"text": "caf\xe9"}\n', r"byte 0xe9 at position 109 .*latin-1"),
        ("a.jsonl", ROW + b"\x00\x01", "line 2 holds a NUL byte.*--encoding-errors ignore.*binary file"),
        ("a.txt", b"abc\xff", "byte 0xff at position 3"),
        ("a.txt", b"\xef\xbb\xbfabc\xff", "byte 0xff at position 6"),
        ("a.txt", b"word " * 300_000 + b"\xc3", "byte 0xc3 at position 1500000"),
        ("a.txt", b"x" * (2**20 - 1) + b"\xc3(", "byte 0xc3 at position 1048575"),
        ("a.txt", b"\x00\x00", "line 1 holds a NUL byte"),
        ("a.txt", b"x\r\ny\rz\n" * 200_000 + b"\0\n", "line 600001 holds a NUL byte"),
        ("a.txt", "one\ntwo".encode("utf-16-le"), "line 1 holds a NUL byte, as .*--encoding utf-16-le"),
        ("a.txt", "one\ntwo".encode("utf-16-be"), "line 1 holds a NUL byte, as .*--encoding utf-16-be"),
        (
            "a.txt",
            b"one\ntwo\rthree \xff",
            "line 3 is not valid utf-8: .*--encoding latin-1.*--encoding-errors",
        ),
        (
            "a.csv",
            b"PK\x03\x04" + b"-" * 26 + b"[Content_Types].xml",
            "is an Excel workbook .*; save it as CSV",
        ),
        ("a.txt", b"%PDF-1.7", "is a PDF document"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1", "is an old Excel"),
        ("a.csv", b"sep=;\ntext;n\nx;1\ny\n", "line 4: 1 fields, but 2 in the header"),
        ("a.csv", b"sep=;\nname;n\nx;1\n", "line 2: no field named 'text'"),
        ("a.jsonl", ROW + b'{"id": "x\\ud83d", "text": "y"}', r"line 2: the id 'x\\ud83d' holds half"),
        ("a.txt", b"1 2 3\n", "all documents are empty: not one token"),
        ("a.csv", b"", "header line"),
        ("a.csv", b"text,n\n", "at least one document"),
        ("a.csv", b"text,n\nx,1\ny\n", "line 3: 1 fields, but 2 in the header"),
        ("a.csv", b'text,n\n"x\ny",1\nz,2,3\n', "line 4: 3 fields"),
        ("a.csv", b'text,n\n"x" y,1\n', "line 2: broken quoting"),
        ("a.csv", b'text,n\nok,1\n"never closed,1\n', "line 3: broken quoting"),
        ("a.csv", b"text,text\nx,1\n", "'text' stands twice"),
        ("a.csv", b"name,n\nx,1\n", "no field named 'text'.*it has: 'name', 'n'; choose one with --text"),
        ("a.tsv", b"text\tn\nx\n", "line 2: 1 fields, but 2"),
        ("a.parquet", b"PAR1 nothing", "cannot be read as Parquet"),
        ("a.npz", b"PK\x03\x04 cut off", "not a sound matrix of scipy.sparse.save_npz"),
        ("a.mtx", MM[:-6], "1 entries, but its header says 2; it is cut off"),
        ("a.mtx", MM.replace(b"1 1 3", b"1 1 -3"), "negative -3 at .*row 0, column 0"),
        ("a.mtx", MM.replace(b"integer", b"real").replace(b"1 1 3", b"1 1 0.5"), "the fraction 0.5"),
        ("a.mtx", MM.replace(b"integer", b"real").replace(b"1 1 3", b"1 1 nan"), "NaN"),
        ("a.mtx", MM.replace(b"1 1 3", b"9 1 3"), "row numbers must lie in 1 ... 2, got 9 in entry 1"),
        ("a.ldac", b"2 0:1 1:2\n3 0:1\n", r"line 2: must begin with the number of its pairs \(1\), got '3'"),
        ("a.ldac", b"1 0:1\n1 x:1\n", "line 2: expected id:count, got 'x:1'"),
        ("a.ldac", b"1 0:1.5\n", "the fraction 1.5 at .*line 1"),
        ("a.ldac", b"1 -1:1\n", "must lie in 0"),
        (
            "a.ldac",
            b"1 99999999999:1\n",
            "speaks of 0 documents and 100000000000 terms, but has only 1 entries",
        ),
        ("a.svm", b"1 1:2\n1 2:-1\n", "negative -1.0 at .*line 2"),
        ("a.svm", b"1 1:2 2\n", "expected id:count, got '2'"),
        ("a.tar.gz", b"", "is an archive; unpack it"),
        ("a.zip", b"", "is an archive; unpack it"),
        ("a.bin", b"\x01\x02", "cannot be told by name or content"),
    ],
)
def test_damaged_files(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(data)
    refuse(tmp_path / name, message)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (UCI.replace(b"2\n3\n2\n", b"2\nthree\n2\n"), "must begin with three lines"),
        (b"2\n3\n", "must begin with three lines"),
        (b"", "must begin with three lines"),
        (UCI + b"2 9 1\n", r"term numbers must lie in 1 \.\.\. 3, got 9 in entry 3"),
        (UCI.replace(b"1 1 2", b"1 0 2"), r"must lie in 1 \.\.\. 3, got 0 in entry 1"),
        (UCI + b"7 1 1\n", r"document numbers must lie in 1 \.\.\. 2, got 7"),
        (UCI.replace(b"2 3 1\n", b""), "1 entries, but its header says 2; it is cut off"),
        (UCI.replace(b"1 1 2", b"1 1 -2"), "negative -2 at entry 1"),
        (UCI.replace(b"2 3 1", b"2 3"), "line 5: expected `document term count`, got b'2 3'"),
        (UCI.replace(b"2 3 1", b"2 3 1.5"), "line 5: numbers must be whole"),
        (UCI.replace(b"2 3 1", b"2 3 nan"), "line 5: numbers must be whole"),
        (
            UCI.replace(b"2 3 1", b"1 3 1").replace(b"1 1 2", b"2 1 2"),
            "sorted by document, but 1 comes too late",
        ),
        (UCI.replace(b"2\n3\n2", b"2\n5\n2"), "has 3 terms, but its header says 5"),
        (UCI.replace(b"2\n3\n2", b"2\n-3\n2"), "not negative"),
    ],
)
def test_damaged_docword(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "docword.x.txt").write_bytes(data)
    (tmp_path / "vocab.x.txt").write_text("a\nb\nc\n")
    refuse(tmp_path / "docword.x.txt", message)


@pytest.mark.parametrize(
    ("vocabulary", "message"),
    [
        (None, "no vocab file beside it; name it"),
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("a\n\nc\n", r"an empty line \(2\)"),
        ("a\nb\na\n", "'a' twice"),
        ("a\nb\n", "has 2 terms, but its header says 3"),
    ],
)
def test_bad_vocabularies(tmp_path: Path, vocabulary: str | None, message: str) -> None:
    (tmp_path / "docword.x.txt").write_bytes(UCI)
    if vocabulary is not None:
        (tmp_path / "vocab.x.txt").write_text(vocabulary)
    refuse(tmp_path / "docword.x.txt", message)


def test_vocabulary_shorter_than_the_ids(tmp_path: Path) -> None:
    (tmp_path / "a.ldac").write_text("1 0:1\n2 1:1 5:1\n")
    (tmp_path / "a.vocab").write_text("one\ntwo\n")
    refuse(tmp_path / "a.ldac", r"line 2: term ids must lie in 0 \.\.\. 1, got 5; give the vocabulary")
    scipy.sparse.save_npz(tmp_path / "b.npz", scipy.sparse.csr_matrix(np.eye(3)))
    (tmp_path / "b.vocab").write_text("one\ntwo\n")
    refuse(tmp_path / "b.npz", "each of the 3 columns, got 2 terms")


def test_npz_with_ids_out_of_range(tmp_path: Path) -> None:
    matrix = scipy.sparse.csr_matrix(np.eye(3))
    matrix.indices[1] = 7
    scipy.sparse.save_npz(tmp_path / "a.npz", matrix)
    refuse(tmp_path / "a.npz", "damaged matrix|save_npz")
    np.savez(tmp_path / "b.npz", x=np.array([{}], dtype=object))
    refuse(tmp_path / "b.npz", "save_npz")


@pytest.mark.parametrize(
    "pack", [gzip.compress, lzma.compress, lambda d: pa.Codec("zstd").compress(d, asbytes=True)]
)
def test_truncated_archives(tmp_path: Path, pack: object) -> None:
    assert callable(pack)
    noise = np.random.default_rng(0).integers(97, 123, 200_000, dtype=np.uint8).tobytes()
    data = pack(b"\n".join(noise[i : i + 50] for i in range(0, len(noise), 50)))
    (tmp_path / "a.txt.gz").write_bytes(data[: len(data) // 2])
    refuse(tmp_path / "a.txt.gz", "damaged or cut off after")


def test_missing_things(tmp_path: Path) -> None:
    refuse(tmp_path / "none.txt", "there is no file or folder")
    refuse(tmp_path, "holds no files")
    (tmp_path / ".hidden").write_text("x")
    refuse(tmp_path, "holds no files")
    with pytest.raises(DataError, match="at least one input, got none"):
        read_corpus([])
    with pytest.raises(ValueError, match="format must be one of auto, text, lines"):
        read_corpus([tmp_path], format="word")
    (tmp_path / "a.txt").write_text("pear\n")
    with pytest.raises(ValueError, match="encoding 'klingon' is unknown"):
        read_corpus([tmp_path / "a.txt"], encoding="klingon")
    with pytest.raises(ValueError, match="errors must be strict"):
        read_corpus([tmp_path / "a.txt"], errors="hide")
    with pytest.raises(ValueError, match="threads must be at least 1"):
        read_corpus([tmp_path / "a.txt"], threads=0)


def test_fields_that_were_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_bytes(ROW)
    refuse(file, "line 1: no field 'body'; it has: 'id', 'text'; choose one with --text", text="body")
    refuse(file, "no field 'title'", text="title,text")
    refuse(file, "no field 'key'; it has: 'id', 'text'; choose one with --id", id="key")
    file.write_bytes(ROW + b'{"text": "no id"}\n')
    refuse(file, "line 2: the id field 'id' is missing or null", id="id")
    pq.write_table(pa.table({"text": [1, 2]}), tmp_path / "a.parquet")
    refuse(tmp_path / "a.parquet", "'text' must hold text, or lists of it, got int64")
    pq.write_table(pa.table({"text": ["x"], "id": pa.array([None], pa.string())}), tmp_path / "a.parquet")
    refuse(tmp_path / "a.parquet", "the id field 'id' holds null", id="id")


def test_binary_file_among_texts(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("words")
    (tmp_path / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")
    refuse(tmp_path, r"b\.png, line 1 is not valid utf-8: byte 0x89 at position 0")
    (tmp_path / "b.png").write_bytes(b"PNG\x00")
    refuse(tmp_path, r"b\.png, line 1 holds a NUL byte.* if it is a binary file")


def test_the_option_that_emptied_the_documents_is_named(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("the pear the\nof fig\n")
    refuse(
        file, r"of 5 tokens were removed by --stop-words 3, --min-df 2; relax it", stop_words="en", min_df=2
    )
    refuse(file, r"of 5 tokens were removed by --min-df 5", min_df=3)
    refuse(file, r"removed by --max-df 5", max_df=0.1)


def test_kinds_must_not_be_mixed(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("pear\n")
    (tmp_path / "b.mtx").write_bytes(MM)
    (tmp_path / "c.mtx").write_bytes(MM.replace(b"2 2 2", b"2 3 2"))
    with pytest.raises(DataError, match=r"all text or all counts"):
        read_corpus([tmp_path / "a.txt", tmp_path / "b.mtx"])
    with pytest.raises(DataError, match=r"share one vocabulary"):
        read_corpus([tmp_path / "b.mtx", tmp_path / "c.mtx"])
    with pytest.raises(DataError, match=r"need text"):
        read_corpus([tmp_path / "b.mtx"], recipe=Recipe(ngram_range=(1, 2)))
    both = read_corpus([tmp_path / "b.mtx", tmp_path / "b.mtx"])
    assert both.document_ids().to_pylist() == ["b.mtx:1", "b.mtx:2"] * 2


SEEDS = [
    ROW,
    UCI,
    MM,
    b"2 0:1 3:2\n1 1:1\n",
    b"text,n\nx y,1\n",
    b"text\tn\nx y\t1\n",
    b"1 1:2 3:4\n",
    b"words\n",
]


@pytest.mark.filterwarnings("ignore:the default pattern drops", "ignore:.* among the most frequent terms")
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.integers(0, 60), st.binary(max_size=3)), max_size=4),
    st.sampled_from([f for f in FORMATS if f != "auto"]),
)
def test_nothing_but_data_errors(
    tmp_path: Path, seed: bytes, edits: list[tuple[int, bytes]], kind: str
) -> None:
    """Whatever stands in the file: a sound corpus or a DataError of one line."""
    data = seed
    for position, new in edits:
        data = data[:position] + new + data[position + 1 :]
    (tmp_path / "file").write_bytes(data)
    (tmp_path / "vocab.txt").write_text("a\nb\nc\nd\n")
    try:
        corpus = read_corpus([tmp_path / "file"], format=kind, vocabulary=tmp_path / "vocab.txt")
    except DataError as error:
        assert "\n" not in str(error)  # noqa: PT017 - either outcome is right
        return
    counts = corpus.to_csr()
    assert counts.shape == (corpus.n_documents, corpus.n_terms)
    assert counts.sum() == corpus.n_tokens > 0
