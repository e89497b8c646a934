"""The folder of a split: how it is known."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from lda.corpus.storage.strict_json import parse_object

SPLIT: Final = "split.json"
FORMAT: Final = "raylda-split"
FORMAT_VERSION: Final = 1


def is_split(folder: str | Path) -> bool:
    """Whether a folder holds a split."""
    try:
        return bool(parse_object((Path(folder) / SPLIT).read_bytes())["format"] == FORMAT)
    except (OSError, ValueError, KeyError, TypeError):
        return False
