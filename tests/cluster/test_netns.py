"""`lda fit --address` on three hosts with addresses of their own: `make test-cluster`, as root."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import netns
import numpy as np
import pytest
from cluster_fits import stored
from netns import Host, Network
from planted import plant

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.netns
SWEEPS = 30


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    if why := netns.missing():
        pytest.skip(why)
    made = Network(3)
    try:
        made.start_ray()
        yield made
    finally:
        made.close()


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """4,000 documents, 400,000 tokens."""
    path = tmp_path_factory.mktemp("shared") / "corpus"
    stored(path, plant(3, 4000, 100, np.full(20, 0.1), 2000, 0.05).counts)
    return path


def options(corpus: Path, model: Path, *more: object) -> list[object]:
    what = ["fit", corpus, "-k", 40, "-n", SWEEPS, "--phases", 2, "--checkpoint-every", 2, "-o", model]
    return [*what, "--top-words", 0, "--json", *more]


def ended(process: subprocess.Popen[str], code: int = 0) -> tuple[str, str]:
    """Its output and errors."""
    output, errors = process.communicate(timeout=240)
    assert process.returncode == code, errors
    assert "Traceback" not in errors
    return output, errors


def on_network(
    network: Network, *arguments: object, host: Host | None = None, env: dict[str, str] | None = None
) -> subprocess.Popen[str]:
    """The command on a host, the first if none is said."""
    to = ["--address", network.address, "--progress", "log"]
    on = host or network.hosts[0]
    return on.lda(*arguments, *to, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)


def wait_for_sweep(sweep: int, process: subprocess.Popen[str], checkpoints: Path) -> None:
    """Until the checkpoint of that sweep is there."""
    until = time.monotonic() + 100
    while not list(checkpoints.parent.glob(f"{checkpoints.name}/sweep-*{sweep}/manifest.json")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.fixture(scope="module")
def alone(corpus: Path) -> dict[str, Any]:
    """What the same fit gives without a cluster."""
    words = [str(w) for w in options(corpus, corpus.with_name("alone"), "-q")]
    done = subprocess.run([netns.PYTHON, "-m", "lda", *words], capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


def test_three_hosts_give_the_model_of_one(
    network: Network, corpus: Path, alone: dict[str, Any], tmp_path: Path
) -> None:
    before = [host.bytes_sent() for host in network.hosts]
    output, _ = ended(on_network(network, *options(corpus, tmp_path / "m")))
    assert json.loads(output)["fingerprint"] == alone["fingerprint"]
    sent = [host.bytes_sent() - b for host, b in zip(network.hosts, before, strict=True)]
    assert min(sent) > 1_000_000, "a host took no part"


def test_a_slow_network_changes_nothing(
    network: Network, corpus: Path, alone: dict[str, Any], tmp_path: Path
) -> None:
    before = sum(host.bytes_sent() for host in network.hosts)
    network.slow("1gbit", 20)
    try:
        output, _ = ended(on_network(network, *options(corpus, tmp_path / "m")))
    finally:
        network.full_speed()
    value = json.loads(output)
    sent = sum(host.bytes_sent() for host in network.hosts) - before
    seconds = {"here": value["seconds"]["fit"], "in one process": alone["seconds"]["fit"]}
    sys.stdout.write(f"1 Gbit/s and 20 ms: seconds {seconds}, {sent} bytes\n")
    assert value["fingerprint"] == alone["fingerprint"]


def test_a_host_cut_off_leaves_no_trace(
    network: Network, corpus: Path, alone: dict[str, Any], tmp_path: Path
) -> None:
    """The others go on without it; it comes back as a node that has been started anew."""
    cut = network.hosts[2]
    process = on_network(network, *options(corpus, tmp_path / "m"))
    try:
        wait_for_sweep(6, process, tmp_path / "m.checkpoint")
        cut.down()
        output, errors = ended(process)
    finally:
        cut.up()
    assert json.loads(output)["fingerprint"] == alone["fingerprint"]
    losses = [line for line in errors.splitlines() if "going on from" in line]
    assert len(losses) == 1
    assert f"on {cut.address}, with its node" in losses[0]
    assert "going on from the checkpoint of sweep " in losses[0]
    network.restart(cut)
    output, _ = ended(on_network(network, *options(corpus, tmp_path / "again"), "--workers", "3"))
    assert json.loads(output)["fingerprint"] == alone["fingerprint"]


def test_a_token_is_asked_for(network: Network, corpus: Path, tmp_path: Path) -> None:
    process = network.hosts[0].lda(
        *options(corpus, tmp_path / "m", "-q", "--address", network.address),
        env={"RAY_AUTH_MODE": "disabled"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    lines = ended(process, 4)[1].splitlines()
    assert "wants RAY_AUTH_MODE=token" in lines[-1]


def test_what_a_host_does_not_see_is_refused(network: Network, corpus: Path, tmp_path: Path) -> None:
    """The corpus; and input that would become a corpus where that host cannot read it."""
    blind, scratch = network.hosts[1], corpus.with_name("scratch")
    scratch.mkdir()
    (tmp_path / "docs.txt").write_text("one document of words\n" * 50)
    network.restart(blind, hide=corpus.parent)
    try:
        _, unread = ended(on_network(network, *options(corpus, tmp_path / "m", "-q")), 4)
        raw = options(tmp_path / "docs.txt", tmp_path / "m", "-q")
        _, unseen = ended(on_network(network, *raw, env={"TMPDIR": str(scratch)}), 4)
        ended(on_network(network, *raw, env={"TMPDIR": str(tmp_path)}))
    finally:
        network.restart(blind)
    assert re.search(rf"^lda: error: worker \d on {blind.address} cannot work: .*{corpus}.*\n$", unread)
    assert re.search(rf"^lda: error: .* out of sight of {blind.address}; .*lda corpus build .*\n$", unseen)


def test_a_driver_that_loses_its_own_node_says_so(
    network: Network, corpus: Path, alone: dict[str, Any], tmp_path: Path
) -> None:
    """Where Ray would end the process without a word of ours; the command goes on from another host."""
    mine = network.hosts[2]
    process = on_network(network, *options(corpus, tmp_path / "m"), host=mine)
    wait_for_sweep(6, process, tmp_path / "m.checkpoint")
    os.kill(mine.pid_of("raylet"), signal.SIGKILL)
    try:
        _, errors = ended(process, 4)
    finally:
        network.restart(mine)
    last = errors.splitlines()[-1]
    assert last.startswith("lda: error: the Ray node of this host has gone")
    assert last.endswith("--resume")
    assert "Raylet is terminated" not in errors
    value = json.loads(ended(on_network(network, *options(corpus, tmp_path / "m", "--resume")))[0])
    assert value["resumed_from"] >= 4
    assert value["fingerprint"] == alone["fingerprint"]
