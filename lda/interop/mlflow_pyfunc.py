"""A topic model as MLflow serves it: made from this code and the model's own folder, without a pickle.

MLflow runs a copy of this file where the model is loaded, so it knows the public interface of raylda alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel

import lda

if TYPE_CHECKING:
    Array = np.ndarray[Any, Any]
else:
    Array = np.ndarray  # the one spelling that MLflow knows


class PyfuncModel(PythonModel):
    """Topic proportions of texts, or of documents as counts."""

    def load_context(self, context: Any) -> None:  # noqa: ANN401 - MLflow's
        """Open the model; context: its artifact "model" is the folder."""
        self._model = lda.Model.load(context.artifacts["model"])

    # MLflow warns of a parameter without a type, and of types that it cannot check; arrays it leaves alone. So it does
    # whatever else comes here.
    def predict(
        self,
        context: Any,  # noqa: ANN401 - MLflow's
        model_input: Array,
        params: Mapping[str, Any] | None = None,
    ) -> Array:
        """Topic proportions, (D, K) float32; they do not depend on which documents come together.

        Args:
            context: of MLflow.
            model_input: texts, as a list, an array, a series or a frame with one column of them; or counts, everything
                that `lda.as_corpus` takes.
            params: "seed" of the inference.
        """
        seed = None if params is None else params.get("seed")
        texts = _texts(model_input)
        if texts is None:
            return self._model.transform(model_input, seed=seed)
        return self._model.transform_texts(texts, seed=seed)


def _texts(given: Any) -> list[str | None] | None:  # noqa: ANN401 - a list, an array, a table
    """The texts of an input; None if it holds something else."""
    if isinstance(given, str):
        return [given]
    if hasattr(given, "columns") and len(given.columns) == 1:
        given = given[given.columns[0]]
    if not isinstance(given, list) and hasattr(given, "__array__") and not hasattr(given, "columns"):
        values = np.asarray(given)
        if values.dtype.kind not in "OU" or values.size != len(values):
            return None
        given = values.ravel().tolist()
    if not isinstance(given, list) or not all(_is_text(one) or _is_missing(one) for one in given):
        return None
    return [one if _is_text(one) else None for one in given] if any(map(_is_text, given)) else None


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_missing(value: object) -> bool:
    return value is None or value != value


set_model(PyfuncModel())
