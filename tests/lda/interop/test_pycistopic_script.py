"""What pycisTopic asks of the package `lda` when it fits topics of cells by Gibbs sampling: it is answered here.

It makes a model for each number of topics in a task of Ray, of a binary matrix (cells, regions) that lies read-only in
its object store, and builds tables of pandas from the attributes.
"""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

import lda

LDA: Any = lda.LDA
CELLS = [f"cell{i}" for i in range(80)]
REGIONS = [f"chr1:{i}-{i + 500}" for i in range(0, 120_000, 1_000)]


@pytest.fixture(scope="module")
def accessible() -> sp.csr_matrix:
    """Three kinds of cells, each with regions of its own: 1 where a region is open; its arrays cannot be written."""
    rng = np.random.default_rng(0)
    kind = np.arange(len(CELLS)) % 3
    open_in = np.arange(len(REGIONS)) % 3
    dense = rng.random((len(CELLS), len(REGIONS))) < np.where(kind[:, None] == open_in, 0.6, 0.03)
    matrix = sp.csr_matrix(dense.astype(np.int32))
    for array in (matrix.data, matrix.indices, matrix.indptr):
        array.flags.writeable = False
    return matrix


def tables(matrix: sp.csr_matrix, model: Any, n_topics: int) -> dict[str, pd.DataFrame]:
    """The tables of one model, called and laid out as pycisTopic has them."""
    topics = [f"Topic{i}" for i in range(1, n_topics + 1)]
    sizes = np.asarray(matrix.sum(axis=1)).astype(float).ravel()
    return {
        "cell_topic": pd.DataFrame.from_records(model.doc_topic_, index=CELLS, columns=topics).transpose(),
        "topic_region": pd.DataFrame.from_records(
            model.topic_word_, columns=REGIONS, index=topics
        ).transpose(),
        "topic_ass": pd.DataFrame.from_records(
            [range(1, n_topics + 1), model.nz_], index=["Topic", "Assignments"]
        ).transpose(),
        "marg_topic": pd.DataFrame({"Topic": topics, "Marg_Topic": sizes @ model.doc_topic_ / sizes.sum()}),
    }


@pytest.mark.parametrize(
    ("by_topic", "eta_by_topic"), [(True, True), (True, False), (False, True), (False, False)]
)
def test_its_models(accessible: sp.csr_matrix, by_topic: bool, eta_by_topic: bool) -> None:
    log = logging.getLogger("lda")
    handler, propagate = logging.NullHandler(), log.propagate
    log.addHandler(handler)
    log.propagate = False
    try:
        model = LDA(
            n_topics=3,
            n_iter=60,
            random_state=555,
            alpha=3.0 / 3 if by_topic else 3.0,
            eta=0.1 / 3 if eta_by_topic else 0.1,
            refresh=60,
        )
        model.fit(accessible)
    finally:
        log.removeHandler(handler)
        log.propagate = propagate
    assert len(model.loglikelihoods_) == 1
    found = tables(accessible, model, 3)
    assert found["cell_topic"].shape == (3, 80)
    assert found["topic_region"].shape == (120, 3)
    assert found["topic_ass"]["Assignments"].sum() == accessible.sum() == model.nzw_.sum() == model.ndz_.sum()
    assert found["marg_topic"]["Marg_Topic"].sum() == pytest.approx(1)
    if by_topic:  # regions that open together lie in one topic
        best = found["topic_region"].to_numpy().argmax(axis=1)
        assert [len(set(best[kind::3])) for kind in range(3)] == [1, 1, 1]
        assert len(set(best[:3])) == 3


def test_the_criteria_it_plots(accessible: sp.csr_matrix) -> None:
    """More topics than there are kinds of cells are more alike: Cao Juan's mean cosine of topics tells of it."""

    def mean_cosine(phi: Any) -> float:
        unit = phi / np.linalg.norm(phi, axis=1, keepdims=True)
        return float((unit @ unit.T)[np.triu_indices(len(phi), 1)].mean())

    found = {
        k: LDA(n_topics=k, n_iter=60, random_state=555, alpha=50 / k, eta=0.1, refresh=60).fit(accessible)
        for k in (3, 9)
    }
    assert mean_cosine(found[3].topic_word_) < mean_cosine(found[9].topic_word_)
    assert found[3].loglikelihood() > found[9].loglikelihood()
