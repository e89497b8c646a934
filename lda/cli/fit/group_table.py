"""The groups of `lda fit --group-by`, as a table for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lda.cli.aligned import aligned
from lda.corpus.presentable import printable
from lda.experiments.groups.folder import TABLE, inside
from lda.experiments.groups.names import shown_value
from lda.progress import first_of, plural

if TYPE_CHECKING:
    from lda.experiments.groups.records import GroupRecord, GroupsRecord

MOST_ROWS: Final = 50
NAMED: Final = 10
"""Small groups that are named below the table."""


def group_table(record: GroupsRecord, models: str) -> str:
    """A line for each group that was fitted or failed, the largest first, and one on those that were left out.

    models: how the folder of the models is called.
    """
    tried = [group for group in record.groups if group.state != "skipped"]
    scored = any(group.heldout is not None for group in tried)
    head = [
        record.field,
        "documents",
        "tokens",
        "terms",
        *(["held-out"] if scored else []),
        "seconds",
        "model",
    ]
    rows = [_row(group, models, scored=scored) for group in tried[:MOST_ROWS]]
    lines = aligned([[printable(cell) for cell in row] for row in [head, *rows]], left=(0, len(head) - 1))
    if len(tried) > MOST_ROWS:
        lines.append(f"the {MOST_ROWS} largest of {len(tried):,} groups; all: {inside(models, TABLE)}")
    small = [group for group in record.groups if group.state == "skipped"]
    if small:
        named = [f"{shown_value(group.value)} ({plural(group.documents, 'document')})" for group in small]
        lines.append(f"left out, for they are small: {first_of(named, NAMED)}")
    return "\n".join(lines)


def _row(group: GroupRecord, models: str, *, scored: bool) -> list[str]:
    place = inside(models, group.folder)
    return [
        shown_value(group.value),
        f"{group.documents:,}",
        f"{group.tokens:,}",
        "-" if group.terms is None else f"{group.terms:,}",
        *(["-" if group.heldout is None else f"{group.heldout:.4f}"] if scored else []),
        "-" if group.seconds is None else f"{group.seconds:.1f}",
        place if group.state == "done" else f"{group.state}: {group.error}" if group.error else group.state,
    ]
