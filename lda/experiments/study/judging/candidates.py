"""A candidate of a study: parameters, and what its trials, which differ by seed alone, say together; and on what."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Basis = Literal["all terms", "shared terms", "none"]
"""What held-out scores of candidates are compared on; "none" where they cannot be."""

SYMBOLS: Final = {"topics": "K"}
"""What a parameter is called beside a number, where that is not the name of its option."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateSummary:
    """A row of a study. Numbers are means over the seeds that are done; None stands for what is not known.

    Attributes:
        parameters: those that the study varies, by name of the option.
        trials: numbers of the trials that are done.
        n_trials: how many these are: seeds.
        n_stopped: trials that were stopped early, as worse than others.
        n_failed: trials that failed.
        n_waiting: trials that have not come to their end.
        heldout: log-likelihood, nats per scored token, on what the study compares by.
        seed_deviation: standard deviation of the seeds' scores around it (n - 1); None for one seed.
        difference: `heldout` less that of the best candidate, on the same documents: 0 for that one, else negative.
        difference_error: standard error of the difference over documents; 0 for the best.
        margin: one standard error of the difference by documents and seeds together; see `summary.py`.
        within_one_error: whether the candidate is the best, or worse by no more than the margin.
        npmi: coherence on the reference.
        npmi_deviation: of it over seeds.
        diversity: see `TrialMeasures`.
        exclusivity: see there.
        stability: share of topics found again in the model of another seed, mean over all pairs of seeds; see
            `lda.evaluation.found_again`. None for one seed.
        overlap: mean overlap of matched topics, found again or not; None for one seed.
        dead: dead topics.
        duplicates: topics that say what another one says.
        seconds: of one fit, without scoring.
        peak_bytes: the most that a fit of it held.
        stopped_at: where none is done, the furthest sweep that its trials came to, and the mean held-out log-likelihood
            of those that did.
        criteria: those of `lda.evaluation.criteria` by name, if they were asked for.
    """

    parameters: dict[str, Any]
    trials: tuple[int, ...] = ()
    n_trials: int = 0
    n_stopped: int = 0
    n_failed: int = 0
    n_waiting: int = 0
    heldout: float | None = None
    seed_deviation: float | None = None
    difference: float | None = None
    difference_error: float | None = None
    margin: float | None = None
    within_one_error: bool = False
    npmi: float | None = None
    npmi_deviation: float | None = None
    diversity: float | None = None
    exclusivity: float | None = None
    stability: float | None = None
    overlap: float | None = None
    dead: float | None = None
    duplicates: float | None = None
    seconds: float | None = None
    peak_bytes: int | None = None
    stopped_at: tuple[int, float] | None = None
    criteria: dict[str, float | None] | None = None

    @property
    def n_topics(self) -> int | None:
        """K, where the study varies it."""
        value = self.parameters.get("topics")
        return None if value is None else int(value)

    @property
    def title(self) -> str:
        """What tells it from the others: "K = 50, beta = 0.01"."""
        return title_of(self.parameters)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, the title among them."""
        from lda.model.run_record import strict_json

        row: dict[str, Any] = strict_json({"title": self.title, **asdict(self)})
        return row


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What the held-out scores of candidates are compared on.

    Attributes:
        basis: "all terms" where all models have one vocabulary; "shared terms" where scores are of the terms that all
            vocabularies have, under models restricted to them; "none" where there is nothing to compare.
        n_terms: how many terms these are.
        n_documents: held-out documents with a scored token.
        n_tokens: scored tokens.
        share: of the held-out tokens of the largest vocabulary, the part on these terms; 1 for all terms.
        reason: why nothing can be compared, as the end of a sentence; None where something can.
    """

    basis: Basis
    n_terms: int = 0
    n_documents: int = 0
    n_tokens: int = 0
    share: float = 1.0
    reason: str | None = None


def title_of(parameters: Mapping[str, Any]) -> str:
    """Parameters as people read them; "the only candidate" where none is varied."""
    told = [
        f"{SYMBOLS.get(name, name.replace('_', '-'))} = {value_of(value)}"
        for name, value in parameters.items()
    ]
    return ", ".join(told) or "the only candidate"


def value_of(value: Any) -> str:  # noqa: ANN401 - any value of an option
    """A value as people read it: a number with four digits, anything else printable and on one line."""
    from lda.corpus.presentable import printable

    if isinstance(value, bool) or value is None:
        return "none" if value is None else str(value).lower()
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, (int, str)):
        return printable(str(value))
    return printable(json.dumps(value))
