"""What is found of drift: numbers about new documents and reference documents, and which limits they pass."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, NamedTuple

from lda.progress import plural

SURE: Final = 0.99
"""Of a one-sided bound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftLimits:
    """What is still no drift; None for any value.

    Attributes:
        max_unknown: share of unknown words, as far as it is above that of the reference documents, 0 to 1.
        max_shift: Jensen-Shannon distance of topic shares, 0 to 1.
        max_loss: log-likelihood that new documents lose to the reference, nats a token.
    """

    max_unknown: float | None = 0.2
    max_shift: float | None = 0.1
    max_loss: float | None = 0.1

    def __post_init__(self) -> None:
        for name, most in (("max_unknown", 1.0), ("max_shift", 1.0), ("max_loss", math.inf)):
            value = getattr(self, name)
            if value is not None and not (0 <= value <= most and math.isfinite(value)):
                at_most = f" to {most:g}" if most < math.inf else " or more, or None for any"
                raise ValueError(f"{name} must be 0{at_most}, got {value}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftDocuments:
    """Documents that are compared. None where it cannot be told: the training leaves less than documents do.

    Attributes:
        n_documents: all of them.
        n_empty_documents: those without a word that the model knows.
        n_wordless_documents: those without any word.
        n_trained: those with the same words as a document that the model was fitted to.
        n_tokens: words that the model knows.
        n_unknown: those that it does not know; words that its limits of frequency kept out are among them.
        unknown_share: their part of all words.
        unknown_error: its standard error, over documents.
        log_likelihood: by document completion, nats a token. Of reference documents, only those count that the model
            was not fitted to.
        log_likelihood_error: its standard error, over documents.
        n_scored_tokens: tokens of `log_likelihood`.
        n_scored_documents: documents of `log_likelihood`.
        mean_length: words of a document, known or not.
        lengths: the same, of the short ones, the middle and the long ones: quantiles 0.1, 0.5 and 0.9.
        shares: (K,) part of the tokens of each topic.
    """

    n_documents: int
    n_empty_documents: int
    n_wordless_documents: int | None
    n_trained: int | None
    n_tokens: int
    n_unknown: int | None
    unknown_share: float | None
    unknown_error: float | None
    log_likelihood: float | None
    log_likelihood_error: float | None
    n_scored_tokens: int | None
    n_scored_documents: int | None
    mean_length: float
    lengths: tuple[float, ...] | None
    shares: tuple[float, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftTopic:
    """How the share of a topic moved.

    Attributes:
        topic: its number.
        name: its name, or None.
        words: its most probable terms.
        share: part of the tokens of the new documents.
        reference_share: part of the tokens of the reference.
        difference: the first less the second.
        low, high: its 95 % interval, by Student's t over documents; None for a single document. Documents of the
            training are taken to vary as the new ones do.
    """

    topic: int
    name: str | None
    words: tuple[str, ...]
    share: float
    reference_share: float
    difference: float
    low: float | None
    high: float | None


class DriftCheck(NamedTuple):
    """A measure, and its limit.

    Attributes:
        name: "unknown", "shift" or "loss".
        value: the measure; None where it cannot be told.
        bound: what it is at least, in 99 % of cases; of "shift", what chance alone makes at most in 99 %.
        limit: what is still no drift; None for any value.
        exceeded: whether the measure is beyond the limit, and chance does not explain that.
    """

    name: Literal["unknown", "shift", "loss"]
    value: float | None
    bound: float | None
    limit: float | None
    exceeded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How new documents differ from reference documents, or from what the training has left.

    Attributes:
        new: the new documents.
        reference: what they are compared with.
        against: "reference" for documents that were read and inferred like the new ones, "training" for what the model
            knows of its own.
        distance: Jensen-Shannon distance of the topic shares, 0 to 1; None if those of a side hold no known word.
        distance_noise: what it is at most, in 99 % of cases, if only chance tells the documents apart.
        topics: all topics, those first whose shares moved most.
        unknown_words: (word, tokens) of the most frequent ones that the model does not know, of the new documents.
        limits: what is still no drift.
        seed: of inference and of all that is drawn.
    """

    new: DriftDocuments
    reference: DriftDocuments
    against: Literal["reference", "training"]
    distance: float | None
    distance_noise: float | None
    topics: tuple[DriftTopic, ...]
    unknown_words: tuple[tuple[str, int], ...]
    limits: DriftLimits
    seed: int

    @property
    def loss(self) -> float | None:
        """Nats a token that the new documents are predicted worse; None where either likelihood is not known."""
        mine, theirs = self.new.log_likelihood, self.reference.log_likelihood
        return None if mine is None or theirs is None else theirs - mine

    @property
    def loss_error(self) -> float | None:
        """Its standard error; None for a single document."""
        mine = self.new.log_likelihood_error
        if self.loss is None or mine is None:
            return None
        return math.hypot(mine, self.reference.log_likelihood_error or 0.0)

    @property
    def unknown_rise(self) -> float:
        """Share of unknown words, less that of the reference documents."""
        return (self.new.unknown_share or 0.0) - (self.reference.unknown_share or 0.0)

    @property
    def checks(self) -> tuple[DriftCheck, ...]:
        """The three measures with their limits."""
        rise, limits = self.unknown_rise, self.limits
        error = math.hypot(self.new.unknown_error or 0.0, self.reference.unknown_error or 0.0)
        loss, loss_error = self.loss, self.loss_error
        unknown_times, shift_times, loss_times = map(_times, self._n_telling)
        unknown = None if unknown_times is None else rise - unknown_times * error
        least = (
            None
            if loss_times is None or loss is None or loss_error is None
            else loss - loss_times * loss_error
        )
        shift, noise = self.distance, self.distance_noise
        beyond = limits.max_shift is not None and shift is not None and shift > limits.max_shift
        return (
            DriftCheck("unknown", rise, unknown, limits.max_unknown, _above(unknown, limits.max_unknown)),
            DriftCheck(
                "shift",
                shift,
                noise,
                limits.max_shift,
                beyond and shift_times is not None and _above(shift, noise),
            ),
            DriftCheck("loss", loss, least, limits.max_loss, _above(least, limits.max_loss)),
        )

    @property
    def _n_telling(self) -> tuple[int, int, int]:
        """Documents that unknown words, topics and likelihood are known of, on the side that has fewer of them."""
        sides = [self.new] if self.against == "training" else [self.new, self.reference]
        return (
            min(side.n_documents - (side.n_wordless_documents or 0) for side in sides),
            min(side.n_documents - side.n_empty_documents for side in sides),
            min(side.n_scored_documents or 0 for side in sides),
        )

    @property
    def exceeded(self) -> tuple[str, ...]:
        """Names of the measures that are beyond their limits; none: no drift."""
        return tuple(check.name for check in self.checks if check.exceeded)

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on what limits the comparison."""
        said = []
        if self.against == "training":
            said.append(
                "topics of the training were sampled with the model, and those of new documents are inferred: shares "
                "differ a little by that alone; reference documents, inferred in the same way, are the fair comparison"
            )
        if self.loss is None and self.new.log_likelihood is not None:
            said.append(
                "the likelihood has nothing to be compared with: give reference documents that the model was not "
                "fitted to, or keep some out in the fit (--validation-fraction)"
            )
        with_words, with_known_words, _ = self._n_telling
        if with_words < 2:
            said.append("one document cannot tell what others are like, so no limit was looked at")
        elif with_known_words == 1:
            said.append(
                "only one document has words that the model knows, and it cannot tell what others are like: the limits "
                "of topics and likelihood were not looked at"
            )
        if self.new.n_trained:
            said.append(
                f"{self.new.n_trained:,} of the new documents have the same words as documents that the model was "
                "fitted to, so they are predicted too well"
            )
        return tuple(said)

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain values."""
        return {
            "drift": bool(self.exceeded),
            "exceeded": list(self.exceeded),
            "against": self.against,
            "checks": {check.name: {**check._asdict(), "name": check.name} for check in self.checks},
            "new": asdict(self.new),
            "reference": asdict(self.reference),
            "unknown_rise": self.unknown_rise,
            "distance": self.distance,
            "distance_noise": self.distance_noise,
            "loss": self.loss,
            "loss_error": self.loss_error,
            "topics": [asdict(topic) for topic in self.topics],
            "unknown_words": [{"word": word, "tokens": n} for word, n in self.unknown_words],
            "limits": asdict(self.limits),
            "notes": list(self.notes),
            "seed": self.seed,
        }

    def __repr__(self) -> str:
        found = ", ".join(self.exceeded) or "none"
        return f"Drift({plural(self.new.n_documents, 'document')} against {self.against}, beyond limits: {found})"


def _times(n: int) -> float | None:
    """Standard errors below a measure of n documents where its bound is; None where one tells nothing of others."""
    from scipy.special import stdtrit

    return float(stdtrit(n - 1, SURE)) if n > 1 else None


def _above(value: float | None, limit: float | None) -> bool:
    return value is not None and limit is not None and value > limit
