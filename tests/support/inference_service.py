"""KServe's own part of an InferenceService (serving.kserve.io/v1beta1) that our manifest uses, as a strict JSON schema.

Names, types and enumerations are those of its custom resource definition. What a predictor has beside them is the
specification of a pod, which Kubernetes' own schema holds to.
"""

from __future__ import annotations

from typing import Any

from rayjob import COUNT, LABEL, exactly

OWN = {
    "minReplicas": COUNT,
    "maxReplicas": COUNT,
    "scaleMetric": {"enum": ["cpu", "memory", "concurrency", "rps"]},
    "scaleTarget": COUNT,
}
ANNOTATIONS = {
    "serving.kserve.io/deploymentMode": {"enum": ["Standard", "Knative"]},
    "serving.kserve.io/autoscalerClass": {"enum": ["hpa", "keda", "external", "none"]},
}
PREDICTOR = {"type": "object", "properties": OWN, "required": list(OWN)}
SCHEMA = exactly(
    {
        "apiVersion": {"const": "serving.kserve.io/v1beta1"},
        "kind": {"const": "InferenceService"},
        "metadata": exactly({"name": LABEL, "annotations": exactly(ANNOTATIONS)}, namespace=LABEL),
        "spec": exactly({"predictor": PREDICTOR}),
    }
)


def pod(service: dict[str, Any]) -> dict[str, Any]:
    """The pod that its predictor is, for Kubernetes' schema."""
    spec = {key: value for key, value in service["spec"]["predictor"].items() if key not in OWN}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "predictor"}, "spec": spec}
