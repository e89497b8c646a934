"""Goodness of fit at a stated failure rate of the whole suite.

Seeds are fixed, so outcomes are too. The rate says how surprising a correct sampler's failure would have been
when its seed was chosen, and so how much a failure means.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from numpy.typing import NDArray

TEST_FAILURE_RATE: Final = 1e-3
"""Probability that correct samplers fail any statistical test of this suite."""

MAX_CHECKS: Final = 200
"""Checks that share the rate (Bonferroni); `accept` counts them."""

SMALLEST_EXPECTED: Final = 8.0
"""Cells expected to hold less are pooled: chi-squared is an approximation."""

_checks = count(1)


def accept(p_value: float, what: str = "") -> None:
    """Fail when `p_value` is below this check's share of the suite's failure rate."""
    assert next(_checks) <= MAX_CHECKS, "raise MAX_CHECKS, which divides the failure rate"
    assert p_value > TEST_FAILURE_RATE / MAX_CHECKS, f"{what}: p = {p_value:.3g}"


def chi_squared(observed: NDArray[Any], probability: NDArray[Any]) -> float:
    """p-value of counts against probabilities (Pearson), small cells pooled; 0 where the impossible happened."""
    observed, probability = np.asarray(observed, dtype=np.float64), np.asarray(probability, dtype=np.float64)
    assert abs(probability.sum() - 1) < 1e-6
    if np.any(observed[probability == 0]):
        return 0.0
    order = np.argsort(probability)
    expected, seen = probability[order] * observed.sum(), observed[order]
    # The smallest cells together make the first pool; it takes more until it is large enough.
    n = int(np.searchsorted(expected, SMALLEST_EXPECTED))
    while 0 < n < len(expected) and expected[:n].sum() < SMALLEST_EXPECTED:
        n += 1
    if n:
        expected = np.append(expected[n:], expected[:n].sum())
        seen = np.append(seen[n:], seen[:n].sum())
    assert len(expected) > 1, "too few draws to tell anything"
    statistic = np.sum((seen - expected) ** 2 / expected)
    return float(stats.chi2.sf(statistic, len(expected) - 1))


def assert_fits(observed: NDArray[Any], probability: NDArray[Any], what: str = "") -> None:
    """The counts may come from these probabilities."""
    p_value = chi_squared(observed, probability)
    if p_value < TEST_FAILURE_RATE / MAX_CHECKS:
        worst = np.argsort(-np.abs(observed - probability * observed.sum()) / np.sqrt(probability + 1e-12))[
            :8
        ]
        lines = [
            f"  cell {i}: {observed[i]} seen, {probability[i] * observed.sum():.1f} expected" for i in worst
        ]
        print("\n".join([what, *lines]))  # noqa: T201 - shown on failure only
    accept(p_value, what)


def rejects(observed: NDArray[Any], probability: NDArray[Any]) -> bool:
    """Whether the same machinery would refuse these probabilities, beyond doubt."""
    return chi_squared(observed, probability) < 1e-3 * TEST_FAILURE_RATE / MAX_CHECKS
