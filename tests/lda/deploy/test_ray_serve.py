"""`lda deploy ray-serve`, for real: Ray started here, one replica, then two, and another model under requests.

Needs `pip install 'raylda[ray-serve]'`, which `dev` goes without (90 MB, 36 packages); .ci/run has it by way of `docs`.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pytest
from commands import run
from waiting import DEADLINE, until

import lda

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [
    pytest.mark.ray,
    pytest.mark.slow,
    pytest.mark.skipif(
        any(find_spec(name) is None for name in ("fastapi", "watchfiles", "aiohttp", "orjson", "starlette")),
        reason="needs pip install 'raylda[ray-serve]', which dev goes without",
    ),
]
TEXTS = ["peace and trade with all nations", "the army and the war", "nothing that is known: qwerty", ""]
TOKEN = "of-this-test-alone"
CLUSTER = """
import sys, ray
for again in (True, True, False):
    try:
        told = ray.init("local", num_cpus=4, include_dashboard=True, dashboard_port=0, log_to_driver=False)
    except Exception:  # Ray gives up after 30 s, which a machine with much else to do may need
        ray.shutdown()
        if not again:
            raise
    else:
        break
print(told.dashboard_url, flush=True)
sys.stdin.read()
from ray import serve
serve.shutdown()
ray.shutdown()
"""
TELLING = """

# Of the test: which replica has answered, and what it was last told to serve.
_build, _reconfigure = Topics.func_or_class.__serve_build_asgi_app__, Topics.func_or_class.reconfigure


async def _noting(self, config):
    await _reconfigure(self, config)
    self.told = config["models"]["m"]


def _telling(self):
    answer = _build(self)

    async def told(scope, receive, send):
        async def with_replica(message):
            if message["type"] == "http.response.start":
                said = [(b"x-replica", str(os.getpid()).encode()), (b"x-told", self.told.encode())]
                message["headers"] = [*message["headers"], *said]
            await send(message)

        await answer(scope, receive, with_replica)

    return told


Topics.func_or_class.__serve_build_asgi_app__, Topics.func_or_class.reconfigure = _telling, _noting
"""


@contextmanager
def cluster(folder: Path) -> Iterator[Callable[..., str]]:
    """Ray with its dashboard, to which the `serve` command is given by calling what this yields."""
    mark = f"RAYLDA_TEST={secrets.token_hex(8)}"
    environment = os.environ | {
        "RAYLDA_TEST": mark.partition("=")[2],
        "PYTHONPATH": f"{folder}:{Path(__file__).parents[3]}",
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(16),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAYLDA_TOKEN": TOKEN,
    }
    process = subprocess.Popen(
        [sys.executable, "-c", CLUSTER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        address = process.stdout.readline().strip()
        assert address, "Ray did not start; its messages stand above"
        dashboard = f"http://{address}"

        def serve(command: str, *words: object) -> str:
            done = subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "ray.serve.scripts",
                    command,
                    "--address",
                    dashboard,
                    *map(str, words),
                ],
                env=environment,
                cwd=folder,
                capture_output=True,
                text=True,
                timeout=DEADLINE,
            )
            assert done.returncode == 0, done.stderr[-3000:]
            return done.stdout

        yield serve
        process.stdin.close()
        process.wait(DEADLINE)
    finally:
        process.kill()
        process.wait()
        for left in marked(mark):
            os.kill(left, signal.SIGKILL)


def marked(mark: str) -> list[int]:
    """Processes with this in their environment."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            try:
                if mark.encode() in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def free_port() -> int:
    """Serve's own proxy takes no port 0."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def fitted(folder: Path, topics: int) -> lda.Model:
    words = ["peace and trade", "the army of the war", "taxes and trade of all nations", "war and peace"] * 3
    documents = folder.with_suffix(".txt")
    documents.write_text("\n".join(words), encoding="utf-8")
    run("fit", documents, "--format", "lines", "-k", topics, "-n", 5, "-o", folder, "-q")
    return lda.Model.load(folder)


class Asker:
    """Asks the application; each answer with the replica that gave it, and the model that was told to serve."""

    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}/topics/v1/topics"

    def __call__(self, texts: list[str] = TEXTS, token: str = TOKEN) -> tuple[str, str, dict[str, Any]]:
        request = urllib.request.Request(
            self.address,
            json.dumps({"documents": texts, "shares": True}).encode(),
            {"Content-Type": "application/json", "Authorization": f"Bearer {token}"},
        )
        with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
            return answer.headers["x-replica"], Path(answer.headers["x-told"]).name, json.load(answer)

    def is_answered(self) -> bool:
        try:
            self()
        except OSError:  # nobody listens, or an error of HTTP
            return False
        return True


class Clients:
    """Threads that keep asking, until the block is left; what they were answered, and what failed."""

    def __init__(self, ask: Asker) -> None:
        self.ask = ask
        self.seen: list[tuple[str, str, str]] = []
        self.failures: list[OSError] = []
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._keep_asking) for _ in range(3)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _keep_asking(self) -> None:
        while not self._over.is_set():
            try:
                replica, told, answer = self.ask(TEXTS[:1])
                self.seen.append((replica, told, answer["fingerprint"]))
            except OSError as error:
                self.failures.append(error)


def equal(answer: dict[str, Any], model: lda.Model) -> None:
    shares = np.array([document["shares"] for document in answer["documents"]], dtype=np.float32)
    np.testing.assert_array_equal(shares, model.transform_texts(TEXTS))


def test_it_scales_and_swaps_without_a_failed_request(tmp_path: Path) -> None:
    first, second = fitted(tmp_path / "first", 3), fitted(tmp_path / "second", 4)
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    (damaged / "model.json").write_text("{}")
    port = free_port()
    ask = Asker(port)
    application = run("deploy", "ray-serve", f"m={tmp_path / 'first'}").stdout
    (tmp_path / "serve_lda.py").write_text(application + TELLING, encoding="utf-8")

    def config(model: str, replicas: int) -> Path:
        more = ("--name", "it", "--route", "/topics", "--port", port, "--replicas", replicas, "--config")
        path = tmp_path / f"{model}-{replicas}.yaml"
        path.write_text(run("deploy", "ray-serve", f"m={tmp_path / model}", *more).stdout, encoding="utf-8")
        return path

    with cluster(tmp_path) as serve:
        serve("deploy", config("first", 1))
        until(ask.is_answered, "an answer")
        equal(ask()[2], first)
        with pytest.raises(urllib.error.HTTPError, match="401"):
            ask(token="another-token-of-this-test")

        serve("deploy", config("first", 2))
        replicas: dict[str, dict[str, Any]] = {}

        def both() -> bool:
            replica, _, answer = ask()
            replicas[replica] = answer
            return len(replicas) == 2

        until(both, "answers of two replicas")
        for answer in replicas.values():
            equal(answer, first)

        with Clients(ask) as clients:
            for model in ("second", "damaged"):
                serve("deploy", config(model, 2))
                wanted = {(replica, model, second.fingerprint()) for replica in replicas}
                until(partial(wanted.issubset, clients.seen), f"answers of both, told of {model}")
        assert not clients.failures
        assert {replica for replica, _, _ in clients.seen} == set(replicas), "no replica was started anew"
        assert {mark for _, told, mark in clients.seen if told != "first"} == {second.fingerprint()}
        equal(ask()[2], second)
