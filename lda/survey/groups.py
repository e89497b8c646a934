"""Shares of topics over a time or a number, and group by group, added up while documents stream by."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lda.corpus.errors import DataError
from lda.corpus.presentable import printable
from lda.corpus.readers.fields import has
from lda.survey.bins import (
    GRAINS,
    Bins,
    Calendar,
    Exact,
    Width,
    are_years,
    first_power,
    next_power,
    nice_widths,
    number_label,
    year_keys,
)
from lda.survey.field_values import OrderedValues, flat_values, labelled
from lda.survey.group_sums import GroupSums, Portions
from lda.survey.results import GroupShares, most_groups

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyarrow as pa

    from lda.survey.field_values import Flat
    from lda.survey.results import SurveyOptions

MOST_VALUES: Final = 10_000
"""Different values of a field whose sums are kept: 16 bytes a topic each."""

MOST_BINS: Final = 60
"""Intervals of "auto"."""

MOST_MULTIPLES: Final = 1e12
"""Of a width that is asked for: an interval further out is called by more digits than are shown."""

PATIENCE: Final = 10_000
"""Documents after which a field that none of them has is taken for a mistake."""


class FieldGroups(ABC):
    """One field's groups of documents."""

    def __init__(self, field: str, n_topics: int) -> None:
        self.field = field
        self.n_topics = n_topics
        self.sums = GroupSums(n_topics)
        self.n_missing = self._n_documents = 0
        self._seen = False
        self._others: dict[str, None] = {}

    def add(self, metadata: pa.Table | None, held: npt.NDArray[np.bool_], portion: Portions) -> None:
        """Add documents.

        Args:
            metadata: table of n rows or None.
            held: (n,) those of them with known words.
            portion: these.

        Raises:
            DataError: there is no such field, or it holds what it must not.
        """
        self._n_documents += len(held)
        n = len(portion.n_tokens)
        names = [] if metadata is None else metadata.column_names
        if metadata is None or self.field not in names:
            self._others |= dict.fromkeys(names)
            self.n_missing += n
            if not self._seen and self._n_documents >= PATIENCE:
                raise self._no_field()
            return
        self._seen = True
        column: Any = metadata.column(self.field)
        flat = flat_values(column if held.all() else column.filter(held), n)
        self.n_missing += n - len(np.unique(flat.documents))
        if len(flat.documents):
            self.add_values(flat, portion)

    def finish(self) -> GroupShares:
        """The shares of all groups.

        Raises:
            DataError: no document has the field.
        """
        if not self._seen:
            raise self._no_field()
        return self.result()

    @abstractmethod
    def add_values(self, flat: Flat, portion: Portions) -> None:
        """Add values, of which there is one at least."""

    @abstractmethod
    def result(self) -> GroupShares:
        """The shares of all groups."""

    def _no_field(self) -> DataError:
        if not self._others:
            return DataError(
                f"the documents have no field {printable(self.field)!r}, nor any besides text and id; "
                "give documents with fields, or ask for no groups"
            )
        return DataError(
            f"the documents have no field {printable(self.field)!r} besides text and id, where "
            f"{printable(has(list(self._others)))}; choose one of these"
        )


class Categories(FieldGroups):
    """Groups of equal values, and one that gathers the smallest where there are too many."""

    def add_values(self, flat: Flat, portion: Portions) -> None:
        """Add values. Raises DataError where there are too many of them, or they are objects."""
        labels, group = labelled(flat, self.field)
        self.sums.add(labels, group, flat.documents, portion)
        if len(self.sums) > MOST_VALUES:
            raise DataError(
                f"the field {printable(self.field)!r} has more than {MOST_VALUES:,} different values, which are no "
                "groups; choose a field with fewer, or follow dates and numbers (--over)"
            )

    def result(self) -> GroupShares:
        """The largest groups first."""
        sums, keys = self.sums, self.sums.keys
        order = sorted(range(len(keys)), key=lambda row: (-int(sums.n_documents[row]), keys[row]))
        most = most_groups(self.n_topics)
        values = [keys[row] for row in order[:most]]
        gathered = len(order) - len(values)
        if gathered:
            rest = f"other ({gathered:,} {'value' if gathered == 1 else 'values'})"
            kept = dict.fromkeys(order[:most])
            # A tuple, for a value may be spelled like anything.
            sums = sums.merged([(key,) if row in kept else () for row, key in enumerate(keys)])
            places = {key: row for row, key in enumerate(sums.keys)}
            order = [*(places[(value,)] for value in values), places[()]]
            values.append(rest)
        return GroupShares(
            field=self.field,
            kind="category",
            values=values,
            starts=None,
            n_documents=sums.n_documents[order],
            n_tokens=sums.n_tokens[order],
            **sums.shares(order)._asdict(),
            n_missing=self.n_missing,
            n_gathered=gathered,
        )


class Course(FieldGroups):
    """Intervals of a time or a number, in rising order.

    While documents stream by, what is added up are the intervals asked for, or else the narrowest of which there are
    not too many; at the end these make up the ones that are shown.
    """

    def __init__(self, field: str, n_topics: int, options: SurveyOptions) -> None:
        super().__init__(field, n_topics)
        self._read = OrderedValues(field)
        self._bin, self._width = options.bin, options.width
        self._bins: Bins | None = None
        self._whole = True

    def add_values(self, flat: Flat, portion: Portions) -> None:
        """Add values. Raises DataError for what is no time and no number, or too many intervals."""
        values = self._read.read(flat)
        if self._bins is None:
            self._bins = self._first_bins(float(values[0]))
        self._check_width(values)
        self._whole = self._whole and bool((values == np.floor(values)).all())
        keys, group = np.unique(self._bins.keys(values), return_inverse=True)
        self.sums.add(keys.tolist(), group.astype(np.int64), flat.documents, portion)
        while len(self.sums) > MOST_VALUES:
            self._widen()

    def _first_bins(self, value: float) -> Bins:
        if self._read.kind == "time":
            if self._width is not None:
                raise DataError(
                    f"the field {printable(self.field)!r} holds dates, got the interval {self._bin!r}; "
                    f"take one of {', '.join(GRAINS)}"
                )
            return Calendar("day" if self._bin == "auto" else self._bin)
        if self._bin in ("day", "month", "quarter"):
            raise self._no_dates(value)
        return Exact() if self._width is None else Width(self._width)

    def _no_dates(self, value: float) -> DataError:
        return DataError(
            f"the field {printable(self.field)!r} holds numbers such as {number_label(value)}, of which there is no "
            f"{self._bin}; give the width of an interval, or auto"
        )

    def _check_width(self, values: npt.NDArray[Any]) -> None:
        if self._width is None or self._read.kind == "time":
            return
        largest = float(np.abs(values).max())
        if not largest / self._width < MOST_MULTIPLES:
            raise DataError(
                f"the field {printable(self.field)!r} holds numbers such as {number_label(largest)}, for which "
                f"intervals of {self._bin} are too narrow; take wider ones, or auto"
            )

    def _widen(self) -> None:
        """Take wider intervals, as many of which will do."""
        keys, bins = np.array(self.sums.keys), self._bins
        if self._bin == "auto" and isinstance(bins, Calendar) and bins.grain != "decade":
            self._take(Calendar(GRAINS[GRAINS.index(bins.grain) + 1], of_days=bins.grain == "day"))
        elif self._bin == "auto" and isinstance(bins, Exact):
            self._take(first_power(keys, MOST_VALUES))
        elif self._bin == "auto" and isinstance(bins, Width):
            self._take(next_power(bins, keys, MOST_VALUES))
        else:
            raise DataError(
                f"the field {printable(self.field)!r} makes more than {MOST_VALUES:,} intervals of {self._bin}; "
                "take wider ones, or auto"
            )

    def _take(self, bins: Bins) -> None:
        keys = np.array(self.sums.keys)
        self._bins = bins
        self.sums = self.sums.merged(bins.of_narrower(keys).tolist())

    def result(self) -> GroupShares:
        """The intervals that hold a document, in rising order. Raises DataError for numbers that are no years."""
        if self._bins is not None:
            self._settle()
        bins, keys = self._bins or Exact(), np.array(self.sums.keys)
        order = np.argsort(keys, kind="stable")
        ordered = keys[order].tolist()
        if isinstance(bins, Width):
            bins = Width(bins.width, whole=self._whole)
        return GroupShares(
            field=self.field,
            kind="time" if isinstance(bins, Calendar) else "number",
            values=[bins.label(key) for key in ordered],
            starts=[bins.start(key) for key in ordered],
            n_documents=self.sums.n_documents[order],
            n_tokens=self.sums.n_tokens[order],
            **self.sums.shares(order)._asdict(),
            n_missing=self.n_missing,
        )

    def _settle(self) -> None:
        """Take the intervals that are shown."""
        keys = np.array(self.sums.keys)
        if isinstance(self._bins, Exact):
            years = are_years(keys)
            if self._bin in ("year", "decade") and not years.all():
                raise self._no_dates(float(keys[~years][0]))
            if years.all() and self._width is None:
                self.sums = self.sums.merged(year_keys(keys).tolist())
                self._bins = Calendar("year", of_days=False)
                if self._bin == "decade":
                    self._take(Calendar("decade", of_days=False))
        if self._bin != "auto":
            return
        while (
            len(self.sums) > MOST_BINS and isinstance(self._bins, Calendar) and self._bins.grain != "decade"
        ):
            self._widen()
        if len(self.sums) > MOST_BINS and isinstance(self._bins, Exact | Width):
            keys = np.array(self.sums.keys)
            widths = nice_widths(self._bins, keys, whole=self._whole)
            self._take(next(w for w in widths if len(np.unique(w.of_narrower(keys))) <= MOST_BINS))
