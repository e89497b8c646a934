"""Addresses where no Ray cluster is: said within seconds, in one line, before anything is read."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import ray
from click.testing import CliRunner
from cluster_fits import TWO, settings
from waiting import DEADLINE

import lda
from lda.cli import cli
from lda.cluster import fit
from lda.cluster.distributed.address_check import reach, resolved
from lda.cluster.spec.cluster import Cluster
from lda.cluster.spec.errors import ClusterError
from lda.corpus import as_corpus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process that is not connected yet."""
    monkeypatch.setattr(ray, "is_initialized", lambda: False)


def hang_up(connection: socket.socket) -> None:
    connection.close()


def speak_http(connection: socket.socket) -> None:
    connection.recv(1024)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n\x1b]0;title\x07")
    connection.close()


def say_nothing(connection: socket.socket) -> None:
    time.sleep(600)


@pytest.fixture
def listen() -> Iterator[Callable[[Callable[[socket.socket], None]], str]]:
    """Starts something that listens, on all interfaces as Ray asks by another than loopback; gives HOST:PORT."""
    servers: list[socket.socket] = []

    def start(behave: Callable[[socket.socket], None]) -> str:
        server = socket.create_server(("0.0.0.0", 0))
        servers.append(server)

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=behave, args=(connection,), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        return f"127.0.0.1:{server.getsockname()[1]}"

    yield start
    for server in servers:
        server.close()


@pytest.mark.parametrize(
    ("behave", "said"),
    [
        (hang_up, "what listens there hangs up"),
        (speak_http, "what listens there is no Ray"),
        (say_nothing, "nothing answers there within 4 s"),
    ],
)
def test_something_else_listens(
    listen: Callable[[Callable[[socket.socket], None]], str],
    tmp_path: Path,
    behave: Callable[[socket.socket], None],
    said: str,
) -> None:
    """The command says so before it looks at its input, which is not there."""
    address = listen(behave)
    words = ["fit", str(tmp_path / "none.txt"), "-o", str(tmp_path / "m"), "--address", address]
    before = time.monotonic()
    result = CliRunner().invoke(cli, words)
    assert result.exit_code == 4
    assert time.monotonic() - before < DEADLINE  # Ray itself would try for many minutes
    lines = [line for line in result.stderr.splitlines() if not line.startswith("reading")]
    assert len(lines) == 1
    assert lines[0].startswith(f"lda: error: no Ray cluster answers at {address} (")
    assert said in lines[0]
    assert lines[0].isprintable()


@pytest.mark.parametrize("by_environment", [False, True])
def test_nothing_listens(monkeypatch: pytest.MonkeyPatch, by_environment: bool) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:9")
    address = "auto" if by_environment else "127.0.0.1:9"
    with pytest.raises(
        ClusterError, match=r"no Ray cluster answers at 127.0.0.1:9 .*refused.*`ray start --head`"
    ):
        fit(as_corpus(np.ones((2, 3))), settings(), cluster=replace(TWO, address=address))


@pytest.mark.parametrize("address", ["head", "head:", ":6379", "head:port", "ray://", "ray://head/x"])
def test_no_address(address: str) -> None:
    with pytest.raises(ValueError, match=r"HOST:PORT|address format|Malformed host"):
        resolved(address)


def test_loopback_is_not_what_ray_asks() -> None:
    """A port that is open on loopback only is none that Ray would find."""
    with (
        socket.create_server(("127.0.0.1", 0)) as there,
        pytest.raises(ClusterError, match=r"for Ray [\d.]+:\d+: .*refused"),
    ):
        reach(f"127.0.0.1:{there.getsockname()[1]}")


def test_found_before_documents_are_gone_through() -> None:
    class Documents:
        def __array__(self, *_args: object) -> np.ndarray:
            raise AssertionError("looked at")

    with pytest.raises(ClusterError, match="no Ray cluster answers"):
        lda.LDA(2, random_state=0).fit(Documents(), cluster=Cluster(address="127.0.0.1:9"))


def test_transform_looks_before_it_reads(tmp_path: Path) -> None:
    words = [str(tmp_path / name) for name in ("model", "docs.txt")]
    result = CliRunner().invoke(
        cli, ["transform", *words, "-o", str(tmp_path / "t"), "--address", "127.0.0.1:9"]
    )
    assert result.exit_code == 4
    assert result.stderr.startswith("lda: error: no Ray cluster answers at 127.0.0.1:9")


HELD = """
import sys
from lda.cluster.distributed.connection import Cluster, connected
with connected(Cluster()) as head:
    print(head.address, flush=True)
    sys.stdin.read()
"""


@pytest.mark.ray
def test_a_cluster_started_here_lets_no_stranger_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its ports are open on all interfaces; who has not its token, which only the user can read, is turned away."""
    for name in ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    with subprocess.Popen(
        [sys.executable, "-c", HELD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        try:
            monkeypatch.setenv("HOME", str(tmp_path / "another"))
            with pytest.raises(
                ClusterError, match=rf"{address} does not let this process in .*RAY_AUTH_TOKEN"
            ):
                reach(address)
            monkeypatch.setenv("HOME", str(tmp_path))
            monkeypatch.setenv("RAY_AUTH_MODE", "token")
            reach(address)
        finally:
            process.stdin.close()
    assert process.returncode == 0
    assert Path(tmp_path, ".ray", "auth_token").stat().st_mode & 0o077 == 0
