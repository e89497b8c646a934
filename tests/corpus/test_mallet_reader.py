"""MALLET's text formats: name, label and text in a line, and what it prints; its binary files are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lda.corpus import Corpus, DataError, Recipe, read_corpus
from lda.corpus.readers.mallet import MalletReader

if TYPE_CHECKING:
    from pathlib import Path

LINES = "a en red blue\nb\tde , red green\n\nc en\n"
PRINTED = "a\ten\t0: Red (0)\n1: blue (1)\n2: Red (0)\n\nb\tde\t\n\nc\ten\t0: to be (2)\n\n"
"""As `mallet info --print-instances` prints three documents, the second without tokens."""


def told(corpus: Corpus) -> list[tuple[str, str | None, list[str]]]:
    """(id, label, words) of each document."""
    labels: list[Any] = [None] * corpus.n_documents
    metadata = corpus.metadata()
    if metadata is not None:
        labels = metadata.column("label").to_pylist()
    words = [
        [corpus.vocabulary[word] for word in shard.words[low:high]]
        for shard in map(corpus.shard, range(corpus.n_shards))
        for low, high in zip(shard.doc_offsets[:-1], shard.doc_offsets[1:], strict=True)
    ]
    return list(zip([str(name) for name in corpus.document_ids().to_pylist()], labels, words, strict=True))


def test_lines(tmp_path: Path) -> None:
    file = tmp_path / "docs.txt"
    file.write_text(LINES)
    expected = [
        ("a", "en", ["red", "blue"]), ("b", "de", ["red", "green"]), ("3", "", []), ("c", "en", []),
    ]  # fmt: skip
    assert told(read_corpus([file], format="mallet")) == expected
    assert told(read_corpus([file.rename(tmp_path / "docs.mallet")])) == expected


def test_lines_by_another_expression(tmp_path: Path) -> None:
    file = tmp_path / "docs.txt"
    file.write_text("red blue|a\ngreen|b\n")
    reader = MalletReader(r"(.*)\|(.*)", name=2, label=0, data=1)
    assert told(read_corpus([file], format="mallet", readers=(reader,))) == [
        ("a", None, ["red", "blue"]), ("b", None, ["green"]),
    ]  # fmt: skip
    file.write_text("red|a\nnothing\n")
    with pytest.raises(DataError, match=r"line 2 is not as the expression for lines has it: 'nothing'"):
        read_corpus([file], format="mallet", readers=(reader,))
    with pytest.raises(ValueError, match=r"group of the label must lie in 0 to 1, .* got 2"):
        MalletReader("(.*)", name=0)
    with pytest.raises(ValueError, match="the expression for lines is none"):
        MalletReader("(")


def test_what_mallet_prints(tmp_path: Path) -> None:
    """Its tokens stay as they are: not cut again, and not lower-cased."""
    file = tmp_path / "printed.txt"
    file.write_text(PRINTED)
    corpus = read_corpus([file], recipe=Recipe(lowercase=False))
    assert told(corpus) == [("a", "en", ["Red", "blue", "Red"]), ("b", "de", []), ("c", "en", ["to be"])]
    file.write_text(PRINTED.replace("1: blue (1)", "blue"))
    with pytest.raises(
        DataError, match=r"line 2: a token of MALLET is printed as `3: word \(17\)`, got 'blue'"
    ):
        read_corpus([file], format="mallet")


def test_a_binary_file_is_refused_with_the_command_that_helps(tmp_path: Path) -> None:
    file = tmp_path / "docs.mallet"
    file.write_bytes(b"\xac\xed\x00\x05sr\x00\x1ccc.mallet.types.InstanceList")
    with pytest.raises(DataError, match=r"binary file of Java.*mallet info --input FILE --print-instances"):
        read_corpus([file])
