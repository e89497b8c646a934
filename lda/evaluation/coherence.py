"""Topic coherence: do the top words of a topic keep company in a reference corpus?

| measure | windows | of a topic with top words w_1 ... w_n, best first |
|---|---|---|
| npmi | 10 tokens | mean over pairs of NPMI(i, j) = log(p_ij / (p_i p_j)) / -log p_ij |
| c_uci | 10 tokens | mean over pairs of log(p_ij / (p_i p_j)) |
| c_v | 110 tokens | mean over i of cos(v_i, sum_j v_j), v_i = (NPMI(i, 1), ..., NPMI(i, n)) |
| u_mass | documents | mean over j < i of log(p_ij / p_j) |

p are shares of windows; epsilon = 1e-12 is added to p_ij. Roeder, Both and Hinneburg (WSDM 2015) define the four in
common; npmi is Bouma's (2009), c_uci Newman et al.'s (NAACL 2010), u_mass Mimno et al.'s (EMNLP 2011), who add up
and smooth by a count of 1 instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, cast

import numpy as np

from lda.corpus.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from lda.corpus import DocumentBatch
    from lda.evaluation.cooccurrence import Cooccurrence

    Floats = npt.NDArray[np.float64]

Measure = Literal["npmi", "c_v", "u_mass", "c_uci"]
Engine = Literal["own", "gensim"]
WINDOWS: Final[dict[Measure, int]] = {"npmi": 10, "c_v": 110, "u_mass": 0, "c_uci": 10}
EPSILON: Final = 1e-12
WORDS_NAMED: Final = 5  # in a message, of those that the reference corpus lacks


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The corpus that coherence is measured on.

    Attributes:
        batches: gives the documents from the beginning, in the model's term ids, each time it is called.
        ordered: whether tokens stand in the order of the text; else windows are whole documents.
    """

    batches: Callable[[], Iterable[DocumentBatch]]
    ordered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Coherence:
    """Coherence of the topics of a model; higher is better.

    Attributes:
        measure: "npmi", "c_v", "u_mass" or "c_uci".
        mean: over the topics that have a value; NaN if none has.
        topics: value of each topic; None where fewer than two of its top words occur in the reference corpus.
        n_words: top words asked for.
        window: tokens in a window; None where windows are whole documents.
        n_windows: windows of the reference corpus.
        missing: (topic, word) for each top word that the reference corpus lacks; its pairs are left out.
        engine: what has counted, "own" or "gensim".
    """

    measure: Measure
    mean: float
    topics: list[float | None]
    n_words: int
    window: int | None
    n_windows: int
    missing: list[tuple[int, str]]
    engine: Engine = "own"

    def to_dict(self) -> dict[str, Any]:
        """The fields, as plain values."""
        return asdict(self)

    def warnings(self) -> list[str]:
        """What a reader should know before comparing the numbers."""
        found = []
        if self.window is None and WINDOWS[self.measure]:
            found.append(
                f"{self.measure} is meant for windows of {WINDOWS[self.measure]} tokens, but a corpus made of counts "
                "has no order of tokens: whole documents were taken, and the numbers compare only with such"
            )
        if self.missing:
            topic, word = self.missing[0]
            found.append(
                f"{len(self.missing):,} top words do not occur in the reference corpus "
                f"({word!r} of topic {topic}, for one); their pairs are left out"
            )
        return found


def coherences(
    top_words: Sequence[Sequence[str]],
    vocabulary: Sequence[str],
    reference: Reference,
    measures: Sequence[Measure] = ("npmi",),
    *,
    n_words: int = 10,
    engine: Engine = "own",
) -> list[Coherence]:
    """Coherence of topics by several measures; the reference corpus is read once for each width of window.

    Args:
        top_words: the `n_words` most probable terms of each topic, best first; or fewer.
        vocabulary: the V terms that `reference` numbers.
        reference: where to look for the words.
        measures: which; see the table above.
        n_words: words of a topic that take part, 2 or more.
        engine: "gensim" leaves the counting to gensim's CoherenceModel, whose windows forget a word that is
            repeated in them as soon as its first occurrence leaves: for comparison with published numbers only.

    Raises:
        ValueError: a measure or engine is unknown, or `n_words` is too small.
        DataError: no top word occurs in the reference corpus, or gensim is asked for and missing.
    """
    _check_settings(measures, n_words, engine)
    if engine == "gensim":
        from lda.evaluation.coherence_gensim import coherence_by_gensim

        return [coherence_by_gensim(top_words, vocabulary, reference, m, n_words) for m in measures]
    from lda.evaluation.cooccurrence import count

    index = {term: number for number, term in enumerate(vocabulary)}
    topics = [np.array([index[word] for word in words[:n_words]], dtype=np.int32) for words in top_words]
    made: dict[int, Cooccurrence] = {}
    found = []
    for measure in measures:
        window = WINDOWS[measure] if reference.ordered else 0
        if window not in made:
            made[window] = count(reference.batches(), topics, len(vocabulary), window)
        found.append(_of_counts(measure, made[window], top_words, n_words))
    return found


def _check_settings(measures: Sequence[str], n_words: int, engine: str) -> None:
    for measure in measures:
        if measure not in WINDOWS:
            raise ValueError(f"measure must be one of {', '.join(WINDOWS)}, got {measure!r}")
    if n_words < 2:
        raise ValueError(f"coherence needs 2 or more words of a topic, got {n_words}")
    if engine not in ("own", "gensim"):
        raise ValueError(f"engine must be own or gensim, got {engine!r}")


def _of_counts(
    measure: Measure, counted: Cooccurrence, top_words: Sequence[Sequence[str]], n_words: int
) -> Coherence:
    topics: list[float | None] = []
    missing = []
    for number, together in enumerate(counted.together):
        there = np.diag(together) > 0
        missing += [(number, top_words[number][int(i)]) for i in np.flatnonzero(~there)]
        held = together[np.ix_(there, there)]
        topics.append(value_of(measure, held, counted.n_windows) if len(held) > 1 else None)
    return summary(
        measure, topics, missing, n_words=n_words, window=counted.window or None, n_windows=counted.n_windows
    )


def summary(
    measure: Measure,
    topics: list[float | None],
    missing: list[tuple[int, str]],
    **facts: Any,  # noqa: ANN401
) -> Coherence:
    """The coherence of all topics. Raises DataError where no topic has a value."""
    values = [value for value in topics if value is not None]
    if not values:
        words = ", ".join(repr(word) for _, word in missing[:WORDS_NAMED])
        raise DataError(
            "no topic has two top words that occur in the reference corpus"
            + (f" (it lacks {words}, ...)" if words else "")
            + "; give a corpus in the language of the model"
        )
    return Coherence(measure=measure, mean=float(np.mean(values)), topics=topics, missing=missing, **facts)


def value_of(measure: Measure, together: npt.NDArray[np.int64], n_windows: int) -> float:
    """Coherence of one topic. together: (n, n) windows that hold words i and j, all words occurring."""
    p = together / n_windows
    single = np.diag(p)
    upper = np.triu_indices(len(p), 1)
    if measure == "u_mass":
        # Row i, column j < i: the better word j is the condition.
        conditional: Floats = np.log((p + EPSILON) / single[None, :])
        return float(conditional.T[upper].mean())
    ratio = np.log((p + EPSILON) / np.outer(single, single))
    if measure == "c_uci":
        return float(ratio[upper].mean())
    everywhere = together == n_windows
    # Two words in each and every window: 0 / 0, of which the limit is 1.
    npmi = np.where(everywhere, 1.0, ratio / np.where(everywhere, 1.0, -np.log(p + EPSILON)))
    if measure == "npmi":
        return float(npmi[upper].mean())
    total = npmi.sum(axis=0)
    norms = np.linalg.norm(npmi, axis=1) * np.linalg.norm(total)
    return float(np.mean(npmi @ total / np.where(norms > 0, norms, 1.0)))


def as_measure(name: str) -> Measure:
    """The measure of that name; `c_npmi` is gensim's name for npmi. Raises ValueError."""
    found = "npmi" if name == "c_npmi" else name
    _check_settings([found], 2, "own")
    return cast("Measure", found)
