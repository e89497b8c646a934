"""AnnData (`.h5ad`): documents are observations, terms variables, fields `obs`; counts as a sparse matrix by rows.

The matrix is written shard by shard, in the layout of AnnData's specification of files (csr_matrix 0.1.0), so that it
is never held; the rest by anndata itself.
"""

from __future__ import annotations

import json
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lda.corpus.arrow import string_list
from lda.corpus.errors import DataError
from lda.corpus.export.fault_keeping_file import FaultKeepingFile
from lda.corpus.export.lines import check_entries, n_entries, shard_counts
from lda.corpus.plain_values import plain, plain_values
from lda.corpus.presentable import printable

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from lda.corpus.corpus import Corpus


CHUNK: Final = 1 << 18
"""Entries that are packed together."""


_EMPTY: Final = ("layers", "obsm", "obsp", "uns", "varm", "varp")


def write_anndata(corpus: Corpus, path: Path) -> None:
    """Write the file.

    Raises:
        DataError: two documents have one id, or the packages h5py and anndata are not installed.
    """
    h5py, anndata, pandas = _packages()
    ids = string_list(corpus.document_ids())
    if len(set(ids)) < len(ids):
        seen = set[str]()
        twice = next(name for name in ids if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise DataError(
            f"names of observations must be different, got {printable(twice)!r:.60} twice; choose another form, or "
            "build the corpus with another --id"
        )
    metadata = corpus.metadata()
    names = [] if metadata is None else metadata.column_names
    obs = pandas.DataFrame(
        {name: _values(pandas, metadata, name) for name in names}, index=pandas.Index(ids, dtype=object)
    )
    var = pandas.DataFrame(
        {"term_frequency": corpus.term_frequencies, "document_frequency": corpus.document_frequencies},
        index=pandas.Index(corpus.vocabulary, dtype=object),
    )
    with FaultKeepingFile(path) as opened:
        with h5py.File(opened, "w") as file:
            file.attrs["encoding-type"], file.attrs["encoding-version"] = "anndata", "0.1.0"
            _write_matrix(corpus, file.create_group("X"), opened)
            for name, value in {"obs": obs, "var": var, **{key: {} for key in _EMPTY}}.items():
                anndata.io.write_elem(file, name, value)
                opened.check()
        opened.check()


def _packages() -> tuple[Any, Any, Any]:
    try:
        h5py, anndata, pandas = map(import_module, ("h5py", "anndata", "pandas"))
    except ImportError:
        raise DataError(
            "AnnData files need the package anndata; install it with `pip install raylda[anndata]`"
        ) from None
    return h5py, anndata, pandas


def _values(pandas: Any, metadata: pa.Table | None, name: str) -> Any:  # noqa: ANN401 - modules, columns
    """A field as a column that AnnData can write: numbers, truth values, and text, which goes into categories."""
    assert metadata is not None
    values = plain_values(metadata.column(name))
    known = [value for value in values if value is not None]
    if all(isinstance(value, bool) for value in known) and len(known) == len(values):
        return np.array(values, dtype=np.bool_)
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in known):
        whole = len(known) == len(values) and all(
            isinstance(value, int) and abs(value) < 2**63 for value in known
        )
        return np.array(
            [np.nan if value is None else value for value in values], np.int64 if whole else np.float64
        )
    return pandas.Categorical([None if value is None else _text(plain(value)) for value in values])


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _write_matrix(corpus: Corpus, group: Any, opened: FaultKeepingFile) -> None:  # noqa: ANN401 - of h5py
    total = n_entries(corpus)
    group.attrs["encoding-type"], group.attrs["encoding-version"] = "csr_matrix", "0.1.0"
    group.attrs["shape"] = np.array([corpus.n_documents, corpus.n_terms], dtype=np.int64)
    chunks = (min(CHUNK, max(total, 1)),)
    kinds = {"data": np.int32, "indices": np.int32}
    sets = {
        name: group.create_dataset(
            name, (total,), kind, chunks=chunks, compression="gzip", compression_opts=4
        )
        for name, kind in kinds.items()
    }
    offsets = np.zeros(corpus.n_documents + 1, dtype=np.int64)
    document = written = 0
    for counts in shard_counts(corpus):
        end = written + counts.nnz
        if end > total:
            check_entries(corpus, end)
        sets["data"][written:end], sets["indices"][written:end] = counts.data, counts.indices
        offsets[document + 1 : document + counts.shape[0] + 1] = written + counts.indptr[1:]
        document, written = document + counts.shape[0], end
        opened.check()
    check_entries(corpus, written)
    group.create_dataset("indptr", data=offsets)
