"""topica's LDA: SparseLDA with threads, alpha learned.

A fit cannot be looked into, so each level is a fit from the beginning (the same seed, the same chain).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import topica

if TYPE_CHECKING:
    from benchmarks.peers.protocol import Model, Race
else:  # a driver is run as a file, and sees what lies beside it
    from protocol import Model, Race

OPTIMIZE_INTERVAL, BURN_IN = 10, 50


def main(race: Race) -> None:
    """Fit with more and more sweeps."""
    names = [str(i) for i in range(race.n_terms)]
    documents = [[names[w] for w in words] for words in race.documents() if len(words)]
    corpus = topica.Corpus.from_documents(documents)
    del documents
    race.settings(
        alpha=f"sum {race.alpha * race.k:g}, learned every {OPTIMIZE_INTERVAL} sweeps after {BURN_IN}",
        beta=race.beta, threads=race.threads, sampler="sparse",
    )  # fmt: skip

    def fit(sweeps: int) -> tuple[float, Model]:
        model = topica.LDA(
            race.k, alpha_sum=race.alpha * race.k, beta=race.beta, seed=race.seed, num_threads=race.threads,
            optimize_interval=OPTIMIZE_INTERVAL, burn_in=BURN_IN,
        )  # fmt: skip
        before = time.perf_counter()
        model.fit(
            corpus,
            iters=max(1, sweeps - 1),
            num_samples=1,
            sample_interval=1,
            progress=False,
            keep_theta_draws=False,
        )
        seconds = time.perf_counter() - before
        found = np.asarray(model.topic_word)
        phi = np.full((race.k, race.n_terms), found.min())
        phi[:, [int(name) for name in model.vocabulary]] = found
        return seconds, (phi, np.asarray(model.alpha))

    race.restarted(fit)


if __name__ == "__main__":
    main(Race.of_command_line())
