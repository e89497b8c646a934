"""Corpora: readers, tokens, vocabulary, shards in memory and on disk."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lda.corpus.build import build_corpus, find_phrases, read_corpus
    from lda.corpus.convert import as_corpus
    from lda.corpus.corpus import Corpus
    from lda.corpus.errors import DataError
    from lda.corpus.export.export import export_corpus
    from lda.corpus.finished.frequencies import term_table
    from lda.corpus.finished.merging import merge_corpora
    from lda.corpus.finished.overview import CorpusOverview, corpus_overview
    from lda.corpus.finished.selection import sample_documents, select_corpus
    from lda.corpus.readers.registry import FORMATS
    from lda.corpus.shard import CorpusShard
    from lda.corpus.stream import DocumentBatch, iter_corpus, iter_documents, keeps_order
    from lda.corpus.text.recipe import Recipe
    from lda.corpus.text.stop_words import resolve_stop_words

__all__ = [
    "FORMATS",
    "Corpus",
    "CorpusOverview",
    "CorpusShard",
    "DataError",
    "DocumentBatch",
    "Recipe",
    "as_corpus",
    "build_corpus",
    "corpus_overview",
    "export_corpus",
    "find_phrases",
    "iter_corpus",
    "iter_documents",
    "keeps_order",
    "merge_corpora",
    "read_corpus",
    "resolve_stop_words",
    "sample_documents",
    "select_corpus",
    "term_table",
]

_HOME = {
    "Corpus": "corpus",
    "CorpusOverview": "finished.overview",
    "CorpusShard": "shard",
    "DataError": "errors",
    "DocumentBatch": "stream",
    "FORMATS": "readers.registry",
    "Recipe": "text.recipe",
    "as_corpus": "convert",
    "build_corpus": "build",
    "corpus_overview": "finished.overview",
    "export_corpus": "export.export",
    "find_phrases": "build",
    "iter_corpus": "stream",
    "iter_documents": "stream",
    "keeps_order": "stream",
    "merge_corpora": "finished.merging",
    "read_corpus": "build",
    "resolve_stop_words": "text.stop_words",
    "sample_documents": "finished.selection",
    "select_corpus": "finished.selection",
    "term_table": "finished.frequencies",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used: pyarrow alone takes longer than `lda --help` may."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"lda.corpus.{_HOME[name]}"), name)
