"""A fit that is cut off and resumed is the fit that was never cut off, to the bit."""

from __future__ import annotations

import itertools
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tiny

import lda
from lda.cluster import CheckpointError, Checkpointing, FitResult, FitSettings, fingerprint, fit
from lda.cluster.spec.errors import OtherFitError

if TYPE_CHECKING:
    from pathlib import Path

    from lda.corpus import Corpus

TIMES = ("seconds", "tokens_per_second", "seconds_waited")
BASE = FitSettings(n_topics=4, sweeps=23, seed=5, threads=2, optimize_interval=3, burn_in=4, evaluate_every=4)


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return lda.as_corpus(tiny.documents(90))


def outcome(result: FitResult) -> dict[str, Any]:
    """All of a result but how long it took."""
    rows = [{k: v for k, v in asdict(row).items() if k not in TIMES} for row in result.history]
    mean = None if result.soft_counts is None else result.soft_counts.toarray().tolist()
    assert result.doc_topic_counts is not None
    return {
        "fingerprint": fingerprint(result.topic_word_counts),  # type: ignore[arg-type]
        "documents": result.doc_topic_counts.toarray().tolist(),
        "mean": mean,
        "alpha": result.alpha.tolist(),
        "beta": result.beta,
        "history": rows,
        "n_sweeps": result.n_sweeps,
        "interrupted": result.interrupted,
    }


def cut_off(
    corpus: Corpus, settings: FitSettings, path: Path, polls: int, *, resume: bool = False
) -> FitResult:
    """A fit that is interrupted at its n-th phase."""
    asked = itertools.count()
    keep = Checkpointing(path=str(path), every=5, resume=resume)
    return fit(corpus, settings, interrupted=lambda: next(asked) >= polls, checkpointing=keep)


def resumed(corpus: Corpus, settings: FitSettings, path: Path) -> FitResult:
    return fit(
        corpus, settings, checkpointing=Checkpointing(path=str(path), every=5, resume=True), warn=pytest.fail
    )


VARIANTS: dict[str, dict[str, Any]] = {
    **{
        name: {"sampler": name}
        for name in ("adlda", "esca", "esca-leave-out", "pclda", "uncollapsed", "collapsed")
    },
    "growing": {"start": "growing"},
    "annealed": {"start": "annealed"},
    "growing, collapsed": {"start": "growing", "sampler": "collapsed"},
    "learned beta": {"beta": "auto"},
    "given alpha": {"alpha": (0.1, 0.2, 0.3, 0.4)},
    "validation": {"validation_fraction": 0.2},
    "averaging": {"n_samples": 3, "sample_interval": 4},
    "one phase": {"phases": 1},
    "many phases": {"phases": 9},
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_resumed_is_undisturbed(corpus: Corpus, tmp_path: Path, variant: str) -> None:
    settings = replace(BASE, **VARIANTS[variant])
    whole = outcome(fit(corpus, settings))
    assert whole["n_sweeps"] == 23
    phases = settings.resolved().phases
    assert phases is not None
    # The growing start polls too, before the first sweep.
    first = cut_off(corpus, settings, tmp_path, 200 if settings.start == "growing" else 13 * phases + 1)
    if not first.interrupted:  # a short start: then all is done, and resuming must change nothing
        assert outcome(first) == whole
    assert outcome(resumed(corpus, settings, tmp_path)) == whole
    assert outcome(resumed(corpus, settings, tmp_path)) == whole


def test_cut_off_again_and_again(corpus: Corpus, tmp_path: Path) -> None:
    whole = outcome(fit(corpus, BASE))
    for polls in (25, 1, 30, 0, 29):
        result = cut_off(corpus, BASE, tmp_path, polls, resume=True)
        assert result.interrupted
    assert result.n_sweeps > 10
    assert outcome(resumed(corpus, BASE, tmp_path)) == whole


def test_other_threads_on_resuming(corpus: Corpus, tmp_path: Path) -> None:
    whole = outcome(fit(corpus, BASE))
    cut_off(corpus, replace(BASE, threads=1), tmp_path, 50)
    assert outcome(resumed(corpus, replace(BASE, threads=3), tmp_path)) == whole


def test_more_sweeps_on_resuming(corpus: Corpus, tmp_path: Path) -> None:
    long = outcome(fit(corpus, replace(BASE, sweeps=40)))
    fit(corpus, replace(BASE, sweeps=20), checkpointing=Checkpointing(path=str(tmp_path), every=5))
    assert outcome(resumed(corpus, replace(BASE, sweeps=40), tmp_path)) == long


def test_other_states_are_sampled_on_resuming(corpus: Corpus, tmp_path: Path) -> None:
    """What was sampled stays where the new plan has it too; else it is dropped, and the new plan is followed."""
    first = replace(BASE, sweeps=20, n_samples=3, sample_interval=2)  # 16, 18, 20
    plans: dict[str, dict[str, Any]] = {
        "kept": {"sweeps": 24, "n_samples": 5, "sample_interval": 2},  # 16, 18 .. 24
        "dropped": {"sweeps": 40, "n_samples": 3, "sample_interval": 2},
        "none": {"sweeps": 24, "n_samples": 0},
    }
    for name, plan in plans.items():
        wanted, place = replace(BASE, **plan), tmp_path / name
        fit(corpus, first, checkpointing=Checkpointing(path=str(place), every=5))
        assert outcome(resumed(corpus, wanted, place)) == outcome(fit(corpus, wanted))
    # 20, 22, 24 after 16, 18, 20: of the new plan what comes after the checkpoint.
    fit(corpus, first, checkpointing=Checkpointing(path=str(tmp_path), every=5))
    found = outcome(resumed(corpus, replace(first, sweeps=24), tmp_path))
    assert found == outcome(fit(corpus, replace(first, sweeps=24, n_samples=2)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"n_topics": 5}, "n_topics was 4, is 5"),
        (
            {"seed": 6, "sampler": "esca"},
            'sampler was "adlda", is "esca", phases was 4, is 1, seed was 5, is 6',
        ),
        ({"alpha": 0.1}, 'alpha was "auto", is 0.1'),
    ],
)
def test_a_checkpoint_of_other_settings(
    corpus: Corpus, tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    cut_off(corpus, BASE, tmp_path, 50)
    with pytest.raises(OtherFitError, match=words):
        resumed(corpus, replace(BASE, **change), tmp_path)


def test_a_checkpoint_of_another_corpus(corpus: Corpus, tmp_path: Path) -> None:
    cut_off(corpus, BASE, tmp_path, 50)
    with pytest.raises(OtherFitError, match=r'another fit: corpus was "[0-9a-f]+\.\.\., is'):
        resumed(lda.as_corpus(tiny.documents(91)), BASE, tmp_path)


def test_the_estimator_resumes(tmp_path: Path) -> None:
    def make(sweeps: int) -> lda.LDA:
        return lda.LDA(4, max_iter=sweeps, random_state=5)

    keep = lda.Checkpointing(path=str(tmp_path / "c"), every=5)
    whole = make(20).fit(tiny.documents())
    make(10).fit(tiny.documents(), checkpointing=keep)
    with pytest.raises(
        lda.CheckpointError, match="holds the checkpoints of another run, up to sweep-00000010"
    ):
        make(20).fit(tiny.documents(), checkpointing=keep)
    with pytest.raises(ValueError, match="need a whole number as random_state"):
        lda.LDA(4).fit(tiny.documents(), checkpointing=keep)
    again = make(20).fit(tiny.documents(), checkpointing=replace(keep, resume=True))
    assert again.model_.fingerprint() == whole.model_.fingerprint()
    np.testing.assert_array_equal(again.doc_topic_, whole.doc_topic_)
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointError, match="cannot be written"):
        make(20).fit(tiny.documents(), checkpointing=lda.Checkpointing(path=str(tmp_path / "file" / "c")))
