"""A folder in which each file is a document."""

from __future__ import annotations

import os
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Final

from lda.corpus.errors import DataError
from lda.corpus.readers.bad_records import skip_file_or_stop
from lda.corpus.readers.base import TextBatch, TextDocument, TextReader, batch_documents
from lda.corpus.readers.files import path_text, plain_name, read_text
from lda.corpus.readers.options import ReadOptions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
        chosen = options.stretch.members
        for file in document_files(path) if chosen is None else [path / name for name in chosen]:
            within = file.relative_to(path)
            nested = len(within.parts) > 1
            try:
                text = read_text(file, options)
            except DataError as error:
                skip_file_or_stop(options.bad_records, error, file)
                continue
            yield TextDocument(
                f"{options.prefix}{path_text(within.as_posix())}",
                text,
                {FOLDER: path_text(within.parent.as_posix())} if nested else {},
            )


def document_files(folder: Path) -> list[Path]:
    """The files of a folder that are documents, in order of their relative paths.

    Raises:
        DataError: there are none, or a link leads out of the folder.
    """
    files = visible_files(folder)
    if not files:
        raise DataError(f"the folder {folder} holds no files; check the name")
    chosen = set(document_names([file.name for file in files]))
    return [file for file in files if file.name in chosen]


def document_names(names: Sequence[str]) -> list[str]:
    """Those of a folder's files that are documents: its *.txt where there are any, else all."""
    return [name for name in names if plain_name(PurePath(name)).endswith(".txt")] or list(names)


def visible_files(folder: Path) -> list[Path]:
    """All files below a folder that are not hidden, in order of their relative paths.

    Raises:
        DataError: a link among them leads out of the folder. Whoever made the folder would have files read that are
            none of his, such as the keys of who reads it; and a linked folder would be passed over without a word.
    """
    found = ((path.relative_to(folder), path) for path in folder.rglob("*"))
    shown = sorted(
        (rel.as_posix(), path) for rel, path in found if not any(part.startswith(".") for part in rel.parts)
    )
    root = os.path.realpath(folder)
    for _, path in shown:
        if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(root):
            raise DataError(
                f"{path} is a link that leads out of its folder, to {os.path.realpath(path)}; put the file itself "
                f"there (`cp -L`), or name what is meant, such as {folder}/*"
            )
    return [path for _, path in shown if path.is_file()]
