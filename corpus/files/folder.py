"""A corpus on disk: Arrow files and a manifest, written whole or not at all, read by mapping."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
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
from lda.corpus.readers.bad_records import SKIPPED_FILE
from lda.corpus.shard import batch_digest, content_hash
from lda.corpus.storage.atomic_write import replaced_folder
from lda.corpus.storage.contained_path import path_inside
from lda.corpus.storage.places import LocalStorage, Storage, beside, is_uri, storage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lda.corpus.files.arrow_checks import TermTally
    from lda.corpus.summary import Summary

VOCABULARY_FILE: Final = "vocabulary.arrow"


def write_folder(
    path: str | Path,
    batches: Iterable[pa.RecordBatch],
    vocabulary: pa.Table,
    summary: Summary,
    *,
    overwrite: bool,
    skipped: bytes | None = None,
) -> None:
    """Write a corpus to a folder or URI; batches are taken one at a time and not kept.

    skipped: content of `skipped.jsonl`, if records were skipped.

    Raises:
        DataError: it exists and `overwrite` is false, or it holds something else than a corpus.
    """
    if is_uri(path):
        from lda.corpus.files.object_store import write_remote

        write_remote(str(path), batches, vocabulary, summary, overwrite=overwrite, skipped=skipped)
        return
    target = Path(path)
    # The files are not flushed, unlike a model's: what a crash of the system left half-written is noticed by sizes and
    # checksums, and can be built again; waiting for the disk would make up a good part of a large build.
    with replaced_folder(target, lambda: check_target(target, overwrite=overwrite)) as folder:
        entry = _write_file(folder / VOCABULARY_FILE, one_batch(vocabulary))
        entries: list[FileEntry] = []
        digests: list[bytes] = []
        for index, batch in enumerate(batches):
            entries.append(_write_file(folder / shard_name(index), batch))
            digests.append(batch_digest(batch))
        known = content_hash(vocabulary.column("term").combine_chunks(), digests)
        if skipped is not None:
            (folder / SKIPPED_FILE).write_bytes(skipped)
        manifest = Manifest(summary, known, entry, entries, tuple(digest.hex() for digest in digests))
        (folder / MANIFEST).write_bytes(manifest_bytes(manifest))


@contextmanager
def new_corpus(
    path: str | Path, *, overwrite: bool, temporary: Path | None = None
) -> Iterator[tuple[Storage, str]]:
    """Where the files of a corpus are to be written, for hands that write shards each by itself.

    Yields a place and a folder in it, "" for none; by the end of the block `write_description` must have been called.
    Then the corpus stands at `path`; where the block fails, nothing is left.

    temporary: of a folder, which one is filled before it takes its place; None for a new one.

    Raises:
        DataError: as `check_place`.
    """
    if is_uri(path):
        from lda.corpus.files.object_store import new_remote

        with new_remote(str(path), overwrite=overwrite) as folder:
            yield storage(path), folder
        return
    target = Path(path)
    with replaced_folder(
        target, lambda: check_target(target, overwrite=overwrite), temporary=temporary
    ) as made:
        yield LocalStorage(made.absolute()), ""


def write_file(place: Storage, name: str, data: pa.Buffer) -> None:
    """Write a file of a new corpus. It is not flushed in a folder, see `write_folder`."""
    if isinstance(place, LocalStorage):
        Path(place.address, name).write_bytes(data)
    else:
        place.write(name, memoryview(data))


def write_description(
    place: Storage,
    folder: str,
    vocabulary: pa.Table,
    summary: Summary,
    entries: list[FileEntry],
    digests: list[bytes],
    skipped: bytes | None = None,
) -> None:
    """Write vocabulary and manifest of a corpus whose shards are there.

    digests: `batch_digest` of each shard. skipped: content of `skipped.jsonl`, if records were skipped.
    """
    if skipped is not None:
        write_file(place, f"{folder}{'/' if folder else ''}{SKIPPED_FILE}", pa.py_buffer(skipped))
    entry, data = serialize(f"{folder}{'/' if folder else ''}{VOCABULARY_FILE}", one_batch(vocabulary))
    write_file(place, entry.file, data)
    known = content_hash(vocabulary.column("term").combine_chunks(), digests)
    manifest = Manifest(summary, known, entry, entries, tuple(digest.hex() for digest in digests))
    write_file(place, MANIFEST, pa.py_buffer(manifest_bytes(manifest)))


def shard_name(index: int, folder: str = "") -> str:
    """Name of the file of a shard; folder: in which it lies, "" for the corpus itself."""
    return f"{folder}{'/' if folder else ''}shard-{index:05d}.arrow"


def check_place(path: str | Path, *, overwrite: bool) -> str | Path:
    """As `check_target`, of a folder or a URI."""
    if is_uri(path):
        from lda.corpus.files.object_store import check_remote_corpus

        check_remote_corpus(str(path), overwrite=overwrite)
        return path
    return check_target(path, overwrite=overwrite)


def check_target(path: str | Path, *, overwrite: bool) -> Path:
    """The folder to be written, or the reason why it must not be; asked before hours of work are spent.

    Raises:
        DataError: the folder exists and `overwrite` is false, or it holds something else than a corpus.
    """
    target = Path(path)
    if not target.exists():
        if not target.parent.is_dir():
            raise DataError(
                f"cannot write {target}: the folder {target.parent} does not exist; create it first"
            )
        return target
    if not overwrite:
        raise DataError(f"{target} exists; choose another name or allow overwriting (--overwrite)")
    if not target.is_dir() or (any(target.iterdir()) and not is_corpus_folder(target)):
        raise DataError(f"{target} is not a corpus, so it is not overwritten; choose another name")
    return target


def _write_file(path: Path, batch: pa.RecordBatch) -> FileEntry:
    entry, data = serialize(path.name, batch)
    path.write_bytes(data)
    return entry


def open_folder(path: str | Path, at: str | None = None) -> OpenedCorpus:
    """Open a corpus at a path or URI: manifest and vocabulary are read, shards mapped or read when they are used.

    at: the content hash of the corpus as it was before documents were appended; None for as it is.

    Raises:
        DataError: there is no corpus, or it never had that hash; a file is missing or has another length, or the
            vocabulary is damaged.
    """
    if is_uri(path):
        from lda.corpus.files.object_store import open_remote

        return open_remote(str(path), at)
    folder = Path(path)
    if not folder.is_dir():
        raise DataError(f"{folder} is not a corpus: there is no such folder; check the name")
    manifest = manifest_at(folder, at)
    for entry in (manifest.vocabulary, *manifest.shards):
        _check_size(folder, entry)
    file = manifest.vocabulary.file
    vocabulary = checked_vocabulary(folder / file, _mapped(folder, manifest.vocabulary), manifest)
    first = np.cumsum([0, *(entry.documents for entry in manifest.shards)], dtype=np.int64)[:-1]
    shards = FolderShards(folder, manifest.shards, tally_of(manifest, vocabulary))
    return OpenedCorpus(shards, vocabulary, manifest.summary, first, manifest.content_hash, manifest.earlier)


class FolderShards:
    """Shards in files, mapped when they are used and checked against their sha256 at first use."""

    # Only the last one stays mapped: a caller that uses a shard for long copies what it needs, and pages of all of
    # them would count as this process's memory.

    def __init__(self, folder: Path, entries: list[FileEntry], tally: TermTally) -> None:
        self._folder = self.place = folder.resolve()
        self._entries, self._tally = entries, tally
        self._checked: set[int] = set()
        self._last: tuple[int, pa.RecordBatch] | None = None

    def __len__(self) -> int:
        return len(self._entries)

    def __reduce__(self) -> tuple[type[FolderShards], tuple[Path, list[FileEntry], TermTally]]:
        return FolderShards, (self._folder, self._entries, self._tally)

    def batch(self, index: int) -> pa.RecordBatch:
        """Columns `id`, `tokens` and metadata of one shard.

        Raises:
            DataError: the file is missing or damaged.
        """
        last = self._last  # one look: another thread may put its own there
        if last is not None and last[0] == index:
            return last[1]
        entry, checked = self._entries[index], index in self._checked
        data = _mapped(self._folder, entry)
        batch = checked_shard(self._folder / entry.file, data, entry, index, self._tally, checked=checked)
        self._checked.add(index)
        self._last = (index, batch)
        return batch

    def tokens(self) -> list[int]:
        """Tokens of each shard, from the manifest."""
        return [entry.tokens for entry in self._entries]

    def ids(self, index: int) -> pa.Array[Any]:
        """(n,) names of the documents of one shard: only they are looked at, so the sha256 of the file is not.

        Raises:
            DataError: the file is missing, or the names in it are damaged.
        """
        entry = self._entries[index]
        return ids_alone(self._folder / entry.file, _mapped(self._folder, entry))


def skipped_file(path: str | Path) -> str:
    """Where a corpus at a path or URI lists the records that were skipped, if there were any."""
    folder = read_manifest(path).vocabulary.file.rpartition("/")[0]
    name = f"{folder}/{SKIPPED_FILE}" if folder else SKIPPED_FILE
    return beside(str(path), f"/{name}") if is_uri(path) else str(Path(path, name))


def _check_size(folder: Path, entry: FileEntry) -> Path:
    name = folder / entry.file
    try:
        path = path_inside(folder, entry.file)
        size = path.stat().st_size
    except FileNotFoundError:
        raise damaged(name, "the file is missing") from None
    except OSError as error:
        raise damaged(name, error.strerror or str(error)) from None
    if size != entry.bytes:
        raise damaged(name, f"it has {size} bytes instead of {entry.bytes}")
    return path


def _mapped(folder: Path, entry: FileEntry) -> pa.Buffer:
    # Closing gives the file descriptor back at once; the mapping lives as long as an array looks at it.
    with pa.memory_map(str(_check_size(folder, entry))) as source:
        return source.read_buffer()
