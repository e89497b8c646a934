"""JSON lines: one object per line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from lda.corpus.arrow import is_text, whole_text
from lda.corpus.errors import DataError
from lda.corpus.readers.bad_records import skip_or_stop
from lda.corpus.readers.base import TextBatch, TextDocument, TextReader, batch_documents
from lda.corpus.readers.fields import USUAL_TEXT_FIELDS, choose_fields
from lda.corpus.readers.options import EXACT, Fields, FirstLines, ReadOptions
from lda.corpus.readers.ready_tokens import join_fields, json_tokens
from lda.corpus.readers.record_lines import record_lines

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path


LINES_THAT_WAIT: Final = 1000
"""How many lines may precede the first one with text; bounded, because they are held in memory."""


class JsonLinesReader(TextReader):
    """Each line is a JSON object; blank lines are skipped, null text or none is an empty document, a list is tokens."""

    name = "jsonl"
    suffixes = (".jsonl", ".ndjson", ".json")
    in_parts = True
    by_lines = True

    def begins_like(self, head: bytes) -> bool:
        """Whether the first thing is the beginning of an object."""
        return head.lstrip().startswith(b"{")

    def read(self, path: Path, options: ReadOptions) -> Iterator[TextBatch]:
        """Yield one document per object.

        Raises:
            DataError: a line is not a JSON object, lacks its id, or none has the text.
        """
        return batch_documents(self._documents(path, options, options.stretch.first_lines or FirstLines()))

    def first_lines(self, path: Path, options: ReadOptions, *, cut: bool = False) -> FirstLines:
        """The fields, and whether they hold texts or tokens.

        Raises:
            DataError: as `read` would of these lines.
        """
        known = FirstLines(cut=cut)
        options = options.without_notes()
        for seen, _ in enumerate(self._documents(path, options, known), 1):
            if known.kind is not None or seen == LINES_THAT_WAIT:
                known.complete = True
                break
        return known

    def _documents(self, path: Path, options: ReadOptions, known: FirstLines) -> Iterator[TextDocument]:
        """known: what has been told of the file, and is told here of its first lines."""
        # pyarrow's JSON reader is faster, but gives no line number for most errors; json.loads takes a tenth
        # of the time of tokenising.
        fields, kind = known.fields, known.kind
        seen: dict[str, None] = {}  # names of fields, in order of appearance
        waiting: list[tuple[int, dict[str, Any]]] = []  # lines before it is known what the text is called
        bad = options.bad_records
        begun = False  # whether there has been a line
        for number, line in record_lines(path, options):
            if not line or line.isspace():
                continue
            if not begun and line.lstrip() == "[":
                raise DataError(f"{path} is one JSON array, not JSON lines; convert it with `jq -c '.[]'`")
            begun = True
            try:
                rows = [(number, _parse(line, path, number))]
            except DataError as error:
                skip_or_stop(bad, error, path, number, line)
                continue
            if fields is None:
                waiting += rows
                seen |= dict.fromkeys(rows[0][1])
                fields = _fields(seen, options, path, waiting)
                if fields is None:
                    continue
                rows, waiting = waiting, []
                known.fields = fields
            for place, row in rows:
                try:
                    document = _document(row, fields, options, f"{path}, line {place}", place)
                    if document.text and kind not in (None, type(document.text)):
                        raise DataError(
                            f"{path}, line {place}: the field {', '.join(fields.text)!r} must hold text in every line, "
                            f"or a list of tokens in every line, got {_kind(document.text)} after the other; correct "
                            "the line"
                        )
                except DataError as error:
                    skip_or_stop(bad, error, path, place, line if place == number else json.dumps(row))
                    continue
                kind = known.kind = type(document.text) if document.text else kind
                yield document
        if waiting and not known.cut:
            choose_fields(tuple(seen), options, _lines(path, waiting))


def _fields(
    seen: Collection[str], options: ReadOptions, path: Path, waiting: list[tuple[int, dict[str, Any]]]
) -> Fields | None:
    """The fields, once the lines that wait have them all.

    Many writers leave out what is null, so a line may lack its text. A name that no line has is a mistake, however,
    and of a large file it should be told before all of it is read.

    Raises:
        DataError: there are `LINES_THAT_WAIT` of them.
    """
    try:
        return choose_fields(seen, options, _lines(path, waiting))
    except DataError:
        if len(waiting) < LINES_THAT_WAIT:
            return None
        raise


def _lines(path: Path, rows: list[tuple[int, dict[str, Any]]]) -> str:
    first, last = rows[0][0], rows[-1][0]
    return f"{path}, line {first}" if first == last else f"{path}, lines {first} to {last}"


def _parse(line: str, path: Path, number: int) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        reason = getattr(error, "msg", error)
        column = f", column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        raise DataError(
            f"{path}, line {number}{column} is not JSON: {reason}; correct or remove the line"
        ) from None
    if not isinstance(row, dict):
        hint = (
            "convert a JSON array with `jq -c '.[]'`"
            if isinstance(row, list)
            else "one object per line is needed"
        )
        raise DataError(f"{path}, line {number} is not a JSON object but {_kind(row)}; {hint}")
    return row


def _document(
    row: dict[str, Any], fields: Fields, options: ReadOptions, where: str, number: int
) -> TextDocument:
    if options.text is None and fields.text[0] not in row:  # files that were put together from several
        other = next((name for name in USUAL_TEXT_FIELDS if name in row), fields.text[0])
        fields = fields._replace(text=(other,))
    values = [row.get(name) for name in fields.text]
    texts = [_text(value, name, where) for value, name in zip(values, fields.text, strict=True)]
    key = row.get(fields.id) if fields.id is not None else None
    if key is None and options.id is not None and options.id_required:
        raise DataError(
            f"{where}: the id field {options.id!r} is missing or null; correct the line or drop --id"
        )
    metadata = fields.metadata(row)
    if options.exact:
        metadata[EXACT] = json.dumps({name: row.get(name) for name in options.exact})
    return TextDocument(
        options.numbered(number) if key is None else _id(key, where),
        None if values.count(None) == len(values) else join_fields(texts, where),
        metadata,
        number,
    )


def _id(key: object, where: str) -> str:
    name = str(key)
    if not (name.isascii() or is_text(name)):
        raise DataError(
            f"{where}: the id {name!r} holds half of a surrogate pair, which is no text; correct it"
        )
    return name


def _text(value: object, name: str, where: str) -> str | list[str]:
    if value is None:
        return ""
    if isinstance(value, list):
        return json_tokens(value, name, where)
    if not isinstance(value, str):
        raise DataError(
            f"{where}: the field {name!r} must be a string or an array of strings, got {_kind(value)}; "
            "choose another with --text"
        )
    # A lone surrogate (half of a pair, written as \ud83d) is no text and cannot be stored as UTF-8.
    return value if value.isascii() else whole_text(value)


def _kind(value: object) -> str:
    if value is None:
        return "null"
    kinds = {dict: "an object", list: "an array", str: "a string", bool: "true or false"}
    return kinds.get(type(value), "a number")
