"""Documents and counts on a GPU, with the interfaces of those in memory.

In one process counts stay on the device: phi is made of them there, and only the topics that a caller reads are copied
back. A worker of a cluster takes the model that its replica of the counts gives, and pushes what its documents
changed, as on a CPU; only sampling is done on the device.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from lda.cluster.counts.aggregator import CELLS, Aggregator
from lda.cluster.counts.word_prior import WordPrior
from lda.cluster.documents.assigned_shard import Shard
from lda.cluster.documents.phase_plan import Plan
from lda.cluster.resources.arrays import Arrays
from lda.cluster.resources.threads import Threads
from lda.corpus.shard import CorpusShard
from lda.samplers.counts.deltas import totals_of
from lda.samplers.counts.histograms import Histogram
from lda.samplers.counts.row_layout import WordRows
from lda.samplers.counts.word_counts import Delta
from lda.samplers.cuda.available import DeviceError, check_device, device_errors, free_bytes
from lda.samplers.phi.language_model import LanguageModel
from lda.samplers.priors import Priors
from lda.samplers.registry import Sampler

if TYPE_CHECKING:
    from lda.samplers.cuda.document_groups import DeviceCounts, DeviceDocuments
    from lda.samplers.cuda.model import DeviceModel
    from lda.samplers.cuda.turns import DocumentsInTurns


SCRATCH_BYTES: Final = 1 << 29
"""Device memory left for histograms, for documents too large for shared memory, and for the driver itself."""


class DeviceShard(Shard):
    """A shard whose tokens and topics lie on a GPU as well; topics here follow when they are asked for.

    Where they do not fit beside counts and phi, they stay here and go through the device in turns.

    reserve: bytes of the device that others will want. tokens_at_a_time: have them take turns of so many.
    """

    _behind: tuple[tuple[int, int], ...] = ()
    """Ranges of tokens whose topics here are older than those on the device. Changed under `_follows` alone: a
    checkpoint during a pass is requested from another thread."""

    def __init__(
        self,
        parts: Iterable[CorpusShard],
        plan: Plan,
        keep: NDArray[np.bool_],
        arrays: Arrays | None = None,
        *,
        reserve: int = 0,
        tokens_at_a_time: int | None = None,
    ) -> None:
        self._follows = Lock()
        super().__init__(parts, plan, keep, arrays)
        from lda.samplers.cuda.document_groups import DeviceDocuments
        from lda.samplers.cuda.turns import DocumentsInTurns

        whole = self.words, self.doc_offsets, self.doc_keys, self._z, plan.n_topics
        tokens = tokens_at_a_time or self._tokens_that_fit(reserve)
        self.on_device: DeviceDocuments | DocumentsInTurns
        if tokens >= max(self.n_tokens, 1):
            with device_errors():
                self.on_device = DeviceDocuments(*whole)
        else:
            self.on_device = DocumentsInTurns(*whole, tokens)

    def _tokens_that_fit(self, reserve: int) -> int:
        """Tokens that the device has room for. Raises DeviceError when a turn would not be worth its while."""
        from lda.samplers.cuda.document_groups import DeviceDocuments
        from lda.samplers.cuda.turns import FEWEST_TOKENS

        free, topics = free_bytes(), self.plan.n_topics
        needed = DeviceDocuments.bytes_needed(self.n_tokens, len(self.doc_ids), topics)
        if free is None or needed <= free - reserve:
            return self.n_tokens
        fewest = min(FEWEST_TOKENS, self.n_tokens)
        least = DeviceDocuments.bytes_needed(fewest, fewest, topics)  # no document is shorter than a token
        check_fits(reserve + least, f"counts, phi and {fewest:,} tokens at a time")
        return fewest * ((free - reserve) // least)

    @property
    def z(self) -> NDArray[Any]:
        """Topics of all tokens (N,), as they are now."""
        with self._follows, device_errors():
            for begin, end in self._behind:
                self.on_device.fetch(begin, end, self._z[begin:end])
            self._behind = ()
        return self._z

    @z.setter
    def z(self, topics: NDArray[Any]) -> None:
        self._z = topics

    def scatter(self, phase: int, pass_number: int, threads: Threads) -> None:
        """Like `Shard.scatter`, and copy the topics to the device."""
        super().scatter(phase, pass_number, threads)
        self.settle(phase)

    def forget(self, phase: int) -> None:
        """Like `Shard.forget`, and copy the topics of `set_topics` to the device, of all logical shards at a time."""
        super().forget(phase)
        self.settle(phase)
        with device_errors():
            self.on_device.forget(*self.token_range(phase))

    def settle(self, phase: int) -> None:
        """Copy the phase's topics to the device."""
        begin, end = self.token_range(phase)
        with device_errors():
            self.on_device.put(begin, end, self.z[begin:end])

    def sample_on_device(
        self, phase: int, pass_number: int, sampler: Sampler, model: DeviceModel, *, stage: int, fresh: bool
    ) -> None:
        """Like `Shard.sample`, on the device; a caller that needs `delta` afterwards calls `remember` first."""
        edges = self.doc_edges[phase]
        first, last = int(edges[stage] if fresh else edges[0]), int(edges[stage + 1])
        if last <= first:
            return
        from lda.samplers.cuda.document_groups import Rule

        rule = Rule.of(sampler, fresh=fresh)
        with device_errors():
            self.on_device.sample(first, last, rule, model, self.plan.seed, pass_number)
        changed = self.token_range(phase)
        with self._follows:
            if changed not in self._behind:
                self._behind = (*self._behind, changed)

    def topic_histogram(self, threads: Threads) -> Histogram:
        """Documents by (topic, n_dk), counted on the device."""
        with device_errors():
            return self.on_device.topic_histogram()


class DeviceAggregator(Aggregator):
    """Counts that lie on the device, all words dense there; `count_tokens` is the only way to add to them.

    Raises DeviceError when the device has not the memory.
    """

    def __init__(self, rows: WordRows) -> None:
        from lda.samplers.cuda.document_groups import DeviceCounts

        needed = DeviceCounts.bytes_needed(len(rows.start), rows.stride)
        check_fits(needed, f"counts of {len(rows.start):,} terms x {rows.n_topics:,} topics")
        self.rows, self.prior = rows, None
        with device_errors():
            self.on_device: DeviceCounts = DeviceCounts(len(rows.start), rows.n_topics, rows.stride)

    @property
    def topic_totals(self) -> NDArray[np.int64]:  # type: ignore[override]  # read from the device
        """n_k (K,) int64."""
        with device_errors():
            found: NDArray[np.int64] = self.on_device.totals.copy_to_host()
        return found

    def count_tokens(self, shard: DeviceShard, phase: int) -> None:
        """Count what a phase has changed."""
        with device_errors():
            shard.on_device.count(self.on_device, *shard.token_range(phase))

    def begin_with(self, prior: WordPrior | None, *, there: bool = False) -> None:
        """Like `Aggregator.begin_with`."""
        self.prior = prior
        if prior is None or there:
            return
        stride, n_terms = self.rows.stride, len(self.rows.start)
        words = max(CELLS // stride, 1)
        for low in range(0, n_terms, words):
            part = prior.counts[low : low + words]
            cells = np.zeros((part.shape[0], stride), dtype=np.int32)
            cells[:, : self.rows.n_topics] = part.toarray()
            with device_errors():
                self.on_device.counts[low * stride : (low + len(cells)) * stride].copy_to_device(
                    cells.ravel()
                )
        with device_errors():
            self.on_device.totals.copy_to_device(prior.totals)

    def totals(self) -> NDArray[np.int64]:
        """n_k (K,) int64 of these words."""
        return self.topic_totals

    def whole(self) -> sp.csr_matrix:
        """Like `Aggregator.whole`."""
        return self._rows_between(0, len(self.rows.start))

    def _rows_between(self, first: int, last: int) -> sp.csr_matrix:
        # A part at a time: most cells are empty, and all of them at once may be more than this process can hold.
        stride, parts = self.rows.stride, []
        words = max(CELLS // stride, 1)
        for low in range(first, last, words):
            high = min(low + words, last)
            with device_errors():
                cells = self.on_device.counts[low * stride : high * stride].copy_to_host()
            parts.append(sp.csr_matrix(cells.reshape(-1, stride)[:, : self.rows.n_topics]))
        if not parts:
            return sp.csr_matrix(np.zeros((0, self.rows.n_topics), dtype=np.int32))
        return sp.csr_matrix(sp.vstack(parts, format="csr"))

    def between(self, first: int, last: int) -> Delta:
        """The counts of words first .. last - 1, as a delta from nothing."""
        part = self._rows_between(first, last)
        topic = part.indices.astype(np.int32)
        return Delta(
            first,
            part.indptr.astype(np.int64),
            topic,
            part.data,
            totals_of(topic, part.data, self.rows.n_topics),
        )

    def cell_histogram(self) -> Histogram:
        """How many n_kw equal n, for n > 0."""
        with device_errors():
            return self.on_device.cell_histogram()


class DeviceModels:
    """The language models on the device: with all rows dense, and in the rows of the CPU's, as kernels want them."""

    def __init__(self, rows: WordRows, sampler: Sampler) -> None:
        self._rows, self._sampler = rows, sampler
        self._models: dict[bool, DeviceModel] = {}
        self._built: set[bool] = set()

    def outdate(self) -> None:
        """Say that counts have changed and that the next phase shall see it."""
        self._built.clear()

    def from_counts(self, counts: DeviceAggregator, priors: Priors, *, fresh: bool) -> DeviceModel:
        """The model of counts on the device."""
        model, is_new = self._model(fresh=fresh)
        if is_new:
            with device_errors():
                model.build(counts.on_device.counts, counts.on_device.totals, priors.alpha, priors.beta)
        return model

    def from_host(self, built: LanguageModel, *, fresh: bool) -> DeviceModel:
        """The model that this process has built."""
        model, is_new = self._model(fresh=fresh)
        if is_new:
            with device_errors():
                model.take(built)
        return model

    def bytes_needed(self) -> int:
        """Device memory of all models that a fit with first topics and sweeps may want, and of counts."""
        from lda.samplers.cuda.document_groups import DeviceCounts, Rule
        from lda.samplers.cuda.model import DeviceModel

        topics = self._rows.n_topics
        kinds = {Rule.of(self._sampler, fresh=fresh).reads_every_row(topics) for fresh in (True, False)}
        models = sum(DeviceModel.bytes_needed(self._rows, every_row=kind) for kind in kinds)
        return models + DeviceCounts.bytes_needed(len(self._rows.start), self._rows.stride) + SCRATCH_BYTES

    def _model(self, *, fresh: bool) -> tuple[DeviceModel, bool]:
        from lda.samplers.cuda.document_groups import Rule
        from lda.samplers.cuda.model import DeviceModel

        every_row = Rule.of(self._sampler, fresh=fresh).reads_every_row(self._rows.n_topics)
        if every_row not in self._models:
            needed = DeviceModel.bytes_needed(self._rows, every_row=every_row)
            check_fits(needed, f"phi of {len(self._rows.start):,} terms x {self._rows.n_topics:,} topics")
            with device_errors():
                self._models[every_row] = DeviceModel(self._rows, every_row=every_row)
        is_new = every_row not in self._built
        self._built.add(every_row)
        return self._models[every_row], is_new


def frozen_on_device(rows: WordRows, model: LanguageModel) -> DeviceModel:
    """A model that does not change, on the device. Raises DeviceError where there is none, or no room."""
    check_device()
    from lda.samplers.cuda.document_groups import Rule
    from lda.samplers.cuda.model import DeviceModel

    every_row = Rule(sequential=True, leave_out=False).reads_every_row(rows.n_topics)
    needed = DeviceModel.bytes_needed(rows, every_row=every_row)
    check_fits(needed, f"phi of {len(rows.start):,} terms x {rows.n_topics:,} topics")
    with device_errors():
        made = DeviceModel(rows, every_row=every_row)
        made.take(model)
    return made


def device_states(
    model: DeviceModel,
    words: NDArray[np.int32],
    doc_offsets: NDArray[np.int64],
    doc_keys: NDArray[np.uint64],
    z: NDArray[Any],
    seed: int,
    burn_in: int,
    samples: int,
) -> Iterator[NDArray[Any]]:
    """Topics of new documents after each of `samples` sweeps that follow `burn_in`, in z (N,), overwritten by the next.

    Burn-in stays on the device: nothing of it travels.
    """
    from lda.samplers.cuda.document_groups import DeviceDocuments, Rule

    n = len(doc_keys)
    check_fits(DeviceDocuments.bytes_needed(len(words), n, model.n_topics), f"{len(words):,} tokens")
    with device_errors():
        documents = DeviceDocuments(words, doc_offsets, doc_keys, z, model.n_topics)
    for sweep in range(burn_in + samples):
        rule = Rule(sequential=True, leave_out=False, fresh=sweep == 0)
        with device_errors():
            documents.sample(0, n, rule, model, seed, sweep)
            if sweep >= burn_in:
                documents.z.copy_to_host(z)
        if sweep >= burn_in:
            yield z


def check_fits(needed: int, what: str) -> None:
    """Raise DeviceError when so many more bytes do not fit on the device."""
    free = free_bytes()
    if free is not None and needed > free:
        raise DeviceError(
            f"the GPU has {free / 2**30:.1f} GiB free, and {what} take {needed / 2**30:.1f} GiB more; take fewer "
            "topics or terms, spread the documents over the GPUs of more workers, or take the device cpu"
        )
