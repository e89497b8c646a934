"""Coherence with gensim doing the counting: for comparison with numbers that gensim has produced."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from lda.corpus.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lda.evaluation.coherence_result import Coherence, Measure, Reference

NAMES: Final = {"npmi": "c_npmi", "c_v": "c_v", "u_mass": "u_mass", "c_uci": "c_uci"}


def coherence_by_gensim(
    top_words: Sequence[Sequence[str]],
    vocabulary: Sequence[str],
    reference: Reference,
    measure: Measure,
    n_words: int,
) -> Coherence:
    """As `lda.evaluation.coherence.coherences`, of one measure; all texts are held in memory.

    Raises DataError where gensim is missing, or the reference corpus has no order of tokens.
    """
    from lda.evaluation.coherence_result import WINDOWS, summary

    models, dictionaries = _gensim()
    if not reference.ordered and measure != "u_mass":
        raise DataError(
            f"gensim's {measure} slides windows over texts, and the reference corpus is made of counts; "
            "give texts, or leave gensim out"
        )
    texts = list(_texts(vocabulary, reference))
    dictionary = dictionaries.Dictionary(texts)
    known = dictionary.token2id
    words = [topic[:n_words] for topic in top_words]
    missing = [(k, word) for k, topic in enumerate(words) for word in topic if word not in known]
    # A word that gensim does not know, it takes for an id or turns into NaN; it must not get any.
    held = {k: [word for word in topic if word in known] for k, topic in enumerate(words)}
    able = [k for k, topic in held.items() if len(topic) > 1]
    topics: list[float | None] = [None] * len(words)
    if able:
        model = models.CoherenceModel(
            topics=[held[k] for k in able],
            texts=texts,
            dictionary=dictionary,
            coherence=NAMES[measure],
            topn=n_words,
            processes=1,  # a worker process that fails leaves gensim waiting for ever
        )
        for k, value in zip(able, model.get_coherence_per_topic(), strict=True):
            topics[k] = float(value)
    n_windows = _n_windows(texts, WINDOWS[measure])
    facts = {"n_words": n_words, "window": WINDOWS[measure] or None, "n_windows": n_windows}
    return summary(measure, topics, missing, engine="gensim", **facts)


def _gensim() -> tuple[Any, Any]:
    try:
        from gensim import corpora, models
    except ImportError as error:
        raise DataError(
            f"gensim cannot be imported ({error}); install it (`pip install gensim`, not for Python 3.14 yet) "
            "or leave the counting to this package"
        ) from error
    return models, corpora


def _texts(vocabulary: Sequence[str], reference: Reference) -> Iterator[list[str]]:
    for batch in reference.batches():
        tokens = [vocabulary[w] for w in batch.words]
        ends = batch.doc_offsets.tolist()
        yield from (tokens[a:b] for a, b in pairwise(ends))


def _n_windows(texts: list[list[str]], window: int) -> int:
    return sum(max(len(text) - window, 0) + 1 if window else 1 for text in texts)
