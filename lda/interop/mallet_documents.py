"""MALLET's files that tell of documents: their topics, dense or sparse, and the best documents of each topic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from lda.interop.java_numbers import java_double, java_fixed
from lda.interop.mallet_defaults import DOCUMENTS
from lda.interop.mallet_words import document_names

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt
    from scipy.sparse import csr_matrix

    Floats = npt.NDArray[np.float64]

HEADER: Final = "#doc name topic proportion ..."
RANKING: Final = 10.0
"""Added to each n_dk where documents of a topic are ranked: so short ones do not come first."""

_AT_A_TIME: Final = 1024


def write_doc_topics(
    path: Path,
    names: Sequence[str],
    counts: csr_matrix,
    alpha: Floats,
    *,
    threshold: float = 0.0,
    most: int | None = None,
) -> None:
    """`--output-doc-topics`: (n_dk + alpha_k) / (N_d + sum of alpha) of each document.

    With a threshold of 0, all topics in their order, without a header, whatever `most` says: as MALLET does it. Else
    a header, and pairs of topic and proportion, the largest first.

    Args:
        path: to write.
        names: D names.
        counts: (D, K) CSR, n_dk.
        alpha: (K,).
        threshold: `--doc-topics-threshold`, the least proportion written.
        most: `--doc-topics-max`, of each document; None for all.
    """
    total = sum(alpha.tolist())  # one after the other, as MALLET adds them up
    with path.open("w", encoding="utf-8", newline="\n") as file:
        if threshold > 0:
            file.write(HEADER + "\n")
        for first in range(0, counts.shape[0], _AT_A_TIME):
            n_dk = counts[first : first + _AT_A_TIME].toarray().astype(np.float64)
            theta = (n_dk + alpha) / (n_dk.sum(axis=1, keepdims=True) + total)
            its = document_names(names[first : first + _AT_A_TIME])
            for document, (name, row) in enumerate(zip(its, theta, strict=True), first):
                file.write(document_row(document, name, row, threshold, most))


def document_row(
    document: int, name: str, theta: npt.NDArray[np.floating], threshold: float, most: int | None
) -> str:
    """A line about one document: its number, its name, and theta (K,), whole or as `write_doc_topics` has it."""
    if threshold <= 0:
        return f"{document}\t{name}\t" + "\t".join(map(java_double, theta.tolist())) + "\n"
    order = np.lexsort((-np.arange(len(theta)), -theta))[:most]
    pairs = [f"{k}\t{java_double(float(theta[k]))}\t" for k in order.tolist() if theta[k] >= threshold]
    return f"{document}\t{name}\t{''.join(pairs)}\n"


def write_topic_docs(path: Path, names: Sequence[str], counts: csr_matrix, n: int = DOCUMENTS) -> None:
    """`--output-topic-docs`: the best documents of each topic, by (n_dk + 10) / (N_d + 10 K).

    Args:
        path: to write.
        names: D names.
        counts: (D, K) CSR, n_dk.
        n: how many of each topic.
    """
    n_documents, n_topics = counts.shape
    # Blanks separate fields here, and not only tabs.
    its = [name.replace(" ", "_") for name in document_names(names)]
    lengths = np.asarray(counts.sum(axis=1), dtype=np.float64).ravel() + n_topics * RANKING
    columns = counts.tocsc()
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write("#topic doc name proportion ...\n")
        for topic in range(n_topics):
            share = (columns[:, [topic]].toarray().ravel() + RANKING) / lengths
            # Of equal ones the later document first, as in MALLET.
            for document in np.lexsort((-np.arange(n_documents), -share))[:n].tolist():
                file.write(f"{topic} {document} {its[document]} {java_fixed(share[document], 6)}\n")
