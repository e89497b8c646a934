"""Builds by parts: the corpus of one pass, whoever builds it, what dies meanwhile, and where it goes on from."""

from __future__ import annotations

import csv
import importlib
import json
import linecache
import os
import random
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cluster_fits import TWO, TWO_NODES
from commands import fails, run, run_json
from thread_actors import ThreadActors
from waiting import session_of, until

import lda
import lda.corpus
import lda.corpus.ingest.worker
from lda.building import planning
from lda.building.build import build_corpus
from lda.cluster import Runtime
from lda.cluster.distributed.task_worker import TaskActor
from lda.corpus import Corpus, DataError, Recipe
from lda.corpus import build as corpus_build
from lda.corpus.inputs.find import find_inputs
from lda.corpus.storage.places import storage
from lda.corpus.storage.strict_json import DIGEST, signed

if TYPE_CHECKING:
    from collections.abc import Callable

    from lda.corpus.ingest.build import BuildProgress
    from lda.corpus.inputs.input_file import InputFile

# The fields clash on purpose.
pytestmark = pytest.mark.filterwarnings("ignore:the field 'year' holds")

RECIPES = {
    "limits": Recipe(min_df=2, max_df=0.5, max_features=300, ngram_range=(1, 2), stop_words=("wa",)),
    "phrases": Recipe(phrases="npmi", phrase_min_count=2, phrase_threshold=0.2),
    "terms": Recipe(terms_of=("zz", "wb", "wc", "wd")),
    "stems": Recipe(stem="english", max_features=40, ngram_range=(1, 2)),
}
WORDS = ["w" + "abcdefghij"[i % 10] * (i // 10 + 1) + ("s" if i % 3 else "ing") for i in range(100)]
WORDS[:4] = ["wa", "wb", "wc", "wd"]


def text(chance: random.Random) -> str:
    return " ".join(chance.choices(WORDS, weights=[1 / (i + 1) for i in range(100)], k=chance.randint(0, 30)))


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Files of three formats, most without ids, with fields whose types clash between files."""
    folder, chance, files = tmp_path_factory.mktemp("inputs"), random.Random(3), []
    for name in ("a", "b", "c", "d"):
        rows = [
            {
                "text": text(chance) if chance.random() < 0.9 else None,
                "year": chance.choice([1, 2, None, "x"]),
            }
            for _ in range(60)
        ]
        path = folder / f"{name}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" * chance.choice([1, 1, 2]) for row in rows))
        files.append(path)
    path = folder / "e.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "year"])
        writer.writerows([text(chance) + "\nand", number] for number in range(50))
    files.insert(1, path)
    path = folder / "f.parquet"
    columns: dict[str, list[Any]] = {"text": [text(chance) for _ in range(90)], "year": [0.5] * 90}
    pq.write_table(pa.table(columns), path, row_group_size=30)
    return [path, *files]


@pytest.fixture(scope="module")
def in_one_pass(inputs: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], bytes]:
    """The manifest of a corpus that was built in one pass, by the name of the recipe."""
    made: dict[str, bytes] = {}

    def manifest(name: str) -> bytes:
        if name not in made:
            target = tmp_path_factory.mktemp("one") / "corpus"
            lda.corpus.build_corpus(inputs, target, recipe=RECIPES[name], threads=1)
            made[name] = (target / "manifest.json").read_bytes()
        return made[name]

    return manifest


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of 4 kB: each file of the fixture is several, or belongs to one of several."""
    monkeypatch.setattr(planning, "PART_BYTES", 4000)


@pytest.fixture
def scanned(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of the parts that this process scans."""
    numbers: list[int] = []
    scan = lda.corpus.ingest.worker.scan_part

    def noting(plan: Any, number: int, *rest: Any) -> dict[str, Any]:
        numbers.append(number)
        return scan(plan, number, *rest)

    monkeypatch.setattr(lda.corpus.ingest.worker, "scan_part", noting)
    return numbers


class StoppedError(Exception):
    """Ends a build where the test wants it to."""


def stopping(stage: str, parts: int) -> Callable[[BuildProgress], None]:
    """Ends a build when so many parts of a stage are done."""

    def look(state: BuildProgress) -> None:
        if (state.stage, state.parts) == (stage, parts):
            raise StoppedError

    return look


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("name", RECIPES)
def test_parts_give_the_corpus_of_one_pass(
    name: str, inputs: list[Path], in_one_pass: Callable[[str], bytes], tmp_path: Path
) -> None:
    plan = planning.planned(inputs).plan
    assert plan is not None
    assert len(plan.parts) > 6
    made = build_corpus(inputs, tmp_path / "corpus", recipe=RECIPES[name], processes=1, threads=1)
    assert (tmp_path / "corpus" / "manifest.json").read_bytes() == in_one_pass(name)
    assert made.content_hash == json.loads(in_one_pass(name))["content_hash"]
    assert [path.name for path in tmp_path.iterdir()] == ["corpus"]


@pytest.mark.usefixtures("small_parts")
def test_a_cluster_that_loses_a_node_gives_the_same(
    inputs: list[Path], in_one_pass: Callable[[str], bytes], tmp_path: Path
) -> None:
    system = ThreadActors(TWO_NODES)
    ended: list[str] = []

    class Unlucky(TaskActor):
        def do(self, task: Any) -> Any:
            if getattr(task, "number", None) == 3 and not ended:
                ended.append(self.calls.here().node)
                system.end_node(ended[0])
            return super().do(task)

    told: list[str] = []
    build_corpus(
        inputs,
        tmp_path / "corpus",
        recipe=RECIPES["limits"],
        cluster=TWO,
        warn=told.append,
        runtime=Runtime(connect=system.connect, task_worker=Unlucky),
    )
    assert ended
    assert not any("Task(" in line for line in told), "what is done is told, not how it is called in the code"
    assert any(re.search(r"the \w+ of part \d+", line) for line in told)
    assert (tmp_path / "corpus" / "manifest.json").read_bytes() == in_one_pass("limits")


@pytest.mark.slow
@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("processes", [2, 3])
def test_processes_give_the_same(
    processes: int, inputs: list[Path], in_one_pass: Callable[[str], bytes], tmp_path: Path
) -> None:
    build_corpus(inputs, tmp_path / "corpus", recipe=RECIPES["phrases"], processes=processes, threads=1)
    assert (tmp_path / "corpus" / "manifest.json").read_bytes() == in_one_pass("phrases")


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("stage", ["counting pairs", "scanning", "writing"])
def test_a_build_goes_on_where_it_was_interrupted(
    stage: str,
    inputs: list[Path],
    in_one_pass: Callable[[str], bytes],
    scanned: list[int],
    tmp_path: Path,
) -> None:
    told: list[str] = []
    how: dict[str, Any] = {"recipe": RECIPES["phrases"], "processes": 1, "threads": 1, "tell": told.append}
    target = tmp_path / "corpus"
    with pytest.raises(StoppedError):
        build_corpus(inputs, target, on_state=stopping(stage, 1 if stage == "writing" else 4), **how)
    assert not target.exists()
    assert told[-1] == f"what is done is kept in {tmp_path}/.corpus.build; the same call goes on from there"
    build_corpus(inputs, target, **how)
    assert any(line.startswith("going on with an interrupted build") for line in told)
    assert len(scanned) == len(set(scanned))  # no part was read again
    assert (target / "manifest.json").read_bytes() == in_one_pass("phrases")
    assert [path.name for path in tmp_path.iterdir()] == ["corpus"]


@pytest.mark.usefixtures("small_parts")
def test_what_changed_meanwhile_is_named_and_read_again(
    inputs: list[Path], scanned: list[int], tmp_path: Path
) -> None:
    mine = []
    for path in inputs:
        mine.append(tmp_path / path.name)
        mine[-1].write_bytes(path.read_bytes())
    told: list[str] = []
    how: dict[str, Any] = {"processes": 1, "threads": 1, "tell": told.append}
    target = tmp_path / "corpus"
    with pytest.raises(StoppedError):
        build_corpus(mine, target, on_state=stopping("writing", 1), **how)
    n_parts = len(scanned)
    changed = tmp_path / "c.jsonl"
    with changed.open("a") as file:
        file.write('{"text": "one more"}\n')
    scanned.clear()
    made = build_corpus(mine, target, **how)
    assert f"{changed} has changed since the interrupted build read it, and is read again" in told
    assert 0 < len(scanned) < n_parts
    assert made.content_hash == lda.corpus.read_corpus(mine).content_hash


@pytest.mark.usefixtures("small_parts")
def test_what_changes_while_it_is_read_is_refused(inputs: list[Path], tmp_path: Path) -> None:
    mine = tmp_path / "c.jsonl"
    mine.write_bytes(next(path for path in inputs if path.name == "c.jsonl").read_bytes())

    def touch(state: BuildProgress) -> None:
        if (state.stage, state.parts) == ("scanning", 1):
            os.utime(mine, ns=(1, 1))

    with pytest.raises(DataError, match=r"c\.jsonl has changed while it was read"):
        build_corpus([mine], tmp_path / "corpus", processes=1, threads=1, on_state=touch)


@pytest.mark.usefixtures("small_parts")
def test_other_options_start_anew(inputs: list[Path], scanned: list[int], tmp_path: Path) -> None:
    told: list[str] = []
    target = tmp_path / "corpus"
    with pytest.raises(StoppedError):
        build_corpus(inputs, target, processes=1, threads=1, on_state=stopping("writing", 1))
    n_parts = len(scanned)
    build_corpus(inputs, target, recipe=Recipe(min_df=2), processes=1, threads=1, tell=told.append)
    assert any(
        "is of a build with other options, or of another version; starting anew" in line for line in told
    )
    assert len(scanned) == 2 * n_parts


@pytest.mark.usefixtures("small_parts")
def test_a_function_stays_in_this_process_and_is_told_from_another_of_its_name(
    inputs: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = tmp_path / "functions.py"
    code.write_text("def words(line):\n    return line.split()\n")
    monkeypatch.syspath_prepend(tmp_path)
    functions = importlib.import_module("functions")
    told: list[str] = []
    how: dict[str, Any] = {"processes": 2, "tokenizer": functions.words, "tell": told.append}
    with pytest.raises(StoppedError):
        build_corpus(inputs, tmp_path / "corpus", on_state=stopping("writing", 1), **how)
    assert not any("processes" in line for line in told)
    code.write_text("def words(line):\n    return line.split()[1:]\n")
    linecache.clearcache()
    made = build_corpus(inputs, tmp_path / "corpus", **how)
    assert any("starting anew" in line for line in told)
    assert made.content_hash == lda.corpus.read_corpus(inputs, tokenizer=functions.words).content_hash


@pytest.mark.usefixtures("small_parts")
def test_damaged_leftovers_are_made_again(inputs: list[Path], tmp_path: Path) -> None:
    target = tmp_path / "corpus"
    with pytest.raises(StoppedError):
        build_corpus(inputs, target, processes=1, threads=1, on_state=stopping("writing", 1))
    files = sorted((tmp_path / ".corpus.build").glob("scan-*"))
    records = [path for path in files if path.suffix == ".json"]
    records[0].write_bytes(records[0].read_bytes()[:-9])
    next(path for path in files if path.suffix == ".terms").write_bytes(b"")
    made = build_corpus(inputs, target, processes=1, threads=1)
    assert made.content_hash == lda.corpus.read_corpus(inputs).content_hash


@pytest.mark.usefixtures("small_parts")
def test_forged_leftovers_are_made_again(
    inputs: list[Path], in_one_pass: Callable[[str], bytes], scanned: list[int], tmp_path: Path
) -> None:
    """Signed records of a stranger, who was not at a loss for a checksum."""
    target = tmp_path / "corpus"
    how: dict[str, Any] = {"recipe": RECIPES["limits"], "processes": 1, "threads": 1}
    with pytest.raises(StoppedError):
        build_corpus(inputs, target, on_state=stopping("writing", 1), **how)
    records = sorted((tmp_path / ".corpus.build").glob("scan-*.json"))
    forgeries: list[dict[str, Any]] = [
        {"n_documents": 10**30},
        {"files": []},
        {"files": [{"file": "../../../etc/passwd", "numbering": 0, "documents": 1}]},
        {"n_terms": "x"},
        {"schemas": ["x"]},
        {"fields": 1},
        {"loss": {}, "lines": None},
        {"boot": None},
        {"sizes": {"../../x": 1}},
    ]
    assert len(records) > len(forgeries)
    for path, forged in zip(records, forgeries, strict=False):
        body = {key: value for key, value in json.loads(path.read_text()).items() if key != DIGEST}
        path.write_text(json.dumps(signed(body | forged)))
    scanned.clear()
    build_corpus(inputs, target, **how)
    assert len(scanned) == len(forgeries)  # and no other part
    assert (target / "manifest.json").read_bytes() == in_one_pass("limits")


@pytest.mark.usefixtures("small_parts")
def test_an_output_is_no_input(inputs: list[Path], tmp_path: Path) -> None:
    target = tmp_path / "corpus"
    build_corpus(inputs, target)
    before = {path: path.read_bytes() for path in target.iterdir()}
    for output, told in ((target, "would take the place of"), (target / "x", "lies in")):
        with pytest.raises(DataError, match=told):
            build_corpus(target, output, where="year = 1", overwrite=True)
    assert {path: path.read_bytes() for path in target.iterdir()} == before


@pytest.mark.usefixtures("small_parts")
def test_one_build_at_a_time(inputs: list[Path], tmp_path: Path) -> None:
    found: list[BaseException] = []

    def another() -> None:
        try:
            build_corpus(inputs, tmp_path / "corpus", processes=1, threads=1)
        except DataError as error:
            found.append(error)

    def begin(state: BuildProgress) -> None:
        if (state.stage, state.parts) == ("scanning", 2):
            beside = threading.Thread(target=another)
            beside.start()
            beside.join(60)

    build_corpus(inputs, tmp_path / "corpus", processes=1, threads=1, on_state=begin)
    assert "another build into the same output is at work" in str(found[0])


@pytest.mark.usefixtures("small_parts")
def test_a_build_that_has_done_nothing_leaves_nothing(inputs: list[Path], tmp_path: Path) -> None:
    with pytest.raises(StoppedError):
        build_corpus(inputs, tmp_path / "corpus", processes=1, threads=1, on_state=stopping("scanning", 0))
    assert not list(tmp_path.iterdir())


def test_files_are_looked_at_once(
    inputs: list[Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Of each in a store that is two requests, whether they are many enough for parts or not."""
    looked: list[int] = []

    def counting(*arguments: Any, **options: Any) -> list[InputFile]:
        looked.append(1)
        return find_inputs(*arguments, **options)

    for module in (planning, corpus_build):
        monkeypatch.setattr(module, "find_inputs", counting)
    build_corpus(inputs, tmp_path / "corpus")
    assert len(looked) == 1


@pytest.mark.usefixtures("small_parts")
def test_a_place_in_a_store(inputs: list[Path], in_one_pass: Callable[[str], bytes], tmp_path: Path) -> None:
    target = f"file://{tmp_path}/store/corpus"
    with pytest.raises(StoppedError):
        build_corpus(
            inputs,
            target,
            recipe=RECIPES["limits"],
            processes=1,
            threads=1,
            on_state=stopping("scanning", 4),
        )
    made = build_corpus(inputs, target, recipe=RECIPES["limits"], processes=1, threads=1)
    assert made.content_hash == json.loads(in_one_pass("limits"))["content_hash"]
    assert sorted(path.name for path in (tmp_path / "store").iterdir()) == ["corpus"]


@pytest.mark.slow
@pytest.mark.usefixtures("small_parts")
def test_from_a_bucket_to_a_bucket(
    inputs: list[Path], in_one_pass: Callable[[str], bytes], bucket: str, scanned: list[int]
) -> None:
    folder = storage(bucket.format("building"))
    for path in inputs:
        folder.write(path.name, path.read_bytes())
    places = [bucket.format(f"building/{path.name}") for path in inputs]
    target = bucket.format("built")
    how: dict[str, Any] = {"recipe": RECIPES["limits"], "processes": 1, "threads": 1}
    with pytest.raises(StoppedError):
        build_corpus(places, target, on_state=stopping("scanning", 4), **how)
    made = build_corpus(places, target, **how)
    assert len(scanned) == len(set(scanned))
    assert made.content_hash == json.loads(in_one_pass("limits"))["content_hash"]
    around = bucket.format("").replace("/?", "?")
    assert "built.build" not in storage(around).folders(), "not even what stands for a folder"


def test_overwriting_keeps_the_old_corpus_until_the_end(inputs: list[Path], tmp_path: Path) -> None:
    target = tmp_path / "corpus"
    old = build_corpus(inputs[:1], target, processes=1, threads=1).content_hash
    with pytest.raises(DataError, match="exists; choose another name or allow overwriting"):
        build_corpus(inputs, target, processes=1, threads=1)
    with pytest.raises(StoppedError):
        build_corpus(inputs, target, processes=1, threads=1, overwrite=True, on_state=stopping("writing", 1))
    assert Corpus.open(target).content_hash == old
    assert build_corpus(inputs, target, processes=1, threads=1, overwrite=True).content_hash != old


@pytest.mark.usefixtures("small_parts")
def test_what_has_no_room_is_told(inputs: list[Path], tmp_path: Path) -> None:
    told: list[str] = []
    made = build_corpus(
        inputs, tmp_path / "corpus", processes=1, threads=1, vocabulary_memory=1000, tell=told.append
    )
    whole = lda.corpus.read_corpus(inputs)
    frequencies = dict(zip(whole.vocabulary, whole.document_frequencies.tolist(), strict=True))
    kept = {term: frequencies[term] for term in made.vocabulary}
    left_out = [count for term, count in frequencies.items() if term not in kept]
    assert made.document_frequencies.tolist() == list(kept.values())
    assert max(left_out) < min(kept.values())
    assert f"{len(left_out)} that stand in {max(left_out)} documents or fewer were left out" in told[-1]
    removed = made.manifest["removed"]["vocabulary_memory"]
    assert removed == {"terms": len(left_out), "tokens": whole.n_tokens - made.n_tokens}


def test_the_command(inputs: list[Path], tmp_path: Path) -> None:
    value = run_json(
        "corpus", "build", *inputs, "--vocabulary-memory", "1GB", "-o", tmp_path / "corpus", "-v"
    )
    assert value["content_hash"] == lda.corpus.read_corpus(inputs).content_hash
    said = run(
        "corpus", "build", *inputs, "--vocabulary-memory", "1GB", "-o", tmp_path / "other", "-v"
    ).stderr
    assert "scanning: 1/1 parts, 0 of 0 MB, 380 documents" in said
    assert "--overwrite" in fails(3, "corpus", "build", *inputs, "-q", "-o", tmp_path / "corpus")


KILLED = """
import sys
from lda.building import planning
from lda.building.build import build_corpus
planning.PART_BYTES = 4000
def told(state):
    print(state.stage, state.parts, flush=True)
    sys.stdin.readline()  # it is not to be over before it is killed
build_corpus(sys.argv[2:], sys.argv[1], processes=2, threads=1, on_state=told)
"""


@pytest.mark.slow
@pytest.mark.parametrize("at", ["scanning 3", "writing 0"])
def test_a_killed_process_is_gone_on_from(
    at: str,
    inputs: list[Path],
    scanned: list[int],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    target = tmp_path / "corpus"
    begun = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(target), *map(str, inputs)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with begun:
        assert begun.stdin is not None
        assert begun.stdout is not None
        for line in begun.stdout:
            if line.strip() == at:
                begun.kill()
                break
            begun.stdin.write("\n")
            begun.stdin.flush()
    assert begun.returncode == -signal.SIGKILL
    until(lambda: not session_of(begun.pid), "its workers are still there")
    assert not target.exists()
    monkeypatch.setattr(planning, "PART_BYTES", 4000)
    plan = planning.planned(inputs).plan
    assert plan is not None
    made = build_corpus(inputs, target, processes=1, threads=1)
    assert len(scanned) <= len(plan.parts) - (3 if at == "scanning 3" else len(plan.parts))
    assert made.content_hash == lda.corpus.read_corpus(inputs).content_hash
    assert [path.name for path in tmp_path.iterdir()] == ["corpus"]
