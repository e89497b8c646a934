"""Priors of a fit, the same for every engine: where they begin, and one update of those that are learned."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from lda.cluster.spec.beginning import Beginning
from lda.cluster.spec.fit_settings import FitSettings
from lda.samplers.counts.histograms import Histogram
from lda.samplers.priors import (
    BETA_START,
    Priors,
    TokensBefore,
    learn_alpha,
    learn_beta,
    learn_symmetric_alpha,
    raised,
    start_priors,
)


def first_priors(settings: FitSettings, begin: Beginning | None) -> Priors:
    """The priors that a fit begins with: those given, and where learning begins."""
    priors = start_priors(settings.alpha, settings.beta, settings.n_topics)
    if begin is None:
        return priors
    alpha, beta = priors.alpha, priors.beta
    if isinstance(settings.alpha, str) and begin.alpha is not None:
        alpha = np.asarray(begin.alpha, dtype=np.float64)
        if settings.alpha == "auto-symmetric":
            alpha = np.full(len(alpha), alpha.mean())
    if isinstance(settings.beta, str) and begin.beta is not None:
        beta = float(begin.beta)
    return Priors(alpha=alpha, beta=beta)


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
    before: TokensBefore | None = None,
) -> Priors:
    """Priors after an update of those that `settings` leave to be learned.

    lengths: documents by N_d > 0. topics: gives documents by (topic, n_dk). cells: gives how many n_kw equal n,
    and n_k. The last two are called only when a prior needs them: on a cluster they cost a round of messages.
    widest: the largest that beta may be. beta_alone: leave alpha as it is, as a start that learns beta does. before:
    tokens that are in the cells, but were there before any document.
    """
    alpha, beta = priors.alpha, priors.beta
    if isinstance(settings.alpha, str) and not beta_alone:
        learn = learn_symmetric_alpha if settings.alpha == "auto-symmetric" else learn_alpha
        alpha = raised(learn(alpha, topics(), lengths))
    if isinstance(settings.beta, str):
        histogram, totals = cells()
        beta = max(min(learn_beta(beta, histogram, totals, n_terms, before), widest), BETA_START)
    return Priors(alpha=alpha, beta=beta)
