"""A folder of Parquet parts, and the manifest by which it is resumed.

part-00000.parquet ...  the topics of the documents, in their order
_manifest.json          whose topics they are, and which parts are done, with their sha256
_SUCCESS                empty; there once all parts are
_labels.json            names of the topics, where some were given (see `lda.labels.labels_file`)

Readers of Parquet folders (pyarrow.dataset, Spark, DuckDB) pass over names that begin with an underscore or a point.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from lda.corpus.errors import DataError
from lda.corpus.storage.strict_json import read_object
from lda.model.run_record import strict_json

if TYPE_CHECKING:
    from lda.corpus.storage.places import Storage
    from lda.transform.parts import OutputPart, PartDone

FORMAT: Final = "raylda-topics"
FORMAT_VERSION: Final = 1
MANIFEST: Final = "_manifest.json"
SUCCESS: Final = "_SUCCESS"
NAMES: Final = "_labels.json"
OURS: Final = re.compile(r"part-\d{5,}\.parquet")
LEFTOVER: Final = re.compile(r"\.(part-\d{5,}\.parquet|_manifest\.json|_SUCCESS)\..*partial")
NUMBERS: Final = ("first_document", "n_documents", "n_empty_documents", "n_tokens", "n_unknown", "bytes")
SHARE_OF_TIME: Final = 0.05
"""How much of the time may go into writing the manifest, which grows with the parts; at most once a second."""


class PartsFolder:
    """The folder while a run fills it. Only the driver writes the manifest; parts come from anywhere."""

    def __init__(self, place: Storage, identity: dict[str, Any], parts: list[OutputPart]) -> None:
        self.place, self.identity, self.parts = place, identity, parts
        self.run = secrets.token_hex(8)
        self.entries: dict[int, dict[str, Any]] = {}
        self._unwritten = self._fresh = False
        self._next = 0.0

    def begin(self, *, resume: bool, overwrite: bool) -> bool:
        """Take possession of the folder, and of what an earlier run has recorded; False if all is done.

        Raises:
            DataError: there is something in the folder that this run may not replace, or cannot go on from.
        """
        found = check_target(self.place, resume=resume, overwrite=overwrite)
        recorded = self._recorded(found, overwrite) if found and resume else None
        there = self.place.files()
        if recorded is not None:
            self.entries = recorded
            if SUCCESS in there and all(
                part.index in recorded and there.get(part.file) == recorded[part.index]["bytes"]
                for part in self.parts
            ):
                return False
        self._fresh = recorded is None
        self.place.delete(SUCCESS)
        self._write(finished=False, first=True)
        if found is not None and recorded is None:
            self._delete(OURS)
        return True

    def tasks(self) -> list[OutputPart]:
        """All parts; those that are recorded with the sha256 by which to recognise them."""
        return [
            replace(part, sha256=self.entries[part.index]["sha256"]) if part.index in self.entries else part
            for part in self.parts
        ]

    def done(self, part: PartDone) -> None:
        """Record a part; the manifest follows when it has not been written for a while."""
        if not part.kept:
            self.entries[part.index] = part.entry
            self._unwritten = True
        if self._unwritten and time.monotonic() >= self._next:
            self._write(finished=False)

    def finish(self) -> None:
        """Say that all is there."""
        self._write(finished=True)
        self._delete(LEFTOVER)
        self.place.write(SUCCESS, b"")

    def leave(self) -> None:
        """Stop early: record what is done, as far as that is possible; a run that made nothing leaves nothing."""
        with suppress(OSError, DataError):
            if self._fresh and not self.entries and not any(map(OURS.fullmatch, self.place.files())):
                self._delete(LEFTOVER)
                self.place.delete(MANIFEST)
                self.place.remove_empty()
            else:
                self._write(finished=False)

    def _recorded(self, found: dict[str, Any], overwrite: bool) -> dict[int, dict[str, Any]] | None:
        """The parts that an earlier run has recorded; None when it is to be replaced."""
        from lda.cluster.checkpoints.identity import differences

        root = self.place.root
        if differ := differences(found["identity"], self.identity):
            if overwrite:
                return None
            raise DataError(
                f"{root} holds topics of another run: {differ}; repeat the command as it was, choose another name, "
                "or begin anew with --overwrite"
            )
        recorded = {}
        for entry in found["parts"]:
            index = int(entry["file"].removeprefix("part-").partition(".")[0])
            part = self.parts[index] if index < len(self.parts) else None
            if part is None or (part.file, part.first, part.last - part.first) != (
                entry["file"],
                entry["first_document"],
                entry["n_documents"],
            ):
                raise _damaged(root, f"{entry['file']} is not a part of this corpus")
            recorded[index] = entry
        return recorded

    def _write(self, *, finished: bool, first: bool = False) -> None:
        begin = time.monotonic()
        if not first and run_at(self.place) != self.run:
            raise DataError(
                f"another run has begun to write to {self.place.root}, so this one ends; keep one of them"
            )
        body = {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "run": self.run,
            "finished": finished,
            "identity": self.identity,
            "n_parts": len(self.parts),
            "n_documents": self.parts[-1].last,
            "parts": [self.entries[index] for index in sorted(self.entries)],
        }
        self.place.write(MANIFEST, (json.dumps(strict_json(body), indent=1) + "\n").encode())
        now = time.monotonic()
        self._next = now + max(1.0, (now - begin) / SHARE_OF_TIME)
        self._unwritten = False

    def _delete(self, names: re.Pattern[str]) -> None:
        for name in self.place.files():
            if names.fullmatch(name):
                self.place.delete(name)


def check_target(place: Storage, *, resume: bool, overwrite: bool) -> dict[str, Any] | None:
    """Refuse, before any work, a folder that this run may not fill; returns the manifest of one it may go on with.

    Raises:
        DataError: it holds something else, or topics and neither `resume` nor `overwrite` is set.
    """
    there = place.files()
    if MANIFEST not in there:
        # What a run leaves that was killed before its first manifest is not in the way.
        if any(not name.startswith((".", "_")) for name in [*there, *place.folders()]):
            raise DataError(
                f"{place.root} exists and holds something other than topics, so nothing is written there; "
                "choose another name"
            )
        return None
    if not (resume or overwrite):
        if SUCCESS in there:
            raise DataError(
                f"{place.root} holds topics already; choose another name, or allow overwriting (--overwrite)"
            )
        raise DataError(
            f"{place.root} holds the topics of a run that was cut off; go on from there with --resume, "
            "or begin anew with --overwrite"
        )
    try:
        return _read(place)
    except DataError:
        if resume and not overwrite:
            raise
        return {}


def run_at(place: Storage) -> str | None:
    """The run that is filling the folder, as seen from here; None where there is none."""
    try:
        found = _read(place)
    except FileNotFoundError:
        return None
    return str(found["run"])


def _read(place: Storage) -> dict[str, Any]:
    try:
        body = read_object(place, MANIFEST)
        if body["format"] != FORMAT or not isinstance(body["identity"], dict):
            raise ValueError("it does not describe topics")
        if body["format_version"] > FORMAT_VERSION:
            raise ValueError(f"format {body['format_version']!r:.20}, this version reads {FORMAT_VERSION}")
        if not isinstance(body["run"], str) or not all(map(_is_entry, body["parts"])):
            raise ValueError("its parts are not those of topics")
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(place.root, " ".join(str(error).split())) from error
    return body


def _is_entry(entry: object) -> bool:
    """Whether that can be what a run has recorded of a part."""
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("file"), str)
        and OURS.fullmatch(entry["file"]) is not None
        and isinstance(entry.get("sha256"), str)
        and all(type(entry.get(name)) is int and entry[name] >= 0 for name in NUMBERS)
    )


def _damaged(root: str, why: str) -> DataError:
    return DataError(f"{MANIFEST} in {root} is damaged ({why}); begin anew with --overwrite")
