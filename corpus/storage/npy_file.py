"""Arrays in NumPy's own files (`.npy`), alone or in an archive, looked at before memory is asked for them."""

from __future__ import annotations

import lzma
import math
import re
import struct
import zipfile
import zlib
from typing import Any, BinaryIO, Final, NamedTuple, cast

import numpy as np
import numpy.typing as npt

_HEADER: Final = re.compile(
    r"\{'descr': '([<>|=][biufcSU]\d{1,9})', 'fortran_order': (True|False), "
    r"'shape': \(((?:\d{1,18}L?, ?)*(?:\d{1,18}L?)?)\), *\} *\n?"
)
"""All that NumPy writes for arrays of numbers and short strings. NumPy itself evaluates what stands there as Python."""

LONGEST_HEADER: Final = 4096

DAMAGED_ARCHIVE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    OSError,
    EOFError,
    ValueError,
    LookupError,
    NotImplementedError,
    RuntimeError,
    OverflowError,
    struct.error,
)
"""What zipfile raises when it is given a damaged archive."""

PLACES: Final = {f"{name}.npy" for name in ("shape", "indices", "indptr", "row", "col", "offsets", "coords")}
"""Members that say where the entries of a matrix stand."""

ROOM, MOST_RATIO = 2**30, 100
"""An archive may unpack to so many bytes, or to so many times its own size: a matrix packs to a tenth, zeros to a
thousandth."""


class NpyHeader(NamedTuple):
    """What an array is. start: bytes before its first entry. size: bytes of its entries."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    fortran_order: bool
    start: int
    size: int


def read_header(file: BinaryIO) -> NpyHeader:
    """Read up to the first entry of an array that begins here.

    Raises:
        ValueError: there is none, or none of plain numbers or strings.
    """
    magic = file.read(8)
    if len(magic) < 8 or magic[:6] != b"\x93NUMPY" or magic[6] not in (1, 2, 3):
        raise ValueError("it is no array of NumPy")
    kind = "<H" if magic[6] == 1 else "<I"
    data = file.read(struct.calcsize(kind))
    if len(data) < struct.calcsize(kind):
        raise ValueError("it ends within its header")
    (length,) = struct.unpack(kind, data)
    if length > LONGEST_HEADER:
        raise ValueError(f"its header has {length} bytes, more than any of plain numbers")
    text = file.read(length).decode("latin-1")
    found = _HEADER.fullmatch(text)
    if found is None:
        raise ValueError(f"its header is not that of plain numbers: {text!r:.80}")
    try:
        dtype = np.dtype(found[1])
    except TypeError as error:
        raise ValueError(str(error)) from None
    shape = tuple(int(part.rstrip("L")) for part in found[3].replace(" ", "").split(",") if part)
    start = len(magic) + len(data) + length
    return NpyHeader(dtype, shape, found[2] == "True", start, math.prod(shape) * dtype.itemsize)


def read_array(file: BinaryIO, size: int, kinds: str = "biuf") -> npt.NDArray[Any]:
    """The array in a file of `size` bytes, read-only.

    kinds: of entries that are taken, as in `numpy.dtype.kind`.

    Raises:
        ValueError: it is none, of another kind, or the file has not the bytes that its shape asks for.
    """
    header = read_header(file)
    check_header(header, size, kinds)
    data = file.read(header.size)
    if len(data) < header.size:
        raise ValueError("it is cut off")
    entries = np.frombuffer(data, dtype=header.dtype) if data else np.zeros(0, header.dtype)
    return entries.reshape(header.shape, order="F" if header.fortran_order else "C")


def check_header(header: NpyHeader, size: int, kinds: str = "biuf") -> None:
    """See that an array is of some kinds of entries and fills `size` bytes. Raises ValueError."""
    if header.dtype.kind not in kinds:
        raise ValueError(f"its entries are of type {header.dtype}, not plain numbers")
    if header.start + header.size != size:
        raise ValueError(
            f"its shape {header.shape} asks for {header.start + header.size} bytes, but it has {size}"
        )


def check_archive(archive: zipfile.ZipFile, size: int) -> None:
    """See that all arrays in an archive of `size` bytes can be those of a sparse matrix of SciPy, by kind and size.

    Raises:
        ValueError: one is not, or they would unpack to more than memory should be asked for.
        zipfile.BadZipFile: it is damaged; see `DAMAGED_ARCHIVE` for what else.
    """
    members = archive.infolist()
    unpacked, packed = sum(info.file_size for info in members), sum(info.compress_size for info in members)
    if packed > size or (unpacked > ROOM and unpacked > MOST_RATIO * size):
        raise ValueError(f"it has {size} bytes and would unpack to {unpacked}")
    for info in members:
        with archive.open(info) as member:
            # SciPy would cast places that are no whole numbers, and say so in a warning at most.
            kinds = "iu" if info.filename in PLACES else "biufSU"
            check_header(read_header(cast("BinaryIO", member)), info.file_size, kinds)
