"""Packages that a plain installation does not bring, imported when something needs them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType


class MissingPackageError(ImportError):
    """A package that is not installed, and what to install.

    An `ImportError`, as libraries raise it in such a case.
    """

    exit_code = 2
    kind = "usage"


def needed(name: str, purpose: str, remedy: str = "pip install 'raylda[report]'") -> ModuleType:
    """Import a package of an extra.

    Args:
        name: dotted name of the module.
        purpose: what needs it, the beginning of a sentence: "charts".
        remedy: the command that installs it.

    Raises:
        MissingPackageError: it is not installed, or what it needs itself is not; one line that says what to do.
    """
    try:
        return import_module(name)
    except ImportError as error:
        if not isinstance(error, ModuleNotFoundError) or error.name is None:
            raise  # it is there, and is broken: its own words say more
        package = error.name.partition(".")[0]
        raise MissingPackageError(
            f"{purpose} need the package {package}; {remedy}", name=error.name
        ) from None


def altair() -> Any:  # noqa: ANN401 - a module
    """Altair. Raises `MissingPackageError`."""
    return needed("altair", "charts")
