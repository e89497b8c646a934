"""Topics in an AnnData: `obsm`, `varm` and `uns`, where scanpy and its kin look for such things.

`obsm["X_lda"]` holds the topics of the cells, `varm["lda"]` p(gene | topic), `uns["lda"]` settings and priors. The
first two are arrays of float32, as scanpy's `X_pca` and `PCs` are arrays. Rejected: data frames, whose columns would
have names that change with the names of topics. A variable that the model lacks has 0 in `varm`, its probability under
the model, and what scanpy has there for genes that took no part in its components.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from lda.corpus.errors import DataError
from lda.extras import needed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt
    import pyarrow as pa

    from lda.evaluation.inferred_documents import InferredDocuments
    from lda.interop.exported_model import ExportedModel

OLDEST: Final = "0.12.7"
"""Version of anndata; earlier ones cannot write the strings of pandas 3."""


def check() -> None:
    """See that anndata is there. Raises `MissingPackageError`."""
    needed("anndata", "AnnData files", "pip install 'raylda[anndata]'", oldest=OLDEST)


class Filler(Protocol):
    """What fills an AnnData; `lda.LDA` and `lda.Model` do."""

    def to_anndata(self, adata: Any, *, X: object = None, layer: str | None = None, key: str = "lda") -> Any:  # noqa: ANN401
        """Put topics into an AnnData."""
        ...


def to_anndata(
    model: Filler,
    adata: Any,  # noqa: ANN401
    *,
    X: object = None,
    layer: str | None = None,
    key: str = "lda",
) -> Any:  # noqa: ANN401 - the AnnData
    """Put the topics of a fitted `lda.LDA` or `lda.Model` into an AnnData; see `lda.Model.to_anndata`.

    Raises what that raises, and TypeError if `model` is none.
    """
    if not hasattr(model, "to_anndata"):
        raise TypeError(f"model must be a fitted lda.LDA or an lda.Model, got a {type(model).__name__}")
    return model.to_anndata(adata, X=X, layer=layer, key=key)


def fill(
    model: ExportedModel,
    adata: Any,  # noqa: ANN401 - an AnnData
    theta: npt.NDArray[np.float32],
    *,
    ids: Sequence[str] | None,
    key: str,
) -> Any:  # noqa: ANN401 - the AnnData
    """Write topics of cells, topics and settings into an AnnData, and return it.

    Args:
        model: a fitted model.
        adata: is changed.
        theta: (D, K), rows summing to 1.
        ids: D names, by which rows are matched to `obs_names`; None where theta has the rows of `adata`.
        key: `obsm["X_" + key]`, `varm[key]` and `uns[key]` are written.

    Raises:
        DataError: a cell is not among `ids`, or a name stands twice; or no variable is a term of the model.
    """
    rows = slice(None) if ids is None else _rows(list(map(str, adata.obs_names)), ids)
    phi = _term_probabilities(model, list(map(str, adata.var_names)))
    adata.obsm[f"X_{key}"] = np.ascontiguousarray(theta[rows], dtype=np.float32)
    adata.varm[key] = phi
    adata.uns[key] = uns_of(model)
    return adata


def _rows(cells: list[str], ids: Sequence[str]) -> npt.NDArray[np.int64]:
    """The place among `ids` of each cell. Raises DataError."""
    index = {name: number for number, name in enumerate(ids)}
    for names, of in ((ids, "the documents"), (cells, "the AnnData")):
        if len(set(names)) < len(names):
            raise DataError(
                f"cells are matched by name, and names of {of} occur twice; obs_names_make_unique()"
            )
    missing = next((name for name in cells if name not in index), None)
    if missing is not None:
        n = sum(name not in index for name in cells)
        raise DataError(
            f"all cells of the AnnData must be among the documents, got none for {n:,} of {len(cells):,}, such as "
            f"{missing!r:.60}, where the documents have {next(iter(index), '')!r:.60}; is it another data set?"
        )
    return np.fromiter((index[name] for name in cells), dtype=np.int64, count=len(cells))


def _term_probabilities(model: ExportedModel, names: list[str]) -> npt.NDArray[np.float32]:
    """(n_vars, K) p(term | topic) in the order of the variables; 0 for those that the model lacks. Raises DataError."""
    if model.named_terms:
        index = {term: number for number, term in enumerate(model.vocabulary)}
        found = np.fromiter((index.get(name, -1) for name in names), dtype=np.int64, count=len(names))
        if (found < 0).all():
            raise DataError(
                f"no variable of the AnnData is a term of the model, got {names[0]!r:.60} where it has "
                f"{model.vocabulary[0]!r:.60}; is it another data set?"
            )
    elif len(names) == model.n_terms:
        found = np.arange(len(names))
    else:
        raise DataError(
            f"the model's terms have no names, and it has {model.n_terms} of them where the AnnData has "
            f"{len(names)} variables; fit it to the AnnData"
        )
    phi = model.topic_word
    probabilities = np.zeros((len(names), model.n_topics), dtype=np.float32)
    probabilities[found >= 0] = phi.T[found[found >= 0]]
    return probabilities


def uns_of(model: ExportedModel) -> dict[str, Any]:
    """What `uns` says of a model: arrays, numbers, text and dictionaries of these, which h5ad can hold.

    params: settings of the fit, without those that are None. names: of the topics, "" for those without.
    """
    told: dict[str, Any] = {
        "params": _writable(model.record.settings),
        "alpha": np.asarray(model.alpha, dtype=np.float64),
        "beta": float(model.beta),
        "n_topics": model.n_topics,
        "seed": int(model.record.seed),
        "n_sweeps": int(model.record.n_sweeps),
        "fingerprint": model.fingerprint(),
        "package": f"raylda {version('raylda')}",
    }
    if model.labels:
        told["names"] = np.array([model.labels.name(k) or "" for k in range(model.n_topics)], dtype=object)
    return told


def _writable(values: Mapping[str, Any]) -> dict[str, Any]:
    return {str(name): _written(value) for name, value in values.items() if value is not None}


def _written(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, dict):
        return _writable(value)
    if isinstance(value, list | tuple):
        whole = np.array(value)
        return whole if whole.dtype.kind in "biuf" else np.array([str(v) for v in value], dtype=object)
    return value if isinstance(value, bool | int | float | str) else str(value)


def write(model: ExportedModel, documents: InferredDocuments, path: Path) -> None:
    """Write documents and topics as an h5ad file: `X` has the counts of the model's terms, `obs` the metadata."""
    import anndata
    import pandas as pd

    ids = pd.Index(documents.ids, dtype=object)
    made = anndata.AnnData(
        documents.term_counts(model.n_terms),
        obs=pd.DataFrame(_columns(documents.metadata), index=ids),
        var=pd.DataFrame(index=pd.Index(model.vocabulary, dtype=object)),
    )
    fill(model, made, documents.theta, ids=None, key="lda")
    _check_strings(made)
    path.write_bytes(_as_h5ad(made))


def _check_strings(adata: Any) -> None:  # noqa: ANN401
    """Refuse text with a character of code 0, which HDF5 takes for the end of it. Raises `DataError`."""
    columns = {"ids of documents": adata.obs_names, "terms": adata.var_names, **dict(adata.obs.items())}
    for what, values in columns.items():
        bad = next((value for value in values if isinstance(value, str) and "\0" in value), None)
        if bad is not None:
            raise DataError(
                f"{what} must not hold the character \\x00 in an h5ad file, got {bad!r:.60}; correct the input"
            )


def _as_h5ad(adata: Any) -> bytes:  # noqa: ANN401
    """The bytes of an h5ad file, as `write_h5ad` makes it.

    Rejected: to have HDF5 write the file. Where the disk is full it prints a traceback for each open object, and may
    take the process down with it.
    """
    import h5py
    from anndata.io import write_elem

    adata.strings_to_categoricals()
    with h5py.File("memory.h5ad", "w", driver="core", backing_store=False) as file:
        write_elem(file, "/", adata, dataset_kwargs={"compression": "gzip"})
        file.flush()
        image: bytes = file.id.get_file_image()
    return image


def _columns(metadata: pa.Table | None) -> dict[str, Any]:
    """Columns of metadata as pandas holds them: Arrow itself may not know of a pandas that came after it."""
    import pyarrow as pa

    from lda.corpus.plain_values import plain_values

    made: dict[str, Any] = {}
    for name in [] if metadata is None else metadata.column_names:
        column: Any = metadata.column(name)  # type: ignore[union-attr]
        values = plain_values(column)
        if pa.types.is_floating(column.type) or (pa.types.is_integer(column.type) and column.null_count):
            made[name] = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
        elif (pa.types.is_integer(column.type) or pa.types.is_boolean(column.type)) and not column.null_count:
            made[name] = np.array(values)
        else:
            made[name] = [
                value if value is None or isinstance(value, str) else str(value) for value in values
            ]
    return {
        "index_" if name == "_index" else name: values for name, values in made.items()
    }  # the name is taken
