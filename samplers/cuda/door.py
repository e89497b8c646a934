"""Primitives of GPU kernels: what the lanes of a warp do together, and arithmetic that is never fused.

A warp is two teams of 16 lanes, one team a document; a team's lanes are the 16 lanes of `numerics.prefix_sum`. All
lanes of a warp go the same way through a kernel: where one team alone needs a step, both take it, and one of them
ignores the result. Shuffles then need neither masks nor a check of which lanes are active.

Without a GPU, Numba's simulator runs the kernels, one Python thread a lane. It knows shared memory and barriers but no
shuffles, so the functions below have twins there that go through shared memory; a simulated block is one warp.

Multiplications are rounded by themselves: `a * b + c` as one fused operation would round once where the CPU rounds
twice. These intrinsics stop the compiler from contracting to a fused multiply-add; plain additions need no such care.
"""

from __future__ import annotations

import warnings
from typing import Any, Final, TypeAlias

import numpy as np
from numba import config
from numba import cuda as numba_cuda

SIMULATED: Final = bool(getattr(config, "ENABLE_CUDASIM", 0))
TEAM: Final = 16
"""Lanes that work on one document."""

WARP: Final = 32
_ALL: Final = 0xFFFFFFFF
Array: TypeAlias = Any
"""An array on the device, or in shared memory."""

Scalar: TypeAlias = Any
"""A number of one lane."""

F32: Any = np.float32
F64: Any = np.float64
I32: Any = np.int32
I64: Any = np.int64
U64: Any = np.uint64

cuda: Any = numba_cuda
"""Numba's module; its names are made for kernels, and checkers of types know few of them."""


device = cuda.jit(device=True) if SIMULATED else cuda.jit(device=True, forceinline=True)


# Some kernels are small on purpose: what belongs to topics alone fills no card.
warnings.filterwarnings("ignore", message=r".*Grid size \d+ will likely result in GPU under-utilization")


def kernel(bounds: Any) -> Any:  # noqa: ANN401 - Numba's
    """A decorator for kernels. bounds: threads of a block, or (these, blocks a multiprocessor shall have room for)."""
    return cuda.jit if SIMULATED else cuda.jit(launch_bounds=bounds)


if SIMULATED:
    _slots: list[list[Any]] = [[0] * WARP, [0] * WARP]
    _turn = [0] * WARP

    def _exchanged(value: Scalar) -> list[Any]:
        """`value` of all lanes. Two lists in turn: nobody writes to one before all have read it, by one barrier."""
        me = cuda.threadIdx.x
        slots = _slots[_turn[me]]
        _turn[me] = 1 - _turn[me]
        slots[me] = value
        cuda.syncthreads()
        return slots

    @device
    def mul32(a: Scalar, b: Scalar) -> Scalar:
        """A * b in float32."""
        return F32(a) * F32(b)

    @device
    def mul64(a: Scalar, b: Scalar) -> Scalar:
        """A * b in float64."""
        return F64(a) * F64(b)

    @device
    def div64(a: Scalar, b: Scalar) -> Scalar:
        """A / b in float64."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return F64(a) / F64(b)

    @device
    def shuffle(value: Scalar, source: Scalar) -> Scalar:
        """`value` of lane `source` (0 .. 31) of the warp."""
        return _exchanged(value)[int(source)]

    @device
    def shuffle_up(value: Scalar, step: Scalar) -> Scalar:
        """`value` of the lane that stands `step` before; of the lane itself where there is none."""
        me = cuda.threadIdx.x
        return shuffle(value, me - step if me >= step else me)

    @device
    def ballot(predicate: Scalar) -> Scalar:
        """A bit for each lane of the warp: where `predicate` holds."""
        return sum(1 << j for j, holds in enumerate(_exchanged(bool(predicate))) if holds)

    @device
    def matches(value: Scalar) -> Scalar:
        """A bit for each lane of the warp that has the same `value`."""
        return sum(1 << j for j, other in enumerate(_exchanged(int(value))) if other == int(value))

    @device
    def settle() -> None:
        """What lanes of the warp wrote to shared memory is seen by all of them."""
        cuda.syncthreads()

    @device
    def mix(x: Scalar) -> Scalar:
        """`streams.mix`."""
        with np.errstate(over="ignore"):
            x = (x ^ (x >> U64(30))) * U64(0xBF58476D1CE4E5B9)
            x = (x ^ (x >> U64(27))) * U64(0x94D049BB133111EB)
            return x ^ (x >> U64(31))

    @device
    def times(a: Scalar, b: Scalar) -> Scalar:
        """A * b of 64 bits, modulo 2^64."""
        with np.errstate(over="ignore"):
            return U64(a) * U64(b)

    @device
    def plus(a: Scalar, b: Scalar) -> Scalar:
        """A + b of 64 bits, modulo 2^64."""
        with np.errstate(over="ignore"):
            return U64(a) + U64(b)

else:
    from numba.cuda import libdevice as numba_libdevice

    libdevice: Any = numba_libdevice

    @device
    def mul32(a: Scalar, b: Scalar) -> Scalar:
        """A * b in float32."""
        return libdevice.fmul_rn(F32(a), F32(b))

    @device
    def mul64(a: Scalar, b: Scalar) -> Scalar:
        """A * b in float64."""
        return libdevice.dmul_rn(F64(a), F64(b))

    @device
    def div64(a: Scalar, b: Scalar) -> Scalar:
        """A / b in float64."""
        return libdevice.ddiv_rn(F64(a), F64(b))

    @device
    def shuffle(value: Scalar, source: Scalar) -> Scalar:
        """`value` of lane `source` (0 .. 31) of the warp."""
        return cuda.shfl_sync(_ALL, value, source)

    @device
    def shuffle_up(value: Scalar, step: Scalar) -> Scalar:
        """`value` of the lane that stands `step` before; of the lane itself where there is none."""
        return cuda.shfl_up_sync(_ALL, value, step)

    @device
    def ballot(predicate: Scalar) -> Scalar:
        """A bit for each lane of the warp: where `predicate` holds."""
        return cuda.ballot_sync(_ALL, predicate)

    @device
    def matches(value: Scalar) -> Scalar:
        """A bit for each lane of the warp that has the same `value`."""
        return cuda.match_any_sync(_ALL, value)

    @device
    def settle() -> None:
        """What lanes of the warp wrote to shared memory is seen by all of them."""
        cuda.syncwarp(_ALL)

    @device
    def mix(x: Scalar) -> Scalar:
        """`streams.mix`."""
        x = (x ^ (x >> U64(30))) * U64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> U64(27))) * U64(0x94D049BB133111EB)
        return x ^ (x >> U64(31))

    @device
    def times(a: Scalar, b: Scalar) -> Scalar:
        """A * b of 64 bits, modulo 2^64."""
        return U64(a) * U64(b)

    @device
    def plus(a: Scalar, b: Scalar) -> Scalar:
        """A + b of 64 bits, modulo 2^64."""
        return U64(a) + U64(b)


@device
def team_ballot(predicate: Scalar, half: Scalar) -> Scalar:
    """A bit for each of the team's 16 lanes, int32. half: the team's first lane in its warp, 0 or 16."""
    return I32((I64(ballot(predicate)) >> half) & 0xFFFF)


@device
def count_bits(bits: Scalar) -> Scalar:
    """How many bits of a non-negative int32 are set."""
    return I32(cuda.popc(I32(bits)))


@device
def anyone(predicate: Scalar) -> Scalar:
    """Whether `predicate` holds in any lane of the warp."""
    return ballot(predicate) != 0


@device
def lane_prefix(value: Scalar, lane: Scalar) -> Scalar:
    """Inclusive prefix sum of a float32 over the team's lanes, in the order of `prefix_sum.scan_rows`."""
    zero = F32(0)
    for power in range(4):
        step = 1 << power
        other = shuffle_up(value, step)
        value = value + (other if lane >= step else zero)
    return value


@device
def increment(x: Scalar) -> Scalar:
    """`streams.increment`."""
    x = times(x ^ (x >> U64(33)), U64(0xFF51AFD7ED558CCD))
    x = times(x ^ (x >> U64(33)), U64(0xC4CEB9FE1A85EC53))
    x = (x ^ (x >> U64(33))) | U64(1)
    edges = x ^ (x >> U64(1))
    return x ^ U64(0xAAAAAAAAAAAAAAAA) if cuda.popc(edges) < 24 else x


@device
def stream_origin(seed: Scalar, pass_number: Scalar, key: Scalar) -> tuple[Scalar, Scalar]:
    """The origin of `streams.stream`, and what its increment is made from."""
    a = mix(plus(seed, U64(0x9E3779B97F4A7C15)))
    b = mix(a ^ plus(times(pass_number, U64(0x9E3779B97F4A7C15)), U64(0xBF58476D1CE4E5B9)))
    c = mix(b ^ plus(key, U64(0x9E3779B97F4A7C15)))
    return c, plus(c, b)


@device
def draw_bits(origin: Scalar, step: Scalar, i: Scalar) -> Scalar:
    """The 64 bits behind draw i of a stream."""
    return mix(plus(origin, times(step, U64(i + 1))))


@device
def lane_with_weight(scan: Array, last: Scalar, lane: Scalar) -> Scalar:
    """`prefix_sum.lane_with_weight`: the nearest lane of positive total below `lane`, else above it, else lane 0."""
    for j in range(lane - 1, -1, -1):
        if scan[U64(last + j)] > 0:
            return I64(j)
    for j in range(lane + 1, TEAM):
        if scan[U64(last + j)] > 0:
            return I64(j)
    return I64(0)
