"""A topic split by hand, as documents show it.

The tokens of the topic in the documents, which the model infers, are a corpus of their own: a document holds its
tokens of that topic. A fit of that corpus says, term by term, what part of the topic's tokens each new topic gets.
The counts of the model are divided in that proportion, so they add up to what they were, whether or not the documents
are those of the fit; all other topics stay as they are. Rejected: to resample these tokens within the model, for it
has no topics of tokens, and what documents that it was not fitted to hold need not add up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from lda.cluster.counts.fingerprint import fingerprint
from lda.corpus.errors import DataError
from lda.evaluation.documents import offsets_of
from lda.model.merging import check_topic
from lda.model.renumbered import edited_record, named

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt
    from scipy.sparse import csr_matrix

    from lda.cluster import FrozenModel
    from lda.corpus import DocumentBatch
    from lda.model.fields import ModelFields

    Floats = npt.NDArray[np.float64]

SWEEPS: Final = 200
"""Of the fit of the topic's tokens, which are few."""


def split(
    model: ModelFields,
    frozen: FrozenModel,
    topic: int,
    batches: Iterable[DocumentBatch],
    *,
    into: int = 2,
    seed: int | None = None,
    threads: int | None = None,
    command: str | None = None,
) -> ModelFields:
    """The model with several topics instead of one.

    The largest part keeps the topic's number and name; the others become the last topics, and have no name. alpha is
    divided as the tokens are.

    Args:
        model: the model.
        frozen: the same, prepared for inference.
        topic: its number.
        batches: documents in the ids of the model's vocabulary, those of the fit, or others like them.
        into: how many topics, 2 or more.
        seed: of inference and of the fit of the topic's tokens; None takes the seed of the model's fit.
        threads: None takes all cores; the answer does not depend on it.
        command: a shell command that repeats this, for the record.

    Raises:
        ValueError: there is no such topic, it is frozen, or `into` is below 2.
        DataError: the documents have too few tokens of the topic to tell parts of it.
    """
    n_topics = len(model.alpha)
    check_topic(n_topics, topic)
    if into < 2:
        raise ValueError(f"a topic is split into two or more, got {into}")
    if topic in model.frozen_topics:
        raise ValueError(
            f"topic {topic} is frozen: its words are its seed words, and documents do not say more"
        )
    seed = model.record.seed if seed is None else seed
    tokens = _tokens_of(frozen, topic, batches, seed)
    parts = _parts(topic, tokens, into, seed, threads)
    whole = model.counts[:, [topic]].toarray().ravel()
    counts = divided(whole, parts)
    sizes = counts.sum(axis=0)
    if not sizes.all():
        raise DataError(
            f"the documents divide topic {topic} into {int((sizes > 0).sum())} topics, not {into}; split it into "
            "fewer, or give more documents"
        )
    order = np.argsort(-sizes, kind="stable")
    parts, counts, share = parts[:, order], counts[:, order], sizes[order] / sizes.sum()
    alpha = np.concatenate([model.alpha, model.alpha[topic] * share[1:]])
    alpha[topic] *= share[0]
    found = model._replace(
        counts=_with_columns(model.counts, topic, counts),
        alpha=alpha,
        soft_counts=_averages(model.soft_counts, topic, parts),
        mean_counts=_averages(model.mean_counts, topic, parts),
        word_prior=None
        if model.word_prior is None
        else _with_columns(
            model.word_prior, topic, divided(model.word_prior[:, [topic]].toarray().ravel(), parts)
        ),
        labels=None if model.labels is None else named(model.labels.names),
    )
    parent = {
        "kind": "split",
        "fingerprint": fingerprint(model.counts),
        "topic": str(topic),
        "into": " ".join(map(str, [topic, *range(n_topics, len(alpha))])),
        "seed": str(seed),
    }
    return found._replace(record=edited_record(model.record, parent, alpha, command=command))


def _tokens_of(frozen: FrozenModel, topic: int, batches: Iterable[DocumentBatch], seed: int) -> csr_matrix:
    """(D, V) int32, the tokens that the model gives to the topic in each document that has some."""
    from scipy.sparse import csr_matrix

    words, lengths = [np.zeros(0, dtype=np.int32)], [np.zeros(0, dtype=np.int64)]
    for batch in batches:
        terms, z = frozen.topics_of_tokens(batch.doc_offsets, batch.words, seed=seed)
        of_topic = z == topic
        before = np.concatenate([[0], np.cumsum(of_topic)])[batch.doc_offsets]
        size = np.diff(before)
        words.append(terms[of_topic])
        lengths.append(size[size > 0])
    offsets = offsets_of(lengths)
    every = np.concatenate(words)
    ones = np.ones(len(every), dtype=np.int32)
    found = csr_matrix((ones, every, offsets), shape=(len(offsets) - 1, frozen.n_terms))
    found.sum_duplicates()
    return found


def _parts(topic: int, tokens: csr_matrix, into: int, seed: int, threads: int | None) -> Floats:
    """(V, into) float64, rows sum to 1: what part of each term's tokens each new topic gets."""
    from lda.cluster import FitSettings, fit
    from lda.corpus import as_corpus

    used = np.flatnonzero(np.asarray(tokens.sum(axis=0)).ravel())
    if len(used) < into or tokens.shape[0] < into:
        raise DataError(
            f"the documents hold {int(tokens.sum()):,} tokens of topic {topic}, of {len(used):,} terms in "
            f"{tokens.shape[0]:,} documents, too few to split it into {into}; give those that the model was fitted to"
        )
    settings = FitSettings(n_topics=into, sweeps=SWEEPS, seed=seed, threads=threads)
    result = fit(as_corpus(tokens[:, used]), settings, document_topics=False)
    counts = result.topic_word_counts if result.soft_counts is None else result.soft_counts
    assert counts is not None
    weights = np.asarray(counts.toarray(), dtype=np.float64)
    parts = np.tile(weights.sum(axis=0) / weights.sum(), (tokens.shape[1], 1))
    sums = weights.sum(axis=1)
    some = sums > 0
    parts[used[some]] = weights[some] / sums[some, None]
    return parts


def divided(whole: npt.NDArray[np.integer], parts: Floats) -> npt.NDArray[np.int32]:
    """(V, n) int32, whole numbers (V,) divided in proportion, so that rows add up: by largest remainders."""
    exact = whole[:, None] * parts
    found = np.floor(exact).astype(np.int64)
    rest = whole.astype(np.int64) - found.sum(axis=1)
    rank = np.argsort(np.argsort(found - exact, axis=1, kind="stable"), axis=1, kind="stable")
    found += rank < rest[:, None]
    return found.astype(np.int32)


def _averages(matrix: csr_matrix | None, topic: int, parts: Floats) -> csr_matrix | None:
    if matrix is None:
        return None
    whole = matrix[:, [topic]].toarray()
    return _with_columns(matrix, topic, np.asarray(whole * parts, dtype=matrix.dtype))


def _with_columns(matrix: csr_matrix, topic: int, columns: npt.NDArray[np.generic]) -> csr_matrix:
    """(V, K + n - 1): the first of n columns in place of one, the others behind all."""
    from scipy.sparse import csc_matrix, csr_matrix, hstack

    wide = matrix.tocsc()
    first = csc_matrix(columns[:, [0]].astype(matrix.dtype))
    rest = csc_matrix(columns[:, 1:].astype(matrix.dtype))
    found = csr_matrix(hstack([wide[:, :topic], first, wide[:, topic + 1 :], rest], format="csr"))
    found.sort_indices()
    return found
