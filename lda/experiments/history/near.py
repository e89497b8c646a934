"""Documents that lie near a model: in the folder of the study, or of the set of groups, that it is part of."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lda.corpus.errors import DataError
from lda.corpus.files.manifest import MANIFEST, read_manifest
from lda.corpus.storage.places import is_uri
from lda.experiments.groups.folder import CORPORA as OF_GROUPS
from lda.experiments.study.records import CORPORA as OF_STUDY

if TYPE_CHECKING:
    from collections.abc import Iterator

_UP: Final = 4
"""STUDY/trials/0003/model lies three folders below the study."""

_MOST: Final = 4096


def corpus_near(model: str | Path, content_hash: str) -> str | None:
    """The corpus with this content hash below a folder `corpora` beside or above a model; None where there is none."""
    if is_uri(model):
        return None
    for above in islice(Path(model).absolute().parents, _UP):
        found = (place for name in dict.fromkeys((OF_STUDY, OF_GROUPS)) for place in _corpora(above / name))
        for place in islice(found, _MOST):
            try:
                if read_manifest(place).content_hash == content_hash:
                    return _short(place)
            except (DataError, OSError):
                continue
    return None


def _corpora(folder: Path) -> Iterator[Path]:
    """Corpora in a folder, or one folder deeper, in the order of their names."""
    for pattern in (f"*/{MANIFEST}", f"*/*/{MANIFEST}"):
        yield from (found.parent for found in sorted(folder.glob(pattern)))


def _short(place: Path) -> str:
    """The path from where the process is, if it lies below that."""
    here = Path.cwd()
    return str(place.relative_to(here) if place.is_relative_to(here) else place)
