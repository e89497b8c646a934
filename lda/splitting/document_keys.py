"""What a document is known by: its id, what it says, or a field of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from lda.corpus.arrow import string_list
from lda.corpus.errors import DataError
from lda.corpus.presentable import printable
from lda.corpus.readers.fields import has
from lda.survey.field_values import OrderedValues, flat_values, labelled

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyarrow as pa

    from lda.corpus import Corpus

    Integers = npt.NDArray[np.int64]
    Hashes = npt.NDArray[np.uint64]

ID, CONTENT = "id", "content"
"""What is a key besides the fields."""

_NUMBER: Final = re.compile(r"(?:(.*)[:/])?(\d+)", re.DOTALL)


class FieldLabels(NamedTuple):
    """Values of a field. labels: the different ones. values, documents: (n,) which of them each document has."""

    labels: list[str]
    values: Integers
    documents: Integers


def document_keys(corpus: Corpus, field: str, contents: Hashes) -> list[str]:
    """(D,) what `field` says of each document: "id", "content", or a field of one value each.

    contents: (D,) `content_hashes` of all documents, the shortest ones too.

    Raises:
        DataError: ids repeat, there is no such field, or a document has none or several values of it.
    """
    if field == ID:
        return _unique(string_list(corpus.document_ids()))
    if field == CONTENT:
        return [format(value, "016x") for value in contents.tolist()]
    found = field_labels(corpus, field)
    times = np.bincount(found.documents, minlength=corpus.n_documents)
    if (times != 1).any():
        row = int(np.flatnonzero(times != 1)[0])
        what, remedy = (
            ("no value of", "fill it in")
            if times[row] == 0
            else ("several values of", "keep documents that share one together by --by")
        )
        raise DataError(
            f"{int((times != 1).sum()):,} documents have not one value of the field {printable(field)!r}, the first is "
            f"{printable(id_of(corpus, row))!r}, which has {what} it; {remedy}, or choose another field"
        )
    order = np.argsort(found.documents)
    return [found.labels[value] for value in found.values[order].tolist()]


def field_labels(corpus: Corpus, field: str) -> FieldLabels:
    """The values of a field; those of lists one by one, without null and blank ones.

    Raises:
        DataError: there is no such field, or it holds objects.
    """
    flat = flat_values(_column(corpus, field), corpus.n_documents)
    labels, values = labelled(flat, field)
    return FieldLabels(labels, values, flat.documents)


def document_times(corpus: Corpus, field: str) -> npt.NDArray[Any]:
    """(D,) days since 1970, or numbers such as years, in which documents have an order.

    Raises:
        DataError: there is no such field, it holds what is no date and no number, or a document lacks it.
    """
    flat = flat_values(_column(corpus, field), corpus.n_documents)
    values = OrderedValues(field).read(flat)
    missing = np.setdiff1d(np.arange(corpus.n_documents), flat.documents)
    if len(missing):
        raise DataError(
            f"{len(missing):,} of {corpus.n_documents:,} documents have no value in the field {printable(field)!r}, "
            f"the first is {printable(id_of(corpus, int(missing[0])))!r}; fill it in, or leave these documents out"
        )
    firsts = np.unique(flat.documents, return_index=True)[1]  # of a list the first value
    return np.asarray(values)[firsts]


def _column(corpus: Corpus, field: str) -> pa.ChunkedArray[Any]:
    metadata = corpus.metadata()
    names = [] if metadata is None else metadata.column_names
    if metadata is None or field not in names:
        raise DataError(
            f"the documents have no field {printable(field)!r} besides text and id; {printable(has(names))}; "
            "choose one of these, id, or content"
        )
    return metadata.column(field)


def _unique(ids: list[str]) -> list[str]:
    if len(set(ids)) < len(ids):
        seen = set[str]()
        twice = [name for name in ids if name in seen or seen.add(name)]  # type: ignore[func-returns-value]
        raise DataError(
            f"ids must be different to divide documents by them, got {printable(twice[0])!r} more than once "
            f"({len(twice):,} repetitions in all); choose another field, or content"
        )
    return ids


def id_of(corpus: Corpus, document: int) -> str:
    """The id of one document."""
    shard = int(np.searchsorted(corpus.shard_bounds, document, side="right")) - 1
    column: Any = corpus.batch(shard).column("id")
    return str(column[document - int(corpus.shard_bounds[shard])].as_py())


def ids_are_numbers(corpus: Corpus) -> bool:
    """Whether the ids count the documents, as those of files without names for them: 1, 2, 3, or a.txt:1, a.txt:2.

    Such an id is that of another document as soon as one is put before it.
    """
    if corpus.recipe is not None and corpus.recipe.id is not None:
        return False
    last: dict[str | None, int] = {}
    for name in string_list(corpus.document_ids()):
        found = _NUMBER.fullmatch(name)
        if found is None:
            return False
        number, before = int(found[2]), last.get(found[1])
        if number > 1 if before is None else number <= before:
            return False
        last[found[1]] = number
    return True
