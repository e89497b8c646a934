"""MALLET's `--xml-topic-phrase-report`: runs of neighbours with one topic, most frequent first."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import quoteattr

import numpy as np

from lda.cluster.counts.sparse_sums import topic_sums
from lda.corpus.terms import joined_words
from lda.interop.java_numbers import java_double
from lda.interop.mallet_defaults import WORDS
from lda.interop.mallet_topics import most_frequent
from lda.interop.mallet_words import xml_safe, xml_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import numpy.typing as npt
    from scipy.sparse import csr_matrix

    from lda.interop.mallet_state import StateDocuments

    Floats = npt.NDArray[np.float64]

_TITLES: Final = 10
_TITLES_FROM: Final = 20
_TIMES_IN_TITLES: Final = 20
_WEIGHT_IN_TITLES: Final = 100.0

Phrase = tuple[int, ...]


def topic_phrases(batches: Iterable[StateDocuments], n_topics: int) -> list[Counter[Phrase]]:
    """How often each run of two or more neighbouring tokens with one topic occurs, by topic.

    Args:
        batches: consecutive documents, as of `write_state`.
        n_topics: K.

    As in MALLET the token after a run is passed over: no run begins with it.
    """
    found: list[Counter[Phrase]] = [Counter() for _ in range(n_topics)]
    for offsets, words, topics in batches:
        bounds = offsets.tolist()
        for low, high in pairwise(bounds):
            _count(words[low:high].tolist(), topics[low:high].tolist(), found)
    return found


def _count(words: list[int], topics: list[int], found: list[Counter[Phrase]]) -> None:
    """MALLET's own walk: a run that the document ends with is not counted there, and so not here."""
    before, run = -1, []
    for word, topic in zip(words, topics, strict=True):
        if topic == before:
            run.append(word)
        elif len(run) > 1:
            found[before][tuple(run)] += 1
            before, run = -1, []
        else:
            before, run = topic, [word]


def write_phrase_report(
    path: Path,
    alpha: Floats,
    counts: csr_matrix,
    vocabulary: Sequence[str],
    batches: Iterable[StateDocuments],
    n_words: int = WORDS,
) -> None:
    """Write words and phrases of each topic as XML, with titles made of them.

    Args:
        path: to write.
        alpha: (K,).
        counts: (V, K) CSR, n_kw.
        vocabulary: V terms.
        batches: as of `topic_phrases`.
        n_words: how many words, and phrases. Of equally frequent phrases the first in the alphabet come first;
            MALLET leaves their order to a hash.
    """
    words = joined_words(vocabulary)
    totals = topic_sums(counts)
    phrases = topic_phrases(batches, len(alpha))
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write("<?xml version='1.0' ?>\n<topics>\n")
        for topic, (terms, times) in enumerate(most_frequent(counts, n_words)):
            single = [(words[term], int(n)) for term, n in zip(terms.tolist(), times.tolist(), strict=True)]
            runs = [(" ".join(words[term] for term in run), n) for run, n in phrases[topic].items()]
            runs.sort(key=lambda one: (-one[1], one[0]))
            of_all = sum(n for _, n in runs)
            title = quoteattr(xml_safe(_titles(single, runs[:n_words])), {'"': "&quot;"})
            file.write(
                f'  <topic id="{topic}" alpha="{java_double(alpha[topic])}" totalTokens="{int(totals[topic])}" '
                f"titles={title}>\n"
            )
            for word, n in single:
                weight = java_double(n / totals[topic])
                file.write(f'    <word weight="{weight}" count="{n}">{xml_text(word)}</word>\n')
            for phrase, n in runs[:n_words]:
                weight = java_double(n / of_all)
                file.write(f'    <phrase weight="{weight}" count="{n}">{xml_text(phrase)}</phrase>\n')
            file.write("  </topic>\n")
        file.write("</topics>\n")


def _titles(words: list[tuple[str, int]], phrases: list[tuple[str, int]]) -> str:
    """Ten of them, none within one before; a phrase that is frequent weighs a hundred times as much as a word."""
    weights = {word: float(n) for word, n in words[: _TITLES_FROM - 1]}
    for phrase, n in phrases[:_TITLES_FROM]:
        if n > _TIMES_IN_TITLES:
            weights[phrase] = weights.get(phrase, 0.0) + _WEIGHT_IN_TITLES * n
    found, wanted = "", _TITLES
    for rank, title in enumerate(sorted(weights, key=lambda one: -weights[one])):
        if rank >= wanted:
            break
        if title in found:
            wanted += 1
        else:
            found += title + (", " if rank < wanted - 1 else "")
    return found
