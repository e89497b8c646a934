"""What `lda report` is asked for, and which options go together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from lda.cli.console import Console
    from lda.cli.sources import SourceOptions
    from lda.report.table_files import Format
    from lda.survey.survey import SurveyOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportOptions:
    """What `lda report` is asked for.

    inputs: documents, or none. output: "-" is standard output. over, bin, by: fields, as of `SurveyOptions`. documents:
    texts that are kept; None for the best of each topic. tables, xlsx: a folder and a file, or None. threads: None for
    all cores. seed: None for the model's.
    """

    model: str
    inputs: tuple[str, ...]
    output: str
    over: str | None
    bin: str
    by: tuple[str, ...]
    documents: int | None
    described: int
    labels: str | None
    title: str | None
    tables: str | None
    tables_format: Format
    xlsx: str | None
    overwrite: bool
    threads: int | None
    seed: int | None
    source: SourceOptions
    where: tuple[str, ...]
    no_verify: bool
    console: Console

    def __post_init__(self) -> None:
        of_documents = {
            "--over": self.over,
            "--by": self.by,
            "--documents": self.documents,
            "--text": self.source.text,
            "--id": self.source.id,
            "--where": self.where,
        }
        for name, value in of_documents.items():
            if not self.inputs and (value or value == 0):
                raise click.UsageError(f"{name} needs documents: name them after the model")
        if self.over is None and self.bin != "auto":
            raise click.UsageError("--bin needs --over: it says how wide the intervals of that field are")
        if self.console.as_json and self.output == "-":
            raise click.UsageError("--json needs -o FILE: standard output holds one JSON object then")
        self.survey()

    def survey(self) -> SurveyOptions:
        """What is asked of the documents. Raises click.UsageError for what cannot be."""
        from lda.survey.survey import SurveyOptions

        try:
            return SurveyOptions(
                over=self.over,
                bin=self.bin,
                by=self.by,
                n_described=self.described,
                n_texts=self.documents,
                seed=self.seed,
            )
        except ValueError as error:
            raise click.UsageError(str(error)) from error
