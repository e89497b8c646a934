"""What `groups.json` says: which groups there are, what they share, and what has become of each."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT: Final = "raylda-groups"
FORMAT_VERSION: Final = 1

State = Literal["waiting", "done", "failed", "skipped"]
"""waiting: not begun, or cut off. skipped: it has too few documents."""

COLUMNS: Final = (
    "value", "folder", "state", "documents", "tokens", "terms", "sweeps", "heldout", "seconds", "fingerprint", "error",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRecord:
    """One group.

    Attributes:
        value: of the field.
        folder: of its model, below that of the groups.
        state: what has become of it.
        documents: D of the group.
        tokens: N of the group.
        terms: V, the terms of the corpus that the group has; None until it has been fitted.
        sweeps: of the fit.
        heldout: nats a token of documents kept out, at the end of the fit; None where none were.
        seconds: that the group took, of wall-clock time, with opening its corpus and writing its model.
        fingerprint: of the model.
        error: one line on why it failed or was skipped; "" else.
    """

    value: str
    folder: str
    state: State
    documents: int
    tokens: int
    terms: int | None = None
    sweeps: int | None = None
    heldout: float | None = None
    seconds: float | None = None
    fingerprint: str | None = None
    error: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain values by name, in the order of the table."""
        row = asdict(self)
        return {name: row[name] for name in COLUMNS}

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> GroupRecord:
        """Rebuild a record. Raises KeyError, TypeError and ValueError for what cannot be one."""
        known = {field.name: row[field.name] for field in fields(cls)}
        for name, kinds in _KINDS.items():
            if not isinstance(known[name], kinds) or isinstance(known[name], bool):
                raise TypeError(f"{name} of a group cannot be {known[name]!r:.60}")
        if known["state"] not in get_args(State):
            raise ValueError(f"the state of a group cannot be {known['state']!r:.40}")
        check_folder(known["folder"])
        for name in ("documents", "tokens", "terms", "sweeps"):
            if known[name] is not None and not 0 <= known[name] < 2**63:
                raise ValueError(f"{name} of a group must be a count, got {known[name]!r:.40}")
        for name in ("heldout", "seconds"):
            if known[name] is not None and not math.isfinite(known[name]):
                raise ValueError(f"{name} of a group must be a number, got {known[name]!r:.40}")
        return cls(**known)

    def anew(self) -> GroupRecord:
        """The same group before anything has been done about it."""
        return GroupRecord(
            value=self.value,
            folder=self.folder,
            state="waiting",
            documents=self.documents,
            tokens=self.tokens,
        )

    def skipped(self, why: str) -> GroupRecord:
        """The same group, left out."""
        return replace(self.anew(), state="skipped", error=why)


_COUNT: Final = (int,)
_MAYBE: Final = (int, type(None))
_KINDS: Final[dict[str, tuple[type, ...]]] = {
    "value": (str,),
    "folder": (str,),
    "state": (str,),
    "documents": _COUNT,
    "tokens": _COUNT,
    "terms": _MAYBE,
    "sweeps": _MAYBE,
    "heldout": (float, int, type(None)),
    "seconds": (float, int, type(None)),
    "fingerprint": (str, type(None)),
    "error": (str,),
}


def check_folder(name: str) -> None:
    """See that it is a folder right below that of the groups. Raises ValueError."""
    if not name or name.startswith(".") or "/" in name or "\\" in name or "\0" in name:
        raise ValueError(f"the folder of a group cannot be {name!r:.60}")


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupsRecord:
    """All of them.

    Attributes:
        field: of the metadata.
        identity: what all fits share, as JSON: settings, the content hash of the whole corpus, the fingerprint of the
            model that they begin from, seed words.
        command: a shell command that repeats all of it; None for a run from Python.
        documents: of the whole corpus.
        missing: documents without a value, which are in no group.
        shared: documents that are in several groups.
        run: by which a run knows its own record.
        groups: the largest first.
    """

    field: str
    identity: dict[str, Any]
    command: str | None
    documents: int
    missing: int
    shared: int
    run: str
    groups: tuple[GroupRecord, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        body = {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.name not in ("groups", "identity")
        }
        return {**body, "identity": self.identity, "groups": [group.to_dict() for group in self.groups]}

    @classmethod
    def from_dict(cls, body: Mapping[str, Any]) -> GroupsRecord:
        """Rebuild a record; fields of later versions are ignored.

        Raises KeyError, TypeError and ValueError for what cannot be one.
        """
        kinds: dict[str, tuple[type, ...]] = {
            "field": (str,),
            "identity": (dict,),
            "command": (str, type(None)),
            "documents": (int,),
            "missing": (int,),
            "shared": (int,),
            "run": (str,),
            "groups": (list,),
        }
        for name, kind in kinds.items():
            if not isinstance(body[name], kind):
                raise TypeError(f"its {name} cannot be {body[name]!r:.60}")
        groups = tuple(GroupRecord.from_dict(row) for row in body["groups"])
        for name in ("value", "folder"):
            if len({getattr(group, name) for group in groups}) < len(groups):
                raise ValueError(f"two groups have the same {name}")
        return cls(**{name: body[name] for name in kinds if name != "groups"}, groups=groups)
