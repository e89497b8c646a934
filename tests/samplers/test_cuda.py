"""The kernels for GPUs: the processor's bits, in a simulator; and what is said where there is no GPU."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from threading import Lock, Thread
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from cluster_fits import TWO, settings, threads
from simulated_gpu import CASES, FITS, INFERENCE, RESUMED

from lda.cluster import Cluster, FitSettings, fit
from lda.cluster.distributed.actor_system import Node
from lda.cluster.distributed.placement import slots
from lda.cluster.distributed.worker import WorkerActor
from lda.cluster.sweeping.device_sweeper import DeviceShard
from lda.corpus import Corpus, as_corpus
from lda.samplers.cuda.available import DeviceError, check_device
from lda.samplers.registry import SAMPLERS

HERE = Path(__file__).parents[1] / "support"
needs_numba_cuda = pytest.mark.skipif(find_spec("numba_cuda") is None, reason="needs the package numba-cuda")


# Each kernel, in and beyond shared memory, and each way of a draw; the others take longer than all of these.
ESSENTIAL = {
    "three topics, ragged and empty",
    "in turns",
    "first topics",
    "first topics of many",
    "document and alpha part",
    "beyond shared memory",
    "stale counts, rare words, tiny priors",
    "stale counts, few topics",
    "stale counts, all topics",
    "esca",
    "fit adlda",
    INFERENCE,
}


def simulated_cases() -> list[Any]:
    names = [*CASES, *FITS, INFERENCE, RESUMED]
    assert set(names) >= ESSENTIAL
    return [pytest.param(name, marks=[] if name in ESSENTIAL else [pytest.mark.slow]) for name in names]


@pytest.fixture(scope="module")
def simulated(request: pytest.FixtureRequest) -> dict[str, dict[str, Any]]:
    """What `simulated_gpu` prints, by case: one process for all that are to run, since it takes seconds to start."""
    asked = [item.callspec.params["name"] for item in request.session.items if _is_simulated(item)]  # type: ignore[attr-defined]
    environment = os.environ | {"NUMBA_ENABLE_CUDASIM": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run(
        [sys.executable, "-W", "error", str(HERE / "simulated_gpu.py"), *asked],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-4000:]
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    return {line["name"]: line for line in lines}


def _is_simulated(item: Any) -> bool:
    return item.path == Path(__file__) and "simulated" in item.fixturenames


@needs_numba_cuda
@pytest.mark.parametrize("name", simulated_cases())
def test_simulated_kernels_give_the_processors_bits(name: str, simulated: dict[str, dict[str, Any]]) -> None:
    found = simulated[name]
    assert found["bad"] == []
    if name in CASES:
        assert found["covered"]["changed"] > found["covered"]["tokens"] // 3  # something was drawn at all
    if "rare" in name:
        assert found["covered"]["rare"] > 5


def test_a_machine_without_a_gpu_is_told_so() -> None:
    from lda.samplers.cuda.door import cuda

    if cuda.is_available():
        pytest.skip("there is a GPU here")
    with pytest.raises(DeviceError, match=r"take the device cpu|pip install"):
        check_device()
    corpus = as_corpus(np.ones((3, 4), dtype=np.int32))
    with pytest.raises(ValueError, match="device"):
        fit(corpus, FitSettings(n_topics=2, device="cuda"))


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"sampler": "pclda"}, "not offered on a GPU"),
        ({"sampler": "uncollapsed"}, "not offered on a GPU"),
        ({"sampler": "collapsed"}, "not offered on a GPU"),
        ({"memory": 1 << 30}, "memory goes without the device cuda"),
        ({"model_memory": 1 << 30}, "model_memory goes without the device cuda"),
    ],
)
def test_what_no_gpu_does(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        FitSettings(n_topics=2, device="cuda", **settings)


def test_workers_get_the_gpus_that_there_are() -> None:
    nodes = [Node("a", 16, 2), Node("b", 16, 0), Node("c", 4, 8)]
    plan = Cluster(workers=9, threads_per_worker=4)
    assert slots(nodes, plan).on_gpus == 0  # nobody asked
    assert (
        slots(nodes, plan, gpus=1).on_gpus == 3
    )  # two of the first, one of the last: it has CPUs for no more
    assert slots(nodes, plan, gpus=0.5).on_gpus == 5
    assert slots(nodes, plan, gpus=4).on_gpus == 1
    assert slots(nodes, Cluster(workers=2, threads_per_worker=4), gpus=1).on_gpus == 2


SAYS = "the GPU failed (out of memory); take the device cpu"


class Failing(WorkerActor):
    """With a GPU that fails during a sweep."""

    def resample(self, *asked: Any) -> Any:
        raise DeviceError(SAYS)


def test_a_gpu_that_fails_in_a_worker_is_told_of_in_one_line(small: Path) -> None:
    with pytest.raises(DeviceError) as raised:
        fit(Corpus.open(small), settings(), cluster=TWO, runtime=threads(worker=Failing))
    assert str(raised.value) == SAYS


def test_ray_tells_what_an_actor_has_raised_without_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    import ray
    from ray.exceptions import RayTaskError

    from lda.cluster.distributed.ray_actors import RayCalls

    def get(references: list[Any]) -> list[Any]:
        raise RayTaskError("resample", "Traceback ...\n" * 9, DeviceError(SAYS)).as_instanceof_cause()

    monkeypatch.setattr(ray, "get", get)
    with pytest.raises(DeviceError) as raised:
        RayCalls().get(["a pass"])
    assert str(raised.value) == SAYS


def test_topics_asked_for_during_a_pass_do_not_hide_what_it_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkpoint fetches topics while the device is given more to do."""
    shard = DeviceShard.__new__(DeviceShard)
    shard._follows, shard._z, shard._behind = Lock(), np.zeros(4, dtype=np.uint16), ((0, 4),)
    shard.plan = SimpleNamespace(seed=0)  # type: ignore[assignment]
    shard.doc_edges, shard.doc_offsets = np.array([[0, 1]]), np.array([0, 4])
    passes = Thread(
        target=lambda: shard.sample_on_device(
            0,
            1,
            SAMPLERS["adlda"],
            None,  # type: ignore[arg-type]
            stage=0,
            fresh=False,
        )
    )

    def fetch(begin: int, end: int, out: Any) -> None:
        passes.start()
        passes.join(0.5)  # all that it can do meanwhile

    shard.on_device = SimpleNamespace(fetch=fetch, sample=lambda *given: None)  # type: ignore[assignment]
    assert len(shard.z) == 4
    passes.join()
    assert shard._behind == ((0, 4),)


@pytest.mark.parametrize("gpus", [0, -1, 65, float("nan")])
def test_gpus_that_no_worker_can_have(gpus: float) -> None:
    with pytest.raises(ValueError, match="gpus_per_worker must be above 0"):
        Cluster(gpus_per_worker=gpus)


def test_there_are_two_devices() -> None:
    with pytest.raises(ValueError, match="the device must be cpu or cuda, got 'gpu'"):
        FitSettings(n_topics=2, device="gpu")  # type: ignore[arg-type]


@needs_numba_cuda
def test_no_product_is_fused_with_a_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fused multiply-add rounds once where the processor rounds twice."""
    if find_spec("nvidia") is None:
        pytest.skip("needs the compiler in nvidia-nvvm and nvidia-cuda-nvrtc")
    from numba import types
    from numba.cuda import compile_ptx, dispatcher

    from lda.samplers.cuda import language_model, sequential_few_topics, sequential_many_topics

    # Device functions are compiled for the card of the process, and there is none.
    monkeypatch.setattr(dispatcher, "get_current_device", lambda: SimpleNamespace(compute_capability=(8, 0)))

    def array(item: Any) -> Any:
        return types.Array(item, 1, "C")

    i32, i64, u64 = array(types.int32), array(types.int64), array(types.uint64)
    u16, f32, f64 = array(types.uint16), array(types.float32), array(types.float64)
    one, key = types.int64, types.uint64
    few = (i32, i64, u64, i64, one, u16, f32, f32, f64, key, key)
    many = (
        i32, i64, u64, i64, one, u16, one, f32, u16,
        one, one, one, i32, i64, i32, f32, u16, f32, f32, f64, f32, f64, key, key,
    )  # fmt: skip
    sources = [
        (sequential_few_topics.sweep_kernel(7, leave_out=True, fresh=False), few),
        (
            sequential_many_topics.sweep_kernel(
                np.dtype(np.uint16), 8, sequential=True, leave_out=True, fresh=False, in_shared=True
            ),
            many,
        ),
        (language_model.add_alpha_parts, (f32, f32, one, one, one, f32, f64)),
        (language_model.fill_every_row, (i32, i64, types.float64, f64, f32, one, f32)),
    ]
    for kernel, signature in sources:
        text, _ = compile_ptx(kernel.py_func, signature, cc=(8, 0))
        assert "mul.rn" in text
        assert "fma." not in text
