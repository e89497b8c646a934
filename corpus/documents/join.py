"""`Joiner`: short documents that have the same value of a field as one document, such as the posts of a user.

Texts are joined, not tokens: so document frequencies, phrases and chunks are those of the joined documents by the code
of any corpus, and runs of words may reach over a seam, as they do from one text field into the next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from lda.corpus.arrow import array, is_list, pc
from lda.corpus.errors import DataError
from lda.corpus.metadata import conform, unify
from lda.corpus.plain_values import plain, plain_values
from lda.corpus.presentable import presentable
from lda.corpus.readers.base import BATCH_CHARACTERS, BATCH_DOCUMENTS, TextBatch
from lda.corpus.shard import METADATA_PREFIX, table_metadata

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from lda.corpus.assembly.spill import Spill

    Integers = npt.NDArray[np.int64]

SEAM: Final = "\n"
"""Between two texts."""

AT_A_TIME: Final = 1 << 27
"""Bytes of text that are joined together; a document of more is joined by itself."""

_ID, _TEXT, _GROUP, _WITHOUT = "id", "text", "group", "without"


class Joiner:
    """Takes documents in order, and gives the joined ones in the order of the first of each.

    A document without a value stays by itself. The joined one has the value for its name, and the further fields of the
    first. What waits, waits in a spill; memory holds the distinct values, and some of the texts at a time.
    """

    def __init__(self, field: str, spill: Spill) -> None:
        """field: the one whose values are compared. spill: where documents wait."""
        self._field, self._spill = field, spill
        self._groups: dict[str, int] = {}
        self._n_groups = 0
        self._sizes = np.zeros(0, dtype=np.int64)
        self._schemas: list[pa.Schema | None] = []
        self._type: Any = None
        self._fields: dict[str, None] = {}
        self.n_before = 0

    def add(self, batch: TextBatch) -> None:
        """Take the next documents.

        Raises:
            DataError: the field holds lists or objects, or some documents are text and others lists of tokens.
        """
        n = len(batch.ids)
        # Of documents that were left out, too: a type must not depend on how an input was cut into batches.
        self._schemas.append(None if batch.metadata is None else batch.metadata.schema)
        if not n:
            return
        texts: Any = batch.texts
        if self._type is None:
            self._type = texts.type
        if not texts.type.equals(self._type):
            raise DataError(
                "documents are joined where all are text, or all lists of tokens, and these are both"
            )
        if batch.metadata is not None:
            self._fields.update(dict.fromkeys(batch.metadata.column_names))
        names, groups = self._numbered(batch)
        self._count(groups, texts)
        without = np.zeros(n, dtype=bool) if batch.without_text is None else batch.without_text
        columns: dict[str, Any] = {
            _ID: names,
            _TEXT: texts if is_list(texts.type) else pc.fill_null(texts, ""),
            _GROUP: array(groups),
            _WITHOUT: array(without),
        }
        if batch.metadata is not None:
            for name in batch.metadata.column_names:
                column: Any = batch.metadata.column(name)
                columns[METADATA_PREFIX + name] = column.combine_chunks()
        self._spill.append(pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns)))
        self.n_before += n

    @property
    def n_joined(self) -> int:
        """Documents that went into the one before them: there are so many fewer now."""
        return self.n_before - self._n_groups

    def _numbered(self, batch: TextBatch) -> tuple[Any, Integers]:
        """(n,) names of the joined documents, and (n,) their numbers, in order of first appearance."""
        labels = _labels(self._field, batch)
        coded = pc.dictionary_encode(labels)
        codes = pc.fill_null(coded.indices, -1).to_numpy().astype(np.int64)
        of_code = np.zeros(len(coded.dictionary), dtype=np.int64)
        groups = np.zeros(len(codes), dtype=np.int64)
        known = self._groups
        # Values are coded in order of appearance, but those that are alone are numbered between them.
        first = np.full(len(of_code), len(codes), dtype=np.int64)
        np.minimum.at(first, codes[codes >= 0], np.flatnonzero(codes >= 0))
        new = [
            (int(place), code, label)
            for code, (place, label) in enumerate(
                zip(first.tolist(), coded.dictionary.to_pylist(), strict=True)
            )
            if label not in known
        ]
        for code, label in enumerate(coded.dictionary.to_pylist()):
            of_code[code] = known.get(label, -1)
        alone = np.flatnonzero(codes < 0)
        begun = sorted(
            [*((place, code, label) for place, code, label in new), *((int(a), -1, "") for a in alone)]
        )
        for number, (place, code, label) in enumerate(begun, self._n_groups):
            if code < 0:
                groups[place] = number
            else:
                known[label] = of_code[code] = number
        self._n_groups += len(begun)
        told = codes >= 0
        groups[told] = of_code[codes[told]]
        names = pc.if_else(pc.is_valid(labels), labels, batch.ids.cast(pa.large_string()))
        return names, groups

    def _count(self, groups: Integers, texts: Any) -> None:  # noqa: ANN401 - an Arrow array
        if self._n_groups > len(self._sizes):
            grown = np.zeros(2 * self._n_groups, dtype=np.int64)
            grown[: len(self._sizes)] = self._sizes
            self._sizes = grown
        if is_list(texts.type):
            lengths = 16 * texts.value_lengths().to_numpy(zero_copy_only=False)
        else:
            lengths = pc.fill_null(pc.binary_length(texts), 0).to_numpy(zero_copy_only=False)
        np.add.at(self._sizes, groups, lengths.astype(np.int64) + 64)

    def batches(self) -> Iterator[TextBatch]:
        """The joined documents.

        Raises:
            DataError: no document has the field.
        """
        if self.n_before and self._field not in self._fields:
            known = ", ".join(list(self._fields)[:30]) or "none"
            raise DataError(
                presentable(
                    f"no document has the field {self._field!r:.80} to be joined by; there are {known}"
                )
            )
        schema = unify(self._schemas)
        bucket = np.zeros(self._n_groups, dtype=np.int64)
        sizes = self._sizes[: self._n_groups]
        np.floor_divide(np.cumsum(sizes) - sizes, AT_A_TIME, out=bucket)
        for number in range(int(bucket[-1]) + 1 if len(bucket) else 0):
            yield from self._bucket(bucket == number, schema)

    def _bucket(self, chosen: npt.NDArray[np.bool_], schema: pa.Schema | None) -> Iterator[TextBatch]:
        pieces = []
        for batch in self._spill.peek():
            mask = chosen[batch.column(_GROUP).to_numpy()]
            if not mask.any():
                continue
            table = pa.Table.from_batches([batch.filter(array(mask))])
            metadata = conform(table_metadata(table), schema, table.num_rows)
            made = table.select([_ID, _TEXT, _GROUP, _WITHOUT])
            for name in [] if metadata is None else metadata.column_names:
                assert metadata is not None
                made = made.append_column(METADATA_PREFIX + name, metadata.column(name))
            pieces.append(made)
        table = pa.concat_tables(pieces).combine_chunks()
        groups = table.column(_GROUP).to_numpy()
        order = np.argsort(groups, kind="stable")
        table = table.take(array(order)).combine_chunks()
        groups = groups[order]
        starts = np.flatnonzero(np.concatenate([[True], groups[1:] != groups[:-1]])).astype(np.int64)
        offsets = np.append(starts, len(groups)).astype(np.int64)
        texts = _joined(_one(table.column(_TEXT)), offsets)
        without = np.logical_and.reduceat(
            table.column(_WITHOUT).to_numpy(zero_copy_only=False).astype(bool), starts
        )
        firsts = table.select([name for name in table.column_names if name != _TEXT]).take(array(starts))
        metadata = table_metadata(firsts)
        ids = _one(firsts.column(_ID))
        for low, high in _stretches(texts):
            missing = without[low:high]
            yield TextBatch(
                ids.slice(low, high - low),
                texts.slice(low, high - low),
                None if metadata is None else metadata.slice(low, high - low),
                int(missing.sum()),
                without_text=missing if missing.any() else None,
            )


def _labels(field: str, batch: TextBatch) -> Any:  # noqa: ANN401 - an Arrow array
    """(n,) the values of a field as texts, whatever kind of value its batch has them as; null where there is none."""
    n = len(batch.ids)
    if batch.metadata is None or field not in batch.metadata.column_names:
        return pa.nulls(n, pa.large_string())
    column: Any = batch.metadata.column(field).combine_chunks()
    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if is_list(column.type) or pa.types.is_struct(column.type) or pa.types.is_map(column.type):
        raise DataError(
            presentable(
                f"the field {field!r:.80} holds {column.type}, which no document can be called by; choose another"
            )
        )
    if pa.types.is_null(column.type):
        return pa.nulls(n, pa.large_string())
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    coded = pc.dictionary_encode(column)
    names: Any = pa.array([_label(value) for value in plain_values(coded.dictionary)], pa.large_string())
    return names.take(coded.indices)


def _label(value: object) -> str | None:
    if isinstance(value, float):
        if value != value:
            return None
        if value.is_integer():
            return str(int(value))
    told = plain(value)
    if isinstance(told, bool):
        return str(told).lower()
    return None if told is None or told == "" else str(told)


def _one(column: Any) -> Any:  # noqa: ANN401 - of a table
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _joined(texts: Any, offsets: Integers) -> Any:  # noqa: ANN401 - Arrow arrays
    """Texts with the seam between them, or lists in a row: documents offsets[i] ... offsets[i + 1] - 1 become one."""
    if is_list(texts.type):
        inner = texts.offsets.to_numpy()
        return pa.LargeListArray.from_arrays(array(inner[offsets]), texts.values)
    lists = pa.LargeListArray.from_arrays(array(offsets), texts)
    return pc.binary_join(lists, pa.scalar(SEAM, pa.large_string()))


def _stretches(texts: Any) -> Iterator[tuple[int, int]]:  # noqa: ANN401 - an Arrow array
    """Where to cut, so that batches are of the size that readers make."""
    lengths = texts.value_lengths() if is_list(texts.type) else pc.binary_length(texts)
    ends = np.cumsum(lengths.to_numpy(zero_copy_only=False).astype(np.int64))
    low = 0
    while low < len(ends):
        before = int(ends[low - 1]) if low else 0
        high = int(np.searchsorted(ends, before + BATCH_CHARACTERS, side="left")) + 1
        high = min(high, low + BATCH_DOCUMENTS, len(ends))
        yield low, high
        low = high
