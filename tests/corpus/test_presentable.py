"""What is shown: no keys, and nothing that a terminal would obey; what is stored stays as it is."""

from __future__ import annotations

import json
import logging
import pickle
import warnings
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
import tiny
from click.testing import CliRunner

import lda
from lda import DataError
from lda.cli import cli
from lda.cli.errors import exit_code
from lda.cluster import Checkpointing
from lda.cluster.spec.errors import CheckpointError, ClusterError
from lda.corpus import Corpus, resolve_stop_words
from lda.corpus.presentable import presentable, printable, without_keys
from lda.corpus.storage.places import storage
from lda.model.run_record import json_line

if TYPE_CHECKING:
    from pathlib import Path

KEYS = "AKIAIOSFODNN7:wJalrXUtnFEMI%2FK7MDENG"
HOSTILE = "\x1b]0;owned\x07\x9b31m\x7f\u202eevil\u2066\u2029\ufeff\x08"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("s3://AKIA:SECRET@bucket/name?region=x", "s3://bucket/name?region=x"),
        ("no model at 's3://AKIA:SECRET@bucket'; look", "no model at 's3://bucket'; look"),
        ("s3://AKIA:SEC/RET+x@bucket/name", "s3://bucket/name"),
        ("s3://AKIA:SEC@RET@bucket/name", "s3://bucket/name"),
        ("S3://AKIA:SECRET@bucket", "S3://bucket"),
        ("abfss://:pa%23ss@account.host/x", "abfss://account.host/x"),
        ("--output=s3://AKIA:SECRET@b and gs://tok@c/d", "--output=s3://b and gs://c/d"),
        ("s3:/AKIA:SECRET@bucket/taken/for/a/path", "s3:/bucket/taken/for/a/path"),
        (
            "s3://b/x?access_key=AKIA&secret_key=SEC%2F&region=r&session_token=T",
            "s3://b/x?access_key=***&secret_key=***&region=r&session_token=***",
        ),
        ("https://b/x?X-Amz-Signature=abc#f", "https://b/x?X-Amz-Signature=***#f"),
    ],
)
def test_keys_are_taken_out(text: str, shown: str) -> None:
    assert without_keys(text) == shown
    assert without_keys(shown) == shown


@pytest.mark.parametrize(
    "text",
    [
        "s3://bucket/me@example.com/corpus", "hdfs://namenode:8020/user@x/y", "mail a@b.c: see x:/y", "/a/b@c:d",
        "s3://b/m?endpoint_override=127.0.0.1:5000&scheme=http&x=a@b", "file:///tmp/x@y", "12:30 to 13:00 @noon",
    ],
)  # fmt: skip
def test_what_holds_no_keys_stays(text: str) -> None:
    assert without_keys(text) == text


def test_printable() -> None:
    kept = "naïve 漢字 می‌خواهم ශ්‍රී co\u00adop a\u00a0b\u3000c 👩‍🔬 \\x1b"
    assert printable(kept) == kept
    assert printable(HOSTILE) == r"\x1b]0;owned\x07\x9b31m\x7f\u202eevil\u2066\u2029\ufeff\x08"
    assert printable("a\nb\tc\r\ud800") == r"a\nb\tc\r\ud800"
    value = {"id": HOSTILE + kept}
    assert json.loads(json_line(value)) == value
    assert printable(json_line(value)) == json_line(value)


@pytest.mark.parametrize("kind", [DataError, CheckpointError, ClusterError])
def test_our_errors_are_presentable(kind: type[Exception]) -> None:
    error = kind(f"s3://{KEYS}@bucket/{HOSTILE}")
    assert str(error) == presentable(f"s3://bucket/{HOSTILE}")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_other_errors_are_shown_presentable(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LDA_TRACEBACK", "1")
    for error in (
        OSError(2, f"no {HOSTILE}", f"s3://{KEYS}@b/{HOSTILE}"),
        ZeroDivisionError(f"at s3://{KEYS}@b {HOSTILE}"),
        KeyboardInterrupt(f"interrupted; to go on: lda fit s3://{KEYS}@b {HOSTILE}"),
    ):
        exit_code(error, arguments=["fit", "--json"])
        out, err = capsys.readouterr()
        for text in (out, err):
            assert "AKIA" not in text
            assert all(printable(line) == line for line in text.splitlines())
            assert "owned" in text


def harmless(*arguments: object, code: int = 0) -> str:
    """What a command prints, all of it, after a look that no terminal would obey any of it."""
    result = CliRunner().invoke(cli, [str(a) for a in arguments])
    assert result.exit_code == code, result.stderr
    for line in (result.stdout + result.stderr).split("\n"):
        assert printable(line) == line
    return result.stdout + result.stderr


def test_hostile_terms_ids_and_names(tmp_path: Path) -> None:
    term = HOSTILE.replace("\u2029", "")
    documents = [[term, "good", "good"], ["good", term, term], ["good", "bad"]] * 5
    made = lda.LDA(2, max_iter=2, random_state=0).fit(documents)
    made.save(tmp_path / "m")
    assert term in lda.load(tmp_path / "m").model_.vocabulary  # files keep it
    lda.as_corpus(documents).save(tmp_path / "c")
    rows = [{"id": f"{HOSTILE}{i}", "text": "good bad good"} for i in range(3)]
    (source := tmp_path / "docs\x1b[2J.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    model = tmp_path / "m"
    for text in (
        harmless("topics", model),
        harmless("topics", model, "--json"),
        harmless("topics", model, "--format", "md"),
        harmless("corpus", "info", tmp_path / "c"),
        harmless("corpus", "info", tmp_path / "c", "--json"),
        harmless("evaluate", model, "-m", "diagnostics"),
        harmless("evaluate", model, tmp_path / "c", "-m", "npmi,diagnostics", "-v"),
        harmless("transform", model, source, "-q"),
        harmless("fit", tmp_path / "c", "-k", "2", "-n", "1", "-o", tmp_path / "new"),
        harmless("transform", model, source, "-o", tmp_path / f"parts{HOSTILE}", "-v"),
        harmless("transform", model, source, "-o", tmp_path / f"parts{HOSTILE}", "-v", code=3),
        harmless(
            "fit",
            source,
            "-k",
            "2",
            "-n",
            "1",
            "-o",
            tmp_path / "o",
            "--checkpoint",
            f"{source}/{HOSTILE}",
            code=3,
        ),
    ):
        assert "owned" in text
    printed = CliRunner().invoke(cli, ["transform", str(model), str(source), "-q"]).stdout
    assert json.loads(printed.splitlines()[0])["id"] == f"{HOSTILE}0"
    assert "[2J" in harmless("fit", source, "-k", "2", "-n", "1", "-o", tmp_path / "\x1b[3mo")
    assert "[3m" in harmless("info", tmp_path / "\x1b[3mo")
    harmless("info", tmp_path / "\x1b[2Jnone", code=3)
    harmless("fit", tmp_path, "-o", tmp_path / "x", "--sampler", HOSTILE, code=2)
    harmless(HOSTILE, code=2)
    harmless("fit", "x", f"--{HOSTILE}", code=2)


def test_keys_are_neither_shown_nor_recorded(
    bucket: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    (here := tmp_path / "here").mkdir()
    monkeypatch.chdir(here)
    source = tiny.jsonl(tmp_path / "docs.jsonl")

    def uri(name: str) -> str:
        return bucket.replace("key:secret@", f"{KEYS}@").format(f"{tmp_path.name}/{name}")

    said = [
        harmless("corpus", "build", source, "--text", "body", "-o", uri("c"), "-v"),
        harmless("corpus", "build", source, "--text", "body", "-o", uri("c"), code=3),
        harmless("corpus", "info", uri("c"), "--json"),
        harmless("fit", uri("c"), "-k", "2", "-n", "3", "-o", uri("m"), "-v", "--checkpoint-every", "1"),
        harmless("fit", uri("c"), "-k", "2", "-n", "3", "-o", uri("m"), "--resume", "--json"),
        harmless("fit", uri("c"), "-k", "2", "-n", "3", "-o", uri("m"), "--json", code=3),
        harmless("fit", source, "--vocab", uri("v"), "-o", tmp_path / "m", "--stop-words", uri("v"), code=2),
        harmless("fit", uri("c"), "-o", uri("m2"), "-k", "2", "-n", "1"),
        harmless("fit", uri("c"), "-o", uri("m3"), "--output-topic-keys", uri("keys"), code=3),
        harmless("fit", uri("c"), "-o", uri("m3"), "--output-doc-topics", uri("t.csv"), code=3),
        harmless("transform", uri("m"), uri("c"), "-o", uri("t.jsonl"), code=3),
        harmless("info", uri("m"), "--json"),
        harmless("topics", uri("m"), "--json"),
        harmless("transform", uri("m"), uri("c"), "-o", uri("topics"), "-v", "--json"),
        harmless("transform", uri("m"), uri("c"), "-o", uri("topics"), code=3),
        harmless("evaluate", uri("m"), uri("c"), "--json"),
        harmless("evaluate", "-m", "stability", uri("m"), uri("m2")),
        harmless("evaluate", "--topic-word", uri("p.npy"), "--vocabulary", uri("v"), "--alpha", "1", "x", code=3),
        harmless("deploy", "slurm", "--nodes", "2", "--", uri("c"), "-o", uri("m"), code=2),
    ]  # fmt: skip
    for text in said:
        assert "AKIA" not in text
        assert "wJalr" not in text
    store = storage(uri(""))
    kept = [store.read("m/model.json"), store.read("c/manifest.json"), store.read("topics/_manifest.json")]
    assert not any(b"AKIA" in content or b"wJalr" in content for content in kept)
    assert "AKIA" not in caplog.text
    assert not list(here.iterdir())  # no URI was taken for a path


def test_ray_records_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ray takes down the command of who connects, by a function that `ray.init` looks up when it is called."""
    import inspect

    from ray._private import utils, worker

    from lda.cluster.distributed.entrypoint import recorded_without_keys

    assert "utils.get_entrypoint_name()" in inspect.getsource(worker)
    typed = SimpleNamespace(cmdline=lambda: ["lda", "fit", f"s3://{KEYS}@bucket/corpus", "-o", "m"])
    monkeypatch.setattr(utils.psutil, "Process", lambda: typed)
    assert "AKIA" in utils.get_entrypoint_name()
    with recorded_without_keys():
        assert utils.get_entrypoint_name() == "lda fit s3://bucket/corpus -o m"
    assert "AKIA" in utils.get_entrypoint_name()


def test_objects_that_hold_an_address_do_not_show_it(bucket: str) -> None:
    uri = bucket.replace("key:secret@", f"{KEYS}@").format("name")
    place = storage(uri)
    assert KEYS not in place.root
    assert place.address == uri
    assert place.root.startswith("s3://bucket/name")
    for held in (place, Checkpointing(path=uri)):
        assert "AKIA" not in repr(held)
    assert storage("/a/\x1b[2Jb").root == r"/a/\x1b[2Jb"
    assert storage("/a/\x1b[2Jb").address == "/a/\x1b[2Jb"
    with pytest.raises(ValueError, match="stop words must") as caught:
        resolve_stop_words(uri)
    assert "AKIA" not in str(caught.value)
    with warnings.catch_warnings(), pytest.raises(DataError) as missing:
        Corpus.open(uri)
    assert "AKIA" not in str(missing.value)
