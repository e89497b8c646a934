"""A model, and maybe documents, written in the form of another program: whole or not at all."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lda.corpus.errors import DataError
from lda.corpus.storage.output_target import (
    check_file_target,
    check_folder_target,
    check_parent,
    new_file,
    new_files,
    new_folder,
)

if TYPE_CHECKING:
    from pathlib import Path

    from lda.evaluation.inferred_documents import InferredDocuments
    from lda.interop.exported_model import ExportedModel
    from lda.interop.targets import Target


def check_export(target: Target, path: Path, *, overwrite: bool, n_topics: int | None = None) -> None:
    """Refuse what could not be written at the end, before anything is read.

    n_topics: of the model, once it is known: names of files may tell it.

    Raises:
        DataError: something stands there that may not be replaced.
        MissingPackageError: a package that writes this form is not installed.
    """
    target.check()
    if target.kind == "file":
        check_file_target(path, overwrite=overwrite)
    elif target.kind == "prefix":
        check_parent(path)
        if path.is_dir():
            raise DataError(
                f"{path} is a folder, and names of files are to begin with this; name {path / 'NAME'}"
            )
        for name in [] if n_topics is None else target.names(path.name, n_topics):
            check_file_target(path.with_name(name), overwrite=overwrite)
    else:
        check_folder_target(
            path, overwrite=overwrite, is_ours=lambda folder: _is_ours(target, folder), what=_what(target)
        )


def export(
    model: ExportedModel,
    documents: InferredDocuments | None,
    target: Target,
    path: Path,
    *,
    overwrite: bool = False,
) -> None:
    """Write the file or the folder of a target.

    Args:
        model: a fitted model.
        documents: with their topics, for a target that tells of documents.
        target: of `TARGETS`.
        path: to write.
        overwrite: replace what such an export has written there before.

    Raises:
        ValueError: the target needs documents, and there are none.
        DataError: as `check_export`, or the form cannot hold this model.
        OSError: the disk refused; what stood there is still there.
    """
    if target.documents == "needed" and documents is None:
        raise ValueError(f"{target.name} tells of documents, and none are given: name them")
    if target.kind == "file":
        with new_file(path, overwrite=overwrite) as temporary:
            target.write(model, documents, temporary)
    elif target.kind == "prefix":
        check_export(target, path, overwrite=overwrite, n_topics=model.n_topics)
        with new_files(path.parent, target.names(path.name, model.n_topics), overwrite=overwrite) as folder:
            target.write(model, documents, folder / path.name)
    else:
        with new_folder(path, overwrite=overwrite, is_ours=lambda folder: _is_ours(target, folder)) as folder:
            target.write(model, documents, folder)


def _is_ours(target: Target, folder: Path) -> bool:
    def known(entry: Path) -> bool:
        name = entry.relative_to(folder).as_posix()
        return entry.is_file() and not entry.is_symlink() and re.fullmatch(target.files, name) is not None

    if not folder.is_dir():
        return False
    entries = list(folder.rglob("*"))
    folders = {entry for entry in entries if entry.is_dir() and not entry.is_symlink()}
    files = [entry for entry in entries if entry not in folders]
    # A folder that holds nothing of ours is not ours either.
    return all(map(known, files)) and folders <= {above for file in files for above in file.parents}


def _what(target: Target) -> str:
    return f"a folder written by an export to {target.name}"
