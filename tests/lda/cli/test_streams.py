"""`lda transform` in a pipe, and what it writes beside the topics of a document."""

from __future__ import annotations

import csv
import gzip
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import tiny
from commands import fails, run, run_json

import lda
from lda.corpus import Recipe, iter_documents
from lda.interop.mallet_state import HEADER, read_state

DEADLINE_S = 120

# A shell that runs the tests in the background makes its children ignore Ctrl-C; undo that.
COMMAND = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.argv[0] = "lda"
from lda.cli import main
main()
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    source = tiny.jsonl(folder / "docs.jsonl")
    corpus = lda.read_corpus([source], recipe=Recipe(text="body", id="name"))
    lda.LDA(3, max_iter=5, random_state=0).fit(corpus).save(folder / "m")
    return folder / "m"


@pytest.fixture
def messages(tmp_path: Path) -> Path:
    """As a consumer of a log gets them: a key, an offset, further values, words that the model does not know."""
    rows = [
        {"name": f"k{i}", "offset": 10**18 + i, "odd": ["text", 1.5, None, {"a": [1]}][i % 4], "body": body}
        for i, body in enumerate(["bread oven stone", "goal match referee goal", "", "zebra zebu"] * 3)
    ]
    (file := tmp_path / "messages.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


@contextmanager
def transforming(*arguments: object) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is given up after a while: a test that waits for it fails then, and does not hang."""
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, "transform", *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    watch = threading.Timer(DEADLINE_S, process.kill)
    watch.start()
    try:
        with process:
            yield process
    finally:
        watch.cancel()
        process.kill()


@pytest.mark.parametrize("named", [False, True])
def test_each_line_is_answered_before_the_next_is_sent(
    named: bool, model: Path, messages: Path, tmp_path: Path
) -> None:
    arguments = ("--keep", "offset,odd", "--unknown", "-q")
    whole = run("transform", model, messages, *arguments).stdout.splitlines()
    if named:
        os.mkfifo(tmp_path / "pipe")
    with transforming(model, tmp_path / "pipe" if named else "-", *arguments) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        # To open a pipe for both waits for nobody.
        end = os.open(tmp_path / "pipe", os.O_RDWR) if named else os.dup(process.stdin.fileno())
        try:
            for line, answer in zip(messages.read_bytes().splitlines(keepends=True), whole, strict=True):
                os.write(end, line)
                assert process.stdout.readline().decode() == answer + "\n"
        finally:
            os.close(end)
        if named:  # which has ended
            assert process.wait(DEADLINE_S) == 0
            return
        process.send_signal(signal.SIGINT)
        assert process.wait(DEADLINE_S) == 130
        assert process.stderr is not None
        assert b"lda: interrupted" in process.stderr.read()


@pytest.mark.slow
def test_a_reader_that_leaves_ends_the_stream_without_a_word(model: Path) -> None:
    with transforming(model, "-", "--format", "lines", "-q") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"bread\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["id"] == "1"
        process.stdout.close()
        process.stdin.write(b"oven\n")
        process.stdin.flush()
        assert process.wait(DEADLINE_S) == 1
        assert process.stderr is not None
        assert process.stderr.read() == b""


def test_counts_of_words_and_fields_beside_the_topics(model: Path, messages: Path, tmp_path: Path) -> None:
    arguments = ("transform", model, messages, "--keep", "offset", "--keep", "odd", "--unknown")
    rows = [json.loads(line) for line in run(*arguments, "--top", 1).stdout.splitlines()]
    assert list(rows[0]) == ["id", "offset", "odd", "known", "unknown", "topics"]
    assert [row["offset"] - 10**18 for row in rows] == list(range(12))
    assert [row["odd"] for row in rows[:4]] == ["text", 1.5, None, {"a": [1]}]
    assert [(row["known"], row["unknown"]) for row in rows[:4]] == [(2, 1), (4, 0), (0, 0), (0, 2)]
    found = run_json(*arguments, "-o", tmp_path / "t.csv")
    assert (found["n_tokens"], found["n_unknown"]) == (18, 9)
    with (tmp_path / "t.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert list(table[0])[:6] == ["id", "offset", "odd", "known", "unknown", "topic_0"]
    assert [row["odd"] for row in table[:4]] == ["text", "1.5", "", '{"a": [1]}']
    run(*arguments, "-o", tmp_path / "t.parquet")
    columns = pq.read_table(tmp_path / "t.parquet").to_pydict()
    assert list(columns) == ["id", "offset", "odd", "known", "unknown", "weights"]
    assert columns["offset"][3] == 10**18 + 3
    assert columns["unknown"] == [row["unknown"] for row in rows]
    # A field of a table is carried as it is typed there.
    names = ["name", "offset", "body", "x", "y", "z"]
    table_again = pq.read_table(tmp_path / "t.parquet").rename_columns(names)
    pq.write_table(table_again, tmp_path / "in.parquet")
    again = run("transform", model, tmp_path / "in.parquet", "--keep", "offset,missing", "-q").stdout
    first = json.loads(again.splitlines()[0])
    assert (first["id"], first["offset"], first["missing"]) == ("k0", 10**18, None)


def test_what_cannot_stand_beside_topics(model: Path, messages: Path, tmp_path: Path) -> None:
    assert (
        "the output has its own weights"
        in run("transform", model, messages, "--keep", "weights", code=2).stderr
    )
    assert "one file" in run("transform", model, messages, "--unknown", "-o", tmp_path / "f", code=2).stderr
    line = fails(3, "transform", model, messages, "--unknown", "-o", tmp_path / "t.npy", "-q")
    assert "a .npy file has no place for known, unknown" in line
    line = fails(3, "transform", model, messages, "--output-state", tmp_path / "s.txt", "-q")
    assert "must end in .gz, .jsonl, .parquet" in line


def test_topics_of_tokens_in_mallets_form(model: Path, messages: Path, tmp_path: Path) -> None:
    """The counts by topic are those of the state that inference stops at, and topics are written as without."""
    plain = run("transform", model, messages, "-q").stdout
    files = [tmp_path / f"state{suffix}" for suffix in (".gz", ".jsonl", ".parquet")]
    for file in files:
        assert run("transform", model, messages, "--output-state", file, "-q").stdout == plain
    loaded = lda.Model.load(model)
    (batch,) = iter_documents(
        [messages], recipe=Recipe(text="body", id="name"), vocabulary_terms=loaded.vocabulary
    )
    words, z = loaded.frozen().topics_of_tokens(batch.doc_offsets, batch.words, seed=loaded.record.seed)
    documents = np.repeat(np.arange(12), np.diff(batch.doc_offsets))

    lines = gzip.decompress(files[0].read_bytes()).decode().splitlines()
    assert lines[0] == HEADER
    assert [line.split(" : ")[0] for line in lines[1:3]] == ["#alpha", "#beta"]
    state = read_state(files[0])
    np.testing.assert_array_equal(state.alpha, loaded.alpha)
    assert state.beta == loaded.beta
    np.testing.assert_array_equal(state.documents, documents)
    terms = [state.terms[word] for word in state.words]
    assert terms == [loaded.vocabulary[word] for word in batch.words]  # in the order of the text
    expected = sorted(zip(documents, (loaded.vocabulary[word] for word in words), z.tolist(), strict=True))
    assert sorted(zip(documents, terms, state.topics.tolist(), strict=True)) == expected

    rows = [json.loads(line) for line in files[1].read_text().splitlines()]
    assert [row["id"] for row in rows] == batch.ids
    assert [topic for row in rows for topic in row["topics"]] == state.topics.tolist()
    assert [word for row in rows for word in row["words"]] == terms
    assert pq.read_table(files[2]).to_pylist() == rows


@pytest.mark.slow
@pytest.mark.parametrize("place", ["-", "/dev/stdin", "/dev/fd/0"])
def test_a_stream_that_is_no_text_by_lines_is_read_as_a_whole(
    place: str, model: Path, messages: Path
) -> None:
    packed = gzip.compress(messages.read_bytes())
    with transforming(model, place, "-q") as process:
        out, _ = process.communicate(packed)
    assert out.decode() == run("transform", model, messages, "-q").stdout
    assert process.returncode == 0


def test_the_format_of_a_named_pipe_goes_by_its_name(model: Path, tmp_path: Path) -> None:
    (file := tmp_path / "new.csv").write_text('body\n"{bread"\n"goal, match"\n')
    (tmp_path / "pipe").mkdir()
    os.mkfifo(pipe := tmp_path / "pipe" / "new.csv")
    # Who opens a pipe waits for its reader, who may never come.
    threading.Thread(target=pipe.write_bytes, args=[file.read_bytes()], daemon=True).start()
    with transforming(model, pipe, "-q") as process:
        out, _ = process.communicate()
    assert out.decode() == run("transform", model, file, "-q").stdout


def test_who_closes_the_output_is_told_so(model: Path, messages: Path) -> None:
    line = f"{sys.executable} -m lda transform {model} {messages} >&-"
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False, timeout=DEADLINE_S)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("Error: stdout is closed; connect it to a file or pipe")
