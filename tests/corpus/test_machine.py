"""Cores and memory of a process in a container: by files of control groups in a folder of our own."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from lda.cluster import FitSettings
from lda.cluster.distributed.connection import connected
from lda.cluster.spec.cluster import Cluster
from lda.cluster.sweeping.sweeper import count_rows
from lda.corpus import machine, ordered_map
from lda.corpus.arrow import use_available_cores
from lda.corpus.machine import available_cores, available_memory
from lda.estimator.sklearn_conventions import threads_of

if TYPE_CHECKING:
    from pathlib import Path

HOST = 64
UNLIMITED = "9223372036854771712"  # what version 1 says instead of "max"


@pytest.fixture(autouse=True)
def _host(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine of many cores and a terabyte, whatever this one has."""
    real = os.sysconf
    memory = {"SC_PHYS_PAGES": 2**28, "SC_PAGE_SIZE": 2**12}
    monkeypatch.setattr(os, "process_cpu_count", lambda: HOST, raising=False)  # Python 3.13
    monkeypatch.setattr(os, "sysconf", lambda name: memory.get(name) or real(name))


def system(root: Path, membership: str | None, files: dict[str, str]) -> Path:
    """A folder with `proc/self/cgroup` and files below `sys/fs/cgroup`."""
    if membership is not None:
        (root / "proc/self").mkdir(parents=True)
        (root / "proc/self/cgroup").write_text(membership)
    for name, text in files.items():
        path = root / "sys/fs/cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    return root


DOCKER_1 = "12:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n1:name=systemd:/docker/abc\n0::/\n"
CASES: dict[str, tuple[str | None, dict[str, str], int, int]] = {
    "version 2, its own namespace": (
        "0::/\n",
        {"cpu.max": "200000 100000", "memory.max": "1073741824"},
        2,
        2**30,
    ),
    "version 2, no limit": ("0::/\n", {"cpu.max": "max 100000", "memory.max": "max"}, HOST, 2**40),
    "version 2, a part of a core": ("0::/\n", {"cpu.max": "50000 100000", "memory.max": "max"}, 1, 2**40),
    "version 2, two cores and a half": ("0::/\n", {"cpu.max": "250000 100000", "memory.max": "5"}, 3, 5),
    "version 2, more than there is": (
        "0::/\n",
        {"cpu.max": "9900000 100000", "memory.max": "9" * 14},
        HOST,
        2**40,
    ),
    "version 2, a job of Slurm": (
        "0::/slurm/job_7/step_0\n",
        {
            "slurm/job_7/cpu.max": "400000 100000",
            "slurm/job_7/memory.max": "8589934592",
            "slurm/job_7/step_0/cpu.max": "max 100000",
            "slurm/job_7/step_0/memory.max": "max",
        },
        4,
        2**33,
    ),
    "version 2, the least of all": (
        "0::/a/b\n",
        {
            "a/cpu.max": "300000 100000",
            "a/b/cpu.max": "500000 100000",
            "a/memory.max": "7",
            "a/b/memory.max": "6",
        },
        3,
        6,
    ),
    "version 2, a group outside": (
        "0::/../../elsewhere\n",
        {"cpu.max": "200000 100000", "memory.max": "7", "elsewhere/cpu.max": "100000 100000"},
        2,
        7,
    ),
    "version 1, mounted as its own": (
        DOCKER_1,
        {
            "cpu,cpuacct/cpu.cfs_quota_us": "150000",
            "cpu,cpuacct/cpu.cfs_period_us": "100000",
            "memory/memory.limit_in_bytes": "2147483648",
        },
        2,
        2**31,
    ),
    "version 1, mounted as the host's": (
        DOCKER_1,
        {
            "cpu/cpu.cfs_quota_us": "-1",
            "cpu/cpu.cfs_period_us": "100000",
            "cpu/docker/abc/cpu.cfs_quota_us": "600000",
            "cpu/docker/abc/cpu.cfs_period_us": "100000",
            "memory/memory.limit_in_bytes": UNLIMITED,
            "memory/docker/abc/memory.limit_in_bytes": "3221225472",
        },
        6,
        3 * 2**30,
    ),
    "version 1, no limit": (
        DOCKER_1,
        {
            "cpu/cpu.cfs_quota_us": "-1",
            "cpu/cpu.cfs_period_us": "100000",
            "memory/memory.limit_in_bytes": UNLIMITED,
        },
        HOST,
        2**40,
    ),
    "proc hidden": (None, {"cpu.max": "200000 100000", "memory/memory.limit_in_bytes": "7"}, 2, 7),
    "no groups at all": (None, {}, HOST, 2**40),
    "nonsense": ("0::/\n\nx\n7:cpu\n", {"cpu.max": "many few", "memory.max": ""}, HOST, 2**40),
    "a period of nothing": ("0::/\n", {"cpu.max": "100000 0", "memory.max": "-3"}, HOST, 2**40),
}


@pytest.mark.parametrize("name", CASES)
def test_limits_of_control_groups(name: str, tmp_path: Path) -> None:
    membership, files, cores, memory = CASES[name]
    made = system(tmp_path, membership, files)
    assert available_cores(made) == cores
    assert available_memory(made) == memory


def test_this_machine_has_what_it_tells() -> None:
    assert 1 <= available_cores() <= HOST
    assert 2**20 < (available_memory() or 0) <= 2**40


def test_all_who_ask_for_cores_get_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = system(tmp_path, "0::/\n", {"cpu.max": "300000 100000"})
    monkeypatch.setattr(machine, "SYSTEM", made)
    assert ordered_map.thread_count(None) == 3
    assert FitSettings(n_topics=2).resolved().threads == 3
    assert [threads_of(n) for n in (-1, -2, -9)] == [3, 2, 1]


def test_cores_that_the_scheduler_allows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unlimited = system(tmp_path, None, {})
    monkeypatch.setattr(os, "process_cpu_count", lambda: 5)
    assert available_cores(unlimited) == 5
    monkeypatch.delattr(os, "process_cpu_count")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {1, 4, 9}, raising=False)
    assert available_cores(unlimited) == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert available_cores(unlimited) == 1


def test_arrow_starts_no_more_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    before = pa.cpu_count()
    try:
        for there, allowed, expected in ((8, 3, 3), (2, 3, 2)):
            pa.set_cpu_count(there)
            monkeypatch.setattr("lda.corpus.arrow.available_cores", lambda allowed=allowed: allowed)
            use_available_cores()
            assert pa.cpu_count() == expected
    finally:
        pa.set_cpu_count(before)


def test_a_dense_model_must_fit_the_container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = system(tmp_path, "0::/\n", {"memory.max": str(2**30)})
    corpus = SimpleNamespace(n_terms=3_000, term_frequencies=np.ones(3_000, dtype=np.int64), vocabulary=["a"])
    settings = FitSettings(n_topics=100_000, sampler="pclda").resolved()
    assert len(count_rows(corpus, settings).start) == 3_000  # type: ignore[arg-type]
    monkeypatch.setattr(machine, "SYSTEM", made)
    with pytest.raises(ValueError, match=r"here 1\.1 GiB, and this process may use 1\.0 GiB"):
        count_rows(corpus, settings)  # type: ignore[arg-type]


def test_a_local_cluster_has_no_more_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    import ray

    asked: dict[str, object] = {}
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", lambda **options: asked.update(options))
    monkeypatch.setattr(ray, "shutdown", lambda: None)
    monkeypatch.setattr("lda.cluster.distributed.connection.available_cores", lambda: 3)
    with connected(Cluster()):
        assert asked["num_cpus"] == 3
