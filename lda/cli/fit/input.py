"""What `lda fit` reads: a corpus that is mapped, so that its text and tokens need not stay in memory."""

from __future__ import annotations

import ctypes
import sys
import tempfile
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from lda.cli.signals import terminate_as_interrupt
from lda.cli.sources import SourceOptions, StoredInputs, names_of, size_of, stored_inputs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lda.cli.console import Console
    from lda.corpus import Corpus, Recipe

STOP_WORDS_WORTH_A_HINT: Final = (
    0.25  # share of the tokens; English text with its function words has about 0.5
)


@contextmanager
def opened_corpus(
    console: Console,
    inputs: Sequence[str],
    source: SourceOptions,
    recipe: Recipe,
    ready: Callable[[str], None],
    *,
    threads: int | None,
) -> Iterator[tuple[Corpus, float]]:
    """The corpus of the inputs, and the seconds that reading it took.

    A corpus folder is opened where it is. Anything else is built into a temporary folder (TMPDIR says where),
    which is gone after the block, also when an exception or a signal ends it. Rejected: reading into memory,
    because tokens would be there twice, once as read and once as sorted for the fit.

    ready: told of the temporary folder before anything is read.

    Raises:
        DataError: the input is missing, damaged or empty. OSError: no room for the temporary folder.
    """
    console.progress.note(f"reading {names_of(inputs)}")
    started = time.perf_counter()
    from lda.corpus.storage.leftovers import forget, remember

    with terminate_as_interrupt(), tempfile.TemporaryDirectory(prefix="raylda-") as folder:
        remember(folder)
        ready(folder)
        with stored_inputs(inputs, source.vocabulary) as stored:
            corpus = _read(f"{folder}/corpus", stored, source, recipe, threads)
        seconds = time.perf_counter() - started
        console.progress.note(f"read {size_of(corpus)} in {seconds:.1f} s")
        _hint_stop_words(console, corpus)
        yield corpus, seconds
    forget(folder)


def _read(
    folder: str, stored: StoredInputs, source: SourceOptions, recipe: Recipe, threads: int | None
) -> Corpus:
    from lda.corpus import build_corpus, read_corpus
    from lda.corpus.build import finished_corpora

    paths = stored.inputs
    how: dict[str, Any] = {
        "format": source.format,
        "recipe": recipe,
        "vocabulary": stored.vocabulary,
        "threads": threads,
        "encoding": source.encoding,
        "errors": source.encoding_errors,
    }
    if finished_corpora(paths):
        return read_corpus(paths, **how)
    corpus = build_corpus(paths, folder, **how)
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
