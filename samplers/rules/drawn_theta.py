"""The token rule conditional on a drawn theta_d: with a drawn phi, the textbook uncollapsed Gibbs sampler.

    theta_d ~ Dirichlet(alpha + n_d.),      z ~ p(k) ~ theta_dk phi_kw

Given theta and phi all tokens are independent, so the repeats of a word share a scan. Exact.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lda.samplers.numerics.jit import kernel
from lda.samplers.numerics.prefix_sum import LANES, pick, scan_rows
from lda.samplers.numerics.streams import stream, uniform
from lda.samplers.phi.dirichlet_draw import least_share, posterior_draw
from lda.samplers.phi.language_model import LanguageModel

_THETA_STREAM: Final = np.uint64(0x7468657461206472)


@kernel
def sweep_documents(
    words: NDArray[np.int32],
    doc_offsets: NDArray[np.int64],
    doc_keys: NDArray[np.uint64],
    first: int,
    last: int,
    z: NDArray[Any],
    model: LanguageModel,
    seed: np.uint64,
    sweep: np.uint64,
) -> None:
    """Resample every token of documents first .. last - 1, in place in `z`; all rows of `model` are dense."""
    n_topics, stride = model.n_topics, model.stride
    n_dk = np.zeros(n_topics, dtype=np.int32)
    theta = np.zeros(stride, dtype=np.float32)  # up to a factor, which cancels
    prefix = np.zeros(stride + LANES, dtype=np.float32)
    blocks = stride // LANES
    least = np.empty(n_topics, dtype=np.float64)  # of topics that a document does not have: most
    for k in range(n_topics):
        least[k] = least_share(np.float64(model.alpha[k]))
    for d in range(first, last):
        begin, end = doc_offsets[d], doc_offsets[d + 1]
        for i in range(begin, end):
            n_dk[z[i]] += 1
        origin, step = stream(seed ^ _THETA_STREAM, sweep, doc_keys[d])
        j = 0
        for k in range(n_topics):
            g, j = posterior_draw(np.float64(model.alpha[k]), least[k], n_dk[k], origin, step, j)
            theta[k] = g
            n_dk[k] = 0
        origin, step = stream(seed, sweep, doc_keys[d])
        total = 0.0
        for i in range(begin, end):
            if i == begin or words[i] != words[i - 1]:
                total = scan_rows(theta, 0, model.phi, model.start[words[i]], blocks, prefix)
            # All terms can underflow when theta and phi disagree wholly; the token then keeps its topic.
            if total > 0:
                z[i] = pick(prefix, blocks, uniform(origin, step, i - begin) * total)
