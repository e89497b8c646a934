"""Records of ours, as `study.json` and `groups.json`: an object with format, version and checksum, written at once.

Descriptions of models and corpora, which are older, have rules of their own for versions before.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from lda.corpus.storage.strict_json import DIGEST, check_signature, read_object, signed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lda.corpus.storage.places import Storage

FORMAT: Final = "format"
VERSION: Final = "format_version"


def write_record(place: Storage, name: str, values: Mapping[str, Any], *, form: str, version: int) -> None:
    """Write a record, whole or not at all.

    Args:
        place: folder or URI.
        name: of the file.
        values: plain ones, NaN and infinities left out.
        form: what kind of record it is.
        version: of the format.

    Raises:
        OSError: it cannot be written.
    """
    body = signed({FORMAT: form, VERSION: version, **values})
    place.write(
        name, (json.dumps(body, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8")
    )


def read_record(place: Storage, name: str, *, form: str, version: int) -> dict[str, Any]:
    """The values of a record.

    Raises:
        FileNotFoundError: there is no such file.
        OSError: it cannot be read.
        ValueError: it is damaged, of another format, or of a later version.
    """
    body = read_object(place, name)
    if body.get(FORMAT) != form:
        raise ValueError(f"its format is {body.get(FORMAT)!r:.40}, not {form}")
    found = body.get(VERSION)
    if not isinstance(found, int) or not 1 <= found <= version:
        raise ValueError(f"its format has the version {found!r:.40}; this raylda reads up to {version}")
    if DIGEST not in body:
        raise ValueError(f"it has no {DIGEST}")
    check_signature(body)
    return {key: value for key, value in body.items() if key not in (FORMAT, VERSION, DIGEST)}
