"""`lda export --to csv`: a folder of tables as RFC 4180 has them, for people and for programs without Parquet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lda.interop.tables import tables_of
from lda.report.table_files import write_csv

if TYPE_CHECKING:
    from pathlib import Path

    from lda.evaluation.inferred_documents import InferredDocuments
    from lda.interop.exported_model import ExportedModel


def write(model: ExportedModel, documents: InferredDocuments | None, path: Path) -> None:
    """Fill the folder `path`: a file a table, in UTF-8, with a header. Raises OSError."""
    for name, table in tables_of(model, documents).items():
        write_csv(table, path / f"{name}.csv")
