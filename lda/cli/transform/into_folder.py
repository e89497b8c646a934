"""`lda transform` into a folder of Parquet parts, in this process or on a cluster."""

from __future__ import annotations

import shutil
import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from lda.cli.signals import terminate_as_interrupt, unhurried
from lda.cli.sources import StoredInputs, names_of, size_of, stored_inputs
from lda.cli.text_options import named_tokenizer
from lda.corpus.presentable import without_keys
from lda.progress import SECONDS_BETWEEN_LINES, clock, plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lda.cli.console import Console
    from lda.cli.transform.options import TransformOptions
    from lda.corpus import Recipe
    from lda.model.model import Model
    from lda.monitoring.followers import Followers
    from lda.transform.transform_corpus import PartsState

INPUT: Final = "_input"
OF_FILES: Final = (".jsonl", ".csv", ".tsv", ".txt", ".npy")


def names_folder(options: TransformOptions) -> bool:
    """Whether the output is a folder of parts. Raises click.UsageError for options that go only with a folder.

    It is one if it has no ending or ends in a slash, and always on a cluster, where it may be called `x.parquet`.
    """
    from lda.corpus.storage.places import is_uri

    on_cluster, output = options.cluster is not None, options.output
    name = output.partition("?")[0] if is_uri(output) else output
    suffix = "" if name.endswith("/") else Path(name).suffix.lower()
    if options.mallet_form:
        suffix = ".txt"  # whatever it is called
    if output != "-" and (suffix == "" or (on_cluster and suffix not in OF_FILES)):
        return True
    if on_cluster or options.resume:
        what = "--address" if on_cluster else "--resume"
        raise click.UsageError(f"{what} needs a folder for Parquet parts, got -o {output}; give -o FOLDER")
    return False


def transform_parts(options: TransformOptions, command: str, followers: Followers) -> None:
    """Run the command. command: how to repeat it. Raises KeyboardInterrupt with a line that says so.

    followers: are told of it.
    """
    from lda.corpus.storage.places import storage
    from lda.labels.labels_file import encode_labels, load_labels
    from lda.model.identity import identity_at
    from lda.transform.parts_folder import NAMES, SUCCESS, check_target
    from lda.transform.transform_corpus import absolute, check_place, transform_corpus

    cluster, console = options.cluster, options.console
    if cluster is not None and options.device != "cpu":
        raise click.UsageError(
            "on a cluster topics are inferred by processors: leave --device or --address out"
        )
    options.selection()
    place = storage(absolute(options.output))
    check_place(place)
    check_target(place, resume=options.resume, overwrite=options.overwrite)
    if cluster is not None and not (options.resume and place.size(SUCCESS) is not None):
        from lda.cluster.distributed.address_check import reach

        reach(cluster.address)  # before anything is read
    labels = None if options.labels is None else load_labels(options.labels, identity_at(options.model))
    lines = _Lines(console, followers)
    try:
        with unhurried(), terminate_as_interrupt(), _stored_corpus(options, place.address) as corpus:
            state = transform_corpus(
                options.model,
                corpus,
                options.output,
                top=options.top,
                threshold=options.threshold,
                seed=options.seed,
                threads=options.threads,
                device=options.device,
                cluster=cluster,
                resume=options.resume,
                overwrite=options.overwrite,
                verify=not options.no_verify,
                on_part=lines.tell,
                note=lambda text: console.progress.note(f"waiting for {text} to begin"),
                warn=console.progress.warn,
            )
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"interrupted{lines.reached}; to go on: {command} --resume") from None
    except Exception:
        if lines.reached:  # the error follows
            console.progress.warn(f"cut off{lines.reached}; to go on in {place.root}: {command} --resume")
        raise
    if labels:
        place.write(NAMES, encode_labels(labels))
    elif not options.resume:  # of what stood there before
        place.delete(NAMES)
    _report(options, state)


@contextmanager
def _stored_corpus(options: TransformOptions, output: str) -> Iterator[str]:
    """Path of the corpus that the options name; documents as they came are made into one first."""
    from lda.corpus import build_corpus
    from lda.corpus.build import only_corpus
    from lda.model.model import Model

    inputs, source, progress = options.inputs, options.source, options.console.progress
    built = only_corpus(inputs, source.layer)
    if built is not None:
        yield str(built)
        return
    model = Model.load(options.model, verify=not options.no_verify)
    progress.note(f"reading {names_of(inputs)}")
    started = time.perf_counter()
    with _room_below(output) as folder, stored_inputs(inputs, source.vocabulary) as stored:
        corpus = build_corpus(
            stored.inputs,
            folder / "corpus",
            kept=False,
            **source.reading(),
            recipe=_recipe(model, stored, options),
            vocabulary=stored.vocabulary,
            threads=options.threads,
            require_id=source.id is not None,
        )
        progress.note(f"read {size_of(corpus)} in {time.perf_counter() - started:.1f} s")
        yield str(folder / "corpus")


@contextmanager
def _room_below(output: str) -> Iterator[Path]:
    """A folder for the documents, gone after the block; below the output, where workers must reach it anyway.

    Below a URI there is no room for it, and it lies among this machine's temporary files.
    """
    from lda.corpus.storage.leftovers import temporary_folder
    from lda.corpus.storage.places import is_uri

    if is_uri(output):
        with temporary_folder() as made:
            yield Path(made)
        return
    folder = Path(output, INPUT)
    shutil.rmtree(folder, ignore_errors=True)  # of a run that was killed
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):  # not empty
            folder.parent.rmdir()


def _recipe(model: Model, stored: StoredInputs, options: TransformOptions) -> Recipe:
    """How to read documents so that all words stay that the model may know, and those it does not are counted."""
    from lda.corpus import Recipe
    from lda.corpus.build import same_kind
    from lda.corpus.inputs.find import find_inputs
    from lda.corpus.readers.base import TextReader
    from lda.model.text_recipe import recipe_of

    source = options.source
    recipe = recipe_of(model, tokenizer=named_tokenizer(), text=source.text, id=source.id)
    if isinstance(same_kind(find_inputs(stored.inputs, format=source.format)), TextReader):
        return replace(recipe, min_df=1, max_df=1.0, max_features=None)
    return Recipe(text=recipe.text, id=recipe.id)


class _Lines:
    """Progress as lines: now and then, and after each part with -v."""

    def __init__(self, console: Console, followers: Followers) -> None:
        self.console, self.followers, self.reached = console, followers, ""
        self._said = time.monotonic()
        self._first: PartsState | None = None

    def tell(self, state: PartsState) -> None:
        """Say how far the run is, unless that has just been said."""
        self.followers.on_parts("inferring", state.parts, state.n_parts, workers=state.workers)
        self.followers.documents(state.documents)
        self.reached = f" after {state.parts:,} of {plural(state.n_parts, 'part')}"
        first = self._first = self._first or state
        now = time.monotonic()
        if now - self._said < SECONDS_BETWEEN_LINES and not self.console.progress.verbosity > 0:
            return
        self._said = now
        # Before the first part, workers begin and compile; what they do after it is the guide.
        new, took = state.new_documents - first.new_documents, state.seconds - first.seconds
        rate = new / took if new and took > 0 else state.new_documents / state.seconds
        left = f", {clock((state.n_documents - state.documents) / rate)} left" if rate else ""
        self.console.progress.note(
            f"{state.parts:,}/{state.n_parts:,} parts, {state.documents:,} of {state.n_documents:,} documents, "
            f"{rate:,.0f} a second, {plural(state.workers, 'worker')}{left}"
        )


def _report(options: TransformOptions, state: PartsState) -> None:
    console, output = options.console, options.output
    if state.finished_before:
        console.progress.warn(f"{output} is finished already; nothing to resume")
    elif state.unknown and not state.tokens:
        console.progress.warn("warning: the model knows none of the words, so every document got the prior")
    kept = f", {state.kept:,} of them kept" if state.kept else ""
    if not state.finished_before:
        console.progress.note(
            f"wrote the topics of {plural(state.documents, 'document')} to {output} in "
            f"{plural(state.parts, 'part')}{kept} in {state.seconds:.1f} s ({state.empty:,} without known words, "
            f"{state.unknown:,} of {state.tokens + state.unknown:,} words unknown)"
        )
    value = {
        "model": without_keys(options.model),
        "output": without_keys(output),
        "n_documents": state.documents,
        "n_empty_documents": state.empty,
        "n_tokens": state.tokens,
        "n_unknown": state.unknown,
        "n_parts": state.parts,
        "n_parts_kept": state.kept,
        "workers": state.workers,
        "seconds": round(state.seconds, 3),
    }
    console.result(value, lambda: "")
