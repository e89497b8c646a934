"""A folder in which each file is a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lda.corpus.errors import DataError
from lda.corpus.readers.base import TextBatch, TextDocument, TextReader, batch_documents
from lda.corpus.readers.files import path_text, plain_name, read_text
from lda.corpus.readers.options import ReadOptions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FOLDER: Final = "folder"
"""Name of the field with the path of the folder that a file lies in, below the one that was named."""


class FolderReader(TextReader):
    """Files below a folder, in order of their paths; the id is the path within the folder.

    Those in a folder below have its path as the field "folder", so that classes kept as folders can be told apart.

    If there are files named *.txt (packed or not), only these are read, so that tables and notes beside them
    do no harm; otherwise all are. Hidden files are left out. A single file is one document.
    """

    name = "text"

    def read(self, path: Path, options: ReadOptions) -> Iterator[TextBatch]:
        """Yield one document per file.

        Raises:
            DataError: the folder holds no files, or one of them is not text.
        """
        return batch_documents(self._documents(path, options))

    def _documents(self, path: Path, options: ReadOptions) -> Iterator[TextDocument]:
        if not path.is_dir():
            yield TextDocument(path_text(path.name), read_text(path, options), {})
            return
        for file in document_files(path):
            within = file.relative_to(path)
            nested = len(within.parts) > 1
            yield TextDocument(
                f"{options.prefix}{path_text(within.as_posix())}",
                read_text(file, options),
                {FOLDER: path_text(within.parent.as_posix())} if nested else {},
            )


def document_files(folder: Path) -> list[Path]:
    """The files of a folder that are documents, in order of their relative paths.

    Raises:
        DataError: there are none.
    """
    files = visible_files(folder)
    if not files:
        raise DataError(f"the folder {folder} holds no files; check the name")
    texts = [file for file in files if plain_name(file).endswith(".txt")]
    return texts or files


def visible_files(folder: Path) -> list[Path]:
    """All files below a folder that are not hidden, in order of their relative paths."""
    found = ((path.relative_to(folder), path) for path in folder.rglob("*"))
    shown = [
        (rel.as_posix(), path) for rel, path in found if not any(part.startswith(".") for part in rel.parts)
    ]
    return [path for _, path in sorted(shown) if path.is_file()]
