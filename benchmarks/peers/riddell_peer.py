"""The package `lda` (Riddell): collapsed Gibbs on one thread, fixed priors."""

from __future__ import annotations

import contextlib
import logging
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

if TYPE_CHECKING:
    from benchmarks.peers.protocol import Model, Over, Race
else:  # a driver is run as a file, and sees what lies beside it
    from protocol import Model, Over, Race

ENDLESS = 10**9

theirs: Any = import_module("lda")
"""The package of that name, not ours: this runs in an environment of its own."""


def main(race: Race) -> None:
    """Sweep until the time is over."""
    logging.getLogger("lda").setLevel(logging.WARNING)
    shape = (race.n_documents, race.n_terms)
    counts = sp.csr_matrix((race.counts, race.indices, race.indptr), shape=shape).astype(np.int64)
    race.settings(alpha=f"{race.alpha:g}, fixed", beta=race.beta, threads=1)

    class Watched(theirs.LDA):
        sweeps = 0

        def _initialize(self, X: sp.csr_matrix) -> None:
            super()._initialize(X)
            race.start()  # what comes before is the matrix made into lists of tokens, mostly

        def _sample_topics(self, rands: np.ndarray) -> None:
            super()._sample_topics(rands)
            self.sweeps += 1
            if race.passed(self.sweeps, self.now):
                raise Over

        def now(self) -> Model:
            return self.nzw_ + self.eta, self.alpha

    with contextlib.suppress(Over):
        Watched(race.k, ENDLESS, race.alpha, race.beta, race.seed, refresh=ENDLESS).fit(counts)


if __name__ == "__main__":
    main(Race.of_command_line())
