"""What a second process compiles for the first fit on a machine: see `sweeping/compile_ahead.py`."""

from __future__ import annotations

import numpy as np

from lda.cluster.fitting import fit
from lda.cluster.spec.fit_settings import FitSettings
from lda.cluster.sweeping.compile_ahead import compile_rule
from lda.corpus.convert import as_corpus
from lda.samplers.numerics.kernel_cache import why_none
from lda.samplers.registry import SAMPLERS
from lda.samplers.rehearsal import small_alike


def compile_for_fit(name: str, n_topics: int) -> None:
    """First the rule of the sampler `name`, then what a fit needs later than that: a tiny fit is run to its end.

    With the fewest topics that need the same kernels; and not where the rule could not be kept.
    """
    compile_rule(name, n_topics)
    if why_none() is not None:
        return
    corpus = as_corpus(np.random.default_rng(0).poisson(0.5, size=(40, 30)))
    fit(
        corpus,
        FitSettings(
            n_topics=small_alike(n_topics),
            sampler=name,
            alpha="auto" if SAMPLERS[name].learns_priors else 0.1,
            sweeps=20,
            threads=1,
            burn_in=1,
            optimize_interval=1,
        ),
    )
