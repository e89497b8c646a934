"""Whether this process can use a GPU, and how much fits there. Imports Numba's CUDA package only when asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import ClassVar, Final

from lda.samplers.registry import SAMPLERS, Sampler, choice_of

INSTALL: Final = "pip install 'raylda[cuda]'"


class DeviceError(ValueError):
    """No GPU can do what was asked: there is none, it is too small, fails, or the sampler is not offered on one.

    exit_code, kind: how a command ends for it, and what `--json` calls it.
    """

    exit_code: ClassVar[int] = 4
    kind: ClassVar[str] = "device"


def check_sampler(sampler: Sampler) -> None:
    """Raise DeviceError when the sampler is not offered on a GPU.

    Offered are those that give the CPU's bits there, since they take no logarithms and no powers.
    """
    if sampler.cuda is None:
        offered = choice_of(row for row in SAMPLERS.values() if row.cuda is not None)
        raise DeviceError(
            f"the sampler {sampler.name} is not offered on a GPU, which would round its logarithms and powers "
            f"otherwise, or run it by one thread; take {offered}, or the device cpu"
        )


def check_device() -> None:
    """Raise DeviceError, with the remedy, when there is no GPU that this process can use."""
    if find_spec("numba_cuda") is None:
        raise DeviceError(f"the device cuda needs the package numba-cuda, which is not installed: {INSTALL}")
    from lda.samplers.cuda.door import SIMULATED, cuda

    if SIMULATED:
        return
    try:
        found = cuda.is_available() and len(cuda.gpus) > 0
    except Exception as error:
        raise DeviceError(f"no GPU can be used here ({_one_line(error)}); take the device cpu") from error
    if not found:
        raise DeviceError(
            "no GPU can be used here (no CUDA driver, or no device that it can see); take the device cpu, or see "
            "whether nvidia-smi lists one"
        )


def free_bytes() -> int | None:
    """Free memory of the device; None where it is unknown, as in the simulator."""
    from lda.samplers.cuda.door import SIMULATED, cuda

    if SIMULATED:
        return None
    return int(cuda.current_context().get_memory_info().free)


def device_name() -> str:
    """The device's name, as its driver gives it."""
    from lda.samplers.cuda.door import SIMULATED, cuda

    if SIMULATED:
        return "simulator"
    name = cuda.get_current_device().name
    return name.decode() if isinstance(name, bytes) else str(name)


@contextmanager
def device_errors() -> Iterator[None]:
    """Raise DeviceError for what the driver says of a device that fails, or has no memory left."""
    try:
        yield
    except DeviceError:
        raise
    except Exception as error:
        # The driver's errors have no common class: memory, launches and the compiler have their own.
        if not type(error).__module__.startswith(("numba.cuda", "numba_cuda", "cuda.")):
            raise
        raise DeviceError(
            f"the GPU failed ({_one_line(error):.300}); go on from the last checkpoint with --resume, with fewer "
            "topics or more GPUs, or take the device cpu"
        ) from error


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
