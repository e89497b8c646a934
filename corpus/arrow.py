"""pyarrow where its stubs are in the way.

They type every numeric array as Boolean and miss several compute functions, so arithmetic on arrays goes
through `pc` and `array` here, which are untyped; containers keep their types.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute

from lda.corpus.errors import DataError
from lda.corpus.machine import available_cores

if TYPE_CHECKING:
    import numpy.typing as npt


def use_available_cores() -> None:
    """Make Arrow start no more threads than this process has cores; it knows nothing of a container's quota."""
    if available_cores() < pa.cpu_count():
        pa.set_cpu_count(available_cores())


use_available_cores()


class _NoPandas:
    """A finder of modules, before all others, by whose word there is no pandas."""

    @staticmethod
    def find_spec(name: str, _path: object = None, _target: object = None) -> None:
        """See `importlib.abc.MetaPathFinder`."""
        if name == "pandas":
            raise ModuleNotFoundError("No module named 'pandas'", name=name)


def do_without_pandas() -> None:
    """Have Arrow not import pandas in this process, which costs 0.2 s and 40 MB, only to see that a list is no Series.

    It looks for it once, at the first list that it is given. Whoever imports pandas later gets it.
    """
    if "pandas" in sys.modules:
        return
    sys.meta_path.insert(0, _NoPandas)
    try:
        pa.array([""])
    finally:
        sys.meta_path.remove(_NoPandas)


pc: Final[Any] = pyarrow.compute
"""pyarrow.compute."""


def array(values: npt.NDArray[Any]) -> Any:  # noqa: ANN401 - see above
    """Arrow array of the NumPy array's own type; shares its memory where it can."""
    return pa.array(values)


def strings(values: Any) -> pa.Array[Any]:  # noqa: ANN401 - any iterable of strings and None
    """Arrow array of large_string, which never overflows as `string` does at 2 GiB.

    Raises:
        DataError: one of them is no text, see `is_text`.
    """
    try:
        made: Any = pa.array(values, pa.large_string())
    except UnicodeEncodeError:
        bad = next(value for value in values if isinstance(value, str) and not is_text(value))
        raise DataError(
            f"text must be Unicode, got {bad!r:.80}, half of a surrogate pair; correct it"
        ) from None
    return made if isinstance(made, pa.Array) else made.combine_chunks()


def is_text(value: str) -> bool:
    """Whether a string can be stored: half of a surrogate pair, as cutting and bad decoding leave it, cannot."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def whole_text(value: str) -> str:
    """The string with a question mark for each half of a surrogate pair."""
    return value.encode("utf-8", "replace").decode("utf-8")


def string_list(values: Any) -> list[str]:  # noqa: ANN401 - an Arrow array, chunked or not
    """Python strings of an Arrow array without nulls."""
    made: list[str] = values.to_pylist()
    return made


def is_list(kind: Any) -> bool:  # noqa: ANN401 - the stubs have one class per type
    """Whether values of an Arrow type are lists, in any of the five ways in which Arrow keeps them."""
    return any(
        test(kind)
        for test in (
            pa.types.is_list,
            pa.types.is_large_list,
            pa.types.is_fixed_size_list,
            pa.types.is_list_view,
            pa.types.is_large_list_view,
        )
    )


def usual_layout(column: Any) -> Any:  # noqa: ANN401 - an array of any type
    """A column spelled out, and not in views, in which polars keeps its texts.

    Each batch has a dictionary of its own, and Arrow can sort, compare and write few things as views.
    """
    if pa.types.is_dictionary(column.type):
        values = usual_layout(column.dictionary)
        return pa.DictionaryArray.from_arrays(column.indices, values).dictionary_decode()
    kind = usual_type(column.type)
    return column if kind.equals(column.type) else column.cast(kind)


def usual_type(kind: Any) -> Any:  # noqa: ANN401 - the stubs have one class per type
    """The type that `usual_layout` gives a column of this one."""
    if pa.types.is_dictionary(kind):
        return usual_type(kind.value_type)
    if pa.types.is_string_view(kind):
        return pa.string()
    if pa.types.is_binary_view(kind):
        return pa.binary()
    if pa.types.is_list(kind) or pa.types.is_list_view(kind):
        return pa.list_(usual_type(kind.value_type))
    if pa.types.is_large_list(kind) or pa.types.is_large_list_view(kind):
        return pa.large_list(usual_type(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(field.name, usual_type(field.type)) for field in kind])
    return kind
