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

Late, a growing start was once behind random topics: arXiv, K = 100, a third of the documents, 320 sweeps, -7.379 for
-7.370. The reason was not the start but the sum of alpha, which was learned away (`lda.samplers.priors`): with the sum
held, growing has -7.446, -7.373 and -7.355 after 40, 160 and 320 sweeps, random topics -7.532, -7.382 and -7.357; on
newsgroups, K = 20, -7.791, -7.758 and -7.757 against -7.829, -7.776 and -7.754. Tried before that was known, with beta
learned: 40, 160 and 320 sweeps, soft counts of five states (where marked, counts), one seed; none won on every corpus:

                                           newsgroups, K = 20           arXiv, K = 100             Debian, K = 50
    as it is                           -7.811* -7.781* -7.775*     -7.475* -7.399* -7.379*     -7.129  -7.062
    alpha from the fiftieth sweep on   -7.804  -7.779  -7.773
    one sweep a stage                  -7.810  -7.766  -7.759      -7.519  -7.407  -7.382      -7.190  -7.128
    no sweeps in a stage               -7.839  -7.781  -7.770      -7.546  -7.409  -7.377
    16,000 documents at first          -7.821  -7.774  -7.766
    a third of the larger beta         -7.820  -7.772  -7.766
    a tenth                            -7.832  -7.781  -7.781
    falling by a fifth a pass          -7.819  -7.779  -7.771
    kept for 20 sweeps more            -7.799  -7.778  -7.773
    beta learned after each pass       -7.812  -7.783  -7.779      -7.517  -7.419  -7.387      -7.194  -7.095
    random topics                      -7.840  -7.769  -7.754      -7.534  -7.401  -7.370
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
"""Sweeps after the first topics (growing: of all documents), after each of which a beta to be learned is learned.

From random topics this replaces the annealing: their likeliest beta is wide, and falls by itself as topics form, not
faster than they do. State of the Union, K = 20, mean of two seeds, 10, 40, 160 and 320 sweeps: -8.398, -8.307, -8.281,
-8.282; annealed as below, and learned from the tenth sweep on, -8.398, -8.308, -8.289, -8.288; annealed from a third
of that -8.413, -8.312, -8.288, -8.292; random topics -8.444, -8.322, -8.285, -8.285. After a growing start, the first
sweeps no longer have the beta that learning begins with: newsgroups -7.795 for -7.800 after 40 sweeps, arXiv -7.447
for -7.455."""

CAP_DECAY: Final = 0.9
"""From random topics, beta is learned no wider than three times the warm one, a tenth less after each sweep. Where all
words are equally frequent, the likeliest beta of random topics is infinite, and topics would never part. On the
corpora above it cuts what is learned little or not: NIPS, K = 100, at most 0.3 for 0.44 at first and 0.037 for
0.056 in the twentieth sweep, with the same score."""


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
    """The start that resolved `settings` lead to with `n_documents` to train on: random, annealed, growing or given.

    Samplers whose language model is no mean of counts begin at random: a Dirichlet draw from few documents says
    less than their counts do.
    """
    if settings.start == "given":
        return "given"
    if settings.start == "random" or sampler.language != "mean":
        return "random"
    return "annealed" if settings.start == "annealed" or n_documents <= FIRST_STAGE else "growing"


def start_schedule(settings: FitSettings, n_documents: int, sampler: Sampler) -> StartSchedule:
    """The schedule of the start that the resolved `settings` ask for.

    A growing start doubles the documents until all are in. Topics that are given have settled already: there is no
    larger beta, and a beta to be learned is learned when alpha is.
    """
    everything, start = max(n_documents, 1), start_in_effect(settings, n_documents, sampler)
    if start in ("random", "given"):
        return StartSchedule(1, everything, 0)
    warm = 1 / math.sqrt(settings.n_topics)
    learns = isinstance(settings.beta, str) and settings.optimize_interval > 0
    if start == "annealed":
        if learns:
            return StartSchedule(1, everything, 0, beta_sweeps=BETA_SWEEPS, cap=ANNEALED * warm)
        return StartSchedule(1, everything, 0, ANNEALED * warm, DECAY)
    n_stages = 1
    while FIRST_STAGE << (n_stages - 1) < n_documents:
        n_stages += 1
    return StartSchedule(n_stages, FIRST_STAGE, STAGE_SWEEPS, warm, beta_sweeps=BETA_SWEEPS if learns else 0)
