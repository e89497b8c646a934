"""`Groups`: the models of groups in a folder, by value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Self

from lda.corpus.presentable import printable
from lda.corpus.storage.places import storage
from lda.experiments.groups.folder import inside, read_record
from lda.experiments.groups.names import shown_value
from lda.model.model import Model
from lda.transform.transform_corpus import absolute

if TYPE_CHECKING:
    from pathlib import Path

    from lda.corpus.storage.places import Storage
    from lda.experiments.groups.records import GroupRecord, GroupsRecord


class Groups(Mapping[str, Model]):
    """Models of groups of documents, by the value that makes each: a mapping, opened by `Groups.open`.

    Groups that failed or are small are not in it; `records` tells of all. Models are loaded when they are asked for.

    Attributes:
        field: of the metadata, whose values make the groups.
        records: a `GroupRecord` for each group, the largest first.
    """

    def __init__(self, place: Storage, record: GroupsRecord) -> None:
        self._place = place
        self._record = record
        self.field = record.field
        self.records: tuple[GroupRecord, ...] = record.groups
        self._done = {group.value: group for group in record.groups if group.state == "done"}

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """Open a folder, or URI, that `lda fit --group-by` or `fit_groups` made.

        Raises:
            DataError: there is none, or its record is damaged.
        """
        place = storage(absolute(path))
        return cls(place, read_record(place))

    @property
    def failed(self) -> tuple[GroupRecord, ...]:
        """Groups whose fit failed; a call with `resume` repeats them."""
        return tuple(group for group in self.records if group.state == "failed")

    def __getitem__(self, value: str) -> Model:
        """Load the model of a group. Raises KeyError for one that has none, DataError for a damaged one."""
        return Model.load(self.path(value))

    def __iter__(self) -> Iterator[str]:
        return iter(self._done)

    def __len__(self) -> int:
        return len(self._done)

    def path(self, value: str) -> str:
        """Folder or URI of the model of a group. Raises KeyError for one that has none."""
        if value not in self._done:
            raise KeyError(
                f"there is no model for {shown_value(value)!r}; there are some for "
                f"{', '.join(repr(shown_value(known)) for known in list(self._done)[:20])}"
            )
        return inside(self._place.address, self._done[value].folder)

    def to_dict(self) -> dict[str, Any]:
        """What `groups.json` says, as plain values."""
        return self._record.to_dict()

    def __repr__(self) -> str:
        n_failed = len(self.failed)
        failed = f", {n_failed:,} failed" if n_failed else ""
        return f"Groups(of {printable(self.field)!r}: {len(self):,} models{failed})"
