"""Tables of other libraries, and streams of them, as documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import lda
from lda.corpus import DataError, find_phrases, iter_documents, read_corpus

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COLUMNS: dict[str, list[Any]] = {
    "id": ["a", "b", "c", "d"],
    "text": ["bread and wine", "milk and salt", None, "bread and wine"],
    "year": [2001, 2002, 2003, 2004],
}


class Stream:
    """What any library has that knows Arrow's interface, and nothing else; it can be read once."""

    def __init__(self, table: pa.Table) -> None:
        self._table, self.taken = table, False

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        assert not self.taken
        self.taken = True
        return self._table.__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize(
    "made",
    [
        pl.DataFrame,
        pd.DataFrame,
        lambda columns: pd.DataFrame(columns).set_index("id", drop=False),
        lambda columns: pa.table(columns).to_reader(),
        lambda columns: pa.table(columns).to_batches()[0],
        lambda columns: [pl.DataFrame(columns)],
        lambda columns: (pa.table(columns).slice(start, 1) for start in range(4)),
        lambda columns: Stream(pa.table(columns)),
    ],
)
def test_all_are_the_same_documents(made: Callable[[Any], Any], tmp_path: Path) -> None:
    corpus = read_corpus(made(COLUMNS))
    assert corpus.document_ids().to_pylist() == COLUMNS["id"]
    assert corpus.n_without_text == 1
    metadata = corpus.metadata()
    assert metadata is not None
    assert metadata.to_pydict() == {"year": COLUMNS["year"]}
    built = lda.build_corpus(made(COLUMNS), tmp_path / "c")
    assert built.content_hash == corpus.content_hash


def test_fields_have_the_types_of_other_formats(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    frame = pl.DataFrame(
        {"text": ["bread", "milk"], "who": ["x", None], "tags": [["p"], []], "by": [{"name": "Ann"}, None]},
    ).with_columns(kind=pl.Series(["u", "v"], dtype=pl.Enum(["v", "u"])))
    views = pa.table({"text": ["bread", "milk"], "who": pa.array(["x", None], pa.string_view())})
    pq.write_table(views, tmp_path / "views.parquet")
    for made in (frame, tmp_path / "views.parquet"):
        corpus = read_corpus(made)
        metadata = corpus.metadata()
        assert metadata is not None
        assert "view" not in str(metadata.schema)
        assert lda.corpus_overview(corpus).fields[0].missing == 1
        assert read_corpus(made, where="who is null").document_ids().to_pylist() == ["2"]
    assert read_corpus(frame, where="kind = u and tags = p and by.name = Ann").n_documents == 1


def test_what_reads_twice_reads_a_stream_once() -> None:
    (phrase, *_) = find_phrases(
        Stream(pa.table(COLUMNS)), recipe=lda.Recipe(phrases="npmi", phrase_min_count=2)
    )
    assert phrase.times == 2
    batches = iter_documents(Stream(pa.table(COLUMNS)), vocabulary_terms=["wine"])
    assert sum(len(batch.words) for batch in batches) == 2


def test_several_tables_and_files(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("salt\n")
    table = pa.table({"text": ["bread"]})
    corpus = read_corpus([table, tmp_path / "a.txt", table], format="auto")
    assert corpus.document_ids().to_pylist() == ["table-1:1", "a.txt:1", "table-2:1"]


def test_what_is_no_table_of_texts() -> None:
    table = pa.table(COLUMNS)
    with pytest.raises(DataError, match=r"table-1 \(Table\): no field named 'text'.*it has: 'year'"):
        read_corpus(table.select(["year"]))
    with pytest.raises(DataError, match=r"table-1 \(Table\): the field 'year' stands twice; rename one"):
        read_corpus(table.append_column("year", table.column("year")))
    with pytest.raises(
        DataError, match=r"table-1 \(batches\): its batches must all have the same columns, got id"
    ):
        read_corpus(iter([table, table.select(["id"])]))
