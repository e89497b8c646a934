"""Studies from beginning to end: the same trials wherever they run, cut off and gone on with, stopped and failed."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tiny
from commands import run_json
from thread_actors import ThreadActors
from waiting import session_of, until

import lda
from lda.cluster import Cluster
from lda.cluster.checkpoints.lock import alone
from lda.cluster.distributed.runtime import Runtime
from lda.corpus.errors import DataError
from lda.corpus.storage.places import storage
from lda.experiments.study.records import TrialRecord, read_settings, write_settings, write_trial
from lda.experiments.study.running.corpora import Split
from lda.experiments.study.running.documents import GivenDocuments
from lda.experiments.study.running.plan import plan_of
from lda.experiments.study.running.study_run import StudyRun, Workers
from lda.experiments.study.running.trial_job import TrialWorker
from lda.experiments.study.space import PARAMETERS, check_values
from lda.experiments.study.study import Study
from lda.experiments.study.tuning import RUNNING, StudyResult, run_study

if TYPE_CHECKING:
    from lda.experiments.study.running.plan import StudyPlan


class Told:
    """Keeps what a study tells; `at` is called with each trial, and may end it."""

    def __init__(self, at: Any = None) -> None:
        self.lines: list[str] = []
        self.trials: list[TrialRecord] = []
        self.at = at

    def note(self, text: str) -> None:
        self.lines.append(text)

    def warn(self, text: str) -> None:
        self.lines.append(text)

    def trial(self, trial: TrialRecord, n_ended: int, n_trials: int, seconds_left: float | None) -> None:
        assert seconds_left is None or seconds_left >= 0
        self.trials.append(trial)
        if self.at is not None:
            self.at(len(self.trials))


def plan(topics: object = (2, 3, 4), *, sweeps: int = 12, **choices: Any) -> StudyPlan:
    values = {"topics": topics, "alpha": 0.1, "sweeps": sweeps}
    return plan_of(
        {name: check_values(PARAMETERS[name], value) for name, value in values.items()},
        documents=GivenDocuments(lda.as_corpus(tiny.counts(120))),
        heldout=None,
        test_fraction=0.3,
        recipe_of=lambda parameters: None,
        seed=5,
        common={},
        **choices,
    )


HERE = Workers(cores=1, at_once=0)


def study_in(
    folder: Path, what: StudyPlan, workers: Workers = HERE, told: Told | None = None, **how: Any
) -> StudyResult:
    return run_study(what, folder, workers=workers, listener=told or Told(), page=False, **how)


def bits(study: Study) -> list[dict[str, Any]]:
    """All that does not depend on time and machine."""
    return [
        {name: value for name, value in trial.to_dict().items() if name not in ("seconds", "peak_bytes")}
        for trial in study.trials
    ]


@pytest.fixture(scope="module")
def halved(tmp_path_factory: pytest.TempPathFactory) -> StudyResult:
    folder = tmp_path_factory.mktemp("studies") / "halved"
    return study_in(folder, plan((2, 3, 4, 5), n_seeds=2, halving=True))


def test_a_trial_is_the_model_of_its_command(halved: StudyResult, tmp_path: Path) -> None:
    study = halved.study
    trial = next(trial for trial in study.trials if trial.state == "done")
    record = study.model(trial.number, verify=True).record
    assert record.part_of == {"kind": "study", "study": "halved", "trial": str(trial.number)}
    assert record.command is not None
    words = shlex.split(record.command)
    assert words[:2] == ["lda", "fit"]
    words[words.index("-o") + 1] = str(tmp_path / "again")
    assert run_json(*words[1:])["fingerprint"] == trial.fingerprint == study.model(trial.number).fingerprint()


def test_halving_stops_the_worse_candidates_with_all_their_seeds(halved: StudyResult) -> None:
    study = halved.study
    assert halved.complete
    curves: dict[str, list[TrialRecord]] = {}
    for trial in study.trials:
        curves.setdefault(trial.candidate, []).append(trial)
    states = {key: {trial.state for trial in trials} for key, trials in curves.items()}
    assert sorted(map(sorted, states.values())) == [["done"], ["done"], ["stopped"], ["stopped"]]
    first_rung = {key: np.mean([dict(trial.curve)[2] for trial in trials]) for key, trials in curves.items()}
    best = sorted(first_rung, key=lambda key: -first_rung[key])[:2]
    assert all(states[key] == {"done"} for key in best)
    for trial in study.trials:
        assert [sweep for sweep, _ in trial.curve] == ([2] if trial.state == "stopped" else [2, 4, 12])
        assert not (study.path(trial.number) / "checkpoint").exists()
        assert study.has_model(trial.number) == (trial.state == "done")
    assert (study.folder / "trials.csv").read_text().count("\n") == 9


@pytest.mark.slow
def test_the_same_trials_side_by_side(halved: StudyResult, tmp_path: Path) -> None:
    two = study_in(
        tmp_path / "halved", plan((2, 3, 4, 5), n_seeds=2, halving=True), Workers(cores=2, at_once=2)
    )
    assert bits(two.study) == bits(halved.study)


def test_the_same_trials_on_a_cluster(halved: StudyResult, tmp_path: Path) -> None:
    cluster = Cluster(address="auto", workers=2, threads_per_worker=1)
    workers = Workers(cores=1, cluster=cluster, runtime=Runtime(connect=ThreadActors((2, 2)).connect))
    two = study_in(tmp_path / "halved", plan((2, 3, 4, 5), n_seeds=2, halving=True), workers)
    assert bits(two.study) == bits(halved.study)


def test_cut_off_and_gone_on_with(halved: StudyResult, tmp_path: Path) -> None:
    """At every step that is told of: none is done again that was done, and the end is that of a study in one go."""
    folder, what = tmp_path / "halved", plan((2, 3, 4, 5), n_seeds=2, halving=True)
    done = 0
    for cut in (1, 3, 5, 2):

        def at(n: int, cut: int = cut) -> None:
            if n == cut:
                raise KeyboardInterrupt

        told = Told(at)
        with pytest.raises(KeyboardInterrupt, match="the same command with --resume goes on"):
            study_in(folder, what, told=told, resume=True)
        done += len(told.trials)
    told = Told()
    end = study_in(folder, what, told=told, resume=True)
    assert done + len(told.trials) == 8 + 4 + 4
    assert bits(end.study) == bits(halved.study)
    told = Told()
    again = study_in(folder, what, told=told, resume=True)
    assert not told.trials
    assert any("nothing to resume" in line for line in told.lines)
    assert again.summary.to_dict() == end.summary.to_dict()


def test_a_record_that_was_never_written_is_made_again(halved: StudyResult, tmp_path: Path) -> None:
    """A kill may come between the model of a trial and its record."""
    folder = tmp_path / "halved"
    shutil.copytree(halved.study.folder, folder)
    trial = next(trial for trial in halved.study.trials if trial.state == "done")
    before = replace(trial, state="paused", sweeps=4, curve=trial.curve[:-1], fingerprint=None, measures=None)
    write_trial(folder, before)
    told = Told()
    end = study_in(folder, plan((2, 3, 4, 5), n_seeds=2, halving=True), told=told, resume=True)
    assert [one.number for one in told.trials] == [trial.number]
    assert bits(end.study) == bits(halved.study)


def test_only_the_chosen_models_are_kept(tmp_path: Path) -> None:
    end = study_in(tmp_path / "kept", plan((2, 3), n_seeds=2, keep="best"))
    there = [trial.number for trial in end.study.trials if end.study.has_model(trial.number)]
    place = end.summary.recommendation.smallest
    assert place is not None
    assert there == list(end.summary.candidates[place].trials)
    assert len(there) == 2
    known = Study.open(end.study.folder).summary()
    assert known.to_dict() == end.summary.to_dict()  # stability, too, which needs the models
    assert known.candidates[0].stability is not None


def test_a_trial_that_fails_stops_no_other(tmp_path: Path) -> None:
    what = plan((2, 3))
    told = Told()
    folder = tmp_path / "failing"

    def no_room(self: Any, task: Any, warned: list[str]) -> dict[str, Any]:
        if task.settings.n_topics == 2:
            raise MemoryError
        return finish(self, task, warned)

    finish = TrialWorker.finish
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(TrialWorker, "finish", no_room)
        end = study_in(folder, what, told=told)
    assert [trial.state for trial in end.study.trials] == ["failed", "done"]
    assert end.study.trials[0].error is not None
    assert any("trial 1 (topics 2) failed: out of memory" in line for line in told.lines)
    again = study_in(folder, what, resume=True)
    assert [trial.state for trial in again.study.trials] == ["done", "done"]


def test_no_trial_begins_that_does_not_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    what = plan((2, 3), sweeps=4000)
    with pytest.raises(ValueError, match="too short for a single trial, which takes about"):
        study_in(tmp_path / "short", what, seconds=0.05)
    quick, now = plan((2, 3, 4), sweeps=12, n_seeds=2), time.time

    def an_hour_later(n: int) -> None:
        if n == 2:
            monkeypatch.setattr(time, "time", lambda: now() + 3600)

    part = study_in(tmp_path / "part", quick, told=Told(an_hour_later), seconds=3600)
    monkeypatch.undo()
    assert not part.complete
    done = [trial for trial in part.study.trials if trial.state == "done"]
    assert {trial.seed for trial in done} == {5}  # first seeds come first
    assert len(done) == 2
    assert study_in(tmp_path / "part", quick, resume=True).complete


def test_short_of_time_a_halved_study_brings_first_seeds_to_their_end(
    halved: StudyResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All seeds rung by rung would use the time up with a curve of each trial, and no model."""
    what, now = plan((2, 3, 4, 5), n_seeds=2, halving=True), time.time
    monkeypatch.setattr(StudyRun, "_seconds_left", lambda *_: 1e6)

    def an_hour_later(n: int) -> None:
        if n == 4 + 2 + 2:
            monkeypatch.setattr(time, "time", lambda: now() + 3600)

    told = Told(an_hour_later)
    part = study_in(tmp_path / "part", what, told=told, seconds=3600)
    monkeypatch.undo()
    assert any("first seeds come first" in line for line in told.lines)
    assert {trial.seed for trial in told.trials} == {5}
    assert not part.complete
    assert part.summary.best is not None
    stopped = {trial.candidate for trial in part.study.trials if trial.state == "stopped"}
    assert len(stopped) == 2
    end = study_in(tmp_path / "part", what, resume=True)  # what was decided by first seeds stands
    assert end.complete
    for trial in end.study.trials:
        assert trial.state == ("stopped" if trial.candidate in stopped else "done")
    known = {trial.number: trial.fingerprint for trial in halved.study.trials if trial.fingerprint}
    assert all(known.get(trial.number, trial.fingerprint) == trial.fingerprint for trial in end.study.trials)


def test_a_study_that_another_is_at_work_on_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "study (1)"
    with alone(storage(folder / RUNNING), Told().warn), ThreadPoolExecutor(1) as another:
        error = another.submit(study_in, folder, plan()).exception()
    assert isinstance(error, DataError)
    told = rf"another command \(process {os.getpid()} on .*\) is at work on the study .*study \(1\); wait"
    assert re.match(told, str(error))


def test_a_study_of_something_else_is_refused(halved: StudyResult, tmp_path: Path) -> None:
    folder = halved.study.folder
    what = plan((2, 3, 4, 5), n_seeds=2, halving=True)
    with pytest.raises(lda.DataError, match="holds a study already; go on with it"):
        study_in(folder, what)
    for other, says in (
        (plan((2, 3, 4), n_seeds=2, halving=True), "of another search"),
        (plan((2, 3, 4, 5), n_seeds=3, halving=True), "of other seeds"),
        (plan((2, 3, 4, 5), n_seeds=2, halving=True, near_duplicates=None, sweeps=13), "search|settings"),
        (
            replace(
                what,
                split=Split(
                    documents=GivenDocuments(lda.as_corpus(tiny.counts(60))),
                    heldout=None,
                    test_fraction=0.3,
                    recipe_of=lambda parameters: None,
                ),
            ),
            "of other documents",
        ),
    ):
        with pytest.raises(lda.DataError, match=says):
            study_in(folder, other, resume=True)
    stranger = tmp_path / "stranger"
    stranger.mkdir()
    (stranger / "thesis.tex").write_text("years of work")
    with pytest.raises(lda.DataError, match="is no study, so nothing is written there"):
        study_in(stranger, what, overwrite=True)
    assert (stranger / "thesis.tex").read_text() == "years of work"


@pytest.mark.parametrize("name", ["study.json", "trials/0001/trial.json"])
def test_damage_is_named(halved: StudyResult, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "halved"
    shutil.copytree(halved.study.folder, folder)
    text = (folder / name).read_text()
    for damaged in (text.replace('"seed', '"sead'), text[: len(text) // 2], "[]"):
        (folder / name).write_text(damaged)
        with pytest.raises(lda.DataError, match=f"{name} is damaged"):
            Study.open(folder)


def test_records_come_back_as_they_went(halved: StudyResult, tmp_path: Path) -> None:
    settings = read_settings(halved.study.folder)
    write_settings(tmp_path, settings)
    assert read_settings(tmp_path) == settings
    for trial in halved.study.trials:
        assert TrialRecord.from_dict(json.loads(json.dumps(trial.to_dict()))) == trial
    scores = halved.study.scores(next(t.number for t in halved.study.trials if t.state == "done"))
    assert scores.tokens.sum() > 0


def test_a_recipe_that_leaves_nothing_to_score_stops_no_other(tmp_path: Path) -> None:
    """One word is in all documents, the others in a few: of a high min_df no document keeps two."""
    rows = [
        {"name": f"d{n}", "body": f"common {'abcdefghijkl'[n % 12] * 3} {'mnopq'[n % 5] * 3}"}
        for n in range(60)
    ]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    for halving in (False, True):
        study = lda.tune(
            path,
            2,
            output=tmp_path / f"study-{halving}",
            recipe=lda.Recipe(text="body", id="name"),
            min_df=[1, 30],
            max_iter=9,
            halving=halving,
            at_once=0,
            n_jobs=1,
            page=False,
        )
        assert [trial.state for trial in study.trials] == ["done", "failed"]
        failed = study.trials[1]
        assert (failed.sweeps, failed.curve) == (0, ())
        assert "has two words that the model knows" in str(failed.error)


def test_recipes_have_the_same_documents_on_either_side(tmp_path: Path) -> None:
    study = lda.tune(
        tiny.jsonl(tmp_path / "tiny.jsonl", 80),
        3,
        output=tmp_path / "study",
        recipe=lda.Recipe(text="body", id="name"),
        min_df=[1, 20],
        stop_words=[None, "en"],
        max_iter=5,
        test_fraction=0.25,
        at_once=0,
        n_jobs=-1,
        page=False,
    )
    assert len(study.settings.corpora) == 4
    sides = [
        (study.train(name).document_ids().to_pylist(), study.heldout(name).document_ids().to_pylist())
        for name in study.settings.corpora
    ]
    assert all(side == sides[0] for side in sides)
    assert not set(sides[0][0]) & set(sides[0][1])
    assert len(sides[0][0]) + len(sides[0][1]) == 80
    assert {trial.state for trial in study.trials} == {"done"}
    with pytest.raises(TypeError, match="a list of texts"):
        lda.tune(["peace and trade " * 40], [2, 3], output=tmp_path / "other")
    with pytest.raises(TypeError, match="burn_in"):
        lda.tune(tiny.counts(), [2, 3], output=tmp_path / "other", tol=0.1)


KILLED = """
import sys
import lda
lda.tune(sys.argv[1], [2, 3, 4, 5], output=sys.argv[2], max_iter=3000, n_jobs=2, at_once=2, page=False, verbose=1,
         resume=True)
"""


@pytest.mark.slow
def test_killed_without_warning(tmp_path: Path) -> None:
    """No process stays behind, and the same command completes the study."""
    lda.as_corpus(tiny.counts(200)).save(tmp_path / "corpus")
    command = [sys.executable, "-c", KILLED, str(tmp_path / "corpus"), str(tmp_path / "study")]
    first = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    assert first.stderr is not None
    line = ""
    while "trials ended" not in line:
        line = first.stderr.readline()
        assert line, "it ended before the first trial was done"
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    first.stderr.close()
    until(lambda: not session_of(first.pid), "a process stays behind")
    states = [trial.state for trial in Study.open(tmp_path / "study").trials]
    assert 1 <= states.count("done") < 4
    subprocess.run(command, check=True, capture_output=True)
    whole = lda.tune(
        tmp_path / "corpus", [2, 3, 4, 5], output=tmp_path / "whole", max_iter=3000, at_once=0, page=False
    )
    assert bits(Study.open(tmp_path / "study")) == bits(whole)


@pytest.mark.slow
@pytest.mark.ray
def test_the_same_trials_on_two_workers_of_ray(halved: StudyResult, tmp_path: Path) -> None:
    pytest.importorskip("ray")
    workers = Workers(cores=1, cluster=Cluster(address="local", workers=2, threads_per_worker=1))
    two = study_in(tmp_path / "halved", plan((2, 3, 4, 5), n_seeds=2, halving=True), workers)
    assert bits(two.study) == bits(halved.study)
