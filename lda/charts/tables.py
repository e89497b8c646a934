"""Tables of a model's numbers, column by column: what data frames and charts are made of."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from lda.charts.measures import overall
from lda.corpus.presentable import printable
from lda.evaluation.relevance import LAMBDA, held_terms, probabilities, relevance, term_share
from lda.survey.results import SeededRun, SurveyedModel

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    from scipy.sparse import csr_matrix

    from lda.evaluation.diagnostics import TopicDiagnostics
    from lda.labels.labels import Labels
    from lda.survey.results import GroupShares

    Table = dict[str, Any]
    """Columns by name, all of one length; arrays or lists."""


HISTORY: Final = ("seconds", "tokens_per_second", "log_likelihood", "heldout", "alpha_sum", "beta")
"""What is told of each sweep, where it is known."""


class RecordedRun(SeededRun, Protocol):
    """What charts need of a model's run record."""

    @property
    def history(self) -> tuple[dict[str, Any], ...]:
        """A row a sweep."""
        ...


class FittedModel(SurveyedModel, Protocol):
    """A model that was fitted and may have names; `lda.Model` is one."""

    @property
    def counts(self) -> csr_matrix:
        """(V, K) CSR, tokens of each term in each topic."""
        ...

    @property
    def record(self) -> RecordedRun:
        """The facts of the run."""
        ...

    @property
    def labels(self) -> Labels:
        """Names of topics."""
        ...

    def diagnostics(self, X: None = None, *, n_words: int = 10) -> TopicDiagnostics:
        """Numbers about each topic."""
        ...


def topic_titles(model: FittedModel, top_words: Sequence[Sequence[str]]) -> list[str]:
    """What each topic is called in a chart: its number with its name, or with its first three words.

    They begin with the number, so no two are the same. `top_words`: of each topic, best first.
    """
    titles = []
    for k, words in enumerate(top_words):
        named = model.labels.name(k) is not None
        title = model.labels.title(k) if named else f"{k} {', '.join(words[:3])}".rstrip()
        titles.append(printable(title))
    return titles


def topics_table(model: FittedModel, n_words: int = 10) -> Table:
    """Row k is topic k: topic, name (None without one), tokens, share, alpha, words, exclusivity, eff_num_words."""
    if n_words < 0:
        raise ValueError(f"n_words must be 0 or more, got {n_words}")
    words = model.top_words(max(n_words, 3))
    tokens = np.asarray(model.counts.sum(axis=0, dtype=np.int64)).ravel()
    diagnostics = model.diagnostics()
    return {
        "topic": np.arange(model.n_topics),
        "name": [model.labels.name(k) for k in range(model.n_topics)],
        "title": topic_titles(model, words),
        "tokens": tokens,
        "share": tokens / max(int(tokens.sum()), 1),
        "alpha": np.asarray(model.alpha),
        "words": [", ".join(some[:n_words]) for some in words],
        "exclusivity": diagnostics.exclusivity,
        "eff_num_words": diagnostics.eff_num_words,
    }


def words_table(model: FittedModel, topic: int, n_words: int | None = 30, lambda_: float = LAMBDA) -> Table:
    """The words of a topic, the most relevant first: word, p, share, lift, relevance, tokens.

    Args:
        model: the model.
        topic: its number.
        n_words: how many; None for all that the topic holds.
        lambda_: of the relevance; 1 orders by p(word | topic).

    Raises:
        ValueError: there is no such topic, `n_words` is negative, or `lambda_` lies outside 0 to 1.
    """
    k = checked_topic(model, topic)
    if n_words is not None and n_words < 0:
        raise ValueError(f"n_words must be 0 or more, got {n_words}")
    if not 0 <= lambda_ <= 1:
        raise ValueError(f"lambda must lie between 0 and 1, got {lambda_}")
    terms, p = next(found for number, found in enumerate(held_terms(model)) if number == k)
    share = term_share(model)[terms]
    score = relevance(p, share, lambda_)
    best = np.argsort(-score, kind="stable")[:n_words]
    tokens = model.counts[terms[best]][:, [k]].toarray().ravel()
    return {
        "word": [model.vocabulary[w] for w in terms[best]],
        "p": p[best],
        "share": share[best],
        "lift": p[best] / share[best],
        "relevance": score[best],
        "tokens": tokens.astype(np.int64),
    }


def word_topics_table(model: FittedModel, word: str, n_topics: int | None = None) -> Table:
    """The topics that hold a word, those with most of its tokens first: topic, name, title, tokens, p.

    Raises:
        ValueError: the model does not know the word.
        TypeError: the word is no text.
    """
    if not isinstance(word, str):
        raise TypeError(f"a word is text, got {type(word).__name__} {word!r:.60}")
    try:
        w = model.vocabulary.index(word)
    except ValueError:
        raise ValueError(f"the model does not know the word {printable(word)!r:.80}") from None
    row = model.counts.getrow(w)
    row.sum_duplicates()
    topics, tokens = row.indices[row.data > 0], row.data[row.data > 0].astype(np.int64)
    order = np.lexsort((topics, -tokens))[:n_topics]
    topics, tokens = topics[order], tokens[order]
    titles = topic_titles(model, model.top_words(3))
    return {
        "topic": topics,
        "name": [model.labels.name(int(k)) for k in topics],
        "title": [titles[k] for k in topics],
        "tokens": tokens,
        "p": probabilities(model, np.full(len(topics), w), topics),
    }


def history_table(model: FittedModel) -> Table:
    """A row a sweep: sweep, seconds, tokens_per_second, log_likelihood and heldout (or NaN), alpha_sum, beta."""
    history = model.record.history
    columns: Table = {"sweep": np.array([row["sweep"] for row in history], dtype=np.int64)}
    for name in HISTORY:
        values = [math.nan if row.get(name) is None else row[name] for row in history]
        columns[name] = np.array(values, dtype=np.float64)
    return columns


def groups_table(model: FittedModel, groups: GroupShares) -> Table:
    """Shares of topics in groups, long: value, start, n_documents, topic, name, title, mean, low, high, difference.

    A row a group and topic, groups in their order; `difference` is the mean less that over all documents in a group.
    """
    n_groups, n_topics = np.shape(groups.mean)
    topics = list(range(n_topics))
    titles = topic_titles(model, model.top_words(3))
    starts = [None] * n_groups if groups.starts is None else list(groups.starts)
    return {
        "value": [value for value in groups.values for _ in topics],
        "start": [start for start in starts for _ in topics],
        "n_documents": np.repeat(np.asarray(groups.n_documents), n_topics),
        "topic": np.tile(topics, n_groups),
        "name": [model.labels.name(k) for k in topics] * n_groups,
        "title": titles * n_groups,
        "mean": np.ravel(groups.mean),
        "low": np.ravel(groups.low),
        "high": np.ravel(groups.high),
        "difference": np.ravel(np.asarray(groups.mean) - overall(groups)),
    }


def map_table(model: FittedModel, n_words: int = 10) -> Table:
    """`topics_table` with x and y of the map.

    Raises:
        MissingPackageError: scikit-learn is not installed.
    """
    from lda.charts.coordinates import map_coordinates
    from lda.charts.distances import topic_distances

    points = map_coordinates(topic_distances(model))
    return {**topics_table(model, n_words), "x": points[:, 0], "y": points[:, 1]}


def rows_of(table: Table) -> list[dict[str, Any]]:
    """The table row by row, as plain values that JSON has: NaN and infinities are None, text is printable."""
    columns = {
        name: values.tolist() if isinstance(values, np.ndarray) else list(values)
        for name, values in table.items()
    }
    return [dict(zip(columns, map(_plain, row), strict=True)) for row in zip(*columns.values(), strict=True)]


def checked_topic(model: FittedModel, topic: int) -> int:
    """The number of a topic. Raises ValueError where there is none."""
    if isinstance(topic, bool) or not hasattr(topic, "__index__") or not 0 <= topic < model.n_topics:
        raise ValueError(f"there are topics 0 to {model.n_topics - 1}, got {topic!r:.40}")
    return int(topic)


def _plain(value: Any) -> Any:  # noqa: ANN401 - a cell
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return printable(value) if isinstance(value, str) else value


def column_of(
    model: FittedModel, table: Table, color: str | npt.ArrayLike
) -> tuple[str, npt.NDArray[np.float64]]:
    """The title and the numbers (K,) that a map is coloured by: a column of the table, a diagnostic, or K numbers.

    Raises:
        ValueError: there is no such column, or the numbers are not K.
    """
    if not isinstance(color, str):
        values = np.asarray(color, dtype=np.float64)
        if values.shape != (model.n_topics,):
            raise ValueError(
                f"color must have one number per topic ({model.n_topics}), got shape {values.shape}"
            )
        return "value", values
    known = {name: table[name] for name in ("tokens", "share", "alpha", "exclusivity", "eff_num_words")}
    known |= {name: value for name, value in model.diagnostics().columns().items() if name not in known}
    if color not in known:
        raise ValueError(
            f"color must be one of {', '.join(known)}, or one number per topic, got {color!r:.40}"
        )
    return color.replace("_", " "), np.asarray(known[color], dtype=np.float64)
