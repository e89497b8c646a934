"""A cluster file for `ray up`: machines of a cloud, or hosts of your own, that become one Ray cluster."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final

from lda.deploy.quoting import yaml_text

START: Final = "ulimit -n 65536; RAY_AUTH_MODE=token ray start --disable-usage-stats"
HEAD_START: Final = "--head --port=6379 --autoscaling-config=~/ray_bootstrap_config.yaml"
GCP_IMAGE: Final = "projects/deeplearning-platform-release/global/images/family/common-cpu"
"""What Ray's own defaults take: Ubuntu, with Docker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """What every cluster file needs to know.

    fit: words of the command to show how it is run; empty for none. image: of containers; None runs on the hosts
    themselves. nfs: HOST:/PATH to mount at `mount` on all machines; None where it is there already.
    """

    fit: Sequence[str]
    name: str
    image: str | None
    ssh_user: str
    ssh_key: str | None
    nfs: str | None
    mount: str

    def text(self, provider: str, hosts: str, *, head_cpus: str) -> str:
        """The file, from its parts on the provider and on the machines."""
        machines = hosts + self._docker() + self._mounting()
        return f"""\
{self._comments()}
cluster_name: {yaml_text(self.name)}
{provider}
auth:
  ssh_user: {yaml_text(self.ssh_user)}
{self._key()}{machines}# Without a token, whoever reaches the head could run what they like here.
file_mounts:
  ~/.ray/auth_token: ~/.ray/auth_token
head_start_ray_commands:
  - ray stop
  - {yaml_text(f"{START} {HEAD_START}{head_cpus}")}
worker_start_ray_commands:
  - ray stop
  - {yaml_text(f"{START} --address=$RAY_HEAD_IP:6379")}
"""

    def _comments(self) -> str:
        lines = [
            f"Written by `lda deploy ray-up`, raylda {version('raylda')}, Ray {version('ray')}. Saved as cluster.yaml:",
            "  ray get-auth-token --generate        # once; the token in ~/.ray is copied to the machines",
            "  ray up --yes cluster.yaml",
            "  ray down --yes cluster.yaml          # the machines cost money until then",
        ]
        if self.fit:
            lines[3:3] = [
                f"  ray exec --tmux cluster.yaml {shlex.quote(shlex.join(self.fit))}",
                "  ray attach --tmux cluster.yaml       # its progress; to leave it: Ctrl-B D",
            ]
            lines.append("The same `ray exec` after a failure goes on from the last checkpoint.")
        return "\n".join(f"# {line}" for line in lines)

    def _key(self) -> str:
        return "" if self.ssh_key is None else f"  ssh_private_key: {yaml_text(self.ssh_key)}\n"

    def _docker(self) -> str:
        if self.image is None:
            return ""
        # Ray runs `bash` in the image, whose entry point is `lda`.
        volume = shlex.quote(f"{self.mount}:{self.mount}")
        options = ["--entrypoint=", "--ulimit nofile=65536:65536", f"--volume {volume}"]
        listed = "".join(f"    - {yaml_text(option)}\n" for option in options)
        return f"""\
docker:
  image: {yaml_text(self.image)}
  container_name: raylda
  pull_before_run: true
  run_options:
{listed}"""

    def _mounting(self) -> str:
        """Commands on the host, before its container starts."""
        if self.nfs is None:
            return ""
        place = shlex.quote(self.mount)
        commands = (
            "command -v mount.nfs4 >/dev/null || (sudo apt-get update && sudo apt-get install --yes nfs-common)",
            f"sudo mkdir -p {place}",
            f"mountpoint -q {place} || sudo mount -t nfs4 -o hard,noresvport {shlex.quote(self.nfs)} {place}",
        )
        return "initialization_commands:\n" + "".join(f"  - {yaml_text(command)}\n" for command in commands)


@dataclass(frozen=True, slots=True, kw_only=True)
class Machines:
    """Machines of a cloud: how many workers, and of which types. machine_image: of their disks, None for Ray's."""

    nodes: int
    head_type: str
    worker_type: str
    disk_gb: int
    machine_image: str | None


def aws(launch: Launch, machines: Machines, region: str) -> str:
    """The cluster file for Amazon's cloud. Ray finds the CPUs of a type of machine itself."""
    provider = f"""\
max_workers: {machines.nodes}
provider:
  type: aws
  region: {yaml_text(region)}
  # Ended, not stopped: a stopped machine costs its disk.
  cache_stopped_nodes: false"""
    return launch.text(
        provider,
        _types(
            machines.nodes,
            [_aws_node(machines, machines.head_type), _aws_node(machines, machines.worker_type)],
            worker_resources="{}",
        ),
        head_cpus=" --num-cpus=0",
    )


def _aws_node(machines: Machines, kind: str) -> str:
    image = "" if machines.machine_image is None else f"      ImageId: {yaml_text(machines.machine_image)}\n"
    return f"""\
      InstanceType: {yaml_text(kind)}
{image}      BlockDeviceMappings:
        - DeviceName: /dev/sda1
          Ebs:
            VolumeSize: {machines.disk_gb}
            VolumeType: gp3
"""


def gcp(launch: Launch, machines: Machines, region: str, zone: str, project: str, cpus: int) -> str:
    """The cluster file for Google's cloud. cpus: of a worker's type of machine; the autoscaler has to be told."""
    provider = f"""\
max_workers: {machines.nodes}
provider:
  type: gcp
  region: {yaml_text(region)}
  availability_zone: {yaml_text(zone)}
  project_id: {yaml_text(project)}"""
    return launch.text(
        provider,
        _types(
            machines.nodes,
            [_gcp_node(machines, machines.head_type), _gcp_node(machines, machines.worker_type)],
            worker_resources=f"{{CPU: {cpus}}}",
        ),
        head_cpus=" --num-cpus=0",
    )


def _gcp_node(machines: Machines, kind: str) -> str:
    return f"""\
      machineType: {yaml_text(kind)}
      disks:
        - boot: true
          autoDelete: true
          type: PERSISTENT
          initializeParams:
            diskSizeGb: {machines.disk_gb}
            sourceImage: {yaml_text(machines.machine_image or GCP_IMAGE)}
"""


def _types(nodes: int, configs: Sequence[str], *, worker_resources: str) -> str:
    head, worker = configs
    return f"""\
head_node_type: head
available_node_types:
  head:
    # No worker is placed beside the driver.
    resources: {{CPU: 0}}
    min_workers: 0
    max_workers: 0
    node_config:
{head}  worker:
    resources: {worker_resources}
    min_workers: {nodes}
    max_workers: {nodes}
    node_config:
{worker}"""


def own_hosts(launch: Launch, head: str, workers: Sequence[str]) -> str:
    """The cluster file for hosts that are there already, the head among those that work."""
    listed = ", ".join(yaml_text(host) for host in workers)
    provider = f"""\
max_workers: {len(workers)}
provider:
  type: local
  head_ip: {yaml_text(head)}
  worker_ips: [{listed}]"""
    return launch.text(provider, "", head_cpus="")
