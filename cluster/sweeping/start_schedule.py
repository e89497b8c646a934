"""The schedule of the start: which documents get their first topics when, and how wide phi is until then.

While a start lasts, phi is smoothed with a larger beta than the one asked for. Words then do not settle in the
first topic that happens to have them. Held-out likelihood per token on arXiv abstracts, beta 0.01 at the end, by
training seconds on two cores, one seed (random topics, or growing from 4,000 documents):

    K = 100                                                        K = 1000, growing    20 s     40 s
    random             -7.712 (8 s)  -7.546 (16 s)  -7.449 (32 s)  beta 0.01          -7.361   -7.288
    growing, 0.01      -7.654 (8 s)  -7.571 (17 s)  -7.486 (32 s)  beta 0.03          -7.303   -7.268
    growing, 0.1       -7.505 (6 s)  -7.454 (12 s)  -7.435 (24 s)  beta 0.1           -7.331   -7.284
    growing, 0.3       -7.512 (6 s)  -7.468 (12 s)  -7.452 (24 s)  beta 0.3           -7.438   -7.300
    growing, 1         -7.746 (6 s)  -7.624 (12 s)  -7.555 (24 s)

Rejected: a growing start without a larger beta, because at K = 100 its first documents fixed topics that the rest
could not undo; twice the documents in the first stage, because it scored lower (K = 100: -7.452 after 20 s); a beta
that decays after a growing start, because it made no difference (-7.435 after 20 s); at K = 1000, learning alpha from
the fifth sweep on, because it scored lower (-7.253 after 26 sweeps; -7.230 to -7.240 with three other pairs of alpha
and beta after 27 to 30).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

from lda.cluster.spec.fit_settings import FitSettings
from lda.samplers.priors import Priors
from lda.samplers.registry import Sampler

FIRST_STAGE: Final = 4000
"""Documents in the first stage of a growing start."""

STAGE_SWEEPS: Final = 3
"""Sweeps over the documents so far before their number is doubled."""


ANNEALED: Final = 3.0
DECAY: Final = 0.8
"""Where there are too few documents to begin with some of them, topics are random, and beta begins at three times
the warm one and falls by a fifth a sweep: it is below 0.01 after 16 sweeps at K = 100, after 24 at K = 3. NIPS at
K = 100, 3 s, with a tenth a sweep: -7.469 for -7.527; after 20 s no difference. A tenth is no worse (arXiv at
K = 100, random topics, 16 s: -7.495 for -7.512), but a 40-sweep fit would spend half its sweeps annealing.
Rejected: cooling within a share of the sweeps requested, because a fit resumed with more sweeps would differ from one
that requested them at once."""

BETA_SWEEPS: Final = 20
"""Sweeps from random topics after each of which a beta that is to be learned is learned."""

CAP_DECAY: Final = 0.9


@dataclass(frozen=True, slots=True)
class StartSchedule:
    """Stages of a start, and the beta of its passes.

    n_stages: stages, 1 without a growing start. first_stage: documents in the first. sweeps: in each stage.

    beta: the least beta of the passes of a start. decay: its factor from pass to pass; 1 for one that stays until
    the start is over.

    beta_sweeps: after the first topics and each of so many sweeps, beta is learned. cap: the largest at first.
    """

    n_stages: int
    first_stage: int
    sweeps: int
    beta: float = 0.0
    decay: float = 1.0
    beta_sweeps: int = 0
    cap: float = math.inf

    def warm(self, pass_number: int, priors: Priors) -> Priors:
        """The priors of pass number `pass_number`. Depends on nothing else, so a resumed fit goes on alike."""
        if self.decay < 1:
            beta = self.beta * self.decay ** max(pass_number - 1, 0)
        else:
            beta = self.beta if pass_number < self.n_stages * (1 + self.sweeps) else 0.0
        return priors if beta <= priors.beta else replace(priors, beta=beta)

    def widest(self, pass_number: int) -> float:
        """The largest beta that may be learned after `pass_number` passes; infinity once the start is over."""
        return self.cap * CAP_DECAY ** (pass_number - 1) if pass_number <= 1 + self.beta_sweeps else math.inf


def start_in_effect(settings: FitSettings, n_documents: int, sampler: Sampler) -> str:
    """The start that resolved `settings` lead to with `n_documents` to train on: random, annealed or growing.

    Samplers whose language model is no mean of counts begin at random: a Dirichlet draw from few documents says
    less than their counts do.
    """
    if settings.start == "random" or sampler.language != "mean":
        return "random"
    return "annealed" if settings.start == "annealed" or n_documents <= FIRST_STAGE else "growing"


def start_schedule(settings: FitSettings, n_documents: int, sampler: Sampler) -> StartSchedule:
    """The schedule of the start that the resolved `settings` ask for.

    A growing start doubles the documents until all are in.
    """
    everything, start = max(n_documents, 1), start_in_effect(settings, n_documents, sampler)
    if start == "random":
        return StartSchedule(1, everything, 0)
    warm = 1 / math.sqrt(settings.n_topics)
    learns = isinstance(settings.beta, str)
    if start == "annealed":
        if learns:
            return StartSchedule(1, everything, 0, beta_sweeps=BETA_SWEEPS, cap=ANNEALED * warm)
        return StartSchedule(1, everything, 0, ANNEALED * warm, DECAY)
    n_stages = 1
    while FIRST_STAGE << (n_stages - 1) < n_documents:
        n_stages += 1
    return StartSchedule(n_stages, FIRST_STAGE, STAGE_SWEEPS, warm, beta_sweeps=BETA_SWEEPS if learns else 0)
