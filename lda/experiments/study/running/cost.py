"""How long trials take: by size before any has run, and by those that have run afterwards."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lda.cluster.sweeping.start_schedule import start_in_effect
from lda.corpus.storage.leftovers import temporary_folder
from lda.experiments.cost import estimated_seconds
from lda.samplers.registry import sampler

if TYPE_CHECKING:
    from lda.cluster import FitSettings
    from lda.corpus import Corpus
    from lda.experiments.study.records import CorpusFacts

GROWING_SWEEPS: Final = 8.0
"""What a growing start costs, in sweeps over all documents: four passes a stage, over twice as many each time."""

SCORING_SWEEPS: Final = 8.0
"""What scoring and writing cost at the end, in sweeps, and what first sweeps cost more than others."""

PROBED_TOKENS: Final = 300_000
PROBED_SWEEPS: Final = 4


@dataclass(frozen=True, slots=True)
class Rate:
    """How many times as long as `cost_of` says things take here. cost, seconds: of trials that it was learned from."""

    first: float = 1.0
    cost: float = 0.0
    seconds: float = 0.0

    @property
    def value(self) -> float:
        """The rate as far as known: of what has run, or as assumed at first."""
        return self.seconds / self.cost if self.cost else self.first

    def learned(self, cost: float, seconds: float) -> Rate:
        """After one trial more. seconds: times the threads that it had."""
        return replace(self, cost=self.cost + cost, seconds=self.seconds + seconds)


def cost_of(facts: CorpusFacts, settings: FitSettings, *, begin: int = 0, end: int | None = None) -> float:
    """What sweeps of a trial take, with what comes before and after: seconds of one thread of an ordinary processor.

    begin, end: the sweeps; those of a trial that goes on begin where it paused. None for the last.
    """
    end = settings.sweeps if end is None else end
    chosen = settings.resolved()
    growing = start_in_effect(chosen, facts.n_documents, sampler(chosen.sampler)) == "growing"
    sweeps = max(end - begin, 0) + (GROWING_SWEEPS if growing and begin == 0 else 0.0) + SCORING_SWEEPS
    return estimated_seconds(facts.n_tokens, settings.n_topics, sweeps, settings.sampler)


def probe(corpus: Corpus, settings: FitSettings) -> Rate:
    """The rate on this machine, from a few sweeps of one thread over some of the documents.

    They are sampled twice, for the first fit may compile its kernels. Rejected: to assume a rate, which differs by a
    factor of three between laptops and servers.
    """
    import numpy as np

    from lda.cluster import fit
    from lda.corpus.finished.partition import LEFT_OUT, partition_corpus

    parts = np.full(corpus.n_documents, LEFT_OUT, dtype=np.int64)
    parts[: _first_documents(corpus, PROBED_TOKENS)] = 0
    quick = replace(settings, sweeps=PROBED_SWEEPS, threads=1, start="random", n_samples=0)
    with temporary_folder() as folder:
        [some] = partition_corpus(corpus, parts, [Path(folder) / "some"])
        if not some.n_tokens:
            return Rate()
        speeds = [fit(some, quick, document_topics=False).tokens_per_second for _ in range(2)]
    return Rate(first=1 / (max(speeds) * estimated_seconds(1, settings.n_topics, 1, settings.sampler)))


def _first_documents(corpus: Corpus, n_tokens: int) -> int:
    """How many of the first documents have that many tokens together, or nearly; one at least.

    Shards beyond them are not looked at.
    """
    import numpy as np

    found = 0
    for index in range(corpus.n_shards):
        offsets = corpus.shard(index).doc_offsets
        fitting = int(np.searchsorted(offsets[1:] - offsets[0], n_tokens, side="right"))
        found += fitting
        if fitting < len(offsets) - 1:
            break
        n_tokens -= int(offsets[-1] - offsets[0])
    return max(found, 1)
