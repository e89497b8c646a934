"""A folder of Parquet parts: the same rows as in one file, resumable, and never in the place of something else."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
import tiny
from click.testing import CliRunner

import lda
from lda.cli import cli
from lda.transform.parts_job import WEIGHTS_IN_A_PART, PartsJob, part_bounds, parts_of
from lda.transform.transform_corpus import PartsState

if TYPE_CHECKING:
    from pathlib import Path


def run(code: int, *arguments: object) -> str:
    """Standard error of a command that ends with this code."""
    result = CliRunner().invoke(cli, ["transform", *map(str, arguments)])
    assert result.exit_code == code, result.stderr
    assert "Traceback" not in result.stderr
    return result.stderr


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model, documents as a file and as a corpus, and the topics in one file."""
    folder = tmp_path_factory.mktemp("here")
    source = tiny.jsonl(folder / "docs.jsonl")
    recipe = lda.Recipe(text="body", id="name", min_df=2, stop_words=("bread",))
    corpus = lda.build_corpus([source], folder / "corpus", recipe=recipe)
    lda.LDA(3, max_iter=20, random_state=5).fit(corpus).save(folder / "model")
    run(0, folder / "model", folder / "corpus", "-o", folder / "one.parquet", "-q")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.suffix == ".parquet"}


def manifest(folder: Path) -> dict[str, Any]:
    body: dict[str, Any] = json.loads((folder / "_manifest.json").read_text())
    return body


@pytest.mark.parametrize("output", ["out", "out.d/", "uri"])
def test_parts_hold_what_the_file_holds(here: Path, tmp_path: Path, output: str) -> None:
    target = (tmp_path / "out").as_uri() if output == "uri" else f"{tmp_path}/{output}"
    result = CliRunner().invoke(
        cli, ["transform", str(here / "model"), str(here / "corpus"), "-o", target, "--json"]
    )
    value = json.loads(result.stdout)
    assert (value["n_documents"], value["n_parts"], value["n_parts_kept"]) == (60, 8, 0)
    (folder,) = tmp_path.iterdir()
    table, one = ds.dataset(folder).to_table(), pq.read_table(here / "one.parquet")
    assert table.equals(one)
    assert table.schema == one.schema
    assert sorted(p.name for p in folder.iterdir())[:2] == ["_SUCCESS", "_manifest.json"]
    assert len(list(folder.iterdir())) == 10
    written = manifest(folder)
    assert written["finished"]
    assert written["identity"]["model"] == lda.load(here / "model").model_.fingerprint()
    assert sum(part["n_tokens"] for part in written["parts"]) == value["n_tokens"] > 0


def test_raw_input_and_selections(here: Path, tmp_path: Path) -> None:
    """Rare words stay while reading, for the model may know them; what is not known is counted as ever."""
    source = tmp_path / "new.jsonl"
    source.write_text('{"body": "star comet", "name": "a"}\n{"body": "unheard bread", "name": "b"}\n')
    for name in ("one.parquet", "parts"):
        said = run(0, here / "model", source, "-o", tmp_path / name, "--top", 2, "--threshold", 0.1)
        assert "(1 without known words, 1 of 3 words unknown)" in said
    assert ds.dataset(tmp_path / "parts").to_table().equals(pq.read_table(tmp_path / "one.parquet"))
    assert not (tmp_path / "parts" / "_input").exists()


def test_counts_are_read_as_for_one_file(here: Path, tmp_path: Path) -> None:
    (tmp_path / "counts.mm").write_text(
        "%%MatrixMarket matrix coordinate integer general\n2 3 2\n1 1 4\n2 3 1\n"
    )
    (tmp_path / "terms.txt").write_text("star\nbread\nunheard\n")
    for name in ("one.parquet", "parts"):
        arguments = (here / "model", tmp_path / "counts.mm", "--vocab", tmp_path / "terms.txt")
        assert "1 of 5 words unknown" in run(0, *arguments, "-o", tmp_path / name)
    assert ds.dataset(tmp_path / "parts").to_table().equals(pq.read_table(tmp_path / "one.parquet"))


def test_cut_off_and_resumed(here: Path, tmp_path: Path) -> None:
    """Parts that are whole are not made again; missing and damaged ones are."""
    run(0, here / "model", here / "corpus", "-o", tmp_path / "whole")
    target, told = tmp_path / "out", list[str]()

    def stop(state: PartsState) -> None:
        if state.parts == 5:
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        lda.transform_corpus(here / "model", here / "corpus", target, on_part=stop)
    assert len(manifest(target)["parts"]) == 5
    assert not (target / "_SUCCESS").exists()
    assert "--resume" in run(3, here / "model", here / "corpus", "-o", target)
    (target / "part-00001.parquet").write_bytes(b"half")
    (target / "part-00003.parquet").unlink()
    kept = (target / "part-00002.parquet").stat().st_mtime_ns
    state = lda.transform_corpus(here / "model", here / "corpus", target, resume=True, warn=told.append)
    assert (state.parts, state.kept, state.documents) == (8, 3, 60)
    assert told == [f"part-0000{i}.parquet was missing or damaged, and has been made again" for i in (1, 3)]
    assert (target / "part-00002.parquet").stat().st_mtime_ns == kept
    assert contents(target) == contents(tmp_path / "whole")
    said = run(0, here / "model", here / "corpus", "-o", target, "--resume", "-q")
    assert said == f"{target} is finished already; nothing to resume\n"


def test_only_the_same_run_is_resumed(here: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    run(0, here / "model", here / "corpus", "-o", target)
    before = contents(target)
    assert "--overwrite" in run(3, here / "model", here / "corpus", "-o", target)
    said = run(3, here / "model", here / "corpus", "-o", target, "--resume", "--top", 2, "--seed", 9)
    assert "seed was 5, is 9, top was null, is 2" in said
    lda.LDA(3, max_iter=2, random_state=5).fit(lda.Corpus.open(here / "corpus")).save(tmp_path / "other")
    assert "model was" in run(3, tmp_path / "other", here / "corpus", "-o", target, "--resume")
    lda.as_corpus([["star", "goal"]] * 9).save(tmp_path / "c")
    assert "corpus was" in run(3, here / "model", tmp_path / "c", "-o", target, "--resume")
    (target / "_manifest.json").write_text('{"format": "raylda-topics"')
    assert "is damaged" in run(3, here / "model", here / "corpus", "-o", target, "--resume")
    assert contents(target) == before
    run(0, here / "model", tmp_path / "c", "-o", target, "--overwrite")
    assert ds.dataset(target).count_rows() == 9
    run(0, here / "model", here / "corpus", "-o", target, "--overwrite", "--resume")
    assert contents(target) == before


@pytest.mark.parametrize(
    "change",
    [
        {"file": 7},
        {"file": "../x"},
        {"file": "part-x.parquet"},
        {"bytes": "1"},
        {"n_tokens": None},
        {"sha256": 1},
    ],
)
def test_a_manifest_of_others_is_refused_in_one_line(
    here: Path, tmp_path: Path, change: dict[str, Any]
) -> None:
    target = tmp_path / "out"
    run(0, here / "model", here / "corpus", "-o", target)
    body = json.loads((target / "_manifest.json").read_text())
    body["parts"][0].update(change)
    (target / "_manifest.json").write_text(json.dumps(body))
    assert "its parts are not those of topics" in run(
        3, here / "model", here / "corpus", "-o", target, "--resume"
    )


def test_nothing_else_is_replaced_or_left(here: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "part-00000.parquet").write_text("thesis")
    (tmp_path / "file").write_text("x")
    for name, word in (
        ("mine", "something other than topics"),
        ("file", "is a file"),
        ("file/x", "not a folder"),
    ):
        for option in ("--overwrite", "--resume"):
            assert word in run(3, here / "model", here / "corpus", "-o", tmp_path / name, option)
    assert (tmp_path / "mine" / "part-00000.parquet").read_text() == "thesis"
    before = sorted(tmp_path.rglob("*"))
    run(3, tmp_path / "nowhere", here / "corpus", "-o", tmp_path / "out")
    run(3, here / "model", tmp_path / "nowhere", "-o", tmp_path / "out")
    shutil.copytree(here / "corpus", tmp_path.parent / "torn", dirs_exist_ok=True)
    shard = tmp_path.parent / "torn" / "shard-00000.arrow"
    shard.write_bytes(shard.read_bytes()[:-1] + b"?")
    assert "damaged" in run(3, here / "model", shard.parent, "-o", tmp_path / "out")
    assert sorted(tmp_path.rglob("*")) == before


def test_a_run_ends_where_another_has_taken_its_place(here: Path, tmp_path: Path) -> None:
    arguments = (here / "model", here / "corpus", tmp_path / "out")

    def begin_another(state: PartsState) -> None:
        if state.parts == 8:
            lda.transform_corpus(*arguments, top=1, overwrite=True)

    with pytest.raises(lda.DataError, match=r"another run has begun to write to .*out"):
        lda.transform_corpus(*arguments, on_part=begin_another)
    assert manifest(tmp_path / "out")["finished"]
    assert lda.transform_corpus(*arguments, top=1, resume=True).finished_before


@pytest.mark.parametrize(
    "arguments",
    [
        ["-o", "x.jsonl", "--resume"],
        ["-o", "x.jsonl", "--address", "local"],
        ["--address", "local"],
        ["--resume"],
        ["-o", "x", "--workers", "2"],
        ["-o", "x", "--address", "local", "--workers", "0"],
        ["-o", "x", "--top", "0"],
    ],
)
def test_wrong_usage(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "Error: " in run(2, here / "model", here / "corpus", *arguments)
    assert not list(tmp_path.iterdir())


def test_parts_are_of_bounded_size_and_sort_like_the_documents() -> None:
    small = np.arange(9) * 10
    assert part_bounds(small, 5) == list(range(0, 81, 10))
    many = np.arange(10_001) * 3000
    bounds = part_bounds(many, 10)
    assert bounds[:3] == [0, 24_000, 48_000]
    assert bounds[-1] == 30_000_000
    wide = part_bounds(small, WEIGHTS_IN_A_PART // 4)
    assert set(np.diff(wide)) <= {3, 4}
    assert wide[-1] == 80
    assert part_bounds(small, WEIGHTS_IN_A_PART * 2) == list(range(81))
    names = [part.file for part in parts_of(list(range(100_002)))]
    assert names == sorted(names)


def test_a_worker_makes_sure_that_it_sees_what_the_driver_sees(here: Path, tmp_path: Path) -> None:
    state = lda.transform_corpus(here / "model", here / "corpus", tmp_path / "out")
    assert state.parts == 8
    written = manifest(tmp_path / "out")
    job = PartsJob(
        model=str(here / "model"),
        corpus=str(here / "corpus"),
        output=str(tmp_path / "out"),
        identity=written["identity"],
        run=written["run"],
    )
    job.open(1)
    lda.LDA(3, max_iter=2, random_state=5).fit(lda.Corpus.open(here / "corpus")).save(tmp_path / "model")
    lda.as_corpus([["star", "goal"]]).save(tmp_path / "corpus")
    others: list[dict[str, Any]] = [
        {"model": str(tmp_path / "model")},
        {"corpus": str(tmp_path / "corpus")},
        {"run": "another"},
    ]
    for other in others:
        with pytest.raises(lda.DataError, match=r"driver .*; name one that all nodes share"):
            replace(job, **other).open(1)
    for name in ("model", "corpus", "output"):
        elsewhere: Any = {name: "/nowhere"}
        with pytest.raises(lda.DataError, match="/nowhere"):
            replace(job, **elsewhere).open(1)


def test_no_cluster_there(here: Path, tmp_path: Path) -> None:
    arguments = (here / "model", here / "corpus", "-o", tmp_path / "out", "--address", "127.0.0.1:9")
    assert "no Ray cluster answers at 127.0.0.1:9" in run(4, *arguments)
    assert not list(tmp_path.iterdir())


INTERRUPTED = """
import os, signal, sys
from lda.transform import parts_job
from lda.cli import main

make = parts_job.PartMaker.make
made = []

def interrupted(*part):
    made.append(part)
    if len(made) == 4:
        os.kill(os.getpid(), signal.SIGINT)
    return make(*part)

parts_job.PartMaker.make = interrupted
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.argv[0] = "lda"
main()
"""


def test_an_interrupt_says_how_to_go_on(here: Path, tmp_path: Path) -> None:
    arguments = ["transform", here / "model", here / "docs.jsonl", "-o", tmp_path / "out", "-v"]
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 130, done.stderr
    last = done.stderr.splitlines()[-1]
    assert re.fullmatch("lda: interrupted after 3 of 8 parts; to go on: lda transform .* --resume", last)
    assert len(manifest(tmp_path / "out")["parts"]) == 3
    assert not (tmp_path / "out" / "_input").exists()
