"""Where a chain begins: at given topics, or at another model's counts; and the topics at which it ended."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import scipy.sparse as sp
from cluster_fits import ONE_NODE, TWO_NODES, Endings, counts, same, settings, stored, threads
from thread_actors import ThreadActors

from lda.cluster import Beginning, CheckpointError, FitSettings, fit
from lda.cluster.distributed.runtime import Runtime
from lda.cluster.distributed.worker import PhaseEvent
from lda.cluster.documents.shard_groups import BYTES_PER_TOKEN
from lda.cluster.resources.budget import PROGRAM_BYTES, RAY_BYTES, model_bytes
from lda.cluster.spec.checkpointing import Checkpointing
from lda.cluster.spec.cluster import Cluster
from lda.cluster.sweeping.sweeper import count_rows
from lda.corpus import Corpus, as_corpus
from lda.samplers.counts.row_layout import word_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from lda.cluster import FitResult

K = 24


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """Documents whose words stand in no order, and come several times."""
    rng = np.random.default_rng(5)
    documents = [[f"w{w}" for w in rng.zipf(1.4, n) % 80] for n in rng.integers(0, 40, 150)]
    folder = tmp_path_factory.mktemp("corpora") / "texts"
    as_corpus(documents).save(folder)
    return Corpus.open(folder)


def words_of(corpus: Corpus) -> tuple[np.ndarray, np.ndarray]:
    """(document, term) of each token, in the corpus' order."""
    shards = [corpus.shard(i) for i in range(corpus.n_shards)]
    documents = [
        s.first_document + np.repeat(np.arange(len(s.doc_offsets) - 1), np.diff(s.doc_offsets))
        for s in shards
    ]
    return np.concatenate(documents), np.concatenate([s.words for s in shards])


def counted(corpus: Corpus, topics: np.ndarray, n_topics: int = K) -> tuple[sp.csr_matrix, sp.csr_matrix]:
    """(n_dk, n_kw as (V, K)) of topics in the corpus' order, added up one by one."""
    document, term = words_of(corpus)
    by_document = np.zeros((corpus.n_documents, n_topics), dtype=np.int64)
    by_term = np.zeros((corpus.n_terms, n_topics), dtype=np.int64)
    np.add.at(by_document, (document, topics), 1)
    np.add.at(by_term, (term, topics), 1)
    return sp.csr_matrix(by_document), sp.csr_matrix(by_term)


def some_topics(corpus: Corpus) -> np.ndarray:
    return np.random.default_rng(1).integers(0, K, corpus.n_tokens)


def ended_at(corpus: Corpus, result: FitResult) -> None:
    """The topics of the tokens are those that documents and, but for what was kept out, terms are counted by."""
    assert result.token_topics is not None
    assert result.token_topics.dtype == np.int32
    by_document, by_term = counted(corpus, result.token_topics)
    assert result.doc_topic_counts is not None
    assert (by_document - result.doc_topic_counts).nnz == 0
    assert result.topic_word_counts is not None
    if result.settings.validation_fraction == 0:
        assert (by_term - result.topic_word_counts).nnz == 0
    else:
        assert (by_term - result.topic_word_counts).min() >= 0


@pytest.mark.parametrize("sampler", ["adlda", "pclda", "collapsed"])
def test_no_sweeps_from_topics_give_those_topics(corpus: Corpus, sampler: str) -> None:
    topics = some_topics(corpus)
    wanted = settings(sampler, sweeps=0, validation_fraction=0.0)
    result = fit(corpus, wanted, begin=Beginning(topics=topics), token_topics=True)
    np.testing.assert_array_equal(result.token_topics, topics)
    ended_at(corpus, result)


@pytest.mark.parametrize("sampler", ["adlda", "pclda"])
def test_topics_that_a_fit_ends_at(corpus: Corpus, sampler: str) -> None:
    """With documents kept out, whose topics are inferred."""
    ended_at(corpus, fit(corpus, settings(sampler), token_topics=True))
    assert fit(corpus, settings(sampler, sweeps=0)).token_topics is None


def test_a_chain_goes_on(corpus: Corpus) -> None:
    """From where a fit ended, the first sweeps are better than those of a fit that begins anew."""
    wanted = settings(sweeps=40, validation_fraction=0.0, alpha=0.1, beta=0.01)
    first = fit(corpus, wanted, token_topics=True)
    assert first.token_topics is not None
    onward = fit(corpus, replace(wanted, sweeps=10), begin=Beginning(topics=first.token_topics))
    anew = fit(corpus, replace(wanted, sweeps=10))
    assert likelihoods(onward)[0] > likelihoods(anew)[0]


def test_a_chain_of_single_sweeps_does_not_come_to_a_standstill(corpus: Corpus) -> None:
    """With the numbers of one seed in each it would apply one map over and over: 2 % of the tokens would still move."""
    wanted = settings(sweeps=1, validation_fraction=0.0, alpha=0.1, beta=0.01)
    topics, moved = some_topics(corpus), []
    for _ in range(30):
        result = fit(corpus, wanted, begin=Beginning(topics=topics), token_topics=True)
        assert result.token_topics is not None
        moved.append(float((result.token_topics != topics).mean()))
        topics = result.token_topics
    assert min(moved) > 0.4  # as in one fit, where half of them do


def likelihoods(result: FitResult) -> list[float]:
    return [record.log_likelihood for record in result.history if record.log_likelihood is not None]


@pytest.mark.parametrize("sampler", ["adlda", "pclda", "collapsed"])
def test_topics_keep_the_numbers_of_another_model(sampler: str) -> None:
    """Of five topics with words of their own, each token goes to that of its word; unknown words go somewhere."""
    rng = np.random.default_rng(0)
    matrix = np.zeros((60, 55), dtype=np.int64)
    for d, row in enumerate(matrix):
        row[(d % 5) * 10 : (d % 5) * 10 + 10] = rng.integers(1, 5, 10)
        row[50 + d % 5] = 1  # a word that the model does not know
    model = np.zeros((55, 5), dtype=np.int64)
    order = [3, 0, 4, 1, 2]
    for number, k in enumerate(order):
        model[number * 10 : number * 10 + 10, k] = 1000
    begin = Beginning(counts=sp.csr_matrix(model))
    wanted = FitSettings(n_topics=5, sampler=sampler, alpha=0.01, beta=0.01, sweeps=0, threads=1)
    for sweeps in (0, 5):
        result = fit(as_corpus(matrix), replace(wanted, sweeps=sweeps), begin=begin)
        assert result.doc_topic_counts is not None
        main = np.asarray(result.doc_topic_counts.argmax(axis=1)).ravel()
        np.testing.assert_array_equal(main, [order[d % 5] for d in range(60)])
        # What the model counted is no part of what the fit counts.
        assert result.topic_word_counts is not None
        assert int(result.topic_word_counts.sum()) == int(matrix.sum())


def test_where_learning_begins() -> None:
    corpus = as_corpus(counts(40, 30, 0.1))
    topics, alpha = np.zeros(corpus.n_tokens, dtype=np.int32), np.linspace(1, 2, K)
    begin = Beginning(topics=topics, alpha=alpha, beta=0.25)
    learned = fit(corpus, settings(sweeps=0, validation_fraction=0.0), begin=begin)
    np.testing.assert_array_equal(learned.alpha, alpha)
    assert learned.beta == 0.25
    alike = settings(sweeps=0, alpha="auto-symmetric", validation_fraction=0.0)
    np.testing.assert_allclose(fit(corpus, alike, begin=begin).alpha, 1.5)
    given = fit(corpus, settings(sweeps=0, alpha=0.5, beta=0.1, validation_fraction=0.0), begin=begin)
    assert (given.alpha == 0.5).all()
    assert given.beta == 0.1


def beginnings(corpus: Corpus) -> dict[str, Beginning]:
    topics = some_topics(corpus)
    return {"topics": Beginning(topics=topics), "counts": Beginning(counts=counted(corpus, topics)[1] * 3)}


def same_topics(a: FitResult, b: FitResult) -> None:
    same(a, b)
    np.testing.assert_array_equal(a.token_topics, b.token_topics)


@pytest.mark.parametrize("kind", ["topics", "counts"])
@pytest.mark.parametrize("sampler", ["adlda", "pclda"])
def test_one_seed_one_model(corpus: Corpus, sampler: str, kind: str) -> None:
    begin, wanted = beginnings(corpus)[kind], settings(sampler)
    here = fit(corpus, wanted, begin=begin, token_topics=True)
    ended_at(corpus, here)
    same_topics(here, fit(corpus, replace(wanted, threads=2), begin=begin, token_topics=True))
    on = Cluster(workers=3, threads_per_worker=1, aggregators=2)
    for cpus in (ONE_NODE, TWO_NODES):
        spread = fit(corpus, wanted, begin=begin, token_topics=True, cluster=on, runtime=threads(cpus))
        same_topics(here, spread)


@pytest.mark.parametrize(
    ("kind", "sampler"),
    [
        ("counts", "adlda"),
        pytest.param("topics", "adlda", marks=pytest.mark.slow),
        pytest.param("counts", "pclda", marks=pytest.mark.slow),
    ],
)
def test_topics_with_words_of_their_own(corpus: Corpus, kind: str, sampler: str) -> None:
    """A prior of words, and a topic that keeps to its words, go with any beginning."""
    begin = beginnings(corpus)[kind]
    words = np.zeros((corpus.n_terms, K), dtype=np.int32)
    words[:10, 0], words[10:20, 5] = 40, 7
    own: dict[str, Any] = {"word_prior": sp.csr_matrix(words), "frozen_topics": [0]}
    here = fit(corpus, settings(sampler), begin=begin, token_topics=True, **own)
    ended_at(corpus, here)
    on = Cluster(workers=3, threads_per_worker=1, aggregators=2)
    spread = fit(
        corpus, settings(sampler), begin=begin, token_topics=True, cluster=on, runtime=threads(), **own
    )
    same_topics(here, spread)


@pytest.mark.parametrize("staleness", [2, None])
@pytest.mark.parametrize("kind", ["topics", "counts"])
def test_workers_that_run_ahead(corpus: Corpus, kind: str, staleness: int | None) -> None:
    """Their topics are no longer those of one process, but all tokens have one, which is counted and told."""
    on = Cluster(workers=3, threads_per_worker=1, aggregators=2, staleness=staleness)
    begin = beginnings(corpus)[kind]
    ended_at(corpus, fit(corpus, settings(), begin=begin, token_topics=True, cluster=on, runtime=threads()))


SPREAD = Cluster(workers=2, threads_per_worker=1, aggregators=1)


@pytest.mark.parametrize(
    ("kind", "on"),
    [
        pytest.param("counts", None, id="counts, here"),
        pytest.param("counts", SPREAD, id="counts, cluster", marks=pytest.mark.slow),
        pytest.param("topics", None, id="topics, here", marks=pytest.mark.slow),
        pytest.param("topics", SPREAD, id="topics, cluster", marks=pytest.mark.slow),
    ],
)
def test_larger_than_memory(corpus: Corpus, kind: str, on: Cluster | None) -> None:
    """Documents on disk in several groups; the model in memory, and range by range."""
    begin, wanted = beginnings(corpus)[kind], settings(validation_fraction=0.0)
    rows = count_rows(corpus, wanted.resolved())
    part = 2 * int(word_bytes(rows).max()) + model_bytes(rows) // 4
    largest = int(corpus.shard_tokens.max()) + 1
    room = PROGRAM_BYTES + RAY_BYTES + largest * BYTES_PER_TOKEN
    here = fit(corpus, wanted, begin=begin, token_topics=True)
    for model_memory, taken in ((None, 2 * model_bytes(rows)), (part, part)):
        little = replace(wanted, memory=room + taken, model_memory=model_memory)
        found = fit(corpus, little, begin=begin, token_topics=True, cluster=on, runtime=threads())
        same_topics(here, found)


@pytest.mark.parametrize("sampler", ["pclda", "collapsed"])
def test_samplers_without_ranges_begin_at_counts_where_memory_is_limited(
    corpus: Corpus, sampler: str
) -> None:
    """The other model's counts are walked range by range all the same, for first topics are drawn in one way."""
    begin = beginnings(corpus)["counts"]
    wanted = settings(sampler, alpha=0.1, beta=0.1, optimize_interval=5)
    here = fit(corpus, wanted, begin=begin, token_topics=True)
    same_topics(here, fit(corpus, replace(wanted, memory=1 << 30), begin=begin, token_topics=True))


@pytest.mark.parametrize("kind", ["topics", "counts"])
def test_a_worker_is_lost_in_the_first_sweep(corpus: Corpus, kind: str) -> None:
    begin, wanted = beginnings(corpus)[kind], settings()
    system = ThreadActors(TWO_NODES)
    endings = Endings(system, ("worker 1", PhaseEvent(1, 4, told=False)))
    on = Cluster(workers=2, threads_per_worker=1, aggregators=1)
    warnings: list[str] = []
    found = fit(
        corpus, wanted, begin=begin, token_topics=True, cluster=on, warn=warnings.append,
        runtime=Runtime(connect=system.connect, on_phase=endings),
    )  # fmt: skip
    assert endings.left == 0
    assert warnings
    same_topics(fit(corpus, wanted, begin=begin, token_topics=True), found)


@pytest.mark.parametrize("on", [None, Cluster(workers=2, threads_per_worker=1)], ids=["here", "cluster"])
@pytest.mark.parametrize("kind", ["topics", "counts"])
def test_cut_off_and_resumed(tmp_path: Path, corpus: Corpus, kind: str, on: Cluster | None) -> None:
    begins, wanted = beginnings(corpus), settings()
    more: dict[str, Any] = {"cluster": on, "runtime": threads()}
    begin = begins[kind]
    whole = fit(corpus, wanted, begin=begin, token_topics=True)
    place = Checkpointing(path=str(tmp_path / "checkpoints"), every=2, resume=True)
    fit(corpus, replace(wanted, sweeps=2), begin=begin, checkpointing=place, **more)
    resumed = fit(corpus, wanted, begin=begin, checkpointing=place, token_topics=True, **more)
    same_topics(whole, resumed)
    other: dict[str, Any] = {**begins, "none": None}
    del other[kind]
    for one in other.values():
        with pytest.raises(CheckpointError, match=r"start was \"given\"|begin was"):
            fit(corpus, wanted, begin=one, checkpointing=place, **more)


def refused(corpus: Corpus) -> dict[str, tuple[dict[str, Any], str]]:
    topics, matrix = some_topics(corpus), sp.csr_matrix(np.zeros((corpus.n_terms, K), dtype=np.int32))
    return {
        "nothing": ({}, "give one of them"),
        "both": ({"topics": topics, "counts": matrix}, "give one of them"),
        "too few topics": ({"topics": topics[1:]}, f"tokens, got {len(topics) - 1}"),
        "a topic too high": ({"topics": topics + 1}, r"0 \.\. 23, got 1 \.\. 24"),
        "a topic below none": ({"topics": topics - 1}, r"0 \.\. 23, got -1 \.\. 22"),
        "fractions of topics": ({"topics": topics / 2}, "whole numbers"),
        "two dimensions": ({"topics": topics[None]}, "one dimension"),
        "other terms": ({"counts": matrix[1:]}, "terms x topics"),
        "other topics": ({"counts": matrix[:, 1:]}, "terms x topics"),
        "soft counts": ({"counts": matrix.astype(np.float32)}, "whole numbers"),
        "counts below none": ({"counts": sp.csr_matrix(-np.ones((corpus.n_terms, K), dtype=np.int32))}, "lie in 0"),
        "other alphas": ({"topics": topics, "alpha": np.ones(3)}, "one number per topic"),
    }  # fmt: skip


@pytest.mark.parametrize("case", list(refused(as_corpus(counts(3, 4, 0.1)))))
def test_beginnings_that_are_none(corpus: Corpus, case: str) -> None:
    given, message = refused(corpus)[case]
    with pytest.raises(ValueError, match=message):
        fit(corpus, settings(), begin=Beginning(**given))


def test_a_start_of_its_own_and_none_at_all(corpus: Corpus) -> None:
    begin = Beginning(topics=some_topics(corpus))
    with pytest.raises(ValueError, match="got growing; leave it out"):
        fit(corpus, settings(start="growing"), begin=begin)
    with pytest.raises(ValueError, match="leave it out"):
        fit(corpus, settings(start="given"))


def test_words_of_one_document_in_any_order(tmp_path: Path) -> None:
    """A matrix has no order of tokens: topics come back where they were given."""
    corpus = stored(tmp_path / "matrix", counts(50, 30, 0.05))
    topics = some_topics(corpus)
    result = fit(
        corpus, settings(sweeps=0, validation_fraction=0.0), begin=Beginning(topics=topics), token_topics=True
    )
    np.testing.assert_array_equal(result.token_topics, topics)
