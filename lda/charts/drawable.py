"""`Drawable`: what a fitted model can be asked for to be seen: charts of Altair, and data frames."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from lda.evaluation.relevance import LAMBDA

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    import numpy.typing as npt
    import pandas as pd
    from altair import Chart, FacetChart, LayerChart

    from lda.charts.frames import FrameKind
    from lda.charts.tables import FittedModel
    from lda.charts.theme import Theme
    from lda.corpus import Recipe
    from lda.survey.results import GroupShares


class Drawable(ABC):
    """A fitted model that can be drawn: `Model` and `LDA` are such, and answer alike.

    Charts are objects of Altair: a notebook shows them, `chart.save("topics.svg")` writes them (.png, .pdf and .html as
    well), and every one of Altair's methods changes them. They need `pip install 'raylda[report]'`, data frames need
    pandas; without these, a `MissingPackageError` (an `ImportError`) says so in one line. Topics are called by their
    number and name, or by number and first words where they have no name. `theme` is "light" or "dark".
    """

    __slots__ = ()

    @abstractmethod
    def _drawn(self) -> FittedModel:
        """The model that is drawn."""

    def _frames(self) -> FrameKind:
        """Whose data frames are given where nobody says."""
        return "pandas"

    def _kind(self, frame: FrameKind | None) -> FrameKind:
        """Whose data frames are asked for. Raises, before any work, as `lda.charts.frames.check_kind`."""
        from lda.charts.frames import check_kind

        kind = frame or self._frames()
        check_kind(kind)
        return kind

    @abstractmethod
    def _text_recipe(self) -> Recipe:
        """How texts become the model's words."""

    @abstractmethod
    def _theta(self, X: object) -> npt.NDArray[np.float32]:
        """(D, K) topics of documents."""

    def topics_frame(self, n_words: int = 10, *, frame: FrameKind | None = None) -> pd.DataFrame:
        """A row a topic, by its number: name, tokens, share, alpha, words, exclusivity, eff_num_words.

        `words` are the `n_words` most probable ones with commas between them; `name` is None for a topic without one.
        What `exclusivity` and `eff_num_words` are, `lda.TopicDiagnostics` says.

        Args:
            n_words: how many words of each topic.
            frame: "pandas", "polars" or "arrow" (a `pyarrow.Table`). What is the index of pandas is the first column
                elsewhere. None takes the container that `set_output` of an estimator chose, else pandas, which is what
                a type checker is told of.

        Raises:
            ValueError: `n_words` is negative, or there are no such frames.
        """
        from lda.charts.frames import topics_frame

        return topics_frame(self._drawn(), n_words, self._kind(frame))

    def map_frame(self, n_words: int = 10, *, frame: FrameKind | None = None) -> pd.DataFrame:
        """`topics_frame` with the places of topics on the map, `x` and `y`; see `plot_map`, and `topics_frame`."""
        from lda.charts.frames import map_frame

        return map_frame(self._drawn(), n_words, self._kind(frame))

    def words_frame(
        self,
        topic: int,
        n_words: int | None = None,
        *,
        lambda_: float = LAMBDA,
        frame: FrameKind | None = None,
    ) -> pd.DataFrame:
        """The words of a topic, most relevant first: word, p, share, lift, relevance, tokens.

        `p` is p(word | topic), `share` the word's part of all tokens, `lift` = p / share, `tokens` those of the word in
        the topic. Words of which the topic holds no token are left out.

        Args:
            topic: its number.
            n_words: how many; None for all.
            lambda_: of the relevance, 0 to 1; 1 orders by p. See `lda.evaluation.relevance`.
            frame: as for `topics_frame`.

        Raises:
            ValueError: there is no such topic, or an argument is out of range.
        """
        from lda.charts.frames import words_frame

        return words_frame(self._drawn(), topic, n_words, lambda_, self._kind(frame))

    def history_frame(self, *, frame: FrameKind | None = None) -> pd.DataFrame:
        """A row a sweep, by its number: seconds, tokens_per_second, log_likelihood, heldout, alpha_sum, beta.

        Log-likelihoods are nats a token, and NaN at sweeps at which they were not evaluated. `frame` is as for
        `topics_frame`.
        """
        from lda.charts.frames import history_frame

        return history_frame(self._drawn(), self._kind(frame))

    def document_frame(self, X: object, *, frame: FrameKind | None = None) -> pd.DataFrame:
        """Topics of documents: a row a document, a column a topic, which is what `transform(X)` gives.

        Columns are called by number and name of the topic ("3 War"). The index is that of X where it is a data frame
        or series, else 0, 1, ...; elsewhere than in pandas it is the column `document`.
        `frame.melt(ignore_index=False)` makes a long table of it.

        Args:
            X: documents, everything that `transform` takes.
            frame: as for `topics_frame`.

        Raises what `transform` raises.
        """
        from lda.charts.frames import document_frame

        kind = self._kind(frame)
        return document_frame(self._drawn(), self._theta(X), X, kind)

    def over_frame(
        self,
        X: object,
        field: str,
        *,
        bin: str = "auto",  # noqa: A002 - the word for it, here and in `lda report`
        texts: Iterable[str | None] | None = None,
        metadata: object = None,
        seed: int | None = None,
        threads: int | None = None,
        frame: FrameKind | None = None,
    ) -> pd.DataFrame:
        """Shares of topics over time or a number: a row a bin and topic.

        Columns: `field` (label of the bin), start, n_documents, topic, name, title, mean (of theta over the bin's
        documents), low and high (95 % interval, NaN for one document), difference (mean less that over all documents).

        Args:
            X: documents, as for `transform`; a `Corpus` brings its metadata along. None where `texts` are given.
            field: column of the metadata with dates or numbers.
            bin: "day", "month", "quarter", "year", "decade", a width for numbers, or "auto".
            texts: (D,) raw texts, which the model's own recipe cuts into words. Where a function of Python cut them,
                give `X=model.tokenize(texts, tokenizer=function)` instead.
            metadata: table of D rows, of pandas, polars or Arrow, or a dict of columns.
            seed: of the inference; None takes that of the fit.
            threads: None takes all cores; the answer does not depend on it.
            frame: as for `topics_frame`.

        Raises:
            DataError: there is no such field, or its values are neither dates nor numbers.
        """
        from lda.charts.frames import groups_frame

        kind = self._kind(frame)
        groups = self._groups(X, texts, metadata, over=field, bin=bin, seed=seed, threads=threads)
        return groups_frame(self._drawn(), groups, kind)

    def by_frame(
        self,
        X: object,
        field: str,
        *,
        texts: Iterable[str | None] | None = None,
        metadata: object = None,
        seed: int | None = None,
        threads: int | None = None,
        frame: FrameKind | None = None,
    ) -> pd.DataFrame:
        """Shares of topics in groups of documents, a row a group and topic; as `over_frame`, without `start`.

        Args:
            X: documents, as for `over_frame`.
            field: column of the metadata whose values make the groups.
            texts: as for `over_frame`.
            metadata: as for `over_frame`.
            seed: of the inference.
            threads: None takes all cores.
            frame: as for `topics_frame`.

        Raises:
            DataError: there is no such field.
        """
        from lda.charts.frames import groups_frame

        kind = self._kind(frame)
        groups = self._groups(X, texts, metadata, by=field, seed=seed, threads=threads)
        return groups_frame(self._drawn(), groups, kind)

    def plot_topics(self, n_topics: int | None = 50, *, n_words: int = 10, theme: Theme = "light") -> Chart:
        """Shares of the largest topics as bars; their words show under the pointer.

        Args:
            n_topics: how many; None for all.
            n_words: words of each topic.
            theme: "light" or "dark".
        """
        from lda.charts.model_charts import plot_topics

        return plot_topics(self._drawn(), n_topics, n_words, theme)

    def plot_map(
        self,
        color: str | npt.ArrayLike = "exclusivity",
        *,
        n_words: int = 10,
        theme: Theme = "light",
    ) -> LayerChart:
        """Topics on a map: near ones have similar words, the area of a circle is the topic's share.

        Distances are square roots of Jensen-Shannon divergences of p(word | topic), put into two dimensions by metric
        multidimensional scaling: what is far on the map is different, what is near need not be the same.

        Args:
            color: a column of `topics_frame`, a diagnostic ("uniform_dist"), or K numbers; NaN is grey.
            n_words: words of each topic under the pointer.
            theme: "light" or "dark".

        Raises:
            ValueError: there is no such column, or the numbers are not K.
        """
        from lda.charts.model_charts import plot_map

        return plot_map(self._drawn(), color, n_words, theme)

    def plot_history(self, *, theme: Theme = "light") -> LayerChart | FacetChart:
        """The training curve: log-likelihood per token; and below it that of documents kept out, where evaluated.

        The two measure different things, words with their topics and words alone, so each has an axis of its own.
        """
        from lda.charts.model_charts import plot_history

        return plot_history(self._drawn(), theme)

    def plot_words(
        self, topic: int, n_words: int = 20, *, lambda_: float = LAMBDA, theme: Theme = "light"
    ) -> LayerChart:
        """The most relevant words of a topic: p(word | topic) as bars, over the word's share in the corpus.

        Args:
            topic: its number.
            n_words: how many.
            lambda_: of the relevance, 0 to 1; 1 takes the most probable words.
            theme: "light" or "dark".

        Raises:
            ValueError: there is no such topic, or an argument is out of range.
        """
        from lda.charts.model_charts import plot_words

        return plot_words(self._drawn(), topic, n_words, lambda_, theme)

    def plot_word(self, word: str, n_topics: int = 20, *, theme: Theme = "light") -> Chart:
        """The topics that hold a word, those with most of its tokens first. Raises ValueError for an unknown word."""
        from lda.charts.model_charts import plot_word

        return plot_word(self._drawn(), word, n_topics, theme)

    def plot_document(self, X: object, n_topics: int = 10, *, theme: Theme = "light") -> Chart:
        """The topics of one document, the largest first.

        Args:
            X: one document, in the form that `transform` takes many.
            n_topics: how many.
            theme: "light" or "dark".

        Raises:
            ValueError: X is more or less than one document.
        """
        from lda.charts.model_charts import plot_document

        theta = self._theta(X)
        if len(theta) != 1:
            raise ValueError(f"X must be one document, got {len(theta)}; give X[:1] for the first")
        return plot_document(self._drawn(), theta[0], n_topics, theme)

    def plot_over(
        self,
        X: object,
        field: str,
        topics: Sequence[int] | None = None,
        *,
        bin: str = "auto",  # noqa: A002 - the word for it, here and in `lda report`
        small: bool = False,
        texts: Iterable[str | None] | None = None,
        metadata: object = None,
        seed: int | None = None,
        threads: int | None = None,
        theme: Theme = "light",
    ) -> LayerChart | FacetChart:
        """Shares of topics over time or a number, with bands of 95 % intervals over documents.

        Args:
            X: documents, as for `over_frame`.
            field: column of the metadata with dates or numbers.
            topics: numbers of topics; None takes those that differ most, 5 of them, or 12 `small` charts.
            bin: as for `over_frame`.
            small: a small chart for each topic instead of lines in one.
            texts: as for `over_frame`.
            metadata: as for `over_frame`.
            seed: of the inference; None takes that of the fit.
            threads: None takes all cores; the answer does not depend on it.
            theme: "light" or "dark".

        Raises:
            DataError: there is no such field, or its values are neither dates nor numbers.
            ValueError: there is no such topic.
        """
        from lda.charts.model_charts import plot_groups_over

        groups = self._groups(X, texts, metadata, over=field, bin=bin, seed=seed, threads=threads)
        return plot_groups_over(self._drawn(), groups, topics, small=small, theme=theme)

    def plot_by(
        self,
        X: object,
        field: str,
        topics: Sequence[int] | None = None,
        *,
        texts: Iterable[str | None] | None = None,
        metadata: object = None,
        seed: int | None = None,
        threads: int | None = None,
        theme: Theme = "light",
    ) -> LayerChart | Chart:
        """Shares of topics in groups of documents: a heat map of what differs most, or bars for one topic.

        Args:
            X: documents, as for `over_frame`.
            field: column of the metadata whose values make the groups.
            topics: numbers of topics; one makes bars with intervals. None takes the 25 that differ most.
            texts: as for `over_frame`.
            metadata: as for `over_frame`.
            seed: of the inference.
            threads: None takes all cores.
            theme: "light" or "dark".

        Raises:
            DataError: there is no such field.
            ValueError: there is no such topic.
        """
        from lda.charts.model_charts import plot_groups_by

        groups = self._groups(X, texts, metadata, by=field, seed=seed, threads=threads)
        return plot_groups_by(self._drawn(), groups, topics, theme=theme)

    def _groups(
        self,
        X: object,
        texts: Iterable[str | None] | None,
        metadata: object,
        *,
        over: str | None = None,
        by: str | None = None,
        bin: str = "auto",  # noqa: A002
        seed: int | None,
        threads: int | None,
    ) -> GroupShares:
        """Shares of topics over one field, or in its groups, by a survey that keeps no document."""
        from lda.survey.sources import documents_of
        from lda.survey.survey import SurveyOptions, survey

        options = SurveyOptions(
            over=over, bin=bin, by=() if by is None else (by,),
            n_best=0, n_described=0, n_texts=0, n_nearest=0, seed=seed,
        )  # fmt: skip
        recipe = None if texts is None else self._text_recipe()
        source = documents_of(X, texts=texts, metadata=metadata, recipe=recipe)
        found = survey(self._drawn(), source, options, threads=threads)
        groups = found.over if by is None else found.by[0]
        assert groups is not None
        return groups
