"""What an estimator can tell once it is fitted or loaded: the results, and where they are kept."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final, Literal, Self

import numpy as np

from lda.estimator.sklearn_conventions import EstimatorConventions, not_fitted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy.typing as npt
    from scipy.sparse import csr_matrix

    from lda.cluster import FitResult, FrozenModel, SweepRecord
    from lda.evaluation.coherence_result import Coherence, Engine
    from lda.evaluation.diagnostics import TopicDiagnostics
    from lda.model.model import Model

    Floats = npt.NDArray[np.float64]
    RandomState = int | np.random.Generator | np.random.RandomState | None

NOT_PICKLED: Final = "_derived"  # computed from the rest when asked for


class FittedEstimator(EstimatorConventions):
    """The results of an estimator, all read from one `Model`."""

    model_: Model
    seed_: int
    n_jobs: int | None
    device: Literal["cpu", "cuda"]
    _doc_topic_counts: csr_matrix | None
    _derived: dict[str, Any]

    @property
    def topic_word_(self) -> Floats:
        """(K, V) float64, p(term | topic); computed when first asked for."""
        found: Floats = self._derive("topic_word_", lambda model: model.topic_word)
        return found

    @property
    def components_(self) -> Floats:
        """(K, V) float64, counts + beta; computed when first asked for."""
        found: Floats = self._derive("components_", lambda model: model.components)
        return found

    @property
    def doc_topic_(self) -> npt.NDArray[np.float32]:
        """(D, K) float32, (n_dk + alpha_k) / (N_d + sum(alpha)); computed when first asked for."""
        self._fitted()
        counts = self._doc_topic_counts
        if counts is None:
            raise AttributeError("a loaded model does not hold its training documents; use transform(X)")

        def proportions(model: Model) -> npt.NDArray[np.float32]:
            theta: npt.NDArray[np.float32] = counts.toarray().astype(np.float32)
            theta += model.alpha.astype(np.float32)
            theta /= theta.sum(axis=1, keepdims=True, dtype=np.float64)
            return theta

        theta: npt.NDArray[np.float32] = self._derive("doc_topic_", proportions)
        return theta

    @property
    def alpha_(self) -> Floats:
        """(K,) float64, the prior of each topic in a document."""
        return self._fitted().alpha

    @property
    def beta_(self) -> float:
        """The prior of a term in a topic."""
        return self._fitted().beta

    @property
    def history_(self) -> list[SweepRecord]:
        """One record for each sweep."""
        from lda.cluster import SweepRecord

        return [SweepRecord(**row) for row in self._fitted().record.history]

    @property
    def n_iter_(self) -> int:
        """Sweeps done."""
        return self._fitted().record.n_sweeps

    @property
    def n_features_in_(self) -> int:
        """V, the number of terms."""
        return self._fitted().n_terms

    @property
    def feature_names_in_(self) -> npt.NDArray[np.object_]:
        """(V,) names of the terms. Raises `AttributeError` if columns had no names."""
        model = self._fitted()
        if not model.record.named_terms:
            raise AttributeError("the terms have no names: the model was fitted to a matrix without them")
        return np.array(model.vocabulary, dtype=object)

    def loglikelihood(self) -> float:
        """Joint log-likelihood log p(words, topics) in nats at the last evaluation; NaN if there was none."""
        found = [row.log_likelihood for row in self.history_ if row.log_likelihood is not None]
        return found[-1] * self._fitted().record.n_trained_tokens if found else float("nan")

    def top_words(self, n: int = 10) -> list[list[str]]:
        """The `n` most probable terms of each topic, best first (fewer where a topic holds fewer)."""
        return self._fitted().top_words(n)

    def perplexity(self, X: object) -> float:
        """exp(-score(X)) of documents the model has not seen; lower is better. See `LDA.score`."""
        return float(np.exp(-self.score(X)))

    def coherence(
        self, X: object, measure: str = "npmi", *, n_words: int = 10, engine: Engine = "own"
    ) -> Coherence:
        """Coherence of the topics on documents X, those of the fit or a reference corpus; see `Model.coherence`.

        An estimator does not keep the documents it was fitted to, so they are asked for here.
        """
        return self._fitted().coherence(X, measure, n_words=n_words, engine=engine)

    def diagnostics(self, X: object = None, *, n_words: int = 10) -> TopicDiagnostics:
        """Numbers about each topic under MALLET's names.

        After `fit`, how the training documents use the topics is known from the last sweep, but not which words
        have which topic; documents X have the topics of their words inferred, and give the whole list.
        """
        from lda.evaluation.document_usage import DocumentUse
        from lda.evaluation.evaluation import diagnose

        model = self._fitted()
        if X is not None:
            return model.diagnostics(X, n_words=n_words, threads=thread_count(self.n_jobs))
        use = None
        if self._doc_topic_counts is not None:
            use = DocumentUse(model.alpha)
            use.add(self._doc_topic_counts)
        return diagnose(model, None, n_words=n_words, use=use)

    def score(self, X: object, y: object = None) -> float:
        """See `LDA.score`."""
        raise NotImplementedError

    def get_feature_names_out(self, input_features: object = None) -> npt.NDArray[np.object_]:
        """Names of the columns of `transform`: "lda0", "lda1", ... as scikit-learn would call them."""
        return np.array([f"lda{k}" for k in range(self._fitted().n_topics)], dtype=object)

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the model as a folder that `lda.load` and the command line read; no pickle is involved.

        Raises:
            DataError: the target exists and `overwrite` is off, or it is something other than a model.
        """
        self._fitted().save(path, overwrite=overwrite)

    def _adopt(self, model: Model, result: FitResult | None = None) -> Self:
        """Take over a model; whatever was derived from an earlier one is forgotten."""
        self.model_ = model
        self.seed_ = model.record.seed
        self._doc_topic_counts = None if result is None else result.doc_topic_counts
        self._derived = {}
        return self

    def _fitted(self) -> Model:
        if not hasattr(self, "model_"):
            raise not_fitted(self)
        return self.model_

    def _derive(self, name: str, make: Callable[[Model], Any]) -> Any:  # noqa: ANN401
        model = self._fitted()
        if name not in self._derived:
            self._derived[name] = make(model)
        return self._derived[name]

    def _frozen(self) -> FrozenModel:
        threads = thread_count(self.n_jobs)
        device = self.device
        frozen: FrozenModel = self._derive(
            f"frozen {threads} {device}", lambda model: model.frozen(threads=threads, device=device)
        )
        return frozen

    def __getstate__(self) -> dict[str, Any]:
        return {name: {} if name == NOT_PICKLED else value for name, value in vars(self).items()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        # A pickle of an earlier version lacks the parameters of later ones, which had their defaults then.
        vars(self).update(self._parameter_defaults() | state)


def seed_of(random_state: RandomState) -> int:
    """A seed from what scikit-learn calls a random state; generators are advanced, None draws a new one.

    Raises:
        TypeError: it is none of the kinds known.
    """
    if random_state is None:
        return secrets.randbits(31)
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**31))
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31 - 1))
    if isinstance(random_state, (int, np.integer)) and not isinstance(random_state, bool):
        return int(random_state)
    raise TypeError(f"random_state must be a whole number, a NumPy generator or None, got {random_state!r}")


def thread_count(n_jobs: int | None) -> int | None:
    """Threads for scikit-learn's `n_jobs`: None and -1 are all cores, -2 all but one, ..."""
    if n_jobs is None:
        return None
    if isinstance(n_jobs, bool) or not hasattr(n_jobs, "__index__"):
        raise ValueError(f"n_jobs must be a whole number or None, got {n_jobs!r}")
    if n_jobs >= 0:
        return n_jobs
    from lda.corpus.machine import available_cores

    return max(1, available_cores() + 1 + n_jobs)
