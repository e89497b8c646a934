"""Tensors as bytes behind the JSON of a request or an answer: the Open Inference Protocol's binary extension.

All numbers are little-endian; a text is its length in four bytes, and its bytes.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

import numpy as np

from lda.serve.http.errors import malformed, shown

if TYPE_CHECKING:
    from numpy.typing import NDArray

NUMBERS: Final = {
    "UINT8": "<u1",
    "UINT16": "<u2",
    "UINT32": "<u4",
    "UINT64": "<u8",
    "INT8": "<i1",
    "INT16": "<i2",
    "INT32": "<i4",
    "INT64": "<i8",
    "FP16": "<f2",
    "FP32": "<f4",
    "FP64": "<f8",
}
"""Datatypes of counts, and what NumPy calls them."""

_LENGTH: Final = struct.Struct("<I")


def split_body(body: bytes, json_bytes: bytes | None) -> tuple[bytes, memoryview]:
    """A body's JSON, and what stands behind it.

    json_bytes: the header `Inference-Header-Content-Length`; None where all is JSON.

    Raises:
        RequestError: 400: the header is no number of bytes that the body has.
    """
    if json_bytes is None:
        return body, memoryview(b"")
    if not json_bytes.isdigit() or len(json_bytes) > 18 or int(json_bytes) > len(body):
        raise malformed(
            f"Inference-Header-Content-Length must be a number of bytes, at most the {len(body)} of the body, "
            f"got {shown(json_bytes.decode('latin-1'))}"
        )
    stop = int(json_bytes)
    return body[:stop], memoryview(body)[stop:]


def read_texts(raw: memoryview, name: str, most: int) -> list[str]:
    """Texts of a tensor of BYTES. most: that are read; one more shows that there are too many.

    Raises:
        RequestError: 400: lengths lead beyond the end, or a text is no UTF-8.
    """
    texts = list[str]()
    place = 0
    while place < len(raw) and len(texts) <= most:
        if place + _LENGTH.size > len(raw):
            raise malformed(f"input {name} ends within the length of text {len(texts)}")
        (length,) = _LENGTH.unpack_from(raw, place)
        place += _LENGTH.size
        if place + length > len(raw):
            raise malformed(
                f"input {name} ends within text {len(texts)}, which is said to have {length} bytes"
            )
        try:
            texts.append(str(raw[place : place + length], "utf-8"))
        except UnicodeDecodeError:
            raise malformed(f"text {len(texts)} of input {name} must be UTF-8; encode it so") from None
        place += length
    return texts


def read_numbers(raw: memoryview, name: str, datatype: str) -> NDArray[np.generic]:
    """Numbers of a tensor, flat. Raises `RequestError` (400) where their bytes are no whole numbers of them."""
    kind = np.dtype(NUMBERS[datatype])
    if len(raw) % kind.itemsize:
        raise malformed(
            f"input {name} of {datatype} must have {kind.itemsize} bytes a number, got {len(raw)} in all"
        )
    return np.frombuffer(raw, dtype=kind)
