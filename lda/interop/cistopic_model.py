"""The tables of pycisTopic's `CistopicLDAModel`, made of a model and the cells it was fitted to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from lda.evaluation.criteria import criteria_of
from lda.extras import needed

if TYPE_CHECKING:
    import pandas as pd

    from lda.evaluation.inferred_documents import InferredDocuments
    from lda.interop.exported_model import ExportedModel


@dataclass(slots=True, kw_only=True)
class CistopicModel:
    """What pycisTopic's functions find in a `CistopicLDAModel`, under the same names; they set some of it anew.

    Attributes:
        metrics: one row, "Metric": Arun_2010, Cao_Juan_2009, Mimno_2011, loglikelihood. None of them tells how many
            topics there are, see `lda.evaluation.criteria`; the last is the likelihood of Griffiths and Steyvers, which
            pycisTopic's own function of that name is not.
        coherence: a row a topic: Topic, from 1, and Mimno_2011.
        marg_topic: a row a topic: Topic and Marg_Topic, its share of all tokens.
        topic_ass: a row a topic: Topic and Assignments, its tokens.
        cell_topic: topics ("Topic1", ...) x cells, float32, columns summing to 1.
        topic_region: regions x topics ("Topic1", ...), float32, columns summing to 1.
        parameters: the settings of the run, in the column Parameter.
        cell_topic_harmony: filled by `pycisTopic.lda_models.harmony`.
        region_topic: set by `CistopicObject.add_LDA_model`.
    """

    metrics: pd.DataFrame
    coherence: pd.DataFrame
    marg_topic: pd.DataFrame
    topic_ass: pd.DataFrame
    cell_topic: pd.DataFrame
    topic_region: pd.DataFrame
    parameters: pd.DataFrame
    cell_topic_harmony: Any = field(default_factory=list)
    region_topic: Any = None

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return int(self.cell_topic.shape[1])

    @property
    def n_regions(self) -> int:
        """Number of regions."""
        return int(self.topic_region.shape[0])

    @property
    def n_topic(self) -> int:
        """Number of topics, K."""
        return int(self.cell_topic.shape[0])

    def __str__(self) -> str:
        return f"CistopicModel with {self.n_topic} topics and n_cells x n_regions = {self.n_cells} x {self.n_regions}"


def cistopic_model(
    model: ExportedModel, documents: InferredDocuments, *, n_best: int, n_words: int
) -> CistopicModel:
    """The tables of a model and its cells.

    Args:
        model: a fitted model.
        documents: the cells, with their topics.
        n_best: best topics over which the mean coherence goes.
        n_words: top regions of a topic in its coherence.

    Raises:
        MissingPackageError: pandas is not installed.
        ValueError: `n_best` is below 1, or `n_words` below 2.
    """
    pd = needed("pandas", "tables of pycisTopic", "pip install pandas")
    found = criteria_of(model, documents, n_best=n_best, n_words=n_words)
    numbers = list(range(1, model.n_topics + 1))
    columns = [f"Topic{number}" for number in numbers]
    sizes = documents.lengths.astype(np.float64) @ documents.theta.astype(np.float64)
    record = model.record
    settings = {
        "package": "raylda",
        "n_topics": model.n_topics,
        "n_iter": int(record.n_sweeps),
        "random_state": int(record.seed),
        "alpha": float(model.alpha.sum()),
        "alpha_by_topic": True,
        "eta": float(model.beta),
        "eta_by_topic": False,
        "top_topics_coh": n_best,
        "time": float(record.seconds.get("fit", 0.0)),
    }
    return CistopicModel(
        metrics=pd.DataFrame(
            {
                "Arun_2010": [found.arun_2010],
                "Cao_Juan_2009": [found.cao_juan_2009],
                "Mimno_2011": [found.mimno_2011],
                "loglikelihood": [found.log_likelihood],
            },
            index=["Metric"],
        ),
        coherence=pd.DataFrame({"Topic": numbers, "Mimno_2011": found.coherence}),
        marg_topic=pd.DataFrame({"Topic": numbers, "Marg_Topic": sizes / max(sizes.sum(), 1.0)}),
        topic_ass=pd.DataFrame(
            {"Topic": numbers, "Assignments": np.bincount(documents.topics, minlength=model.n_topics)}
        ),
        cell_topic=pd.DataFrame(documents.theta.T, index=columns, columns=documents.ids),
        topic_region=pd.DataFrame(
            model.topic_word.T.astype(np.float32), index=model.vocabulary, columns=columns
        ),
        parameters=pd.DataFrame({"Parameter": list(settings.values())}, index=list(settings), dtype=object),
    )
