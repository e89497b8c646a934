"""Code blocks of the documentation: found, with what stands before them, and what they are expected to print.

A comment directly above a block says how the test takes it:

    <!-- not run: needs a GPU -->   its `lda` commands are held to the options there are, and nothing else
    <!-- needs: rjieba -->          it is left out where these packages are not installed, with the output below it
    <!-- output -->                 what the block above prints; `...` stands for anything
    <!-- runs on -->                its command is a service, which the blocks below talk to, to the end of the page
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markdown_it.token import Token

ROOT: Final = Path(__file__).parents[2]
RUN: Final = {"python", "console"}
DATA: Final = {"text", "csv"}
"""Languages of blocks that show something; a new one has to be thought about, so it fails."""
NOT_RUN: Final = re.compile(r"<!-- not run: (?P<reason>[^>]{5,}) -->")
NEEDS: Final = re.compile(r"<!-- needs: (?P<packages>[A-Za-z0-9_. -]+(, [A-Za-z0-9_. -]+)*) -->")
OUTPUT: Final = re.compile(r"<!-- output -->")
RUNS_ON: Final = re.compile(r"<!-- runs on -->")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block. language: "" if none is given. not_run: the reason, or None.

    needs: packages that must be there. runs_on: it is a service, and not waited for.
    """

    page: Path
    line: int
    language: str
    code: str
    not_run: str | None = None
    is_output: bool = False
    needs: tuple[str, ...] = ()
    runs_on: bool = False

    @property
    def place(self) -> str:
        """Where it stands, as a compiler would say it."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a console block, lines joined, and the lines that it is said to print."""

    line: int
    text: str
    expected: str


def pages() -> list[Path]:
    """README and all pages of the documentation."""
    built = ROOT / "docs" / "_build"
    found = (page for page in sorted((ROOT / "docs").rglob("*.md")) if built not in page.parents)
    return [ROOT / "README.md", *found]


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page in order; directives of the site, in braces, are none."""
    above: Token | None = None
    for token in MarkdownIt("commonmark").parse(page.read_text(encoding="utf-8")):
        if token.type == "fence":
            language = token.info.strip()
            comment = above.content.strip() if above is not None and above.type == "html_block" else ""
            reason = NOT_RUN.fullmatch(comment)
            needs = NEEDS.fullmatch(comment)
            if not language.startswith("{"):
                yield Block(
                    page=page,
                    line=token.map[0] + 1 if token.map else 0,
                    language=language,
                    code=token.content,
                    not_run=reason["reason"] if reason else None,
                    is_output=OUTPUT.fullmatch(comment) is not None,
                    needs=tuple(needs["packages"].split(", ")) if needs else (),
                    runs_on=RUNS_ON.fullmatch(comment) is not None,
                )
        above = token


def commands(block: Block) -> list[Command]:
    """The commands of a console block: lines after `$ ` with what continues them, and the output below."""
    found: list[Command] = []
    continued = False
    for number, line in enumerate(block.code.splitlines(), block.line + 1):
        if continued:
            last = found.pop()
            found.append(Command(last.line, f"{last.text}\n{line}", ""))
        elif line.startswith("$ "):
            found.append(Command(number, line[2:], ""))
        elif found:
            last = found.pop()
            found.append(Command(last.line, last.text, f"{last.expected}{line}\n"))
        else:
            raise AssertionError(f"{block.place}: a console block begins with `$ `, got {line!r}")
        continued = (line.startswith("$ ") or continued) and line.endswith("\\")
    return found


def agrees(printed: str, expected: str) -> bool:
    """Whether something was printed as it is shown: `...` is anything, and the width of blanks does not matter."""
    parts = ("".join(rf"\s*{re.escape(word)}" for word in part.split()) for part in expected.split("..."))
    return re.fullmatch(r"[\s\S]*?".join(parts) + r"\s*", printed) is not None
