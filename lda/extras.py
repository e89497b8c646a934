"""Packages that a plain installation does not bring, imported when something needs them."""

from __future__ import annotations

import re
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType


class MissingPackageError(ImportError):
    """A package that is not installed, and what to install.

    An `ImportError`, as libraries raise it in such a case.
    """

    exit_code = 2
    kind = "usage"


def needed(
    name: str, purpose: str, remedy: str = "pip install 'raylda[report]'", *, oldest: str | None = None
) -> ModuleType:
    """Import a package of an extra.

    Args:
        name: dotted name of the module.
        purpose: what needs it, the beginning of a sentence: "charts".
        remedy: the command that installs it.
        oldest: the first version that will do, as "0.12.7"; None for any.

    Raises:
        MissingPackageError: it is not installed, or what it needs itself is not, or it is too old; one line that says
            what to do.
    """
    try:
        module = import_module(name)
    except ImportError as error:
        if not isinstance(error, ModuleNotFoundError) or error.name is None:
            raise  # it is there, and is broken: its own words say more
        package = error.name.partition(".")[0]
        raise MissingPackageError(
            f"{purpose} need the package {package}; {remedy}", name=error.name
        ) from None
    if oldest is not None:
        package = name.partition(".")[0]
        try:
            found = version(package)  # what some say of themselves is behind
        except PackageNotFoundError:  # a checkout on the path
            found = str(getattr(import_module(package), "__version__", "0"))
        if _numbers(found) < _numbers(oldest):
            raise MissingPackageError(
                f"{purpose} need {package} {oldest} or later, got {found:.20}; {remedy}", name=package
            )
    return module


def _numbers(found: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", found)[:3])


def altair() -> Any:  # noqa: ANN401 - a module
    """Altair. Raises `MissingPackageError`."""
    return needed("altair", "charts")
