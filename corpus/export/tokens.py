"""Forms that hold tokens in their order: lines for MALLET, JSON lines, Parquet."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from lda.corpus.arrow import array, string_list, strings
from lda.corpus.errors import DataError
from lda.corpus.export.counts import field_of
from lda.corpus.export.lines import joined_lists, text_file, together, write_lines
from lda.corpus.plain_values import plain, plain_values
from lda.corpus.presentable import printable
from lda.corpus.shard import METADATA_PREFIX, batch_arrays
from lda.corpus.terms import joined_words

if TYPE_CHECKING:
    from pathlib import Path

    from lda.corpus.corpus import Corpus

ID: Final = "id"
TOKENS: Final = "tokens"
NO_LABEL: Final = "X"
_BLANKS: Final = re.compile(r"[\s,]+")


def write_mallet(corpus: Corpus, path: Path, *, packed: bool, label: str | None = None) -> None:
    """Name, label and tokens a line, as `mallet import-file` reads them, with tabs between.

    Blanks and commas within names and labels become `_`, and blanks within terms.

    label: field whose values are the labels; None writes X.

    Raises:
        DataError: the field is missing, or a term begins with a comma, which MALLET takes for the end of a label.
    """
    words = joined_words(corpus.vocabulary)
    bad = next((word for word in words if word.startswith(",")), None)
    if bad is not None:
        raise DataError(
            f"a line for MALLET cannot hold the term {printable(bad)!r:.60}, for it begins with a comma; choose "
            "another form (parquet or jsonl)"
        )
    terms = strings(words)
    with text_file(path, packed=packed) as file:
        for batch in corpus.batches():
            offsets, tokens = batch_arrays(batch)
            labels = [NO_LABEL] * batch.num_rows if label is None else _spelled(field_of(batch, label))
            heads = [
                f"{_one_word(name, 'no-name')}\t{_one_word(its_label, NO_LABEL)}\t"
                for name, its_label in zip(string_list(batch.column("id")), labels, strict=True)
            ]
            write_lines(file, together(strings(heads), joined_lists(offsets, terms.take(array(tokens)))))


def _one_word(text: str, empty: str) -> str:
    return _BLANKS.sub("_", text) or empty


def _spelled(column: Any) -> list[str]:  # noqa: ANN401 - an Arrow array
    """The values as text; "" for those that are missing."""
    return ["" if value is None else str(plain(value)) for value in plain_values(column)]


def write_jsonl(corpus: Corpus, path: Path, *, packed: bool) -> None:
    """An object a line: id, tokens, and the fields; those that are missing are null."""
    terms = corpus.vocabulary
    with text_file(path, packed=packed) as file:
        for batch in corpus.batches():
            fields = _field_names(batch.schema)
            values = [plain_values(batch.column(column)) for column in fields]
            offsets, tokens = batch_arrays(batch)
            ids, bounds = string_list(batch.column("id")), offsets.tolist()
            for row, name in enumerate(ids):
                its_tokens = [terms[word] for word in tokens[bounds[row] : bounds[row + 1]].tolist()]
                document = {ID: name, TOKENS: its_tokens}
                document |= {
                    field: plain(its[row]) for field, its in zip(fields.values(), values, strict=True)
                }
                file.write((json.dumps(document, ensure_ascii=False) + "\n").encode("utf-8"))


def write_parquet(corpus: Corpus, path: Path) -> None:
    """Columns id (string), tokens (lists of strings) and the fields; a row group a shard."""
    import pyarrow.parquet as pq

    terms = corpus.vocabulary_table.column("term").combine_chunks()
    writer: pq.ParquetWriter | None = None
    try:
        for batch in corpus.batches():
            fields = _field_names(batch.schema)
            offsets, tokens = batch_arrays(batch)
            lists = pa.LargeListArray.from_arrays(array(offsets), terms.take(array(tokens)))
            columns = [batch.column("id"), lists, *(batch.column(column) for column in fields)]
            table = pa.Table.from_arrays(columns, names=[ID, TOKENS, *fields.values()])
            if writer is None:
                writer = pq.ParquetWriter(path, table.schema, compression="zstd")
            writer.write_table(table, row_group_size=max(table.num_rows, 1))
    finally:
        if writer is not None:
            writer.close()


def _field_names(schema: pa.Schema) -> dict[str, str]:
    """Columns of the fields, and what they are called beside id and tokens: one that is called so gets `_`."""
    taken = {ID, TOKENS}
    names: dict[str, str] = {}
    for column in schema.names:
        if column.startswith(METADATA_PREFIX):
            name = column.removeprefix(METADATA_PREFIX)
            while name in taken:
                name += "_"
            taken.add(name)
            names[column] = name
    return names
