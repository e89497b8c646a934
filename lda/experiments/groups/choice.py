"""Which groups are to have a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

MIN_DOCUMENTS: Final = 10
"""Documents below which a group is small: topics of fewer are those of single documents."""

Small = Literal["skip", "refuse"]
SMALL: Final[tuple[Small, ...]] = get_args(Small)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which groups are fitted.

    Attributes:
        field: of the metadata, each value of which makes a group.
        only: values of the groups to fit; empty for all.
        min_documents: a group of fewer is small, and so is one without tokens.
        small: leave small groups out, or refuse to begin.

    Raises ValueError naming the rule and the value.
    """

    field: str
    only: tuple[str, ...] = ()
    min_documents: int = MIN_DOCUMENTS
    small: Small = "skip"

    def __post_init__(self) -> None:
        if self.min_documents < 1:
            raise ValueError(f"min_documents must be 1 or more, got {self.min_documents}")
        if self.small not in SMALL:
            raise ValueError(f"small must be {' or '.join(SMALL)}, got {self.small!r}")
