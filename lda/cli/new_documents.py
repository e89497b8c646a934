"""New documents named on a command line, in the ids of a model's vocabulary."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from lda.cli.sources import SourceOptions
    from lda.corpus import DocumentBatch, Recipe


def read_documents(
    paths: Sequence[str | Path],
    terms: Sequence[str],
    recipe: Recipe,
    source: SourceOptions,
    *,
    vocabulary: str | Path | None,
    threads: int | None,
    batch_documents: int = 4096,
) -> Iterator[DocumentBatch]:
    """Stream the documents of files as the options say how to read them.

    The first batch is read before this returns, so that bad input is told before anything costly is prepared. An id
    field that only the model speaks of need not be there: documents are numbered then. vocabulary: where the terms of
    counted input can be read.

    Raises:
        DataError: the input is missing or damaged; also while batches are taken.
    """
    from lda.corpus import iter_documents

    batches = iter_documents(
        paths,
        format=source.format,
        recipe=recipe,
        vocabulary_terms=terms,
        vocabulary=vocabulary,
        threads=threads,
        encoding=source.encoding,
        errors=source.encoding_errors,
        require_id=source.id is not None,
        batch_documents=batch_documents,
    )
    first = next(batches, None)
    return batches if first is None else chain((first,), batches)
