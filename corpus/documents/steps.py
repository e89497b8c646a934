"""`DocumentSteps`: what is done with the documents of a corpus before their terms are counted.

In this order: documents are chosen (`where`), duplicates left out or marked (`dedupe`), short ones joined (`join_by`),
long ones split (`split_tokens`), and the further fields get types (`types`).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import numpy as np

from lda.corpus.arrow import array
from lda.corpus.batches import count_terms
from lda.corpus.documents.duplicates import Fingerprints, check_dedupe
from lda.corpus.documents.split import check_split_tokens, split_documents
from lda.corpus.documents.types import Observations, Types, Typing, parsed_types
from lda.corpus.documents.where import NO_KINDS, Where, chosen_rows
from lda.corpus.errors import DataError
from lda.corpus.presentable import presentable

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt
    import pyarrow as pa

    from lda.corpus.batches import TokenBatch
    from lda.corpus.documents.duplicates import Singles
    from lda.corpus.readers.base import TextBatch
    from lda.corpus.text.tokenizer import Numbered, TextTokenizer


Batch = TypeVar("Batch", "TextBatch", "TokenBatch")


class Stepped(NamedTuple):
    """A batch of which some documents may be in chunks.

    Attributes:
        tokens: the documents, or chunks of them.
        n_split: documents that are in chunks.
        numbers: those of the records, where the documents are to be named by them; see `TextBatch`.
        endings: what is then put behind the numbers, an Arrow array; None for nothing.
    """

    tokens: TokenBatch
    n_split: int = 0
    numbers: npt.NDArray[np.int64] | None = None
    endings: pa.Array[Any] | None = None


@dataclass(frozen=True, kw_only=True)
class DocumentSteps:
    """Settings of the steps; picklable, and plain values by `to_dict`. By default nothing is done.

    A value that cannot be right raises ValueError: it is a mistake in the call, not in the data.

    Attributes:
        where: a condition that a document must fulfil, see `lda.corpus.documents.conditions`; None takes all.
        dedupe: "exact", or the least similarity, 0.5 ... 1, of near-duplicates; None for none.
        mark_duplicates: duplicates stay, and get a field `duplicate_of`; "exact" where `dedupe` says nothing.
        join_by: a field; the documents that have the same value there become one. None for none.
        split_tokens: most tokens of a document; longer ones become chunks of nearly equal length. None for any.
        types: "auto", or "year:int,date:date", or both: the kinds of further fields. None leaves them as they are.
    """

    where: str | None = None
    dedupe: str | float | None = None
    mark_duplicates: bool = False
    join_by: str | None = None
    split_tokens: int | None = None
    types: str | None = None

    def __post_init__(self) -> None:
        if self.where is not None:
            Where(self.where)
        dedupe = check_dedupe(self.dedupe)
        object.__setattr__(self, "dedupe", "exact" if self.mark_duplicates and dedupe is None else dedupe)
        check_split_tokens(self.split_tokens)
        if self.join_by is not None and not self.join_by:
            raise ValueError("join_by must name a field, got an empty text")
        if self.types is not None:
            object.__setattr__(self, "types", str(parsed_types(self.types)))

    def __bool__(self) -> bool:
        return bool(self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON of what is asked for; `from_dict` restores equal steps."""
        return {
            step.name: getattr(self, step.name)
            for step in dataclasses.fields(self)
            if getattr(self, step.name) != step.default
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> DocumentSteps:
        """The steps of what `to_dict` returned.

        Raises:
            TypeError: there is no such step.
            ValueError: a value cannot be right.
        """
        return cls(**values)

    @cached_property
    def condition(self) -> Where | None:
        """The condition, read."""
        return None if self.where is None else Where(self.where)

    @cached_property
    def kinds(self) -> Types | None:
        """The types, read."""
        return None if self.types is None else parsed_types(self.types)

    @cached_property
    def fingerprints(self) -> Fingerprints | None:
        """What makes fingerprints of documents; None where nobody looks for duplicates."""
        return None if self.dedupe is None else Fingerprints(self.dedupe)

    def chosen(self, batch: TextBatch) -> TextBatch:
        """The documents of a batch that fulfil the condition.

        Raises:
            DataError: a field holds what cannot be compared.
        """
        return batch if self.condition is None else kept_texts(batch, self.mask(batch.ids, batch.metadata))

    def chosen_counts(self, batch: TokenBatch) -> TokenBatch:
        """The same of documents that are counts.

        Raises:
            DataError: as `chosen`.
        """
        return batch if self.condition is None else kept_counts(batch, self.mask(batch.ids, batch.metadata))

    def mask(self, ids: pa.Array[Any], metadata: pa.Table | None) -> npt.NDArray[np.bool_]:
        """(n,) which documents fulfil the condition, that there must be.

        Raises:
            DataError: as `chosen`.
        """
        assert self.condition is not None
        forced = NO_KINDS if self.kinds is None else self.kinds.forced
        return self.condition.mask(ids, metadata, forced)

    def single(self, batch: TextBatch, singles: Singles, start: int) -> TextBatch:
        """Documents that were chosen, without those that repeat an earlier one, or with these marked.

        Args:
            batch: the documents from number `start` on, counted among the chosen ones.
            singles: which of all of them repeat none.
            start: see `batch`.
        """
        if self.mark_duplicates:
            return batch._replace(metadata=singles.marked(batch.metadata, start, len(batch.ids)))
        return kept_texts(batch, singles.stay[start : start + len(batch.ids)])

    def single_counts(self, batch: TokenBatch, singles: Singles, start: int) -> TokenBatch:
        """The same of documents that are counts."""
        if self.mark_duplicates:
            return batch._replace(metadata=singles.marked(batch.metadata, start, len(batch.ids)))
        return kept_counts(batch, singles.stay[start : start + len(batch.ids)])

    def looked_at(self, chosen: Batch, left: Batch) -> Batch:
        """The documents whose fields say what types these are: those that are left, before they were marked."""
        return chosen if self.mark_duplicates else left

    def tokens(self, batch: TextBatch, tokenize: TextTokenizer) -> Stepped:
        """Tokenise documents that were chosen, in chunks where they are long.

        Chunks are cut between words, after stop words are left out and before phrases and runs of words are made, so
        that these never reach from one chunk into the next.

        Raises:
            DataError: as the tokenizer.
        """
        numbered, n_stopped = tokenize.kept_words(batch.texts, batch.ids)
        ids, metadata, n_split, numbers, endings = batch.ids, batch.metadata, 0, batch.numbers, None
        if self.split_tokens is not None:
            chunks = split_documents(numbered.doc_offsets, self.split_tokens)
            numbered, n_split = (
                numbered._replace(doc_offsets=chunks.doc_offsets),
                int((chunks.counts > 1).sum()),
            )
            ids, metadata = chunks.ids(ids), chunks.rows(metadata)
            if numbers is not None:
                numbers, endings = np.repeat(numbers, chunks.counts), chunks.endings()
        made = tokenize.counted(numbered, n_stopped, ids, metadata)
        return Stepped(made._replace(n_without_text=batch.n_without_text), n_split, numbers, endings)

    def words(self, batch: TextBatch, tokenize: TextTokenizer) -> Numbered:
        """The words of documents that were chosen, in chunks where they are long: phrases are found among these."""
        numbered, _ = tokenize.kept_words(batch.texts, batch.ids)
        if self.split_tokens is None:
            return numbered
        return numbered._replace(
            doc_offsets=split_documents(numbered.doc_offsets, self.split_tokens).doc_offsets
        )


NO_STEPS: Final = DocumentSteps()
"""Every document as it is."""


def kept_texts(batch: TextBatch, mask: npt.NDArray[np.bool_]) -> TextBatch:
    """The documents that a mask leaves. Whatever else a batch has for each document goes along."""
    if mask.all():
        return batch
    rows = array(mask)
    without = None if batch.without_text is None else batch.without_text[mask]
    return batch._replace(
        ids=batch.ids.filter(rows),
        texts=batch.texts.filter(rows),
        metadata=chosen_rows(batch.metadata, mask),
        n_without_text=0 if without is None else int(without.sum()),
        numbers=None if batch.numbers is None else batch.numbers[mask],
        without_text=without,
    )


def kept_counts(batch: TokenBatch, mask: npt.NDArray[np.bool_]) -> TokenBatch:
    """The same of documents that are counts of a fixed vocabulary, or of the terms of the batch."""
    if mask.all():
        return batch
    kept = kept_rows(batch, mask)
    tokens, documents = count_terms(kept.doc_offsets, kept.words, len(batch.term_frequencies))
    return kept._replace(term_frequencies=tokens, document_frequencies=documents)


def kept_rows(batch: TokenBatch, mask: npt.NDArray[np.bool_]) -> TokenBatch:
    """The same where nobody asks how often terms occur."""
    lengths, rows = np.diff(batch.doc_offsets), array(mask)
    return batch._replace(
        ids=batch.ids.filter(rows),
        doc_offsets=np.concatenate([[0], np.cumsum(lengths[mask])]).astype(np.int64),
        words=batch.words[np.repeat(mask, lengths)],
        metadata=chosen_rows(batch.metadata, mask),
        texts=None if batch.texts is None else batch.texts.filter(rows),
    )


@dataclass(slots=True)
class StepTally:
    """What happened to documents, added up over batches, and over parts by `add`.

    Attributes:
        n_read: documents, before any was left out.
        n_chosen: those that fulfil the condition.
        n_duplicates: those of them that repeat an earlier one.
        n_joined: documents that went into others; None where none were to be joined.
        n_split: documents that are in chunks.
        fields: the further fields that documents have, in order of appearance.
        seen: what these hold, where types are asked for.
    """

    n_read: int = 0
    n_chosen: int = 0
    n_duplicates: int = 0
    n_joined: int = 0
    n_split: int = 0
    fields: dict[str, None] = field(default_factory=dict)
    seen: Observations = field(default_factory=Observations)

    def saw(self, batch: TextBatch | TokenBatch, chosen: TextBatch | TokenBatch) -> None:
        """Take a batch, before and after documents were chosen."""
        self.n_read += len(batch.ids)
        self.n_chosen += len(chosen.ids)
        if batch.metadata is not None:
            self.fields.update(dict.fromkeys(batch.metadata.column_names))

    def add(self, other: StepTally) -> None:
        """Take what was told of the documents that come next."""
        self.n_read += other.n_read
        self.n_chosen += other.n_chosen
        self.n_duplicates += other.n_duplicates
        self.n_joined += other.n_joined
        self.n_split += other.n_split
        self.fields.update(other.fields)
        self.seen.add(other.seen)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for the record of a part."""
        return {
            **{name: getattr(self, name) for name in _COUNTS},
            "fields": list(self.fields),
            "seen": self.seen.to_dict(),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> StepTally:
        """What `to_dict` returned."""
        return cls(
            **{name: values[name] for name in _COUNTS},
            fields=dict.fromkeys(values["fields"]),
            seen=Observations.from_dict(values["seen"]),
        )

    def check(self, steps: DocumentSteps) -> None:
        """All documents have been seen.

        Raises:
            DataError: the condition asks for a field that none has, or none fulfils it.
        """
        if steps.condition is None or not self.n_read:
            return
        steps.condition.check_fields(self.fields)
        if not self.n_chosen:
            raise DataError(
                presentable(
                    f"none of {self.n_read:,} documents fulfils the condition {steps.where!r:.200}; change it"
                )
            )

    def typed(self, steps: DocumentSteps) -> Typing | None:
        """What gives further fields their types, now that all have been seen; None where nobody asked.

        Raises:
            DataError: as `Observations.decide`.
        """
        return None if steps.kinds is None else Typing(self.seen.decide(steps.kinds), self.seen)

    def record(self, steps: DocumentSteps) -> dict[str, Any] | None:
        """What the manifest says of the steps: what was asked for, and to how many documents it happened; or None."""
        if not steps:
            return None
        made: dict[str, Any] = {**steps.to_dict(), "n_read": self.n_read}
        if steps.where is not None:
            made["n_left_out"] = self.n_read - self.n_chosen
        if steps.dedupe is not None:
            made["n_duplicates"] = self.n_duplicates
        if steps.join_by is not None:
            made["n_joined"] = self.n_joined
        if steps.split_tokens is not None:
            made["n_split"] = self.n_split
        return made


_COUNTS: Final = ("n_read", "n_chosen", "n_duplicates", "n_joined", "n_split")


def steps_in_words(record: Mapping[str, Any]) -> str:
    """What the manifest's record says, for people: "763 of 1,000 documents left out by year >= 2000; ..."."""
    parts = []
    if "where" in record:
        parts.append(f"{record['n_left_out']:,} of {record['n_read']:,} left out by {record['where']!s:.200}")
    if "dedupe" in record:
        kind = "duplicates" if record["dedupe"] == "exact" else f"near-duplicates ({record['dedupe']:g})"
        done = "marked" if record.get("mark_duplicates") else "left out"
        parts.append(f"{record['n_duplicates']:,} {kind} {done}")
    if "join_by" in record:
        parts.append(f"{record['n_joined']:,} joined to others by {record['join_by']!s:.60}")
    if "split_tokens" in record:
        parts.append(f"{record['n_split']:,} split into chunks of up to {record['split_tokens']:,} tokens")
    if "types" in record:
        parts.append(f"fields typed ({record['types']!s:.100})")
    return "; ".join(parts)
