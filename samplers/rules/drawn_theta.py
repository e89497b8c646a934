"""The token rule conditional on a drawn theta_d: with a drawn phi, the textbook uncollapsed Gibbs sampler.

    theta_d ~ Dirichlet(alpha + n_d.),      z ~ p(k) ~ theta_dk phi_kw

Given theta and phi all tokens are independent, so the repeats of a word share a scan. Exact.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from lda.samplers.numerics.jit import kernel
from lda.samplers.numerics.prefix_sum import LANES, pick, scan_rows
from lda.samplers.numerics.streams import stream, uniform
from lda.samplers.phi.dirichlet_draw import least_share, posterior_draw
from lda.samplers.phi.language_model import LanguageModel
from lda.samplers.tokens import Tokens

_THETA_STREAM: Final = np.uint64(0x7468657461206472)


@kernel
def sweep_documents(
    tokens: Tokens,
    first: int,
    last: int,
    model: LanguageModel,
    seed: np.uint64,
    pass_number: np.uint64,
) -> None:
    """Resample every token of documents first .. last - 1, in place in `tokens.z`; all rows of `model` are dense."""
    words, z = tokens.words, tokens.z
    n_topics, stride = model.n_topics, model.stride
    n_dk = np.zeros(n_topics, dtype=np.int32)
    theta = np.zeros(stride, dtype=np.float32)  # up to a factor, which cancels
    prefix = np.zeros(stride + LANES, dtype=np.float32)
    blocks = stride // LANES
    least = np.empty(n_topics, dtype=np.float64)  # of topics that a document does not have: most
    for k in range(n_topics):
        least[k] = least_share(np.float64(model.alpha[k]))
    for d in range(first, last):
        begin, end = tokens.doc_offsets[d], tokens.doc_offsets[d + 1]
        for i in range(begin, end):
            n_dk[z[i]] += 1
        numbers = stream(seed ^ _THETA_STREAM, pass_number, tokens.doc_keys[d])
        j = 0
        for k in range(n_topics):
            g, j = posterior_draw(np.float64(model.alpha[k]), least[k], n_dk[k], numbers, j)
            theta[k] = g
            n_dk[k] = 0
        numbers = stream(seed, pass_number, tokens.doc_keys[d])
        total = 0.0
        for i in range(begin, end):
            if i == begin or words[i] != words[i - 1]:
                total = scan_rows(theta, 0, model.phi, model.start[words[i]], blocks, prefix)
            # All terms can underflow when theta and phi disagree wholly; the token then keeps its topic.
            if total > 0:
                z[i] = pick(prefix, blocks, uniform(numbers, i - begin) * total)


def resample_documents(
    tokens: Tokens,
    first: int,
    last: int,
    model: LanguageModel,
    seed: np.uint64,
    pass_number: np.uint64,
    leave_out: bool,
) -> None:
    """`sweep_documents` as a `TokenRule`. Raises ValueError for leave_out: theta is drawn given all of a document."""
    if leave_out:
        raise ValueError("a drawn theta has every token counted; set leave_out to False")
    sweep_documents(tokens, first, last, model, seed, pass_number)
