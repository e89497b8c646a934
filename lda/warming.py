"""All kernels compiled before anybody waits for them: tiny fits, and what may follow them, stage by stage."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import scipy.sparse as sp

from lda.cluster.exchange.delta_codec import decode, encode, merged
from lda.cluster.fitting import fit
from lda.cluster.resources.threads import Threads
from lda.cluster.spec.checkpointing import Checkpointing
from lda.cluster.spec.fit_settings import FitSettings
from lda.cluster.sweeping.frozen_model import FrozenModel
from lda.cluster.sweeping.start_schedule import FIRST_STAGE
from lda.cluster.sweeping.sweeper import MOST_READERS, Sweeper
from lda.corpus.convert import as_corpus
from lda.corpus.stream import DocumentBatch
from lda.evaluation.cooccurrence import count
from lda.samplers.counts.row_layout import FEW_TOPICS, topic_dtype
from lda.samplers.numerics.atomic_flags import SPACING, lowest_flag, sum_of_flags
from lda.samplers.numerics.jit import count_compiled
from lda.samplers.priors import start_priors
from lda.samplers.registry import SAMPLERS, Sampler
from lda.samplers.registry import sampler as row_of
from lda.samplers.rehearsal import KINDS, same_rule, small_alike

if TYPE_CHECKING:
    from lda.corpus.corpus import Corpus

N_TERMS: Final = 30


class Stage(NamedTuple):
    """Some kernels: what they are for, and the calls that need them."""

    name: str
    run: Callable[[], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Warmed:
    """A stage that is over. kernels: that it had to compile; those that lay on disk are not counted."""

    name: str
    kernels: int
    seconds: float


def warm(samplers: Sequence[str] = (), n_topics: Sequence[int] = ()) -> Iterator[Warmed]:
    """Compile what fits with these samplers and numbers of topics need, and what may follow them; yields each stage.

    Empty: all samplers, and few topics as well as many, though not more than two bytes can number: those are rare, and
    would take as long again. What is run has the fewest topics that need the same kernels. Raises ValueError for an
    unknown sampler, or a number of topics that none can have.
    """
    rows = [row_of(name) for name in samplers] or list(SAMPLERS.values())
    kinds = dict.fromkeys(small_alike(k) for k in n_topics or KINDS[:2])
    for stage in stages(rows, list(kinds)):
        before = time.perf_counter()
        with count_compiled() as compiled:
            stage.run()
        yield Warmed(name=stage.name, kernels=len(compiled), seconds=time.perf_counter() - before)


def stages(samplers: Sequence[Sampler], n_topics: Sequence[int]) -> list[Stage]:
    """What `warm` runs, one after the other."""
    corpus, settings = _corpus(), [_settings(row, k) for row in samplers for k in n_topics]
    made = [
        Stage(f"{wanted.sampler}, {_topics(wanted.n_topics)}", partial(_fits, corpus, wanted))
        for wanted in settings
    ]
    made += [Stage(f"new documents, {_topics(k)}", partial(_new_documents, k)) for k in n_topics]
    of_types = list({topic_dtype(k): _settings(samplers[0], k) for k in reversed(n_topics)}.values())
    made += [
        Stage("checkpoints and validation", partial(_checkpoints, corpus, of_types)),
        Stage("coherence", _coherence),
        Stage("frozen topics", partial(_frozen_topics, corpus, of_types)),
        Stage("messages of a cluster", partial(_messages, corpus, of_types)),
    ]
    return made


def _topics(n_topics: int) -> str:
    low, _ = same_rule(n_topics)
    return f"more than {low - 1} topics" if low > FEW_TOPICS else f"up to {FEW_TOPICS} topics"


def _corpus() -> Corpus:
    """So many documents of two tokens that a growing start has two stages, and a few that are longer."""
    rng = np.random.default_rng(0)
    n = FIRST_STAGE + 1
    words = rng.integers(0, N_TERMS, size=2 * n)
    rows = np.repeat(np.arange(n), 2)
    ones = np.ones(2 * n, dtype=np.int32)
    return as_corpus(sp.csr_matrix((ones, (rows, words)), shape=(n, N_TERMS)))


def _settings(row: Sampler, n_topics: int) -> FitSettings:
    return FitSettings(
        n_topics=n_topics,
        sampler=row,
        alpha="auto" if row.learns_priors else 0.1,
        sweeps=2,
        threads=1,
        burn_in=1,
        optimize_interval=1,
        evaluate_every=1,
        n_samples=2 if row.averages else None,
        sample_interval=1,
    )


def _fits(corpus: Corpus, wanted: FitSettings) -> None:
    """With either start, by one thread and by many, and range by range of the vocabulary where the sampler can."""
    for start in ("random", "growing"):
        settings = replace(wanted, start=start)
        fit(corpus, settings)
        fit(corpus, replace(settings, threads=MOST_READERS + 1, sweeps=1))  # many threads count otherwise
        if row_of(settings.sampler).by_range is not None:
            fit(corpus, replace(settings, memory=1 << 40, model_memory=1 << 30))


def _new_documents(n_topics: int) -> None:
    rng = np.random.default_rng(1)
    counts = sp.csr_matrix(rng.poisson(1.0, size=(N_TERMS, n_topics)).astype(np.int32))
    alpha = np.full(n_topics, 0.1)
    offsets, words = np.array([0, 4, 10]), rng.integers(0, N_TERMS, size=10).astype(np.int32)
    for model in (
        FrozenModel(counts, alpha, 0.01, threads=1),
        FrozenModel.of_topic_word(np.full((n_topics, N_TERMS), 1 / N_TERMS), alpha, threads=1),
    ):
        model.transform(offsets, words)
        model.completion(offsets, words)
        model.left_to_right(offsets, words, particles=2)
        model.assign(offsets, words)


def _checkpoints(corpus: Corpus, wanted: Sequence[FitSettings]) -> None:
    for one in wanted:
        with tempfile.TemporaryDirectory(prefix="raylda-") as folder:
            place = Checkpointing(path=folder, every=1)
            settings = replace(one, validation_fraction=0.1)
            fit(corpus, settings, checkpointing=place)
            fit(corpus, replace(settings, sweeps=3), checkpointing=replace(place, resume=True))


def _frozen_topics(corpus: Corpus, wanted: Sequence[FitSettings]) -> None:
    for one in wanted:
        begun = sp.csr_matrix(([1], ([0], [0])), shape=(N_TERMS, one.n_topics))
        settings = replace(one, sampler="auto", alpha="auto", start="random", sweeps=1)
        fit(corpus, settings, word_prior=begun, frozen_topics=[0])


def _coherence() -> None:
    batch = DocumentBatch(["a", "b"], np.array([0, 2, 6]), np.arange(6, dtype=np.int32), n_unknown=0)
    count([batch], [np.arange(3, dtype=np.int32)], N_TERMS, window=2)


def _messages(corpus: Corpus, wanted: Sequence[FitSettings]) -> None:
    keep = np.ones(corpus.n_documents, dtype=bool)
    for one in wanted:
        settings = replace(one, sampler="auto", alpha="auto").resolved()
        priors = start_priors(settings.alpha, settings.beta, settings.n_topics)
        with Threads(1) as threads:
            sweeper = Sweeper(corpus, settings, keep, list(range(corpus.n_shards)), threads)
            sweeper.first_topics(0, 0, 0, priors)
            message = encode(sweeper.changes(0, 0, N_TERMS), 0, N_TERMS)
        merged(decode(message, settings.n_topics) for _ in range(2))
    flags = np.zeros(2 * SPACING, dtype=np.int64)
    lowest_flag(flags)
    sum_of_flags(flags)
