"""A report: everything about a model, and about documents, as a page and as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lda.extras import needed
from lda.report.parts import gathered

if TYPE_CHECKING:
    from typing import Any

    import pyarrow as pa

    from lda.labels.labels import Labels
    from lda.report.findings import Finding
    from lda.report.parts import ReportParts
    from lda.report.reported_model import ReportedModel
    from lda.survey.survey import Survey

PACKAGES = ("altair", "jinja2", "vl_convert", "sklearn", "dateutil")
"""Of the extra `report`: asked for before documents are read, for they may be many."""


def check_packages() -> None:
    """See that a page can be made. Raises `MissingPackageError`, in one line that says what to install."""
    for name in PACKAGES:
        needed(name, "reports")


class Report:
    """A report that is ready to be written. parts: what was found."""

    def __init__(self, parts: ReportParts) -> None:
        self.parts = parts

    @classmethod
    def of(
        cls,
        model: ReportedModel,
        survey: Survey | None = None,
        *,
        labels: Labels | None = None,
        title: str | None = None,
        threads: int | None = None,
    ) -> Report:
        """Put together what a model and documents say.

        Args:
            model: what was fitted.
            survey: what was found out about documents; None for what the model alone knows.
            labels: names of the topics.
            title: of the page; None for the usual one.
            threads: None takes all cores; the report does not depend on it.
        """
        return cls(gathered(model, survey, labels=labels, title=title, threads=threads))

    @property
    def findings(self) -> list[Finding]:
        """What a reader should know."""
        return self.parts.findings

    def data(self) -> dict[str, Any]:
        """What the page shows, as plain values for JSON."""
        from lda.report.page_data import page_data

        return page_data(self.parts)

    def html(self) -> str:
        """The page: a whole file that needs nothing else.

        Raises:
            MissingPackageError: a package of the extra `report` is not installed.
        """
        check_packages()
        from lda.charts.specs import page_specs
        from lda.report.page import render_page

        over = None if self.parts.survey is None else self.parts.survey.over
        return render_page(self.data(), page_specs("time" if over is None else over.kind))

    def tables(self) -> dict[str, pa.Table]:
        """The tables by name; see `lda.report.tables`."""
        from lda.report.tables import tables_of

        return tables_of(self.parts)
