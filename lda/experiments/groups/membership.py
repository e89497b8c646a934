"""Which documents belong to which group: the values of a field, as the survey's groups (`--by`) read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lda.corpus.errors import DataError
from lda.corpus.presentable import printable
from lda.corpus.readers.fields import has
from lda.corpus.shard import batch_arrays, table_metadata
from lda.experiments.groups.names import shown_value
from lda.progress import first_of
from lda.survey.field_values import flat_values, labelled

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from lda.corpus import Corpus

    Integers = npt.NDArray[np.int64]

MOST_VALUES: Final = 10_000
"""Different values of a field: beyond that it holds names or texts, and its values are no groups."""

NAMED: Final = 20
"""Values that a message names."""


@dataclass(frozen=True, kw_only=True)
class Membership:
    """The groups of a field, the largest first; of equally large ones in the order of their values.

    Attributes:
        field: the field.
        values: of each group, as people write them: 3.0 is "3", a date "2020-04-13"; blanks at the ends are dropped.
        documents: of each group, (n,) int64, their places in the corpus in rising order. A document with a list of
            values belongs to the group of each.
        tokens: of each group.
        n_missing: documents without a value, which are in no group: null, NaN, an empty list or a blank text.
        n_shared: documents that belong to several groups.
    """

    field: str
    values: list[str]
    documents: list[Integers]
    tokens: Integers
    n_missing: int
    n_shared: int

    def chosen(self, values: Sequence[str]) -> Membership:
        """The same with some groups only. Raises `DataError`, which names those that there are, for an unknown one."""
        place = {value: i for i, value in enumerate(self.values)}
        wanted = list(dict.fromkeys(value.strip() for value in values))
        if unknown := [value for value in wanted if value not in place]:
            raise DataError(
                f"no document has {shown_value(unknown[0])!r} for the field {printable(self.field)!r}; there are "
                + first_of([repr(shown_value(value)) for value in self.values], NAMED)
            )
        return self.at(sorted(place[value] for value in wanted))

    def at(self, places: Sequence[int]) -> Membership:
        """The same with the groups at these places only."""
        return Membership(
            field=self.field,
            values=[self.values[i] for i in places],
            documents=[self.documents[i] for i in places],
            tokens=self.tokens[list(places)],
            n_missing=self.n_missing,
            n_shared=self.n_shared,
        )

    def rounds(self, n_documents: int) -> list[list[int]]:
        """The groups in rounds, so that of each round no document is in two groups; one round without lists.

        A round is one pass over the corpus, in which a document can go to one place only.
        """
        if not self.n_shared:
            return [list(range(len(self.values)))]
        marks: list[npt.NDArray[np.bool_]] = []
        found: list[list[int]] = []
        for group, documents in enumerate(self.documents):
            round_ = next((i for i, taken in enumerate(marks) if not taken[documents].any()), len(marks))
            if round_ == len(marks):
                marks.append(np.zeros(n_documents, dtype=np.bool_))
                found.append([])
            marks[round_][documents] = True
            found[round_].append(group)
        return found

    def parts(self, groups: Iterable[int], n_documents: int) -> Integers:
        """(D,) int64, the place among `groups`, of one round, that each document belongs to; -1 for none."""
        found = np.full(n_documents, -1, dtype=np.int64)
        for part, group in enumerate(groups):
            found[self.documents[group]] = part
        return found


def membership_of(corpus: Corpus, field: str) -> Membership:
    """The groups of a corpus by a field, in one pass over its metadata.

    Raises:
        DataError: there is no such field, or it holds what makes no groups, too many values or none.
    """
    place: dict[str, int] = {}
    documents: list[Integers] = []
    groups: list[Integers] = []
    lengths: list[Integers] = []
    first = n_missing = 0
    seen = False
    names: dict[str, None] = {}
    for batch in corpus.batches():
        n = batch.num_rows
        lengths.append(np.diff(batch_arrays(batch)[0]).astype(np.int64))
        metadata = table_metadata(_table(batch))
        if metadata is None or field not in metadata.column_names:
            names |= dict.fromkeys(() if metadata is None else metadata.column_names)
            n_missing += n
            first += n
            continue
        seen = True
        flat = flat_values(metadata.column(field), n)
        n_missing += n - len(np.unique(flat.documents))
        if len(flat.documents):
            labels, coded = labelled(flat, field)
            numbers = np.array([place.setdefault(text, len(place)) for text in labels], dtype=np.int64)
            if len(place) > MOST_VALUES:
                raise DataError(
                    f"the field {printable(field)!r} has more than {MOST_VALUES:,} different values, which are no "
                    "groups; choose a field with fewer"
                )
            documents.append(flat.documents + first)
            groups.append(numbers[coded])
        first += n
    if not seen:
        raise _no_field(field, list(names))
    if not place:
        raise DataError(
            f"no document has a value for the field {printable(field)!r}, so there are no groups; choose another"
        )
    return _gathered(field, list(place), documents, groups, lengths, n_missing)


def _gathered(
    field: str,
    values: list[str],
    documents: list[Integers],
    groups: list[Integers],
    lengths: list[Integers],
    n_missing: int,
) -> Membership:
    # A list may hold a value twice; the document is in its group once.
    pairs = np.unique(np.stack([np.concatenate(groups), np.concatenate(documents)]), axis=1)
    counts = np.bincount(pairs[0], minlength=len(values))
    members = np.split(pairs[1], np.cumsum(counts)[:-1])
    n_tokens = np.concatenate(lengths)
    order = sorted(range(len(values)), key=lambda i: (-int(counts[i]), values[i]))
    return Membership(
        field=field,
        values=[values[i] for i in order],
        documents=[members[i] for i in order],
        tokens=np.array([int(n_tokens[members[i]].sum()) for i in order], dtype=np.int64),
        n_missing=n_missing,
        n_shared=int((np.bincount(pairs[1]) > 1).sum()),
    )


def _table(batch: Any) -> Any:  # noqa: ANN401 - Arrow's own
    import pyarrow as pa

    return pa.Table.from_batches([batch])


def _no_field(field: str, others: list[str]) -> DataError:
    if not others:
        return DataError(
            f"the documents have no field {printable(field)!r}, nor any besides text and id; "
            "give documents with fields, or fit without --group-by"
        )
    return DataError(
        f"the documents have no field {printable(field)!r} besides text and id, where {printable(has(others))}; "
        "choose one of these"
    )
