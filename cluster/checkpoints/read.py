"""Checkpoints that are there: which one to go on from, and whether it is whole."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from itertools import zip_longest
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lda.cluster.checkpoints.write import FORMAT, READ, RunState, differences, stored, topics_name
from lda.cluster.spec.errors import CheckpointError, OtherFitError
from lda.corpus.storage.places import Storage
from lda.corpus.storage.retries import NetworkError
from lda.corpus.storage.strict_json import parse_object, read_object

Check = Callable[[Storage, str, Mapping[str, str]], None]
"""Looks at the files of a checkpoint: place, folder, sha256 by name. Raises ValueError when one is damaged."""


class Found:
    """A checkpoint that is whole: its state, and its topics shard by shard."""

    def __init__(self, place: Storage, folder: str, body: dict[str, Any]) -> None:
        self.place, self.folder, self.body = place, folder, body

    def topics(self, index: int, dtype: np.dtype[Any]) -> NDArray[Any]:
        """Z of the tokens of one logical shard, in canonical order."""
        return np.frombuffer(self.place.read(f"{self.folder}/{topics_name(index)}"), dtype=dtype)

    def state(self) -> RunState:
        """Everything but the topics and the sums."""
        body = self.body
        best, stale = body["patience"]
        return RunState(
            n_sweeps=body["n_sweeps"],
            tick=body["tick"],
            alpha=np.array(body["alpha"], dtype=np.float64),
            beta=body["beta"],
            history=body["history"],
            seconds=body["seconds"],
            sweeping=body["sweeping"],
            patience=(-np.inf if best is None else best, stale),
            mean_taken=body["mean_taken"],
        )


def check_here(place: Storage, folder: str, files: Mapping[str, str]) -> None:
    """A `Check` by this process, which reads all files, piece by piece."""
    if problem := damage(place, folder, files):
        raise ValueError(problem)


def check_names(place: Storage, folder: str, files: Mapping[str, str]) -> None:
    """A `Check` that only sees whether the files are there: for who leaves it to others to read them."""
    there = place.files(folder)
    for name in files:
        if name not in there:
            raise ValueError(f"{name} is missing")


def damage(place: Storage, folder: str, files: Mapping[str, str]) -> str | None:
    """What is wrong with the first damaged one of these files; None when all are as they were written."""
    for name, digest in files.items():
        whole = hashlib.sha256()
        try:
            for chunk in place.chunks(f"{folder}/{name}"):
                whole.update(chunk)
        except FileNotFoundError:
            return f"{name} is missing"
        if whole.hexdigest() != digest:
            return f"{name} has another checksum than the manifest says"
    return None


def latest(
    place: Storage, who: dict[str, Any], warn: Callable[[str], None], check: Check = check_here
) -> Found | None:
    """The newest checkpoint that is whole, or None.

    warn is told of each that is not. Raises OtherFitError naming the settings that differ when the checkpoint
    is of another fit, CheckpointError when the network keeps it from being read.
    """
    folders = stored(place)[::-1]
    for folder, older in zip_longest(folders, folders[1:]):
        try:
            body = _manifest(place, folder)
            check(place, folder, body["files"])
        except NetworkError as error:  # says nothing of the checkpoint, and a fit must not begin anew for it
            raise CheckpointError(
                f"the checkpoint {folder} in {place.root} cannot be read: {error}; repeat the command when "
                "the network and the store work"
            ) from error
        except (OSError, ValueError, KeyError, TypeError) as error:
            then = "there is none before" if older is None else f"{older}, the one before, is tried"
            warn(f"the checkpoint {folder} in {place.root} is damaged ({error}); {then}")
            continue
        if differ := differences(body["identity"], who):
            raise OtherFitError(
                f"the checkpoint in {place.root} is of another fit: {differ}; "
                "repeat the command as it was, or take another place for this one"
            )
        return Found(place, folder, body)
    return None


def _manifest(place: Storage, folder: str) -> dict[str, Any]:
    try:
        outer = read_object(place, f"{folder}/manifest.json")
    except FileNotFoundError:
        raise ValueError("manifest.json is missing") from None
    if hashlib.sha256(outer["body"].encode()).hexdigest() != outer["sha256"]:
        raise ValueError("its manifest has another checksum than it says")
    body = parse_object(outer["body"], finite=False)  # as a log-likelihood may be
    if body["format"] not in READ:
        raise ValueError(f"it has format {body['format']}, this version reads up to {FORMAT}")
    return body
