"""JSON lines: one object per line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lda.corpus.errors import DataError
from lda.corpus.fields import Fields, choose_fields
from lda.corpus.reader import Document, ReadOptions, TextBatch, TextReader, batch_documents
from lda.corpus.ready_tokens import join_fields, json_tokens
from lda.corpus.sources import numbered_lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class JsonLinesReader(TextReader):
    """Each line is a JSON object; blank lines are skipped, null text is an empty document, a list is tokens."""

    name = "jsonl"
    suffixes = (".jsonl", ".ndjson", ".json")

    def read(self, path: Path, options: ReadOptions) -> Iterator[TextBatch]:
        """Yield one document per object.

        Raises:
            DataError: a line is not a JSON object, or lacks a field.
        """
        return batch_documents(self._documents(path, options))

    def _documents(self, path: Path, options: ReadOptions) -> Iterator[Document]:
        # pyarrow's JSON reader is faster, but gives no line number for most errors; json.loads takes a tenth
        # of the time of tokenising.
        fields: Fields | None = None
        kind: type | None = None
        for number, line in numbered_lines(path, options):
            if not line or line.isspace():
                continue
            row = _parse(line, path, number)
            if fields is None or not row.keys() >= set(fields.text):
                fields = choose_fields(row, options, f"{path}, line {number}")
            document = _document(row, fields, options, f"{path}, line {number}", number)
            if document.text and kind not in (None, type(document.text)):
                raise DataError(
                    f"{path}, line {number}: the field {', '.join(fields.text)!r} must hold text in every line, or a "
                    f"list of tokens in every line, got {_kind(document.text)} after the other; correct the line"
                )
            kind = type(document.text) if document.text else kind
            yield document


def _parse(line: str, path: Path, number: int) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        if line.lstrip() == "[":
            raise DataError(
                f"{path} is one JSON array, not JSON lines; convert it with `jq -c '.[]'`"
            ) from None
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


def _document(row: dict[str, Any], fields: Fields, options: ReadOptions, where: str, number: int) -> Document:
    texts = [_text(row[name], name, where) for name in fields.text]
    key = row.get(fields.id) if fields.id is not None else None
    if key is None and options.id is not None:
        raise DataError(
            f"{where}: the id field {options.id!r} is missing or null; correct the line or drop --id"
        )
    return Document(
        f"{options.prefix}{number}" if key is None else str(key),
        join_fields(texts, where),
        fields.metadata(row),
    )


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
    return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")


def _kind(value: object) -> str:
    if value is None:
        return "null"
    kinds = {dict: "an object", list: "an array", str: "a string", bool: "true or false"}
    return kinds.get(type(value), "a number")
