"""The token rule compiled by a second process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lda.cluster import first_fit

PROGRAM = """
import json, os, sys
sys.executable = os.environ.get("EXECUTABLE", sys.executable)
from lda.cluster.sweeping import compile_ahead
from lda.samplers.registry import SAMPLERS
started = []
popen = compile_ahead.subprocess.Popen
compile_ahead.subprocess.Popen = lambda *args, **options: (started.append(args), popen(*args, **options))[1]
name, n_topics, threads, times = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
for _ in range(times):
    compile_ahead.begin(name, n_topics, threads=threads)
compile_ahead.wait()
print(json.dumps(len(started)))
if "hits" in sys.argv:
    from lda.samplers.rehearsal import rehearse
    from numba.core import event
    with event.install_recorder("numba:compile") as recorder:
        rehearse(SAMPLERS[name], n_topics)
    print(len(recorder.buffer))
"""


def begin(
    cache: Path,
    name: str,
    n_topics: int,
    *,
    threads: int = 2,
    times: int = 1,
    hits: bool = False,
    executable: Path | None = None,
) -> list[str]:
    """Lines that a fresh process prints: how many processes it started, with hits what it compiled afterwards."""
    arguments = [name, str(n_topics), str(threads), str(times), *(["hits"] if hits else [])]
    found = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM, *arguments], capture_output=True, text=True, check=True,
        env=os.environ | {"NUMBA_CACHE_DIR": str(cache)} | ({"EXECUTABLE": str(executable)} if executable else {}),
    )  # fmt: skip
    return found.stdout.split()


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one core: no second process")
def test_the_rule_is_there_for_this_process_and_for_later_ones(tmp_path: Path) -> None:
    assert begin(tmp_path, "collapsed", 5, times=3, hits=True) == ["1", "0"]
    assert begin(tmp_path, "collapsed", 7) == ["0"]  # the same kernel
    assert begin(tmp_path, "collapsed", 2000) == ["1"]  # may be another one


def test_no_process_where_it_gains_nothing(tmp_path: Path) -> None:
    assert begin(tmp_path / "none", "collapsed", 5, threads=1) == ["0"]
    (tmp_path / "file").write_text("not a folder")
    assert begin(tmp_path / "file", "collapsed", 5) == ["0"]


def test_a_process_that_fails_leaves_the_rule_to_this_one(tmp_path: Path) -> None:
    broken = tmp_path / "python-broken"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    assert begin(tmp_path / "none", "collapsed", 5, hits=True, executable=broken) != ["1", "0"]
    assert not list(tmp_path.rglob("compiled-*"))


COUNT = """
import numpy as np
from lda.cluster import FitSettings, fit
from lda.corpus import as_corpus
from lda.samplers.numerics.jit import count_compiled
corpus = as_corpus(np.random.default_rng(5).poisson(1.0, size=(50, 20)))
with count_compiled() as names:
    fit(corpus, FitSettings(n_topics=4, sampler="collapsed", alpha=0.1, sweeps=30))
print(names)
"""


def test_what_a_fit_needs_last_is_compiled_as_well(tmp_path: Path) -> None:
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    before = "from lda.cluster.first_fit import compile_for_fit; compile_for_fit('collapsed', 3)"
    subprocess.run([sys.executable, "-c", before], check=True, env=environment)
    found = subprocess.run(
        [sys.executable, "-c", COUNT], check=True, env=environment, capture_output=True, text=True
    )
    assert found.stdout == "[]\n"


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one core: no second process")
def test_a_rule_that_could_not_be_kept_is_not_said_to_be_there(full_disk: Path) -> None:
    assert begin(full_disk, "collapsed", 5) == ["1"]
    assert begin(full_disk, "collapsed", 5) == ["1"]
    assert not list(full_disk.rglob("compiled-*"))


@pytest.mark.parametrize(("n_topics", "run_with"), [(3, 8), (2000, 257), (5_000_000, 65_536)])
def test_the_second_process_runs_the_fewest_topics(
    n_topics: int, run_with: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    monkeypatch.setattr("lda.samplers.rehearsal.rehearse", lambda _, n_topics: seen.append(n_topics))
    monkeypatch.setattr("lda.cluster.sweeping.compile_ahead.cache_folder", lambda *, warn: str(tmp_path))
    monkeypatch.setattr(first_fit, "fit", lambda _, settings: seen.append(settings.n_topics))
    first_fit.compile_for_fit("adlda", n_topics)
    assert seen == [run_with, run_with]
