"""`split_corpus`: a corpus as parts for training and scoring that share no document."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lda.corpus import Corpus, as_corpus
from lda.corpus.arrow import string_list
from lda.corpus.document_hashes import SHORTEST, content_hashes
from lda.corpus.documents.near_duplicates import check_threshold
from lda.corpus.errors import DataError
from lda.corpus.finished.partition import check_shares, part_by_hash, partition_corpus
from lda.corpus.presentable import printable
from lda.corpus.storage.output_target import check_folder_target, local_path, new_folder
from lda.corpus.storage.places import storage
from lda.corpus.storage.signed_record import write_record
from lda.splitting.clusters import representatives, tied
from lda.splitting.document_keys import (
    CONTENT,
    ID,
    FieldLabels,
    document_keys,
    document_times,
    field_labels,
    ids_are_numbers,
)
from lda.splitting.near_duplicates import (
    installed,
    near_duplicate_clusters,
    sketcher,
)
from lda.splitting.split_folder import FORMAT, FORMAT_VERSION, SPLIT, is_split

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Integers = npt.NDArray[np.int64]

USUAL_NAMES: Final = {2: ("train", "test"), 3: ("train", "validation", "test")}
LOOKED_FOR: Final = 0.9
"""Similarity of near-duplicates that are told of where they were not asked to be kept together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitOptions:
    """How documents are divided. A value that cannot be right raises ValueError.

    Attributes:
        shares: of the parts, 1 together.
        names: of the parts; by default train and test, or train, validation and test, or part-1, part-2, ...
        by_hash: what is hashed: "id", "content", or a field.
        by: fields whose values are not divided: all documents of an author, say, go to one part.
        time: field with a date or a number: the parts follow each other in time; None divides by hash.
        near_duplicates: the least similarity, 0.5 ... 1, of documents that are kept together; None for exact
            duplicates alone.
        seed: another one makes an independent split.
    """

    shares: tuple[float, ...] = (0.8, 0.1, 0.1)
    names: tuple[str, ...] = ()
    by_hash: str = ID
    by: tuple[str, ...] = ()
    time: str | None = None
    near_duplicates: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        shares = check_shares(self.shares)
        if len(shares) < 2:
            raise ValueError("a split needs two shares at least, such as 0.9,0.1, got one")
        names = self.names or USUAL_NAMES.get(len(shares)) or [f"part-{i + 1}" for i in range(len(shares))]
        if len(names) != len(shares):
            raise ValueError(f"names must be as many as shares, {len(shares)}, got {len(names)}")
        if len({name.lower() for name in names}) < len(names):
            raise ValueError(f"names of parts must be different, got {', '.join(names)}")
        for name in names:
            plain = name.replace("-", "").replace("_", "").replace(".", "").isalnum()
            if not plain or name.startswith((".", "-")) or name == SPLIT:
                raise ValueError(
                    f"a part must be called by letters, digits, -, _ and ., for it is a folder, got {name!r:.60}"
                )
        object.__setattr__(self, "names", tuple(names))
        if self.near_duplicates is not None:
            check_threshold(self.near_duplicates)
        if not 0 <= self.seed < 1 << 64:
            raise ValueError(f"the seed must be between 0 and {(1 << 64) - 1}, got {self.seed}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Duplicates:
    """What was found out about documents that are there more than once.

    Attributes:
        exact: documents that say the same as another, word by word.
        near: documents with a near-duplicate, or such of a near-duplicate; None where nobody looked.
        threshold: the least similarity of near-duplicates.
        together: documents whose part is another one than theirs alone would be, for they are kept with others.
        leaked: (P,) documents of each part with a near-duplicate in another part; all 0 where they were kept together,
            None where nobody looked.
    """

    exact: int
    near: int | None
    threshold: float
    together: int
    leaked: tuple[int, ...] | None

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        leaked = None if self.leaked is None else list(self.leaked)
        return {
            "exact": self.exact,
            "near": self.near,
            "threshold": self.threshold,
            "moved": self.together,
            "leaked": leaked,
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Division:
    """Where documents go. parts: (D,) int64. keyed_by: what was hashed, or None of parts in time."""

    parts: Integers
    duplicates: Duplicates
    keyed_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CorpusSplit:
    """A corpus that has been split.

    Attributes:
        folder: where `split.json` and the folders of the parts are.
        parts: the corpora by name.
        how: what `split.json` says.
    """

    folder: Path
    parts: dict[str, Corpus] = field(repr=False)
    how: dict[str, Any] = field(repr=False)

    def __getitem__(self, name: str) -> Corpus:
        return self.parts[name]

    def to_dict(self) -> dict[str, Any]:
        """What `split.json` says."""
        return dict(self.how)


def divide(corpus: Corpus, options: SplitOptions, *, look_for_leaks: bool = True) -> Division:
    """Which part each document goes into.

    Args:
        corpus: the documents.
        options: how they are divided.
        look_for_leaks: count near-duplicates, where the package for them is installed, also if they need not stay
            together. It takes another pass, and changes no part.

    Raises:
        DataError: ids repeat, a field is missing or unreadable, or a part comes out empty.
        MissingPackageError: near-duplicates are asked for, and the package for them is not installed.
    """
    if options.near_duplicates is not None:
        sketcher()
    n = corpus.n_documents
    contents = content_hashes(corpus, shortest=0)
    telling = np.where(corpus.document_lengths() < SHORTEST, np.uint64(0), contents)
    _, same, times = np.unique(telling, return_inverse=True, return_counts=True)
    same = np.where(telling == 0, -1, same).astype(np.int64)
    fields = [field_labels(corpus, name) for name in options.by]
    ties = [same, *(np.stack([found.documents, found.values]) for found in fields)]
    threshold, near = options.near_duplicates or LOOKED_FOR, None
    if options.near_duplicates is not None or (look_for_leaks and installed()):
        near = near_duplicate_clusters(corpus, threshold)
        if options.near_duplicates is not None:
            ties.append(near)
    cluster = tied(n, ties)
    keyed_by = None
    if options.time is None:
        keyed_by = CONTENT if options.by_hash == ID and ids_are_numbers(corpus) else options.by_hash
        keys = _keys(corpus, fields, keyed_by, contents)
        alone = part_by_hash(keys, options.shares, seed=options.seed)
        parts = alone[representatives(cluster, keys, seed=options.seed)][cluster]
    else:
        days = document_times(corpus, options.time)
        alone = _parts_in_time(days, options.shares)
        first = np.full(int(cluster.max(initial=0)) + 1, np.inf)
        np.minimum.at(first, cluster, days.astype(np.float64))
        parts = _parts_in_time(first[cluster], options.shares)
    _check_sizes(parts, options)
    leaked = None if near is None else _leaked(near, parts, len(options.shares))
    return Division(
        parts=parts,
        keyed_by=keyed_by,
        duplicates=Duplicates(
            exact=int((times[same] > 1)[same >= 0].sum()),
            near=None if near is None else int((np.bincount(near)[near] > 1).sum()),
            threshold=threshold,
            together=int((parts != alone).sum()),
            leaked=leaked,
        ),
    )


def _keys(
    corpus: Corpus, fields: Sequence[FieldLabels], keyed_by: str, contents: npt.NDArray[np.uint64]
) -> list[str]:
    """(D,) what is hashed: a value of the fields of `by`, which stays whatever joins it, or else the key."""
    if not fields:
        return document_keys(corpus, keyed_by, contents)
    keys: list[str | None] = [None] * corpus.n_documents
    for found in fields:
        for document, value in zip(found.documents.tolist(), found.values.tolist(), strict=True):
            label, known = found.labels[value], keys[document]
            keys[document] = label if known is None else min(known, label)
    if None in keys:
        others = document_keys(corpus, keyed_by, contents)
        return [other if key is None else key for key, other in zip(keys, others, strict=True)]
    return [key for key in keys if key is not None]


def _parts_in_time(times: npt.NDArray[Any], shares: Sequence[float]) -> Integers:
    """(D,) the part of each document by the share of documents before its time; those of one time are not divided."""
    ordered = np.sort(times)
    before = np.searchsorted(ordered, times, side="left") / max(len(times), 1)
    cuts = np.cumsum(shares)[:-1]
    return np.searchsorted(cuts, before, side="right").astype(np.int64)


class EmptyPartError(DataError):
    """A part of a division comes out without a document."""


def _check_sizes(parts: Integers, options: SplitOptions) -> None:
    sizes = np.bincount(parts, minlength=len(options.shares))
    if not sizes.all():
        name = options.names[int(sizes.argmin())]
        told = ", ".join(f"{n} {size:,}" for n, size in zip(options.names, sizes.tolist(), strict=True))
        raise EmptyPartError(
            f"the part {name} comes out empty ({told} documents): there are too few documents, or too many that must "
            "stay together; take larger shares, fewer parts, or another --seed"
        )


def _leaked(near: Integers, parts: Integers, n_parts: int) -> tuple[int, ...]:
    """(P,) documents in clusters that lie in several parts."""
    lowest, highest = np.full(len(near), n_parts), np.full(len(near), -1)
    np.minimum.at(lowest, near, parts)
    np.maximum.at(highest, near, parts)
    leaks = (lowest < highest)[near]
    return tuple(np.bincount(parts[leaks], minlength=n_parts).tolist())


def split_corpus(
    X: object,
    folder: str | Path,
    shares: Sequence[float] = (0.8, 0.1, 0.1),
    *,
    by_hash: str = ID,
    by: Sequence[str] | str = (),
    time: str | None = None,
    near_duplicates: float | None = None,
    names: Sequence[str] = (),
    seed: int = 0,
    ids: bool = False,
    overwrite: bool = False,
) -> CorpusSplit:
    """Split a corpus into parts for training and scoring, each a corpus folder, that share no document.

    A document goes where a hash of its id says, so it stays where it is when others are added. Documents of the same
    words are never divided. All parts have one vocabulary.

    Args:
        X: a corpus, the path of one, or whatever `as_corpus` takes.
        folder: to make; the parts lie in it, and `split.json` says how they came about.
        shares: of the parts, 1 together.
        by_hash: what is hashed: "id" (or what documents say, where their ids are mere numbers of them), "content", or a
            field with one value for each document.
        by: fields whose values are not divided; documents without a value go by `by_hash`.
        time: field with a date or a number; the first part has the earliest documents, the last one the latest.
        near_duplicates: keep documents together whose shingles of three words have a Jaccard index of this or more,
            0.5 ... 1 (needs raylda[dedupe]).
        names: of the parts; train, validation and test for three.
        seed: another one makes an independent split.
        ids: write a file `NAME-ids.txt` for each part, an id a line, for other tools.
        overwrite: replace a split that stands there.

    Raises:
        DataError: ids repeat, a field is missing or unreadable, a part comes out empty, or the folder exists.
        MissingPackageError: near-duplicates are asked for, and the package for them is not installed.
        ValueError: an argument cannot be right.
    """
    options = SplitOptions(
        shares=tuple(shares),
        names=tuple(names),
        by_hash=by_hash,
        by=(by,) if isinstance(by, str) else tuple(by),
        time=time,
        near_duplicates=near_duplicates,
        seed=seed,
    )
    return write_split(as_corpus(X), folder, options, ids=ids, overwrite=overwrite)


def write_split(
    corpus: Corpus, folder: str | Path, options: SplitOptions, *, ids: bool = False, overwrite: bool = False
) -> CorpusSplit:
    """See `split_corpus`."""
    target = local_path(str(folder))
    check_split_target(target, overwrite=overwrite)
    division = divide(corpus, options)
    with new_folder(target, overwrite=overwrite, is_ours=is_split) as temporary:
        parts = partition_corpus(corpus, division.parts, [temporary / name for name in options.names])
        how = _how(corpus, options, division, parts)
        if ids:
            for name, part in zip(options.names, parts, strict=True):
                _write_ids(temporary / f"{name}-ids.txt", part)
        write_record(storage(temporary), SPLIT, how, form=FORMAT, version=FORMAT_VERSION)
    opened = {name: Corpus.open(target / name) for name in options.names}
    return CorpusSplit(folder=target, parts=opened, how=how)


def check_split_target(target: Path, *, overwrite: bool) -> None:
    """Refuse a folder that may not be written. Raises `DataError`."""
    check_folder_target(target, overwrite=overwrite, is_ours=is_split, what="a split")


def _write_ids(path: Path, part: Corpus) -> None:
    names = string_list(part.document_ids())
    broken = next((name for name in names if "\n" in name or "\r" in name), None)
    if broken is not None:
        raise DataError(
            f"a list of ids has one a line, and {printable(broken)!r:.80} holds a line break; leave out --ids"
        )
    path.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")


def _how(
    corpus: Corpus, options: SplitOptions, division: Division, parts: Sequence[Corpus]
) -> dict[str, Any]:
    from importlib.metadata import version

    return {
        "raylda": version("raylda"),
        "by_hash": division.keyed_by,
        "by": list(options.by),
        "time": options.time,
        "near_duplicates": options.near_duplicates,
        "seed": options.seed,
        "corpus": {"content_hash": corpus.content_hash, "n_documents": corpus.n_documents},
        "duplicates": division.duplicates.to_dict(),
        "parts": [
            {
                "name": name,
                "asked": share,
                "share": part.n_documents / corpus.n_documents,
                "n_documents": part.n_documents,
                "n_empty_documents": part.n_empty_documents,
                "n_tokens": part.n_tokens,
                "content_hash": part.content_hash,
            }
            for name, share, part in zip(options.names, options.shares, parts, strict=True)
        ],
    }
