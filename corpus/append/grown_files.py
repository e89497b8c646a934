"""The files of a corpus that documents have joined.

What stands there stays as it is, byte for byte: new shards and a new vocabulary get names that nothing had before, and
the manifest, replaced in one step, makes them part of the corpus. So a process that is killed leaves the old corpus or
the new one, and files that no manifest names, which the next append removes.
"""

from __future__ import annotations

import dataclasses
import re
import secrets
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lda.corpus.arrow import string_list
from lda.corpus.assembly.cutting import cut
from lda.corpus.assembly.shard_bounds import appended_count, shard_bounds
from lda.corpus.corpus import Corpus
from lda.corpus.errors import DataError
from lda.corpus.files.arrow_file import one_batch, serialize, tally_of
from lda.corpus.files.folder import FolderShards
from lda.corpus.files.manifest import MANIFEST, FileEntry, Manifest, earlier_corpus, manifest_bytes
from lda.corpus.files.object_store import RemoteShards
from lda.corpus.shard import batch_digest, content_hash
from lda.corpus.storage.places import Storage, is_uri
from lda.corpus.summary import stop_word_share, vocabulary_table

if TYPE_CHECKING:
    from lda.corpus.append.newcomers import ChosenTerms, Newcomers
    from lda.corpus.shard import Shards

_OURS: Final = re.compile(
    r"(shard-\d{5,}|vocabulary)-[0-9a-f]{16}\.arrow"
    r"|\.((shard-\d{5,}|vocabulary)-[0-9a-f]{16}\.arrow|manifest\.json)\.[0-9a-f]{8}\.partial"
)
"""Files that an append makes; those that no manifest names are left of one that was killed."""


def write_grown(
    target: Storage,
    manifest: Manifest,
    before: Corpus,
    newcomers: Newcomers,
    chosen: ChosenTerms,
    read_at_first: bytes,
) -> tuple[Corpus, npt.NDArray[np.int64], list[str]]:
    """Write shards, vocabulary and, last, the manifest; the corpus, the tokens of each new document, and new terms."""
    lengths = newcomers.lengths(chosen.lookup)
    mean = before.n_tokens / before.n_shards
    bounds = shard_bounds(lengths, appended_count(len(lengths), int(lengths.sum()), mean))
    names = pa.chunked_array(
        [*before.vocabulary_table.column("term").chunks, chosen.terms], type=pa.large_string()
    )
    n_old = before.n_terms
    frequencies = chosen.frequencies.copy()
    frequencies[0, :n_old] += before.term_frequencies
    frequencies[1, :n_old] += before.document_frequencies
    terms = names.combine_chunks()
    vocabulary = vocabulary_table(terms, frequencies[0], frequencies[1])
    digests = list(manifest.digests) or [batch_digest(batch).hex() for batch in before.batches()]
    folder = manifest.vocabulary.file.rpartition("/")[0]
    inside, token = f"{folder}/" if folder else "", secrets.token_hex(8)
    written: list[str] = []
    entries: list[FileEntry] = []

    def write(name: str, batch: pa.RecordBatch) -> FileEntry:
        entry, data = serialize(f"{inside}{name}-{token}.arrow", batch)
        written.append(entry.file)
        target.write(entry.file, memoryview(data))
        return entry

    try:
        for number, batch in enumerate(cut(newcomers.documents(chosen.lookup), bounds), len(manifest.shards)):
            entries.append(write(f"shard-{number:05d}", batch))
            digests.append(batch_digest(batch).hex())
        summary = dataclasses.replace(
            manifest.summary,
            n_documents=before.n_documents + len(lengths),
            n_terms=len(terms),
            n_tokens=before.n_tokens + int(lengths.sum()),
            n_empty_documents=before.n_empty_documents + int((lengths == 0).sum()),
            n_without_text=before.n_without_text + min(newcomers.n_without_text, int((lengths == 0).sum())),
            stop_word_share=None
            if manifest.summary.stop_word_share is None
            else stop_word_share(string_list(terms), frequencies[0]),
        )
        now = datetime.now(UTC).isoformat(timespec="seconds")
        grown = Manifest(
            summary,
            content_hash(terms, map(bytes.fromhex, digests)),
            write("vocabulary", one_batch(vocabulary)),
            [*manifest.shards, *entries],
            tuple(digests),
            (*manifest.earlier, earlier_corpus(manifest, now)),
        )
        if target.read(MANIFEST) != read_at_first:
            raise DataError(
                f"{target.root} was changed by another process while documents were appended; nothing was appended, "
                "repeat the command"
            )
    except BaseException:
        for name in written:
            with suppress(OSError):
                target.delete(name)
        raise
    target.write(MANIFEST, manifest_bytes(grown))
    # Not opened anew: all that is checked then was before, or has just been written.
    first = np.append(before.shard_bounds[:-1], before.n_documents + bounds[:-1])
    tally = tally_of(grown, vocabulary)
    shards: Shards = (
        RemoteShards(target.address, grown.shards, tally)
        if is_uri(target.address)
        else FolderShards(Path(target.address), grown.shards, tally)
    )
    corpus = Corpus(shards, vocabulary, summary, first, grown.content_hash, grown.earlier)
    return corpus, lengths, string_list(terms.slice(n_old))


def remove_leftovers(target: Storage, manifest: Manifest) -> None:
    """Remove what an append that was killed has left."""
    folder = manifest.vocabulary.file.rpartition("/")[0]
    named = {
        entry.file
        for entry in (manifest.vocabulary, *manifest.shards, *(then.vocabulary for then in manifest.earlier))
    }
    for place in {"", folder}:
        for name in target.files(place):
            whole = f"{place}/{name}" if place else name
            if _OURS.fullmatch(name) and whole not in named:
                with suppress(OSError):
                    target.delete(whole)
