"""The engine: one seed, one model; counts that always agree with the assignments."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import product
from typing import TYPE_CHECKING, Any

import naive
import numpy as np
import pytest
import scipy.sparse as sp
from naive_soft import exact
from small_fits import MANY_TOPICS, counts, same, settings

from lda.cluster import Checkpointing, fingerprint, fit
from lda.cluster.counts.aggregator import CountError
from lda.cluster.loop.local_engine import Engine
from lda.cluster.sweeping.sweeper import Sweeper
from lda.corpus import as_corpus
from lda.samplers.phi.soft_counts import UNIT
from lda.samplers.registry import SAMPLERS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from lda.corpus import Corpus

STARTS = ("random", "annealed", "growing")


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return as_corpus(counts())


@pytest.fixture(autouse=True)
def small_stages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let small corpora grow through several stages."""
    monkeypatch.setattr("lda.cluster.sweeping.start_schedule.FIRST_STAGE", 40)


@pytest.mark.parametrize(
    ("sampler", "start", "n_topics"),
    [*((*case, 24) for case in product(SAMPLERS, STARTS)), ("adlda", "growing", MANY_TOPICS)],
)
def test_threads_change_nothing(corpus: Corpus, sampler: str, start: str, n_topics: int) -> None:
    more = {"start": start, "n_topics": n_topics, "validation_fraction": 0.1, "evaluate_every": 1}
    results = [fit(corpus, settings(sampler, threads=n, **more)) for n in (1, 2, 5)]
    same(results[0], results[1])
    same(results[0], results[2])
    assert all(r.heldout is not None for r in results[0].history)


@pytest.mark.parametrize("start", STARTS)
def test_shards_change_nothing(monkeypatch: pytest.MonkeyPatch, start: str) -> None:
    results = []
    for n in (1, 3, 300):
        monkeypatch.setattr("lda.corpus.assembly.shard_bounds.MIN_SHARDS", n)
        cut = as_corpus(counts())
        assert cut.n_shards == n
        results.append(fit(cut, settings(start=start, threads=2)))
    same(results[0], results[1])
    same(results[0], results[2])


def test_another_seed_is_another_model(corpus: Corpus) -> None:
    prints = {fingerprint(fit(corpus, settings(seed=s)).topic_word_counts) for s in (0, 1, 2**64 - 1)}  # type: ignore[arg-type]
    assert len(prints) == 3


@pytest.mark.parametrize(("sampler", "start"), list(product(SAMPLERS, STARTS)))
def test_counts_agree_after_every_phase(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch, sampler: str, start: str
) -> None:
    seen, sampled = list[int](), [0]

    def noted(ordinary: Callable[..., None]) -> Callable[..., None]:
        def sample(sweeper: Sweeper, phase: int, *rest: Any) -> None:
            ordinary(sweeper, phase, *rest)
            sampled[0] = phase

        return sample

    def recount(sweeper: Sweeper, phase: int) -> None:
        apply(sweeper, phase)
        shard, n_wk = sweeper.documents.shards[0], sweeper.counts.matrix().toarray()
        topics = shard.z.copy()
        if sampled[0] > phase:  # sampled, not counted yet
            ahead = slice(*shard.token_range(sampled[0]))
            topics[ahead] = shard._before(sampled[0])
        expected = naive.counts(shard.words, topics, corpus.n_terms, 24)
        np.testing.assert_array_equal(n_wk, expected)
        np.testing.assert_array_equal(sweeper.counts.topic_totals, expected.sum(axis=0))
        seen.append(int(n_wk.sum()))

    apply = Sweeper.apply
    monkeypatch.setattr(Sweeper, "apply", recount)
    for name in ("first_topics", "resample"):
        monkeypatch.setattr(Sweeper, name, noted(getattr(Sweeper, name)))
    result = fit(corpus, settings(sampler, start=start, sweeps=1, phases=3, threads=2))
    assert seen[-1] == corpus.n_tokens == result.n_tokens
    # An annealed start has no stages.
    grows = start == "growing" and SAMPLERS[sampler].language == "mean"
    # 300 documents, 40 in the first stage: 4 stages of a start and 3 sweeps.
    phases = 1 if sampler == "collapsed" else 3
    assert len(seen) == phases * (4 * 4 + 1 if grows else 2)
    assert seen == sorted(seen)
    np.testing.assert_array_equal(result.doc_topic_counts.sum(axis=1).A1, counts().sum(axis=1))  # type: ignore[union-attr]
    np.testing.assert_array_equal(result.doc_topic_counts.sum(axis=0), result.topic_word_counts.sum(axis=0))  # type: ignore[union-attr]


@pytest.mark.parametrize(("phases", "begins"), [(1, [0]), (2, [0, 0]), (4, [0, 0, 1, 2])])
def test_a_phase_sees_all_phases_but_the_one_before(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch, phases: int, begins: list[int]
) -> None:
    """begins[p]: how many phases of the pass are in the counts of phase p; what goes before a pass is."""
    states, models = [], []
    ordinary = Sweeper.resample

    def resample(sweeper: Sweeper, phase: int, *arguments: Any) -> None:
        states.append(sweeper.documents.shards[0].z.copy())
        ordinary(sweeper, phase, *arguments)
        model = sweeper._model
        assert model is not None
        models.append(model.model.denominator[:24].copy())

    monkeypatch.setattr(Sweeper, "resample", resample)
    engine = Engine(corpus, settings(phases=phases, beta=0.1, start="random").resolved(), lambda: False)
    engine.start()
    for _ in range(2):
        engine.sweep()
    words = engine.documents.shards[0].words
    for phase in range(phases, 2 * phases):
        topics = states[phases + begins[phase - phases]]
        n_k = naive.counts(words, topics, corpus.n_terms, 24).sum(axis=0)
        np.testing.assert_allclose(models[phase], n_k + 0.1 * corpus.n_terms)


def test_a_wrong_count_is_noticed(corpus: Corpus) -> None:
    engine = Engine(corpus, settings(threads=1).resolved(), lambda: False)
    engine.start()
    engine.aggregator.topic_totals[0] += 1
    with pytest.raises(CountError, match="tokens have a topic"):
        engine.sweep()


@pytest.mark.parametrize("start", STARTS)
def test_documents_kept_for_validation_are_not_counted(corpus: Corpus, start: str) -> None:
    result = fit(corpus, settings(start=start, validation_fraction=0.3, sweeps=2))
    lengths = counts().sum(axis=1)
    assert result.doc_topic_counts is not None
    np.testing.assert_array_equal(np.asarray(result.doc_topic_counts.sum(axis=1)).ravel(), lengths)
    assert 0.5 * corpus.n_tokens < result.n_tokens < 0.85 * corpus.n_tokens
    assert result.topic_word_counts.sum() == result.n_tokens
    assert result.history[-1].heldout is not None
    # Exactly some set of documents is missing from the word counts: those whose share lies below the fraction.
    shares = np.array([naive.Stream(0 ^ naive.SHARE_STREAM, 1, d)(0) for d in range(len(lengths))])
    np.testing.assert_array_equal(
        np.asarray(result.topic_word_counts.sum(axis=1)).ravel(), counts()[shares >= 0.3].sum(axis=0)
    )


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("polls", [0, 1, 2, 5, 11, 14])
def test_an_interrupted_fit_is_a_valid_state(corpus: Corpus, start: str, polls: int) -> None:
    left = [polls]

    def interrupted() -> bool:
        left[0] -= 1
        return left[0] < 0

    result = fit(corpus, settings(start=start, phases=3, sweeps=5), interrupted=interrupted)
    assert result.interrupted
    assert result.n_sweeps == len(result.history) < 5
    assert result.topic_word_counts.sum() == corpus.n_tokens
    assert result.topic_word_counts.data.min() > 0
    np.testing.assert_array_equal(
        result.doc_topic_counts.sum(axis=0), result.topic_word_counts.sum(axis=0)  # type: ignore[union-attr]
    )  # fmt: skip


def test_callbacks_and_patience_end_a_fit(corpus: Corpus) -> None:
    records = []

    def stop_at_two(record: Any) -> bool:
        records.append(record)
        return bool(record.sweep == 2)

    result = fit(corpus, settings(sweeps=9, evaluate_every=2), on_sweep=stop_at_two)
    assert (result.n_sweeps, result.interrupted) == (2, False)
    assert [r.sweep for r in records] == [1, 2]
    assert records[0].log_likelihood is None
    assert records[1].log_likelihood is not None
    assert 0 < records[0].seconds <= records[1].seconds
    # Nothing gains 100 nats a token: the first evaluation is the best, two more are no better.
    patient = fit(corpus, settings(sweeps=9, evaluate_every=2, tol=100.0, n_iter_no_change=2))
    assert patient.n_sweeps == 6
    assert fit(corpus, settings(sweeps=3, evaluate_every=1, tol=0.0, n_iter_no_change=3)).n_sweeps == 3


def sums(corpus: Corpus, path: Path, **given: Any) -> NDArray[np.int64]:
    """The sums of soft counts in a checkpoint of the last sweep."""
    wanted = settings(**given)
    fit(corpus, wanted, checkpointing=Checkpointing(path=str(path), every=wanted.sweeps))
    (file,) = path.glob("sweep-*/soft-*.npz")
    return np.asarray(sp.load_npz(file).toarray())


def test_average_over_late_sweeps(corpus: Corpus, tmp_path: Path) -> None:
    states = [sums(corpus, tmp_path / str(n), sweeps=n, n_samples=1) for n in (3, 5, 7)]
    given: dict[str, Any] = {"sweeps": 7, "n_samples": 3, "sample_interval": 2}
    np.testing.assert_array_equal(sums(corpus, tmp_path / "all", **given), np.sum(states, axis=0))
    result, last = fit(corpus, settings(**given)), fit(corpus, settings(sweeps=7, n_samples=0))
    assert result.soft_counts is not None
    assert (result.topic_word_counts != last.topic_word_counts).nnz == 0  # type: ignore[attr-defined]
    np.testing.assert_allclose(result.soft_counts.sum(axis=1), last.topic_word_counts.sum(axis=1), rtol=1e-5)
    mean = np.mean(states, axis=0) / UNIT
    # What is least goes to the word's other topics in proportion: of a rare word that may be a fifth.
    np.testing.assert_allclose(result.soft_counts.toarray(), mean, rtol=0.3, atol=0.05)
    assert last.soft_counts is None


def test_soft_counts_are_those_of_the_state(corpus: Corpus) -> None:
    """Against the definition: every token left out of all counts."""
    engine = Engine(corpus, settings(n_samples=1).resolved(), lambda: False)
    engine.start()
    engine.sweep()
    engine.accumulate()
    (shard,) = engine.documents.shards
    expected = exact(
        shard.words,
        shard.doc_offsets,
        shard.z,
        engine.matrix().toarray(),
        engine.priors.alpha,
        engine.priors.beta,
    )
    found = engine.soft(1)
    assert found is not None
    np.testing.assert_allclose(found.toarray(), expected, rtol=0.1, atol=0.06)
    engine.close()


@pytest.mark.parametrize("ended", ["early", "before the first sweep"])
def test_a_fit_that_ends_early_has_the_soft_counts_of_its_last_state(corpus: Corpus, ended: str) -> None:
    n = 4 if ended == "early" else 0
    whole = fit(corpus, settings(sweeps=n, n_samples=1))
    if ended == "early":
        found = fit(corpus, settings(sweeps=30), on_sweep=lambda record: record.sweep == n)
    else:
        found = fit(corpus, settings(sweeps=0))
    assert whole.soft_counts is not None
    assert found.soft_counts is not None
    assert (whole.topic_word_counts != found.topic_word_counts).nnz == 0  # type: ignore[attr-defined]
    assert (whole.soft_counts != found.soft_counts).nnz == 0  # type: ignore[attr-defined]


def test_reported_likelihood_is_that_of_the_state(corpus: Corpus) -> None:
    result = fit(corpus, settings(sweeps=2))
    assert result.doc_topic_counts is not None
    # The priors in force at the evaluation are those of the result: both follow the last update.
    beta = np.full(corpus.n_terms, result.beta)
    total = naive.log_joint(
        result.doc_topic_counts.toarray(), result.topic_word_counts.toarray(), result.alpha, beta
    )
    assert result.history[-1].log_likelihood == pytest.approx(total / corpus.n_tokens, rel=1e-9)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_odd_sizes(sampler: str) -> None:
    shapes: list[tuple[Any, dict[str, Any]]] = [
        (np.array([[5], [0], [70_000]]), {"n_topics": 2}),  # one word, more than 2^16 tokens
        (np.array([[3, 1, 2, 0]]), {"n_topics": 2}),  # one document, an unused column
        (counts(40, 30), {"n_topics": 1000}),  # more topics than tokens
        (counts(40, 30), {"n_topics": 257, "alpha": 1e-12, "beta": 1e-12}),  # products near float32's end
        (counts(40, 30), {"n_topics": 17, "alpha": 1e12, "beta": 1e12}),
    ]
    for matrix, given in shapes:
        result = fit(as_corpus(matrix), settings(sampler, **given))
        assert result.topic_word_counts.sum() == matrix.sum()
        np.testing.assert_array_equal(result.doc_topic_counts.sum(axis=1).A1, matrix.sum(axis=1))  # type: ignore[union-attr]
        assert np.isfinite(result.history[-1].log_likelihood)  # type: ignore[arg-type]
        assert np.all(np.isfinite(result.alpha))


SIGNATURES = """
import json, pkgutil, sys
from importlib import import_module
import numpy as np
import lda.cluster.sweeping.start_schedule, lda.samplers
from lda.cluster import FitSettings, FrozenModel, fit
from lda.corpus import as_corpus
lda.cluster.sweeping.start_schedule.FIRST_STAGE = 40
corpus = as_corpus(np.random.default_rng(0).poisson(0.2, (100, 60)))
for sampler in json.loads(sys.argv[1]):
    for start in ("random", "growing"):
        r = fit(corpus, FitSettings(n_topics=20, sampler=sampler, start=start, sweeps=2, beta="auto", burn_in=0,
                optimize_interval=1, n_samples=2, sample_interval=1, validation_fraction=0.1, threads=2))
offsets, words = np.array([0, 3, 3, 5]), np.array([4, 1, 1, 59, 0], dtype=np.int32)
for counts in (r.topic_word_counts, r.soft_counts):
    model = FrozenModel(counts, r.alpha, r.beta)
    model.transform(offsets, words), model.completion(offsets, words), model.assign(offsets, words)
found = {}
for module in pkgutil.walk_packages(lda.samplers.__path__, "lda.samplers."):
    if ".cuda" in module.name:
        continue
    for name, value in vars(import_module(module.name)).items():
        if not hasattr(value, "signatures") or value.py_func.__module__ != module.name:
            continue
        # Helpers are a part of the kernels that call them, and have no signatures where those come from the cache.
        if not value.targetoptions.get("no_cpython_wrapper"):
            found[f"{module.name}.{name}".removeprefix("lda.samplers.")] = len(value.signatures)
print(json.dumps(found))
"""


def test_kernels_are_compiled_once() -> None:
    # Run by itself: other tests of this process call kernels with other types on purpose.
    command = [sys.executable, "-W", "error", "-c", SIGNATURES, json.dumps(list(SAMPLERS))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["rules.sequential_few_topics.sweep_range"] == 1
    assert {name: n for name, n in found.items() if n > 1} == {}
