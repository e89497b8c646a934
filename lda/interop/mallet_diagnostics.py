"""MALLET's `--diagnostics-file`: numbers about topics and their words as XML."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lda.cluster.counts.sparse_sums import topic_sums
from lda.corpus.terms import joined_words
from lda.evaluation.diagnostics import describe_topics
from lda.evaluation.document_usage import DocumentUse
from lda.evaluation.word_diagnostics import describe_words
from lda.interop.java_numbers import java_fixed
from lda.interop.mallet_defaults import WORDS
from lda.interop.mallet_topics import most_frequent
from lda.interop.mallet_words import xml_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import numpy.typing as npt
    from scipy.sparse import csr_matrix

    from lda.interop.mallet_state import StateDocuments

    Floats = npt.NDArray[np.float64]


def write_diagnostics(
    path: Path,
    alpha: Floats,
    beta: float,
    counts: csr_matrix,
    vocabulary: Sequence[str],
    batches: Iterable[StateDocuments],
    n_words: int = WORDS,
) -> None:
    """Write the file.

    Args:
        path: to write.
        alpha: (K,).
        beta: of each term.
        counts: (V, K) CSR, n_kw.
        vocabulary: V terms.
        batches: consecutive documents, as of `write_state`.
        n_words: how many words of each topic take part. Of a topic that has fewer, means are over those it has;
            MALLET counts the missing ones as words of length 0, and confuses them with its first word.
    """
    top_words = most_frequent(counts, n_words)
    use = DocumentUse(alpha, [terms.astype(np.int32) for terms, _ in top_words])
    for offsets, words, topics in batches:
        use.add_tokens(offsets, words, topics)
    listed = [[vocabulary[term] for term in terms.tolist()] for terms, _ in top_words]
    of_topics = describe_topics(
        counts, beta, listed, vocabulary, n_words=n_words, tokens=topic_sums(counts), use=use
    )
    columns = of_topics.columns()
    names = (
        "tokens", "document_entropy", "word_length", "coherence", "uniform_dist", "corpus_dist", "eff_num_words",
        "token_doc_diff", "rank_1_docs", "allocation_ratio", "allocation_count", "exclusivity",
    )  # fmt: skip
    spelled = {"word_length": "word-length", "token_doc_diff": "token-doc-diff"}
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write('<?xml version="1.0" encoding="UTF-8"?>\n<model>\n')
        for topic, its in enumerate(describe_words(counts, beta, top_words, use)):
            told = "".join(
                f" {spelled.get(name, name)}='{java_fixed(columns[name][topic], 4)}'" for name in names
            )
            file.write(f"<topic id='{topic}'{told}>\n")
            for i, word in enumerate(joined_words(listed[topic])):
                numbers = {
                    "word-length": float(len(word)),
                    "coherence": its.coherence[i],
                    "uniform_dist": its.uniform_dist[i],
                    "corpus_dist": its.corpus_dist[i],
                    "token-doc-diff": its.token_doc_diff[i],
                    "exclusivity": its.exclusivity[i],
                }
                told = "".join(f" {name}='{java_fixed(value, 4)}'" for name, value in numbers.items())
                prob, cumulative = java_fixed(its.prob[i], 5), java_fixed(its.cumulative[i], 5)
                file.write(
                    f"<word rank='{i + 1}' count='{its.counts[i]}' prob='{prob}' cumulative='{cumulative}' "
                    f"docs='{its.docs[i]}'{told}>{xml_text(word)}</word>\n"
                )
            file.write("</topic>\n")
        # As Java prints it, the text and then the end of its line.
        file.write("</model>\n\n")
