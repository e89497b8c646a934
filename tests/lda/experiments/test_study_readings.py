"""What curves over K show, and the sentences that say so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from judged_studies import MadeStudy, made_measures

from lda.experiments.study.judging.candidates import CandidateSummary, Compared
from lda.experiments.study.judging.readings import Elbow, Fall, elbow_of, fall_off
from lda.experiments.study.judging.recommendation import recommend
from lda.experiments.study.judging.summary import StudySummary, summary_of
from lda.experiments.study.judging.table import study_table, study_text

KS = (10, 20, 50, 100, 200)


def test_fall_off() -> None:
    found = fall_off(list(zip(KS, (0.10, 0.13, 0.12, 0.06, 0.05), strict=True)))
    assert found is not None
    assert (found.best_k, found.best, found.last_k, found.last) == (20, 0.13, 200, 0.05)
    assert found.fall == Fall(50, 0.12, 100, 0.06)
    noisy = fall_off([(10, 0.13), (20, 0.125)], noise=0.01)
    assert noisy is not None
    assert noisy.fall is None
    assert fall_off([(10, 0.13), (20, None)]) is None


def test_elbow() -> None:
    """A curve with a corner, and where none is: too few points, a straight line, a curve that falls."""
    corner = [(10, 0.0), (20, 1.0), (40, 2.0), (80, 2.1), (160, 2.2)]
    assert elbow_of(corner) == Elbow(k=40, k_linear=40, first_k=10, last_k=160)
    late = [(10, 0.0), (20, 0.9), (40, 1.7), (80, 2.45), (160, 3.0)]
    found = elbow_of(late)
    assert found is not None
    assert found.k != found.k_linear  # which is why both are told
    assert elbow_of(corner[:3]) is None
    assert elbow_of([(k, float(np.log(k))) for k in KS]) is None
    assert elbow_of([(k, k**2) for k in KS]) is None
    assert elbow_of([(k, -k) for k in KS]) is None
    assert elbow_of([]) is None


def candidate(k: int, gain: float, **facts: Any) -> CandidateSummary:
    known: dict[str, Any] = {
        "parameters": {"topics": k},
        "n_trials": 2,
        "heldout": -8.0 + gain,
        "difference": gain - 0.4,
        "difference_error": 0.001,
        "margin": 0.004,
    }
    return CandidateSummary(**known | facts)


COMPARED = Compared(basis="all terms", n_terms=900, n_documents=500, n_tokens=9000)


def curve() -> list[CandidateSummary]:
    """Held-out rises to the end, coherence and stability fall off before."""
    gains, npmi, stable = (0.0, 0.2, 0.3, 0.398, 0.4), (0.1, 0.13, 0.12, 0.06, 0.05), (1, 0.9, 0.9, 0.5, 0.4)
    rows = [
        candidate(k, gain, npmi=n, stability=float(s), within_one_error=gain > 0.39)
        for k, gain, n, s in zip(KS, gains, npmi, stable, strict=True)
    ]
    rows[-1] = replace(rows[-1], difference=0.0, margin=0.0, difference_error=0.0)
    return rows


def test_each_reading_has_its_own_answer() -> None:
    found = recommend(curve(), 4, COMPARED, deviation=0.002, references=("Wikipedia",))
    assert found.within == (3, 4)
    assert found.smallest == 3
    assert found.edge == "largest"
    assert found.coherence is not None
    assert found.coherence.fall == Fall(50, 0.12, 100, 0.06)
    assert found.stability is not None
    assert found.stability.fall == Fall(50, 0.9, 100, 0.5)
    assert found.elbow is not None
    text = " ".join(found.sentences)
    for told in (
        "K = 200 predicts the 500 held-out documents best, with -7.6000 nats a token",
        "K = 100 (-0.0020 ± 0.0040)",
        "largest K that was tried",
        "NPMI on Wikipedia is highest at K = 20 (0.130); K = 50 still keeps 90% of that (0.120), K = 100 does not",
        "where prediction is what counts: K = 100",
        "K = 50 is the largest before coherence or stability falls off; it costs 0.100 nats",
    ):
        assert told in text, told


def test_fewer_topics_that_were_stopped_may_be_better_to_read() -> None:
    """Halving goes by held-out likelihood, which asks for many topics; coherence of the others was never measured."""
    gone = CandidateSummary(parameters={"topics": 5}, n_stopped=2, stopped_at=(23, -9.0))
    more = replace(gone, parameters={"topics": 300})
    [told] = [text for text in recommend([gone, *curve(), more], 5, COMPARED).sentences if "Stopped" in text]
    assert "K = 5, early" in told
    assert "without --halving: -k 5,10" in told


def test_over_k_other_parameters_stay_those_of_the_best() -> None:
    """Else a fall over K would be one of beta: the best of each K have different ones here."""
    rows = [
        candidate(k, gain, parameters={"topics": k, "beta": beta}, npmi=npmi, within_one_error=best)
        for k, beta, gain, npmi, best in (
            (10, 0.1, 0.10, 0.20, False), (10, 0.5, 0.20, 0.05, False),
            (20, 0.1, 0.40, 0.19, True), (20, 0.5, 0.30, 0.04, False),
        )
    ]  # fmt: skip
    found = recommend(rows, 2, COMPARED)
    assert found.coherence is not None
    assert (found.coherence.best, found.coherence.last) == (0.20, 0.19)
    assert any("candidates with beta = 0.1, as the best" in text for text in found.sentences)
    apart = recommend([rows[1], rows[2]], 1, COMPARED)  # as of a random search
    assert apart.coherence is not None
    assert (apart.coherence.best, apart.coherence.last) == (0.19, 0.19)


@pytest.mark.parametrize("width", [80, 140, None])
def test_the_table_fits(width: int | None) -> None:
    study = MadeStudy()
    rng = np.random.default_rng(0)
    for k in (10, 1000):
        for beta in (0.01, 0.05):
            for seed in (0, 1):
                measures = made_measures(criteria={"log_likelihood": -123456789.0, "arun_2010": None})
                study.add(
                    {"topics": k, "beta": beta, "min_df": 3},
                    seed,
                    scores=rng.normal(-7, 0.1, 50),
                    seconds=1234.5,
                    measures=measures,
                )
    study.add({"topics": 50, "beta": 0.01, "min_df": 3}, state="stopped", curve=((100, -8.25),))
    found = summary_of(study)
    lines = study_table(found, width).plain.splitlines()
    assert width is None or max(map(len, lines)) <= width
    assert sum("1234" in line or "1,234" in line for line in lines) == 4
    assert any("stopped at 100" in line for line in lines)
    assert any("Griffiths 2004" in line for line in lines)
    if width is None:
        assert lines[1].split()[:3] == ["10", "0.01", "3"]
        assert len(lines[0].split("  ")) > 10  # one table
    whole = study_text(found, width).plain
    assert "Choose by none of them alone" in whole
    assert all(sentence.split(" ", 3)[0] in whole for sentence in found.recommendation.sentences)


def test_what_came_from_outside_commands_no_terminal() -> None:
    study = MadeStudy()
    bad = "en\x1b[2J\n"
    for words in (bad, "none"):
        study.add({"stop_words": words}, scores=[-7.0, -7.1, -7.2], measures=made_measures(reference=bad))
    found: StudySummary = summary_of(study)
    assert "\x1b" not in study_text(found, 80).plain
    assert "\x1b" not in "".join((*found.recommendation.sentences, *found.recommendation.cautions))
