"""`LDA`: the estimator, with the conventions of scikit-learn."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Final, Literal, Self

import numpy as np

from lda.estimator.fitted import FittedEstimator, seed_of, thread_count
from lda.estimator.parameter_aliases import translate
from lda.fit_fields import parameters_of, settings_from
from lda.model.model import Model
from lda.sizes import byte_count

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from lda.cluster import Checkpointing, Cluster, FitSettings, SweepRecord
    from lda.estimator.fitted import RandomState


class LDA(FittedEstimator):
    """Latent Dirichlet Allocation by Gibbs sampling.

    The same `random_state` gives the same model, to the bit, for any `n_jobs`.

    Args:
        n_components: number of topics K, 1 or more.
        sampler: "auto", "adlda", "esca", "pclda", "uncollapsed" or "collapsed".
        alpha: prior of a topic in a document: one number for each topic, K numbers, or "auto" to learn them.
        beta: prior of a term in a topic: one number, or "auto" to learn it.
        max_iter: sweeps over the corpus.
        phases: exchanges of counts per sweep; None leaves the choice to the sampler.
        start: "random" topics, "annealed" from random ones, a "growing" set of documents; "auto" grows it where
            there are enough documents, and anneals otherwise.
        n_jobs: threads; None and -1 take all cores. It changes the time, never the result.
        device: "cuda" samples on a GPU, while fitting and in `transform` and `score`. It changes the time, never the
            result; for the samplers "adlda", "esca" and "esca-leave-out".
        memory: bytes that the fit may hold, or a size as "4GB": documents beyond it stay on disk.
        model_memory: bytes of these for the model: a larger one is walked word range by word range. Neither
            changes the result.
        random_state: whole number, NumPy Generator or RandomState; None draws a new seed (see `seed_`).
        validation_fraction: share of documents kept out of training, to score the model while it is fitted.
        tol: stop when `n_iter_no_change` evaluations in a row gained less than this, in nats per token, of
            the score on the validation documents, or without these of the training likelihood; None never stops.
        n_iter_no_change: see `tol`.
        evaluate_every: sweeps between evaluations.
        n_samples: average the topics over this many late sweeps, `sample_interval` sweeps apart: less noise.
        sample_interval: see `n_samples`.
        optimize_interval: sweeps between updates of priors that are learned.
        burn_in: sweeps before the first of them.
        callbacks: functions called with each sweep's `SweepRecord`; one that returns True ends the fit.
        verbose: 1 writes progress to stderr every few seconds, 2 every sweep.

    Attributes (after `fit` or `lda.load`):
        topic_word_: (K, V) float64, p(term | topic); rows sum to 1.
        components_: (K, V) float64, counts + beta: not normalised.
        doc_topic_: (D, K) float32, topics of the training documents in the last sweep; rows sum to 1. Not saved.
        alpha_: (K,) float64. beta_: float. The priors in force at the end.
        history_: a `SweepRecord` for each sweep. n_iter_: sweeps done. seed_: repeats the fit as `random_state`.
        n_features_in_: V. feature_names_in_: (V,) names of the terms, if they have names.
        model_: the `lda.Model` behind all this.
    """

    def __init__(
        self,
        n_components: int = 10,
        *,
        sampler: str = "auto",
        alpha: float | Sequence[float] | npt.NDArray[np.float64] | Literal["auto"] = "auto",
        beta: float | Literal["auto"] = 0.01,
        max_iter: int = 200,
        phases: int | None = None,
        start: Literal["auto", "random", "annealed", "growing"] = "auto",
        n_jobs: int | None = None,
        device: Literal["cpu", "cuda"] = "cpu",
        memory: str | int | None = None,
        model_memory: str | int | None = None,
        random_state: RandomState = None,
        validation_fraction: float = 0.0,
        tol: float | None = None,
        n_iter_no_change: int = 5,
        n_samples: int = 1,
        sample_interval: int = 5,
        optimize_interval: int = 5,
        burn_in: int = 10,
        evaluate_every: int = 10,
        callbacks: Sequence[Callable[[SweepRecord], bool | None]] = (),
        verbose: int = 0,
        **synonyms: Any,  # noqa: ANN401 - n_topics=, n_iter=, eta=, refresh= of the package lda
    ) -> None:
        self.n_components = n_components
        self.sampler = sampler
        self.alpha = alpha
        self.beta = beta
        self.max_iter = max_iter
        self.phases = phases
        self.start = start
        self.n_jobs = n_jobs
        self.device = device
        self.memory = memory
        self.model_memory = model_memory
        self.random_state = random_state
        self.validation_fraction = validation_fraction
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.n_samples = n_samples
        self.sample_interval = sample_interval
        self.optimize_interval = optimize_interval
        self.burn_in = burn_in
        self.evaluate_every = evaluate_every
        self.callbacks = callbacks
        self.verbose = verbose
        if synonyms:
            self.set_params(**translate(synonyms, self.get_params(), self._parameter_defaults()))

    def fit(
        self,
        X: object,
        y: object = None,
        *,
        checkpointing: Checkpointing | None = None,
        cluster: Cluster | None = None,
    ) -> Self:
        """Fit the topics to documents.

        Args:
            X: (D, V) counts as any sparse or dense matrix, a table of counts, token lists, a `Corpus`, the path
                of a corpus folder: everything `lda.as_corpus` takes.
            y: ignored.
            cluster: run on a Ray cluster; None is this process. With its `staleness` 0 the model is the same. The
                counts and the documents' topics are fetched into this process at the end, range by range: they must fit
                its memory. `lda fit -o` has them written by the cluster instead.
            checkpointing: store the state every so many sweeps, and with its `resume` go on from there to the same
                bits. Needs a `random_state`. The last checkpoints stay: fit does not know when you have saved.

        Raises:
            DataError: the input is at fault (a `ValueError`). TypeError: the kind of X is wrong.
            ValueError: a parameter is wrong, or does not fit the corpus.
            CheckpointError: three checkpoints in a row cannot be written, or one is of another fit, in use by
                another run, or would be lost.
            ClusterError: there is no cluster at the address, it is too small, or it failed too often.
        """
        from lda.cluster import fit
        from lda.corpus import as_corpus

        settings = self._settings()
        if not (isinstance(self.callbacks, Iterable) and all(map(callable, self.callbacks))):
            raise ValueError(f"callbacks must be a sequence of functions, got {self.callbacks!r:.60}")
        if cluster is not None:
            from lda.cluster.distributed.address_check import reach

            reach(cluster.address)  # before X is gone through
        corpus = as_corpus(X)
        with ExitStack() as stack:
            if checkpointing is not None:
                stack.enter_context(self._place(checkpointing))
            tell = stack.enter_context(self._progress(settings, corpus.n_documents))
            result = fit(corpus, settings, on_sweep=tell, checkpointing=checkpointing, cluster=cluster)
        return self._adopt(Model.from_fit(result, corpus, remember=cluster is None), result)

    def fit_transform(self, X: object, y: object = None) -> Any:  # noqa: ANN401
        """`fit(X).transform(X)`: a document has the same topics here and when it comes again later.

        `doc_topic_` holds the last state of training instead; it costs nothing, but is one noisy sample.
        """
        from lda.evaluation.documents import kept

        X = kept(X)
        return self.fit(X, y).transform(X)

    def transform(self, X: object) -> Any:  # noqa: ANN401 - an array, or what set_output chose
        """Topic proportions (D, K) float32 of documents, rows summing to 1; empty ones get the prior.

        A document gets the same answer alone and among others, whatever the number of threads.

        Raises:
            DataError: X has another number of columns than the model, or holds no counts (a `ValueError`).
        """
        from lda.evaluation.documents import all_documents

        self._fitted()
        contained = self._container()
        documents = all_documents(self.model_, X)
        theta = self._frozen().transform(*documents, seed=self.seed_)
        return contained(theta, X, list(self.get_feature_names_out()))

    def score(self, X: object, y: object = None) -> float:
        """Log-likelihood per token of documents by document completion, in nats; higher is better.

        One half of each document gives its topics, the other half is scored; the halves are the same for every
        model of one vocabulary. exp(-score) is a perplexity of documents the model has not seen; a warning tells of
        those it has. No bound is involved. More numbers, and the left-to-right estimator, are in
        `model_.heldout_score`.

        Raises:
            DataError: as `transform`, or no document has two known words, so there is nothing to score.
        """
        from lda.evaluation.evaluation import score_on
        from lda.evaluation.heldout import Estimation

        frozen = self._frozen()
        return score_on(self.model_, X, Estimation(), frozen).log_likelihood

    def _settings(self) -> FitSettings:
        return settings_from(vars(self), lambda field: field.parameter, _READ)

    @contextmanager
    def _place(self, checkpointing: Checkpointing) -> Iterator[None]:
        """Be the only run on the checkpoints' place within the block.

        Refuses, before the sweeps, checkpoints that cannot be written or resumed, or would replace others.
        """
        from lda.cluster.checkpoints.store import CheckpointStore
        from lda.cluster.spec.errors import CheckpointError

        if not isinstance(self.random_state, (int, np.integer)):
            raise ValueError(
                "checkpoints need a whole number as random_state, which a resumed fit repeats; "
                f"got {self.random_state!r}"
            )
        if not checkpointing.every:
            yield
            return
        store = CheckpointStore(checkpointing, warn=warnings.warn)
        with store.claimed():
            if not checkpointing.resume and (found := store.folders()):
                raise CheckpointError(
                    f"{store.root} holds the checkpoints of another run, up to {found[-1]}; go on from there with "
                    "Checkpointing(resume=True), choose another path, or delete that folder"
                )
            yield

    def _progress(self, settings: FitSettings, n_documents: int) -> Any:  # noqa: ANN401 - a context manager around a callback
        from lda.progress import Progress

        mode: Literal["log", "none"] = "log" if self.verbose else "none"
        return Progress(mode, verbosity=int(self.verbose) - 1).fit(settings, n_documents, self.callbacks)


def load(path: str | Path, *, verify: bool = True) -> LDA:
    """Open a saved model as a fitted estimator; its counts are memory-mapped.

    verify: as for `Model.load`: whether to read all of it once and compare it with its checksums.

    Raises:
        DataError: there is no model, it was written by a newer version, or a part is missing or damaged.
    """
    model = Model.load(path, verify=verify)
    parameters = parameters_of(model.record.settings)
    parameters |= {name: _plain(parameters[name]) for name in ("alpha", "beta") if name in parameters}
    # The record has the seed apart as well, for it may have been drawn.
    estimator = LDA(**parameters | {"n_components": model.n_topics, "random_state": model.record.seed})
    return estimator._adopt(model)


def _plain(prior: Any) -> Any:  # noqa: ANN401 - a number, several or "auto"
    """NumPy arrays and numbers as tuples and floats; the settings take no arrays. Raises ValueError."""
    if isinstance(prior, str):
        return prior
    try:
        return float(prior) if np.ndim(prior) == 0 else tuple(float(value) for value in prior)
    except (TypeError, ValueError):
        raise ValueError(
            f'a prior must be a number, one a topic for alpha, or "auto", got {prior!r:.60}'
        ) from None


_READ: Final[dict[str, Callable[[Any], Any]]] = {
    "alpha": _plain,
    "beta": _plain,
    "seed": seed_of,
    "threads": thread_count,
    "memory": byte_count,
    "model_memory": byte_count,
}
"""How the parameters that Python has in other forms become the engine's."""
