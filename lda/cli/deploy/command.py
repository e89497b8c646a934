"""`lda deploy`: files that start a fit on a cluster, or serve a model, filled in."""

from __future__ import annotations

import click

from lda.cli.deploy.options import (
    ARGUMENTS,
    COUNT,
    LABEL,
    WORD,
    dockerfile_options,
    line,
    matching,
    mount_option,
    name_option,
    needed,
    show,
    size,
)
from lda.cli.deploy.ray_up import ray_up
from lda.cli.deploy.serving import docker_serve, kserve, ray_serve
from lda.cli.help import Command, CommandGroup


@click.group(
    cls=CommandGroup,
    examples=(
        "lda deploy docker --image registry.example.com/raylda:1 > Dockerfile",
        "lda deploy slurm --nodes 8 -- /home/me/corpus -k 1000 -o /home/me/model",
    ),
)
def deploy() -> None:
    """Print files that start a fit, or serve a model, elsewhere; whole ones.

    Arguments of a fit stand behind --. Its command has --resume: begun again, it goes on from the last checkpoint.
    """


@deploy.command(
    cls=Command,
    examples=(
        (
            "lda deploy kuberay --image registry.example.com/raylda:1 --claim corpora --nodes 8 --cpus 16 "
            "--memory 32Gi -- /shared/corpus -k 1000 -o /shared/model > job.yaml"
        ),
    ),
    short_help="A RayJob for Kubernetes with the KubeRay operator.",
)
@click.option("--image", required=True, callback=matching(WORD), help="Image made with `lda deploy docker`.")
@click.option(
    "--claim",
    required=True,
    callback=matching(WORD),
    help="PersistentVolumeClaim (ReadWriteMany) with the corpus, and room for the model.",
)
@mount_option("the claim")
@click.option("--nodes", type=COUNT, required=True, help="Worker pods.")
@click.option("--cpus", type=COUNT, required=True, help="CPUs of each.")
@click.option("--memory", required=True, callback=size, help="Memory of each, such as 32Gi.")
@click.option("--head-cpus", type=COUNT, default=2, help="CPUs of the head: the driver.")
@click.option("--head-memory", callback=size, help="Memory of the head.  [default: as a worker]")
@name_option()
@click.option("--namespace", default="default", callback=matching(LABEL), help="Namespace of the job.")
@click.option("--retries", type=click.IntRange(min=0), default=3, help="New clusters after failures.")
@ARGUMENTS
def kuberay(
    *,
    fit: tuple[str, ...],
    image: str,
    claim: str,
    mount: str,
    nodes: int,
    cpus: int,
    memory: int,
    head_cpus: int,
    head_memory: int | None,
    name: str,
    namespace: str,
    retries: int,
) -> None:
    """Print a RayJob: a Ray cluster on Kubernetes that is there for one fit."""
    from lda.cli.deploy.fit_arguments import fit_command
    from lda.deploy.kuberay import KubeRay

    cluster = KubeRay(
        fit=fit_command(needed(fit), address="auto", workers=nodes, threads=cpus, mount=mount),
        name=name,
        namespace=namespace,
        image=image,
        nodes=nodes,
        cpus=cpus,
        memory=memory,
        head_cpus=head_cpus,
        head_memory=head_memory or memory,
        claim=claim,
        mount=mount,
        retries=retries,
    )
    show(cluster.text)


@deploy.command(
    cls=Command,
    examples=(
        "lda deploy slurm --nodes 8 -- /home/me/corpus -k 1000 -o /home/me/model > fit.sh && sbatch fit.sh",
        (
            "lda deploy slurm --nodes 4 --cpus 32 --memory 64Gi --partition long --time 12:00:00 "
            "--setup 'source ~/venv/bin/activate' -- /home/me/corpus -k 500 -o /home/me/model > fit.sh"
        ),
    ),
    short_help="A batch script for Slurm.",
)
@click.option("--nodes", type=COUNT, required=True, help="Nodes, each with a worker.")
@click.option("--cpus", type=COUNT, help="CPUs of each.  [default: whole nodes]")
@click.option("--memory", callback=size, help="Memory of each, such as 64Gi; goes with --cpus.")
@click.option("--partition", callback=matching(WORD), help="As sbatch takes it.")
@click.option("--account", callback=matching(WORD), help="As sbatch takes it.")
@click.option("--time", callback=matching(WORD), help="As sbatch takes it.")
@name_option()
@click.option(
    "--setup", multiple=True, callback=line, metavar="SHELL", help="A line that makes `lda` available there."
)
@ARGUMENTS
def slurm(
    *,
    fit: tuple[str, ...],
    nodes: int,
    cpus: int | None,
    memory: int | None,
    partition: str | None,
    account: str | None,
    time: str | None,
    name: str,
    setup: tuple[str, ...],
) -> None:
    """Print a batch script that starts Ray on the nodes of its allocation, and the fit."""
    from lda.cli.deploy.fit_arguments import fit_command
    from lda.deploy.slurm import Slurm

    if memory is not None and cpus is None:
        raise click.UsageError(
            "--memory is for parts of nodes; give --cpus as well, or neither for whole nodes"
        )
    script = Slurm(
        fit=fit_command(needed(fit), address=None, workers=nodes),
        name=name,
        nodes=nodes,
        cpus=cpus,
        memory=memory,
        partition=partition,
        account=account,
        time=time,
        setup=setup,
    )
    show(script.text)


@deploy.command(
    cls=Command,
    examples=(
        "lda deploy docker --image registry.example.com/raylda:1 > Dockerfile",
        "lda deploy docker --image raylda:1 --package raylda==0.2.0 > Dockerfile",
    ),
    short_help="A Dockerfile.",
)
@dockerfile_options(image="raylda")
def docker(image: str, package: str | None) -> None:
    """Print a Dockerfile with the Python and the Ray that run here; without --package for a checkout of raylda."""
    from lda.deploy.docker import dockerfile

    show(lambda: dockerfile(image, package))


@deploy.command(
    cls=Command,
    examples=(
        "lda deploy job --dashboard http://10.0.0.5:8265 -- /shared/corpus -k 1000 -o /shared/model | sh",
    ),
    short_help="A `ray job submit` for a cluster that is there.",
)
@click.option(
    "--dashboard", default="http://127.0.0.1:8265", callback=matching(WORD), help="Dashboard of the cluster."
)
@click.option("--nodes", type=COUNT, help="Workers to wait for.  [default: one a node that is there]")
@name_option(default=None)
@ARGUMENTS
def job(fit: tuple[str, ...], dashboard: str, nodes: int | None, name: str | None) -> None:
    """Print a script that submits the fit to a running cluster with `ray job submit`."""
    from lda.cli.deploy.fit_arguments import fit_command
    from lda.deploy.docker import job as script

    words = fit_command(needed(fit), address="auto", workers=nodes)
    show(lambda: script(words, dashboard, name))


for _made in (ray_up, ray_serve, kserve, docker_serve):
    deploy.add_command(_made)
