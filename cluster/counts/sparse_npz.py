"""Sparse matrices in `.npz` files that can be memory-mapped.

`scipy.sparse.load_npz` reads the files written here, and `map_csr` reads the files written by
`scipy.sparse.save_npz`. Two things are added: the arrays start on 64-byte boundaries, so that a map of the file gives
aligned arrays, and loading maps them where it can. Rejected: calling `save_npz` itself, because its arrays start at
any byte, and kernels compiled for aligned arrays refuse the others.
"""

from __future__ import annotations

import io
import math
import os
import struct
import zipfile
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from lda.corpus.errors import DataError
from lda.corpus.storage.npy_file import DAMAGED_ARCHIVE, NpyHeader, check_archive, read_header

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
MEMBERS: Final = ("indices", "indptr", "format", "shape", "data")
PADDING_ID: Final = 0xD935  # the id that Android's zipalign gave to padding; readers skip it


def save_csr(path: Path, matrix: csr_matrix) -> None:
    """Write a CSR matrix uncompressed, readable by `scipy.sparse.load_npz`."""
    with path.open("wb") as file:
        _write_csr(file, matrix)


def csr_bytes(matrix: csr_matrix) -> memoryview:
    """The content of the file that `save_csr` writes: for places that take a file whole."""
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


def map_csr(path: Path, shape: tuple[int, int] | None = None, entries: int | None = None) -> csr_matrix:
    """Memory-map a CSR matrix, read-only, and check that its indices stay inside its shape.

    Arrays that are compressed or not aligned are read instead of mapped. The check streams through the
    indices once: a damaged index would otherwise make a compiled kernel read outside its arrays.

    shape, entries: what the matrix must have, if that is known; it is compared before memory is asked for.

    Raises:
        DataError: no such file, not a sparse CSR `.npz`, truncated, or inconsistent.
    """

    def mapped(offset: int, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Array:
        return np.asarray(np.memmap(path, dtype=dtype, mode="r", offset=offset, shape=shape))

    return _read_csr(str(path), lambda: path.open("rb"), mapped, shape, entries)


def read_csr(
    name: str, data: bytes, shape: tuple[int, int] | None = None, entries: int | None = None
) -> csr_matrix:
    """A CSR matrix of the bytes of such a file, without a copy of them; checked and raising as `map_csr`."""

    def viewed(offset: int, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Array:
        return np.frombuffer(data, dtype=dtype, offset=offset, count=math.prod(shape)).reshape(shape)

    return _read_csr(name, lambda: io.BytesIO(data), viewed, shape, entries)


def _read_csr(
    name: str,
    opened: Callable[[], BinaryIO],
    view: View,
    shape: tuple[int, int] | None,
    entries: int | None,
) -> csr_matrix:
    try:
        with opened() as file, zipfile.ZipFile(file) as archive:
            check_archive(archive, file.seek(0, os.SEEK_END))
            headers = {member: _header(archive, f"{member}.npy") for member in MEMBERS}
            found = _shape(archive, headers, shape, entries)
            arrays = {
                member: _view_member(file, archive, f"{member}.npy", header, view)
                for member, header in headers.items()
                if member not in {"format", "shape"}
            }
    except DAMAGED_ARCHIVE as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(
            f"{name}: not a readable sparse matrix file ({reason:.200}); restore it from a copy"
        ) from error
    return _checked(name, arrays, found)


def _header(archive: zipfile.ZipFile, name: str) -> NpyHeader:
    with archive.open(name) as member:
        return read_header(cast("BinaryIO", member))


def _shape(
    archive: zipfile.ZipFile,
    headers: dict[str, NpyHeader],
    expected: tuple[int, int] | None,
    entries: int | None,
) -> tuple[int, int]:
    """Shape of the matrix, to which those of its arrays fit. Raises ValueError where they do not."""
    if (
        headers["format"].size > 16
        or headers["shape"].shape != (2,)
        or headers["shape"].dtype.kind not in "iu"
    ):
        raise ValueError("it holds no matrix")
    kind = _read_member(archive, "format.npy", headers["format"]).tobytes().rstrip(b"\0")
    if kind.replace(b"\0", b"") != b"csr":  # a Unicode string of earlier versions of SciPy
        raise ValueError(f"the matrix must be in CSR format, got {kind!r}")
    n_rows, n_columns = (int(size) for size in _read_member(archive, "shape.npy", headers["shape"]))
    found = headers["data"].shape[0] if len(headers["data"].shape) == 1 else -1
    if expected is not None and (n_rows, n_columns) != tuple(expected):
        raise ValueError(f"its shape must be {tuple(expected)}, got {(n_rows, n_columns)}")
    if entries is not None and found != entries:
        raise ValueError(f"it must have {entries} entries, got {found}")
    for member, kinds, length in (
        ("indptr", "iu", n_rows + 1),
        ("indices", "iu", found),
        ("data", "iuf", found),
    ):
        if headers[member].shape != (length,) or headers[member].dtype.kind not in kinds:
            header = headers[member]
            raise ValueError(f"its {member} do not fit its shape: {header.dtype} {header.shape}")
    return n_rows, n_columns


def _view_member(file: BinaryIO, archive: zipfile.ZipFile, name: str, header: NpyHeader, view: View) -> Array:
    info = archive.getinfo(name)
    if info.compress_type != zipfile.ZIP_STORED:
        return _read_member(archive, name, header)
    file.seek(info.header_offset)
    name_bytes, extra_bytes = struct.unpack("<26xHH", file.read(LOCAL_HEADER_BYTES))
    start = info.header_offset + LOCAL_HEADER_BYTES + name_bytes + extra_bytes + header.start
    if start % header.dtype.alignment or not header.size:
        return _read_member(archive, name, header)
    return view(start, header.dtype, header.shape)


def _read_member(archive: zipfile.ZipFile, name: str, header: NpyHeader) -> Array:
    with archive.open(name) as member:
        member.read(header.start)
        return np.frombuffer(member.read(header.size), dtype=header.dtype).reshape(header.shape)


def _checked(name: str, arrays: dict[str, Array], shape: tuple[int, int]) -> csr_matrix:
    from scipy.sparse import csr_matrix

    indptr, indices, data = arrays["indptr"], arrays["indices"], arrays["data"]
    sound = (
        indices.size == int(indptr[-1])
        and indptr[0] == 0
        and bool(np.all(indptr[1:] >= indptr[:-1]))
        and (indices.size == 0 or (indices.min() >= 0 and indices.max() < shape[1]))
    )
    if not sound:
        raise DataError(
            f"{name}: the matrix is damaged (its indices do not fit its shape); restore it from a copy"
        )
    return csr_matrix((data, indices, indptr), shape=shape, copy=False)
