"""A sampler of one's own: a rule and a row, handed to a fit where a name would stand.

The toy below is what a contributor writes first: plain NumPy, slow, and exact.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

import naive
import numpy as np
import pytest
import tiny
from goodness import assert_fits, rejects

import lda
from lda.cluster import Checkpointing, FitSettings, fit
from lda.cluster.loop.local_engine import Engine
from lda.corpus import as_corpus
from lda.samplers.registry import SAMPLERS, Sampler, sampler

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from lda.samplers.phi.language_model import LanguageModel
    from lda.samplers.tokens import Tokens


def resample_in_any_order(
    tokens: Tokens,
    first: int,
    last: int,
    model: LanguageModel,
    seed: np.uint64,
    sweep: np.uint64,
    leave_out: bool,
) -> None:
    """Partially collapsed Gibbs that takes a document's tokens in random order: given phi, any order is exact."""
    assert not leave_out  # a drawn phi holds no counts to take the token from
    phi = model.phi.reshape(-1, model.stride)  # drawn: all rows are dense
    for d in range(first, last):
        begin, end = tokens.doc_offsets[d], tokens.doc_offsets[d + 1]
        rng = np.random.default_rng([int(seed), int(sweep), int(tokens.doc_keys[d])])
        n_dk = np.bincount(tokens.z[begin:end], minlength=model.stride)
        for i in begin + rng.permutation(end - begin):
            n_dk[tokens.z[i]] -= 1
            running = np.cumsum((n_dk + model.alpha) * phi[model.start[tokens.words[i]] // model.stride])
            tokens.z[i] = np.searchsorted(running, rng.random() * running[-1], side="right")
            n_dk[tokens.z[i]] += 1


TOY = Sampler(
    name="any-order",
    summary="partially collapsed Gibbs, tokens in random order",
    language="drawn",
    rule=resample_in_any_order,
)


@pytest.fixture(scope="module")
def fitted() -> lda.LDA:
    return lda.LDA(3, sampler=TOY, alpha=0.1, max_iter=40, n_jobs=1, random_state=0).fit(tiny.documents())


def test_a_fit_by_its_row(fitted: lda.LDA) -> None:
    assert tiny.themes_found(fitted.top_words(5))


def test_threads_and_a_named_rule_change_no_bit(fitted: lda.LDA) -> None:
    named = replace(TOY, rule=f"{__name__}:resample_in_any_order")
    again = lda.LDA(3, sampler=named, alpha=0.1, max_iter=40, n_jobs=3, random_state=0).fit(tiny.documents())
    assert again.model_.fingerprint() == fitted.model_.fingerprint()


def test_its_model_is_kept_under_its_name(fitted: lda.LDA, tmp_path: Path) -> None:
    fitted.model_.save(tmp_path / "model")
    back = lda.Model.load(tmp_path / "model")
    assert back.fingerprint() == fitted.model_.fingerprint()
    assert back.record.settings["sampler"] == "own:any-order"
    again = lda.load(tmp_path / "model")
    np.testing.assert_array_equal(again.transform(tiny.documents(5)), fitted.transform(tiny.documents(5)))
    with pytest.raises(ValueError, match="no sampler is called 'own:any-order'"):
        again.fit(tiny.documents())  # the rule does not lie in the model


def test_it_goes_on_from_a_checkpoint(tmp_path: Path) -> None:
    corpus = as_corpus(tiny.counts(20))
    short, whole = (
        FitSettings(n_topics=3, sampler=TOY, alpha=0.1, sweeps=sweeps, seed=2, threads=1) for sweeps in (3, 6)
    )
    fit(corpus, short, checkpointing=Checkpointing(path=str(tmp_path), every=3))
    resumed = fit(corpus, whole, checkpointing=Checkpointing(path=str(tmp_path), every=3, resume=True))
    at_once = fit(corpus, whole)
    assert len(resumed.history) == 6
    assert (resumed.topic_word_counts != at_once.topic_word_counts).nnz == 0  # type: ignore[attr-defined]


# Exactness


def posterior(engine: Engine, n_terms: int, alpha: NDArray[Any], beta: float) -> NDArray[np.float64]:
    """p(z | w) of all K^N assignments, by the joint probability."""
    shard = engine.documents.shards[0]
    log_p = []
    for state in product(range(len(alpha)), repeat=shard.n_tokens):
        z = np.array(state)
        n_dk = naive.document_counts(z, shard.doc_offsets, len(alpha))
        n_wk = naive.counts(shard.words, z, n_terms, len(alpha))
        log_p.append(naive.log_joint(n_dk, n_wk, alpha, np.full(n_terms, beta)))
    p = np.exp(np.array(log_p) - max(log_p))
    return np.asarray(p / p.sum())


def test_it_is_exact() -> None:
    # A document of one word, one of two, and the word of both: eight states.
    corpus, alpha, beta = as_corpus([["a"], ["a", "b"]]), np.array([0.4, 1.1]), 0.6
    chosen = FitSettings(n_topics=2, sampler=TOY, alpha=tuple(alpha), beta=beta, seed=1)
    engine = Engine(corpus, chosen.resolved(), lambda: False)
    engine.start()
    visits = np.zeros(8, dtype=np.int64)
    for state in range(-20, 2500):
        for _ in range(4):
            engine.sweep()
        if state >= 0:
            visits[int(engine.documents.shards[0].z.astype(np.int64) @ [4, 2, 1])] += 1
    assert_fits(visits, posterior(engine, 2, alpha, beta), "any order")
    assert rejects(visits, posterior(engine, 2, alpha[::-1], beta))
    assert rejects(visits, posterior(engine, 2, alpha, 4 * beta))
    engine.close()


# What a row says is what a fit allows


@pytest.mark.parametrize(
    ("row", "settings", "message"),
    [
        ({}, {"model_memory": 1 << 20}, "model_memory needs a sampler that reads counts"),
        ({}, {"device": "cuda"}, "any-order is not offered on a GPU.*take adlda, esca or esca-leave-out"),
        (
            {"learns_priors": False},
            {},
            "any-order keeps its priors, got alpha 'auto' and beta 'auto'; give numbers",
        ),
        ({"learns_priors": False}, {"alpha": 0.1, "beta": "auto"}, "any-order keeps its priors"),
        ({"averages": False}, {"n_samples": 2}, "any-order takes no averages over sweeps, got n_samples 2"),
        ({"name": "adlda"}, {}, "the name 'adlda' is taken by another sampler"),
        ({"name": "auto"}, {}, "the name 'auto' is taken"),
    ],
)
def test_what_it_cannot_do_is_refused(row: dict[str, Any], settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        FitSettings(n_topics=2, sampler=replace(TOY, **row), **settings)


def test_without_averages_a_fit_ends_with_its_last_state() -> None:
    row = replace(TOY, averages=False)
    assert FitSettings(n_topics=2, sampler=row).resolved().n_samples == 0
    assert FitSettings(n_topics=2, sampler=row, n_samples=0).resolved().n_samples == 0
    fitted = lda.LDA(3, sampler=row, max_iter=2, random_state=0).fit(tiny.documents())
    assert fitted.model_.soft_counts is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lag": 1}, "are for the language mean, got them for drawn in the sampler any-order"),
        ({"by_range": resample_in_any_order}, "are for the language mean"),
        ({"language": "current"}, "needs parallel=False and one phase"),
        (
            {"name": "\x1b[31m"},
            r"up to 40 of a-z, 0-9 and hyphens, a letter first, got '\\x1b\[31m'; rename it",
        ),
        ({"name": "own:x"}, "rename it"),
        ({"name": ""}, "rename it"),
    ],
)
def test_rows_that_contradict_themselves(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(TOY, **change)


def test_defaults_come_from_the_row() -> None:
    chosen = FitSettings(n_topics=2, sampler=replace(TOY, phases=3, parallel=False), threads=4).resolved()
    assert (chosen.phases, chosen.threads) == (3, 1)
    assert FitSettings(n_topics=2, sampler=TOY, threads=4, phases=2).resolved().phases == 2
    lags = {name: row.unseen_phases(4) for name, row in SAMPLERS.items()}
    assert lags == {name: int(row.language == "mean") for name, row in SAMPLERS.items()}
    assert all(row.unseen_phases(1) == 0 for row in SAMPLERS.values())


def test_a_row_of_the_table_is_its_name() -> None:
    row = sampler("auto")
    assert sampler(row) is row
    chosen = FitSettings(n_topics=2, sampler=row)
    assert (chosen.resolved().sampler, chosen.to_dict()["sampler"]) == ("adlda", "adlda")


def test_what_the_table_names_is_there() -> None:
    for row in SAMPLERS.values():
        assert callable(row.load_rule())
        if row.by_range is not None:
            assert callable(row.load_range_rule())
    with pytest.raises(ValueError, match="leave model_memory out"):
        TOY.load_range_rule()
    with pytest.raises(ValueError, match="take the device cpu"):
        TOY.load_cuda()


def test_the_table_is_read_without_numba() -> None:
    code = "import sys, lda.samplers.registry; assert 'numba' not in sys.modules, sorted(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
