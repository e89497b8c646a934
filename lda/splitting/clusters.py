"""Documents that must not be divided, and where they all go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lda.corpus.finished.partition import key_hashes

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Integers = npt.NDArray[np.int64]


def tied(n_documents: int, ties: Sequence[Integers]) -> Integers:
    """(D,) number of the cluster of each document: those that are equal in any of the ties, and theirs in turn.

    ties: (D,) each, or (2, m) of documents and what they have; negative numbers tie nothing.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ends: list[tuple[Integers, Integers]] = []
    n_nodes = n_documents
    for tie in ties:
        documents, values = tie if tie.ndim == 2 else (np.arange(n_documents, dtype=np.int64), tie)
        told = values >= 0
        different, numbers = np.unique(values[told], return_inverse=True)
        ends.append((documents[told], numbers + n_nodes))
        n_nodes += len(different)
    rows = np.concatenate([np.zeros(0, dtype=np.int64), *(one for one, _ in ends)])
    columns = np.concatenate([np.zeros(0, dtype=np.int64), *(other for _, other in ends)])
    graph = coo_array((np.ones(len(rows), dtype=np.int8), (rows, columns)), shape=(n_nodes, n_nodes))
    _, labels = connected_components(graph, directed=False)
    cluster: Integers = np.unique(labels[:n_documents], return_inverse=True)[1].astype(np.int64)
    return cluster


def representatives(cluster: Integers, keys: Sequence[str], *, seed: int) -> Integers:
    """(C,) the document of each cluster that decides where all go: the one whose key has the smallest hash.

    So one that joins the cluster later decides anew only if its own hash is smaller still. The hash is another one than
    that which says where a document goes: the smallest of several numbers is small, so clusters of many documents
    would nearly all go to the first part.
    """
    order = key_hashes((f"first of {key}" for key in keys), seed=seed)
    by_hash = np.lexsort((order, cluster))
    firsts = np.unique(cluster[by_hash], return_index=True)[1]
    found: Integers = by_hash[firsts].astype(np.int64)
    return found
