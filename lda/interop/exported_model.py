"""What the files of other programs need of a model: so that adapters need not know the class that has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from lda.corpus.text.segmenters import SEGMENTERS
from lda.report.reported_model import ReportedModel, ReportedRun

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

    import numpy as np
    import numpy.typing as npt
    from scipy.sparse import csr_matrix

    from lda.evaluation.diagnostics import TopicDiagnostics
    from lda.labels.labels import Labels


class RunFacts(ReportedRun, Protocol):
    """The facts of the run that made a model; `lda.RunRecord` is such."""

    @property
    def seed(self) -> int:
        """Of the fit."""
        ...


class ExportedModel(ReportedModel, Protocol):
    """A fitted model; `lda.Model` is such."""

    @property
    def last_language_counts(self) -> csr_matrix:
        """(V, K) int32 CSR, what topics are made of in the last state: `counts`, and tokens that they began with."""
        ...

    @property
    def topic_totals(self) -> npt.NDArray[np.float64]:
        """(K,) float64, tokens per topic in `language_counts`."""
        ...

    @property
    def record(self) -> RunFacts:
        """The facts of the run."""
        ...

    @property
    def labels(self) -> Labels:
        """What people call the topics."""
        ...

    def diagnostics(self, X: None = None, *, n_words: int = 10) -> TopicDiagnostics:
        """Numbers about each topic."""
        ...

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the model's own folder."""
        ...


def takes_texts(recipe: Mapping[str, Any] | None) -> bool:
    """Whether texts can be given to a model: they became words by a recipe, not by a function of somebody's."""
    return recipe is not None and recipe.get("tokenizer") in (None, *SEGMENTERS)
