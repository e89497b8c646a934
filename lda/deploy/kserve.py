"""`lda serve` on Kubernetes: an `InferenceService` of KServe, or a plain Deployment with what belongs to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final

from lda.deploy.docker_serve import PORT
from lda.deploy.kuberay import USER
from lda.deploy.quoting import yaml_text

STORED: Final = "/mnt/models"
"""Where KServe puts what a storage URI names."""

TOKEN_FOLDER: Final = "/run/secrets/lda"  # noqa: S105 - a place
DRAIN_SECONDS: Final = 5
"""Between the word that a pod is to end and its SIGTERM: others still send it requests for so long."""

GRACE_SECONDS: Final = 45
"""In all, the last requests included."""

BUSY: Final = 70
"""Per cent of the CPUs asked for, beyond which pods are added."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """What the manifests need to know.

    models: paths in the container, by name. claim: a PersistentVolumeClaim mounted at `mount`, None for none.
    storage_uri: what KServe fetches; then there are no models here. replicas, max_replicas: pods, at least and at
    most. cpus, memory (bytes): of each. token_secret: name of a Secret with a key `token`; None asks for none.
    """

    models: Mapping[str, str]
    name: str
    namespace: str
    image: str
    claim: str | None
    mount: str
    storage_uri: str | None
    replicas: int
    max_replicas: int
    cpus: int
    memory: int
    token_secret: str | None

    def inference_service(self) -> str:
        """The manifest for KServe."""
        protocol = ["- name: PROTOCOL", '  value: "v2"']
        if self.storage_uri is not None:
            protocol += ["- name: STORAGE_URI", f"  value: {yaml_text(self.storage_uri)}"]
        return f"""\
{self._needs("KServe 0.16 or later, on Kubernetes 1.30 or later")}
#   kubectl apply -f {self.name}.yaml
#   kubectl -n {self.namespace} get inferenceservice {self.name}
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: {yaml_text(self.name)}
  namespace: {yaml_text(self.namespace)}
  annotations:
    # A Deployment that is scaled by its CPUs, which wants no Knative.
    serving.kserve.io/deploymentMode: Standard
    serving.kserve.io/autoscalerClass: hpa
spec:
  predictor:
    minReplicas: {self.replicas}
    maxReplicas: {self.max_replicas}
    scaleMetric: cpu
    scaleTarget: {BUSY}
{_indent(self._pod("kserve-container", protocol), 4)}"""

    def plain(self) -> str:
        """The manifests that need nothing but Kubernetes."""
        return f"""\
{self._needs("Kubernetes 1.30 or later, with its metrics server")}
#   kubectl apply -f {self.name}.yaml
#   kubectl -n {self.namespace} rollout status deployment/{self.name}
#   kubectl -n {self.namespace} port-forward service/{self.name} 8080:80
apiVersion: apps/v1
kind: Deployment
metadata:
{self._metadata()}
spec:
  # How many pods there are is decided below; a number here would set it back with each `kubectl apply`.
  selector:
    matchLabels:
      app.kubernetes.io/name: {yaml_text(self.name)}
  strategy:
    rollingUpdate:
      maxUnavailable: 0
      maxSurge: 1
  template:
    metadata:
      labels:
        app.kubernetes.io/name: {yaml_text(self.name)}
    spec:
{_indent(self._pod("lda", []), 6)}---
apiVersion: v1
kind: Service
metadata:
{self._metadata()}
spec:
  selector:
    app.kubernetes.io/name: {yaml_text(self.name)}
  ports:
    - name: http
      port: 80
      targetPort: http
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
{self._metadata()}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {yaml_text(self.name)}
  minReplicas: {self.replicas}
  maxReplicas: {self.max_replicas}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target:
          type: Utilization
          averageUtilization: {BUSY}
"""

    def _metadata(self) -> str:
        return f"  name: {yaml_text(self.name)}\n  namespace: {yaml_text(self.namespace)}"

    def _needs(self, first: str) -> str:
        """Comments on what has to be there, the first thing first."""
        needs = [first, "an image made with `lda deploy docker-serve`"]
        if self.claim is not None:
            needs.append(f"a PersistentVolumeClaim {self.claim} that all nodes can mount")
        if self.token_secret is not None:
            needs.append(f"a Secret {self.token_secret} with the token that requests carry:")
        lines = [f"Written by `lda deploy kserve`, raylda {version('raylda')}. There must be", *needs]
        if self.token_secret is not None:
            lines += [
                f"    kubectl -n {self.namespace} create secret generic {self.token_secret} \\",
                "      --from-literal=token=\"$(python3 -c 'import secrets; print(secrets.token_urlsafe(32))')\"",
            ]
        bullets = [lines[0], *(f"- {line}" for line in needs), *lines[1 + len(needs) :]]
        return "\n".join(f"# {line}" for line in bullets)

    def _arguments(self) -> list[str]:
        token = ["--no-auth"] if self.token_secret is None else ["--token-file", f"{TOKEN_FOLDER}/token"]
        models = self.models or {self.name: STORED}
        return [
            *(word for name, path in models.items() for word in ("--name", f"{name}={path}")),
            *("--host", "0.0.0.0", "--port", str(PORT), "--workers", str(self.cpus)),  # noqa: S104 - within its container
            *token,
        ]

    def _pod(self, container: str, env: Sequence[str]) -> str:
        """The pod's specification, from its first column on."""
        words = "\n".join(f"      - {yaml_text(word)}" for word in self._arguments())
        memory = yaml_text(f"{self.memory >> 20}Mi")
        variables = "".join(f"      {line}\n" for line in env)
        mounts, volumes = ["- name: tmp", "  mountPath: /tmp"], ["- name: tmp", "  emptyDir: {}"]
        if self.token_secret is not None:
            mounts += ["- name: token", f"  mountPath: {TOKEN_FOLDER}", "  readOnly: true"]
            volumes += [
                "- name: token",
                "  secret:",
                f"    secretName: {yaml_text(self.token_secret)}",
                "    defaultMode: 0440",
            ]
        if self.claim is not None:
            # The whole claim: a sub-path stays with a folder that was replaced, and no swap would be seen.
            mounts += ["- name: models", f"  mountPath: {yaml_text(self.mount)}", "  readOnly: true"]
            volumes += [
                "- name: models",
                "  persistentVolumeClaim:",
                f"    claimName: {yaml_text(self.claim)}",
                "    readOnly: true",
            ]
        return f"""\
automountServiceAccountToken: false
terminationGracePeriodSeconds: {GRACE_SECONDS}
securityContext:
  runAsNonRoot: true
  runAsUser: {USER}
  runAsGroup: {USER}
  fsGroup: {USER}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
containers:
  - name: {container}
    image: {yaml_text(self.image)}
    command: ["lda", "serve"]
    args:
{words}
{"    env:" + chr(10) + variables if env else ""}    ports:
      - name: http
        containerPort: {PORT}
        protocol: TCP
    # Kernels lie in the image; where its processor is another kind, they are compiled first.
    startupProbe:
{_probe("ready", 5, 60)}
    readinessProbe:
{_probe("ready", 5, 2)}
    livenessProbe:
{_probe("live", 10, 6)}
    lifecycle:
      preStop:
        # The pod is still sent requests for a moment.
        sleep:
          seconds: {DRAIN_SECONDS}
    resources:
      requests:
        cpu: {yaml_text(str(self.cpus))}
        memory: {memory}
      limits:
        # No limit of CPUs: a pod that is held back answers late, with nobody else the better for it.
        memory: {memory}
    securityContext:
      allowPrivilegeEscalation: false
      readOnlyRootFilesystem: true
      capabilities:
        drop: ["ALL"]
    volumeMounts:
{_lines(mounts, 6)}
volumes:
{_lines(volumes, 2)}
"""


def _probe(what: str, period: int, failures: int) -> str:
    return f"""\
      httpGet:
        path: /v2/health/{what}
        port: {PORT}
      periodSeconds: {period}
      timeoutSeconds: 5
      failureThreshold: {failures}"""


def _lines(lines: Sequence[str], by: int) -> str:
    return "\n".join(" " * by + line for line in lines)


def _indent(text: str, by: int) -> str:
    return "".join(" " * by + line + "\n" if line else "\n" for line in text.splitlines())
