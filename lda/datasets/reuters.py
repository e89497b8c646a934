"""The corpus of the package `lda`: 395 news items of Reuters, whose text is not free to be passed on from here.

Its three files are read from where the user has them: they lie in the folder `lda/tests` of that package.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lda.corpus.errors import DataError
from lda.corpus.presentable import presentable
from lda.utils import ldac2dtm

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

FOLDER: Final = "LDA_REUTERS"
"""The environment variable that names the folder, so that a script can stay as it is."""


def load_reuters(folder: str | Path | None = None) -> npt.NDArray[np.intc]:
    """Tokens of each term in each item: (395, 4258) intc.

    Args:
        folder: where `reuters.ldac`, `reuters.tokens` and `reuters.titles` lie; None takes what the environment
            variable `LDA_REUTERS` names.

    Raises:
        DataError: no folder is named, or it has not the file: what ships is `load_speeches`.
    """
    with _found("reuters.ldac", folder).open(encoding="utf-8") as file:
        return ldac2dtm(file)


def load_reuters_vocab(folder: str | Path | None = None) -> tuple[str, ...]:
    """The 4,258 terms, which are the columns of `load_reuters`. Arguments and errors are those of that."""
    return tuple(_found("reuters.tokens", folder).read_text(encoding="utf-8").split())


def load_reuters_titles(folder: str | Path | None = None) -> tuple[str, ...]:
    """The titles of the items, which are the rows of `load_reuters`. Arguments and errors are those of that."""
    lines = _found("reuters.titles", folder).read_text(encoding="utf-8").splitlines()
    return tuple(line.strip() for line in lines)


def _found(name: str, folder: str | Path | None) -> Path:
    where = os.environ.get(FOLDER, "") if folder is None else folder
    remedy = (
        f"name a folder that has it, as load_reuters(folder) or in the environment variable {FOLDER}, "
        "or call load_speeches(), the corpus that ships"
    )
    if not str(where):
        raise DataError(f"the Reuters corpus does not ship with raylda, so there is no {name}; {remedy}")
    path = Path(where) / name
    if not path.is_file():
        raise DataError(f"there is no file {presentable(str(path))}; {remedy}")
    return path
