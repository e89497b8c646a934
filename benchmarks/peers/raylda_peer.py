"""raylda itself, with the settings of `lda fit`; its kernels are compiled before the clock starts.

The variant "averaged" is `lda fit --samples 10`: topics are those of the last ten states that are five sweeps apart.
The variant "beta" is `lda fit --beta auto`.
"""

from __future__ import annotations

import subprocess
import sys
from collections import deque
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from lda.cluster import FitSettings, fit
from lda.cluster.engine import Engine
from lda.cluster.loop import Clock, Run
from lda.cluster.records import SweepRecord
from lda.cluster.start import start_in_effect
from lda.corpus import Corpus, as_corpus
from lda.samplers.registry import sampler

if TYPE_CHECKING:
    from benchmarks.peers.protocol import Model, Race
else:  # a driver is run as a file, and sees what lies beside it
    from protocol import Model, Race

ENDLESS = 10**9
SAMPLES, INTERVAL = 10, 5
COMPILE = "--compile"


def main(race: Race) -> None:
    """Sweep until the time is over."""
    with race.stopped():
        # The compiler's memory is not that of a fit: it stays in another process, the machine code in the cache.
        subprocess.run([sys.executable, __file__, sys.argv[1], COMPILE], check=True)
    compile_kernels(race)
    settings = FitSettings(
        n_topics=race.k,
        seed=race.seed,
        threads=race.threads,
        sweeps=ENDLESS,
        evaluate_every=ENDLESS,
        beta="auto" if race.variant == "beta" else race.beta,
    ).resolved()
    corpus = Corpus.open(race.data / "corpus")
    start = start_in_effect(settings, corpus.n_documents, sampler(settings.sampler))
    averaging = {"samples": SAMPLES, "sample_interval": INTERVAL} if race.variant == "averaged" else {}
    race.settings(
        sampler=settings.sampler, start=start, alpha="learned, asymmetric",
        beta="learned" if settings.beta == "auto" else settings.beta,
        threads=settings.threads, phases=settings.phases, **averaging,
    )  # fmt: skip
    engine = Engine(corpus, settings, lambda: False)
    late: deque[sp.csr_matrix] = deque(maxlen=SAMPLES - 1)

    def model() -> Model:
        # As many as there are. A fit, which knows its last sweep, keeps a sum; here the states must be told apart.
        counts = sum(late, engine.matrix()) / (1 + len(late))
        return counts.toarray().T + engine.priors.beta, engine.priors.alpha

    def on_sweep(record: SweepRecord) -> bool:
        over = race.passed(record.sweep, model)
        if averaging and record.sweep % INTERVAL == 0:
            late.append(engine.matrix())
        return over

    race.start()
    run = Run(engine, Clock(), on_sweep, None)
    try:
        engine.start()
        run.sweeps()
    finally:
        engine.close()


def compile_kernels(race: Race) -> None:
    """Run every kernel once, on next to nothing: machine code depends on the types of the arrays, and these on K."""
    few = sp.csr_matrix(np.random.default_rng(0).poisson(0.5, (300, 50)))
    settings = FitSettings(
        n_topics=race.k,
        threads=race.threads,
        sweeps=2,
        burn_in=0,
        optimize_interval=1,
        evaluate_every=ENDLESS,
    )
    fit(as_corpus(few), settings, document_topics=False)


if __name__ == "__main__":
    (compile_kernels if COMPILE in sys.argv else main)(Race.of_command_line())
