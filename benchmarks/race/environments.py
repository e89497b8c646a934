"""An environment for each peer: peers' packages clash, with each other's and with ours."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.race.job import System

INSTALL_SECONDS = 900


class NotInstalled(Exception):  # noqa: N818 - reads as what it says
    """A peer cannot be had here; the message says why, and how to get it."""


def cache() -> Path:
    """Where environments are kept between runs."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "raylda" / "peers"


def python_of(system: System, folder: Path | None = None) -> Path:
    """The interpreter that a system runs under; its environment is made where it does not exist yet.

    Raises NotInstalled.
    """
    if system.requirements is None:
        return Path(sys.executable)
    tag = hashlib.sha256(" ".join((sys.version, *system.requirements)).encode()).hexdigest()[:10]
    home = (folder or cache()) / f"{system.package}-{tag}"
    python = home / "bin" / "python"
    if not (home / "complete").exists():
        shutil.rmtree(home, ignore_errors=True)
        _run(system, [sys.executable, "-m", "venv", str(home)])
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run(system, [*pip, *system.requirements])
        (home / "complete").touch()
    return python


def _run(system: System, command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotInstalled(_how(system, str(error))) from error
    if done.returncode:
        lines = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        raise NotInstalled(
            _how(system, next((x for x in reversed(lines) if "ERROR" in x), "".join(lines[-1:])))
        )


def _how(system: System, why: str) -> str:
    wanted = " ".join(system.requirements or ())
    return f"not installed: {why.strip()} (it needs: pip install {wanted})"


def version_of(system: System, python: Path) -> str:
    """The version of the system's package in its environment."""
    code = f"from importlib.metadata import version; print(version({system.package!r}))"
    done = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""
