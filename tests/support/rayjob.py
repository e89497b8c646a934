"""The parts of KubeRay's RayJob (ray.io/v1) and of pods that our manifest uses, as a strict JSON schema.

Names, types and enumerations are those of the operator's API reference and of Kubernetes' core/v1. Nothing beyond
them is allowed, so that a misspelt field fails here and not at the API server, which would drop it.
"""

from __future__ import annotations

from typing import Any

LABEL = {"type": "string", "pattern": r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"}
COUNT = {"type": "integer", "minimum": 0, "maximum": 2**31 - 1}
QUANTITY = {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$"}
PARAMETERS = {"type": "object", "additionalProperties": {"type": "string"}}  # numbers must be quoted


def exactly(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": required | optional,
        "required": list(required),
        "additionalProperties": False,
    }


RESOURCES = exactly({"cpu": QUANTITY, "memory": QUANTITY})
PORT = exactly({"containerPort": {"type": "integer", "minimum": 1, "maximum": 65535}}, name=LABEL)
CONTAINER = exactly(
    {
        "name": LABEL,
        "image": {"type": "string", "pattern": r"^[^\s]+$"},
        "resources": exactly({"requests": RESOURCES, "limits": RESOURCES}),
    },
    ports={"type": "array", "items": PORT},
    volumeMounts={
        "type": "array",
        "items": exactly({"name": LABEL, "mountPath": {"type": "string", "pattern": "^/[^:]*$"}}),
    },
)
VOLUME = exactly(
    {"name": LABEL},
    persistentVolumeClaim=exactly({"claimName": {"type": "string"}}, readOnly={"type": "boolean"}),
    emptyDir=exactly({}, medium={"enum": ["", "Memory"]}, sizeLimit=QUANTITY),
)
POD = exactly(
    {"containers": {"type": "array", "items": CONTAINER, "minItems": 1}},
    restartPolicy={"enum": ["Always", "OnFailure", "Never"]},
    securityContext=exactly(
        {}, runAsNonRoot={"type": "boolean"}, runAsUser={"type": "integer"}, fsGroup={"type": "integer"}
    ),
    volumes={"type": "array", "items": VOLUME},
)
TEMPLATE = exactly({"spec": POD})
WORKERS = exactly(
    {
        "groupName": LABEL,
        "minReplicas": COUNT,
        "maxReplicas": COUNT,
        "rayStartParams": PARAMETERS,
        "template": TEMPLATE,
    },
    replicas=COUNT,
)
CLUSTER = exactly(
    {"headGroupSpec": exactly({"rayStartParams": PARAMETERS, "template": TEMPLATE})},
    authOptions=exactly({}, mode={"enum": ["disabled", "token"]}),
    rayVersion={"type": "string", "pattern": r"^\d+\.\d+\.\d+$"},
    workerGroupSpecs={"type": "array", "items": WORKERS},
)
SCHEMA = exactly(
    {
        "apiVersion": {"const": "ray.io/v1"},
        "kind": {"const": "RayJob"},
        "metadata": exactly({"name": LABEL | {"maxLength": 47}}, namespace=LABEL),
        "spec": exactly(
            {"entrypoint": {"type": "string", "minLength": 1}, "rayClusterSpec": CLUSTER},
            submissionMode={"enum": ["K8sJobMode", "HTTPMode", "InteractiveMode", "SidecarMode"]},
            backoffLimit=COUNT,
            shutdownAfterJobFinishes={"type": "boolean"},
            ttlSecondsAfterFinished=COUNT,
        ),
    }
)
