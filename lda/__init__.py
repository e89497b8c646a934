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
    from lda.building.append import append_corpus
    from lda.building.build import build_corpus
    from lda.cluster import (
        CheckpointError,
        Checkpointing,
        Cluster,
        ClusterError,
        FrozenModel,
        StartRecord,
        SweepRecord,
    )
    from lda.corpus import (
        Corpus,
        CorpusOverview,
        CorpusShard,
        DataError,
        Recipe,
        as_corpus,
        corpus_overview,
        export_corpus,
        merge_corpora,
        read_corpus,
        sample_documents,
        select_corpus,
        term_table,
    )
    from lda.corpus.append.append import Appended
    from lda.estimator.estimator import LDA, load
    from lda.estimator.fit_groups import fit_groups
    from lda.estimator.pipelines import name_terms
    from lda.estimator.sklearn_lda import LatentDirichletAllocation
    from lda.estimator.tune import tune
    from lda.evaluation.coherence_result import Coherence
    from lda.evaluation.criteria import Criteria
    from lda.evaluation.diagnostics import TopicDiagnostics
    from lda.evaluation.drift_results import Drift
    from lda.evaluation.heldout import HeldoutScore
    from lda.evaluation.paired import DocumentScores
    from lda.evaluation.stability import ModelMatch, Stability, stability
    from lda.experiments.comparison.compare import compare
    from lda.experiments.comparison.comparison import Comparison
    from lda.experiments.groups.groups import Groups
    from lda.experiments.groups.records import GroupRecord
    from lda.experiments.history.filters import history
    from lda.experiments.history.reproduce import reproduce
    from lda.experiments.history.reproduction import Reproduction
    from lda.experiments.history.runs import ListedModel
    from lda.experiments.study.judging.summary import StudySummary
    from lda.experiments.study.records import TrialRecord
    from lda.experiments.study.study import Study
    from lda.inference.inferencer import Inferencer, Inferred
    from lda.interop.anndata_results import to_anndata
    from lda.interop.cistopic_model import CistopicModel
    from lda.interop.mlflow_tracker import MlflowTracker
    from lda.labels.labels import Label, Labels
    from lda.labels.labels_file import load_labels
    from lda.labels.naming import TopicPortrait
    from lda.labels.phrases import Phrase
    from lda.labels.suggestions import Suggestion
    from lda.model.model import Model, Topic
    from lda.model.run_record import RunRecord
    from lda.model.topic_matrix import TopicMatrix
    from lda.monitoring.metrics_server import MetricsServer
    from lda.monitoring.run_log import RunLog
    from lda.monitoring.status_file import StatusFile
    from lda.report.notebook_page import ReportPage
    from lda.splitting.split import CorpusSplit, split_corpus
    from lda.stop_words.suggestion import StopWordSuggestion, suggest_stop_words
    from lda.transform.transform_corpus import PartsState, transform_corpus

    __version__: str

__all__ = [
    "LDA",
    "Appended",
    "CheckpointError",
    "Checkpointing",
    "CistopicModel",
    "Cluster",
    "ClusterError",
    "Coherence",
    "Comparison",
    "Corpus",
    "CorpusOverview",
    "CorpusShard",
    "CorpusSplit",
    "Criteria",
    "DataError",
    "DocumentScores",
    "Drift",
    "FrozenModel",
    "GroupRecord",
    "Groups",
    "HeldoutScore",
    "Inferencer",
    "Inferred",
    "Label",
    "Labels",
    "LatentDirichletAllocation",
    "ListedModel",
    "MetricsServer",
    "MlflowTracker",
    "Model",
    "ModelMatch",
    "PartsState",
    "Phrase",
    "Recipe",
    "ReportPage",
    "Reproduction",
    "RunLog",
    "RunRecord",
    "Stability",
    "StartRecord",
    "StatusFile",
    "StopWordSuggestion",
    "Study",
    "StudySummary",
    "Suggestion",
    "SweepRecord",
    "Topic",
    "TopicDiagnostics",
    "TopicMatrix",
    "TopicPortrait",
    "TrialRecord",
    "__version__",
    "append_corpus",
    "as_corpus",
    "build_corpus",
    "compare",
    "corpus_overview",
    "export_corpus",
    "fit_groups",
    "history",
    "load",
    "load_labels",
    "merge_corpora",
    "name_terms",
    "read_corpus",
    "reproduce",
    "sample_documents",
    "select_corpus",
    "split_corpus",
    "stability",
    "suggest_stop_words",
    "term_table",
    "to_anndata",
    "transform_corpus",
    "tune",
]

_HOME: Final = {
    "Appended": "lda.corpus.append.append",
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
    "append_corpus": "lda.building.append",
    "as_corpus": "lda.corpus",
    "build_corpus": "lda.building.build",
    "CorpusOverview": "lda.corpus",
    "corpus_overview": "lda.corpus",
    "export_corpus": "lda.corpus",
    "merge_corpora": "lda.corpus",
    "sample_documents": "lda.corpus",
    "select_corpus": "lda.corpus",
    "term_table": "lda.corpus",
    "read_corpus": "lda.corpus",
    "LDA": "lda.estimator.estimator",
    "load": "lda.estimator.estimator",
    "fit_groups": "lda.estimator.fit_groups",
    "name_terms": "lda.estimator.pipelines",
    "LatentDirichletAllocation": "lda.estimator.sklearn_lda",
    "Coherence": "lda.evaluation.coherence_result",
    "Criteria": "lda.evaluation.criteria",
    "TopicDiagnostics": "lda.evaluation.diagnostics",
    "Drift": "lda.evaluation.drift_results",
    "HeldoutScore": "lda.evaluation.heldout",
    "ModelMatch": "lda.evaluation.stability",
    "Stability": "lda.evaluation.stability",
    "stability": "lda.evaluation.stability",
    "Reproduction": "lda.experiments.history.reproduction",
    "ListedModel": "lda.experiments.history.runs",
    "history": "lda.experiments.history.filters",
    "reproduce": "lda.experiments.history.reproduce",
    "MlflowTracker": "lda.interop.mlflow_tracker",
    "compare": "lda.experiments.comparison.compare",
    "Comparison": "lda.experiments.comparison.comparison",
    "CistopicModel": "lda.interop.cistopic_model",
    "GroupRecord": "lda.experiments.groups.records",
    "Groups": "lda.experiments.groups.groups",
    "Study": "lda.experiments.study.study",
    "StudySummary": "lda.experiments.study.judging.summary",
    "TrialRecord": "lda.experiments.study.records",
    "DocumentScores": "lda.evaluation.paired",
    "tune": "lda.estimator.tune",
    "to_anndata": "lda.interop.anndata_results",
    "Inferencer": "lda.inference.inferencer",
    "Inferred": "lda.inference.inferencer",
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
    "MetricsServer": "lda.monitoring.metrics_server",
    "RunLog": "lda.monitoring.run_log",
    "StatusFile": "lda.monitoring.status_file",
    "CorpusSplit": "lda.splitting.split",
    "split_corpus": "lda.splitting.split",
    "StopWordSuggestion": "lda.stop_words.suggestion",
    "suggest_stop_words": "lda.stop_words.suggestion",
    "PartsState": "lda.transform.transform_corpus",
    "transform_corpus": "lda.transform.transform_corpus",
}


_MODULES: Final = ("datasets", "lda", "utils")
"""Modules that are there as soon as `lda` is: scripts for the package `lda` count on it."""


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any of the names above
    """Import a public name when it is first used, so that `lda --help` does not wait for Numba."""
    if name == "__version__":
        from importlib.metadata import version

        return version("raylda")
    if name in _MODULES:
        return import_module(f"lda.{name}")
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


warn_if_shared()
