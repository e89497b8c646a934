"""scikit-learn's LatentDirichletAllocation: variational Bayes, batch or online, by joblib's processes."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp
from sklearn.decomposition import LatentDirichletAllocation

if TYPE_CHECKING:
    from benchmarks.peers.protocol import Model, Over, Race
else:  # a driver is run as a file, and sees what lies beside it
    from protocol import Model, Over, Race

ENDLESS = 10**9
UPDATES_A_PASS = 16


def main(race: Race) -> None:
    """Iterate until the time is over."""
    shape = (race.n_documents, race.n_terms)
    counts = sp.csr_matrix(
        (np.array(race.counts), np.array(race.indices), np.array(race.indptr)), shape=shape
    )
    # Its default of 128 documents spends its time on sending them to the processes.
    size = max(1, min(1024, race.n_documents // UPDATES_A_PASS))
    method = race.variant or "batch"
    race.settings(
        alpha=f"1/K = {1 / race.k:g}, fixed", beta=race.beta, n_jobs=race.threads, learning_method=method,
        **({"batch_size": size} if method == "online" else {}),
    )  # fmt: skip

    class Watched(LatentDirichletAllocation):
        seen = 0

        def _em_step(self, X: Any, total_samples: int, batch_update: bool, parallel: Any = None) -> None:  # noqa: ANN401
            super()._em_step(X, total_samples, batch_update, parallel)
            self.seen += X.shape[0]
            share = self.seen / race.n_documents
            if race.passed(int(share), self.now, int(share * race.n_tokens)):
                raise Over

        def now(self) -> Model:
            return self.components_, self.doc_topic_prior_

    model = Watched(
        race.k, topic_word_prior=race.beta, learning_method=method, max_iter=ENDLESS, batch_size=size,
        n_jobs=race.threads, random_state=race.seed,
    )  # fmt: skip
    # joblib's processes stay from one fit to the next: starting them is not training.
    few = counts[: 2 * race.threads]
    LatentDirichletAllocation(2, max_iter=1, learning_method=method, n_jobs=race.threads).fit(few)
    race.start()
    with contextlib.suppress(Over):
        model.fit(counts)


if __name__ == "__main__":
    main(Race.of_command_line())
