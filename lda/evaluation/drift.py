"""Drift: whether new documents are still those that a model was made for.

Four things are looked at: how many words the model does not know, how well it predicts the others, how much of the
documents each topic makes up, and how long they are. All of it is compared with reference documents that are read and
inferred in the same way, or else with what the training has left in the model. The second is the cheaper and the worse:
the topics of training were sampled together with the model, those of new documents afterwards, with the model as it is,
and these differ a little even for the same documents.

A measure counts as beyond its limit only if sampling documents does not explain that: its 99 % bound is beyond it, too.
So a small batch raises no alarm by its size alone, and a large one is held to the limit itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from lda.corpus.errors import DataError
from lda.evaluation.document_units import DocumentUnits, total_shares
from lda.evaluation.documents import possible
from lda.evaluation.drift_results import SURE, Drift, DriftDocuments, DriftLimits, DriftTopic
from lda.evaluation.heldout import Estimation, ratio

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy.typing as npt

    from lda.cluster import FrozenModel
    from lda.corpus import DocumentBatch
    from lda.corpus.stream import UnknownWords
    from lda.evaluation.topic_model import TopicModel

    Floats = npt.NDArray[np.float64]

INTERVAL: Final = 0.95
N_RESAMPLES: Final = 1000
FEW: Final = 256
"""Documents of a side, below which they are dealt out."""
N_UNKNOWN_WORDS: Final = 20
N_WORDS: Final = 8
SHORT: Final = (0.1, 0.5, 0.9)
"""Quantiles of the lengths of documents."""


@dataclass(slots=True)
class _Measured:
    """Documents as they were read: what is added up, and a few numbers of each."""

    units: DocumentUnits
    scores: list[Floats]
    scored: list[npt.NDArray[np.int64]]
    known: list[npt.NDArray[np.int64]]
    unknown: list[npt.NDArray[np.int64]]
    n_trained: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedOn:
    """What a model knows of its training, beside its counts.

    Attributes:
        n_documents: documents.
        n_empty_documents: those without a token.
        n_tokens: tokens of the corpus.
        heldout: log-likelihood of documents kept out, nats a token; None where there were none.
    """

    n_documents: int
    n_empty_documents: int
    n_tokens: int
    heldout: float | None


def measure_drift(
    model: TopicModel,
    new: Iterable[DocumentBatch],
    reference: Iterable[DocumentBatch] | None,
    *,
    training: TrainedOn,
    frozen: FrozenModel,
    names: Mapping[int, str],
    limits: DriftLimits,
    seed: int,
    unknown_words: UnknownWords,
) -> Drift:
    """Compare new documents with reference documents, or without any with the training.

    Args:
        model: whose drift it is.
        new: documents in the ids of the model, with `unknown`.
        reference: the same of reference documents, which are read after the new ones.
        training: what the model knows of its own.
        frozen: the model, prepared.
        names: of topics, those that have one.
        limits: what is still no drift.
        seed: of inference, of the split of documents for completion, and of resampling.
        unknown_words: was told of the unknown words of the new documents; looked at once these are read.

    Raises:
        DataError: there are no documents, or all of them are empty; the model knows no word of the reference documents.
    """
    found = _read(model, new, frozen, seed, "new")
    frequent = tuple(unknown_words.top(N_UNKNOWN_WORDS))
    beside = None if reference is None else _read(model, reference, frozen, seed, "reference")
    their_units = None if beside is None else beside.units
    trained = model.last_tokens
    assert trained is not None
    shares = (
        trained / max(trained.sum(), 1.0)
        if their_units is None
        else total_shares(their_units.topics.sum(axis=0))
    )
    held = training.n_documents - training.n_empty_documents
    scale = float(np.sqrt(found.units.n_documents / max(held, 1))) if their_units is None else 1.0
    distance, noise = _distance(found.units, shares, their_units, scale, seed)
    documents = _described(found, frozen.n_topics)
    other = (
        _training_documents(training, shares)
        if beside is None
        else _described(beside, frozen.n_topics, unseen_only=True)
    )
    return Drift(
        new=documents,
        reference=other,
        against="training" if beside is None else "reference",
        distance=distance,
        distance_noise=noise,
        topics=_topics(model, names, found.units, their_units or found.units, scale, shares),
        unknown_words=frequent,
        limits=limits,
        seed=seed,
    )


def _read(
    model: TopicModel, batches: Iterable[DocumentBatch], frozen: FrozenModel, seed: int, what: str
) -> _Measured:
    from lda.corpus.document_hashes import document_hashes, term_hashes
    from lda.evaluation.trained_documents import among

    made = _Measured(DocumentUnits(frozen.n_topics), [], [], [], [], None)
    hashes = None if model.document_hashes is None else term_hashes(model.hashed_terms)
    how, n_unknown = Estimation(seed=seed), 0
    for batch in possible(model, batches):
        assert batch.unknown is not None
        score, scored = how.score(frozen, batch)
        lengths = np.diff(batch.doc_offsets)
        if hashes is not None and model.document_hashes is not None:
            content = document_hashes(batch.doc_offsets, batch.words, hashes)
            seen = among(content, model.document_hashes) & (lengths > 0)
            made.n_trained = (made.n_trained or 0) + int(seen.sum())
            if what == "reference":  # what the model was made of is predicted too well to be compared with
                scored = np.where(seen, 0, scored)
        made.units.add(frozen.assign(batch.doc_offsets, batch.words, seed=seed))
        made.scores.append(score)
        made.scored.append(scored)
        made.known.append(lengths)
        made.unknown.append(batch.unknown)
        n_unknown += int(batch.unknown.sum())
    if not made.known:
        raise DataError(f"there are no {what} documents; check the input")
    if not n_unknown and not any(lengths.any() for lengths in made.known):
        n = sum(map(len, made.known))
        raise DataError(
            f"all of the {n:,} {what} documents are empty, so nothing can be told; check the input"
        )
    if what == "reference" and not any(lengths.any() for lengths in made.known):
        # Nothing would ever be beyond a limit: not even all words of new documents unknown.
        n = sum(map(len, made.known))
        raise DataError(
            f"the model knows none of the words of the {n:,} reference documents, so nothing can be compared with "
            "them; name documents of the model's kind"
        )
    return made


def _described(found: _Measured, n_topics: int, *, unseen_only: bool = False) -> DriftDocuments:
    known, unknown = np.concatenate(found.known), np.concatenate(found.unknown)
    lengths = known + unknown
    share, share_error = ratio(unknown.astype(np.float64), lengths)
    scored = np.concatenate(found.scored)
    scores = np.where(scored > 0, np.concatenate(found.scores), 0.0)
    likelihood, error = ratio(scores, scored) if scored.any() else (None, None)
    totals = found.units.topics.sum(axis=0)
    return DriftDocuments(
        n_documents=len(known),
        n_empty_documents=int((known == 0).sum()),
        n_wordless_documents=int((lengths == 0).sum()),
        n_trained=found.n_trained,
        n_tokens=int(known.sum()),
        n_unknown=int(unknown.sum()),
        unknown_share=share,
        unknown_error=_or_none(share_error),
        log_likelihood=likelihood,
        log_likelihood_error=_or_none(error),
        n_scored_tokens=int(scored.sum()),
        n_scored_documents=int((scored > 0).sum()),
        mean_length=float(lengths.mean()),
        lengths=tuple(float(x) for x in np.quantile(lengths, SHORT)),
        shares=tuple(total_shares(totals).tolist()) if known.any() else None,
    )


def _training_documents(training: TrainedOn, shares: Floats) -> DriftDocuments:
    return DriftDocuments(
        n_documents=training.n_documents,
        n_empty_documents=training.n_empty_documents,
        n_wordless_documents=None,
        n_trained=training.n_documents,
        n_tokens=training.n_tokens,
        n_unknown=None,
        unknown_share=None,
        unknown_error=None,
        log_likelihood=training.heldout,
        log_likelihood_error=None,
        n_scored_tokens=None,
        n_scored_documents=None,
        mean_length=training.n_tokens / max(training.n_documents, 1),
        lengths=None,
        shares=tuple(shares.tolist()),
    )


def jensen_shannon(one: Floats, other: Floats) -> Floats:
    """The Jensen-Shannon distance of shares, (..., K) each: (...,), from 0 for equal ones to 1 for those apart.

    The square root of the divergence in bits: Endres and Schindelin, IEEE Transactions on Information Theory 49(7),
    2003, who show that it is a metric.
    """
    middle = (one + other) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = [np.where(p > 0, p * np.log2(p / middle), 0.0).sum(axis=-1) for p in (one, other)]
    found: Floats = np.sqrt(np.clip((terms[0] + terms[1]) / 2, 0.0, 1.0))
    return found


def _distance(
    new: DocumentUnits, shares: Floats, reference: DocumentUnits | None, scale: float, seed: int
) -> tuple[float | None, float | None]:
    """The distance of shares, and what it is at most, in 99 % of cases, if only chance tells the documents apart.

    Shares that are estimated differ by chance, and a distance is never negative. So documents of both sides are drawn
    again, with weights that follow a Poisson law, around shares that both have in common. A few documents vary too
    little among themselves for that. So few ones are dealt out to both sides anew as well, which is exact for any
    number of them, and what is larger counts.

    Documents of the training are not there, `reference` is None: they are taken to vary as the new ones do, `scale`
    times as much, and instead of dealing out few documents, their deviations are widened by Student's t.
    """
    from scipy.special import ndtri, stdtrit

    totals = new.topics.sum(axis=0)
    if not totals.any() or not shares.any():
        return None, None
    here = total_shares(totals)
    found = float(jensen_shannon(here, shares))
    rng = np.random.default_rng([seed, 20])
    middle = (here + shares) / 2
    mine = new.deviations(rng, N_RESAMPLES)
    theirs = scale * (reference or new).deviations(rng, N_RESAMPLES)
    if reference is None and new.n_units > 1:
        wider = float(stdtrit(new.n_units - 1, SURE) / ndtri(SURE))
        mine, theirs = wider * mine, wider * theirs
    distances = jensen_shannon(_as_shares(middle + mine), _as_shares(middle + theirs))
    noise = float(np.quantile(distances, SURE))
    if reference is not None and min(new.n_documents, reference.n_documents) < FEW:
        # The higher of two neighbours: nothing between what can be dealt out is a bound.
        noise = max(noise, float(np.quantile(_dealt_out(new, reference, rng), SURE, method="higher")))
    return found, noise


def _dealt_out(new: DocumentUnits, reference: DocumentUnits, rng: np.random.Generator) -> Floats:
    """(N_RESAMPLES,) distances where the documents of both sides are dealt out to them at random."""
    topics = np.concatenate([new.topics, reference.topics]).astype(np.float64)
    mine = np.empty((N_RESAMPLES, topics.shape[1]))
    for draw in range(N_RESAMPLES):
        mine[draw] = topics[rng.choice(len(topics), new.n_units, replace=False)].sum(axis=0)
    theirs = topics.sum(axis=0) - mine
    return jensen_shannon(_as_shares(mine), _as_shares(theirs))


def _as_shares(values: Floats) -> Floats:
    clipped = np.maximum(values, 0.0)
    made: Floats = clipped / clipped.sum(axis=-1, keepdims=True)
    return made


def _topics(
    model: TopicModel,
    names: Mapping[int, str],
    new: DocumentUnits,
    reference: DocumentUnits,
    scale: float,
    shares: Floats,
) -> tuple[DriftTopic, ...]:
    """All topics, those first whose shares moved most."""
    from scipy.special import stdtrit

    if not new.topics.any() or not shares.any():
        return ()
    words = model.top_words(N_WORDS)
    here, error = new.shares()
    both = np.sqrt(error**2 + (scale * reference.shares()[1]) ** 2)
    units = min(new.n_units, reference.n_units)
    times = float(stdtrit(units - 1, (1 + INTERVAL) / 2)) if units > 1 else float("nan")
    difference = here - shares
    # Shares differ by 1 at most, whatever a few documents say of their errors.
    low, high = (np.clip(difference + sign * times * both, -1.0, 1.0) for sign in (-1, 1))
    made = [
        DriftTopic(
            topic=k,
            name=names.get(k),
            words=tuple(words[k]),
            share=float(here[k]),
            reference_share=float(shares[k]),
            difference=float(difference[k]),
            low=_or_none(float(low[k])),
            high=_or_none(float(high[k])),
        )
        for k in range(len(here))
    ]
    return tuple(sorted(made, key=lambda topic: (-abs(topic.difference), topic.topic)))


def _or_none(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else float(value)
