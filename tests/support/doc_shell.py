"""A shell whose `lda` runs in this process: bash does what bash does, and nobody waits for Python to start.

On the PATH of the shell lies a small `lda` that hands its arguments over through a socket, and prints what comes back.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Self

import click
from click.testing import CliRunner

from lda.cli import cli

CLIENT: Final = """#!{python} -SE
import json, os, socket, sys
arguments = sys.argv[1:]
if {ray!r} and "local" in arguments:  # Ray, started for one fit, gets a process of its own
    os.execve({python!r}, [{python!r}, "-m", "lda", *arguments], {{**os.environ, "PATH": {path!r}}})
if arguments[:1] == ["serve"]:  # so does a service, at a port that is free
    arguments += ["--port", "0", "--port-file", os.environ["PORT_FILE"]]
    os.execve({python!r}, [{python!r}, "-m", "lda", *arguments], {{**os.environ, "PATH": {path!r}}})
given = sys.stdin.read() if "-" in arguments else ""
for number, argument in enumerate(arguments):
    if argument.startswith("/dev/"):  # a pipe that only this process has open
        arguments[number] = copy = os.path.join({home!r}, str(os.getpid()) + "-" + os.path.basename(argument))
        with open(argument, "rb") as pipe, open(copy, "wb") as file:
            file.write(pipe.read())
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    with server.makefile("rw") as stream:
        environment = {{name: value for name, value in os.environ.items() if name.startswith("LDA_")}}
        print(json.dumps([arguments, given, environment]), file=stream, flush=True)
        code, out, err = json.loads(stream.readline())
sys.stderr.write(err)
sys.stdout.write(out)
sys.stdout.flush()
os._exit(code)
"""
LONGEST: Final = 240
"""Seconds that a command may take on a machine with much else to do."""

TOOLS: Final = ("cat", "cp", "curl", "gzip", "head", "ls", "mkdir", "sort", "tail", "wc", "zcat", "sh")
"""All that a block may call beside `lda` and what bash has itself: no example installs or removes anything here."""


class Shell:
    """Runs commands in a folder, with `lda` in this process; a context manager."""

    def __init__(self, folder: Path, *, most_sweeps: int, ray: bool = False) -> None:
        """most_sweeps: of a fit in this process. ray: start it where `--address local` asks for it."""
        self.folder = folder
        self.ray = ray
        self.most_sweeps = most_sweeps
        self._bash = shutil.which("bash") or "bash"
        # Names of sockets may be a hundred characters long at most, which those of pytest's folders come near.
        self._home = Path(tempfile.mkdtemp(prefix="lda-", dir="/tmp"))
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.settimeout(0.02)
        self._services: list[subprocess.Popen[bytes]] = []
        self._ports: dict[str, str] = {}

    def __enter__(self) -> Self:
        address = str(self._home / "socket")
        self._listener.bind(address)
        self._listener.listen()
        client = self._home / "lda"
        code = CLIENT.format(
            python=sys.executable,
            address=address,
            home=str(self._home),
            path=os.environ["PATH"],
            ray=self.ray,
        )
        client.write_text(code, encoding="utf-8")
        client.chmod(0o755)
        for tool in TOOLS:
            if (found := shutil.which(tool)) is not None:
                (self._home / tool).symlink_to(found)
        return self

    def __exit__(self, *_: object) -> None:
        for service in self._services:
            with suppress(ProcessLookupError):
                os.killpg(service.pid, signal.SIGKILL)
            service.wait()
        self._listener.close()
        shutil.rmtree(self._home)

    def serve(self, command: str) -> None:
        """Start a service, a line for bash with `lda serve`, and wait until it answers; it ends with this shell.

        It gets a free port. `addressed` has what talks to the port of the page talk to that one.
        """
        words = shlex.split(command.replace("\\\n", " "))
        asked = parsed(words[words.index("lda") + 1 :])["port"]
        number = len(self._services)
        port, told = self._home / f"port-{number}", self._home / f"service-{number}"
        with told.open("wb") as file:
            service = subprocess.Popen(
                [self._bash, "-c", command],
                cwd=self.folder,
                env=os.environ | {"PATH": str(self._home), "PORT_FILE": str(port)},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )
        self._services.append(service)
        end = time.monotonic() + LONGEST
        while not port.exists():
            said = told.read_text(encoding="utf-8")
            assert service.poll() is None, f"{command} ends with {service.returncode}\n{said}"
            assert time.monotonic() < end, f"{command} is not ready after {LONGEST} seconds\n{said}"
            time.sleep(0.05)
        self._ports[f"127.0.0.1:{asked}"] = f"127.0.0.1:{port.read_text().strip()}"

    def addressed(self, text: str) -> str:
        """The text with the addresses at which services of the page really are."""
        for said, real in self._ports.items():
            text = text.replace(said, real)
        return text

    def as_said(self, text: str) -> str:
        """What was printed, with the addresses that the page says."""
        for said, real in self._ports.items():
            text = text.replace(real, said)
        return text

    def run(self, command: str) -> tuple[int, str, str]:
        """Exit code, standard output and standard error of a line for bash."""
        command = self.addressed(command)
        files = [self._home / name for name in ("stdout", "stderr")]
        with files[0].open("wb") as out, files[1].open("wb") as err:
            process = subprocess.Popen(
                [self._bash, "-o", "pipefail", "-c", command],
                cwd=self.folder,
                env=os.environ | {"PATH": str(self._home), "COLUMNS": "110"},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )
            end = time.monotonic() + LONGEST
            try:
                while process.poll() is None:
                    assert time.monotonic() < end, f"{command} takes longer than {LONGEST} seconds"
                    try:
                        client, _ = self._listener.accept()
                    except TimeoutError:
                        continue
                    with client, client.makefile("rw") as stream:
                        client.settimeout(60)
                        answer = self._call(*json.loads(stream.readline()))
                        print(json.dumps(answer), file=stream, flush=True)
            finally:
                process.kill()
                process.wait()
        printed, told = (file.read_text(encoding="utf-8") for file in files)
        return process.returncode, self.as_said(printed), told

    def _call(self, arguments: list[str], given: str, environment: dict[str, str]) -> tuple[int, str, str]:
        if arguments[:1] == ["fit"]:
            asked = parsed(arguments)["sweeps"]
            # The last of two counts.
            arguments = [*without_cluster(arguments), "-n", str(min(asked, self.most_sweeps))]
        result = CliRunner().invoke(cli, arguments, input=given, env=environment)
        return result.exit_code, result.stdout, result.stderr


def without_cluster(arguments: list[str]) -> list[str]:
    """The same fit in one process: it has the same bits, and Ray takes seconds to start."""
    kept = list(arguments)
    for option in ("--address", "--workers", "--threads-per-worker"):
        if option in kept:
            place = kept.index(option)
            del kept[place : place + 2]
    return kept


def parsed(arguments: list[str], command: Any = cli) -> dict[str, Any]:
    """What a command would be called with. Raises `click.ClickException` where there is no such option or value."""
    name: str | None = "lda"
    while isinstance(command, click.Group):
        if not arguments or arguments[0] in {"--help", "-h", "--version"}:
            return {}
        outer = command.make_context(name, list(arguments))
        name, command, arguments = command.resolve_command(outer, list(arguments))
    try:
        found: dict[str, Any] = command.make_context(name, list(arguments)).params
    except click.exceptions.Exit:  # --help
        return {}
    return found
