"""Topics over HTTP: an ASGI application that any server runs, and what it is made of."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from lda.serve.app import TopicsApp, create_app
    from lda.serve.control import (
        Control,
        HostState,
        LoadRefusedError,
        LoadResult,
        LocalControl,
        NotServedError,
        PlaceState,
    )
    from lda.serve.settings import ServeSettings
    from lda.serve.shelf import ServedModel, Shelf, UnknownModelError

__all__ = [
    "Control",
    "HostState",
    "LoadRefusedError",
    "LoadResult",
    "LocalControl",
    "NotServedError",
    "PlaceState",
    "ServeSettings",
    "ServedModel",
    "Shelf",
    "TopicsApp",
    "UnknownModelError",
    "create_app",
]

_HOME: Final = {
    "Control": "lda.serve.control",
    "HostState": "lda.serve.control",
    "LoadRefusedError": "lda.serve.control",
    "LocalControl": "lda.serve.control",
    "NotServedError": "lda.serve.control",
    "PlaceState": "lda.serve.control",
    "LoadResult": "lda.serve.control",
    "ServeSettings": "lda.serve.settings",
    "Shelf": "lda.serve.shelf",
    "ServedModel": "lda.serve.shelf",
    "TopicsApp": "lda.serve.app",
    "UnknownModelError": "lda.serve.shelf",
    "create_app": "lda.serve.app",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any of the names above
    """Import a public name when it is first used: settings need no web framework."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
