"""What a reader of a report should know before believing it, each in a sentence.

Thresholds are rules of thumb, and each says where it comes from. A finding is a reason to look, not a verdict: the page
shows it beside the topics that it speaks of.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from lda.corpus.presentable import printable
from lda.corpus.text.stop_words import ENGLISH
from lda.evaluation.wasted_topics import TOP_WORDS, dead_topics, duplicate_topics, sets_of
from lda.progress import plural

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    import numpy.typing as npt

    from lda.report.reported_model import ReportedModel, ReportedRun
    from lda.survey.survey import GroupShares, Survey

    Floats = npt.NDArray[np.float64]

FUNCTION_WORDS: Final = 3
"""Stop words among ten that make a topic one of function words; a single "well" or "us" is often meant."""

MOST_TOKENS: Final = 0.5
"""Part of all tokens above which one topic has taken in most of the corpus; looked at from three topics on."""

WITHOUT_WORDS: Final = 0.01
"""Part of the documents without a known word that is worth a sentence; the number itself always stands in the facts."""

UNKNOWN: Final = 0.5
"""Part of unknown words above which the model sees too little of new documents to speak for them. Of those it was
fitted to, pruning (--max-df 0.5 of speeches, say) takes out as much on purpose."""

FEW_DOCUMENTS: Final = 10
"""Documents behind a value of a field below which its shares say little: an interval by Student's t takes them to be
a sample of many."""

RISING: Final = 0.03
"""Nats a token that the joint log-likelihood still gained in the last quarter of the sweeps. 100 topics of abstracts
gain 0.046 there when they are fitted for 100 sweeps, 0.02 when for 200; 20 topics of speeches 0.015 of 100."""

MARKUP: Final = frozenset(
    """
    apos bgcolor blockquote bmatrix cdot cellpadding cellspacing cfrac colspan emph endash eqnarray frac hellip hspace
    href http https itemize ldquo lsquo mathbb mathbf mathcal mathrm mdash nbsp ndash nofollow onclick quot rdquo
    rowspan rsquo tbody textbf textit textrm valign vspace www
    """.split()  # noqa: SIM905 - a list literal would take a line for each word
)
"""Words of HTML, LaTeX and addresses that are hardly ever meant. Names of formats (html, jpeg, ftp) are, by those who
write of them."""

MAYBE_MARKUP: Final = frozenset("amp br div gt img li lt span src td tr ul".split())  # noqa: SIM905 - see above
"""Words of HTML that mean something else, too (an amp, a span): two of them in one topic are mark-up."""

MARKED: Final = re.compile(r"https?:|www\.|&\w+;|</?\w|\\[a-z]+|\w\.(?:com|org|net|html?)$")
"""The same inside a term, where a pattern of its own lets points and slashes into words."""


@dataclass(frozen=True, slots=True)
class Finding:
    """kind: a word for the rule. text: a sentence or two for people. topics: which it speaks of."""

    kind: str
    text: str
    topics: tuple[int, ...] = ()


def findings(model: ReportedModel, survey: Survey | None, distances: Floats | None = None) -> list[Finding]:
    """All findings on a model, and on the documents of a survey; the gravest first.

    distances: (K, K) between topics, as `duplicate_topics` takes them; None looks at shared words only.
    """
    words = model.top_words(TOP_WORDS)
    hardly_any = list(dead(model.last_tokens))
    found = [
        *stopped_early(model.record),
        *still_rising(model.record),
        *dominant(model.last_tokens),
        *hardly_any,
        *duplicates(words, distances, {k for one in hardly_any for k in one.topics}),
        *markup(words),
        *function_words(words),
    ]
    if survey is not None:
        found += [*other_corpus(model.record, survey), *without_known_words(survey), *unknown_words(survey)]
        for groups in (*((survey.over,) if survey.over else ()), *survey.by):
            found += few_documents(groups)
            found += gathered_groups(groups)
    return found


def stopped_early(run: ReportedRun) -> Iterator[Finding]:
    """A fit that was interrupted before its sweeps were done."""
    if run.interrupted:
        asked = run.settings.get("sweeps")
        of = f" of {asked:,}" if isinstance(asked, int) else ""
        yield Finding(
            "interrupted",
            f"The fit was interrupted after {run.n_sweeps:,}{of} sweeps; resume it, or fit again.",
        )


def still_rising(run: ReportedRun) -> Iterator[Finding]:
    """A curve that still rose by more than `RISING` in the last quarter of the sweeps, or somewhat more of them.

    It is measured from the last evaluation before that quarter; where that lies in the first half, nothing is said. The
    joint log-likelihood is looked at, which is there more often than that of documents kept out.
    """
    curve = [
        (row["sweep"], row["log_likelihood"]) for row in run.history if row["log_likelihood"] is not None
    ]
    if len(curve) < 3:
        return
    last, value = curve[-1]
    before = [(sweep, earlier) for sweep, earlier in curve[:-1] if 0.5 * last <= sweep <= 0.75 * last]
    if before and value - before[-1][1] > RISING:
        sweep, earlier = before[-1]
        yield Finding(
            "rising",
            f"The log-likelihood still rose by {value - earlier:.3f} nats a token from sweep {sweep:,} to {last:,}, so "
            f"the topics may not have settled; fit with more than {run.n_sweeps:,} sweeps.",
        )


def dominant(tokens: Floats | None) -> Iterator[Finding]:
    """One topic with more than `MOST_TOKENS` of the tokens."""
    if tokens is None or len(tokens) < 3 or not tokens.sum():
        return
    largest = int(tokens.argmax())
    share = float(tokens[largest] / tokens.sum())
    if share > MOST_TOKENS:
        yield Finding(
            "dominant",
            f"Topic {largest} has {share:.0%} of all tokens, so the others share the rest; drop frequent words "
            "(stop words, --max-df), or ask for more topics.",
            (largest,),
        )


def dead(tokens: Floats | None) -> Iterator[Finding]:
    """Topics that hold hardly any tokens, see `dead_topics`."""
    found = dead_topics(tokens)
    if tokens is not None and found:
        most = int(tokens[found].max())
        yield Finding(
            "dead",
            f"{_topics(found)} {'holds' if len(found) == 1 else 'hold'} hardly any tokens ({most:,} at most), so "
            "what their words say is chance; ask for fewer topics.",
            tuple(found),
        )


def duplicates(
    words: Sequence[Sequence[str]], distances: Floats | None, dead: Collection[int] = ()
) -> Iterator[Finding]:
    """Topics that say the same, see `duplicate_topics`: each such set once."""
    for alike in sets_of(duplicate_topics(words, distances, dead)):
        common = [printable(word) for word in words[alike[0]] if all(word in words[k] for k in alike[1:])]
        told = (
            f"{len(common)} of ten top words in common: {', '.join(common)}"
            if common
            else "in the probabilities of all their words"
        )
        yield Finding(
            "duplicate",
            f"{_topics(alike)} are nearly the same ({told}); with fewer topics they would be one.",
            tuple(alike),
        )


def markup(words: Sequence[Sequence[str]]) -> Iterator[Finding]:
    """Words of `MARKUP` or like `MARKED`, or two of `MAYBE_MARKUP`, among the ten most probable ones of a topic."""
    found = {k: _pieces_of_markup(of_topic) for k, of_topic in enumerate(words)}
    topics = [k for k, of_topic in found.items() if of_topic]
    if topics:
        yield Finding(
            "markup",
            f"Pieces of mark-up or addresses are among the top words of {_topics(topics).lower()}: "
            f"{_some(found[k] for k in topics)}; take them out of the text (--strip html for HTML), and fit again.",
            tuple(topics),
        )


def _pieces_of_markup(words: Sequence[str]) -> list[str]:
    maybe = [word for word in words if word.lower() in MAYBE_MARKUP]
    if len(maybe) < 2:
        maybe = []
    return [word for word in words if word.lower() in MARKUP or MARKED.search(word) or word in maybe]


def function_words(words: Sequence[Sequence[str]]) -> Iterator[Finding]:
    """Topics with `FUNCTION_WORDS` or more English stop words among their ten most probable ones."""
    found = {k: [word for word in of_topic if word.lower() in ENGLISH] for k, of_topic in enumerate(words)}
    topics = [k for k, of_topic in found.items() if len(of_topic) >= FUNCTION_WORDS]
    if topics:
        yield Finding(
            "stop_words",
            f"Stop words lead {_topics(topics).lower()}: {_some(found[k] for k in topics)}; drop them "
            "(--stop-words), and fit again.",
            tuple(topics),
        )


def other_corpus(run: ReportedRun, survey: Survey) -> Iterator[Finding]:
    """Documents that are not those of the fit: another content, number, or other words in them."""
    if survey.corpus_hash is not None and survey.corpus_hash == run.corpus_hash:
        return
    told = []
    if survey.n_documents != run.n_documents:
        told.append(
            f"{plural(survey.n_documents, 'document')} here, {run.n_documents:,} in the corpus of the fit"
        )
    if survey.n_trained is not None:
        untold = survey.n_untold or 0
        new = survey.n_documents - survey.n_trained - untold
        # Documents kept out of the fit to score it are the corpus' own, and not trained on.
        kept_out = float(run.settings.get("validation_fraction") or 0.0) * run.n_documents
        if new > 2 * kept_out:
            told.append(
                f"the model was fitted to {survey.n_trained:,} of them"
                + (f" ({untold:,} are too short to tell)" if untold else "")
            )
    elif survey.corpus_hash is not None and not told:
        told.append("their content differs, though there are as many")
    if told:
        yield Finding(
            "corpus",
            f"The documents shown here are not those that the model was fitted to: {'; '.join(told)}. Their topics "
            "are inferred all the same.",
        )


def without_known_words(survey: Survey) -> Iterator[Finding]:
    """More than `WITHOUT_WORDS` of the documents have no word that the model knows."""
    n, of = survey.n_empty_documents, survey.n_documents
    if n > WITHOUT_WORDS * of:
        without = f" {survey.n_without_text:,} of them have no text at all." if survey.n_without_text else ""
        yield Finding(
            "empty",
            f"{plural(n, 'document')} of {of:,} {'has' if n == 1 else 'have'} no word that the model knows, and no "
            f"part in what is shown.{without}",
        )


def unknown_words(survey: Survey) -> Iterator[Finding]:
    """More than `UNKNOWN` of the words are unknown to the model, and most of the documents are new to it."""
    words = survey.n_tokens + survey.n_unknown
    own = survey.n_trained is not None and 2 * survey.n_trained >= survey.n_documents
    if survey.n_unknown > UNKNOWN * words and not own:
        yield Finding(
            "unknown",
            f"The model does not know {survey.n_unknown / words:.0%} of the documents' words; topics come from the "
            "rest. Check language, text field, and whether words are cut as they were for the model.",
        )


def few_documents(groups: GroupShares) -> Iterator[Finding]:
    """Values of a field with fewer than `FEW_DOCUMENTS` documents."""
    small = [
        (value, int(n))
        for value, n in zip(groups.values, groups.n_documents, strict=True)
        if 0 < n < FEW_DOCUMENTS
    ]
    if small:
        shown = ", ".join(f"{printable(value)} ({n})" for value, n in small[:5])
        more = f" and {len(small) - 5:,} more" if len(small) > 5 else ""
        yield Finding(
            "few",
            f"Few documents stand behind {plural(len(small), 'value')} of {printable(groups.field)}: {shown}{more}. "
            "Their shares say little.",
        )


def gathered_groups(groups: GroupShares) -> Iterator[Finding]:
    """Values of a field that are shown as one, for there are too many."""
    if groups.n_gathered:
        kept = len(groups.values) - 1
        yield Finding(
            "gathered",
            f"{printable(groups.field)} has {kept + groups.n_gathered:,} values. The {kept:,} with the most documents "
            f"are shown (of equal ones the first by name), the others together as {printable(groups.values[-1])}.",
        )


def _topics(numbers: Sequence[int]) -> str:
    """Topic 3; Topics 3, 5 and 7; of many the first eight."""
    if len(numbers) == 1:
        return f"Topic {numbers[0]}"
    shown = [str(k) for k in numbers[:8]]
    if len(numbers) > 8:
        return f"Topics {', '.join(shown)} and {len(numbers) - 8:,} more"
    return f"Topics {', '.join(shown[:-1])} and {shown[-1]}"


def _some(words: Iterable[Iterable[str]]) -> str:
    """Each word once, the first eight."""
    found = list(dict.fromkeys(printable(word) for of_topic in words for word in of_topic))
    return ", ".join(found[:8]) + (" ..." if len(found) > 8 else "")
