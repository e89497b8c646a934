"""Another distribution that installs a package `lda` over this one: found cheaply, said once.

Installers merge two such packages silently, and removing the other one deletes files of ours.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

OURS: Final = "raylda"


def warn_if_shared() -> None:
    """Warn, with the remedy, if another installed distribution also owns the import name `lda`."""
    folders = {str(Path(__file__).parents[1])} | {
        p for p in sys.path if p.endswith(("site-packages", "dist-packages"))
    }
    if not any(_suspects(folder) for folder in folders):
        return
    # Only now the thorough question, which reads the metadata of everything that is installed.
    from importlib.metadata import packages_distributions

    others = sorted({name for name in packages_distributions().get("lda", []) if name != OURS})
    if others:
        import warnings

        warnings.warn(
            f"the distribution {', '.join(others)} also installs a package called lda, so the files of the two are "
            f"mixed; keep one: `pip uninstall {' '.join(others)} {OURS}`, then `pip install {OURS}`",
            UserWarning,
            stacklevel=3,
        )


def _suspects(folder: str) -> bool:
    """Whether some other distribution in the folder is called lda or names lda as its top level."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            stem, dot, kind = entry.name.rpartition(".")
            owner = stem.partition("-")[0]
            if not dot or kind not in ("dist-info", "egg-info") or owner == OURS:
                continue
            if owner == "lda" or _top_level(entry.path) == "lda":
                return True
    return False


def _top_level(metadata: str) -> str:
    with suppress(OSError, UnicodeDecodeError), open(f"{metadata}/top_level.txt", encoding="utf-8") as file:
        return file.read(64).strip()
    return ""
