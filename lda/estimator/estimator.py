"""`LDA`: the estimator, with the conventions of scikit-learn."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Final, Literal, Self

import numpy as np

from lda.charts.drawable import Drawable
from lda.estimator.parameter_aliases import translate
from lda.estimator.sklearn_conventions import EstimatorConventions, not_fitted, seed_of, threads_of
from lda.fit_fields import parameters_of, settings_from
from lda.model.model import Model
from lda.sizes import byte_count

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt
    from scipy.sparse import csr_matrix

    from lda.cluster import Checkpointing, Cluster, FitResult, FitSettings, FrozenModel, SweepRecord
    from lda.corpus import Recipe
    from lda.corpus.text.tokenizer import Tokenizer
    from lda.estimator.sklearn_conventions import RandomState
    from lda.evaluation.coherence_result import Coherence, CoherenceEngine
    from lda.evaluation.diagnostics import TopicDiagnostics
    from lda.report.notebook_page import ReportPage
    from lda.samplers.registry import Sampler

    Floats = npt.NDArray[np.float64]


NOT_PICKLED: Final = "_derived"  # computed from the rest when asked for


class LDA(EstimatorConventions, Drawable):
    """Latent Dirichlet Allocation by Gibbs sampling.

    The same `random_state` gives the same model, to the bit, for any `n_jobs`.

    Args:
        n_components: number of topics K, 1 or more.
        sampler: "auto", "adlda", "esca", "pclda", "uncollapsed" or "collapsed"; or a row of your own, as
            `lda.samplers.registry` describes.
        alpha: prior of a topic in a document: one number for each topic, K numbers, or "auto" to learn them.
        beta: prior of a term in a topic: one number, or "auto" to learn it.
        max_iter: sweeps over the corpus.
        phases: exchanges of counts per sweep; None leaves the choice to the sampler.
        start: "random" topics, "annealed" from random ones, a "growing" set of documents; "auto" grows it where
            there are enough documents, and anneals otherwise.
        n_jobs: threads; None and -1 take all cores. It changes the time, never the result.
        device: "cuda" samples on a GPU, while fitting and in all that infers topics afterwards. It changes the time,
            never the result; for the samplers "adlda", "esca" and "esca-leave-out".
        memory: bytes that the fit may hold, or a size as "4GB": documents beyond it stay on disk.
        model_memory: bytes of these for the model: a larger one is walked word range by word range. Neither
            changes the result.
        random_state: whole number, NumPy Generator or RandomState; None draws a new seed (see `seed_`).
        validation_fraction: share of documents kept out of training, to score the model while it is fitted.
        tol: stop when `n_iter_no_change` evaluations in a row gained less than this, in nats per token, of
            the score on the validation documents, or without these of the training likelihood; None never stops.
        n_iter_no_change: see `tol`.
        evaluate_every: sweeps between evaluations.
        n_samples: average the topics over this many late sweeps, `sample_interval` sweeps apart, each token counted in
            all topics by its full conditional ("soft counts"): less noise. 0 takes the plain counts of the last sweep;
            None is 5, or 0 for a sampler of your own that takes no averages.
        sample_interval: see `n_samples`; None is a twentieth of `max_iter`, 20 at most.
        optimize_interval: sweeps between updates of priors that are learned.
        burn_in: sweeps before the first of them; a start that is not random learns beta from its first on.
        callbacks: functions called with each sweep's `SweepRecord`; one that returns True ends the fit. One that has a
            method `on_start` has it called with a `StartRecord` after each pass of the start.
        verbose: 1 writes progress to stderr every few seconds, 2 every sweep and each pass of the start. In a notebook
            either is one bar under the cell, kept up to date.

    Attributes (after `fit` or `lda.load`):
        topic_word_: (K, V) float64, p(term | topic); rows sum to 1.
        components_: (K, V) float64, counts + beta: not normalised.
        doc_topic_: (D, K) float32, topics of the training documents in the last sweep; rows sum to 1. Not saved.
        alpha_: (K,) float64, the prior of each topic in a document, in force at the end.
        beta_: the prior of a term in a topic, in force at the end.
        history_: a `SweepRecord` for each sweep.
        n_iter_: sweeps done.
        seed_: repeats the fit as `random_state`.
        n_features_in_: V, the number of terms.
        feature_names_in_: (V,) names of the terms, if they have names.
        model_: the `lda.Model` behind all this.
    """

    model_: Model
    seed_: int
    _doc_topic_counts: csr_matrix | None
    _derived: dict[str, Any]

    def __init__(
        self,
        n_components: int = 10,
        *,
        sampler: str | Sampler = "auto",
        alpha: float | Sequence[float] | npt.NDArray[np.float64] | Literal["auto"] = "auto",
        beta: float | Literal["auto"] = "auto",
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
        n_samples: int | None = None,
        sample_interval: int | None = None,
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
            DataError: the input is at fault (a `ValueError`).
            TypeError: the kind of X, `checkpointing` or `cluster` is wrong.
            ValueError: a parameter is wrong, or does not fit the corpus.
            CheckpointError: three checkpoints in a row cannot be written, or one is of another fit, in use by
                another run, or would be lost.
            ClusterError: there is no cluster at the address, it is too small, or it failed too often.
        """
        from lda.cluster import Checkpointing, Cluster, fit
        from lda.corpus import as_corpus

        _check_kind("checkpointing", checkpointing, Checkpointing, "path=...")
        _check_kind("cluster", cluster, Cluster, "address=...")
        settings = self._settings()
        if not (isinstance(self.callbacks, Iterable) and all(map(callable, self.callbacks))):
            raise ValueError(f"callbacks must be a sequence of functions, got {self.callbacks!r:.60}")
        if cluster is not None:
            from lda.cluster.distributed.address_check import reach

            reach(cluster.address)  # before X is gone through
        else:
            from lda.cluster.sweeping.compile_ahead import begin_fit

            begin_fit(settings)
        corpus = as_corpus(X)
        with ExitStack() as stack:
            if checkpointing is not None:
                stack.enter_context(self._place(checkpointing))
            tell = stack.enter_context(self._progress(settings, corpus.n_documents))
            result = fit(
                corpus, settings, on_sweep=tell, on_start=tell.on_start,
                checkpointing=checkpointing, cluster=cluster,
            )  # fmt: skip
        return self._adopt(Model.from_fit(result, corpus, remember=cluster is None), result)

    def fit_transform(self, X: object, y: object = None) -> npt.NDArray[np.float32]:
        """`fit(X).transform(X)`: a document has the same topics here and when it comes again later.

        `doc_topic_` holds the last state of training instead; it costs nothing, but is one noisy sample.

        Args:
            X: as for `fit`. A generator may be given, and is held as a list meanwhile.
            y: ignored.

        Returns:
            (D, K) float32, or the table that `set_output` chose, as of `transform`.

        Raises what `fit` raises.
        """
        from lda.evaluation.documents import kept

        X = kept(X)
        return self.fit(X, y).transform(X)

    def transform(self, X: object) -> npt.NDArray[np.float32]:
        """Topic proportions of documents; those without known words get the prior.

        A document gets the same answer alone and among others, whatever the number of threads.

        Args:
            X: D documents, everything that `lda.as_corpus` takes. Terms are matched by name where both sides have
                names, else by position; words that the model does not know are left out.

        Returns:
            (D, K) float32, rows summing to 1. After `set_output(transform="pandas")` or `"polars"`, or with
            scikit-learn's `transform_output` set so, a `pandas.DataFrame` or `polars.DataFrame` of the same numbers.
            A type checker is told of the array, which is what one gets unless asked otherwise.

        Raises:
            DataError: X has another number of columns than the model, or holds no counts (a `ValueError`).
            TypeError: the kind of X is wrong.
            ImportError: the package of the container that was chosen is not installed.
        """
        from lda.evaluation.documents import all_documents

        model = self._fitted()
        contained = self._container()
        documents = all_documents(model, X)
        theta = self._frozen().transform(*documents, seed=self.seed_)
        found: npt.NDArray[np.float32] = contained(theta, X, list(self.get_feature_names_out()))
        return found

    def transform_texts(
        self, texts: Iterable[str | None], *, tokenizer: Tokenizer | None = None
    ) -> npt.NDArray[np.float32]:
        """Topic proportions of raw texts, cut into words by the model's own recipe; see `Model.transform_texts`.

        Args:
            texts: D strings in a list, a generator, or a column of pandas, polars or Arrow; None is an empty text.
            tokenizer: the function that cut the model's text, if one did.

        Returns:
            (D, K) float32, or the table that `set_output` chose, as of `transform`.

        Raises:
            TypeError: the texts are no strings, or `tokenizer` is no function.
            ValueError: the model has no recipe by which text becomes words, or it does not go with `tokenizer`.
            ImportError: the package of the container that was chosen is not installed.
        """
        from lda.model.texts import topics_of_texts

        model = self._fitted()
        contained = self._container()
        theta = topics_of_texts(
            model,
            self._frozen,
            texts,
            tokenizer=tokenizer,
            seed=self.seed_,
            threads=threads_of(self.n_jobs),
        )
        found: npt.NDArray[np.float32] = contained(theta, texts, list(self.get_feature_names_out()))
        return found

    def tokenize(self, texts: Iterable[str | None], *, tokenizer: Tokenizer | None = None) -> list[list[str]]:
        """The words of raw texts by the model's own recipe, for `score`, `coherence` and all that takes token lists.

        Args:
            texts: as for `transform_texts`.
            tokenizer: as for `transform_texts`.

        Raises:
            TypeError: the texts are no strings, or `tokenizer` is no function.
            ValueError: the model has no recipe by which text becomes words, or it does not go with `tokenizer`.
        """
        return self._fitted().tokenize(texts, tokenizer=tokenizer)

    def score(self, X: object, y: object = None) -> float:
        """Log-likelihood per token of documents by document completion, in nats; higher is better.

        One half of each document gives its topics, the other half is scored; the halves are the same for every
        model of one vocabulary. exp(-score) is a perplexity of documents the model has not seen; a warning tells of
        those it has. No bound is involved. More numbers, and the left-to-right estimator, are in
        `model_.heldout_score`.

        Args:
            X: documents, everything that `lda.as_corpus` takes.
            y: ignored.

        Raises:
            DataError: as of `transform`, or no document has two known words, so there is nothing to score.
            TypeError: the kind of X is wrong.
        """
        from lda.evaluation.heldout import Estimation, score_on

        return score_on(self._fitted(), X, Estimation(), self._frozen()).log_likelihood

    def perplexity(self, X: object) -> float:
        """exp(-score(X)) of documents the model has not seen; lower is better. Raises as `score`."""
        return float(np.exp(-self.score(X)))

    def coherence(
        self, X: object, measure: str = "npmi", *, n_words: int = 10, engine: CoherenceEngine = "own"
    ) -> Coherence:
        """Coherence of the topics on documents X, those of the fit or a reference corpus; see `Model.coherence`.

        An estimator does not keep the documents it was fitted to, so they are asked for here.

        Args:
            X: documents; windows need texts or token lists, of counts whole documents are taken.
            measure: "npmi", "c_v", "u_mass" or "c_uci".
            n_words: top words of a topic that take part, 2 or more.
            engine: "own", or "gensim" for comparison with numbers that gensim has produced.

        Raises:
            DataError: X has none of the topics' words (a `ValueError`).
            ValueError: a setting is wrong.
            TypeError: the kind of X is wrong.
        """
        from lda.evaluation.coherence import coherence_on

        return coherence_on(self._fitted(), X, measure, n_words=n_words, engine=engine)

    def diagnostics(self, X: object = None, *, n_words: int = 10) -> TopicDiagnostics:
        """Numbers about each topic under MALLET's names.

        After `fit`, how the training documents use the topics is known from the last sweep, but not which words
        have which topic; documents X have the topics of their words inferred, and give the whole list.

        Args:
            X: documents, everything that `lda.as_corpus` takes, or None.
            n_words: top words of a topic that take part, 1 or more.

        Raises:
            DataError: the documents cannot be what they should (a `ValueError`).
            ValueError: `n_words` is below 1.
            TypeError: the kind of X is wrong.
        """
        from lda.evaluation.diagnostics import diagnose
        from lda.evaluation.document_usage import DocumentUse

        model = self._fitted()
        if X is not None:
            threads = threads_of(self.n_jobs)
            return model.diagnostics(X, n_words=n_words, threads=threads, device=self.device)
        use = None
        if self._doc_topic_counts is not None:
            use = DocumentUse(model.alpha)
            use.add(self._doc_topic_counts)
        return diagnose(model, None, n_words=n_words, use=use)

    def report(self, path: str | Path | None = None, X: object = None, **options: Any) -> Path | ReportPage:  # noqa: ANN401
        """Show the model and documents in one page of HTML; arguments and errors are those of `Model.report`.

        Args:
            path: file to write; None returns the page.
            X: documents, everything that `lda.as_corpus` takes; an estimator does not keep those of its fit.
            **options: see `Model.report`; threads are `n_jobs` if none are given.

        Returns:
            The path; without one the page, a `str`.
        """
        return self._fitted().report(path, X, **{"threads": threads_of(self.n_jobs), **options})

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

    def get_feature_names_out(self, input_features: object = None) -> npt.NDArray[np.object_]:
        """Names of the columns of `transform`: "lda0", "lda1", ... as scikit-learn would call them."""
        return np.array([f"lda{k}" for k in range(self._fitted().n_topics)], dtype=object)

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the model as a folder that `lda.load` and the command line read; no pickle is involved.

        Args:
            path: folder or URI to write to.
            overwrite: replace a model that stands there.

        Raises:
            DataError: the target exists and `overwrite` is off, or it is something other than a model.
        """
        self._fitted().save(path, overwrite=overwrite)

    def _repr_html_(self) -> str | None:
        """A table of the topics for a notebook; None before the fit, which leaves it to `repr`."""
        if not self.__sklearn_is_fitted__():
            return None
        return self.model_.to_html(caption=repr(self))

    def _drawn(self) -> Model:
        return self._fitted()

    def _theta(self, X: object) -> npt.NDArray[np.float32]:
        from lda.evaluation.documents import all_documents

        # Not `transform`, whose container may have been chosen.
        return self._frozen().transform(*all_documents(self._fitted(), X), seed=self.seed_)

    def _text_recipe(self) -> Recipe:
        return self._fitted()._text_recipe()

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
        threads = threads_of(self.n_jobs)
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
        from lda.progress import Progress, in_notebook

        mode: Literal["notebook", "log", "none"] = "none"
        if self.verbose:
            mode = "notebook" if in_notebook() else "log"
        return Progress(mode, verbosity=int(self.verbose) - 1).fit(settings, n_documents, self.callbacks)


def load(path: str | Path, *, verify: bool = True) -> LDA:
    """Open a saved model as a fitted estimator; its counts are memory-mapped.

    Args:
        path: folder or URI of a saved model.
        verify: as for `Model.load`, whether to read all of it once and compare it with its checksums.

    Raises:
        DataError: there is no model, it was written by a newer version, or a part is missing or damaged.
    """
    model = Model.load(path, verify=verify)
    parameters = parameters_of(model.record.settings)
    parameters |= {name: _plain(parameters[name]) for name in ("alpha", "beta") if name in parameters}
    # The record has the seed apart as well, for it may have been drawn.
    estimator = LDA(**parameters | {"n_components": model.n_topics, "random_state": model.record.seed})
    return estimator._adopt(model)


def _check_kind(name: str, value: object, kind: type, arguments: str) -> None:
    """Refuse an argument of `fit` that is neither None nor of its kind. Raises TypeError."""
    if value is not None and not isinstance(value, kind):
        from lda.corpus.presentable import presentable

        ours = f"lda.{kind.__name__}"
        shown = presentable(repr(value))  # a path of checkpoints may hold keys
        raise TypeError(f"{name} must be an {ours} or None, got {shown:.60}; give {ours}({arguments})")


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
    "threads": threads_of,
    "memory": byte_count,
    "model_memory": byte_count,
}
"""How the parameters that Python has in other forms become the engine's."""
