"""`survey`: read documents once, and find out what they say about the topics of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lda.survey.one_pass import one_pass
from lda.survey.results import BINS, GroupShares, Piece, Survey, SurveyedModel, SurveyOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from lda.survey.sources import DocumentSource

__all__ = ["BINS", "GroupShares", "Piece", "Survey", "SurveyOptions", "SurveyedModel", "survey"]


def survey(
    model: SurveyedModel,
    source: DocumentSource,
    options: SurveyOptions | None = None,
    *,
    threads: int | None = None,
    progress: Callable[[int], object] | None = None,
) -> Survey:
    """Read documents once, and find out what they say about the topics of a model.

    Memory does not grow with the number of documents, only with what is asked for. The answer depends neither on
    the number of threads nor on how many documents are read at a time.

    Args:
        model: a fitted model.
        source: the documents; see `lda.survey.sources`.
        options: what is asked for.
        threads: None takes all cores.
        progress: told now and then how many documents have been read.

    Raises:
        DataError: there are no documents, they are damaged, a field is not there, or it is no time and no number.
        ValueError: `threads` cannot be right.
    """
    return one_pass(model, source, options or SurveyOptions(), threads=threads, progress=progress)
