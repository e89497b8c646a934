"""From what the user names to the plan of a build by parts."""

from __future__ import annotations

import inspect
from hashlib import sha256
from secrets import token_hex
from typing import TYPE_CHECKING, NamedTuple

from lda.corpus.build import corpus_folder, make_options, same_kind
from lda.corpus.documents.steps import NO_STEPS, DocumentSteps
from lda.corpus.documents.where import ID
from lda.corpus.fixed_terms import fixed_terms
from lda.corpus.ingest.plan import BuildPlan
from lda.corpus.inputs.find import find_inputs
from lda.corpus.inputs.parts import PART_BYTES, parts_of
from lda.corpus.readers.arrow_streams import Inputs, input_list, is_table
from lda.corpus.readers.bad_records import make_bad_records
from lda.corpus.readers.base import CountReader
from lda.corpus.readers.pipes import PipeStore, is_pipe
from lda.corpus.text.chosen_tokenizer import settled
from lda.corpus.text.recipe import Recipe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lda.corpus.inputs.input_file import InputFile
    from lda.corpus.readers.base import TextReader
    from lda.corpus.text.tokenizer import Tokenizer


class Planned(NamedTuple):
    """A plan, and the files of the inputs if these were looked at for it: thousands in a store take a while."""

    plan: BuildPlan | None
    files: list[InputFile] | None


def planned(
    inputs: Inputs,
    *,
    format: str = "auto",  # noqa: A002
    recipe: Recipe | None = None,
    tokenizer: Tokenizer | str | None = None,
    encoding: str = "utf-8",
    errors: str = "strict",
    layer: str | None = None,
    require_id: bool = True,
    readers: Sequence[TextReader | CountReader] = (),
    on_error: str = "stop",
    max_errors: float | str | None = None,
    steps: DocumentSteps = NO_STEPS,
    part_bytes: int | None = None,
) -> Planned:
    """What a build by parts of these inputs consists of; no plan where they are not cut, as counts and pipes.

    Arguments and errors are those of `lda.build_corpus`. steps: what is done with documents; those that are joined, or
    chosen by their ids, which may be the numbers of lines, are not cut, either. part_bytes: of a part, about; None for
    `PART_BYTES`.
    """
    named = input_list(inputs)
    if any(is_table(place) or is_pipe(place) for place in named):  # they can be read only once
        return Planned(None, None)
    if corpus_folder(named, recipe, tokenizer, layer) is not None or readers:
        return Planned(None, None)
    if steps.join_by is not None or (steps.condition is not None and ID in steps.condition.fields):
        return Planned(None, None)
    recipe = recipe or Recipe()
    with PipeStore() as pipes:
        bad = make_bad_records(on_error, max_errors)
        options = make_options(
            recipe, None, encoding, errors, pipes, layer=layer, require_id=require_id, bad_records=bad
        )
    files = find_inputs(named, format=format, encoding=encoding)
    if isinstance(same_kind(files, layer), CountReader):
        return Planned(None, files)
    recipe, function = settled(recipe, tokenizer)
    recipe, terms = fixed_terms(recipe)
    plan = BuildPlan(
        parts=tuple(parts_of(files, part_bytes or PART_BYTES)),
        recipe=recipe,
        options=options,
        steps=steps,
        tokenizer=function,
        code="" if function is None else _code_of(function),
        terms=None if terms is None else tuple(terms),
    )
    return Planned(plan, files)


def _code_of(function: Tokenizer) -> str:
    """Digest of the file in which a function stands: its name alone would not show that it has changed.

    Where there is none, as of a function that was typed in, it is another one each time.
    """
    module = inspect.getmodule(function) or inspect.getmodule(type(function))
    try:
        source = "" if module is None else inspect.getsource(module)
    except (OSError, TypeError):
        source = ""
    return sha256(source.encode("utf-8", "replace")).hexdigest() if source else token_hex(16)
