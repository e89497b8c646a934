"""What a cluster cannot do is refused in one line: no nodes, no room, nothing to read, nowhere to write."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import ray
from nodes import TWO, counts, settings, stored

from lda.cluster import fit
from lda.cluster.checkpoint import CheckpointError, Checkpointing
from lda.cluster.cluster import Cluster, ClusterError
from lda.corpus import as_corpus

if TYPE_CHECKING:
    from pathlib import Path

    from nodes import Nodes


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
    monkeypatch.setattr("lda.cluster.placement.PATIENCE_SECONDS", 0.5)
    others = ray.util.placement_group([{"CPU": 4}, {"CPU": 4}])
    assert others.wait(10)
    try:
        with pytest.raises(
            ClusterError, match=r"2 workers with 1 CPUs each found no room.*others use the cluster"
        ):
            fit(nodes.corpus, settings(), cluster=TWO)
    finally:
        ray.util.remove_placement_group(others)


@pytest.mark.parametrize("by_environment", [False, True])
def test_no_cluster_there(monkeypatch: pytest.MonkeyPatch, by_environment: bool) -> None:
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:9")
    address = "auto" if by_environment else "127.0.0.1:9"
    with pytest.raises(
        ClusterError, match=r"no Ray cluster answers at 127.0.0.1:9 .*refused.*`ray start --head`"
    ):
        fit(as_corpus(np.ones((2, 3))), settings(), cluster=replace(TWO, address=address))


def test_cluster_that_lets_nobody_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """What Ray says after 20 s without its token, or to what is no Ray; said here at once."""

    def refused(**_options: object) -> None:
        raise ConnectionError("Failed to connect to Ray cluster.")

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", refused)
    with socket.create_server(("127.0.0.1", 0)) as there:
        address = f"127.0.0.1:{there.getsockname()[1]}"
        with pytest.raises(ClusterError, match=rf"listens at {address} does not .*RAY_AUTH_TOKEN"):
            fit(as_corpus(np.ones((2, 3))), settings(), cluster=replace(TWO, address=address))


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
    monkeypatch.setattr("lda.cluster.hosts.versions", lambda: {"raylda": "9.9", "Python": "3.11"})
    with pytest.raises(ClusterError, match=r"worker 0 on [\d.]+ runs raylda .*, here 9\.9; install the same"):
        fit(nodes.corpus, settings(), cluster=TWO)


def test_checkpoints_that_workers_cannot_write(nodes: Nodes, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    place = Checkpointing(path=str(tmp_path / "file" / "under"), every=1)
    with pytest.raises(
        CheckpointError, match=r"checkpoint of sweep 1 could not be written to .*Not a directory"
    ) as e:
        fit(nodes.corpus, settings(), cluster=TWO, checkpointing=place)
    assert "\n" not in str(e.value)
