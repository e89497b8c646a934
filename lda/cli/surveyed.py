"""A survey of the documents that a command names."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from lda.cli.sources import names_of, stored_inputs
from lda.cli.text_options import named_tokenizer
from lda.progress import SECONDS_BETWEEN_LINES, plural

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lda.cli.console import Console
    from lda.cli.sources import SourceOptions
    from lda.model.model import Model
    from lda.survey.survey import Survey, SurveyOptions


def surveyed(
    model: Model,
    inputs: Sequence[str],
    source: SourceOptions,
    options: SurveyOptions,
    console: Console,
    *,
    threads: int | None = None,
    where: str | None = None,
) -> Survey:
    """Read the documents once, by the model's own recipe where the options do not say otherwise.

    where: a condition that they must fulfil, or None.

    Raises:
        DataError: there are none, or they are damaged.
    """
    from lda.model.text_recipe import recipe_of
    from lda.survey.sources import documents_in_files
    from lda.survey.survey import survey

    console.progress.note(f"reading {names_of(inputs)}")
    with stored_inputs(inputs, source.vocabulary) as stored:
        documents = documents_in_files(
            stored.inputs,
            recipe=recipe_of(model, tokenizer=named_tokenizer(), text=source.text, id=source.id),
            **source.reading(),
            vocabulary=stored.vocabulary,
            require_id=source.id is not None,
            where=where,
        )
        return survey(model, documents, options, threads=threads, progress=told(console))


def told(console: Console) -> Callable[[int], None]:
    """A line every few seconds that says how many documents have gone by."""
    said = started = time.monotonic()

    def tell(n: int) -> None:
        nonlocal said
        now = time.monotonic()
        if now - said >= SECONDS_BETWEEN_LINES:
            said = now
            console.progress.note(f"{plural(n, 'document')} so far, {n / (now - started):,.0f} a second")

    return tell
