"""Pipes: what can be read only once is read once, and nobody waits for ever."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import scipy.io
import scipy.sparse
from waiting import DEADLINE

from lda.corpus import DataError, iter_documents, keeps_order, read_corpus, resolve_stop_words
from lda.corpus.inputs.find import find_inputs
from lda.corpus.readers.pipes import PipeStore
from lda.corpus.storage.output_target import new_file
from lda.model.topic_matrix import read_topic_matrix

if TYPE_CHECKING:
    from collections.abc import Iterator

N = 20_000  # documents: much more than a pipe holds, so that a byte read in vain is missed
TEXTS = [f"pear{'abcdefgh'[i % 8]} fig lime" for i in range(N)]


@contextmanager
def fifo(path: Path, data: bytes, wait: float = 0.0) -> Iterator[Path]:
    """A named pipe into which the data is written once, by a writer who is there at once and waits so many seconds."""
    os.mkfifo(path)
    beginning = os.open(path, os.O_RDWR) if wait else None

    def write() -> None:
        with path.open("wb") as file:
            time.sleep(wait)
            if beginning is not None:
                os.close(beginning)
            file.write(data)

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    yield path
    writer.join(DEADLINE)
    assert not writer.is_alive(), "nobody has read the pipe to its end"


def written(folder: Path, name: str) -> bytes:
    """The documents as a file of the format."""
    counts = scipy.sparse.csr_matrix(np.eye(3, dtype=int)[np.arange(N) % 3])
    (folder / "vocab.txt").write_text("pear\nfig\nlime\n")
    file = folder / name
    if name.endswith(".jsonl"):
        file.write_text("".join(f'{{"text": "{text}"}}\n' for text in TEXTS))
    elif name.endswith(".csv"):
        file.write_text("sep=;\ntext;n\n" + "".join(f"{text};1\n" for text in TEXTS))
    elif name.endswith(".parquet"):
        pq.write_table(pa.table({"text": TEXTS}), file)
    elif name.endswith(".npz"):
        scipy.sparse.save_npz(file, counts)
    elif name.endswith(".mtx"):
        scipy.io.mmwrite(file, counts)
    elif name.endswith(".ldac"):
        file.write_text("".join(f"1 {i % 3}:1\n" for i in range(N)))
    elif name.startswith("docword"):
        file.write_text(f"{N}\n3\n{N}\n" + "".join(f"{i + 1} {i % 3 + 1} 1\n" for i in range(N)))
    else:
        file.write_text("".join(f"{text}\n" for text in TEXTS))
    return file.read_bytes()


@pytest.mark.parametrize(
    "name", ["a.txt", "a.jsonl", "a.csv", "a.parquet", "a.npz", "a.mtx", "a.ldac", "docword.txt"]
)
def test_a_pipe_is_read_like_the_file(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = written(tmp_path, name)
    expected = read_corpus([tmp_path / name])
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    (tmp_path / name).unlink()
    with fifo(tmp_path / name, data) as pipe:
        found = read_corpus([pipe])
    assert (found.n_documents, found.content_hash) == (N, expected.content_hash)
    assert found.vocabulary == expected.vocabulary
    (tmp_path / name).unlink()
    with fifo(tmp_path / name, data) as pipe:
        batches = iter_documents([pipe], vocabulary_terms=expected.vocabulary)
        assert sum(len(batch.ids) for batch in batches) == N
    assert list(scratch.iterdir()) == []


def test_lists_of_words_may_be_pipes(tmp_path: Path) -> None:
    for name in "ab":  # the vocabulary is needed for both
        (tmp_path / f"{name}.ldac").write_text("2 0:2 2:1\n")
    with fifo(tmp_path / "v", b"pear\rfig\rlime") as pipe:
        corpus = read_corpus([tmp_path / "a.ldac", tmp_path / "b.ldac"], vocabulary=pipe)
    assert (corpus.vocabulary, corpus.n_documents) == (["pear", "fig", "lime"], 2)
    with fifo(tmp_path / "s", b"# words\r\nfig\rpear\n\n" + b"lime\n" * N) as pipe:
        assert resolve_stop_words(str(pipe)) == ("fig", "lime", "pear")
    np.save(tmp_path / "phi.npy", np.full((2, 3), 1 / 3))
    with (
        fifo(tmp_path / "phi", (tmp_path / "phi.npy").read_bytes()) as phi,
        fifo(tmp_path / "w", b"a\nb\nc") as terms,
    ):
        assert read_topic_matrix(phi, terms, 0.1).vocabulary == ["a", "b", "c"]


def test_messages_speak_of_the_pipe(tmp_path: Path) -> None:
    with (
        fifo(tmp_path / "a.jsonl", b'{"text": "x"}\n{') as pipe,
        pytest.raises(DataError, match=f"^{pipe}, line 2, column 2 is not JSON"),
    ):
        read_corpus([pipe])
    with (
        pytest.raises(DataError, match=r"^stdin, line 1 is not valid utf-8"),
        PipeStore(io.BytesIO(b"\xff")) as pipes,
    ):
        read_corpus([pipes.store_stdin()], format="lines")


def test_nobody_waits_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lda.corpus.readers.pipes.WRITER_SECONDS", 0.1)
    os.mkfifo(tmp_path / "p")
    with pytest.raises(
        DataError, match=f"nobody writes to the pipe {tmp_path}/p, waited 0.1 s; start its writer"
    ):
        read_corpus([tmp_path / "p"])
    for look in (
        lambda pipe: find_inputs([pipe]),
        lambda pipe: keeps_order([pipe]),
    ):  # these cannot give back what they have read
        with pytest.raises(DataError, match="no file that can be read twice; store it"):
            look(tmp_path / "p")
    with fifo(tmp_path / "slow.txt", b"pear\n", wait=0.5) as pipe:
        assert read_corpus([pipe]).n_documents == 1  # somebody is there, however long he takes


def test_what_cannot_be_read_or_written_like_this(tmp_path: Path) -> None:
    with (
        fifo(tmp_path / "a.txt", b"pear\n") as pipe,
        pytest.raises(DataError, match="named twice, but can be read only once"),
    ):
        read_corpus([pipe, pipe])
    with pytest.raises(DataError, match="/dev/zero is a device or a socket"):
        read_corpus(["/dev/zero"])
    with pytest.raises(DataError, match="at least one document"):
        read_corpus(["/dev/null"], format="lines")
    with pytest.raises(DataError, match="stdin is closed"), PipeStore() as pipes:
        pipes.store_stdin()
    os.mkfifo(tmp_path / "out.jsonl")
    with (
        pytest.raises(DataError, match="is a pipe or a device"),
        new_file(tmp_path / "out.jsonl", overwrite=True),
    ):
        pass
    assert (tmp_path / "out.jsonl").is_fifo()


@pytest.mark.parametrize(
    "way", ["<(cat {0})", "/dev/stdin < <(cat {0})", "- < <(cat {0})", "/dev/fd/7 7< <(cat {0})"]
)
def test_the_command_reads_all_of_a_pipe(tmp_path: Path, way: str) -> None:
    written(tmp_path, "in.txt")
    lda = f"{sys.executable} -m lda"
    line = f"{lda} corpus build {way.format('in.txt')} --format lines --stop-words <(echo lime) -o c -q"
    done = subprocess.run(["bash", "-c", line], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    from lda.corpus import Corpus

    corpus = Corpus.open(tmp_path / "c")
    assert (corpus.n_documents, corpus.n_terms, corpus.n_empty_documents) == (N, 9, 0)
    assert corpus.document_ids().to_pylist()[-1] == str(N)
