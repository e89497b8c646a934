"""New documents: topics inferred under a frozen language model, by the kernels of training."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from lda.cluster.counts.sparse_sums import term_sums
from lda.cluster.resources.threads import BLOCKS_PER_THREAD, Threads, blocks
from lda.cluster.spec.fit_settings import Device
from lda.cluster.sweeping import compile_ahead
from lda.cluster.sweeping.device_sweeper import device_states, frozen_on_device
from lda.cluster.sweeping.phase_model import MeanModel
from lda.corpus.errors import DataError
from lda.corpus.machine import available_cores
from lda.corpus.readers.count_batches import canonical
from lda.samplers.counts.row_layout import FEW_TOPICS, WordRows, empty_counts, topic_dtype, word_rows
from lda.samplers.counts.word_counts import Delta, add_delta
from lda.samplers.cuda.available import check_device
from lda.samplers.limits import MAX_COUNT, check_document_length
from lda.samplers.phi.language_model import LanguageModel, add_alpha_parts, check_model, empty_model
from lda.samplers.priors import Priors
from lda.samplers.registry import DEFAULT_SAMPLER
from lda.samplers.rules.sequential import sweep_documents
from lda.samplers.scoring.completion import (
    content_keys,
    count_topics,
    mean_proportions,
    score_documents,
    sort_documents,
    split_tokens,
)
from lda.samplers.scoring.full_conditionals import add_full_conditionals
from lda.samplers.scoring.left_to_right import left_to_right, particle_topics
from lda.samplers.scoring.proportions import KEPT, mean_topics, softly_averaged
from lda.samplers.tokens import Tokens

if TYPE_CHECKING:
    from lda.samplers.cuda.model import DeviceModel

BURN_IN: Final = 12
SAMPLES: Final = 12
"""Sweeps over a new document before its topics are averaged, and sweeps averaged. Averages, because a single
state punishes small alpha: a topic that is absent from it gets next to nothing."""


PARTICLES: Final = 20
"""States of a document in the left-to-right estimator."""

FRACTIONS: Final = 4096
"""Averaged counts are rounded to multiples of 1 / FRACTIONS."""


CELLS: Final = 1 << 22
"""Documents times topics whose counts a thread adds up at a time: 32 MiB."""


_SIZES: Final = ("n_topics", "stride", "n_groups")


@dataclass(frozen=True, slots=True)
class _Batch:
    words: NDArray[np.int32]
    doc_offsets: NDArray[np.int64]
    keys: NDArray[np.uint64]

    @classmethod
    def of(cls, doc_offsets: NDArray[np.int64], words: NDArray[np.int32], n_terms: int) -> _Batch:
        _check_whole("doc_offsets", doc_offsets)
        _check_whole("words", words)
        # Copies: what is mapped from a file cannot be written, which to Numba is another type.
        offsets = np.array(doc_offsets, dtype=np.int64)
        # Kernels look where these point, without a question.
        lengths = offsets[1:] - offsets[:-1]
        if not (len(offsets) and offsets[0] == 0 and offsets[-1] == len(words)) or (
            len(lengths) and lengths.min() < 0
        ):
            raise ValueError(
                f"doc_offsets must rise from 0 to the number of words, {len(words)}, got "
                f"{_ends(offsets)}; document d has words[doc_offsets[d]:doc_offsets[d + 1]]"
            )
        try:
            check_document_length(int(lengths.max(initial=0)))
        except ValueError as error:  # the documents' fault, which samplers have no word for
            raise DataError(str(error)) from None
        if len(words) and not 0 <= words.min() <= words.max() < n_terms:
            raise ValueError(
                f"term ids must lie in 0 .. {n_terms - 1}, got {words.min()} .. {words.max()}; "
                "number the words by the model's vocabulary"
            )
        tokens = np.array(words, dtype=np.int32)
        sort_documents(tokens, offsets)
        keys = np.zeros(len(lengths), dtype=np.uint64)
        content_keys(tokens, offsets, keys)
        return cls(tokens, offsets, keys)

    def tokens(self, span: tuple[int, int], n_topics: int) -> Tokens:
        """The documents of `span`, first and one after the last, without topics."""
        first, last = span
        begin, end = self.doc_offsets[first], self.doc_offsets[last]
        z = np.zeros(end - begin, dtype=topic_dtype(n_topics))
        return Tokens(
            self.words[begin:end], self.doc_offsets[first : last + 1] - begin, self.keys[first:last], z
        )


def _check_whole(name: str, values: NDArray[Any]) -> None:
    """Refuse what would be rounded or flattened. Raises ValueError."""
    kind, ndim = getattr(values, "dtype", np.dtype(object)).kind, getattr(values, "ndim", None)
    # An empty list is float64 to NumPy, whatever was meant.
    if ndim != 1 or (kind not in "iu" and len(values)):
        raise ValueError(f"{name} must be an array of whole numbers with one dimension, got {values!r:.60}")


def _ends(offsets: NDArray[np.int64]) -> str:
    if not len(offsets):
        return "none"
    falls = np.flatnonzero(np.diff(offsets) < 0)
    if len(falls):
        return f"{offsets[falls[0]]} before {offsets[falls[0] + 1]}"
    return f"{offsets[0]} .. {offsets[-1]}"


def _check_seed(seed: int) -> np.uint64:
    """The seed as kernels take it. Raises ValueError when it is none."""
    if not 0 <= seed < 1 << 64:
        raise ValueError(f"the seed must be between 0 and {(1 << 64) - 1}, got {seed}")
    return np.uint64(seed)


def _scale(counts: sp.csr_matrix) -> int:
    """What to multiply averaged counts by, so that whole numbers keep their fractions; beta scales along."""
    if counts.dtype.kind != "f":
        return 1
    scale, largest = FRACTIONS, float(counts.data.max(initial=0.0))
    while scale > 1 and largest * scale > MAX_COUNT:
        scale //= 2
    return scale


def _whole_counts(values: NDArray[Any], scale: int) -> NDArray[np.int32]:
    """Counts times `scale` as int32, none wrapped. Raises ValueError when one is negative or too large."""
    if not len(values):
        return values.astype(np.int32)
    if values.min() < 0:
        raise ValueError(f"topic-word counts must not be negative, got {values.min()}")
    # 2^31 is what the largest count becomes in an average, which is float32.
    if not values.max() <= MAX_COUNT + (values.dtype.kind == "f"):
        raise ValueError(f"topic-word counts must be at most {MAX_COUNT}, got {values.max()}")
    if values.dtype.kind != "f":
        return values.astype(np.int32)
    return np.minimum(np.rint(values * np.float64(scale)), MAX_COUNT).astype(np.int32)


class FrozenModel:
    """A language model that documents can be inferred with, but that does not change."""

    def __init__(
        self,
        counts: sp.csr_matrix,
        alpha: NDArray[np.float64],
        beta: float,
        *,
        threads: int | None = None,
        device: Device = "cpu",
    ) -> None:
        """counts: (V, K), n_kw of one state or averaged ones. alpha: (K,). threads: None for all cores.

        device: what samples; "cuda" gives the same bits. The left-to-right estimator stays on the processor.

        Raises ValueError for a count that is negative or beyond int32, DeviceError where there is no such device.
        """
        _check_device(device)
        matrix = canonical(counts)
        n_terms, n_topics = matrix.shape
        if device == "cpu":
            compile_ahead.begin(DEFAULT_SAMPLER, n_topics, threads=threads)
        scale = _scale(matrix)
        data = _whole_counts(matrix.data, scale)
        # Averages hold more topics than tokens where a rare word moved about.
        frequencies = np.maximum(term_sums(matrix), np.diff(matrix.indptr))
        rows = word_rows(np.ceil(frequencies).astype(np.int64), n_topics)
        store = empty_counts(rows)
        topics = matrix.indices.astype(store.topic.dtype)
        totals = np.bincount(matrix.indices, weights=data, minlength=n_topics).astype(np.int64)
        start = matrix.indptr.astype(np.int64)
        delta = Delta(0, start, topics, data, totals)
        add_delta(store, delta)
        self.n_terms, self.n_topics = n_terms, n_topics
        self.alpha = np.asarray(alpha, dtype=np.float64)
        self._threads = threads or available_cores()
        with Threads(self._threads) as pool:
            priors = Priors(alpha=self.alpha, beta=float(beta) * scale)
            self._model = MeanModel(rows, store).build(store, totals, priors, pool, 0)
        self._device = _on_device(rows, self._model, device)

    @classmethod
    def of_topic_word(
        cls,
        topic_word: NDArray[Any],
        alpha: NDArray[np.float64],
        *,
        threads: int | None = None,
        device: Device = "cpu",
    ) -> FrozenModel:
        """A language model given as p(term | topic), (K, V) with rows that sum to 1; kept as float32.

        alpha: (K,). threads, device: as for one made of counts. Every row of terms is dense: 4 bytes a cell.
        """
        _check_device(device)
        made = cls.__new__(cls)
        made.n_topics, made.n_terms = topic_word.shape
        made.alpha = np.asarray(alpha, dtype=np.float64)
        made._threads = threads or available_cores()
        rows = word_rows(np.zeros(made.n_terms, dtype=np.int64), made.n_topics, all_dense=True)
        model = empty_model(rows)
        model.phi.reshape(-1, rows.stride)[: made.n_terms, : made.n_topics] = topic_word.T
        model.alpha[: made.n_topics] = made.alpha
        add_alpha_parts(model, 0, made.n_terms)
        made._model = model
        made._device = _on_device(rows, model, device)
        return made

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All that inference reads, by name: what `of_arrays` makes a model of, in this process or another."""
        if self._device is not None:
            raise ValueError("a model on a device has no arrays here; freeze it for the cpu")
        sizes = (self.n_terms, self.n_topics, self._model.stride, self._model.n_groups)
        fields = {name: value for name, value in self._model._asdict().items() if name not in _SIZES}
        return {"sizes": np.array(sizes, dtype=np.int64), "prior": self.alpha, **fields}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, NDArray[Any]], *, threads: int | None = None) -> FrozenModel:
        """The model that `arrays` is of; they are kept as they are, so they may be mapped (copy-on-write).

        Raises ValueError for arrays that are not those of one model: kernels look where they point, without a question.
        """
        made = cls.__new__(cls)
        n_terms, n_topics, stride, n_groups = (int(size) for size in arrays["sizes"])
        fields = {name: arrays[name] for name in LanguageModel._fields if name not in _SIZES}
        made.n_terms, made.n_topics, made.alpha = n_terms, n_topics, arrays["prior"]
        made._model = LanguageModel(n_topics=n_topics, stride=stride, n_groups=n_groups, **fields)
        check_model(made._model, n_terms)
        if made.alpha.shape != (n_topics,) or made.alpha.dtype != np.float64:
            raise ValueError(
                f"alpha must be ({n_topics},) float64, got {made.alpha.shape} {made.alpha.dtype}"
            )
        made._threads = threads or available_cores()
        made._device = None
        return made

    def transform(
        self, doc_offsets: NDArray[np.int64], words: NDArray[np.int32], *, seed: int = 0,
        burn_in: int = BURN_IN, samples: int = SAMPLES,
    ) -> NDArray[np.float32]:  # fmt: skip
        """Topic proportions (D, K) float32 of new documents, rows summing to 1.

        doc_offsets: (D + 1,) int64. words: (N,) int32 term ids in [0, V). A document without words gets the
        prior mean. A document's row depends on its words and the seed, not on the documents around it.
        """
        batch, key = _Batch.of(doc_offsets, words, self.n_terms), _check_seed(seed)
        theta = np.zeros((len(batch.keys), self.n_topics), dtype=np.float32)

        def run(span: tuple[int, int]) -> None:
            if self._device is None and samples:
                tokens = batch.tokens(span, self.n_topics)
                theta[slice(*span)] = mean_topics(tokens, self._model, self.alpha, key, burn_in, samples)
            else:
                theta[slice(*span)] = self._proportions(batch, span, seed, burn_in, samples)

        if self._device is None:
            compile_ahead.wait()
        self._each_block(batch, run)
        return theta

    def assign(
        self, doc_offsets: NDArray[np.int64], words: NDArray[np.int32], *, seed: int = 0
    ) -> sp.csr_matrix:
        """Topic counts (D, K) int32 of one state after burn-in, for documents whose counts are wanted."""
        _, z = self.topics_of_tokens(doc_offsets, words, seed=seed)
        lengths = np.diff(doc_offsets)
        rows = np.repeat(np.arange(len(lengths)), lengths)
        ones = np.ones(len(z), dtype=np.int32)
        return sp.coo_matrix((ones, (rows, z.astype(np.int32))), shape=(len(lengths), self.n_topics)).tocsr()

    def completion(
        self, doc_offsets: NDArray[np.int64], words: NDArray[np.int32], *, seed: int = 0,
        burn_in: int = BURN_IN, samples: int = SAMPLES,
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:  # fmt: skip
        """Document completion: (log-likelihood, nats; number of scored tokens), a value a document.

        Half of each document's tokens, chosen by content and seed, give theta, averaged over `samples` sweeps
        after `burn_in`; the other half is scored: sum log sum_k theta_k phi_kw. (Wallach et al., ICML 2009,
        section 5.1 "estimated theta".) With many samples a term is log p(w | seen half) of one token by itself:
        the mean of theta is taken before the logarithm.
        """
        whole = _Batch.of(doc_offsets, words, self.n_terms)
        held = np.zeros(len(whole.words), dtype=np.bool_)
        split_tokens(whole.doc_offsets, whole.keys, _check_seed(seed), held)
        ends = np.concatenate([[0], np.cumsum(held)])[whole.doc_offsets]
        seen = _Batch(whole.words[~held], whole.doc_offsets - ends, whole.keys)
        scored = whole.words[held]
        scores = np.zeros(len(whole.keys), dtype=np.float64)

        def run(span: tuple[int, int]) -> None:
            first, last = span
            theta = self._proportions(seen, span, seed, burn_in, samples)
            some = ends[first : last + 1]

            def score(low: int, high: int) -> None:
                score_documents(scored, some, low, high, self._model, theta, scores[first:last])

            self._share(some, score)

        self._each_block(seen, run)
        return scores, np.diff(ends)

    def left_to_right(
        self, doc_offsets: NDArray[np.int64], words: NDArray[np.int32], *, seed: int = 0,
        particles: int = PARTICLES,
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:  # fmt: skip
        """Left-to-right estimates: (log p(w_d), nats; number of tokens), a value a document.

        The time grows with the square of a document's length; see `lda.samplers.scoring.left_to_right`.
        """
        batch = _Batch.of(doc_offsets, words, self.n_terms)
        lengths = np.diff(batch.doc_offsets)
        scores = np.zeros(len(batch.keys), dtype=np.float64)

        def run(span: tuple[int, int]) -> None:
            first, last = span
            z = particle_topics(particles, int(lengths[first:last].max()), self.n_topics)
            left_to_right(
                batch.words, batch.doc_offsets, batch.keys, first, last,
                self._model, _check_seed(seed), z, scores[first:last],
            )  # fmt: skip

        weight = np.concatenate([[0], np.cumsum(lengths**2 + 1)])
        self._each_block(batch, run, weight)
        return scores, lengths

    def topics_of_tokens(
        self, doc_offsets: NDArray[np.int64], words: NDArray[np.int32], *, seed: int = 0
    ) -> tuple[NDArray[np.int32], NDArray[Any]]:
        """(terms, topics), both (N,), of one state after burn-in; the tokens of a document sorted by term."""
        batch = _Batch.of(doc_offsets, words, self.n_terms)
        z = np.zeros(len(batch.words), dtype=topic_dtype(self.n_topics))

        def run(span: tuple[int, int]) -> None:
            (part,) = self._states(batch, span, seed, BURN_IN, 1)
            z[batch.doc_offsets[span[0]] : batch.doc_offsets[span[1]]] = part

        self._each_block(batch, run)
        return batch.words, z

    def theta_and_topics(
        self, doc_offsets: NDArray[np.int64], words: NDArray[np.int32], *, seed: int = 0
    ) -> tuple[NDArray[np.float32], NDArray[np.int32], NDArray[Any]]:
        """What `transform` and `topics_of_tokens` return, (theta, terms, topics), in two thirds of the time.

        The state that the second one stops at is the first of those that the first one averages.
        """
        batch = _Batch.of(doc_offsets, words, self.n_terms)
        theta = np.zeros((len(batch.keys), self.n_topics), dtype=np.float32)
        z = np.zeros(len(batch.words), dtype=topic_dtype(self.n_topics))

        def run(span: tuple[int, int]) -> None:
            part = z[batch.doc_offsets[span[0]] : batch.doc_offsets[span[1]]]
            theta[slice(*span)] = self._proportions(batch, span, seed, BURN_IN, SAMPLES, part)

        self._each_block(batch, run)
        return theta, batch.words, z

    def _each_block(
        self,
        batch: _Batch,
        run: Callable[[tuple[int, int]], object],
        weight: NDArray[np.int64] | None = None,
    ) -> None:
        """Call `run` on runs of documents of equal weight, (D + 1,) cumulated; None weighs by tokens."""
        n, most = len(batch.keys), max(1, CELLS // self.n_topics)
        if (
            self._device is None and min(self._threads, n) <= 1
        ):  # a pool and its blocks cost more than a short document
            for d in range(0, n, most):
                run((d, min(d + most, n)))
            return
        if weight is None:
            weight = batch.doc_offsets + np.arange(n + 1)  # empty documents are work too
        # A device wants all documents at once, and has one queue.
        alone = self._device is not None
        with Threads(1 if alone else min(self._threads, max(n, 1))) as pool:
            spans = blocks(weight, 0, n, 1 if alone else max(pool.n * BLOCKS_PER_THREAD, n // 4096))
            pool.run(
                run, [(d, min(d + most, last)) for first, last in spans for d in range(first, last, most)]
            )

    def _proportions(
        self, batch: _Batch, span: tuple[int, int], seed: int, burn_in: int, samples: int,
        first_state: NDArray[Any] | None = None,
    ) -> NDArray[np.float64]:  # fmt: skip
        """Topic proportions (n, K) float64 of the documents of `span`, averaged over `samples` states.

        first_state: takes the first of them, (number of tokens,), where it is wanted.

        It is what `mean_topics` finds, sweep by sweep, which lets one look at a state in between, and takes no kernel
        that a fit would not compile anyway.
        """
        first, last = span
        n, offsets = last - first, batch.doc_offsets[first : last + 1]
        offsets = offsets - offsets[0]
        states = self._states(batch, span, seed, burn_in, samples)
        if first_state is not None:
            states = _first_kept(states, first_state)
        if self.n_topics <= FEW_TOPICS:
            words = batch.words[batch.doc_offsets[first] : batch.doc_offsets[last]]
            sums = np.zeros((n, self.n_topics))
            kept = np.empty((min(samples, KEPT), len(words)), dtype=topic_dtype(self.n_topics))
            for number, z in enumerate(states, 1):
                some = kept[: (number - 1) % KEPT + 1]
                some[-1] = z
                if number % KEPT == 0 or number == samples:
                    self._share(
                        offsets,
                        lambda low, high, some=some: add_full_conditionals(  # type: ignore[misc]
                            words, some, offsets, low, high, self._model, sums
                        ),
                    )
            return softly_averaged(sums, self.alpha, samples)
        counts, theta = np.zeros((n, self.n_topics), dtype=np.int64), np.empty((n, self.n_topics))
        for z in states:
            self._share(offsets, lambda low, high, z=z: count_topics(z, offsets, low, high, counts))  # type: ignore[misc]
        self._share(
            offsets,
            lambda low, high: mean_proportions(counts, offsets, low, high, self._model, samples, theta),
        )
        return theta

    def _share(self, doc_offsets: NDArray[np.int64], run: Callable[[int, int], object]) -> None:
        """Call run(first, last) for all documents: where a device makes their states at a time, threads share the rest.

        Otherwise threads have divided them already.
        """
        n = len(doc_offsets) - 1
        if self._device is None:
            run(0, n)
            return
        with Threads(min(self._threads, max(n, 1))) as pool:
            weight = doc_offsets + np.arange(n + 1)
            pool.run(lambda span: run(*span), blocks(weight, 0, n, pool.n * BLOCKS_PER_THREAD))

    def _states(
        self, batch: _Batch, span: tuple[int, int], seed: int, burn_in: int, samples: int
    ) -> Iterator[NDArray[Any]]:
        """The topics of the tokens of `span` after each of `samples` sweeps; one array, overwritten by the next."""
        n, key = span[1] - span[0], _check_seed(seed)
        tokens = batch.tokens(span, self.n_topics)
        if self._device is not None and len(tokens.words):
            yield from device_states(self._device, *tokens, seed, burn_in, samples)
            return
        compile_ahead.wait()
        for sweep in range(burn_in + samples):
            sweep_documents(tokens, 0, n, self._model, key, np.uint64(sweep), False, sweep == 0)
            if sweep >= burn_in:
                yield tokens.z


def _first_kept(states: Iterator[NDArray[Any]], kept: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Pass the states on; the first one is copied into `kept`."""
    for number, z in enumerate(states):
        if not number:
            kept[:] = z
        yield z


def _check_device(device: Device) -> None:
    """Refuse a device that there is not, before minutes are spent on a model for it. Raises ValueError."""
    if device not in ("cpu", "cuda"):
        raise ValueError(f"the device must be cpu or cuda, got {device!r}")
    if device == "cuda":
        check_device()


def _on_device(rows: WordRows, model: LanguageModel, device: Device) -> DeviceModel | None:
    """The model on the device; None for the processor, which needs no other than this."""
    return None if device == "cpu" else frozen_on_device(rows, model)
