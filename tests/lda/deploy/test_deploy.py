"""`lda deploy`: each file is valid for who reads it, and a fit's arguments arrive as they were given."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest
import ray
import rayjob
import yaml
from click.testing import CliRunner
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from ray.autoscaler._private.util import prepare_config, validate_config
from ray.dashboard.modules.job import cli as job_cli
from thread_actors import ThreadActors

from lda.cli import cli
from lda.cluster.distributed import placement
from lda.cluster.distributed.actor_system import Node
from lda.cluster.spec.cluster import Cluster
from lda.cluster.spec.errors import ClusterError
from lda.deploy.quoting import submitted, yaml_text
from lda.sizes import byte_count

keeps_words = pytest.mark.skipif(
    tuple(int(part) for part in ray.__version__.split(".")[:2]) < (2, 60),
    reason="the jobs of Ray before 2.60 do not keep all words, and the command refuses what they would not keep",
)
ROOT = Path(__file__).parents[3]
ODD = "/shared/it's $HOME; `id` \"#\\ é: {}&"
FIT = (ODD, "-k", "7", "-o", "/shared/mod'el dir\\")
KUBERAY = (
    "--image",
    "host:5000/raylda:1",
    "--claim",
    "corpora",
    "--nodes",
    3,
    "--cpus",
    8,
    "--memory",
    "4Gi",
)
AWS = (
    "--region",
    "eu-west-1",
    "--machine-type",
    "m7i.large",
    "--image",
    "a/b:1",
    "--nfs",
    "fs-1:/",
    "--nodes",
    4,
)
GCP = (*AWS, "--provider", "gcp", "--zone", "eu-west1-b", "--project", "ours", "--cpus", 2)
LOCAL = (
    "--provider",
    "local",
    "--head-host",
    "10.0.0.1",
    "--worker-host",
    "10.0.0.2",
    "--worker-host",
    "10.0.0.3",
)


def deploy(*arguments: object, fit: tuple[str, ...] = FIT, code: int = 0) -> str:
    words = [str(a) for a in arguments] + (["--", *fit] if fit else [])
    result = CliRunner().invoke(cli, ["deploy", *words])
    assert result.exit_code == code, result.output
    return result.output


def shell(script: str, **env: str) -> list[str]:
    """The words that a POSIX shell makes of a line."""
    line = f"printf '%s\\0' {script}"
    done = subprocess.run(["sh", "-c", line], check=True, capture_output=True, env=env or None)
    return done.stdout.decode().split("\0")[:-1]


def job_of(submit: list[str], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The words that a job is started with: the line that Ray's own `ray job submit` hands to a shell."""
    lines: list[str] = []

    def submit_job(*, entrypoint: str, **_options: Any) -> str:
        lines.append(entrypoint)
        return "job"

    client = SimpleNamespace(submit_job=submit_job, get_address=lambda: "http://127.0.0.1:8265")
    monkeypatch.setattr(job_cli, "JobSubmissionClient", lambda *_a, **_k: client)
    result = CliRunner().invoke(job_cli.submit, ["--no-wait", *submit])
    assert len(lines) == 1, result.output
    return shell(lines[0])


@given(st.text(st.characters(blacklist_categories=["Cs"])))
@hypothesis_settings(deadline=None)
def test_yaml_reads_what_was_written(text: str) -> None:
    assert yaml.safe_load(f"a: {yaml_text(text)} # comment") == {"a": text}


@keeps_words
def test_old_ray_is_given_plain_words_only(monkeypatch: pytest.MonkeyPatch) -> None:
    assert submitted(["lda", "fit", ODD]) == shlex.join(["lda", "fit", ODD])
    monkeypatch.setattr("lda.deploy.quoting.version", lambda _name: "2.59.1")
    assert submitted(["lda", "fit", "/shared/c"]) == "lda fit /shared/c"
    assert "2.59.1" in deploy("job", code=2)


def mebibytes(quantity: str) -> int:
    found = byte_count(quantity)
    assert found is not None
    return found


@keeps_words
def test_kuberay_manifest(monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = yaml.safe_load(deploy("kuberay", *KUBERAY))
    jsonschema.validate(manifest, rayjob.SCHEMA)
    spec = manifest["spec"]["rayClusterSpec"]
    assert spec["rayVersion"] == ray.__version__
    (workers,) = spec["workerGroupSpecs"]
    assert [workers[f"{n}eplicas"] for n in ("r", "minR", "maxR")] == [3, 3, 3]
    assert spec["headGroupSpec"]["rayStartParams"]["num-cpus"] == "0"
    assert workers["rayStartParams"]["num-cpus"] == "8"
    for group in (spec["headGroupSpec"], workers):
        pod = group["template"]["spec"]
        (container,) = pod["containers"]
        assert {m["name"] for m in container["volumeMounts"]} == {v["name"] for v in pod["volumes"]}
        shm = next(v["emptyDir"] for v in pod["volumes"] if v["name"] == "shm")
        store = int(group["rayStartParams"]["object-store-memory"])
        assert (
            store <= mebibytes(shm["sizeLimit"]) < mebibytes(container["resources"]["limits"]["memory"]) / 2
        )
    # The submitter's shell splits the entry point, `ray job submit` joins it, and the head's shell splits it again.
    command = job_of(["--", *shell(manifest["spec"]["entrypoint"])], monkeypatch)
    assert command[:2] == ["lda", "fit"]
    assert command[-len(FIT) :] == list(FIT)
    assert "--resume" in command
    assert command[command.index("--workers") + 1] == "3"
    assert command[command.index("--threads-per-worker") + 1] == "8"


@keeps_words
def test_the_schema_refuses_what_the_operator_would_ignore() -> None:
    manifest = yaml.safe_load(deploy("kuberay", *KUBERAY))
    manifest["spec"]["rayClusterSpec"]["workerGroupSpecs"][0]["template"]["spec"]["restartpolicy"] = "Never"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(manifest, rayjob.SCHEMA)


@pytest.mark.parametrize(
    ("arguments", "workers"), [(AWS, 4), (GCP, 4), (LOCAL, 2)], ids=["aws", "gcp", "local"]
)
def test_ray_up_file(arguments: tuple[object, ...], workers: int) -> None:
    """Valid by Ray's own schema, as it stands and as `ray up` completes it; the command shown is the command."""
    text = deploy("ray-up", *arguments)
    config = yaml.safe_load(text)
    schema = Path(ray.__file__).parent / "autoscaler" / "ray-schema.json"
    jsonschema.validate(config, json.loads(schema.read_text(encoding="utf-8")))
    whole = prepare_config(config)
    validate_config(whole)
    assert sum(kind["min_workers"] for kind in whole["available_node_types"].values()) == workers
    shown = re.search(r"^#   ray exec --tmux cluster.yaml (.*)$", text, re.MULTILINE)
    assert shown is not None
    (command,) = shell(shown[1])
    assert shell(command)[-len(FIT) :] == list(FIT)
    if "docker" in config:
        assert any("--entrypoint=" in option for option in config["docker"]["run_options"])


def test_dockerfile() -> None:
    text = deploy("docker", fit=())
    instructions = [line.split(maxsplit=1) for line in text.splitlines() if line and not line.startswith("#")]
    known = {"FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "ENTRYPOINT", "CMD"}
    assert {name for name, _ in instructions} <= known
    assert instructions[0][0] == "FROM"
    for name, rest in instructions:
        if name == "COPY" and not rest.startswith("--from="):
            assert all((ROOT / source).exists() for source in rest.split()[:-1])
        if name in ("ENTRYPOINT", "CMD"):
            assert isinstance(json.loads(rest), list)
        if name == "RUN":
            subprocess.run(["sh", "-n", "-c", rest], check=True)
    assert [rest for name, rest in instructions if name == "USER"] == ["1000"]
    assert f"ray[default]=={ray.__version__}" in text
    # Kernels are compiled by the user who runs them, where that user finds them.
    runs = [rest for name, rest in instructions if name in ("RUN", "USER", "ENV")]
    assert "NUMBA_CACHE_DIR=/home/ray/" in runs[-3]
    assert runs[-2:] == ["1000", "lda warm"]
    # The build stage holds all that setuptools is told to pack.
    packed = re.findall(
        r'^"lda[\w.]*" = "(\w+)"$', (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE
    )
    assert packed
    assert all(f"COPY {folder} {folder}" in text for folder in packed)
    assert "COPY" not in deploy("docker", "--package", "raylda==0.1; id", fit=())


@keeps_words
def test_job_script(monkeypatch: pytest.MonkeyPatch) -> None:
    script = deploy("job", "--dashboard", "http://10.0.0.1:8265", "--name", "mine", "--nodes", 2)
    subprocess.run(["sh", "-n"], input=script, text=True, check=True)
    words = shell(script[script.index("exec ray job submit") :].replace("\\\n", " ").strip())
    assert words[4:9] == ["--address", "http://10.0.0.1:8265", "--submission-id", "mine", "--"]
    command = job_of(words[4:], monkeypatch)
    assert command == ["lda", "fit", "--address", "auto", "--workers", "2", "--wait", "600", "--resume", *FIT]


@pytest.mark.parametrize(
    ("arguments", "fit", "says"),
    [
        (("kuberay", *KUBERAY), (), "behind --"),
        (("kuberay", *KUBERAY), ("corpus", "-o", "/shared/m"), "absolute path"),
        (("kuberay", *KUBERAY), ("-o", "/shared/m"), "Missing argument 'INPUT...'"),
        (("kuberay", *KUBERAY), ("/shared/c", "-o", "/shared/m", "--init-from", "model"), "absolute path"),
        (("kuberay", *KUBERAY), ("/dev/stdin", "-o", "/shared/m"), "a pipe of this machine"),
        (("kuberay", *KUBERAY), ("/shared/c", "-o", "/shared/../tmp/m"), "must lie under /shared"),
        (("kuberay", *KUBERAY), ("/shared/c", "-o", "/shared/m", "--checkpoint", "/tmp/c"), "--checkpoint"),
        (("kuberay", *KUBERAY), ("/shared/c", "-o", "/shared/m", "--address", "auto"), "--address"),
        (("kuberay", *KUBERAY), ("/shared/c", "-o", "/shared/m", "--config=/here/o"), "--config names a file of this"),
        (("kuberay", *KUBERAY), ("-o", "/shared/m", "--files-from", "list"), "--files-from names a list of this"),
        (("kuberay", *KUBERAY), ("/shared/c", "-o", "/shared/m", "--tpoics", "3"), "--tpoics"),
        (("kuberay", *KUBERAY), ("/shared/a\nb", "-o", "/shared/m"), "one line"),
        (("kuberay", *KUBERAY[2:]), FIT, "--image"),
        (("kuberay", *KUBERAY, "--name", "Bad_Name"), FIT, "small letters"),
        (("kuberay", *KUBERAY, "--memory", "32"), FIT, "unit"),
        (("kuberay", *KUBERAY, "--nodes", "0"), FIT, "--nodes"),
        (("slurm", "--nodes", 2, "--memory", "4Gi"), FIT, "--cpus"),
        (("slurm", "--nodes", 2, "--partition", "a b"), FIT, "one word"),
        (("slurm", "--nodes", 2, "--setup", "a\nb"), FIT, "one line"),
        (("ray-up", *AWS[2:]), FIT, "--region"),
        (("ray-up", *LOCAL, "--nodes", 2), FIT, "--nodes"),
        (("ray-up", *AWS[:6], "--nodes", 2), FIT, "--nfs"),
        (("job", "--dashboard", "http://h:1 x"), FIT, "one word"),
        (("yarn",), FIT, "yarn"),
    ],
)  # fmt: skip
def test_bad_input_is_refused(arguments: tuple[object, ...], fit: tuple[str, ...], says: str) -> None:
    out = deploy(*arguments, fit=fit, code=2)
    assert says in out
    assert "Traceback" not in out


def test_own_choices_win_and_uris_are_paths() -> None:
    fit = ("s3://bucket/corpus", "-o", "s3://bucket/model", "--workers", "2", "--wait", "5", "--resume")
    command = shell(yaml.safe_load(deploy("kuberay", *KUBERAY, fit=fit))["spec"]["entrypoint"])
    assert [command.count(word) for word in ("--workers", "--wait", "--resume")] == [1, 1, 1]


class Arriving(ThreadActors):
    """Nodes of which the second comes after a while."""

    tries = 0

    def nodes(self) -> list[Node]:
        self.tries += 1
        return super().nodes()[: 1 if self.tries < 3 else 2]


def test_nodes_that_are_still_to_come_are_waited_for() -> None:
    system = Arriving((1, 1))
    with pytest.raises(ClusterError, match="1 node, with room for 1 such"):
        placement.reserve(system, Cluster(workers=2), 8, recovering=False)
    assert system.tries == 1
    system.tries = 0
    assert placement.reserve(system, Cluster(workers=2, wait=30), 8, recovering=False).slots.workers == 2
    assert system.tries == 3
