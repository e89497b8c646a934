"""A fit that pauses after a sweep and goes on later is the fit that never paused, to the bit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import tiny
from cluster_fits import TWO, alone, same, settings, threads

import lda
from lda.cluster import CheckpointError, Checkpointing, FitResult, FitSettings, fit
from lda.corpus import Corpus

if TYPE_CHECKING:
    from pathlib import Path

BASE = FitSettings(n_topics=4, sweeps=23, seed=5, threads=1, optimize_interval=3, burn_in=4, evaluate_every=4)

VARIANTS: dict[str, dict[str, Any]] = {
    "averages": {"n_samples": 5, "sample_interval": 4},
    "averages, pclda": {"n_samples": 5, "sample_interval": 4, "sampler": "pclda"},
    "averages, collapsed": {"n_samples": 5, "sample_interval": 4, "sampler": "collapsed"},
    "esca with validation": {"sampler": "esca", "validation_fraction": 0.2},
    "early stop": {"tol": 0.02, "n_iter_no_change": 2, "validation_fraction": 0.2, "sweeps": 80},
    "learned beta": {"beta": "auto", "start": "annealed"},
}


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return lda.as_corpus(tiny.documents(90))


def part(corpus: Corpus, wanted: FitSettings, path: Path, pause: int | None, **more: Any) -> FitResult:
    """One stretch of a fit that writes checkpoints at its pauses alone."""
    keep = Checkpointing(path=str(path), every=0, resume=True)
    return fit(corpus, wanted, checkpointing=keep, pause_after=pause, warn=pytest.fail, **more)


@pytest.mark.parametrize("variant", VARIANTS)
def test_paused_twice(corpus: Corpus, tmp_path: Path, variant: str) -> None:
    wanted = replace(BASE, **VARIANTS[variant])
    whole = fit(corpus, wanted)
    for pause in (6, 14):
        result = part(corpus, wanted, tmp_path, pause)
        assert (result.paused, result.interrupted, result.n_sweeps) == (True, False, pause)
        assert result.topic_word_counts is not None
        if wanted.n_samples:
            assert result.soft_counts is not None
    last = part(corpus, wanted, tmp_path, None)
    assert not last.paused
    assert last.n_sweeps == whole.n_sweeps
    if wanted.tol is not None:
        assert 14 < last.n_sweeps < wanted.sweeps, (
            "the early stop must come after the pauses for this to say anything"
        )
    same(whole, last)


def test_an_end_at_the_pause_is_an_end(corpus: Corpus, tmp_path: Path) -> None:
    early = replace(BASE, **VARIANTS["early stop"])
    last = fit(corpus, early).n_sweeps
    assert not part(corpus, early, tmp_path / "tol", last).paused
    assert not part(corpus, BASE, tmp_path / "sweeps", BASE.sweeps).paused
    assert not part(corpus, BASE, tmp_path / "beyond", 100).paused
    assert not part(corpus, BASE, tmp_path / "callback", 7, on_sweep=lambda record: record.sweep == 7).paused
    cut = part(corpus, BASE, tmp_path / "interrupted", 7, interrupted=lambda: True)
    assert (cut.paused, cut.interrupted) == (False, True)


def test_a_checkpoint_beyond_the_pause_is_kept(corpus: Corpus, tmp_path: Path) -> None:
    part(corpus, BASE, tmp_path, 10)
    result = part(corpus, BASE, tmp_path, 5)
    assert (result.paused, result.n_sweeps) == (True, 10)


def test_on_a_cluster_and_back(small: Path, tmp_path: Path) -> None:
    wanted = settings(sweeps=6, n_samples=3, sample_interval=2)
    documents = Corpus.open(small)
    on = {"cluster": TWO, "runtime": threads()}
    assert part(documents, wanted, tmp_path, 2, **on).paused
    assert part(documents, wanted, tmp_path, 3).paused
    assert part(documents, wanted, tmp_path, 5, **on).paused
    same(alone(small, wanted), part(documents, wanted, tmp_path, None, **on))


def test_a_pause_needs_a_place(corpus: Corpus, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="pause_after needs checkpointing"):
        fit(corpus, BASE, pause_after=5)
    with pytest.raises(ValueError, match="one sweep or more, got pause_after 0"):
        part(corpus, BASE, tmp_path, 0)


def test_what_cannot_be_kept_is_no_pause(corpus: Corpus, tmp_path: Path) -> None:
    def in_the_way(record: object) -> None:
        (tmp_path / "sweep-00000003").write_text("not a folder")

    with pytest.raises(CheckpointError, match="the checkpoint of sweep 3 could not be written"):
        part(corpus, BASE, tmp_path, 3, on_sweep=in_the_way)
