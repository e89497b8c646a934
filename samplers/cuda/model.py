"""The language model of a phase on the device."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lda.samplers.counts.row_layout import SHORT_ROW, WordRows, topic_dtype
from lda.samplers.cuda import language_model
from lda.samplers.cuda.door import TEAM, WARP, cuda
from lda.samplers.cuda.language_model import TEAMS, THREADS
from lda.samplers.numerics.prefix_sum import LANES
from lda.samplers.phi.language_model import GROUP, LanguageModel


class DeviceModel:
    """Frozen phi, in the rows of a `LanguageModel` or with all rows dense.

    every_row: all rows dense, as the kernel of few topics reads them. n_terms: V, of which the rows may be but a range.
    """

    def __init__(self, rows: WordRows, *, every_row: bool, n_terms: int | None = None) -> None:
        n_words, stride = len(rows.start), rows.stride
        self.n_topics, self.stride, self.every_row = rows.n_topics, stride, every_row
        self.n_terms = n_words if n_terms is None else n_terms
        self.n_groups = -(-stride // GROUP)
        self.n_rows = rows.n_dense_rows + 1
        self.start = cuda.to_device(rows.start)
        number = np.where(rows.start >= 0, rows.start // stride, -1).astype(np.int32)
        self.row_number = cuda.to_device(number)
        self.alpha = cuda.to_device(np.zeros(stride, dtype=np.float32))
        self.denominator = cuda.to_device(np.ones(stride, dtype=np.float64))
        self.inverse = cuda.to_device(np.zeros(stride, dtype=np.float64))
        self.smooth = cuda.to_device(np.zeros(stride, dtype=np.float32))
        cells = n_words * stride if every_row else self.n_rows * stride
        self.phi = cuda.device_array(cells, dtype=np.float32)
        slots = 0 if every_row else rows.n_sparse_slots
        self.length = cuda.to_device(np.zeros(1 if every_row else n_words, dtype=np.int32))
        self.topic = cuda.to_device(np.zeros(slots + LANES, dtype=topic_dtype(rows.n_topics)))
        self.weight = cuda.to_device(np.zeros(slots + LANES, dtype=np.float32))
        n_rows = 1 if every_row else self.n_rows
        self.group_mass = cuda.device_array(n_rows * self.n_groups, dtype=np.float32)
        self.row_mass = cuda.device_array(n_rows, dtype=np.float64)
        sparse = np.flatnonzero(rows.start < 0)
        self._dense_words = cuda.to_device(np.flatnonzero(rows.start >= 0).astype(np.int32))
        self._sparse_words = cuda.to_device(sparse.astype(np.int32))
        self._slots = cuda.to_device(_slots(rows.capacity[sparse]))

    @staticmethod
    def bytes_needed(rows: WordRows, *, every_row: bool) -> int:
        """Device memory that a model takes."""
        n_words, stride = len(rows.start), rows.stride
        if every_row:
            return 4 * n_words * stride + 8 * n_words
        per_slot = 4 + topic_dtype(rows.n_topics).itemsize
        return 4 * (rows.n_dense_rows + 1) * (stride + 3) + per_slot * rows.n_sparse_slots + 20 * n_words

    def build(self, counts: Any, topic_totals: Any, alpha: NDArray[np.float64], beta: float) -> None:  # noqa: ANN401
        """Phi as the posterior mean of counts, dense (V * stride,) int32 on the device, and n_k, (K,) int64 there."""
        padded = np.zeros(self.stride, dtype=np.float32)
        padded[: self.n_topics] = alpha
        self.alpha.copy_to_device(padded)
        language_model.set_priors[_cover(self.stride), THREADS](
            topic_totals, np.float64(beta), np.float64(self.n_terms * beta), self.n_topics,
            self.denominator, self.inverse, self.smooth,
        )  # fmt: skip
        common = np.float64(beta), self.inverse, self.smooth, self.stride, self.phi
        if self.every_row:
            language_model.fill_every_row[_cover(len(self.phi)), THREADS](counts, self.start, *common)
            return
        language_model.fill_dense_rows[_cover(len(self.phi)), THREADS](counts, self._dense_words, *common)
        if len(self._sparse_words):
            language_model.fill_sparse_rows[_cover(len(self._sparse_words) * WARP), THREADS](
                counts, self._sparse_words, self.start, self._slots, self.inverse, self.n_topics, self.stride,
                self.length, self.topic, self.weight,
            )  # fmt: skip
        language_model.add_alpha_parts[_cover(self.n_rows * TEAM), THREADS](
            self.phi, self.alpha, self.stride, self.n_groups, self.n_rows, self.group_mass, self.row_mass
        )

    def take(self, model: LanguageModel) -> None:
        """The model that this process has built, in the same rows."""
        self.alpha.copy_to_device(np.ascontiguousarray(model.alpha))
        self.denominator.copy_to_device(np.ascontiguousarray(model.denominator))
        if self.every_row:
            source, length = cuda.to_device(model.phi), cuda.to_device(model.length)
            topic, weight = cuda.to_device(model.topic), cuda.to_device(model.weight)
            blocks = min(max(len(model.start), 1), 1 << 14)
            n_rows = len(model.row_mass) - 1
            language_model.write_out_rows[blocks, THREADS](
                source, self.start, length, topic, weight, self.stride, n_rows, self.phi
            )
            return
        for mine, theirs in (
            (self.phi, model.phi),
            (self.length, model.length),
            (self.topic, model.topic),
            (self.weight, model.weight),
            (self.group_mass, model.group_mass),
            (self.row_mass, model.row_mass),
        ):
            mine.copy_to_device(np.ascontiguousarray(theirs))


def _slots(capacity: NDArray[np.int32]) -> NDArray[np.int32]:
    """Entries set aside for sparse rows, as `layout._slots`."""
    return np.where(capacity > SHORT_ROW, -(-capacity // LANES) * LANES, capacity).astype(np.int32)


def _cover(n: int) -> int:
    """Blocks of threads that cover n threads."""
    return max(-(-n // THREADS), 1)


assert TEAMS * TEAM == THREADS
