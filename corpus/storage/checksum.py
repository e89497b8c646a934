"""Checksums of what is stored: sha256, in hex, by which a file that was changed or cut short is recognised.

Digests of content (`lda.corpus.shard.content_hash`, the fingerprint of counts) are something else: they say what a
corpus or a model is, whatever the files it lies in.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

    from lda.corpus.storage.places import Storage


def checksum(data: ReadableBuffer) -> str:
    """Checksum of bytes in memory."""
    return hashlib.sha256(data).hexdigest()


def checksum_of_file(place: Storage, name: str) -> str:
    """Checksum of a file at a place, read piece by piece.

    Raises:
        FileNotFoundError: there is none. DataError: it is not a plain file within the place.
    """
    whole = hashlib.sha256()
    for chunk in place.chunks(name):
        whole.update(chunk)
    return whole.hexdigest()
