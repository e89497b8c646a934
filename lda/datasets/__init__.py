"""A small corpus to try things with, and the one that examples of the package `lda` are written for."""

from lda.datasets.reuters import load_reuters, load_reuters_titles, load_reuters_vocab
from lda.datasets.speeches import load_speeches, load_speeches_titles, load_speeches_vocab

__all__ = [
    "load_reuters",
    "load_reuters_titles",
    "load_reuters_vocab",
    "load_speeches",
    "load_speeches_titles",
    "load_speeches_vocab",
]
