"""Diagnostics of single topics, under the names and by the definitions of MALLET's TopicModelDiagnostics.

Those that describe a topic's words come from the topic-word counts alone; those that ask how documents use the
topic need documents, and the topics of their tokens.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from lda.cluster.counts.sparse_sums import term_sums, topic_sums
from lda.progress import plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt
    from scipy.sparse import csc_matrix, csr_matrix

    from lda.cluster.spec.fit_settings import Device
    from lda.corpus import DocumentBatch
    from lda.evaluation.document_usage import DocumentUse
    from lda.evaluation.topic_model import TopicModel

    Floats = npt.NDArray[np.float64]
    TopWords = list[npt.NDArray[np.int32]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TopicDiagnostics:
    """Numbers about each topic, (K,) float64; NaN where a topic has no words, None where documents were needed.

    n topics words below are the `n_words` most probable ones; p(w) = n_kw / n_k; logarithms are natural.

    Attributes:
        n_words: top words that take part where top words do.
        tokens: n_k in the model's last state; of a topic-word matrix, in the documents.
        word_length: mean length of the top words in characters; words of bad topics are often short.
        uniform_dist: Kullback-Leibler divergence of p from the uniform distribution: small for vague topics.
        corpus_dist: that of p from the corpus' own distribution: small for topics that say nothing of their own.
        eff_num_words: 1 / sum p(w)^2, the number of words it would take if all were equally probable.
        exclusivity: mean over top words of p(w | k) / sum over topics of p(w | topic), smoothed by beta (from the
            description of later versions of MALLET).
        document_entropy: of the distribution of its tokens over documents: low where few documents hold it all.
        coherence: sum over pairs of top words, j before i, of log((n_ij + beta) / (n_j + beta)); n counts the
            documents in which tokens of those words have this topic (Mimno et al., EMNLP 2011, in MALLET's form).
        token_doc_diff: Jensen-Shannon divergence of the top words' shares by token and by document: high where
            a word fills few documents.
        rank_1_docs: of the documents that hold the topic, the share in which it is the most frequent one.
        allocation_ratio: documents in which its share is 0.5 or more / those in which it is 0.02 or more.
        allocation_count: of the documents that hold the topic, the share in which it makes up 0.3 or more.
    """

    n_words: int
    tokens: Floats | None
    word_length: Floats
    uniform_dist: Floats
    corpus_dist: Floats | None
    eff_num_words: Floats
    exclusivity: Floats
    document_entropy: Floats | None = None
    coherence: Floats | None = None
    token_doc_diff: Floats | None = None
    rank_1_docs: Floats | None = None
    allocation_ratio: Floats | None = None
    allocation_count: Floats | None = None

    def __repr__(self) -> str:
        columns = self.columns()
        n_topics = plural(len(self.word_length), "topic")
        return f"TopicDiagnostics({n_topics}, {self.n_words} words a topic: {', '.join(columns)})"

    def columns(self) -> dict[str, Floats]:
        """Those that are there, by name, each (K,): the columns of a table."""
        found = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "n_words"}
        return {name: value for name, value in found.items() if value is not None}

    def to_dict(self) -> dict[str, Any]:
        """All fields, as plain values."""
        columns = {name: value.tolist() for name, value in self.columns().items()}
        absent = {field.name: None for field in fields(self) if field.name != "n_words"}
        return {"n_words": self.n_words, **absent, **columns}


def diagnose(
    model: TopicModel,
    batches: Iterable[DocumentBatch] | None,
    *,
    n_words: int,
    seed: int = 0,
    threads: int | None = None,
    device: Device = "cpu",
    use: DocumentUse | None = None,
) -> TopicDiagnostics:
    """Diagnostics with documents that stream by, with a `DocumentUse` already added up, or without either.

    Raises:
        ValueError: `n_words` is below 1. DataError: a document is impossible under the model.
    """
    from lda.evaluation.document_usage import use_of_documents
    from lda.evaluation.documents import possible

    if n_words < 1:
        raise ValueError(f"n_words must be 1 or more, got {n_words}")
    words = model.top_words(n_words)
    if batches is not None:
        ids = term_ids(words, model.vocabulary)
        frozen = model.frozen(threads=threads, device=device)
        use = use_of_documents(frozen, possible(model, batches), model.alpha, ids, seed)
    return describe_topics(
        model.language_counts,
        model.beta,
        words,
        model.vocabulary,
        n_words=n_words,
        tokens=model.last_tokens,
        use=use,
    )


def describe_topics(
    counts: csr_matrix,
    beta: float,
    top_words: Sequence[Sequence[str]],
    vocabulary: Sequence[str],
    *,
    n_words: int,
    tokens: Floats | None,
    use: DocumentUse | None,
) -> TopicDiagnostics:
    """All diagnostics that can be had.

    Args:
        counts: (V, K) CSR, n_kw, or p(w | k) of a topic-word matrix.
        beta: smoothing.
        top_words: the most probable terms of each topic, best first.
        vocabulary: V terms.
        n_words: how many top words take part.
        tokens: (K,) n_k to report; None for a topic-word matrix, of which the corpus is not known either.
        use: how documents use the topics, if there are any.
    """
    top_words = [words[:n_words] for words in top_words]
    ids = term_ids(top_words, vocabulary)
    totals = topic_sums(counts)
    with np.errstate(divide="ignore", invalid="ignore"):  # an empty topic has no diagnostics: 0 / 0 is NaN
        p, term, topic = _probabilities(counts, totals)
        n_topics = len(totals)
        held = p > 0
        p, term, topic = p[held], term[held], topic[held]
        uniform = np.bincount(topic, weights=p * np.log(p * counts.shape[0]), minlength=n_topics)
        squares = np.bincount(topic, weights=p * p, minlength=n_topics)
        corpus = None
        if tokens is not None:
            share = term_sums(counts) / totals.sum()
            corpus = _nan_where_empty(
                np.bincount(topic, weights=p * np.log(p / share[term]), minlength=n_topics), totals
            )
        return TopicDiagnostics(
            n_words=n_words,
            tokens=use.n_k.astype(np.float64) if tokens is None and use is not None else tokens,
            word_length=np.array([_mean([len(word) for word in words]) for words in top_words]),
            uniform_dist=_nan_where_empty(uniform, totals),
            corpus_dist=corpus,
            eff_num_words=1.0 / np.where(squares > 0, squares, np.nan),
            exclusivity=_exclusivity(counts, totals, beta, ids),
            **({} if use is None else _of_documents(counts, beta, ids, use)),
        )


def term_ids(top_words: Sequence[Sequence[str]], vocabulary: Sequence[str]) -> TopWords:
    """Term numbers of each topic's words."""
    index = {term: number for number, term in enumerate(vocabulary)}
    return [np.array([index[word] for word in words], dtype=np.int32) for words in top_words]


def _probabilities(
    counts: csr_matrix, totals: Floats
) -> tuple[Floats, npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """p(w | k), term and topic of each entry."""
    term = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
    return counts.data / totals[counts.indices], term, counts.indices


def _exclusivity(counts: csr_matrix, totals: Floats, beta: float, ids: TopWords) -> Floats:
    inverse = 1.0 / (totals + counts.shape[0] * beta)
    everywhere = counts @ inverse + beta * inverse.sum()
    found = _top_counts(counts.tocsc(), ids)
    return np.array(
        [_mean((n + beta) * inverse[k] / everywhere[ids[k]]) for k, n in enumerate(found)], dtype=np.float64
    )


def _of_documents(counts: csr_matrix, beta: float, ids: TopWords, use: DocumentUse) -> dict[str, Floats]:
    found = {
        "document_entropy": np.where(use.n_k > 0, np.log(use.n_k) - use.n_log_n / use.n_k, np.nan),
        "rank_1_docs": use.n_first / use.n_holding,
        "allocation_ratio": use.n_at_least[0.5] / use.n_at_least[0.02],
        "allocation_count": use.n_at_least[0.3] / use.n_holding,
    }
    if use.together is not None:
        found["coherence"] = np.array([_mimno(n, beta) for n in use.together])
        by_token = _top_counts(counts.tocsc(), ids)
        pairs = zip(by_token, use.together, strict=True)
        found["token_doc_diff"] = np.array([_jensen_shannon(n, np.diag(m)) for n, m in pairs])
    return found


def _top_counts(columns: csc_matrix, ids: TopWords) -> list[Floats]:
    """n_kw of the top words of each topic."""
    found = []
    for k, terms in enumerate(ids):
        part = slice(columns.indptr[k], columns.indptr[k + 1])
        at = np.searchsorted(columns.indices[part], terms)
        found.append(columns.data[part][at].astype(np.float64) if len(terms) else np.zeros(0))
    return found


def _mimno(together: npt.NDArray[np.int64], beta: float) -> float:
    if len(together) < 2:
        return float("nan")
    i, j = np.tril_indices(len(together), -1)
    return float(np.log((together[i, j] + beta) / (np.diag(together)[j] + beta)).sum())


def _jensen_shannon(a: Floats, b: npt.NDArray[np.int64]) -> float:
    if not a.sum() or not b.sum():
        return float("nan")
    p, q = a / a.sum(), b / b.sum()
    middle = (p + q) / 2
    return float(sum(0.5 * np.sum(x[x > 0] * np.log(x[x > 0] / middle[x > 0])) for x in (p, q)))


def _mean(values: Any) -> float:  # noqa: ANN401 - a list or an array of numbers
    return float(np.mean(values)) if len(values) else float("nan")


def _nan_where_empty(values: npt.NDArray[Any], totals: Floats) -> Floats:
    return np.where(totals > 0, values, np.nan)
