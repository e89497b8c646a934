"""What a service needs beyond a plain installation."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

from lda.extras import MissingPackageError

NEEDED: Final = ("starlette", "uvicorn", "httptools", "orjson", "prometheus_client", "marisa_trie")
REMEDY: Final = "pip install 'raylda[serve]'"


def check_installed() -> None:
    """See that all is there, without importing it. Raises MissingPackageError, with what to install."""
    for package in NEEDED:
        if find_spec(package) is None:
            raise MissingPackageError(f"services need the package {package}; {REMEDY}", name=package)
