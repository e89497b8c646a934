"""The folder of the groups' models, and the record in it by which it is resumed.

NAME/           a model for each group; the names are those of `lda.experiments.groups.names`
groups.json     the groups, and what has become of each (`GroupsRecord`), with its sha256
groups.csv      the same as a table
corpora/NAME/   the documents of each group as a corpus, where they were to be kept
.checkpoints/   of fits under way; gone once they are done
"""

from __future__ import annotations

import csv
import io
import secrets
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from lda.corpus.errors import DataError
from lda.corpus.storage import signed_record
from lda.corpus.storage.places import beside
from lda.experiments.groups.records import COLUMNS, FORMAT, FORMAT_VERSION, GroupRecord, GroupsRecord
from lda.model.run_record import strict_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lda.corpus.storage.places import Storage

RECORD: Final = "groups.json"
TABLE: Final = "groups.csv"
CORPORA: Final = "corpora"
CHECKPOINTS: Final = ".checkpoints"
WORK: Final = ".work"
"""What a run on a cluster cuts the corpus into, where all nodes see it."""

SHARE_OF_TIME: Final = 0.05
"""How much of the time may go into writing the record, which grows with the groups; at most once a second."""


class GroupsFolder:
    """The folder while a run fills it. Only the driver writes the record; models come from anywhere."""

    def __init__(self, place: Storage, record: GroupsRecord) -> None:
        self.place = place
        self.record = replace(record, run=secrets.token_hex(8))
        self._next = 0.0
        self._unwritten = False

    def begin(self) -> None:
        """Write the record for the first time."""
        self._write()

    def set(self, group: GroupRecord) -> None:
        """Take the new state of a group; the file follows when it has not been written for a while.

        Raises:
            DataError: another run has begun to write there. OSError: it cannot be written.
        """
        groups = tuple(group if known.value == group.value else known for known in self.record.groups)
        self.record = replace(self.record, groups=groups)
        self._unwritten = True
        if time.monotonic() >= self._next:
            self.write()

    def write(self) -> None:
        """Write what has not been written. Raises as `set`."""
        if not self._unwritten:
            return
        if run_at(self.place) != self.record.run:
            raise DataError(
                f"another run has begun to write to {self.place.root}, so this one ends; keep one of them"
            )
        self._write()

    def finish(self) -> None:
        """Write the record, and the table. Raises as `set`."""
        self.write()
        self.place.write(TABLE, _csv(self.record.groups))

    def _write(self) -> None:
        begin = time.monotonic()
        body = strict_json(self.record.to_dict())
        signed_record.write_record(self.place, RECORD, body, form=FORMAT, version=FORMAT_VERSION)
        now = time.monotonic()
        self._next = now + max(1.0, (now - begin) / SHARE_OF_TIME)
        self._unwritten = False


def check_target(place: Storage, *, resume: bool, overwrite: bool) -> GroupsRecord | None:
    """Refuse, before any work, a folder that this run may not fill; returns the record of one it may go on with.

    Raises:
        DataError: it holds something else, or groups and neither `resume` nor `overwrite` is set.
    """
    there = place.files()
    if RECORD not in there:
        if any(not name.startswith(".") for name in [*there, *place.folders()]):
            raise DataError(
                f"{place.root} exists and holds something other than models of groups, so nothing is written there; "
                "choose another name"
            )
        return None
    if not (resume or overwrite):
        raise DataError(
            f"{place.root} holds models of groups already; go on with those that are missing or failed (--resume), "
            "choose another name, or allow overwriting (--overwrite)"
        )
    try:
        return read_record(place)
    except DataError:
        if not overwrite:
            raise
        return None


def read_record(place: Storage) -> GroupsRecord:
    """The record there. Raises DataError where there is none, or a damaged one."""
    try:
        record = GroupsRecord.from_dict(
            signed_record.read_record(place, RECORD, form=FORMAT, version=FORMAT_VERSION)
        )
    except FileNotFoundError:
        raise DataError(
            f"{place.root} holds no {RECORD}: it is no folder of models of groups; name one that "
            "`lda fit --group-by` made"
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{RECORD} in {place.root} is damaged ({' '.join(str(error).split())}); begin anew with --overwrite"
        ) from error
    return record


def run_at(place: Storage) -> str | None:
    """The run that is filling the folder, as seen from here; None where there is none."""
    try:
        return read_record(place).run
    except DataError:
        return None


def clear(place: Storage) -> None:
    """Remove models of groups, their checkpoints and corpora, and the record last. Raises OSError.

    A folder that holds no model stays, whoever made it.
    """
    from lda.model.read import is_model

    for name in place.folders():
        if name in (CHECKPOINTS, CORPORA, WORK) or is_model(inside(place.address, name)):
            place.remove(name)
    place.delete(TABLE)
    place.delete(RECORD)


def inside(address: str, *names: str) -> str:
    """The place of that name below another."""
    return beside(address, "".join(f"/{name}" for name in names))


def _csv(groups: Iterable[GroupRecord]) -> bytes:
    text = io.StringIO(newline="")
    rows = csv.DictWriter(text, COLUMNS)
    rows.writeheader()
    rows.writerows(_row(group) for group in groups)
    return text.getvalue().encode("utf-8", "backslashreplace")


def _row(group: GroupRecord) -> dict[str, Any]:
    return {name: "" if value is None else value for name, value in group.to_dict().items()}
