"""Records of a study that somebody has changed: one line, whatever stands in them, and nothing but plain values."""

from __future__ import annotations

import io
import os
import shutil
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from commands import fails, run_json
from forged import resign
from tiny import jsonl

import lda
from lda.corpus.errors import DataError
from lda.experiments.study.records import read_scores

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("studies") / "study"
    lda.tune(
        jsonl(folder.parent / "tiny.jsonl"),
        n_components=[2, 3],
        output=folder,
        max_iter=2,
        test_fraction=0.4,
        at_once=0,
        n_jobs=1,
        page=False,
        verbose=0,
    )
    return folder


@pytest.fixture
def study(original: Path, tmp_path: Path) -> Path:
    shutil.copytree(original, tmp_path / "study")
    return tmp_path / "study"


def put(*names: str | int, value: Any) -> Callable[[dict[str, Any]], None]:
    def edit(row: Any) -> None:
        for name in names[:-1]:
            row = row[name]
        row[names[-1]] = value

    return edit


@pytest.mark.parametrize(
    "edit",
    [
        put("fit", "sweeps", value="../etc"),
        put("fit", "alpha", value=[1, 2, 3]),
        put("source", "inputs", value=[["x"]]),
        put("source", "inputs", value=True),
        put("reading", "recipe", value=-1),
        put("reading", "recipe", value={"no such": 1}),
        put("seeds", value=[-1]),
        put("seeds", value=[]),
        put("corpora", value={"../..": {}}),
        put("corpora", value={"x": 3}),
        lambda row: next(iter(row["corpora"].values()))["recipe"].update(min_df="x"),
        put("search", "space", value=3),
        put("search", "space", value={"topics": {"range": 3}}),
        put("search", "space", value={"topics": [[1]]}),
        put("search", "space", value={"topics": {"range": [1, 10**400]}}),
        put("search", "rungs", value=5),
        put("search", "rungs", value=[True]),
    ],
)
def test_what_no_fit_can_have_in_common_is_damage(
    study: Path, edit: Callable[[dict[str, Any]], None]
) -> None:
    resign(study, "study.json", edit)
    line = fails(3, "tune", study, "--show")
    assert "study.json is damaged" in line
    assert "--overwrite" in line


@pytest.mark.parametrize(
    "edit",
    [
        put("curve", value=[None]),
        put("curve", value=[[True, 1.0]]),
        put("curve", value=[[1, "high"]]),
        put("parameters", value={}),
        put("parameters", "topics", value=[[1]]),
        put("parameters", "topics", value=-1),
        put("parameters", "topics", value=10**400),
        put("parameters", "no such", value=1),
        put("corpus", value="../../../etc"),
        put("seconds", value=-1),
        put("peak_bytes", value=2**70),
        put("measures", "npmi", value=10**400),
    ],
)
def test_what_no_trial_can_have_is_damage(study: Path, edit: Callable[[dict[str, Any]], None]) -> None:
    resign(study / "trials" / "0001", "trial.json", edit)
    line = fails(3, "tune", study, "--show")
    assert "trial.json is damaged" in line
    assert "--resume" in line


@pytest.mark.parametrize(
    "edit",
    [
        put("summary", "candidates", value={}),
        put("summary", "candidates", 0, value="x"),
        put("summary", "candidates", 0, "npmi", value="\x1b[31m"),
        put("summary", "candidates", 0, "parameters", value={"topics": 7}),
        put("summary", "candidates", 0, "trials", value=[99]),
        put("summary", "candidates", 0, "criteria", value=["a"]),
        put("summary", "candidates", 0, "seconds", value=[[1]]),
        put("summary", "varied", value=[None]),
        put("summary", "references", value=[[1]]),
        put("summary", "best", value=99),
        put("summary", "compared", "basis", value="<script>"),
    ],
)
def test_a_summary_that_is_not_of_these_trials_is_made_anew(
    study: Path, edit: Callable[[dict[str, Any]], None]
) -> None:
    known = run_json("tune", study, "--show")
    resign(study, "summary.json", edit)
    assert run_json("tune", study, "--show") == known


class Evil:
    def __init__(self, trap: Path) -> None:
        self.trap = trap

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.trap),)


def archive(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def promising(size: int) -> bytes:
    """Arrays that are, by what stands before them, larger than any memory."""
    head, file = io.BytesIO(), io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "<f8", "fortran_order": False, "shape": (size,)})
    with zipfile.ZipFile(file, "w") as members:
        for name in ("log_likelihoods", "tokens"):
            members.writestr(f"{name}.npy", head.getvalue())
    return file.getvalue()


def test_scores_are_numbers_of_documents_or_damaged(tmp_path: Path) -> None:
    scores, tokens, trap = np.array([-7.5, -8.0]), np.array([3, 4]), tmp_path / "trap"
    path = tmp_path / "0001" / "heldout.npz"
    path.parent.mkdir()
    plain = io.BytesIO()
    np.save(plain, scores)
    for data in (
        archive(log_likelihoods=np.array([Evil(trap), Evil(trap)], dtype=object), tokens=tokens),
        archive(log_likelihoods=scores[:1], tokens=tokens),
        archive(log_likelihoods=scores * np.nan, tokens=tokens),
        archive(log_likelihoods=scores + np.inf, tokens=tokens),
        archive(log_likelihoods=scores.astype(complex), tokens=tokens),
        archive(log_likelihoods=scores.astype(str), tokens=tokens),
        archive(log_likelihoods=scores, tokens=-tokens),
        archive(log_likelihoods=scores, tokens=tokens.astype(float)),
        archive(tokens=tokens),
        promising(10**12),
        plain.getvalue(),
        b"",
        b"no archive",
    ):
        path.write_bytes(data)
        with pytest.raises(DataError, match=r"heldout.npz is damaged .*; remove the folder 0001"):
            read_scores(path)
    assert not trap.exists()
    path.write_bytes(archive(log_likelihoods=scores, tokens=tokens))
    assert read_scores(path).log_likelihood == pytest.approx(-15.5 / 7)
