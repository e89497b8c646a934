"""One pass over documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from lda.survey.sources import DocumentSource
    from lda.survey.survey import Survey, SurveyedModel, SurveyOptions


def one_pass(
    model: SurveyedModel,
    source: DocumentSource,
    options: SurveyOptions,
    *,
    threads: int | None,
    progress: Callable[[int], object] | None,
) -> Survey:
    """See `lda.survey.survey.survey`."""
    raise NotImplementedError
