"""Folders that somebody has changed on purpose: their sizes and checksums are right again."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from lda.corpus.storage.strict_json import DIGEST, signed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Folder = dict[str, bytes]


def resigned(folder: Folder, name: str) -> Folder:
    """The same files; the description of that name has the sizes and checksums of what is there now."""
    try:
        value = json.loads(folder[name])
        parts = value.get("parts", {})
        rows = [
            *parts.get("counts", []),
            *parts.get("soft_counts", []),
            *parts.get("mean_counts", []),
            *value.get("shards", []),
        ]
        rows += [value[key] for key in ("vocabulary",) if key in value]
        for row in rows:
            _record(row, folder, row.get("file"))
        for file, row in value.get("files", {}).items():
            _record(row, folder, file)
        value.pop(DIGEST, None)
        return folder | {name: json.dumps(signed(value)).encode()}
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):  # nothing that could be signed
        return folder


def _record(row: dict[str, Any], folder: Folder, file: str) -> None:
    if (data := folder.get(file)) is not None:
        row |= {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def resign(path: Path, name: str, edit: Callable[[dict[str, Any]], object] = lambda value: None) -> None:
    """Edit a description in a folder, then make it vouch for the files that lie there."""
    value = json.loads((path / name).read_text())
    edit(value)
    folder = {file.name: file.read_bytes() for file in path.iterdir() if file.is_file()}
    folder[name] = json.dumps(value).encode()
    (path / name).write_bytes(resigned(folder, name)[name])
