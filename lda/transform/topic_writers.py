"""Topics of documents written to a file as they come: Parquet, JSON lines, CSV, TSV, .npy or MALLET's .txt."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import numpy as np

from lda.corpus.errors import DataError
from lda.corpus.presentable import presentable, printable
from lda.corpus.storage.output_target import new_file
from lda.model.run_record import printable_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy.typing as npt
    from pyarrow import NativeFile

    from lda.labels.labels import Labels

    Theta = npt.NDArray[np.float32]
    Columns = Sequence[Sequence[object]]

SUFFIXES: Final = (".parquet", ".jsonl", ".csv", ".tsv", ".txt", ".npy")

PARQUET_LABELS: Final = b"raylda.labels"
"""Key in the metadata of a Parquet file's schema, of names of topics: the text of a `labels.json`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which topics of a document are written.

    top: at most so many, the heaviest first; None for all. threshold: only those of at least this weight.
    With either set, a document has a list of (topic, weight); otherwise its K weights in order.
    """

    top: int | None = None
    threshold: float = 0.0

    def __post_init__(self) -> None:
        if self.top is not None and self.top < 1:
            raise ValueError(f"top must be at least 1, got {self.top}")
        if not 0 <= self.threshold <= 1:
            raise ValueError(f"threshold must lie in 0 to 1, got {self.threshold}")

    @property
    def is_all(self) -> bool:
        """Whether every topic is written."""
        return self.top is None and self.threshold == 0

    def of(self, weights: Theta) -> list[tuple[int, float]]:
        """(topic, weight) pairs of one document, the heaviest first, ties by topic number."""
        order = np.argsort(-weights, kind="stable")[: self.top]
        return [(int(k), _short(weights[k])) for k in order if weights[k] >= self.threshold]


class Writer(ABC):
    """Takes documents batch by batch. A new format is a subclass and a line in `open_writer`.

    labels: names of topics, written where the format has a place for them; without any, nothing is different.
    further: names of columns of plain values that stand behind the document's name.
    """

    def __init__(
        self,
        n_topics: int,
        selection: Selection,
        labels: Labels | None = None,
        further: Sequence[str] = (),
    ) -> None:
        self.n_topics = n_topics
        self.selection = selection
        self.labels = labels or None
        self.further = tuple(further)

    @abstractmethod
    def write(self, ids: Sequence[str], theta: Theta, further: Columns = ()) -> None:
        """Append documents: n names, (n, K) weights, and n values of each further column."""

    def close(self) -> None:  # noqa: B027 - most formats need no end
        """Complete the file."""


class JsonLines(Writer):
    """`{"id": ..., "weights": [...]}`, or with a selection `{"id": ..., "topics": [{"topic", "weight"}, ...]}`.

    With labels each of the latter has a "name", too, null where the topic has none.
    """

    def __init__(
        self,
        file: IO[str],
        n_topics: int,
        selection: Selection,
        labels: Labels | None = None,
        further: Sequence[str] = (),
    ) -> None:
        super().__init__(n_topics, selection, labels, further)
        self._file = file
        self._dense = _row_format(n_topics, ", ")

    def write(self, ids: Sequence[str], theta: Theta, further: Columns = ()) -> None:
        """Append documents."""
        for place, (name, weights) in enumerate(zip(ids, theta, strict=True)):
            its = "".join(
                f", {_json(column)}: {_json(values[place])}"
                for column, values in zip(self.further, further, strict=True)
            )
            if self.selection.is_all:
                row = f'{{"id": {_json(name)}{its}, "weights": [{self._dense % tuple(weights.tolist())}]}}'
            else:
                topics: list[Mapping[str, object]] = [
                    {"topic": k, "weight": weight}
                    if self.labels is None
                    else {"topic": k, "name": self.labels.name(k), "weight": weight}
                    for k, weight in self.selection.of(weights)
                ]
                row = f'{{"id": {_json(name)}{its}, "topics": {_json(topics)}}}'
            self._file.write(row + "\n")


class Table(Writer):
    """CSV or TSV: a column for each topic, or with a selection a row `id, topic, weight` for each pair.

    With labels the columns are called `topic_3 War` where the topic has a name; the rows have a last column `name`.
    """

    def __init__(
        self,
        file: IO[str],
        n_topics: int,
        selection: Selection,
        delimiter: str,
        labels: Labels | None = None,
        further: Sequence[str] = (),
    ) -> None:
        import csv

        super().__init__(n_topics, selection, labels, further)
        self._file = file
        self._rows = csv.writer(file, delimiter=delimiter, lineterminator="")
        self._dense = delimiter + _row_format(n_topics, delimiter) + "\n"
        names = {} if self.labels is None else {k: label.name for k, label in self.labels.names.items()}
        topics = [f"topic_{k} {names[k]}" if k in names else f"topic_{k}" for k in range(n_topics)]
        name = [] if self.labels is None else ["name"]
        self._rows.writerow(
            ["id", *self.further, *(topics if selection.is_all else ["topic", "weight", *name])]
        )
        file.write("\n")

    def write(self, ids: Sequence[str], theta: Theta, further: Columns = ()) -> None:
        """Append documents."""
        for place, (name, weights) in enumerate(zip(ids, theta, strict=True)):
            known = [_cell(values[place]) for values in further]
            if self.selection.is_all:
                self._rows.writerow([name, *known])  # quotes the name where it must be
                self._file.write(self._dense % tuple(weights.tolist()))
            else:
                for k, weight in self.selection.of(weights):
                    its = [] if self.labels is None else [self.labels.name(k)]
                    self._rows.writerow([name, *known, k, weight, *its])
                    self._file.write("\n")


class Parquet(Writer):
    """Columns `id` and `weights` (list of K float32), or with a selection `topics` and `weights` (lists).

    With labels the latter have a last column `names` (lists), and the schema's metadata all names, as `PARQUET_LABELS`.
    """

    def __init__(
        self,
        path: Path | NativeFile,
        n_topics: int,
        selection: Selection,
        labels: Labels | None = None,
        further: Sequence[str] = (),
    ) -> None:
        import pyarrow as pa

        from lda.labels.labels_file import encode_labels

        super().__init__(n_topics, selection, labels, further)
        floats: pa.DataType = pa.list_(pa.float32(), n_topics) if selection.is_all else pa.list_(pa.float32())
        fields: list[tuple[str, pa.DataType]] = [("id", pa.string())]
        fields += [(name, pa.null()) for name in self.further]  # as the first documents have them
        fields += [] if selection.is_all else [("topics", pa.list_(pa.int32()))]
        fields.append(("weights", floats))
        if self.labels is not None and not selection.is_all:
            fields.append(("names", pa.list_(pa.string())))
        self._schema = pa.schema(fields)
        if self.labels is not None:
            self._schema = self._schema.with_metadata({PARQUET_LABELS: encode_labels(self.labels)})
        self._path = path
        self._writer: Any = None
        if not self.further:
            self._open()

    def _open(self) -> None:
        import pyarrow.parquet as pq

        self._writer = pq.ParquetWriter(self._path, self._schema)

    def write(self, ids: Sequence[str], theta: Theta, further: Columns = ()) -> None:
        """Append documents as a row group.

        Raises:
            DataError: a further column holds values of another kind than those of the first documents.
        """
        import pyarrow as pa

        beside = self._further(further)
        if self.selection.is_all:
            flat = pa.array(np.ascontiguousarray(theta, dtype=np.float32).ravel())
            columns: list[Any] = [
                pa.array(ids, pa.string()),
                *beside,
                pa.FixedSizeListArray.from_arrays(flat, self.n_topics),
            ]
        else:
            chosen = [self.selection.of(weights) for weights in theta]
            columns = [
                ids,
                *beside,
                [[k for k, _ in row] for row in chosen],
                [[weight for _, weight in row] for row in chosen],
            ]
            if self.labels is not None:
                columns.append([[self.labels.name(k) for k, _ in row] for row in chosen])
            columns = [
                column if isinstance(column, pa.Array) else pa.array(column, kind.type)
                for column, kind in zip(columns, self._schema, strict=True)
            ]
        self._writer.write_table(pa.Table.from_arrays(columns, schema=self._schema))

    def _further(self, columns: Columns) -> list[Any]:
        """The further columns as Arrow arrays; the first documents tell their types, text where all are null."""
        import pyarrow as pa

        from lda.corpus.metadata import to_table

        if self._writer is None:
            for kind in to_table(dict(zip(self.further, columns, strict=True))).schema:
                at = self._schema.get_field_index(kind.name)
                told = pa.string() if pa.types.is_null(kind.type) else kind.type
                self._schema = self._schema.set(at, pa.field(kind.name, told))
            self._open()
        made = []
        for name, values in zip(self.further, columns, strict=True):
            kind = self._schema.field(name).type
            try:
                made.append(pa.array(list(map(_text, values)) if kind == pa.string() else values, kind))
            except (pa.ArrowException, OverflowError) as error:
                raise DataError(
                    f"the field {printable(name)!r:.60} was {kind} in the first documents, and is something else later "
                    f"({presentable(str(error)):.100}); write .jsonl, which takes any value"
                ) from None
        return made

    def close(self) -> None:
        """Write the footer."""
        if self._writer is None:
            self._open()
        self._writer.close()


class Mallet(Writer):
    """MALLET's file of `infer-topics`: a header, then number, name and weights, or with a threshold pairs."""

    def __init__(self, file: IO[str], n_topics: int, selection: Selection) -> None:
        from lda.interop.mallet_documents import HEADER

        super().__init__(n_topics, selection)
        self._file, self._rows = file, 0
        file.write(HEADER + "\n")

    def write(self, ids: Sequence[str], theta: Theta, further: Columns = ()) -> None:
        """Append documents."""
        from lda.interop.mallet_documents import document_row
        from lda.interop.mallet_words import document_names

        chosen = self.selection
        # The shortest digits of these numbers, not those of their neighbours in double precision.
        shown = np.array([[_short(weight) for weight in weights] for weights in theta])
        for name, weights in zip(document_names(ids), shown, strict=True):
            self._file.write(document_row(self._rows, name, weights, chosen.threshold, chosen.top))
            self._rows += 1


class Npy(Writer):
    """A (D, K) float32 array in `.npy`; document names are not kept."""

    def __init__(self, file: IO[bytes], n_topics: int, selection: Selection) -> None:
        super().__init__(n_topics, selection)
        self._file, self._rows = file, 0
        self._header()

    def _header(self) -> None:
        # NumPy leaves room for the first dimension to grow, so the header can be rewritten in place.
        kind = {"descr": "<f4", "fortran_order": False, "shape": (self._rows, self.n_topics)}
        np.lib.format.write_array_header_1_0(self._file, kind)
        self._data_from = self._file.tell()

    def write(
        self, ids: Sequence[str], theta: Theta, further: Columns = ()
    ) -> None:  # the format has no names
        """Append rows."""
        self._file.write(np.ascontiguousarray(theta, dtype="<f4").tobytes())
        self._rows += len(theta)

    def close(self) -> None:
        """Put the final number of rows into the header."""
        before = self._data_from
        self._file.seek(0)
        self._header()
        assert self._data_from == before, "the header of an .npy file must keep its length"


def check_format(
    target: str | Path,
    selection: Selection,
    *,
    names: bool = False,
    mallet: bool = False,
    further: Sequence[str] = (),
) -> None:
    """Refuse, before any work, a file name that no format goes with.

    names: whether names of topics are to be written. mallet: whether any file is to be in MALLET's form. further:
    names of further columns.

    Raises:
        DataError: the ending is unknown, or the format cannot hold a selection, or names.
    """
    suffix = ".txt" if mallet else Path(target).suffix.lower()
    if further and suffix in (".txt", ".npy"):
        raise DataError(
            f"a {suffix} file has no place for {', '.join(map(printable, further))}; write .jsonl, .csv or .parquet"
        )
    if names and suffix == ".txt":
        raise DataError("MALLET's form has no place for names of topics; write .csv, .tsv or .parquet")
    if str(target) != "-" and suffix not in SUFFIXES:
        raise DataError(
            f"the output must end in {', '.join(SUFFIXES)}, got {target}; the ending chooses the format, "
            "and a folder has none or ends in /"
        )
    if suffix == ".npy" and not selection.is_all:
        raise DataError(
            "an .npy file holds all weights, no selection; write .parquet, .jsonl or .csv, or select nothing"
        )
    if names and selection.is_all and suffix in ("", ".jsonl", ".npy"):
        raise DataError(
            "a list of all weights has no place for names of topics; write .csv or .parquet, or select topics "
            "(--top, --threshold)"
        )


@contextmanager
def open_writer(
    target: str | Path,
    n_topics: int,
    selection: Selection,
    *,
    labels: Labels | None = None,
    overwrite: bool = False,
    mallet: bool = False,
    further: Sequence[str] = (),
) -> Iterator[Writer]:
    """A writer to `target`; the file appears whole when the block ends well.

    Its ending chooses the format, unless it is to be MALLET's.

    Raises:
        DataError: as `check_format`, or the target exists and `overwrite` is off.
    """
    check_format(target, selection, names=bool(labels), mallet=mallet, further=further)
    path = Path(target)
    suffix = ".txt" if mallet else path.suffix.lower()
    with new_file(path, overwrite=overwrite) as temporary:
        if suffix == ".parquet":
            parquet = Parquet(temporary, n_topics, selection, labels, further)
            try:
                yield parquet
            finally:
                parquet.close()
        elif suffix == ".npy":
            with temporary.open("w+b") as binary:
                array = Npy(binary, n_topics, selection)
                yield array
                array.close()
        else:
            with temporary.open("w", encoding="utf-8", newline="") as text:
                yield text_writer(text, suffix, n_topics, selection, labels, further)


def text_writer(
    file: IO[str],
    suffix: str,
    n_topics: int,
    selection: Selection,
    labels: Labels | None = None,
    further: Sequence[str] = (),
) -> Writer:
    """A writer of text to an open file; JSON lines unless the suffix asks for a table."""
    if suffix == ".txt":
        return Mallet(file, n_topics, selection)
    if suffix in (".csv", ".tsv"):
        return Table(file, n_topics, selection, "," if suffix == ".csv" else "\t", labels, further)
    return JsonLines(file, n_topics, selection, labels, further)


def _row_format(n_topics: int, delimiter: str) -> str:
    """Format of a whole row; nine digits restore every float32. One format is ten times faster than K `_short`."""
    return delimiter.join(["%.9g"] * n_topics)


def _cell(value: object) -> object:
    """What stands in a table: text and numbers as they are, all else as JSON."""
    return (
        value if value is None or type(value) in (str, int, float) else json.dumps(value, ensure_ascii=False)
    )


def _text(value: object) -> str | None:
    """Text as it is, all else as JSON."""
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _json(value: object) -> str:
    # Names come from outside, and these lines may go to a terminal.
    return printable_json(json.dumps(value, ensure_ascii=False, allow_nan=False))


def _short(weight: np.float32 | float) -> float:
    """The shortest decimal number that gives the same float32: 0.1, not 0.10000000149011612."""
    return float(str(np.float32(weight)))
