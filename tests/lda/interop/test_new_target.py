"""A new form that a model can be exported to is a file and a row: it is written whole, and replaces only its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import tiny

import lda
from lda.corpus import DataError
from lda.interop.targets import Target

if TYPE_CHECKING:
    from pathlib import Path

FILE = '''
"""A form of texts: a line a topic and, where there are documents, a line for each of these."""

from __future__ import annotations


def write(model, documents, path):
    words = [" ".join(best) for best in model.top_words(3)]
    (path / "topics.lines").write_text("\\n".join(words))
    if documents is not None:
        names = [f"{name} {row.argmax()}" for name, row in zip(documents.ids, documents.theta, strict=True)]
        (path / "documents.lines").write_text("\\n".join(names))
'''
ROW = Target(
    name="lines",
    what="lines of text",
    module="lines_of_topics",
    kind="folder",
    documents="optional",
    files=r"(topics|documents)\.lines",
)


def test_a_file_and_a_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lines_of_topics.py").write_text(FILE)
    monkeypatch.syspath_prepend(tmp_path)
    model = lda.LDA(3, max_iter=10, random_state=0).fit(tiny.documents(30))
    out = tmp_path / "out"

    model.export(out, to=ROW, X=tiny.documents(5))

    assert (out / "topics.lines").read_text().splitlines() == [
        " ".join(words) for words in model.top_words(3)
    ]
    best = [f"{d} {k}" for d, k in enumerate(model.transform(tiny.documents(5)).argmax(axis=1))]
    assert (out / "documents.lines").read_text().splitlines() == best
    model.model_.export(out, to=ROW, overwrite=True)
    assert [file.name for file in out.iterdir()] == ["topics.lines"]
    (out / "mine.txt").write_text("kept")
    with pytest.raises(DataError, match="a folder written by an export to lines"):
        model.export(out, to=ROW, overwrite=True)
    assert (out / "mine.txt").read_text() == "kept"
