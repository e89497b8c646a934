"""The model on disk or in an object store: a folder without pickle, mapped where it can be.

model.json        format and version, priors, sizes, fingerprint, the `RunRecord`, and bytes and sha256 of all files
counts.npz        (V, K) int32 CSR, readable by `scipy.sparse.load_npz`
soft_counts.npz   (V, K) float32 CSR, soft counts averaged over late sweeps, where states were sampled
word_prior.npz    (V, K) int32 CSR, tokens that topics had before any document, where they had some
mean_counts.npz   (V, K) float32 CSR, plain counts averaged over late sweeps, by versions up to 0.2
alpha.npy         (K,) float64
documents.npy     sorted uint64, content hashes of the documents trained on, unless they were too many
vocabulary.txt    one term a line, UTF-8 (JSON strings if a term holds a line break: see model.json)
labels.json       names of topics, where somebody gave them (see `lda.labels.labels_file`); no checksum goes over it

After a fit with several aggregators the counts lie in parts, `counts-00000-of-00004.npz` and so on, each of
consecutive words. In an object store everything but model.json and labels.json lies in a folder that model.json names.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import numpy as np

from lda.cluster.counts.sparse_npz import map_csr, read_csr
from lda.corpus.errors import DataError
from lda.corpus.storage.checksum import checksum, checksum_of_file
from lda.corpus.storage.contained_path import path_inside
from lda.corpus.storage.npy_file import check_header, read_array, read_header
from lda.corpus.storage.places import is_uri, storage
from lda.model.checks import check_averages, check_counts, check_prior, check_vocabulary
from lda.model.description import DESCRIPTION, FORMAT, Description, FileRow, damaged, read_description
from lda.model.fields import ModelFields
from lda.model.kept_labels import labels_or_warning
from lda.model.run_record import RunRecord

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt
    from scipy.sparse import csr_matrix

ALPHA: Final = "alpha.npy"
VOCABULARY: Final = "vocabulary.txt"
HASHES: Final = "documents.npy"


def is_model(path: str | Path) -> bool:
    """Whether the folder or URI calls itself a model of this package, sound or not."""
    try:
        start = next(storage(path).chunks(DESCRIPTION), b"")
    except (OSError, DataError):
        return False
    return f'"{FORMAT}"' in start[:200].decode(errors="replace")


def encode_vocabulary(vocabulary: list[str]) -> tuple[str, bytes]:
    """Plain lines if every term fits on one, else one JSON string a line: (which, "plain" or "json"; the file)."""
    text = "\n".join([*vocabulary, ""])
    if text.count("\n") == len(vocabulary) and "\r" not in text:
        try:
            return "plain", text.encode("utf-8")
        except UnicodeEncodeError:  # lone surrogates, from names that were never valid text
            pass
    return "json", "".join(json.dumps(term) + "\n" for term in vocabulary).encode("ascii")


def decode_vocabulary(data: bytes, *, as_json: bool) -> list[str]:
    """The terms of such a file. Raises ValueError when it is damaged."""
    lines = data.decode("utf-8").split("\n")
    if lines.pop() != "":
        raise ValueError("its last line has no end")
    return [_json_term(line) for line in lines] if as_json else lines


def _json_term(line: str) -> str:
    try:
        term = json.loads(line)
    except RecursionError:
        raise ValueError("a line is nested too deeply") from None
    if not isinstance(term, str):
        raise ValueError(f"a term must be a string, got {line:.60}")
    return term


def read_model(path: str | Path, *, verify: bool = True) -> ModelFields:
    """Read the model at a path or URI; counts in one local file are memory-mapped, read-only, others are read.

    verify: read all files once more, and compare them with the sizes and checksums that the description has, and the
        counts with the number of tokens. Without it, of counts that are mapped only the indices are looked at, so that
        nothing damaged is noticed that would not lead outside of the arrays.

    Raises:
        DataError: there is no model, it was written by a newer version, or a part is missing or damaged.
    """
    description = Description(path, read_description(path))
    files = _Files(description, verify=verify)
    n_terms, n_topics = description.whole("n_terms", 1), description.whole("n_topics", 1)
    record = _record(description)
    alpha, vocabulary = files.alpha(n_topics), files.vocabulary(n_terms)
    kinds = averages_of(description)
    shape = (n_terms, n_topics)
    counts = files.matrix("counts", shape, np.dtype(np.int32))
    averages = {kind: files.matrix(kind, shape, np.dtype(np.float32)) for kind in kinds}
    hashes = files.hashes()
    prior, frozen = _prior(description, files, shape)
    if verify:
        try:
            check_vocabulary(vocabulary)
            check_counts(counts, record.n_trained_tokens)
            for matrix in averages.values():
                check_averages(matrix, record.n_trained_tokens)
            if prior is not None:
                check_prior(prior)
            if hashes is not None and bool((hashes[1:] < hashes[:-1]).any()):  # they are searched by halves
                raise ValueError("the hashes of its documents are not sorted")
        except ValueError as error:
            raise damaged(path, str(error)) from None
        description.check_signature()
    return ModelFields(
        counts=counts,
        alpha=alpha,
        beta=description.beta(),
        vocabulary=vocabulary,
        record=record,
        document_hashes=hashes,
        labels=labels_or_warning(path, description.fingerprint, n_topics),
        word_prior=prior,
        frozen_topics=frozen,
        **averages,
    )


def averages_of(description: Description) -> list[str]:
    """Which kinds of averages the model has beside its counts. Raises `DataError`."""
    given = {"mean_counts": description.field("averaged", bool)}
    if "soft" in description.values:  # not of versions up to 0.2
        given["soft_counts"] = description.field("soft", bool)
    return [kind for kind, there in given.items() if there]


def _prior(
    description: Description, files: _Files, shape: tuple[int, int]
) -> tuple[csr_matrix | None, tuple[int, ...]]:
    """(tokens that topics had before any document, or None; numbers of those frozen). Raises `DataError`."""
    if "word_prior" not in description.values:  # of a version that knew none, or of a model without
        return None, ()
    frozen = description.field("frozen_topics", list)
    for k in frozen:
        if not isinstance(k, int) or isinstance(k, bool) or not 0 <= k < shape[1]:
            raise description.damaged(f"frozen_topics must be numbers of topics, got {k!r:.40}")
    if not description.field("word_prior", bool):
        raise description.damaged("word_prior must be true where it stands")
    return files.matrix("word_prior", shape, np.dtype(np.int32)), tuple(frozen)


def _record(description: Description) -> RunRecord:
    values = description.field("run", dict)
    try:
        return RunRecord.from_dict(values)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        why = f"run has no {error}" if isinstance(error, KeyError) else f"of run, {error}"
        raise description.damaged(why) from None


class _Files:
    """The files of one model, as its description names them."""

    def __init__(self, description: Description, *, verify: bool) -> None:
        self._path, self._description, self._verify = description.path, description, verify
        self._where, self._folder = storage(description.path), description.folder

    def _name(self, file: str) -> str:
        return f"{self._folder}/{file}" if self._folder else file

    def _located(self, row: FileRow) -> Path:
        """The path of a local file that has the size, and with `verify` the checksum, that are recorded."""
        try:
            path = path_inside(Path(self._path), self._name(row.file))
            self._check_size(row, path.stat().st_size)
            if self._verify and row.sha256 is not None:
                self._check_sha256(row, checksum_of_file(self._where, self._name(row.file)))
        except OSError as error:
            raise self._damaged_file(row.file, error.strerror or error) from error
        return path

    def read(self, row: FileRow) -> bytes:
        """A whole file. Raises `DataError`."""
        name = self._name(row.file)
        try:
            size = self._where.size(name)
            if size is not None:  # else to read it tells why
                self._check_size(row, size)
            data = self._where.read(name)
        except OSError as error:
            raise self._damaged_file(row.file, error.strerror or error) from error
        # What has been read already is looked at in any case: it costs next to nothing beside the reading.
        if row.sha256 is not None and (self._verify or is_uri(self._path)):
            self._check_sha256(row, checksum(data))
        return data

    def _check_size(self, row: FileRow, size: int) -> None:
        if row.bytes is not None and size != row.bytes:
            raise self._damaged_file(row.file, f"it has {size} bytes, {row.bytes} are recorded")

    def _check_sha256(self, row: FileRow, found: str) -> None:
        if found != row.sha256:
            raise self._damaged_file(row.file, "its sha256 is not that of the description")

    def alpha(self, n_topics: int) -> npt.NDArray[np.float64]:
        """The prior (K,). Raises `DataError`."""
        data = self.read(self._description.row(ALPHA))
        try:
            found = read_array(io.BytesIO(data), len(data), "f")
            if found.shape != (n_topics,):
                raise ValueError(
                    f"alpha must have an entry a topic ({n_topics}), got the shape {found.shape}"
                )
        except ValueError as error:
            raise self._damaged_file(ALPHA, error) from error
        return np.asarray(found, dtype=np.float64)

    def vocabulary(self, n_terms: int) -> list[str]:
        """The V terms. Raises `DataError`."""
        data = self.read(self._description.row(VOCABULARY))
        try:
            if (found := data.count(b"\n")) != n_terms:
                raise ValueError(f"it has {found} terms, not {n_terms}")
            as_json = self._description.values.get("vocabulary_encoding") == "json"
            return decode_vocabulary(data, as_json=as_json)
        except ValueError as error:
            raise self._damaged_file(VOCABULARY, error) from error

    def _damaged_file(self, file: str, why: object) -> DataError:
        return damaged(f"{self._path}/{self._name(file):.300}", str(why))

    def hashes(self) -> npt.NDArray[np.uint64] | None:
        """Content hashes of the training documents, mapped where they can be. Raises `DataError`."""
        if not self._description.values.get("document_hashes"):  # of an earlier version, or too many
            return None
        row = self._description.row(HASHES)
        try:
            if is_uri(self._path):
                data = self.read(row)
                found = read_array(io.BytesIO(data), len(data), "u")
            else:
                found = _mapped(self._located(row), "u")
            if found.ndim != 1 or found.dtype != np.uint64:
                raise ValueError(f"expected (n,) uint64, got {found.dtype} {found.shape}")
        except ValueError as error:
            if isinstance(error, DataError):
                raise
            raise self._damaged_file(HASHES, error) from None
        return found

    def matrix(self, kind: str, shape: tuple[int, int], dtype: np.dtype[Any]) -> csr_matrix:
        """The counts of a kind, of all parts. Raises `DataError` when they have another shape or type."""
        rows = self._description.matrix(kind, *shape)
        if len(rows) == 1:
            matrix = self._part(rows[0], shape)
        else:
            matrix = _stacked(
                (self._part(row, (row.words or 0, shape[1])) for row in rows), rows, shape, dtype
            )
        if matrix.dtype != dtype:
            raise self._damaged_file(rows[0].file, f"expected {kind} of type {dtype}, got {matrix.dtype}")
        return matrix

    def _part(self, row: FileRow, shape: tuple[int, int]) -> csr_matrix:
        if not is_uri(self._path):
            return map_csr(self._located(row), shape, row.entries)
        return read_csr(f"{self._path}/{self._name(row.file)}", self.read(row), shape, row.entries)


def _mapped(path: Path, kinds: str) -> npt.NDArray[Any]:
    """The array of a local file, as a read-only view of it. Raises ValueError."""
    with path.open("rb") as file:
        header = read_header(file)
        check_header(header, path.stat().st_size, kinds)
        return _view(file, header.start, header.dtype, header.shape)


def _view(file: BinaryIO, start: int, dtype: np.dtype[Any], shape: tuple[int, ...]) -> npt.NDArray[Any]:
    if 0 in shape:  # nothing cannot be mapped
        return np.zeros(shape, dtype)
    return np.asarray(np.memmap(file, dtype=dtype, mode="r", offset=start, shape=shape))


def _stacked(
    parts: Iterator[csr_matrix], rows: list[FileRow], shape: tuple[int, int], dtype: np.dtype[Any]
) -> csr_matrix:
    """The parts one below the other; taken one by one, so that one of them is there twice and not all."""
    from scipy.sparse import csr_matrix

    n_entries, n_words = sum(row.entries or 0 for row in rows), shape[0]
    index = np.int32 if n_entries <= np.iinfo(np.int32).max else np.int64
    data: npt.NDArray[Any] = np.empty(n_entries, dtype)
    indices: npt.NDArray[Any] = np.empty(n_entries, index)
    indptr: npt.NDArray[Any] = np.zeros(n_words + 1, index)
    word = entry = 0
    for part in parts:  # each is of the size that its row says
        words, entries = word + part.shape[0], entry + part.nnz
        data[entry:entries], indices[entry:entries] = part.data, part.indices
        indptr[word + 1 : words + 1] = part.indptr[1:] + index(entry)
        word, entry = words, entries
    return csr_matrix((data, indices, indptr), shape=shape, copy=False)
