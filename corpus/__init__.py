"""Corpora: readers, tokens, vocabulary, shards in memory and on disk."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lda.corpus.convert import as_corpus
    from lda.corpus.errors import DataError
    from lda.corpus.formats import FORMATS
    from lda.corpus.ingest import build_corpus, read_corpus
    from lda.corpus.recipe import Recipe
    from lda.corpus.shard import CorpusShard
    from lda.corpus.stopwords import resolve_stop_words
    from lda.corpus.store import Corpus
    from lda.corpus.stream import DocumentBatch, iter_corpus, iter_documents, keeps_order

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
    "Corpus": "store",
    "CorpusShard": "shard",
    "DataError": "errors",
    "DocumentBatch": "stream",
    "FORMATS": "formats",
    "Recipe": "recipe",
    "as_corpus": "convert",
    "build_corpus": "ingest",
    "iter_corpus": "stream",
    "iter_documents": "stream",
    "keeps_order": "stream",
    "read_corpus": "ingest",
    "resolve_stop_words": "stopwords",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used: pyarrow alone takes longer than `lda --help` may."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"lda.corpus.{_HOME[name]}"), name)
