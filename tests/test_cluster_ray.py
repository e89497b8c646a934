"""A fit on a real Ray cluster of two nodes: the same bits as in one process, whoever is killed."""

from __future__ import annotations

import os
import pickle
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import ray
from ray.cluster_utils import Cluster as Nodes

from lda.cluster import FitSettings, fingerprint, fit
from lda.cluster import driver as driver_module
from lda.cluster.checkpoint import CheckpointError, Checkpointing
from lda.cluster.cluster import Cluster, ClusterError
from lda.cluster.driver import Driver
from lda.corpus import Corpus, as_corpus
from lda.samplers.priors import start_priors

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lda.cluster import FitResult
    from lda.cluster.records import SweepRecord

pytestmark = [
    # Ray leaves the pipes and log files of the processes it starts to the garbage collector.
    pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning"),
    pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning"),
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]

TWO = Cluster(workers=2, threads_per_worker=1, aggregators=1)


class Grounds:
    """The nodes, and the corpora that lie where all of them reach them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.nodes = Nodes()
        # A node counts as gone after three questions without an answer; by default these are 3 s apart.
        quick = {
            "health_check_initial_delay_ms": 1000,
            "health_check_period_ms": 1000,
            "health_check_failure_threshold": 3,
        }
        self.nodes.add_node(num_cpus=4, include_dashboard=False, _system_config=quick)
        self.second = self.nodes.add_node(num_cpus=4)
        ray.init(self.nodes.address, log_to_driver=False, logging_level="ERROR")
        self.corpus = self._stored(folder / "small", counts(240, 600, 0.03))
        self.wide = self._stored(folder / "wide", counts(4300, 300, 0.3))

    @staticmethod
    def _stored(path: Path, matrix: np.ndarray) -> Corpus:
        as_corpus(matrix).save(path)
        return Corpus.open(path)

    def renew(self) -> None:
        """Another second node for one that was killed."""
        self.nodes.remove_node(self.second, allow_graceful=False)
        self.second = self.nodes.add_node(num_cpus=4)
        self.nodes.wait_for_nodes()

    def close(self) -> None:
        ray.shutdown()
        self.nodes.shutdown()


def counts(n_docs: int, n_terms: int, shortness: float) -> np.ndarray:
    """(D, V): frequent and rare words, more than two blocks of the fingerprint, long and short documents."""
    rng = np.random.default_rng(1)
    shares = rng.dirichlet(np.full(n_terms, 0.15))
    return np.array([rng.multinomial(n, shares) for n in rng.geometric(shortness, n_docs) - 1])


@pytest.fixture(scope="module")
def grounds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grounds]:
    made = Grounds(tmp_path_factory.mktemp("grounds"))
    yield made
    made.close()


@pytest.fixture(autouse=True)
def nothing_left_behind(grounds: Grounds) -> Iterator[None]:
    """After each test, however it ended, no actors and no reservations are left on the cluster."""
    yield

    def left() -> list[str]:
        actors = [a["ActorClassName"] for a in ray._private.state.actors().values() if a["State"] != "DEAD"]
        table = ray.util.placement_group_table().values()
        return actors + [g["placement_group_id"] for g in table if g["state"] != "REMOVED"]

    until = time.monotonic() + 10
    while left() and time.monotonic() < until:
        time.sleep(0.05)
    assert not left()


def settings(sampler: str = "adlda", **more: Any) -> FitSettings:
    given: dict[str, Any] = {
        "n_topics": 24, "sweeps": 4, "phases": 2, "optimize_interval": 1, "burn_in": 0, "beta": "auto",
        "validation_fraction": 0.1, "evaluate_every": 2, "threads": 1,
    }  # fmt: skip
    return FitSettings(sampler=sampler, **given | more)


def same(a: FitResult, b: FitResult) -> None:
    assert fingerprint(a.topic_word_counts) == fingerprint(b.topic_word_counts)
    np.testing.assert_array_equal(a.alpha, b.alpha)
    assert a.beta == b.beta
    assert a.doc_topic_counts is not None
    assert b.doc_topic_counts is not None
    assert (a.doc_topic_counts != b.doc_topic_counts).nnz == 0
    assert [(r.sweep, r.log_likelihood, r.heldout) for r in a.history] == [
        (r.sweep, r.log_likelihood, r.heldout) for r in b.history
    ]


@pytest.mark.parametrize(
    ("sampler", "workers", "threads", "aggregators"),
    [("adlda", 1, 2, 2), ("esca", 2, 1, 1), ("pclda", 2, 1, None), ("uncollapsed", 3, 1, 1)],
)
def test_one_seed_one_model(
    grounds: Grounds, sampler: str, workers: int, threads: int, aggregators: int | None
) -> None:
    wanted = settings(sampler, n_samples=2, sample_interval=1)
    on = Cluster(workers=workers, threads_per_worker=threads, aggregators=aggregators)
    alone, spread = fit(grounds.corpus, wanted), fit(grounds.corpus, wanted, cluster=on)
    same(alone, spread)
    assert alone.mean_counts is not None
    assert spread.mean_counts is not None
    assert (alone.mean_counts != spread.mean_counts).nnz == 0
    assert all(record.bytes_exchanged > 0 for record in spread.history)


def test_growing_start(grounds: Grounds) -> None:
    wanted = settings(start="growing", sweeps=2)
    on = Cluster(workers=2, threads_per_worker=2, aggregators=2)
    same(fit(grounds.wide, wanted), fit(grounds.wide, wanted, cluster=on))


def test_in_memory_corpus_and_one_more_worker_than_shards(grounds: Grounds) -> None:
    """What does not lie on disk is put there; a worker without a shard is not started."""
    small, wanted = as_corpus(np.array([[1, 2, 0], [0, 0, 3]])), settings(n_topics=2, validation_fraction=0.0)
    on = replace(TWO, workers=3)
    same(fit(small, wanted), fit(small, wanted, cluster=on))


def consistent(corpus: Corpus, result: FitResult) -> None:
    """Counts and document topics are those of one moment, and of all tokens."""
    assert result.doc_topic_counts is not None
    assert int(result.topic_word_counts.sum()) == corpus.n_tokens
    np.testing.assert_array_equal(result.topic_word_counts.sum(axis=0), result.doc_topic_counts.sum(axis=0))
    np.testing.assert_array_equal(
        np.asarray(result.topic_word_counts.sum(axis=1)).ravel(), corpus.term_frequencies
    )
    lengths = np.asarray(corpus.to_csr().sum(axis=1)).ravel()
    np.testing.assert_array_equal(np.asarray(result.doc_topic_counts.sum(axis=1)).ravel(), lengths)


def lazy(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let worker 1 sleep before each step."""
    ordinary = driver_module.WorkerActor

    class Sleepy(ordinary):  # type: ignore[misc, valid-type]
        def __init__(self, number: int, *rest: Any) -> None:
            super().__init__(number, *rest, delay=seconds * number)

    monkeypatch.setattr(driver_module, "WorkerActor", Sleepy)


def test_counts_are_right_without_steps_in_common(grounds: Grounds) -> None:
    wanted = settings(validation_fraction=0.0, sweeps=8)
    result = fit(grounds.corpus, wanted, cluster=replace(TWO, staleness=1, aggregators=2))
    consistent(grounds.corpus, result)
    assert [r.sweep for r in result.history] == list(range(1, 9))
    likelihood = [r.log_likelihood for r in result.history if r.log_likelihood is not None]
    assert likelihood[-1] > likelihood[0]


@pytest.mark.parametrize("staleness", [1, None])
def test_stopping_early_ends_in_one_moment(
    grounds: Grounds, monkeypatch: pytest.MonkeyPatch, staleness: int | None
) -> None:
    """Workers at different passes, one of which waits for what the other will never send."""
    lazy(monkeypatch, 0.05)
    result = fit(
        grounds.corpus,
        settings(validation_fraction=0.0, sweeps=500),
        on_sweep=lambda record: record.sweep == 3,
        cluster=replace(TWO, staleness=staleness),
    )
    assert result.n_sweeps == 3
    consistent(grounds.corpus, result)


def test_evaluation_does_not_wait_for_the_passes_asked_for(
    grounds: Grounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    lazy(monkeypatch, 0.1)
    scores: list[float] = []

    def note(record: SweepRecord) -> bool:
        if record.heldout is not None:
            scores.append(record.heldout)
        return bool(scores)

    begin = time.monotonic()
    fit(grounds.corpus, settings(sweeps=500), on_sweep=note, cluster=replace(TWO, staleness=None))
    assert len(scores) == 1
    assert time.monotonic() - begin < 60  # 500 passes of the slow worker alone take 100 s


@pytest.mark.parametrize("staleness", [0, 3, None])
def test_a_slow_worker_holds_up_nobody_beyond_the_bound(
    grounds: Grounds, monkeypatch: pytest.MonkeyPatch, staleness: int | None
) -> None:
    lazy(monkeypatch, 0.15)
    wanted, passes = settings().resolved(), 5
    driver = Driver(grounds.corpus, wanted, replace(TWO, staleness=staleness))
    try:
        priors = start_priors(wanted.alpha, wanted.beta, wanted.n_topics)
        asked = [driver.first_topics(0, 0, priors)]
        asked += [driver.resample(tick, priors) for tick in range(1, passes)]
        fast, slow = zip(*asked, strict=True)
        last = -1
        for i, reference in enumerate(fast):
            ray.get(reference)
            done = len(ray.wait(list(slow), num_returns=passes, timeout=0)[0])
            last = i - done
            if staleness is not None:  # in steps, of which a pass has two; one more pass may be under way
                assert last <= -(-staleness // 2) + 1
        if staleness is None:
            assert last >= passes // 2, "the fast worker waited for the slow one"
        ray.get(list(slow))
        totals = driver.matrix(now=staleness != 0).sum()
        assert totals == driver.trained_tokens
    finally:
        driver.close()


@pytest.fixture
def drivers(monkeypatch: pytest.MonkeyPatch) -> list[Driver]:
    """The drivers of all attempts, once their actors have introduced themselves."""
    made: list[Driver] = []
    introduce = Driver._introduce

    def note(self: Driver) -> None:
        introduce(self)
        made.append(self)

    monkeypatch.setattr(Driver, "_introduce", note)
    return made


class Killer:
    """Kills once, some milliseconds after a sweep in `sweeps`, so that it hits any phase."""

    def __init__(self, seed: int, kill: Callable[[], None], sweeps: tuple[int, int] = (5, 9)) -> None:
        rng = np.random.default_rng(seed)
        self.at, self.after, self.kill = int(rng.integers(*sweeps)), float(rng.uniform(0, 0.04)), kill
        self.timer: threading.Timer | None = None

    def __call__(self, record: SweepRecord) -> None:
        if record.sweep == self.at and self.timer is None:
            self.timer = threading.Timer(self.after, self.kill)
            self.timer.start()


def killer(drivers: list[Driver], victim: str, seed: int, sweeps: tuple[int, int] = (5, 9)) -> Killer:
    return Killer(seed, lambda: os.kill(drivers[-1].said[victim].pid, signal.SIGKILL), sweeps)


LONG = settings(sweeps=16, n_samples=2, evaluate_every=8)


@pytest.mark.parametrize(
    ("first", "then", "seed", "kept"),
    [("worker 0", "aggregator 0", 0, True), ("aggregator 0", "worker 1", 1, False)],
)
def test_killed_processes_leave_no_trace_in_the_model(
    grounds: Grounds, drivers: list[Driver], tmp_path: Path, first: str, then: str, seed: int, kept: bool
) -> None:
    """One is killed about when the first checkpoint is written, another later; or there are no checkpoints."""
    early, late = killer(drivers, first, seed, (1, 4)), killer(drivers, then, seed, (7, 12))
    told: list[str] = []

    def on_sweep(record: SweepRecord) -> None:
        early(record)
        late(record)

    place = Checkpointing(path=str(tmp_path), every=3) if kept else None
    result = fit(grounds.corpus, LONG, cluster=TWO, checkpointing=place, on_sweep=on_sweep, warn=told.append)
    # A checkpoint under way when it happened is damaged, and said to be.
    losses = [line for line in told if "is damaged" not in line]
    since = [r"the checkpoint of sweep \d+" if kept else "the beginning"] * 2
    since[0] += "|the beginning"
    for victim, line, point in zip((first, then), losses, since, strict=True):
        assert re.fullmatch(rf"lost {victim} \(process \d+ on [\d.]+\); going on from ({point})", line)
    same(fit(grounds.corpus, LONG), result)


def test_a_loss_without_steps_in_common(grounds: Grounds, drivers: list[Driver], tmp_path: Path) -> None:
    wanted = settings(sweeps=60, validation_fraction=0.0)
    told: list[str] = []
    result = fit(
        grounds.corpus,
        wanted,
        cluster=replace(TWO, staleness=None),
        checkpointing=Checkpointing(path=str(tmp_path), every=1),
        on_sweep=killer(drivers, "worker 1", 5),
        warn=told.append,
    )
    assert "going on from the checkpoint of sweep" in told[-1]
    assert result.n_sweeps == 60
    consistent(grounds.corpus, result)


def test_losses_without_end_are_given_up(grounds: Grounds, drivers: list[Driver]) -> None:
    def kill(record: SweepRecord) -> None:
        os.kill(drivers[-1].said["worker 0"].pid, signal.SIGKILL)

    told: list[str] = []
    with pytest.raises(ClusterError, match=r"lost 1 times, at last worker 0 \(process"):
        fit(grounds.corpus, LONG, cluster=replace(TWO, max_failures=0), on_sweep=kill, warn=told.append)
    assert told == []


def test_a_killed_node_leaves_no_trace_in_the_model(
    grounds: Grounds, drivers: list[Driver], tmp_path: Path
) -> None:
    """One node is left, with room for one worker only."""
    raylet = grounds.second.all_processes["raylet"][0].process.pid
    told: list[str] = []
    try:
        result = fit(
            grounds.corpus,
            LONG,
            cluster=replace(TWO, threads_per_worker=3),
            checkpointing=Checkpointing(path=str(tmp_path), every=3),
            on_sweep=Killer(6, lambda: os.kill(raylet, signal.SIGKILL)),
            warn=told.append,
        )
    finally:
        grounds.renew()
    assert told
    assert re.search(r"lost .*worker \d", told[0])
    assert drivers[-1].n_workers == 1
    same(fit(grounds.corpus, LONG), result)


DRIVER = """
import pickle, sys
from lda.cluster import Checkpointing, Cluster, fit
from lda.corpus import Corpus

address, corpus, place, settings = sys.argv[1:]
fit(
    Corpus.open(corpus), pickle.loads(bytes.fromhex(settings)), warn=print,
    cluster=Cluster(address=address, workers=2, threads_per_worker=1),
    checkpointing=Checkpointing(path=place, every=2), on_sweep=lambda record: print(record.sweep, flush=True),
)
"""


def kill_a_worker() -> None:
    """Whichever it is, of whichever driver."""
    actors = ray._private.state.actors().values()
    pids = [a["Pid"] for a in actors if a["ActorClassName"] == "WorkerActor" and a["State"] == "ALIVE"]
    os.kill(pids[0], signal.SIGKILL)


def test_a_killed_driver_is_resumed_by_any_number_of_workers(grounds: Grounds, tmp_path: Path) -> None:
    """It loses a worker before, of which one line tells; Ray itself stays silent."""
    arguments = [grounds.nodes.address, grounds.folder / "small", tmp_path / "c", pickle.dumps(LONG).hex()]
    printed: list[str] = []
    with (
        (tmp_path / "stderr").open("w") as stderr,
        subprocess.Popen(
            [sys.executable, "-c", DRIVER, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            printed.append(line.strip())
            if printed[-1] == "3" and printed.count("3") == 1:
                kill_a_worker()
            if printed[-1] == "9":
                process.kill()
    assert process.returncode == -signal.SIGKILL
    assert (tmp_path / "stderr").read_text() == ""
    words = [line for line in printed if not line.isdecimal() and "is damaged" not in line]
    assert len(words) == 1
    assert re.match(r"lost worker [01] \(process \d+ ", words[0])
    seen: list[int] = []
    result = fit(
        grounds.corpus,
        LONG,
        cluster=replace(TWO, workers=3, aggregators=2),
        checkpointing=Checkpointing(path=str(tmp_path / "c"), every=2, resume=True),
        on_sweep=lambda record: seen.append(record.sweep),
        warn=lambda line: None,  # one that was being written
    )
    assert seen[0] > 6
    same(fit(grounds.corpus, LONG), result)


@pytest.mark.parametrize(("first", "then"), [(None, TWO), (TWO, None)])
def test_a_checkpoint_goes_on_anywhere(
    grounds: Grounds, tmp_path: Path, first: Cluster | None, then: Cluster | None
) -> None:
    """Interrupted after four sweeps here, ended there."""
    place, wanted = Checkpointing(path=str(tmp_path), every=2), settings(sweeps=7)
    done: list[int] = []

    def on_sweep(record: SweepRecord) -> None:
        done.append(record.sweep)

    part = fit(
        grounds.corpus,
        wanted,
        cluster=first,
        checkpointing=place,
        on_sweep=on_sweep,
        interrupted=lambda: len(done) == 4,
    )
    assert part.interrupted
    assert part.n_sweeps == 4
    whole = fit(
        grounds.corpus, wanted, cluster=then, checkpointing=replace(place, resume=True), on_sweep=on_sweep
    )
    assert done == [1, 2, 3, 4, 5, 6, 7]
    same(fit(grounds.corpus, wanted), whole)


@pytest.mark.parametrize(
    ("workers", "threads", "said"),
    [
        (3, 4, "need 12 CPUs, the cluster has 8 on 2 nodes, with room for 2 such"),
        (1, 5, "with room for 0 such"),
    ],
)
def test_more_than_there_is_is_refused(grounds: Grounds, workers: int, threads: int, said: str) -> None:
    with pytest.raises(ClusterError, match=said):
        fit(grounds.corpus, settings(), cluster=Cluster(workers=workers, threads_per_worker=threads))


def test_cpus_that_others_hold_are_not_waited_for_without_end(
    grounds: Grounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lda.cluster.placement.PATIENCE_SECONDS", 0.5)
    others = ray.util.placement_group([{"CPU": 4}, {"CPU": 4}])
    assert others.wait(10)
    try:
        with pytest.raises(
            ClusterError, match=r"2 workers with 1 CPUs each found no room.*others use the cluster"
        ):
            fit(grounds.corpus, settings(), cluster=TWO)
    finally:
        ray.util.remove_placement_group(others)


@pytest.mark.parametrize("by_environment", [False, True])
def test_no_cluster_there(grounds: Grounds, monkeypatch: pytest.MonkeyPatch, by_environment: bool) -> None:
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:9")
    address = "auto" if by_environment else "127.0.0.1:9"
    with pytest.raises(
        ClusterError, match=r"no Ray cluster answers at 127.0.0.1:9 .*refused.*`ray start --head`"
    ):
        fit(grounds.corpus, settings(), cluster=replace(TWO, address=address))


def test_documents_that_workers_cannot_read(grounds: Grounds, tmp_path: Path) -> None:
    """The driver has them mapped; the workers look for them in vain."""
    corpus = grounds._stored(tmp_path / "gone", counts(50, 40, 0.1))
    for i in range(corpus.n_shards):
        corpus.shard(i)
    (tmp_path / "gone").rename(tmp_path / "elsewhere")
    with pytest.raises(ClusterError, match=r"worker \d on [\d.]+ cannot work: .*gone/") as caught:
        fit(corpus, settings(), cluster=TWO)
    assert "\n" not in str(caught.value)


def test_nodes_with_other_versions_are_refused(grounds: Grounds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lda.cluster.hosts.versions", lambda: {"raylda": "9.9", "Python": "3.11"})
    with pytest.raises(ClusterError, match=r"worker 0 on [\d.]+ runs raylda .*, here 9\.9; install the same"):
        fit(grounds.corpus, settings(), cluster=TWO)


def test_checkpoints_that_workers_cannot_write(grounds: Grounds, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    place = Checkpointing(path=str(tmp_path / "file" / "under"), every=1)
    with pytest.raises(
        CheckpointError, match=r"checkpoint of sweep 1 could not be written to .*Not a directory"
    ) as e:
        fit(grounds.corpus, settings(), cluster=TWO, checkpointing=place)
    assert "\n" not in str(e.value)
