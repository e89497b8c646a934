"""What a fit reports while it runs and hands over at its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from lda.cluster.spec.fit_settings import FitSettings
from lda.cluster.spec.part_file import PartFile
from lda.cluster.spec.top_words import TopWords


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeReport:
    """What the workers of a cluster did in one sweep; all zero in one process.

    workers: how many took part. bytes_sent: by all of them. seconds_waited: the longest that one waited for others.
    slowest: tokens/s of the slowest while it did not wait.
    """

    workers: int = 0
    bytes_sent: int = 0
    seconds_waited: float = 0.0
    slowest: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRecord:
    """One pass of the start as it ended.

    stage: from 1, of n_stages; documents join at the first pass of each. number: of the pass within its stage, from
    1, of n_passes. tokens: of the documents that have joined. tokens_per_second: drawn in this pass. seconds: of
    training since the fit began. seconds_left: until the start is over, at the pace of this pass.
    """

    stage: int
    n_stages: int
    number: int
    n_passes: int
    tokens: int
    tokens_per_second: float
    seconds: float
    seconds_left: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepRecord:
    """One sweep as it ended.

    sweep: from 1. seconds: of training since the fit began, evaluation not counted. tokens_per_second: of this
    sweep. log_likelihood: joint, nats a token, where evaluated. heldout: by document completion, nats a token,
    where evaluated and documents were kept out. alpha_sum, beta: the priors in force.
    bytes_exchanged: sent by all workers, on a cluster. seconds_waited: the longest that one waited for others.
    workers: how many there were, 0 in one process. slowest_worker: tokens/s of the slowest while it did not wait.
    """

    sweep: int
    seconds: float
    tokens_per_second: float
    log_likelihood: float | None
    heldout: float | None
    alpha_sum: float
    beta: float
    bytes_exchanged: int = 0
    seconds_waited: float = 0.0
    workers: int = 0
    slowest_worker: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CountsTo:
    """Where a fit is to write its counts instead of handing them over.

    place: gives the folder, as an absolute path or a URI, once the sweeps are done; it is there then. top_words:
    how many of each topic are wanted in the result.
    """

    place: Callable[[], str]
    top_words: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCounts:
    """Counts that have been written in parts, by their owners.

    counts: files of consecutive ranges of words, int32 CSR (words, K). soft_counts: likewise, float32, where
    states were sampled. n_terms: V. fingerprint: of all counts. tops: the heaviest words of each topic.
    """

    counts: tuple[PartFile, ...]
    soft_counts: tuple[PartFile, ...]
    n_terms: int
    fingerprint: str
    tops: TopWords


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """When and where a fit ran. Of all this only staleness has a part in the model.

    began: seconds since 1970, of the run that ended the fit, not of those that it went on from. seconds_evaluating: on
    likelihoods, of that run. seconds_writing: on counts that were written, not handed over. workers, nodes: of the
    cluster at the end, 0 in one process. staleness: as `Cluster` has it, 0 in one process. resumed_after: the sweep of
    the checkpoint that it went on from, if it did.
    """

    began: float
    seconds_evaluating: float = 0.0
    seconds_writing: float = 0.0
    workers: int = 0
    nodes: int = 0
    staleness: int | None = 0
    resumed_after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FitResult:
    """A fitted model.

    topic_word_counts: (V, K) int32 CSR, word-major, topics ascending. soft_counts: (V, K) float32 CSR, the mean
    of soft counts over late sweeps, or None. Where the counts were to be written both are None, and `stored` tells
    of the files.
    alpha: (K,) float64. doc_topic_counts: (D, K) int32 CSR, or None where not wanted;
    documents kept for validation have the topics inferred for them. seconds: of training, the start included;
    tokens_per_second: over the sweeps, the start excluded. settings: as resolved. interrupted: it was cut short.
    paused: it ended after the sweep that it was to pause after, and a checkpoint of that sweep is there to go on from.
    token_topics: (N,) int32, the topics that make up doc_topic_counts, token by token in the corpus' order; None where
    not wanted.
    word_prior: (V, K) int32 CSR, tokens that topics had from the beginning, in none of the counts; None without.
    frozen_topics: those whose phi these alone make.
    circumstances: when and where it ran; None of a result that no fit has made.
    """

    topic_word_counts: sp.csr_matrix | None
    soft_counts: sp.csr_matrix | None
    alpha: NDArray[np.float64]
    beta: float
    doc_topic_counts: sp.csr_matrix | None
    history: list[SweepRecord]
    n_sweeps: int
    interrupted: bool
    seed: int
    settings: FitSettings
    n_tokens: int
    seconds: float
    tokens_per_second: float
    stored: StoredCounts | None = None
    token_topics: NDArray[np.int32] | None = None
    word_prior: sp.csr_matrix | None = None
    frozen_topics: tuple[int, ...] = ()
    paused: bool = False
    circumstances: Circumstances | None = None

    def __repr__(self) -> str:
        shape = None if self.topic_word_counts is None else self.topic_word_counts.shape
        n_terms = shape[0] if shape else self.stored.n_terms if self.stored is not None else 0
        ended = ", interrupted" if self.interrupted else ", paused" if self.paused else ""
        return (
            f"FitResult({len(self.alpha):,} topics, {n_terms:,} terms, {self.settings.sampler}, "
            f"{self.n_sweeps:,} sweeps over {self.n_tokens:,} tokens in {self.seconds:.1f} s{ended}, seed {self.seed})"
        )
