"""`model.json`: what it says of a model, with types and sizes checked before anything else is read."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lda.corpus.errors import DataError
from lda.corpus.storage.contained_path import check_name
from lda.corpus.storage.places import is_uri, storage
from lda.corpus.storage.remote_file import check_bucket
from lda.corpus.storage.strict_json import check_signature, read_object

FORMAT: Final = "raylda-model"
FORMAT_VERSION: Final = (
    4  # raise it when an older reader would misread; 1 knew no parts, 2 no soft counts, 3 no word prior
)
DESCRIPTION: Final = "model.json"
SHA256: Final = re.compile(r"[0-9a-f]{64}")
LARGEST: Final = 2**63 - 1
BYTES_PER_ENTRY: Final = 8
"""At least: a count and its topic, stored as they are."""

BYTES_PER_WORD: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRow:
    """A file of a model as the description has it; None where an earlier version recorded nothing.

    words, entries: rows and counts in it, of files of counts.
    """

    file: str
    bytes: int | None = None
    sha256: str | None = None
    words: int | None = None
    entries: int | None = None


class Description:
    """The content of a `model.json`. Everything that is asked of it is checked, and raises `DataError`."""

    def __init__(self, path: str | Path, values: dict[str, Any]) -> None:
        self.path, self.values = path, values

    def field(self, name: str, kind: type[Any]) -> Any:  # noqa: ANN401
        """A value that is of a kind."""
        value = self.values.get(name)
        accepted = (int, float) if kind is float else kind
        if not isinstance(value, accepted) or (kind is not bool and isinstance(value, bool)):
            raise self.damaged(f"{name} must be a {kind.__name__}, got {value!r:.60}")
        return value

    def whole(self, name: str, low: int) -> int:
        """A whole number from `low` on that fits 64 bits."""
        value = self.field(name, int)
        if not low <= value <= LARGEST:
            raise self.damaged(f"{name} must be at least {low}, got {value!r:.40}")
        return int(value)

    @property
    def folder(self) -> str:
        """Where the files lie within the model's place; empty for the place itself."""
        folder = self.values.get("folder", "")
        return self._name(folder) if folder != "" else ""

    @property
    def fingerprint(self) -> str | None:
        """What it records as the fingerprint of the counts."""
        value = self.values.get("fingerprint")
        return None if value is None else self._sha256(value, "the fingerprint")

    def row(self, file: str) -> FileRow:
        """What it records of one of the files that are not counts."""
        table = self.values.get("files", {})
        values = table.get(file, {}) if isinstance(table, dict) else None
        return FileRow(file=file, **self._recorded(values, file))

    def matrix(self, kind: str, n_terms: int, n_topics: int) -> list[FileRow]:
        """The files of counts of a kind, in the order of their words; their sizes fit each other and the model's."""
        parts = self.values.get("parts", {})
        table = parts.get(kind) if isinstance(parts, dict) else 0
        if table is None or table == []:  # of a version that knew no parts
            return [FileRow(file=f"{kind}.npz")]
        if not isinstance(table, list):
            raise self.damaged(f"parts must list files of counts, got {parts!r:.60}")
        rows = [self._part(values) for values in table]
        words = sum(row.words or 0 for row in rows)
        if words != n_terms:
            raise self.damaged(f"its parts have {words} words, but there are {n_terms} terms")
        for row in rows:
            words, entries, size = row.words or 0, row.entries or 0, row.bytes or 0
            if entries > words * n_topics or BYTES_PER_WORD * words + BYTES_PER_ENTRY * entries > size:
                raise self.damaged(
                    f"{row.file} cannot hold {entries} counts of {words} words, with {size} bytes"
                )
        return rows

    def _part(self, values: object) -> FileRow:
        file = values.get("file") if isinstance(values, dict) else None
        recorded = self._recorded(values, file)
        assert isinstance(values, dict)
        if not {"bytes", "sha256"} <= recorded.keys():
            raise self.damaged(f"size and sha256 of {file!r:.60} are missing")
        words, entries = (
            self._number(values.get(name), f"{name} of {file!r:.60}") for name in ("words", "entries")
        )
        return FileRow(file=self._name(file), words=words, entries=entries, **recorded)

    def _recorded(self, values: object, file: object) -> dict[str, Any]:
        if not isinstance(values, dict):
            raise self.damaged(f"what it says of {file!r:.60} is no object but {values!r:.60}")
        if not values:
            return {}
        return {
            "bytes": self._number(values.get("bytes"), f"bytes of {file!r:.60}"),
            "sha256": self._sha256(values.get("sha256"), f"sha256 of {file!r:.60}"),
        }

    def _number(self, value: object, what: str) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LARGEST:
            raise self.damaged(f"{what} must be a number, got {value!r:.60}")
        return value

    def _sha256(self, value: object, what: str) -> str:
        if not isinstance(value, str) or not SHA256.fullmatch(value):
            raise self.damaged(f"{what} must have 64 digits, got {value!r:.80}")
        return value

    def _name(self, value: object) -> str:
        try:
            return check_name(value)
        except DataError as error:
            raise self.damaged(str(error)) from None

    def damaged(self, why: str) -> DataError:
        """What to raise when something in it cannot be."""
        return damaged(f"{self.path}/{DESCRIPTION}", why)

    def check_signature(self) -> None:
        """See that it says what it said when it was written."""
        try:
            check_signature(self.values)
        except ValueError as error:
            raise self.damaged(str(error)) from None

    def beta(self) -> float:
        """The prior of a term in a topic."""
        beta = float(self.field("beta", float))
        if not (math.isfinite(beta) and beta > 0):
            raise self.damaged(f"beta must be positive and finite, got {beta}")
        return beta


def read_description(path: str | Path) -> dict[str, Any]:
    """The content of `model.json`, with its format and version checked. Raises `DataError`."""
    _check_there(path)
    name = f"{path}/{DESCRIPTION}"
    try:
        values = read_object(storage(path), DESCRIPTION)
    except FileNotFoundError:
        if not is_uri(path) and any(Path(path).glob("*.expElogbeta.npy")):
            raise _of_gensim(path) from None
        check_bucket(path)
        raise DataError(
            f"{path} is not a model: it has no {DESCRIPTION}; name a folder that `lda fit -o` wrote"
        ) from None
    except DataError:
        raise
    except (OSError, ValueError) as error:
        raise damaged(name, str(error)) from error
    if values.get("format") != FORMAT:
        raise DataError(f"{name} does not describe a model of this package (its format must be {FORMAT!r})")
    written_by = Description(path, values).field("format_version", int)
    if written_by > FORMAT_VERSION:
        raise DataError(
            f"{path} has format version {written_by!r:.20}, newer than the {FORMAT_VERSION} known here; "
            "upgrade with `pip install -U raylda`"
        )
    return values


def _check_there(path: str | Path) -> None:
    if not is_uri(path) and not Path(path).is_dir():
        if Path(f"{path}.state").is_file() and Path(f"{path}.expElogbeta.npy").is_file():
            raise _of_gensim(path)
        state = "is a file, not a model folder" if Path(path).exists() else "does not exist"
        raise DataError(f"{path} {state}; name the folder that `lda fit -o` or `save` wrote")


def _of_gensim(path: str | Path) -> DataError:
    """What to raise for files that gensim wrote: they are pickles, which are opened where somebody says so only."""
    return DataError(
        f"{path} is a model of gensim, whose files are pickles and may run code; if you trust it, take it over in "
        f"Python: lda.Model.from_gensim({str(path)!r}).save('model')"
    )


def damaged(path: str | Path, why: str) -> DataError:
    """What to raise for a file of a model that cannot be believed."""
    return DataError(f"{path} is missing or damaged ({why:.400}); restore it from a copy or fit again")
