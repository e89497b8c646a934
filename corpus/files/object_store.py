"""A corpus in an object store: read shard by shard, by the process that needs the shard."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from lda.corpus.errors import DataError
from lda.corpus.files.arrow_file import (
    checked_shard,
    checked_vocabulary,
    damaged,
    ids_alone,
    one_batch,
    serialize,
    tally_of,
)
from lda.corpus.files.manifest import (
    MANIFEST,
    FileEntry,
    Manifest,
    is_corpus_folder,
    manifest_at,
    manifest_bytes,
    read_manifest,
)
from lda.corpus.files.opened import OpenedCorpus
from lda.corpus.ordered_map import ordered_map
from lda.corpus.readers.bad_records import SKIPPED_FILE
from lda.corpus.shard import batch_digest, content_hash
from lda.corpus.storage.places import Storage, storage
from lda.corpus.storage.remote_target import check_remote_target, new_data_folder
from lda.corpus.storage.retries import NetworkError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lda.corpus.files.arrow_checks import TermTally
    from lda.corpus.summary import Summary

UPLOADS: Final = 8
"""Files on their way at a time: a store answers slowly, but many at once."""


def check_remote_corpus(uri: str, *, overwrite: bool) -> None:
    """Refuse a URI that may not or cannot be written. Raises `DataError`."""
    check_remote_target(uri, MANIFEST, "a corpus", is_corpus_folder, overwrite=overwrite)


def write_remote(
    uri: str,
    batches: Iterable[pa.RecordBatch],
    vocabulary: pa.Table,
    summary: Summary,
    *,
    overwrite: bool,
    skipped: bytes | None = None,
) -> None:
    """Write a corpus to a URI; batches are taken a few at a time and not kept. The manifest comes last.

    Raises:
        DataError: it exists and `overwrite` is false, it is something else, or the store refuses.
        OSError: the store fails half-way; a corpus that stood there is still there.
    """
    place = storage(uri)
    with new_remote(uri, overwrite=overwrite) as folder:
        entry, data = serialize(f"{folder}/vocabulary.arrow", one_batch(vocabulary))
        place.write(entry.file, memoryview(data))
        entries, digests = _write_shards(place, folder, batches)
        known = content_hash(vocabulary.column("term").combine_chunks(), digests)
        if skipped is not None:
            place.write(f"{folder}/{SKIPPED_FILE}", skipped)
        manifest = Manifest(summary, known, entry, entries, tuple(digest.hex() for digest in digests))
        place.write(MANIFEST, manifest_bytes(manifest))


@contextmanager
def new_remote(uri: str, *, overwrite: bool) -> Iterator[str]:
    """The name of a folder for the files of a corpus, of which the manifest, beside it, is the last.

    Raises:
        DataError: as `check_remote_corpus`.
    """
    check_remote_corpus(uri, overwrite=overwrite)
    before = read_manifest(uri).vocabulary.file.rpartition("/")[0] if is_corpus_folder(uri) else None
    with new_data_folder(uri, before) as folder:
        yield folder


def _write_shards(
    place: Storage, folder: str, batches: Iterable[pa.RecordBatch]
) -> tuple[list[FileEntry], list[bytes]]:
    digests: list[bytes] = []

    def serialized() -> Iterator[tuple[FileEntry, pa.Buffer]]:
        for index, batch in enumerate(batches):
            digests.append(batch_digest(batch))
            yield serialize(f"{folder}/shard-{index:05d}.arrow", batch)

    def send(file: tuple[FileEntry, pa.Buffer]) -> FileEntry:
        entry, data = file
        place.write(entry.file, memoryview(data))
        return entry

    return list(ordered_map(send, serialized(), UPLOADS, ahead=UPLOADS)), digests


def open_remote(uri: str, at: str | None = None) -> OpenedCorpus:
    """Open a corpus at a URI: manifest and vocabulary are read, a shard each time that it is used.

    at: as of `lda.corpus.files.folder.open_folder`.

    Raises:
        DataError: there is no corpus, or it never had that hash; a file is missing or has another length, or the
            vocabulary is damaged.
    """
    manifest = manifest_at(uri, at)
    place = storage(uri)
    folder = manifest.vocabulary.file.rpartition("/")[0]
    sizes = place.files(folder)
    for entry in (manifest.vocabulary, *manifest.shards):
        found = sizes.get(entry.file.rpartition("/")[2])
        if found is None:
            raise damaged(f"{uri}/{entry.file}", "the file is missing")
        if found != entry.bytes:
            raise damaged(f"{uri}/{entry.file}", f"it has {found} bytes instead of {entry.bytes}")
    name = f"{uri}/{manifest.vocabulary.file}"
    vocabulary = checked_vocabulary(name, _read(place, manifest.vocabulary), manifest)
    first = np.cumsum([0, *(entry.documents for entry in manifest.shards)], dtype=np.int64)[:-1]
    shards = RemoteShards(uri, manifest.shards, tally_of(manifest, vocabulary))
    return OpenedCorpus(shards, vocabulary, manifest.summary, first, manifest.content_hash, manifest.earlier)


class RemoteShards:
    """Shards in an object store, read whole and checked against their sha256 at each use but a repeated one."""

    # Only the last one is kept: a long user of a shard copies what it needs, and all of them may be more than
    # the memory of a machine.

    def __init__(self, uri: str, entries: list[FileEntry], tally: TermTally) -> None:
        self._uri = self.place = uri
        self._entries, self._tally = entries, tally
        self._place: Storage | None = None
        self._last: tuple[int, pa.RecordBatch] | None = None

    def __len__(self) -> int:
        return len(self._entries)

    def __reduce__(self) -> tuple[type[RemoteShards], tuple[str, list[FileEntry], TermTally]]:
        return RemoteShards, (self._uri, self._entries, self._tally)

    def batch(self, index: int) -> pa.RecordBatch:
        """Columns `id`, `tokens` and metadata of one shard.

        Raises:
            DataError: the file is missing, damaged or cannot be read from here.
        """
        last = self._last  # one look: another thread may put its own there
        if last is not None and last[0] == index:
            return last[1]
        if self._place is None:
            self._place = storage(self._uri)
        entry = self._entries[index]
        name = f"{self._uri}/{entry.file}"
        batch = checked_shard(name, _read(self._place, entry), entry, index, self._tally)
        self._last = (index, batch)
        return batch

    def tokens(self) -> list[int]:
        """Tokens of each shard, from the manifest."""
        return [entry.tokens for entry in self._entries]

    def ids(self, index: int) -> pa.Array[Any]:
        """(n,) names of the documents of one shard, which is read whole.

        Raises:
            DataError: as `batch`, or the names are damaged.
        """
        if self._place is None:
            self._place = storage(self._uri)
        entry = self._entries[index]
        return ids_alone(f"{self._uri}/{entry.file}", _read(self._place, entry))


def _read(place: Storage, entry: FileEntry) -> pa.Buffer:
    name = f"{place.root}/{entry.file}"
    try:
        return pa.py_buffer(place.read(entry.file))
    except FileNotFoundError:
        raise damaged(name, "the file is missing") from None
    except OSError as error:
        reason = " ".join(str(error).split())
        lost = isinstance(error, NetworkError)
        remedy = "try again later" if lost else "check that this machine may read it"
        raise DataError(f"{name} cannot be read ({reason}); {remedy}") from None
