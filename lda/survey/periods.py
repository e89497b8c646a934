"""Shares of topics by period after a fit, and whether a corpus has the periods before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from lda.corpus.shard import batch_arrays, table_metadata
from lda.survey.group_sums import Portions
from lda.survey.groups import Course
from lda.survey.results import SurveyOptions
from lda.survey.sources import CorpusDocuments
from lda.survey.survey import survey

if TYPE_CHECKING:
    from collections.abc import Callable

    from lda.corpus import Corpus
    from lda.survey.results import GroupShares, SurveyedModel


def period_options(field: str, width: str = "auto") -> SurveyOptions:
    """A survey that looks at the periods alone. Raises ValueError for a width that is none."""
    return SurveyOptions(over=field, bin=width, n_best=0, n_described=0, n_texts=0, n_nearest=0)


def check_periods(corpus: Corpus, options: SurveyOptions) -> GroupShares:
    """The periods of a corpus, with documents but without shares: told before the hours of a fit, not after them.

    Raises:
        DataError: there is no such field, it holds what is no time and no number, or the width does not suit it.
    """
    assert options.over is not None
    course = Course(options.over, 0, options)
    for batch in corpus.batches():
        lengths = np.diff(batch_arrays(batch)[0])
        held = lengths > 0
        nothing = np.zeros((int(held.sum()), 0), dtype=np.int64)
        metadata = table_metadata(pa.Table.from_batches([batch]))
        course.add(metadata, held, Portions(nothing, nothing, lengths[held]))
    return course.finish()


def shares_by_period(
    model: SurveyedModel,
    corpus: Corpus,
    options: SurveyOptions,
    *,
    threads: int | None = None,
    progress: Callable[[int], object] | None = None,
) -> GroupShares:
    """Mean shares of topics in the documents of each period, with intervals: those that a report shows.

    The topics of each document are inferred anew under the finished model, so they are those of `transform`.

    Raises:
        DataError: as `check_periods`.
    """
    found = survey(model, CorpusDocuments(corpus), options, threads=threads, progress=progress)
    assert found.over is not None
    return found.over
