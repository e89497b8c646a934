"""Which further fields the files of a corpus have, and of which kind: what differs between files is told."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from lda.corpus.presentable import presentable

if TYPE_CHECKING:
    from collections.abc import Mapping

FIELDS_TOLD: Final = 3
FILES_TOLD: Final = 3
"""How many of them a message names."""

_TEXTS: Final = (
    pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view,
    pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view,
)  # fmt: skip


class SeenFields:
    """The fields of each file. What one process has seen is added to what others have, in any order of the parts."""

    def __init__(self) -> None:
        self._files: dict[str, dict[str, list[str]]] = {}

    def see(self, file: str, schema: pa.Schema | None) -> None:
        """Take the fields of a batch. file: how it is shown. schema: None where there are no further fields."""
        known = self._files.setdefault(file, {})
        for field in schema or ():
            kinds, kind = known.setdefault(field.name, []), _kind(field.type)
            if kind is not None and kind not in kinds:
                kinds.append(kind)

    def add(self, values: Mapping[str, Mapping[str, list[str]]]) -> None:
        """Take what `to_dict` of another one returned."""
        for file, fields in values.items():
            known = self._files.setdefault(file, {})
            for name, kinds in fields.items():
                known[name] = list(dict.fromkeys([*known.get(name, ()), *kinds]))

    def to_dict(self) -> dict[str, dict[str, list[str]]]:
        """Plain values: file, field, kinds of values."""
        return self._files

    def told(self, *, typed: bool = False) -> str | None:
        """What a user should know of them; None for nothing.

        typed: whether somebody else decides on the kinds of fields, and tells of those that clash.
        """
        if len(self._files) < 2:
            return None
        told = [] if typed else self._clashes()
        told += self._gaps()
        return presentable("; ".join(told)) if told else None

    def _clashes(self) -> list[str]:
        """Fields that hold one kind of values in a file, and another in another one."""
        told = list[str]()
        for name in self._names():
            pure: dict[str, str] = {}  # the first file that holds one kind alone
            for file, fields in self._files.items():
                kinds = fields.get(name, ())
                if len(kinds) == 1:
                    pure.setdefault(kinds[0], file)
            if len(pure) > 1:
                (one, first), (other, second) = list(pure.items())[:2]
                told.append(f"the field {name!r:.80} holds {one} in {first} and {other} in {second}")
        if not told:
            return []
        more = f"; and so with {len(told) - FIELDS_TOLD} more fields" if len(told) > FIELDS_TOLD else ""
        return [
            f"{'; '.join(told[:FIELDS_TOLD])}{more}; all of it becomes text, unless --types says what it is (year:int)"
        ]

    def _gaps(self) -> list[str]:
        """Fields that most files have, and some have not."""
        counts = Counter(name for fields in self._files.values() for name in fields)
        total, told = len(self._files), list[str]()
        for name in self._names():
            if not total / 2 < counts[name] < total:
                continue
            lacking = [file for file, fields in self._files.items() if name not in fields]
            more = f" and {len(lacking) - FILES_TOLD} more" if len(lacking) > FILES_TOLD else ""
            told.append(
                f"{len(lacking)} of {total} files lack the field {name!r:.80}: {', '.join(lacking[:FILES_TOLD])}{more}"
            )
        more = f"; and so with {len(told) - FIELDS_TOLD} more fields" if len(told) > FIELDS_TOLD else ""
        return [f"{'; '.join(told[:FIELDS_TOLD])}{more}"] if told else []

    def _names(self) -> list[str]:
        return list(dict.fromkeys(name for fields in self._files.values() for name in fields))


def _kind(kind: Any) -> str | None:  # noqa: ANN401 - an Arrow type
    """What values of a type are, in words; None where there are none."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_null(kind):
        return None
    if any(is_text(kind) for is_text in _TEXTS):
        return "text"
    if pa.types.is_boolean(kind):
        return "true and false"
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "numbers"
    return "dates" if pa.types.is_temporal(kind) else "lists or objects"
