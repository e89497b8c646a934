"""The page of a study: its trials, what they say together, and the topics of some of its models beside each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lda.report.notebook_page import ReportPage

if TYPE_CHECKING:
    from lda.experiments.study.judging.summary import JudgedStudy, StudySummary


def study_page(
    study: JudgedStudy, summary: StudySummary, *, keep: tuple[str, str | None] | None = None
) -> ReportPage:
    """One HTML file that needs nothing else; a notebook shows it.

    Args:
        study: with the models of its trials where these were kept.
        summary: of it, by `summary_of`.
        keep: what to do next, in words, and the command that does it; None says nothing.

    Raises:
        MissingPackageError: a package of the extra `report` is not installed.
        DataError: a model that is there is damaged.
    """
    from lda.report.report import check_packages

    check_packages()
    from lda.charts.specs import study_specs
    from lda.experiments.study.page.page_data import study_data
    from lda.report.page import render_page

    return ReportPage(render_page(study_data(study, summary, keep), study_specs(), page="study"))
