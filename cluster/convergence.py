"""When to stop before the last sweep, and the average over late sweeps."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp


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


class Averager:
    """Mean of the word-topic counts over `n_samples` sweeps, `interval` apart, the last sweep among them.

    One state's counts are one draw of the posterior; their mean estimates phi better (Griffiths and Steyvers 2004
    sample likewise). Topics keep their identity along one chain once it has converged, so late sweeps only.
    """

    def __init__(self, n_samples: int, interval: int, sweeps: int) -> None:
        self._wanted = {sweeps - i * interval for i in range(n_samples)} if n_samples > 1 else set()
        self.total: sp.csr_matrix | None = None
        self.taken = 0

    def wants(self, sweep: int) -> bool:
        """Whether the counts after `sweep`, from 1, belong to the average."""
        return sweep in self._wanted

    def take(self, counts: sp.csr_matrix) -> None:
        """Add the counts (V, K) of one state."""
        self.total = counts if self.total is None else (self.total + counts).tocsr()
        self.taken += 1

    def mean(self) -> sp.csr_matrix | None:
        """The mean (V, K) float32, or None when no state was taken."""
        if self.total is None:
            return None
        total = self.total.astype(np.float32)
        total.data /= self.taken
        total.sort_indices()
        return total
