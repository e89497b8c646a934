"""Twin of soft counts, to the bit, and what they are an economical way to find."""

from __future__ import annotations

from itertools import pairwise
from math import floor
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

UNIT, LEAST_IN_A_STATE, LEAST_LEFT = 1024, 8, 1e-9


def exact(
    words: NDArray[Any], offsets: NDArray[Any], z: NDArray[Any], n_wk: NDArray[Any], alpha: Any, beta: float
) -> NDArray[np.float64]:
    """Sum over tokens of p(z = k | rest), (V, K), each token left out of all counts by counting anew without it."""
    n_terms, n_topics = n_wk.shape
    found = np.zeros((n_terms, n_topics))
    for first, last in pairwise(offsets):
        for i in range(first, last):
            others = np.bincount(np.delete(z[first:last], i - first).astype(int), minlength=n_topics)
            counts = n_wk.copy()
            counts[words[i], z[i]] -= 1
            phi = (counts[words[i]] + beta) / (counts.sum(axis=0) + n_terms * beta)
            p = (others + alpha) * phi
            found[words[i]] += p / p.sum()
    return found


class Soft:
    """Sums in units, by word a dictionary of topics, and the rest; each part added to any other."""

    def __init__(self, n_wk: NDArray[Any], alpha: NDArray[np.float64], beta: float) -> None:
        self.n_wk, self.alpha, self.beta = n_wk, alpha, beta
        n_terms, self.n_topics = n_wk.shape
        self.total = [float(n) for n in n_wk.sum(axis=0) + np.float64(n_terms * beta)]
        self.inverse = [1.0 / t for t in self.total]
        self.smooth = [beta * x for x in self.inverse]
        self.smooth_mass = 0.0
        for k in range(self.n_topics):
            self.smooth_mass += float(alpha[k]) * self.smooth[k]
        self.values: list[dict[int, int]] = [{} for _ in range(n_terms)]
        self.rest = [0] * n_terms

    def row(self, w: int, *, dense: bool) -> tuple[list[float], float]:
        """(phi_kw of all topics, sum of alpha_k phi_kw), as the row of a word is kept."""
        if dense:
            phi = [(int(n) + self.beta) * x for n, x in zip(self.n_wk[w], self.inverse, strict=True)]
            mass = 0.0
            for k in range(self.n_topics):
                mass += float(self.alpha[k]) * phi[k]
            return phi, mass
        phi, mass = list(self.smooth), self.smooth_mass
        for k in np.flatnonzero(self.n_wk[w]).tolist():
            own = int(self.n_wk[w, k]) * self.inverse[k]
            phi[k] += own
            mass += float(self.alpha[k]) * own
        return phi, mass

    def add_document(self, words: NDArray[Any], z: NDArray[Any], dense: set[int]) -> None:
        topics = list(dict.fromkeys(int(k) for k in z))
        n_dk = {k: float(np.count_nonzero(z == k)) for k in topics}
        for w in dict.fromkeys(int(w) for w in words):
            phi, mass = self.row(w, dense=w in dense)
            four = [0.0] * 4
            whole_blocks = len(topics) // 4 * 4
            for p, k in enumerate(topics):
                four[p % 4 if p < whole_blocks else 0] += n_dk[k] * phi[k]
            whole = (four[0] + four[1]) + (four[2] + four[3]) + mass
            values, inverse, used = self.values[w], 0.0, 0
            own = [int(k) for k in z[words == w]]
            for k in own:
                alpha, t = float(self.alpha[k]), self.total[k]
                without = max(phi[k] * t - 1.0, 0.0) / (t - 1.0) if t > 1.0 else 0.0
                there, left = (n_dk[k] + alpha) * phi[k], (n_dk[k] - 1.0 + alpha) * without
                sum_of_all = whole - there + left
                change = UNIT
                if sum_of_all > LEAST_LEFT * whole:
                    inverse += 1.0 / sum_of_all
                    change = _near((left - alpha * phi[k]) / sum_of_all * UNIT)
                    change -= _near(n_dk[k] * phi[k] / sum_of_all * UNIT)
                values[k] = values.get(k, 0) + change
                used += change
            inverse *= UNIT
            for k in topics:
                change = _near(n_dk[k] * phi[k] * inverse)
                values[k] = values.get(k, 0) + change
                used += change
            self.rest[w] += len(own) * UNIT - used

    def spread(self) -> list[dict[int, int]]:
        """Rows with the rest divided."""
        found = []
        most = max(float(a) * s for a, s in zip(self.alpha, self.smooth, strict=True))
        for w, row in enumerate(self.values):
            whole = sum(row.values()) + self.rest[w]
            cells = dict(row)
            mass = self.smooth_mass
            counted = [int(k) for k in np.flatnonzero(self.n_wk[w])]
            for k in counted:
                mass += float(self.alpha[k]) * int(self.n_wk[w, k]) * self.inverse[k]
            per = self.rest[w] / mass
            for k in range(self.n_topics) if most * abs(per) >= 0.5 else counted:
                weight = float(self.alpha[k]) * int(self.n_wk[w, k]) * self.inverse[k]
                cells[k] = cells.get(k, 0) + _near(per * (weight + float(self.alpha[k]) * self.smooth[k]))
            kept = {k: n for k, n in sorted(cells.items()) if n >= LEAST_IN_A_STATE}
            if not kept:
                found.append({k: int(self.n_wk[w, k]) * UNIT for k in counted})
                continue
            left = whole - sum(kept.values())
            best = max(kept, key=lambda k: (kept[k], -k))
            scale = left / (whole - left)
            after = {k: n + floor(n * scale) for k, n in kept.items()}
            after[best] += whole - sum(after.values())
            found.append(after)
        return found


def _near(x: float) -> int:
    return floor(x + 0.5)


def document_sums(
    words: NDArray[Any], z: NDArray[Any], phi: NDArray[np.float64], alpha: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Sum over the tokens of one document of p(k) under phi (V, K), (K,), each left out of n_dk by counting anew."""
    total = np.zeros(len(alpha))
    for i, w in enumerate(words):
        p = (np.bincount(np.delete(z, i).astype(int), minlength=len(alpha)) + alpha) * phi[w]
        total += p / p.sum()
    return total
