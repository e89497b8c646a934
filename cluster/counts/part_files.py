"""Files of a model's counts: written into its folder, which may be a URI, and checked there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lda.cluster.counts.sparse_npz import csr_bytes, save_csr
from lda.cluster.spec.part_file import PartFile
from lda.corpus.errors import DataError
from lda.corpus.storage.atomic_write import replaced_file
from lda.corpus.storage.checksum import checksum, checksum_of_file
from lda.corpus.storage.places import Storage, is_uri, storage

if TYPE_CHECKING:
    import scipy.sparse as sp


def part_name(kind: str, part: int, of: int) -> str:
    """File of a part of a model; a model in one part has the names that it always had."""
    return f"{kind}.npz" if of == 1 else f"{kind}-{part:05d}-of-{of:05d}.npz"


def write_matrix(place: str, name: str, matrix: sp.csr_matrix) -> tuple[PartFile, str | None]:
    """Write one file into a folder that is there; returns what it is, and why it could not be written, or None."""
    problem: str | None = None
    try:
        if is_uri(place):
            return _write_remote(place, name, matrix)
        # The driver has made the folder. Where it is not seen, this node does not share it, and a folder of
        # that name made here would never be found.
        if Path(place).is_dir():
            return _write_local(Path(place), name, matrix), None
        problem = f"there is no folder {place}"
    except (OSError, DataError) as error:
        problem = " ".join(str(getattr(error, "strerror", None) or error).split())
    return _described(name, matrix, csr_bytes(matrix)), problem


def _write_local(folder: Path, name: str, matrix: sp.csr_matrix) -> PartFile:
    """Straight from the arrays to the disk: a copy in memory would be as large as the counts."""
    with replaced_file(folder / name) as partial:
        save_csr(partial, matrix)
        return PartFile(
            file=name,
            words=matrix.shape[0],
            entries=matrix.nnz,
            bytes=partial.stat().st_size,
            sha256=checksum_of_file(storage(folder), partial.name),
        )


def _write_remote(place: str, name: str, matrix: sp.csr_matrix) -> tuple[PartFile, str | None]:
    data = csr_bytes(matrix)
    made, where = _described(name, matrix, data), storage(place)
    where.write(name, data)
    # Read back here, by the writer: the driver would have to fetch all that an object store holds.
    seen = agrees(where, name, made.sha256)
    return made, None if seen else f"{name} reads back otherwise than it was written"


def _described(name: str, matrix: sp.csr_matrix, data: memoryview) -> PartFile:
    return PartFile(
        file=name,
        words=matrix.shape[0],
        entries=matrix.nnz,
        bytes=len(data),
        sha256=checksum(data),
    )


def agrees(place: Storage, name: str, sha256: str) -> bool:
    """Whether a file is there, with this checksum; it is read piece by piece."""
    try:
        return checksum_of_file(place, name) == sha256
    except FileNotFoundError:
        return False
