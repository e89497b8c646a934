"""The page of a comparison: topics matched and unmatched, what moved, and how well each model predicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lda.report.notebook_page import ReportPage

if TYPE_CHECKING:
    from lda.experiments.comparison.results import ComparedModels


def comparison_page(comparison: ComparedModels, *, title: str | None = None) -> ReportPage:
    """One HTML file that needs nothing else; a notebook shows it.

    Args:
        comparison: of two or more models.
        title: of the page; None for the names of the models.

    Raises:
        MissingPackageError: a package of the extra `report` is not installed.
    """
    from lda.report.report import check_packages

    check_packages()
    from lda.charts.specs import comparison_specs
    from lda.experiments.comparison.page_data import comparison_data
    from lda.report.page import render_page

    return ReportPage(
        render_page(comparison_data(comparison, title=title), comparison_specs(), page="comparison")
    )
