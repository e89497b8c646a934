"""`suggest_stop_words`: the empty words of a corpus, by how many documents have them and how evenly topics do."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from lda.corpus.convert import as_corpus
from lda.corpus.errors import DataError
from lda.corpus.finished.selection import sample_documents, select_corpus
from lda.corpus.presentable import printable, without_keys
from lda.corpus.storage.leftovers import temporary_folder
from lda.estimator.estimator import LDA
from lda.progress import plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt
    from scipy.sparse import csr_matrix

    from lda.corpus import Corpus

    Floats = npt.NDArray[np.float64]
    Integers = npt.NDArray[np.int64]

TOP: Final = 10
"""Words of a topic that people look at."""

FEWEST_TOPICS: Final = 10
MOST_TOPICS: Final = 50
TOKENS_PER_TOPIC: Final = 10_000
"""Topics of the quick fit: one for so many tokens, within these limits."""

SWEEPS: Final = 100
TOKENS_LOOKED_AT: Final = 5_000_000
"""A larger corpus is judged by a sample of about so many tokens, which is fitted in a minute."""

EVEN: Final = ((0.3, 0.8), (0.1, 0.85))
"""A word is proposed if so large a share of the documents has it, and it is as even as this."""

IN_TOPS: Final = (0.1, 0.7)
"""So is one with less, if it stands in the top ten of many topics: of `TOPIC_SHARE` of them, and of `FEWEST_TOPS`."""

TOPIC_SHARE: Final = 0.1
FEWEST_TOPS: Final = 3
MOST_WORDS: Final = 50


class CountedModel(Protocol):
    """What is asked of a model; `lda.Model` has it."""

    @property
    def n_topics(self) -> int:
        """K."""
        ...

    @property
    def vocabulary(self) -> list[str]:
        """V terms."""
        ...

    @property
    def language_counts(self) -> csr_matrix:
        """(V, K) tokens of each term in each topic."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestedWord:
    """A word that is proposed as a stop word, and why.

    Attributes:
        term: the word.
        tokens: that it has in the corpus.
        documents: that have it.
        document_share: the share of all documents.
        evenness: 1 - KL(p(k | w) || p(k)) / log K: 1 if a token of it tells nothing about the topic, 0 or less if it
            tells all. The divergence is called distinctiveness in Chuang, Manning and Heer, "Termite", 2012.
        topics: among whose top ten words it stands.
    """

    term: str
    tokens: int
    documents: int
    document_share: float
    evenness: float
    topics: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StopWordSuggestion:
    """Empty words of a corpus, those that stand in most topics first.

    Attributes:
        words: the proposals.
        n_topics: topics of the fit that they were judged by.
        n_documents: of the corpus.
        n_tokens: of the corpus.
        judged_documents: that the fit saw.
        token_share: of all tokens that the words have together.
    """

    words: tuple[SuggestedWord, ...]
    n_topics: int
    n_documents: int
    n_tokens: int
    judged_documents: int
    token_share: float

    @property
    def terms(self) -> list[str]:
        """The words alone."""
        return [word.term for word in self.words]

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "n_topics": self.n_topics,
            "n_documents": self.n_documents,
            "n_tokens": self.n_tokens,
            "judged_documents": self.judged_documents,
            "n_words": len(self.words),
            "token_share": self.token_share,
            "words": [
                {
                    "term": word.term,
                    "tokens": word.tokens,
                    "documents": word.documents,
                    "document_share": word.document_share,
                    "evenness": word.evenness,
                    "topics": word.topics,
                }
                for word in self.words
            ],
        }

    def file_lines(self, title: str = "the corpus") -> Iterator[str]:
        """The lines of a file for `stop_words` and --stop-words: a word a line, and its reasons as a comment above it.

        title: how the corpus is called.
        """
        judged = (
            ""
            if self.judged_documents == self.n_documents
            else f", judged by {self.judged_documents:,} documents"
        )
        yield f"# Words of {printable(without_keys(title))} that tell no topics apart ({self.n_topics} topics{judged})."
        yield "# Look through them, and delete what means something to you. A # and a blank begin a comment."
        yield "# Then: lda corpus build INPUT... --stop-words en --stop-words THIS_FILE -o DIR"
        yield "#   or: lda corpus select CORPUS --without-terms THIS_FILE -o DIR"
        for word in self.words:
            tops = f", in the top ten of {plural(word.topics, 'topic')}" if word.topics else ""
            yield ""
            yield f"# {word.document_share:.0%} of the documents, evenness {word.evenness:.2f}{tops}"
            yield word.term


def suggest_stop_words(
    X: object,
    *,
    model: CountedModel | None = None,
    n_topics: int | None = None,
    most: int = MOST_WORDS,
    random_state: int = 0,
    n_jobs: int | None = None,
) -> StopWordSuggestion:
    """The empty words of a corpus: those that many documents have, and all topics about as often.

    A list of stop words of a language cannot know that "film" means nothing among film reviews. The words are judged by
    the topics of a quick fit (100 sweeps), or of a model that is there. One is proposed if 30 % of documents have it,
    and its evenness is 0.8 or more; if 10 % have it, and its evenness is 0.85 or more; or if 10 % have it, it stands in
    the top ten of a tenth of the topics, and its evenness is 0.7 or more. What is empty depends on the question, so
    look through them.

    Args:
        X: a corpus, or whatever `as_corpus` takes.
        model: fitted to it, or to its like; None makes a quick fit.
        n_topics: of the quick fit; None is one for 10,000 tokens, from 10 to 50.
        most: so many words at most.
        random_state: of the quick fit, and of the sample of a corpus of more than 5 million tokens.
        n_jobs: threads; None for all cores. The result does not depend on it.

    Raises:
        DataError: the corpus is damaged, its terms have no names, or the model has few of them.
        ValueError: there are fewer than two topics.
    """
    corpus = as_corpus(X)
    if n_topics is not None and n_topics < 2:
        raise ValueError(f"words are judged by two topics at least, got {n_topics}")
    if model is not None:
        if model.n_topics < 2:
            raise ValueError(f"words are judged by two topics at least, and the model has {model.n_topics}")
        return _judged(corpus, model, corpus.n_documents, most)
    k = n_topics or min(max(corpus.n_tokens // TOKENS_PER_TOPIC, FEWEST_TOPICS), MOST_TOPICS)

    def fitted(documents: Corpus) -> CountedModel:
        found = LDA(k, max_iter=SWEEPS, random_state=random_state, n_jobs=n_jobs).fit(documents)
        return found.model_

    if corpus.n_tokens <= TOKENS_LOOKED_AT:
        return _judged(corpus, fitted(corpus), corpus.n_documents, most)
    share = TOKENS_LOOKED_AT / corpus.n_tokens
    with temporary_folder() as folder:
        chosen = sample_documents(corpus, share, seed=random_state)
        sample = select_corpus(corpus, f"{folder}/sample", documents=chosen)
        return _judged(corpus, fitted(sample), sample.n_documents, most)


def _judged(corpus: Corpus, model: CountedModel, n_judged: int, most: int) -> StopWordSuggestion:
    counts = _in_order_of(corpus, model)
    even = evenness(counts)
    tops = _in_tops(counts)
    documents, tokens = corpus.document_frequencies, corpus.term_frequencies
    share = documents / max(corpus.n_documents, 1)
    least = max(FEWEST_TOPS, math.ceil(TOPIC_SHARE * model.n_topics))
    wanted = (share >= IN_TOPS[0]) & (even >= IN_TOPS[1]) & (tops >= least)
    for least_share, least_evenness in EVEN:
        wanted |= (share >= least_share) & (even >= least_evenness)
    terms = corpus.vocabulary
    possible = np.fromiter(map(_can_be_listed(corpus), terms), dtype=np.bool_, count=len(terms))
    found = np.flatnonzero(wanted & possible)
    order = found[np.lexsort((found, -share[found], -tops[found]))][:most]
    return StopWordSuggestion(
        words=tuple(
            SuggestedWord(
                term=terms[w],
                tokens=int(tokens[w]),
                documents=int(documents[w]),
                document_share=float(share[w]),
                evenness=float(even[w]),
                topics=int(tops[w]),
            )
            for w in order.tolist()
        ),
        n_topics=model.n_topics,
        n_documents=corpus.n_documents,
        n_tokens=corpus.n_tokens,
        judged_documents=n_judged,
        token_share=float(tokens[order].sum() / max(corpus.n_tokens, 1)),
    )


def evenness(counts: csr_matrix) -> Floats:
    """(V,) 1 - KL(p(k | w) || p(k)) / log K of each term; -inf of those without a token.

    counts: (V, K) tokens of each term in each topic, K of two or more.
    """
    matrix = counts.tocsr().astype(np.float64)
    of_topics = np.asarray(matrix.sum(axis=0)).ravel()
    of_terms = np.asarray(matrix.sum(axis=1)).ravel()
    p_topics = of_topics / max(of_topics.sum(), 1.0)
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    held = matrix.data > 0
    rows, columns, data = rows[held], matrix.indices[held], matrix.data[held]
    p = data / of_terms[rows]
    divergence = np.bincount(rows, weights=p * np.log(p / p_topics[columns]), minlength=matrix.shape[0])
    found = 1.0 - divergence / math.log(matrix.shape[1])
    found[of_terms == 0] = -np.inf
    return found


def _in_tops(counts: csr_matrix) -> Integers:
    """(V,) topics among whose most frequent words each term stands; equal ones in the order of the vocabulary."""
    found = np.zeros(counts.shape[0], dtype=np.int64)
    columns = counts.tocsc()
    for topic in range(counts.shape[1]):
        part = slice(columns.indptr[topic], columns.indptr[topic + 1])
        words, its = columns.indices[part], columns.data[part]
        best = words[np.lexsort((words, -its))][:TOP]
        found[best[its[np.lexsort((words, -its))][:TOP] > 0]] += 1
    return found


def _in_order_of(corpus: Corpus, model: CountedModel) -> csr_matrix:
    """(V, K) the counts of the model for the terms of the corpus; none for a term that it has not. Raises DataError."""
    import scipy.sparse

    counts = scipy.sparse.csr_matrix(model.language_counts)
    if model.vocabulary == corpus.vocabulary:
        return counts
    numbers = {term: number for number, term in enumerate(model.vocabulary)}
    rows = np.fromiter((numbers.get(term, -1) for term in corpus.vocabulary), np.int64, count=corpus.n_terms)
    known = corpus.term_frequencies[rows >= 0].sum() / max(corpus.n_tokens, 1)
    if known < 0.5:
        raise DataError(
            f"the model must know the words of the corpus, and it has {known:.0%} of the tokens; name a model that was "
            "fitted to such texts"
        )
    blank = scipy.sparse.csr_matrix((1, counts.shape[1]), dtype=counts.dtype)
    return scipy.sparse.csr_matrix(scipy.sparse.vstack([counts, blank], format="csr")[rows])


def _can_be_listed(corpus: Corpus) -> Any:  # noqa: ANN401 - a function
    """Whether a file of stop words can hold a term: runs and phrases are made after stop words are gone."""
    recipe = corpus.recipe
    pairs: Sequence[Sequence[str]] = (recipe.phrase_pairs or ()) if recipe is not None else ()
    phrases = {"_".join(pair) for pair in pairs}

    def possible(term: str) -> bool:
        return bool(term) and not any(map(str.isspace, term)) and term not in phrases

    return possible
