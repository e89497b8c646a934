"""A network between a client and a server on this machine, which cuts connections or is down."""

from __future__ import annotations

import random
import selectors
import socket
import struct
import threading

RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing a connection resets it


class BadNetwork:
    """Listens at `port` and passes on to a server, but for a share of what clients send: that cuts the connection."""

    def __init__(self, host: str, port: int, share: float = 0.0) -> None:
        self.share, self.down, self.cut = share, False, 0
        self._server = host, port
        self._random = random.Random(1)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with client, socket.create_connection(self._server) as server, selectors.DefaultSelector() as waiting:
            waiting.register(client, selectors.EVENT_READ, server)
            waiting.register(server, selectors.EVENT_READ, client)
            while True:
                for key, _ in waiting.select():
                    source, target = key.fileobj, key.data
                    assert isinstance(source, socket.socket)
                    try:
                        piece = source.recv(1 << 16)
                        if not piece:
                            return
                        sent = source is client
                        if self.down or (sent and self._random.random() < self.share):
                            self.cut += 1
                            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                            return
                        target.sendall(piece)
                    except OSError:
                        return
