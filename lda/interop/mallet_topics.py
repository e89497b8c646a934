"""MALLET's files that tell of topics: keys, weights, counts and its XML report, all made of one state's counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lda.cluster.counts.sparse_sums import topic_sums
from lda.corpus.terms import joined_words
from lda.interop.java_numbers import java_double, java_number
from lda.interop.mallet_defaults import WORDS
from lda.interop.mallet_words import xml_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt
    from scipy.sparse import csr_matrix

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]


def most_frequent(counts: csr_matrix, n: int | None = None) -> list[tuple[Ints, Ints]]:
    """Term numbers and counts of each topic, most frequent first, of equal ones the larger number first, as MALLET's.

    Args:
        counts: (V, K) CSR, n_kw.
        n: how many of a topic at most; None for all that it has.
    """
    columns = counts.tocsc()
    found = []
    for topic in range(columns.shape[1]):
        part = slice(columns.indptr[topic], columns.indptr[topic + 1])
        terms, times = columns.indices[part].astype(np.int64), columns.data[part].astype(np.int64)
        held = times > 0
        terms, times = terms[held], times[held]
        order = np.lexsort((-terms, -times))[:n]
        found.append((terms[order], times[order]))
    return found


def write_topic_keys(
    path: Path, alpha: Floats, counts: csr_matrix, vocabulary: Sequence[str], n_words: int = WORDS
) -> None:
    """`--output-topic-keys`: number, alpha and most frequent words of each topic, between tabs.

    Args:
        path: to write.
        alpha: (K,).
        counts: (V, K) CSR, n_kw.
        vocabulary: V terms.
        n_words: how many words.
    """
    words = joined_words(vocabulary)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for topic, (terms, _) in enumerate(most_frequent(counts, n_words)):
            listed = "".join(f"{words[term]} " for term in terms.tolist())
            file.write(f"{topic}\t{java_number(alpha[topic])}\t{listed}\n")


def write_topic_report(
    path: Path, alpha: Floats, counts: csr_matrix, vocabulary: Sequence[str], n_words: int = WORDS
) -> None:
    """`--xml-topic-report`: the same with the words' counts as XML. Arguments as of `write_topic_keys`."""
    words = joined_words(vocabulary)
    totals = topic_sums(counts)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write("<?xml version='1.0' ?>\n<topicModel>\n")
        for topic, (terms, times) in enumerate(most_frequent(counts, n_words)):
            file.write(
                f"  <topic id='{topic}' alpha='{java_double(alpha[topic])}' totalTokens='{int(totals[topic])}'>\n"
            )
            for rank, (term, n) in enumerate(zip(terms.tolist(), times.tolist(), strict=True), 1):
                word = xml_text(words[term])
                file.write(f"    <word rank='{rank}' count='{java_double(float(n))}'>{word}</word>\n")
            file.write("  </topic>\n")
        file.write("</topicModel>\n")


def write_word_topic_counts(path: Path, counts: csr_matrix, vocabulary: Sequence[str]) -> None:
    """`--word-topic-counts-file`: a line a term: its number, itself, and `topic:count`, the largest first.

    Args:
        path: to write.
        counts: (V, K) CSR, n_kw.
        vocabulary: V terms.
    """
    bounds = counts.indptr.tolist()
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for term, word in enumerate(joined_words(vocabulary)):
            part = slice(bounds[term], bounds[term + 1])
            pairs = zip(counts.data[part].tolist(), counts.indices[part].tolist(), strict=True)
            listed = "".join(f" {topic}:{int(n)}" for n, topic in sorted(pairs, reverse=True) if n > 0)
            file.write(f"{term} {word}{listed}\n")


def write_topic_word_weights(path: Path, counts: csr_matrix, beta: float, vocabulary: Sequence[str]) -> None:
    """`--topic-word-weights-file`: a line for each topic and term with n_kw + beta: phi_k, not normalised.

    Args:
        path: to write; it has K * V lines.
        counts: (V, K) CSR, n_kw, with the tokens that topics began with.
        beta: of each term.
        vocabulary: V terms.
    """
    words = joined_words(vocabulary)
    columns = counts.tocsc()
    rest = java_double(beta)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for topic in range(columns.shape[1]):
            weights = [rest] * len(words)
            part = slice(columns.indptr[topic], columns.indptr[topic + 1])
            for term, n in zip(columns.indices[part].tolist(), columns.data[part].tolist(), strict=True):
                weights[term] = java_double(beta + float(n))
            file.writelines(
                f"{topic}\t{word}\t{weight}\n" for word, weight in zip(words, weights, strict=True)
            )
