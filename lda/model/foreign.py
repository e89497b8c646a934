"""Topics that another program has fitted, as the fields of a `Model`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lda.corpus.errors import DataError
from lda.corpus.terms import has_names
from lda.model.checks import check_vocabulary
from lda.model.fields import ModelFields
from lda.model.run_record import RunRecord, package_versions

if TYPE_CHECKING:
    import numpy.typing as npt
    from scipy.sparse import csr_matrix

    from lda.interop.foreign_topics import ForeignTopics

TERMS_AT_A_TIME: Final = 2**14


def fields_of(topics: ForeignTopics) -> ModelFields:
    """The fields of a model with these topics, to rounding in single precision.

    What they are made of becomes the soft counts, and whole numbers near these the counts: there was no last state of a
    chain. The record has neither sweeps nor history, and calls the sampler "own:" and the program.

    Raises:
        DataError: there are no tokens, terms that are the same, or priors that no fit of ours may have.
    """
    from lda.cluster import FitSettings
    from lda.samplers.registry import OWN

    counts = whole_counts(topics.counts)
    n_tokens = int(counts.data.sum(dtype=np.int64))
    if not n_tokens:
        raise DataError(f"the model of {topics.program} holds no tokens; train it first")
    try:
        check_vocabulary(topics.vocabulary)
        settings = FitSettings(
            n_topics=counts.shape[1],
            alpha=tuple(topics.alpha.tolist()),
            beta=topics.beta,
            sweeps=0,
            seed=topics.seed,
        ).to_dict()
    except ValueError as error:
        raise DataError(f"the model of {topics.program} cannot be taken over: {error}") from None
    record = RunRecord(
        settings={**settings, "sampler": OWN + topics.program},
        history=(),
        seed=topics.seed,
        n_sweeps=0,
        interrupted=False,
        seconds={"read": 0.0, "fit": 0.0},
        tokens_per_second=0.0,
        n_documents=topics.n_documents,
        n_empty_documents=0,
        n_tokens=n_tokens,
        n_trained_tokens=n_tokens,
        corpus_hash="unknown",
        recipe=None,
        named_terms=has_names(topics.vocabulary),
        versions={**package_versions(), topics.program: topics.version},
    )
    soft = topics.counts.astype(np.float32).tocsr()
    soft.sort_indices()
    return ModelFields(
        counts=counts,
        alpha=topics.alpha,
        beta=topics.beta,
        vocabulary=topics.vocabulary,
        record=record,
        soft_counts=soft,
    )


def whole_counts(counts: csr_matrix) -> csr_matrix:
    """(V, K) int32 CSR near expected counts, each term with as many tokens as it has in all, rounded.

    What is left of a term when its counts are rounded down goes to the topics with the largest remainders, the first
    of equal ones. Rejected: rounding each alone, which takes all its tokens from a rare term that is in many topics.
    """
    from scipy.sparse import csr_matrix, vstack

    rows = counts.tocsr()
    parts = []
    for first in range(0, rows.shape[0], TERMS_AT_A_TIME):
        dense: npt.NDArray[Any] = rows[first : first + TERMS_AT_A_TIME].toarray().astype(np.float64)
        whole = np.floor(dense)
        left = (np.rint(dense.sum(axis=1)) - whole.sum(axis=1)).astype(np.int64)
        rank = np.argsort(np.argsort(whole - dense, axis=1, kind="stable"), axis=1, kind="stable")
        whole += rank < left[:, None]
        parts.append(csr_matrix(whole.astype(np.int32)))
    found = csr_matrix(vstack(parts, format="csr"))
    found.sort_indices()
    return found
