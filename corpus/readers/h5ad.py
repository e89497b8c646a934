"""AnnData in files: `.h5ad`, and stores of Zarr.

Rows are read a block at a time, so that memory does not grow with the number of entries; a matrix stored by columns
(CSC) is turned round in memory first. Rejected: `anndata.read_h5ad(backed="r")`, which reads all of `var` and `uns`,
and follows links to other files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lda.corpus.arrow import strings
from lda.corpus.errors import DataError
from lda.corpus.readers.annotated import (
    RAW,
    SAMPLE,
    Places,
    check_unique,
    metadata_of,
    no_counts,
    normalised,
    refused_many,
)
from lda.corpus.readers.base import CountFile, CountReader
from lda.corpus.readers.count_batches import TOKENS_PER_BATCH, canonical, check_size, expand_rows
from lda.corpus.readers.files import read_bytes
from lda.corpus.readers.npz import check_structure
from lda.corpus.readers.options import ReadOptions
from lda.corpus.readers.vocabulary_file import read_vocabulary
from lda.corpus.terms import check_terms

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyarrow as pa

    from lda.corpus.batches import TokenBatch

_DAMAGE: Final = (
    OSError,
    KeyError,
    ValueError,
    TypeError,
    IndexError,
    RuntimeError,
    AttributeError,
    MemoryError,
)
"""What h5py, Zarr and anndata raise when they are given a damaged file."""

BLOCK_ROWS: Final = 2**14
BLOCK_ENTRIES: Final = TOKENS_PER_BATCH
"""Rows and stored entries read at a time: 50 MB, whatever the size of the file. A single row may be larger."""


class H5adReader(CountReader):
    """AnnData written by `write_h5ad` or `write_zarr`: cells are documents, `obs` is metadata, `var_names` terms."""

    name = "h5ad"
    suffixes = (".h5ad", ".h5mu")
    folders = (".zarr",)
    mark = re.compile(rb"\x89HDF\n\x1a\n")  # line ends as `read_head` has them

    def read(self, path: Path, options: ReadOptions) -> CountFile:
        """Read the names; the counts of `X` or of the layer in the options follow, a block of rows at a time.

        Raises:
            DataError: the file is damaged or no AnnData, anndata is not installed, there is no such layer, or it
                holds no counts; the message tells where counts are.
        """
        with ExitStack() as stack:
            try:
                found = _Annotated(path, _opened(path, stack), options)
            except _DAMAGE as error:
                raise _damaged(path, error) from None
            return CountFile(found.terms, True, _batches(found, stack.pop_all()))


def _opened(path: Path, stack: ExitStack) -> Any:  # noqa: ANN401 - a group of h5py or Zarr
    try:
        import anndata.io  # noqa: F401 - asked for here, where it can be told
        import h5py
    except ImportError as error:
        raise DataError(
            f"{path} is an AnnData file, which needs the package {error.name}; pip install 'raylda[anndata]'"
        ) from None
    if path.is_dir():
        import zarr

        return zarr.open_group(str(path), mode="r")
    # A packed file is unpacked in memory: HDF5 jumps about in it.
    file = path if h5py.is_hdf5(path) else BytesIO(read_bytes(path))
    return stack.enter_context(h5py.File(file, "r"))


def _damaged(path: Path, error: BaseException) -> DataError:
    if isinstance(error, DataError):
        return error
    reason = " ".join(str(error).split()) or type(error).__name__
    return DataError(f"{path} is not a sound AnnData file ({reason:.200}); write it again")


class _Annotated:
    """An AnnData in an open file.

    Attributes:
        path: of the file.
        matrix: the group or array with the counts.
        shape: (cells, variables).
        terms: names of the variables.
        ids: names of the cells.
        obs: table of metadata or None.
    """

    def __init__(self, path: Path, root: Any, options: ReadOptions) -> None:  # noqa: ANN401
        self.path, self._root, self.layer = path, root, options.layer
        if root.attrs.get("encoding-type") == "MuData" or "mod" in root:
            modalities = sorted(_inside(root, "mod"))
            raise DataError(f"{path}: {refused_many(modalities, 'mdata.mod[{!r}].write_h5ad(...)')}")
        if "obs" not in root or "var" not in root:
            raise DataError(
                f"{path} must hold an AnnData, with obs and var, got {sorted(root)[:8]!r:.120}; read it with the "
                "package it is of (scanpy.read_10x_h5 for one of 10x), and write_h5ad() what you get"
            )
        layers = sorted(_inside(root, "layers")) if "layers" in root else []
        self._places = Places(layers, RAW in root and "X" in _inside(root, RAW))
        self._places.check(self.layer, str(path))
        if self.layer is None and "X" not in root:
            raise self._places.no_x(str(path), "with --layer")
        self.matrix = self._at(self.layer)
        self.shape = _shape(self.matrix)
        var = _inside(root, "raw/var" if self._places.is_raw(self.layer) else "var")
        names = [_text(name) for name in _element(_inside(var, str(var.attrs["_index"])))]
        if options.vocabulary is not None:
            names = read_vocabulary(options.vocabulary, options)
        n_cells, n_terms = self.shape
        if not n_cells or not n_terms:
            raise DataError(
                f"{path} must have at least one cell and one variable, got {self.shape}; check it"
            )
        check_size(path, n_cells, n_terms, _n_entries(self.matrix))
        check_unique(names, f"var_names of {path}")
        self.terms = check_terms(names, n_terms, f"var_names of {path}")
        obs = _element(_inside(root, "obs"))
        if len(obs) != n_cells:
            raise DataError(f"{path} names {len(obs)} cells, but has counts of {n_cells}; write it again")
        self.ids = [f"{options.prefix}{name}" if name.isdecimal() else name for name in map(_text, obs.index)]
        self.obs = metadata_of(obs)

    def _at(self, layer: str | None) -> Any:  # noqa: ANN401
        if layer is None:
            return _inside(self._root, "X")
        return _inside(self._root, "raw/X" if self._places.is_raw(layer) else f"layers/{layer}")

    def bad(self, matrix: Any, entry: int, first: int) -> DataError:  # noqa: ANN401 - canonical CSR
        """The error for an entry of a block of rows that is no count. first: number of the block's first row."""
        row = first + int(np.searchsorted(matrix.indptr, entry, side="right")) - 1
        column = self.terms[int(matrix.indices[entry])]
        remedy = self._places.with_counts(self.layer, self._sample, option="layer={0!r} (--layer {0})")
        place = f"{self._places.called(self.layer)} of {self.path}"
        return normalised(matrix.data[entry], place, self.ids[row], column, remedy)

    def _sample(self, name: str) -> npt.NDArray[Any]:
        """Some stored values of a place; none of one that cannot be read."""
        with suppress(*_DAMAGE):
            matrix = self._at(name)
            if _kind(matrix) == "array":
                rows = max(1, SAMPLE // max(int(matrix.shape[1]), 1))
                return np.asarray(matrix[:rows]).ravel()
            return np.asarray(_inside(matrix, "data")[:SAMPLE])
        return np.zeros(0)


def _inside(root: Any, name: str) -> Any:  # noqa: ANN401 - groups and arrays of h5py or Zarr
    """What lies in a group under a path, in this file.

    Raises:
        DataError: it is a link to another file, or an array whose values lie in one: such a file would have us read
            what whoever made it has no right to.
    """
    found = root
    for part in name.split("/"):
        of_hdf5 = hasattr(found, "id") and hasattr(found.id, "links")  # a group of h5py; Zarr has no links
        link = found.get(part, getlink=True) if of_hdf5 else None
        if type(link).__name__ == "ExternalLink":
            raise DataError(f"{name!r:.60} leads to another file; write the AnnData into one file")
        found = found[part]
        if getattr(found, "external", None) or getattr(found, "is_virtual", False):
            raise DataError(
                f"the values of {name!r:.60} lie in another file; write the AnnData into one file"
            )
    return found


def _check_all_inside(group: Any, depth: int = 0) -> None:  # noqa: ANN401
    """See that all that lies in a group lies in this file. Raises DataError."""
    if depth > 4:  # columns have categories, and these may have a mask; a link may lead back
        raise DataError("data frames must be at most 4 groups deep; write the AnnData again")
    for name in group if hasattr(group, "keys") else ():
        _check_all_inside(_inside(group, name), depth + 1)


def _element(stored: Any) -> Any:  # noqa: ANN401
    """An array or a data frame. Raises ValueError for whatever anndata raises of its own, which has no common class."""
    from anndata.io import read_elem

    _check_all_inside(stored)
    try:
        return read_elem(stored)
    except _DAMAGE:
        raise
    except Exception as error:
        raise ValueError(str(error)) from error


def _text(name: object) -> str:
    return name.decode("utf-8", "backslashreplace") if isinstance(name, bytes) else str(name)


def _kind(matrix: Any) -> str:  # noqa: ANN401
    """How counts are stored: "csr", "csc" or "array"."""
    if not hasattr(matrix, "keys"):
        return "array"
    told = _text(matrix.attrs.get("encoding-type", matrix.attrs.get("h5sparse_format", "")))
    kind = told.removesuffix("_matrix")
    if kind not in {"csr", "csc"}:
        raise DataError(
            f"counts must be an array, or sparse by rows or columns, got {told!r:.60}; write it anew"
        )
    return kind


def _shape(matrix: Any) -> tuple[int, int]:  # noqa: ANN401
    kind = _kind(matrix)
    shape = matrix.shape if kind == "array" else matrix.attrs.get("shape", matrix.attrs.get("h5sparse_shape"))
    if len(shape) != 2:
        raise DataError(f"counts must have two dimensions, got {len(shape)}; write it anew")
    return int(shape[0]), int(shape[1])


def _n_entries(matrix: Any) -> int:  # noqa: ANN401
    if _kind(matrix) == "array":
        return int(matrix.shape[0]) * int(matrix.shape[1])
    return int(_inside(matrix, "data").shape[0])


def _batches(found: _Annotated, open_file: ExitStack) -> Iterator[TokenBatch]:
    with open_file:
        try:
            for first, block in _blocks(found):
                check_structure(block)
                counts = canonical(block)
                bad = no_counts(counts.data[: counts.indptr[-1]])
                if bad is not None:
                    raise found.bad(counts, bad, first)
                rows = counts.shape[0]
                ids: pa.Array[Any] = strings(found.ids[first : first + rows])
                obs = None if found.obs is None else found.obs.slice(first, rows)
                yield from expand_rows(counts, ids, f"{found.path}, ", metadata=obs)
        except _DAMAGE as error:
            raise _damaged(found.path, error) from None


def _blocks(found: _Annotated) -> Iterator[tuple[int, Any]]:
    """(number of the first row, sparse matrix) of consecutive rows."""
    import scipy.sparse

    kind, matrix, (n_rows, n_columns) = _kind(found.matrix), found.matrix, found.shape
    if kind == "array":
        rows = max(1, min(BLOCK_ROWS, BLOCK_ENTRIES // n_columns))
        for first in range(0, n_rows, rows):
            yield first, scipy.sparse.csr_matrix(np.asarray(matrix[first : first + rows]))
        return
    data, indices, indptr = (_inside(matrix, part) for part in ("data", "indices", "indptr"))
    bounds = np.asarray(indptr[:]).astype(np.int64)
    outer = n_rows if kind == "csr" else n_columns
    n_entries = int(data.shape[0])
    if len(bounds) != outer + 1 or bounds[0] != 0 or (np.diff(bounds) < 0).any() or bounds[-1] > n_entries:
        raise DataError(
            f"{found.path}: the bounds of its rows do not fit its {n_entries} entries; write it again"
        )
    if kind == "csc":
        whole = scipy.sparse.csc_matrix((data[:], indices[:], bounds), shape=found.shape)
        check_structure(whole)
        yield 0, whole.tocsr()
        return
    first = 0
    while first < n_rows:
        last = int(np.searchsorted(bounds, bounds[first] + BLOCK_ENTRIES, side="right")) - 1
        last = min(max(first + 1, last), first + BLOCK_ROWS, n_rows)
        low, high = int(bounds[first]), int(bounds[last])
        parts: Any = (data[low:high], indices[low:high], bounds[first : last + 1] - low)
        yield first, scipy.sparse.csr_matrix(parts, shape=(last - first, n_columns))
        first = last
