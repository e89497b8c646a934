"""JSON lines between the supervisor and a process that it has begun, over a pair of sockets."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

LONGEST: Final = 1 << 22
"""Bytes of a line; the longest says how all models stand."""

Message = dict[str, Any]


def line(message: object) -> bytes:
    """A message as it travels."""
    return json.dumps(message, separators=(",", ":")).encode("ascii") + b"\n"


class Channel:
    """One end of it, in an event loop. What is sent goes out in order; nobody waits for that."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def of(cls, end: socket.socket) -> Channel:
        """The end that this process holds."""
        end.setblocking(False)
        return cls(*await asyncio.open_connection(sock=end, limit=LONGEST))

    def send(self, **message: object) -> None:
        """Send a message. Where the other end is gone it is lost: reading says so."""
        with suppress(OSError, RuntimeError):
            self._writer.write(line(message))

    async def hear(self, take: Callable[[Message], object]) -> None:
        """Hand over what comes, until the other end is gone."""
        with suppress(
            OSError, ValueError
        ):  # a line that is cut off, or too long: nothing more can be understood
            while data := await self._reader.readline():
                take(json.loads(data))

    async def flush(self) -> None:
        """Wait until all has been sent."""
        with suppress(OSError):
            await self._writer.drain()

    def close(self) -> None:
        """Have the other end read the end."""
        with suppress(OSError, RuntimeError):
            self._writer.close()
