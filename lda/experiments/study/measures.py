"""What is measured of the model of each trial, at the end of its fit, so that trials can be compared.

All of it is about documents that lie in the study's folder, and none about what the fit itself reported: the same
numbers come out whatever machine, sampler or number of sweeps a trial had.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from lda.corpus.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lda.corpus import Corpus
    from lda.evaluation.paired import DocumentScores
    from lda.evaluation.topic_model import TopicModel

SCORING_SEED: Final = 0
"""Of document completion: the same for all trials, so that they are scored on the same halves of the documents."""

N_WORDS: Final = 10
"""Top words of a topic in NPMI and exclusivity, as `lda evaluate` takes them."""

DIVERSITY_WORDS: Final = 25
"""Top words of a topic in diversity (Dieng, Ruiz and Blei, TACL 2020)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialMeasures:
    """Numbers about the model of a trial. None stands for what could not be measured.

    Attributes:
        heldout: log-likelihood by document completion, nats per scored token.
        heldout_error: its standard error over documents; None for fewer than two. Not that of a difference between two
            trials, which is much smaller: see `lda.evaluation.paired`.
        n_scored_tokens: tokens of the held-out documents that were scored, about half of them.
        npmi: mean over topics of the coherence of ten top words on the reference; None where it lacks the words.
        reference: what people call the reference corpus.
        window: tokens in a window of NPMI; None where tokens have no order and windows are whole documents.
        diversity: share of the 25 top words of all topics that are different words.
        exclusivity: mean over topics of MALLET's exclusivity of ten top words; None where no topic has words.
        dead_topics: those that hold hardly any tokens, see `lda.evaluation.wasted_topics`.
        duplicate_topics: pairs of topics that say the same, see there; dead ones are not among them.
        criteria: those of `lda.evaluation.criteria` by name, if they were asked for.
    """

    heldout: float
    heldout_error: float | None
    n_scored_tokens: int
    npmi: float | None
    reference: str
    window: int | None
    diversity: float | None
    exclusivity: float | None
    dead_topics: tuple[int, ...]
    duplicate_topics: tuple[tuple[int, int], ...]
    criteria: dict[str, float | None] | None = None

    @property
    def n_duplicates(self) -> int:
        """How many topics say what another one says: three for 1 and 2, and 2 and 3."""
        return len({k for pair in self.duplicate_topics for k in pair})

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        from lda.model.run_record import strict_json

        row: dict[str, Any] = strict_json(asdict(self))
        return row

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Self:
        """Rebuild measures from `to_dict`; fields that a later version added are ignored.

        Raises:
            KeyError: a field is missing. TypeError, ValueError: one is of another type.
        """
        criteria = row.get("criteria")
        found: dict[str, Any] = {
            "reference": str(row["reference"]),
            "heldout": float(row["heldout"]),
            "n_scored_tokens": int(row["n_scored_tokens"]),
            "window": None if row["window"] is None else int(row["window"]),
            "dead_topics": tuple(int(k) for k in row["dead_topics"]),
            "duplicate_topics": tuple((int(a), int(b)) for a, b in row["duplicate_topics"]),
            "criteria": None
            if criteria is None
            else {str(name): _number(value) for name, value in dict(criteria).items()},
        }
        rest: dict[str, Any] = {
            field.name: _number(row[field.name]) for field in fields(cls) if field.name not in found
        }
        return cls(**found, **rest)


def measure_trial(
    model: TopicModel,
    heldout: Corpus,
    reference: Corpus,
    reference_name: str,
    *,
    seed: int = SCORING_SEED,
    threads: int | None = None,
    criteria_on: Corpus | None = None,
) -> tuple[TrialMeasures, DocumentScores]:
    """Everything that a study says of one model. Terms are matched by name; the answer does not depend on threads.

    Args:
        model: that of the trial.
        heldout: documents that no trial was trained on.
        reference: documents in which top words are looked for together. Those of the training, or better some of the
            same kind that are more: a name tells which.
        reference_name: what to call it.
        seed: of completion. The same for all trials of a study, so that all are scored on the same halves.
        threads: None takes all cores.
        criteria_on: the documents of the training, to add the criteria of Griffiths and Steyvers, Cao, Arun and
            Deveaud, for which their topics are inferred; None leaves these out.

    Returns:
        The measures, and what the model makes of each held-out document.

    Raises:
        UnscoredError: no held-out document has two words that the model knows.
    """
    from lda.evaluation.diagnostics import diagnose
    from lda.evaluation.documents import batches_of
    from lda.evaluation.heldout import Estimation
    from lda.evaluation.paired import document_scores
    from lda.evaluation.stability import diversity

    frozen = model.frozen(threads=threads)
    scores = document_scores(frozen, batches_of(model, heldout), Estimation(seed=seed))
    if not scores.tokens.sum():
        raise _unscored(heldout)
    npmi, window = _npmi(model, reference)
    exclusivity = diagnose(model, None, n_words=N_WORDS).exclusivity
    known = exclusivity[~np.isnan(exclusivity)]
    dead, duplicates = _wasted(model, threads)
    return TrialMeasures(
        heldout=scores.log_likelihood,
        heldout_error=_number(scores.standard_error),
        n_scored_tokens=int(scores.tokens.sum()),
        npmi=npmi,
        reference=reference_name,
        window=window,
        diversity=_number(diversity(model.top_words(DIVERSITY_WORDS))),
        exclusivity=float(known.mean()) if len(known) else None,
        dead_topics=tuple(dead),
        duplicate_topics=tuple(duplicates),
        criteria=None if criteria_on is None else measure_criteria(model, criteria_on, threads=threads),
    ), scores


def measure_criteria(
    model: TopicModel, training: Corpus, *, seed: int = 0, threads: int | None = None
) -> dict[str, float | None]:
    """The criteria of Griffiths and Steyvers, Cao, Arun and Deveaud, on the documents of the training.

    None stands for one that is not finite, as that of Arun is where a topic has no tokens.
    """
    from lda.evaluation.criteria import CRITERIA, criteria_of
    from lda.evaluation.documents import batches_of
    from lda.evaluation.inferred_documents import inferred

    documents = inferred(model.frozen(threads=threads), batches_of(model, training), seed=seed)
    found = criteria_of(model, documents)
    return {name: _number(getattr(found, name)) for name in CRITERIA}


class UnscoredError(DataError):
    """No held-out document has two words that a model knows: nothing is wrong with other models of the study."""


def _unscored(heldout: Corpus) -> UnscoredError:
    return UnscoredError(
        f"none of {heldout.n_documents:,} held-out documents has two words that the model knows, so there is nothing "
        "to score; hold out more documents, or longer ones"
    )


def check_scorable(heldout: Corpus, vocabulary: Sequence[str]) -> None:
    """See that a model of these terms can be scored, before it is fitted.

    Raises:
        UnscoredError: no document has two of them.
    """
    from lda.corpus import iter_corpus

    if not any((np.diff(batch.doc_offsets) > 1).any() for batch in iter_corpus(heldout, vocabulary)):
        raise _unscored(heldout)


def _npmi(model: TopicModel, reference: Corpus) -> tuple[float | None, int | None]:
    """NPMI and its window; a reference without the topics' words costs no fit its other numbers."""
    from lda.evaluation.coherence import coherences
    from lda.evaluation.coherence_result import WINDOWS, Reference
    from lda.evaluation.documents import batches_of

    from_corpus = Reference(batches=lambda: batches_of(model, reference), ordered=reference.ordered)
    window = WINDOWS["npmi"] if reference.ordered else None
    try:
        [found] = coherences(model.top_words(N_WORDS), model.vocabulary, from_corpus, n_words=N_WORDS)
    except DataError:
        return None, window
    return _number(found.mean), window


def _wasted(model: TopicModel, threads: int | None) -> tuple[list[int], list[tuple[int, int]]]:
    """Dead topics, and pairs of duplicates."""
    from lda.charts.distances import topic_distances
    from lda.evaluation.wasted_topics import TOP_WORDS, dead_topics, duplicate_topics

    dead = dead_topics(model.last_tokens)
    distances = topic_distances(model, threads=threads)
    return dead, duplicate_topics(model.top_words(TOP_WORDS), distances, dead)


def _number(value: Any) -> float | None:  # noqa: ANN401 - whatever stands in a file
    """A finite number; None for one that is none."""
    if value is None:
        return None
    number = float(value)
    return number if np.isfinite(number) else None
