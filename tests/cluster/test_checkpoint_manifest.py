"""The manifest of a checkpoint: byte by byte as ever, and whatever else stands there is damage, not a crash."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from lda.cluster.checkpoints.manifest import (
    MANIFEST,
    CheckpointManifest,
    RunState,
    read_manifest,
    write_manifest,
)
from lda.cluster.checkpoints.read import latest
from lda.cluster.spec.results import SweepRecord
from lda.corpus.storage.places import storage

if TYPE_CHECKING:
    from pathlib import Path

BODY = (
    '{"alpha": [0.1, 0.2], "beta": 0.01, "files": {"topics-00000.bin": "2f71"}, "format": 3, "history": '
    '[{"alpha_sum": 0.3, "beta": 0.01, "bytes_exchanged": 9, "heldout": -7.25, "log_likelihood": -Infinity, '
    '"seconds": 1.0, "seconds_waited": 0.0, "slowest_worker": 5.0, "sweep": 1, "tokens_per_second": 10.0, '
    '"workers": 2}], "identity": {"corpus": "c", "n_topics": 2}, "n_sweeps": 1, '
    '"patience": [null, 0], "sampled": [1], "seconds": 1.5, "sweeping": 1.0, "tick": 3}'
)
"""As it is written; no later version may read it otherwise."""

BEFORE = BODY.replace('"sampled": [1], ', "").replace('"n_sweeps"', '"mean_taken": 1, "n_sweeps"')
"""As versions up to 0.2 wrote it, with their sums of plain counts."""

RECORD = SweepRecord(
    sweep=1,
    seconds=1.0,
    tokens_per_second=10.0,
    log_likelihood=-np.inf,
    heldout=-7.25,
    alpha_sum=0.3,
    beta=0.01,
    bytes_exchanged=9,
    workers=2,
    slowest_worker=5.0,
)


def outer(body: object) -> str:
    digest = hashlib.sha256(str(body).encode()).hexdigest()
    return json.dumps({"sha256": digest, "body": body})


def written(folder: Path, text: str) -> None:
    (folder / "sweep-00000001").mkdir(exist_ok=True)
    (folder / "sweep-00000001" / MANIFEST).write_text(text)


def test_what_stands_there_is_what_stood_there(tmp_path: Path) -> None:
    state = RunState(
        n_sweeps=1,
        pass_number=3,
        alpha=np.array([0.1, 0.2]),
        beta=0.01,
        history=[RECORD],
        seconds=1.5,
        sweeping=1.0,
        patience=(-np.inf, 0),
        sampled=(1,),
    )
    identity: dict[str, Any] = {"n_topics": 2, "corpus": "c"}
    made = CheckpointManifest(identity=identity, files={"topics-00000.bin": "2f71"}, state=state)
    write_manifest(storage(tmp_path), "sweep-00000001", made)
    assert (tmp_path / "sweep-00000001" / MANIFEST).read_text() == outer(BODY)


@pytest.mark.parametrize("version", [1, 2, 3])
def test_all_fields_come_back_typed(tmp_path: Path, version: int) -> None:
    body = BODY if version == 3 else BEFORE
    written(tmp_path, outer(body.replace('"format": 3', f'"format": {version}')))
    manifest = read_manifest(storage(tmp_path), "sweep-00000001")
    assert manifest.identity == {"n_topics": 2, "corpus": "c"}
    assert manifest.files == {"topics-00000.bin": "2f71"}
    state = manifest.state
    np.testing.assert_array_equal(state.alpha, [0.1, 0.2])
    assert state.history == [RECORD]
    assert (state.n_sweeps, state.pass_number, state.beta) == (1, 3, 0.01)
    assert state.sampled == ((1,) if version == 3 else ())
    assert (state.seconds, state.sweeping, state.patience) == (1.5, 1.0, (-np.inf, 0))


BAD = {
    "no object": outer("[]"),
    "the body is no text": json.dumps({"sha256": "0", "body": 5}),
    "no checksum": json.dumps({"body": BODY}),
    "format 4": outer(BODY.replace('"format": 3', '"format": 4')),
    "no identity": outer(BODY.replace('"identity"', '"identify"')),
    "the identity is no object": outer(BODY.replace('{"corpus": "c", "n_topics": 2}', "7")),
    "the files are no object": outer(BODY.replace('{"topics-00000.bin": "2f71"}', "7")),
    "a file elsewhere": outer(BODY.replace("topics-00000.bin", "../topics")),
    "no sweeps": outer(BODY.replace('"n_sweeps": 1', '"n_sweeps": null')),
    "patience is no pair": outer(BODY.replace("[null, 0]", "[0]")),
    "alpha is no list of numbers": outer(BODY.replace("[0.1, 0.2]", '["a"]')),
    "a number beyond all": outer(BODY.replace('"n_sweeps": 1', '"n_sweeps": Infinity')),
    "an alpha beyond all": outer(BODY.replace("[0.1, 0.2]", f"[1{'0' * 400}, 0.2]")),
    "beta is a text": outer(BODY.replace('"beta": 0.01', '"beta": "x"')),
    "a record with another entry": outer(BODY.replace('"workers": 2', '"players": 2')),
}


@pytest.mark.parametrize("case", BAD)
def test_anything_else_is_told_as_damage(tmp_path: Path, case: str) -> None:
    written(tmp_path, BAD[case])
    said: list[str] = []
    assert latest(storage(tmp_path), {"n_topics": 2, "corpus": "c"}, said.append) is None
    assert len(said) == 1
    assert f"sweep-00000001 in {tmp_path} is damaged" in said[0]
