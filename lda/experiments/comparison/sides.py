"""Which topics of two models belong together, as arrays to look numbers up in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from lda.experiments.comparison.results import Kind, TopicRelation

    Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sides:
    """The relation of each topic.

    Attributes:
        kinds: of the relations.
        first, second: (K1,) and (K2,) int64, numbers of the relations that the topics are in.
    """

    kinds: list[Kind]
    first: Numbers
    second: Numbers

    @classmethod
    def of(cls, relations: Sequence[TopicRelation], n_first: int, n_second: int) -> Sides:
        """Those of relations that hold each topic once."""
        first, second = np.zeros(n_first, dtype=np.int64), np.zeros(n_second, dtype=np.int64)
        for number, relation in enumerate(relations):
            first[relation.first] = number
            second[relation.second] = number
        return cls(kinds=[relation.kind for relation in relations], first=first, second=second)

    def kind_of_pair(self, first: int, second: int) -> Kind:
        """The kind of the relation that both topics are in; "particular" where there is none."""
        number = int(self.first[first])
        return self.kinds[number] if number == self.second[second] else "particular"
