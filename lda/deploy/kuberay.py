"""A KubeRay `RayJob`: a Ray cluster on Kubernetes that lives as long as one fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final

from lda.deploy.quoting import submitted, yaml_text

SHM_SHARE: Final = 0.3
"""Share of a node's memory for Ray's object store, which lies in /dev/shm; Ray's own default."""

USER: Final = 1000
"""The user that the image of `lda deploy docker` runs as."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KubeRay:
    """What the manifest needs to know.

    fit: words of the command. nodes: worker pods. cpus, memory (bytes): of each; head_cpus, head_memory: of the
    head. claim: name of a PersistentVolumeClaim with access mode ReadWriteMany. retries: of the whole job.
    """

    fit: Sequence[str]
    name: str
    namespace: str
    image: str
    nodes: int
    cpus: int
    memory: int
    head_cpus: int
    head_memory: int
    claim: str
    mount: str
    retries: int

    def text(self) -> str:
        """The manifest."""
        ray = version("ray")
        return f"""\
# Written by `lda deploy kuberay`, raylda {version("raylda")}. Needs the KubeRay operator 1.5.1 or later, an image
# made with `lda deploy docker`, and a PersistentVolumeClaim {self.claim} that all nodes can mount (ReadWriteMany).
#   kubectl apply -f job.yaml
#   kubectl -n {self.namespace} get rayjob {self.name}
#   kubectl -n {self.namespace} logs --follow job/{self.name}
# A retry begins with a new cluster and goes on from the last checkpoint, which lies beside the model.
apiVersion: ray.io/v1
kind: RayJob
metadata:
  name: {yaml_text(self.name)}
  namespace: {yaml_text(self.namespace)}
spec:
  entrypoint: {yaml_text(submitted(self.fit))}
  submissionMode: K8sJobMode
  backoffLimit: {self.retries}
  shutdownAfterJobFinishes: true
  ttlSecondsAfterFinished: 600
  rayClusterSpec:
    rayVersion: {yaml_text(ray)}
    # The operator makes a token; without one, any pod could run what it likes on this cluster.
    authOptions:
      mode: token
    headGroupSpec:
      rayStartParams:
        dashboard-host: "0.0.0.0"
        # No worker is placed beside the driver.
        num-cpus: "0"
        object-store-memory: {yaml_text(str(_store(self.head_memory)))}
{self._pod("ray-head", self.head_cpus, self.head_memory, HEAD_PORTS)}
    workerGroupSpecs:
      - groupName: workers
        replicas: {self.nodes}
        minReplicas: {self.nodes}
        maxReplicas: {self.nodes}
        rayStartParams:
          num-cpus: {yaml_text(str(self.cpus))}
          object-store-memory: {yaml_text(str(_store(self.memory)))}
{_indent(self._pod("ray-worker", self.cpus, self.memory, ""), 2)}
"""

    def _pod(self, container: str, cpus: int, memory: int, ports: str) -> str:
        """The pod template of a node; requests equal limits, so that no node is evicted for what it was promised."""
        return f"""\
      template:
        spec:
          # The operator replaces a pod that has ended.
          restartPolicy: Never
          securityContext:
            runAsNonRoot: true
            runAsUser: {USER}
            fsGroup: {USER}
          containers:
            - name: {container}
              image: {yaml_text(self.image)}
{ports}              resources:
                requests:
                  cpu: {yaml_text(str(cpus))}
                  memory: {yaml_text(_mebibytes(memory))}
                limits:
                  cpu: {yaml_text(str(cpus))}
                  memory: {yaml_text(_mebibytes(memory))}
              volumeMounts:
                - name: shared
                  mountPath: {yaml_text(self.mount)}
                - name: shm
                  mountPath: /dev/shm
          volumes:
            - name: shared
              persistentVolumeClaim:
                claimName: {yaml_text(self.claim)}
            # Ray's object store. A container has 64 MB of /dev/shm otherwise, and Ray would use the disk.
            - name: shm
              emptyDir:
                medium: Memory
                sizeLimit: {yaml_text(_mebibytes(_store(memory) + (64 << 20)))}"""


HEAD_PORTS: Final = """\
              ports:
                - name: gcs-server
                  containerPort: 6379
                - name: dashboard
                  containerPort: 8265
                - name: client
                  containerPort: 10001
"""


def _store(memory: int) -> int:
    """Bytes of the object store of a node with so much memory."""
    return int(memory * SHM_SHARE)


def _mebibytes(size: int) -> str:
    """A quantity of Kubernetes: whole mebibytes, rounded down so that limits hold."""
    return f"{size >> 20}Mi"


def _indent(text: str, by: int) -> str:
    return "\n".join(" " * by + line if line else line for line in text.splitlines())
