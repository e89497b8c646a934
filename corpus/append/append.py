"""Documents that join a finished corpus: by its own recipe, in shards of their own behind those there are.

Term ids do not change. Which words become terms is for `new_terms.py` to say, what stands there afterwards and what is
left after a kill for `grown_files.py`. What was done with documents (`DocumentSteps`) is done with the new ones, among
themselves.
"""

from __future__ import annotations

import dataclasses
import shutil
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pyarrow as pa

from lda.corpus.append.grown_files import remove_leftovers, write_grown
from lda.corpus.append.new_terms import check_new_min_df
from lda.corpus.append.newcomers import Newcomers
from lda.corpus.arrow import pc, strings
from lda.corpus.assembly.spill import FolderSpill, spill_folder
from lda.corpus.build import finished_corpora, located_texts, make_options, same_kind
from lda.corpus.corpus import Corpus
from lda.corpus.documents.stepped_texts import SteppedTexts
from lda.corpus.documents.steps import DocumentSteps, StepTally
from lda.corpus.documents.where import Where
from lda.corpus.errors import DataError
from lda.corpus.files.manifest import MANIFEST, Manifest, read_manifest
from lda.corpus.inputs.find import find_inputs
from lda.corpus.inputs.reading import read_counts
from lda.corpus.ordered_map import ordered_map, thread_count
from lda.corpus.presentable import presentable, printable
from lda.corpus.readers.arrow_streams import input_list
from lda.corpus.readers.bad_records import make_bad_records
from lda.corpus.readers.base import CountReader
from lda.corpus.readers.files import path_text
from lda.corpus.readers.pipes import PipeStore
from lda.corpus.skipped_records import check_skipped_target, told_of_skipped, write_skipped
from lda.corpus.storage.places import is_uri, split_query, storage
from lda.corpus.text.recipe import Recipe
from lda.corpus.text.stop_words import stop_words
from lda.corpus.text.tokenizer import TextTokenizer
from lda.corpus.wording import is_or_are

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lda.corpus.batches import TokenBatch
    from lda.corpus.documents.steps import Stepped
    from lda.corpus.inputs.input_file import InputFile
    from lda.corpus.readers.base import TextBatch, TextReader
    from lda.corpus.readers.options import ReadOptions
    from lda.corpus.text.tokenizer import Tokenizer

WORK: Final = ".append"
"""Folder in that of a local corpus where an append keeps its batches."""


class Appended(NamedTuple):
    """What was appended.

    Attributes:
        corpus: as it is now.
        n_documents: new documents, without those that were skipped.
        n_tokens: of them.
        n_known: documents that were left out since the corpus has their ids.
        n_skipped: records that could not be read, and are no documents.
        new_terms: that the vocabulary got, in its order.
        n_dropped: tokens of words that are no terms, stop words aside.
        dropped_fields: fields of the new documents that the corpus does not have.
    """

    corpus: Corpus
    n_documents: int
    n_tokens: int
    n_known: int
    n_skipped: int
    new_terms: list[str]
    n_dropped: int
    dropped_fields: list[str]


def append_documents(
    place: str | Path,
    inputs: Sequence[str | Path],
    *,
    format: str = "auto",  # noqa: A002
    text: str | None = None,
    id: str | None = None,  # noqa: A002 - as in a recipe
    vocabulary: str | Path | None = None,
    tokenizer: Tokenizer | str | None = None,
    threads: int | None = None,
    encoding: str = "utf-8",
    errors: str = "strict",
    layer: str | None = None,
    skip_known: bool = False,
    new_min_df: float | None = None,
    readers: Sequence[TextReader | CountReader] = (),
    on_error: str = "stop",
    max_errors: float | str | None = None,
    skipped: str | Path | None = None,
    where: str | None = None,
) -> Appended:
    """Append documents to a corpus; the caller sees that nobody else does so meanwhile.

    Memory is bounded but for the distinct words, and the ids of the new documents.

    Args:
        place: folder or URI of the corpus.
        inputs: as of `lda.corpus.build.build_corpus`. Documents without a name of their own are numbered behind the
            name of their file.
        format: as there.
        text: field that holds the text of the new documents; None for that of the corpus.
        id: field that names them; None for that of the corpus.
        vocabulary: as there, of counts.
        tokenizer: the function that made the corpus' tokens, if one did; or where it is imported from, for a recipe
            alone imports nothing.
        threads: as there.
        encoding: as there.
        errors: as there.
        layer: as there.
        skip_known: leave out documents whose ids the corpus has; else they are refused.
        new_min_df: documents among the new ones that a new term is in, a count or a share of them; None goes by the
            `min_df` of the corpus.
        readers: as there.
        on_error: as there.
        max_errors: as there.
        skipped: file to write, as there; the corpus gets no list of its own.
        where: condition that new documents must fulfil, beside that of the corpus, if it has one.

    Raises:
        DataError: there is no corpus, or it was not made of files; the documents are damaged, none, all empty, of
            another kind, or there already; or somebody has changed the corpus meanwhile.
        ValueError: an argument cannot be right.
    """
    if new_min_df is not None:
        check_new_min_df(new_min_df)
    bad = make_bad_records(on_error, max_errors)
    check_skipped_target(skipped)
    before = Corpus.open(place)
    target = storage(place)
    read_at_first = target.read(MANIFEST)
    manifest = read_manifest(place)
    remove_leftovers(target, manifest)
    recipe, steps = _recipe_of(before, place), _steps_of(manifest, where)
    if built := finished_corpora(inputs):
        raise DataError(
            f"{built[0]} is a finished corpus, whose terms have other ids; name its texts, or make one of both with "
            "`lda corpus merge`"
        )
    with PipeStore() as pipes, _work_folder(place) as work:
        fields = dataclasses.replace(recipe, text=text or recipe.text, id=id or recipe.id)
        options = make_options(fields, vocabulary, encoding, errors, pipes, layer=layer, bad_records=bad)
        found = find_inputs(
            pipes.all_stored(input_list(inputs)), format=format, readers=readers, encoding=encoding
        )
        sources = [_prefixed(source) for source in found]
        counts = isinstance(same_kind(sources, layer), CountReader)
        if counts == before.ordered:
            kinds = ("counts", "text") if counts else ("text", "counts")
            raise DataError(
                f"{sources[0].shown} holds {kinds[0]}, and {presentable(str(place))} was made of {kinds[1]}"
            )
        tally = StepTally()
        batches = (
            _counted(sources, options, steps, tally)
            if counts
            else _tokenised(sources, recipe, tokenizer, options, steps, threads, work, tally)
        )
        newcomers = Newcomers(before, recipe, FolderSpill(_made(work / "new")))
        for batch in batches:
            newcomers.add(batch)
        tally.check(steps)
        n_skipped = 0
        if bad is not None:
            bad.check()
            n_skipped = bad.n_skipped
        if not newcomers.n_documents:
            raise DataError("there is no document to append; check the input")
        known = _known_ids(before, newcomers.ids)
        if len(known) and not skip_known:
            raise DataError(
                f"{len(known):,} of the {len(newcomers.ids):,} documents {is_or_are(len(known))} in "
                f"{presentable(str(place))} already, such as {printable(known[0].as_py())!r:.80}; leave them out with "
                "--skip-known"
            )
        if len(known):
            newcomers = newcomers.without(known, FolderSpill(_made(work / "kept")))
        write_skipped(bad, skipped)
        if told := told_of_skipped(bad, skipped):
            warnings.warn(presentable(told), stacklevel=3)
        if not newcomers.n_documents:
            return Appended(before, 0, 0, len(known), n_skipped, [], 0, newcomers.dropped_fields)
        stop = stop_words(recipe.stop_words) if counts else frozenset[str]()
        chosen = newcomers.choose(recipe, manifest, new_min_df, stop)
        done = _summed_steps(manifest.summary.steps, tally.record(steps))
        manifest = manifest._replace(
            summary=dataclasses.replace(
                manifest.summary, n_skipped=manifest.summary.n_skipped + n_skipped, steps=done
            )
        )
        grown, lengths, terms = write_grown(target, manifest, before, newcomers, chosen, read_at_first)
    return Appended(
        corpus=grown,
        n_documents=newcomers.n_documents,
        n_tokens=int(lengths.sum()),
        n_known=len(known),
        n_skipped=n_skipped,
        new_terms=terms,
        n_dropped=newcomers.n_tokens - int(lengths.sum()),
        dropped_fields=newcomers.dropped_fields,
    )


def _recipe_of(corpus: Corpus, place: str | Path) -> Recipe:
    """How text becomes words. Raises `DataError` where the corpus is of words that a program gave."""
    if corpus.recipe is None and corpus.ordered:
        raise DataError(
            f"{presentable(str(place))} was made of lists of words, and does not say how text becomes such; "
            "build it of texts, with `lda corpus build`"
        )
    return corpus.recipe or Recipe()


def _steps_of(manifest: Manifest, where: str | None) -> DocumentSteps:
    """What was done with the documents of the corpus before they were counted; `where` chooses among the new ones."""
    names = {field.name for field in dataclasses.fields(DocumentSteps)}
    asked = {name: value for name, value in (manifest.summary.steps or {}).items() if name in names}
    # Fields have the types that they have in the corpus.
    steps = dataclasses.replace(DocumentSteps.from_dict(asked), types=None)
    if where is None:
        return steps
    Where(where)  # by itself: a bracket that one lacks must not be the other's
    both = where if steps.where is None else f"({steps.where}) and ({where})"
    return dataclasses.replace(steps, where=both)


def _summed_steps(was: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """The record of the steps, with the documents of both counted."""
    if was is None or new is None:
        return was
    counts = {name: was[name] + count for name, count in new.items() if name.startswith("n_") and name in was}
    return {**was, **counts}


def _prefixed(source: InputFile) -> InputFile:
    """The file with its name before ids that are only numbers: else the first line of each week would be called 1."""
    if source.prefix:
        return source
    name = split_query(source.place)[0].rstrip("/").rpartition("/")[2]
    return dataclasses.replace(source, prefix=path_text(name) + ("/" if source.is_folder else ":"))


def _tokenised(
    sources: list[InputFile],
    recipe: Recipe,
    tokenizer: Tokenizer | str | None,
    options: ReadOptions,
    steps: DocumentSteps,
    threads: int | None,
    folder: Path,
    tally: StepTally,
) -> Iterator[TokenBatch]:
    tokenize = TextTokenizer(recipe, tokenizer)
    texts = SteppedTexts(
        lambda noting: located_texts(sources, options if noting else options.without_notes()),
        steps,
        lambda: TextTokenizer(recipe.without_phrases(), tokenizer),
        thread_count(threads),
        folder,
    )

    def tokens(batch: TextBatch) -> Stepped:
        return steps.tokens(batch, tokenize)

    for stepped in ordered_map(tokens, texts.batches(), thread_count(threads)):
        texts.tally.n_split += stepped.n_split
        yield stepped.tokens
    tally.add(texts.tally)


def _counted(
    sources: list[InputFile], options: ReadOptions, steps: DocumentSteps, tally: StepTally
) -> Iterator[TokenBatch]:
    if steps.dedupe is not None:
        raise DataError(
            "duplicates were left out when this corpus of counts was built, which appending to counts does not do; "
            "build it again of all of them"
        )
    for source in sources:
        with read_counts(source, options) as made:
            for batch in made.batches:
                left = steps.chosen_counts(batch)
                tally.saw(batch, left)
                yield left._replace(terms=made.terms)


def _known_ids(corpus: Corpus, ids: pa.ChunkedArray[Any]) -> pa.Array[Any]:
    """Those of the names that documents of the corpus have, each once."""
    wanted = pc.unique(ids)
    found: Any = [strings([])]
    for index in range(corpus.n_shards):
        there = corpus.shard_ids(index)
        found.append(pc.unique(there.filter(pc.is_in(there, value_set=wanted))))
    known: pa.Array[Any] = pc.unique(pa.chunked_array(found, type=pa.large_string()))
    return known


@contextmanager
def _work_folder(place: str | Path) -> Iterator[Path]:
    """An empty folder, gone afterwards: in that of the corpus, where the next append finds it; for a URI in TMPDIR."""
    if is_uri(place):
        with spill_folder(str(place)) as folder:
            yield folder
        return
    folder = Path(place) / WORK
    shutil.rmtree(folder, ignore_errors=True)
    try:
        yield _made(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
