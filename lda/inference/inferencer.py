"""`Inferencer`: a model kept ready for requests, which answers as `lda transform` does, to the bit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lda.inference.facts import KEPT_WORDS, ModelFacts
from lda.inference.given_counts import of_counts, of_tokens
from lda.inference.prepared import read_prepared, write_prepared
from lda.inference.term_numbers import NumbersInMemory
from lda.inference.words import TextWords, keys_of
from lda.model.model import Model
from lda.model.text_recipe import own_recipe, recorded_recipe
from lda.model.texts import usable_recipe

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from lda.cluster.sweeping.frozen_model import FrozenModel
    from lda.corpus.text.tokenizer import Tokenizer
    from lda.inference.term_numbers import TermNumbers
    from lda.inference.words import NumberedDocuments
    from lda.model.model import Topic


@dataclass(frozen=True, slots=True, eq=False)
class Inferred:
    """Topics of documents, and how much of them the model knows.

    Attributes:
        theta: (D, K) float32, rows summing to 1.
        n_known: (D,) int64, tokens of each document that are terms of the model.
        n_unknown: (D,) int64, its other tokens, which were left out. Of counts there are none.
    """

    theta: npt.NDArray[np.float32]
    n_known: npt.NDArray[np.int64]
    n_unknown: npt.NDArray[np.int64]


class TooManyTokensError(ValueError):
    """Texts have more tokens than were allowed: `got` of them."""

    def __init__(self, got: int, most: int) -> None:
        super().__init__(f"texts must have at most {most} tokens, got {got}")
        self.got = got


class Inferencer:
    """A model kept ready, for topics of a few documents at a time: in a service, a notebook, a worker.

    A document gets the same answer alone and among others, today and tomorrow, and the one that `lda transform` and
    `Model.transform_texts` give it. Nothing is kept of a document. Threads may share an inferencer; a pickled one is
    ready again where it is unpickled.

        topics = lda.Inferencer("model/")
        theta = topics.texts(["peace and trade with all nations"])
    """

    def __init__(
        self,
        model: Model | str | Path,
        *,
        threads: int | None = 1,
        tokenizer: Tokenizer | str | None = None,
    ) -> None:
        """Prepare a model; it costs a pass over its counts, and loads the kernels.

        Args:
            model: a model, or where one was saved.
            threads: that share the documents of a call; None takes all cores. The answer does not depend on it.
            tokenizer: the function that cut the model's text, if one did, or where it is imported from.

        Raises:
            DataError: there is no such model, or it is damaged; or a package that cuts its texts is not installed.
            TypeError, ValueError: `tokenizer` does not go with the model, as in `Model.transform_texts`.
        """
        loaded = model if isinstance(model, Model) else Model.load(model)
        self._model: Model | None = loaded
        keys = keys_of(own_recipe(loaded), loaded.vocabulary)
        self._settle(
            loaded.frozen(threads=threads),
            ModelFacts.of(loaded),
            NumbersInMemory(loaded.vocabulary),
            None if keys is None else NumbersInMemory(keys),
            tokenizer,
        )

    def _settle(
        self,
        frozen: FrozenModel,
        facts: ModelFacts,
        numbers: TermNumbers,
        keyed: TermNumbers | None,
        tokenizer: Tokenizer | str | None,
    ) -> None:
        self._frozen, self._facts, self._tokenizer = frozen, facts, tokenizer
        self._numbers, self._keyed = numbers, keyed
        self._words: TextWords | None = None
        self._no_texts: Exception | None = None
        try:
            recipe = usable_recipe(recorded_recipe(facts.recipe), tokenizer, named_terms=facts.named_terms)
        except ValueError as error:
            if tokenizer is not None:
                raise
            self._no_texts = error
        else:  # a package that is missing is told now, not to the first who asks
            self._words = TextWords(recipe, tokenizer, numbers, keyed)
        self.warm()

    @property
    def model(self) -> Model:
        """The model. Raises ValueError for one that was opened from a prepared folder, which has no counts."""
        if self._model is None:
            raise ValueError(
                "a prepared folder has what inference needs, not the model; ask for topics() and labels, or load it"
            )
        return self._model

    @property
    def fingerprint(self) -> str:
        """That of the model."""
        return self._facts.fingerprint

    @property
    def content(self) -> str:
        """sha256 in hex of all that an answer is made of: equal ones, equal answers; fingerprints tell counts alone."""
        return self._facts.content

    @property
    def seed(self) -> int:
        """The seed of the fit, which a call without one takes."""
        return self._facts.seed

    @property
    def n_topics(self) -> int:
        """The number of topics, K."""
        return self._frozen.n_topics

    @property
    def n_terms(self) -> int:
        """The number of terms, V."""
        return self._frozen.n_terms

    @property
    def labels(self) -> tuple[str | None, ...]:
        """The names of the K topics, None where one has none."""
        return self._facts.labels

    def topics(self, n_words: int = 10) -> list[Topic]:
        """All topics, as `Model.topics`; with up to 50 words. Raises ValueError if `n_words` is none of 0 ... 50."""
        if not 0 <= n_words <= KEPT_WORDS:
            raise ValueError(f"n_words must lie in 0 ... {KEPT_WORDS}, got {n_words}")
        return [topic._replace(words=topic.words[:n_words]) for topic in self._facts.topics]

    @property
    def can_read_texts(self) -> bool:
        """Whether the model knows how text becomes words: not one that was fitted to counts or token lists."""
        return self._words is not None

    @property
    def why_no_texts(self) -> str | None:
        """Why texts cannot be read, as `texts` says it: there is no recipe, or its function is not given. Else None."""
        return None if self._no_texts is None else str(self._no_texts)

    def texts(self, texts: Iterable[str | None], *, seed: int | None = None) -> npt.NDArray[np.float32]:
        """Topic proportions of raw texts, cut into words by the model's own recipe.

        Args:
            texts: D strings; None is an empty text.
            seed: None takes the seed of the fit.

        Returns:
            (D, K) float32, rows summing to 1; the model's `prior` for a text without known words.

        Raises:
            TypeError: the texts are no strings.
            ValueError: `can_read_texts` is false, or the seed is out of range.
            DataError: a text is no Unicode, or `tokenizer` returned no list of strings (a `ValueError`).
        """
        return self.infer_texts(texts, seed=seed).theta

    def tokens(
        self, documents: Sequence[Sequence[str]], *, seed: int | None = None
    ) -> npt.NDArray[np.float32]:
        """Topic proportions of token lists, whose tokens are terms of the model as they are spelled there.

        Args:
            documents: D lists of strings.
            seed: None takes the seed of the fit.

        Returns:
            (D, K) float32, rows summing to 1; the model's `prior` for a document without known tokens.

        Raises:
            DataError: a token is no string, or no Unicode (a `ValueError`).
            TypeError: documents are no lists.
            ValueError: the seed is out of range.
        """
        return self.infer_tokens(documents, seed=seed).theta

    def counts(self, X: object, *, seed: int | None = None) -> npt.NDArray[np.float32]:
        """Topic proportions of documents given by the counts of their terms.

        Args:
            X: (D, V) counts, dense or sparse, in the order of the model's terms; or one row (V,).
            seed: None takes the seed of the fit.

        Returns:
            (D, K) float32, rows summing to 1; the model's `prior` for a row of zeros. One row is D = 1.

        Raises:
            DataError: X has another number of columns than the model, or holds no counts (a `ValueError`).
            TypeError: X is no matrix, or a table with names of its own.
            ValueError: a document has more than 2^24 tokens, or the seed is out of range.
        """
        return self.infer_counts(X, seed=seed).theta

    def infer_texts(
        self, texts: Iterable[str | None], *, seed: int | None = None, most_tokens: int | None = None
    ) -> Inferred:
        """What `texts` returns, and how much of each text the model knows.

        Other arguments and errors are those of `texts`.

        Args:
            texts: D strings.
            seed: None takes the seed of the fit.
            most_tokens: that all texts together may have, unknown ones among them; how many a text has shows when it is
                cut. None is without limit.

        Raises:
            TooManyTokensError: they have more.
        """
        if self._words is None:
            raise self._no_texts or ValueError("the model has no recipe")
        documents = self._words(texts)
        n_tokens = len(documents.words) + int(documents.n_unknown.sum())
        if most_tokens is not None and n_tokens > most_tokens:
            raise TooManyTokensError(n_tokens, most_tokens)
        return self._infer(documents, seed)

    def infer_tokens(self, documents: Sequence[Sequence[str]], *, seed: int | None = None) -> Inferred:
        """What `tokens` returns, and how much of each list the model knows. Arguments and errors are those of it."""
        return self._infer(of_tokens(documents, self._numbers), seed)

    def infer_counts(self, X: object, *, seed: int | None = None) -> Inferred:
        """What `counts` returns, and the tokens of each document. Arguments and errors are those of it."""
        return self._infer(of_counts(X, self.n_terms), seed)

    def _infer(self, documents: NumberedDocuments, seed: int | None) -> Inferred:
        theta = self._frozen.transform(
            documents.doc_offsets, documents.words, seed=self.seed if seed is None else seed
        )
        return Inferred(theta, np.diff(documents.doc_offsets), documents.n_unknown)

    def warm(self) -> None:
        """Infer one document, so that the next one finds all kernels loaded. A new inferencer has done so."""
        self._frozen.transform(np.array([0, 1]), np.zeros(1, dtype=np.int32), seed=0)
        if self._words is not None:
            self._words(["a"])

    def save_prepared(self, folder: Path | str) -> None:
        """Write what inference needs as files that processes map and share, with an index of the terms.

        For workers on one machine, which have it in memory once, and for a start without a pass over the counts.
        It is no model: save that by `Model.save`.

        Args:
            folder: to write; a prepared folder that stands there is replaced, anything else is refused.

        Raises:
            DataError: something else stands there.
            MissingPackageError: marisa-trie is not installed, which the extra `serve` brings.
            OSError: it cannot be written.
            ValueError: this one was itself opened from a prepared folder.
        """
        model = self.model
        write_prepared(Path(folder), self._frozen, self._facts, model.vocabulary)

    @classmethod
    def open_prepared(
        cls,
        folder: Path | str,
        *,
        threads: int | None = 1,
        tokenizer: Tokenizer | str | None = None,
        verify: bool = True,
    ) -> Inferencer:
        """Open what `save_prepared` has written, mapped: processes on one machine share it.

        Args:
            folder: that was written.
            threads: as for a new one.
            tokenizer: as for a new one.
            verify: read all of it once, to compare it with the checksums that were recorded.

        Raises:
            DataError: there is no such folder, or it is damaged.
            MissingPackageError: marisa-trie is not installed, which the extra `serve` brings.
            TypeError, ValueError: as for a new one.
        """
        found = read_prepared(Path(folder), threads=threads, verify=verify)
        made = cls.__new__(cls)
        made._model = None
        made._settle(found.frozen, found.facts, found.numbers, found.keyed, tokenizer)
        return made

    def __getstate__(self) -> dict[str, Any]:
        kept = ("_model", "_frozen", "_facts", "_numbers", "_keyed", "_tokenizer")
        return {name: getattr(self, name) for name in kept}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._model = state["_model"]
        self._settle(
            state["_frozen"], state["_facts"], state["_numbers"], state["_keyed"], state["_tokenizer"]
        )

    def __repr__(self) -> str:
        return f"Inferencer({self.n_topics} topics, {self.n_terms} terms, model {self.fingerprint[:12]})"
