"""`learned`: one update of those priors that are learned, the same for every engine."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from lda.cluster.spec.fit_settings import FitSettings
from lda.samplers.counts.histograms import Histogram
from lda.samplers.priors import BETA_START, Priors, learn_alpha, learn_beta, raised


def learned(
    settings: FitSettings,
    priors: Priors,
    lengths: Histogram,
    n_terms: int,
    topics: Callable[[], Histogram],
    cells: Callable[[], tuple[Histogram, NDArray[np.int64]]],
    *,
    widest: float,
    beta_alone: bool,
) -> Priors:
    """Priors after an update of those that `settings` leave to be learned.

    lengths: documents by N_d > 0. topics: gives documents by (topic, n_dk). cells: gives how many n_kw equal n,
    and n_k. The last two are called only when a prior needs them: on a cluster they cost a round of messages.
    widest: the largest that beta may be. beta_alone: leave alpha as it is, as a start that learns beta does.
    """
    alpha, beta = priors.alpha, priors.beta
    if isinstance(settings.alpha, str) and not beta_alone:
        alpha = raised(learn_alpha(alpha, topics(), lengths))
    if isinstance(settings.beta, str):
        histogram, totals = cells()
        beta = max(min(learn_beta(beta, histogram, totals, n_terms), widest), BETA_START)
    return Priors(alpha=alpha, beta=beta)
