"""What a curve over the number of topics shows: where a measure falls off, and where it bends.

Elbow: the point of the curve that is farthest above the line between its ends, both axes scaled to 0 ... 1, as in
Satopaa, Albrecht, Irwin and Raghavan, "Finding a Kneedle in a haystack: detecting knee points in system behavior"
(ICDCS workshops, 2011); without their smoothing and their threshold, which want more points than a study has.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

POINTS_OF_AN_ELBOW: Final = 4
"""Least numbers of topics up to the best: of three there is one between the ends, which would be it whatever it is."""

ROUNDING: Final = 1e-9
"""A point that is no farther above the line lies on it."""


KEPT: Final = 0.9
"""Part of the highest value that a measure keeps before it is said to fall off. A rule of thumb, and not an error:
seeds tell how sure a value is, but not how much less coherent topics may be. Rejected: the largest step down, because
K is tried in steps that grow, and the largest step is then nearly always the last."""


class Fall(NamedTuple):
    """From the last K that keeps `KEPT` of the highest value to the next, which does not; and their values."""

    from_k: int
    from_value: float
    to_k: int
    to_value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FallOff:
    """A measure over K: where it is highest, and from where on it falls off.

    Attributes:
        best_k: K of the highest value.
        best: that value.
        last_k: the largest K.
        last: the value there.
        noise: one standard error of a difference by seeds; None where it is not known.
        fall: where it falls off beyond the highest; None where it does not, or by no more than the noise.
    """

    best_k: int
    best: float
    last_k: int
    last: float
    noise: float | None = None
    fall: Fall | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Elbow:
    """Where the held-out curve over K bends most: at most two answers, for they depend on how K is drawn.

    Attributes:
        k: on a logarithmic axis of K.
        k_linear: on a linear one.
        first_k: from which on it was looked for.
        last_k: up to which: the best K.
    """

    k: int
    k_linear: int
    first_k: int
    last_k: int


def fall_off(curve: Sequence[tuple[int, float | None]], noise: float | None = None) -> FallOff | None:
    """Where a measure is highest over K, and where it falls off beyond; None for fewer than two known values.

    Args:
        curve: K and value, by rising K.
        noise: one standard error of a difference; a fall from the highest value that is no larger is none.
    """
    known = [(k, value) for k, value in curve if value is not None]
    if len(known) < 2:
        return None
    top = max(range(len(known)), key=lambda i: known[i][1])
    best = known[top][1]
    least = best - max((1 - KEPT) * abs(best), noise or 0.0)
    falls = [Fall(*before, *after) for before, after in pairwise(known[top:]) if after[1] < least]
    return FallOff(
        best_k=known[top][0],
        best=best,
        last_k=known[-1][0],
        last=known[-1][1],
        noise=noise,
        fall=falls[0] if falls else None,
    )


def elbow_of(curve: Sequence[tuple[int, float]]) -> Elbow | None:
    """The elbow of a held-out curve over K, up to its highest point; see the top of this file.

    None where fewer than `POINTS_OF_AN_ELBOW` lie so far, or no point lies above the line between the ends.

    Args:
        curve: K and held-out log-likelihood, by rising K.
    """
    if not curve:
        return None
    top = max(range(len(curve)), key=lambda i: curve[i][1])
    rising = curve[: top + 1]
    if len(rising) < POINTS_OF_AN_ELBOW or min(value for _, value in rising) < rising[0][1]:
        return None
    ks = [k for k, _ in rising]
    y = np.array([value for _, value in rising])
    found = [
        _farthest(np.asarray(x, dtype=np.float64), y) for x in (np.log(np.array(ks, dtype=np.float64)), ks)
    ]
    if found[0] is None or found[1] is None:
        return None
    return Elbow(k=ks[found[0]], k_linear=ks[found[1]], first_k=ks[0], last_k=ks[-1])


def _farthest(x: Floats, y: Floats) -> int | None:
    """The point farthest above the line between the first and the last one; None where none is above it."""
    above = (y - y[0]) / (y[-1] - y[0]) - (x - x[0]) / (x[-1] - x[0])
    place = int(above[1:-1].argmax()) + 1
    return place if above[place] > ROUNDING else None
