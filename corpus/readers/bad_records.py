"""Bad records: lines and rows that cannot become documents, and what becomes of them.

A reader that finds one hands the `DataError` that tells of it to `skip_or_stop`: without a collector in its options
that raises it, else the record is noted and the reader goes on with the next. The collector of a part of a file is a
`BadRecords`; what it has found travels to whoever puts the parts together as a `SkippedPart`, in order of the parts and
with positions counted from the beginning of the file. So the list of what was skipped, like the corpus, does not
depend on who has read what.
"""

from __future__ import annotations

import json
import math
import re
import tempfile
import weakref
from typing import IO, TYPE_CHECKING, Any, Final, NamedTuple

from lda.corpus.errors import DataError
from lda.corpus.presentable import presentable
from lda.corpus.readers.shown_names import shown_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

ON_ERROR: Final = ("stop", "skip")
"""What can be done at a bad record."""

SKIPPED_FILE: Final = "skipped.jsonl"
"""Where a corpus tells of records that were skipped: a JSON object a line, in the order of the documents."""

TOLD_FIRST: Final = 3
"""How many skipped records a message names."""

EXCERPT_CHARACTERS: Final = 80
"""What is shown of a bad record."""

_SPOOLED_BYTES: Final = 2**22
"""Of records noted in memory; more of them wait in a temporary file."""

ROOM_FOR_REASON: Final = 300

_COUNT: Final = re.compile(r"\d{1,18}")
_SHARE: Final = re.compile(r"(\d*\.\d+|\d+\.\d*|\d+(?=%))%?")


class SkippedRecord(NamedTuple):
    """A record that was left out. All of its text is presentable.

    Attributes:
        file: path or URI of the input file, without keys.
        unit: what `number` counts: "line", "row" or "row group"; "file" of a document or damage of a file as a whole.
        number: which one, from 1; None of a file.
        reason: why it could not be read.
        excerpt: how it begins; "" where nothing can be shown.
    """

    file: str
    unit: str
    number: int | None
    reason: str
    excerpt: str = ""

    def moved(self, before: int) -> SkippedRecord:
        """The record with its number counted from the beginning of its file. before: what precedes its part."""
        return self if self.number is None else self._replace(number=self.number + before)

    def told(self) -> str:
        """Place and reason, as a message speaks of it: "news.jsonl, line 4: is not JSON: ..."."""
        return f"{self.place}: {self.reason}"

    @property
    def place(self) -> str:
        """File and number: "news.jsonl, line 4"."""
        return self.file if self.number is None else f"{self.file}, {self.unit} {self.number}"

    def as_dict(self) -> dict[str, object]:
        """The object in `skipped.jsonl`: file, the number under the name of its unit, reason and excerpt."""
        position = {} if self.number is None else {self.unit.replace(" ", "_"): self.number}
        excerpt = {"excerpt": self.excerpt} if self.excerpt else {}
        return {"file": self.file, **position, "reason": self.reason, **excerpt}


class SkippedPart(NamedTuple):
    """What was skipped in a part of a file, so that it can be pickled.

    Attributes:
        n_skipped: how many records, damage of a file as a whole among them as one.
        n_good: how many were read.
        lines: JSON of one skipped record a line.
    """

    n_skipped: int
    n_good: int
    lines: bytes

    def records(self, before: int = 0) -> Iterator[SkippedRecord]:
        """The records in their order. before: lines or rows of the file that precede the part."""
        for line in self.lines.splitlines():
            yield SkippedRecord(*json.loads(line)).moved(before)


class BadRecordError(DataError):
    """A line or row that cannot become a document.

    Attributes:
        record: what is noted of it, if it is skipped.
        rest: the message behind the place: ": the field ...; correct the line".
    """

    def __init__(self, record: SkippedRecord, rest: str) -> None:
        super().__init__(f"{record.place}{rest}")
        self.record, self.rest = record, rest

    def moved(self, before: int) -> BadRecordError:
        """The error with its number counted from the beginning of its file; see `SkippedRecord.moved`."""
        return BadRecordError(self.record.moved(before), self.rest)

    def __reduce__(self) -> tuple[type[BadRecordError], tuple[SkippedRecord, str]]:
        return BadRecordError, (self.record, self.rest)


class TooManyBadRecordsError(DataError):
    """More records were bad than `--max-errors` allows."""

    def __reduce__(self) -> tuple[Any, ...]:
        return TooManyBadRecordsError, (str(self),)


class ErrorLimit(NamedTuple):
    """How many records may be bad. most: of them; share: of all records. None for any number."""

    most: int | None = None
    share: float | None = None

    @classmethod
    def of(cls, value: float | str | None) -> ErrorLimit:
        """The limit that a number, or its text, tells: 20 records; 0.01 or "1%" of all records.

        Raises:
            ValueError: it is neither.
        """
        if value is None:
            return cls()
        if isinstance(value, bool):
            raise ValueError(_NO_LIMIT.format(value))
        if isinstance(value, str):
            text = value.strip().replace(",", "").replace("_", "")
            if _COUNT.fullmatch(text):
                return cls(most=int(text))
            if not _SHARE.fullmatch(text):
                raise ValueError(_NO_LIMIT.format(repr(value[:40])))
            value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        if isinstance(value, int):
            if value < 0:
                raise ValueError(_NO_LIMIT.format(value))
            return cls(most=value)
        if not (math.isfinite(value) and 0 <= value < 1):
            raise ValueError(_NO_LIMIT.format(value))
        return cls(share=value)

    def __str__(self) -> str:
        if self.most is not None:
            return f"{self.most:,}"
        return "any number" if self.share is None else f"{100 * self.share:.6g} % of all"

    def passed(
        self, n_skipped: int, first: Sequence[SkippedRecord], n_records: int | None = None
    ) -> TooManyBadRecordsError:
        """The error of one who has exceeded it. first: some of the records. n_records: all there are."""
        of = "" if n_records is None else f" of {n_records:,}"
        named = f": {_examples(n_skipped, first)}" if first else ""
        return TooManyBadRecordsError(
            f"{n_skipped:,}{of} records are bad, and --max-errors allows {self}{named}; correct them, or allow more"
        )

    def exceeded(self, n_skipped: int, n_records: int | None = None) -> bool:
        """Whether so many are too many. n_records: all there are, the skipped among them; None while that is open."""
        if self.most is not None:
            return n_skipped > self.most
        return self.share is not None and n_records is not None and n_skipped > self.share * n_records


_NO_LIMIT: Final = (
    "max_errors must be a number of records (20), or a share of them below 1 (0.01 or 1%), got {}"
)


def _examples(n_skipped: int, first: Sequence[SkippedRecord]) -> str:
    return " | ".join(record.told() for record in first) + (" ..." if n_skipped > len(first) else "")


class BadRecords:
    """Collects the bad records of some files, or of a part of one, in their order.

    A number of records as a limit is looked at with each record, a share once all of them are known (`check`): the
    first thousand records say little about a million, and what is read first would depend on who reads.

    Attributes:
        limit: how many there may be.
        n_skipped: how many there are.
        n_good: how many records were read; `good_texts` counts them.
        first: some of them.
        names: of files that are read under another name, such as copies of pipes and objects: path to name.
    """

    def __init__(self, max_errors: ErrorLimit | float | str | None = None) -> None:
        """Start empty. max_errors: a limit, or as `ErrorLimit.of` takes it."""
        self.limit = max_errors if isinstance(max_errors, ErrorLimit) else ErrorLimit.of(max_errors)
        self.n_skipped = self.n_good = 0
        self.first: list[SkippedRecord] = []
        self.names: dict[str, str] = {}
        self._last_file: SkippedRecord | None = None
        self._told: Callable[[SkippedRecord], object] | None = None
        self._lines: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_SPOOLED_BYTES)  # noqa: SIM115 - lives as long
        weakref.finalize(self, self._lines.close)

    def skip(
        self, file: Path | str, number: int | None, reason: str, *, unit: str = "line", excerpt: str = ""
    ) -> None:
        """Note that a record is left out.

        Args:
            file: path or URI.
            number: of the line or row, from 1; None of a file as a whole.
            reason: why.
            unit: as in `SkippedRecord`.
            excerpt: the beginning of the record, as it is.

        Raises:
            TooManyBadRecordsError: it is one too many.
        """
        reason = presentable(reason)[:ROOM_FOR_REASON]
        self.note(SkippedRecord(presentable(str(file)), unit, number, reason, shown_excerpt(excerpt)))

    def note(self, record: SkippedRecord) -> None:
        """As `skip`."""
        name = self.names.get(record.file) or shown_name(record.file)
        if name != record.file:
            record = record._replace(file=name, reason=record.reason.replace(record.file, name))
        if record.number is None:  # damage of a file is told once, whatever parts it is read in
            if record == self._last_file:
                return
            self._last_file = record
        self._keep(record)
        self.n_skipped += 1
        if len(self.first) < TOLD_FIRST:
            self.first.append(record)
        if self.limit.exceeded(self.n_skipped):
            raise self.limit.passed(self.n_skipped, self.first)

    def tell(self, told: Callable[[SkippedRecord], object]) -> None:
        """From here on call this with each record, and keep none: a stream without an end may have any number."""
        self._told = told

    def _keep(self, record: SkippedRecord) -> None:
        if self._told is not None:
            self._told(record)
        else:
            self._lines.write(json.dumps(record).encode() + b"\n")

    def __reduce__(self) -> tuple[type[BadRecords], tuple[ErrorLimit]]:
        """Where it is sent, it begins empty: what is found there comes back as a `SkippedPart`."""
        return BadRecords, (self.limit,)

    def to_dict(self) -> dict[str, object]:
        """All of it that decides what comes out of a reading; a limit only decides whether anything does."""
        return {"on_error": "skip"}

    def fresh(self) -> BadRecords:
        """An empty collector with the same limit, for a part or for one more reading."""
        return BadRecords(self.limit)

    def unheard(self) -> BadRecords:
        """An empty collector without a limit, for a reading whose notes nobody wants."""
        return BadRecords()

    def found(self) -> SkippedPart:
        """What was skipped until now."""
        self._lines.seek(0)
        part = SkippedPart(self.n_skipped, self.n_good, self._lines.read())
        self._lines.seek(0, 2)
        return part

    def add(self, part: SkippedPart, before: int = 0) -> None:
        """Go on with what another has collected. before: lines or rows of the file that precede its part.

        Raises:
            TooManyBadRecordsError: these are too many.
        """
        self.n_good += part.n_good
        for record in part.records(before):
            self.note(record)

    @property
    def n_records(self) -> int:
        """All of them, good and bad."""
        return self.n_good + self.n_skipped

    def check(self) -> None:
        """Ask once everything has been read.

        Raises:
            TooManyBadRecordsError: more were skipped than allowed, or all of them.
        """
        if self.limit.exceeded(self.n_skipped, self.n_records):
            raise self.limit.passed(self.n_skipped, self.first, self.n_records)
        if self.n_skipped and not self.n_good:
            raise TooManyBadRecordsError(
                f"no record could be read: {self.n_skipped:,} skipped, {self._examples()}; check the format and the "
                "fields that were asked for"
            )

    def _examples(self) -> str:
        return _examples(self.n_skipped, self.first)

    def sentence(self, where: str | None = None) -> str | None:
        """The sentence that tells of them, or None if there are none. where: of the file that lists them."""
        if not self.n_skipped:
            return None
        rest = f"see {where}" if where is not None else self._examples()
        return f"{self.n_skipped:,} of {self.n_records:,} records were skipped; {rest}"

    def write(self, file: IO[bytes]) -> None:
        """The content of `skipped.jsonl`."""
        self._lines.seek(0)
        for line in self._lines:
            record = SkippedRecord(*json.loads(line))
            file.write(json.dumps(record.as_dict(), ensure_ascii=False).encode() + b"\n")
        self._lines.seek(0, 2)


def make_bad_records(on_error: str, max_errors: float | str | None) -> BadRecords | None:
    """The collector that the options ask for; None to stop at the first bad record.

    Raises:
        ValueError: `on_error` is no such thing, or a limit is given and nothing is skipped.
    """
    if on_error not in ON_ERROR:
        raise ValueError(f"on_error must be stop or skip, got {on_error!r:.40}")
    if on_error == "stop":
        if max_errors is not None:
            raise ValueError(
                'max_errors needs on_error="skip"; without it the first bad record ends the reading'
            )
        return None
    return BadRecords(max_errors)


def skip_or_stop(
    bad_records: BadRecords | None,
    error: DataError,
    file: Path | str,
    number: int,
    excerpt: str = "",
    *,
    unit: str = "line",
) -> None:
    """Note the record that cannot be read, or raise the error, with the way to go on in its message.

    Args:
        bad_records: what collects them; None to raise.
        error: its message is the place, the fault and, behind a semicolon, the remedy.
        file: path or URI.
        number: of the line or row, from 1.
        excerpt: the beginning of the record, as it is.
        unit: as in `SkippedRecord`.

    Raises:
        BadRecordError: nothing is to be skipped.
        TooManyBadRecordsError: it is one too many.
    """
    place = presentable(f"{file}, {unit} {number}")
    rest = str(error).removeprefix(place)
    record = SkippedRecord(presentable(str(file)), unit, number, reason_of(rest), shown_excerpt(excerpt))
    if bad_records is None:
        rest = rest if str(error).startswith(place) else f": {rest}"
        raise BadRecordError(record, f"{rest}, or leave such records out (--on-error skip)") from None
    bad_records.note(record)


def skip_file_or_stop(bad_records: BadRecords | None, error: DataError, file: Path | str) -> None:
    """The same of damage that has no line or row; what was read of the file before is kept."""
    if bad_records is None or isinstance(error, TooManyBadRecordsError | BadRecordError):
        raise error
    reason = reason_of(str(error).removeprefix(presentable(str(file))))
    bad_records.note(SkippedRecord(presentable(str(file)), "file", None, reason))


def reason_of(rest: str) -> str:
    """The fault in what a message says behind the place."""
    fault, _, _ = rest.lstrip(":, ").rpartition("; ")
    return (fault or rest.lstrip(":, "))[:ROOM_FOR_REASON]


def shown_excerpt(text: str) -> str:
    """What may be shown of the beginning of a record: no keys, no commands to a terminal."""
    # Keys go before the cut, which might part a key from what tells that it is one.
    shown = presentable(text[: 20 * EXCERPT_CHARACTERS].strip())
    return shown if len(shown) <= EXCERPT_CHARACTERS else shown[: EXCERPT_CHARACTERS - 3] + "..."
