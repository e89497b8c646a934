"""`lda deploy ray-serve`, `kserve` and `docker-serve`: each file is valid for who reads it, and says what was asked."""

from __future__ import annotations

import ast
import asyncio
import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import inference_service
import jsonschema
import kubernetes_validate
import numpy as np
import pytest
import yaml
from commands import fails, run
from doc_shell import parsed
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

import lda
from lda.deploy.docker_serve import with_extra
from lda.deploy.quoting import python_text

HADOLINT = Path(sys.executable).with_name("hadolint")
ODD = "/shared/it's $HOME; `id` \"#\\ é: {}&"
VERSIONS = ("1.30", kubernetes_validate.latest_version())
CLUSTER = ("--image", "host:5000/topics:1", "--token-secret", "lda-token")


def printed(kind: str, *arguments: object) -> str:
    return run("deploy", kind, *arguments).stdout


def models_of(application: str) -> dict[str, str]:
    """The models in the application's `user_config`."""
    for node in ast.walk(ast.parse(application)):
        if isinstance(node, ast.keyword) and node.arg == "user_config":
            found: dict[str, str] = ast.literal_eval(node.value)["models"]
            return found
    raise AssertionError("there is no user_config")


def has_pod(pod: dict[str, Any], *, name: str, served: list[str], secret: bool, claim: str | None) -> None:
    """A pod that serves, as a user who may write nothing, with what it needs mounted."""
    (container,) = pod["containers"]
    assert container["name"] == name
    assert container["command"] == ["lda", "serve"]
    options = parsed(["serve", *container["args"]])
    assert list(options["named"]) == served
    assert (options["host"], options["port"]) == ("0.0.0.0", container["ports"][0]["containerPort"])
    assert options["no_auth"] is not secret
    for probe, path in (("startup", "ready"), ("readiness", "ready"), ("liveness", "live")):
        asked = container[f"{probe}Probe"]["httpGet"]
        assert asked == {"path": f"/v2/health/{path}", "port": 8080}
    assert pod["securityContext"]["runAsNonRoot"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    mounts = {mount["name"]: mount for mount in container["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    assert (
        set(mounts)
        == set(volumes)
        == {"tmp"} | ({"token"} if secret else set()) | ({"models"} if claim else set())
    )
    if claim is not None:
        assert volumes["models"]["persistentVolumeClaim"] == {"claimName": claim, "readOnly": True}
    if secret:
        assert options["token_file"] == mounts["token"]["mountPath"] + "/token"
        assert volumes["token"]["secret"] == {"secretName": "lda-token", "defaultMode": 0o440}


@given(st.text(st.characters(blacklist_categories=["Cs"])))
@hypothesis_settings(deadline=None)
def test_python_reads_what_was_written(text: str) -> None:
    assert ast.literal_eval(python_text(text)) == text


@pytest.mark.parametrize("more", [(), ("--token-file", "/run/token"), ("--max-replicas", 9)], ids=str)
def test_application_and_config_of_ray_serve(more: tuple[object, ...]) -> None:
    asked = ("/m/speeches", f"odd={ODD}", "s3://bucket/news/", "--name", "mine", "--replicas", 3, *more)
    application, config = printed("ray-serve", *asked), printed("ray-serve", *asked, "--config")
    compile(application, "serve_lda.py", "exec")
    models = {"speeches": "/m/speeches", "odd": ODD, "news": "s3://bucket/news/"}
    assert models_of(application) == models
    (service,) = yaml.safe_load(config)["applications"]
    assert (service["name"], service["route_prefix"]) == ("mine", "/")
    assert service["import_path"] == "serve_lda:app"
    (deployment,) = service["deployments"]
    assert deployment["user_config"]["models"] == models
    assert f'name="{deployment["name"]}"' in application
    assert ("/run/token" in application) == ("--token-file" in more)
    assert "token" not in config
    scaling = deployment.get("autoscaling_config", {"min_replicas": deployment.get("num_replicas")})
    assert scaling["min_replicas"] == 3
    assert scaling.get("max_replicas") == (9 if "--max-replicas" in more else None)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("arguments", "served", "claim", "uri"),
    [
        (("/models/a", "b=/models/other", "--claim", "models"), ["a=/models/a", "b=/models/other"], "models", None),
        (("/opt/a",), ["a=/opt/a"], None, None),
        (("--storage-uri", "s3://bucket/it's"), ["topics=/mnt/models"], None, "s3://bucket/it's"),
    ],
    ids=["claim", "image", "uri"],
)  # fmt: skip
def test_inference_service(
    arguments: tuple[object, ...], served: list[str], claim: str | None, uri: str | None, version: str
) -> None:
    service = yaml.safe_load(printed("kserve", *arguments, *CLUSTER, "--cpus", 2))
    jsonschema.validate(service, inference_service.SCHEMA)
    pod = inference_service.pod(service)
    kubernetes_validate.validate(pod, version, strict=True)
    has_pod(pod["spec"], name="kserve-container", served=served, secret=True, claim=claim)
    variables = {row["name"]: row["value"] for row in pod["spec"]["containers"][0]["env"]}
    assert variables == {"PROTOCOL": "v2"} | ({"STORAGE_URI": uri} if uri else {})
    pod["spec"]["containers"][0]["livenesProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(pod, version, strict=True)


@pytest.mark.parametrize("version", VERSIONS)
def test_plain_manifests(version: str) -> None:
    asked = (
        "/opt/a",
        "--image",
        "a/b:1",
        "--no-auth",
        "--name",
        "it",
        "--namespace",
        "here",
        "--replicas",
        3,
    )
    found = {one["kind"]: one for one in yaml.safe_load_all(printed("kserve", "--plain", *asked))}
    assert list(found) == ["Deployment", "Service", "HorizontalPodAutoscaler"]
    for one in found.values():
        kubernetes_validate.validate(one, version, strict=True)
        assert one["metadata"] == {"name": "it", "namespace": "here"}
    spec = found["Deployment"]["spec"]
    has_pod(spec["template"]["spec"], name="lda", served=["a=/opt/a"], secret=False, claim=None)
    labels = spec["template"]["metadata"]["labels"]
    assert labels == spec["selector"]["matchLabels"] == found["Service"]["spec"]["selector"]
    assert "replicas" not in spec, "the autoscaler decides"
    scaling = found["HorizontalPodAutoscaler"]["spec"]
    assert (scaling["minReplicas"], scaling["maxReplicas"]) == (3, 12)
    assert scaling["scaleTargetRef"]["name"] == "it"


def instructions(dockerfile: str) -> list[tuple[str, str]]:
    lines = re.sub(r"\\\n\s*", "", dockerfile).splitlines()
    found = [line.partition(" ") for line in lines if line and not line.startswith("#")]
    return [(name, rest) for name, _, rest in found]


def test_dockerfile_of_a_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    lda.LDA(6, max_iter=2, random_state=0).fit(np.eye(3, dtype=np.int32)).model_.save(
        tmp_path / "fitted" / "a"
    )
    copied, mounted = (
        printed("docker-serve", "fitted/a", "b=fitted/a"),
        printed("docker-serve", "--topics", 7),
    )
    for text in (copied, mounted):
        found = instructions(text)
        names = [name for name, _ in found]
        assert {"HEALTHCHECK", "EXPOSE"} < set(names)
        for name, rest in found:
            if name == "RUN":
                subprocess.run(["sh", "-n", "-c", rest], check=True)
        # Kernels are compiled by the user who runs them, where that user finds them.
        user = names.index("USER")
        assert found[user] == ("USER", "1000")
        assert found[user + 1] == ("RUN", f"lda warm --topics {6 if text is copied else 7}")
        folder = re.search(r"NUMBA_CACHE_DIR=(\S+)", found[user - 1][1])
        assert folder is not None
        assert f"--owner=1000 {folder[1]}" in found[user - 2][1]
        (entry,) = (json.loads(rest) for name, rest in found if name == "ENTRYPOINT")
        (words,) = (json.loads(rest) for name, rest in found if name == "CMD")
        assert entry == ["lda", "serve"]
        options = parsed([*entry[1:], *words])
        models = ["/models/a", "/models/b"] if text is copied else ["/models/model"]
        assert list(options["models"]) == models
        assert ("EXPOSE", str(options["port"])) in found
    copies = [json.loads(rest.partition(" ")[2]) for name, rest in instructions(copied) if rest.endswith("]")
              and name == "COPY"]  # fmt: skip
    assert copies == [["fitted/a", "/models/a"], ["fitted/a", "/models/b"]]


@pytest.mark.skipif(not HADOLINT.exists(), reason="hadolint has a wheel for Linux on x86-64 only")
@pytest.mark.parametrize("package", [(), ("--package", "raylda==0.2.0")], ids=["checkout", "package"])
def test_a_linter_finds_nothing(package: tuple[str, ...]) -> None:
    text = printed("docker-serve", "--topics", 7, *package)
    done = subprocess.run([HADOLINT, "--no-color", "-"], input=text, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("package", "installed"),
    [
        ("raylda", "raylda[serve]"),
        ("raylda==0.2.0", "raylda[serve]==0.2.0"),
        ("raylda[stem, serve]>=0.2", "raylda[stem,serve]>=0.2"),
        ("https://host/raylda.whl", "raylda[serve] @ https://host/raylda.whl"),
        ("./raylda-0.2.0-py3-none-any.whl", "./raylda-0.2.0-py3-none-any.whl[serve]"),
    ],
)
def test_the_extra_is_installed(package: str, installed: str) -> None:
    assert with_extra(package) == installed


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("ray-serve",), "Missing argument"),
        (("ray-serve", "model"), "absolute path that all nodes see"),
        (("ray-serve", "/a/m", "/b/m"), "two models are called 'm'"),
        (("ray-serve", "a b=/m"), "a model's name must be"),
        (("ray-serve", "/m/a b"), "NAME=FOLDER"),
        (("ray-serve", "m="), "NAME=FOLDER"),
        (("ray-serve", "x=/m/a\nb"), "one line"),
        (("ray-serve", "m=s3://key:secret@bucket/m"), "keys do not belong"),
        (("ray-serve", "/m", "--replicas", 3, "--max-replicas", 2), "at least --replicas, 3, got 2"),
        (("ray-serve", "/m", "--host", "0.0.0.0", "--config"), "--no-auth"),
        (("ray-serve", "/m", "--port", 80), "add --config"),
        (("ray-serve", "/m", "--route", "topics"), "/ or a path"),
        (("kserve", "/m", "--no-auth"), "--image"),
        (("kserve", "/m", "--image", "i"), "--token-secret NAME"),
        (("kserve", "/m", *CLUSTER, "--no-auth"), "not both"),
        (("kserve", *CLUSTER), "which MODEL"),
        (("kserve", "m", *CLUSTER), "absolute path"),
        (("kserve", "/other/m", "--claim", "c", *CLUSTER), "must lie under /models"),
        (("kserve", "/models/m", "--storage-uri", "s3://b/m", *CLUSTER), "leave MODEL"),
        (("kserve", "--plain", "--storage-uri", "s3://b/m", *CLUSTER), "fetched by KServe"),
        (("kserve", "--storage-uri", "s3://k:secret@b/m", *CLUSTER), "no keys"),
        (("kserve", "/m", *CLUSTER, "--memory", "4"), "unit"),
        (("kserve", "/m", *CLUSTER, "--name", "Bad_Name"), "small letters"),
        (("kserve", "/m", "--image", "a b", "--no-auth"), "one word"),
        (("docker-serve", "/models/m"), "below this one"),
        (("docker-serve", "../m"), "below this one"),
        (("docker-serve", "--package", "numpy; id"), "raylda by its name"),
        (("docker-serve", "--topics", 0), "--topics"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line(arguments: tuple[object, ...], says: str) -> None:
    told = run("deploy", *arguments, code=2).stderr
    assert says in " ".join(told.split())
    assert "secret" not in told.replace("--token-secret", "")


def test_a_model_that_is_not_there() -> None:
    assert "nowhere" in fails(3, "deploy", "docker-serve", "nowhere")


@pytest.mark.parametrize(
    "error", [OSError("no such store"), ValueError("damaged"), KeyError("k"), RuntimeError()]
)
def test_whatever_is_wrong_with_a_new_model_the_replica_serves_on(
    error: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The application's own part, with a stand-in for Ray, which `test_ray_serve.py` starts."""
    serve = SimpleNamespace(
        deployment=lambda **_: lambda kind: SimpleNamespace(bind=lambda: None, kind=kind),
        ingress=lambda: lambda kind: kind,
    )
    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace(serve=serve))
    names: dict[str, Any] = {}
    exec(printed("ray-serve", "m=/models/old"), names)
    tried = list[str]()

    def opened(name: str, path: str) -> SimpleNamespace:
        tried.append(path)
        if path != "/models/old":
            raise error
        return SimpleNamespace(name=name, path=path)

    names["opened"] = opened
    replica = names["Topics"].kind()
    with pytest.raises(type(error)):
        asyncio.run(replica.reconfigure({"models": {"m": "/models/new"}}))
    for path in ("old", "new", "new"):
        asyncio.run(replica.reconfigure({"models": {"m": f"/models/{path}"}}))
    assert replica.shelf.get("m").path == "/models/old"
    replica.check_health()
    assert tried == ["/models/new", "/models/old", "/models/new"], "it was told once, and is not tried again"
    (line,) = caplog.messages
    assert line == f"the models that were served stay: {type(error).__name__}: {error}"
