"""The topic of each token of new documents, written as they come: MALLET's state, JSON lines or Parquet."""

from __future__ import annotations

import json
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import numpy as np

from lda.corpus.errors import DataError
from lda.corpus.storage.output_target import new_file
from lda.model.run_record import printable_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from lda.model.model import Model

    Topics = npt.NDArray[np.integer[Any]]

SUFFIXES: Final = (".gz", ".jsonl", ".parquet")


class StatedDocuments(NamedTuple):
    """n documents with the topic of each token.

    Attributes:
        ids: (n,) their names.
        doc_offsets: (n + 1,) from 0.
        words: (N,) terms in the order of the text.
        topics: (N,) of these.
    """

    ids: Sequence[str]
    doc_offsets: npt.NDArray[np.int64]
    words: npt.NDArray[np.int32]
    topics: Topics


class TokenWriter(Protocol):
    """Takes documents batch by batch."""

    def add(self, documents: StatedDocuments) -> None:
        """Append documents."""
        ...


def in_text_order(
    doc_offsets: npt.NDArray[np.int64], words: npt.NDArray[np.int32], sorted_topics: Topics
) -> Topics:
    """The topics of tokens where they stand: inference sorts the tokens of a document by term.

    Args:
        doc_offsets: (n + 1,) from 0.
        words: (N,) terms as they stand.
        sorted_topics: (N,) as `FrozenModel.theta_and_topics` returns them.

    Returns:
        (N,) topics.
    """
    documents = np.repeat(np.arange(len(doc_offsets) - 1), np.diff(doc_offsets))
    placed = np.empty(len(words), dtype=np.int32)
    placed[np.lexsort((words, documents))] = sorted_topics
    return placed


def check_state_target(target: str | Path) -> None:
    """Refuse a file name that no form goes with. Raises DataError."""
    if Path(target).suffix.lower() not in SUFFIXES:
        raise DataError(
            f"--output-state must end in {', '.join(SUFFIXES)}, got {target}; .gz is MALLET's form, which the ending "
            "chooses"
        )


@contextmanager
def open_state_writer(target: str | Path, model: Model, *, overwrite: bool = False) -> Iterator[TokenWriter]:
    """A writer to `target`, which appears whole when the block ends well; its ending chooses the form.

    Raises:
        DataError: no form has that ending, or the file exists and `overwrite` is off.
    """
    check_state_target(target)
    path = Path(target)
    suffix = path.suffix.lower()
    with new_file(path, overwrite=overwrite) as temporary:
        if suffix == ".gz":
            from lda.interop.mallet_state import new_state

            with new_state(temporary, model.alpha, model.beta, model.vocabulary) as state:
                yield _Mallet(state)
        elif suffix == ".parquet":
            parquet = _Parquet(temporary, model.vocabulary)
            try:
                yield parquet
            finally:
                parquet.close()
        else:
            with temporary.open("w", encoding="utf-8", newline="") as text:
                yield _JsonLines(text, model.vocabulary)


class _Mallet:
    def __init__(self, state: Any) -> None:  # noqa: ANN401 - `StateWriter`, of a module that is imported late
        self._state = state

    def add(self, documents: StatedDocuments) -> None:
        # Without ids: MALLET names the file that an instance is from, and `NA` where there is none.
        self._state.add(documents.doc_offsets, documents.words, documents.topics)


class _JsonLines:
    """`{"id": ..., "words": [...], "topics": [...]}`: as many topics as words."""

    def __init__(self, file: IO[str], terms: Sequence[str]) -> None:
        self._file, self._terms = file, terms

    def add(self, documents: StatedDocuments) -> None:
        bounds = documents.doc_offsets.tolist()
        numbers, its = documents.words.tolist(), documents.topics.tolist()
        for name, (low, high) in zip(documents.ids, pairwise(bounds), strict=True):
            row = {
                "id": name,
                "words": [self._terms[word] for word in numbers[low:high]],
                "topics": its[low:high],
            }
            self._file.write(printable_json(json.dumps(row, ensure_ascii=False)) + "\n")


class _Parquet:
    """Columns `id`, `words` (list of strings, coded by a dictionary) and `topics` (list of int32)."""

    def __init__(self, path: Path, terms: Sequence[str]) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._terms = pa.array(terms, pa.string())
        self._schema = pa.schema(
            [("id", pa.string()), ("words", pa.list_(pa.string())), ("topics", pa.list_(pa.int32()))]
        )
        self._writer = pq.ParquetWriter(path, self._schema)

    def add(self, documents: StatedDocuments) -> None:
        import pyarrow as pa

        offsets: Any = pa.array(documents.doc_offsets.astype(np.int32))
        columns: list[Any] = [
            pa.array(documents.ids, pa.string()),
            pa.ListArray.from_arrays(offsets, self._terms.take(documents.words)),
            pa.ListArray.from_arrays(offsets, pa.array(documents.topics.astype(np.int32))),
        ]
        self._writer.write_table(pa.Table.from_arrays(columns, schema=self._schema))

    def close(self) -> None:
        self._writer.close()
