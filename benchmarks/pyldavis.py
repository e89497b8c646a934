"""How long the data of pyLDAvis' picture takes: ours, and its own `prepare` on the arrays of the same model.

The model is made up: words have frequencies as in text, and each is in a few of the topics. Each way is a process of
its own; what is timed begins with the model in memory, packages imported.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import time
import warnings
from dataclasses import replace
from typing import Final, NamedTuple

import click
import numpy as np
import scipy.sparse as sp

from benchmarks.published import docs_option, say_and_write
from benchmarks.report import machine, table
from lda.cluster.counts.sparse_sums import term_sums
from lda.model.model import Model

TOKENS_PER_TERM: Final = 50
TOPICS_PER_TERM: Final = 8


class Timed(NamedTuple):
    """Seconds, and peak MB of the process."""

    seconds: float
    peak: float


def made(n_terms: int, n_topics: int) -> Model:
    """A model of made-up counts."""
    import lda

    rng = np.random.default_rng(0)
    share = 1 / np.arange(1, n_terms + 1)
    words = rng.choice(n_terms, n_terms * TOKENS_PER_TERM, p=share / share.sum())
    topics = (words * 7 + rng.integers(0, TOPICS_PER_TERM, len(words))) % n_topics
    counts = sp.coo_matrix(
        (np.ones(len(words), np.int32), (words, topics)), shape=(n_terms, n_topics)
    ).tocsr()
    counts.sum_duplicates()
    record = lda.LDA(2, max_iter=1, random_state=0).fit(np.eye(3, dtype=np.int32)).model_.record
    return Model(
        counts=counts,
        alpha=np.full(n_topics, 0.1),
        beta=0.01,
        vocabulary=[f"word{number}" for number in range(n_terms)],
        record=replace(record, named_terms=True),
    )


def timed(way: str, n_terms: int, n_topics: int, n_documents: int, jobs: int) -> Timed:
    """One way, in this process."""
    warnings.simplefilter("ignore")
    import pyLDAvis

    made(20, 4).to_pyldavis()  # imports, kernels
    model = made(n_terms, n_topics)
    began = time.perf_counter()
    if way == "ours":
        model.to_pyldavis()
    else:
        rng = np.random.default_rng(1)
        theta, lengths = rng.dirichlet(np.full(n_topics, 0.1), n_documents), np.full(n_documents, 100)
        pyLDAvis.prepare(
            model.topic_word, theta, lengths, model.vocabulary, term_sums(model.counts), n_jobs=jobs
        )
    seconds = time.perf_counter() - began
    unit = 1e6 if sys.platform == "darwin" else 1e3
    return Timed(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit)


@click.command()
@click.option("--terms", type=int, default=100_000, help="Terms of the model.")
@click.option("--topics", type=int, default=100, help="Its topics.")
@click.option("--documents", type=int, default=5_000, help="Documents that pyLDAvis is given.")
@click.option("--jobs", type=int, default=2, help="Its processes.")
@docs_option("the table into docs/benchmarks.md")
def pyldavis(terms: int, topics: int, documents: int, jobs: int, write_docs: bool) -> None:
    """Seconds and memory of `to_pyldavis` and of `pyLDAvis.prepare`."""
    rows = []
    names = {"ours": "`model.to_pyldavis()`", "theirs": "`pyLDAvis.prepare(...)`"}
    for way, name in names.items():
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            found = pool.apply(timed, (way, terms, topics, documents, jobs))
        rows.append([name, f"{found.seconds:.1f}", f"{found.peak:,.0f}"])
    head = [f"V = {terms:,}, K = {topics:,}", "seconds", "peak, MB"]
    say_and_write("pyldavis", f"{machine()}\n\n{table(head, rows)}", write_docs)
