"""How long it takes to compare two models: `lda.compare`, and what one would write or call without it.

The models are made up: words have frequencies as in text, most of a word's tokens are in a few topics, and the second
model has the topics of the first in another order, a tenth of them drawn anew. Each way is a process of its own; what
is timed begins with the models in memory, packages imported. Those that go pair by pair are timed on some of the
pairs, for all of them would take hours; their seconds are then multiplied up to all pairs.
"""

from __future__ import annotations

import multiprocessing
import time
import warnings
from dataclasses import replace
from typing import Final, NamedTuple

import click
import numpy as np
import scipy.sparse as sp

from benchmarks.published import docs_option, say_and_write
from benchmarks.report import machine, table
from lda.model.machine import peak_bytes
from lda.model.model import Model

TOKENS_PER_TERM: Final = 400
TOPICS_PER_TERM: Final = 8
ELSEWHERE: Final = 0.3
"""Part of a word's tokens that are in any topic."""

NEW: Final = 10
"""One in so many topics is another one in the second model."""

WAYS: Final = {
    "ours": "`lda.compare`: all of it",
    "overlaps": "its overlaps alone",
    "scipy": "`cdist(..., 'jensenshannon')` of SciPy",
    "gensim": "`LdaModel.diff` of gensim, Hellinger",
}


class Timed(NamedTuple):
    """Seconds, those of processors, and peak MB of the process. pairs: of topics that were compared."""

    seconds: float
    cpu: float
    peak: float
    pairs: int


def made(n_terms: int, n_topics: int) -> tuple[Model, Model]:
    """Two models of made-up counts."""
    import lda

    rng = np.random.default_rng(0)
    share = 1 / np.arange(1, n_terms + 1)
    record = lda.LDA(2, max_iter=1, random_state=0).fit(np.eye(3, dtype=np.int32)).model_.record

    def drawn(shift: int) -> sp.csr_matrix:
        words = rng.choice(n_terms, n_terms * TOKENS_PER_TERM, p=share / share.sum()).astype(np.int32)
        home = (words * 7 + rng.integers(0, TOPICS_PER_TERM, len(words)) + shift) % n_topics
        away = rng.random(len(words)) < ELSEWHERE
        topics = np.where(away, rng.integers(0, n_topics, len(words)), home)
        found = sp.coo_matrix(
            (np.ones(len(words), np.int32), (words, topics)), shape=(n_terms, n_topics)
        ).tocsr()
        found.sum_duplicates()
        return found

    def model(counts: sp.csr_matrix) -> Model:
        return Model(
            counts=counts,
            alpha=np.full(n_topics, 0.1),
            beta=0.01,
            vocabulary=[f"word{number}" for number in range(n_terms)],
            record=replace(record, named_terms=True),
        )

    second, other = drawn(0).tocsc(), drawn(3).tocsc()
    columns = [(other if k % NEW == 0 else second)[:, [k]] for k in rng.permutation(n_topics)]
    return model(drawn(0)), model(sp.csr_matrix(sp.hstack(columns, format="csr")))


def timed(way: str, n_terms: int, n_topics: int, some: int) -> Timed:
    """One way, in this process. some: topics of each model that are compared pair by pair."""
    warnings.simplefilter("ignore")
    import lda
    from lda.evaluation.overlaps import overlaps

    lda.compare(made(20, 4))  # imports
    first, second = made(n_terms, n_topics)
    if way in ("ours", "overlaps"):
        began, used = time.perf_counter(), time.process_time()
        if way == "ours":
            lda.compare([first, second])
        else:
            overlaps(first, second)
        return Timed(time.perf_counter() - began, time.process_time() - used, _peak(), n_topics**2)
    few = [model.topic_word[:some] for model in (first, second)]
    began, used = time.perf_counter(), time.process_time()
    if way == "scipy":
        from scipy.spatial.distance import cdist

        cdist(few[0], few[1], "jensenshannon")
    else:
        from gensim.matutils import hellinger  # what diff calls for each pair
        from gensim.models import LdaModel

        assert LdaModel.diff is not None
        for p in few[0]:
            for q in few[1]:
                hellinger(p, q)
    return Timed(time.perf_counter() - began, time.process_time() - used, _peak(), some**2)


def _peak() -> float:
    """MB that this process held at most."""
    return (peak_bytes() or 0) / 1e6


@click.command()
@click.option("--terms", type=int, default=50_000, help="Terms of the models.")
@click.option("-k", "--topics", type=int, default=1000, help="Their topics.")
@click.option("--some", type=int, default=20, help="Topics that are compared pair by pair.")
@docs_option("the table into docs/benchmarks.md")
def compare(terms: int, topics: int, some: int, write_docs: bool) -> None:
    """Seconds and memory of a comparison of two models."""
    rows = []
    for way, name in WAYS.items():
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            found = pool.apply(timed, (way, terms, topics, min(some, topics)))
        times = topics**2 / found.pairs
        seconds = [f"{value * times:,.1f}" if times == 1 else f"{value * times:,.0f}" for value in found[:2]]
        told = name if times == 1 else f"{name}, from {found.pairs:,} pairs"
        rows.append([told, *seconds, f"{found.peak:,.0f}"])
    head = [f"V = {terms:,}, K = {topics:,}", "seconds", "of processors", "peak, MB"]
    say_and_write("compare", f"{machine()}\n\n{table(head, rows)}", write_docs)
