"""`LDA`: the estimator, with the conventions of scikit-learn."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Final, Literal, Never, Self

import numpy as np

from lda.charts.drawable import Drawable
from lda.estimator.call_conventions import CallConventions
from lda.estimator.going_on import batch_settings, check_topics, mini_batch, model_of, so_far
from lda.estimator.sklearn_conventions import (
    EstimatorConventions,
    not_fitted,
    refuse_metadata,
    seed_of,
    threads_of,
)
from lda.fit_fields import parameters_of, settings_from
from lda.interop.exportable import Exportable
from lda.interop.gensim_names import GensimNames
from lda.model.going_on import NEW_FROM, beginning, known_documents, labels_for
from lda.model.model import Model
from lda.model.run_record import parent_model
from lda.progress import events_to, warnings_to, whole_fit
from lda.seed_words import SEED_WEIGHT, SeedWords, parameters_of_seeds
from lda.sizes import byte_count

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt
    import pandas as pd
    from scipy.sparse import csr_matrix

    from lda.charts.frames import FrameKind
    from lda.cluster import (
        Beginning,
        Checkpointing,
        Cluster,
        FitResult,
        FitSettings,
        FrozenModel,
        SweepRecord,
    )
    from lda.corpus import Corpus, Recipe
    from lda.corpus.text.tokenizer import Tokenizer
    from lda.estimator.sklearn_conventions import RandomState
    from lda.evaluation.coherence_result import Coherence, CoherenceEngine
    from lda.evaluation.criteria import Criteria
    from lda.evaluation.diagnostics import TopicDiagnostics
    from lda.report.notebook_page import ReportPage
    from lda.samplers.registry import Sampler

    Floats = npt.NDArray[np.float64]
    Words = Sequence[str] | Mapping[str, int]
    SeedsGiven = (
        Mapping[int, Words] | Mapping[str, Words] | Mapping[int | str, Words] | Sequence[Words] | None
    )


NOT_PICKLED: Final = "_derived"  # computed from the rest when asked for


class LDA(EstimatorConventions, Drawable, Exportable, GensimNames, metaclass=CallConventions):
    """Latent Dirichlet Allocation by Gibbs sampling.

    The same `random_state` gives the same model, to the bit, for any `n_jobs`.

    Args:
        n_components: number of topics K, 1 or more.
        sampler: "auto", "adlda", "esca", "pclda", "uncollapsed" or "collapsed"; or a row of your own, as
            `lda.samplers.registry` describes.
        alpha: prior of a topic in a document: one number for each topic, K numbers, "auto" to learn them, or
            "auto-symmetric" to learn one number for all.
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
        optimize_interval: sweeps between updates of priors that are learned; 0 to leave them where that begins.
        burn_in: sweeps before the first of them; a start that is not random learns beta from its first on.
        callbacks: functions called with each sweep's `SweepRecord`; one that returns True ends the fit. One that has a
            method `on_start` has it called with a `StartRecord` after each pass of the start, `on_begin` with the
            settings and the corpus before it, `on_model` with the finished model, `on_failure` with an exception that
            ends the fit, `on_event` with what happens besides (`lda.cluster.FitEvent`), `on_warning` with each warning
            of the fit: `lda.MlflowTracker`, `lda.StatusFile`, `lda.RunLog` and `lda.MetricsServer` are such.
        warm_start: whether `fit` on a fitted estimator begins from the topics of its model, which has to have as many:
            each token gets its first topic under them, and afterwards they have no influence. Topics keep their
            numbers. See `partial_fit` for documents that are to join those there are.
        verbose: 1 writes progress to stderr every few seconds, 2 every sweep and each pass of the start. In a notebook
            either is one bar under the cell, kept up to date.
        seed_words: words that topics shall be about, as tokens that they have before any document:
            {0: ["tax", "trade"], "War": ["army"]}, or a list of lists; {"tax": 50} in place of a list gives weights.
            Names take the lowest numbers that are left, and become the names of these topics.
        seed_weight: tokens of each seed word that has no weight of its own.
        frozen_topics: numbers or names of topics that stay as their seed words make them, or "all" that have some.

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
        alpha: float | Sequence[float] | npt.NDArray[np.float64] | Literal["auto", "auto-symmetric"] = "auto",
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
        warm_start: bool = False,
        verbose: int = 0,
        seed_words: SeedsGiven = None,
        seed_weight: int = SEED_WEIGHT,
        frozen_topics: Sequence[int | str] | str = (),
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
        self.warm_start = warm_start
        self.verbose = verbose
        self.seed_words = seed_words
        self.seed_weight = seed_weight
        self.frozen_topics = frozen_topics

    def fit(
        self,
        X: object,
        y: object = None,
        *,
        init_from: Model | str | Path | None = None,
        add_topics: int = 0,
        vocabulary: object = None,
        checkpointing: Checkpointing | None = None,
        cluster: Cluster | None = None,
        **refused: Never,
    ) -> Self:
        """Fit the topics to documents, anew unless `warm_start` is set or `init_from` is given.

        Args:
            X: (D, V) counts as any sparse or dense matrix, a table of counts, token lists, a `Corpus`, the path
                of a corpus folder: everything `lda.as_corpus` takes.
            y: ignored.
            init_from: a model, or where one is saved, to begin from as with `warm_start`: first topics are drawn under
                its counts, terms matched by name. Topics keep their numbers and names; priors that are learned begin
                at the model's. It has to have `n_components` topics, less those that are added.
            add_topics: topics of `n_components` that the model so far does not have. They begin at what is least like
                its topics in the documents that are new, where a corpus has grown since, else in all.
            vocabulary: names of the columns of counts, or of the ids of a gensim corpus, whose Dictionary it may be;
                everything that `lda.as_corpus` takes as such.
            cluster: run on a Ray cluster; None is this process. With its `staleness` 0 the model is the same. The
                counts and the documents' topics are fetched into this process at the end, range by range: they must fit
                its memory. `lda fit -o` has them written by the cluster instead.
            checkpointing: store the state every so many sweeps, and with its `resume` go on from there to the same
                bits. Needs a `random_state`. The last checkpoints stay: fit does not know when you have saved.
            **refused: nothing. `sample_weight` is told why it is none.

        Raises:
            DataError: the input is at fault (a `ValueError`).
            TypeError: the kind of X, `checkpointing` or `cluster` is wrong, or `sample_weight` is given.
            ValueError: a parameter is wrong, or does not fit the corpus.
            CheckpointError: three checkpoints in a row cannot be written, or one is of another fit, in use by
                another run, or would be lost.
            ClusterError: there is no cluster at the address, it is too small, or it failed too often.
        """
        from lda.cluster import Checkpointing, Cluster
        from lda.corpus import as_corpus

        refuse_metadata("fit", refused)
        _check_kind("checkpointing", checkpointing, Checkpointing, "path=...")
        _check_kind("cluster", cluster, Cluster, "address=...")
        settings = self._settings()
        earlier = self.model_ if self.warm_start and self.__sklearn_is_fitted__() else None
        if init_from is not None:
            earlier = model_of(init_from)
        if earlier is not None:
            check_topics(
                earlier, settings.n_topics, "warm_start" if init_from is None else "init_from", add_topics
            )
        elif add_topics:
            raise ValueError(
                f"add_topics adds to those of a model, got {add_topics} and no init_from; choose n_components"
            )
        if cluster is not None:
            from lda.cluster.distributed.address_check import reach

            reach(cluster.address)  # before X is gone through
        else:
            from lda.cluster.sweeping.compile_ahead import begin_fit

            begin_fit(settings)
        corpus = as_corpus(X, vocabulary=vocabulary)
        settings.check_tokens(corpus.n_tokens)
        seeds, options = self._seeds(corpus, settings)
        first = known_documents(earlier, corpus) if earlier is not None and add_topics else 0
        begin = None if earlier is None else beginning(earlier, corpus, add_topics=add_topics, first=first)
        with ExitStack() as stack:
            if checkpointing is not None:
                stack.enter_context(self._place(checkpointing))
            finished = stack.enter_context(whole_fit(self.callbacks, settings, corpus))
            result = self._run(
                corpus, settings, checkpointing=checkpointing, cluster=cluster, begin=begin, **options
            )
            made = Model.from_fit(
                result,
                corpus,
                remember=cluster is None,
                parent=None
                if earlier is None
                else parent_model(earlier.fingerprint()) | ({NEW_FROM: str(first)} if add_topics else {}),
                labels=None if earlier is None else labels_for(earlier, add_topics),
                seeds=seeds,
            )
            finished(made)
        if seeds is not None and made.word_prior is not None:
            lost = seeds.outvoted(made.vocabulary, made.document_counts, made.word_prior, made.beta)
            if lost is not None:
                warnings.warn(lost, stacklevel=2)
        return self._adopt(made, result)

    def partial_fit(self, X: object, y: object = None, **refused: Never) -> Self:
        """Let a mini-batch of documents join the model; the first one makes it.

        Topics are drawn for the documents of the mini-batch only, in `max_iter` sweeps, with the counts of all earlier
        ones as the prior of the topics' words: phi_k ~ Dirichlet(beta + n_k so far). Then their counts are added. Those
        of earlier mini-batches never change again, so the model depends on the order, and is a little worse than that
        of one `fit` to all documents, which draws all topics again and again; the gain is that documents may come as a
        stream, and need not be kept. This is incremental Gibbs sampling, as "o-LDA" in Canini, Shi and Griffiths,
        "Online inference of topics with Latent Dirichlet Allocation" (2009), with many sweeps in place of one. There is
        no learning rate and no forgetting: early documents count as much as late ones. Make the first mini-batch large:
        alpha and beta, if learned, are learned from it and stay.

        The vocabulary stays, too. Matrices have the same columns each time; of tables and token lists, words that the
        first mini-batch did not have are left out, with a warning. Documents are not held, so of several
        mini-batches there is no `doc_topic_` and no joint likelihood; `transform` and `score` are as ever.

        Args:
            X: documents, everything that `lda.as_corpus` takes.
            y: ignored.
            **refused: nothing. `sample_weight` is told why it is none.

        Raises:
            DataError: the input is at fault, or has another number of columns (a `ValueError`).
            TypeError: the kind of X is wrong, or `sample_weight` is given.
            ValueError: a parameter is wrong, or `n_components` is no longer that of the model.
        """
        from lda.model.joined import joined

        refuse_metadata("partial_fit", refused)
        if not self.__sklearn_is_fitted__():
            return self.fit(X)
        model = self.model_
        settings = self._settings()
        check_topics(model, settings.n_topics, "partial_fit")
        corpus = mini_batch(model, X)
        if corpus is None:
            return self
        settings = batch_settings(settings, model)
        with whole_fit(self.callbacks, settings, corpus) as finished:
            result = self._run(corpus, settings, **so_far(model))
            made = joined(model, Model.from_fit(result, corpus))
            finished(made)
        # Not with the result: what it knows of documents is of the last mini-batch alone.
        return self._adopt(made)

    def fit_transform(
        self,
        X: object,
        y: object = None,
        *,
        init_from: Model | str | Path | None = None,
        add_topics: int = 0,
        vocabulary: object = None,
        checkpointing: Checkpointing | None = None,
        cluster: Cluster | None = None,
        **refused: Never,
    ) -> npt.NDArray[np.float32]:
        """`fit(X).transform(X)`: a document has the same topics here and when it comes again later.

        `doc_topic_` holds the last state of training instead; it costs nothing, but is one noisy sample.

        Args:
            X: as for `fit`. A generator may be given, and is held as a list meanwhile.
            y: ignored.
            init_from: as for `fit`.
            add_topics: as for `fit`.
            vocabulary: as for `fit`.
            checkpointing: as for `fit`.
            cluster: as for `fit`.
            **refused: as for `fit`.

        Returns:
            (D, K) float32, or the table that `set_output` chose, as of `transform`.

        Raises what `fit` raises.
        """
        from lda.evaluation.documents import kept

        X = kept(X)
        self.fit(
            X, y, init_from=init_from, add_topics=add_topics, vocabulary=vocabulary, checkpointing=checkpointing,
            cluster=cluster, **refused,
        )  # fmt: skip
        return self.transform(X)

    def transform(self, X: object) -> npt.NDArray[np.float32]:
        """Topic proportions of documents; those without known words get the prior.

        A document gets the same answer alone and among others, whatever the number of threads.

        Args:
            X: D documents, everything that `lda.as_corpus` takes. Terms are matched by name where both sides have
                names, else by position; words that the model does not know are left out.

        Returns:
            (D, K) float32, rows summing to 1. After `set_output(transform="pandas")`, `"polars"` or `"arrow"`, or with
            scikit-learn's `transform_output` set so, a data frame or a `pyarrow.Table` of the same numbers.
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
        self, texts: Iterable[str | None], *, tokenizer: Tokenizer | str | None = None
    ) -> npt.NDArray[np.float32]:
        """Topic proportions of raw texts, cut into words by the model's own recipe; see `Model.transform_texts`.

        Args:
            texts: D strings in a list, a generator, or a column of pandas, polars or Arrow; None is an empty text.
            tokenizer: the function that cut the model's text, if one did, or where it is imported from.

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

    def tokenize(
        self, texts: Iterable[str | None], *, tokenizer: Tokenizer | str | None = None
    ) -> list[list[str]]:
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
        those it has, once a process, since a search scores each fold that it has fitted. No bound is involved. More
        numbers, and the left-to-right estimator, are in `model_.heldout_score`.

        It is a mean, where scikit-learn's `LatentDirichletAllocation.score` is a total over all tokens (of a bound): so
        scores of folds of different length can be averaged, and `GridSearchCV` takes the larger one in both cases.
        Times the number of tokens it is a total, of as many as there are in X; but it was found on half of them.

        Args:
            X: documents, everything that `lda.as_corpus` takes.
            y: ignored.

        Raises:
            DataError: as of `transform`, or no document has two known words, so there is nothing to score.
            TypeError: the kind of X is wrong.
        """
        from lda.evaluation.heldout import Estimation, score_on

        return score_on(self._fitted(), X, Estimation(), self._frozen(), once=True).log_likelihood

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

    def criteria(self, X: object, **options: Any) -> Criteria:  # noqa: ANN401
        """Five criteria by which numbers of topics are compared; arguments and errors are those of `Model.criteria`.

        Args:
            X: the documents of the fit, everything that `lda.as_corpus` takes.
            **options: see `Model.criteria`; threads are `n_jobs` if none are given.
        """
        return self._fitted().criteria(X, **{"threads": threads_of(self.n_jobs), **options})

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
            raise AttributeError(
                "the topics of the training documents are not held by a model that was loaded, or that mini-batches "
                "have joined; use transform(X)"
            )

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

    def doc_topic_frame(self, *, frame: FrameKind | None = None) -> pd.DataFrame:
        """`doc_topic_`, the topics of the training documents in the last sweep, laid out as `document_frame(X)`.

        Args:
            frame: as for `topics_frame`.

        Raises:
            AttributeError: the model was loaded; it does not hold its training documents.
        """
        from lda.charts.frames import document_frame

        kind = self._kind(frame)
        return document_frame(self._fitted(), self.doc_topic_, None, kind)

    def top_words(self, n: int = 10, *, feature_names: object = None) -> list[list[str]]:
        """The `n` most probable terms of each topic, best first (fewer where a topic holds fewer).

        Args:
            n: how many.
            feature_names: names of the columns for a model that was fitted to a matrix without, in any form that
                `name_terms` takes; None for those it has.

        Raises:
            ValueError: `n` is negative, or the names do not fit, as in `name_terms`.
        """
        return self._fitted().top_words(n, feature_names=feature_names)

    def name_terms(self, feature_names: object) -> Self:
        """Give the terms their names, which a matrix does not bring: all that shows words, and `save`, has them then.

        Args:
            feature_names: V names in the order of the columns, or the fitted vectorizer that made these; see
                `Model.with_terms`. `lda.name_terms(pipeline)` finds them in a pipeline.

        Raises:
            DataError: there are more or fewer names than terms, one is no text, or occurs twice (a `ValueError`).
        """
        # What has been made for inference is kept, for it does not ask for names.
        self.model_ = self._fitted().with_terms(feature_names)
        return self

    def get_feature_names_out(self, input_features: object = None) -> npt.NDArray[np.object_]:
        """Names of the columns of `transform`: "lda0", "lda1", ..., the class in small letters and the topic.

        Args:
            input_features: ignored, for topics are none of the features that go in.
        """
        prefix = type(self).__name__.lower()
        return np.array([f"{prefix}{k}" for k in range(self._fitted().n_topics)], dtype=object)

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

    def _frames(self) -> FrameKind:
        from lda.charts.frames import FRAMES

        chosen = self._chosen_output()
        return next((kind for kind in FRAMES if kind == chosen), "pandas")

    def _theta(self, X: object) -> npt.NDArray[np.float32]:
        from lda.evaluation.documents import all_documents

        # Not `transform`, whose container may have been chosen.
        return self._theta_of_ids(*all_documents(self._fitted(), X))

    def _theta_of_ids(
        self, doc_offsets: npt.NDArray[np.int64], words: npt.NDArray[np.int32]
    ) -> npt.NDArray[np.float32]:
        return self._frozen().transform(doc_offsets, words, seed=self.seed_)

    def _exported(self) -> Model:
        return self._fitted()

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
        if not (isinstance(self.callbacks, Iterable) and all(map(callable, self.callbacks))):
            raise ValueError(f"callbacks must be a sequence of functions, got {self.callbacks!r:.60}")
        return self._settings_of(vars(self))

    @staticmethod
    def _settings_of(parameters: Mapping[str, Any]) -> FitSettings:
        """The engine's settings of parameters by their names here. Raises ValueError and TypeError."""
        return settings_from(parameters, lambda field: field.parameter, _READ)

    def _seeds(self, corpus: Corpus, settings: FitSettings) -> tuple[SeedWords | None, dict[str, Any]]:
        """(the seed words, what `lda.cluster.fit` is to be told of them); a warning names words that X lacks."""
        seeds = SeedWords.of(
            self.seed_words, n_topics=settings.n_topics, weight=self.seed_weight, frozen=self.frozen_topics
        )
        if seeds is None:
            return None, {}
        counts, left_out = seeds.begin(list(corpus.vocabulary), settings.n_topics)
        if left_out is not None:
            warnings.warn(left_out, stacklevel=3)
        return seeds, {"word_prior": counts, "frozen_topics": seeds.frozen}

    def _run(self, corpus: Corpus, settings: FitSettings, **options: Any) -> FitResult:  # noqa: ANN401 - of lda.cluster.fit
        """Fit, and tell of it as `verbose` and `callbacks` ask for."""
        from lda.cluster import fit

        on_event, warn = events_to(self.callbacks), warnings_to(self.callbacks, warnings.warn)
        with self._progress(settings, corpus, options.get("begin")) as tell:
            return fit(
                corpus,
                settings,
                on_sweep=tell,
                on_start=tell.on_start,
                warn=warn,
                on_event=on_event,
                **options,
            )

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

    def _listeners(self, corpus: Corpus) -> Sequence[Callable[[SweepRecord], bool | None]]:
        """What is called with each sweep's record of a fit to this corpus."""
        return self.callbacks

    def _progress(self, settings: FitSettings, corpus: Corpus, begin: Beginning | None) -> Any:  # noqa: ANN401 - a context manager around a callback
        from lda.progress import Progress, in_notebook

        mode: Literal["notebook", "log", "none"] = "none"
        if self.verbose:
            mode = "notebook" if in_notebook() else "log"
        return Progress(mode, verbosity=int(self.verbose) - 1).fit(
            settings, corpus.n_documents, self._listeners(corpus), begin
        )


def load(path: str | Path, *, verify: bool = True) -> LDA:
    """Open a saved model as a fitted estimator; its counts are memory-mapped.

    Args:
        path: folder or URI of a saved model.
        verify: as for `Model.load`, whether to read all of it once and compare it with its checksums.

    Raises:
        DataError: there is no model, it was written by a newer version, or a part is missing or damaged.
    """
    model = Model.load(path, verify=verify)
    parameters = parameters_of(model.record.settings) | parameters_of_seeds(model.record.seed_words)
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


def settings_of(estimator: LDA) -> FitSettings:
    """The engine's settings of an estimator's parameters; a seed is drawn where it has none.

    Raises ValueError and TypeError for parameters that are wrong.
    """
    return estimator._settings()


_READ: Final[dict[str, Callable[[Any], Any]]] = {
    "alpha": _plain,
    "beta": _plain,
    "seed": seed_of,
    "threads": threads_of,
    "memory": byte_count,
    "model_memory": byte_count,
}
"""How the parameters that Python has in other forms become the engine's."""
