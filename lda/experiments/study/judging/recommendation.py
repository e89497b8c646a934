"""What to make of the numbers of a study: several readings, each with what it rests on, and no verdict.

There is no criterion that knows how many topics there are (see "how many topics?" in the documentation). So each of
them is asked what it can answer: which models predict the documents as well as the best, from where on topics cohere
less and are found again less often, where more topics begin to help less, and which is the smallest that serves.

Within one standard error: the rule of Breiman, Friedman, Olshen and Stone, Classification and Regression Trees (1984),
with the standard error of the paired difference instead of that of the best score.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from lda.corpus.presentable import printable
from lda.experiments.study.judging.candidates import title_of
from lda.experiments.study.judging.readings import KEPT, Elbow, FallOff, elbow_of, fall_off
from lda.progress import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lda.experiments.study.judging.candidates import CandidateSummary, Compared

FEW_DOCUMENTS: Final = 100
"""Held-out documents below which a standard error over them is itself a guess."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """Readings of a study; candidates are told by their places in the summary.

    Where other parameters vary beside K, what is said over K is said of the candidates that differ from the best in K
    alone; where there are none, as in a random search, of the candidate of each K that predicts best.

    Attributes:
        best: the candidate with the highest held-out likelihood; None where nothing can be compared.
        within: those within one standard error of it, itself among them.
        smallest: of these the one with the fewest topics, of several such the one that predicts best.
        edge: whether the best K is the largest or the smallest one tried, so that the best may lie beyond.
        coherence: NPMI over K. stability: share of topics found again over K. None where there are no two K to compare.
        elbow: None where there is none to be found.
        sentences: all of this, for people.
        cautions: what is to be known before believing it.
    """

    best: int | None = None
    within: tuple[int, ...] = ()
    smallest: int | None = None
    edge: Literal["largest", "smallest"] | None = None
    coherence: FallOff | None = None
    stability: FallOff | None = None
    elbow: Elbow | None = None
    sentences: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Sentences, and then cautions, a line each."""
        return "\n".join(f"- {sentence}" for sentence in (*self.sentences, *self.cautions))

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        from lda.model.run_record import strict_json

        row = asdict(self)
        for name in ("coherence", "stability"):
            if row[name] is not None and row[name]["fall"] is not None:
                row[name]["fall"] = row[name]["fall"]._asdict()
        plain: dict[str, Any] = strict_json(row)
        return plain


def recommend(
    candidates: Sequence[CandidateSummary],
    best: int | None,
    compared: Compared,
    *,
    deviation: float | None = None,
    references: Sequence[str] = (),
    windows: bool = True,
) -> Recommendation:
    """Read the numbers of a study.

    Args:
        candidates: in the order of the summary.
        best: place of the best of them.
        compared: what they are compared on.
        deviation: of seeds, pooled; None where no candidate has two.
        references: names of the corpora that NPMI was measured on.
        windows: whether in windows of tokens.
    """
    within = tuple(i for i, one in enumerate(candidates) if one.within_one_error)
    over_k = _curve_over_k(candidates, best)
    reading = Recommendation(
        best=best,
        within=within,
        smallest=min(within, key=lambda i: _size(candidates[i])) if within else None,
        edge=_edge(candidates, best, over_k),
        coherence=fall_off(
            [(k, one.npmi) for k, one in over_k],
            _noise([(one.npmi_deviation, one.n_trials) for _, one in over_k]),
        ),
        stability=fall_off([(k, one.stability) for k, one in over_k]),
        elbow=elbow_of([(k, one.heldout) for k, one in over_k if one.heldout is not None]),
    )
    told = [
        *_so_far(candidates),
        *_prediction(candidates, reading, compared),
        *_about(candidates, over_k),
        *_steps(over_k),
        *_bend(reading),
        *_coherence(reading, references),
        *_stability(reading, candidates),
        *_wasted(over_k),
        *_smallest(candidates, reading, over_k),
        *_stopped(candidates, over_k),
    ]
    cautions = _cautions(candidates, compared, deviation, references, windows)
    return Recommendation(
        **{name: getattr(reading, name) for name in _READINGS},
        sentences=tuple(told),
        cautions=tuple(cautions),
    )


_READINGS: Final = ("best", "within", "smallest", "edge", "coherence", "stability", "elbow")


def _curve_over_k(
    candidates: Sequence[CandidateSummary], best: int | None
) -> list[tuple[int, CandidateSummary]]:
    """By rising K the candidates that differ from the best in K alone; see `Recommendation`."""
    done = [one for one in candidates if one.n_topics is not None and one.n_trials]
    if best is not None:
        alike = [one for one in done if _others(one) == _others(candidates[best])]
        if len(alike) > 1 or len(done) == 1:
            return sorted(((one.n_topics or 0, one) for one in alike), key=lambda pair: pair[0])
    of: dict[int, list[CandidateSummary]] = {}
    for one in done:
        of.setdefault(one.n_topics or 0, []).append(one)
    found = []
    for k, some in sorted(of.items()):
        scored = [one for one in some if one.heldout is not None]
        if scored:
            found.append((k, max(scored, key=lambda one: one.heldout or -np.inf)))
        elif len(some) == 1:
            found.append((k, some[0]))
    return found


def _others(one: CandidateSummary) -> dict[str, Any]:
    """The parameters beside K."""
    return {name: value for name, value in one.parameters.items() if name != "topics"}


def _size(one: CandidateSummary) -> tuple[float, float]:
    return (one.n_topics or 0, -(one.heldout or 0.0))


def _edge(
    candidates: Sequence[CandidateSummary], best: int | None, over_k: list[tuple[int, CandidateSummary]]
) -> Literal["largest", "smallest"] | None:
    if best is None or len(over_k) < 2:
        return None
    k = candidates[best].n_topics
    return "largest" if k == over_k[-1][0] else "smallest" if k == over_k[0][0] else None


def _noise(deviations: Sequence[tuple[float | None, int]]) -> float | None:
    """Standard error of the difference of two candidates by seeds, their variances pooled; None without two seeds."""
    known = [(value, n) for value, n in deviations if value is not None]
    freedom = sum(n - 1 for _, n in known)
    if freedom < 1:
        return None
    variance = sum(value**2 * (n - 1) for value, n in known) / freedom
    fewest = min(n for _, n in known)
    return float(np.sqrt(2 * variance / fewest))


def _so_far(candidates: Sequence[CandidateSummary]) -> Iterator[str]:
    """What the held-out curves say, where no trial has come to its end."""
    if any(one.n_trials for one in candidates):
        return
    yield "No trial has come to its end, so there is no model yet, and nothing to recommend."
    at: dict[int, list[tuple[float, str]]] = {}
    for one in candidates:
        if one.stopped_at is not None and np.isfinite(one.stopped_at[1]):
            at.setdefault(one.stopped_at[0], []).append((one.stopped_at[1], one.title))
    told = []
    for sweep, scores in sorted(at.items(), reverse=True):
        best_first = sorted(scores, key=lambda entry: -entry[0])
        told.append(
            f"after {plural(sweep, 'sweep')} "
            + _listed([f"{title} {score:.4f}" for score, title in best_first], most=6)
        )
    if told:
        yield (
            f"So far: in nats a held-out token, {'; '.join(told)}. Compare those of the same number of sweeps only; "
            "the order at the end may be another."
        )


def _prediction(
    candidates: Sequence[CandidateSummary], reading: Recommendation, compared: Compared
) -> Iterator[str]:
    if not any(one.n_trials for one in candidates):
        return
    if reading.best is None:
        yield (
            f"Prediction: held-out likelihoods cannot be compared, for {compared.reason or 'there are none'}. "
            "What is said below rests on the topics alone."
        )
        return
    best = candidates[reading.best]
    if sum(one.heldout is not None for one in candidates) == 1:
        yield f"Prediction: there is nothing to compare {best.title} with ({best.heldout:.4f} nats a token)."
        return
    yield (
        f"Prediction: {best.title} predicts the {compared.n_documents:,} held-out documents best, with "
        f"{best.heldout:.4f} nats a token."
    )
    others = [candidates[i] for i in reading.within if i != reading.best]
    if others:
        told = _listed([f"{one.title} ({_difference(one)})" for one in others], most=6)
        lie, them = ("lies", "it") if len(others) == 1 else ("lie", "them")
        yield f"Within one standard error of it {lie} {told}; this study cannot tell {them} from the best."
    else:
        rest = [one for one in candidates if one.difference is not None and not one.within_one_error]
        nearest = max(rest, key=lambda one: one.difference or 0.0)
        yield f"No other is within one standard error of it; the nearest is {nearest.title} ({_difference(nearest)})."
    if reading.edge == "largest":
        yield (
            "It has the largest K that was tried: more topics may predict better still. Held-out likelihood alone "
            "often asks for more topics than anybody reads."
        )
    elif reading.edge == "smallest":
        yield "It has the smallest K that was tried: fewer topics may predict better still."


def _difference(one: CandidateSummary) -> str:
    """-0.0021 ± 0.0034: by documents and seeds."""
    value = 0.0 if one.difference is None else one.difference
    return f"{value:+.4f}" + ("" if one.margin is None else f" ± {one.margin:.4f}")


def _about(
    candidates: Sequence[CandidateSummary], over_k: list[tuple[int, CandidateSummary]]
) -> Iterator[str]:
    """What candidates are meant by K, where there are others with it."""
    if len(over_k) < 2 or len(over_k) == len([one for one in candidates if one.n_trials]):
        return
    others = [_others(one) for _, one in over_k]
    if all(other == others[0] for other in others):
        yield f"What is said of K below is said of candidates with {title_of(others[0])}, as the best has them."
    else:
        yield "What is said of K below is said of the candidate of each K that predicts best."


def _steps(over_k: list[tuple[int, CandidateSummary]]) -> Iterator[str]:
    scored = [(k, one.heldout) for k, one in over_k if one.heldout is not None]
    steps = [f"{a} to {b} {value - before:+.3f}" for (a, before), (b, value) in pairwise(scored)]
    if steps:
        yield f"What more topics bring, in nats a token: from K = {', '.join(steps)}."


def _bend(reading: Recommendation) -> Iterator[str]:
    elbow = reading.elbow
    if elbow is None:
        return
    at = (
        f"at K = {elbow.k}, on a logarithmic axis of K and on a linear one"
        if elbow.k == elbow.k_linear
        else f"at K = {elbow.k} on a logarithmic axis of K, at {elbow.k_linear} on a linear one"
    )
    yield (
        f"Elbow: between K = {elbow.first_k} and {elbow.last_k} the held-out curve bends most {at}. Other K tried "
        "would move it: it is a way to read the curve, not a property of the documents."
    )


def _coherence(reading: Recommendation, references: Sequence[str]) -> Iterator[str]:
    found = reading.coherence
    if found is None:
        return
    on = f" on {printable(references[0])}" if len(references) == 1 else ""
    start = f"Coherence: NPMI{on} is highest at K = {found.best_k} ({found.best:.3f})"
    yield start + _fallen(found, lambda value: f"{value:.3f}", "it does not fall off")


def _stability(reading: Recommendation, candidates: Sequence[CandidateSummary]) -> Iterator[str]:
    found = reading.stability
    if found is not None:
        start = (
            f"Stability: the largest share of topics is found again by other seeds at K = {found.best_k} "
            f"({found.best:.0%})"
        )
        yield start + _fallen(found, lambda value: f"{value:.0%}", "it does not fall off")
    elif any(one.n_trials for one in candidates) and all(one.n_trials < 2 for one in candidates):
        more = any(one.n_trials and one.n_waiting for one in candidates)
        yield "Stability: with one seed nothing can be said of it; " + (
            "the others have not come to their end yet."
            if more
            else "--seeds 3 shows which topics another seed finds again."
        )


def _fallen(found: FallOff, written: Callable[[float], str], otherwise: str) -> str:
    if found.best_k == found.last_k:
        return ", the largest K that was tried."
    if found.fall is None:
        return f"; beyond that {otherwise}."
    fall = found.fall
    if fall.from_k == found.best_k:
        return f"; the next, K = {fall.to_k}, has {written(fall.to_value)}."
    return (
        f"; K = {fall.from_k} still keeps {KEPT:.0%} of that ({written(fall.from_value)}), K = {fall.to_k} does not "
        f"({written(fall.to_value)})."
    )


def _wasted(over_k: list[tuple[int, CandidateSummary]]) -> Iterator[str]:
    told = []
    for k, one in over_k:
        parts = [
            f"{_short(value)} {name}"
            for value, name in ((one.dead or 0.0, "dead"), (one.duplicates or 0.0, "alike"))
            if value
        ]
        if parts:
            told.append(f"{' and '.join(parts)} of {k}")
    if told:
        yield f"Topics that a model could do without, on average: {', '.join(told)}."


def _short(value: float) -> str:
    """3, or 3.3."""
    return f"{value:.1f}".removesuffix(".0")


def _smallest(
    candidates: Sequence[CandidateSummary],
    reading: Recommendation,
    over_k: list[tuple[int, CandidateSummary]],
) -> Iterator[str]:
    if reading.smallest is not None and len(over_k) > 1:
        one = candidates[reading.smallest]
        why = (
            "the best itself" if reading.smallest == reading.best else "within one standard error of the best"
        )
        yield f"The smallest that serves, where prediction is what counts: {one.title}, {why}."
    falls = [
        found.fall for found in (reading.coherence, reading.stability) if found is not None and found.fall
    ]
    if falls:
        k = min(fall.from_k for fall in falls)
        row = dict(over_k)[k]
        cost = (
            ""
            if not row.difference
            else f"; it costs {-row.difference:.3f} nats a token beside the best ({np.expm1(-row.difference):.1%} "
            "more perplexity)"
        )
        named = [
            name
            for name, found in (("coherence", reading.coherence), ("stability", reading.stability))
            if found is not None and found.fall is not None
        ]
        yield (
            f"Where people are to read the topics: K = {k} is the largest before {' or '.join(named)} falls off{cost}."
        )


def _stopped(
    candidates: Sequence[CandidateSummary], over_k: list[tuple[int, CandidateSummary]]
) -> Iterator[str]:
    """What nobody knows of fewer topics, stopped for they predicted worse: whether they are better to read."""
    if not over_k:
        return
    fewest = over_k[0][0]
    ended = {k for k, _ in over_k}
    gone = {
        one.n_topics or 0
        for one in candidates
        if one.n_topics is not None and one.n_stopped and not one.n_trials
    }
    fewer = sorted(k for k in gone - ended if k < fewest)
    if fewer:
        yield (
            f"Stopped: K = {_listed([str(k) for k in fewer], most=6)}, early, for their held-out likelihood alone. "
            "Fewer topics often cohere better and are found again more often, and nothing is known of that here. If "
            f"people are to read the topics, try them without --halving: -k {','.join(map(str, [*fewer, fewest]))}."
        )


def _cautions(
    candidates: Sequence[CandidateSummary],
    compared: Compared,
    deviation: float | None,
    references: Sequence[str],
    windows: bool,
) -> Iterator[str]:
    if compared.basis == "shared terms":
        yield (
            f"Vocabularies differ, so held-out likelihoods are those of the {compared.n_terms:,} terms that all share "
            f"({compared.share:.0%} of the held-out tokens), under models restricted to these: they tell nothing of "
            "how well other terms are predicted."
        )
    if 0 < compared.n_documents < FEW_DOCUMENTS:
        yield f"Only {plural(compared.n_documents, 'held-out document')}: standard errors over so few are guesses."
    if compared.basis != "none" and deviation is None:
        yield (
            "Each candidate has one seed, so standard errors are over documents alone; what another seed would change "
            "is not in them, and candidates may be nearer than it seems."
        )
    if references:
        on = _listed([printable(name) for name in references], most=3)
        kind = "" if windows else ", within whole documents, as tokens have no order"
        yield (
            f"NPMI is measured on {on}{kind}. It looks at ten words of each topic, favours few and broad topics, and "
            "agrees with readers only roughly."
        )
    lost = [one for one in candidates if one.n_stopped and one.n_trials]
    if lost:
        yield (
            f"Of {_listed([one.title for one in lost], most=4)} some seeds were stopped early, as worse ones: the "
            "means are over those that were not, and a little too good."
        )
    left_out = (
        (sum(one.n_stopped for one in candidates if not one.n_trials), "stopped early on the held-out curve"),
        (sum(one.n_failed for one in candidates), "failed"),
        (sum(one.n_waiting for one in candidates), "not at the end yet"),
    )
    told = [f"{plural(n, 'trial')} {what}" for n, what in left_out if n]
    if told:
        yield f"Not in the comparison: {_listed(told, most=3)}."


def _listed(parts: Sequence[str], *, most: int) -> str:
    """A, B and C; of many the first ones."""
    shown = list(parts[:most])
    if len(parts) > most:
        shown.append(f"{len(parts) - most:,} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
