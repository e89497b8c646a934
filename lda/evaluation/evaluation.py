"""What can be asked of any model with topics: held-out likelihood, coherence, diagnostics."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy.typing as npt
    from scipy.sparse import csr_matrix

    from lda.cluster import FrozenModel
    from lda.cluster.spec.fit_settings import Device
    from lda.corpus import DocumentBatch
    from lda.evaluation.coherence_result import Coherence, Engine
    from lda.evaluation.diagnostics import TopicDiagnostics
    from lda.evaluation.document_usage import DocumentUse
    from lda.evaluation.heldout import Estimation, Estimator, HeldoutScore

    Floats = npt.NDArray[np.float64]


class Evaluation:
    """Questions that `Model` and `TopicMatrix` answer alike; what it takes is declared first.

    `X` is everything that `lda.as_corpus` takes. Terms are matched by name, unknown words are left out.
    """

    __slots__ = ()

    vocabulary: list[str]
    alpha: Floats
    beta: float

    @property
    def n_topics(self) -> int:
        """K."""
        raise NotImplementedError

    @property
    def n_terms(self) -> int:
        """V."""
        return len(self.vocabulary)

    @property
    def named_terms(self) -> bool:
        """Whether the terms are names, not just numbers of columns."""
        raise NotImplementedError

    @property
    def language_counts(self) -> csr_matrix:
        """(V, K) CSR, n_kw, or p(w | k) of a model that has no counts."""
        raise NotImplementedError

    @property
    def topic_word(self) -> Floats:
        """(K, V) float64, rows sum to 1."""
        raise NotImplementedError

    @property
    def last_tokens(self) -> Floats | None:
        """(K,) tokens of each topic in the last state of training; None if there was none."""
        return None

    @property
    def trained(self) -> npt.NDArray[np.uint64] | None:
        """Sorted content hashes of the documents trained on; None if they are not known."""
        return None

    def frozen(self, *, threads: int | None = None, device: Device = "cpu") -> FrozenModel:
        """The language model prepared for inference."""
        raise NotImplementedError

    def top_words(self, n: int = 10) -> list[list[str]]:
        """The `n` most probable terms of each topic, best first."""
        raise NotImplementedError

    def checked(self, batches: Iterable[DocumentBatch]) -> Iterator[DocumentBatch]:
        """The same documents, refused with a `DataError` where they are impossible under this model."""
        yield from batches

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
    ) -> HeldoutScore:
        """Log-likelihood per token of unseen documents, with its standard error over documents.

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

        Raises:
            DataError: no word is known, or there is nothing to score. ValueError: a setting is wrong.
        """
        from lda.evaluation.heldout import Estimation

        how = Estimation(
            estimator=estimator,
            seed=seed,
            burn_in=burn_in,
            samples=samples,
            particles=particles,
        )
        return score_on(self, X, how, self.frozen(threads=threads))

    def score(self, X: object, **options: Any) -> float:  # noqa: ANN401 - those of `heldout_score`
        """Log-likelihood per token, nats; higher is better. Options are those of `heldout_score`."""
        return self.heldout_score(X, **options).log_likelihood

    def perplexity(self, X: object, **options: Any) -> float:  # noqa: ANN401 - those of `heldout_score`
        """exp(-score(X)) by document completion; lower is better. Never a bound."""
        return float(np.exp(-self.heldout_score(X, **options).log_likelihood))

    def coherence(
        self, X: object, measure: str = "npmi", *, n_words: int = 10, engine: Engine = "own"
    ) -> Coherence:
        """Coherence of the topics, measured on the documents X: the training corpus, or a reference corpus.

        Args:
            X: documents; windows need texts or token lists, of counts whole documents are taken.
            measure: "npmi", "c_v", "u_mass" or "c_uci"; see `lda.evaluation.coherence`.
            n_words: top words of a topic that take part.
            engine: "gensim" for comparison with numbers that gensim has produced.

        Raises:
            DataError: X has none of the topics' words. ValueError: a setting is wrong.
        """
        from lda.corpus import as_corpus
        from lda.evaluation.coherence import as_measure, coherences
        from lda.evaluation.coherence_result import Reference
        from lda.evaluation.documents import batches_of, kept

        X = kept(X)
        corpus = as_corpus(X, allow_empty=True)
        reference = Reference(batches=lambda: batches_of(self, X), ordered=corpus.ordered)
        words = self.top_words(n_words)
        [found] = coherences(
            words, self.vocabulary, reference, [as_measure(measure)], n_words=n_words, engine=engine
        )
        for text in found.warnings():
            warnings.warn(text, stacklevel=2)
        return found

    def diagnostics(
        self, X: object = None, *, n_words: int = 10, seed: int = 0, threads: int | None = None
    ) -> TopicDiagnostics:
        """Numbers about each topic under MALLET's names.

        Without documents X, those that need none; with X, the topics of its tokens are inferred.
        """
        from lda.evaluation.documents import batches_of

        batches = None if X is None else batches_of(self, X)
        return diagnose(self, batches, n_words=n_words, seed=seed, threads=threads)

    def diversity(self, n_words: int = 25) -> float:
        """Share of different words among the `n_words` top words of all topics, 0 to 1."""
        from lda.evaluation.stability import diversity

        return diversity(self.top_words(n_words))


def score_on(model: Evaluation, X: object, how: Estimation, frozen: FrozenModel) -> HeldoutScore:
    """Score the documents X; warns of those that the model was trained on."""
    from lda.evaluation.documents import batches_of
    from lda.evaluation.heldout import score_documents

    batches = model.checked(batches_of(model, X, tell=True))
    found = score_documents(frozen, batches, how, vocabulary=model.vocabulary, trained=model.trained)
    if found.n_trained:
        warnings.warn(trained_warning(found), stacklevel=3)
    return found


def trained_warning(score: HeldoutScore) -> str:
    """What to say of a score on documents that are not held out."""
    return (
        f"{score.n_trained or 0:,} of {score.n_scored_documents:,} scored documents have the same words as "
        "documents that the model was trained on, so the score is too good; leave them out"
    )


def diagnose(
    model: Evaluation,
    batches: Iterable[DocumentBatch] | None,
    *,
    n_words: int,
    seed: int = 0,
    threads: int | None = None,
    device: Device = "cpu",
    use: DocumentUse | None = None,
) -> TopicDiagnostics:
    """Diagnostics with documents that stream by, with a `DocumentUse` already added up, or without either."""
    from lda.evaluation.diagnostics import describe_topics
    from lda.evaluation.document_usage import use_of_documents

    if n_words < 1:
        raise ValueError(f"n_words must be 1 or more, got {n_words}")
    words = model.top_words(n_words)
    if batches is not None:
        index = {term: number for number, term in enumerate(model.vocabulary)}
        ids = [np.array([index[word] for word in topic], dtype=np.int32) for topic in words]
        frozen = model.frozen(threads=threads, device=device)
        use = use_of_documents(frozen, model.checked(batches), model.alpha, ids, seed)
    return describe_topics(
        model.language_counts,
        model.beta,
        words,
        model.vocabulary,
        n_words=n_words,
        tokens=model.last_tokens,
        use=use,
    )
