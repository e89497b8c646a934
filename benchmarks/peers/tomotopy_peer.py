"""tomotopy's LDAModel: collapsed Gibbs in parallel, alpha learned as its default is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import tomotopy

if TYPE_CHECKING:
    from benchmarks.peers.protocol import Model, Race
else:  # a driver is run as a file, and sees what lies beside it
    from protocol import Model, Race


def main(race: Race) -> None:
    """Train until the time is over."""
    names = [str(i) for i in range(race.n_terms)]
    model = tomotopy.LDAModel(k=race.k, alpha=race.alpha, eta=race.beta, seed=race.seed)
    for words in race.documents():
        if len(words):
            model.add_doc([names[w] for w in words])
    race.settings(
        alpha=f"{race.alpha:g}, learned every {model.optim_interval} sweeps",
        beta=race.beta,
        workers=race.threads,
    )

    def now() -> Model:
        phi = np.full((race.k, race.n_terms), race.beta)
        columns = np.array([int(word) for word in model.used_vocabs])
        for k in range(race.k):
            phi[k, columns] = model.get_topic_word_dist(k, normalize=False)
        return phi, model.alpha

    race.start()
    sweeps, over = 0, False
    while not over:
        # A call of `train` starts its threads anew, so one call lasts until the next snapshot.
        more = race.sweeps_until_next(sweeps)
        model.train(more, workers=race.threads, show_progress=False)
        sweeps += more
        over = race.passed(sweeps, now)


if __name__ == "__main__":
    main(Race.of_command_line())
