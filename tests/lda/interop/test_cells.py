"""Topics of cells in an AnnData, and in the files and tables of pycisTopic."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
import tiny
from click.testing import CliRunner

import lda
from lda.cli import cli
from lda.corpus import DataError
from lda.interop import anndata_results, cistopic

ad: Any = pytest.importorskip("anndata", reason="needs anndata")
pd: Any = pytest.importorskip("pandas", reason="needs pandas, which anndata brings")
pl: Any = pytest.importorskip("polars", reason="pycisTopic reads its files with polars")

pytestmark = pytest.mark.filterwarnings(
    "ignore::FutureWarning", "ignore::DeprecationWarning", "ignore::UserWarning:anndata"
)

COUNTS = tiny.counts()
N_CELLS, N_GENES = COUNTS.shape


def cells() -> Any:
    obs = pd.DataFrame(
        {
            "type": pd.Categorical(["ab"[i % 2] for i in range(N_CELLS)]),
            "depth": np.asarray(COUNTS.sum(1)).ravel(),
        },
        index=[f"cell-{i}" for i in range(N_CELLS)],
    )
    var = pd.DataFrame(index=[f"gene-{i}" for i in range(N_GENES)])
    return ad.AnnData(sp.csr_matrix(COUNTS, dtype=np.float32), obs=obs, var=var)


@pytest.fixture(scope="module")
def fitted() -> lda.LDA:
    return lda.LDA(3, max_iter=20, random_state=4).fit(cells())


def test_results_stand_where_scanpy_looks(fitted: lda.LDA, tmp_path: Path) -> None:
    assert list(fitted.feature_names_in_) == list(cells().var_names)
    adata = cells()
    assert lda.to_anndata(fitted, adata) is adata
    theta, phi = adata.obsm["X_lda"], adata.varm["lda"]
    assert isinstance(theta, np.ndarray)
    assert theta.dtype == phi.dtype == np.float32
    np.testing.assert_array_equal(theta, fitted.transform(adata))
    np.testing.assert_allclose(phi, fitted.topic_word_.T, rtol=1e-6)
    named = fitted.model_.with_labels({1: "bread"})
    named.to_anndata(adata, key="again")
    for path in (tmp_path / "a.h5ad", tmp_path / "a.zarr"):
        adata.write(path) if path.suffix == ".h5ad" else adata.write_zarr(path)
        read = ad.read_h5ad(path) if path.suffix == ".h5ad" else ad.read_zarr(path)
        np.testing.assert_array_equal(read.obsm["X_again"], theta)
        told = read.uns["again"]
        assert told["fingerprint"] == fitted.model_.fingerprint()
        assert list(told["names"]) == ["", "bread", ""]
        assert (told["seed"], told["n_topics"], told["n_sweeps"]) == (4, 3, 20)
        assert told["beta"] == fitted.beta_
        np.testing.assert_array_equal(told["alpha"], fitted.alpha_)
        assert told["params"]["sampler"] == "adlda"
    assert "names" not in adata.uns["lda"]


def test_rows_are_matched_by_name_and_columns_too(fitted: lda.LDA) -> None:
    expected = fitted.transform(cells())
    corpus = lda.as_corpus(cells())
    order = np.random.default_rng(0).permutation(N_CELLS)[:7]
    some = cells()[order].copy()[:, ::-1].copy()
    del some.X  # its counts are in the corpus
    fitted.to_anndata(some, X=corpus)
    np.testing.assert_array_equal(some.obsm["X_lda"], expected[order])
    np.testing.assert_allclose(some.varm["lda"], fitted.topic_word_.T[::-1], rtol=1e-6)
    wider = cells()
    wider.var_names = ["new", *wider.var_names[1:]]
    with pytest.warns(UserWarning, match="the model does not know 1 of"):
        fitted.to_anndata(wider)
    assert not wider.varm["lda"][0].any()  # what the model lacks has probability 0
    np.testing.assert_allclose(wider.varm["lda"][1:], fitted.topic_word_.T[1:], rtol=1e-6)


def test_another_data_set_is_refused(fitted: lda.LDA) -> None:
    other = cells()
    other.obs_names = [f"other-{i}" for i in range(N_CELLS)]
    with pytest.raises(lda.DataError, match=r"got none for \d+ of \d+, such as 'other-0'.* another data set"):
        fitted.to_anndata(other, X=lda.as_corpus(cells()))
    twice = cells()
    twice.obs_names = ["same", "same", *twice.obs_names[2:]]
    with pytest.raises(lda.DataError, match=r"names of the AnnData occur twice; obs_names_make_unique"):
        fitted.to_anndata(twice, X=lda.as_corpus(cells()))
    foreign = cells()
    foreign.var_names = [f"peak-{i}" for i in range(N_GENES)]
    for call in (
        lambda: fitted.to_anndata(foreign),
        lambda: lda.to_anndata(fitted, foreign, X=lda.as_corpus(cells())),
    ):
        with pytest.raises(lda.DataError, match=r"none of the columns|no variable of the AnnData is a term"):
            call()
    assert not foreign.obsm
    with pytest.raises(TypeError, match="adata must be an AnnData, got a csr_matrix"):
        fitted.to_anndata(sp.csr_matrix(COUNTS))
    with pytest.raises(TypeError, match=r"model must be a fitted lda\.LDA or an lda\.Model, got a str"):
        lda.to_anndata("model", cells())  # type: ignore[arg-type]
    normal = cells()
    normal.layers["counts"] = normal.X.copy()
    normal.X = normal.X.log1p()
    with pytest.raises(lda.DataError, match=r"counts are in layers\['counts'\]"):
        fitted.to_anndata(normal)
    fitted.to_anndata(normal, layer="counts")
    np.testing.assert_array_equal(normal.obsm["X_lda"], fitted.transform(cells()))


def test_an_old_anndata_is_told_by_its_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lda.extras.version", lambda name: "0.11.4")
    with pytest.raises(
        ImportError, match=r"need anndata 0\.12\.7 or later, got 0\.11\.4; pip install 'raylda\[anndata\]'"
    ):
        anndata_results.check()


def run(*arguments: object) -> str:
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    return f"{result.exit_code} {result.output}"


def test_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    normal = cells()
    normal.layers["counts"] = normal.X.copy()
    normal.X = normal.X.log1p()
    normal.write_h5ad("cells.h5ad")
    fit = ("fit", "cells.h5ad", "-k", 3, "-n", 20, "--seed", 4, "-o", "model")
    assert "counts are in layers['counts']: layer='counts' (--layer counts)" in run(*fit)
    assert run(*fit, "--layer", "counts").startswith("0 ")
    expected = lda.load("model")
    assert run(
        "export", "model", "cells.h5ad", "--layer", "counts", "--to", "anndata", "-o", "o.h5ad"
    ).startswith("0 ")
    made = ad.read_h5ad("o.h5ad")
    assert (normal.layers["counts"] != made.X).nnz == 0
    assert list(made.obs_names) == list(normal.obs_names)
    assert made.obs["depth"].tolist() == normal.obs["depth"].tolist()
    assert made.obs["type"].tolist() == normal.obs["type"].tolist()
    np.testing.assert_array_equal(made.obsm["X_lda"], expected.transform(cells()))
    assert made.uns["lda"]["fingerprint"] == expected.model_.fingerprint()

    export = ("export", "model", "cells.h5ad", "--layer", "counts", "--to", "cistopic", "-o")
    assert run(*export, "topics/atac").startswith("0 ")
    assert "atac.3_topics.cell_topic_probabilities.parquet exists already" in run(*export, "topics/atac")
    assert "topics is a folder, and names of files are to begin with this; name topics/NAME" in run(
        *export, "topics"
    )
    assert run(*export, "topics/atac", "--overwrite").startswith("0 ")
    assert len(list(Path("topics").iterdir())) == 5
    assert "tells of documents" in run("export", "model", "--to", "cistopic", "-o", "x")


# What follows reads as pycisTopic does, by its documentation and the forms of its data: polars for its files, pandas
# for its tables. None of its code is here.


@dataclass
class CistopicObject:
    """Cells x regions, with the model that was chosen."""

    cell_names: list[str]
    region_names: list[str]
    matrix: Any
    selected_model: Any = None

    def add_LDA_model(self, model: Any) -> None:  # noqa: N802 - as there
        model.region_topic = model.topic_region.loc[self.region_names]
        model.cell_topic = model.cell_topic.loc[:, self.cell_names]
        self.selected_model = model


def evaluate_models(models: list[Any], min_topics_coh: int = 3) -> Any:
    """The model of the largest sum of the four metrics, each between 0 and 1, two of them turned round."""
    models = sorted(models, key=lambda model: model.n_topic)
    total = np.zeros(len(models))
    for name, sign in (("Arun_2010", -1), ("Cao_Juan_2009", -1), ("Mimno_2011", 1), ("loglikelihood", 1)):
        values = sign * np.array([model.metrics.loc["Metric", name] for model in models])
        total += (values - values.min()) / (values.max() - values.min())
    allowed = [i for i, model in enumerate(models) if model.n_topic >= min_topics_coh]
    return models[max(allowed, key=lambda i: total[i])]


def binarized(cistopic: CistopicObject, ntop: int) -> dict[str, Any]:
    """The best regions of each topic, smoothed, with their scores."""
    beta = cistopic.selected_model.topic_region
    logs = np.log(beta)
    scores = beta * logs.sub(logs.mean(axis=1), axis=0)
    found = {topic: scores[[topic]].sort_values(topic, ascending=False).head(ntop) for topic in scores}
    cistopic.selected_model.topic_ass["Regions_in_binarized_topic"] = [len(found[topic]) for topic in found]
    return found


def test_a_script_of_pycistopic_with_one_line_changed() -> None:
    cistopic = CistopicObject(
        [f"cell-{i}" for i in range(N_CELLS)], [f"gene-{i}" for i in range(N_GENES)], (COUNTS > 0).astype(int)
    )
    X = lda.as_corpus(cistopic.matrix, vocabulary=cistopic.region_names, ids=cistopic.cell_names)
    # The line was `models = run_cgs_models(cistopic, n_topics=[2, 3, 4], n_iter=..., alpha=50, eta=0.1, ...)`.
    models = [
        lda.LDA(K, alpha=50 / K, beta=0.1, max_iter=15, random_state=555).fit(X).to_cistopic(X)
        for K in (2, 3, 4)
    ]
    model = evaluate_models(models)
    assert model.n_topic in {3, 4}
    cistopic.add_LDA_model(model)
    regions = binarized(cistopic, ntop=4)
    assert set(regions) == {f"Topic{k}" for k in range(1, model.n_topic + 1)}
    assert set(regions["Topic1"].index) <= set(cistopic.region_names)
    metrics = pd.concat(
        [
            model.coherence["Mimno_2011"],
            model.marg_topic["Marg_Topic"],
            model.topic_ass.drop("Topic", axis=1),
        ],
        axis=1,
    )
    assert metrics.shape == (model.n_topic, 4)
    assert model.topic_ass["Assignments"].sum() == cistopic.matrix.sum()
    assert model.marg_topic["Marg_Topic"].sum() == pytest.approx(1)
    np.testing.assert_allclose(model.cell_topic.sum(axis=0), 1, rtol=1e-5)
    np.testing.assert_allclose(model.topic_region.sum(axis=0), 1, rtol=1e-5)
    assert (model.n_cells, model.n_regions) == (N_CELLS, N_GENES)
    assert model.parameters.loc["alpha", "Parameter"] == pytest.approx(50)  # of all topics together
    assert model.parameters.loc[["package", "n_topics", "eta"], "Parameter"].tolist() == [
        "raylda",
        model.n_topic,
        0.1,
    ]
    assert (
        str(model)
        == f"CistopicModel with {model.n_topic} topics and n_cells x n_regions = {N_CELLS} x {N_GENES}"
    )
    best = np.sort(model.coherence["Mimno_2011"])[-5:]
    assert model.metrics.loc["Metric", "Mimno_2011"] == pytest.approx(best.mean())


def test_the_files_of_mallet_in_pycistopic(fitted: lda.LDA, tmp_path: Path) -> None:
    output_prefix, n_topics = str(tmp_path / "run" / "atac.v2"), 3
    fitted.export(output_prefix, to="cistopic", X=cells())
    begin = f"{output_prefix}.{n_topics}_topics"
    settings = json.loads(Path(f"{begin}.parameters.json").read_text())
    assert settings["n_topics"] == n_topics
    alpha = settings["alpha"] / n_topics if settings["alpha_by_topic"] else settings["alpha"]
    eta = settings["eta"] / n_topics if settings["eta_by_topic"] else settings["eta"]
    assert alpha == pytest.approx(fitted.alpha_.mean())
    assert (eta, settings["iterations"], settings["random_seed"]) == (fitted.beta_, 20, 4)
    assert settings["time"] > 0

    probabilities = pl.read_parquet(f"{begin}.cell_topic_probabilities.parquet")
    assert probabilities.schema == {"cell_topic_probabilities": pl.Array(pl.Float32, n_topics)}
    doc_topic = probabilities.get_column("cell_topic_probabilities").to_numpy()
    np.testing.assert_array_equal(doc_topic, fitted.transform(cells()))
    counts = pl.read_parquet(f"{begin}.region_topic_counts.parquet")
    assert counts.schema == {"region_topic_counts": pl.Array(pl.Int32, N_GENES)}
    topic_word = counts.get_column("region_topic_counts").to_numpy()
    np.testing.assert_array_equal(topic_word, fitted.model_.counts.T.toarray())
    assert Path(f"{begin}.region_ids.txt").read_text().splitlines() == list(cells().var_names)
    assert Path(f"{begin}.cell_barcodes.txt").read_text().splitlines() == list(cells().obs_names)


def test_text_that_hdf5_cannot_hold_is_told(tmp_path: Path) -> None:
    model = lda.LDA(2, max_iter=3, random_state=0).fit([["a", "b"], ["b", "c"]])
    documents = lda.as_corpus([["a", "b"]], ids=["x\0y"])
    with pytest.raises(lda.corpus.DataError, match=r"ids of documents must not hold .*got 'x\\x00y'"):
        model.export(tmp_path / "out.h5ad", to="anndata", X=documents)
    assert list(tmp_path.iterdir()) == []


FULL = """
import resource, signal, sys
from lda.cli import main
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
sys.argv = ["lda", "export", sys.argv[1], sys.argv[2], "--to", "anndata", "-o", sys.argv[3], "-q"]
main()
"""


@pytest.mark.slow  # for a process that imports anndata
def test_a_full_disk_is_told_once(tmp_path: Path) -> None:
    texts = tmp_path / "texts.txt"
    rng = np.random.default_rng(0)
    words = [[f"w{n}" for n in rng.integers(0, 3000, 50)] for _ in range(200)]
    texts.write_text("\n".join(map(" ".join, words)))
    lda.LDA(50, max_iter=1, random_state=0).fit(words).save(tmp_path / "model")
    script = [sys.executable, "-c", FULL, str(tmp_path / "model"), str(texts), str(tmp_path / "out.h5ad")]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == f"lda: error: File too large: {tmp_path / 'out.h5ad'}\n"
    assert not (tmp_path / "out.h5ad").exists()


def test_what_no_file_of_pycistopic_holds_is_refused_before_it_is_made(tmp_path: Path) -> None:
    model: Any = SimpleNamespace(n_topics=4, n_terms=2**29)
    one_cell: Any = SimpleNamespace(n_documents=1)
    with pytest.raises(
        DataError, match=r"region_topic_counts must have fewer than 2\^31 numbers, got 4 x 536870912"
    ):
        cistopic.write(model, one_cell, tmp_path / "atac")
    assert not list(tmp_path.iterdir())
