"""The model on disk: what is written can be read, and what is broken is refused in one line."""

from __future__ import annotations

import json
import mmap
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
import tiny
from forged import resign

import lda
from lda import DataError, Model
from lda.cli.fit.outputs import Output, Targets
from lda.cluster.counts.sparse_npz import map_csr, save_csr
from lda.corpus.storage.output_target import new_file
from lda.corpus.terms import has_names
from lda.model import write
from lda.model.read import decode_vocabulary, encode_vocabulary


@pytest.fixture(scope="module")
def model() -> Model:
    return lda.LDA(3, max_iter=30, n_samples=3, random_state=1).fit(tiny.documents()).model_


@pytest.fixture
def saved(model: Model, tmp_path: Path) -> Path:
    model.save(tmp_path / "model")
    return tmp_path / "model"


@pytest.mark.parametrize("shape", [(1, 2), (40, 7), (300, 5), (5, 0)])
def test_npz_is_scipys_own_and_maps_aligned(tmp_path: Path, shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    matrix = sp.csr_matrix(rng.poisson(0.4, shape).astype(np.int32))
    save_csr(tmp_path / "ours.npz", matrix)
    sp.save_npz(tmp_path / "theirs.npz", matrix)
    sp.save_npz(tmp_path / "packed.npz", matrix, compressed=True)
    assert (sp.load_npz(tmp_path / "ours.npz") != matrix).nnz == 0
    for name in ("ours", "theirs", "packed"):
        found = map_csr(tmp_path / f"{name}.npz")
        assert found.shape == matrix.shape
        assert (found != matrix).nnz == 0  # type: ignore[attr-defined]
    ours = map_csr(tmp_path / "ours.npz")
    for array in (ours.data, ours.indices):
        if array.size:
            assert array.ctypes.data % 64 == 0
            assert not array.flags.writeable
            assert _is_mapped(array)


def _is_mapped(array: np.ndarray) -> bool:
    base = array.base
    while isinstance(base, np.ndarray):
        base = base.base
    return isinstance(base, mmap.mmap)


def test_round_trip(model: Model, saved: Path) -> None:
    loaded = Model.load(saved)
    assert loaded.fingerprint() == model.fingerprint()
    assert loaded.vocabulary == model.vocabulary
    assert loaded.record.to_dict() == json.loads(json.dumps(model.record.to_dict()))
    np.testing.assert_array_equal(loaded.alpha, model.alpha)
    np.testing.assert_array_equal(loaded.topic_word, model.topic_word)
    assert loaded.soft_counts is not None
    assert not loaded.counts.data.flags.writeable
    assert sorted(path.name for path in saved.iterdir()) == [
        "alpha.npy", "counts.npz", "documents.npy", "model.json", "soft_counts.npz", "vocabulary.txt",
    ]  # fmt: skip


def test_language_model_adds_up(model: Model) -> None:
    weights = model.topic_word
    assert weights.shape == (3, 15)
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    assert model.soft_counts is not None
    expected = model.soft_counts.toarray().T.astype(np.float64) + model.beta
    np.testing.assert_allclose(weights, expected / expected.sum(axis=1, keepdims=True))
    assert model.prior.sum() == pytest.approx(1)
    for topic, row in zip(model.topics(5), weights, strict=True):
        assert [p for _, p in topic.words] == pytest.approx(sorted(row, reverse=True)[:5])
    assert sum(topic.share for topic in model.topics(0)) == pytest.approx(1)


def test_averages_of_earlier_versions_are_read(model: Model, tmp_path: Path) -> None:
    """Plain counts averaged over late sweeps, in a description that knows nothing of soft ones."""
    mean = model.counts.astype(np.float32)
    replace(model, soft_counts=None, mean_counts=mean).save(tmp_path / "old")
    resign(
        tmp_path / "old", "model.json", lambda value: [value.pop("soft"), value["parts"].pop("soft_counts")]
    )
    description = json.loads((tmp_path / "old" / "model.json").read_text())
    assert description["format_version"] == 1
    loaded = Model.load(tmp_path / "old")
    assert loaded.soft_counts is None
    assert loaded.mean_counts is not None
    assert loaded.language_counts is loaded.mean_counts
    loaded.save(tmp_path / "again")
    again = Model.load(tmp_path / "again")
    np.testing.assert_array_equal(again.topic_word, loaded.topic_word)
    np.testing.assert_array_equal(again.transform(tiny.documents(4)), loaded.transform(tiny.documents(4)))


def test_awkward_terms_survive(tmp_path: Path) -> None:
    names = ["café", "a b", "\u2028line", "form\x0cfeed", 'quo"te']
    estimator = lda.LDA(2, max_iter=2, random_state=0).fit(
        lda.as_corpus(np.ones((4, 5), int), vocabulary=names)
    )
    estimator.save(tmp_path / "m")
    assert Model.load(tmp_path / "m").vocabulary == names
    odd = ["a\nb", "c\rd", "\ud800"]
    kind, data = encode_vocabulary(odd)
    assert kind == "json"
    assert decode_vocabulary(data, as_json=True) == odd


def test_names_are_told_from_numbers() -> None:
    assert not has_names(["0", "1", "2"])
    assert has_names(["1", "0"])


def test_existing_targets(model: Model, saved: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="exists already"):
        model.save(saved)
    model.save(saved, overwrite=True)
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "thesis.txt").write_text("years of work")
    with pytest.raises(DataError, match="not a model"):
        model.save(tmp_path / "precious", overwrite=True)
    with pytest.raises(DataError, match="not a folder"):
        model.save(tmp_path / "precious" / "thesis.txt" / "model")
    assert (tmp_path / "precious" / "thesis.txt").read_text() == "years of work"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "precious"]


@pytest.mark.parametrize("step", ["write_matrix", "encode_vocabulary", "signed"])
def test_failed_overwrite_keeps_the_old_model(
    model: Model, saved: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    before = Model.load(saved).fingerprint()
    monkeypatch.setattr(write, step, fail)
    with pytest.raises(OSError, match="No space"):
        model.save(saved, overwrite=True)
    assert Model.load(saved).fingerprint() == before
    assert [path.name for path in saved.parent.iterdir()] == ["model"]


def test_failed_rename_puts_the_old_model_back(
    model: Model, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def fail_second(self: Path, target: Path) -> Path:
        if self.name.endswith(".partial"):
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail_second)
    with pytest.raises(KeyboardInterrupt):
        model.save(saved, overwrite=True)
    monkeypatch.undo()
    Model.load(saved)
    assert [path.name for path in saved.parent.iterdir()] == ["model"]


def test_kill_while_writing_leaves_nothing_at_the_target(tmp_path: Path) -> None:
    script = (
        "import sys, time, pathlib; from lda.corpus.storage.output_target import new_folder\n"
        "with new_folder(pathlib.Path(sys.argv[1]), overwrite=False, is_ours=bool) as folder:\n"
        "    (folder / 'counts.npz').write_bytes(b'half'); print('writing', flush=True); time.sleep(60)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "model")], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"writing\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert not (tmp_path / "model").exists()


def test_a_second_attempt_to_write_finds_an_empty_folder(tmp_path: Path) -> None:
    """After the loss of a node there may be fewer parts; those of the first attempt must not lie among them."""
    targets = Targets(model=str(tmp_path / "m"), overwrite=False)
    with Output(targets, 0) as output:
        folder = Path(output.counts_to.place())
        (folder / "counts-00001-of-00002.npz").write_bytes(b"of the first attempt")
        assert output.counts_to.place() == str(folder)
        assert not list(folder.iterdir())


def test_failed_file_leaves_nothing(tmp_path: Path) -> None:
    def fail_half_way() -> None:
        with new_file(tmp_path / "out.csv", overwrite=False) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    assert not list(tmp_path.iterdir())


def _edit(path: Path, **changes: object) -> None:
    description = json.loads((path / "model.json").read_text())
    (path / "model.json").write_text(json.dumps({**description, **changes}))


DAMAGES: dict[str, Callable[[Path], object]] = {
    "no model": shutil.rmtree,
    "empty folder": lambda m: [path.unlink() for path in m.iterdir()],
    "a file": lambda m: (shutil.rmtree(m), m.write_text("x")),
    "no counts": lambda m: (m / "counts.npz").unlink(),
    "no averages": lambda m: (m / "soft_counts.npz").unlink(),
    "no alpha": lambda m: (m / "alpha.npy").unlink(),
    "no vocabulary": lambda m: (m / "vocabulary.txt").unlink(),
    "cut counts": lambda m: os.truncate(m / "counts.npz", 300),
    "counts of noise": lambda m: (m / "counts.npz").write_bytes(b"PK\x03\x04" + bytes(range(256))),
    "cut alpha": lambda m: os.truncate(m / "alpha.npy", 130),
    "short alpha": lambda m: np.save(m / "alpha.npy", np.ones(2)),
    "alpha of NaN": lambda m: np.save(m / "alpha.npy", np.full(3, np.nan)),
    "cut vocabulary": lambda m: os.truncate(m / "vocabulary.txt", 9),
    "broken json": lambda m: os.truncate(m / "model.json", 100),
    "json list": lambda m: (m / "model.json").write_text("[]"),
    "other format": lambda m: _edit(m, format="something else"),
    "newer version": lambda m: _edit(m, format_version=99),
    "no run": lambda m: _edit(m, run={}),
    "odd history": lambda m: _edit(
        m, run={**json.loads((m / "model.json").read_text())["run"], "history": 3}
    ),
    "beta of text": lambda m: _edit(m, beta="high"),
    "other size": lambda m: _edit(m, n_terms=14),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_one_clear_line(saved: Path, damage: str) -> None:
    DAMAGES[damage](saved)
    with pytest.raises(DataError) as caught:
        Model.load(saved)
    assert "\n" not in str(caught.value)
    assert str(saved) in str(caught.value)


def test_index_outside_the_matrix_is_refused(saved: Path) -> None:
    matrix: Any = sp.load_npz(saved / "counts.npz")
    matrix.indices[0] = 77
    save_csr(saved / "counts.npz", matrix)
    with pytest.raises(DataError, match="damaged"):
        Model.load(saved)


def test_loading_does_not_wait_for_numba(saved: Path) -> None:
    code = "import sys, lda; lda.load(sys.argv[1]); assert 'numba' not in sys.modules and 'ray' not in sys.modules"
    subprocess.run([sys.executable, "-c", code, str(saved)], check=True)
