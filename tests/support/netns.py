"""Hosts with addresses of their own: network namespaces joined by veth pairs to a bridge, a Ray node in each.

The bridge lies in a namespace as well, so that neither the machine's interfaces nor its firewall are touched, and
nothing outlives the namespaces. All hosts see the same files, as if on shared storage; `hide` takes a folder
from one of them.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Collection

PREFIX = "raylda"
PYTHON = sys.executable
PORT = 6379
ENVIRONMENT = {
    # A node counts as gone within 10 s; by Ray's defaults it takes about a minute.
    "RAY_health_check_initial_delay_ms": "1000",
    "RAY_health_check_period_ms": "1000",
    "RAY_health_check_timeout_ms": "2000",
    "RAY_health_check_failure_threshold": "3",
    # `ray start` makes use of a token if there happens to be one; here there always is.
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": secrets.token_hex(16),
}
"""Of all processes on the hosts, but for what a test gives otherwise."""


def ip(*arguments: object) -> str:
    """Run iproute2's ip; returns what it prints."""
    return command("ip", *arguments)


def command(*arguments: object) -> str:
    done = subprocess.run([str(a) for a in arguments], capture_output=True, text=True)
    assert done.returncode == 0, f"{arguments}: {done.stderr}"
    return done.stdout


def missing() -> str | None:
    """Why there can be no namespaces here, or None."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        return "needs root on Linux"
    if shutil.which("ip") is None or shutil.which("tc") is None:
        return "needs ip and tc (Debian: apt-get install iproute2)"
    probe = f"{PREFIX}-{os.getpid()}-probe"
    done = subprocess.run(["ip", "netns", "add", probe], capture_output=True, text=True)
    if done.returncode:
        return f"cannot make a network namespace: {done.stderr.strip()}"
    ip("netns", "del", probe)
    return None


def clear_away() -> None:
    """What an earlier run has left that was killed."""
    for line in ip("netns", "list").splitlines():
        namespace = line.split()[0]
        found = re.fullmatch(rf"{PREFIX}-(\d+)-\w+", namespace)
        if found and not Path(f"/proc/{found[1]}").exists():
            end_all(namespace)
            ip("netns", "del", namespace)


def end_all(namespace: str, but: Collection[int] = ()) -> None:
    """End all processes in a namespace."""
    until = time.monotonic() + 10
    while (pids := {*map(int, ip("netns", "pids", namespace).split())} - {*but}) and time.monotonic() < until:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)


class Host:
    """One namespace with one address."""

    def __init__(self, network: Network, number: int) -> None:
        self.network, self.number = network, number
        self.namespace = f"{PREFIX}-{os.getpid()}-{number}"
        self.address = f"10.77.0.{number + 1}"
        self.port = f"port{number}"  # of the switch
        ip("netns", "add", self.namespace)
        pair = ["link", "add", self.port, "type", "veth", "peer", "name", "eth0", "netns", self.namespace]
        ip("-n", network.switch, *pair)
        ip("-n", network.switch, "link", "set", self.port, "master", "bridge", "up")
        ip("-n", self.namespace, "link", "set", "lo", "up")
        self.up()
        # Ray finds the node of its host among the processes, and keeps its sessions in files: both are the host's own.
        begin = 'mount -t tmpfs none "$0" && echo $$ && exec sleep infinity'
        unshare = ["unshare", "--pid", "--fork", "--kill-child", "--mount", "--mount-proc", "--uts"]
        self.first = subprocess.Popen(
            ["ip", "netns", "exec", self.namespace, *unshare, "sh", "-c", begin, str(network.sessions)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.first.stdout is not None
        assert self.first.stdout.readline() == "1\n"
        self.init = int(Path(f"/proc/{self.first.pid}/task/{self.first.pid}/children").read_text())

    def up(self) -> None:
        """Plug the cable in."""
        ip("-n", self.namespace, "addr", "replace", f"{self.address}/24", "dev", "eth0")
        ip("-n", self.namespace, "link", "set", "eth0", "up")
        # Ray finds its own address by the way to some far one.
        ip("-n", self.namespace, "route", "replace", "default", "dev", "eth0")

    def down(self) -> None:
        """Pull the cable out."""
        ip("-n", self.namespace, "link", "set", "eth0", "down")

    def start(
        self, *arguments: object, hide: Path | None = None, env: dict[str, str] | None = None, **options: Any
    ) -> subprocess.Popen[str]:
        """A process on this host. hide: a folder that it sees empty. env: on top of `ENVIRONMENT`."""
        words = [str(a) for a in arguments]
        if hide is not None:
            words = [
                "unshare",
                "--mount",
                "sh",
                "-c",
                'mount -t tmpfs none "$0" && exec "$@"',
                str(hide),
                *words,
            ]
        variables = {**os.environ, **ENVIRONMENT, **(env or {})}
        enter = ["nsenter", f"--target={self.init}", "--net", "--mount", "--pid", "--uts"]
        return subprocess.Popen([*enter, *words], text=True, env=variables, **options)

    def ray(self, cpus: int = 1, hide: Path | None = None) -> subprocess.Popen[str]:
        """Start a Ray node, as `ray start` does; on the first host the head."""
        where = [
            "--head",
            f"--port={PORT}",
            f"--temp-dir={self.network.sessions}",
            "--include-dashboard=false",
        ]
        if self.number:
            where = [f"--address={self.network.address}"]
        node = [f"--node-ip-address={self.address}", f"--num-cpus={cpus}", "--disable-usage-stats", "--block"]
        with (self.network.folder / f"node-{self.number}.log").open("a") as log:
            start = [PYTHON, "-m", "ray.scripts.scripts", "start", *where, *node]
            return self.start(*start, hide=hide, stdout=log, stderr=log)

    def lda(self, *arguments: object, **options: Any) -> subprocess.Popen[str]:
        """The command `lda` on this host."""
        return self.start(PYTHON, "-W", "error", "-m", "lda", *arguments, **options)

    def pid_of(self, program: str) -> int:
        """Of the one process on this host that runs a program of this name."""
        pids = ip("netns", "pids", self.namespace).split()
        words = {int(pid): Path(f"/proc/{pid}/cmdline").read_text().split("\0")[0] for pid in pids}
        (found,) = [pid for pid, word in words.items() if Path(word).name == program]
        return found

    def bytes_sent(self) -> int:
        """By this host since it was made."""
        return int(re.findall(r"TX:.*\n\s*(\d+)", ip("-n", self.namespace, "-s", "link", "show", "eth0"))[0])


class Network:
    """So many hosts behind one switch."""

    def __init__(self, n_hosts: int) -> None:
        clear_away()
        self.folder = Path(tempfile.mkdtemp(prefix="rl", dir="/tmp"))  # Ray's sockets have short names only
        self.sessions = self.folder / "ray"
        self.sessions.mkdir()
        self.switch = f"{PREFIX}-{os.getpid()}-switch"
        self.hosts: list[Host] = []
        self.processes: list[subprocess.Popen[str]] = []
        ip("netns", "add", self.switch)
        try:
            ip("-n", self.switch, "link", "add", "bridge", "type", "bridge")
            ip("-n", self.switch, "link", "set", "bridge", "up")
            for number in range(n_hosts):
                self.hosts.append(Host(self, number))
        except BaseException:
            self.close()
            raise

    @property
    def address(self) -> str:
        """HOST:PORT of the head."""
        return f"{self.hosts[0].address}:{PORT}"

    def start_ray(self) -> None:
        """A Ray node on each host."""
        for host in self.hosts:
            self.processes.append(host.ray())
            self.wait_for_nodes(host.number + 1)

    def restart(self, host: Host, hide: Path | None = None) -> None:
        """Another Ray node on this host. hide: a folder that it sees empty."""
        end_all(host.namespace, but={host.first.pid, host.init})
        self.wait_for_nodes(len(self.hosts) - 1)
        self.processes.append(host.ray(hide=hide))
        self.wait_for_nodes(len(self.hosts))

    def wait_for_nodes(self, n: int, seconds: float = 60) -> None:
        """Until Ray counts so many nodes alive."""
        until = time.monotonic() + seconds
        while (seen := self.nodes_alive()) != n:
            logs = "".join(p.read_text() for p in self.folder.glob("node-*.log"))
            assert time.monotonic() < until, f"{seen} nodes alive, not {n}: {logs}"
            time.sleep(0.2)

    def nodes_alive(self) -> int:
        """As the head counts them."""
        asked = [PYTHON, "-c", ALIVE, self.address]
        with self.hosts[0].start(*asked, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            printed = process.communicate(timeout=60)[0]
        return int(printed or 0)

    def slow(self, rate: str, milliseconds: int) -> None:
        """Let what leaves a host come so late, and no faster than `rate`. Skips the test without sch_netem."""
        for host in self.hosts:
            on = ["tc", "-n", host.namespace, "qdisc", "replace", "dev", "eth0", "root"]
            netem = ["netem", "rate", rate, "delay", f"{milliseconds}ms", "limit", "100000"]
            done = subprocess.run([*on, *netem], capture_output=True, text=True)
            if "qdisc kind is unknown" in done.stderr:
                pytest.skip("this kernel has no netem (CONFIG_NET_SCH_NETEM)")
            assert done.returncode == 0, done.stderr

    def full_speed(self) -> None:
        """Undo `slow`."""
        for host in self.hosts:
            subprocess.run(
                ["tc", "-n", host.namespace, "qdisc", "del", "dev", "eth0", "root"], capture_output=True
            )

    def close(self) -> None:
        """End all processes, and take everything away."""
        for host in self.hosts:
            end_all(host.namespace)
            host.first.communicate()
        for process in self.processes:
            process.wait(10)
        for namespace in [*(host.namespace for host in self.hosts), self.switch]:
            subprocess.run(["ip", "netns", "del", namespace], capture_output=True)
        shutil.rmtree(self.folder, ignore_errors=True)


ALIVE = """
import sys
from ray._raylet import GcsClient
print(sum(n.state == 0 for n in GcsClient(address=sys.argv[1]).get_all_node_info(timeout=5).values()))
"""
