"""What `lda fit` reads: a corpus that is mapped, so that its text and tokens need not stay in memory."""

from __future__ import annotations

import ctypes
import sys
import time
from collections.abc import Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from lda.cli.signals import terminate_as_interrupt
from lda.cli.sources import LineOptions, SourceOptions, StoredInputs, names_of, size_of, stored_inputs
from lda.corpus.presentable import presentable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lda.cli.console import Console
    from lda.corpus import Corpus, Recipe

NO_STEPS: Final[Mapping[str, Any]] = MappingProxyType({})

STOP_WORDS_WORTH_A_HINT: Final = (
    0.25  # share of the tokens; English text with its function words has about 0.5
)


@contextmanager
def opened_corpus(
    console: Console,
    inputs: Sequence[str],
    source: SourceOptions,
    lines: LineOptions,
    recipe: Recipe,
    ready: Callable[[str], None],
    *,
    threads: int | None,
    chosen: Callable[[Corpus, str], Corpus] | None = None,
    steps: Mapping[str, Any] = NO_STEPS,
) -> Iterator[tuple[Corpus, float]]:
    """The corpus of the inputs, and the seconds that reading it took.

    A corpus folder is opened where it is. Anything else is built into a temporary folder (TMPDIR says where),
    which is gone after the block, also when an exception or a signal ends it. Rejected: reading into memory,
    because tokens would be there twice, once as read and once as sorted for the fit.

    steps: what is done with documents, as arguments of `build_corpus`; a finished corpus is only chosen from.
    ready: told of the temporary folder before anything is read. chosen: makes a corpus of those documents that are
    wanted, in a folder of the given name; None for all of them.

    Raises:
        DataError: the input is missing, damaged or empty. OSError: no room for the temporary folder.
    """
    console.progress.note(f"reading {names_of(inputs)}")
    started = time.perf_counter()
    from lda.corpus.storage.leftovers import temporary_folder

    with terminate_as_interrupt(), temporary_folder() as folder:
        ready(folder)
        with stored_inputs(inputs, source.vocabulary) as stored:
            corpus = _read(f"{folder}/corpus", stored, source, lines, recipe, threads, steps)
        seconds = time.perf_counter() - started
        console.progress.note(f"read {size_of(corpus)} in {seconds:.1f} s")
        if steps and corpus.steps is not None:
            from lda.corpus.documents.steps import steps_in_words

            console.progress.note(presentable(f"documents: {steps_in_words(corpus.steps)}"))
        _hint_stop_words(console, corpus)
        if chosen is not None:
            corpus = chosen(corpus, f"{folder}/chosen")
        yield corpus, seconds


def _read(
    folder: str,
    stored: StoredInputs,
    source: SourceOptions,
    lines: LineOptions,
    recipe: Recipe,
    threads: int | None,
    steps: Mapping[str, Any],
) -> Corpus:
    from lda.building.build import build_corpus
    from lda.corpus import read_corpus
    from lda.corpus.build import finished_corpora

    paths = stored.inputs
    how: dict[str, Any] = {
        **lines.reading(source),
        "recipe": recipe,
        "vocabulary": stored.vocabulary,
        "threads": threads,
        **steps,
    }
    if finished_corpora(paths) and not steps:
        return read_corpus(paths, **how)
    corpus = build_corpus(paths, folder, kept=False, **how)
    give_back_memory()
    return corpus


def give_back_memory() -> None:
    """Return to the system what reading has freed: allocators keep it, and it would stand beside the fit's own."""
    import pyarrow as pa

    pa.default_memory_pool().release_unused()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc has it, musl has not
        if trim is not None:
            trim(0)


def _hint_stop_words(console: Console, corpus: Corpus) -> None:
    share = corpus.stop_word_share or 0.0
    removed = corpus.recipe is not None and corpus.recipe.stop_words is not None
    if share > STOP_WORDS_WORTH_A_HINT and not removed:
        console.progress.note(
            f"hint: {share:.0%} of the tokens are words such as 'the' and 'of', which will fill the topics; "
            "--stop-words en removes them"
        )
