"""What a cluster cannot do is refused in one line: no nodes, no room, nothing to read, nowhere to write."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import small_disk
from click.testing import CliRunner
from cluster_fits import TWO, TWO_NODES, alone, counts, same, settings, stored, threads
from thread_actors import ThreadActors

from lda.cli import cli
from lda.cluster import fit
from lda.cluster.distributed.actor_system import Bundle
from lda.cluster.distributed.address_check import begin, finish
from lda.cluster.distributed.runtime import Runtime
from lda.cluster.distributed.worker import WorkerActor
from lda.cluster.spec.checkpointing import Checkpointing
from lda.cluster.spec.cluster import Cluster
from lda.cluster.spec.errors import CheckpointError, ClusterError
from lda.corpus import Corpus

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nodes import Nodes

    from lda.cluster.distributed.actor_report import Ready
    from lda.cluster.spec.results import SweepRecord


@pytest.mark.ray
def test_a_port_of_ray_that_is_not_its_head(nodes: Nodes) -> None:
    import ray

    alive = [node for node in ray.nodes() if node["Alive"]]  # type: ignore[no-untyped-call]
    for node in alive:
        address = f"{node['NodeManagerAddress']}:{node['NodeManagerPort']}"
        with pytest.raises(ClusterError, match="but not as the head of a Ray cluster"):
            finish(begin(address), address)
    finish(begin(nodes.address), nodes.address)


@pytest.mark.parametrize(
    ("workers", "n_threads", "said"),
    [
        (3, 4, "need 12 CPUs, the cluster has 8 on 2 nodes, with room for 2 such"),
        (1, 5, "with room for 0 such"),
    ],
)
def test_more_than_there_is_is_refused(small: Path, workers: int, n_threads: int, said: str) -> None:
    with pytest.raises(ClusterError, match=said):
        fit(
            Corpus.open(small),
            settings(),
            cluster=Cluster(workers=workers, threads_per_worker=n_threads),
            runtime=threads(),
        )


def test_cpus_that_others_hold_are_not_waited_for_without_end(small: Path) -> None:
    system = ThreadActors(TWO_NODES)
    others = system.reserve([Bundle(4), Bundle(4)], 10)
    assert others is not None
    runtime = Runtime(connect=system.connect, patience=0.5)
    said = r"2 workers with 1 CPUs each found no room.*others use the cluster"
    with pytest.raises(ClusterError, match=said):
        fit(Corpus.open(small), settings(), cluster=TWO, runtime=runtime)
    system.give_back(others)
    same(alone(small, settings()), fit(Corpus.open(small), settings(), cluster=TWO, runtime=runtime))


@pytest.mark.ray
def test_cpus_that_others_hold_on_ray(nodes: Nodes) -> None:
    import ray
    from nodes import on_nodes

    others = ray.util.placement_group([{"CPU": 4}, {"CPU": 4}])
    assert others.wait(60)
    try:
        with pytest.raises(ClusterError, match=r"2 workers with 1 CPUs each found no room.*others use"):
            fit(nodes.corpus, settings(), cluster=TWO, runtime=on_nodes(patience=0.5))
    finally:
        ray.util.remove_placement_group(others)


def test_documents_that_workers_cannot_read(tmp_path: Path) -> None:
    """The driver has them mapped; the workers look for them in vain."""
    corpus = stored(tmp_path / "gone", counts(50, 40, 0.1))
    for i in range(corpus.n_shards):
        corpus.shard(i)
    (tmp_path / "gone").rename(tmp_path / "elsewhere")
    with pytest.raises(ClusterError, match=r"worker \d on [\d.]+ cannot work: .*gone/") as caught:
        fit(corpus, settings(), cluster=TWO, runtime=threads())
    assert "\n" not in str(caught.value)


class Older(WorkerActor):
    """Of another installation."""

    def begin(self) -> Ready:
        return replace(super().begin(), versions={"raylda": "0.0.1", "Python": "3.11"})


class Broken(WorkerActor):
    """Fails before its first call."""

    def __init__(self, *arguments: Any) -> None:
        raise ImportError("No module named 'numba'")


@pytest.mark.parametrize(
    ("worker", "said"),
    [
        (Older, r"worker 0 on [\d.]+ runs raylda 0\.0\.1, here .*; install the same versions on all nodes$"),
        (
            Broken,
            r"an actor could not begin \(No module named 'numba'\); install the same software on all nodes$",
        ),
    ],
)
def test_nodes_with_other_software_are_refused(small: Path, worker: type[WorkerActor], said: str) -> None:
    with pytest.raises(ClusterError, match=said):
        fit(Corpus.open(small), settings(), cluster=TWO, runtime=threads(worker=worker))


def test_checkpoints_that_cannot_be_written(small: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    place = Checkpointing(path=str(tmp_path / "file" / "under"), every=1)
    with pytest.raises(CheckpointError, match=r"checkpoints cannot be written to .*Not a directory") as e:
        fit(Corpus.open(small), settings(), cluster=TWO, checkpointing=place, runtime=threads())
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


def test_two_workers_cannot_be_collapsed(small: Path) -> None:
    with pytest.raises(ValueError, match="the sampler collapsed runs on one worker"):
        fit(Corpus.open(small), settings("collapsed"), cluster=TWO, runtime=threads())


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A place with room for 400 KB."""
    with small_disk.of_size(tmp_path / "disk", "400k") as folder:
        yield folder


def test_a_full_disk_leaves_the_last_checkpoint(small: Path, disk: Path) -> None:
    wanted = settings(sweeps=8)
    place = Checkpointing(path=str(disk / "c"), every=2)

    def fill(record: SweepRecord) -> None:
        if record.sweep == 5:
            with suppress(OSError), (disk / "ballast").open("wb", buffering=0) as file:
                while True:
                    file.write(bytes(4096))

    said: list[str] = []
    corpus = Corpus.open(small)
    fit(
        corpus,
        wanted,
        cluster=TWO,
        checkpointing=place,
        on_sweep=fill,
        warn=said.append,
        runtime=threads(),
    )
    assert len(said) == 2
    for line, sweep in zip(said, (6, 8), strict=True):
        assert f"of sweep {sweep} could not be written" in line
        assert "No space left on device; make room or choose another place; the fit goes on" in line
    (disk / "ballast").unlink()
    seen: list[int] = []
    result = fit(
        corpus,
        wanted,
        cluster=TWO,
        checkpointing=replace(place, resume=True),
        on_sweep=lambda record: seen.append(record.sweep),
        runtime=threads(),
    )
    assert seen[0] == 5
    same(alone(small, wanted), result)
