"""`lda serve`: processes, and what becomes of requests when models and processes come and go."""

from __future__ import annotations

import contextlib
import datetime as dt
import ipaddress
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tiny
from commands import fails, run
from serving import Load, Serving, alive, until

import lda

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "only-for-this-test-0123456789"
TEXTS = ["bread butter oven bread", "comet galaxy planet and the referee", "nothing known", ""]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[lda.Model]:
    """Models that read texts."""
    source = tiny.jsonl(tmp_path_factory.mktemp("documents") / "docs.jsonl")
    corpus = lda.read_corpus(source, recipe=lda.Recipe(text="body"))
    return [lda.LDA(3, max_iter=15, random_state=seed).fit(corpus).model_ for seed in range(3)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, models: list[lda.Model]) -> Path:
    """Of the model that the shared service serves, under the name `news`."""
    path = tmp_path_factory.mktemp("served") / "model"
    models[0].save(path)
    return path


@pytest.fixture(scope="module")
def shared(folder: Path) -> Iterator[Serving]:
    with Serving(folder.parent, "--name", f"news={folder}", "--workers", 2, token=TOKEN) as service:
        yield service


def version_of(service: Serving) -> str:
    reply = service.send("GET", "/v1/models/news")
    assert reply.status == 200
    fingerprint: str = reply.json()["fingerprint"]
    return fingerprint


def shows(service: Serving, model: lda.Model) -> bool:
    return version_of(service) == model.fingerprint()


def row_of(service: Serving) -> dict[str, Any]:
    (row,) = service.send("POST", "/v2/repository/index").json()
    return dict(row)


def is_all_new(service: Serving, fingerprint: str) -> bool:
    """Whether a load has been answered with that version: then all workers have it."""
    reply = service.send("POST", "/v2/repository/models/news/load")
    return reply.status == 200 and reply.json()["fingerprint"] == fingerprint


def test_answers_are_those_of_the_model_to_the_bit(
    shared: Serving, folder: Path, models: list[lda.Model], tmp_path: Path
) -> None:
    models[0].save(folder, overwrite=True)
    assert is_all_new(shared, models[0].fingerprint())
    reply = shared.topics(TEXTS)
    assert reply.status == 200, reply
    answered = np.array([row["shares"] for row in reply.json()["documents"]], dtype=np.float32)
    np.testing.assert_array_equal(answered, models[0].transform_texts(TEXTS))

    lines = tmp_path / "new.txt"
    lines.write_text("".join(f"{text}\n" for text in TEXTS[:3]))
    run("transform", folder, lines, "--format", "lines", "-o", tmp_path / "topics.npy")
    np.testing.assert_array_equal(answered[:3], np.load(tmp_path / "topics.npy"))


def test_the_token_is_asked_for(shared: Serving) -> None:
    assert shared.topics(TEXTS, token="another").status == 401
    assert shared.send("POST", "/v2/repository/models/news/load", token="another").status == 401
    assert shared.send("GET", "/v2/health/ready", token="another").status == 200
    assert TOKEN not in shared.said()
    environments = [Path(f"/proc/{one.pid}/environ") for one in shared.workers()]
    assert not any(TOKEN.encode() in path.read_bytes() for path in environments if path.exists())


@pytest.mark.slow
def test_a_folder_that_is_replaced_is_taken_over_without_a_failed_request(
    shared: Serving, folder: Path, models: list[lda.Model]
) -> None:
    expected = {model.fingerprint(): model.transform_texts(TEXTS) for model in models}
    with (
        Load(lambda connection: shared.topics(TEXTS, over=connection), shared.connect) as load,
        Load(lambda _: shared.topics(TEXTS), shared.connect) as anew,
    ):
        for model in (models[2], models[1]):
            model.save(folder, overwrite=True)
            until(partial(shows, shared, model), "the new version")
        loaded = shared.send("POST", "/v2/repository/models/news/load")
    assert loaded.status == 200
    assert loaded.json()["fingerprint"] == models[1].fingerprint()
    assert not load.failures + anew.failures
    for reply in load.replies + anew.replies:
        assert reply.status == 200, reply
        told = reply.json()
        theta = np.array([row["shares"] for row in told["documents"]], dtype=np.float32)
        np.testing.assert_array_equal(theta, expected[told["fingerprint"]])
    assert {shared.topics(TEXTS).json()["fingerprint"] for _ in range(4)} == {models[1].fingerprint()}
    assert len(list(shared.tmp.glob("raylda-serve-*/model-*"))) == 1, "one prepared model is left"


@pytest.mark.slow
def test_a_damaged_model_is_refused_and_the_old_one_stays(
    shared: Serving, folder: Path, models: list[lda.Model], tmp_path: Path
) -> None:
    models[0].save(folder, overwrite=True)
    assert is_all_new(shared, models[0].fingerprint())
    models[1].save(tmp_path / "new")
    counts = tmp_path / "new" / "counts.npz"
    content = bytearray(counts.read_bytes())
    content[len(content) // 2] ^= 255
    counts.write_bytes(content)
    folder.rename(tmp_path / "old")
    (tmp_path / "new").rename(folder)

    until(lambda: row_of(shared)["reason"], "a reason")
    row = row_of(shared)
    assert row["state"] == "READY"
    assert row["version"] == models[0].fingerprint()[:12]
    assert "counts.npz" in row["reason"]
    refused = shared.send("POST", "/v2/repository/models/news/load")
    assert refused.status in range(400, 500)
    assert "counts.npz" in refused.json()["error"]
    assert version_of(shared) == models[0].fingerprint()
    assert shared.topics(TEXTS).status == 200
    lines = [line for line in shared.said().splitlines() if "is refused" in line]
    assert len(lines) == 1, lines

    models[1].save(folder, overwrite=True)
    until(lambda: version_of(shared) == models[1].fingerprint(), "the sound one")
    until(lambda: not row_of(shared)["reason"], "no reason any more")


@pytest.mark.slow
def test_new_names_of_topics_are_taken_over(shared: Serving, folder: Path, models: list[lda.Model]) -> None:
    models[0].save(folder, overwrite=True)
    assert is_all_new(shared, models[0].fingerprint())
    run("label", folder, "--set", "1=Stars & planets")

    def label() -> Any:
        return shared.send("GET", "/v1/models/news").json()["topics"][1]["label"]

    until(lambda: label() == "Stars & planets", "the name")


def test_a_name_that_was_unloaded_comes_back(shared: Serving, models: list[lda.Model]) -> None:
    assert shared.send("POST", "/v2/repository/models/news/unload").status == 200
    assert shared.topics(TEXTS).status != 200
    assert row_of(shared)["state"] == "UNAVAILABLE"
    assert shared.send("POST", "/v2/repository/models/news/load").status == 200
    assert shared.topics(TEXTS).status == 200
    assert shared.send("POST", "/v2/repository/models/other/load").status in range(400, 500)


@pytest.mark.slow
def test_a_worker_that_is_killed_is_replaced_and_the_others_go_on(shared: Serving) -> None:
    until(lambda: len(shared.workers()) == 2, "two workers, and nobody who reads a model")
    first = shared.workers()
    first[0].kill()
    until(lambda: not alive(first[0]), "its death")
    with Load(lambda _: shared.topics(TEXTS), shared.connect) as load:
        until(lambda: len(set(shared.workers()) - set(first)) == 1, "another worker")
        until(lambda: "another begins" in shared.said(), "a line about it")
        until(lambda: len(load.replies) > 20, "answers")
    assert not load.failures
    assert {reply.status for reply in load.replies} == {200}


@pytest.mark.slow
def test_metrics_are_those_of_all_workers_also_of_those_that_have_died(
    tmp_path: Path, models: list[lda.Model]
) -> None:
    models[0].save(tmp_path / "model")
    with Serving(tmp_path, tmp_path / "model", "--workers", 2, "--log", "none") as service:
        asked, seen = 0, [0.0]

        def ask() -> None:
            """Over two connections at a time: the second goes to the worker that has not the first."""
            nonlocal asked
            with contextlib.closing(service.connect()) as one, contextlib.closing(service.connect()) as other:
                for connection in (one, other):
                    assert service.topics(TEXTS, over=connection).status == 200
                    asked += len(TEXTS)

        def counted() -> float:
            """Documents, by whichever worker tells; a request is told of once it is answered."""
            text = service.send("GET", "/metrics").body.decode()
            found = re.search(r'^lda_serve_documents_total{model="model"} (\S+)$', text, re.MULTILINE)
            seen.append(0.0 if found is None else float(found[1]))
            return seen[-1]

        def have_all_asked() -> bool:
            ask()
            return {f"counter_{one.pid}.db" for one in workers} <= {path.name for path in files.iterdir()}

        (files,) = service.tmp.glob("raylda-serve-*/metrics")
        until(lambda: len(service.workers()) == 2, "two workers, and nobody who reads a model")
        workers = service.workers()
        until(have_all_asked, "answers of both")
        assert [counted() for _ in range(6)] == [asked] * 6

        workers[0].kill()
        until(lambda: not alive(workers[0]), "its death")
        until(lambda: counted() and len(set(service.workers()) - set(workers)) == 1, "another worker")
        workers = service.workers()
        until(have_all_asked, "answers of the new one, too")
        assert [counted() for _ in range(6)] == [asked] * 6
        assert seen == sorted(seen), "what was counted is never taken back"


def test_too_long_a_head_is_refused(shared: Serving) -> None:
    with socket.create_connection(("127.0.0.1", shared.port), timeout=60) as client:
        with contextlib.suppress(ConnectionError):
            client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X-A: b\r\n" * 20_000)
        assert client.recv(100).startswith(b"HTTP/1.1 431 ")
    with socket.create_connection(("127.0.0.1", shared.port), timeout=60) as client:
        client.sendall(b"nonsense\r\n\r\n")
        answer = client.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b'{"error": "' in answer


@pytest.mark.slow
def test_what_is_under_way_is_answered_when_it_ends(tmp_path: Path, models: list[lda.Model]) -> None:
    models[0].save(tmp_path / "model")
    with Serving(
        tmp_path,
        tmp_path / "model",
        "--workers",
        1,
        "--max-connections",
        8,
        "--timeout",
        100,
        "--log",
        "none",
    ) as service:
        idle = [socket.create_connection(("127.0.0.1", service.port)) for _ in range(20)]
        assert service.topics(TEXTS).status == 200, "the connections that were idle for longest gave way"
        body = b'{"documents": ["bread butter"]}'
        with socket.create_connection(("127.0.0.1", service.port), timeout=120) as client:
            client.sendall(
                b"POST /v1/topics HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body)
            )
            assert client.recv(100).startswith(b"HTTP/1.1 100 ")  # somebody waits for the body now
            service.process.send_signal(signal.SIGTERM)
            until(service.refuses, "nobody at the port")
            client.sendall(body)
            assert b" 200 OK" in client.makefile("rb").readline()
        assert service.process.wait(60) == 0
        assert not list(service.tmp.iterdir())
        for one in idle:
            one.close()


@pytest.mark.slow
def test_a_supervisor_that_is_killed_takes_its_workers_along(tmp_path: Path, models: list[lda.Model]) -> None:
    models[0].save(tmp_path / "model")
    with Serving(tmp_path, tmp_path / "model", "--workers", 2, "--drain-seconds", 1) as service:
        until(lambda: len(service.workers()) == 2, "two workers, and nobody who reads a model")
        workers = service.workers()
        (left,) = service.tmp.iterdir()
        assert left.stat().st_mode & 0o777 == 0o700
        service.process.kill()
        service.process.wait()
        until(lambda: not any(map(alive, workers)), "the end of its workers")
        assert left.exists()
    with Serving(tmp_path, tmp_path / "model", "--workers", 1) as service:
        assert not left.exists()
        assert service.end(signal.SIGINT) == 0


def certificate(folder: Path) -> tuple[Path, Path]:
    """(certificate, key) of localhost, for an hour."""
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = folder / "cert.pem", folder / "key.pem"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return files


@pytest.mark.slow
def test_https(tmp_path: Path, models: list[lda.Model]) -> None:
    models[0].save(tmp_path / "model")
    cert, key = certificate(tmp_path)
    context = ssl.create_default_context(cafile=str(cert))
    with Serving(
        tmp_path, tmp_path / "model", "--workers", 1, "--certificate", cert, "--key", key, context=context
    ) as service:
        assert service.told["address"].startswith("https://")
        assert service.topics(TEXTS).status == 200
    line = fails(3, "serve", tmp_path / "model", "--certificate", key, "--key", key, "--port", 0)
    assert "are no certificate and its key" in line


def test_addresses_that_cannot_be_listened_at(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = fails(2, "serve", folder, "--port", port)
    assert f"port {port} of 127.0.0.1 is in use; name another, or 0 for a free one (--port)" in line
    line = fails(2, "serve", folder, "--host", "192.0.2.1", "--no-auth")
    assert "the host 192.0.2.1 is not an address of this machine; name another (--host)" in line


def test_others_are_let_in_by_a_token_or_by_saying_so(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RAYLDA_TOKEN", raising=False)
    told = run("serve", folder, "--host", "0.0.0.0", code=2).stderr
    assert all(way in told for way in ("--token-file", "RAYLDA_TOKEN", "--no-auth"))
    token = tmp_path / "token"
    for bad in ("short", "a b" * 20, "é" * 20, ""):
        token.write_text(bad)
        token.chmod(0o600)
        line = fails(3, "serve", folder, "--token-file", token)
        assert "must hold a token of 16 to 4,096" in line
        assert not bad or bad not in line
    assert "exclude each other" in run("serve", folder, "--no-auth", "--token-file", token, code=2).stderr


def test_options_are_what_the_service_is_given(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from lda.serve.host.supervisor import Supervisor

    plans = list[Any]()

    def keep(self: Supervisor) -> int:
        plans.append(self._plan)
        return 0

    monkeypatch.setattr(Supervisor, "run", keep)
    run("serve", folder, "--port", 0)
    run("serve", folder, "--port", 0, "--max-body", "100KB")
    assert [plan.settings["max_body"] for plan in plans] == [16 << 20, 100_000]
    run("serve", folder, "--port", 0, "--allowed-host", "*.Example.com", "--no-auth")
    run("serve", folder, "--port", 0, "--no-auth")
    hosts = [plan.settings["allowed_hosts"] for plan in plans]
    assert hosts == [("127.0.0.1",), ("127.0.0.1",), ("*.example.com", "127.0.0.1"), ()]
    told = run("serve", folder, "--allowed-host", "http://a.b", code=2).stderr
    assert "a host must be a name or an address, without http:// and without a port, got 'http://a.b'" in told
    for option in ("--timeout", "--keep-alive", "--drain-seconds"):
        for value in ("nan", "inf"):
            told = run("serve", folder, option, value, code=2).stderr
            assert f"{option} must be a number of seconds, got {value}" in told
    assert "--max-body must be at least 1 byte" in run("serve", folder, "--max-body", 0, code=2).stderr
    assert len(plans) == 4


def test_a_model_without_room_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from lda.serve.host import prepared, preparer
    from lda.serve.host.channel import line
    from lda.serve.host.supervisor import _check, _RefusedError

    def no_room(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(prepared, "prepare", no_room)
    here, there = socket.socketpair()
    with here, there:
        wanted = {"name": "news", "place": "model", "folder": "prepared"}
        orders = {"models": [wanted], "behind": False, "n_words": 10}
        here.sendall(line(orders))
        monkeypatch.setattr(preparer, "die_with_parent", lambda *_: None)
        preparer.main(there.fileno())
        with pytest.raises(_RefusedError, match="out of memory"):
            _check(json.loads(here.recv(1 << 16)))


def test_a_full_disk_is_named(full_disk: Path, folder: Path) -> None:
    from lda.serve.host.prepared import PreparedWriteError, prepare

    with pytest.raises(PreparedWriteError) as caught:
        prepare("news", str(folder), full_disk / "model-1", n_words=10)
    assert f"cannot be written to {full_disk} (" in str(caught.value)
    assert "(TMPDIR)" in str(caught.value)


@pytest.mark.slow
def test_a_port_file_that_cannot_be_written_is_one_line(folder: Path, tmp_path: Path) -> None:
    told = run(
        "serve", folder, "--port", 0, "--workers", 1, "--port-file", tmp_path / "no" / "port", code=2
    ).stderr
    assert (
        f"the port cannot be written to {tmp_path}/no/port: No such file or directory; name another" in told
    )


def test_models_that_cannot_be_named(folder: Path) -> None:
    assert "two models have the name model" in run("serve", folder, folder, code=2).stderr
    assert "--name must be NAME=MODEL" in run("serve", "--name", "news", code=2).stderr
    assert "there must be a model" in run("serve", code=2).stderr


def test_what_is_no_model_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "lda", "serve", str(tmp_path / "nowhere"), "--port", "0"],
        env={**os.environ, "TMPDIR": str(tmp_path / "tmp")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 3, done.stderr
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        f"lda: error: {tmp_path}/nowhere does not exist; name the folder that `lda fit -o` or `save` wrote"
    ]
    assert not list((tmp_path / "tmp").iterdir())


def test_a_folder_counts_once_it_is_settled(tmp_path: Path, models: list[lda.Model]) -> None:
    from lda.serve.host.watching import Watch, identity

    models[0].save(tmp_path / "model")
    watch = Watch(tmp_path / "model")
    watch.served = identity(watch.place)
    assert not watch.look()
    assert not watch.look()
    models[1].save(tmp_path / "other")
    shutil.rmtree(watch.place)
    assert not watch.look(), "nothing is there"
    (tmp_path / "model").mkdir()
    shutil.copy(tmp_path / "other" / "model.json", watch.place)
    assert not watch.look()
    shutil.copytree(tmp_path / "other", watch.place, dirs_exist_ok=True)
    assert not watch.look(), "it has just changed"
    assert watch.look()
    watch.served = identity(watch.place)
    assert not watch.look()
    assert identity("s3://bucket/model") is None


def test_a_private_folder_outlives_its_process_until_the_next_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tempfile

    from lda.serve.host.private_folder import private_folder

    code = (
        "import os, signal\nfrom lda.serve.host.private_folder import private_folder\n"
        "with private_folder(print) as folder:\n    print(folder, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    left = Path(done.stdout.strip())
    assert left.is_dir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    tmp_path.chmod(0o2700)  # as of folders that a group shares: what is made in it has that bit, too
    with private_folder(print) as first:
        assert not left.exists()
        with private_folder(print) as second:
            assert first.exists()
        assert not second.exists()
    assert not list(tmp_path.iterdir())


def test_another_folder_than_that_of_tmpdir_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tempfile

    from lda.serve.host.private_folder import private_folder

    (tmp_path / "sound").mkdir()
    monkeypatch.setattr(
        tempfile, "tempdir", str(tmp_path / "sound")
    )  # what Python has found that can be written
    for named, said in (("sound", False), ("sound/", False), ("missing", True)):
        monkeypatch.setenv("TMPDIR", f"{tmp_path}/{named}")
        lines = list[str]()
        with private_folder(lines.append) as folder:
            assert folder.parent == tmp_path / "sound"
        assert len(lines) == said
    assert lines[0].startswith(f"nothing can be written to {tmp_path}/missing, which TMPDIR names")


@pytest.mark.slow
def test_a_model_in_an_object_store(bucket: str, tmp_path: Path, models: list[lda.Model]) -> None:
    place = bucket.format(f"{tmp_path.name}/news")
    models[0].save(place)
    with Serving(tmp_path, place, "--workers", 1, token=TOKEN) as service:
        assert version_of(service) == models[0].fingerprint()
        models[1].save(place, overwrite=True)
        assert is_all_new(service, models[1].fingerprint())
        shares = np.array(
            [row["shares"] for row in service.topics(TEXTS).json()["documents"]], dtype=np.float32
        )
        np.testing.assert_array_equal(shares, models[1].transform_texts(TEXTS))
        assert "secret" not in service.said()
    line = fails(3, "serve", "--name", f"news={bucket.format('nowhere')}", "--port", 0)
    assert "has no model.json" in line
    assert "secret" not in line


def test_the_name_of_a_model_is_that_of_its_folder() -> None:
    from lda.serve.shelf import name_of

    for place in (
        "a/news",
        "a/news/",
        "s3://k:s@b/a/news/?region=x/y&scheme=http",
        "s3://k:s@news",
        "gs://b/news",
    ):
        assert name_of(place) == "news"
