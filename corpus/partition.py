"""The name that `lda.corpus.finished.partition` had when the documentation gave it; old programs import from here."""

from lda.corpus.finished.partition import partition_corpus

__all__ = ["partition_corpus"]
