"""Whose turn it is to take a connection: the worker's that has the fewest."""

from __future__ import annotations

import mmap
import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_SEAT: Final = struct.Struct("=q")
EMPTY: Final = (1 << 62) - 1
"""What stands in the seat of a worker that takes none."""

MOST: Final = 10
"""Times the courtesy that one connection is left to others at most, however few they have."""


class WorkerTurns:
    """A number for each worker, in a file that all of them map: how many connections it has.

    seat: whose this process is. courtesy: seconds for which a connection is left to those that have fewer, for each
    that they have fewer: where all cores are busy, one that is asleep needs some milliseconds to look.
    """

    courtesy = 0.002

    def __init__(self, file: Path, seat: int) -> None:
        with file.open("r+b") as opened:
            self._map = mmap.mmap(opened.fileno(), 0)
        self._seat = seat
        self._left = False
        self._others = [at for at in range(0, len(self._map), _SEAT.size) if at != seat * _SEAT.size]

    @staticmethod
    def make(file: Path, seats: int) -> None:
        """Write the file, for so many workers that take no connections yet."""
        file.write_bytes(_SEAT.pack(EMPTY) * seats)

    @staticmethod
    def vacate(file: Path, seat: int) -> None:
        """Have nobody leave connections to the worker of a seat, which has died."""
        with file.open("r+b") as opened:
            opened.seek(seat * _SEAT.size)
            opened.write(_SEAT.pack(EMPTY))

    def tell(self, connections: int) -> None:
        """How many this worker has; told at each that comes or goes, for others go by it while this one sleeps."""
        if not self._left:
            _SEAT.pack_into(self._map, self._seat * _SEAT.size, connections)

    def leave(self) -> None:
        """This worker takes none any more."""
        self.tell(EMPTY)
        self._left = True

    def patience(self, connections: int) -> float:
        """Seconds to leave a connection to others, which have fewer than this worker has; 0 if none has."""
        self.tell(connections)
        fewest = min((_SEAT.unpack_from(self._map, at)[0] for at in self._others), default=connections)
        return self.courtesy * min(max(connections - fewest, 0), MOST)
