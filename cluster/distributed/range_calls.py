"""The calls by which an aggregator keeps sums of its counts and writes its part of the model."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import scipy.sparse as sp

from lda.cluster.counts.word_range import WordRange, WrittenPart
from lda.corpus.storage.places import storage


class RangeCalls:
    """Part of `AggregatorActor`: `WordRange`, called from afar. Files are written beside the exchange, not within."""

    words: WordRange
    _until: Callable[[int], Awaitable[None]]

    async def sample(self, step: int) -> None:
        """Add the counts of all steps before `step` to the sum over late sweeps."""
        await self._until(step)
        self.words.sample()

    async def mean(self, taken: int) -> sp.csr_matrix | None:
        """The mean of the `taken` counts in the sum, (words of the range, K) float32."""
        return self.words.mean(taken)

    async def store_sum(self, place: str, folder: str) -> dict[str, str]:
        """Store the sum in a folder of a checkpoint; returns the file's checksum."""
        return await asyncio.to_thread(self.words.store_sum, storage(place), folder)

    async def restore_sum(self, place: str, folder: str, names: list[str]) -> None:
        """Take the sum from a checkpoint, by however many aggregators it was written."""
        await asyncio.to_thread(self.words.restore_sum, storage(place), folder, names)

    async def write_part(
        self, step: int, place: str, part: int, of: int, taken: int, n_top: int
    ) -> WrittenPart:
        """Write the counts of all steps before `step` into a model's folder, as part number `part` of `of`."""
        await self._until(step)
        return await asyncio.to_thread(self.words.write_part, place, part, of, taken, n_top)

    async def part_bytes(self, kind: str, taken: int) -> bytes:
        """The content of a file of that part."""
        return await asyncio.to_thread(self.words.part_bytes, kind, taken)
