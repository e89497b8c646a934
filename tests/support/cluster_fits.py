"""Fits on a cluster, of threads mostly: a corpus, settings, what goes wrong when, and what the result is held to."""

from __future__ import annotations

import threading
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from thread_actors import ThreadActors

from lda.cluster import FitSettings, fingerprint, fit
from lda.cluster.distributed.runtime import Runtime
from lda.cluster.distributed.worker import PhaseEvent
from lda.cluster.spec.cluster import Cluster
from lda.corpus import Corpus, as_corpus

if TYPE_CHECKING:
    from pathlib import Path

    from lda.cluster import FitResult

TWO = Cluster(workers=2, threads_per_worker=1, aggregators=1)

ONE_NODE = (8,)
TWO_NODES = (4, 4)


def threads(cpus: tuple[int, ...] = TWO_NODES, **more: Any) -> Runtime:
    """A runtime of threads, which believe that they are on nodes with so many CPUs each."""
    return Runtime(connect=ThreadActors(cpus).connect, **more)


@cache
def alone(folder: Path, wanted: FitSettings) -> FitResult:
    """The fit of a corpus in this process, made once: what all others with the same settings are held to."""
    return fit(Corpus.open(folder), wanted)


class Endings:
    """Ends actors when a worker is about to sample, or has told of, a step; one after the other.

    Handed to a `Runtime` as `on_phase`. plan: (who ends, by which event). After a loss all begin again at step 0, or,
    from a checkpoint, at the number of phases.
    """

    def __init__(self, system: ThreadActors, *plan: tuple[str, PhaseEvent]) -> None:
        self._system, self._plan, self._lock = system, list(plan), threading.Lock()

    def __call__(self, event: PhaseEvent) -> None:
        with self._lock:
            if not self._plan or event != self._plan[0][1]:
                return
            victim, _ = self._plan.pop(0)
        self._system.end(victim)

    @property
    def left(self) -> int:
        """How many have not come to pass."""
        return len(self._plan)


def stored(path: Path, matrix: np.ndarray) -> Corpus:
    """The counts as a corpus on disk."""
    as_corpus(matrix).save(path)
    return Corpus.open(path)


def counts(n_docs: int, n_terms: int, shortness: float) -> np.ndarray:
    """(D, V): frequent and rare words, more than two blocks of the fingerprint, long and short documents."""
    rng = np.random.default_rng(1)
    shares = rng.dirichlet(np.full(n_terms, 0.15))
    return np.array([rng.multinomial(n, shares) for n in rng.geometric(shortness, n_docs) - 1])


def settings(sampler: str = "adlda", **more: Any) -> FitSettings:
    given: dict[str, Any] = {
        "n_topics": 24, "sweeps": 4, "phases": 3, "optimize_interval": 1, "burn_in": 0, "beta": "auto",
        "validation_fraction": 0.1, "evaluate_every": 2, "threads": 1,
    }  # fmt: skip
    return FitSettings(sampler=sampler, **given | more)


def same(a: FitResult, b: FitResult) -> None:
    """Both are the same to the bit, and so is the way that led there."""
    assert a.topic_word_counts is not None
    assert b.topic_word_counts is not None
    assert fingerprint(a.topic_word_counts) == fingerprint(b.topic_word_counts)
    assert (a.soft_counts is None) == (b.soft_counts is None)
    if a.soft_counts is not None and b.soft_counts is not None:
        assert (a.soft_counts - b.soft_counts).nnz == 0
    np.testing.assert_array_equal(a.alpha, b.alpha)
    assert a.beta == b.beta
    assert a.doc_topic_counts is not None
    assert b.doc_topic_counts is not None
    assert (a.doc_topic_counts - b.doc_topic_counts).nnz == 0
    assert [(r.sweep, r.log_likelihood, r.heldout) for r in a.history] == [
        (r.sweep, r.log_likelihood, r.heldout) for r in b.history
    ]


def consistent(corpus: Corpus, result: FitResult) -> None:
    """Counts and document topics are those of one moment, and of all tokens."""
    assert result.doc_topic_counts is not None
    assert result.topic_word_counts is not None
    assert int(result.topic_word_counts.sum()) == corpus.n_tokens
    np.testing.assert_array_equal(result.topic_word_counts.sum(axis=0), result.doc_topic_counts.sum(axis=0))
    np.testing.assert_array_equal(
        np.asarray(result.topic_word_counts.sum(axis=1)).ravel(), corpus.term_frequencies
    )
    lengths = np.asarray(corpus.to_csr().sum(axis=1)).ravel()
    np.testing.assert_array_equal(np.asarray(result.doc_topic_counts.sum(axis=1)).ravel(), lengths)
