"""The Slurm script, run: the nodes of its allocation are processes of this machine."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import tiny
from click.testing import CliRunner
from waiting import DEADLINE, until

from lda.cli import cli
from lda.corpus import as_corpus

SRUN = """#!/bin/sh
# Runs the command here; of Slurm it only keeps what the script relies on: options first, one task a node.
echo "srun $*" >> "$SAID"
while [ "${1#-}" != "$1" ]; do shift; done
exec "$@"
"""
SCONTROL = '#!/bin/sh\n[ "$*" = "show hostnames n[1-2]" ] && printf "n1\\nn2\\n"\n'
RAY = f"#!/bin/sh\nexec '{sys.executable}' -c 'from ray.scripts.scripts import main; main()' \"$@\"\n"
LDA = f"#!/bin/sh\nexec '{sys.executable}' -m lda \"$@\"\n"
HOSTNAME = '#!/bin/sh\necho "127.0.0.1 10.9.9.9"\n'
TOOLS = {"srun": SRUN, "scontrol": SCONTROL, "hostname": HOSTNAME, "ray": RAY, "lda": LDA}


def free_job() -> int:
    """A job number whose port nobody listens on."""
    for job in range(os.getpid() % 9000, 9999):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", 20000 + job)):
                return job
    raise AssertionError("no free port")


def script(*arguments: object) -> str:
    result = CliRunner().invoke(cli, ["deploy", "slurm", *map(str, arguments)])
    assert result.exit_code == 0, result.output
    subprocess.run(["bash", "-n"], input=result.stdout, text=True, check=True)
    return result.stdout


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, text in TOOLS.items():
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    return {
        **os.environ,
        "PATH": f"{tools}:{os.environ['PATH']}",
        "SAID": str(tmp_path / "said"),
        "SLURM_JOB_ID": str(free_job()),
        "SLURM_JOB_NODELIST": "n[1-2]",
        "SLURM_CPUS_ON_NODE": "1",
    }


def processes_of(job: str) -> list[int]:
    """Processes that were started with this job's number in their environment and are still there."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            try:
                variables = (entry / "environ").read_bytes()
            except OSError:
                continue
            if f"\0SLURM_JOB_ID={job}\0".encode() in variables:
                found.append(int(entry.name))
    return found


def test_directives() -> None:
    fit = ("--", "/c", "-o", "/m")
    whole = script("--nodes", 4, *fit)
    assert "#SBATCH --exclusive\n" in whole
    part = script(
        "--nodes", 4, "--cpus", 8, "--memory", "4GiB", "--time", "1-00:00:00", "--account", "a", *fit
    )
    assert "#SBATCH --cpus-per-task=8\n#SBATCH --mem=4096M\n#SBATCH --account=a\n#SBATCH --time=1-00" in part
    # Slurm reads directives up to the first command.
    assert part.index("#SBATCH --open-mode") < part.index("set -euo")


@pytest.mark.ray
@pytest.mark.smoke
def test_fit_on_two_nodes(tmp_path: Path, environment: dict[str, str]) -> None:
    corpus, model = tmp_path / "a corpus", tmp_path / "it's $a model"
    as_corpus(tiny.counts()).save(corpus)
    text = script(
        "--nodes", 2, "--setup", "export MARK='a b'", "--", corpus, "-k", 3, "-n", 4, "-o", model, "--json"
    )
    try:
        done = subprocess.run(
            ["bash"], input=text, capture_output=True, text=True, env=environment, timeout=400
        )
        assert done.returncode == 0, done.stderr[-3000:]
        report = json.loads(done.stdout.splitlines()[-1])
        assert report["sweeps"] == 4
        assert (model / "model.json").exists()
        steps = Path(environment["SAID"]).read_text().splitlines()
        assert [("--head" in s, "--nodelist=n1" in s, "--exclude=n1" in s) for s in steps[1:]] == [
            (True, True, False), (False, False, True)
        ]  # fmt: skip
        assert all("--overlap --cpu-bind=none --mem=0 --cpus-per-task=1" in s for s in steps)
        until(lambda: not processes_of(environment["SLURM_JOB_ID"]), "processes of the job are left")
        assert not Path(f"/tmp/raylda-{environment['SLURM_JOB_ID']}").exists()
    finally:
        for process in processes_of(environment["SLURM_JOB_ID"]):
            os.kill(process, signal.SIGKILL)


def test_head_that_does_not_start_ends_the_job(environment: dict[str, str], tmp_path: Path) -> None:
    broken = tmp_path / "tools" / "ray"
    broken.write_text("#!/bin/sh\necho no Ray here >&2\nexit 1\n")
    broken.chmod(0o755)
    text = script("--nodes", 2, "--", "/c", "-o", "/m")
    done = subprocess.run(
        ["bash"], input=text, capture_output=True, text=True, env=environment, timeout=DEADLINE
    )
    assert done.returncode == 4
    assert done.stderr.splitlines() == [
        "no Ray here",
        "Ray's head did not start on n1; its messages stand above",
    ]
