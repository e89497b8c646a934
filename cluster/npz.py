"""Sparse matrices in `.npz` files that can be memory-mapped.

`scipy.sparse.load_npz` reads the files written here, and `map_csr` reads the files written by
`scipy.sparse.save_npz`. Two things are added: the arrays start on 64-byte boundaries, so that a
map of the file gives aligned arrays, and loading maps them where it can. (Calling `save_npz` itself
lost: its arrays start at any byte, and kernels compiled for aligned arrays refuse the others.)
"""

from __future__ import annotations

import io
import math
import os
import struct
import zipfile
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lda.corpus.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import BinaryIO

    import numpy.typing as npt
    from scipy.sparse import csr_matrix

    Array = npt.NDArray[Any]
    View = Callable[[int, np.dtype[Any], tuple[int, ...]], Array]
    """Gives the array of a type and shape that begins at a byte of the file."""

ALIGNMENT: Final = 64
LOCAL_HEADER_BYTES: Final = 30
ZIP64_EXTRA_BYTES: Final = 20  # zipfile appends this field to the extra data when zip64 is forced
PADDING_ID: Final = 0xD935  # the id that Android's zipalign gave to padding; readers skip it


def save_csr(path: Path, matrix: csr_matrix) -> None:
    """Write a CSR matrix uncompressed, readable by `scipy.sparse.load_npz`; flushed to the disk."""
    with path.open("wb") as file:
        _write_csr(file, matrix)
        file.flush()
        os.fsync(file.fileno())


def csr_bytes(matrix: csr_matrix) -> memoryview:
    """The same file as `save_csr` writes, in memory: for places that take a file whole."""
    buffer = io.BytesIO()
    _write_csr(buffer, matrix)
    return buffer.getbuffer()


def _write_csr(file: BinaryIO, matrix: csr_matrix) -> None:
    members = {
        "indices": matrix.indices,
        "indptr": matrix.indptr,
        "format": np.array(b"csr"),
        "shape": np.array(matrix.shape, dtype=np.int64),
        "data": matrix.data,
    }
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, array in members.items():
            _write_member(archive, file, f"{name}.npy", array)


def _write_member(archive: zipfile.ZipFile, file: BinaryIO, name: str, array: Array) -> None:
    info = zipfile.ZipInfo(name)  # its fixed date keeps the file a function of the matrix
    before = file.tell() + LOCAL_HEADER_BYTES + len(name) + 4 + ZIP64_EXTRA_BYTES
    padding = -before % ALIGNMENT
    info.extra = struct.pack("<HH", PADDING_ID, padding) + bytes(padding)
    with archive.open(info, "w", force_zip64=True) as member:
        np.lib.format.write_array(member, np.ascontiguousarray(array), allow_pickle=False)


def map_csr(path: Path) -> csr_matrix:
    """Memory-map a CSR matrix, read-only, and check that its indices stay inside its shape.

    Arrays that are compressed or not aligned are read instead of mapped. The check streams through the
    indices once: a damaged index would otherwise make a compiled kernel read outside its arrays.

    Raises:
        DataError: no such file, not a sparse CSR `.npz`, truncated, or inconsistent.
    """

    def mapped(offset: int, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Array:
        return np.asarray(np.memmap(path, dtype=dtype, mode="r", offset=offset, shape=shape))

    return _read_csr(str(path), lambda: path.open("rb"), mapped)


def read_csr(name: str, data: bytes) -> csr_matrix:
    """A CSR matrix of the bytes of such a file, without a copy of them; checked and raising as `map_csr`."""

    def viewed(offset: int, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Array:
        return np.frombuffer(data, dtype=dtype, offset=offset, count=math.prod(shape)).reshape(shape)

    return _read_csr(name, lambda: io.BytesIO(data), viewed)


def _read_csr(name: str, opened: Callable[[], BinaryIO], view: View) -> csr_matrix:
    names = ("indices", "indptr", "format", "shape", "data")
    try:
        with opened() as file, zipfile.ZipFile(file) as archive:
            arrays = {member: _view_member(file, archive, f"{member}.npy", view) for member in names}
    except (OSError, ValueError, KeyError, EOFError, struct.error, zipfile.BadZipFile) as error:
        raise DataError(
            f"{name}: not a readable sparse matrix file ({error}); restore it from a copy"
        ) from error
    if arrays["format"].tobytes() != b"csr":
        raise DataError(f"{name}: the matrix must be in CSR format, got {arrays['format']!r}")
    return _checked(name, arrays)


def _view_member(file: BinaryIO, archive: zipfile.ZipFile, name: str, view: View) -> Array:
    info = archive.getinfo(name)
    if info.compress_type != zipfile.ZIP_STORED:
        return _read_member(archive, name)
    file.seek(info.header_offset)
    name_bytes, extra_bytes = struct.unpack("<26xHH", file.read(LOCAL_HEADER_BYTES))
    file.seek(info.header_offset + LOCAL_HEADER_BYTES + name_bytes + extra_bytes)
    major, _ = np.lib.format.read_magic(file)
    read_header = np.lib.format.read_array_header_1_0 if major == 1 else np.lib.format.read_array_header_2_0
    shape, fortran_order, dtype = read_header(file)
    if dtype.hasobject or file.tell() % dtype.alignment or fortran_order or 0 in shape or not shape:
        return _read_member(archive, name)
    return view(file.tell(), dtype, shape)


def _read_member(archive: zipfile.ZipFile, name: str) -> Array:
    with archive.open(name) as member:
        return np.asarray(np.lib.format.read_array(member, allow_pickle=False))


def _checked(name: str, arrays: dict[str, Array]) -> csr_matrix:
    from scipy.sparse import csr_matrix

    indptr, indices, data = arrays["indptr"], arrays["indices"], arrays["data"]
    n_rows, n_columns = (int(size) for size in arrays["shape"])
    sound = (
        indptr.shape == (n_rows + 1,)
        and indices.shape == data.shape == (int(indptr[-1]),)
        and indptr[0] == 0
        and bool(np.all(indptr[1:] >= indptr[:-1]))
        and (indices.size == 0 or (indices.min() >= 0 and indices.max() < n_columns))
    )
    if not sound:
        raise DataError(
            f"{name}: the matrix is damaged (its indices do not fit its shape); restore it from a copy"
        )
    return csr_matrix((data, indices, indptr), shape=(n_rows, n_columns), copy=False)
