"""New documents named on a command line, in the ids of a model's vocabulary."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING

from lda.cli.sources import names_of, stored_inputs
from lda.cli.text_options import named_tokenizer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from lda.cli.console import Console
    from lda.cli.sources import SourceOptions
    from lda.corpus import DocumentBatch, Recipe
    from lda.model.model import Model


@contextmanager
def documents_for(
    model: Model,
    inputs: Sequence[str],
    source: SourceOptions,
    console: Console,
    *,
    threads: int | None,
    batch_documents: int = 4096,
    keep: bool = False,
    where: str | None = None,
) -> Iterator[Iterator[DocumentBatch]]:
    """The documents of the inputs as the model's recipe reads them, within the block.

    Further arguments, and errors, are those of `read_documents`.
    """
    from lda.model.text_recipe import recipe_of

    console.progress.note(f"reading {names_of(inputs)}")
    with stored_inputs(inputs, source.vocabulary) as stored:
        yield read_documents(
            stored.inputs,
            model.vocabulary,
            recipe_of(model, tokenizer=named_tokenizer(), text=source.text, id=source.id),
            source,
            vocabulary=stored.vocabulary,
            threads=threads,
            batch_documents=batch_documents,
            keep=keep,
            where=where,
        )


def read_documents(
    paths: Sequence[str | Path],
    terms: Sequence[str],
    recipe: Recipe,
    source: SourceOptions,
    *,
    vocabulary: str | Path | None,
    threads: int | None,
    batch_documents: int = 4096,
    keep: bool = False,
    where: str | None = None,
) -> Iterator[DocumentBatch]:
    """Stream the documents of files as the options say how to read them.

    The first batch is read before this returns, so that bad input is told before anything costly is prepared. An id
    field that only the model speaks of need not be there: documents are numbered then. vocabulary: where the terms of
    counted input can be read. keep: whether texts and metadata come along. where:
    a condition that they must fulfil, or None.

    Raises:
        DataError: the input is missing or damaged; also while batches are taken.
    """
    from lda.corpus import iter_documents

    batches = iter_documents(
        paths,
        **source.reading(),
        recipe=recipe,
        vocabulary_terms=terms,
        vocabulary=vocabulary,
        threads=threads,
        require_id=source.id is not None,
        batch_documents=batch_documents,
        keep=keep,
        where=where,
    )
    first = next(batches, None)
    return batches if first is None else chain((first,), batches)
