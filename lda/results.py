"""Classes of what results are made of, for annotations: nobody makes them, others hand them out.

Those that a function returns stand in `lda` itself: `lda.Comparison`, `lda.StudySummary`, and so on.
"""

from __future__ import annotations

from lda.corpus.files.manifest import EarlierCorpus, FileEntry
from lda.corpus.finished.overview import (
    DocumentFrequencyBin,
    FieldOverview,
    LengthBin,
    Lengths,
    RepeatedDocuments,
)
from lda.evaluation.drift_results import DriftCheck, DriftDocuments, DriftLimits, DriftTopic
from lda.experiments.comparison.results import (
    ChangedWord,
    ComparedModel,
    ComparedModels,
    ComparedScore,
    ComparedTopic,
    HeldoutDifference,
    MatchedTopics,
    MovedDocument,
    MovedDocuments,
    MovedWord,
    PairComparison,
    SharedTerms,
    TopicRelation,
)
from lda.experiments.study.judging.candidates import CandidateSummary, Compared
from lda.experiments.study.judging.readings import Elbow, Fall, FallOff
from lda.experiments.study.judging.recommendation import Recommendation
from lda.experiments.study.measures import TrialMeasures
from lda.stop_words.suggestion import SuggestedWord

__all__ = [
    "CandidateSummary",
    "ChangedWord",
    "Compared",
    "ComparedModel",
    "ComparedModels",
    "ComparedScore",
    "ComparedTopic",
    "DocumentFrequencyBin",
    "DriftCheck",
    "DriftDocuments",
    "DriftLimits",
    "DriftTopic",
    "EarlierCorpus",
    "Elbow",
    "Fall",
    "FallOff",
    "FieldOverview",
    "FileEntry",
    "HeldoutDifference",
    "LengthBin",
    "Lengths",
    "MatchedTopics",
    "MovedDocument",
    "MovedDocuments",
    "MovedWord",
    "PairComparison",
    "Recommendation",
    "RepeatedDocuments",
    "SharedTerms",
    "SuggestedWord",
    "TopicRelation",
    "TrialMeasures",
]
