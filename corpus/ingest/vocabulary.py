"""The vocabulary of all parts: sums of sorted files, limits of the recipe, and the order of the terms.

Memory holds the terms that stay, and of the others a stretch of the alphabet at a time, for they are summed on disk:
a text may have any number of distinct strings. Where those that stay are too many as well (`most`), the limit of
document frequencies is raised until they fit. So the error is known: all counts are exact, the terms that are left out
are those in at most `floor` documents, and what they were of all tokens is told. Rejected: lossy counting (Manku and
Motwani 2002) and Space-Saving (Metwally et al. 2005), which drop terms before their sums are known, and leave counts
that are off by a share of all tokens; a merge of sorted files sees each sum once, in as little memory.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lda.corpus.arrow import array, pc, string_list, strings
from lda.corpus.assembly.pruning import as_count
from lda.corpus.ingest.term_files import SCHEMA, TOGETHER, merged, parted_forms, write_terms
from lda.corpus.summary import MOST_TOO_FREQUENT, told_too_frequent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lda.corpus.ingest.work_folder import WorkFolder
    from lda.corpus.text.recipe import Recipe

    Counts = npt.NDArray[np.int64]


OPTIONS: Final = ("min_df", "max_df", "vocabulary_memory", "max_features")
"""What takes terms away, in this order."""


class Merged(NamedTuple):
    """What the terms of all parts came to.

    Attributes:
        terms: (V,) large_string, those that stay, by falling frequency, ties in the order of code points.
        keys: (V,) large_string, what the documents of the parts have for them: the same, unless words count as one.
        tokens: (V,) int64 tokens of each.
        documents: (V,) int64 documents with each.
        removed: `terms` and `tokens` taken away by each option that took any.
        n_distinct: terms that there were.
        too_frequent: what `max_df` took away, see `lda.corpus.summary.Summary`.
        floor: 0, or for want of room terms in so many documents or fewer were left out.
    """

    terms: pa.Array[Any]
    keys: pa.Array[Any]
    tokens: Counts
    documents: Counts
    removed: dict[str, dict[str, int]]
    n_distinct: int
    floor: int
    too_frequent: tuple[str, ...] | None = None


class TermSelection:
    """Takes sums of terms, a stretch at a time, and keeps those that may stay."""

    def __init__(self, recipe: Recipe, n_documents: int, most: int | None = None) -> None:
        """most: bytes of the terms that stay, with their counts; None for any number."""
        self._low, self._high = as_count(recipe.min_df, n_documents), as_count(recipe.max_df, n_documents)
        self._features, self._most = recipe.max_features, most
        self._kept: list[pa.Table] = []
        self._bytes = self._rows = 0
        self._removed: dict[str, dict[str, int]] = {}
        self._n_distinct = self._floor = 0
        self._too_frequent: list[str] = []

    def add(self, table: pa.Table) -> None:
        """Take terms, none of which came before, with the sums of their counts."""
        self._n_distinct += table.num_rows
        documents = table.column("documents").to_numpy()
        table = self._drop("min_df", table, documents >= self._low)
        high = table.column("documents").to_numpy() > self._high
        if high.any() and len(self._too_frequent) <= MOST_TOO_FREQUENT:
            self._too_frequent += string_list(table.column("term").filter(array(high)))
        table = self._drop("max_df", table, ~high)
        if self._floor:
            table = self._leave_out(table)
        self._kept.append(table)
        self._rows += table.num_rows
        self._bytes += table.nbytes
        if self._features is not None and self._rows > 2 * self._features + 2**16:
            self._only_features()
        # A quarter more, so that terms are not gone through for each stretch that comes.
        if self._most is not None and self._bytes > self._most * 5 // 4:
            self._make_room()

    def limit(self, features: int | None) -> None:
        """Keep so many terms in the end."""
        self._features = features

    def _drop(self, option: str, table: pa.Table, stays: npt.NDArray[np.bool_]) -> pa.Table:
        if stays.all():
            return table
        self._lose(option, table.column("tokens").to_numpy()[~stays])
        return table.filter(array(stays))

    def _lose(self, option: str, tokens: Counts) -> None:
        """Add up what an option takes away. tokens: of each term."""
        lost = self._removed.setdefault(option, {"terms": 0, "tokens": 0})
        lost["terms"] += len(tokens)
        lost["tokens"] += int(tokens.sum())

    def _gathered(self) -> pa.Table:
        table = pa.concat_tables(self._kept).combine_chunks() if self._kept else SCHEMA.empty_table()
        self._kept = [table]
        self._rows, self._bytes = table.num_rows, table.nbytes
        return table

    def _only_features(self) -> None:
        """Leave the most frequent ones; what comes later may still drive some of them out."""
        assert self._features is not None
        table = self._gathered()
        order = _by_frequency(table)
        stays = np.zeros(table.num_rows, dtype=np.bool_)
        stays[order[: self._features]] = True
        self._kept = [self._drop("max_features", table, stays)]
        self._gathered()

    def _make_room(self) -> None:
        """Raise the floor to the lowest at which what stays has room."""
        assert self._most is not None
        table = self._gathered()
        if self._bytes <= self._most:
            return
        documents = table.column("documents").to_numpy()
        lengths = pc.binary_length(table.column("term")).to_numpy()
        sizes = _row_bytes(lengths)
        order = np.argsort(-documents, kind="stable")
        before = np.cumsum(sizes[order])
        fits = int(np.searchsorted(before, self._most, side="right"))
        if fits == len(order):
            return
        # The first that has no room, and all in as few documents.
        self._floor = max(self._floor, int(documents[order[fits]]))
        self._kept = [self._leave_out(table)]
        self._gathered()

    def _leave_out(self, table: pa.Table) -> pa.Table:
        stays = table.column("documents").to_numpy() > self._floor
        return self._drop("vocabulary_memory", table, stays)

    def finish(self, shown: Callable[[pa.Array[Any]], pa.Array[Any]] | None = None) -> Merged:
        """All terms have been given.

        shown: where these are keys, what stands for each; None where they stand for themselves.
        """
        if self._most is not None:
            self._bytes = self._most + 1
            self._make_room()
        table = self._gathered()
        keys = one_array(table.column("term"))
        if shown is not None:
            table = table.set_column(0, SCHEMA.field(0), shown(keys))
        order = _by_frequency(table)
        if self._features is not None and len(order) > self._features:
            self._lose("max_features", table.column("tokens").to_numpy()[order[self._features :]])
            order = order[: self._features]
        table = table.take(array(order))
        return Merged(
            one_array(table.column("term")),
            keys.take(array(order)),
            table.column("tokens").to_numpy(),
            table.column("documents").to_numpy(),
            {option: self._removed[option] for option in OPTIONS if option in self._removed},
            self._n_distinct,
            self._floor,
            told_too_frequent(self._too_frequent),
        )


def one_array(column: Any) -> pa.Array[Any]:  # noqa: ANN401 - a column, chunked or not
    """A column as one array."""
    made: pa.Array[Any] = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    return made


def _row_bytes(lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Bytes that terms take in a table of `SCHEMA`: the text, its offset and two counts."""
    return lengths.astype(np.int64) + 24


def _by_frequency(table: pa.Table) -> Counts:
    """Rows by falling frequency, ties in the order of code points (not of a locale)."""
    order = pc.sort_indices(table, sort_keys=[("tokens", "descending"), ("term", "ascending")])
    return np.asarray(order, dtype=np.int64)


def batches_of(work: WorkFolder, name: str) -> Iterator[pa.RecordBatch]:
    """The batches of a file of terms."""
    file = work.opened(name)
    for number in range(file.num_record_batches):
        yield file.get_batch(number).select(SCHEMA.names)


def merge_files(work: WorkFolder, names: Sequence[str], output: str) -> None:
    """Merge files of terms to one."""
    with work.new_file(output) as path:
        write_terms(path, merged([batches_of(work, name) for name in names]))


def groups_to_merge(
    names: Sequence[str], level: int, kind: str = "terms"
) -> list[tuple[tuple[str, ...], str]]:
    """What is to be merged before the rest can be merged in one step: groups of files, and the name of each; or none.

    level: of this round, for the names; kind: of the files.
    """
    if len(names) <= TOGETHER:
        return []
    n_groups = -(-len(names) // TOGETHER)
    each = -(-len(names) // n_groups)
    return [
        (tuple(names[start : start + each]), f"merged-{level}-{start // each:05d}.{kind}")
        for start in range(0, len(names), each)
    ]


def select(
    work: WorkFolder,
    names: Sequence[str],
    forms: Sequence[str],
    recipe: Recipe,
    n_documents: int,
    most: int | None,
) -> Merged:
    """Merge what is left in one step, and choose. forms: files of the words that stand for keys."""
    # Equally frequent keys are put in the order of what stands for them, which is known when all have been summed.
    limits = dataclasses.replace(recipe, max_features=None) if forms else recipe
    selection = TermSelection(limits, n_documents, most)
    for table in merged([batches_of(work, name) for name in names], ordered=False):
        selection.add(table)
    if not forms:
        return selection.finish()
    selection.limit(recipe.max_features)
    return selection.finish(lambda keys: _shown(work, forms, keys))


def _shown(work: WorkFolder, forms: Sequence[str], keys: pa.Array[Any]) -> pa.Array[Any]:
    """The most frequent word of each key; of equals the first in the order of code points, as they come."""
    best, found = np.zeros(len(keys), dtype=np.int64), list[str | None]([None]) * len(keys)
    for table in merged([batches_of(work, name) for name in forms]):
        of, words = parted_forms(one_array(table.column("term")))
        places = pc.fill_null(pc.index_in(of, value_set=keys), -1).to_numpy()
        tokens = table.column("tokens").to_numpy()
        for row in np.flatnonzero(places >= 0).tolist():
            place = places[row]
            if tokens[row] > best[place]:
                best[place], found[place] = tokens[row], words[row].as_py()
    return strings(found)


def select_fixed(work: WorkFolder, names: Sequence[str], terms: pa.Array[Any]) -> Merged:
    """The counts of terms that are given, in their order; all others are left out."""
    counts = np.zeros((2, len(terms)), dtype=np.int64)
    n_distinct = n_tokens = 0
    for table in merged([batches_of(work, name) for name in names], ordered=False):
        places = pc.fill_null(pc.index_in(one_array(table.column("term")), value_set=terms), -1).to_numpy()
        known = np.flatnonzero(places >= 0)
        counts[0, places[known]] += table.column("tokens").to_numpy()[known]
        counts[1, places[known]] += table.column("documents").to_numpy()[known]
        n_distinct += table.num_rows
        n_tokens += int(table.column("tokens").to_numpy().sum())
    foreign = n_tokens - int(counts[0].sum())
    removed = {"terms_of": {"tokens": foreign}} if foreign else {}
    return Merged(terms, terms, counts[0], counts[1], removed, n_distinct, 0)
