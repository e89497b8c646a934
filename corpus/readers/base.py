"""What a reader is, and how to add one.

A reader turns one file (or folder) into batches of documents. To add a format:

1. write `NAME.py` with a subclass of `TextReader` (documents are text) or `CountReader` (documents are counts of
   terms); set `name`, `suffixes` and what else of `Reader` tells such a file, and yield batches of bounded size from
   `read`;
2. list an instance in `READERS` of `registry.py`: one row, and nothing else anywhere;
3. raise DataError with file, line or row, the value found and the remedy for every kind of damage; hand it to
   `bad_records.skip_or_stop` where it is of one record, and go on with the next; take lines from `record_lines`; and
   add the file and its damaged versions to the tests.

Files are opened by `files.py`, so compression and encodings are no concern of a reader.
`tests/corpus/test_new_reader.py` does all this for a format of its own.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from lda.corpus.arrow import strings
from lda.corpus.errors import DataError
from lda.corpus.metadata import to_table
from lda.corpus.readers.options import FirstLines, ReadOptions
from lda.corpus.readers.ready_tokens import TOKENS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    import numpy.typing as npt

    from lda.corpus.batches import TokenBatch

BATCH_CHARACTERS: Final = 2**20
"""Text handed on at a time. Fixed, whatever the number of threads; large enough that the distinct words of a
batch are few beside its tokens, small enough that all batches in flight take little memory. Four times as much reads
in a tenth less time, and takes 100 MB more (48 MB of speeches, two threads)."""

BATCH_DOCUMENTS: Final = 2**14
"""Documents handed on at a time, if they are short."""


class TextBatch(NamedTuple):
    """Some consecutive documents as text.

    Attributes:
        ids: (n,) large_string.
        texts: (n,) large_string, or `ready_tokens.TOKENS` where the field holds lists of tokens.
        metadata: table of n rows or None.
        n_without_text: documents whose text fields are all missing or null; they are empty.
        numbers: (n,) int64, the line or row of each document, counted from 1 from the beginning of the part. None
            where no id is null: only of a part that begins in the middle of a file are ids null that would be numbers.
        without_text: (n,) which of them are without text; None where none is.
    """

    ids: pa.Array[Any]
    texts: pa.Array[Any]
    metadata: pa.Table | None
    n_without_text: int = 0
    numbers: npt.NDArray[np.int64] | None = None
    without_text: npt.NDArray[np.bool_] | None = None


class TextDocument(NamedTuple):
    """One document with the further fields of its row: text, tokens that are ready, or None where there is neither.

    id: None where it is a number that is not known yet (`ReadOptions.numbered`). number: of its line in the stretch.
    """

    id: str | None
    text: str | list[str] | None
    metadata: Mapping[str, object]
    number: int = 0


class CountFile(NamedTuple):
    """A file of counts.

    Attributes:
        terms: (V,) names of the columns.
        named: whether the names were given; otherwise they are the numbers "0", "1", ...
        batches: the documents.
    """

    terms: list[str]
    named: bool
    batches: Iterator[TokenBatch]


class Reader:
    """What a reader says of its format, so that files of it are told from others.

    Attributes:
        name: of the format, as `format=` takes it.
        suffixes, prefixes: how names of such files end and begin, in lower case and without that of a compression.
        mark: a beginning that no other format has; it goes before what the name says.
        name_is_enough: whether the suffix decides; else it does only where the content tells nothing.
        in_parts: whether a folder that holds nothing but such files is a data set in parts, not a folder of texts.
        folders: how names of folders end that are one file to this reader.
        is_archive: whether such a file may be a zip archive, which is refused under any other name.
        by_lines: whether a line is a document, whatever stands before it but for what `first_lines` tells.
    """

    name: str
    suffixes: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    mark: re.Pattern[bytes] | None = None
    name_is_enough: bool = True
    in_parts: bool = False
    folders: tuple[str, ...] = ()
    is_archive: bool = False
    by_lines: bool = False

    def begins_like(self, head: bytes) -> bool:
        """Whether a file whose name tells nothing is of this format, by its first 4096 bytes."""
        return False

    def companion(self, path: Path) -> Path | None:
        """A file that belongs to an input of this format, and is no input itself where both are given."""
        return None


class TextReader(Reader, ABC):
    """Reads documents as text."""

    @abstractmethod
    def read(self, path: Path, options: ReadOptions) -> Iterator[TextBatch]:
        """Yield the documents in their order.

        Raises:
            DataError: the file is damaged or not of this format.
        """

    def first_lines(self, path: Path, options: ReadOptions, *, cut: bool = False) -> FirstLines:
        """What the first lines of a file tell of all of it, for a stretch that begins after them.

        cut: whether `path` holds its first lines only.

        Raises:
            DataError: as `read` would of these lines.
        """
        return FirstLines(complete=True)


class CountReader(Reader, ABC):
    """Reads documents as counts of terms."""

    @abstractmethod
    def read(self, path: Path, options: ReadOptions) -> CountFile:
        """Read what comes before the documents; these follow as batches, in their order.

        Raises:
            DataError: the file is damaged or not of this format; also while batches are taken.
        """


def batch_documents(documents: Iterable[TextDocument]) -> Iterator[TextBatch]:
    """Gather single documents into batches of bounded size; those before an error are handed on, too."""
    held: list[TextDocument] = []
    characters = 0
    damage: DataError | None = None
    try:
        for document in documents:
            held.append(document)
            text = document.text or ""
            characters += len(text) if isinstance(text, str) else sum(map(len, text))
            if characters >= BATCH_CHARACTERS or len(held) >= BATCH_DOCUMENTS:
                yield _text_batch(held)
                held, characters = [], 0
    except DataError as error:
        damage = error
    if held:
        yield _text_batch(held)
    if damage is not None:
        raise damage


def _text_batch(documents: list[TextDocument]) -> TextBatch:
    names = dict.fromkeys(name for document in documents for name in document.metadata)
    columns = {name: [document.metadata.get(name) for document in documents] for name in names}
    ids = strings([d.id for d in documents])
    numbers = np.array([d.number for d in documents], np.int64) if ids.null_count else None
    if any(isinstance(d.text, list) for d in documents):
        texts: pa.Array[Any] = pa.array([d.text or [] for d in documents], TOKENS)
    else:
        texts = strings([d.text or "" for d in documents])
    without = np.array([document.text is None for document in documents], dtype=bool)
    n_without = int(without.sum())
    return TextBatch(
        ids,
        texts,
        to_table(columns) if columns else None,
        n_without,
        numbers,
        without if n_without else None,
    )
