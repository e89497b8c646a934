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

import warnings
from typing import TYPE_CHECKING, Final, cast

import numpy as np

from lda.evaluation.coherence_result import WINDOWS, Coherence, CoherenceEngine, Measure, Reference, summary

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from lda.evaluation.cooccurrence import Cooccurrence
    from lda.evaluation.topic_model import TopicModel

    Floats = npt.NDArray[np.float64]

EPSILON: Final = 1e-12


def coherence_on(
    model: TopicModel, X: object, measure: str, *, n_words: int = 10, engine: CoherenceEngine = "own"
) -> Coherence:
    """Coherence of a model's topics on the documents X, everything that `as_corpus` takes; warns of what to know.

    Raises:
        ValueError, DataError: as `coherences` and `batches_of`.
    """
    from lda.corpus import as_corpus
    from lda.evaluation.documents import batches_of, kept

    X = kept(X)
    corpus = as_corpus(X, allow_empty=True)
    reference = Reference(batches=lambda: batches_of(model, X), ordered=corpus.ordered)
    [found] = coherences(
        model.top_words(n_words),
        model.vocabulary,
        reference,
        [as_measure(measure)],
        n_words=n_words,
        engine=engine,
    )
    for text in found.warnings():
        warnings.warn(text, stacklevel=3)
    return found


def coherences(
    top_words: Sequence[Sequence[str]],
    vocabulary: Sequence[str],
    reference: Reference,
    measures: Sequence[Measure] = ("npmi",),
    *,
    n_words: int = 10,
    engine: CoherenceEngine = "own",
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
