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
from typing import TYPE_CHECKING

import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
import ray
from click.testing import CliRunner
from nodes import TWO, settings

import lda
from lda.cli import cli
from lda.cluster import Cluster, ClusterError
from lda.cluster.cluster import connected
from lda.parts_job import PartsJob

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nodes import Nodes

    from lda.parts_job import Part, PartDone


@pytest.fixture(autouse=True)
def quick_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers get their environment from the nodes, see `nodes`."""
    monkeypatch.setattr("lda.cluster.crew.environment", dict)


@pytest.fixture(scope="module")
def here(started_nodes: Nodes) -> Path:
    """A folder with the model, the corpus and the parts made in this process."""
    folder = started_nodes.folder / "transform"
    folder.mkdir()
    wanted = settings(sweeps=2)
    lda.LDA(wanted.n_topics, max_iter=2).fit(started_nodes.corpus).save(folder / "model")
    (folder / "corpus").symlink_to(started_nodes.folder / "small")
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


def changed(monkeypatch: pytest.MonkeyPatch, before: Callable[[Part], None]) -> None:
    """Let workers do something before each part."""
    ordinary = PartsJob

    class Changed(ordinary):  # type: ignore[misc, valid-type]
        def open(self, threads: int) -> Callable[[Part], PartDone]:
            make = ordinary.open(self, threads)

            def work(part: Part) -> PartDone:
                before(part)
                return make(part)

            return work

    monkeypatch.setattr("lda.parts_job.PartsJob", Changed)


@pytest.mark.parametrize("victim", ["worker", "node"])
def test_the_part_of_a_lost_worker_is_made_by_another(
    nodes: Nodes, here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, victim: str
) -> None:
    """Both are in the middle of their first parts, which take so long that a dead node is noticed meanwhile."""
    begun = tmp_path / "begun"
    begun.mkdir()

    def hang(part: Part) -> None:
        import os
        import time
        from pathlib import Path

        Path(begun, f"{os.getpid()}-{ray.get_runtime_context().get_node_id()}").touch()
        if part.index < 2 and len(list(begun.iterdir())) <= 2 and not Path(begun, "killed").exists():
            while not Path(begun, "killed").exists():
                time.sleep(0.05)
            time.sleep(6)

    changed(monkeypatch, hang)
    on = replace(TWO, threads_per_worker=3)  # a node has room for one such worker only
    told: list[str] = []

    def kill() -> None:
        while len(found := [path.name.split("-", 1) for path in begun.iterdir()]) < 2:
            time.sleep(0.05)
        (begun / "killed").touch()
        second = nodes.second.node_id
        pid = next(int(pid) for pid, node in found if node == second)
        raylet = nodes.second.all_processes["raylet"][0].process.pid
        os.kill(pid if victim == "worker" else raylet, signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        state = lda.transform_corpus(
            here / "model", here / "corpus", tmp_path / "out", cluster=on, warn=told.append
        )
    finally:
        thread.join()
        if victim == "node":
            nodes.renew()
    assert (state.parts, state.kept) == (8, 0)
    (line,) = told
    assert re.fullmatch(r"lost worker \d \(process .*\); part-0000[01].parquet goes to another worker", line)
    assert ("with its node" in line) == (victim == "node")
    finished_like_alone(here, tmp_path / "out")


def test_a_part_that_kills_its_workers_is_given_up_after_the_others(
    nodes: Nodes, here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(part: Part) -> None:
        import os
        import signal

        if part.index == 1:
            os.kill(os.getpid(), signal.SIGKILL)

    with monkeypatch.context() as patch:
        changed(patch, die)
        arguments = (here / "model", here / "corpus", tmp_path / "out")
        on, told = replace(TWO, workers=1, max_failures=1), list[str]()
        with pytest.raises(ClusterError, match=r"2 times .* at last worker 0 \(.*\) at part-00001.parquet"):
            lda.transform_corpus(*arguments, cluster=on, warn=told.append)
    assert len(told) == 2
    state = lda.transform_corpus(*arguments, resume=True)
    assert state.kept == 7
    finished_like_alone(here, tmp_path / "out")


DRIVER = """
import sys
from lda import parts_job
from lda.cli import main
from lda.cluster import crew

def slow(ordinary):
    class Slow(ordinary):
        def open(self, threads):
            import time
            make = ordinary.open(self, threads)
            return lambda part: (time.sleep(0.2), make(part))[1]
    return Slow

parts_job.PartsJob, crew.environment = slow(parts_job.PartsJob), dict
sys.argv[0] = "lda"
main()
"""


def test_a_killed_driver_is_resumed(nodes: Nodes, here: Path, tmp_path: Path) -> None:
    """By another number of workers; a part that was damaged meanwhile is made again."""
    target = tmp_path / "out"
    arguments = ["transform", here / "model", here / "corpus", "-o", target]
    on = ["--address", nodes.address, "--workers", 2, "--threads-per-worker", 1]
    with subprocess.Popen(
        [sys.executable, "-c", DRIVER, *map(str, [*arguments, *on, "-v"])], stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("3/8"):
                process.kill()
    assert process.returncode == -signal.SIGKILL
    assert not (target / "_SUCCESS").exists()
    code, _, refused = command(*arguments[1:], *on)
    assert code == 3
    assert "--resume" in refused
    recorded = json.loads((target / "_manifest.json").read_text())["parts"]
    assert recorded
    (target / recorded[0]["file"]).write_bytes(b"half")
    on[3] = 1
    code, out, said_then = command(*arguments[1:], *on, "--resume", "--json")
    assert code == 0
    assert json.loads(out)["n_parts_kept"] == len(recorded) - 1
    assert f"{recorded[0]['file']} was missing or damaged" in said_then
    finished_like_alone(here, target)
    code, _, said_last = command(*arguments[1:], *on, "--resume")
    assert (code, said_last) == (0, f"{target} is finished already; nothing to resume\n")


def test_an_output_that_workers_do_not_share(
    nodes: Nodes, here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ordinary = PartsJob

    class Elsewhere(ordinary):  # type: ignore[misc, valid-type]
        def open(self, threads: int) -> Callable[[Part], PartDone]:
            return ordinary.open(replace(self, output="/nowhere/out"), threads)

    monkeypatch.setattr("lda.parts_job.PartsJob", Elsewhere)
    said = (
        r"worker \d on [\d.]+ cannot work: /nowhere/out is not the place that the driver writes to; .* share"
    )
    with pytest.raises(ClusterError, match=said):
        lda.transform_corpus(here / "model", here / "corpus", tmp_path / "out", cluster=TWO)
    assert not (tmp_path / "out").exists()


def test_what_a_worker_meets_is_told_with_its_name(nodes: Nodes, here: Path, tmp_path: Path) -> None:
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
