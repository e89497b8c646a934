"""One corpus as several: which document goes into which part, and the parts as corpora of their own."""

from __future__ import annotations

import math
import os
from collections import Counter
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from lda.corpus.arrow import array, string_list
from lda.corpus.assembly.cutting import cut
from lda.corpus.assembly.shard_bounds import shard_bounds
from lda.corpus.assembly.spill import SortedSpill, spill_folder
from lda.corpus.batches import count_terms
from lda.corpus.corpus import Corpus
from lda.corpus.document_hashes import text_hashes
from lda.corpus.errors import DataError
from lda.corpus.files.folder import check_place, write_folder
from lda.corpus.presentable import without_keys
from lda.corpus.shard import batch_arrays, make_batch, table_metadata
from lda.corpus.storage.places import is_uri
from lda.corpus.summary import Summary, stop_word_share, vocabulary_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt

    Integers = npt.NDArray[np.int64]

LEFT_OUT: Final = -1
"""The part of a document that goes into none."""

NEARLY: Final = 1e-9
"""How far shares may add up to another number than 1: 0.7, 0.2 and 0.1 do not quite, as floats."""


def part_by_hash(keys: Sequence[str], shares: Sequence[float], *, seed: int = 0) -> Integers:
    """Which part each document belongs to, by a hash of its key alone.

    A document stays in its part whatever others come or go, in whatever order they stand: a split of today and one of
    a larger corpus tomorrow agree about all documents that both have. The price: the parts have the sizes asked for
    only about; of n documents, sqrt(n p (1 - p)) more or fewer than the share p of them.

    Args:
        keys: (D,) names of the documents, or whatever is to stay together; equal keys get the same part.
        shares: (P,) positive, 1 together.
        seed: another one makes an independent split.

    Returns:
        (D,) int64 of 0 ... P - 1.

    Raises:
        ValueError: the shares are none.
    """
    return part_by_number(key_hashes(keys, seed=seed), shares)


def part_by_number(numbers: npt.NDArray[np.uint64], shares: Sequence[float]) -> Integers:
    """(D,) int64 of 0 ... P - 1: as `part_by_hash`, of documents whose hashes are known.

    Args:
        numbers: (D,) evenly spread over all numbers of 64 bits.
        shares: (P,) positive, 1 together.

    Raises:
        ValueError: the shares are none.
    """
    values = check_shares(shares)
    # The upper 53 bits are exact as a float, so the cut is the same on any machine.
    places = (numbers >> np.uint64(11)).astype(np.float64) * 2.0**-53
    cuts = [math.fsum(values[: part + 1]) for part in range(len(values) - 1)]
    return np.searchsorted(np.array(cuts, dtype=np.float64), places, side="right").astype(np.int64)


def check_shares(shares: Sequence[float]) -> list[float]:
    """The shares as floats.

    Raises:
        ValueError: there are none, one is not above 0, or they do not add up to 1.
    """
    values = [float(share) for share in shares]
    if not values or not all(0 < share <= 1 for share in values):
        raise ValueError(
            f"shares must be numbers above 0 and up to 1, such as 0.8,0.1,0.1, got {_list(values)}"
        )
    total = math.fsum(values)
    if abs(total - 1) > NEARLY:
        raise ValueError(f"shares must add up to 1, got {_list(values)}, which make {total:.6g}")
    return values


def _list(values: Sequence[float]) -> str:
    return ",".join(f"{value:g}" for value in values) or "none"


def key_hashes(keys: Iterable[str], *, seed: int = 0) -> npt.NDArray[np.uint64]:
    """(D,) uint64, `text_hashes` of the keys, the seed making one set of hashes of many.

    Raises:
        ValueError: the seed is negative, or has more than 64 bits.
    """
    if not 0 <= seed < 2**64:
        raise ValueError(f"seed must lie in 0 ... 2**64 - 1, got {seed}")
    return text_hashes(keys, seed.to_bytes(8, "little"))


def partition_corpus(
    corpus: Corpus,
    parts: Integers,
    folders: Sequence[str | Path],
    *,
    drop_unused_terms: bool = False,
    overwrite: bool = False,
) -> list[Corpus]:
    """Write each part of a corpus into a folder of its own, and open them.

    A shard is read once, or not at all if none of its documents goes anywhere. Meanwhile documents wait, sorted by
    part, in files beside the first folder (of a small corpus in memory): what is held does not grow with the number of
    parts, nor with the corpus. Documents keep their order, fields and recipe; a part is cut into shards as if its
    documents had been built alone, so its content hash does not tell how the whole one was cut.

    Args:
        corpus: in memory, in a folder or at a URI.
        parts: (D,) int64 of 0 ... P - 1, or -1 for a document that goes into none.
        folders: (P,) where the parts go, folders or URIs; folders above them must exist.
        drop_unused_terms: leave out the terms that a part has no token of; the others keep their order. Otherwise
            all parts have one vocabulary, with their own frequencies, so that what one is fitted to scores another.
        overwrite: replace corpora that stand there.

    Returns:
        The P parts. How many documents were without text is known of the whole only: `n_without_text` of a part is 0
        where only some of the empty documents were.

    Raises:
        DataError: a part has no documents, a folder exists or stands twice, or the corpus is damaged. Nothing is
            written before all parts can be; one whose documents are all empty is written.
        ValueError: `parts` does not fit the corpus and the folders.
    """
    parts = _checked(corpus, np.asarray(parts), folders)
    targets = [check_place(folder, overwrite=overwrite) for folder in folders]
    if not targets:
        return []
    with spill_folder(targets[0]) as folder:
        spill = SortedSpill(folder, len(targets))
        bounds = corpus.shard_bounds
        for index in range(corpus.n_shards):
            going = parts[bounds[index] : bounds[index + 1]]
            if (going != LEFT_OUT).any():
                spill.append(corpus.batch(index), going)
        spill.close()
        for part, target in enumerate(targets):
            _write(corpus, spill, part, target, drop_unused_terms=drop_unused_terms, overwrite=overwrite)
    return [Corpus.open(target) for target in targets]


def _checked(corpus: Corpus, parts: npt.NDArray[np.int64], folders: Sequence[str | Path]) -> Integers:
    if parts.shape != (corpus.n_documents,) or not np.issubdtype(parts.dtype, np.integer):
        raise ValueError(
            f"parts must be {corpus.n_documents} integers, one for each document, "
            f"got {parts.dtype} of shape {parts.shape}"
        )
    if len(parts) and not LEFT_OUT <= parts.min() <= parts.max() < len(folders):
        raise ValueError(
            f"parts must lie in -1 ... {len(folders) - 1}, for there are {len(folders)} folders, "
            f"got {parts.min()} ... {parts.max()}"
        )
    names = [without_keys(str(folder)) for folder in folders]
    places = Counter(str(folder) if is_uri(folder) else os.path.realpath(folder) for folder in folders)
    for place, times in places.most_common(1):
        if times > 1:
            raise DataError(
                f"two parts cannot go into one folder, got {without_keys(place)} twice; name another"
            )
    sizes = np.bincount(parts[parts >= 0], minlength=len(folders))
    if len(sizes) and not sizes.all():
        raise DataError(
            f"a part must have at least one document, and {names[int(sizes.argmin())]} would have none; "
            "leave it out or divide differently"
        )
    return parts.astype(np.int64, copy=False)


def _write(
    corpus: Corpus,
    spill: SortedSpill,
    part: int,
    target: str | Path,
    *,
    drop_unused_terms: bool,
    overwrite: bool,
) -> None:
    lengths: list[Integers] = []
    frequencies = np.zeros((2, corpus.n_terms), dtype=np.int64)
    for batch in spill.of(part):
        offsets, words = batch_arrays(batch)
        lengths.append(np.diff(offsets))
        frequencies += np.stack(count_terms(offsets, words, corpus.n_terms))
    kept = np.flatnonzero(frequencies[0]) if drop_unused_terms else np.arange(corpus.n_terms)
    names = corpus.vocabulary_table.column("term").take(array(kept)).combine_chunks()
    vocabulary = vocabulary_table(names, frequencies[0, kept], frequencies[1, kept])
    lookup = np.zeros(corpus.n_terms, dtype=np.int32)
    lookup[kept] = np.arange(len(kept), dtype=np.int32)

    def renumbered() -> Iterator[pa.RecordBatch]:
        for batch in spill.of(part):
            if len(kept) == corpus.n_terms:
                yield batch
            else:
                offsets, words = batch_arrays(batch)
                metadata = table_metadata(pa.Table.from_batches([batch]))
                yield make_batch(batch.column("id"), offsets, lookup[words], metadata)

    all_lengths = np.concatenate(lengths)
    whole = corpus.n_without_text == corpus.n_empty_documents
    n_without_text = int((all_lengths == 0).sum()) if whole else 0
    summary = part_summary(corpus, vocabulary, all_lengths, n_without_text=n_without_text)
    shards = cut(renumbered(), shard_bounds(all_lengths))
    write_folder(target, shards, vocabulary, summary, overwrite=overwrite)


def part_summary(corpus: Corpus, vocabulary: pa.Table, lengths: Integers, *, n_without_text: int) -> Summary:
    """The totals of some documents of a corpus.

    Args:
        corpus: the whole one.
        vocabulary: of the part, with its own frequencies.
        lengths: (D,) tokens of its documents.
        n_without_text: how many of them are without text; 0 where nobody knows.
    """
    counts = vocabulary.column("term_frequency").to_numpy()
    share = None
    if corpus.stop_word_share is not None:
        share = stop_word_share(string_list(vocabulary.column("term")), counts)
    return Summary(
        n_documents=len(lengths),
        n_terms=vocabulary.num_rows,
        n_tokens=int(lengths.sum()),
        n_empty_documents=int((lengths == 0).sum()),
        n_without_text=n_without_text,
        ordered=corpus.ordered,
        recipe=corpus.recipe,
        stop_word_share=share,
        too_frequent=corpus.too_frequent,
    )
