"""Records of ours: one format, one checksum, one rule for versions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from lda.corpus.storage.places import storage
from lda.corpus.storage.signed_record import read_record, write_record

if TYPE_CHECKING:
    from pathlib import Path


def read(folder: Path) -> dict[str, Any]:
    return read_record(storage(folder), "thing.json", form="thing", version=2)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    values = {"name": "caf\u00e9", "numbers": [1, 0.1, None]}
    write_record(storage(tmp_path), "thing.json", values, form="thing", version=1)
    assert read(tmp_path) == values
    assert [path.name for path in tmp_path.iterdir()] == ["thing.json"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"name": "b"}, "not what was written"),
        ({"sha256": None}, "not what was written"),
        ({"format": "other"}, "its format is 'other', not thing"),
        ({"format_version": 3}, "the version 3; this raylda reads up to 2"),
        ({"format_version": "2"}, "the version '2'"),
    ],
)
def test_what_is_not_as_it_was_written_is_refused(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    write_record(storage(tmp_path), "thing.json", {"name": "a"}, form="thing", version=2)
    body = json.loads((tmp_path / "thing.json").read_text())
    (tmp_path / "thing.json").write_text(json.dumps(body | changes))
    with pytest.raises(ValueError, match=told):
        read(tmp_path)


def test_one_without_a_checksum_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thing.json").write_text(json.dumps({"format": "thing", "format_version": 2, "name": "a"}))
    with pytest.raises(ValueError, match="no sha256"):
        read(tmp_path)
