"""Held-out likelihood: how well a model predicts documents that it has not seen, with its standard error."""

from __future__ import annotations

import warnings
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from lda.corpus.errors import DataError
from lda.progress import plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from lda.cluster import FrozenModel
    from lda.corpus import DocumentBatch
    from lda.evaluation.topic_model import TopicModel
    from lda.evaluation.trained_documents import Hashes

    Floats = npt.NDArray[np.float64]

Estimator = Literal["completion", "left-to-right"]
ESTIMATORS: Final[tuple[Estimator, ...]] = ("completion", "left-to-right")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldoutScore:
    """Log-likelihood of held-out documents, all in nats.

    Attributes:
        estimator: "completion" or "left-to-right"; numbers of the two are not comparable.
        log_likelihood: per scored token, over all documents, that is the sum of logarithms / number of tokens.
        standard_error: of `log_likelihood`, over documents; NaN for fewer than two scored documents.
        n_documents: documents read.
        n_scored_documents: those with a token to score.
        n_tokens: known words read.
        n_scored_tokens: those scored, about half of them by completion.
        n_unknown: words left out because the model's vocabulary lacks them.
        n_trained: scored documents that the model was trained on, by content; None if the model does not know.
        seed: what the split and the sampling were drawn with.
    """

    estimator: Estimator
    log_likelihood: float
    standard_error: float
    n_documents: int
    n_scored_documents: int
    n_tokens: int
    n_scored_tokens: int
    n_unknown: int
    n_trained: int | None
    seed: int

    @property
    def perplexity(self) -> float | None:
        """exp(-log_likelihood); None for left-to-right: only the result of document completion is called perplexity."""
        return float(np.exp(-self.log_likelihood)) if self.estimator == "completion" else None

    def __repr__(self) -> str:
        perplexity = "" if self.perplexity is None else f", perplexity {self.perplexity:,.2f}"
        return (
            f"HeldoutScore({self.estimator}, {self.log_likelihood:.4f} nats per token, standard error "
            f"{self.standard_error:.4f}{perplexity}, {plural(self.n_scored_tokens, 'token')} of "
            f"{plural(self.n_scored_documents, 'document')})"
        )

    def to_dict(self) -> dict[str, Any]:
        """The fields and the perplexity, as plain values."""
        return {**asdict(self), "perplexity": self.perplexity}


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimation:
    """How to estimate: everything but the model and the documents.

    burn_in, samples: sweeps over the seen half before theta is averaged, and sweeps averaged. particles: states
    of a document in the left-to-right estimator. None takes the default of `lda.cluster.sweeping.frozen_model`.
    """

    estimator: Estimator = "completion"
    seed: int = 0
    burn_in: int | None = None
    samples: int | None = None
    particles: int | None = None

    def __post_init__(self) -> None:
        if self.estimator not in ESTIMATORS:
            raise ValueError(f"estimator must be one of {', '.join(ESTIMATORS)}, got {self.estimator!r}")
        for name, least in (("burn_in", 0), ("samples", 1), ("particles", 1)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise ValueError(f"{name} must be {least} or more, got {value}")

    def score(self, frozen: FrozenModel, batch: DocumentBatch) -> tuple[Floats, npt.NDArray[np.int64]]:
        """(log-likelihood, number of scored tokens) of each document."""
        if self.estimator == "completion":
            asked = {"burn_in": self.burn_in, "samples": self.samples}
            options = {name: value for name, value in asked.items() if value is not None}
            return frozen.completion(batch.doc_offsets, batch.words, seed=self.seed, **options)
        options = {} if self.particles is None else {"particles": self.particles}
        return frozen.left_to_right(batch.doc_offsets, batch.words, seed=self.seed, **options)


_told: Final[set[str]] = set()
"""What this process has been warned of, of that which it is told once."""


def score_on(
    model: TopicModel, X: object, how: Estimation, frozen: FrozenModel, *, once: bool = False
) -> HeldoutScore:
    """Score the documents X, everything that `as_corpus` takes; warns of those that the model was trained on.

    once: warn the first time only. Python's own filters cannot: the numbers in the text differ, and scikit-learn sets
    them anew for each fold.

    Raises:
        DataError, TypeError: as `batches_of`, `possible` and `score_documents`.
    """
    from lda.evaluation.documents import batches_of

    found = score_batches(model, batches_of(model, X, tell=True), how, frozen)
    if found.n_trained and not (once and "trained" in _told):
        if once:
            _told.add("trained")
        warnings.warn(trained_warning(found), stacklevel=3)
    return found


def score_batches(
    model: TopicModel, batches: Iterable[DocumentBatch], how: Estimation, frozen: FrozenModel
) -> HeldoutScore:
    """Score documents as they stream by, in the ids of the model, and count those that it was trained on.

    Raises:
        DataError: as `possible` and `score_documents`.
    """
    from lda.evaluation.documents import possible

    return score_documents(
        frozen, possible(model, batches), how, vocabulary=model.hashed_terms, trained=model.document_hashes
    )


def trained_warning(score: HeldoutScore) -> str:
    """What to say of a score on documents that are not held out."""
    return (
        f"{score.n_trained or 0:,} of {score.n_scored_documents:,} scored documents have the same words as "
        "documents that the model was trained on, so the score is too good; leave them out"
    )


def score_documents(
    frozen: FrozenModel,
    batches: Iterable[DocumentBatch],
    how: Estimation,
    *,
    vocabulary: Sequence[str],
    trained: Hashes | None = None,
) -> HeldoutScore:
    """Score documents as they stream by; 16 bytes a document are kept.

    trained: sorted content hashes of the training documents, to count those that come again.

    Raises:
        DataError: there are no documents, none of their words is known, or none has a token to score.
    """
    from lda.corpus.document_hashes import document_hashes, term_hashes
    from lda.evaluation.trained_documents import n_among

    hashes = None if trained is None else term_hashes(vocabulary)
    scores, tokens = [np.zeros(0)], [np.zeros(0, dtype=np.int64)]
    n_tokens = n_unknown = n_trained = 0
    for batch in batches:
        score, n = how.score(frozen, batch)
        scores.append(score)
        tokens.append(n)
        n_tokens += len(batch.words)
        n_unknown += batch.n_unknown
        if trained is not None and hashes is not None:
            content = document_hashes(batch.doc_offsets, batch.words, hashes)
            n_trained += n_among(content[n > 0], trained)
    score, n = np.concatenate(scores), np.concatenate(tokens)
    _check(len(n), n_tokens, n_unknown, int(n.sum()))
    value, error = ratio(score, n)
    return HeldoutScore(
        estimator=how.estimator,
        log_likelihood=value,
        standard_error=error,
        n_documents=len(n),
        n_scored_documents=int((n > 0).sum()),
        n_tokens=n_tokens,
        n_scored_tokens=int(n.sum()),
        n_unknown=n_unknown,
        n_trained=None if trained is None else n_trained,
        seed=how.seed,
    )


def ratio(totals: Floats, sizes: npt.NDArray[np.int64]) -> tuple[float, float]:
    """(sum of totals / sum of sizes, its standard error over documents), both (D,); empty documents are left out.

    The error is that of a ratio estimator: Cochran, Sampling Techniques, 3rd edition, equation 2.46. Documents
    are the sample; tokens are not independent, and an error over tokens would be too small.
    """
    totals, sizes = totals[sizes > 0], sizes[sizes > 0]
    value = float(totals.sum() / sizes.sum())
    n = len(sizes)
    if n < 2:
        return value, float("nan")
    rest = totals - value * sizes
    return value, float(np.sqrt(n / (n - 1) * (rest**2).sum()) / sizes.sum())


def _check(n_documents: int, n_tokens: int, n_unknown: int, n_scored: int) -> None:
    if not n_documents:
        raise DataError("there are no held-out documents to score; check the input")
    if not n_tokens and not n_unknown:
        raise DataError(
            f"all of the {n_documents:,} held-out documents are empty, so there is nothing to score; check the input"
        )
    if not n_tokens:
        raise DataError(
            f"the model knows none of the {n_unknown:,} words of {n_documents:,} held-out documents; "
            "check language, text field and format, or give the vocabulary of counted input"
        )
    if not n_scored:
        raise DataError(
            f"none of {n_documents:,} held-out documents has two words that the model knows, "
            "so there is nothing to score; give longer documents"
        )
