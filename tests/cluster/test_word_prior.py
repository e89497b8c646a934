"""Tokens that topics have from the beginning, and frozen topics: the same bits wherever a fit runs, and on resuming."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import scipy.sparse as sp
from cluster_fits import (
    ONE_NODE,
    TWO,
    TWO_NODES,
    Endings,
    consistent,
    counts,
    same,
    settings,
    stored,
    threads,
)
from thread_actors import ThreadActors

from lda.cluster import Beginning, CheckpointError, Checkpointing, Runtime, fit
from lda.cluster.counts.word_prior import WordPrior
from lda.cluster.distributed.worker import PhaseEvent
from lda.cluster.documents.shard_groups import BYTES_PER_TOKEN
from lda.cluster.resources.budget import model_bytes, program_bytes
from lda.cluster.sweeping.sweeper import count_rows
from lda.corpus import Corpus

if TYPE_CHECKING:
    from pathlib import Path

K, FROZEN = 24, (2, 7)
rng = np.random.default_rng(3)
BEGUN = sp.csr_matrix((rng.random((600, K)) < 0.05) * rng.integers(1, 30, (600, K)))


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return stored(tmp_path_factory.mktemp("word_prior") / "corpus", counts(200, 600, 0.02))


CASES: dict[str, dict[str, Any]] = {
    "adlda": {},
    "drawn": {"sampler": "pclda"},
    "ranges of words": {"model_memory": 100_000, "validation_fraction": 0.0},
    "documents on disk": {"memory": 1 << 30, "sampler": "esca", "start": "random"},
}


@pytest.mark.parametrize("frozen", [(), FROZEN], ids=["", "frozen"])
@pytest.mark.parametrize("name", CASES)
def test_same_bits(name: str, frozen: tuple[int, ...], corpus: Corpus) -> None:
    wanted = settings(n_samples=2, sample_interval=1, **CASES[name])
    begun: dict[str, Any] = {"word_prior": BEGUN, "frozen_topics": frozen}
    whole = fit(corpus, replace(wanted, memory=None, model_memory=None), **begun)
    same(whole, fit(corpus, replace(wanted, threads=2), **begun))
    for cpus, cluster in ((TWO_NODES, TWO), (ONE_NODE, replace(TWO, workers=3, aggregators=2))):
        same(whole, fit(corpus, wanted, cluster=cluster, runtime=threads(cpus), **begun))
    assert whole.word_prior is not None
    assert (whole.word_prior - BEGUN).nnz == 0
    assert whole.frozen_topics == frozen
    assert whole.topic_word_counts is not None
    assert int(whole.topic_word_counts.sum()) == whole.n_tokens


def test_resumed_with_the_same_tokens_and_refused_with_others(corpus: Corpus, tmp_path: Path) -> None:
    wanted, place = settings(n_samples=2, sample_interval=1), Checkpointing(path=str(tmp_path / "c"), every=1)
    begun: dict[str, Any] = {"word_prior": BEGUN, "frozen_topics": FROZEN}
    whole = fit(corpus, wanted, **begun)
    polled = count()
    fit(corpus, wanted, interrupted=lambda: next(polled) >= 8, checkpointing=place, **begun)
    again = replace(place, resume=True)
    for others in ({}, {"word_prior": BEGUN}, {"word_prior": 2 * BEGUN, "frozen_topics": FROZEN}):
        with pytest.raises(CheckpointError, match="another fit: word_prior was"):
            fit(corpus, wanted, checkpointing=again, **others)
    same(whole, fit(corpus, wanted, checkpointing=again, cluster=TWO, runtime=threads(), **begun))


def test_too_many_with_the_counts_to_begin_from(corpus: Corpus) -> None:
    most = sp.csr_matrix(([2**31 - 1], ([0], [1])), shape=(600, K))
    here = sp.csr_matrix(([1], ([0], [1])), shape=(600, K))
    elsewhere = sp.csr_matrix(([1], ([0], [2])), shape=(600, K))
    with pytest.raises(ValueError, match="must be at most 2147483647 together, got 2147483648"):
        fit(corpus, settings(), begin=Beginning(counts=most), word_prior=here)
    fit(corpus, settings(sweeps=0), begin=Beginning(counts=most), word_prior=elsewhere)


@pytest.mark.parametrize("cpus", [ONE_NODE, TWO_NODES], ids=["one node", "two nodes"])
def test_a_loss_leaves_no_trace(cpus: tuple[int, ...], corpus: Corpus, tmp_path: Path) -> None:
    """Of a worker from the beginning, and of an aggregator after a checkpoint: all begin with their tokens again."""
    system, wanted = ThreadActors(cpus), settings(sweeps=5)
    begun: dict[str, Any] = {"word_prior": BEGUN, "frozen_topics": FROZEN}
    endings = Endings(
        system,
        ("worker 1", PhaseEvent(1, 2, told=False)),
        ("aggregator 0", PhaseEvent(1, 10, told=True)),
    )
    result = fit(
        corpus,
        wanted,
        cluster=TWO,
        runtime=Runtime(connect=system.connect, on_phase=endings),
        checkpointing=Checkpointing(path=str(tmp_path / "c"), every=1),
        warn=lambda text: None,
        **begun,
    )
    assert not endings.left
    same(fit(corpus, wanted, **begun), result)


@pytest.mark.parametrize("staleness", [1, None])
def test_workers_that_run_ahead(staleness: int | None, corpus: Corpus) -> None:
    wanted = settings(n_samples=2, sample_interval=1, validation_fraction=0.0)
    begun: dict[str, Any] = {"word_prior": BEGUN, "frozen_topics": FROZEN}
    on = replace(TWO, staleness=staleness, aggregators=2)
    result = fit(corpus, wanted, cluster=on, runtime=threads(), **begun)
    consistent(corpus, result)
    assert result.soft_counts is not None
    assert result.soft_counts.sum() == pytest.approx(corpus.n_tokens, rel=1e-5)


def test_what_topics_begin_with_is_part_of_the_memory(corpus: Corpus) -> None:
    """All of it is there beside the counts, and of frozen topics' sake a copy of these."""
    wanted = settings(validation_fraction=0.0).resolved()
    rows = count_rows(corpus, wanted, WordPrior.of(BEGUN, BEGUN.shape))
    largest = int(corpus.shard_tokens.max()) + 1
    least = program_bytes() + model_bytes(rows) + largest * BYTES_PER_TOKEN
    fit(corpus, replace(wanted, memory=least + 12 * BEGUN.nnz + 8 * 601), word_prior=BEGUN)
    for more, frozen in ((0, ()), (12 * BEGUN.nnz + 8 * 601, FROZEN)):
        with pytest.raises(ValueError, match=r"of the memory allowed|memory must exceed"):
            fit(corpus, replace(wanted, memory=least + more), word_prior=BEGUN, frozen_topics=frozen)
