"""`LatentDirichletAllocation` as scikit-learn has it: scripts for that class run with one import changed.

It is an `lda.LDA` in everything but its parameters and what the few methods below return.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lda.estimator.estimator import LDA
from lda.estimator.parameter_aliases import VARIATIONAL

if TYPE_CHECKING:
    import numpy.typing as npt

    from lda.cluster import FitSettings
    from lda.estimator.sklearn_conventions import RandomState

SWEEPS: Final = 10
"""Of Gibbs sampling in an iteration: one of scikit-learn's has each document look for its topics in up to 100 steps.
After 10 iterations on 12,000 chunks of speeches, K = 20 and priors 1/K, topics are 0.10 nats a held-out token better
than after 10 of scikit-learn's, in a fifth of their time; with 1 sweep in an iteration they were 0.05 worse."""

_told: Final[set[str]] = set()
"""Parameters without effect that this process has been warned of."""


class LatentDirichletAllocation(LDA):
    """Latent Dirichlet Allocation by Gibbs sampling, with the parameters of scikit-learn's class of this name.

    Parameters that are of variational inference alone are taken, and have no effect: a warning tells of those that are
    not at their defaults. Learned priors, samplers and whatever else `lda.LDA` has are asked for there.

    Args:
        n_components: number of topics K.
        doc_topic_prior: alpha, of each topic in a document; None is 1 / K.
        topic_word_prior: beta, of each term in a topic; None is 1 / K.
        learning_method: no effect; `partial_fit` takes mini-batches in either case.
        learning_decay: no effect.
        learning_offset: no effect.
        max_iter: iterations, each of 10 sweeps over all documents.
        batch_size: no effect.
        evaluate_every: iterations between evaluations; 0 or less leaves it to `LDA`.
        total_samples: no effect.
        perp_tol: no effect.
        mean_change_tol: no effect.
        max_doc_update_iter: no effect.
        n_jobs: threads; it changes the time, never the result.
        verbose: as of `LDA`, on standard error.
        random_state: whole number, NumPy Generator or RandomState; None draws a new seed.

    Attributes (after `fit`), beside those of `LDA`:
        components_: (K, V) float64, counts + beta, which is what scikit-learn's estimate, too.
        doc_topic_prior_: alpha. topic_word_prior_: beta.
        n_iter_, n_batch_iter_: iterations done.
    """

    def __init__(
        self,
        n_components: int = 10,
        *,
        doc_topic_prior: float | None = None,
        topic_word_prior: float | None = None,
        learning_method: str = "batch",
        learning_decay: float = 0.7,
        learning_offset: float = 10.0,
        max_iter: int = 10,
        batch_size: int = 128,
        evaluate_every: int = -1,
        total_samples: float = 1e6,
        perp_tol: float = 0.1,
        mean_change_tol: float = 1e-3,
        max_doc_update_iter: int = 100,
        n_jobs: int | None = None,
        verbose: int = 0,
        random_state: RandomState = None,
    ) -> None:
        self.n_components = n_components
        self.doc_topic_prior = doc_topic_prior
        self.topic_word_prior = topic_word_prior
        self.learning_method = learning_method
        self.learning_decay = learning_decay
        self.learning_offset = learning_offset
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.evaluate_every = evaluate_every
        self.total_samples = total_samples
        self.perp_tol = perp_tol
        self.mean_change_tol = mean_change_tol
        self.max_doc_update_iter = max_doc_update_iter
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.random_state = random_state

    def fit_transform(
        self,
        X: object,
        y: object = None,
        *,
        normalize: bool = True,
        **options: Any,  # noqa: ANN401 - as of LDA.fit
    ) -> npt.NDArray[np.float32]:
        """`fit(X).transform(X)`; see `LDA.fit_transform`.

        Args:
            X: as for `fit`.
            y: ignored.
            normalize: as for `transform`.
            **options: as for `fit`.
        """
        from lda.evaluation.documents import kept

        X = kept(X)
        return self.fit(X, y, **options).transform(X, normalize=normalize)

    def transform(self, X: object, *, normalize: bool = True) -> npt.NDArray[np.float32]:
        """Topic proportions of documents; see `LDA.transform`.

        Args:
            X: documents, everything that `lda.as_corpus` takes.
            normalize: False gives (N_d + sum(alpha)) theta, the parameters of each document's Dirichlet posterior.

        Returns:
            (D, K) float32, or the table that `set_output` chose.

        Raises what `LDA.transform` raises.
        """
        if normalize:
            return super().transform(X)
        from lda.evaluation.documents import all_documents

        model = self._fitted()
        contained = self._container()
        offsets, words = all_documents(model, X)
        theta = self._theta_of_ids(offsets, words)
        theta *= (np.diff(offsets) + model.alpha.sum()).astype(np.float32)[:, np.newaxis]
        found: npt.NDArray[np.float32] = contained(theta, X, list(self.get_feature_names_out()))
        return found

    def score(self, X: object, y: object = None) -> float:
        """Log-likelihood of documents in nats, a total as of scikit-learn's class: `LDA.score` times the tokens of X.

        It is found by document completion on one half of each document, the other half giving its topics, and not a
        bound. exp(-score / tokens) is `perplexity`.

        Args:
            X: documents, everything that `lda.as_corpus` takes.
            y: ignored.

        Raises what `LDA.score` raises.
        """
        from lda.evaluation.heldout import Estimation, score_on

        found = score_on(self._fitted(), X, Estimation(), self._frozen(), once=True)
        return found.log_likelihood * found.n_tokens

    def perplexity(self, X: object, sub_sampling: bool = False) -> float:
        """The exponential of minus the score per token; lower is better.

        Args:
            X: documents, everything that `lda.as_corpus` takes.
            sub_sampling: no effect, for nothing depends on how many documents there are.

        Raises what `LDA.score` raises.
        """
        return float(np.exp(-super().score(X)))

    @property
    def n_iter_(self) -> int:
        """Iterations done, each of 10 sweeps."""
        return self._fitted().record.n_sweeps // SWEEPS

    @property
    def n_batch_iter_(self) -> int:
        """The same: there are no mini-batches within an iteration."""
        return self.n_iter_

    @property
    def doc_topic_prior_(self) -> float:
        """Alpha, the prior of each topic in a document."""
        return float(self._fitted().alpha[0])

    @property
    def topic_word_prior_(self) -> float:
        """Beta, the prior of each term in a topic."""
        return self._fitted().beta

    def _settings(self) -> FitSettings:
        defaults = LDA._parameter_defaults()
        each = 1.0 / self.n_components if _is_number(self.n_components) and self.n_components > 0 else 1.0
        given: dict[str, Any] = {
            "n_components": self.n_components,
            "alpha": each if self.doc_topic_prior is None else self.doc_topic_prior,
            "beta": each if self.topic_word_prior is None else self.topic_word_prior,
            "max_iter": self.max_iter * SWEEPS if _is_number(self.max_iter) else self.max_iter,
            "n_jobs": self.n_jobs,
            "random_state": self.random_state,
        }
        if _is_number(self.evaluate_every) and self.evaluate_every > 0:
            given["evaluate_every"] = self.evaluate_every * SWEEPS
        self._tell_of_no_effect()
        return self._settings_of(defaults | given)

    def _tell_of_no_effect(self) -> None:
        changed = [name for name, default in VARIATIONAL.items() if getattr(self, name) != default]
        new = [name for name in changed if name not in _told]
        if new:
            _told.update(new)
            warnings.warn(
                f"{', '.join(new)}: of variational inference, and without effect on Gibbs sampling; leave out what a "
                "search tries them for, it would be the same fit each time",
                stacklevel=4,
            )


for _name, _default in LDA._parameter_defaults().items():
    # What `LDA` reads of itself, and is no parameter here.
    if _name not in LatentDirichletAllocation._parameter_defaults():
        setattr(LatentDirichletAllocation, _name, _default)


def _is_number(value: object) -> bool:
    """Whether it can be calculated with; what else there is, settings refuse by the name of what they are."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)
