"""`lda export --to parquet`: a folder of typed tables, with all words that the topics hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lda.interop.tables import tables_of

if TYPE_CHECKING:
    from pathlib import Path

    from lda.evaluation.inferred_documents import InferredDocuments
    from lda.interop.exported_model import ExportedModel


def write(model: ExportedModel, documents: InferredDocuments | None, path: Path) -> None:
    """Fill the folder `path`: a file a table. Raises OSError."""
    import pyarrow.parquet as pq

    for name, table in tables_of(model, documents, most_words=None).items():
        pq.write_table(table, path / f"{name}.parquet")
