"""`lda deploy ray-up`: a cluster file for `ray up`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

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
from lda.cli.help import WithExamples

if TYPE_CHECKING:
    from lda.deploy.ray_up import Launch

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


@click.command(
    "ray-up",
    cls=WithExamples,
    examples=(
        (
            "lda deploy ray-up --provider aws --region eu-central-1 --machine-type m7i.4xlarge --nodes 4 "
            "--image registry.example.com/raylda:1 --nfs fs-0a1b2c3d.efs.eu-central-1.amazonaws.com:/ "
            "-- /shared/corpus -k 1000 -o /shared/model > cluster.yaml"
        ),
        "lda deploy ray-up --provider local --head-host 10.0.0.1 --worker-host 10.0.0.2 --ssh-user me > cluster.yaml",
    ),
    short_help="A cluster file for `ray up`: a cloud, or hosts of your own.",
)
@click.option("--provider", type=click.Choice(list(NEEDED)), default="aws", help="Whose machines.")
@click.option("--nodes", type=COUNT, help="Worker machines (aws, gcp).")
@click.option(
    "--image",
    callback=matching(WORD),
    help="Image made with `lda deploy docker`; local: default none, on the hosts.",
)
@click.option("--region", callback=matching(WORD), help="Region (aws, gcp).")
@click.option("--zone", callback=matching(WORD), help="Zone (gcp).")
@click.option("--project", callback=matching(WORD), help="Project (gcp).")
@click.option("--machine-type", callback=matching(WORD), help="Type of the workers (aws, gcp).")
@click.option("--head-type", callback=matching(WORD), help="Type of the head.  [default: as the workers]")
@click.option("--cpus", type=COUNT, help="CPUs of a worker (gcp).")
@click.option(
    "--machine-image", callback=matching(WORD), help="Image of the machines' disks.  [default: Ray's]"
)
@click.option("--disk", type=COUNT, default=100, help="Gigabytes of their disks (aws, gcp).")
@click.option("--head-host", callback=matching(WORD), help="Address of the head (local).")
@click.option(
    "--worker-host", multiple=True, callback=matching(WORD), help="Address of a worker (local); repeat it."
)
@click.option("--nfs", callback=matching(EXPORT), metavar="HOST:/PATH", help="Shared storage to mount.")
@mount_option("the shared storage")
@click.option("--ssh-user", default="ubuntu", callback=matching(WORD), help="User on the machines.")
@click.option("--ssh-key", callback=line, metavar="FILE", help="Private key.  [default: Ray's own, or ssh's]")
@name_option()
@ARGUMENTS
def ray_up(fit: tuple[str, ...], provider: str, **options: Any) -> None:  # noqa: ANN401 - click passes them by name
    """Print a cluster file for `ray up`; the fit behind -- is shown in it as a comment, as `ray exec` takes it."""
    from lda.cli.deploy.fit_arguments import fit_command
    from lda.deploy.ray_up import Launch

    _check(provider, options)
    workers = options["nodes"] or 1 + len(options["worker_host"])
    outlives = options["mount"] if options["image"] is not None else None
    words = fit_command(fit, address="auto", workers=workers, mount=outlives) if fit else []
    shared = {name: options[name] for name in ("name", "image", "ssh_user", "ssh_key", "nfs", "mount")}
    show(lambda: _text(provider, options, Launch(fit=words, **shared)))


def _text(provider: str, options: dict[str, Any], launch: Launch) -> str:
    from lda.deploy.ray_up import Machines, aws, gcp, own_hosts

    if provider == "local":
        return own_hosts(launch, options["head_host"], options["worker_host"])
    machines = Machines(
        nodes=options["nodes"],
        head_type=options["head_type"] or options["machine_type"],
        worker_type=options["machine_type"],
        disk_gb=options["disk"],
        machine_image=options["machine_image"],
    )
    if provider == "aws":
        return aws(launch, machines, options["region"])
    return gcp(launch, machines, options["region"], options["zone"], options["project"], options["cpus"])


def _check(provider: str, options: dict[str, Any]) -> None:
    """Raise click.UsageError for options that the provider needs and has not, or has and cannot use."""
    for name in NEEDED[provider]:
        if options[name] is None:
            raise click.UsageError(f"the provider {provider} needs {_flag(name)}")
    foreign = {"local": OF_CLOUDS, "aws": OF_GCP + OF_LOCAL, "gcp": OF_LOCAL}[provider]
    for name in foreign:
        if options[name]:
            raise click.UsageError(f"{_flag(name)} means nothing to the provider {provider}; leave it out")
    if provider != "local" and options["nfs"] is None:
        raise click.UsageError(
            "new machines share no storage; give --nfs HOST:/PATH with the corpus and room for the model"
        )


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")
