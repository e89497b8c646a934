"""What a record says of machine and code: facts, and no names."""

from __future__ import annotations

import getpass
import json
import platform
import subprocess
from datetime import datetime
from pathlib import Path

import tiny
from cluster_fits import TWO, threads

import lda
from lda.cluster import FitSettings, fit
from lda.corpus import as_corpus
from lda.model.machine import commit_of
from lda.model.run_record import RunRecord


def test_a_fit_tells_of_its_surroundings() -> None:
    record = (
        lda.LDA(3, max_iter=10, random_state=1, validation_fraction=0.2).fit(tiny.documents()).model_.record
    )

    assert record.machine is not None
    assert record.machine["system"] == platform.system()
    assert record.machine["cores"] >= 1
    assert record.metrics == {
        "log_likelihood": record.history[-1]["log_likelihood"],
        "heldout": record.history[-1]["heldout"],
    }
    assert record.peak_bytes is not None
    assert record.peak_bytes > 50e6
    assert set(record.seconds) == {"read", "fit", "evaluate", "write"}
    assert record.began is not None
    assert record.ended is not None
    assert datetime.fromisoformat(record.began) <= datetime.fromisoformat(record.ended)
    assert RunRecord.from_dict(json.loads(json.dumps(record.to_dict()))) == record


def test_it_names_nobody() -> None:
    record = lda.LDA(2, max_iter=1, random_state=1).fit(tiny.documents()).model_.record
    told = json.dumps([record.machine, record.code, record.versions, record.metrics]).split('"')
    for name in (platform.node(), getpass.getuser(), str(Path.home()), str(Path(__file__).parents[3])):
        assert name not in told
    assert "/" not in json.dumps(record.code)


def test_workers_and_nodes_of_a_cluster() -> None:
    corpus = as_corpus(tiny.documents())
    result = fit(corpus, FitSettings(n_topics=3, sweeps=3, seed=1), cluster=TWO, runtime=threads())
    record = RunRecord.from_fit(result, corpus, named_terms=True)

    assert record.machine is not None
    assert (record.machine["workers"], record.machine["nodes"], record.machine["staleness"]) == (2, 2, 0)
    assert record.peak_bytes is None


def test_the_commit_is_read_from_files_of_git(tmp_path: Path) -> None:
    """Of a plain checkout, of packed names, of a detached head and of a further work tree; None outside."""
    assert commit_of(tmp_path) is None
    git = tmp_path / ".git"
    (git / "refs" / "heads").mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    assert commit_of(tmp_path) is None
    (git / "packed-refs").write_text(f"# pack-refs\n{'a' * 40} refs/heads/main\n^{'c' * 40}\n")
    assert commit_of(tmp_path) == "a" * 40
    (git / "refs" / "heads" / "main").write_text("b" * 40 + "\n")
    assert commit_of(tmp_path) == "b" * 40
    (git / "worktrees" / "w").mkdir(parents=True)
    (git / "worktrees" / "w" / "HEAD").write_text("ref: refs/heads/main\n")
    (git / "worktrees" / "w" / "commondir").write_text("../..\n")
    (tmp_path / "w").mkdir()
    (tmp_path / "w" / ".git").write_text(f"gitdir: {git}/worktrees/w\n")
    assert commit_of(tmp_path / "w") == "b" * 40
    (git / "HEAD").write_text("d" * 40 + "\n")
    assert commit_of(tmp_path) == "d" * 40
    (git / "HEAD").write_text("../../../etc/passwd\n")
    assert commit_of(tmp_path) is None


def test_the_commit_is_gits() -> None:
    root = Path(__file__).parents[3]
    told = subprocess.run(["git", "-C", str(root), "rev-parse", "HEAD"], capture_output=True, text=True)
    if told.returncode == 0:
        assert commit_of(root) == told.stdout.strip()
