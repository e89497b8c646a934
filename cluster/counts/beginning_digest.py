"""By which the beginning of a chain is known again: for checkpoints, and for its random numbers."""

from __future__ import annotations

import hashlib
from typing import Final

import numpy as np

from lda.cluster.counts.fingerprint import fingerprint
from lda.cluster.spec.beginning import Beginning
from lda.corpus.readers.count_batches import canonical

_DIGESTED: Final = 1 << 22
"""Topics at a time."""

_PASS_BITS: Final = 40


def digest_of(begin: Beginning) -> str:
    """sha256 in hex of all that a beginning says."""
    whole = hashlib.sha256()
    if begin.counts is not None:
        whole.update(fingerprint(canonical(begin.counts)).encode())
    if begin.topics is not None:
        for first in range(0, len(begin.topics), _DIGESTED):
            whole.update(begin.topics[first : first + _DIGESTED].astype("<i4").tobytes())
    for prior in (begin.alpha, begin.beta):
        whole.update(b"-" if prior is None else np.asarray(prior, dtype="<f8").tobytes())
    return whole.hexdigest()


def first_pass(begin: Beginning | None) -> int:
    """The number of the first pass of a chain, by which random numbers are keyed; 0 for one that begins anew.

    A chain that goes on from another one with the same seed must not draw its numbers again: cut into fits of a sweep
    each, it would apply one and the same map to the topics over and over, until they no longer change: no sampling at
    all. Rejected: another seed, because documents kept out for validation are chosen by it, and should stay out.
    """
    return 0 if begin is None else 1 + int(digest_of(begin), 16) % (1 << _PASS_BITS)
