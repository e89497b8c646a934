"""dfr-browser's data files: a model with its documents, to be browsed in a page of static files."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lda.interop.mallet_topics import most_frequent

if TYPE_CHECKING:
    from pathlib import Path

    from lda.evaluation.inferred_documents import InferredDocuments
    from lda.interop.exported_model import ExportedModel

WORDS: Final = 50
"""Of each topic, as dfr-browser's own tools take."""

MOST_GROUPS: Final = 50
"""Values of a field by which documents are grouped: a bar each."""

PART: Final = "part"
"""Field of documents that have none to group them by: parts of the corpus in its order. The browser cannot do without
groups, and draws no single one."""

PARTS: Final = 10

_ISO: Final = re.compile(r"[0-9]{4}(-[0-9]{2}){0,2}(T[0-9:.]+Z)?")
"""What every browser reads as a date, and in UTC, in which dfr-browser counts years."""

_TIME: Final = (1980, 1, 1, 0, 0, 0)
"""Of the files in the archives: the same model gives the same bytes."""


def write(model: ExportedModel, documents: InferredDocuments, path: Path) -> None:
    """Fill the folder `data` of a browser: info.json, tw.json, dt.json.zip, meta.csv.zip and topic_scaled.csv.

    Weights are counts: of words in topics in the model's last state, and of the documents' tokens in topics. The
    metadata have a header with the names of the documents' fields, as dfr-browser's type "base" takes them.
    """
    from lda.charts.coordinates import map_coordinates
    from lda.charts.distances import topic_distances

    vocabulary = model.vocabulary
    words = [
        {"words": [vocabulary[term] for term in terms.tolist()], "weights": times.tolist()}
        for terms, times in most_frequent(model.counts, WORDS)
    ]
    _write_json(path / "tw.json", {"alpha": model.alpha.tolist(), "tw": words})
    columns = documents.topic_counts(model.n_topics).tocsc()
    weights = {"i": columns.indices.tolist(), "p": columns.indptr.tolist(), "x": columns.data.tolist()}
    _write_zip(path / "dt.json.zip", "dt.json", json.dumps(weights))
    fields = _fields(documents)
    if (condition := _condition(fields)) is None:
        part = PART
        while part in fields:
            part += "_"
        n = documents.n_documents
        fields[part] = [f"{1 + PARTS * number // n:02d}" for number in range(n)]
        condition = _ordinal(part)
    _write_zip(path / "meta.csv.zip", "meta.csv", _metadata(documents, fields))
    _write_json(path / "info.json", _info(model, condition))
    if model.n_topics > 1:  # the page does without
        places = map_coordinates(topic_distances(model))
        rows = "".join(f"{x!r},{y!r}\n" for x, y in np.asarray(places, dtype=np.float64).tolist())
        (path / "topic_scaled.csv").write_text(rows, encoding="utf-8")


def _info(model: ExportedModel, condition: dict[str, Any]) -> dict[str, Any]:
    names = {k: model.labels.name(k) for k in range(model.n_topics)}
    dates = [condition["spec"]["field"]] if condition["type"] == "time" else []
    return {
        "title": "Topics",
        "meta_info": f"<h2>{model.n_topics} topics</h2>",
        "VIS": {
            "overview_words": 15,
            "metadata": {"type": "base", "spec": {"id": "id", "date_field": dates}},
            "condition": condition,
            "bib": {"type": "base"},
            "bib_view": {"major": "all", "minor": "raw"},
            "topic_labels": {str(k + 1): name for k, name in names.items() if name is not None},
        },
    }


def _condition(fields: dict[str, list[str]]) -> dict[str, Any] | None:
    """By what the browser groups documents: a date or year, else the first field with few values; None without any.

    Left alone it looks for a field "date"; where that is missing its pages of topics do not come to an end.
    """
    full = {name: values for name, values in fields.items() if values and all(values)}
    for name, values in full.items():
        if ("date" in name.lower() or "year" in name.lower()) and all(map(_ISO.fullmatch, values)):
            years = {value[:4] for value in values}
            unit = "year" if len(years) > 1 or min(map(len, values)) == 4 else "month"
            return {"type": "time", "name": name, "spec": {"field": name, "unit": unit, "n": 1}}
    grouped = (name for name, values in full.items() if 1 < len(set(values)) <= MOST_GROUPS)
    group = next(grouped, None)
    return None if group is None else _ordinal(group)


def _ordinal(name: str) -> dict[str, Any]:
    return {"type": "ordinal", "name": name, "spec": {"field": name}}


def _fields(documents: InferredDocuments) -> dict[str, list[str]]:
    """The documents' fields as text, "" where there is none."""
    table = documents.metadata
    names = [] if table is None else [name for name in table.column_names if name != "id"]
    return (
        {name: [_text(value) for value in table.column(name).to_pylist()] for name in names} if table else {}
    )


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return (value if value.tzinfo is None else value.astimezone(UTC)).replace(
            tzinfo=None
        ).isoformat() + "Z"
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else str(value)


def _metadata(documents: InferredDocuments, fields: dict[str, list[str]]) -> str:
    """A table with a header: `id`, then the fields of the documents."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["id", *fields])
    rows.writerows(zip(documents.ids, *fields.values(), strict=True))
    return text.getvalue()


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _write_zip(path: Path, name: str, text: str) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name, _TIME), text.encode("utf-8"), zipfile.ZIP_DEFLATED)
