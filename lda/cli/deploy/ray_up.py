"""`lda deploy ray-up`: a cluster file for `ray up`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

import click

from lda.cli.deploy.options import (
    ARGUMENTS,
    COUNT,
    EXPORT,
    WORD,
    line,
    matching,
    mount_option,
    name_option,
    show,
)
from lda.cli.gathering import taking
from lda.cli.help import Command
from lda.cli.option import Heading, option

if TYPE_CHECKING:
    from lda.deploy.ray_up import Launch

Value = TypeVar("Value")

NEEDED: Final = {
    "aws": ("nodes", "image", "region", "machine_type"),
    "gcp": ("nodes", "image", "region", "zone", "project", "machine_type", "cpus"),
    "local": ("head_host",),
}
"""Options that have no sensible default, by provider."""

OF_CLOUDS: Final = (
    "nodes",
    "region",
    "machine_type",
    "head_type",
    "machine_image",
    "zone",
    "project",
    "cpus",
)
OF_GCP: Final = ("zone", "project", "cpus")
OF_LOCAL: Final = ("head_host", "worker_host")


@dataclass(frozen=True, slots=True, kw_only=True)
class RayUpOptions:
    """What `lda deploy ray-up` is asked for. fit: arguments of `lda fit`, which may be none."""

    fit: tuple[str, ...]
    provider: str
    nodes: int | None
    image: str | None
    region: str | None
    zone: str | None
    project: str | None
    machine_type: str | None
    head_type: str | None
    cpus: int | None
    machine_image: str | None
    disk: int
    head_host: str | None
    worker_host: tuple[str, ...]
    nfs: str | None
    mount: str
    ssh_user: str
    ssh_key: str | None
    name: str

    def __post_init__(self) -> None:
        """Refuse options that the provider needs and has not, or has and cannot use."""
        for name in NEEDED[self.provider]:
            if getattr(self, name) is None:
                raise click.UsageError(f"the provider {self.provider} needs {_flag(name)}")
        foreign = {"local": OF_CLOUDS, "aws": OF_GCP + OF_LOCAL, "gcp": OF_LOCAL}[self.provider]
        for name in foreign:
            if getattr(self, name):
                raise click.UsageError(
                    f"{_flag(name)} means nothing to the provider {self.provider}; leave it out"
                )
        if self.provider != "local" and self.nfs is None:
            raise click.UsageError(
                "new machines share no storage; give --nfs HOST:/PATH with the corpus and room for the model"
            )


@click.command(
    "ray-up",
    essentials=(
        "provider",
        "nodes",
        "image",
        "region",
        "machine_type",
        "head_host",
        "worker_host",
        "nfs",
        "mount",
        "ssh_user",
        "name",
    ),
    cls=Command,
    examples=(
        "lda deploy ray-up --provider local --head-host 10.0.0.1 > cluster.yaml",
        (
            "lda deploy ray-up --provider aws --region eu-central-1 --machine-type m7i.4xlarge --nodes 4 "
            "--image registry.example.com/raylda:1 --nfs fs-0a1b2c3d.efs.eu-central-1.amazonaws.com:/ "
            "-- /shared/corpus -k 1000 -o /shared/model > cluster.yaml"
        ),
        "lda deploy ray-up --provider local --head-host 10.0.0.1 --worker-host 10.0.0.2 --ssh-user me > cluster.yaml",
    ),
    short_help="A cluster file for `ray up`: a cloud, or hosts of your own.",
)
@option(
    "--provider",
    type=click.Choice(list(NEEDED)),
    default="aws",
    heading=Heading.CLUSTER,
    help="Whose machines.",
)
@option("--nodes", type=COUNT, heading=Heading.CLUSTER, help="Worker machines (aws, gcp).")
@option(
    "--image",
    callback=matching(WORD),
    heading=Heading.CLUSTER,
    help="Image made with `lda deploy docker`; local: default none, on the hosts.",
)
@option("--region", callback=matching(WORD), heading=Heading.CLOUD, help="Region (aws, gcp).")
@option("--zone", callback=matching(WORD), heading=Heading.CLOUD, help="Zone (gcp).")
@option("--project", callback=matching(WORD), heading=Heading.CLOUD, help="Project (gcp).")
@option(
    "--machine-type", callback=matching(WORD), heading=Heading.CLOUD, help="Type of the workers (aws, gcp)."
)
@option(
    "--head-type",
    callback=matching(WORD),
    heading=Heading.CLOUD,
    help="Type of the head.  [default: as the workers]",
)
@option("--cpus", type=COUNT, heading=Heading.CLOUD, help="CPUs of a worker (gcp).")
@option(
    "--machine-image",
    callback=matching(WORD),
    heading=Heading.CLOUD,
    help="Image of the machines' disks.  [default: Ray's]",
)
@option("--disk", type=COUNT, default=100, heading=Heading.CLOUD, help="Gigabytes of their disks (aws, gcp).")
@option("--head-host", callback=matching(WORD), heading=Heading.HOSTS, help="Address of the head (local).")
@option(
    "--worker-host",
    multiple=True,
    callback=matching(WORD),
    heading=Heading.HOSTS,
    help="Address of a worker (local); repeat it.",
)
@option(
    "--nfs",
    callback=matching(EXPORT),
    metavar="HOST:/PATH",
    heading=Heading.CLUSTER,
    help="Shared storage to mount.",
)
@mount_option("the shared storage")
@option(
    "--ssh-user",
    default="ubuntu",
    callback=matching(WORD),
    heading=Heading.CLUSTER,
    help="User on the machines.",
)
@option(
    "--ssh-key",
    callback=line,
    metavar="FILE",
    heading=Heading.CLUSTER,
    help="Private key.  [default: Ray's own, or ssh's]",
)
@name_option()
@ARGUMENTS
@taking(RayUpOptions)
def ray_up(options: RayUpOptions) -> None:
    """Print a cluster file for `ray up`; the fit behind -- is shown in it as a comment, as `ray exec` takes it."""
    from lda.cli.deploy.fit_arguments import fit_command
    from lda.deploy.ray_up import Launch

    workers = options.nodes or 1 + len(options.worker_host)
    outlives = options.mount if options.image is not None else None
    fit = options.fit
    launch = Launch(
        fit=fit_command(fit, address="auto", workers=workers, mount=outlives) if fit else [],
        name=options.name,
        image=options.image,
        ssh_user=options.ssh_user,
        ssh_key=options.ssh_key,
        nfs=options.nfs,
        mount=options.mount,
    )
    show(lambda: _text(options, launch))


def _text(options: RayUpOptions, launch: Launch) -> str:
    from lda.deploy.ray_up import Machines, aws, gcp, own_hosts

    if options.provider == "local":
        return own_hosts(launch, _given(options.head_host), options.worker_host)
    machines = Machines(
        nodes=_given(options.nodes),
        head_type=options.head_type or _given(options.machine_type),
        worker_type=_given(options.machine_type),
        disk_gb=options.disk,
        machine_image=options.machine_image,
    )
    region = _given(options.region)
    if options.provider == "aws":
        return aws(launch, machines, region)
    return gcp(launch, machines, region, _given(options.zone), _given(options.project), _given(options.cpus))


def _given(value: Value | None) -> Value:
    """A value that the provider needs: the options have seen to it."""
    assert value is not None
    return value


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")
