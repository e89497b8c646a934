"""Skipped records of a build by parts: each part leaves its own, and they are put together in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lda.corpus.readers.bad_records import TOLD_FIRST, SkippedPart, SkippedRecord

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lda.corpus.ingest.plan import BuildPlan
    from lda.corpus.ingest.work_folder import WorkFolder
    from lda.corpus.readers.bad_records import BadRecords


def leave_skipped(work: WorkFolder, key: str, bad: BadRecords | None, record: dict[str, Any]) -> None:
    """Write what was skipped in a part, and say so in its record."""
    if bad is None:
        return
    record |= {"n_skipped": bad.n_skipped, "n_good": bad.n_good}
    if bad.n_skipped:
        with work.new_file(_name(key)) as path:
            path.write_bytes(bad.found().lines)
        record["sizes"][_name(key)] = work.place.size(_name(key))


def gather_skipped(
    plan: BuildPlan, work: WorkFolder, keys: Sequence[str], records: Sequence[dict[str, Any]]
) -> BadRecords | None:
    """What was skipped in all parts, in their order; None where nothing is to be skipped.

    Raises:
        TooManyBadRecordsError: more than may be, or all records there are.
    """
    bad = None if plan.options.bad_records is None else plan.options.bad_records.fresh()
    if bad is None:
        return None
    before = 0
    for part, key, record in zip(plan.parts, keys, records, strict=True):
        before = 0 if part.begins_file else before
        bad.add(_left(work, key, record), before if part.records_before is None else 0)
        before += record["lines"]
    bad.check()
    return bad


def check_limit(plan: BuildPlan, work: WorkFolder, records: Mapping[str, dict[str, Any]], kind: str) -> None:
    """End a build as soon as the parts that are done have more bad records than all may have.

    records: of these parts, by their keys. kind: of the keys.

    Raises:
        TooManyBadRecordsError: they have.
    """
    bad = plan.options.bad_records
    n_skipped = sum(record.get("n_skipped", 0) for record in records.values())
    if bad is None or bad.limit.most is None or not bad.limit.exceeded(n_skipped):
        return
    first, before = list[SkippedRecord](), 0
    for number, part in enumerate(plan.parts):
        key = plan.key(number, kind)
        record = records.get(key)
        if part.begins_file:
            before = 0
        if record is None:
            before = -1  # lines of the file behind it cannot be numbered yet
            continue
        if record.get("n_skipped") and len(first) < TOLD_FIRST:
            numbered = part.records_before is not None or before >= 0
            first += (
                one.moved(0 if part.records_before is not None else before)
                if numbered
                else one._replace(number=None)
                for one in _left(work, key, record).records()
            )
        before = before if before < 0 else before + record["lines"]
    raise bad.limit.passed(n_skipped, first[:TOLD_FIRST])


def _left(work: WorkFolder, key: str, record: dict[str, Any]) -> SkippedPart:
    """What a part has left. One that was read by a build that stops has nothing bad in it."""
    n_skipped = record.get("n_skipped", 0)
    lines = bytes(work.place.read(_name(key))) if n_skipped else b""
    return SkippedPart(n_skipped, record.get("n_good", record["n_documents"]), lines)


def _name(key: str) -> str:
    return f"{key}.skipped"
