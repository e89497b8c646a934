"""Writing a checkpoint: the topics of all tokens, and the little else that a fit consists of.

The counts are derived from the topics and not stored. A checkpoint is a folder `sweep-00000120` of one file for
each logical shard of the corpus, so any number of workers can read it back, and a manifest with their checksums.
The manifest is written last: without a valid one the folder does not count, and the one before is used.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lda.cluster.checkpoints.identity import Identity
from lda.cluster.checkpoints.manifest import CheckpointManifest, RunState, has_manifest, write_manifest
from lda.cluster.spec.errors import CheckpointError
from lda.corpus.ordered_map import ordered_map
from lda.corpus.storage.checksum import checksum
from lda.corpus.storage.places import Storage
from lda.corpus.storage.retries import NetworkError

NAME: Final = re.compile(r"sweep-(\d{8,})")
WRITERS: Final = 4  # files flushed to the disk at a time: most of a checkpoint is waiting for it

StoreFiles = Callable[[Storage, str], Mapping[str, str]]
"""Stores topics and sums in a folder of a place; returns the files' checksums by name. Raises OSError."""


def stored(place: Storage) -> list[str]:
    """Folders of the checkpoints at a place, whole or not, the oldest first."""
    return [name for name in place.folders() if NAME.fullmatch(name)]


def sweep_of(folder: str) -> int:
    """The sweep after which the checkpoint in a folder was made, by the folder's name."""
    found = NAME.fullmatch(folder)
    assert found is not None
    return int(found[1])


def write(
    place: Storage,
    state: RunState,
    store: StoreFiles,
    who: Identity,
    keep: int,
    check: Callable[[], None] = lambda: None,
) -> None:
    """Store a checkpoint of `state`, and remove older ones than the last `keep` that are whole.

    check: raises OtherFitError when the place is another run's by now; asked before anything is touched, and again
    before the manifest. Removing is done as far as possible: what is left goes after the next checkpoint.
    Raises CheckpointError naming cause and remedy when it cannot be written; the ones before are untouched then.
    """
    folder = f"sweep-{state.n_sweeps:08d}"
    try:
        check()
        # What an earlier attempt left under this name is replaced; its manifest must not vouch for new files.
        place.remove(folder)
        manifest = CheckpointManifest(identity=who, files=store(place, folder), state=state)
        check()
        write_manifest(place, folder, manifest)
    except OSError as error:
        with suppress(OSError):
            place.remove(folder)
        raise CheckpointError(
            f"the checkpoint of sweep {state.n_sweeps} could not be written to {place.root}: "
            f"{error.strerror or error}; {_remedy(error)}"
        ) from error
    with suppress(OSError):
        _remove_old(place, keep)


def _remove_old(place: Storage, keep: int) -> None:
    """Remove all but the last `keep` whole checkpoints, and with them what failed half-way."""
    there = stored(place)
    whole = [folder for folder in there if has_manifest(place, folder)][-keep:]
    for folder in there:
        if folder not in whole:
            place.remove(folder)


def _remedy(error: OSError) -> str:
    if isinstance(error, NetworkError):
        return "see that the network and the store work"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "make room or choose another place"
    return "see that it can be written there, or choose another place"


def put_topics(place: Storage, folder: str, topics: Iterable[tuple[int, NDArray[Any]]]) -> dict[str, str]:
    """Store the topics of logical shards, z of their tokens in canonical order; returns the files' checksums."""

    def put(numbered: tuple[int, NDArray[Any]]) -> tuple[str, str]:
        name, data = topics_name(numbered[0]), numbered[1].view(np.uint8).data
        place.write(f"{folder}/{name}", data)
        return name, checksum(data)

    return dict(ordered_map(put, topics, WRITERS, ahead=WRITERS))


def topics_name(index: int) -> str:
    """File of the topics of one logical shard."""
    return f"topics-{index:05d}.bin"
