"""Random numbers that depend on what they are drawn for, never on which thread or worker draws them.

Each document and pass has its own stream, found from (seed, pass number, document key); draw i of a stream can be
computed without draw i - 1. Threads, workers and restarts therefore cannot change a result, and a walk over
part of a document draws what the whole walk would have drawn.

The generator is SplitMix with a stream-dependent odd increment: Steele, Lea and Flood, "Fast splittable
pseudorandom number generators", OOPSLA 2014, figures 15 to 17 (doi:10.1145/2660193.2660195). With one common
increment, 10^10 streams of one 2^64 cycle would be expected to overlap somewhere; with 2^63 increments they do not.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from lda.samplers.numerics.jit import helper

_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_M1: Final = np.uint64(0xBF58476D1CE4E5B9)
_M2: Final = np.uint64(0x94D049BB133111EB)
_G1: Final = np.uint64(0xFF51AFD7ED558CCD)
_G2: Final = np.uint64(0xC4CEB9FE1A85EC53)
_S27: Final = np.uint64(27)
_S30: Final = np.uint64(30)
_S31: Final = np.uint64(31)
_S33: Final = np.uint64(33)
_S11: Final = np.uint64(11)
_ONE: Final = np.uint64(1)
_ALTERNATE: Final = np.uint64(0xAAAAAAAAAAAAAAAA)


class Stream(NamedTuple):
    """The random numbers of one document in one pass. origin, step: uint64; draw i is mix(origin + (i + 1) step)."""

    origin: np.uint64
    step: np.uint64


@helper
def mix(x: np.uint64) -> np.uint64:
    """Bijective scrambling of 64 bits (variant 13 of Stafford's mixers)."""
    x = (x ^ (x >> _S30)) * _M1
    x = (x ^ (x >> _S27)) * _M2
    return x ^ (x >> _S31)


@helper
def increment(x: np.uint64) -> np.uint64:
    """An odd increment made from 64 bits, mended where its bits alternate too rarely (figure 16)."""
    x = (x ^ (x >> _S33)) * _G1
    x = (x ^ (x >> _S33)) * _G2
    x = (x ^ (x >> _S33)) | _ONE
    edges = x ^ (x >> _ONE)
    n_edges = 0
    while edges != np.uint64(0):
        edges &= edges - _ONE
        n_edges += 1
    return x ^ _ALTERNATE if n_edges < 24 else x


@helper
def stream(seed: np.uint64, pass_number: np.uint64, key: np.uint64) -> Stream:
    """The stream of one document, `key`, in one pass; draws of phi pass a step number and a word instead."""
    a = mix(seed + _GOLDEN)
    b = mix(a ^ (pass_number * _GOLDEN + _M1))
    c = mix(b ^ (key + _GOLDEN))
    return Stream(c, increment(c + b))


@helper
def state(numbers: Stream, i: int) -> np.uint64:
    """What draw i of a stream is mixed from; that of draw i + 1 is `numbers.step` more."""
    return numbers.origin + numbers.step * (np.uint64(i) + _ONE)


@helper
def uniform_of(x: np.uint64) -> float:
    """The draw that is mixed from x: float64 in [0, 1), 53 random bits."""
    return float(np.int64(mix(x) >> _S11)) * (1.0 / 9007199254740992.0)


@helper
def uniform(numbers: Stream, i: int) -> float:
    """Draw i of a stream: float64 in [0, 1), 53 random bits."""
    return uniform_of(state(numbers, i))
