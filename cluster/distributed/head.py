"""The head node of a Ray cluster: whether it answers, at the beginning and during a fit.

Ray ends a driver that has lost the head after a minute, with a line and an exit code of its own. So a thread watches
the head here, without Ray: by a connection and the first bytes of gRPC. Rejected: checking through Ray, because with
the head gone its calls block, and some of them for ever.
"""

from __future__ import annotations

import atexit
import os
import socket
import threading
import time
from collections.abc import Callable
from typing import Final

from lda.cluster.spec.errors import ClusterError

HELLO: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
"""What begins a connection of HTTP/2, on which gRPC lies: a fixed text and an empty frame of settings (RFC 9113)."""

FRAME_HEADER: Final = 9
SETTINGS: Final = 4

LOOK_SECONDS: Final = 2.0
TELL_SECONDS: Final = 10.0
RAY_VARIABLE: Final = "RAY_gcs_rpc_server_reconnect_timeout_s"
RAY_SECONDS: Final = 60.0
"""After so long without the head Ray ends the driver, unless that variable says otherwise."""

END_SECONDS: Final = 15.0
"""Of that time, what an orderly end needs: Ray takes five seconds to disconnect. The rest a head has to come back."""


STUCK: Final = threading.Event()
"""Set when this process could not disconnect. At its end Ray's own threads may crash, and hide its exit code: who
needs that should end it by `os._exit`."""


def is_silent(host: str, port: int, seconds: float) -> str | None:
    """What keeps a gRPC server from being spoken to at a port, in words; None where one answers.

    With RAY_USE_TLS only the connection is tried. seconds: for the connection, and again for the answer.
    """
    try:
        with socket.create_connection((host, port), timeout=seconds) as connection:
            if os.environ.get("RAY_USE_TLS", "0").lower() in ("1", "true"):
                return None
            connection.sendall(HELLO)
            answer = b""
            while len(answer) < FRAME_HEADER:
                piece = connection.recv(FRAME_HEADER - len(answer))
                if not piece:
                    return "what listens there hangs up" if not answer else "what listens there is no Ray"
                answer += piece
    except (ConnectionResetError, BrokenPipeError):
        return "what listens there hangs up"
    except TimeoutError:
        return f"nothing answers there within {seconds:.0f} s"
    except (OSError, OverflowError) as error:
        return str(error)
    return None if answer[3] == SETTINGS else "what listens there is no Ray"


def patience() -> float:
    """Seconds that a head has to come back, before the driver ends by itself."""
    text = os.environ.get(RAY_VARIABLE, "")
    limit = float(text) if text.isdecimal() else RAY_SECONDS
    return max(limit - END_SECONDS, limit / 2)


class Head:
    """The head at HOST:PORT, looked after from a thread until `close`."""

    def __init__(self, address: str) -> None:
        self.address = address
        host, _, port = address.rpartition(":")
        self._host, self._port = host.strip("[]"), int(port)
        self._patience = patience()
        self._since: float | None = None
        self._told = False
        self._ended = threading.Event()
        threading.Thread(target=self._look_after, name="lda-head", daemon=True).start()

    def silent_seconds(self) -> float:
        """For how long it has not answered; 0 when it does."""
        since = self._since
        return 0.0 if since is None else time.monotonic() - since

    def answers(self) -> bool:
        """Whether it answers now. If not, what Ray asks of it may be waited for in vain."""
        self._look()
        return self._since is None

    def hangs(self) -> bool:
        """Whether there is no answer now, and it is not because its process is gone: of that Ray knows, too."""
        if self.answers():
            return False
        try:
            socket.create_connection((self._host, self._port), timeout=LOOK_SECONDS).close()
        except ConnectionRefusedError:
            return False
        except OSError:
            pass
        return True

    def check(self, tell: Callable[[str], None]) -> None:
        """Raise ClusterError when the head has been away for too long; tell of it before."""
        silent = self.silent_seconds()
        if silent >= self._patience:
            raise ClusterError(
                f"the head of the cluster ({self.address}) has not answered for {silent:.0f} s; without it nothing "
                "goes on: start the cluster again"
            )
        if silent >= min(TELL_SECONDS, self._patience / 2) and not self._told:
            tell(
                f"the head of the cluster ({self.address}) has not answered for {silent:.0f} s; "
                f"giving up in {self._patience - silent:.0f} s"
            )
            self._told = True
        elif not silent and self._told:
            tell(f"the head of the cluster ({self.address}) answers again")
            self._told = False

    def settle(self, tell: Callable[[str], None]) -> None:
        """After the death of an actor: return once it is certain that the head answers. Raises what `check` raises."""
        self._look()
        while self.silent_seconds():
            self.check(tell)
            time.sleep(0.1)

    def close(self) -> None:
        """Look no longer."""
        self._ended.set()

    def _look_after(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            self._look()

    def _look(self) -> None:
        begin = time.monotonic()
        if is_silent(self._host, self._port, LOOK_SECONDS) is None:
            self._since = None
        elif self._since is None:
            self._since = begin


def watched(address: str | None) -> Head | None:
    """The head at the address, looked after; None where there is no address, as of a connection through a proxy."""
    return Head(address) if address else None


def leave(head: Head | None) -> None:
    """Disconnect from Ray, whose own `shutdown` never returns while the head is silent."""
    import ray

    if head is not None:
        head.close()
    if head is None or not head.hangs():
        ray.shutdown()
        return
    # Rejected: shutting down only the C++ part of Ray, because references to its objects then crash the process.
    STUCK.set()
    atexit.unregister(ray.shutdown)
