"""raylda as a user has it who sets nothing but the number of topics and of sweeps: `lda.LDA(k, max_iter=...)`.

Each snapshot is a fit of its own, from the beginning to what a fit does at its end, for that depends on which sweep is
the last. Its seconds are those of the whole call, the copying of the documents included, which the others are not
charged for. Kernels are compiled before.
"""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

import lda

if TYPE_CHECKING:
    from benchmarks.peers.protocol import Model, Race
else:  # a driver is run as a file, and sees what lies beside it
    from protocol import Model, Race

ENDLESS = 10**9
COMPILE = "--compile"


def main(race: Race) -> None:
    """Fit with more and more sweeps."""
    # The compiler's memory is not that of a fit: it stays in another process, the machine code in the cache.
    subprocess.run([sys.executable, __file__, sys.argv[1], COMPILE], check=True)
    compile_kernels(race)
    corpus = lda.Corpus.open(race.data / "corpus")
    settings = estimator(race, race.levels[-1]).get_params()
    told = ("sampler", "start", "alpha", "beta", "n_samples", "phases")
    race.settings(
        all="defaults", **{name: settings[name] for name in told if name in settings}, n_jobs=race.threads
    )

    def fit(sweeps: int) -> tuple[float, Model]:
        before = time.perf_counter()
        model = estimator(race, sweeps).fit(corpus)
        seconds = time.perf_counter() - before
        return seconds, (model.topic_word_, model.alpha_)

    race.fitted_anew(list(race.points), fit)


def estimator(race: Race, sweeps: int) -> lda.LDA:
    """An unfitted model of a fit of so many sweeps, with the defaults."""
    # Scores that nobody reads are left out; they are no part of training, and change nothing.
    return lda.LDA(
        race.k, max_iter=sweeps, n_jobs=race.threads, random_state=race.seed, evaluate_every=ENDLESS
    )


def compile_kernels(race: Race) -> None:
    """Run every kernel once, on next to nothing: machine code depends on the types of the arrays, and these on K."""
    few = sp.csr_matrix(np.random.default_rng(0).poisson(0.5, (300, 50)))
    estimator(race, 12).fit(few)


if __name__ == "__main__":
    (compile_kernels if COMPILE in sys.argv else main)(Race.of_command_line())
