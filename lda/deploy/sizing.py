"""What a fit on a cluster needs: bytes of memory and bytes on the network, from the sizes of the corpus and model.

The formulas follow the data structures (`samplers/counts/row_layout.py`, `cluster/documents/assigned_shard.py`,
`cluster/exchange/delta_codec.py`); what is not structure is a constant here, with what it was measured on.
`python -m benchmarks sizing` prints formula and measurement beside each other; docs/concepts/sizing.md explains them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import i0e

from lda.cluster.resources.budget import PROGRAM_BYTES, model_bytes
from lda.samplers.counts.histograms import Histogram
from lda.samplers.counts.row_layout import WordRows, topic_dtype

TERM_BYTES: Final = 16
"""Index of a term's row in the counts: where it begins, its capacity, its length."""

ENTRY_BYTES: Final = 1.6
"""Bytes of a delta's entry: a byte for the topic, half a one for the change, and a few more where these do not do."""

ROW_BYTES: Final = 1.0
"""Bytes of the length of a word's row in a delta; words without changes are counted in runs."""

HEADER_BYTES: Final = 41
"""Bytes of the header of a message."""

EARLY: Final = 0.9
"""Share of tokens that change their topic in the first sweeps. It falls: to 0.3 - 0.5 after some tens of sweeps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """A fit on a cluster: sizes of the corpus, topics K, exchanges a sweep, workers W, aggregators A."""

    n_documents: int
    n_tokens: int
    n_terms: int
    n_topics: int
    phases: int
    workers: int
    aggregators: int


@dataclass(frozen=True, slots=True)
class Traffic:
    """Bytes of one sweep.

    pushed: by all workers to the aggregators, what `bytes_exchanged` of a sweep's record says. pulled: by one worker
    from the aggregators; each worker pulls as much, the workers of a node only once for all of them.
    """

    pushed: float
    pulled: float


def topic_bytes(n_topics: int) -> int:
    """Bytes of a topic's number: 2, or 4 from 65536 topics on."""
    return topic_dtype(n_topics).itemsize


def token_bytes(n_topics: int, phases: int) -> float:
    """Bytes a token takes where it is sampled: word, topic, index by word, topic before the phase.

    The last is kept for two phases, where one is sampled while the changes of the other are on their way.
    """
    return 4 + topic_bytes(n_topics) + 4 + min(2, phases) * topic_bytes(n_topics) / phases


def count_bytes(rows: WordRows) -> int:
    """Bytes of the counts n_kw, in the layout `rows`."""
    sparse = rows.n_sparse_slots * (topic_bytes(rows.n_topics) + 4)
    return 4 * rows.n_dense_rows * rows.stride + sparse + TERM_BYTES * len(rows.start)


def delta_entries(cells: Histogram, changed: float, phases: int, parts: int) -> float:
    """Expected entries of the deltas of a sweep, when each phase is netted in `parts` parts.

    cells: how many n_kw > 0 equal n. changed: share of tokens that change their topic in a sweep. Of the n tokens
    in a cell, m = changed n / (phases parts) leave it in a part of a phase and about as many come; both numbers are
    nearly Poisson, their difference has the law of Skellam, and is 0 with probability exp(-2 m) I_0(2 m). An entry
    is a difference that is not 0. Cells that were empty before are left out, and words come in bursts: measured
    entries were 0.87 to 1.16 times as many.
    """
    each = changed * cells.key / (phases * parts)
    return phases * parts * float((cells.times * (1 - i0e(2 * each))).sum())


def traffic(setup: Setup, changed: float, cells: Histogram | None = None) -> Traffic:
    """Bytes of a sweep in which the share `changed` of the tokens change their topic.

    cells: how many n_kw > 0 equal n, in a model of about this kind. None, before there is one, gives a bound:
    nothing nets out, and each change is two entries.
    """
    pushed, pulled = (
        min(2 * changed * setup.n_tokens, setup.phases * parts * setup.n_terms * setup.n_topics)
        for parts in (setup.workers, 1)
    )
    if cells is not None:
        pushed = min(pushed, delta_entries(cells, changed, setup.phases, setup.workers))
        pulled = min(pulled, delta_entries(cells, changed, setup.phases, 1))
    return Traffic(_bytes(setup, pushed, setup.workers), _bytes(setup, pulled, 1))


def _bytes(setup: Setup, entries: float, senders: int) -> float:
    messages = setup.phases * senders
    rows = min(setup.n_terms, entries / messages)
    return ENTRY_BYTES * entries + messages * (ROW_BYTES * rows + HEADER_BYTES * setup.aggregators)


def worker_bytes(setup: Setup, rows: WordRows, changed: float = EARLY) -> float:
    """Bytes of memory of a worker: the program, what it holds, and deltas on their way.

    A delta is there several times while it is made: as arrays, joined, narrowed and compressed.
    """
    entries = 2 * changed * setup.n_tokens / (setup.phases * setup.workers)
    moving = entries * (3 * topic_bytes(setup.n_topics) + 9)
    return PROGRAM_BYTES + held_bytes(setup, rows) + moving


def held_bytes(setup: Setup, rows: WordRows) -> float:
    """Bytes that a worker holds from beginning to end: its documents, and a replica of the model."""
    documents = setup.n_documents + 48 * setup.n_documents / setup.workers
    tokens = token_bytes(setup.n_topics, setup.phases) * setup.n_tokens / setup.workers
    index = 8 * (setup.phases + 1) * setup.n_terms  # of tokens by word, and of words by work
    return documents + tokens + index + model_bytes(rows)


def aggregator_bytes(setup: Setup, rows: WordRows, changed: float = EARLY) -> float:
    """Bytes of memory of an aggregator: the program, the counts of its words, and the messages of one phase."""
    t = topic_bytes(setup.n_topics)
    entries = 2 * changed * setup.n_tokens / setup.phases
    messages = entries * (2 * t + 5) + setup.workers * setup.n_terms * 9
    return PROGRAM_BYTES + (count_bytes(rows) + messages) / setup.aggregators


def network_seconds(setup: Setup, moved: Traffic, bits_per_second: float) -> float:
    """Seconds that a node's link is busy in a sweep, with one worker and as many aggregators on every node.

    What goes to an aggregator of the same node does not touch the link. Nodes send as much as they receive.
    """
    away = (setup.workers - 1) / setup.workers
    return 8 * away * (moved.pushed / setup.workers + moved.pulled) / bits_per_second


def workers_at_balance(
    setup: Setup, moved: Traffic, bits_per_second: float, tokens_per_second: float
) -> float:
    """Workers from which on a sweep takes longer on the network than in the samplers.

    tokens_per_second: of one worker. What a worker pulls does not become less with more of them, so that beyond
    this number they only wait for each other: K and the phases decide, not the length of the corpus.
    """
    pulling = network_seconds(setup, Traffic(0.0, moved.pulled), bits_per_second)
    return float(np.inf) if pulling == 0 else setup.n_tokens / tokens_per_second / pulling
