"""Some documents of a corpus, or some of its terms, as a corpus of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from lda.corpus.arrow import array, string_list
from lda.corpus.assembly.assembler import Assembled
from lda.corpus.assembly.cutting import cut, joined
from lda.corpus.assembly.shard_bounds import shard_bounds
from lda.corpus.batches import count_terms, drop_negative
from lda.corpus.corpus import Corpus
from lda.corpus.documents.steps import DocumentSteps, StepTally
from lda.corpus.documents.where import Where
from lda.corpus.errors import DataError
from lda.corpus.files.folder import check_place, write_folder
from lda.corpus.finished.partition import key_hashes, part_summary
from lda.corpus.presentable import printable
from lda.corpus.shard import batch_arrays, make_batch, table_metadata
from lda.corpus.summary import vocabulary_table

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    import numpy.typing as npt

    Booleans = npt.NDArray[np.bool_]
    Integers = npt.NDArray[np.int64]


def sample_documents(corpus: Corpus, size: float, *, seed: int = 0) -> Booleans:
    """Which documents a sample has, by a hash of their ids.

    A document is in the sample or not whatever others the corpus has (of a share), and a larger sample of the same seed
    has all documents of a smaller one. A share gives about as many documents: of n, sqrt(n p (1 - p)) more or fewer.

    Args:
        corpus: to draw from.
        size: how many documents (int), or which share of them (float, above 0 and up to 1).
        seed: another one makes an independent sample.

    Returns:
        (D,) whether each document is in it.

    Raises:
        DataError: the corpus has fewer documents, or the share has none of them.
        ValueError: the size cannot be right.
    """
    if isinstance(size, bool) or not isinstance(size, int | float):
        raise ValueError(f"the size of a sample must be a number of documents or a share, got {size!r:.40}")
    share = isinstance(size, float)
    if not (0 < size <= 1 if share else size >= 1):
        wanted = "a share above 0 and up to 1" if share else "at least 1 document"
        raise ValueError(f"the size of a sample must be {wanted}, got {size}")
    if not share and size > corpus.n_documents:
        raise DataError(
            f"a sample cannot have more documents than the corpus, which has {corpus.n_documents:,}; got {size:,}"
        )
    hashes = np.concatenate(
        [key_hashes(string_list(batch.column("id")), seed=seed) for batch in corpus.batches()]
    )
    chosen = np.zeros(corpus.n_documents, dtype=np.bool_)
    if share:
        # The upper 53 bits are exact as a float, so the cut is the same on any machine.
        chosen |= (hashes >> np.uint64(11)).astype(np.float64) * 2.0**-53 < size
        if not chosen.any():
            raise DataError(
                f"a sample of {size:g} of {corpus.n_documents:,} documents came out empty; take a larger share, a "
                "number of documents, or another seed"
            )
    else:
        chosen[np.argsort(hashes, kind="stable")[: int(size)]] = True
    return chosen


def documents_of_ids(corpus: Corpus, ids: Iterable[str]) -> tuple[Booleans, list[str]]:
    """Which documents have one of these ids.

    Returns:
        (D,) whether each document has; and the ids that no document has, in their order.
    """
    wanted = dict.fromkeys(ids)
    found = set[str]()
    chosen: list[Booleans] = []
    for batch in corpus.batches():
        names = string_list(batch.column("id"))
        chosen.append(np.fromiter((name in wanted for name in names), dtype=np.bool_, count=len(names)))
        found.update(name for name in names if name in wanted)
    return np.concatenate(chosen), [name for name in wanted if name not in found]


def documents_where(corpus: Corpus, condition: str) -> Booleans:
    """Which documents fulfil a condition on their fields, as `where` of a build has it: "year >= 2000 and party = 'x'".

    Returns:
        (D,) whether each document does.

    Raises:
        DataError: there is no such field, or it holds what cannot be compared with the value beside it.
        ValueError: the condition cannot be understood.
    """
    where = Where(condition)
    mask, tally = _tested(corpus, DocumentSteps(where=condition))
    where.check_fields(tally.fields)
    return mask


def select_corpus(
    corpus: Corpus,
    folder: str | Path,
    *,
    documents: Booleans | None = None,
    terms: Collection[str] | None = None,
    without_terms: Collection[str] = (),
    drop_unused_terms: bool = False,
    overwrite: bool = False,
) -> Corpus:
    """Write some documents of a corpus, or some of its terms, into a folder, and open it.

    The shards are read twice and never held: memory is that of the vocabulary and of a few bytes a document. Documents
    and terms keep their order, fields and recipe; a document whose terms are all left out stays, and is empty. The
    shards are cut as if these documents had been built alone.

    Args:
        corpus: in memory, in a folder or at a URI.
        folder: to make, or a URI.
        documents: (D,) whether each document stays; None for all.
        terms: those that stay; None for all.
        without_terms: those that go.
        drop_unused_terms: leave out terms without a token, too. Otherwise the vocabulary is the same whichever
            documents stay, so that a model of one part scores another.
        overwrite: replace a corpus that stands there.

    Raises:
        DataError: no document, term or token is left, a name is no term of the corpus, the folder exists, or the corpus
            is damaged.
        ValueError: `documents` does not fit the corpus.
    """
    target = check_place(folder, overwrite=overwrite)
    part = selected(
        corpus,
        documents=documents,
        terms=terms,
        without_terms=without_terms,
        drop_unused_terms=drop_unused_terms,
    )
    write_folder(target, part.shards, part.vocabulary, part.summary, overwrite=overwrite)
    return Corpus.open(target)


def selected(
    corpus: Corpus,
    *,
    documents: Booleans | None = None,
    terms: Collection[str] | None = None,
    without_terms: Collection[str] = (),
    drop_unused_terms: bool = False,
) -> Assembled:
    """What `select_corpus` writes; arguments and errors are its own."""
    chosen = _chosen(corpus, documents)
    stays = _staying(corpus, terms, without_terms)
    frequencies = np.zeros((2, corpus.n_terms), dtype=np.int64)
    lengths: list[Integers] = []
    for whole_offsets, whole_words in map(batch_arrays, _selected(corpus, chosen, None)):
        marked = np.where(stays[whole_words], whole_words, -1).astype(np.int32)
        offsets, words = drop_negative(whole_offsets, marked)
        lengths.append(np.diff(offsets))
        frequencies += np.stack(count_terms(offsets, words, corpus.n_terms))
    all_lengths = np.concatenate(lengths)
    if not all_lengths.any():
        raise DataError("no token is left by this selection; choose other documents or terms")
    kept = np.flatnonzero(stays & (frequencies[0] > 0 if drop_unused_terms else True))
    lookup = np.full(corpus.n_terms, -1, dtype=np.int32)
    lookup[kept] = np.arange(len(kept), dtype=np.int32)
    names = corpus.vocabulary_table.column("term").take(array(kept)).combine_chunks()
    vocabulary = vocabulary_table(names, frequencies[0, kept], frequencies[1, kept])
    bounds = shard_bounds(all_lengths)
    shards = cut(_selected(corpus, chosen, lookup), bounds)
    n_empty = int((all_lengths == 0).sum())
    whole = corpus.n_without_text == corpus.n_empty_documents and bool(stays.all())
    n_without_text = corpus.n_without_text if chosen.all() else n_empty if whole else 0
    summary = part_summary(corpus, vocabulary, all_lengths, n_without_text=n_without_text)
    return Assembled(vocabulary, summary, bounds, shards)


def chosen_documents(corpus: Corpus, steps: DocumentSteps) -> Assembled:
    """The documents of a finished corpus that fulfil the condition of the steps, and the terms that they have.

    Raises:
        DataError: none fulfils it, a field is in no document or holds what cannot be compared; or other steps are asked
            for, which need the texts.
    """
    others = ", ".join(name for name in steps.to_dict() if name != "where")
    if others:
        raise DataError(
            f"a finished corpus can be chosen from (where), but its texts are gone: {others} is for where it is built"
        )
    mask, tally = _fulfilling(corpus, steps)
    part = selected(corpus, documents=mask, drop_unused_terms=True)
    return part._replace(summary=replace(part.summary, steps=_steps(corpus.steps, tally.record(steps))))


def which_documents(corpus: Corpus, steps: DocumentSteps) -> Booleans:
    """(D,) which documents of a finished corpus fulfil the condition of the steps.

    Raises:
        DataError: as `chosen_documents`.
    """
    return _fulfilling(corpus, steps)[0]


def _fulfilling(corpus: Corpus, steps: DocumentSteps) -> tuple[Booleans, StepTally]:
    mask, tally = _tested(corpus, steps)
    tally.check(steps)
    return mask, tally


def _tested(corpus: Corpus, steps: DocumentSteps) -> tuple[Booleans, StepTally]:
    """(D,) which documents fulfil the condition, that there must be, and how many there were."""
    tally = StepTally()
    masks: list[Booleans] = []
    for batch in corpus.batches():
        metadata = table_metadata(pa.Table.from_batches([batch]))
        mask = steps.mask(batch.column("id"), metadata)
        tally.n_read += len(mask)
        tally.n_chosen += int(mask.sum())
        tally.fields.update(dict.fromkeys([] if metadata is None else metadata.column_names))
        masks.append(mask)
    return np.concatenate(masks), tally


def _steps(before: Mapping[str, Any] | None, now: Mapping[str, Any] | None) -> dict[str, Any]:
    """What was done with documents when the corpus was built, and since."""
    made, added = dict(before or {}), dict(now or {})
    if before is None:
        return added
    condition = f"({made['where']}) and ({added['where']})" if "where" in made else added["where"]
    left_out = made.get("n_left_out", 0) + added["n_left_out"]
    return {**made, "where": condition, "n_left_out": left_out}


def _chosen(corpus: Corpus, documents: Booleans | None) -> Booleans:
    if documents is None:
        return np.ones(corpus.n_documents, dtype=np.bool_)
    chosen = np.asarray(documents)
    if chosen.shape != (corpus.n_documents,) or chosen.dtype != np.bool_:
        raise ValueError(
            f"documents must be {corpus.n_documents} of bool, one for each, got {chosen.dtype} of shape {chosen.shape}"
        )
    if not chosen.any():
        raise DataError(
            f"none of the {corpus.n_documents:,} documents is selected, and a corpus has at least one; choose others"
        )
    return chosen


def _staying(corpus: Corpus, terms: Collection[str] | None, without: Collection[str]) -> Booleans:
    """(V,) whether each term stays."""
    stays = np.ones(corpus.n_terms, dtype=np.bool_)
    if terms is None and not without:
        return stays
    ids = {term: number for number, term in enumerate(corpus.vocabulary)}
    if terms is not None:
        stays[:] = False
        stays[[ids[term] for term in terms if term in ids]] = True
    stays[[ids[term] for term in without if term in ids]] = False
    if not stays.any():
        some = next(iter(terms or without), "")
        raise DataError(
            f"none of the {corpus.n_terms:,} terms is selected, and a corpus has at least one; choose others than "
            f"{printable(some)!r:.60} ..."
        )
    return stays


def _selected(
    corpus: Corpus, chosen: Booleans, lookup: npt.NDArray[np.int32] | None
) -> Iterator[pa.RecordBatch]:
    """The chosen documents, shard by shard; lookup: (V,) new term ids, or -1 for a term that goes."""
    bounds = corpus.shard_bounds
    for index in range(corpus.n_shards):
        mine = chosen[bounds[index] : bounds[index + 1]]
        if not mine.any():
            continue
        batch = corpus.batch(index)
        if not mine.all():
            batch = joined([batch.filter(array(mine))])
        if lookup is not None:
            offsets, words = batch_arrays(batch)
            offsets, words = drop_negative(offsets, lookup[words])
            metadata = table_metadata(pa.Table.from_batches([batch]))
            batch = make_batch(batch.column("id"), offsets, words, metadata)
        yield batch
