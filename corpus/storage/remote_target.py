"""Replacing what consists of several files where nothing can be renamed: in an object store.

The files go into a folder of a name never used before. A description that names them is written last, in the place
of the one before: at each moment readers find the old or the new, and what failed half-way is never found.
"""

from __future__ import annotations

import secrets
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from lda.corpus.errors import DataError
from lda.corpus.storage.places import Storage, storage
from lda.corpus.storage.retries import NetworkError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DATA: Final = "data-"
"""How the names of such folders begin."""


def check_remote_target(
    uri: str, description: str, kind: str, is_ours: Callable[[str], bool], *, overwrite: bool
) -> None:
    """Refuse a URI that may not or cannot be written, before any work is done.

    Args:
        uri: the target.
        description: file that is written last.
        kind: of what is written, with its article: "a model".
        is_ours: whether what stands there now is such a thing.
        overwrite: whether it may be replaced.

    Raises:
        DataError: it exists and `overwrite` is off, it is something else, or the store refuses.
    """
    place = storage(uri)
    try:
        there = place.size(description) is not None
        if there and not overwrite:
            raise DataError(f"{uri} exists already; choose another name, or allow overwriting (--overwrite)")
        if there and not is_ours(uri):
            raise DataError(f"{uri} has a {description} that is not that of {kind}; choose another name")
    except OSError as error:
        raise _refused(place, error) from None
    check_writable(place)


def check_writable(place: Storage) -> None:
    """Write something and take it away again. Raises `DataError` when that is refused, as without the bucket."""
    probe = f"{DATA}probe-{secrets.token_hex(4)}"
    try:
        place.write(probe, b"")
        place.delete(probe)
    except OSError as error:
        raise _refused(place, error) from None


def _refused(place: Storage, error: OSError) -> DataError:
    reason = " ".join(str(error).split())
    lost = isinstance(error, NetworkError)
    remedy = "try again later" if lost else "check name and rights, or choose another"
    return DataError(f"{place.root} cannot be written ({reason}); {remedy}")


@contextmanager
def new_data_folder(uri: str, before: str | None) -> Iterator[str]:
    """The name of a folder for the files; if the block fails it is removed again.

    before: the folder of what is replaced, removed when the block has succeeded, or None.
    """
    place, folder = storage(uri), DATA + secrets.token_hex(4)
    try:
        yield folder
    except BaseException:
        with suppress(OSError):
            place.remove(folder)
        raise
    if before is not None and before.startswith(DATA) and "/" not in before:
        with suppress(OSError):  # the new one is there and valid; what is left of the old one does no harm
            place.remove(before)
