"""Reading a checkpoint: which one to go on from, and whether it is whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lda.cluster.checkpoints.identity import Identity, differences
from lda.cluster.checkpoints.manifest import RunState, read_manifest
from lda.cluster.checkpoints.write import stored, topics_name
from lda.cluster.counts.word_range import sums_among
from lda.cluster.spec.errors import CheckpointError, OtherFitError
from lda.corpus.storage.checksum import checksum_of_file
from lda.corpus.storage.places import Storage
from lda.corpus.storage.retries import NetworkError

Check = Callable[[Storage, str, Mapping[str, str]], None]
"""Looks at the files of a checkpoint: place, folder, sha256 by name. Raises ValueError when one is damaged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A checkpoint that is whole.

    place, folder: where it lies. files: sha256 in hex of topics and sums, by name. state: everything but these.
    """

    place: Storage
    folder: str
    files: Mapping[str, str]
    state: RunState

    def without_sums(self) -> Checkpoint:
        """The same, as if no state had been sampled."""
        sums = sums_among(self.files)
        files = {name: digest for name, digest in self.files.items() if name not in sums}
        return replace(self, files=files, state=replace(self.state, sampled=()))

    def topics(self, index: int, dtype: np.dtype[Any]) -> NDArray[Any]:
        """Z of the tokens of one logical shard, in canonical order."""
        return np.frombuffer(self.place.read(f"{self.folder}/{topics_name(index)}"), dtype=dtype)


def check_here(place: Storage, folder: str, files: Mapping[str, str]) -> None:
    """A `Check` by this process, which reads all files, piece by piece."""
    if problem := damage(place, folder, files):
        raise ValueError(problem)


def check_names(place: Storage, folder: str, files: Mapping[str, str]) -> None:
    """A `Check` that only sees whether the files are there: for callers that leave it to others to read them."""
    there = place.files(folder)
    for name in files:
        if name not in there:
            raise ValueError(f"{name} is missing")


def damage(place: Storage, folder: str, files: Mapping[str, str]) -> str | None:
    """What is wrong with the first damaged one of these files; None when all are as they were written."""
    for name, digest in files.items():
        try:
            found = checksum_of_file(place, f"{folder}/{name}")
        except FileNotFoundError:
            return f"{name} is missing"
        if found != digest:
            return f"{name} has another checksum than the manifest says"
    return None


def latest(
    place: Storage, who: Identity, warn: Callable[[str], None], check: Check = check_here
) -> Checkpoint | None:
    """The newest checkpoint that is whole, or None.

    warn is told of each that is not. Raises OtherFitError naming the settings that differ when the checkpoint
    is of another fit, CheckpointError when the network keeps it from being read.
    """
    folders = stored(place)[::-1]
    for folder, older in zip_longest(folders, folders[1:]):
        try:
            manifest = read_manifest(place, folder)
            check(place, folder, manifest.files)
        except NetworkError as error:  # says nothing of the checkpoint, and a fit must not begin anew for it
            raise CheckpointError(
                f"the checkpoint {folder} in {place.root} cannot be read: {error}; repeat the command when "
                "the network and the store work"
            ) from error
        except (OSError, ValueError, KeyError, TypeError) as error:
            then = "there is none before" if older is None else f"{older}, the one before, is tried"
            warn(f"the checkpoint {folder} in {place.root} is damaged ({error}); {then}")
            continue
        if differ := differences(manifest.identity, who):
            raise OtherFitError(
                f"the checkpoint in {place.root} is of another fit: {differ}; "
                "give the settings as they were, also those whose default has changed since, or take another "
                "place for this one"
            )
        return Checkpoint(place=place, folder=folder, files=manifest.files, state=manifest.state)
    return None
