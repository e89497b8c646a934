"""The small TOML file through which an external program enters the race, checked before anything runs."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Final

from benchmarks.peers.formats import READERS, WRITERS
from benchmarks.race.job import System

KEYS: Final[dict[str, type | tuple[type, ...]]] = {
    "name": str, "version": str, "prepare": str, "command": str, "input": str, "output": str,
    "alpha": (int, float, str), "smooth": (int, float), "startup_sweeps": int,
}  # fmt: skip
NEEDED: Final = ("name", "command", "input", "output")


def read_external(path: Path) -> System:
    """The system that a file describes.

    Raises ValueError, with rule, value and remedy in a line.
    """
    try:
        config = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ValueError(f"{path} does not exist; docs/benchmarks.md has an example") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"{path} cannot be read as TOML: {error}") from error
    _check(path, config)
    name = str(config["name"])
    return System(name=name, driver="external_peer.py", requirements=None, package="", config=path.absolute())


def _check(path: Path, config: dict[str, Any]) -> None:
    for key in NEEDED:
        if key not in config:
            raise ValueError(f"{path} must have {', '.join(NEEDED)}, {key} is missing; add it")
    for key, value in config.items():
        if key not in KEYS:
            raise ValueError(f"{path}: {key} is not known; the keys are {', '.join(KEYS)}")
        if isinstance(value, bool) or not isinstance(value, KEYS[key]):
            raise ValueError(f"{path}: {key} has the wrong type, got {value!r}; see docs/benchmarks.md")
    for key, known in (("input", WRITERS), ("output", READERS)):
        if config[key] not in known:
            raise ValueError(f"{path}: {key} must be one of {', '.join(known)}, got {config[key]!r}")
    if "{sweeps}" not in config["command"]:
        raise ValueError(
            f"{path}: the command must say where the number of sweeps goes; write {{sweeps}} into it"
        )
    if config.get("alpha") == "state" and config["output"] != "mallet-state":
        raise ValueError(f'{path}: alpha = "state" needs output = "mallet-state", got {config["output"]!r}')
