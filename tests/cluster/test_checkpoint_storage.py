"""Checkpoints as files: whole or not there, damage noticed, room and rights that are missing."""

from __future__ import annotations

import errno
import json
import os
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import scipy.sparse as sp
import small_disk
from compiled import certain_rows, delta_of

from lda.cluster import CheckpointError, Checkpointing, FitSettings
from lda.cluster.checkpoints.identity import identity
from lda.cluster.checkpoints.manifest import RunState
from lda.cluster.checkpoints.read import latest
from lda.cluster.checkpoints.store import CheckpointStore
from lda.cluster.checkpoints.write import put_topics, stored, write
from lda.cluster.counts.aggregator import Aggregator
from lda.cluster.counts.sparse_npz import csr_bytes
from lda.cluster.counts.word_range import WordRange
from lda.corpus.storage.checksum import checksum
from lda.corpus.storage.places import LocalStorage, RemoteStorage, Storage, storage
from lda.samplers.counts.row_layout import word_rows
from lda.samplers.priors import Priors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SUM = "soft-0000000000-0000000003.npz"
WHO = identity(FitSettings(n_topics=5), "corpus")


def run_state(sweep: int) -> RunState:
    return RunState(
        n_sweeps=sweep,
        pass_number=sweep,
        alpha=np.linspace(0.1, 0.3, 5),
        beta=0.01,
        history=[],
        seconds=1.5,
        sweeping=1.0,
        patience=(-np.inf, 2),
        sampled=(sweep,),
    )


def store(place: Storage, sweep: int, n_shards: int = 6, size: int = 1000) -> None:
    """A checkpoint whose topics are all sweep % 5."""
    topics = [(i, np.full(size if i else 0, sweep % 5, dtype=np.uint16)) for i in range(n_shards)]
    sums = words(np.eye(3, dtype=np.int32))

    def keep(where: Storage, folder: str) -> dict[str, str]:
        return put_topics(where, folder, iter(topics)) | sums.store_sum(where, folder)

    write(place, run_state(sweep), keep, WHO, 2)


def words(counts: np.ndarray, first: int = 0, taken: int = 1) -> WordRange:
    """The owner of words from `first` on, whose sum is `taken` times their counts (words, K)."""
    held = Aggregator(word_rows(counts.sum(axis=1).astype(np.int64), counts.shape[1]))
    held.add_totals(held.add(delta_of(counts)))
    made = WordRange(held, first, first + len(counts))
    for _ in range(taken):
        sample(made, counts)
    return made


def sample(owner: WordRange, counts: np.ndarray) -> None:
    """Add one state to the sum: these counts (words, K)."""
    priors = Priors(alpha=np.full(counts.shape[1], 0.1), beta=0.01)
    owner.take((owner.first, owner.last), certain_rows(counts))
    owner.accumulate(counts.sum(axis=0).astype(np.int64), priors, len(counts))


def newest(place: Storage) -> tuple[int | None, list[str]]:
    """Sweep of the checkpoint that would be used, and what is said on the way to it."""
    said: list[str] = []
    found = latest(place, WHO, said.append)
    return (None if found is None else found.state.n_sweeps), said


@pytest.fixture(params=["path", "uri"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    found = storage(tmp_path / "c" if request.param == "path" else (tmp_path / "c").as_uri())
    assert isinstance(found, LocalStorage if request.param == "path" else RemoteStorage)
    return found


def test_what_is_written_is_read_and_the_last_two_are_kept(place: Storage) -> None:
    for sweep in (10, 20, 30):
        store(place, sweep)
    assert stored(place) == ["sweep-00000020", "sweep-00000030"]
    found = latest(place, WHO, pytest.fail)
    assert found is not None
    state = found.state
    assert (state.n_sweeps, state.patience, state.sampled) == (30, (-np.inf, 2), (30,))
    np.testing.assert_array_equal(state.alpha, np.linspace(0.1, 0.3, 5))
    again = words(np.zeros((3, 3), dtype=np.int32), taken=0)
    again.restore_sum(found.place, found.folder, found.files)
    mean = again.soft(1)
    assert mean is not None
    np.testing.assert_array_equal(mean.toarray(), np.eye(3))
    assert [len(found.topics(i, np.dtype(np.uint16))) for i in range(6)] == [0] + [1000] * 5
    assert set(found.topics(3, np.dtype(np.uint16)).tolist()) == {0}


def test_a_sweep_written_again_replaces_the_folder_left_half_written(place: Storage) -> None:
    store(place, 10)
    store(place, 10, n_shards=2)
    found = latest(place, WHO, pytest.fail)
    assert found is not None
    assert sorted(found.files) == [SUM, "topics-00000.bin", "topics-00001.bin"]


def _flip(folder: Path, name: str = "topics-00003.bin") -> None:
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)


def _truncate(folder: Path) -> None:
    text = (folder / "manifest.json").read_bytes()
    (folder / "manifest.json").write_bytes(text[: len(text) // 2])


DAMAGE: dict[str, Callable[[Path], Any]] = {
    "topics-00003.bin has another checksum": _flip,
    "Unterminated string": _truncate,
    "its manifest has another checksum": lambda folder: _flip(folder, "manifest.json"),
    "topics-00002.bin is missing": lambda folder: (folder / "topics-00002.bin").unlink(),
    "manifest.json is missing": lambda folder: (folder / "manifest.json").unlink(),
    f"{SUM} is missing": lambda folder: (folder / SUM).unlink(),
    "Expecting value": lambda folder: (folder / "manifest.json").write_bytes(b""),
}


@pytest.mark.parametrize("words", DAMAGE)
def test_damage_is_said_and_the_one_before_is_used(tmp_path: Path, words: str) -> None:
    place = storage(tmp_path)
    store(place, 10)
    store(place, 20)
    DAMAGE[words](tmp_path / "sweep-00000020")
    sweep, said = newest(place)
    assert sweep == 10
    assert len(said) == 1
    assert words in said[0]
    assert "sweep-00000010, the one before, is tried" in said[0]
    _flip(tmp_path / "sweep-00000010")
    sweep, said = newest(place)
    assert sweep is None
    assert len(said) == 2
    assert said[1].endswith("there is none before")


def test_sums_are_read_by_other_owners_than_wrote_them(tmp_path: Path) -> None:
    """Three wrote, two read."""
    place, counts = storage(tmp_path), np.random.default_rng(3).poisson(0.7, (50, 4)).astype(np.int32)
    names = ["topics-00000.bin"]
    for first, last in ((20, 45), (0, 20), (45, 50)):
        names += words(counts[first:last], first, taken=2).store_sum(place, "sums")
    for first, last in ((0, 31), (31, 50)):
        reader = words(np.zeros((last - first, 4), dtype=np.int32), first, taken=0)
        reader.restore_sum(place, "sums", names)
        mean = reader.soft(2)
        assert mean is not None
        np.testing.assert_array_equal(mean.toarray(), counts[first:last])


def test_sums_of_earlier_versions_are_left_alone(tmp_path: Path) -> None:
    """They are of plain counts: the checkpoint is taken up, and what is sampled from then on makes a new sum."""
    place, counts = storage(tmp_path), np.array([[2, 0, 0], [0, 3, 1], [1, 1, 1]], dtype=np.int32)
    names = ["mean.npz", "sum-0000000000-0000000003.npz"]  # of all words in one file, and then in parts

    def keep(where: Storage, folder: str) -> dict[str, str]:
        files = {name: bytes(csr_bytes(sp.csr_matrix(2 * counts))) for name in names}
        for name, data in files.items():
            where.write(f"{folder}/{name}", data)
        topics = put_topics(where, folder, iter([(0, np.ones(9, dtype=np.uint16))]))
        return topics | {name: checksum(data) for name, data in files.items()}

    write(place, run_state(10), keep, WHO, 2)
    manifest = tmp_path / "sweep-00000010" / "manifest.json"
    body = json.loads(json.loads(manifest.read_text())["body"])
    del body["sampled"]
    text = json.dumps(body | {"format": 2, "mean_taken": 2})
    manifest.write_text(json.dumps({"sha256": checksum(text.encode()), "body": text}))

    found = latest(place, WHO, pytest.fail)
    assert found is not None
    assert (found.state.n_sweeps, found.state.sampled) == (10, ())
    assert set(names) < set(found.files)
    again = words(counts, taken=0)
    again.restore_sum(found.place, found.folder, found.files)
    assert again.soft(2) is None
    sample(again, counts)
    mean = again.soft(1)
    assert mean is not None
    np.testing.assert_array_equal(mean.toarray(), counts)
    assert list(again.store_sum(place, "sums")) == [SUM]


def test_only_checkpoints_are_removed(tmp_path: Path) -> None:
    place = storage(tmp_path / "home")
    for name in ("sweep-notes", "thesis", "sweep-123"):
        (tmp_path / "home" / name).mkdir(parents=True)
    store(place, 10)
    CheckpointStore(Checkpointing(path=str(tmp_path / "home"))).discard()
    assert sorted(p.name for p in (tmp_path / "home").iterdir()) == ["sweep-123", "sweep-notes", "thesis"]
    alone = storage(tmp_path / "alone")
    store(alone, 10)
    for _ in range(2):
        CheckpointStore(Checkpointing(path=str(tmp_path / "alone"))).discard()
    assert not (tmp_path / "alone").exists()


@pytest.mark.parametrize("failing", range(8))
def test_no_room_at_any_file_leaves_the_last_checkpoint_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    place = storage(tmp_path)
    store(place, 10)
    calls = 0
    flush = os.fsync

    def full(descriptor: int) -> None:
        nonlocal calls
        calls += 1
        if calls > failing:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        flush(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(
            CheckpointError, match=r"sweep 20 could not be written .* No space left on device"
        ):
            store(place, 20)
    assert stored(place) == ["sweep-00000010"]
    assert not list(tmp_path.rglob("*.partial"))
    assert newest(place) == (10, [])


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 128 KiB."""
    with small_disk.of_size(tmp_path / "small", "128k") as folder:
        yield folder


def test_a_disk_that_is_really_full(disk: Path) -> None:
    place = storage(disk / "c")
    store(place, 10, size=5000)
    with pytest.raises(CheckpointError, match="make room or choose another place"):
        store(place, 20, size=50_000)
    assert stored(place) == ["sweep-00000010"]
    assert newest(place) == (10, [])


def test_a_place_that_cannot_be_written_is_noticed_beforehand(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointError, match="checkpoints cannot be written to"):
        CheckpointStore(Checkpointing(path=str(tmp_path / "file" / "c"))).check_writable()
    CheckpointStore(Checkpointing(path=str(tmp_path / "new" / "c"))).check_writable()
    assert not (tmp_path / "new" / "c").exists()


def test_settings_of_checkpointing() -> None:
    with pytest.raises(ValueError, match="must not be negative, got -1"):
        Checkpointing(path="c", every=-1)
    with pytest.raises(ValueError, match="at least one"):
        Checkpointing(path="c", keep=0)
