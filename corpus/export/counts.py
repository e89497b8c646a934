"""Forms that hold counts: UCI, Matrix Market, SVMlight and LDA-C. The order of the tokens is lost in all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from lda.corpus.arrow import pc
from lda.corpus.errors import DataError
from lda.corpus.export.lines import (
    check_entries,
    joined_lists,
    n_entries,
    shard_counts,
    text_file,
    texts_of,
    together,
    write_lines,
)
from lda.corpus.presentable import printable
from lda.corpus.shard import METADATA_PREFIX

if TYPE_CHECKING:
    from pathlib import Path

    from lda.corpus.corpus import Corpus


def write_uci(corpus: Corpus, path: Path, *, packed: bool) -> None:
    """The three sizes, then `document term count` a line, both numbered from 1."""
    head = f"{corpus.n_documents}\n{corpus.n_terms}\n{n_entries(corpus)}\n"
    _write_triplets(corpus, path, head, packed=packed)


def write_matrix_market(corpus: Corpus, path: Path, *, packed: bool) -> None:
    """A matrix (documents, terms) in coordinates.

    Its numbers are whole, and called real: gensim reads no others.
    """
    head = "%%MatrixMarket matrix coordinate real general\n"
    head += f"{corpus.n_documents} {corpus.n_terms} {n_entries(corpus)}\n"
    _write_triplets(corpus, path, head, packed=packed)


def _write_triplets(corpus: Corpus, path: Path, head: str, *, packed: bool) -> None:
    document, written = 1, 0
    with text_file(path, packed=packed) as file:
        file.write(head.encode("ascii"))
        for counts in shard_counts(corpus):
            rows = np.repeat(np.arange(document, document + counts.shape[0]), np.diff(counts.indptr))
            columns = counts.indices.astype(np.int64) + 1
            write_lines(file, together(texts_of(rows), " ", texts_of(columns), " ", texts_of(counts.data)))
            document, written = document + counts.shape[0], written + len(rows)
    check_entries(corpus, written)


def write_svmlight(corpus: Corpus, path: Path, *, packed: bool, label: str | None = None) -> None:
    """A label, then `term:count` with terms numbered from 1.

    label: field whose numbers are the labels; None writes 0.

    Raises:
        DataError: the field is missing, or holds no numbers.
    """
    with text_file(path, packed=packed) as file:
        for batch, counts in zip(corpus.batches(), shard_counts(corpus), strict=True):
            _write_pairs(file, _labels(batch, label), counts, first=1)


def write_ldac(corpus: Corpus, path: Path, *, packed: bool) -> None:
    """The number of terms, then `term:count` with terms numbered from 0."""
    with text_file(path, packed=packed) as file:
        for counts in shard_counts(corpus):
            _write_pairs(file, texts_of(np.diff(counts.indptr)), counts, first=0)


def _write_pairs(file: Any, heads: Any, counts: Any, *, first: int) -> None:  # noqa: ANN401 - files, Arrow, SciPy
    pairs = together(texts_of(counts.indices.astype(np.int64) + first), ":", texts_of(counts.data))
    lists = joined_lists(counts.indptr, pairs)
    blanks = pc.if_else(pc.equal(pc.binary_length(lists), 0), "", " ")
    write_lines(file, together(heads, blanks, lists))


def _labels(batch: pa.RecordBatch, label: str | None) -> Any:  # noqa: ANN401 - Arrow
    """(n,) the labels as strings."""
    if label is None:
        return texts_of(np.zeros(batch.num_rows, dtype=np.int64))
    column = field_of(batch, label)
    kind = column.type
    if pa.types.is_boolean(kind):
        column = column.cast(pa.int8())
    elif not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        raise DataError(
            f"labels of SVMlight are numbers, and the field {printable(label)!r:.60} holds {kind}; choose another field"
        )
    if column.null_count:
        row = int(np.flatnonzero(column.is_null().to_numpy(zero_copy_only=False))[0])
        raise DataError(
            f"each document needs a label, and {printable(str(batch.column('id')[row]))!r:.60} has no value in the "
            f"field {printable(label)!r:.60}; fill it in, or choose another field"
        )
    return column.cast(pa.large_string())


def field_of(batch: pa.RecordBatch, name: str) -> Any:  # noqa: ANN401 - Arrow
    """A field of the metadata. Raises DataError if there is none of that name."""
    if METADATA_PREFIX + name not in batch.schema.names:
        fields = [
            n.removeprefix(METADATA_PREFIX) for n in batch.schema.names if n.startswith(METADATA_PREFIX)
        ]
        have = ", ".join(map(printable, fields)) or "none besides the text and the id"
        raise DataError(f"the documents have no field {printable(name)!r:.60}; they have {have}")
    return batch.column(METADATA_PREFIX + name)
