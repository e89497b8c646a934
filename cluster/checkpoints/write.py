"""Checkpoints: the topics of all tokens, and the little else that a fit consists of.

The counts are derived from the topics and not stored. A checkpoint is a folder `sweep-00000120` of one file for
each logical shard of the corpus, so any number of workers can read it back, and a manifest with their checksums.
The manifest is written last: without a valid one the folder does not count, and the one before is used.
"""

from __future__ import annotations

import errno
import hashlib
import json
import re
import secrets
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lda.cluster.spec.errors import CheckpointError, PlaceError
from lda.cluster.spec.fit_settings import FitSettings
from lda.corpus.storage.places import Storage
from lda.corpus.storage.retries import NetworkError

FORMAT: Final = 2
READ: Final = frozenset({1, 2})
"""Formats this version reads; in format 1 the sums over late sweeps lie in one file."""

MANIFEST: Final = "manifest.json"
WRITERS: Final = 4  # files flushed to the disk at a time: most of a checkpoint is waiting for it
NAME: Final = re.compile(r"sweep-\d{8,}")
FREE_TO_CHANGE: Final = frozenset(
    {
        "sweeps", "threads", "memory", "model_memory", "evaluate_every", "tol", "n_iter_no_change",
        "n_samples", "sample_interval", "device",
    }
)  # fmt: skip
"""Settings that a resumed fit may have otherwise: they change how long it runs, not what a sweep does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunState:
    """A fit after a whole sweep, but for the topics.

    n_sweeps: done. tick: passes over documents, the start's included. alpha: (K,). history: `SweepRecord`s as
    dictionaries. seconds, sweeping: of training, and of these within sweeps. patience: (best value, evaluations
    without gain). mean_taken: how many states are in the sums over late sweeps, which lie beside the topics.
    """

    n_sweeps: int
    tick: int
    alpha: NDArray[np.float64]
    beta: float
    history: list[dict[str, Any]]
    seconds: float
    sweeping: float
    patience: tuple[float, int]
    mean_taken: int


def identity(settings: FitSettings, corpus_hash: str) -> dict[str, Any]:
    """What must agree between a checkpoint and the fit that goes on from it."""
    chosen = {name: value for name, value in settings.to_dict().items() if name not in FREE_TO_CHANGE}
    # Which sweeps are averaged depends on all three; counts taken by another plan cannot be taken out again.
    averaging = [settings.sweeps, settings.n_samples, settings.sample_interval]
    chosen |= {"averaging": averaging if settings.n_samples > 1 else None, "corpus": corpus_hash}
    # Through JSON and back, as the checkpoint's own went: tuples become lists.
    return dict(json.loads(json.dumps(chosen, default=list)))


def differences(was: dict[str, Any], now: dict[str, Any]) -> str:
    """In words, where two identities differ; empty where they do not."""
    return ", ".join(
        f"{key} was {_short(was.get(key))}, is {_short(now[key])}" for key in now if was.get(key) != now[key]
    )


def write(
    place: Storage,
    state: RunState,
    store: Callable[[Storage, str], dict[str, str]],
    who: dict[str, Any],
    keep: int,
    check: Callable[[], None] = lambda: None,
) -> None:
    """Store a checkpoint of `state`; store stores topics and sums in a folder, and returns the checksums.

    check: raises OtherFitError when the place is another run's by now; asked before anything is touched, and again
    before the manifest. Older ones than the last `keep` that are whole are removed afterwards, as far as possible.
    Raises CheckpointError naming cause and remedy when it cannot be written; the ones before are untouched then.
    """
    folder = f"sweep-{state.n_sweeps:08d}"
    try:
        check()
        # What an earlier attempt left under this name is replaced; its manifest must not vouch for new files.
        place.remove(folder)
        files = store(place, folder)
        body = {"format": FORMAT, "identity": who, "files": files, **_plain(state)}
        text = json.dumps(body, sort_keys=True)
        manifest = json.dumps({"sha256": _digest(text.encode()), "body": text}).encode()
        check()
        place.write(f"{folder}/{MANIFEST}", manifest)
    except OSError as error:
        with suppress(OSError):
            place.remove(folder)
        raise CheckpointError(
            f"the checkpoint of sweep {state.n_sweeps} could not be written to {place.root}: "
            f"{error.strerror or error}; {_remedy(error)}"
        ) from error
    with suppress(OSError):  # it stands; what is left of others goes after the next one
        _remove_old(place, keep)


def _remove_old(place: Storage, keep: int) -> None:
    """Remove all but the last `keep` whole checkpoints, and with them what failed half-way."""
    there = stored(place)
    whole = [folder for folder in there if place.size(f"{folder}/{MANIFEST}") is not None][-keep:]
    for folder in there:
        if folder not in whole:
            place.remove(folder)


def _remedy(error: OSError) -> str:
    if isinstance(error, NetworkError):
        return "see that the network and the store work"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "make room or choose another place"
    return "see that it can be written there, or choose another place"


def stored(place: Storage) -> list[str]:
    """Folders of the checkpoints at a place, whole or not, the oldest first."""
    return [name for name in place.folders() if NAME.fullmatch(name)]


def discard(place: Storage) -> None:
    """Remove all checkpoints at a place, and the place itself if it holds nothing else.

    Whatever else lies there stays: the place is a folder that the user named.
    """
    for folder in stored(place):
        place.remove(folder)
    place.remove_empty()


def check_place(place: Storage) -> None:
    """Write something and take it away again. Raises PlaceError when that is refused."""
    folder = f"probe-{secrets.token_hex(4)}"  # others may be looking at the same moment
    try:
        place.write(f"{folder}/empty", b"")
        place.remove(folder)
        place.remove_empty()
    except OSError as error:
        raise PlaceError(
            f"checkpoints cannot be written to {place.root}: {error.strerror or error}; "
            "choose another place for them, or make none (every 0 sweeps)"
        ) from error


def put(place: Storage, folder: str, name: str, data: bytes | memoryview) -> str:
    """Store one file of a checkpoint; returns its checksum."""
    place.write(f"{folder}/{name}", data)
    return _digest(data)


def put_topics(place: Storage, folder: str, topics: Iterable[tuple[int, NDArray[Any]]]) -> dict[str, str]:
    """Store the topics of logical shards, z of their tokens in canonical order; returns the files' checksums."""
    files: dict[str, str] = {}
    waiting: deque[tuple[str, Future[str]]] = deque()
    with ThreadPoolExecutor(WRITERS) as pool:
        for index, z in topics:
            name = topics_name(index)
            waiting.append((name, pool.submit(put, place, folder, name, z.view(np.uint8).data)))
            if len(waiting) > WRITERS:  # so that only a few shards are copied at a time
                first, stored_one = waiting.popleft()
                files[first] = stored_one.result()
        return files | {name: done.result() for name, done in waiting}


def topics_name(index: int) -> str:
    """File of the topics of one logical shard."""
    return f"topics-{index:05d}.bin"


def _plain(state: RunState) -> dict[str, Any]:
    best, stale = state.patience
    return {
        "n_sweeps": state.n_sweeps,
        "tick": state.tick,
        "alpha": state.alpha.tolist(),
        "beta": state.beta,
        "history": state.history,
        "seconds": state.seconds,
        "sweeping": state.sweeping,
        "patience": [best if np.isfinite(best) else None, stale],
        "mean_taken": state.mean_taken,
    }


def _digest(data: bytes | memoryview) -> str:
    return hashlib.sha256(data).hexdigest()


def _short(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else text[:37] + "..."
