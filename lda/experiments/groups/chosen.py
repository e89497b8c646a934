"""Which groups a run has: those that are chosen and large enough, and what is known of them from before."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from lda.corpus.errors import DataError
from lda.corpus.presentable import printable
from lda.corpus.wording import is_or_are
from lda.experiments.groups.folder import inside
from lda.experiments.groups.names import folder_names, shown_value
from lda.experiments.groups.records import GroupRecord, GroupsRecord
from lda.progress import first_of, plural

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from lda.corpus.storage.places import Storage
    from lda.experiments.groups.choice import Choice
    from lda.experiments.groups.membership import Membership

TOKENS_A_TOPIC: Final = 100
"""Below that many a topic is a handful of sentences."""

NAMED: Final = 5
"""Groups that a message names."""


def chosen_groups(everybody: Membership, members: Membership, choice: Choice) -> tuple[GroupRecord, ...]:
    """The groups to fit and those left out as too small. Raises DataError where that leaves none, or is refused.

    Folders have their names among all values of the field, chosen or not, so that they are the same in each run.
    """
    folders = dict(zip(everybody.values, folder_names(everybody.values), strict=True))
    small, found = list[GroupRecord](), list[GroupRecord]()
    for value, documents, tokens in zip(members.values, members.documents, members.tokens, strict=True):
        group = GroupRecord(
            value=value,
            folder=folders[value],
            state="waiting",
            documents=len(documents),
            tokens=int(tokens),
        )
        if len(documents) < choice.min_documents:
            group = group.skipped(f"fewer than {choice.min_documents:,} documents (--min-documents)")
        elif not tokens:
            group = group.skipped("no tokens")
        found.append(group)
        if group.state == "skipped":
            small.append(group)
    if small and choice.small == "refuse":
        raise DataError(
            f"{plural(len(small), 'group')} of the field {printable(choice.field)!r} "
            f"{is_or_are(len(small))} too small: {_named(small)}; lower --min-documents, name the groups "
            "to fit (--group), or leave small ones out (--small-groups skip)"
        )
    if len(small) == len(found):
        raise DataError(
            f"no group of the field {printable(choice.field)!r} has {choice.min_documents:,} documents and a token "
            f"({_named(small)}); lower --min-documents, or choose another field"
        )
    return tuple(found)


def _named(groups: Sequence[GroupRecord]) -> str:
    """The first of them with their sizes."""
    return first_of(
        [
            f"{shown_value(group.value)!r} ({plural(group.documents, 'document')}, {plural(group.tokens, 'token')})"
            for group in groups
        ],
        NAMED,
    )


def going_on(before: GroupsRecord, now: GroupsRecord) -> GroupsRecord:
    """The record of a run that goes on: what is known of groups, those of now and those that were chosen before."""
    known = {group.value: group for group in before.groups}
    groups = list[GroupRecord]()
    for group in now.groups:
        old = known.pop(group.value, group)
        if old.state in ("waiting", "skipped") or (group.state == "skipped" and old.state == "failed"):
            old = replace(group, folder=old.folder)
        groups.append(old)
    groups += known.values()
    groups.sort(key=lambda group: (-group.documents, group.value))
    return replace(now, groups=tuple(groups))


def is_there(place: Storage, group: GroupRecord) -> bool:
    """Whether the group is done and its model in its folder, as far as its description tells."""
    from lda.model.description import read_description

    if group.state != "done":
        return False
    try:
        return read_description(inside(place.address, group.folder)).get("fingerprint") == group.fingerprint
    except DataError:
        return False


def warn_of_topics(
    record: GroupsRecord, values: Collection[str], n_topics: int, warn: Callable[[str], None]
) -> None:
    """Warn of groups, of these values, that are too small for so many topics."""
    few = [
        group
        for group in record.groups
        if group.value in values and (group.documents < n_topics or group.tokens < TOKENS_A_TOPIC * n_topics)
    ]
    if few:
        warn(
            f"warning: {plural(n_topics, 'topic')} {is_or_are(n_topics)} many for {_named(few)}: fewer "
            f"documents than topics, or fewer than {TOKENS_A_TOPIC} tokens a topic; take fewer topics (-k), or leave "
            "small groups out (--min-documents)"
        )
