r"""`manifest.json` of a checkpoint: of which fit it is, after which sweep, and the checksums of its other files.

    {"sha256": CHECKSUM, "body": "{\"format\": 3, \"identity\": {...}, \"files\": {...}, \"n_sweeps\": 120, ...}"}

The body is JSON within JSON: a checksum of a text needs no agreement on how numbers and blanks are written. (The
descriptions of models and corpora, which people read, carry theirs as one more entry: see
`lda.corpus.storage.strict_json`.) The manifest is written last, so a folder without one is no checkpoint.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lda.cluster.checkpoints.identity import Identity
from lda.cluster.spec.results import SweepRecord
from lda.corpus.storage.checksum import checksum
from lda.corpus.storage.places import Storage
from lda.corpus.storage.strict_json import parse_object, read_object

MANIFEST: Final = "manifest.json"
FORMAT: Final = 3
READ: Final = frozenset({1, 2, 3})
"""Formats this version reads; in 1 and 2 sums over late sweeps are of plain counts, and begin anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunState:
    """A fit after a whole sweep, but for the topics.

    n_sweeps: done. pass_number: passes over documents, the start's included ("tick" in the file). alpha: (K,).
    history: of all sweeps. seconds, sweeping: of training, and of these within sweeps. patience: (best value,
    evaluations without gain), -inf before the first. sampled: the sweeps whose soft counts are in the sums, which lie
    beside the topics.
    """

    n_sweeps: int
    pass_number: int
    alpha: NDArray[np.float64]
    beta: float
    history: list[SweepRecord]
    seconds: float
    sweeping: float
    patience: tuple[float, int]
    sampled: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointManifest:
    """What stands in the manifest. identity: of the fit. files: sha256 in hex of the other files, by name."""

    identity: Identity
    files: Mapping[str, str]
    state: RunState

    def to_bytes(self) -> bytes:
        """The content of the file."""
        body = {"format": FORMAT, "identity": self.identity, "files": self.files, **_to_json(self.state)}
        text = json.dumps(body, sort_keys=True)
        return json.dumps({"sha256": checksum(text.encode()), "body": text}).encode()


def write_manifest(place: Storage, folder: str, manifest: CheckpointManifest) -> None:
    """Make a checkpoint of a folder, all of whose other files are there. Raises OSError."""
    place.write(f"{folder}/{MANIFEST}", manifest.to_bytes())


def has_manifest(place: Storage, folder: str) -> bool:
    """Whether a folder has a manifest, valid or not: what failed half-way has none."""
    return place.size(f"{folder}/{MANIFEST}") is not None


def read_manifest(place: Storage, folder: str) -> CheckpointManifest:
    """Read and check the manifest of a folder.

    Raises:
        ValueError, KeyError, TypeError: it is missing, damaged or of a later version. OSError: it cannot be read.
    """
    try:
        outer = read_object(place, f"{folder}/{MANIFEST}")
    except FileNotFoundError:
        raise ValueError(f"{MANIFEST} is missing") from None
    text = outer["body"]
    if not isinstance(text, str):
        raise TypeError("the body of its manifest is not a text")
    if checksum(text.encode()) != outer["sha256"]:
        raise ValueError("its manifest has another checksum than it says")
    body = parse_object(text, finite=False)  # as a log-likelihood may be
    if body["format"] not in READ:
        raise ValueError(f"it has format {body['format']}, this version reads up to {FORMAT}")
    try:
        state = _from_json(body)
    except OverflowError as error:
        raise ValueError(f"a number in {MANIFEST} is too large ({error})") from None
    return CheckpointManifest(identity=dict(body["identity"]), files=dict(body["files"]), state=state)


def _to_json(state: RunState) -> dict[str, Any]:
    best, stale = state.patience
    return {
        "n_sweeps": state.n_sweeps,
        "tick": state.pass_number,
        "alpha": state.alpha.tolist(),
        "beta": state.beta,
        "history": [asdict(record) for record in state.history],
        "seconds": state.seconds,
        "sweeping": state.sweeping,
        "patience": [best if np.isfinite(best) else None, stale],
        "sampled": list(state.sampled),
    }


def _from_json(body: Mapping[str, Any]) -> RunState:
    best, stale = body["patience"]
    return RunState(
        n_sweeps=int(body["n_sweeps"]),
        pass_number=int(body["tick"]),
        alpha=np.array(body["alpha"], dtype=np.float64),
        beta=float(body["beta"]),
        history=[SweepRecord(**record) for record in body["history"]],
        seconds=float(body["seconds"]),
        sweeping=float(body["sweeping"]),
        patience=(-np.inf if best is None else float(best), int(stale)),
        sampled=tuple(int(sweep) for sweep in body["sampled"]) if body["format"] >= 3 else (),
    )
