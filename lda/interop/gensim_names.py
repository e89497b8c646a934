"""`GensimNames`: a fitted model under the names that tools written for gensim ask for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    import numpy.typing as npt

    from lda.interop.exported_model import ExportedModel

    Floats = npt.NDArray[np.float64]
    Bow = Sequence[tuple[int, float]]


class GensimNames(ABC):
    """What gensim's `CoherenceModel`, its callbacks and `pyLDAvis.gensim_models` call of an `LdaModel`.

    `Model` and `LDA` are such, so that code which was written for gensim goes on with one of them. A bow is a list of
    (id, count) in the ids of the model's vocabulary, as the Dictionary makes it whose corpus was fitted. Answers are
    our own: topics are inferred by sampling, as in `transform`. Only what is a number of gensim's own, `bound`,
    `log_perplexity`, `diff` and `top_topics`, is asked of `to_gensim()`.
    """

    __slots__ = ()

    per_word_topics: ClassVar[bool] = False
    """Whether `model[bow]` tells of words, too: scripts ask before they take it apart."""

    @abstractmethod
    def _exported(self) -> ExportedModel:
        """The model that answers."""

    @abstractmethod
    def _theta_of_ids(
        self, doc_offsets: npt.NDArray[np.int64], words: npt.NDArray[np.int32]
    ) -> npt.NDArray[np.float32]:
        """(D, K) topics of documents in the ids of the vocabulary."""

    @abstractmethod
    def to_gensim(self, X: object = None, *, dictionary: Any = None) -> Any:  # noqa: ANN401
        """An `LdaModel`; see `Exportable.to_gensim`."""

    @property
    def num_topics(self) -> int:
        """The number of topics, K."""
        return self._exported().n_topics

    @property
    def id2word(self) -> Any:  # noqa: ANN401 - a class of gensim's
        """The vocabulary as a gensim Dictionary, made anew each time; it knows no documents. Needs gensim."""
        from lda.interop.to_gensim import model_dictionary

        return model_dictionary(self._exported())

    @property
    def state(self) -> Any:  # noqa: ANN401 - what gensim calls LdaState
        """What topics are made of, for `pyLDAvis.gensim_models`: `get_lambda()` is (K, V), counts + beta."""
        from lda.interop.gensim_answers import TopicState

        return TopicState(self._exported())

    def get_topics(self) -> Floats:
        """(K, V) float64, p(term | topic); rows sum to 1."""
        return self._exported().topic_word

    def show_topics(
        self, num_topics: int = 10, num_words: int = 10, log: bool = False, formatted: bool = True
    ) -> list[tuple[int, Any]]:
        """Topics with their most probable words.

        Args:
            num_topics: how many, the largest first (gensim chooses by alpha and chance); all in their order if it is
                negative or as many as there are.
            num_words: of each.
            log: write them to the log, too.
            formatted: as one text, `0.035*"war" + ...`, or as (word, p) pairs.

        Returns:
            (number, text or pairs) of each.
        """
        from lda.interop.gensim_answers import show_topics

        return show_topics(self._exported(), num_topics, num_words, log=log, formatted=formatted)

    def print_topics(self, num_topics: int = 20, num_words: int = 10) -> list[tuple[int, Any]]:
        """`show_topics`, which also writes them to the log."""
        return self.show_topics(num_topics, num_words, log=True)

    def print_topic(self, topicno: int, topn: int = 10) -> str:
        """One topic as a text, `0.035*"war" + ...`."""
        from lda.interop.gensim_answers import as_text

        return as_text(self.show_topic(topicno, topn))

    def show_topic(self, topicid: int, topn: int = 10) -> list[tuple[str, float]]:
        """(word, p) of the most probable terms of a topic, best first."""
        vocabulary = self._exported().vocabulary
        return [(vocabulary[word], p) for word, p in self.get_topic_terms(topicid, topn)]

    def get_topic_terms(self, topicid: int, topn: int = 10) -> list[tuple[int, float]]:
        """(id, p) of the most probable terms of a topic, best first; equal ones by id."""
        from lda.interop.gensim_answers import topic_terms

        return topic_terms(self._exported(), topicid, topn)

    def get_term_topics(
        self, word_id: int | str, minimum_probability: float | None = None
    ) -> list[tuple[int, float]]:
        """(topic, p(term | topic)) of topics where a term has at least that probability; None is 0.01, as in gensim.

        Raises:
            ValueError: the model has no such term.
        """
        from lda.interop.gensim_answers import term_topics

        return term_topics(self._exported(), word_id, minimum_probability)

    def get_document_topics(
        self,
        bow: Bow | Iterable[Bow],
        minimum_probability: float | None = None,
        minimum_phi_value: float | None = None,
        per_word_topics: bool = False,
    ) -> Any:  # noqa: ANN401 - see Returns
        """Topics of a document, or of each one of a corpus.

        Args:
            bow: a document; or documents, which are inferred in one go.
            minimum_probability: topics below it are left out; None is 0.01, as in gensim.
            minimum_phi_value: the same of p(topic | word, document); None is as `minimum_probability`.
            per_word_topics: tell of the words, too.

        Returns:
            (topic, weight) of the topics; of a corpus a list of such lists. With `per_word_topics` three lists each:
            these, the topics of each word, best first, and (topic, count * p(topic | word, document)) of each word.

        Raises:
            DataError: there are ids that the model does not know.
        """
        from lda.interop.gensim_answers import document_topics

        return document_topics(
            self._exported(),
            self._theta_of_ids,
            bow,
            minimum_probability,
            minimum_phi_value,
            per_word=per_word_topics,
        )

    def __getitem__(self, bow: Any) -> Any:  # noqa: ANN401 - see get_document_topics
        return self.get_document_topics(bow)

    # Without it Python would iterate over model[0], model[1], ...
    __iter__ = None

    def inference(
        self, chunk: Iterable[Bow], collect_sstats: bool = False
    ) -> tuple[npt.NDArray[np.float64], None]:
        """(D, K) float64 parameters of each document's topics, theta (N_d + sum(alpha)), and None.

        Raises:
            ValueError: `collect_sstats` is on: sampling has no such statistics.
        """
        from lda.interop.gensim_answers import inference

        return inference(self._exported(), self._theta_of_ids, chunk, collect_sstats=collect_sstats)

    def bound(self, corpus: Iterable[Bow], **options: Any) -> float:  # noqa: ANN401
        """The variational bound of gensim on documents, for these topics, in nats; see `LdaModel.bound` for options."""
        return float(self.to_gensim().bound(corpus, **options))

    def log_perplexity(self, chunk: Iterable[Bow], total_docs: int | None = None) -> float:
        """`bound` per token, in nats; `score` is what held-out documents say, and no bound."""
        return float(self.to_gensim().log_perplexity(list(chunk), total_docs))

    def top_topics(self, corpus: Iterable[Bow] | None = None, **options: Any) -> list[Any]:  # noqa: ANN401
        """Topics by gensim's coherence, best first; see `LdaModel.top_topics` for options."""
        found: list[Any] = self.to_gensim().top_topics(corpus, **{"processes": 1, **options})
        return found

    def diff(self, other: Any, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        """Differences between topics of two models, ours or those of gensim; see `LdaModel.diff` for arguments."""
        theirs = other.to_gensim() if isinstance(other, GensimNames) else other
        return self.to_gensim().diff(theirs, *arguments, **options)
