"""Documents on the device: their tokens, the topics of these, and the counts that are made of them."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lda.samplers.counts.histograms import Histogram, add_histograms
from lda.samplers.counts.row_layout import FEW_TOPICS, topic_dtype
from lda.samplers.cuda import sequential_few_topics, sequential_many_topics, word_counts
from lda.samplers.cuda.door import SIMULATED, TEAM, cuda
from lda.samplers.cuda.model import DeviceModel
from lda.samplers.registry import Sampler

LENGTH_CLASSES: Final = (512, 4096)
"""Documents of up to so many tokens are swept together: a block of threads sets memory aside for the longest."""

SCRATCH_BYTES: Final = 1 << 28
"""Device memory for documents too large for shared memory, which take turns there: of 10,000 topics, 6,000 at a time,
more than a device works on at once."""

HISTOGRAM_CELLS: Final = 1 << 25
"""Counts of documents that are added up at a time for a histogram, int32."""


class Group(NamedTuple):
    """Documents swept by one kernel call. order: (n,) int64 on the device, long ones first. longest: tokens."""

    order: Any
    n: int
    longest: int


class Rule(NamedTuple):
    """A token rule. sequential: a document's counts follow each token. leave_out: the own token leaves phi.

    fresh: tokens have no topic yet.
    """

    sequential: bool
    leave_out: bool
    fresh: bool = False

    @classmethod
    def of(cls, sampler: Sampler, *, fresh: bool) -> Rule:
        """What a sampler does with a token; first topics come one by one whatever it does later."""
        if fresh:
            return cls(sequential=True, leave_out=False, fresh=True)
        rule: Rule = sampler.load_cuda()(leave_out=sampler.leave_out)
        return rule

    def reads_every_row(self, n_topics: int) -> bool:
        """Whether the kernel of few topics sweeps, which wants all rows of phi dense."""
        return self.sequential and n_topics <= FEW_TOPICS


def one_by_one(*, leave_out: bool) -> Rule:
    """The sequential rule."""
    return Rule(sequential=True, leave_out=leave_out)


def at_once(*, leave_out: bool) -> Rule:
    """The simultaneous rule."""
    return Rule(sequential=False, leave_out=leave_out)


class DeviceDocuments:
    """Tokens and topics on the device.

    words: (N,) int32. doc_offsets: (D + 1,) int64. doc_keys: (D,) uint64. z: (N,). Memory: 4 bytes a token and twice
    its topic's 2 or 4, and 24 a document.
    """

    def __init__(
        self,
        words: NDArray[np.int32],
        doc_offsets: NDArray[np.int64],
        doc_keys: NDArray[np.uint64],
        z: NDArray[Any],
        n_topics: int,
    ) -> None:
        self.n_topics, self.doc_offsets = n_topics, doc_offsets
        self.words = cuda.to_device(words)
        self.offsets = cuda.to_device(np.ascontiguousarray(doc_offsets))
        self.keys = cuda.to_device(np.ascontiguousarray(doc_keys))
        self.z = cuda.to_device(z)
        self.seen = cuda.to_device(np.full(len(z), n_topics, dtype=z.dtype))
        self._groups: dict[tuple[int, int], list[Group]] = {}
        self._room: Any = None

    @staticmethod
    def bytes_needed(n_tokens: int, n_documents: int, n_topics: int) -> int:
        """Device memory that documents take."""
        return n_tokens * (4 + 2 * topic_dtype(n_topics).itemsize) + 32 * n_documents

    def groups(self, first: int, last: int) -> list[Group]:
        """Documents first .. last - 1 by length, long ones first."""
        key = (first, last)
        if key not in self._groups:
            lengths = np.diff(self.doc_offsets[first : last + 1])
            order = np.argsort(-lengths, kind="stable")
            ordered, found = lengths[order], []
            edges = [0, *(int(np.searchsorted(-ordered, -c)) for c in reversed(LENGTH_CLASSES)), len(order)]
            filled = int(np.count_nonzero(ordered))  # in the others there is nothing to draw
            for low, end in pairwise(edges):
                high = min(end, filled)
                if high > low:
                    some = cuda.to_device((order[low:high] + first).astype(np.int64))
                    found.append(Group(some, high - low, int(ordered[low])))
            self._groups[key] = found
        return self._groups[key]

    def sample(
        self, first: int, last: int, rule: Rule, model: DeviceModel, seed: int, pass_number: int
    ) -> None:
        """`Assigned.sample` of documents first .. last - 1."""
        keys = np.uint64(seed), np.uint64(pass_number)
        if model.every_row:
            blocks = model.stride // TEAM
            kernel = sequential_few_topics.sweep_kernel(blocks, leave_out=rule.leave_out, fresh=rule.fresh)
            room = sequential_few_topics.shared_bytes(blocks)
            for group in self.groups(first, last):
                kernel[-(-group.n // sequential_few_topics.TEAMS), sequential_few_topics.TEAMS * TEAM, 0, room](
                    self.words, self.offsets, self.keys, group.order, group.n, self.z,
                    model.phi, model.alpha, model.denominator, *keys,
                )  # fmt: skip
            return
        for group in self.groups(first, last):
            self._sample_many(group, rule, model, keys)

    def _sample_many(self, group: Group, rule: Rule, model: DeviceModel, keys: tuple[Any, Any]) -> None:
        wide = max(group.longest, model.n_topics) >= 1 << 16
        kind = np.dtype(np.uint32 if wide else np.uint16)
        a_document = sequential_many_topics.document_bytes(model.n_topics, group.longest, kind.itemsize)
        teams = sequential_many_topics.teams_of(a_document)
        in_shared, teams = teams > 0, teams or sequential_many_topics.MOST_TEAMS
        kernel = sequential_many_topics.sweep_kernel(kind, teams, **rule._asdict(), in_shared=in_shared)
        most = group.n if in_shared else max(SCRATCH_BYTES // (teams * a_document), 1) * teams
        blocks = -(-min(most, group.n) // teams)
        scratch = self._scratch(0 if in_shared else blocks * teams * a_document // 4)
        for low in range(0, group.n, most):
            n = min(most, group.n - low)
            kernel[-(-n // teams), teams * TEAM, 0, teams * a_document if in_shared else 0](
                self.words, self.offsets, self.keys, group.order[low : low + n], n, self.z,
                sequential_many_topics.capacity_of(model.n_topics, group.longest), scratch, scratch.view(kind),
                model.n_topics, model.stride, model.n_groups, model.row_number, model.start, model.length, model.phi,
                model.topic, model.weight, model.alpha, model.denominator, model.group_mass, model.row_mass, *keys,
            )  # fmt: skip

    def count(self, counts: DeviceCounts, first: int, last: int) -> None:
        """Bring the counts from what they are made of to the topics of now, for tokens first .. last - 1."""
        counts.count_tokens(self.words, self.z, self.seen, first, last)

    def topic_histogram(self) -> Histogram:
        """Documents by (topic, n_dk), as `histograms.document_topics`."""
        return _topic_histogram(self)

    def fetch(self, begin: int, end: int, out: NDArray[Any]) -> None:
        """Copy the topics of tokens begin .. end - 1 into `out`."""
        self.z[begin:end].copy_to_host(out)

    def put(self, begin: int, end: int, topics: NDArray[Any]) -> None:
        """Give tokens begin .. end - 1 these topics."""
        if end > begin:
            self.z[begin:end].copy_to_device(np.ascontiguousarray(topics))

    def forget(self, begin: int, end: int) -> None:
        """Say that the counts hold nothing of tokens begin .. end - 1."""
        if end > begin:
            self.seen[begin:end].copy_to_device(np.full(end - begin, self.n_topics, dtype=self.z.dtype))

    def _scratch(self, length: int) -> Any:  # noqa: ANN401 - an array on the device
        """At least `length` float32 on the device, for documents too large for shared memory."""
        if self._room is None or len(self._room) < length:
            self._room = None  # never two of them
            self._room = cuda.device_array(max(length, 1), dtype=np.float32)
        return self._room


class DeviceCounts:
    """n_kw of all words, dense, (V * stride,) int32, and n_k, (K,) int64, on the device."""

    def __init__(self, n_words: int, n_topics: int, stride: int) -> None:
        self.n_words, self.n_topics, self.stride = n_words, n_topics, stride
        self.counts = cuda.to_device(np.zeros(n_words * stride, dtype=np.int32))
        self.totals = cuda.to_device(np.zeros(n_topics, dtype=np.int64))

    @staticmethod
    def bytes_needed(n_words: int, stride: int) -> int:
        """Device memory that counts take."""
        return 4 * n_words * stride

    def count_slice(self, words: NDArray[np.int32], z: NDArray[Any], seen: NDArray[Any]) -> None:
        """`count_tokens` of arrays of this process, which do not change."""
        self.count_tokens(cuda.to_device(words), cuda.to_device(z), cuda.to_device(seen), 0, len(z))

    def count_tokens(self, words: Any, z: Any, seen: Any, first: int, last: int) -> None:  # noqa: ANN401 - on the device
        """Count what the topics of tokens first .. last - 1 have become since they were counted last."""
        if last <= first:
            return
        blocks = 2 if SIMULATED else min(-(-(last - first) // word_counts.THREADS), 132 * 8)
        room = 4 * self.n_topics if self.n_topics <= word_counts.SHARED_TOPICS else 0
        word_counts.count_tokens[blocks, word_counts.THREADS, 0, room](
            words, z, seen, first, last, self.n_topics, self.stride, self.counts, self.totals
        )

    def cell_histogram(self) -> Histogram:
        """How many n_kw equal n, for n > 0."""
        table = cuda.to_device(np.zeros(word_counts.SMALL_CELLS, dtype=np.int64))
        # Cells above the small ones hold so many tokens each that there cannot be more of them than this.
        most = int(self.totals.copy_to_host().sum()) // word_counts.SMALL_CELLS + 1
        large, n_large = cuda.device_array(most, dtype=np.int64), cuda.to_device(np.zeros(1, dtype=np.int32))
        blocks = 2 if SIMULATED else 132 * 4
        word_counts.cell_values[blocks, word_counts.THREADS](self.counts, table, large, n_large)
        values = table.copy_to_host()
        key = np.flatnonzero(values)
        low = Histogram(key.astype(np.int64), values[key])
        return add_histograms([low, _unique(_head(large, n_large))])


def _topic_histogram(documents: DeviceDocuments) -> Histogram:
    n_topics, n_documents = documents.n_topics, len(documents.doc_offsets) - 1
    small = max(2, min(64, (1 << 22) // n_topics))
    blocks = 2 if SIMULATED else max(1, min(132 * 16, n_documents, HISTOGRAM_CELLS // n_topics))
    scratch = cuda.to_device(np.zeros(blocks * n_topics, dtype=np.int32))
    table = cuda.to_device(np.zeros(n_topics * small, dtype=np.int32))
    most = int(documents.doc_offsets[-1]) // small + 1
    large, n_large = cuda.device_array(most, dtype=np.int64), cuda.to_device(np.zeros(1, dtype=np.int32))
    word_counts.document_topics[blocks, 32](
        documents.z, documents.offsets, n_documents, n_topics, small, scratch, table, large, n_large
    )
    found = table.copy_to_host()
    cells = np.flatnonzero(found)
    low = Histogram((cells // small) << 32 | cells % small, found[cells].astype(np.int64))
    return add_histograms([low, _unique(_head(large, n_large))])


def _unique(values: NDArray[np.int64]) -> Histogram:
    key, times = np.unique(values, return_counts=True)
    return Histogram(key, times.astype(np.int64))


def _head(values: Any, n: Any) -> NDArray[np.int64]:  # noqa: ANN401 - arrays on the device
    """The first n[0] of `values`."""
    length = int(n.copy_to_host()[0])
    found: NDArray[np.int64] = values[:length].copy_to_host() if length else np.zeros(0, dtype=np.int64)
    return found
