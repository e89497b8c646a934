"""`LDA` as the package `lda` has it: scripts that are written for that package run as they are.

`lda.LDA(...)` makes one of these when it is called in that package's words (`lda.estimator.parameter_aliases`). It is
an `lda.LDA` in everything else: it draws charts, scores, is saved and exported.
"""

from __future__ import annotations

import inspect
import logging
from dataclasses import replace
from numbers import Real
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from lda.estimator.estimator import LDA
from lda.estimator.iterated_pseudo_counts import topics_by_pseudo_counts
from lda.estimator.parameter_aliases import ACCEPTED, explain
from lda.estimator.sklearn_conventions import seed_of
from lda.utils import check_random_state

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from lda.cluster import FitResult, FitSettings, SweepRecord
    from lda.corpus import Corpus
    from lda.estimator.sklearn_conventions import RandomState

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.intc]

logger = logging.getLogger("lda")

CHAIN: Final[dict[str, Any]] = {"sampler": "collapsed", "start": "random", "n_samples": 0}
"""What differs from `LDA` besides the parameters, so that numbers come out as such a script expects them.

Token by token, as there: with priors that are fixed and small, the joint log-likelihood that these scripts watch ends
lower by the other samplers where documents are few (-8.38 a token for -8.22 on the speeches, K = 20). The chain begins
at random topics, and topics are those of its last state, which go with the counts `nzw_`. All can be given: several
threads need `sampler="auto"`, and `n_samples=5` makes better topics."""


class PackageLDA(LDA):
    """Latent Dirichlet Allocation with the parameters, defaults and attributes of the package `lda`.

    Args:
        n_topics: number of topics K.
        n_iter: sweeps.
        alpha: prior of a topic in a document, above 0; it is not learned.
        eta: prior of a term in a topic, above 0; it is not learned.
        random_state: whole number or RandomState; None draws from NumPy's global generator.
        refresh: sweeps between evaluations of the log-likelihood.
        **others: the further parameters of `LDA` under its names, as `sampler`, `n_jobs` or `n_samples`.

    Attributes (after `fit`), beside those of `LDA`:
        topic_word_, components_: (K, V) float64, (nzw_ + eta) with rows that sum to 1.
        doc_topic_: (D, K) float64, (ndz_ + alpha) with rows that sum to 1.
        nzw_: (K, V) intc, tokens of each term in each topic in the last state of the chain.
        ndz_: (D, K) intc, tokens of each document in each topic.
        nz_: (K,) intc, tokens in each topic.
        loglikelihoods_: joint log-likelihoods in nats, after every `refresh` sweeps and after the last.

    Raises:
        ValueError: alpha or eta is not above 0.
        TypeError: a name is none of a parameter.
    """

    def __init__(
        self,
        n_topics: int,
        n_iter: int = 2000,
        alpha: Any = 0.1,  # noqa: ANN401 - also all that `LDA` takes
        eta: Any = 0.01,  # noqa: ANN401
        random_state: RandomState = None,
        refresh: int = 10,
        **others: Any,  # noqa: ANN401
    ) -> None:
        known = self._parameter_defaults()
        for name in others:
            if name not in known:
                raise TypeError(explain(name))
        for name, prior in (("alpha", alpha), ("eta", eta)):
            if isinstance(prior, Real) and not float(prior) > 0:
                raise ValueError(f"{name} must be greater than zero, got {prior!r}")
        super().__init__(
            n_topics,
            max_iter=n_iter,
            alpha=alpha,
            beta=eta,
            random_state=random_state,
            evaluate_every=refresh,
            **CHAIN | others,
        )

    @classmethod
    def _parameter_defaults(cls) -> dict[str, Any]:
        own = {
            "n_topics": inspect.Parameter.empty,  # no number of topics is this
            "n_iter": 2000,
            "alpha": 0.1,
            "eta": 0.01,
            "random_state": None,
            "refresh": 10,
        }
        ours = LDA._parameter_defaults()
        return own | {name: ours[name] for name in ours if name not in {*own, *ACCEPTED.values()}} | CHAIN

    def __setstate__(self, state: dict[str, Any]) -> None:
        # Values lie under the names of `LDA`.
        vars(self).update(LDA._parameter_defaults() | CHAIN | state)

    def __repr__(self) -> str:
        # `lda.LDA` makes it again.
        return super().__repr__().replace(type(self).__name__, "LDA", 1)

    def fit(self, X: object, y: object = None, **options: Any) -> Self:  # noqa: ANN401
        """Fit the topics to documents; see `LDA.fit`. A row of counts alone is one document.

        The logger `lda` is told of it, at the level INFO.
        """
        return super().fit(_rows(X), y, **options)

    def fit_transform(self, X: object, y: object = None, **options: Any) -> Any:  # noqa: ANN401 - a table, where chosen
        """`fit(X).doc_topic_`, (D, K) float64; `transform` infers the topics of documents anew, and finds others."""
        contained = self._container()
        theta = self.fit(X, y, **options).doc_topic_
        return contained(theta, X, list(self.get_feature_names_out()))

    def transform(self, X: object, max_iter: int = 20, tol: float = 1e-16) -> Any:  # noqa: ANN401
        """Topic proportions of documents by iterated pseudo-counts (`lda.estimator.iterated_pseudo_counts`).

        `transform_texts`, scores and reports infer topics as those of every `LDA`.

        Args:
            X: (D, V) counts, or all else that `LDA.transform` takes. A row of counts alone is one document.
            max_iter: steps at most.
            tol: stop at a change below this.

        Returns:
            (D, K) float64, or the table that `set_output` chose.

        Raises:
            ValueError: a sparse matrix is not of whole numbers, `max_iter` is negative, or `tol` is NaN.
            DataError: as of `LDA.transform`.
        """
        if not max_iter >= 0:
            raise ValueError(f"max_iter must be at least 0, got {max_iter!r:.40}")
        if not tol >= 0:
            raise ValueError(f"tol must be at least 0, got {tol!r:.40}")
        from lda.evaluation.documents import all_documents

        self._fitted()
        contained = self._container()
        offsets, words = all_documents(self.model_, _rows(X))
        theta = topics_by_pseudo_counts(
            offsets, words, self.topic_word_, self.alpha_, max_iter=max_iter, tol=tol
        )
        return contained(theta, X, list(self.get_feature_names_out()))

    def get_feature_names_out(self, input_features: object = None) -> npt.NDArray[np.object_]:
        """Names of the columns of `transform`: "lda0", "lda1", ..., as of every `LDA`."""
        return np.array([f"lda{k}" for k in range(self._fitted().n_topics)], dtype=object)

    @property
    def n_topics(self) -> int:
        """K, `n_components` of `LDA`."""
        return self.n_components

    @n_topics.setter
    def n_topics(self, value: int) -> None:
        self.n_components = value

    @property
    def n_iter(self) -> int:
        """Sweeps, `max_iter` of `LDA`."""
        return self.max_iter

    @n_iter.setter
    def n_iter(self, value: int) -> None:
        self.max_iter = value

    @property
    def eta(self) -> Any:  # noqa: ANN401 - a number, or "auto"
        """Prior of a term in a topic, `beta` of `LDA`."""
        return self.beta

    @eta.setter
    def eta(self, value: Any) -> None:  # noqa: ANN401
        self.beta = value

    @property
    def refresh(self) -> int:
        """Sweeps between evaluations, `evaluate_every` of `LDA`."""
        return self.evaluate_every

    @refresh.setter
    def refresh(self, value: int) -> None:
        self.evaluate_every = value

    @property
    def components_(self) -> Floats:
        """(K, V) float64, the same as `topic_word_`."""
        return self.topic_word_

    @property
    def doc_topic_(self) -> Any:  # noqa: ANN401 - float64, where that of `LDA` is float32
        """(D, K) float64, (n_dk + alpha_k) / (N_d + sum(alpha))."""

        def proportions(model: object) -> Floats:
            theta: Floats = self.ndz_ + self.alpha_
            theta /= theta.sum(axis=1, keepdims=True)
            return theta

        return self._derive("doc_topic_", proportions)

    @property
    def nzw_(self) -> Ints:
        """(K, V) intc, tokens of each term in each topic; computed when first asked for."""
        found: Ints = self._derive("nzw_", lambda model: model.counts.toarray().T.astype(np.intc))
        return found

    @property
    def ndz_(self) -> Ints:
        """(D, K) intc, tokens of each training document in each topic; computed when first asked for."""
        self._fitted()
        counts = self._doc_topic_counts
        if counts is None:
            raise AttributeError("the topics of the training documents are not held here; use transform(X)")
        found: Ints = self._derive("ndz_", lambda model: counts.toarray().astype(np.intc))
        return found

    @property
    def nz_(self) -> Ints:
        """(K,) intc, tokens in each topic."""
        return np.asarray(self._fitted().counts.sum(axis=0)).ravel().astype(np.intc)

    @property
    def loglikelihoods_(self) -> list[float]:
        """Joint log-likelihoods in nats: after each `refresh` sweeps, and after the last.

        The package `lda` has as many of them, each from `refresh` sweeps before.
        """
        n_tokens = self._fitted().record.n_trained_tokens
        found = (row.log_likelihood for row in self.history_)
        return [value * n_tokens for value in found if value is not None]

    def loglikelihood(self) -> float:
        """Joint log-likelihood log p(words, topics) in nats of the last state, of `nzw_` and `ndz_`."""
        from lda.samplers.priors import Priors
        from lda.samplers.scoring.joint_likelihood import joint_log_likelihood_of_counts

        model, history = self._fitted(), self.history_
        evaluated = bool(history) and history[-1].log_likelihood is not None
        if evaluated or self._doc_topic_counts is None:
            return super().loglikelihood()
        priors = Priors(alpha=model.alpha, beta=model.beta)
        if model.word_prior is None:
            return joint_log_likelihood_of_counts(priors, self._doc_topic_counts, model.counts)
        from lda.cluster.counts.word_prior import WordPrior

        prior = WordPrior(counts=model.word_prior, frozen=model.frozen_topics)
        return joint_log_likelihood_of_counts(
            priors,
            self._doc_topic_counts,
            model.counts,
            prior.language(model.counts),
            prior.before,
            prior.frozen_tokens(model.counts) if prior.frozen else None,
        )

    def _settings(self) -> FitSettings:
        settings = super()._settings()
        if self.random_state is None:
            settings = replace(settings, seed=seed_of(check_random_state(None)))
        return settings

    def _run(self, corpus: Corpus, settings: FitSettings, **options: Any) -> FitResult:  # noqa: ANN401 - of lda.cluster.fit
        if options.get("begin") is not None and settings.start == CHAIN["start"]:
            settings = replace(settings, start="auto")  # nobody has asked for random topics
        return super()._run(corpus, settings, **options)

    def _listeners(self, corpus: Corpus) -> Sequence[Callable[[SweepRecord], bool | None]]:
        def log(record: SweepRecord) -> None:
            if record.log_likelihood is not None:
                total = record.log_likelihood * corpus.n_tokens
                logger.info("<%d> log likelihood: %.0f", record.sweep, total)

        logger.info("n_documents: %d", corpus.n_documents)
        logger.info("vocab_size: %d", corpus.n_terms)
        logger.info("n_words: %d", corpus.n_tokens)
        logger.info("n_topics: %s", self.n_topics)
        logger.info("n_iter: %s", self.n_iter)
        return (*self.callbacks, log)


def _rows(X: object) -> object:
    """X, a row alone as one document. Raises ValueError for a sparse matrix of other than whole numbers or truths."""
    dtype = getattr(X, "dtype", None)
    if hasattr(X, "tocsr") and isinstance(dtype, np.dtype) and dtype.kind not in "iub":
        raise ValueError(
            f"expected a sparse matrix with integer values, got {dtype}; convert it by X.astype(int), "
            "or call LDA(n_components=...), which takes whole numbers of any type"
        )
    return np.atleast_2d(X) if isinstance(X, np.ndarray) else X
