"""From mixed files in a bucket to a model that goes on with next week's: by commands, on two nodes, with a kill."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from commands import run
from waiting import until

from lda.corpus import Corpus
from lda.corpus.storage.places import storage
from lda.model.model import Model

if TYPE_CHECKING:
    from pathlib import Path

    from nodes import Nodes

pytestmark = [pytest.mark.ray, pytest.mark.filterwarnings("ignore:.*records were skipped")]

FILES, BROKEN, WEEK = 200, 30, 12
THEMES = (
    "comet orbit telescope planet gravity star galaxy asteroid",
    "senate bill vote minister election treaty court congress",
    "enzyme protein cell genome membrane tissue antibody receptor",
)


def lake(place: str, folder: Path, prefix: str, numbers: range, broken: int) -> None:
    """Files of three formats in turn, in a bucket and in a folder; the first `broken` of JSON lines hold a bad one."""
    target = storage(place)
    rng, folder = random.Random(numbers.start), folder / prefix
    folder.mkdir(parents=True)
    for number in numbers:
        rows = [
            {"id": f"{number}-{row}", "text": " ".join(rng.choices(rng.choice(THEMES).split(), k=30))}
            for row in range(20)
        ]
        if number % 3 == 0:
            lines = [json.dumps(row) for row in rows]
            lines.insert(rng.randrange(len(lines)), '{"id": "bad", "text":') if number // 3 < broken else None
            name, data = f"{number:03d}.jsonl.gz", gzip.compress("\n".join(lines).encode(), mtime=0)
        elif number % 3 == 1:
            text = io.StringIO()
            writer = csv.DictWriter(text, ["id", "text"])
            writer.writeheader()
            writer.writerows(rows)
            name, data = f"{number:03d}.csv", text.getvalue().encode()
        else:
            sink = io.BytesIO()
            pq.write_table(pa.Table.from_pylist(rows), sink)
            name, data = f"{number:03d}.parquet", sink.getvalue()
        target.write(f"{prefix}/{name}", data)
        (folder / name).write_bytes(data)


def kill_after_a_part(arguments: list[str], work: str) -> None:
    """Run a build until the first of its parts is done, as its work folder tells."""
    with subprocess.Popen(
        [sys.executable, "-m", "lda", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:

        def has_part() -> bool:
            return any(name.startswith("scan-") and name.endswith(".json") for name in storage(work).files())

        try:
            until(lambda: process.poll() is not None or has_part(), "no part is done")
        finally:
            process.kill()
    assert process.returncode == -signal.SIGKILL


def test_from_a_lake_to_a_model_that_goes_on(nodes: Nodes, bucket: str, tmp_path: Path) -> None:
    place = bucket.format(tmp_path.name)
    lake(place, tmp_path, "raw", range(FILES), BROKEN)
    lake(place, tmp_path, "week", range(FILES, FILES + WEEK), 0)

    def inside(name: str) -> str:
        return bucket.format(f"{tmp_path.name}/{name}")

    how = ["--text", "text", "--id", "id", "--on-error", "skip"]
    run("corpus", "build", tmp_path / "raw", *how, "-j", 1, "-o", tmp_path / "alone")
    workers = ["--address", nodes.address, "--workers", "2", "--threads-per-worker", "1"]
    build = ["corpus", "build", inside("raw/*"), *how, *workers, "-o", inside("corpus")]
    kill_after_a_part(build, inside("corpus.build"))
    again = run(*build)
    assert "going on" in again.stderr
    made, alone = Corpus.open(inside("corpus")), Corpus.open(tmp_path / "alone")
    assert made.manifest == alone.manifest
    assert made.n_skipped == BROKEN

    run("fit", inside("corpus"), "-k", 3, "-n", 20, "-o", tmp_path / "model", *workers)
    run("corpus", "append", inside("corpus"), inside("week/*"))
    assert Corpus.open(inside("corpus")).n_documents == (FILES + WEEK) * 20
    assert Corpus.open(inside("corpus"), at=alone.content_hash).n_documents == FILES * 20
    onward = tmp_path / "onward"
    run("fit", inside("corpus"), "--init-from", tmp_path / "model", "--add-topics", 1, "-o", onward)
    assert Model.load(onward).n_topics == 4
    assert "3 shared" in run("compare", tmp_path / "model", onward).stdout
