"""Telling of records that were skipped: the file that lists them, and the sentence that speaks of it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

from lda.corpus.errors import DataError
from lda.corpus.presentable import presentable
from lda.corpus.storage.atomic_write import replaced_file
from lda.corpus.storage.output_target import check_file_target, check_names_file, local_path

if TYPE_CHECKING:
    from lda.corpus.readers.bad_records import BadRecords


def skipped_lines(bad_records: BadRecords | None) -> bytes | None:
    """The content of `skipped.jsonl`; None where nothing was skipped."""
    if bad_records is None or not bad_records.n_skipped:
        return None
    file = io.BytesIO()
    bad_records.write(file)
    return file.getvalue()


def check_skipped_target(target: str | Path | None) -> None:
    """Refuse a file that may not be written, before anything is read: a list like this one is replaced, nothing else.

    Raises:
        DataError: something else stands there, or it cannot be written.
    """
    if target is None:
        return
    check_names_file(str(target))
    path = local_path(str(target))
    check_file_target(path, overwrite=True)
    if not path.exists():
        return
    with path.open("rb") as file:
        first = file.readline(2**16)
    try:
        ours = not first or {"file", "reason"} <= json.loads(first).keys()
    except (ValueError, AttributeError):
        ours = False
    if not ours:
        raise DataError(f"{path} is no list of skipped records, so it is not replaced; choose another name")


def write_skipped(bad_records: BadRecords | None, target: str | Path | None) -> None:
    """Write the list of skipped records to a file, if one is asked for: an empty one where none was skipped.

    It takes the place of a list that stands there: of two readings, the second must not leave that of the first.

    Raises:
        DataError: as `check_skipped_target`. OSError: it cannot be written.
    """
    if target is None or bad_records is None:
        return
    path = Path(target)
    path.parent.mkdir(parents=True, exist_ok=True)
    with replaced_file(path, lambda: check_skipped_target(path)) as temporary, temporary.open("wb") as file:
        bad_records.write(file)


def told_of_skipped(bad_records: BadRecords | None, where: str | Path | None) -> str | None:
    """The sentence that a reading ends with; None where nothing was skipped. where: of the file that lists them."""
    if bad_records is None:
        return None
    return bad_records.sentence(None if where is None else presentable(str(where)))
