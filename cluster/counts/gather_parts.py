"""Counts that aggregators have written: parts put together, and fetched where they are not seen from here."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lda.cluster.counts.fingerprint import combine
from lda.cluster.counts.part_files import agrees
from lda.cluster.counts.top_words import merge_tops
from lda.cluster.counts.word_range import WrittenPart
from lda.cluster.spec.part_file import PartFile
from lda.cluster.spec.results import StoredCounts
from lda.corpus.storage.places import Storage, is_uri, storage


def gathered(parts: Sequence[WrittenPart], n_terms: int, n_topics: int, n_top: int) -> StoredCounts:
    """What the parts, in the order of their words, add up to."""
    return StoredCounts(
        counts=tuple(part.files["counts"] for part in parts),
        soft_counts=tuple(part.files["soft_counts"] for part in parts if "soft_counts" in part.files),
        n_terms=n_terms,
        fingerprint=combine(n_terms, n_topics, (part.digests for part in parts)),
        tops=merge_tops([part.tops for part in parts], n_top),
    )


def fetch_unseen(
    place: str, part: WrittenPart, owner: str, fetch: Callable[[str], bytes], warn: Callable[[str], None]
) -> None:
    """See that the files of a part are there as they were written, and write here what is not.

    owner: the writer and its host, in words. fetch: gives the content of one of `part.files`. warn: receives a line
    when a file has to be fetched. Raises OSError when it cannot be written here either.
    """
    where = storage(place)
    for kind, file in part.files.items():
        reason = part.problem or _unseen(where, file, remote=is_uri(place))
        if reason is None:
            continue
        warn(
            f"{file.file}, which {owner} was to write to {where.root}, is not there ({reason}), so it comes through "
            "this process, which takes time and memory: name a place that all nodes reach"
        )
        where.write(file.file, fetch(kind))
        if not agrees(where, file.file, file.sha256):
            raise OSError(
                f"{file.file} in {where.root} reads back otherwise than it was written; try another place"
            )


def _unseen(where: Storage, file: PartFile, *, remote: bool) -> str | None:
    """Why a file cannot be seen from here as it was written, or None.

    In an object store the owner has read it back already: here only its size is asked for, so that the counts
    need not come this way.
    """
    size = where.size(file.file)
    if size is None:
        return "no such file here"
    if size != file.bytes:
        return f"it has {size} bytes here, {file.bytes} there"
    if not remote and not agrees(where, file.file, file.sha256):
        return "its sha256 is another here"
    return None
