"""AnnData in memory and in files: the same corpus from all of them, or one line that says where the counts are."""

from __future__ import annotations

import gzip
import shutil
import subprocess
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import scipy.sparse as sp
import tiny

from lda.corpus import Corpus, DataError, as_corpus, build_corpus, iter_documents, read_corpus

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ad: Any = pytest.importorskip("anndata", reason="needs anndata")
h5py: Any = pytest.importorskip("h5py", reason="needs h5py, which anndata brings")
pd: Any = pytest.importorskip("pandas", reason="needs pandas, which anndata brings")

pytestmark = pytest.mark.filterwarnings(
    "ignore::FutureWarning", "ignore::DeprecationWarning", "ignore::UserWarning"
)

COUNTS = tiny.counts()
N_CELLS, N_GENES = COUNTS.shape


def cells(matrix: Any = None) -> Any:
    """An AnnData with columns of all kinds in `obs`."""
    obs = pd.DataFrame(
        {
            "type": pd.Categorical([None if i == 0 else "ab"[i % 2] for i in range(N_CELLS)]),
            "depth": np.asarray(COUNTS.sum(axis=1)).ravel(),
            "score": [np.nan, *np.linspace(0, 1, N_CELLS - 1)],
            "batch": pd.array([None, *range(N_CELLS - 1)], dtype="Int64"),
        },
        index=[f"cell-{i}" for i in range(N_CELLS)],
    )
    var = pd.DataFrame(index=[f"gene-{i}" for i in range(N_GENES)])
    return ad.AnnData(sp.csr_matrix(COUNTS, dtype=np.float32) if matrix is None else matrix, obs=obs, var=var)


def normalised() -> Any:
    """Logarithms in `X`, counts in a layer and in `raw`, scaled values in another layer."""
    made = cells()
    made.raw = made
    made.layers["scaled"] = made.X.toarray() - 0.5
    made.layers["mine"] = made.X.copy()
    made.X = made.X.log1p()
    return made


def metadata(corpus: Corpus) -> dict[str, list[Any]]:
    table = corpus.metadata()
    assert table is not None
    return {name: table.column(name).to_pylist() for name in table.column_names}


def backed(path: Path) -> Any:
    return ad.read_h5ad(path, backed="r")


def test_every_way_gives_the_same_corpus(tmp_path: Path) -> None:
    expected = as_corpus(cells())
    assert expected.n_tokens == COUNTS.sum()
    assert expected.vocabulary == [f"gene-{i}" for i in range(N_GENES)]
    assert expected.document_ids().to_pylist() == [f"cell-{i}" for i in range(N_CELLS)]
    np.testing.assert_array_equal(expected.to_csr().toarray(), COUNTS.toarray())
    told = metadata(expected)
    assert told["type"][:3] == [None, "b", "a"]
    assert told["batch"][:3] == [None, 0, 1]
    assert told["score"][0] is None
    assert told["depth"] == np.asarray(COUNTS.sum(axis=1)).ravel().tolist()
    forms = {
        "rows": cells(),
        "columns": cells(sp.csc_matrix(COUNTS, dtype=np.int32)),
        "dense": cells(COUNTS.toarray().astype(np.float64)),
    }
    for name, form in forms.items():
        path = tmp_path / f"{name}.h5ad"
        form.write_h5ad(path, compression="gzip")
        for corpus in (as_corpus(form), read_corpus([path]), as_corpus(backed(path))):
            assert corpus.content_hash == expected.content_hash, name
            assert metadata(corpus) == told, name
    with (tmp_path / "packed").open("wb") as packed:
        packed.write(gzip.compress((tmp_path / "rows.h5ad").read_bytes()))
    assert build_corpus([tmp_path / "packed"], tmp_path / "c").content_hash == expected.content_hash


def test_stores_of_zarr(tmp_path: Path) -> None:
    cells().write_zarr(tmp_path / "cells.zarr")
    assert read_corpus([tmp_path / "cells.zarr"]).content_hash == as_corpus(cells()).content_hash


COMMAND = """
import sys
from lda.cli.entry import go_without_pandas
go_without_pandas()
import pyarrow
pyarrow.array([[1]])  # looks for pandas, and remembers that there is none
from lda.corpus import read_corpus
corpus = read_corpus([sys.argv[1]])
print(corpus.content_hash, *(corpus.metadata().column(name).to_pylist()[:3] for name in ("type", "batch")))
"""


def test_the_command_which_goes_without_pandas_reads_them_too(tmp_path: Path) -> None:
    cells().write_h5ad(tmp_path / "cells.h5ad")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", COMMAND, str(tmp_path / "cells.h5ad")],
        capture_output=True,
        text=True,
    )
    assert done.stdout == f"{as_corpus(cells()).content_hash} [None, 'b', 'a'] [None, 0, 1]\n", done.stderr


def test_blocks_of_rows_join(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = as_corpus(cells())
    cells().write_h5ad(tmp_path / "rows.h5ad")
    cells(COUNTS.toarray()).write_h5ad(tmp_path / "dense.h5ad")
    monkeypatch.setattr("lda.corpus.readers.h5ad.BLOCK_ENTRIES", 3 * N_GENES)
    for name in ("rows", "dense"):
        corpus = read_corpus([tmp_path / f"{name}.h5ad"])
        assert corpus.content_hash == expected.content_hash
        assert metadata(corpus) == metadata(expected)


def test_counts_lie_where_the_caller_says(tmp_path: Path) -> None:
    expected = as_corpus(cells()).content_hash
    path = tmp_path / "cells.h5ad"
    normalised().write_h5ad(path)
    for layer in ("mine", "raw"):
        assert as_corpus(normalised(), layer=layer).content_hash == expected
        assert read_corpus([path], layer=layer).content_hash == expected
    terms = ["gene-3", "gene-1"]
    [batch] = iter_documents([path], layer="mine", vocabulary_terms=terms, keep=True)
    assert len(batch.words) == COUNTS[:, [1, 3]].sum()
    assert batch.metadata is not None
    few = normalised()[:, :5].copy()  # raw keeps all of its own variables
    assert as_corpus(few, layer="raw").content_hash == expected
    of_folder = tmp_path / "corpus"
    as_corpus(cells()).save(of_folder)
    for call in (
        lambda: read_corpus([of_folder], layer="x"),
        lambda: iter_documents([of_folder], layer="x", vocabulary_terms=terms),
    ):
        with pytest.raises(DataError, match="finished corpus and has no layers"):
            call()
    (tmp_path / "a.txt").write_text("a word")
    with pytest.raises(DataError, match=r"only AnnData files have layers, and .*a\.txt is read as lines"):
        read_corpus([tmp_path / "a.txt"], layer="counts")
    with pytest.raises(TypeError, match="only an AnnData has layers, got a csr_matrix"):
        as_corpus(sp.csr_matrix(COUNTS), layer="counts")


def test_values_that_are_no_counts_are_refused_with_the_place_of_those(tmp_path: Path) -> None:
    path = tmp_path / "cells.h5ad"
    normalised().write_h5ad(path)
    first = (
        f"such as {float(np.log1p(np.float32(COUNTS.data[0]))):.6g} of 'cell-0' in 'gene-{COUNTS.indices[0]}'"
    )
    both = r"counts are in raw and layers\['mine'\]"
    for call, remedy in (
        (lambda: as_corpus(normalised()), r"give lda\.as_corpus\(adata, layer='raw'\)"),
        (lambda: read_corpus([path]), r"layer='raw' \(--layer raw\)"),
    ):
        with pytest.raises(DataError, match=f"X.* must hold counts, .*{first}; {both}: {remedy}"):
            call()
    with pytest.raises(
        DataError, match=r"layers\['scaled'\] must hold counts.* such as -?\d+\.5 of 'cell-0'"
    ):
        as_corpus(normalised(), layer="scaled")
    alone = cells(COUNTS.astype(np.float64) / 3)
    with pytest.raises(DataError, match="it has no layers, and no raw; keep the counts in a layer"):
        as_corpus(alone)
    alone.layers["again"] = alone.X
    with pytest.raises(DataError, match=r"neither are there counts in layers\['again'\]"):
        as_corpus(alone)
    for call in (lambda: as_corpus(normalised(), layer="count"), lambda: read_corpus([path], layer="count")):
        with pytest.raises(
            DataError, match=r"no layer 'count'; it has ('mine', 'scaled'|'scaled', 'mine'), 'raw'$"
        ):
            call()


def test_names_that_stand_twice_and_several_modalities(tmp_path: Path) -> None:
    twice = cells()
    twice.var_names = ["same", "same", *twice.var_names[2:]]
    twice.write_h5ad(tmp_path / "twice.h5ad")
    for call in (lambda: as_corpus(twice), lambda: read_corpus([tmp_path / "twice.h5ad"])):
        with pytest.raises(
            DataError, match=r"var_names.* must be different, got 'same' twice; adata\.var_names_make"
        ):
            call()

    names = cells().obs_names
    many = SimpleNamespace(
        X=None, mod={"rna": 1, "atac": 1}, obs_names=names, var_names=names
    )  # as a MuData looks
    with pytest.raises(TypeError, match=r"\('rna', 'atac'\); give one: mdata\.mod\['atac'\]"):
        as_corpus(many)
    with h5py.File(tmp_path / "many.h5mu", "w", userblock_size=512) as file:
        file.attrs["encoding-type"] = "MuData"
        file.create_group("mod/rna")
    with pytest.raises(DataError, match=r"\('rna'\); give one: mdata\.mod\['rna'\]\.write_h5ad"):
        read_corpus([tmp_path / "many.h5mu"])


def change(path: Path, how: Callable[[Any], object]) -> None:
    with h5py.File(path, "r+") as file:
        how(file)


def set_value(name: str, place: int, value: float) -> Callable[[Any], object]:
    def write(file: Any) -> None:
        file[name][place] = value

    return write


def link_out(file: Any) -> None:
    del file["obs"]
    file["obs"] = h5py.ExternalLink("other.h5ad", "/obs")


def values_outside(file: Any) -> None:
    n = len(file["X/data"])
    del file["X/data"]
    file["X"].create_dataset("data", (n,), dtype="f4", external=[("secret", 0, 4 * n)])


def column_outside(file: Any) -> None:
    del file["obs/depth"]
    file["obs"].create_dataset("depth", (N_CELLS,), dtype="i8", external=[("secret", 0, 8 * N_CELLS)])


@pytest.mark.parametrize(
    ("how", "message"),
    [
        (set_value("X/indices", 3, N_GENES), "not a sound AnnData file .*; write it again"),
        (set_value("X/indices", 3, -1), "not a sound AnnData file"),
        (set_value("X/indptr", 2, 10**9), "the bounds of its rows do not fit"),
        (set_value("X/data", 0, np.nan), "must hold counts, .* such as nan of 'cell-0'"),
        (lambda file: file["X"].attrs.__setitem__("shape", [N_CELLS, 10**15]), "speaks of|names|at most"),
        (lambda file: file["X"].attrs.__setitem__("encoding-type", "odd"), "by rows or columns, got 'odd'"),
        (lambda file: file.__delitem__("obs"), r"must hold an AnnData, with obs and var, got \['X'"),
        (lambda file: file.__delitem__("X"), "has no X"),
        (lambda file: file["var"].__delitem__("_index"), "not a sound AnnData file"),
        (link_out, "'obs' leads to another file"),
        (column_outside, "the values of 'depth' lie in another file"),
        (values_outside, "the values of 'data' lie in another file"),
    ],
)
def test_damage_and_files_that_lead_elsewhere(
    tmp_path: Path, how: Callable[[Any], object], message: str
) -> None:
    path = tmp_path / "cells.h5ad"
    cells().write_h5ad(path)
    shutil.copy(path, tmp_path / "other.h5ad")
    (tmp_path / "secret").write_bytes(bytes(10**5))
    change(path, how)
    with pytest.raises(DataError, match=message):
        read_corpus([path])


def test_files_that_are_cut_off_or_something_else(tmp_path: Path) -> None:
    path = tmp_path / "cells.h5ad"
    cells().write_h5ad(path)
    path.write_bytes(path.read_bytes()[:-5000])
    with pytest.raises(DataError, match="not a sound AnnData file"):
        read_corpus([path])
    path.write_text("just a text")
    with pytest.raises(DataError, match=r"not a sound AnnData file|cannot be told"):
        read_corpus([path])
