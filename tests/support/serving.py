"""`lda serve` in processes of its own, and a client for it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import select
import signal
import socket
import ssl
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

import psutil
import waiting

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FAR_SECONDS = 300.0
"""A deadline that only what will never come meets."""

START_SECONDS = 600.0
"""Likewise of a start, which may have to compile all kernels first."""

until: Final = partial(waiting.until, seconds=FAR_SECONDS)
"""Wait for what a service does, which may have kernels to compile meanwhile."""


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Serving:
    """A service, until the block is left. `told`: what it printed at its start. `tmp`: its temporary files."""

    def __init__(
        self,
        folder: Path,
        *arguments: object,
        token: str | None = None,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.tmp, self.token, self.context = folder / "tmp", token, context
        self.tmp.mkdir(exist_ok=True)
        self.errors = folder / "stderr"
        environment = {**os.environ, "TMPDIR": str(self.tmp)}
        if token is not None:
            environment["RAYLDA_TOKEN"] = token
        with self.errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "lda", "serve", "--port", "0", "--json", *map(str, arguments)],
                stdout=subprocess.PIPE,
                stderr=errors,
                env=environment,
            )
        try:
            assert self.process.stdout is not None
            there, _, _ = select.select([self.process.stdout], [], [], START_SECONDS)
            line = self.process.stdout.readline() if there else b""
            assert line, self.said()
            self.told: dict[str, Any] = json.loads(line)
        except BaseException:
            self.close()
            raise
        self.port: int = self.told["port"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        workers = self.workers()
        self.process.kill()
        self.process.wait()
        for worker in workers:
            with contextlib.suppress(psutil.NoSuchProcess):  # they end with it
                worker.kill()
        if self.process.stdout is not None:
            self.process.stdout.close()

    def said(self) -> str:
        return self.errors.read_text(encoding="utf-8")

    def workers(self) -> list[psutil.Process]:
        """Processes that it has begun, and that live."""
        try:
            return [one for one in psutil.Process(self.process.pid).children() if alive(one)]
        except psutil.NoSuchProcess:
            return []

    def connect(self) -> http.client.HTTPConnection:
        if self.context is not None:
            return http.client.HTTPSConnection(
                "localhost", self.port, timeout=FAR_SECONDS, context=self.context
            )
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=FAR_SECONDS)

    def send(
        self,
        method: str,
        path: str,
        value: object = None,
        *,
        token: str | None = None,
        over: http.client.HTTPConnection | None = None,
    ) -> Reply:
        connection = over or self.connect()
        headers = {"Content-Type": "application/json"}
        if (token or self.token) is not None:
            headers["Authorization"] = f"Bearer {token or self.token}"
        try:
            connection.request(method, path, None if value is None else json.dumps(value), headers)
            answer = connection.getresponse()
            return Reply(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            if over is None:
                connection.close()

    def topics(self, texts: Sequence[str], **options: Any) -> Reply:
        return self.send("POST", "/v1/topics", {"documents": list(texts), "shares": True}, **options)

    def end(self, which: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(which)
        return self.process.wait(FAR_SECONDS)

    def refuses(self) -> bool:
        """Whether nobody listens at its port any more."""
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) != 0


def alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


class Load:
    """Requests, one after the other over one connection, in a thread; `replies` and `failures` of them."""

    def __init__(
        self, ask: Callable[[http.client.HTTPConnection], Reply], connect: Callable[[], Any]
    ) -> None:
        self._ask, self._connect, self._stop = ask, connect, threading.Event()
        self.replies, self.failures = list[Reply](), list[Exception]()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        until(lambda: self.replies or self.failures, "a first answer")
        return self

    def _run(self) -> None:
        connection = self._connect()
        while not self._stop.is_set():
            try:
                self.replies.append(self._ask(connection))
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(error)
                connection.close()
            self._stop.wait(0.005)  # the service has these cores, too
        connection.close()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(FAR_SECONDS)
