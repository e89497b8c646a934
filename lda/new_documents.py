"""New documents named on a command line, in the ids of a model's vocabulary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from lda.corpus import DocumentBatch, Recipe


def read_documents(
    paths: Sequence[str | Path],
    terms: Sequence[str],
    recipe: Recipe,
    options: dict[str, Any],
    *,
    batch_documents: int = 4096,
) -> Iterator[DocumentBatch]:
    """Stream the documents of files as the options of `source_options` describe them. Raises DataError."""
    from lda.corpus import iter_documents

    return iter_documents(
        paths,
        format=options["format"],
        recipe=recipe,
        vocabulary_terms=terms,
        vocabulary=options["vocabulary"],
        threads=options["threads"],
        encoding=options["encoding"],
        errors=options["encoding_errors"],
        batch_documents=batch_documents,
    )
