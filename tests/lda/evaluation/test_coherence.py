"""Coherence: windows counted one by one, gensim's numbers where gensim is right, words that are not there."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import naive_evaluation
import numpy as np
import pytest

from lda.corpus import DataError, as_corpus, iter_corpus
from lda.evaluation.coherence import as_measure, coherences, value_of
from lda.evaluation.coherence_result import WINDOWS, Reference
from lda.evaluation.cooccurrence import count

if TYPE_CHECKING:
    from lda.evaluation.coherence_result import Measure


def reference(texts: list[list[str]], vocabulary: list[str], *, ordered: bool = True) -> Reference:
    corpus = as_corpus(texts)
    return Reference(batches=lambda: iter_corpus(corpus, vocabulary, batch_documents=7), ordered=ordered)


def texts_of(n: int, *, repeats: bool) -> tuple[list[list[str]], list[str]]:
    """Documents of every length around the window's; and the vocabulary."""
    rng = np.random.default_rng(5)
    terms = [f"w{i}" for i in range(300)]
    weights = 1 / (1 + np.arange(300))
    lengths = [1, 2, 9, 10, 11, 40, *rng.integers(1, 200, n)]
    return [rng.choice(terms, m, replace=repeats, p=weights / weights.sum()).tolist() for m in lengths], terms


TOPICS = [["w0", "w1", "w2", "w9"], ["w1", "w5", "w30"], ["w2", "w0"], ["w17"], []]


@pytest.mark.parametrize("window", [0, 1, 2, 10, 110])
def test_windows_are_those_counted_one_by_one(window: int) -> None:
    texts, terms = texts_of(20, repeats=True)
    ids = [[terms.index(word) for word in text] for text in texts]
    topics = [np.array([terms.index(word) for word in topic], dtype=np.int32) for topic in TOPICS]
    found = count(reference(texts, terms).batches(), topics, len(terms), window)
    n, words, pairs = naive_evaluation.windows(ids, window)
    assert found.n_windows == n
    for topic, together in zip(topics, found.together, strict=True):
        for i, a in enumerate(topic):
            for j, b in enumerate(topic):
                key = (min(a, b), max(a, b))
                expected = words.get(a, 0) if i == j else pairs.get(key, 0)
                assert together[i, j] == expected


@pytest.mark.parametrize("measure", list(WINDOWS))
def test_gensim_agrees_where_no_word_is_repeated_in_a_window(measure: Measure) -> None:
    pytest.importorskip("gensim")
    texts, terms = texts_of(40, repeats=measure == "u_mass")
    topics = [["w0", "w1", "w2", "w9"], ["w1", "w5", "w30"], ["w2", "w0"], ["w250", "w8", "w299"]]
    [own] = coherences(topics, terms, reference(texts, terms), [measure])
    [theirs] = coherences(topics, terms, reference(texts, terms), [measure], engine="gensim")
    np.testing.assert_allclose(own.topics, theirs.topics, rtol=1e-9)  # type: ignore[arg-type]
    assert (own.n_windows, own.window, own.missing) == (theirs.n_windows, theirs.window, theirs.missing)
    assert own.mean == pytest.approx(theirs.mean)


def test_gensim_forgets_repeated_words() -> None:
    # Why the counting is our own: the first a leaves the window, and gensim takes the second for gone as well.
    pytest.importorskip("gensim")
    text = ["a", "b", "a", "x", "b", *[f"x{i}" for i in range(8)]]
    terms = sorted(set(text))
    [own] = coherences([["a", "b"]], terms, reference([text], terms), ["c_uci"])
    [theirs] = coherences([["a", "b"]], terms, reference([text], terms), ["c_uci"], engine="gensim")
    # Windows of 10 in 13 tokens: 4; a in the first 3, b in all.
    assert own.mean == pytest.approx(np.log(0.75 / 0.75), abs=1e-9)
    assert abs(theirs.mean - own.mean) > 0.1


def test_values_by_hand() -> None:
    together = np.array([[4, 2], [2, 5]])
    assert value_of("npmi", together, 10) == pytest.approx(np.log(0.2 / 0.2) / -np.log(0.2), abs=1e-9)
    assert value_of("c_uci", together, 8) == pytest.approx(np.log(0.25 / (0.5 * 0.625)))
    assert value_of("u_mass", together, 10) == pytest.approx(np.log(2 / 4))
    assert value_of("npmi", np.full((2, 2), 9), 9) == 1


def test_words_that_the_reference_lacks() -> None:
    texts, terms = texts_of(5, repeats=True)
    terms += ["nowhere", "never"]
    topics = [["w0", "nowhere", "w1"], ["never", "w2"], ["w0", "w1"]]
    for engine in ("own", "gensim") if "gensim" in sys.modules else ("own",):
        [found] = coherences(topics, terms, reference(texts, terms), ["u_mass"], engine=engine)  # type: ignore[arg-type]
        assert found.missing == [(0, "nowhere"), (1, "never")]
        assert found.topics[1] is None
        assert found.topics[0] == found.topics[2] == found.mean
        assert "'nowhere' of topic 0" in found.warnings()[0]
    with pytest.raises(DataError, match=r"no topic has two top words .* lacks 'never', 'nowhere'"):
        coherences([["never", "nowhere"]], terms, reference(texts, terms))


def test_counts_have_no_windows() -> None:
    texts, terms = texts_of(5, repeats=True)
    [found] = coherences(TOPICS[:3], terms, reference(texts, terms, ordered=False), ["npmi"])
    assert found.window is None
    assert found.n_windows == len(texts)
    assert "has no order of tokens" in found.warnings()[0]
    with pytest.raises(DataError, match="give texts"):
        coherences(TOPICS[:3], terms, reference(texts, terms, ordered=False), engine="gensim")


def test_settings() -> None:
    assert as_measure("c_npmi") == "npmi"
    with pytest.raises(ValueError, match="one of npmi, c_v, u_mass, c_uci, got 'umass'"):
        as_measure("umass")
    with pytest.raises(ValueError, match="2 or more words"):
        coherences([], [], reference([["a"]], ["a"]), n_words=1)


def test_gensim_may_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gensim", None)
    with pytest.raises(DataError, match=r"gensim cannot be imported .*`pip install gensim`"):
        coherences([["a", "b"]], ["a", "b"], reference([["a", "b"]], ["a", "b"]), engine="gensim")
