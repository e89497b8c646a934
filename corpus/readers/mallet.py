"""MALLET's text formats: a document a line with name and label before it, and what MALLET prints of its own files."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import chain, islice
from typing import TYPE_CHECKING, Final

from lda.corpus.errors import DataError
from lda.corpus.readers.bad_records import skip_or_stop
from lda.corpus.readers.base import TextBatch, TextDocument, TextReader, batch_documents
from lda.corpus.readers.options import ReadOptions
from lda.corpus.readers.record_lines import record_lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LINE: Final = r"^(\S*)[\s,]*(\S*)[\s,]*(.*)$"
"""Of `mallet import-file` where no --line-regex is given: name, label and text, with blanks or commas between."""

_PRINTED_HEAD: Final = re.compile(r"(?P<name>[^\t]*)\t(?P<label>[^\t]*)\t(?:0: (?P<word>.*) \(\d+\))?")
_PRINTED_TOKEN: Final = re.compile(r"\d+: (.*) \(\d+\)")


LINES_TOGETHER: Final = 4096

Fields = list[tuple[int, int]]
"""Where the match of an expression in a line begins and ends, and each of its groups; (-1, -1): it took no part."""

Search = Callable[[list[str]], list[Fields | None]]


class MalletReader(TextReader):
    """`name label text` lines as `import-file` reads them, or documents as `mallet info --print-instances` prints them.

    The label becomes the field `label`. What MALLET has printed are ready tokens.
    """

    name = "mallet"
    suffixes = (".mallet",)
    mark = re.compile(rb"[^\t\n]*\t[^\t\n]*\t0: [^\n]+ \(\d+\)\n(?:1: [^\n]* \(\d+\)\n|\n)")

    def __init__(
        self, line: str = LINE, *, name: int = 1, label: int = 2, data: int = 3, search: Search | None = None
    ) -> None:
        """Read lines by a pattern, as MALLET's --line-regex, --name, --label and --data ask for it.

        Args:
            line: regular expression, found in each line.
            name: number of its group with the name of the document; 0: documents are numbered.
            label: number of that with the label; 0: there is none.
            data: number of that with the text.
            search: what finds the expression in lines; it may be a stranger's, and take longer than the world lasts.
                None for Python's `re`.

        Raises:
            ValueError: the expression cannot be compiled, or has no such group.
        """
        try:
            self._line = re.compile(line)
        except re.error as error:
            raise ValueError(f"the expression for lines is none: {error}, got {line!r:.60}") from None
        groups = self._line.groups
        for what, number, least in (("name", name, 0), ("label", label, 0), ("data", data, 1)):
            if not least <= number <= groups:
                raise ValueError(
                    f"the group of the {what} must lie in {least} to {groups}, as many as the expression for lines "
                    f"has, got {number}"
                )
        self._name, self._label, self._data = name, label, data
        self._search = self._plain_search if search is None else search

    def _plain_search(self, lines: list[str]) -> list[Fields | None]:
        found = map(self._line.search, lines)
        return [None if match is None else list(match.regs) for match in found]

    def read(self, path: Path, options: ReadOptions) -> Iterator[TextBatch]:
        """Yield one document per line, or per block of what MALLET has printed.

        Raises:
            DataError: a line is not of the form.
        """
        return batch_documents(self._documents(path, options))

    def _documents(self, path: Path, options: ReadOptions) -> Iterator[TextDocument]:
        lines = record_lines(path, options)
        first = next(lines, None)
        if first is None:
            return
        head = _PRINTED_HEAD.fullmatch(first[1])
        if head is not None and head["word"] is not None:
            yield from _printed(path, options, first, lines)
            return
        all_lines = chain((first,), lines)
        while some := list(islice(all_lines, LINES_TOGETHER)):
            fields = self._search([line for _, line in some])
            for (number, line), found in zip(some, fields, strict=True):
                try:
                    document = self._document(path, options, number, line, found)
                except DataError as error:
                    skip_or_stop(options.bad_records, error, path, number, line)
                    continue
                yield document

    def _document(
        self, path: Path, options: ReadOptions, number: int, line: str, found: Fields | None
    ) -> TextDocument:
        if found is None:
            raise DataError(
                f"{path}, line {number} is not as the expression for lines has it: {line!r:.60}; correct the line, or "
                "give another expression (--line-regex)"
            )

        def group(place: int) -> str:
            begin, end = found[place]
            return line[begin:end] if begin >= 0 else ""

        name = group(self._name) if self._name else ""
        label = {"label": group(self._label)} if self._label else {}
        return TextDocument(name or f"{options.prefix}{number}", group(self._data), label)


def _printed(
    path: Path, options: ReadOptions, first: tuple[int, str], rest: Iterator[tuple[int, str]]
) -> Iterator[TextDocument]:
    """Documents as `mallet info --print-instances` and `mallet import-file --print-output` print them."""
    head: re.Match[str] | None = None
    tokens: list[str] = []
    begun = 0
    broken = False  # whether the rest of a document is passed over, up to the blank line behind it
    for number, line in chain((first,), rest):
        if broken:
            broken = bool(line)
            continue
        try:
            if head is None:
                if not line:
                    continue
                head, begun = _head(path, number, line), number
                tokens = [head["word"]] if head["word"] is not None else []
                continue
            if line:
                tokens.append(_token(path, number, line))
                continue
        except DataError as error:
            skip_or_stop(options.bad_records, error, path, number, line)
            head, broken = None, True
            continue
        yield TextDocument(head["name"] or f"{options.prefix}{begun}", tokens, {"label": head["label"]})
        head = None
    if head is not None:
        yield TextDocument(head["name"] or f"{options.prefix}{begun}", tokens, {"label": head["label"]})


def _head(path: Path, number: int, line: str) -> re.Match[str]:
    found = _PRINTED_HEAD.fullmatch(line)
    if found is None:
        raise DataError(
            f"{path}, line {number}: a document of MALLET must begin with its name, its label and its first token "
            f"between tabs, got {line!r:.60}; print it again (mallet info --print-instances)"
        )
    return found


def _token(path: Path, number: int, line: str) -> str:
    found = _PRINTED_TOKEN.fullmatch(line)
    if found is None:
        raise DataError(
            f"{path}, line {number}: a token of MALLET is printed as `3: word (17)`, got {line!r:.60}; print it again "
            "(mallet info --print-instances)"
        )
    return found[1]
