"""The facts of a corpus that its manifest and its vocabulary tell, as plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lda.corpus.presentable import without_keys

if TYPE_CHECKING:
    from lda.cli.sources import SourceOptions
    from lda.corpus import Corpus

FREQUENT: Final = 20
"""Terms that are named."""


def describe(corpus: Corpus, path: str) -> dict[str, Any]:
    """The facts of a corpus as plain values."""
    from lda.corpus.terms import has_names

    terms, frequencies = corpus.vocabulary, corpus.term_frequencies
    largest = sorted(range(corpus.n_terms), key=lambda term: (-int(frequencies[term]), term))[:FREQUENT]
    return {
        "corpus": without_keys(path),
        **corpus.manifest,
        "named_terms": has_names(terms),
        "frequent_terms": [{"term": terms[i], "tokens": int(frequencies[i])} for i in largest],
    }


def skipped_of(corpus: Corpus, source: SourceOptions, path: str) -> dict[str, Any]:
    """How many records a build has skipped and the file that lists them, null where there are none; {} if it stops."""
    from lda.corpus.files.folder import skipped_file

    if source.on_error == "stop":
        return {}
    file = skipped_file(path) if corpus.n_skipped else None
    return {"n_skipped": corpus.n_skipped, "skipped_file": None if file is None else without_keys(file)}
