"""What is in a corpus: lengths of documents, terms, fields and duplicates, found in one pass over its shards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from lda.corpus.arrow import is_list, pc
from lda.corpus.document_hashes import document_hashes, term_hashes
from lda.corpus.plain_values import plain, plain_values
from lda.corpus.shard import METADATA_PREFIX, batch_arrays

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from lda.corpus.corpus import Corpus

    Integers = npt.NDArray[np.int64]

QUANTILES: Final = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
MOST_BINS: Final = 6
MOST_VALUES: Final = 100_000
"""Different values of a field that are counted; a field with more of them is as good as an id."""

NAMED_VALUES: Final = 10
"""Most frequent values that are told of each field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LengthBin:
    """Documents of at least `first` and at most `last` tokens."""

    first: int
    last: int
    documents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lengths:
    """How long documents are, in tokens.

    Attributes:
        mean: of all documents.
        quantiles: length by share of the documents that are at most so long: 0.5 is the median.
        bins: a histogram, from the shortest to the longest.
    """

    mean: float
    quantiles: dict[float, int]
    bins: tuple[LengthBin, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFrequencyBin:
    """Terms in at least `first` and at most `last` documents, and the tokens that they have together."""

    first: int
    last: int
    terms: int
    tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldOverview:
    """What a field of the metadata holds.

    Attributes:
        name: of the field.
        type: of its values, as Arrow calls it.
        missing: documents without a value.
        least, greatest: of numbers and dates; None of others.
        n_different: how many different values there are; None where they were not counted (more than `MOST_VALUES`, or
            objects).
        frequent: the most frequent values, with the documents that have them; those of lists one by one. Empty where no
            value is frequent: each document has another one.
    """

    name: str
    type: str
    missing: int
    least: object
    greatest: object
    n_different: int | None
    frequent: tuple[tuple[object, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatedDocuments:
    """Documents that say what another says: the same terms, equally often; those of fewer than 5 tokens are left out.

    Attributes:
        documents: that have the words of another one.
        groups: of such documents.
        largest: documents in the largest group.
    """

    documents: int
    groups: int
    largest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusOverview:
    """What is in a corpus, beside its manifest. `to_dict` makes plain values of it."""

    lengths: Lengths
    document_frequencies: tuple[DocumentFrequencyBin, ...]
    widespread_terms: tuple[tuple[str, int], ...]
    fields: tuple[FieldOverview, ...]
    duplicates: RepeatedDocuments

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "lengths": {
                "mean": self.lengths.mean,
                "quantiles": {f"{share:g}": value for share, value in self.lengths.quantiles.items()},
                "histogram": [
                    {"first": one.first, "last": one.last, "documents": one.documents}
                    for one in self.lengths.bins
                ],
            },
            "document_frequencies": [
                {"first": one.first, "last": one.last, "terms": one.terms, "tokens": one.tokens}
                for one in self.document_frequencies
            ],
            "widespread_terms": [
                {"term": term, "documents": documents} for term, documents in self.widespread_terms
            ],
            "fields": [
                {
                    "name": one.name,
                    "type": one.type,
                    "missing": one.missing,
                    "least": plain(one.least),
                    "greatest": plain(one.greatest),
                    "n_different": one.n_different,
                    "frequent": [{"value": plain(value), "documents": n} for value, n in one.frequent],
                }
                for one in self.fields
            ],
            "duplicates": {
                "documents": self.duplicates.documents,
                "groups": self.duplicates.groups,
                "largest": self.duplicates.largest,
            },
        }


def corpus_overview(corpus: Corpus, *, n_terms: int = 20) -> CorpusOverview:
    """What is in a corpus. Each shard is read once, and held no longer; memory is some 16 bytes a document.

    n_terms: how many of the terms in most documents are named.

    Raises:
        DataError: a shard is damaged.
    """
    hashes = term_hashes(corpus.vocabulary)
    lengths: list[Integers] = []
    contents: list[npt.NDArray[np.uint64]] = []
    fields: dict[str, _Field] = {}
    for batch in corpus.batches():
        offsets, words = batch_arrays(batch)
        lengths.append(np.diff(offsets))
        contents.append(document_hashes(offsets, words, hashes))
        for name in batch.schema.names:
            if name.startswith(METADATA_PREFIX):
                fields.setdefault(name, _Field(name.removeprefix(METADATA_PREFIX))).add(batch.column(name))
    documents = corpus.document_frequencies
    widest = np.lexsort((np.arange(corpus.n_terms), -documents))[:n_terms]
    terms = corpus.vocabulary
    return CorpusOverview(
        lengths=_lengths(np.concatenate(lengths)),
        document_frequencies=_document_frequencies(corpus),
        widespread_terms=tuple((terms[term], int(documents[term])) for term in widest.tolist()),
        fields=tuple(field.found() for field in fields.values()),
        duplicates=_duplicates(np.concatenate(contents)),
    )


def _lengths(lengths: Integers) -> Lengths:
    ordered = np.sort(lengths)
    places = {share: round(share * (len(ordered) - 1)) for share in QUANTILES}
    quantiles = {share: int(ordered[place]) for share, place in places.items()}
    edges = _edges(quantiles[0.0], quantiles[1.0], quantiles[0.05], quantiles[0.95])
    counts = np.diff(np.searchsorted(ordered, edges)).tolist()
    bins = [
        LengthBin(first=int(first), last=int(after) - 1, documents=count)
        for first, after, count in zip(edges[:-1], edges[1:], counts, strict=True)
    ]
    while len(bins) > MOST_BINS:  # what stands at the thinner end becomes one bin
        at = 0 if bins[0].documents <= bins[-1].documents else len(bins) - 2
        both = bins[at : at + 2]
        joined = LengthBin(
            first=both[0].first, last=both[1].last, documents=both[0].documents + both[1].documents
        )
        bins[at : at + 2] = [joined]
    return Lengths(mean=float(lengths.mean()), quantiles=quantiles, bins=tuple(bins))


def _edges(shortest: int, longest: int, low: int, high: int) -> list[int]:
    """Where bins begin, and the end: steps of one size for documents of like lengths, else 1, 2, 5, 10, 20, ..."""
    if high < 4 * max(low, 1):
        step = next(s for s in _steps() if s * MOST_BINS >= longest - shortest + 1)
        first = shortest // step * step
        return list(range(first, longest + step + 1, step))
    edges = [0]
    for step in _steps():
        edges.append(step)
        if step > longest:
            break
    while len(edges) > 2 and edges[1] <= shortest:
        edges.pop(0)
    return edges


def _steps() -> Any:  # noqa: ANN401 - a generator of integers
    size = 1
    while True:
        yield from (size, 2 * size, 5 * size)
        size *= 10


def _document_frequencies(corpus: Corpus) -> tuple[DocumentFrequencyBin, ...]:
    """Terms by the documents that have them: 0, 1, 2 ... 9, 10 ... 99, and so on."""
    documents, tokens = corpus.document_frequencies, corpus.term_frequencies
    edges = [0, 1, 2]
    while edges[-1] <= corpus.n_documents:
        edges.append(10 if edges[-1] == 2 else edges[-1] * 10)
    order = np.argsort(documents, kind="stable")
    places = np.searchsorted(documents[order], edges)
    sums = np.concatenate([[0], np.cumsum(tokens[order])])[places]
    found = [
        DocumentFrequencyBin(
            first=first, last=min(after - 1, corpus.n_documents), terms=terms, tokens=its_tokens
        )
        for first, after, terms, its_tokens in zip(
            edges[:-1], edges[1:], np.diff(places).tolist(), np.diff(sums).tolist(), strict=True
        )
    ]
    return tuple(one for one in found if one.terms)


def _duplicates(contents: npt.NDArray[np.uint64]) -> RepeatedDocuments:
    _, times = np.unique(contents[contents != 0], return_counts=True)
    several = times[times > 1]
    return RepeatedDocuments(
        documents=int(several.sum()), groups=len(several), largest=int(several.max(initial=0))
    )


class _Field:
    """A field that is gone through shard by shard."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._type: Any = None
        self._missing = self._seen = 0
        self._range: list[Any] = []
        self._counted: pa.Table | None = None
        self._given_up = False

    def add(self, column: Any) -> None:  # noqa: ANN401 - Arrow arrays of any type
        self._type = column.type
        self._missing += column.null_count
        if is_list(column.type):
            column = pc.list_flatten(column)
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        column = column.drop_null()
        self._seen += len(column)
        kind = column.type
        if pa.types.is_floating(kind):
            column = column.filter(pc.is_finite(column))
        if not len(column):
            return
        if pa.types.is_float16(kind):  # of which Arrow finds no least one
            column, kind = column.cast(pa.float32()), pa.float32()
        if _has_order(kind):
            self._range += plain_values(pa.array([pc.min(column), pc.max(column)], kind))
            self._range = [min(self._range), max(self._range)]
        if self._given_up:
            return
        try:
            counts: Any = pc.value_counts(column)
            fresh = pa.table({"value": counts.field(0), "n": counts.field(1)})
            tables = [fresh] if self._counted is None else [self._counted, fresh]
            counted = pa.concat_tables(tables).group_by("value").aggregate([("n", "sum")])
        except pa.ArrowException:  # objects, and what else Arrow cannot tell apart
            self._given_up, self._counted = True, None
            return
        self._counted = counted.rename_columns(["value", "n"])
        if self._counted.num_rows > MOST_VALUES:
            self._given_up, self._counted = True, None

    def found(self) -> FieldOverview:
        counted = self._counted
        frequent: list[tuple[object, int]] = []
        if counted is not None and counted.num_rows < max(self._seen, 2):
            order = pc.sort_indices(counted, sort_keys=[("n", "descending"), ("value", "ascending")])
            some = counted.take(order.slice(0, NAMED_VALUES))
            times: Any = some.column("n").to_pylist()
            frequent = list(zip(plain_values(some.column("value")), times, strict=True))
        least, greatest = self._range or (None, None)
        return FieldOverview(
            name=self._name,
            type=_type_name(self._type),
            missing=self._missing,
            least=least,
            greatest=greatest,
            n_different=0
            if counted is None and not self._given_up
            else None
            if counted is None
            else counted.num_rows,
            frequent=tuple(frequent),
        )


def _has_order(kind: Any) -> bool:  # noqa: ANN401 - types of Arrow
    """Whether values lie between a least and a greatest one that Arrow finds: numbers, dates and times."""
    spans = pa.types.is_duration(kind) or pa.types.is_interval(kind)
    return (
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or (pa.types.is_temporal(kind) and not spans)
    )


def _type_name(kind: Any) -> str:  # noqa: ANN401 - types of Arrow
    if is_list(kind):
        return f"list of {_type_name(kind.value_type)}"
    if pa.types.is_dictionary(kind):
        return _type_name(kind.value_type)
    return str(kind).removeprefix("large_")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownTerms:
    """What a vocabulary has not of a corpus.

    Attributes:
        terms: of the corpus that are not in the vocabulary.
        tokens: that they have.
        token_share: of all tokens of the corpus.
        frequent: the most frequent ones, with their tokens.
        unused: terms of the vocabulary that the corpus has no token of.
    """

    terms: int
    tokens: int
    token_share: float
    frequent: tuple[tuple[str, int], ...]
    unused: int

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "terms": self.terms,
            "tokens": self.tokens,
            "token_share": self.token_share,
            "frequent": [{"term": term, "tokens": tokens} for term, tokens in self.frequent],
            "unused": self.unused,
        }


def unknown_terms(corpus: Corpus, vocabulary: Sequence[str], *, most: int = 20) -> UnknownTerms:
    """How much of a corpus a vocabulary, such as that of a model, knows nothing of. Reads no document.

    most: of the unknown terms that are named.
    """
    known = set(vocabulary)
    terms, tokens = corpus.vocabulary, corpus.term_frequencies
    there = np.fromiter((term in known for term in terms), dtype=np.bool_, count=len(terms))
    unknown = np.flatnonzero(~there & (tokens > 0))
    order = unknown[np.lexsort((unknown, -tokens[unknown]))][:most]
    lost = int(tokens[unknown].sum())
    return UnknownTerms(
        terms=len(unknown),
        tokens=lost,
        token_share=lost / max(corpus.n_tokens, 1),
        frequent=tuple((terms[term], int(tokens[term])) for term in order.tolist()),
        unused=len(known) - int((there & (tokens > 0)).sum()),
    )
