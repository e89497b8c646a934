"""Corpora: readers, tokens, vocabulary, shards in memory and on disk."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lda.corpus.build import build_corpus, read_corpus
    from lda.corpus.convert import as_corpus
    from lda.corpus.corpus import Corpus
    from lda.corpus.errors import DataError
    from lda.corpus.readers.registry import FORMATS
    from lda.corpus.shard import CorpusShard
    from lda.corpus.stream import DocumentBatch, iter_corpus, iter_documents, keeps_order
    from lda.corpus.text.recipe import Recipe
    from lda.corpus.text.stop_words import resolve_stop_words

__all__ = [
    "FORMATS",
    "Corpus",
    "CorpusShard",
    "DataError",
    "DocumentBatch",
    "Recipe",
    "as_corpus",
    "build_corpus",
    "iter_corpus",
    "iter_documents",
    "keeps_order",
    "read_corpus",
    "resolve_stop_words",
]

_HOME = {
    "Corpus": "corpus",
    "CorpusShard": "shard",
    "DataError": "errors",
    "DocumentBatch": "stream",
    "FORMATS": "readers.registry",
    "Recipe": "text.recipe",
    "as_corpus": "convert",
    "build_corpus": "build",
    "iter_corpus": "stream",
    "iter_documents": "stream",
    "keeps_order": "stream",
    "read_corpus": "build",
    "resolve_stop_words": "text.stop_words",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used: pyarrow alone takes longer than `lda --help` may."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"lda.corpus.{_HOME[name]}"), name)
