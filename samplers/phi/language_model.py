"""The language model: what stands for phi_kw during a phase, and how it lies in memory.

It is filled with the posterior mean of the counts last exchanged (`posterior_mean.py`) or with one Dirichlet draw
(`dirichlet_draw.py`). Frozen for a phase, it is split so that a token costs min(K_d, K_w) terms:

    dense word     sum over k in document   n_dk phi_kw        + A_w,  A_w = sum_k alpha_k phi_kw
    sparse word    sum over k in word       (n_dk + alpha_k) n_kw / (n_k + bbar)
                   + the same two parts for phi0_k = beta / (n_k + bbar), a word without counts

Each dense row, and phi0, has its alpha part added up once a phase in groups of 256 topics. A draw that falls
into it finds its group first and scans only that. Rejected: cumulative tables for each word, because they double the
memory, and their binary search jumps about where a scan of 256 neighbours reads on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lda.samplers.counts.row_layout import WordRows, topic_dtype
from lda.samplers.numerics.jit import helper, kernel
from lda.samplers.numerics.prefix_sum import LANES, aligned_zeros, padded

GROUP: Final = 16 * LANES
"""Topics in one group of the alpha part."""


class LanguageModel(NamedTuple):
    """Frozen phi of one phase; arrays only, so that kernels take it whole.

    n_topics: K. stride: length of a dense row.
    start, length: as in TopicCounts. phi: ((rows + 1) * stride,) float32, phi0 in the last row; padding is 0.
    topic: sparse topics. weight: float32, n_kw / (n_k + bbar) of the sparse entries.
    alpha: (stride,) float32, padded with 0. denominator: (stride,) float64, n_k + bbar.
    group_mass: ((rows + 1) * groups,) float32, alpha part by group of 256 topics. row_mass: (rows + 1,) float64.
    """

    n_topics: int
    stride: int
    n_groups: int
    start: NDArray[np.int64]
    length: NDArray[np.int32]
    phi: NDArray[np.float32]
    topic: NDArray[Any]
    weight: NDArray[np.float32]
    alpha: NDArray[np.float32]
    denominator: NDArray[np.float64]
    group_mass: NDArray[np.float32]
    row_mass: NDArray[np.float64]


def empty_model(
    rows: WordRows,
    topic: NDArray[Any] | None = None,
    zeros: Callable[[int, np.dtype[Any]], NDArray[Any]] = aligned_zeros,
) -> LanguageModel:
    """A model in the layout `rows`, to be filled; `topic` may be shared with the counts.

    zeros: where the arrays of the words come from; those of the topics alone are always this process's own.
    """
    n_groups = -(-rows.stride // GROUP)
    n_rows = rows.n_dense_rows + 1
    n_slots = rows.n_sparse_slots + LANES
    return LanguageModel(
        n_topics=rows.n_topics,
        stride=rows.stride,
        n_groups=n_groups,
        start=rows.start,
        length=zeros(len(rows.start), np.dtype(np.int32)),
        phi=zeros(n_rows * rows.stride, np.dtype(np.float32)),
        topic=zeros(n_slots, topic_dtype(rows.n_topics)) if topic is None else topic,
        weight=zeros(n_slots, np.dtype(np.float32)),
        alpha=aligned_zeros(rows.stride),
        denominator=np.ones(rows.stride, dtype=np.float64),
        group_mass=zeros(n_rows * n_groups, np.dtype(np.float32)),
        row_mass=zeros(n_rows, np.dtype(np.float64)),
    )


def set_priors(
    model: LanguageModel,
    topic_totals: NDArray[np.int64],
    alpha: NDArray[np.float64],
    beta: float,
    n_terms: int | None = None,
) -> None:
    """Put alpha (K,), the denominators n_k + V beta, and phi0 with its alpha part into `model`.

    n_terms: V, where the model holds but a range of the vocabulary.
    """
    k = model.n_topics
    model.alpha[:k] = alpha
    model.denominator[:k] = topic_totals + (len(model.start) if n_terms is None else n_terms) * beta
    last = len(model.row_mass) - 1
    model.phi[last * model.stride : last * model.stride + k] = beta / model.denominator[:k]
    add_alpha_parts(model, last, last + 1)


def check_model(model: LanguageModel, n_terms: int) -> None:
    """See that arrays from elsewhere are a model of so many terms, in which every row lies where it can.

    Raises ValueError for what is none.
    """
    k, stride, groups = model.n_topics, model.stride, model.n_groups
    topic = topic_dtype(k)
    if stride != padded(k) or groups != -(-stride // GROUP):
        raise ValueError(f"{k} topics cannot have rows of {stride} in {groups} groups")
    n_rows, n_slots = len(model.row_mass), len(model.topic)
    for name, dtype, length in (
        ("start", np.int64, n_terms),
        ("length", np.int32, n_terms),
        ("phi", np.float32, n_rows * stride),
        ("topic", topic, n_slots),
        ("weight", np.float32, n_slots),
        ("alpha", np.float32, stride),
        ("denominator", np.float64, stride),
        ("group_mass", np.float32, n_rows * groups),
        ("row_mass", np.float64, n_rows),
    ):
        found = getattr(model, name)
        if found.dtype != dtype or found.shape != (length,):
            raise ValueError(f"{name} must be ({length},) {np.dtype(dtype)}, got {found.shape} {found.dtype}")
    dense = model.start >= 0
    rows, sparse = model.start[dense], ~model.start[~dense]
    lengths = model.length[~dense].astype(np.int64)
    if (
        n_rows < 1
        or (len(rows) and (rows.max() > (n_rows - 2) * stride or (rows % stride).any()))
        or (len(sparse) and (lengths.min() < 0 or (sparse + lengths).max() > n_slots - LANES))
        or (len(model.topic) and model.topic.max() >= k)
    ):
        raise ValueError("rows of words lie outside of the arrays")


@kernel
def add_alpha_parts(model: LanguageModel, first_row: int, last_row: int) -> None:
    """Sum alpha_k phi_kw over groups and over all topics, for dense rows first_row .. last_row - 1."""
    lanes = np.zeros(LANES, dtype=np.float32)
    for r in range(first_row, last_row):
        add_alpha_part(model, r, lanes)


@helper
def add_alpha_part(model: LanguageModel, r: int, lanes: NDArray[np.float32]) -> None:
    """`add_alpha_parts` of one row. lanes: (16,) float32, scratch."""
    row, total = np.uint64(r * model.stride), 0.0
    for g in range(model.n_groups):
        low = g * GROUP
        for j in range(LANES):
            lanes[j] = 0
        for b in range(np.uint64(low), np.uint64(min(low + GROUP, model.stride)), np.uint64(LANES)):
            for j in range(np.uint64(LANES)):
                lanes[j] += model.alpha[b + j] * model.phi[row + b + j]
        mass = 0.0
        for j in range(LANES):
            mass += lanes[j]
        model.group_mass[r * model.n_groups + g] = mass
        total += mass
    model.row_mass[r] = total


@helper
def write_out(model: LanguageModel, w: Any, into: NDArray[np.float32], at: int) -> None:  # noqa: ANN401 - any index
    """Write phi_kw of all topics, of a word with a sparse row, to into[at : at + stride]."""
    row, smooth = model.start[w], len(model.phi) - model.stride
    for k in range(model.stride):
        into[at + k] = model.phi[smooth + k]
    for i in range(~row, ~row + model.length[w]):
        into[at + model.topic[i]] += model.weight[i]
