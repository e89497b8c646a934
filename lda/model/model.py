"""`Model`: what a fit leaves behind, frozen. `lda.model.read` and `lda.model.write` know its files."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lda.charts.drawable import Drawable
from lda.corpus.terms import has_names
from lda.evaluation.evaluable import Evaluable
from lda.interop.exportable import Exportable
from lda.interop.gensim_names import GensimNames
from lda.labels.labels import Labels
from lda.progress import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt
    from scipy.sparse import csr_matrix

    from lda.cluster.spec.fit_settings import Device
    from lda.cluster.spec.results import FitResult
    from lda.cluster.spec.top_words import TopWords
    from lda.cluster.sweeping.frozen_model import FrozenModel
    from lda.corpus import Corpus, Recipe
    from lda.corpus.text.tokenizer import Tokenizer
    from lda.evaluation.drift_results import Drift
    from lda.labels.naming import TopicPortrait
    from lda.labels.suggestions import Suggestion
    from lda.model.run_record import RunRecord
    from lda.report.notebook_page import ReportPage
    from lda.seed_words import SeedWords

    Floats = npt.NDArray[np.float64]


class Topic(NamedTuple):
    """One topic, ready to print.

    Attributes:
        number: its place in the model, 0-based.
        alpha: its prior weight in every document.
        tokens: how many tokens it holds.
        share: its part of all tokens, 0 to 1.
        words: (term, probability) of its most probable terms, best first; terms it holds no token of are
            left out, so a small topic may have fewer than asked for.
    """

    number: int
    alpha: float
    tokens: int
    share: float
    words: list[tuple[str, float]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Model(Evaluable, Drawable, Exportable, GensimNames):
    """A fitted LDA model.

    `Evaluable` has what can be asked of its quality, `Drawable` its charts and data frames, `Exportable` its forms for
    other programs, `GensimNames` what tools written for gensim call.

    Attributes:
        counts: (V, K) int32 CSR, tokens of each term in each topic, from the last sweep.
        alpha: (K,) float64, the Dirichlet prior of the topics in a document.
        beta: the symmetric Dirichlet prior of the terms in a topic.
        vocabulary: V terms in column order.
        record: the facts of the run.
        soft_counts: (V, K) float32 CSR, each token counted in all topics by its full conditional, averaged over late
            sweeps; None where no state was sampled.
        mean_counts: (V, K) float32 CSR, plain counts averaged over late sweeps, of models by versions up to 0.2.
        document_hashes: sorted uint64 content hashes of the documents trained on, so that scoring the model on
            them is noticed; None where it is not known, or they are too many.
        word_prior: (V, K) int32 CSR, tokens that topics had before any document (`seed_words`); they are in none of the
            counts, and are part of what topics are made of. None without.
        frozen_topics: numbers of the topics that are made of these alone, whatever tokens of documents they hold.
        labels: what people call the topics; they are no part of the fingerprint, and may be empty.
    """

    counts: csr_matrix
    alpha: Floats
    beta: float
    vocabulary: list[str]
    record: RunRecord
    soft_counts: csr_matrix | None = None
    mean_counts: csr_matrix | None = None
    document_hashes: npt.NDArray[np.uint64] | None = field(default=None, repr=False)
    labels: Labels = field(default_factory=Labels, repr=False)
    word_prior: csr_matrix | None = field(default=None, repr=False)
    frozen_topics: tuple[int, ...] = ()
    _language: csr_matrix | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        n_terms, n_topics = self.counts.shape
        if self.alpha.shape != (n_topics,):
            raise ValueError(
                f"alpha must have one entry per topic ({n_topics}), got shape {self.alpha.shape}"
            )
        if len(self.vocabulary) != n_terms:
            raise ValueError(
                f"the vocabulary must have {n_terms} terms, one a row of counts, got {len(self.vocabulary)}"
            )
        if not (
            np.all(np.isfinite(self.alpha))
            and np.all(self.alpha > 0)
            and np.isfinite(self.beta)
            and self.beta > 0
        ):
            raise ValueError(f"alpha and beta must be positive and finite, got beta {self.beta}")
        for name in ("soft_counts", "mean_counts", "word_prior"):
            matrix = getattr(self, name)
            if matrix is not None and matrix.shape != self.counts.shape:
                raise ValueError(f"{name} must have the shape {self.counts.shape}, got {matrix.shape}")
        object.__setattr__(self, "labels", self.labels.of_model(self.labels.fingerprint, n_topics))

    @classmethod
    def from_fit(
        cls,
        result: FitResult,
        corpus: Corpus,
        *,
        seconds_read: float = 0.0,
        command: str | None = None,
        remember: bool = True,
        parent: dict[str, str] | None = None,
        labels: Labels | None = None,
        seeds: SeedWords | None = None,
    ) -> Model:
        """The model of a run that has just ended on this corpus.

        Args:
            result: what `lda.cluster.fit` handed over, with counts that were not written elsewhere.
            corpus: what it was fitted to.
            seconds_read: seconds that reading the corpus took, for the record.
            command: a shell command that repeats the run, for the record.
            remember: keep content hashes of the documents, for which the corpus is read once more.
            parent: what the run went on from, for the record.
            labels: names of the topics.
            seeds: the seed words that `result.word_prior` was made of, for the record; their names come before others.

        Raises:
            ValueError: the counts were written, not handed over.
        """
        from lda.evaluation.trained_documents import trained_hashes
        from lda.model.run_record import RunRecord

        if result.topic_word_counts is None:
            raise ValueError(
                "the counts of this fit were written, not handed over; load the model from there"
            )
        vocabulary = list(corpus.vocabulary)
        record = RunRecord.from_fit(
            result,
            corpus,
            named_terms=has_names(vocabulary),
            seconds_read=seconds_read,
            command=command,
            parent=parent,
            seed_words=None if seeds is None else seeds.to_dict(),
        )
        known = labels or Labels()
        if seeds is not None:
            known = known.under(seeds.labels(result.word_prior))
        return cls(
            counts=result.topic_word_counts,
            alpha=np.asarray(result.alpha, dtype=np.float64),
            beta=float(result.beta),
            vocabulary=vocabulary,
            record=record,
            soft_counts=result.soft_counts,
            document_hashes=trained_hashes(result, corpus) if remember else None,
            # They say whose they are, which is this model from now on.
            labels=replace(known, fingerprint=None),
            word_prior=result.word_prior,
            frozen_topics=result.frozen_topics,
        )

    @classmethod
    def load(cls, path: str | Path, *, verify: bool = True) -> Model:
        """Open a model; counts in one local file are mapped.

        Args:
            path: folder or URI of a saved model.
            verify: read all of it once, to compare it with the checksums that were recorded. Without it a huge model
                that is mapped is there at once, and damage is noticed only where it would lead outside of the arrays.

        Raises:
            DataError: there is no model, it was written by a newer version, or a part is missing or damaged.
        """
        from lda.model.description import damaged
        from lda.model.read import read_model

        fields = read_model(path, verify=verify)
        try:
            return cls(**fields.arguments())
        except ValueError as error:
            raise damaged(path, str(error)) from error

    @classmethod
    def from_gensim(cls, model: object) -> Model:
        """The model that gensim has trained, with its topics and priors to rounding.

        Its expected counts become `soft_counts`, and whole numbers near them `counts`. A prior eta with a weight for
        each term becomes the smallest of them, and counts on top.

        Args:
            model: a gensim `LdaModel` or `LdaMulticore`; or the path of a saved one, or of the folder that
                `lda export --to gensim` writes. gensim opens a saved one, by pickle, which runs code of whoever made
                the file: give only those that you trust.

        Raises:
            ImportError: gensim is not installed, or too old.
            DataError: there is no such file, gensim cannot load it, or it is another kind of model of gensim.
            TypeError: it is neither a path nor a model of gensim.
        """
        from lda.interop.from_gensim import topics_of
        from lda.model.foreign import fields_of

        return cls(**{**fields_of(topics_of(model))._asdict(), "labels": Labels()})

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the model, whole or not at all.

        Args:
            path: folder or URI to write to.
            overwrite: replace a model that stands there.

        Raises:
            DataError: the target exists and `overwrite` is off, or it is something other than a model.
            OSError: the disk or the store refused; whatever stood at the target is still there.
        """
        from lda.model.fields import ModelFields
        from lda.model.write import save_model

        save_model(ModelFields.of(self), self.fingerprint(), path, overwrite=overwrite)

    def with_labels(
        self,
        labels: Labels | Mapping[int, str | None] | Sequence[str | None] | str | Path | None,
        *,
        force: bool = False,
    ) -> Model:
        """The same model with other names for its topics, or without any; `save` writes them with it.

        Args:
            labels: names by topic numbers; K names in order; a `labels.json`, by its path or URI; or None. They
                replace all there were: `model.labels.with_names({3: "War"})` are those with one more.
            force: take names of another model all the same, if all the topics that they name are there.

        Raises:
            DataError: the file cannot be read, or the names are those of another model (a `ValueError`).
            ValueError: there is no such topic, or something is no name: it is longer than 200 characters, or holds
                control characters.
        """
        from lda.labels.labels_file import labels_for

        return replace(self, labels=labels_for(labels, self, force=force))

    def with_terms(self, terms: object) -> Model:
        """The same model with names for its terms, as one fitted to a matrix without names lacks; `save` writes them.

        Afterwards tables and token lists are matched by name. The counts, and so the fingerprint, stay.

        Args:
            terms: V names in the order of the columns, a dict of name to column, a gensim Dictionary, a file with one
                name a line, or a fitted vectorizer of scikit-learn, whose names are asked for.

        Raises:
            DataError: there are more or fewer names than terms, one is no text, or occurs twice (a `ValueError`).
            TypeError: it is none of these.
        """
        from pathlib import Path

        from lda.corpus.convert import resolve_vocabulary
        from lda.corpus.terms import check_terms

        if hasattr(terms, "get_feature_names_out"):
            terms = terms.get_feature_names_out()
        if not hasattr(terms, "__iter__") and not hasattr(terms, "token2id") and not isinstance(terms, Path):
            raise TypeError(
                f"names of terms must be a list of them, got {type(terms).__name__}; see with_terms"
            )
        names = check_terms(resolve_vocabulary(terms), self.n_terms, "feature names")
        later = self.record.terms_named_later or not self.named_terms
        record = replace(self.record, named_terms=has_names(names), terms_named_later=later)
        # Hashes are made of names: with others the documents would not be known again, and nobody would be told.
        hashes = self.document_hashes if later or names == self.vocabulary else None
        return replace(self, vocabulary=names, record=record, document_hashes=hashes)

    def aligned_to(self, other: Model, *, command: str | None = None) -> Model:
        """The same topics under the numbers of another model's, and with its names.

        Topics are matched one to one (Hungarian, by overlap). One that has a partner near it gets the partner's number,
        and its name where it has one; the others get the numbers that are free. Everything told by topic goes along, so
        the fingerprint is another; `record.parent` says which it was.

        Args:
            other: the model whose numbers are to be kept, such as that of last month.
            command: a shell command that repeats this, for the record; None keeps that of the fit.

        Raises:
            DataError: the vocabularies share too little (a `ValueError`).
        """
        from lda.model.alignment import aligned, alignment
        from lda.model.fields import ModelFields

        how = alignment(self, other)
        fields = aligned(ModelFields.of(self), how, other.fingerprint(), other.labels, command=command)
        return Model(**fields.arguments())

    def merge_topics(self, *topics: int, command: str | None = None) -> Model:
        """The model with several topics as one, whose counts and alphas are added up.

        The first one keeps its number and name; where it has no name it gets the first that one of them has. The
        numbers of the others go to the last topics of the model, with their names; all further numbers stay.

        Args:
            *topics: numbers of two or more.
            command: a shell command that repeats this, for the record.

        Raises:
            ValueError: there is no such topic, one is given twice or alone, or only some of them are frozen.
        """
        from lda.model.fields import ModelFields
        from lda.model.merging import merged

        return Model(**merged(ModelFields.of(self), topics, command=command).arguments())

    def split_topic(
        self,
        topic: int,
        X: object,
        *,
        into: int = 2,
        seed: int | None = None,
        threads: int | None = None,
    ) -> Model:
        """The model with several topics instead of one, divided as its words lie in documents.

        The tokens of the topic in the documents are fitted by themselves; its counts are divided as that says, and add
        up to what they were. The largest part keeps number and name, the others become the last topics. All other
        topics stay as they are.

        Args:
            topic: its number.
            X: documents, everything that `lda.as_corpus` takes: those of the fit, or others like them.
            into: how many topics, 2 or more.
            seed: None takes the seed of the fit.
            threads: None takes all cores; the answer does not depend on it.

        Raises:
            ValueError: there is no such topic, it is frozen, or `into` is below 2.
            DataError: the documents hold too few tokens of the topic, or cannot be what they should (a `ValueError`).
            TypeError: the kind of X is wrong.
        """
        from lda.evaluation.documents import batches_of
        from lda.model.fields import ModelFields
        from lda.model.splitting import split

        batches, frozen = batches_of(self, X, tell=True), self.frozen(threads=threads)
        fields = split(ModelFields.of(self), frozen, topic, batches, into=into, seed=seed, threads=threads)
        return Model(**fields.arguments())

    def suggest_names(
        self,
        X: object = None,
        *,
        texts: object = None,
        tokenizer: Tokenizer | str | None = None,
        n_documents: int = 20,
        seed: int | None = None,
        threads: int | None = None,
    ) -> list[Suggestion]:
        """What each topic might be called: its most relevant words, and phrases of documents; no two topics the same.

        `model.with_labels([suggestion.name for suggestion in model.suggest_names()])` takes all of them.

        Args:
            X: documents to look through for phrases, everything that `lda.as_corpus` takes; or None.
            texts: documents as they are to be read, cut into words by the model's own recipe where there is no X.
            tokenizer: the function that cut the model's text, if one did, or where it is imported from.
            n_documents: documents of each topic that are looked through: those that show it best.
            seed: of the inference; None takes the seed of the fit.
            threads: None takes all cores; the answer does not depend on it.

        Raises:
            ValueError: `n_documents` is below 1, or texts cannot be cut into words, as in `transform_texts`.
            DataError: the documents cannot be what they should.
            TypeError: the kind of X is wrong.
        """
        from lda.labels.suggestions import suggest_names
        from lda.model.topic_texts import topic_texts

        found = topic_texts(
            self, X, texts, tokenizer=tokenizer, n_best=n_documents, seed=seed, threads=threads
        )
        return suggest_names(self, () if found is None else found.texts.values())

    def name_topics(
        self,
        name: Callable[[TopicPortrait], str | None],
        X: object = None,
        *,
        texts: object = None,
        tokenizer: Tokenizer | str | None = None,
        topics: Iterable[int] | None = None,
        source: str | None = None,
        n_words: int = 20,
        n_documents: int = 5,
        seed: int | None = None,
        threads: int | None = None,
    ) -> Labels:
        """Names from a callable, with who gave them and when: a rule, a language model, whatever takes a portrait.

        It is called with one topic after the other. An exception for one of them, or an answer that is no name, is a
        warning, and the topic keeps the name it had. Nothing is written: `model.with_labels(labels)` has the names.

        Args:
            name: takes a `TopicPortrait`; returns a name, or None to leave the topic as it is.
            X: documents, for portraits with the texts that show a topic best, and with phrases: everything that
                `lda.as_corpus` takes; or None.
            texts: documents as they are to be read, cut into words by the model's own recipe where there is no X.
            tokenizer: the function that cut the model's text, if one did, or where it is imported from.
            topics: numbers of those to name; None for all but those that have a name given by hand.
            source: what is recorded as the source; None for "callable" and the qualified name of `name`.
            n_words: words in a portrait.
            n_documents: documents in a portrait.
            seed: of the inference; None takes the seed of the fit.
            threads: None takes all cores; the portraits do not depend on it.

        Returns:
            The names there were and the new ones.

        Raises:
            TypeError: `name` cannot be called, or the kind of X is wrong.
            ValueError: there is no such topic, `source` says nothing, a number is below 1, or texts cannot be cut into
                words, as in `transform_texts`.
            DataError: the documents cannot be what they should.
            Exception: what `name` raised first, if it raised for every topic.
        """
        from lda.labels.naming import check_callable, name_topics
        from lda.labels.portraits import portraits
        from lda.model.topic_texts import topic_texts

        check_callable(name)
        found = topic_texts(
            self, X, texts, tokenizer=tokenizer, n_best=n_documents, seed=seed, threads=threads
        )
        shown = portraits(self, self.labels, found, n_words=n_words)
        named = name_topics(self.labels, shown, name, topics=topics, source=source)
        return named.of_model(self.fingerprint(), self.n_topics)

    @property
    def n_topics(self) -> int:
        """The number of topics, K."""
        return int(self.counts.shape[1])

    @property
    def n_terms(self) -> int:
        """The number of terms, V."""
        return int(self.counts.shape[0])

    @property
    def named_terms(self) -> bool:
        """Whether the terms have names, or only the numbers of a matrix' columns."""
        return self.record.named_terms

    @property
    def last_tokens(self) -> Floats:
        """(K,) float64, tokens of each topic in the last sweep."""
        from lda.cluster.counts.sparse_sums import topic_sums

        return topic_sums(self.counts)

    @property
    def hashed_terms(self) -> list[str]:
        """The V terms as they were called when `document_hashes` were made: see `with_terms`."""
        from lda.corpus.terms import default_terms

        return default_terms(self.n_terms) if self.record.terms_named_later else self.vocabulary

    @property
    def impossible_terms(self) -> None:
        """None, for with beta every term has some probability."""
        return

    @property
    def document_counts(self) -> csr_matrix:
        """(V, K) CSR, the documents' tokens alone: soft counts (float32), or averages, or those of the last sweep."""
        return next(m for m in (self.soft_counts, self.mean_counts, self.counts) if m is not None)

    @property
    def language_counts(self) -> csr_matrix:
        """(V, K) CSR, what topics are made of: soft counts (float32), or averages, or else those of the last sweep.

        With `word_prior` these beside it, of `frozen_topics` it alone.
        """
        found = self._language
        if found is None:
            found = self._with_prior(self.document_counts)
            object.__setattr__(self, "_language", found)
        return found

    @property
    def last_language_counts(self) -> csr_matrix:
        """(V, K) int32 CSR, what topics are made of in the last state: as `language_counts`, but of `counts`."""
        return self._with_prior(self.counts)

    def _with_prior(self, counts: csr_matrix) -> csr_matrix:
        if self.word_prior is None:
            return counts
        from lda.cluster.counts.word_prior import WordPrior

        return WordPrior(counts=self.word_prior, frozen=self.frozen_topics).language(counts)

    @property
    def topic_totals(self) -> Floats:
        """(K,) float64, tokens per topic in `language_counts`."""
        from lda.cluster.counts.sparse_sums import topic_sums

        return topic_sums(self.language_counts)

    @property
    def components(self) -> Floats:
        """(K, V) float64, `language_counts` + beta, the parameters of the topics' Dirichlet posterior."""
        dense = np.ascontiguousarray(self.language_counts.T.toarray(), dtype=np.float64)
        dense += self.beta
        return dense

    @property
    def topic_word(self) -> Floats:
        """(K, V) float64, p(term | topic) = (n_kw + beta) / (n_k + V beta); rows sum to 1."""
        weights = self.components
        np.divide(weights, weights.sum(axis=1, keepdims=True), out=weights)
        return weights

    @property
    def prior(self) -> Floats:
        """(K,) float64, alpha / sum(alpha), the topics of a document of which nothing is known."""
        return np.asarray(self.alpha / self.alpha.sum(), dtype=np.float64)

    def topics(self, n_words: int = 10) -> list[Topic]:
        """All topics in the order of their numbers, each with its `n_words` most probable terms.

        Equal probabilities are ordered by term number, so the answer does not depend on a sort's whims.

        Raises:
            ValueError: `n_words` is negative.
        """
        if n_words < 0:
            raise ValueError(f"n_words must be 0 or more, got {n_words}")
        from lda.cluster.counts.top_words import top_words

        tops = top_words(self.counts, self.language_counts, n_words)
        return topics_of(tops, self.alpha, self.beta, self.vocabulary)

    def top_words(self, n: int = 10, *, feature_names: object = None) -> list[list[str]]:
        """The `n` most probable terms of each topic, best first (fewer where a topic holds fewer).

        Args:
            n: how many.
            feature_names: names of the terms, in any form of `with_terms`, for a model that has none; None for its own.

        Raises:
            ValueError: `n` is negative, or the names do not fit, as in `with_terms`.
        """
        named = self if feature_names is None else self.with_terms(feature_names)
        return [[term for term, _ in topic.words] for topic in named.topics(n)]

    def fingerprint(self) -> str:
        """sha256 in hex of the topic-word counts in canonical order; equal fingerprints mean equal counts."""
        from lda.cluster import fingerprint

        return fingerprint(self.counts)

    def frozen(self, *, threads: int | None = None, device: Device = "cpu") -> FrozenModel:
        """The language model prepared for inference; it costs a pass over the counts, so keep it between batches.

        Args:
            threads: None takes all cores.
            device: "cuda" samples on a GPU, to the same answers.

        Raises:
            ValueError: there is no such device, or no room on it (a `DeviceError`).
        """
        from lda.cluster.sweeping.frozen_model import FrozenModel

        return FrozenModel(self.language_counts, self.alpha, self.beta, threads=threads, device=device)

    def transform(
        self,
        X: object,
        *,
        seed: int | None = None,
        threads: int | None = None,
        device: Device = "cpu",
    ) -> npt.NDArray[np.float32]:
        """Topic proportions of documents; those without known words get `prior`.

        A document gets the same answer alone and among others. A warning tells of columns that differ from the model's
        terms, and of documents of which no word is known.

        Args:
            X: D documents, everything that `lda.as_corpus` takes. Terms are matched by name where both sides have
                names, else by position; words that the model does not know are left out.
            seed: None takes the seed of the fit.
            threads: None takes all cores; the answer does not depend on it.
            device: "cuda" samples on a GPU, to the same answer.

        Returns:
            (D, K) float32, rows summing to 1.

        Raises:
            DataError: X has another number of columns than the model, or holds no counts (a `ValueError`).
            TypeError: the kind of X is wrong.
            ValueError: the seed is out of range, or there is no such device.
        """
        from lda.evaluation.documents import all_documents

        return self.transform_arrays(*all_documents(self, X), seed=seed, threads=threads, device=device)

    def transform_arrays(
        self,
        doc_offsets: npt.NDArray[np.int64],
        words: npt.NDArray[np.int32],
        *,
        seed: int | None = None,
        threads: int | None = None,
        device: Device = "cpu",
    ) -> npt.NDArray[np.float32]:
        """`transform` of documents that are numbered by the model's vocabulary already.

        Args:
            doc_offsets: (D + 1,) int64; document d has words[doc_offsets[d]:doc_offsets[d + 1]].
            words: (N,) int32, row numbers of `counts`.
            seed: None takes the seed of the fit.
            threads: None takes all cores; the answer does not depend on it.
            device: "cuda" samples on a GPU, to the same answer.

        Returns:
            (D, K) float32, rows summing to 1.

        Raises:
            ValueError: offsets or numbers point outside, the seed is out of range, or there is no such device.
        """
        seed = self.record.seed if seed is None else seed
        return self.frozen(threads=threads, device=device).transform(doc_offsets, words, seed=seed)

    def transform_texts(
        self,
        texts: Iterable[str | None],
        *,
        tokenizer: Tokenizer | str | None = None,
        seed: int | None = None,
        threads: int | None = None,
        device: Device = "cpu",
    ) -> npt.NDArray[np.float32]:
        """Topic proportions of raw texts, cut into words by the model's own recipe.

        The texts stream by in batches, so a generator of millions will do. A text gets the same answer alone and
        among others, and the one that `lda transform` gives it.

        Args:
            texts: D strings in a list, a generator, or a column of pandas, polars or Arrow; None is an empty text.
            tokenizer: the function that cut the model's text, if one did: a model holds no functions.
            seed: None takes the seed of the fit.
            threads: None takes all cores; the answer does not depend on it.
            device: "cuda" samples on a GPU, to the same answer.

        Returns:
            (D, K) float32, rows summing to 1; `prior` for a text without known words.

        Raises:
            TypeError: the texts are no strings, or `tokenizer` is no function.
            ValueError: the model has no recipe, for it was fitted to counts or token lists; or its words were made by a
                function, and none is given; or one is given, and they were not.
            DataError: a text is no Unicode, or `tokenizer` returned no list of strings (a `ValueError`).
        """
        from lda.model.texts import topics_of_texts

        return topics_of_texts(
            self,
            lambda: self.frozen(threads=threads, device=device),
            texts,
            tokenizer=tokenizer,
            seed=self.record.seed if seed is None else seed,
            threads=threads,
        )

    def drift(
        self,
        X: object,
        reference: object = None,
        *,
        max_unknown: float | None = 0.2,
        max_shift: float | None = 0.1,
        max_loss: float | None = 0.1,
        seed: int | None = None,
        threads: int | None = None,
    ) -> Drift:
        """Whether new documents are still those that the model was made for, and how they differ.

        Compared are the share of unknown words, the likelihood by document completion, the topic shares and the
        lengths: with reference documents, which are read and inferred in the same way, or without any with what the
        model knows of its training. A limit counts as passed only if chance does not explain it: see `lda.Drift`.

        Args:
            X: new documents: everything that `lda.as_corpus` takes.
            reference: documents as they should be, such as those of the first month; best some that the model was not
                fitted to.
            max_unknown: share of unknown words that is no drift, above that of the reference; None for any.
            max_shift: the same of the Jensen-Shannon distance of topic shares, 0 to 1.
            max_loss: the same of the log-likelihood that is lost, nats a token.
            seed: None takes the seed of the fit.
            threads: None uses all cores.

        Returns:
            All that was found; its `exceeded` names the limits that were passed.

        Raises:
            DataError: there are no documents, or all of them are empty; and as `transform`.
            ValueError: a limit cannot be right.
        """
        from lda.corpus.stream import UnknownWords
        from lda.evaluation.documents import batches_of
        from lda.evaluation.drift_results import DriftLimits
        from lda.model.drifting import drift_of_batches

        limits = DriftLimits(max_unknown=max_unknown, max_shift=max_shift, max_loss=max_loss)
        words = UnknownWords()
        new = batches_of(self, X, tell=True, unknown_words=words)
        beside = None if reference is None else batches_of(self, reference, tell=True)
        return drift_of_batches(
            self, new, beside, limits=limits, unknown_words=words, seed=seed, threads=threads
        )

    def tokenize(
        self, texts: Iterable[str | None], *, tokenizer: Tokenizer | str | None = None
    ) -> list[list[str]]:
        """The words of raw texts by the model's own recipe: token lists, for all that takes documents.

        `model.heldout_score(model.tokenize(texts))` scores texts, `model.coherence(model.tokenize(texts))` measures
        the topics on them. Words that the model does not know are among them; stop words of the recipe are not.

        Args:
            texts: as for `transform_texts`.
            tokenizer: as for `transform_texts`.

        Returns:
            The words of each text, in its order; runs of words that are terms, as of an `ngram_range`, included.

        Raises:
            TypeError: as `transform_texts`.
            ValueError: as `transform_texts`.
        """
        from lda.model.texts import words_of_texts

        return words_of_texts(self, texts, tokenizer=tokenizer)

    def report(
        self,
        path: str | Path | None = None,
        X: object = None,
        *,
        texts: object = None,
        metadata: object = None,
        ids: Sequence[object] | None = None,
        over: str | None = None,
        bin: str = "auto",  # noqa: A002 - as on the command line
        by: str | Sequence[str] = (),
        labels: Labels | Mapping[int, str | None] | Sequence[str | None] | str | Path | None = None,
        title: str | None = None,
        n_described: int = 10_000,
        n_texts: int | None = None,
        tokenizer: Tokenizer | str | None = None,
        seed: int | None = None,
        threads: int | None = None,
        overwrite: bool = False,
    ) -> Path | ReportPage:
        """Show the model and documents in one page of HTML, as `lda report` does.

        The page needs nothing but a browser. A notebook shows the string that is returned without a path in a frame.

        Args:
            path: file to write; None returns the page.
            X: documents, everything that `lda.as_corpus` takes; None with `texts` cuts these into words by the model's
                own recipe, and without shows what the model alone knows.
            texts: the documents as they are to be read, one a row of X.
            metadata: further columns of the documents: a table of pandas, polars or Arrow, or a dict of columns.
            ids: names of the documents.
            over: column of the metadata with a date or a number, over which topics are followed.
            bin: its intervals: "day", "month", "quarter", "year", "decade", or a width as text; "auto" chooses.
            by: columns whose values are groups to compare.
            labels: names of the topics, as for `with_labels`; None for those of the model.
            title: of the page.
            n_described: documents with name, metadata and topics: the best ones, then a sample.
            n_texts: documents with their text; None for the best of each topic.
            tokenizer: the function that cut the model's text, if one did, or where it is imported from.
            seed: of the inference; None takes the seed of the fit.
            threads: None takes all cores; the page does not depend on it.
            overwrite: replace a file that stands there.

        Returns:
            The path; without one the page, a `str`.

        Raises:
            ImportError: a package of the extra `report` is not installed.
            DataError: the file exists and `overwrite` is off; the documents cannot be what they should; a field is not
                there, or neither a date nor a number; or the labels are another model's (a `ValueError`).
            ValueError: a setting is wrong.
            TypeError: the kind of X is wrong.
        """
        from lda.model.text_recipe import own_recipe
        from lda.report.python_report import PythonDocuments, report_page
        from lda.survey.survey import SurveyOptions

        named = self if labels is None else self.with_labels(labels)
        options = SurveyOptions(
            over=over,
            bin=bin,
            by=(by,) if isinstance(by, str) else tuple(by),
            n_described=n_described,
            n_texts=n_texts,
            seed=seed,
        )
        documents = PythonDocuments(
            X=X, texts=texts, metadata=metadata, ids=ids, recipe=own_recipe(self), tokenizer=tokenizer
        )
        return report_page(
            named,
            documents,
            options,
            path=path,
            labels=named.labels,
            title=title,
            threads=threads,
            overwrite=overwrite,
        )

    def to_html(self, n_words: int = 10, *, caption: str | None = None) -> str:
        """The largest topics as a table in HTML, with names and bars, which is what a notebook shows of a model.

        Args:
            n_words: most probable terms of each topic.
            caption: what stands above it; None for `repr(model)`.

        Raises:
            ValueError: `n_words` is negative.
        """
        from lda.model.html_table import html_table

        return html_table(
            repr(self) if caption is None else caption,
            [topic.words for topic in self.topics(n_words)],
            tokens=self.last_tokens,
            names=[self.labels.name(k) for k in range(self.n_topics)],
        )

    def _drawn(self) -> Model:
        return self

    def _theta(self, X: object) -> npt.NDArray[np.float32]:
        return self.transform(X)

    def _theta_of_ids(
        self, doc_offsets: npt.NDArray[np.int64], words: npt.NDArray[np.int32]
    ) -> npt.NDArray[np.float32]:
        return self.transform_arrays(doc_offsets, words)

    def _exported(self) -> Model:
        return self

    def _frozen(self) -> FrozenModel:
        return self.frozen()

    def _text_recipe(self) -> Recipe:
        from lda.model.text_recipe import recipe_of

        return recipe_of(self)

    def __repr__(self) -> str:
        record = self.record
        return (
            f"Model({plural(self.n_topics, 'topic')}, {plural(self.n_terms, 'term')}, {record.settings['sampler']}, "
            f"{plural(record.n_sweeps, 'sweep')} over {plural(record.n_trained_tokens, 'token')}, seed {record.seed})"
        )

    def _repr_html_(self) -> str:
        return self.to_html()


def topics_of(tops: TopWords, alpha: Floats, beta: float, vocabulary: list[str]) -> list[Topic]:
    """Topics from their heaviest words, which may have been found without all counts being in one place."""
    n_tokens = max(int(tops.tokens.sum()), 1)
    found = []
    for k, tokens in enumerate(tops.tokens.tolist()):
        terms, weights = tops.topic(k)
        share = (weights + beta) / (tops.totals[k] + len(vocabulary) * beta)
        words = [(vocabulary[term], float(p)) for term, p in zip(terms, share, strict=True)]
        found.append(Topic(k, float(alpha[k]), tokens, tokens / n_tokens, words))
    return found
