"""MALLET's files: those that Java MALLET wrote of one state, and ours of the same state (see mallet_java/README.md)."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from lda.corpus import DataError
from lda.corpus.terms import joined_words
from lda.evaluation.inferred_documents import tokens_by_document
from lda.interop.java_numbers import java_double, java_fixed, java_number
from lda.interop.mallet_diagnostics import write_diagnostics
from lda.interop.mallet_documents import write_doc_topics, write_topic_docs
from lda.interop.mallet_phrases import write_phrase_report
from lda.interop.mallet_state import MalletState, read_state, write_state
from lda.interop.mallet_topics import (
    write_topic_keys,
    write_topic_report,
    write_topic_word_weights,
    write_word_topic_counts,
)
from lda.interop.mallet_words import document_names

if TYPE_CHECKING:
    import numpy.typing as npt

JAVA = Path(__file__).parent / "mallet_java"
NAMES = [line.split("\t")[0] for line in (JAVA / "docs.txt").read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def state() -> MalletState:
    return read_state(JAVA / "state.gz")


@pytest.fixture(scope="module")
def offsets(state: MalletState) -> npt.NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(np.bincount(state.documents, minlength=len(NAMES)))])


@pytest.fixture(scope="module")
def counts(state: MalletState) -> csr_matrix:
    ones = np.ones(len(state.words), dtype=np.int32)
    made = csr_matrix((ones, (state.words, state.topics)), shape=(len(state.terms), state.n_topics))
    made.sum_duplicates()
    return made


def same(ours: Path, name: str) -> None:
    assert ours.read_bytes() == (JAVA / name).read_bytes(), name


def test_files_about_topics_are_java_s(tmp_path: Path, state: MalletState, counts: csr_matrix) -> None:
    out = tmp_path / "out"
    write_topic_keys(out, state.alpha, counts, state.terms, 6)
    same(out, "keys.txt")
    write_topic_report(out, state.alpha, counts, state.terms, 6)
    same(out, "report.xml")
    write_topic_word_weights(out, counts, state.beta, state.terms)
    same(out, "weights.txt")
    write_word_topic_counts(out, counts, state.terms)
    # Of equal counts Java leaves the order to the history of the chain.
    ours, theirs = (
        [
            (line.split()[:2], sorted(line.split()[2:]))
            for line in path.read_text(encoding="utf-8").splitlines()
        ]
        for path in (out, JAVA / "word-topic-counts.txt")
    )
    assert ours == theirs


def test_files_about_documents_are_java_s(
    tmp_path: Path, state: MalletState, counts: csr_matrix, offsets: npt.NDArray[np.int64]
) -> None:
    out = tmp_path / "out"
    n_dk = tokens_by_document(offsets, state.topics, state.n_topics)
    write_doc_topics(out, NAMES, n_dk, state.alpha)
    same(out, "doc-topics.txt")
    write_doc_topics(out, NAMES, n_dk, state.alpha, threshold=0.2, most=2)
    same(out, "doc-topics-sparse.txt")
    write_diagnostics(
        out, state.alpha, state.beta, counts, state.terms, [(offsets, state.words, state.topics)], 6
    )
    same(out, "diagnostics.xml")
    write_topic_docs(out, NAMES, n_dk, 7)
    # Java takes a document without words for one of two tokens here.
    ours, theirs = (
        [line for line in path.read_text(encoding="utf-8").splitlines() if "grace" not in line]
        for path in (out, JAVA / "topic-docs.txt")
    )
    assert ours == theirs


def test_a_state_goes_there_and_back(
    tmp_path: Path, state: MalletState, offsets: npt.NDArray[np.int64]
) -> None:
    split = int(offsets[3])
    write_state(
        tmp_path / "state.gz", state.alpha, state.beta, state.terms,
        [
            (offsets[:4], state.words[:split], state.topics[:split]),
            (offsets[3:] - split, state.words[split:], state.topics[split:]),
        ],
    )  # fmt: skip
    assert gzip.decompress((tmp_path / "state.gz").read_bytes()) == gzip.decompress(
        (JAVA / "state.gz").read_bytes()
    )
    # A corpus has its own numbers of words, and maybe another order within documents.
    vocabulary = sorted(state.terms)
    number = {term: i for i, term in enumerate(vocabulary)}
    words = np.array([number[state.terms[word]] for word in state.words], dtype=np.int32)
    assert state.topics_of(vocabulary, offsets, words).tolist() == state.topics.tolist()
    by_term = np.lexsort((words, np.repeat(np.arange(len(NAMES)), np.diff(offsets))))
    assert state.topics_of(vocabulary, offsets, words[by_term]).tolist() == state.topics[by_term].tolist()


def test_phrases_are_java_s(
    tmp_path: Path, state: MalletState, counts: csr_matrix, offsets: npt.NDArray[np.int64]
) -> None:
    out = tmp_path / "out"
    write_phrase_report(
        out, state.alpha, counts, state.terms, [(offsets, state.words, state.topics)], n_words=100
    )

    def topics(text: str) -> list[tuple[str, list[str], list[str]]]:
        # Of equally frequent phrases, and so of titles, Java leaves the order to a hash. Nor does it escape `&` here.
        return [
            (
                re.sub(r' titles=".*"', "", part.splitlines()[0]),
                re.findall("<word.*", part),
                sorted(re.findall("<phrase.*", part)),
            )
            for part in text.replace("&amp;", "&").split("<topic ")[1:]
        ]

    assert topics(out.read_text(encoding="utf-8")) == topics(
        (JAVA / "phrases.xml").read_text(encoding="utf-8")
    )


def test_a_state_that_is_none_is_refused(tmp_path: Path, state: MalletState) -> None:
    packed = (JAVA / "state.gz").read_bytes()
    text = gzip.decompress(packed).decode()

    def refusal(data: bytes | str) -> str:
        path = tmp_path / "state"
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        with pytest.raises(DataError) as raised:
            read_state(path)
        return str(raised.value).removeprefix(str(path))

    assert refusal(packed[:300]).startswith(" is cut off after line")
    assert "is damaged" in refusal(packed[:100] + b"\xff\xff\xff\xff" + packed[104:])
    assert refusal(text[:-3]).startswith(" is cut off in line 83;")
    assert "does not begin with `#doc source pos typeindex type topic`" in refusal(text.split("\n", 1)[1])
    assert "lacks its lines" in refusal(text.replace("#beta", "#gamma"))
    assert "must be positive" in refusal(re.sub("#alpha : [0-9.]+", "#alpha : nan", text))
    assert ", line 4: the topic 3 is none of the 3" in refusal(text.replace("the 0\n", "the 3\n", 1))
    assert ", line 5: the word 'the' has the number 1 here" in refusal(text.replace(" 1 cat", " 1 the", 1))
    assert ", line 4 is not `doc source" in refusal(text.replace("0 NA 0 0 the 0", "0 NA the"))
    assert "documents must ascend" in refusal(text + "0 NA 0 0 the 0\n")
    assert "a document has the number 99999999, of 81 tokens" in refusal(text + "99999999 NA 0 0 the 0\n")
    assert "a word has the number 99999999, of 81 tokens" in refusal(text + "5 NA 0 99999999 far 0\n")


def test_a_state_of_other_documents_is_refused(state: MalletState, offsets: npt.NDArray[np.int64]) -> None:
    words = state.words.copy()
    words[0] = 1
    with pytest.raises(DataError, match=r"document 0 .from 0. has another number of 'the' there"):
        state.topics_of(state.terms, offsets, words)
    with pytest.raises(DataError, match=r"document 0 .from 0. has 17 tokens for 16 there"):
        state.topics_of(state.terms, np.maximum(offsets - 1, 0), words[1:])
    with pytest.raises(DataError, match=r"tells of a document 5 .from 0., but the corpus has 2"):
        state.topics_of(state.terms, offsets[:3], words[: offsets[2]])
    with pytest.raises(DataError, match="has the word 'the' there"):
        state.topics_of(["x", *state.terms[1:]], offsets, words)


def test_words_without_blanks_stay_apart() -> None:
    assert joined_words(["new york", "new_york", "a\tb", "", "_", "new  york"]) == [
        "new_york_", "new_york", "a_b", "__", "_", "new_york__",
    ]  # fmt: skip
    assert document_names(["a\tb", "", "c d"]) == ["a b", "no-name", "c d"]


def test_numbers_are_java_s() -> None:
    # Of Double.toString, Formatter and NumberFormat of OpenJDK 17.
    doubles = {
        0.1: "0.1",
        1e-3: "0.001",
        9.5e-4: "9.5E-4",
        1e7: "1.0E7",
        12345678.9: "1.23456789E7",
        0.0: "0.0",
    }
    assert {value: java_double(value) for value in doubles} == doubles
    assert java_double(-1e-10) == "-1.0E-10"
    assert [java_fixed(x, 2) for x in (0.125, 0.005, -0.125, float("nan"))] == [
        "0.13",
        "0.01",
        "-0.13",
        "NaN",
    ]
    assert [java_number(x) for x in (1234.5, 0.1, 2.0, 0.000001)] == ["1,234.5", "0.1", "2", "0"]
