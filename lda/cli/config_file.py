"""MALLET's files of options: `key = value` lines, which `--config` names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from lda.corpus.errors import DataError

LARGEST: Final = 1 << 20
_LINE: Final = re.compile(r"([A-Za-z][A-Za-z0-9-]*)\s*(?:[=:\s]\s*(.*))?")


def read_config(path: str) -> list[tuple[str, str]]:
    """The names of options, without dashes, and their values, in the order of the file.

    Blank lines, and those that begin with `#` or `!`, are left out, as Java does it.

    Raises:
        DataError: the file cannot be read, or a line is none of the form.
    """
    try:
        if Path(path).exists() and not Path(path).is_file():  # a pipe would keep us waiting
            raise DataError(f"the options {path} are no file; name a file with lines `option = value`")
        if Path(path).stat().st_size > LARGEST:
            raise DataError(
                f"{path} is larger than {LARGEST >> 20} MiB, which no options are; check the name"
            )
        text = Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 (byte {error.start}); save the options as UTF-8") from None
    except OSError as error:
        raise DataError(
            f"the options {path} cannot be read: {error.strerror or error}; check the name"
        ) from None
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip()
        if not bare or bare[0] in "#!":
            continue
        match = _LINE.fullmatch(bare)
        if match is None:
            raise DataError(f"{path}, line {number} is not `option = value`: {bare!r:.60}; correct the line")
        found.append((match[1], (match[2] or "").strip()))
    return found
