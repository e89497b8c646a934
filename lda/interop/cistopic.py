"""pycisTopic's files of a model: those that it makes of MALLET's, so that its `stats` step reads them.

`PREFIX.K_topics.parameters.json`, `...cell_topic_probabilities.parquet` (a row a cell, one column of arrays of K
float32) and `...region_topic_counts.parquet` (a row a topic, one column of arrays of V int32), as the branch
`polars_1xx` of pycisTopic writes and reads them (commit 8f2faef, August 2024). Regions and cells have no names there,
only places; `...region_ids.txt` and `...cell_barcodes.txt` beside have the names, a line each, for its `stats` step.

MALLET's own text files, from which pycisTopic makes the Parquet ones, are not written: nothing reads them afterwards.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lda.corpus.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from lda.evaluation.inferred_documents import InferredDocuments
    from lda.interop.exported_model import ExportedModel

PROBABILITIES: Final = "cell_topic_probabilities"
COUNTS: Final = "region_topic_counts"

_ENDINGS: Final = (
    f"{PROBABILITIES}.parquet",
    f"{COUNTS}.parquet",
    "cell_barcodes.txt",
    "region_ids.txt",
    "parameters.json",
)


def names(prefix: str, n_topics: int) -> list[str]:
    """The files of a model, the parameters last."""
    return [f"{prefix}.{n_topics}_topics.{ending}" for ending in _ENDINGS]


def write(model: ExportedModel, documents: InferredDocuments, path: Path) -> None:
    """Write the files, which begin with `path`.

    Cells are those of `documents`, in their order; regions are the model's terms, in theirs: those of the matrix that
    it was fitted to, if none were left out.

    Raises:
        DataError: a name holds a line break, or there are more than 2^31 - 1 numbers in one of the files.
    """
    _check_size(PROBABILITIES, documents.n_documents, model.n_topics)
    _check_size(COUNTS, model.n_topics, model.n_terms)
    begin = f"{path.name}.{model.n_topics}_topics."
    _write_arrays(path.with_name(f"{begin}{PROBABILITIES}.parquet"), PROBABILITIES, documents.theta)
    counts = model.counts.T.toarray(order="C").astype(np.int32, copy=False)
    _write_arrays(path.with_name(f"{begin}{COUNTS}.parquet"), COUNTS, counts)
    _write_lines(path.with_name(f"{begin}cell_barcodes.txt"), documents.ids)
    _write_lines(path.with_name(f"{begin}region_ids.txt"), model.vocabulary)
    text = json.dumps(parameters(model, path.name), indent=1)
    path.with_name(f"{begin}parameters.json").write_text(text + "\n", encoding="utf-8")


def parameters(model: ExportedModel, prefix: str) -> dict[str, Any]:
    """What pycisTopic reads of a run, and under `raylda` what it has no word for.

    It knows one alpha for all topics: theirs is the sum of ours, to be divided by their number.
    """
    record = model.record
    return {
        "backend": "raylda",
        "output_prefix": prefix,
        "n_topics": model.n_topics,
        "alpha": float(model.alpha.sum()),
        "alpha_by_topic": True,
        "eta": float(model.beta),
        "eta_by_topic": False,
        "n_cpu": record.settings.get("threads"),
        "optimize_interval": record.settings.get("optimize_interval", 0),
        "iterations": int(record.n_sweeps),
        "random_seed": int(record.seed),
        "time": float(record.seconds.get("fit", 0.0)),
        "raylda": {
            "version": version("raylda"),
            "fingerprint": model.fingerprint(),
            "alpha": [float(value) for value in model.alpha],
            "sampler": str(record.settings.get("sampler", "")),
        },
    }


def _check_size(column: str, n_rows: int, n_columns: int) -> None:
    """Refuse a matrix that is too large for one column, before there is one. Raises `DataError`."""
    if n_rows * n_columns >= 2**31:
        raise DataError(
            f"{column} must have fewer than 2^31 numbers, got {n_rows} x {n_columns}; "
            "leave out regions that few cells have (--min-df)"
        )


def _write_arrays(path: Path, column: str, rows: npt.NDArray[Any]) -> None:
    """Write a matrix (n, m) as one column of n arrays."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    values: Any = pa.array(rows.reshape(-1))
    arrays: Any = pa.FixedSizeListArray.from_arrays(values, rows.shape[1])
    pq.write_table(pa.table({column: arrays}), path, compression="zstd")


def _write_lines(path: Path, lines: list[str]) -> None:
    bad = next((line for line in lines if len(line.splitlines()) > 1 or line != line.strip()), None)
    if bad is not None:
        raise DataError(
            f"names of cells and regions must be one line each, without blanks around, got {bad!r:.60}"
        )
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
