"""`Evaluable`: what any model with topics can be asked: held-out likelihood, coherence, diagnostics."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt
    from scipy.sparse import csr_matrix

    from lda.cluster import FrozenModel
    from lda.cluster.spec.fit_settings import Device
    from lda.evaluation.coherence_result import Coherence, CoherenceEngine
    from lda.evaluation.criteria import Criteria
    from lda.evaluation.diagnostics import TopicDiagnostics
    from lda.evaluation.heldout import Estimator, HeldoutScore

    Floats = npt.NDArray[np.float64]


class Evaluable(ABC):
    """A topic model that can be evaluated: `Model` and `TopicMatrix` are such, and answer the same questions.

    A subclass says what it is made of, which is `lda.evaluation.topic_model.TopicModel`; the answers are functions of
    that protocol. `X` is everything that `lda.as_corpus` takes. Terms are matched by name, unknown words are left out.

    Attributes:
        vocabulary: V terms in column order.
        alpha: (K,) float64, the prior of each topic in a document.
        beta: the prior of a term in a topic.
    """

    __slots__ = ()

    vocabulary: list[str]
    alpha: Floats
    beta: float

    @property
    @abstractmethod
    def n_topics(self) -> int:
        """The number of topics, K."""

    @property
    def n_terms(self) -> int:
        """The number of terms, V."""
        return len(self.vocabulary)

    @property
    @abstractmethod
    def named_terms(self) -> bool:
        """Whether the terms are names, not just numbers of columns."""

    @property
    @abstractmethod
    def language_counts(self) -> csr_matrix:
        """(V, K) CSR, n_kw, or p(w | k) of a model that has no counts."""

    @property
    @abstractmethod
    def topic_word(self) -> Floats:
        """(K, V) float64, p(term | topic); rows sum to 1."""

    @property
    @abstractmethod
    def last_tokens(self) -> Floats | None:
        """(K,) float64, tokens of each topic in the last state of training; None if there was none."""

    @property
    @abstractmethod
    def document_hashes(self) -> npt.NDArray[np.uint64] | None:
        """Sorted uint64 content hashes of the documents trained on; None if they are not known."""

    @property
    @abstractmethod
    def hashed_terms(self) -> list[str]:
        """The V terms as they were called when the documents trained on were hashed."""

    @property
    @abstractmethod
    def impossible_terms(self) -> npt.NDArray[np.bool_] | None:
        """(V,) bool, terms of probability 0 in every topic; None where smoothing leaves none."""

    @abstractmethod
    def frozen(self, *, threads: int | None = None, device: Device = "cpu") -> FrozenModel:
        """The language model prepared for inference."""

    @abstractmethod
    def top_words(self, n: int = 10) -> list[list[str]]:
        """The `n` most probable terms of each topic, best first."""

    def heldout_score(
        self,
        X: object,
        *,
        estimator: Estimator = "completion",
        seed: int = 0,
        burn_in: int | None = None,
        samples: int | None = None,
        particles: int | None = None,
        threads: int | None = None,
        device: Device = "cpu",
    ) -> HeldoutScore:
        """Log-likelihood per token of unseen documents, in nats, with its standard error over documents.

        Args:
            X: documents that the model has not been trained on; a warning tells of those that it has.
            estimator: "completion" scores one half of each document, the other half giving its topics;
                "left-to-right" estimates the likelihood of whole documents, in time quadratic in their length.
            seed: of split and sampling. Not that of the fit: models of one vocabulary are to be scored on the same
                halves. A document's split depends on its content alone.
            burn_in: sweeps over the seen half before theta is averaged, in document completion.
            samples: sweeps over which theta is averaged.
            particles: states of a document in the left-to-right estimator.
            threads: None takes all cores; the answer does not depend on it.
            device: "cuda" samples on a GPU, to the same answer; the left-to-right estimator stays on the processor.

        Raises:
            DataError: no word is known, or there is nothing to score (a `ValueError`).
            ValueError: a setting is wrong, or there is no such device.
            TypeError: the kind of X is wrong.
        """
        from lda.evaluation.heldout import Estimation, score_on

        how = Estimation(
            estimator=estimator,
            seed=seed,
            burn_in=burn_in,
            samples=samples,
            particles=particles,
        )
        return score_on(self, X, how, self.frozen(threads=threads, device=device))

    def score(self, X: object, **options: Any) -> float:  # noqa: ANN401 - those of `heldout_score`
        """Log-likelihood per token, nats; higher is better. Options and errors are those of `heldout_score`."""
        return self.heldout_score(X, **options).log_likelihood

    def perplexity(self, X: object, **options: Any) -> float:  # noqa: ANN401 - those of `heldout_score`
        """exp(-score(X)) by document completion; lower is better. Never a bound. Errors as `heldout_score`."""
        return float(np.exp(-self.heldout_score(X, **options).log_likelihood))

    def coherence(
        self, X: object, measure: str = "npmi", *, n_words: int = 10, engine: CoherenceEngine = "own"
    ) -> Coherence:
        """Coherence of the topics, measured on the documents X: the training corpus, or a reference corpus.

        Args:
            X: documents; windows need texts or token lists, of counts whole documents are taken.
            measure: "npmi", "c_v", "u_mass" or "c_uci"; see `lda.evaluation.coherence`.
            n_words: top words of a topic that take part, 2 or more.
            engine: "gensim" for comparison with numbers that gensim has produced.

        Raises:
            DataError: X has none of the topics' words (a `ValueError`).
            ValueError: a setting is wrong.
            TypeError: the kind of X is wrong.
        """
        from lda.evaluation.coherence import coherence_on

        return coherence_on(self, X, measure, n_words=n_words, engine=engine)

    def diagnostics(
        self,
        X: object = None,
        *,
        n_words: int = 10,
        seed: int = 0,
        threads: int | None = None,
        device: Device = "cpu",
    ) -> TopicDiagnostics:
        """Numbers about each topic under MALLET's names.

        Args:
            X: documents, of whose tokens the topics are inferred; None leaves out the numbers that need them.
            n_words: top words of a topic that take part, 1 or more.
            seed: of the inference.
            threads: None takes all cores; the answer does not depend on it.
            device: "cuda" samples on a GPU, to the same answer.

        Raises:
            DataError: the documents cannot be what they should (a `ValueError`).
            ValueError: a setting is wrong, or there is no such device.
            TypeError: the kind of X is wrong.
        """
        from lda.evaluation.diagnostics import diagnose
        from lda.evaluation.documents import batches_of

        batches = None if X is None else batches_of(self, X)
        return diagnose(self, batches, n_words=n_words, seed=seed, threads=threads, device=device)

    def criteria(
        self,
        X: object,
        *,
        n_words: int = 20,
        n_best: int = 5,
        epsilon: float = 1e-12,
        normalised: bool = True,
        seed: int = 0,
        threads: int | None = None,
    ) -> Criteria:
        """Five criteria that pycisTopic and ldatuning compare numbers of topics by; none of them tells how many.

        Most rise or fall with K all the way, and none is about documents that the model has not seen: see
        `lda.evaluation.criteria` for their formulas, and `heldout_score` for what to choose by. The defaults are those
        of pycisTopic.

        Args:
            X: the documents of the fit, everything that `lda.as_corpus` takes; the topics of their tokens are inferred.
            n_words: top words of a topic in its coherence, 2 or more.
            n_best: topics of the best coherence, over which its mean goes.
            epsilon: added to the documents that hold both words of a pair; 1 in the paper.
            normalised: divide a topic's coherence by its pairs; not so in the paper.
            seed: of the inference.
            threads: None takes all cores; the answer does not depend on it.

        Raises:
            DataError: the documents cannot be what they should (a `ValueError`).
            ValueError: a setting is wrong.
            TypeError: the kind of X is wrong.
        """
        from lda.evaluation.criteria import criteria_of
        from lda.evaluation.documents import batches_of, possible
        from lda.evaluation.inferred_documents import inferred

        batches = possible(self, batches_of(self, X))
        documents = inferred(self.frozen(threads=threads), batches, seed=seed)
        return criteria_of(
            self, documents, n_words=n_words, n_best=n_best, epsilon=epsilon, normalised=normalised
        )

    def diversity(self, n_words: int = 25) -> float:
        """Share of different words among the `n_words` top words of all topics, 0 to 1."""
        from lda.evaluation.stability import diversity

        return diversity(self.top_words(n_words))
