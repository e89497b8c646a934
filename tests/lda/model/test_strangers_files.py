"""Whatever stands in a model, a corpus or a file of documents: it is read, or refused in one line."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import resource
import shutil
import zipfile
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import scipy.sparse as sp
import tiny
from forged import Folder, resigned
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lda
from lda import Model
from lda.cli.info import describe, info_lines
from lda.cli.topic_table import topic_markdown, topic_table, topic_tsv
from lda.corpus import Corpus, DataError, Recipe, as_corpus, build_corpus, iter_documents, read_corpus
from lda.corpus.presentable import printable
from lda.corpus.readers.registry import FORMATS
from lda.corpus.storage.npy_file import DAMAGED_ARCHIVE
from lda.model.description import Description, read_description
from lda.model.run_record import strict_json
from lda.model.text_recipe import recipe_of
from lda.model.topic_matrix import read_topic_matrix

CASES: Final = int(os.environ.get("LDA_FUZZ_CASES", "2000"))
"""How many altogether; 100,000 take an hour."""

ROOM: Final = 2**32
"""Address space that reading files of some kilobytes may take."""

pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")  # of what a test fails with


def _cases(share: float) -> Any:
    """Settings of a test that has this share of all cases; the same ones each time unless more are asked for."""
    return settings(
        deadline=None,
        max_examples=max(1, round(CASES * share)),
        derandomize=CASES <= 2000,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


@pytest.fixture(scope="module", autouse=True)
def _little_memory() -> Iterator[None]:
    """What asks for memory by a number in a file gets none."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0]) if Path("/proc/self/statm").exists() else 0
    if pages:
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + ROOM, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


def _read(folder: Path) -> Folder:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("strangers")


SOUND: Final[dict[str, list[Folder]]] = {}
"""Sound folders by the name of their description; made once, by the fixtures below."""


@pytest.fixture(scope="module")
def _models(place: Path) -> None:
    """Sound models: of one file of counts with averages, and of two files."""
    (place / "d.jsonl").write_text(
        "".join(json.dumps({"text": " ".join(t)}) + "\n" for t in tiny.documents())
    )
    corpus = read_corpus([place / "d.jsonl"], recipe=Recipe(pattern=r"\b\w\w+\b", stop_words=("bread",)))
    lda.LDA(3, max_iter=12, n_samples=3, random_state=1).fit(corpus).save(place / "whole")
    whole = _read(place / "whole")
    counts: Any = sp.csr_matrix(sp.load_npz(place / "whole" / "counts.npz"))
    cut = {name: data for name, data in whole.items() if name not in {"counts.npz", "soft_counts.npz"}}
    description = json.loads(whole["model.json"]) | {"soft": False}
    parts = []
    for i, rows in enumerate((counts[:6], counts[6:])):
        buffer = io.BytesIO()
        sp.save_npz(buffer, rows, compressed=bool(i))
        cut[f"counts-{i}.npz"] = buffer.getvalue()
        size = 8 * rows.nnz + 4 * rows.shape[0] + 999
        cut[f"counts-{i}.npz"] += b""
        parts.append({"file": f"counts-{i}.npz", "words": rows.shape[0], "entries": rows.nnz, "bytes": size})
    description["parts"] = {"counts": parts, "soft_counts": []}
    cut["model.json"] = json.dumps(description).encode()
    SOUND["model.json"] = [whole, resigned(cut, "model.json")]
    for folder in SOUND["model.json"]:  # sound, or the rest would prove little
        use_model(_laid_out(place / "sound", folder), verify=True)


@pytest.fixture(scope="module")
def _corpora(place: Path) -> None:
    """Sound corpora: of text with metadata, and of counts."""
    rows = [
        {"id": str(i), "text": " ".join(t), "n": i, "m": {"a": [i]}} for i, t in enumerate(tiny.documents(12))
    ]
    (place / "c.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    build_corpus([place / "c.jsonl"], place / "text", recipe=Recipe(ngram_range=(1, 2), min_df=2))
    as_corpus(tiny.counts(9)).save(place / "counts")
    SOUND["manifest.json"] = [_read(place / "text"), _read(place / "counts")]
    for folder in SOUND["manifest.json"]:
        use_corpus(_laid_out(place / "sound", folder))


def _laid_out(target: Path, folder: Folder) -> Path:
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    for name, data in folder.items():
        (target / name).write_bytes(data)
    return target


def use_model(path: Path, *, verify: bool) -> None:
    """All that reading commands do with a model, but for compiled code, into which only what is sound may go."""
    model = Model.load(path, verify=verify)
    assert model.counts.shape == (model.n_terms, model.n_topics) == (len(model.vocabulary), len(model.alpha))
    assert (
        model.counts.nnz == 0
        or 0 <= model.counts.indices.min() <= model.counts.indices.max() < model.n_topics
    )
    if verify:
        assert model.counts.sum(dtype=np.int64) == model.record.n_trained_tokens
        assert np.isfinite(model.topic_word).all()
    topics = model.topics(3)
    for told in (topic_table(topics, width=30).plain, topic_markdown(topics), topic_tsv(topics, 3)):
        assert all(printable(line) == line.replace("\t", r"\t") for line in told.split("\n"))
    value = describe(model, Description(path, read_description(path)))
    info_lines(value)
    json.dumps(strict_json(value), allow_nan=False)
    recipe_of(model)
    lda.load(path, verify=verify).history_  # noqa: B018


def use_corpus(path: Path) -> None:
    """All that a fit reads of a corpus."""
    corpus = Corpus.open(path)
    counts = corpus.to_csr()
    assert counts.shape == (corpus.n_documents, corpus.n_terms)
    assert counts.sum() == corpus.n_tokens
    assert (np.asarray(counts.sum(axis=0)).ravel() <= corpus.term_frequencies).all()
    assert len(corpus.document_ids()) == corpus.n_documents
    corpus.metadata()
    json.dumps(corpus.manifest)
    for batch in iter_documents([path], vocabulary_terms=["bread", "goal", *map(str, range(40))]):
        assert batch.doc_offsets[-1] == len(batch.words)


def _one_line(use: Callable[[], object]) -> None:
    try:
        use()
    except DataError as error:
        text = str(error)
        assert printable(text) == text  # `isprintable` refuses blanks and joiners, too, which move nothing
        assert len(text) < 2000


# What a description may say where it should say something else.
VALUES: Final[st.SearchStrategy[Any]] = st.one_of(
    st.sampled_from(
        [
            None, True, False, "", "x", "../../etc/passwd", "/etc/passwd", "a/../../b", "counts.npz", "a\0b", "\x1b[2J",
            "\ud800", "((a+)+)+$", "(" * 2000, r"\p{L}" * 50_000, [], {}, [[]], [None], [-1], {"a": 1}, "z" * 10_000,
            0, 1, -1, 2, 3, 2**31, 2**31 - 1, 2**32, 2**63 - 1, 2**63, 2**64, 10**30, -(2**70), 0.5, -0.0, 1e300,
            -1e300, [2**40, 2**40], [1, 10**9], ["x", 1], {"bytes": 1}, {"file": "../x"}, {"file": None},
            [{"file": "alpha.npy"}], "__class__", 1e-320, "auto", "adlda", [0.1, 0.1, 0.1], "f" * 64,
        ]
    ),
    st.integers(-(2**66), 2**66),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
)  # fmt: skip


def _deep(levels: int) -> str:
    return "[" * levels + "]" * levels


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    entries = (
        value.items() if isinstance(value, dict) else enumerate(value[:3]) if isinstance(value, list) else ()
    )
    for key, entry in entries:
        yield (*path, key)
        yield from _places(entry, (*path, key))


@st.composite
def edited_json(draw: st.DrawFn, data: bytes) -> bytes:
    """The same description with some of what it says replaced, removed or added."""
    value = json.loads(data)
    for _ in range(draw(st.integers(1, 2))):
        places = list(_places(value))
        *above, last = draw(st.sampled_from(places))
        holder = value
        for key in above:
            holder = holder[key]
        if draw(st.integers(0, 4)) == 0:
            del holder[last]
        else:
            holder[last] = deepcopy(draw(VALUES))  # a later edit may be within it
    text = json.dumps(value)
    raw = draw(
        st.sampled_from(["", "", "", "NaN", "Infinity", "1e999", "9" * 5000, _deep(40), _deep(100_000)])
    )
    return (text if not raw else text.replace("0", raw, 1)).encode("utf-8", "surrogatepass")


@st.composite
def edited_bytes(draw: st.DrawFn, data: bytes) -> bytes:
    """The same bytes with a bit flipped, cut off, or with others among them."""
    if not data:
        return draw(st.binary(max_size=20))
    at = draw(st.integers(0, len(data) - 1))
    kind = draw(st.integers(0, 4))
    if kind == 0:
        return data[:at] + bytes([data[at] ^ (1 << draw(st.integers(0, 7)))]) + data[at + 1 :]
    if kind == 1:
        return data[:at]
    if kind == 2:
        return draw(st.binary(max_size=40))
    end = at + draw(st.integers(0, 12))
    return data[:at] + draw(st.binary(max_size=12) | st.just(b"\xff" * 8)) + data[end:]


def _saved(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def _loaded(data: bytes) -> np.ndarray:
    try:
        return np.load(io.BytesIO(data))
    except (ValueError, EOFError):
        return np.zeros(1, np.int32)


def _npy(descr: str, shape: object, body: bytes = b"") -> bytes:
    """A file that says of itself what is asked for."""
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    return (
        b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode("latin-1", "replace") + body
    )


ARRAYS: Final = st.one_of(
    st.builds(
        _npy,
        st.sampled_from(["'<i4'", "'<i8'", "'<f4'", "'<f8'", "'<c16'", "'|O'", "'|S3'", "[('a', '<i4')]", "9"]),
        st.sampled_from(["()", "(3,)", "(16,)", "(2,)", "(0,)", f"({10**12},)", f"({10**18}, {10**18})", "(-1,)"]),
        st.binary(max_size=130),
    ),
    st.sampled_from(
        [
            np.array([-1] * 15, np.int32), np.full(15, 2**31 - 1, np.int32), np.zeros(16, np.int32), np.ones(3),
            np.array([15, 3]), np.array([2**62, 2**62]), np.array([1.5, np.nan, np.inf]), np.array(b"coo"),
            np.array(b"csr"), np.array([1j, 2, 3]), np.arange(16, dtype=">i4"),
            np.array([3, 2, 1] * 5, np.int64), np.array(["x"]),
        ]
    ).map(_saved),  # type: ignore[arg-type]
)  # fmt: skip


def _members(data: bytes) -> dict[str, bytes]:
    """What is in an archive; nothing in one that is damaged."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    except DAMAGED_ARCHIVE:
        return {}


@st.composite
def edited_npz(draw: st.DrawFn, data: bytes) -> bytes:
    """The same archive with another array in it, packed or not."""
    members = _members(data)
    name = draw(st.sampled_from([*members, "indices.npy", "data.npy"]))
    kind = draw(st.integers(0, 5))
    if kind == 0:
        members.pop(name, None)
    elif kind == 1:
        members[name] = draw(edited_bytes(members.get(name, b"")))
    elif kind == 2 and name in members and members[name][:6] == b"\x93NUMPY":
        array = _loaded(members[name])
        if array.dtype.kind in "iuf" and array.size:
            array = array.astype(
                draw(st.sampled_from([array.dtype, array.dtype, np.dtype(np.int8), np.dtype(np.float32)]))
            )
            array.flat[draw(st.integers(0, array.size - 1))] = draw(st.sampled_from([0, 1, 2, 3, 100]))
        members[name] = _saved(array)
    elif kind == 3:
        members[name] = _saved(np.zeros(draw(st.sampled_from([10, 10**6])), np.int32))
    else:
        members[name] = draw(ARRAYS)
    out = io.BytesIO()
    how = draw(st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA]))
    with zipfile.ZipFile(out, "w", how) as archive:
        for member, content in members.items():
            archive.writestr(
                zipfile.ZipInfo(member), content, how
            )  # of a fixed date: the same file each time
    return out.getvalue()


def _batch(ids: list[str | None], offsets: list[int], words: list[int]) -> pa.RecordBatch:
    lists = pa.LargeListArray.from_arrays(pa.array(offsets, pa.int64()), pa.array(words, pa.int32()))
    return pa.RecordBatch.from_arrays([pa.array(ids, pa.large_string()), lists], names=["id", "tokens"])


def _arrow(batch: pa.RecordBatch, compression: Any) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(
        sink, batch.schema, options=pa.ipc.IpcWriteOptions(compression=compression)
    ) as writer:
        writer.write_batch(batch)
    return sink.getvalue().to_pybytes()


@st.composite
def hostile_arrow(draw: st.DrawFn) -> bytes:
    """A shard or a vocabulary that is a sound file of Arrow, and wrong."""
    small = st.integers(-2, 40)
    n = draw(st.integers(1, 3))
    if draw(st.integers(0, 3)) == 0:
        terms = draw(st.lists(st.sampled_from(["a", "b", "c", None]), min_size=n, max_size=n))
        counts = st.lists(small, min_size=n, max_size=n).map(lambda found: pa.array(found, pa.int64()))
        columns: dict[str, Any] = {"term": pa.array(terms, pa.large_string())}
        columns |= {name: draw(counts) for name in ("term_frequency", "document_frequency")}
        batch = pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))
        return _arrow(batch, draw(st.sampled_from([None, "zstd"])))
    words = draw(st.lists(small | st.just(2**31 - 1), min_size=n, max_size=6))
    ids = [None if draw(st.booleans()) else str(i) for i in range(n)]
    bounds = [*range(n), len(words)]
    data = _arrow(_batch(ids, bounds, words), draw(st.sampled_from([None, None, None, "zstd", "lz4"])))
    wild = draw(st.just(bounds) | st.lists(small | st.just(2**60), min_size=n + 1, max_size=n + 1))
    return data.replace(np.array(bounds, np.int64).tobytes(), np.array(wild, np.int64).tobytes())


@st.composite
def edited_folder(draw: st.DrawFn, description: str) -> Folder:
    """A folder of which something is not as it was."""
    folder = dict(SOUND[description][draw(st.integers(0, 1))])
    for _ in range(draw(st.integers(1, 2))):
        name = draw(st.sampled_from([description, *folder]))
        data = folder.get(name, b"")
        if name == description and draw(st.integers(0, 5)):
            try:
                folder[name] = draw(edited_json(data))
            except (ValueError, RecursionError, IndexError):  # edited before, into no JSON
                folder[name] = draw(edited_bytes(data))
        elif name.endswith(".npz") and draw(st.booleans()):
            folder[name] = draw(edited_npz(data))
        elif name.endswith(".arrow") and draw(st.booleans()):
            folder[name] = draw(hostile_arrow())
        elif name.endswith(".npy") and draw(st.booleans()):
            folder[name] = draw(ARRAYS)
        else:
            folder[name] = draw(edited_bytes(data))
    return resigned(folder, description) if draw(st.integers(0, 3)) else folder


@_cases(0.4)
@given(edited_folder("model.json"), st.booleans())
@pytest.mark.usefixtures("_models")
def test_models(place: Path, folder: Folder, verify: bool) -> None:
    target = _laid_out(place / "model", folder)
    _one_line(lambda: use_model(target, verify=verify))


@_cases(0.25)
@given(edited_folder("manifest.json"))
@pytest.mark.usefixtures("_corpora")
def test_corpora(place: Path, folder: Folder) -> None:
    _one_line(lambda: use_corpus(_laid_out(place / "corpus", folder)))


def _parquet() -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({"id": ["a", "b"], "text": ["one two", None], "l": [[1], [2, 3]]}), sink)
    return sink.getvalue()


def _npz(compressed: bool) -> bytes:
    sink = io.BytesIO()
    sp.save_npz(sink, sp.csr_matrix(np.eye(4, dtype=np.int32)), compressed=compressed)
    return sink.getvalue()


FILES: Final[list[tuple[bytes, str]]] = [
    (b'{"id": 1, "text": "good words"}\n', "jsonl"),
    (b'{"text": "x y", "m": ' + b'{"a":[' * 70 + b"1" + b"]}" * 70 + b"}\n", "jsonl"),
    (b'{"text": "x", "m": ' + b"[" * 20_000 + b"]" * 20_000 + b"}\n", "jsonl"),
    (b'{"text": "\\ud800 a", "n": 1e999, "k": NaN, "big": ' + b"9" * 400 + b"}\n", "jsonl"),
    (b"2\n3\n2\n1 1 2\n2 3 1\n", "uci"),
    (b"9999999999999\n3\n2\n1 1 2\n2 3 1\n", "uci"),
    (b"%%MatrixMarket matrix coordinate integer general\n2 2 2\n1 1 3\n2 2 1\n", "mm"),
    (b"%%MatrixMarket matrix array real general\n2 2\n1\n2\n3\n4\n", "mm"),
    (b"%%MatrixMarket matrix coordinate real general\n99999999999 2 1\n1 1 1e300\n", "mm"),
    (b"2 0:1 3:2\n1 1:1\n", "ldac"),
    (b"2\npear fig pear\nlime\n", "low"),
    (b"1 99999999999:1\n", "ldac"),
    (b"text,n\nx y,1\n", "csv"),
    (b"text\tn\nx y\t1\n", "tsv"),
    (b"1 1:2 3:4\n", "svmlight"),
    (b"words and more\n", "lines"),
    (b"a en words and more\n", "mallet"),
    (b"a\ten\t0: words (0)\n1: more (1)\n\nb\ten\t\n\n", "mallet"),
    (b"\xff\xfew\x00o\x00", "lines"),
    (_parquet(), "parquet"),
    (_npz(compressed=True), "npz"),
    (_npz(compressed=False), "npz"),
]  # fmt: skip

PACKED: Final[list[Callable[[bytes], bytes]]] = [
    bytes, bytes, bytes, lambda data: gzip.compress(data, mtime=0), bz2.compress, lzma.compress,
    lambda data: pa.Codec("zstd").compress(data, asbytes=True),
]  # fmt: skip


@st.composite
def edited_file(draw: st.DrawFn) -> tuple[bytes, str]:
    """A file, and the format that it is read as; as a rule its own."""
    data, kind = draw(st.sampled_from(FILES))
    if data[:2] == b"PK" and draw(st.booleans()):
        data = draw(edited_npz(data))
    else:
        for _ in range(draw(st.integers(0, 2))):
            data = draw(edited_bytes(data))
    data = draw(st.sampled_from(PACKED))(data)
    data = draw(edited_bytes(data)) if draw(st.integers(0, 3)) == 0 else data
    return data, draw(st.just(kind) | st.sampled_from(FORMATS))


@_cases(0.3)
@given(
    edited_file(),
    st.sampled_from(["", ".txt", ".npz", ".csv", ".jsonl", ".parquet"]),
    st.sampled_from(["stop", "skip"]),
)
@pytest.mark.filterwarnings("ignore:.*records were skipped")
def test_readers(place: Path, file: tuple[bytes, str], suffix: str, on_error: str) -> None:
    data, kind = file
    path = place / f"file{suffix}"
    path.write_bytes(data)
    (place / "vocab.txt").write_text("a\nb\nc\nd\n")

    def use() -> None:
        corpus = read_corpus(
            [path], format=kind, vocabulary=place / "vocab.txt", threads=1, on_error=on_error
        )
        assert corpus.to_csr().sum() == corpus.n_tokens > 0
        corpus.save(place / "saved", overwrite=True)
        use_corpus(place / "saved")

    _one_line(use)


def _phi(array: np.ndarray, suffix: str) -> bytes:
    if suffix == ".npy":
        return _saved(array)
    sink = io.BytesIO()
    sp.save_npz(sink, sp.csr_matrix(array))
    return sink.getvalue()


@st.composite
def edited_matrix(draw: st.DrawFn) -> tuple[bytes, str]:
    """Topics of another program, and the ending of their file."""
    suffix = draw(st.sampled_from([".npy", ".npz"]))
    data = _phi(np.array([[0.5, 0.25, 0.25], [0, 1, 0]]), suffix)
    edited = edited_bytes(data) | (edited_npz(data) if suffix == ".npz" else ARRAYS)
    return draw(st.just(data) | edited), suffix


@_cases(0.05)
@given(edited_matrix(), st.just(_saved(np.array([0.1, 0.2]))) | ARRAYS)
def test_matrices_of_topics(place: Path, matrix: tuple[bytes, str], alpha: bytes) -> None:
    data, suffix = matrix
    (place / f"phi{suffix}").write_bytes(data)
    (place / "alpha.npy").write_bytes(alpha)
    (place / "terms.txt").write_text("a\nb\nc\n")
    _one_line(
        lambda: read_topic_matrix(place / f"phi{suffix}", place / "terms.txt", str(place / "alpha.npy"))
    )
