"""A model that a mini-batch of documents has joined: the counts of both, under the vocabulary of the first."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from lda.model.run_record import PARTS

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from lda.model.model import Model
    from lda.model.run_record import RunRecord


def joined(model: Model, batch: Model) -> Model:
    """The model so far and that of a mini-batch, which was fitted with the counts so far as its prior, as one.

    Names of topics, vocabulary and priors are those of the model so far; counts, soft counts and what is known of
    documents are those of both.

    Raises:
        ValueError: they differ in shape.
    """
    if model.counts.shape != batch.counts.shape:
        raise ValueError(
            f"a mini-batch must have the model's terms and topics, {model.counts.shape}, got {batch.counts.shape}"
        )
    soft = None
    if model.document_counts is not model.counts or batch.soft_counts is not None:
        soft = _sum(model.document_counts, batch.document_counts).astype(np.float32)
    hashes = None
    if model.document_hashes is not None and batch.document_hashes is not None:
        hashes = np.union1d(model.document_hashes, batch.document_hashes)
    found = replace(
        model,
        counts=_sum(model.counts, batch.counts),
        soft_counts=soft,
        mean_counts=None,
        record=joined_record(model.record, batch.record),
        document_hashes=hashes,
    )
    return replace(found, labels=model.labels.of_model(found.fingerprint(), found.n_topics))


def joined_record(so_far: RunRecord, batch: RunRecord) -> RunRecord:
    """One record of two runs: sizes, seconds and sweeps add up, and the sweeps of the second follow the first's.

    Settings, seed and recipe are the first's. The content hash is made of both, and is that of no corpus. Likelihoods
    of training are left out, for each was that of its own documents, and none is that of the model.
    """
    before = so_far.seconds["fit"]
    unknown = {"log_likelihood": None}
    earlier = tuple(row | unknown for row in so_far.history)
    later = tuple(
        {**row, "sweep": row["sweep"] + so_far.n_sweeps, "seconds": row["seconds"] + before} | unknown
        for row in batch.history
    )
    content = hashlib.sha256(f"{so_far.corpus_hash} {batch.corpus_hash}".encode()).hexdigest()
    return replace(
        so_far,
        history=earlier + later,
        n_sweeps=so_far.n_sweeps + batch.n_sweeps,
        interrupted=so_far.interrupted or batch.interrupted,
        seconds={
            name: so_far.seconds[name] + batch.seconds[name]
            for name in PARTS
            if name in so_far.seconds and name in batch.seconds
        },
        tokens_per_second=batch.tokens_per_second,
        n_documents=so_far.n_documents + batch.n_documents,
        n_empty_documents=so_far.n_empty_documents + batch.n_empty_documents,
        n_tokens=so_far.n_tokens + batch.n_tokens,
        n_trained_tokens=so_far.n_trained_tokens + batch.n_trained_tokens,
        corpus_hash=content,
        versions=batch.versions,
        command=None,
        machine=batch.machine,
        code=batch.code,
        metrics={},
        peak_bytes=batch.peak_bytes,
        ended=batch.ended,
        mini_batches=so_far.mini_batches + batch.mini_batches,
    )


def _sum(one: csr_matrix, other: csr_matrix) -> csr_matrix:
    """Their sum in the type of the first, indices sorted."""
    from scipy.sparse import csr_matrix

    found = csr_matrix(one + other, dtype=one.dtype)
    found.sort_indices()
    return found
