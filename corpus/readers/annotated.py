"""What an AnnData says, in memory and in files: cells are documents, genes or regions terms.

Its counts may lie in `X`, in a layer, or in `raw`, whose variables are its own; a layer is meant by its name, `raw` by
"raw" unless a layer is called that.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from lda.corpus.arrow import pc, whole_text
from lda.corpus.errors import DataError
from lda.corpus.metadata import to_table
from lda.corpus.readers.count_batches import first_bad_count
from lda.corpus.readers.dataframes import table_parts
from lda.corpus.terms import is_missing

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

RAW: Final = "raw"
"""The name by which `raw` is meant."""

USUAL: Final = ("counts", "raw_counts", "raw", "spliced")
"""Names of layers that are looked at first: where tools that normalise `X` leave the counts."""

SAMPLE: Final = 10_000
"""Stored values of a place that tell whether it holds counts. Normalised ones are told by the first few."""


class Places(NamedTuple):
    """Where the counts of an AnnData may lie beside X: in layers, by their names, and in `raw`."""

    layers: list[str]
    has_raw: bool

    @property
    def names(self) -> list[str]:
        """What a layer may be called."""
        return [*self.layers, *([RAW] if self.has_raw and RAW not in self.layers else [])]

    def is_raw(self, layer: str | None) -> bool:
        """Whether `raw` is meant."""
        return layer == RAW and layer not in self.layers

    def called(self, layer: str | None) -> str:
        """How messages call a place; None is X."""
        return "X" if layer is None else RAW if self.is_raw(layer) else f"layers[{layer!r:.60}]"

    def check(self, layer: str | None, source: str) -> None:
        """Refuse the name of a layer that is not there. Raises DataError."""
        if layer is not None and layer not in self.names:
            have = ", ".join(map(repr, self.names[:10])) or "no layers"
            raise DataError(f"{source} has no layer {layer!r:.60}; it has {have}")

    def no_x(self, source: str, how: str) -> DataError:
        """The error where X is asked for and is not there. how: another place is chosen."""
        some = ", ".join(map(repr, self.names[:5]))
        return DataError(f"{source} has no X" + (f"; choose one of {some} {how}" if some else ""))

    def with_counts(
        self, layer: str | None, sample: Callable[[str], npt.NDArray[Any]], *, option: str
    ) -> str:
        """The remedy for values that are no counts: the places that do hold some.

        Args:
            layer: the place that held none.
            sample: gives some of the stored values of a place.
            option: how another place is chosen: "--layer {}" for instance.
        """
        names = [name for name in sorted(self.names, key=_usual_first) if name != layer]
        found = [name for name in names if _are_counts(sample(name))]
        if found:
            shown = " and ".join(map(self.called, found[:2]))
            return f"counts are in {shown}: {option.format(found[0])}"
        looked = ", ".join(map(self.called, names[:5]))
        none = f"neither are there counts in {looked}" if looked else "it has no layers, and no raw"
        return f"{none}; keep the counts in a layer before normalising"


def no_counts(values: npt.NDArray[Any]) -> int | None:
    """The place of the first of (n,) values that is no count; None if all of them are."""
    return first_bad_count(values) if values.dtype.kind in "biuf" else 0


def normalised(value: object, place: str, row: object, column: object, remedy: str) -> DataError:
    """The error for a value that is no count."""
    shown = f"{value:.6g}" if isinstance(value, np.floating) else f"{value!s:.30}"
    return DataError(
        f"{place} must hold counts, and holds normalised or scaled values, such as {shown} of {row!r:.60} in "
        f"{column!r:.60}; {remedy}"
    )


def _are_counts(sample: npt.NDArray[Any]) -> bool:
    return sample.size > 0 and no_counts(sample) is None


def _usual_first(name: str) -> tuple[int, str]:
    return (USUAL.index(name) if name in USUAL else len(USUAL), name)


def check_unique(names: Sequence[object], source: str) -> None:
    """Refuse names of variables of which two are the same, as symbols of genes often are. Raises DataError."""
    if len(set(names)) < len(names):
        seen: set[object] = set()
        twice = next(name for name in names if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise DataError(f"{source} must be different, got {twice!r:.60} twice; adata.var_names_make_unique()")


def metadata_of(obs: Any) -> pa.Table | None:  # noqa: ANN401 - a pandas DataFrame
    """The columns of `obs` as a table of metadata; categories are spelled out. None where there are none."""
    if not len(obs.columns):
        return None
    return pa.table({whole_text(str(name)): _column(obs[name]) for name in obs.columns})


def _column(values: Any) -> Any:  # noqa: ANN401 - a pandas Series
    """A column as Arrow, made of its parts: where pandas came after it, Arrow does not know it."""
    if hasattr(values, "cat"):
        names = to_table({"x": list(values.cat.categories)}).column(0)
        codes = np.asarray(values.cat.codes)
        return pc.take(names, pa.array(codes, mask=codes < 0))
    plain = getattr(values.dtype, "kind", "O") in "biufM" and isinstance(values.dtype, np.dtype)
    if plain:
        return pa.array(values.to_numpy(), from_pandas=True)
    return to_table({"x": [None if is_missing(value) else value for value in values.tolist()]}).column(0)


class AnnotatedCounts(NamedTuple):
    """The counts of an AnnData in memory, and their names.

    Attributes:
        matrix: (D, V) sparse matrix or array of SciPy.
        terms: V names.
        ids: D names.
        metadata: table of D rows; None where `obs` has no columns.
        check: refuses values of the matrix, in canonical CSR, that are no counts, and tells where counts are.
    """

    matrix: Any
    terms: list[object]
    ids: list[object] | None
    metadata: pa.Table | None
    check: Callable[[Any], None]


def is_annotated(X: object) -> bool:
    """Whether this is an AnnData, or several of them in a MuData."""
    return hasattr(X, "X") and hasattr(X, "var_names")


def annotated_counts(X: Any, layer: str | None) -> AnnotatedCounts:  # noqa: ANN401 - duck-typed on purpose
    """The counts of an AnnData, and their names.

    Args:
        X: an AnnData, or what has its attributes.
        layer: where the counts are; None is `X.X`.

    Raises:
        DataError: there is no such layer, or no X.
        TypeError: this is a MuData.
    """
    if hasattr(getattr(X, "mod", None), "keys"):
        raise TypeError(refused_many(list(X.mod), "mdata.mod[{!r}]"))
    raw: Any = getattr(X, "raw", None)
    places = Places([str(name) for name in getattr(X, "layers", None) or ()], raw is not None)

    def at(name: str | None) -> Any:  # noqa: ANN401
        if name is None:
            return X.X
        return raw.X if places.is_raw(name) else X.layers[name]

    places.check(layer, "the AnnData")
    found = at(layer)
    if found is None:
        raise places.no_x("the AnnData", "as layer=")
    terms = list((raw if places.is_raw(layer) else X).var_names)
    check_unique(terms, "var_names")
    ids = list(X.obs_names) if hasattr(X, "obs_names") else None

    def check(counts: Any) -> None:  # noqa: ANN401 - CSR
        bad = no_counts(counts.data[: counts.indptr[-1]])
        if bad is None:
            return
        row = int(np.searchsorted(counts.indptr, bad, side="right")) - 1
        remedy = places.with_counts(
            layer, partial(_sample, at), option="give lda.as_corpus(adata, layer={0!r})"
        )
        name = row if ids is None else ids[row]
        raise normalised(counts.data[bad], places.called(layer), name, terms[counts.indices[bad]], remedy)

    obs = getattr(X, "obs", None)
    return AnnotatedCounts(_in_memory(found), terms, ids, None if obs is None else metadata_of(obs), check)


def _in_memory(matrix: Any) -> Any:  # noqa: ANN401
    """Any matrix of an AnnData, also of a backed one or of Dask, as a sparse one of SciPy."""
    name = next((name for name in ("to_memory", "compute") if hasattr(matrix, name)), None)
    parts = table_parts(matrix if name is None else getattr(matrix, name)())
    if parts is None:
        raise DataError(f"counts must be numbers in a matrix, got a {type(matrix).__name__}; convert it")
    return parts.matrix


def _sample(at: Callable[[str], Any], name: str) -> npt.NDArray[Any]:
    """Some stored values of a place."""
    matrix = at(name)
    rows = max(1, min(SAMPLE // max(int(matrix.shape[1]), 1), int(matrix.shape[0])))
    if hasattr(matrix, "tocsr") or hasattr(matrix, "to_memory"):
        rows = min(100, int(matrix.shape[0]))
    return np.asarray(_in_memory(matrix[:rows]).tocsr().data[:SAMPLE])


def refused_many(modalities: Sequence[str], call: str) -> str:
    """Why a MuData is refused, with the remedy. call: how one is named, with {} for its name."""
    names = ", ".join(map(repr, modalities[:6])) or "none"
    likely = next((name for name in modalities if name == "atac"), modalities[0] if modalities else "rna")
    return f"a MuData holds a matrix for each of its modalities ({names}); give one: {call.format(likely)}"
