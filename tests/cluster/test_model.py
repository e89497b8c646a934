"""The model of a fit on a cluster: written by its aggregators, without passing through the driver."""

from __future__ import annotations

import json
import pickle
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import ray
from click.testing import CliRunner, Result
from nodes import TWO, same, settings, stored

from lda import Model
from lda.cli import cli
from lda.cluster import Checkpointing, fit
from lda.cluster.distributed import driver as driver_module
from lda.cluster.distributed.aggregator import AggregatorActor
from lda.corpus.files.object_store import RemoteShards
from lda.corpus.storage.places import LocalStorage, storage

if TYPE_CHECKING:
    from pathlib import Path

    from nodes import Nodes

TOPICS = 60
LARGEST = 25_000
"""Bytes of the largest message the driver may get, whatever V and N; most is the histogram of n_dk, which grows
with K and with the length of documents."""


def run(*arguments: object) -> Result:
    result = CliRunner().invoke(cli, [str(a) for a in arguments])
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
def alone(corpus: Path) -> Path:
    """The model of the fit in one process."""
    run(*command(corpus, corpus.parent / "alone"))
    return corpus.parent / "alone"


def on(nodes: Nodes, aggregators: int = 2) -> list[object]:
    return [
        "--address",
        nodes.address,
        "--workers",
        2,
        "--threads-per-worker",
        1,
        "--aggregators",
        aggregators,
    ]


def equal(one: object, other: object) -> None:
    """Both places hold the same model, to the bit."""
    a, b = Model.load(one), Model.load(other)  # type: ignore[arg-type]
    assert a.fingerprint() == b.fingerprint()
    for x, y in ((a.counts, b.counts), (a.mean_counts, b.mean_counts)):
        assert x is not None
        assert y is not None
        assert x.dtype == y.dtype
        assert x.has_canonical_format
        np.testing.assert_array_equal(x.toarray(), y.toarray())
    np.testing.assert_array_equal(a.alpha, b.alpha)
    assert (a.beta, a.vocabulary) == (b.beta, b.vocabulary)
    told = [json.loads(run("info", model, "--json").stdout) for model in (one, other)]
    assert told[0]["fingerprint"] == told[1]["fingerprint"] == a.fingerprint()


def test_the_driver_gets_small_messages_and_the_same_model(
    nodes: Nodes, corpus: Path, alone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    get, sizes = ray.get, list[int]()

    def weigh(references: Any, **options: Any) -> Any:
        found = get(references, **options)
        sizes.extend(len(pickle.dumps(one)) for one in (found if isinstance(found, list) else [found]))
        return found

    monkeypatch.setattr(ray, "get", weigh)
    said = run(*command(corpus, tmp_path / "m", *on(nodes)))
    printed, everything = (
        {tuple(line.split()) for line in text.splitlines()}
        for text in (said.stdout, run("topics", alone).stdout)
    )
    assert len(printed) == 1 + 30
    assert printed < everything
    assert sorted(path.name for path in (tmp_path / "m").iterdir()) == [
        "alpha.npy",
        "counts-00000-of-00002.npz",
        "counts-00001-of-00002.npz",
        "mean_counts-00000-of-00002.npz",
        "mean_counts-00001-of-00002.npz",
        "model.json",
        "vocabulary.txt",
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["m"]
    equal(alone, tmp_path / "m")
    files = json.loads((tmp_path / "m" / "model.json").read_text())["parts"]["counts"]
    assert max(sizes) < LARGEST
    assert min(file["bytes"] for file in files) > 5 * LARGEST


def test_from_object_store_to_object_store(
    nodes: Nodes, corpus: Path, alone: Path, tmp_path: Path, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Corpus, checkpoints and model; the driver reads no shard, the aggregators write the parts."""
    source, target = bucket.format("cluster/corpus"), bucket.format("cluster/model")
    run("corpus", "build", corpus, "-o", source)
    monkeypatch.setattr(RemoteShards, "batch", lambda *_: pytest.fail("the driver read a shard"))
    said = run(*command(source, target, *on(nodes)))
    assert "comes through this process" not in said.stderr
    equal(alone, target)
    (folder,) = storage(target).folders()
    assert "counts-00001-of-00002.npz" in storage(target).files(folder)


def test_a_part_that_is_not_to_be_seen_is_fetched(
    nodes: Nodes, corpus: Path, alone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nodes that do not share the model's folder: one has a folder of that name of its own, another has none."""
    (tmp_path / "own").mkdir()
    seen_by = ["", str(tmp_path / "own"), str(tmp_path / "none")]

    class Apart(AggregatorActor):
        async def write_part(self, step: int, place: str, part: int, *rest: int) -> Any:
            return await super().write_part(step, seen_by[part] or place, part, *rest)

    monkeypatch.setattr(driver_module, "AggregatorActor", Apart)
    said = run(*command(corpus, tmp_path / "m", *on(nodes, aggregators=3)))
    fetched = re.findall(
        rf"(\w+)-0000(\d)-of-00003.npz, which aggregator (\d) on [\d.]+ was to write to {tmp_path}/\S+, is not "
        r"there \((no such file|there is no folder).*?\), so it comes through this process",
        said.stderr,
    )
    assert fetched == [
        ("counts", "1", "1", "no such file"),
        ("mean_counts", "1", "1", "no such file"),
        ("counts", "2", "2", "there is no folder"),
        ("mean_counts", "2", "2", "there is no folder"),
    ]
    equal(alone, tmp_path / "m")
    assert not (tmp_path / "none").exists()


def test_workers_look_through_a_checkpoint(
    nodes: Nodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest is damaged, and the driver, which reads no topics, says so; the one before is gone on from."""
    wanted, place = settings(sweeps=6), Checkpointing(path=str(tmp_path), every=2)
    fit(nodes.corpus, wanted, cluster=TWO, checkpointing=place, on_sweep=lambda record: record.sweep == 5)
    topics = tmp_path / "sweep-00000004" / "topics-00003.bin"
    data = bytearray(topics.read_bytes())
    data[len(data) // 2] ^= 1
    topics.write_bytes(data)
    for name in ("read", "chunks"):
        ordinary = getattr(LocalStorage, name)
        monkeypatch.setattr(
            LocalStorage,
            name,
            lambda self, file, do=ordinary: pytest.fail(file) if "topics-" in file else do(self, file),
        )
    told: list[str] = []
    seen: list[int] = []
    result = fit(
        nodes.corpus,
        wanted,
        cluster=TWO,
        checkpointing=replace(place, resume=True),
        warn=told.append,
        on_sweep=lambda record: seen.append(record.sweep),
    )
    assert len(told) == 1
    assert "sweep-00000004" in told[0]
    assert "topics-00003.bin has another checksum than the manifest says" in told[0]
    assert seen == [3, 4, 5, 6]
    same(fit(nodes.corpus, wanted), result)


def test_a_disk_that_is_full_leaves_nothing(
    nodes: Nodes, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the aggregators nor the driver can write."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    class Full(AggregatorActor):
        async def write_part(self, *asked: Any) -> Any:
            return replace(await super().write_part(*asked), problem="No space left on device")

    monkeypatch.setattr(driver_module, "AggregatorActor", Full)
    monkeypatch.setattr("lda.corpus.storage.places.LocalStorage.write", full)
    result = CliRunner().invoke(
        cli, [str(a) for a in command(corpus, tmp_path / "m", *on(nodes), "--checkpoint-every", 0)]
    )
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == "lda: error: No space left on device"
    assert not list(tmp_path.iterdir())
