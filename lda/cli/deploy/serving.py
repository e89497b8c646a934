"""`lda deploy ray-serve`, `kserve` and `docker-serve`: where `lda serve` is to run."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import click

from lda.cli.deploy.options import (
    LABEL,
    PATH,
    WORD,
    check_replicas,
    dockerfile_options,
    line,
    matching,
    mount_option,
    name_option,
    no_auth_option,
    replicas_options,
    show,
    size,
)
from lda.cli.gathering import taking
from lda.cli.help import Command
from lda.cli.option import Heading, option
from lda.corpus.presentable import without_keys

ROUTE: Final = (re.compile(r"/([\w.-]+(/[\w.-]+)*)?", re.ASCII), "/ or a path such as /topics")
LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
URI: Final = re.compile(r"[a-z][a-z0-9+.-]+://")
BELOW: Final = re.compile(r"(\./)?[\w@+-][\w@+.-]*(/[\w@+-][\w@+.-]*)*/?", re.ASCII)
SUBDOMAIN: Final = (
    re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?"),
    "small letters, digits, hyphens and dots",
)
PORT: Final = click.IntRange(1, 65535)


def named(models: Sequence[str]) -> dict[str, str]:
    """The models by name: that before `=`, or that of the folder.

    Raises:
        click.UsageError: a name that cannot be one, or one that two have.
    """
    from lda.serve.shelf import check_name, name_of

    found: dict[str, str] = {}
    for word in models:
        before, sign, after = word.partition("=")
        given = bool(sign) and "/" not in before
        try:
            name, path = (check_name(before), after) if given else (name_of(word), word)
        except ValueError as error:
            raise click.UsageError(str(error)) from None
        if not path:
            raise click.UsageError(f"a model is given as FOLDER or NAME=FOLDER, got {word!r}")
        if name in found:
            raise click.UsageError(f"two models are called {name!r}; give one another name: NAME={path}")
        found[name] = path
    return found


def absolute(models: Mapping[str, str], whose: str) -> None:
    """Raise click.UsageError for a path that is relative, or a URI with keys. whose: who else sees them."""
    for path in models.values():
        if without_keys(path) != path:
            raise click.UsageError(
                f"keys do not belong into a file for others to run, got {without_keys(path)} with keys in it; put "
                "them into the environment of the nodes"
            )
        if not path.startswith("/") and not URI.match(path):
            raise click.UsageError(
                f"a model must be an absolute path that {whose}, or a URI such as s3://bucket/model, got {path!r}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class RayServeOptions:
    """What `lda deploy ray-serve` is asked for."""

    models: tuple[str, ...]
    config: bool
    replicas: int
    max_replicas: int | None
    cpus: int
    name: str
    route: str
    token_file: str | None
    no_auth: bool
    host: str | None
    port: int | None
    working_dir: str | None

    def __post_init__(self) -> None:
        """Refuse a service that would be open to a network by oversight, and more at least than at most."""
        check_replicas(self.replicas, self.max_replicas)
        if self.token_file is not None and self.no_auth:
            raise click.UsageError("--token-file and --no-auth say the contrary; leave one out")
        if self.host not in (None, *LOOPBACK) and self.token_file is None and not self.no_auth:
            raise click.UsageError(
                f"with --host {self.host} others than this machine can ask; give --token-file FILE, which all nodes "
                "can read, or --no-auth"
            )
        for flag, value in (
            ("--host", self.host),
            ("--port", self.port),
            ("--working-dir", self.working_dir),
        ):
            if value is not None and not self.config:
                raise click.UsageError(f"{flag} belongs into the config; add --config, or leave it out")


@click.command(
    "ray-serve",
    cls=Command,
    examples=(
        "lda deploy ray-serve /models/speeches > serve_lda.py && serve run serve_lda:app",
        "lda deploy ray-serve /models/speeches --config > serve_lda.yaml && serve deploy serve_lda.yaml",
    ),
    essentials=("config", "replicas", "max_replicas", "cpus", "name", "route", "token_file", "no_auth"),
    short_help="An application for Ray Serve, and its config.",
)
@click.argument("models", nargs=-1, required=True, metavar="[NAME=]MODEL...", callback=line)
@option("--config", is_flag=True, heading=Heading.OUTPUT, help="Print the config for `serve deploy` instead.")
@replicas_options(
    "How many, or how few.", "Up to so many, by load.  [default: no more]", "CPUs of a replica."
)
@name_option("lda")
@option(
    "--route",
    default="/",
    callback=matching(ROUTE),
    heading=Heading.OUTPUT,
    help="What its paths begin with.",
)
@option(
    "--token-file",
    callback=matching(PATH),
    metavar="FILE",
    heading=Heading.CLUSTER,
    help="On all nodes: what requests must carry.  [default: RAYLDA_TOKEN there]",
    brief="On all nodes: what requests must carry.",
)
@no_auth_option
@option(
    "--host",
    callback=matching(WORD),
    heading=Heading.CLUSTER,
    help="Where Ray's proxies listen.  [default: 127.0.0.1]",
)
@option("--port", type=PORT, heading=Heading.CLUSTER, help="And at which port.  [default: 8000]")
@option(
    "--working-dir",
    callback=matching(WORD),
    metavar="URI",
    heading=Heading.CLUSTER,
    help="Zip file with the application in it.  [default: it is on PYTHONPATH]",
)
@taking(RayServeOptions)
def ray_serve(options: RayServeOptions) -> None:
    """Print a Ray Serve application that answers with topics, or with --config what deploys it and swaps its models.

    MODEL is a folder that all nodes see, or a URI.
    """
    from lda.deploy.ray_serve import RayServe

    models = named(options.models)
    absolute(models, "all nodes see")
    service = RayServe(
        models=models,
        replicas=options.replicas,
        max_replicas=options.max_replicas,
        cpus=options.cpus,
        name=options.name,
        route=options.route,
        token_file=options.token_file,
        working_dir=options.working_dir,
        host=options.host or "127.0.0.1",
        port=options.port or 8000,
    )
    show(service.config if options.config else service.application)


@dataclass(frozen=True, slots=True, kw_only=True)
class KServeOptions:
    """What `lda deploy kserve` is asked for."""

    models: tuple[str, ...]
    plain: bool
    image: str
    claim: str | None
    mount: str
    storage_uri: str | None
    token_secret: str | None
    no_auth: bool
    replicas: int
    max_replicas: int | None
    cpus: int
    memory: int
    name: str
    namespace: str

    def __post_init__(self) -> None:
        """Refuse models from nowhere or from two places, and a service that is open by oversight."""
        if (self.token_secret is None) == (not self.no_auth):
            raise click.UsageError(
                "give --token-secret NAME, a Secret with the token that requests carry, or --no-auth, which lets "
                "everybody in the cluster ask" + ("; not both" if self.no_auth else "")
            )
        if self.storage_uri is not None:
            if self.models or self.claim is not None:
                raise click.UsageError(
                    "--storage-uri brings one model, called as the service; leave MODEL and --claim out, or it"
                )
            if self.plain:
                raise click.UsageError(
                    "--storage-uri is fetched by KServe; with --plain give --claim, or an image with the model in it"
                )
            if without_keys(self.storage_uri) != self.storage_uri:
                raise click.UsageError(
                    "--storage-uri must hold no keys; give them to the service account of KServe's pods"
                )
        elif not self.models:
            raise click.UsageError(
                "say which MODEL is served: a path in the container, on the --claim or in the image; or "
                "--storage-uri"
            )
        check_replicas(self.replicas, self.max_replicas)


@click.command(
    "kserve",
    cls=Command,
    examples=(
        "lda deploy kserve /models/speeches --image HOST/topics:1 --no-auth > topics.yaml",
        (
            "lda deploy kserve /models/speeches --claim models --image registry.example.com/topics:1 "
            "--token-secret lda-token --memory 4Gi > topics.yaml"
        ),
        (
            "lda deploy kserve --plain /models/speeches --claim models --image registry.example.com/topics:1 "
            "--token-secret lda-token > topics.yaml"
        ),
    ),
    essentials=(
        "image",
        "claim",
        "storage_uri",
        "token_secret",
        "no_auth",
        "plain",
        "replicas",
        "max_replicas",
        "cpus",
        "memory",
        "name",
    ),
    short_help="An InferenceService for KServe, or plain manifests.",
)
@click.argument("models", nargs=-1, metavar="[[NAME=]MODEL]...", callback=line)
@option(
    "--image",
    required=True,
    callback=matching(WORD),
    heading=Heading.CLUSTER,
    help="Image made with `lda deploy docker-serve`.",
)
@option(
    "--claim",
    callback=matching(SUBDOMAIN),
    heading=Heading.CLUSTER,
    help="PersistentVolumeClaim with the models.",
)
@mount_option("the claim", default="/models")
@option(
    "--storage-uri",
    callback=line,
    metavar="URI",
    heading=Heading.CLUSTER,
    help="Model that KServe fetches, called as the service.",
)
@option(
    "--token-secret",
    callback=matching(SUBDOMAIN),
    metavar="NAME",
    heading=Heading.CLUSTER,
    help="Secret with the `token` that requests carry.",
)
@no_auth_option
@option(
    "--plain",
    is_flag=True,
    heading=Heading.OUTPUT,
    help="A Deployment with its Service and scaling, without KServe.",
)
@replicas_options(
    "Pods, at least.",
    "Pods, at most, by load.  [default: four times as many]",
    "CPUs of a pod, each with a worker.",
    brief_most="Pods, at most, by load.",
)
@option(
    "--memory",
    default="2Gi",
    callback=size,
    heading=Heading.CLUSTER,
    help="Memory of a pod.",
)
@name_option("topics")
@option(
    "--namespace",
    default="default",
    callback=matching(LABEL),
    heading=Heading.OUTPUT,
    help="Namespace of all of it.",
)
@taking(KServeOptions)
def kserve(options: KServeOptions) -> None:
    """Print an InferenceService for KServe, or with --plain a Deployment, its Service and its scaling.

    MODEL is a path in the container: below --mount where there is a --claim, else in the image.
    """
    from lda.deploy.kserve import Serving

    models = named(options.models)
    for path in models.values():
        matching(PATH)(click.get_current_context(), _MODEL, path)
        if options.claim is not None and not path.startswith(options.mount.rstrip("/") + "/"):
            raise click.UsageError(
                f"a model on the claim must lie under {options.mount}, where that is mounted, got {path!r}"
            )
    service = Serving(
        models=models,
        name=options.name,
        namespace=options.namespace,
        image=options.image,
        claim=options.claim,
        mount=options.mount,
        storage_uri=options.storage_uri,
        replicas=options.replicas,
        max_replicas=4 * options.replicas if options.max_replicas is None else options.max_replicas,
        cpus=options.cpus,
        memory=options.memory,
        token_secret=options.token_secret,
    )
    show(service.plain if options.plain else service.inference_service)


_MODEL: Final = click.Argument(["model"])


@click.command(
    "docker-serve",
    cls=Command,
    examples=(
        "lda deploy docker-serve speeches --image HOST/topics:1 > Dockerfile && docker build .",
        "lda deploy docker-serve --image registry.example.com/raylda-serve:1 --topics 200 > Dockerfile",
    ),
    short_help="A Dockerfile for `lda serve`.",
)
@click.argument("models", nargs=-1, metavar="[[NAME=]MODEL]...", callback=line)
@dockerfile_options(image="raylda-serve")
@click.option(
    "--topics",
    type=click.IntRange(1, (1 << 31) - 1),
    multiple=True,
    help="Compile kernels for so many; repeat it.  [default: those of MODEL, else all kinds]",
)
def docker_serve(models: tuple[str, ...], image: str, package: str | None, topics: tuple[int, ...]) -> None:
    """Print a Dockerfile whose container answers with topics, its kernels compiled.

    MODEL is a folder below this one, where the image is built, and is copied into it; without any the container
    serves what is mounted at /models/model.
    """
    from lda.deploy.docker_serve import ServingImage

    found = named(models)
    for path in found.values():
        if not BELOW.fullmatch(path):
            raise click.UsageError(
                "a model that is copied must be a folder below this one, its path of letters, digits and ._-@+/ "
                f"without .., got {path!r}"
            )
    numbers = [*topics, *(_topics_of(path) for path in found.values())] if not topics else list(topics)
    show(lambda: ServingImage(image=image, package=package, models=found, topics=numbers).text())


def _topics_of(path: str) -> int:
    """K of a model here. Raises `DataError` where there is none."""
    from lda.model.model import Model

    return Model.load(path).n_topics
