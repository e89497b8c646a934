"""The ids of documents that lie beside a file of counts, which has no room for them."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from lda.corpus.arrow import strings
from lda.corpus.errors import DataError
from lda.corpus.readers.files import COMPRESSED_SUFFIXES, numbered_lines
from lda.corpus.readers.options import ReadOptions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lda.corpus.batches import TokenBatch
    from lda.corpus.readers.base import CountFile

ENDING: Final = ".ids"


def ids_path(path: Path) -> Path:
    """Where the ids of a file of counts lie, one a line: `X.ids` of `X.mtx`, packed as it is."""
    packed = next((s for s in COMPRESSED_SUFFIXES if path.name.endswith(s)), "")
    plain = path.name.removesuffix(packed)
    stem = plain.rsplit(".", 1)[0] if "." in plain.strip(".") else plain
    return path.with_name(f"{stem}{ENDING}{packed}")


def with_ids_beside(made: CountFile, path: Path) -> CountFile:
    """The same documents, called by the ids that lie beside their file; as they are where none do.

    Raises:
        DataError: while batches are taken: there are more or fewer ids than documents.
    """
    beside = ids_path(path)
    if beside == path or not beside.is_file():
        return made
    return made._replace(batches=_named(made.batches, path, beside))


def _named(batches: Iterator[TokenBatch], path: Path, beside: Path) -> Iterator[TokenBatch]:
    names = (line for _, line in numbered_lines(beside, ReadOptions()))
    done = 0
    for batch in batches:
        some = list(islice(names, len(batch.ids)))
        if len(some) < len(batch.ids):
            raise DataError(
                f"{beside} names {done + len(some):,} documents, and {path} has more; give the right ids, or move them "
                "elsewhere"
            )
        done += len(some)
        yield batch._replace(ids=strings(some))
    if next(names, None) is not None:
        raise DataError(
            f"{beside} names more documents than the {done:,} of {path}; give the right ids, or move them elsewhere"
        )
