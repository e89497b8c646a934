"""The model of a fit on a cluster: written by its aggregators, without passing through the driver."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from cluster_fits import ONE_NODE, TWO, TWO_NODES, alone, same, settings, stored, threads
from thread_actors import ThreadActors

from lda import Model
from lda.cli import cli
from lda.cluster import Checkpointing, fit
from lda.cluster.distributed.aggregator import AggregatorActor
from lda.cluster.distributed.runtime import Runtime
from lda.cluster.distributed.worker import WorkerActor
from lda.corpus import Corpus
from lda.corpus.files.object_store import RemoteShards
from lda.corpus.storage.places import storage

if TYPE_CHECKING:
    from pathlib import Path

    from nodes import Nodes

TOPICS = 60
LARGEST = 25_000
"""Bytes of the largest message the driver may get, whatever V and N; most is the histogram of n_dk, which grows
with K and with the length of documents."""


def run(*arguments: object, runtime: Runtime | None = None) -> Result:
    result = CliRunner().invoke(cli, [str(a) for a in arguments], obj=runtime)
    assert result.exit_code == 0, result.stderr
    return result


def command(corpus: object, model: object, *more: object) -> list[object]:
    how = [
        "-k",
        TOPICS,
        "-n",
        4,
        "--phases",
        2,
        "--samples",
        2,
        "--sample-interval",
        1,
        "--evaluate-every",
        2,
    ]
    return ["fit", corpus, "-o", model, *how, "--optimize-interval", 1, "--checkpoint-every", 2, *more]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("wide") / "corpus"
    # Words as even as can be: most tokens are then a count of their own, and the counts as large as the documents.
    stored(path, np.random.default_rng(2).multinomial(100, np.full(3000, 1 / 3000), size=2000))
    return path


@pytest.fixture(scope="module")
def model(corpus: Path) -> Path:
    """The model of the fit in one process."""
    run(*command(corpus, corpus.parent / "alone"))
    return corpus.parent / "alone"


def on(aggregators: int = 2, address: str = "local") -> list[object]:
    return ["--address", address, "--workers", 2, "--threads-per-worker", 1, "--aggregators", aggregators]


def equal(one: object, other: object) -> None:
    """Both places hold the same model, to the bit."""
    a, b = Model.load(one), Model.load(other)  # type: ignore[arg-type]
    assert a.fingerprint() == b.fingerprint()
    for x, y in ((a.counts, b.counts), (a.soft_counts, b.soft_counts)):
        assert x is not None
        assert y is not None
        assert x.dtype == y.dtype
        assert x.has_canonical_format
        np.testing.assert_array_equal(x.toarray(), y.toarray())
    np.testing.assert_array_equal(a.alpha, b.alpha)
    assert (a.beta, a.vocabulary) == (b.beta, b.vocabulary)
    told = [json.loads(run("info", model, "--json").stdout) for model in (one, other)]
    assert told[0]["fingerprint"] == told[1]["fingerprint"] == a.fingerprint()


@pytest.mark.parametrize("cpus", [ONE_NODE, TWO_NODES], ids=["one node", "two nodes"])
def test_the_driver_gets_small_messages_and_the_same_model(
    corpus: Path, model: Path, tmp_path: Path, cpus: tuple[int, ...]
) -> None:
    sizes: list[int] = []
    system = ThreadActors(cpus, weigh=sizes.append)
    said = run(*command(corpus, tmp_path / "m", *on()), runtime=Runtime(connect=system.connect))
    printed = said.stdout.splitlines()
    assert len(printed) == 31
    assert set(printed) < set(run("topics", model).stdout.splitlines())
    assert sorted(path.name for path in (tmp_path / "m").iterdir()) == [
        "alpha.npy",
        "counts-00000-of-00002.npz",
        "counts-00001-of-00002.npz",
        "model.json",
        "soft_counts-00000-of-00002.npz",
        "soft_counts-00001-of-00002.npz",
        "vocabulary.txt",
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m", "m.log.jsonl"]
    equal(model, tmp_path / "m")
    files = json.loads((tmp_path / "m" / "model.json").read_text())["parts"]["counts"]
    assert max(sizes) < LARGEST
    assert min(file["bytes"] for file in files) > 5 * LARGEST


def from_object_store_to_object_store(
    model: Path, corpus: Path, bucket: str, address: str, runtime: Runtime | None
) -> None:
    """Corpus, checkpoints and model."""
    name = f"cluster-{'ray' if runtime is None else 'threads'}"
    source, target = bucket.format(f"{name}/corpus"), bucket.format(f"{name}/model")
    run("corpus", "build", corpus, "-o", source)
    said = run(*command(source, target, *on(address=address)), runtime=runtime)
    assert "comes through this process" not in said.stderr
    equal(model, target)
    (folder,) = storage(target).folders()
    assert "counts-00001-of-00002.npz" in storage(target).files(folder)


def test_from_object_store_to_object_store(corpus: Path, model: Path, bucket: str) -> None:
    from_object_store_to_object_store(model, corpus, bucket, "local", threads())


@pytest.mark.ray
def test_from_object_store_to_object_store_by_ray(
    nodes: Nodes, corpus: Path, model: Path, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The driver reads no shard, the aggregators write the parts."""
    monkeypatch.setattr(RemoteShards, "batch", lambda *_: pytest.fail("the driver read a shard"))
    from_object_store_to_object_store(model, corpus, bucket, nodes.address, None)


def test_a_part_that_is_not_to_be_seen_is_fetched(corpus: Path, model: Path, tmp_path: Path) -> None:
    """Nodes that do not share the model's folder: one has a folder of that name of its own, another has none."""
    (tmp_path / "own").mkdir()
    seen_by = ["", str(tmp_path / "own"), str(tmp_path / "none")]

    class Apart(AggregatorActor):
        async def write_part(self, step: int, place: str, part: int, *rest: int) -> Any:
            return await super().write_part(step, seen_by[part] or place, part, *rest)

    said = run(*command(corpus, tmp_path / "m", *on(aggregators=3)), runtime=threads(aggregator=Apart))
    fetched = re.findall(
        rf"(\w+)-0000(\d)-of-00003.npz, which aggregator (\d) on [\d.]+ was to write to {tmp_path}/\S+, is not "
        r"there \((no such file|there is no folder).*?\), so it comes through this process",
        said.stderr,
    )
    assert fetched == [
        ("counts", "1", "1", "no such file"),
        ("soft_counts", "1", "1", "no such file"),
        ("counts", "2", "2", "there is no folder"),
        ("soft_counts", "2", "2", "there is no folder"),
    ]
    equal(model, tmp_path / "m")
    assert not (tmp_path / "none").exists()


def test_workers_look_through_a_checkpoint(small: Path, tmp_path: Path) -> None:
    """The newest is damaged; a worker says so, and only workers read topics; the one before is gone on from."""
    wanted, place = settings(sweeps=6), Checkpointing(path=str(tmp_path), every=2)
    corpus = Corpus.open(small)
    fit(
        corpus,
        wanted,
        cluster=TWO,
        checkpointing=place,
        on_sweep=lambda record: record.sweep == 5,
        runtime=threads(),
    )
    topics = tmp_path / "sweep-00000004" / "topics-00003.bin"
    data = bytearray(topics.read_bytes())
    data[len(data) // 2] ^= 1
    topics.write_bytes(data)
    checked: list[tuple[str, set[str], str | None]] = []

    class Reader(WorkerActor):
        def damage(self, place: str, folder: str, files: dict[str, str]) -> str | None:
            found = super().damage(place, folder, files)
            checked.append((folder, set(files), found))
            return found

    told: list[str] = []
    seen: list[int] = []
    result = fit(
        corpus,
        wanted,
        cluster=TWO,
        checkpointing=replace(place, resume=True),
        warn=told.append,
        on_sweep=lambda record: seen.append(record.sweep),
        runtime=threads(worker=Reader),
    )
    (line,) = told
    assert "sweep-00000004" in line
    assert "topics-00003.bin has another checksum than the manifest says" in line
    assert seen == [3, 4, 5, 6]
    for folder, damaged in (("sweep-00000004", 1), ("sweep-00000002", 0)):
        shares = [files for where, files, _ in checked if where == folder]
        # Each file by one worker, and all by somebody.
        assert len(shares) == 2
        assert not set.intersection(*shares)
        assert {f"topics-{i:05d}.bin" for i in range(corpus.n_shards)} <= set.union(*shares)
        assert sum(found is not None for where, _, found in checked if where == folder) == damaged
    same(alone(small, wanted), result)


def test_a_disk_that_is_full_leaves_nothing(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the aggregators nor the driver can write."""

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    class Full(AggregatorActor):
        async def write_part(self, *asked: Any) -> Any:
            return replace(await super().write_part(*asked), problem="No space left on device")

    monkeypatch.setattr("os.fsync", full)
    words = command(corpus, tmp_path / "m", *on(), "--checkpoint-every", 0)
    result = CliRunner().invoke(cli, [str(a) for a in words], obj=threads(aggregator=Full))
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1].startswith("lda: error: No space left on device: ")
    assert [path.name for path in tmp_path.iterdir()] == ["m.log.jsonl"]  # which tells of it
