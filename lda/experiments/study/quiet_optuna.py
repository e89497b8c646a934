"""Optuna, of the extra `tune`: asked for when it is needed, and quiet only as long as a study uses it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from lda.extras import needed

if TYPE_CHECKING:
    from collections.abc import Iterator


def needed_optuna(purpose: str) -> Any:  # noqa: ANN401 - a module
    """Optuna. Raises `MissingPackageError`. purpose: what needs it, the beginning of a sentence."""
    return needed("optuna", purpose, "pip install 'raylda[tune]'", oldest="5.0")


@contextmanager
def quiet_optuna(purpose: str) -> Iterator[Any]:
    """Optuna, which within the block logs errors alone; a level that its user has chosen comes back afterwards.

    Raises:
        MissingPackageError: it is not installed, or too old.
    """
    optuna = needed_optuna(purpose)
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        yield optuna
    finally:
        optuna.logging.set_verbosity(level)
