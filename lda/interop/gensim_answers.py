"""The answers behind `GensimNames`: functions of a model and its inference."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lda.corpus.presentable import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy.typing as npt
    from scipy.sparse import csc_matrix

    from lda.interop.exported_model import ExportedModel

    Floats = npt.NDArray[np.float64]
    Infer = Callable[[npt.NDArray[np.int64], npt.NDArray[np.int32]], npt.NDArray[np.float32]]
    """Topics (D, K) of documents in the model's ids: offsets (D + 1,), words (N,)."""

LEAST: Final = 0.01
"""gensim's default of `minimum_probability`."""

NEVER_BELOW: Final = 1e-8
"""As in gensim: a minimum of 0 would list topics of probability 0."""

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TopicState:
    """What the topics of a model are made of, as gensim's `LdaState` tells it."""

    model: ExportedModel

    @property
    def sstats(self) -> Floats:
        """(K, V) float64, counts of terms in topics."""
        return np.asarray(self.model.language_counts.T.toarray(), dtype=np.float64)

    @property
    def numdocs(self) -> int:
        """Documents of the training."""
        return self.model.record.n_documents

    def get_lambda(self) -> Floats:
        """(K, V) float64, counts + beta."""
        return self.sstats + self.model.beta


def topic_terms(model: ExportedModel, topic: int, n: int) -> list[tuple[int, float]]:
    """(id, p) of the `n` most probable terms of a topic, best first; equal ones by id."""
    return _top_terms(model, model.language_counts[:, [_topic(model, topic)]].tocsc(), n)[0]


def _top_terms(model: ExportedModel, columns: csc_matrix, n: int) -> list[list[tuple[int, float]]]:
    """The same of each column of counts (V, ...)."""
    from lda.cluster.counts.top_words import largest

    found = []
    ids = np.arange(model.n_terms, dtype=np.int32)
    for k in range(columns.shape[1]):
        part = slice(columns.indptr[k], columns.indptr[k + 1])
        p = np.full(model.n_terms, model.beta)
        np.add.at(p, columns.indices[part], columns.data[part])
        terms, weights = largest(ids, p / p.sum(), n)
        found.append([(int(term), float(weight)) for term, weight in zip(terms, weights, strict=True)])
    return found


def _topic(model: ExportedModel, topic: int) -> int:
    if not -model.n_topics <= topic < model.n_topics:
        raise ValueError(f"topics are numbered 0 ... {model.n_topics - 1}, got {topic}")
    return int(topic) % model.n_topics


def as_text(terms: Iterable[tuple[str, float]]) -> str:
    """Terms as gensim prints them: `0.035*"war" + 0.021*"peace"`."""
    return " + ".join(f'{p:.3f}*"{term}"' for term, p in terms)


def show_topics(
    model: ExportedModel, n_topics: int, n_words: int, *, log: bool, formatted: bool
) -> list[tuple[int, Any]]:
    """See `GensimNames.show_topics`."""
    chosen = range(model.n_topics)
    if 0 <= n_topics < model.n_topics:
        tokens = model.topic_totals
        chosen = sorted(range(model.n_topics), key=lambda k: (-tokens[k], k))[:n_topics]  # type: ignore[assignment]
    shown: list[tuple[int, Any]] = []
    tops = _top_terms(model, model.language_counts.tocsc()[:, list(chosen)], n_words)
    for k, top in zip(chosen, tops, strict=True):
        terms = [(model.vocabulary[word], p) for word, p in top]
        shown.append((k, as_text(terms) if formatted else terms))
        if log:
            _log.info("topic #%i (%.3f): %s", k, model.alpha[k], printable(str(shown[-1][1])))
    return shown


def term_topics(
    model: ExportedModel, term: int | str, minimum_probability: float | None
) -> list[tuple[int, float]]:
    """See `GensimNames.get_term_topics`."""
    if isinstance(term, str):
        if term not in model.vocabulary:
            raise ValueError(f"the model has no term {term!r:.60}")
        term = model.vocabulary.index(term)
    if not 0 <= term < model.n_terms:
        raise ValueError(f"terms are numbered 0 ... {model.n_terms - 1}, got {term}")
    p = np.asarray(model.language_counts[[term]].toarray(), dtype=np.float64).ravel() + model.beta
    p /= model.topic_totals + model.n_terms * model.beta
    least = _least(minimum_probability, LEAST)
    return [(int(k), float(p[k])) for k in np.flatnonzero(p >= least)]


def _least(wanted: float | None, default: float) -> float:
    return max(default if wanted is None else wanted, NEVER_BELOW)


def document_topics(
    model: ExportedModel,
    infer: Infer,
    bow: Any,  # noqa: ANN401 - a document or many
    minimum_probability: float | None,
    minimum_phi_value: float | None,
    *,
    per_word: bool,
) -> Any:  # noqa: ANN401 - see GensimNames.get_document_topics
    """See `GensimNames.get_document_topics`."""
    documents, many = _documents(bow)
    theta = infer_bows(model, infer, documents)
    least = _least(minimum_probability, LEAST)
    least_phi = _least(minimum_phi_value, least)
    divisors = model.topic_totals + model.n_terms * model.beta if per_word else np.ones(model.n_topics)
    found: list[Any] = []
    for document, weights in zip(documents, theta, strict=True):
        topics = [(int(k), float(weights[k])) for k in np.flatnonzero(weights >= least)]
        found.append(
            (topics, *_of_words(model, document, weights / divisors, least_phi)) if per_word else topics
        )
    return found if many else found[0]


def _documents(bow: Any) -> tuple[list[Any], bool]:  # noqa: ANN401 - a document or many
    """Documents, and whether they were many: one is a list of pairs of numbers."""
    if not hasattr(bow, "__iter__"):
        raise TypeError(f"a document must be a list of (id, count), got {type(bow).__name__}")
    documents = list(bow)
    if not documents:
        return [[]], False
    first = documents[0]
    one = np.shape(first) == (2,) and all(np.ndim(number) == 0 for number in first)
    return ([documents], False) if one else (documents, True)


def infer_bows(model: ExportedModel, infer: Infer, documents: list[Any]) -> npt.NDArray[np.float32]:
    """(D, K) topics of documents in the model's ids. Raises `DataError` for ids that it does not know, and no counts.

    Rejected: `transform`, which gives each of V columns its name: half a second a document at V = 100,000, and scripts
    ask for one after the other.
    """
    from lda.corpus.readers.count_batches import canonical, check_counts
    from lda.corpus.readers.token_lists import pairs_to_csr

    if not documents:
        return np.zeros((0, model.n_topics), dtype=np.float32)
    matrix = canonical(pairs_to_csr(documents, model.n_terms))
    counts = check_counts(matrix.data, lambda entry: f"id {matrix.indices[entry]}")
    ends = np.concatenate([[0], np.cumsum(counts)])
    return infer(ends[matrix.indptr].astype(np.int64), np.repeat(matrix.indices, counts).astype(np.int32))


def _of_words(
    model: ExportedModel,
    document: Iterable[tuple[int, float]],
    weights: Floats,
    least: float,
) -> tuple[list[Any], list[Any]]:
    """Topics of each word, best first; and (topic, count * p(topic | word, document)) of each.

    weights: (K,) of the topics in the document, over n_k + V beta.
    """
    topics_of_words, weights_of_words = [], []
    for word, count in document:
        p = np.asarray(model.language_counts[[int(word)]].toarray(), dtype=np.float64).ravel() + model.beta
        p *= weights
        p *= count / p.sum()
        kept = np.flatnonzero(p >= least)
        weights_of_words.append((int(word), [(int(k), float(p[k])) for k in kept]))
        topics_of_words.append((int(word), [int(k) for k in kept[np.argsort(-p[kept], kind="stable")]]))
    return topics_of_words, weights_of_words


def inference(
    model: ExportedModel, infer: Infer, chunk: Iterable[Any], *, collect_sstats: bool
) -> tuple[Floats, None]:
    """See `GensimNames.inference`."""
    if collect_sstats:
        raise ValueError(
            "inference by sampling has no sufficient statistics, so collect_sstats must be off; "
            "to_gensim().inference(...) has gensim's"
        )
    documents = list(chunk)
    theta = infer_bows(model, infer, documents).astype(np.float64)
    lengths = np.array([sum(count for _, count in document) for document in documents], dtype=np.float64)
    return theta * (lengths + float(model.alpha.sum()))[:, None], None
