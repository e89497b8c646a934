"""The door to the hardware: what lanes of a warp do together, and arithmetic that nobody may fuse.

A warp is two teams of 16 lanes, one team a document; a team's lanes are the 16 lanes of `samplers.lanes`. All lanes of
a warp go the same way through a kernel: where one team alone needs a step, both take it, and one of them ignores the
result. Shuffles then need neither masks nor a look at who is there.

Without a GPU, Numba's simulator runs the kernels, one Python thread a lane. It knows shared memory and barriers but no
shuffles, so the functions below have twins there that go through shared memory; a simulated block is one warp.

Multiplications are rounded by themselves: `a * b + c` as one fused operation would round once where the CPU rounds
twice. The compilers may not touch these functions' results; sums need no such care where no product is bare.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import config, cuda

SIMULATED: Final = bool(config.ENABLE_CUDASIM)
TEAM: Final = 16
"""Lanes that work on one document."""

WARP: Final = 32
_ALL: Final = 0xFFFFFFFF
F32, F64, I32, I64, U64 = np.float32, np.float64, np.int32, np.int64, np.uint64

device = cuda.jit(device=True) if SIMULATED else cuda.jit(device=True, forceinline=True)


def kernel(bounds: Any) -> Any:  # noqa: ANN401 - Numba's
    """A decorator for kernels. bounds: threads of a block, or (these, blocks a multiprocessor shall have room for)."""
    return cuda.jit if SIMULATED else cuda.jit(launch_bounds=bounds)


if SIMULATED:
    _slots: list[Any] = [0] * WARP

    @device
    def mul32(a, b):
        """A * b in float32."""
        return F32(a) * F32(b)

    @device
    def mul64(a, b):
        """A * b in float64."""
        return F64(a) * F64(b)

    @device
    def div64(a, b):
        """A / b in float64."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return F64(a) / F64(b)

    @device
    def shuffle(value, source):
        """`value` of lane `source` (0 .. 31) of the warp."""
        _slots[cuda.threadIdx.x] = value
        cuda.syncthreads()
        got = _slots[int(source)]
        cuda.syncthreads()
        return got

    @device
    def shuffle_up(value, step):
        """`value` of the lane that stands `step` before; of the lane itself where there is none."""
        me = cuda.threadIdx.x
        return shuffle(value, me - step if me >= step else me)

    @device
    def ballot(predicate):
        """A bit for each lane of the warp: where `predicate` holds."""
        _slots[cuda.threadIdx.x] = bool(predicate)
        cuda.syncthreads()
        bits = 0
        for j in range(WARP):
            bits |= int(_slots[j]) << j
        cuda.syncthreads()
        return bits

    @device
    def matches(value):
        """A bit for each lane of the warp that has the same `value`."""
        _slots[cuda.threadIdx.x] = int(value)
        cuda.syncthreads()
        bits = 0
        for j in range(WARP):
            bits |= int(_slots[j] == int(value)) << j
        cuda.syncthreads()
        return bits

    @device
    def settle():
        """What lanes of the warp wrote to shared memory is seen by all of them."""
        cuda.syncthreads()

    @device
    def mix(x):
        """`random.mix`."""
        with np.errstate(over="ignore"):
            x = (x ^ (x >> U64(30))) * U64(0xBF58476D1CE4E5B9)
            x = (x ^ (x >> U64(27))) * U64(0x94D049BB133111EB)
            return x ^ (x >> U64(31))

    @device
    def times(a, b):
        """A * b of 64 bits, modulo 2^64."""
        with np.errstate(over="ignore"):
            return U64(a) * U64(b)

    @device
    def plus(a, b):
        """A + b of 64 bits, modulo 2^64."""
        with np.errstate(over="ignore"):
            return U64(a) + U64(b)

else:
    from numba.cuda import libdevice

    @device
    def mul32(a, b):
        """A * b in float32."""
        return libdevice.fmul_rn(F32(a), F32(b))

    @device
    def mul64(a, b):
        """A * b in float64."""
        return libdevice.dmul_rn(F64(a), F64(b))

    @device
    def div64(a, b):
        """A / b in float64."""
        return libdevice.ddiv_rn(F64(a), F64(b))

    @device
    def shuffle(value, source):
        """`value` of lane `source` (0 .. 31) of the warp."""
        return cuda.shfl_sync(_ALL, value, source)

    @device
    def shuffle_up(value, step):
        """`value` of the lane that stands `step` before; of the lane itself where there is none."""
        return cuda.shfl_up_sync(_ALL, value, step)

    @device
    def ballot(predicate):
        """A bit for each lane of the warp: where `predicate` holds."""
        return cuda.ballot_sync(_ALL, predicate)

    @device
    def matches(value):
        """A bit for each lane of the warp that has the same `value`."""
        return cuda.match_any_sync(_ALL, value)

    @device
    def settle():
        """What lanes of the warp wrote to shared memory is seen by all of them."""
        cuda.syncwarp(_ALL)

    @device
    def mix(x):
        """`random.mix`."""
        x = (x ^ (x >> U64(30))) * U64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> U64(27))) * U64(0x94D049BB133111EB)
        return x ^ (x >> U64(31))

    @device
    def times(a, b):
        """A * b of 64 bits, modulo 2^64."""
        return U64(a) * U64(b)

    @device
    def plus(a, b):
        """A + b of 64 bits, modulo 2^64."""
        return U64(a) + U64(b)


@device
def team_ballot(predicate, half):
    """A bit for each of the team's 16 lanes, int32. half: the team's first lane in its warp, 0 or 16."""
    return I32((I64(ballot(predicate)) >> half) & 0xFFFF)


@device
def count_bits(bits):
    """How many bits of a non-negative int32 are set."""
    return I32(cuda.popc(I32(bits)))


@device
def anyone(predicate):
    """Whether `predicate` holds in any lane of the warp."""
    return ballot(predicate) != 0


@device
def lane_prefix(value, lane):
    """Inclusive prefix sum of a float32 over the team's lanes, in the order of `lanes.scan_rows`."""
    zero = F32(0)
    for power in range(4):
        step = 1 << power
        other = shuffle_up(value, step)
        value = value + (other if lane >= step else zero)
    return value


@device
def increment(x):
    """`random.increment`."""
    x = times(x ^ (x >> U64(33)), U64(0xFF51AFD7ED558CCD))
    x = times(x ^ (x >> U64(33)), U64(0xC4CEB9FE1A85EC53))
    x = (x ^ (x >> U64(33))) | U64(1)
    edges = x ^ (x >> U64(1))
    return x ^ U64(0xAAAAAAAAAAAAAAAA) if cuda.popc(edges) < 24 else x


@device
def stream_origin(seed, sweep, key):
    """The origin of `random.stream`, and what its increment is made from."""
    a = mix(plus(seed, U64(0x9E3779B97F4A7C15)))
    b = mix(a ^ plus(times(sweep, U64(0x9E3779B97F4A7C15)), U64(0xBF58476D1CE4E5B9)))
    c = mix(b ^ plus(key, U64(0x9E3779B97F4A7C15)))
    return c, plus(c, b)


@device
def draw_bits(origin, step, i):
    """The 64 bits behind draw i of a stream."""
    return mix(plus(origin, times(step, U64(i + 1))))


@device
def lane_with_weight(scan, last, lane):
    """`lanes._lane_with_weight`: the nearest lane of positive total below `lane`, else above it, else lane 0."""
    for j in range(lane - 1, -1, -1):
        if scan[U64(last + j)] > 0:
            return I64(j)
    for j in range(lane + 1, TEAM):
        if scan[U64(last + j)] > 0:
            return I64(j)
    return I64(0)
