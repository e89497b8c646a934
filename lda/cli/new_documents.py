"""New documents named on a command line, in the ids of a model's vocabulary."""

from __future__ import annotations

from itertools import chain
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
    """Stream the documents of files as the options of `source_options` describe them.

    The first batch is read before this returns, so that bad input is told before anything costly is prepared. An id
    field that only the model speaks of need not be there: documents are numbered then.

    Raises:
        DataError: the input is missing or damaged; also while batches are taken.
    """
    from lda.corpus import iter_documents

    batches = iter_documents(
        paths,
        format=options["format"],
        recipe=recipe,
        vocabulary_terms=terms,
        vocabulary=options["vocabulary"],
        threads=options["threads"],
        encoding=options["encoding"],
        errors=options["encoding_errors"],
        require_id=options["id"] is not None,
        batch_documents=batch_documents,
    )
    first = next(batches, None)
    return batches if first is None else chain((first,), batches)
