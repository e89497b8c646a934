"""A page from what Python holds: `Model.report`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lda.corpus.storage.output_target import check_apart, check_file_target, local_path, new_file
from lda.report.notebook_page import ReportPage
from lda.report.report import Report, check_packages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lda.corpus import Recipe
    from lda.corpus.text.tokenizer import Tokenizer
    from lda.labels.labels import Labels
    from lda.report.reported_model import ReportedModel
    from lda.survey.sources import DocumentSource
    from lda.survey.survey import SurveyOptions


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PythonDocuments:
    """Documents as they were given; for the fields see `Model.report`. recipe: that of the model's text."""

    X: object
    texts: object
    metadata: object
    ids: Sequence[object] | None
    recipe: Recipe | None
    tokenizer: Tokenizer | str | None

    def source(self) -> DocumentSource | None:
        """Where a survey reads them; None where there are none.

        Raises:
            ValueError: there are names or metadata, but nothing that they could be of.
        """
        if self.X is None and self.texts is None:
            if self.metadata is not None or self.ids is not None:
                raise ValueError("metadata and ids are those of documents; give X or texts as well")
            return None
        from lda.survey.sources import documents_of

        return documents_of(
            self.X,
            texts=self.texts,
            metadata=self.metadata,
            ids=self.ids,
            recipe=self.recipe,
            tokenizer=self.tokenizer,
        )


def report_page(
    model: ReportedModel,
    documents: PythonDocuments,
    options: SurveyOptions,
    *,
    path: str | Path | None,
    labels: Labels,
    title: str | None,
    threads: int | None,
    overwrite: bool,
) -> Path | ReportPage:
    """Make a page and write it, whole or not at all; without a path it is returned.

    Raises:
        DataError: as `Model.report`, the file's before any document is read.
    """
    check_packages()
    target = None if path is None else local_path(str(path))
    if target is not None:
        check_file_target(target, overwrite=overwrite)
        check_apart(target, [documents.X])
    source = documents.source()
    if source is None and (options.over is not None or options.by):
        raise ValueError("over and by are fields of documents; give X or texts, and metadata")
    from lda.survey.survey import survey

    found = None if source is None else survey(model, source, options, threads=threads)
    html = Report.of(model, found, labels=labels, title=title, threads=threads).html()
    if target is None:
        return ReportPage(html)
    with new_file(target, overwrite=overwrite) as temporary:
        temporary.write_text(html, encoding="utf-8")
    return target
