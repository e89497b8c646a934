"""Topics of a corpus from a real Ray cluster of two nodes: the same bytes as in one process, whoever is killed."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
import ray
from click.testing import CliRunner
from cluster_fits import TWO, TWO_NODES, settings, threads
from nodes import beside_waiting, on_nodes
from thread_actors import ThreadActors
from waiting import until

import lda
from lda.cli import cli
from lda.cluster import Cluster, ClusterError, Runtime
from lda.cluster.distributed.connection import connected
from lda.cluster.distributed.task_worker import TaskActor
from lda.corpus import Corpus
from lda.transform.parts_job import PartsJob

if TYPE_CHECKING:
    from pathlib import Path

    from nodes import Nodes

    from lda.cluster.distributed.actor_report import Ready
    from lda.transform.parts import OutputPart, PartDone


@pytest.fixture(scope="module")
def here(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the model, the corpus and the parts made in this process."""
    folder = tmp_path_factory.mktemp("transform")
    wanted = settings(sweeps=2)
    lda.LDA(wanted.n_topics, max_iter=2).fit(Corpus.open(small)).save(folder / "model")
    (folder / "corpus").symlink_to(small)
    lda.transform_corpus(folder / "model", folder / "corpus", folder / "alone")
    return folder


def parts(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.suffix == ".parquet"}


def finished_like_alone(here: Path, folder: Path) -> None:
    assert parts(folder) == parts(here / "alone")
    assert sorted(p.name for p in folder.iterdir()) == sorted(p.name for p in (here / "alone").iterdir())


def command(*arguments: object) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of `lda transform`."""
    result = CliRunner().invoke(cli, ["transform", *map(str, arguments)])
    assert "Traceback" not in result.stderr
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.ray
def test_the_same_files_as_in_one_process(nodes: Nodes, here: Path, tmp_path: Path) -> None:
    code, out, said = command(
        here / "model", here / "corpus", "-o", tmp_path / "out.parquet", "--address", "auto",
        "--workers", 2, "--threads-per-worker", 2, "--json", "-v",
    )  # fmt: skip
    assert code == 0
    assert json.loads(out)["workers"] in (1, 2)
    assert json.loads(out)["n_documents"] == nodes.corpus.n_documents
    assert "waiting for 2 workers with 2 threads each on 2 nodes to begin" in said
    assert f"8/8 parts, {nodes.corpus.n_documents} of {nodes.corpus.n_documents} documents, " in said
    finished_like_alone(here, tmp_path / "out.parquet")
    command(here / "model", here / "corpus", "-o", tmp_path / "one.parquet")
    assert ds.dataset(tmp_path / "out.parquet").to_table().equals(pq.read_table(tmp_path / "one.parquet"))


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_the_same_files_by_any_number_of_workers(here: Path, tmp_path: Path, workers: int) -> None:
    on, noted = replace(TWO, workers=workers), list[str]()
    out = tmp_path / "out"
    state = lda.transform_corpus(
        here / "model", here / "corpus", out, cluster=on, note=noted.append, runtime=threads()
    )
    assert (state.parts, state.kept) == (8, 0)
    assert noted == [f"{workers} workers with 1 threads each on 2 nodes"]
    finished_like_alone(here, out)


@pytest.mark.parametrize("victim", ["worker", "node"])
def test_the_part_of_a_lost_worker_is_made_by_another(here: Path, tmp_path: Path, victim: str) -> None:
    """Both are in the middle of their first parts, and the one who has part 1 is lost."""
    system = ThreadActors(TWO_NODES)
    both = threading.Barrier(2)
    begun: list[int] = []

    class Unlucky(TaskActor):
        def do(self, task: OutputPart) -> PartDone:
            begun.append(task.index)
            if begun.count(task.index) == 1 and task.index < 2:
                both.wait(60)
                if task.index == 1:
                    if victim == "node":
                        system.end_node(self.calls.here().node)
                        self.calls.check()
                    system.end()
            done: PartDone = super().do(task)
            return done

    on = replace(TWO, threads_per_worker=3)  # a node has room for one such worker only
    told: list[str] = []
    state = lda.transform_corpus(
        here / "model",
        here / "corpus",
        tmp_path / "out",
        cluster=on,
        warn=told.append,
        runtime=Runtime(connect=system.connect, task_worker=Unlucky),
    )
    assert (state.parts, state.kept) == (8, 0)
    (line,) = told
    assert re.fullmatch(r"lost worker \d \(process .*\); part-0000[01].parquet goes to another worker", line)
    assert ("with its node" in line) == (victim == "node")
    finished_like_alone(here, tmp_path / "out")


@pytest.mark.ray
def test_the_part_of_a_lost_node_is_made_by_another(nodes: Nodes, here: Path, tmp_path: Path) -> None:
    """Both are in the middle of their first parts, which take so long that a dead node is noticed meanwhile."""
    begun = tmp_path / "begun"
    begun.mkdir()

    class Slow(TaskActor):
        def do(self, task: Any) -> Any:
            import os
            from pathlib import Path

            Path(begun, f"{os.getpid()}-{self.calls.here().node}").touch()
            if task.index < 2 and len(list(begun.iterdir())) <= 2 and not Path(begun, "killed").exists():
                while not Path(begun, "killed").exists():
                    time.sleep(0.05)
                time.sleep(6)
            return super().do(task)

    on = replace(TWO, threads_per_worker=3)  # a node has room for one such worker only
    told: list[str] = []

    def kill() -> None:
        until(lambda: len(list(begun.iterdir())) == 2, "not both have begun")
        (begun / "killed").touch()
        os.kill(nodes.second.all_processes["raylet"][0].process.pid, signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        state = lda.transform_corpus(
            here / "model",
            here / "corpus",
            tmp_path / "out",
            cluster=on,
            warn=told.append,
            runtime=on_nodes(task_worker=Slow),
        )
    finally:
        thread.join()
        nodes.renew()
    assert (state.parts, state.kept) == (8, 0)
    (line,) = beside_waiting(told)
    assert re.fullmatch(r"lost worker \d \(process .*\); part-0000[01].parquet goes to another worker", line)
    assert "with its node" in line
    finished_like_alone(here, tmp_path / "out")


def test_when_all_are_lost_what_room_there_is_is_taken(here: Path, tmp_path: Path) -> None:
    """The only worker's node goes, and the other node has CPUs for a smaller one only."""
    system = ThreadActors((4, 2), speed=20.0, stepwise=True)
    begun: list[int] = []

    class Unlucky(TaskActor):
        def do(self, task: OutputPart) -> PartDone:
            begun.append(self.threads)
            if len(begun) == 3:
                system.end_node("node 0")
            done: PartDone = super().do(task)
            return done

    told: list[str] = []
    lda.transform_corpus(
        here / "model",
        here / "corpus",
        tmp_path / "out",
        cluster=Cluster(workers=1, threads_per_worker=4),
        warn=told.append,
        runtime=Runtime(connect=system.connect, task_worker=Unlucky),
    )
    assert "lost worker 0" in told[0]
    assert begun[0] == 4
    assert begun[-1] == 2
    finished_like_alone(here, tmp_path / "out")


def test_a_part_that_kills_its_workers_is_given_up_after_the_others(here: Path, tmp_path: Path) -> None:
    system = ThreadActors(TWO_NODES)

    class Dies(TaskActor):
        def do(self, task: OutputPart) -> PartDone:
            if task.index == 1:
                system.end("worker 0")
            done: PartDone = super().do(task)
            return done

    arguments = (here / "model", here / "corpus", tmp_path / "out")
    on, told = replace(TWO, workers=1, max_failures=1), list[str]()
    with pytest.raises(ClusterError, match=r"2 times .* at last worker 0 \(.*\) at part-00001.parquet"):
        lda.transform_corpus(
            *arguments,
            cluster=on,
            warn=told.append,
            runtime=Runtime(connect=system.connect, task_worker=Dies),
        )
    assert len(told) == 2
    state = lda.transform_corpus(*arguments, resume=True)
    assert state.kept == 7
    finished_like_alone(here, tmp_path / "out")


DRIVER = """
import sys
from lda import transform_corpus
from lda.cluster import Cluster

def on_part(state):
    print(state.parts, flush=True)
    if state.parts == 3:
        sys.stdin.readline()  # it is not to be over before it is killed

model, corpus, output, address = sys.argv[1:]
transform_corpus(
    model, corpus, output, cluster=Cluster(address=address, workers=2, threads_per_worker=1),
    on_part=on_part,
)
"""


@pytest.mark.ray
def test_a_killed_driver_is_resumed(nodes: Nodes, here: Path, tmp_path: Path) -> None:
    """By another number of workers; a part that was damaged meanwhile is made again."""
    target = tmp_path / "out"
    arguments = [here / "model", here / "corpus", target, nodes.address]
    with subprocess.Popen(
        [sys.executable, "-c", DRIVER, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip() == "3":
                process.kill()
                break
    arguments = [here / "model", here / "corpus", "-o", target]
    on = ["--address", nodes.address, "--workers", 2, "--threads-per-worker", 1]
    assert process.returncode == -signal.SIGKILL
    assert not (target / "_SUCCESS").exists()
    code, _, refused = command(*arguments, *on)
    assert code == 3
    assert "--resume" in refused
    recorded = json.loads((target / "_manifest.json").read_text())["parts"]
    assert recorded
    (target / recorded[0]["file"]).write_bytes(b"half")
    on[3] = 1
    code, out, said_then = command(*arguments, *on, "--resume", "--json")
    assert code == 0
    assert json.loads(out)["n_parts_kept"] == len(recorded) - 1
    assert f"{recorded[0]['file']} was missing or damaged" in said_then
    finished_like_alone(here, target)
    code, _, said_last = command(*arguments, *on, "--resume")
    assert (code, said_last) == (0, f"{target} is finished already; nothing to resume\n")


class Elsewhere(TaskActor):
    """On a node where the output is another place."""

    def begin(self) -> Ready:
        assert isinstance(self.job, PartsJob)
        self.job = replace(self.job, output="/nowhere/out")
        return super().begin()


def test_an_output_that_workers_do_not_share(here: Path, tmp_path: Path) -> None:
    said = (
        r"worker \d on [\d.]+ cannot work: /nowhere/out is not the place that the driver writes to; .* share"
    )
    with pytest.raises(ClusterError, match=said):
        lda.transform_corpus(
            here / "model",
            here / "corpus",
            tmp_path / "out",
            cluster=TWO,
            runtime=threads(task_worker=Elsewhere),
        )
    assert not (tmp_path / "out").exists()


def test_what_a_worker_meets_is_told_with_its_name(here: Path, tmp_path: Path) -> None:
    """A shard that went bad, then a place that refuses a part; when both are put right, the run is resumed."""
    shutil.copytree(here / "corpus", tmp_path / "corpus")
    shard = tmp_path / "corpus" / "shard-00005.arrow"
    sound = shard.read_bytes()
    shard.write_bytes(sound[:-1] + b"?")
    target, on = tmp_path / "out", replace(TWO, workers=1)

    def transform(*, resume: bool) -> None:
        lda.transform_corpus(
            here / "model", tmp_path / "corpus", target, cluster=on, resume=resume, runtime=threads()
        )

    with pytest.raises(lda.DataError, match=r"^worker 0 on [\d.]+: .*shard-00005.arrow is damaged"):
        transform(resume=False)
    assert len(parts(target)) == 5
    shard.write_bytes(sound)
    (target / "part-00006.parquet").mkdir()
    with pytest.raises(OSError, match=r"worker 0 on [\d.]+: Is a directory: .*part-00006"):
        transform(resume=True)
    (target / "part-00006.parquet").rmdir()
    transform(resume=True)
    finished_like_alone(here, target)


@pytest.mark.ray
def test_what_a_worker_of_ray_meets_is_told_by_the_command(nodes: Nodes, here: Path, tmp_path: Path) -> None:
    """A shard that went bad, then a place that refuses a part; when both are put right, the run is resumed."""
    shutil.copytree(here / "corpus", tmp_path / "corpus")
    shard = tmp_path / "corpus" / "shard-00005.arrow"
    sound = shard.read_bytes()
    shard.write_bytes(sound[:-1] + b"?")
    target = tmp_path / "out"
    arguments = (here / "model", tmp_path / "corpus", "-o", target, "--address", "auto", "--workers", 1)
    code, _, said = command(*arguments)
    assert code == 3
    assert re.search(r"^lda: error: worker 0 on [\d.]+: .*shard-00005.arrow is damaged", said, re.MULTILINE)
    assert len(parts(target)) == 5
    shard.write_bytes(sound)
    (target / "part-00006.parquet").mkdir()
    code, _, said = command(*arguments, "--resume")
    assert code == 1
    assert re.search(r"^lda: error: worker 0 on [\d.]+: Is a directory: .*part-00006", said, re.MULTILINE)
    (target / "part-00006.parquet").rmdir()
    assert command(*arguments, "--resume")[0] == 0
    finished_like_alone(here, target)


def test_a_signal_that_meets_ray_while_it_begins_is_an_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    def begin(**_: object) -> None:
        signal.signal(signal.SIGTERM, lambda number, _: sys.exit(number))
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", begin)
    before = signal.signal(signal.SIGTERM, mine := lambda *_: None)
    try:
        with pytest.raises(KeyboardInterrupt), connected(Cluster()):
            pass
        assert signal.getsignal(signal.SIGTERM) is mine
    finally:
        signal.signal(signal.SIGTERM, before)


def test_ray_leaves_the_handler_of_sigterm_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would end the process at once, with parts that are done and not recorded."""
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "shutdown", lambda: None)
    monkeypatch.setattr(ray, "init", lambda **_: signal.signal(signal.SIGTERM, lambda *_: sys.exit(15)))
    before = signal.signal(signal.SIGTERM, mine := lambda *_: None)
    try:
        with connected(Cluster()):
            assert signal.getsignal(signal.SIGTERM) is mine
    finally:
        signal.signal(signal.SIGTERM, before)
