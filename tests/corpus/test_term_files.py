"""Sorted files of terms: their sums, the order of the vocabulary, and what a bound of memory leaves out."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from lda.corpus.arrow import string_list, strings
from lda.corpus.assembly.pruning import select_terms
from lda.corpus.ingest import term_files
from lda.corpus.ingest.term_files import SCHEMA, merged, sorted_terms
from lda.corpus.ingest.vocabulary import TermSelection, groups_to_merge
from lda.corpus.text.recipe import Recipe

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = st.text(alphabet=st.sampled_from("ab\u00e9\u4e00\U0001f600~"), min_size=1, max_size=4)
FILE = st.dictionaries(NAMES, st.tuples(st.integers(1, 9), st.integers(1, 5)), max_size=30)


def batches(file: dict[str, tuple[int, int]], rows: int) -> Iterator[pa.RecordBatch]:
    """A file as the merge gets it: small batches in the order of code points."""
    counts = np.array([file[name] for name in file], dtype=np.int64).reshape(-1, 2)
    table = sorted_terms(strings(list(file)), counts[:, 0].copy(), counts[:, 1].copy())
    return iter(table.select(SCHEMA.names).combine_chunks().to_batches(max_chunksize=rows))


@settings(max_examples=60)
@given(st.lists(FILE, max_size=6), st.integers(1, 7))
def test_a_merge_sums_each_term_once_and_in_order(files: list[dict[str, tuple[int, int]]], rows: int) -> None:
    expected: dict[str, Counter[str]] = {}
    for file in files:
        for name, (tokens, documents) in file.items():
            expected.setdefault(name, Counter()).update(tokens=tokens, documents=documents)
    found = [row for table in merged([batches(file, rows) for file in files]) for row in table.to_pylist()]
    assert [row["term"] for row in found] == sorted(expected)
    assert all(row["tokens"] == expected[row["term"]]["tokens"] for row in found)
    assert all(row["documents"] == expected[row["term"]]["documents"] for row in found)


@settings(max_examples=60)
@given(
    FILE,
    st.integers(1, 4),
    st.integers(1, 5),
    st.none() | st.integers(1, 10),
    st.integers(1, 7),
)
def test_a_selection_by_stretches_is_that_of_all_at_once(
    file: dict[str, tuple[int, int]], low: int, high: int, most: int | None, rows: int
) -> None:
    recipe = Recipe(min_df=low, max_df=high, max_features=most)
    terms, counts = list(file), np.array(list(file.values()), dtype=np.int64).reshape(-1, 2).T
    wanted = select_terms(terms, counts, 20, recipe, keep_order=False)
    selection = TermSelection(recipe, 20)
    for batch in batches(file, rows):
        selection.add(pa.Table.from_batches([batch]))
    found = selection.finish()
    assert found.terms.to_pylist() == [terms[i] for i in wanted.kept.tolist()]
    assert found.removed == wanted.removed


@settings(max_examples=60)
@given(FILE, st.integers(0, 600), st.integers(1, 7))
def test_a_bound_leaves_out_the_rarest_and_says_up_to_which(
    file: dict[str, tuple[int, int]], room: int, rows: int
) -> None:
    selection = TermSelection(Recipe(), 20, room)
    for batch in batches(file, rows):
        selection.add(pa.Table.from_batches([batch]))
    found = selection.finish()
    kept = {term: file[term] for term in string_list(found.terms)}
    assert list(zip(found.tokens.tolist(), found.documents.tolist(), strict=True)) == list(kept.values())
    assert sum(len(term.encode()) + 24 for term in kept) <= room
    assert kept.keys() == {term for term, (_, documents) in file.items() if documents > found.floor}
    if found.floor:  # it is no higher than it must be
        more = [term for term, (_, documents) in file.items() if documents >= found.floor]
        assert sum(len(term.encode()) + 24 for term in more) > room


def test_many_files_are_merged_in_groups() -> None:
    names = [str(number) for number in range(term_files.TOGETHER * 3 - 5)]
    groups = groups_to_merge(names, 0)
    assert [name for group, _ in groups for name in group] == names
    assert max(len(group) for group, _ in groups) <= term_files.TOGETHER
    assert not groups_to_merge([name for _, name in groups], 1)
