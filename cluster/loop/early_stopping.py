"""When to stop before the last sweep, and which late sweeps are averaged."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


class Patience:
    """Stops when `n_iter_no_change` values in a row have not beaten the best one by more than `tol`."""

    def __init__(self, tol: float | None, n_iter_no_change: int) -> None:
        self._tol = tol
        self._allowed = n_iter_no_change
        self.state: tuple[float, int] = (-np.inf, 0)  # best value so far, evaluations since it

    def exhausted(self, value: float | None) -> bool:
        """Take one value, higher being better; None counts as no news."""
        if self._tol is None or value is None:
            return False
        best, stale = self.state
        self.state = (value, 0) if value > best + self._tol else (best, stale + 1)
        return self.state[1] >= self._allowed


class Samples:
    """Which sweeps are sampled for the mean of soft counts: n_samples, `interval` apart, the last sweep among them.

    One state's counts are one draw of the posterior; their mean estimates phi better (Griffiths and Steyvers 2004
    sample likewise). Topics keep their identity along one chain once it has converged, so late sweeps only. The
    sum itself is kept where the counts are: see `WordRange`.

    taken: the sweeps in the sum by now.
    """

    def __init__(self, n_samples: int, interval: int, sweeps: int) -> None:
        self._n, self._interval, self._last = n_samples, interval, sweeps
        self.taken: tuple[int, ...] = ()

    def take(self, sweep: int) -> bool:
        """Whether the state after `sweep`, from 1, is to be sampled; if so, it is counted in."""
        wanted = self._wants(sweep)
        if wanted:
            self.taken = (*self.taken, sweep)
        return wanted

    def keeps(self, taken: Sequence[int]) -> bool:
        """Whether a sum of these sweeps is part of this plan. What was added to a sum cannot be taken out again."""
        return all(map(self._wants, taken))

    def missed(self, sweep: int, taken: Sequence[int]) -> list[int]:
        """Sweeps of this plan up to `sweep` that were not sampled, where `taken` were: they are gone."""
        kept = set(taken) if self.keeps(taken) else set[int]()
        plan = range(self._last - (self._n - 1) * self._interval, self._last + 1, self._interval)
        return [one for one in plan if 0 < one <= sweep and one not in kept]

    def _wants(self, sweep: int) -> bool:
        before, rest = divmod(self._last - sweep, self._interval)
        return rest == 0 and 0 <= before < self._n
