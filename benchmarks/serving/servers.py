"""A server of several processes, under the eyes of `/proc`: where it listens, its processor time, its memory."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

DEADLINE: Final = 120.0
"""Seconds within which a server must answer its first request, kernels compiled."""

ADDRESS: Final = re.compile(r"(https?://[\w.:\[\]-]+:\d+)")


class NotServing(Exception):  # noqa: N818 - reads as what it says
    """A server did not come up; the message has its last words."""


@dataclass(slots=True)
class Server:
    """A server that runs. base: its URL, without a slash at the end."""

    process: subprocess.Popen[str]
    base: str = ""
    said: deque[str] = field(default_factory=lambda: deque(maxlen=20))

    def processes(self) -> list[int]:
        """The process and all below it."""
        found, new = list[int](), [self.process.pid]
        while new:
            pid = new.pop()
            found.append(pid)
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                new += _read(children, [])
        return found

    def cpu(self) -> float:
        """Seconds of processor that its processes have used."""
        ticks = 0
        for pid in self.processes():
            try:
                fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue  # it has ended meanwhile
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def memory(self) -> float:
        """MB of its processes; a page that n of them share counts for an n-th in each."""
        total = 0
        for pid in self.processes():
            try:
                text = Path(f"/proc/{pid}/smaps_rollup").read_text()
            except OSError:
                continue
            total += int(re.findall(r"^Pss:\s+(\d+)", text, re.MULTILINE)[0])
        return total / 1000

    def post(self, path: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        """(status, headers with small letters, body) of a request on a connection of its own."""
        request = urllib.request.Request(
            self.base + path, body, {"Content-Type": "application/json", "Connection": "close"}
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                return reply.status, {k.lower(): v for k, v in reply.headers.items()}, reply.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, {k.lower(): v for k, v in error.headers.items()}, error.read()


def _read(path: Path, otherwise: list[int]) -> list[int]:
    try:
        return [int(number) for number in path.read_text().split()]
    except OSError:
        return otherwise


@contextmanager
def serving(command: list[str], environment: dict[str, str], path: str, body: bytes) -> Iterator[Server]:
    """Start a server that prints where it listens, wait until it answers, and end it.

    path, body: of the request that it is to answer. Raises NotServing.
    """
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        env=os.environ | environment,
    )  # fmt: skip
    server = Server(process)
    told = threading.Event()

    def listen() -> None:  # for as long as it runs: a full pipe would stop it
        assert process.stdout is not None
        for line in process.stdout:
            server.said.append(line)
            if not server.base and (found := ADDRESS.search(line)):
                server.base = found[1]
                told.set()
        told.set()

    threading.Thread(target=listen, daemon=True).start()
    try:
        end = time.monotonic() + DEADLINE
        told.wait(DEADLINE)
        while not (server.base and _answers(server, path, body)):
            if process.poll() is not None or time.monotonic() > end:
                raise NotServing("".join(server.said)[-1000:] or f"{command[0]} said nothing")
            time.sleep(0.1)
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(30)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _answers(server: Server, path: str, body: bytes) -> bool:
    try:
        return server.post(path, body)[0] == 200
    except OSError:
        return False
