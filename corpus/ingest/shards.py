"""The second pass: documents get the final numbers of their terms, and are cut into shards."""

from __future__ import annotations

import base64
import itertools
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from lda.corpus.arrow import pc
from lda.corpus.assembly.cutting import cut
from lda.corpus.batches import drop_negative
from lda.corpus.files.arrow_file import serialize
from lda.corpus.files.folder import shard_name, write_file
from lda.corpus.ingest.scan import ENDING, NUMBER, terms_file
from lda.corpus.metadata import conform
from lda.corpus.shard import batch_arrays, batch_digest, make_batch, table_metadata

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from lda.corpus.documents.types import Typing
    from lda.corpus.files.manifest import FileEntry
    from lda.corpus.ingest.work_folder import WorkFolder
    from lda.corpus.storage.places import Storage

VOCABULARY: Final = "vocabulary.terms"
"""The terms that stay, in the order of their final numbers."""

SHARDS_AT_A_TIME: Final = 16
"""Fewer are not worth a task of their own."""


class ScannedPart(NamedTuple):
    """What the second pass needs to know of a part.

    key: of its files; files, n_terms: as in its record. prefix: of ids that are numbers; before: records of the file
    that precede this part.
    """

    key: str
    files: list[dict[str, Any]]
    n_numberings: int
    prefix: str
    before: int


class PartDocuments(NamedTuple):
    """Documents start to stop of a part."""

    part: ScannedPart
    start: int
    stop: int


class ShardTask(NamedTuple):
    """Consecutive shards: the number of the first, the bounds of all from 0, and the documents."""

    first: int
    bounds: tuple[int, ...]
    documents: tuple[PartDocuments, ...]


class ShardsDone(NamedTuple):
    """Entries of shards in the manifest, and the digests of what they say."""

    first: int
    entries: list[FileEntry]
    digests: list[bytes]


class Numbering:
    """From the numbers of a part to the final ones. The terms that stay are read once, and then shared."""

    def __init__(self, work: WorkFolder) -> None:
        self._work = work
        self._terms: pa.Array[Any] | None = None

    def of(self, part: ScannedPart, numbering: int) -> npt.NDArray[np.int32]:
        """Final number of each term of a part, -1 for those that are left out."""
        if self._terms is None:
            file = self._work.opened(VOCABULARY)
            self._terms = pa.chunked_array(
                [file.get_batch(i).column("term") for i in range(file.num_record_batches)], pa.large_string()
            ).combine_chunks()
        file = self._work.opened(terms_file(part.key, numbering))
        table = file.read_all()
        lookup = np.full(table.num_rows, -1, dtype=np.int32)
        lookup[table.column("number").to_numpy()] = _found(table.column("term"), self._terms)
        return lookup


def _found(terms: Any, kept: pa.Array[Any]) -> npt.NDArray[np.int32]:  # noqa: ANN401 - an array of strings
    """Place of each term among those that stay, -1 for none; the smaller side is the one that is hashed."""
    if len(kept) <= len(terms):
        found: npt.NDArray[np.int32] = pc.fill_null(pc.index_in(terms, value_set=kept), -1).to_numpy()
        return found
    at = pc.fill_null(pc.index_in(kept, value_set=terms), -1).to_numpy()
    places = np.full(len(terms), -1, dtype=np.int32)
    kept_at = np.flatnonzero(at >= 0)
    places[at[kept_at]] = kept_at
    return places


def lengths_of(part: ScannedPart, work: WorkFolder, numbering: Numbering) -> npt.NDArray[np.int32]:
    """Tokens of each document of a part that are left."""
    found = [np.zeros(0, np.int32)]
    for about in part.files:
        kept = numbering.of(part, about["numbering"]) >= 0
        file = work.opened(about["file"])
        for number in range(file.num_record_batches):
            offsets, words = batch_arrays(file.get_batch(number))
            if kept.all():
                found.append(np.diff(offsets).astype(np.int32))
                continue
            before = np.zeros(len(words) + 1, dtype=np.int32)
            np.cumsum(kept[words], out=before[1:], dtype=np.int32)
            found.append(np.diff(before[offsets]))
    return np.concatenate(found)


def _remapped(
    part: ScannedPart, work: WorkFolder, numbering: Numbering, start: int, stop: int | None
) -> Iterator[tuple[pa.RecordBatch, npt.NDArray[np.int64], npt.NDArray[np.int32]]]:
    """Batches of a part with documents start to stop, and their final offsets and words."""
    first = 0
    lookup: tuple[int, npt.NDArray[np.int32]] | None = None
    for about in part.files:
        begin, first = first, first + about["documents"]
        if first <= start or (stop is not None and begin >= stop):
            continue
        if lookup is None or lookup[0] != about["numbering"]:
            lookup = about["numbering"], numbering.of(part, about["numbering"])
        file = work.opened(about["file"])
        for number in range(file.num_record_batches):
            batch = file.get_batch(number)
            low = max(start - begin, 0)
            high = batch.num_rows if stop is None else min(stop - begin, batch.num_rows)
            begin += batch.num_rows
            if low >= high:
                continue
            offsets, words = batch_arrays(batch)
            offsets = offsets[low : high + 1]
            words = lookup[1][words[offsets[0] : offsets[-1]]]
            yield batch.slice(low, high - low), *drop_negative(offsets - offsets[0], words)


def _documents(
    ranges: Sequence[PartDocuments],
    work: WorkFolder,
    numbering: Numbering,
    schema: pa.Schema | None,
    typed: Typing | None,
) -> Iterator[pa.RecordBatch]:
    for part, start, stop in ranges:
        for batch, offsets, words in _remapped(part, work, numbering, start, stop):
            metadata = table_metadata(pa.Table.from_batches([batch]))
            fields = (typed or conform)(metadata, schema, batch.num_rows)
            yield make_batch(_ids(batch, part), offsets, words, fields)


def _ids(batch: pa.RecordBatch, part: ScannedPart) -> Any:  # noqa: ANN401 - an array of strings
    """The ids; a number of the record where there is none, counted through the file."""
    ids = batch.column("id")
    if NUMBER not in batch.schema.names or not ids.null_count:
        return ids
    numbers = pc.cast(pc.add(batch.column(NUMBER), part.before), pa.large_string())
    prefix, nothing = (pa.scalar(text, pa.large_string()) for text in (part.prefix, ""))
    endings = batch.column(ENDING) if ENDING in batch.schema.names else nothing
    return pc.coalesce(ids, pc.binary_join_element_wise(prefix, numbers, endings, nothing))


def write_shards(
    task: ShardTask,
    work: WorkFolder,
    numbering: Numbering,
    schema: str | None,
    target: Storage,
    folder: str,
    typed: Typing | None = None,
) -> ShardsDone:
    """Write shards; folder: in the target, "" for the target itself; schema: of the metadata, as `packed_schema`.

    typed: gives the metadata their types; None leaves these.
    """
    bounds = np.array(task.bounds, dtype=np.int64)
    entries, digests = list[Any](), list[bytes]()
    documents = _documents(task.documents, work, numbering, unpacked_schema(schema), typed)
    for number, batch in enumerate(cut(documents, bounds), task.first):
        entry, data = serialize(shard_name(number, folder), batch)
        write_file(target, entry.file, data)
        entries.append(entry)
        digests.append(batch_digest(batch))
    return ShardsDone(task.first, entries, digests)


def packed_schema(schema: pa.Schema | None) -> str | None:
    """A schema as text."""
    return None if schema is None else base64.b64encode(schema.serialize()).decode("ascii")


def unpacked_schema(text: str | None) -> pa.Schema | None:
    """The schema of `packed_schema`."""
    return None if text is None else pa.ipc.read_schema(pa.py_buffer(base64.b64decode(text)))


def shard_tasks(
    parts: Sequence[ScannedPart], n_documents: Sequence[int], bounds: npt.NDArray[np.int64]
) -> list[ShardTask]:
    """Groups of consecutive shards: all that begin in one part, or some at least."""
    ends = np.cumsum([0, *n_documents], dtype=np.int64)
    homes = np.searchsorted(ends, bounds[:-1], side="right") - 1
    cuts = [0]
    for shard in range(1, len(bounds) - 1):
        if homes[shard] != homes[shard - 1] and shard - cuts[-1] >= SHARDS_AT_A_TIME:
            cuts.append(shard)
    cuts.append(len(bounds) - 1)
    made = []
    for first, last in itertools.pairwise(cuts):
        low, high = int(bounds[first]), int(bounds[last])
        inside = range(int(homes[first]), int(np.searchsorted(ends, high, side="left")))
        ranges = tuple(
            PartDocuments(parts[p], max(low - int(ends[p]), 0), min(high, int(ends[p + 1])) - int(ends[p]))
            for p in inside
            if ends[p + 1] > ends[p]
        )
        made.append(ShardTask(first, tuple((bounds[first : last + 1] - low).tolist()), ranges))
    return made
