"""The checkpoints of a fit, in the place that its user named."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from lda.cluster.checkpoints.identity import Identity
from lda.cluster.checkpoints.lock import Claim, alone, cannot_write
from lda.cluster.checkpoints.manifest import RunState
from lda.cluster.checkpoints.read import Check, Checkpoint, check_here, latest
from lda.cluster.checkpoints.write import StoreFiles, stored, sweep_of, write
from lda.cluster.spec.checkpointing import Checkpointing
from lda.cluster.spec.errors import CheckpointError, OtherFitError, PlaceError
from lda.corpus.storage.places import storage

FAILURES_IN_A_ROW: Final = 3
"""So many checkpoints that cannot be written end a fit: what it would lose at its end only grows from here."""


class CheckpointStore:
    """A place for checkpoints: opened, claimed, listed, the latest whole one read, one written, old ones removed.

    settings: what the user requested. identity: the fit whose checkpoints are read and written; None where it is not
    known yet, and neither is done. warn: told of checkpoints that are damaged or could not be written, and of the
    wait for a run that cannot be seen from here. has_written: whether a checkpoint has been written through this.

    Raises:
        DataError: there is no such file system.
    """

    def __init__(
        self,
        settings: Checkpointing,
        identity: Identity | None = None,
        warn: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.settings, self.identity, self.warn = settings, identity, warn
        self.place = storage(settings.path)
        self.has_written = False
        self._claim: Claim | None = None
        self._failures = 0

    @property
    def root(self) -> str:
        """How the place is called in messages; its path may hold keys."""
        return self.place.root

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """Be the only run on this place within the block; a block within, of this thread, shares the claim.

        Raises:
            OtherFitError: another run is at work there. CheckpointError: nothing can be written there.
        """
        with alone(self.place, self.warn) as claim:
            self._claim, before = claim, self._claim
            try:
                yield
            finally:
                self._claim = before

    def check_writable(self) -> None:
        """Write something and take it away again. Raises PlaceError when that is refused."""
        folder = f"probe-{secrets.token_hex(4)}"  # others may be looking at the same moment
        try:
            self.place.write(f"{folder}/empty", b"")
            self.place.remove(folder)
            self.place.remove_empty()
        except OSError as error:
            raise cannot_write(self.place, error, PlaceError) from error

    def folders(self) -> list[str]:
        """Folders of the checkpoints there, whole or not, the oldest first. Raises OSError."""
        return stored(self.place)

    def last_sweep(self) -> int | None:
        """The sweep after which the last of them was made; None where there are none. Raises OSError."""
        there = self.folders()
        return sweep_of(there[-1]) if there else None

    def latest(self, check: Check = check_here) -> Checkpoint | None:
        """The newest checkpoint that is whole, or None. check: reads the files of one, and raises where one is damaged.

        Raises:
            OtherFitError: it is of another fit. CheckpointError: the network keeps it from being read.
        """
        assert self.identity is not None
        return latest(self.place, self.identity, self.warn, check)

    def due(self, sweep: int) -> bool:
        """Whether a checkpoint follows this sweep."""
        return self.settings.every > 0 and sweep % self.settings.every == 0

    def write(self, state: RunState, store: StoreFiles, *, needed: bool = False) -> bool:
        """Write a checkpoint, and remove old ones, within `claimed`; returns whether it is there.

        One that fails is warned of; the next one may succeed. needed: there is no next one.

        Raises:
            CheckpointError: a needed one, or the third in a row, cannot be written. OtherFitError: another run has
                taken over.
        """
        assert self.identity is not None
        assert self._claim is not None
        try:
            write(self.place, state, store, self.identity, self.settings.keep, self._claim.check)
        except OtherFitError:
            raise
        except CheckpointError as error:
            if needed:
                raise
            self._failures += 1
            if self._failures == FAILURES_IN_A_ROW:
                raise CheckpointError(
                    f"{error}, then repeat the command with --resume: {self._failures} checkpoints in a row failed"
                ) from error
            self.warn(f"{error}; the fit goes on, and tries again after {self.settings.every} sweeps")
        else:
            self._failures = 0
            self.has_written = True
            return True
        return False

    def discard(self) -> None:
        """Remove all checkpoints at the place, and the place itself if it holds nothing else.

        Whatever else lies there stays: the place is a folder that the user named.

        Raises:
            OtherFitError: they are another run's. CheckpointError, OSError: they cannot be removed.
        """
        with self.claimed():
            assert self._claim is not None
            self._claim.check()
            for folder in self.folders():
                self.place.remove(folder)
        # Where the claim ended with the block, this removed the place, too, if it was empty.
