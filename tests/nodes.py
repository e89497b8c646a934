"""A Ray cluster of two nodes on this machine, corpora that both reach, and what a fit on it is held to."""

from __future__ import annotations

import logging
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import ray
from ray.cluster_utils import Cluster as RayletCluster

from lda.cluster import FitSettings, fingerprint
from lda.cluster.cluster import PIN, Cluster
from lda.corpus import Corpus, as_corpus

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lda.cluster import FitResult

TWO = Cluster(workers=2, threads_per_worker=1, aggregators=1)


class Nodes:
    """The nodes, and the corpora that lie where all of them reach them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.raylets = RayletCluster()
        # A node counts as gone after three questions without an answer; by default these are 3 s apart.
        quick = {
            "health_check_initial_delay_ms": 1000,
            "health_check_period_ms": 1000,
            "health_check_failure_threshold": 3,
        }
        with _pinned():
            self.raylets.add_node(num_cpus=4, include_dashboard=False, _system_config=quick)
            self.second = self.raylets.add_node(num_cpus=4)
        ray.init(self.address, log_to_driver=False, logging_level=logging.ERROR)
        self.corpus = stored(folder / "small", counts(240, 600, 0.03))

    @property
    def address(self) -> str:
        """HOST:PORT of the head."""
        return str(self.raylets.address)

    def renew(self) -> None:
        """Another second node for one that was killed."""
        self.raylets.remove_node(self.second, allow_graceful=False)
        with _pinned():
            self.second = self.raylets.add_node(num_cpus=4)
        self.raylets.wait_for_nodes()

    def check_nothing_left(self) -> None:
        """Fail if actors or reservations are still there after a while."""
        until = time.monotonic() + 10
        while (left := _left()) and time.monotonic() < until:
            time.sleep(0.05)
        assert not left

    def close(self) -> None:
        ray.shutdown()
        self.raylets.shutdown()


@contextmanager
def _pinned() -> Iterator[None]:
    """Nodes started within pin the libraries' threads of all their processes, see `conftest.nodes`."""
    before = dict(os.environ)
    os.environ.update(PIN)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _left() -> list[str]:
    actors = [a["ActorClassName"] for a in ray._private.state.actors().values() if a["State"] != "DEAD"]
    table = ray.util.placement_group_table().values()
    return actors + [g["placement_group_id"] for g in table if g["state"] != "REMOVED"]


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
    assert fingerprint(a.topic_word_counts) == fingerprint(b.topic_word_counts)  # type: ignore[arg-type]
    assert (a.mean_counts is None) == (b.mean_counts is None)
    if a.mean_counts is not None:
        assert (a.mean_counts != b.mean_counts).nnz == 0  # type: ignore[attr-defined]
    np.testing.assert_array_equal(a.alpha, b.alpha)
    assert a.beta == b.beta
    assert a.doc_topic_counts is not None
    assert b.doc_topic_counts is not None
    assert (a.doc_topic_counts != b.doc_topic_counts).nnz == 0  # type: ignore[attr-defined]
    assert [(r.sweep, r.log_likelihood, r.heldout) for r in a.history] == [
        (r.sweep, r.log_likelihood, r.heldout) for r in b.history
    ]


def consistent(corpus: Corpus, result: FitResult) -> None:
    """Counts and document topics are those of one moment, and of all tokens."""
    assert result.doc_topic_counts is not None
    assert int(result.topic_word_counts.sum()) == corpus.n_tokens
    np.testing.assert_array_equal(result.topic_word_counts.sum(axis=0), result.doc_topic_counts.sum(axis=0))
    np.testing.assert_array_equal(
        np.asarray(result.topic_word_counts.sum(axis=1)).ravel(), corpus.term_frequencies
    )
    lengths = np.asarray(corpus.to_csr().sum(axis=1)).ravel()
    np.testing.assert_array_equal(np.asarray(result.doc_topic_counts.sum(axis=1)).ravel(), lengths)
