"""A folder that MLflow loads as a model of its flavour `python_function`: from code, and without a pickle.

It is written here and not by MLflow, which would put the paths of this machine and the hour into it, and is no small
thing to install (40 packages, 105 MB) for what is a text file beside our own folder.
"""

from __future__ import annotations

import json
import platform
import shutil
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lda.interop.exported_model import takes_texts
from lda.interop.yaml_document import yaml_document

if TYPE_CHECKING:
    from lda.evaluation.inferred_documents import InferredDocuments
    from lda.interop.exported_model import ExportedModel

CODE: Final = "topic_model.py"
"""Name in the folder of the file with the code."""

_SOURCE: Final = "lda.interop.mlflow_pyfunc"
_MOST_SEED: Final = 2**63 - 1
_PYTHON_ENVIRONMENT: Final = "python_env.yaml"
_CONDA: Final = "conda.yaml"


def write(model: ExportedModel, documents: InferredDocuments | None, path: Path) -> None:
    """Fill the folder: `MLmodel`, the code, the environments, and the model as the artifact "model"."""
    model.save(path / "artifacts" / "model")
    shutil.copyfile(code_path(), path / CODE)
    required = _requirements()
    files = {
        "requirements.txt": "".join(f"{line}\n" for line in required),
        _PYTHON_ENVIRONMENT: yaml_document(
            {
                "python": platform.python_version(),
                "build_dependencies": ["pip", "setuptools", "wheel"],
                "dependencies": ["-r requirements.txt"],
            }
        ),
        _CONDA: yaml_document(
            {
                "name": "mlflow-env",
                "channels": ["conda-forge"],
                "dependencies": [f"python={platform.python_version()}", "pip", {"pip": required}],
            }
        ),
        "MLmodel": yaml_document(_description(model)),
    }
    for name, text in files.items():
        (path / name).write_text(text, encoding="utf-8")


def code_path() -> Path:
    """The file whose copy MLflow runs; it is found without being imported, for that takes MLflow."""
    spec = find_spec(_SOURCE)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin)


def _description(model: ExportedModel) -> dict[str, Any]:
    return {
        "flavors": {
            "python_function": {
                "loader_module": "mlflow.pyfunc.loaders.code_model",
                "model_code_path": CODE,
                "artifacts": {"model": {"path": "artifacts/model", "uri": "artifacts/model"}},
                "env": {"virtualenv": _PYTHON_ENVIRONMENT, "conda": _CONDA},
                "python_version": platform.python_version(),
                "streamable": False,
            }
        },
        "metadata": {"raylda_fingerprint": model.fingerprint(), "n_topics": model.n_topics},
        "signature": _signature(model),
    }


def _signature(model: ExportedModel) -> dict[str, str]:
    """What goes in and out, each as JSON.

    Counts are not described: MLflow would take them in one type and class alone, and refuse the counts of the next
    program that has them as other numbers.
    """
    found: dict[str, Any] = {}
    if takes_texts(model.record.recipe):
        found["inputs"] = [{"type": "string", "required": True}]
    shape = [-1, model.n_topics]
    found["outputs"] = [{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": shape}}]
    if model.record.seed <= _MOST_SEED:  # MLflow knows no larger ones
        found["params"] = [{"name": "seed", "type": "long", "default": model.record.seed, "shape": None}]
    return {name: json.dumps(value) for name, value in found.items()}


def _requirements() -> list[str]:
    """What has to be installed where the model is loaded."""
    try:
        ours = f"raylda=={version('raylda')}"
    except PackageNotFoundError:  # a bare checkout
        ours = "raylda"
    return ["mlflow-skinny>=3", "pandas>=2", ours]
