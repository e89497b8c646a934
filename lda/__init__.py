"""Latent Dirichlet Allocation from a laptop to a cluster.

import lda

corpus = lda.read_corpus("docs.jsonl", recipe=lda.Recipe(text="body", stop_words="en"))
model = lda.LDA(n_components=50, random_state=0).fit(corpus)
model.top_words(10)
model.transform_texts(["peace and trade with all nations"])
model.save("model/")
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from lda.name_collision import warn_if_shared

if TYPE_CHECKING:
    from lda.cluster import (
        CheckpointError,
        Checkpointing,
        Cluster,
        ClusterError,
        FrozenModel,
        StartRecord,
        SweepRecord,
    )
    from lda.corpus import Corpus, CorpusShard, DataError, Recipe, as_corpus, build_corpus, read_corpus
    from lda.estimator.estimator import LDA, load
    from lda.evaluation.coherence_result import Coherence
    from lda.evaluation.diagnostics import TopicDiagnostics
    from lda.evaluation.heldout import HeldoutScore
    from lda.evaluation.stability import ModelMatch, Stability, stability
    from lda.labels.labels import Label, Labels
    from lda.labels.labels_file import load_labels
    from lda.labels.naming import TopicPortrait
    from lda.labels.phrases import Phrase
    from lda.labels.suggestions import Suggestion
    from lda.model.model import Model, Topic
    from lda.model.run_record import RunRecord
    from lda.model.topic_matrix import TopicMatrix
    from lda.report.notebook_page import ReportPage
    from lda.transform.transform_corpus import PartsState, transform_corpus

    __version__: str

__all__ = [
    "LDA",
    "CheckpointError",
    "Checkpointing",
    "Cluster",
    "ClusterError",
    "Coherence",
    "Corpus",
    "CorpusShard",
    "DataError",
    "FrozenModel",
    "HeldoutScore",
    "Label",
    "Labels",
    "Model",
    "ModelMatch",
    "PartsState",
    "Phrase",
    "Recipe",
    "ReportPage",
    "RunRecord",
    "Stability",
    "StartRecord",
    "Suggestion",
    "SweepRecord",
    "Topic",
    "TopicDiagnostics",
    "TopicMatrix",
    "TopicPortrait",
    "__version__",
    "as_corpus",
    "build_corpus",
    "load",
    "load_labels",
    "read_corpus",
    "stability",
    "transform_corpus",
]

_HOME: Final = {
    "CheckpointError": "lda.cluster",
    "Checkpointing": "lda.cluster",
    "Cluster": "lda.cluster",
    "ClusterError": "lda.cluster",
    "FrozenModel": "lda.cluster",
    "StartRecord": "lda.cluster",
    "SweepRecord": "lda.cluster",
    "Corpus": "lda.corpus",
    "CorpusShard": "lda.corpus",
    "DataError": "lda.corpus",
    "Recipe": "lda.corpus",
    "as_corpus": "lda.corpus",
    "build_corpus": "lda.corpus",
    "read_corpus": "lda.corpus",
    "LDA": "lda.estimator.estimator",
    "load": "lda.estimator.estimator",
    "Coherence": "lda.evaluation.coherence_result",
    "TopicDiagnostics": "lda.evaluation.diagnostics",
    "HeldoutScore": "lda.evaluation.heldout",
    "ModelMatch": "lda.evaluation.stability",
    "Stability": "lda.evaluation.stability",
    "stability": "lda.evaluation.stability",
    "Label": "lda.labels.labels",
    "Labels": "lda.labels.labels",
    "load_labels": "lda.labels.labels_file",
    "Phrase": "lda.labels.phrases",
    "Suggestion": "lda.labels.suggestions",
    "TopicPortrait": "lda.labels.naming",
    "ReportPage": "lda.report.notebook_page",
    "Model": "lda.model.model",
    "Topic": "lda.model.model",
    "RunRecord": "lda.model.run_record",
    "TopicMatrix": "lda.model.topic_matrix",
    "PartsState": "lda.transform.transform_corpus",
    "transform_corpus": "lda.transform.transform_corpus",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any of the names above
    """Import a public name when it is first used, so that `lda --help` does not wait for Numba."""
    if name == "__version__":
        from importlib.metadata import version

        return version("raylda")
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


warn_if_shared()
