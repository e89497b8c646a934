"""A corpus on disk: Arrow files and a manifest, written whole or not at all, read by mapping."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from lda.corpus.errors import DataError
from lda.corpus.files.arrow_file import (
    checked_shard,
    checked_vocabulary,
    damaged,
    one_batch,
    serialize,
    tally_of,
)
from lda.corpus.files.manifest import (
    MANIFEST,
    FileEntry,
    Manifest,
    is_corpus_folder,
    manifest_bytes,
    read_manifest,
)
from lda.corpus.files.opened import OpenedCorpus
from lda.corpus.shard import batch_digest, content_hash
from lda.corpus.storage.atomic_write import replaced_folder
from lda.corpus.storage.contained_path import path_inside
from lda.corpus.storage.places import is_uri

if TYPE_CHECKING:
    from collections.abc import Iterable

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
) -> None:
    """Write a corpus to a folder or URI; batches are taken one at a time and not kept.

    Raises:
        DataError: it exists and `overwrite` is false, or it holds something else than a corpus.
    """
    if is_uri(path):
        from lda.corpus.files.object_store import write_remote

        write_remote(str(path), batches, vocabulary, summary, overwrite=overwrite)
        return
    target = Path(path)
    # The files are not flushed, unlike a model's: what a crash of the system left half-written is noticed by sizes and
    # checksums, and can be built again; waiting for the disk would make up a good part of a large build.
    with replaced_folder(target, lambda: check_target(target, overwrite=overwrite)) as folder:
        entry = _write_file(folder / VOCABULARY_FILE, one_batch(vocabulary))
        entries: list[FileEntry] = []
        digests: list[bytes] = []
        for index, batch in enumerate(batches):
            entries.append(_write_file(folder / f"shard-{index:05d}.arrow", batch))
            digests.append(batch_digest(batch))
        known = content_hash(vocabulary.column("term").combine_chunks(), digests)
        (folder / MANIFEST).write_bytes(manifest_bytes(Manifest(summary, known, entry, entries)))


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


def open_folder(path: str | Path) -> OpenedCorpus:
    """Open a corpus at a path or URI: manifest and vocabulary are read, shards mapped or read when they are used.

    Raises:
        DataError: there is no corpus, a file is missing or has another length, or the vocabulary is damaged.
    """
    if is_uri(path):
        from lda.corpus.files.object_store import open_remote

        return open_remote(str(path))
    folder = Path(path)
    if not folder.is_dir():
        raise DataError(f"{folder} is not a corpus: there is no such folder; check the name")
    manifest = read_manifest(folder)
    for entry in (manifest.vocabulary, *manifest.shards):
        _check_size(folder, entry)
    file = manifest.vocabulary.file
    vocabulary = checked_vocabulary(folder / file, _mapped(folder, manifest.vocabulary), manifest)
    first = np.cumsum([0, *(entry.documents for entry in manifest.shards)], dtype=np.int64)[:-1]
    shards = FolderShards(folder, manifest.shards, tally_of(manifest, vocabulary))
    return OpenedCorpus(shards, vocabulary, manifest.summary, first, manifest.content_hash)


class FolderShards:
    """Shards in files, mapped when they are used and checked against their sha256 at first use."""

    # Only the last one stays mapped: a caller that uses a shard for long copies what it needs, and pages of all of
    # them would count as this process's memory.

    def __init__(self, folder: Path, entries: list[FileEntry], tally: TermTally) -> None:
        self._folder = folder.resolve()
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
