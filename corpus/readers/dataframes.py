"""Matrices and tables of counts from NumPy, SciPy, pandas and Arrow's libraries, without making them dense."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lda.corpus.arrow import is_list
from lda.corpus.errors import DataError
from lda.corpus.terms import is_missing

if TYPE_CHECKING:
    from collections.abc import Sequence


class TableParts(NamedTuple):
    """A matrix of counts and the names that came with it.

    Attributes:
        matrix: SciPy sparse matrix or array (D, V).
        terms: (V,) names of the columns or None.
        ids: (D,) names of the rows or None.
    """

    matrix: Any
    terms: list[str] | None
    ids: list[str] | None


def table_parts(X: Any) -> TableParts | None:  # noqa: ANN401 - duck-typed on purpose
    """The parts of a matrix or table; None when X is neither (it may be a list of documents).

    Raises:
        DataError: the matrix has not two dimensions, or a column is not numeric.
        TypeError: an array of text.
    """
    import scipy.sparse

    if scipy.sparse.issparse(X):
        return TableParts(_two_dimensional(X), None, None)
    if isinstance(X, pa.Table | pa.RecordBatch):
        return _from_arrow(X)
    # Asking sys.modules keeps pandas out of the import; a DataFrame cannot exist without it.
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(X, pandas.DataFrame):
        return _from_pandas(X)
    terms = None
    if hasattr(X, "__array__") and not isinstance(X, np.ndarray):  # xarray, PyTorch, JAX, Dask, Modin, ...
        terms = [str(name) for name in X.columns] if hasattr(X, "columns") else None
        X = _as_array(X)
    if isinstance(X, np.ma.MaskedArray):
        if np.ma.is_masked(X):  # what lies under the mask is no count
            raise DataError("counts must not be missing, got masked entries; fill the gaps with X.filled(0)")
        X = X.data
    if isinstance(X, np.ndarray) and X.dtype.kind in "biufc":
        return TableParts(scipy.sparse.csr_matrix(_known_to_scipy(_two_dimensional(X))), terms, None)
    if isinstance(X, np.ndarray) and X.ndim == 2 and X.dtype.kind == "O":
        return TableParts(scipy.sparse.csr_matrix(_numbers_of_objects(X, range(X.shape[1]))), terms, None)
    return None


def of_arrow(X: Any) -> Any:  # noqa: ANN401 - duck-typed on purpose
    """What hands out its data in Arrow's format (polars, DuckDB, Ibis) as an Arrow table; anything else as it is.

    A single column of lists, alone or as a table, is a list of documents: its values, null being an empty one.
    pandas is left alone, for its tables know more: the names of their rows, and sparse columns.
    """
    pandas = sys.modules.get("pandas")
    pandas_kinds = (pandas.DataFrame, pandas.Series) if pandas is not None else ()
    if isinstance(X, pandas_kinds) or not (isinstance(X, pa.Array) or hasattr(X, "__arrow_c_stream__")):
        return X
    # Read once, for a stream may be gone then; only what comes out tells a table from a column.
    column: Any = pa.chunked_array([X] if isinstance(X, pa.Array) else X)
    if pa.types.is_struct(column.type):
        table = pa.Table.from_struct_array(column)
        if table.num_columns != 1 or not is_list(table.schema.field(0).type):
            return table
        column = table.column(0)
    return [[] if value is None else value for value in column.to_pylist()]


def _as_array(X: Any) -> npt.NDArray[Any]:  # noqa: ANN401 - see table_parts
    try:
        return np.asarray(X)
    except Exception as error:  # noqa: BLE001 - whatever the library raises, such as of data on a GPU
        reason = " ".join(str(error).split())
        raise TypeError(
            f"{type(X).__name__} cannot become a NumPy array ({reason:.200}); convert it yourself"
        ) from None


def _numbers_of_objects(X: npt.NDArray[np.object_], names: Sequence[object]) -> npt.NDArray[Any]:
    """(D, V) numbers that an array held as objects, as NumPy makes one of a table with mixed columns.

    names: of the columns, for messages.

    Raises:
        DataError: an entry is text, or missing.
        TypeError: an entry is no number.
    """
    for (row, column), value in np.ndenumerate(X):
        if isinstance(value, bool | int | float | np.number | np.bool_):
            continue
        at = f"at row {row}, column {str(names[column])!r:.80}"
        if isinstance(value, str | bytes):
            raise DataError(
                f"counts must be numbers, got the text {value!r:.40} {at}; drop it, or use X.astype(int)"
            )
        if is_missing(value):
            raise DataError(f"counts must not be missing, got {value} {at}; fill the gaps with 0")
        try:
            float(value)  # a Decimal, a tensor of one number, ...
        except (TypeError, ValueError) as error:
            kind = type(value).__name__
            raise TypeError(f"counts must be numbers, got {kind} {at} ({error}); correct the entry") from None
    try:
        return X.astype(np.int64) if all(isinstance(value, int) for value in X.flat) else X.astype(np.float64)
    except OverflowError:
        return X.astype(np.float64)  # too large for a count, which is told like others that are


def _two_dimensional(X: Any) -> Any:  # noqa: ANN401
    if X.ndim != 2:
        # "Reshape your data" is what scikit-learn says.
        hint = "with X.reshape(1, -1) for a single document" if X.ndim == 1 else "to documents and terms"
        raise DataError(
            f"counts must have two dimensions (documents, terms), got {X.ndim}. Reshape your data {hint}"
        )
    return X


def _from_pandas(frame: Any) -> TableParts:  # noqa: ANN401 - pandas is optional
    import scipy.sparse

    subtypes = [getattr(dtype, "subtype", dtype) for dtype in frame.dtypes]
    for number, (name, dtype) in enumerate(zip(frame.columns, subtypes, strict=True)):
        if dtype == np.dtype(object) and not any(isinstance(value, str) for value in frame.iloc[:, number]):
            values = _numbers_of_objects(frame.iloc[:, [number]].to_numpy(), [name])
            frame = frame.copy(deep=False)  # the caller's stays as it is
            frame.isetitem(number, values[:, 0])
            subtypes[number] = values.dtype
        elif getattr(dtype, "kind", "O") not in "biuf":
            raise _not_numeric(name, dtype)
    if any(hasattr(dtype, "subtype") for dtype in frame.dtypes):
        # Column by column: to_numpy() of a frame with sparse columns would make them dense.
        columns = [_sparse_column(frame.iloc[:, i]) for i in range(frame.shape[1])]
        matrix = scipy.sparse.hstack(columns, format="csr")
    else:
        # uint64 has numbers that would become negative ones of int64, and as floats are refused for what they are.
        whole = all(dtype.kind in "biu" and (dtype.kind, dtype.itemsize) != ("u", 8) for dtype in subtypes)
        try:
            # One dtype for all: mixed columns would otherwise come out as objects.
            matrix = scipy.sparse.csr_matrix(frame.to_numpy(dtype=np.int64 if whole else np.float64))
        except ValueError:
            raise DataError(
                "counts must not be missing, got NA in the table; fill the gaps with fillna(0)"
            ) from None
    return TableParts(matrix, [str(name) for name in frame.columns], [str(name) for name in frame.index])


def _sparse_column(series: Any) -> Any:  # noqa: ANN401 - pandas is optional
    """(D, 1) sparse matrix of a column, sparse or not."""
    if not hasattr(series.dtype, "subtype"):
        return _column(series.to_numpy())
    if series.dtype.fill_value != 0:
        raise DataError(
            f"sparse columns must leave out zeros, got {series.dtype} in {str(series.name)!r}; "
            "use pandas.SparseDtype(int, 0)"
        )
    if series.dtype.subtype == np.float16:  # as in _known_to_scipy
        series = series.astype(series.dtype.update_dtype(np.float32))
    return series.to_frame().sparse.to_coo()


def _from_arrow(table: pa.Table | pa.RecordBatch) -> TableParts:
    """Column by column, so that only the entries other than zero are held at once."""
    import scipy.sparse

    columns = []
    arrays: list[Any] = list(table.columns)
    for name, column in zip(table.schema.names, arrays, strict=True):
        if pa.types.is_decimal(column.type):  # DuckDB's sums
            column = _whole_numbers(name, column)  # noqa: PLW2901
        if not (
            pa.types.is_integer(column.type)
            or pa.types.is_floating(column.type)
            or pa.types.is_boolean(column.type)
        ):
            raise _not_numeric(name, column.type)
        if column.null_count:
            raise DataError(f"counts must not be missing, got null in column {name!r}; fill the gaps with 0")
        columns.append(_column(np.asarray(column)))
    matrix = (
        scipy.sparse.hstack(columns, format="csr")
        if columns
        else scipy.sparse.csr_matrix((table.num_rows, 0))
    )
    return TableParts(matrix, list(table.schema.names), None)


def _whole_numbers(name: str, column: Any) -> Any:  # noqa: ANN401 - untyped arithmetic
    try:
        return column.cast(pa.int64())
    except pa.ArrowInvalid:
        raise DataError(
            f"counts must be whole numbers below 2^63, got others in column {name!r} of {column.type}; round it"
        ) from None


def _column(values: Any) -> Any:  # noqa: ANN401
    import scipy.sparse

    return scipy.sparse.csc_matrix(_known_to_scipy(values).reshape(-1, 1))


def _known_to_scipy(values: Any) -> Any:  # noqa: ANN401
    """The values in a type that sparse matrices may have: float16 and foreign orders of bytes are none."""
    kind = np.dtype(np.float32) if values.dtype.type is np.float16 else values.dtype.newbyteorder("=")
    return values.astype(kind, copy=False)


def _not_numeric(name: object, kind: object) -> DataError:
    lists = isinstance(kind, pa.DataType) and is_list(kind)
    remedy = "give that column alone as documents" if lists else "drop it, or read text with read_corpus"
    return DataError(f"columns of a table of counts must be numeric, got {kind} in {str(name)!r}; {remedy}")
