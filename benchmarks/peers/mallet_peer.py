"""MALLET's SparseLDA as RustMallet (pyrmallet) has it: one thread, alpha and beta learned as MALLET's guide advises.

A fit cannot be looked into, so each level is a fit from the beginning (the same seed, the same chain).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
from pyrmallet import LatentDirichletAllocation

if TYPE_CHECKING:
    from benchmarks.peers.protocol import Model, Race
else:  # a driver is run as a file, and sees what lies beside it
    from protocol import Model, Race

OPTIMIZE_INTERVAL, BURN_IN = 10, 50


def spelled(number: int) -> str:
    """A number in letters: MALLET's pattern of a word takes no digits, and none shorter than three letters."""
    letters = ""
    while number or len(letters) < 4:
        number, digit = divmod(number, 26)
        letters += chr(ord("a") + digit)
    return letters


class Timed(LatentDirichletAllocation):
    """Knows the seconds that the sampler took, without those of reading the texts."""

    seconds = 0.0

    def _fit_native(self, corpus: Any, alpha_sum: float, callback: Any) -> None:  # noqa: ANN401
        before = time.perf_counter()
        super()._fit_native(corpus, alpha_sum, callback)
        self.seconds = time.perf_counter() - before


def main(race: Race) -> None:
    """Fit with more and more sweeps."""
    names = [spelled(i) for i in range(race.n_terms)]
    column = {name: i for i, name in enumerate(names)}
    texts = [" ".join([names[w] for w in words]) for words in race.documents() if len(words)]
    race.settings(
        alpha=f"sum {race.alpha * race.k:g}, learned every {OPTIMIZE_INTERVAL} sweeps after {BURN_IN}",
        beta=f"{race.beta:g}, learned", threads=1,
    )  # fmt: skip

    def fit(sweeps: int) -> tuple[float, Model]:
        # Its last sweep of all is the only sample: one state, as of the other samplers here.
        lda = Timed(
            race.k, race.alpha * race.k, race.beta, max(1, sweeps - 1), race.seed,
            optimize_interval=OPTIMIZE_INTERVAL, burn_in=BURN_IN, num_samples=1, sample_interval=1,
        )  # fmt: skip
        lda.fit(texts)
        found = np.asarray(lda.components_)
        phi = np.full((race.k, race.n_terms), found.min())
        phi[:, [column[name] for name in lda.feature_names_in_]] = found
        return lda.seconds, (phi, lda._model.alpha)

    race.restarted(fit)


if __name__ == "__main__":
    main(Race.of_command_line())
