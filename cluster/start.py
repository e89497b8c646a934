"""The start: which documents get their first topics when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lda.cluster.settings import FitSettings
from lda.samplers.registry import Sampler

FIRST_STAGE: Final = 4000
"""Documents in the first stage of a growing start."""

STAGE_SWEEPS: Final = 3
"""Sweeps over the documents so far before their number is doubled."""


@dataclass(frozen=True, slots=True)
class Stages:
    """levels: stages, 1 for a random start. first_stage: documents in the first. sweeps: in each stage."""

    levels: int
    first_stage: int
    sweeps: int


def stages(settings: FitSettings, n_documents: int, sampler: Sampler) -> Stages:
    """Stages of the start that resolved `settings` ask for.

    A growing start doubles the documents until all are in. Samplers whose language model is no mean of counts
    begin at random: a Dirichlet draw from few documents says less than their counts do.
    """
    if settings.start != "growing" or sampler.language != "mean" or n_documents <= FIRST_STAGE:
        return Stages(1, max(n_documents, 1), 0)
    levels = 1
    while FIRST_STAGE << (levels - 1) < n_documents:
        levels += 1
    return Stages(levels, FIRST_STAGE, STAGE_SWEEPS)
