"""The terms that models have in common, and models made to speak of these alone.

Scores of two models are comparable where they are of the same tokens: a model that leaves out rare words, or frequent
ones, predicts other tokens, and easier or harder ones. So models of several vocabularies are scored on the terms of
all, as if the others had been taken out of all documents, those of the training among them: p(term | topic) is made to
sum to 1 over these terms, and the prior of a document's topics is that of the tokens that are left (`prior_of_rest`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from lda.cluster.counts.sparse_sums import term_sums, topic_sums
from lda.corpus.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from lda.cluster import FrozenModel
    from lda.cluster.spec.fit_settings import Device
    from lda.evaluation.topic_model import TopicModel

    Rows = npt.NDArray[np.int64]


LEAST_SHARE: Final = 0.5
"""Part of the tokens of each model that must be of shared terms: of less, most words of topics have no counterpart."""

SMALLEST_KEPT: Final = 1e-6
"""Part of a topic that counts as left at least, for priors are to be positive."""


class CommonTerms(NamedTuple):
    """Terms that several models share, by name, in the order of the first one.

    terms: their names. rows: of each model, (n,) int64, their numbers there.
    """

    terms: list[str]
    rows: list[Rows]

    def same_as(self, model: TopicModel, at: int) -> bool:
        """Whether they are all terms of a model, the one at this place, in its own order."""
        return _are_all(self.rows[at], model)


def _are_all(rows: Rows, model: TopicModel) -> bool:
    """Whether these are the numbers of all terms of a model, in its own order."""
    return len(rows) == model.n_terms and bool((np.diff(rows) == 1).all())


def common_terms(*models: TopicModel) -> CommonTerms:
    """The terms that all models have. Numbers of columns, where terms have no names, are compared like names."""
    first = models[0].vocabulary
    kept = np.ones(len(first), dtype=np.bool_)
    found = []
    for model in models:
        if model.vocabulary == first:
            theirs = np.arange(len(first), dtype=np.int64)
        else:
            number = {term: row for row, term in enumerate(model.vocabulary)}
            theirs = np.array([number.get(term, -1) for term in first], dtype=np.int64)
        kept &= theirs >= 0
        found.append(theirs)
    every = np.flatnonzero(kept)
    return CommonTerms([first[row] for row in every.tolist()], [rows[every] for rows in found])


def share_of(model: TopicModel, rows: Rows) -> float:
    """Part of the model's tokens that are of these terms, 0 to 1; each topic weighs the same in a topic-word matrix."""
    sums = term_sums(model.language_counts)
    return float(sums[rows].sum() / max(sums.sum(), np.finfo(np.float64).tiny))


class TermShares(NamedTuple):
    """common: the terms of both models. first, second: part of the tokens of each that are of these, 0 to 1."""

    common: CommonTerms
    first: float
    second: float


def term_shares(first: TopicModel, second: TopicModel) -> TermShares:
    """What the vocabularies of two models have in common, however little that is."""
    common = common_terms(first, second)
    return TermShares(common, share_of(first, common.rows[0]), share_of(second, common.rows[1]))


def checked_shares(
    first: TopicModel, second: TopicModel, names: tuple[str, str] = ("the model", "the other")
) -> TermShares:
    """What the vocabularies of two models have in common, which must be enough to compare them.

    names: what the models are called in messages.

    Raises:
        DataError: shared terms hold less than half of the tokens of one of them, with the numbers.
    """
    found = term_shares(first, second)
    n_shared = len(found.common.terms)
    for name, share in zip(names, (found.first, found.second), strict=True):
        if share < LEAST_SHARE:
            raise DataError(
                f"{names[0]} and {names[1]} share {n_shared:,} of {first.n_terms:,} and {second.n_terms:,} "
                f"terms, with {share:.1%} of the tokens of {name}; a comparison needs {LEAST_SHARE:.0%}, so read the "
                "documents of both by one recipe"
            )
    return found


def prior_of_rest(alpha: npt.NDArray[np.float64], kept: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The prior of documents' topics among the tokens of some terms alone.

    If theta is Dirichlet(alpha), a token that is left has topic k with a probability in proportion to theta_k kept_k.
    theta being Gamma(alpha_k) variables over their sum, those are Gamma variables of the scales kept_k: the topics are
    in the proportion alpha_k kept_k, and the sum has the shape (sum alpha kept)^2 / (sum alpha kept^2), by its first
    two moments (Satterthwaite 1946, "An approximate distribution of estimates of variance components", Biometrics
    Bulletin 2). That is exact where all topics keep the same part, for documents that lose tokens at random lose
    nothing of their topics and alpha stays; and where a topic keeps nothing, and the others the same part.
    Rejected: alpha_k kept_k as it stands. With a third of all tokens left it makes documents of one topic of those of
    several: the model that had made the documents lost 0.056 nats a token (20 standard errors of the paired
    difference), so that whoever had the larger vocabulary was the worse. Rejected, too: alpha as it stands, which
    expects a topic of stop words in documents that have none of them any more (0.019 nats a token).

    Args:
        alpha: (K,) of the whole model.
        kept: (K,) part of its probability that each topic has on these terms, 0 to 1.

    Returns:
        (K,) positive.
    """
    kept = np.maximum(kept, SMALLEST_KEPT)
    weights = alpha * kept
    return np.asarray(weights * (weights.sum() / (weights @ kept)))


def shared_terms(vocabularies: Sequence[Sequence[str]]) -> list[str]:
    """The terms that are in all vocabularies, sorted, so that they are numbered alike whichever comes first.

    Raises:
        DataError: there are none.
    """
    found = set(vocabularies[0]).intersection(*vocabularies[1:])
    if not found:
        raise DataError(
            f"the {len(vocabularies)} vocabularies have no term in common; compare models of the same words"
        )
    return sorted(found)


def restricted(model: TopicModel, terms: Sequence[str], *, threads: int | None = None) -> FrozenModel:
    """The language model of some terms alone, numbered as they stand; see `frozen_on`.

    Raises:
        DataError: the model lacks one of the terms.
    """
    index = {term: number for number, term in enumerate(model.vocabulary)}
    missing = next((term for term in terms if term not in index), None)
    if missing is not None:
        raise DataError(f"the model has no term {missing!r}; restrict it to terms that it has")
    return frozen_on(model, [index[term] for term in terms], threads=threads)


def frozen_on(
    model: TopicModel, rows: Sequence[int] | Rows, *, threads: int | None = None, device: Device = "cpu"
) -> FrozenModel:
    """The language model of some terms alone, for documents in their ids: `rows[i]` is the model's number of id i.

    Args:
        model: the model.
        rows: (n,) numbers of terms, each once; all of them in their order give `model.frozen` itself.
        threads: None takes all cores.
        device: as of `model.frozen`.
    """
    from lda.cluster.sweeping.frozen_model import FrozenModel

    wanted = np.asarray(rows, dtype=np.int64)
    if _are_all(wanted, model):
        return model.frozen(threads=threads, device=device)
    if model.last_tokens is None:  # a topic-word matrix, which is p(term | topic) itself
        topic_word = model.topic_word[:, wanted]
        kept = topic_word.sum(axis=1)
        # A topic without any of the terms is none of these documents: what its words are makes no difference.
        topic_word = np.where(
            kept > 0, topic_word.T / np.where(kept > 0, kept, 1.0), 1 / max(len(wanted), 1)
        ).T
        alpha = prior_of_rest(model.alpha, kept)
        return FrozenModel.of_topic_word(topic_word, alpha, threads=threads, device=device)
    counts, beta = model.language_counts.tocsr(), model.beta
    some = counts[wanted]
    kept = (topic_sums(some) + len(wanted) * beta) / (topic_sums(counts) + model.n_terms * beta)
    return FrozenModel(
        some, prior_of_rest(model.alpha, np.asarray(kept)), beta, threads=threads, device=device
    )
