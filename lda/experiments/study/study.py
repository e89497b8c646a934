"""A study as people get it: its records, and what to make of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lda.experiments.study.judging.summary import summary_of
from lda.experiments.study.outputs import kept_summary, page_of
from lda.experiments.study.records import StudyFolder

if TYPE_CHECKING:
    from lda.experiments.study.judging.summary import StudySummary
    from lda.report.notebook_page import ReportPage


class Study(StudyFolder):
    """A study in its folder, as `lda tune` has written it; `Study.open` reads it.

    Attributes:
        folder: where it lies.
        settings: what all trials have in common.
        trials: by number, as they stood when the study was opened.
    """

    def summary(self, *, threads: int | None = None) -> StudySummary:
        """What the study tells: a row of numbers for each candidate, and a recommendation.

        The one that was made when the study ended, if it has not gone on since.

        Args:
            threads: of what has to be measured now; None takes all cores.

        Raises:
            DataError: a model or scores that are needed are missing or damaged.
        """
        return kept_summary(self) or summary_of(self, threads=threads)

    def page(self, *, threads: int | None = None) -> ReportPage:
        """The study as one HTML file that needs nothing else; a notebook shows it.

        Args:
            threads: as in `summary`.

        Raises:
            MissingPackageError: a package of the extra `report` is not installed.
            DataError: a model or scores that are needed are missing or damaged.
        """
        return page_of(self, self.summary(threads=threads))
