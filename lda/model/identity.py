"""Which model lies at a place, without opening it: it may be too large for that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lda.model.description import Description, read_description

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelIdentity:
    """Which model it is, as far as names of its topics must know.

    known: its fingerprint. n_topics: K.
    """

    known: str
    n_topics: int

    def fingerprint(self) -> str:
        """As of a `Model`."""
        return self.known


def identity_at(path: str | Path) -> ModelIdentity:
    """Of the model at a place, from its description alone.

    Raises:
        DataError: there is no model, or its description is damaged.
    """
    description = Description(path, read_description(path))
    known = description.fingerprint
    if known is None:  # of an early version
        from lda.cluster import fingerprint
        from lda.model.read import read_model

        known = fingerprint(read_model(path).counts)
    return ModelIdentity(known=known, n_topics=description.whole("n_topics", 1))
