"""`Comparison`: what `lda.compare` returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lda.corpus.presentable import printable
from lda.experiments.comparison.results import ComparedModels

if TYPE_CHECKING:
    from lda.report.notebook_page import ReportPage


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Comparison(ComparedModels):
    """Models beside each other, as `ComparedModels` has them, with a page that shows them."""

    def __str__(self) -> str:
        """What `lda compare` prints, 20 rows of each table, and the notes."""
        from lda.experiments.comparison.text import comparison_text

        return "\n\n".join(
            [comparison_text(self, rows=20, width=None), *(f"note: {printable(note)}" for note in self.notes)]
        )

    def page(self, *, title: str | None = None) -> ReportPage:
        """The comparison as one HTML file that needs nothing else; a notebook shows it.

        Args:
            title: of the page; None for the names of the models.

        Raises:
            MissingPackageError: a package of the extra `report` is not installed.
        """
        from lda.experiments.comparison.page import comparison_page

        return comparison_page(self, title=title)
