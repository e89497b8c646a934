"""Values of a user inside files of other languages: each arrives as it was written, and none is ever code."""

from __future__ import annotations

import json
import re
import shlex
import unicodedata
from collections.abc import Sequence
from importlib.metadata import version
from typing import Final

BREAKS: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode categories that end a line or are no text: a comment of the printed file could end in one."""

PLAIN: Final = re.compile(r"[\w@%+=:,./-]+", re.ASCII)
"""Words that every shell leaves alone, as `shlex.quote` has it."""

JOBS_QUOTE_FROM: Final = (2, 60)
"""Ray from which on `ray job submit` quotes words; it was tried with this one, and may be some versions earlier."""


def check_text(what: str, text: str) -> str:
    """The text itself. Raises ValueError for control characters, line breaks, and bytes that are no text."""
    for character in text:
        if unicodedata.category(character) in BREAKS:
            raise ValueError(
                f"{what} must be one line of text, got {text!r}; rename what holds {character!r}"
            )
    return text


def yaml_text(text: str) -> str:
    """The text as a double-quoted YAML scalar; what YAML would not print is escaped."""
    return '"' + "".join(_yaml_character(character) for character in text) + '"'


def _yaml_character(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character.isprintable():
        return character
    number = ord(character)
    return (
        f"\\x{number:02X}"
        if number < 1 << 8
        else f"\\u{number:04X}"
        if number < 1 << 16
        else f"\\U{number:08X}"
    )


def python_text(text: str) -> str:
    """The text as a double-quoted literal of Python."""
    # JSON's escapes are Python's, too; what it leaves as it is may stand in a literal.
    return json.dumps(text, ensure_ascii=False)


def submitted(words: Sequence[str]) -> str:
    """The words as a shell command, to stand behind `ray job submit --`: the job is started with exactly these.

    Raises ValueError where the Ray that is installed would not do so: before 2.60 it joined words as Windows does
    (`subprocess.list2cmdline`), and the shell of the cluster made what it liked of quotes and dollar signs.
    """
    ray = version("ray")
    if tuple(int(part) for part in re.findall(r"\d+", ray)[:2]) < JOBS_QUOTE_FROM:
        for word in words:
            if not PLAIN.fullmatch(word):
                raise ValueError(
                    f"the jobs of Ray {ray} do not keep {word!r} as it is; install Ray 2.60, or rename it"
                )
    return shlex.join(words)


def shell_lines(words: Sequence[str], indent: str = "    ") -> str:
    """A shell command with a line for each option, for people to read."""
    lines: list[list[str]] = [[]]
    for word in words:
        if word.startswith("-") and len(word) > 1 and len(lines[0]) > 0:
            lines.append([])
        lines[-1].append(word)
    return f" \\\n{indent}".join(shlex.join(line) for line in lines)
