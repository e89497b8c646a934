"""What a cluster cannot do is refused in one line: no nodes, no room, nothing to read, nowhere to write."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import ray
from click.testing import CliRunner
from nodes import TWO, counts, same, settings, stored

from lda.cli import cli
from lda.cluster import fit
from lda.cluster.distributed.address_check import begin, finish
from lda.cluster.spec.checkpointing import Checkpointing
from lda.cluster.spec.cluster import Cluster
from lda.cluster.spec.errors import CheckpointError, ClusterError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nodes import Nodes

    from lda.cluster.spec.results import SweepRecord


def test_a_port_of_ray_that_is_not_its_head(nodes: Nodes) -> None:
    for node in (node for node in ray.nodes() if node["Alive"]):
        address = f"{node['NodeManagerAddress']}:{node['NodeManagerPort']}"
        with pytest.raises(ClusterError, match="but not as the head of a Ray cluster"):
            finish(begin(address), address)
    finish(begin(nodes.address), nodes.address)


@pytest.mark.parametrize(
    ("workers", "threads", "said"),
    [
        (3, 4, "need 12 CPUs, the cluster has 8 on 2 nodes, with room for 2 such"),
        (1, 5, "with room for 0 such"),
    ],
)
def test_more_than_there_is_is_refused(nodes: Nodes, workers: int, threads: int, said: str) -> None:
    with pytest.raises(ClusterError, match=said):
        fit(nodes.corpus, settings(), cluster=Cluster(workers=workers, threads_per_worker=threads))


def test_cpus_that_others_hold_are_not_waited_for_without_end(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lda.cluster.distributed.placement.PATIENCE_SECONDS", 0.5)
    others = ray.util.placement_group([{"CPU": 4}, {"CPU": 4}])
    assert others.wait(10)
    try:
        with pytest.raises(
            ClusterError, match=r"2 workers with 1 CPUs each found no room.*others use the cluster"
        ):
            fit(nodes.corpus, settings(), cluster=TWO)
    finally:
        ray.util.remove_placement_group(others)


def test_documents_that_workers_cannot_read(nodes: Nodes, tmp_path: Path) -> None:
    """The driver has them mapped; the workers look for them in vain."""
    corpus = stored(tmp_path / "gone", counts(50, 40, 0.1))
    for i in range(corpus.n_shards):
        corpus.shard(i)
    (tmp_path / "gone").rename(tmp_path / "elsewhere")
    with pytest.raises(ClusterError, match=r"worker \d on [\d.]+ cannot work: .*gone/") as caught:
        fit(corpus, settings(), cluster=TWO)
    assert "\n" not in str(caught.value)


def test_nodes_with_other_versions_are_refused(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "lda.cluster.distributed.actor_report.versions", lambda: {"raylda": "9.9", "Python": "3.11"}
    )
    with pytest.raises(ClusterError, match=r"worker 0 on [\d.]+ runs raylda .*, here 9\.9; install the same"):
        fit(nodes.corpus, settings(), cluster=TWO)


def test_checkpoints_that_cannot_be_written(nodes: Nodes, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    place = Checkpointing(path=str(tmp_path / "file" / "under"), every=1)
    with pytest.raises(CheckpointError, match=r"checkpoints cannot be written to .*Not a directory") as e:
        fit(nodes.corpus, settings(), cluster=TWO, checkpointing=place)
    assert "\n" not in str(e.value)


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--workers", 0, "workers must be at least 1, got 0"),
        ("--workers", -1, "workers must be at least 1, got -1"),
        ("--aggregators", 0, "aggregators must be at least 1, got 0"),
        ("--threads-per-worker", 0, "threads_per_worker must be at least 1, got 0"),
        ("--worker-timeout", 0, "worker_timeout must be a number of seconds, 5 or more, got 0.0"),
        ("--worker-timeout", "nan", "worker_timeout must be a number of seconds, 5 or more, got nan"),
        ("--staleness", -1, "staleness must be 0 or more, or none, got -1"),
        ("--staleness", "some", "--staleness must be a whole number or none, got 'some'"),
    ],
)
def test_numbers_that_cannot_be(tmp_path: Path, option: str, value: object, said: str) -> None:
    words = ["fit", "docs.txt", "-o", str(tmp_path / "m"), "--address", "auto", option, str(value)]
    result = CliRunner().invoke(cli, words)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1] == f"Error: {said}"
    assert list(tmp_path.iterdir()) == []


def test_two_workers_cannot_be_collapsed(nodes: Nodes) -> None:
    with pytest.raises(ValueError, match="the sampler collapsed runs on one worker"):
        fit(nodes.corpus, settings("collapsed"), cluster=TWO)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A place with room for 400 KB."""
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=400k", "none", place], capture_output=True
    ).returncode:
        pytest.skip("needs the right to mount")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def test_a_full_disk_leaves_the_last_checkpoint(nodes: Nodes, small_disk: Path) -> None:
    wanted = settings(sweeps=8)
    place = Checkpointing(path=str(small_disk / "c"), every=2)

    def fill(record: SweepRecord) -> None:
        if record.sweep == 5:
            with suppress(OSError), (small_disk / "ballast").open("wb", buffering=0) as file:
                while True:
                    file.write(bytes(4096))

    said: list[str] = []
    fit(nodes.corpus, wanted, cluster=TWO, checkpointing=place, on_sweep=fill, warn=said.append)
    assert len(said) == 2
    for line, sweep in zip(said, (6, 8), strict=True):
        assert f"of sweep {sweep} could not be written" in line
        assert "No space left on device; make room or choose another place; the fit goes on" in line
    (small_disk / "ballast").unlink()
    seen: list[int] = []
    result = fit(
        nodes.corpus,
        wanted,
        cluster=TWO,
        checkpointing=replace(place, resume=True),
        on_sweep=lambda record: seen.append(record.sweep),
    )
    assert seen[0] == 5
    same(fit(nodes.corpus, wanted), result)
