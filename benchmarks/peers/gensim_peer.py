"""gensim's LdaMulticore: online variational Bayes by worker processes. It cannot learn alpha; 1/K is its default."""

from __future__ import annotations

import multiprocessing
import os
import signal
from typing import TYPE_CHECKING

import numpy as np
from gensim.models import LdaMulticore
from gensim.models.ldamodel import LdaState

if TYPE_CHECKING:
    from benchmarks.peers.protocol import Over, Race
else:  # a driver is run as a file, and sees what lies beside it
    from protocol import Over, Race

ENDLESS = 10**6
UPDATES_A_PASS = 8


def tell_workers(number: int) -> None:
    """Send a signal to the worker processes."""
    for child in multiprocessing.active_children():
        if child.pid is not None:
            os.kill(child.pid, number)


def main(race: Race) -> None:
    """Pass over the documents until the time is over."""
    bounds = zip(race.indptr[:-1], race.indptr[1:], strict=True)
    bags = [list(zip(race.indices[i:j].tolist(), race.counts[i:j].tolist(), strict=True)) for i, j in bounds]
    # Its default of 2,000 documents would be less than one update a pass of a small corpus.
    size = max(1, min(2000, len(bags) // (UPDATES_A_PASS * race.threads)))
    race.settings(
        alpha=f"1/K = {1 / race.k:g}, fixed",
        beta=race.beta,
        workers=race.threads,
        chunksize=size,
        iterations=50,
    )

    class Watched(LdaMulticore):
        seen = 0

        def do_mstep(self, rho: float, other: LdaState, extra_pass: bool = False) -> None:
            self.seen += other.numdocs
            super().do_mstep(rho, other, extra_pass)
            share = self.seen / max(len(bags), 1)
            if not race.due(int(share)):
                return
            # The workers would go on while the clock stands still.
            tell_workers(signal.SIGSTOP)
            over = race.passed(
                int(share), lambda: (self.get_topics(), np.asarray(self.alpha)), int(share * race.n_tokens)
            )
            tell_workers(signal.SIGCONT)
            if over:
                raise Over

    model = Watched(
        None, race.k, {i: str(i) for i in range(race.n_terms)}, race.threads, chunksize=size, passes=ENDLESS,
        eta=race.beta, eval_every=None, random_state=race.seed,
    )  # fmt: skip
    race.start()
    try:
        model.update(bags)
    except Over:
        tell_workers(signal.SIGKILL)
        # Its queues would wait at exit for workers to read what is left in them.
        os._exit(0)


if __name__ == "__main__":
    main(Race.of_command_line())
