"""Documents that arrive through a pipe are answered as they come, and are those of a file with the same lines."""

from __future__ import annotations

import json
import os
import random
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lda.corpus import DataError, Recipe, iter_documents
from lda.corpus.arriving import arriving_documents, reader_of_stream
from lda.corpus.readers.arriving_lines import TAKEN_BYTES, ArrivingLines
from lda.corpus.stream import DocumentBatch

TERMS = ["bread", "oven", "goal", "match"]


class Pipe:
    """A pipe that is written here, and read as a stream is."""

    def __init__(self, end: int, lines: ArrivingLines) -> None:
        self.end: int | None = end
        self.lines = lines

    def write(self, text: str | bytes) -> None:
        assert self.end is not None
        os.write(self.end, text.encode() if isinstance(text, str) else text)

    def close(self) -> None:
        if self.end is not None:
            os.close(self.end)
            self.end = None


@contextmanager
def a_pipe(**options: Any) -> Iterator[Pipe]:
    source, end = os.pipe()
    pipe = Pipe(end, ArrivingLines(source, "stdin", **options))
    try:
        with pipe.lines:
            yield pipe
    finally:
        pipe.close()
        os.close(source)


def documents(
    pipe: Pipe,
    format: str = "auto",  # noqa: A002
    recipe: Recipe | None = None,
    **options: Any,
) -> Generator[DocumentBatch]:
    reader = reader_of_stream(pipe.lines, format, "utf-8")
    assert reader is not None
    return arriving_documents(
        pipe.lines, reader, recipe=recipe or Recipe(), vocabulary_terms=TERMS, **options
    )


def as_one(batches: Iterator[DocumentBatch]) -> tuple[list[str], list[list[int]], list[int], int]:
    """Ids, words, unknown words of each document, and documents without text."""
    ids: list[str] = []
    words: list[list[int]] = []
    unknown: list[int] = []
    without = 0
    for batch in batches:
        assert batch.unknown is not None
        ids += batch.ids
        words += [part.tolist() for part in np.split(batch.words, batch.doc_offsets[1:-1])]
        unknown += batch.unknown.tolist()
        without += batch.n_without_text
    return ids, words, unknown, without


def test_a_document_is_answered_before_the_next_is_sent() -> None:
    with a_pipe() as pipe:
        pipe.write('{"text": "bread oven stone"}\n')
        batches = documents(pipe)
        first = next(batches)
        assert (first.ids, first.words.tolist(), first.n_unknown) == (["1"], [0, 1], 1)
        pipe.write('{"text": "goal"}\n{"text": "match')  # the second is not whole yet
        second = next(batches)
        assert (second.ids, second.words.tolist()) == (["2"], [2])
        pipe.write(' goal"}')
        pipe.close()
        assert [(batch.ids, batch.words.tolist()) for batch in batches] == [(["3"], [3, 2])]


def mixed(n: int) -> str:
    made = random.Random(1)
    lines = ["", "  "]
    for number in range(n):
        row: dict[str, object] = {"n": number, "text": " ".join(made.choices([*TERMS, "café", "oben"], k=6))}
        if made.random() < 0.1:
            row["text"] = None
        if made.random() < 0.5:
            row["id"] = f"d{number}"
        lines.append(json.dumps(row, ensure_ascii=made.random() < 0.5))
    return "\n".join(lines)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("form", ["jsonl", "lines"])
def test_however_a_stream_is_cut_its_documents_are_those_of_a_file(
    end: str,
    form: str,
    tmp_path: Path,
) -> None:
    content = ("\ufeff" + mixed(60).replace("\n", end)).encode()
    (file := tmp_path / "docs").write_bytes(content)
    whole = as_one(iter_documents([file], format=form, vocabulary_terms=TERMS))
    assert len(whole[0]) >= 60
    for seed in range(4):
        made = random.Random(seed)
        with a_pipe(held_bytes=2000) as pipe:

            def write(pipe: Pipe = pipe, made: random.Random = made) -> None:
                rest = content
                while rest:
                    n = made.choice([1, 2, 30, 700])
                    pipe.write(rest[:n])
                    rest = rest[n:]
                pipe.close()

            writer = threading.Thread(target=write)
            writer.start()
            batches = documents(pipe, form, batch_documents=7)
            found = as_one(batches)
            writer.join()
        assert found == whole


def test_fields_may_come_with_a_later_line() -> None:
    with a_pipe() as pipe:
        pipe.write('{"id": "a"}\n')
        batches = documents(pipe, "jsonl", recipe=Recipe(text="body"))
        pipe.write('{"id": "b", "body": "bread"}\n')
        pipe.close()
        assert as_one(batches) == (["a", "b"], [[], [0]], [0, 0], 1)


def test_bad_lines_are_left_out_and_listed_as_they_come(tmp_path: Path) -> None:
    skipped = tmp_path / "skipped.jsonl"
    with a_pipe() as pipe:
        pipe.write('{"text": "bread"}\n')
        batches = documents(pipe, "jsonl", on_error="skip", skipped=skipped)
        assert next(batches).ids == ["1"]
        pipe.write('{"text": 5}\nno\n\xff\n'.encode("latin-1") + b'a\0\n{"text": "oven"}\n')
        while not (batch := next(batches)).ids:
            pass
        assert batch.ids == ["6"]
        listed = [json.loads(line) for line in skipped.read_text().splitlines()]
        assert [row.get("line") for row in listed] == [2, 3, 4, 5]
        pipe.close()
        with pytest.warns(UserWarning, match="4 of 6 records were skipped"):
            assert list(batches) == []


def test_a_bad_line_ends_the_stream_and_tells_which() -> None:
    with a_pipe() as pipe:
        pipe.write('{"text": "bread"}\n')
        batches = documents(pipe)
        assert next(batches).ids == ["1"]
        pipe.write("no\n")
        with pytest.raises(DataError, match=r"^stdin, line 2, column 1 is not JSON"):
            list(batches)


def test_more_than_may_wait_stays_with_the_writer() -> None:
    line = b"x" * 99 + b"\n"
    n_lines = 30 * TAKEN_BYTES // len(line) // 10
    with a_pipe(held_bytes=1000) as pipe:
        writer = threading.Thread(target=lambda: [pipe.write(line * 10) for _ in range(n_lines // 10)])
        writer.start()
        assert pipe.lines.beginning(100) == line
        assert writer.is_alive()  # three megabytes do not fit the pipe and what may wait
        total = 0
        while total < n_lines // 10 * 10 * len(line):
            taken = pipe.lines.take(500)
            assert taken.endswith(b"\n")
            total += len(taken)
        writer.join()


def test_closing_ends_the_wait_for_lines() -> None:
    with a_pipe() as pipe:
        pipe.write('{"text": "bread"}\n')
        batches = documents(pipe)
        assert next(batches).ids == ["1"]
        batches.close()  # the next one is waited for in a thread, which must not keep anybody


@pytest.mark.parametrize(
    ("content", "form", "encoding", "name"),
    [
        (b'{"text": "a"}\n', "auto", "utf-8", "jsonl"),
        (b"peace\n", "lines", "utf-8", "lines"),
        (b"n X peace\n", "mallet", "latin-1", "mallet"),
        (b"id,text\n1,a\n", "auto", "utf-8", None),
        (b"id,text\n1,a\n", "csv", "utf-8", None),
        (b'\x1f\x8b{"text": "a"}\n', "auto", "utf-8", None),
        ("{}\n".encode("utf-16"), "jsonl", "utf-8", None),
        (b"", "auto", "utf-8", None),
    ],
)
def test_what_cannot_be_read_line_by_line_is_read_as_a_whole(
    content: bytes,
    form: str,
    encoding: str,
    name: str | None,
) -> None:
    with a_pipe() as pipe:
        pipe.write(content)
        pipe.close()
        reader = reader_of_stream(pipe.lines, form, encoding)
        assert (reader and reader.name) == name
        assert b"".join(pipe.lines.everything()) == content
