"""Patterns of names: `*.csv`, `2026-*/part-*.jsonl.gz`, `**/*.parquet`."""

from __future__ import annotations

import glob
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lda.corpus.storage.places import is_uri, split_query
from lda.corpus.storage.remote_file import RemoteEntry, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

_SPECIAL: Final = re.compile(r"[*?[]")
_SPECIAL_IN_URIS: Final = re.compile(r"[*[]")  # a question mark begins the query


def is_glob(place: str) -> bool:
    """Whether a path or a URI holds wildcards. A path that is there under this very name is none all the same."""
    if is_uri(place):
        return _SPECIAL_IN_URIS.search(split_query(place)[0]) is not None
    return _SPECIAL.search(place) is not None


def local_matches(pattern: str) -> list[Path]:
    """The files and folders whose path a pattern matches, sorted.

    `**` stands for any number of folders, links to folders left out: one to `/` would have the whole machine read, one
    to a folder above would be followed for as long as names may be. Then files only: those of a folder that matches,
    too, would be read twice.

    Raises:
        OSError: a folder below a `**` may not be read.
    """
    found = sorted({Path(path) for path in _expanded(pattern)})
    return [path for path in found if not path.is_dir()] if "**" in pattern else found


def _expanded(pattern: str) -> Iterator[str]:
    names = pattern.split("/")
    if "**" not in names:
        yield from glob.iglob(pattern)
        return
    place = names.index("**")
    head, rest = "/".join(names[:place]), "/".join(names[place + 1 :]) or "*"
    for root in (
        glob.iglob(head + "/") if place else [""]
    ):  # `glob` of Python follows links to folders below `**`
        for folder, below, _ in os.walk(root or ".", onerror=_raised, followlinks=False):
            below[:] = [name for name in below if not name.startswith(".")]
            yield from _expanded(os.path.join(glob.escape(folder), rest))


def _raised(error: OSError) -> None:
    raise error


def remote_matches(pattern: str) -> list[RemoteEntry]:
    """The objects whose URI a pattern matches, in the order of their names.

    Raises:
        DataError: the store refuses to list them. NetworkError: it cannot be reached.
    """
    base, query = split_query(pattern)
    found = _SPECIAL_IN_URIS.search(base)
    assert found is not None
    root = base[: found.start()].rpartition("/")[0]
    rest = base[len(root) + 1 :]
    wanted = _matcher(rest)
    return [entry for entry in listed(root + query, recursive="/" in rest) if wanted.fullmatch(entry.name)]


def _matcher(pattern: str) -> re.Pattern[str]:
    """A pattern of names as a shell has it, as a regular expression: hidden names are matched by a dot only."""
    pieces = []
    names = pattern.split("/")
    for place, name in enumerate(names):
        last = place == len(names) - 1
        if name == "**":
            pieces.append(r"[^./][^/]*(?:/[^./][^/]*)*" if last else r"(?:[^./][^/]*/)*")
        else:
            hidden = "" if name.startswith(".") else r"(?!\.)"
            pieces.append(hidden + _of_name(name) + ("" if last else "/"))
    return re.compile("".join(pieces), re.DOTALL)


def _of_name(name: str) -> str:
    made, rest = "", name
    while rest:
        if rest[0] == "*":
            made, rest = made + "[^/]*", rest.lstrip("*")
            continue
        choice = re.match(r"\[(!?)(\]?[^\]]*)\]", rest)
        if choice is not None:
            characters = choice[2].replace("\\", r"\\").replace("^", r"\^").replace("[", r"\[")
            made, rest = f"{made}[{'^/' if choice[1] else ''}{characters}]", rest[choice.end() :]
            continue
        made, rest = made + re.escape(rest[0]), rest[1:]
    return made
