"""Which documents of a part repeat no earlier one: found of all parts together, and read where each is counted."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pyarrow as pa

from lda.corpus.documents.duplicates import Singles

if TYPE_CHECKING:
    from lda.corpus.ingest.work_folder import WorkFolder


def singles_file(number: int, digest: str) -> str:
    """Name of the file that says which documents of a part repeat none."""
    return f"singles-{number:06d}-{digest}.arrow"


def digest_of(singles: Singles) -> str:
    """Names what is left of a part."""
    found = hashlib.sha256(singles.stay.tobytes())
    if singles.repeats is not None:
        found.update(repr(singles.repeats.drop_null().to_pylist()).encode("utf-8", "surrogatepass"))
    return found.hexdigest()[:24]


def write_singles(work: WorkFolder, number: int, singles: Singles) -> str:
    """Leave which documents of a part repeat none; returns the digest that is part of the name."""
    digest, batch = digest_of(singles), singles.to_batch()
    with (
        work.new_file(singles_file(number, digest)) as path,
        pa.ipc.new_file(str(path), batch.schema) as writer,
    ):
        writer.write_batch(batch)
    return digest


def read_singles(work: WorkFolder, number: int, digest: str) -> Singles:
    """What `write_singles` left."""
    return Singles.from_batch(work.opened(singles_file(number, digest)).get_batch(0))
