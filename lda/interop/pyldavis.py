"""What pyLDAvis draws, made of a model's own numbers; and the page that `lda export --to pyldavis` writes.

`pyLDAvis.prepare` would sort and renumber the topics, make term frequencies and shares anew from p(w | k) and theta,
and compare all topics at all terms. Here its `PreparedData` is filled with the numbers that `lda topics` and
`lda report` show.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lda.charts.coordinates import map_coordinates
from lda.charts.distances import topic_distances
from lda.cluster.counts.sparse_sums import term_sums, topic_sums
from lda.evaluation.relevance import probabilities, relevant_terms, smoothed_totals, smoothing, term_share
from lda.extras import needed

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt
    from scipy.sparse import csr_matrix

    from lda.evaluation.inferred_documents import InferredDocuments
    from lda.interop.exported_model import ExportedModel

    Floats = npt.NDArray[np.float64]
    Mds = str | Callable[[Floats], Floats] | None

OLDEST: Final = "3.4.1"
SMALLEST_STEP: Final = 1e-4
"""Of the slider. Each step has its own terms, and shorter ones take more memory than there is."""

REMEDY: Final = (
    "pip install 'raylda[pyldavis]' (not for Python 3.14: it needs gensim, which has no wheel there)"
)
_PURPOSE: Final = "pictures of pyLDAvis"
MAPS: Final = {"pcoa": "js_PCoA", "mmds": "js_MMDS", "tsne": "js_TSNE"}
"""The maps that pyLDAvis has, by the names it gives them."""


def check() -> None:
    """See that pyLDAvis is there. Raises `MissingPackageError`."""
    _pyldavis()


def _pyldavis() -> Any:  # noqa: ANN401 - a module
    with warnings.catch_warnings():  # it changes the filters, and is as old as it is
        warnings.simplefilter("ignore")
        module = needed("pyLDAvis", _PURPOSE, REMEDY, oldest=OLDEST)
        needed("pyLDAvis._prepare", _PURPOSE, REMEDY)
    return module


def prepared(
    model: ExportedModel,
    documents: InferredDocuments | None = None,
    *,
    R: int = 30,
    lambda_step: float = 0.01,
    mds: Mds = None,
    sort_topics: bool = False,
    start_index: int = 1,
    plot_opts: dict[str, str] | None = None,
) -> Any:  # noqa: ANN401 - a PreparedData
    """See `Exportable.to_pyldavis`.

    Raises:
        MissingPackageError: pyLDAvis is not installed, or too old.
        ValueError: an option cannot be.
        DataError: the documents have no words that the model knows.
    """
    package = _pyldavis()
    _check(R, lambda_step, mds, start_index, plot_opts)
    import pandas as pd

    counts = _counts(model, documents)
    tokens, totals = topic_sums(counts), term_sums(counts)
    share = tokens / tokens.sum()
    order = np.argsort(-share, kind="stable") if sort_topics else np.arange(model.n_topics)
    R = min(R, model.n_terms)
    if plot_opts is None:
        told = f"circle n is topic n - {start_index}" if start_index and not sort_topics else "topics by size"
        plot_opts = {"xlab": "PC1" if not start_index and not sort_topics else f"PC1 ({told})", "ylab": "PC2"}
    places = _places(package, model, mds)
    coordinates = pd.DataFrame(
        {
            "x": places[order, 0],
            "y": places[order, 1],
            "topics": np.arange(start_index, start_index + model.n_topics),
            "cluster": 1,
            "Freq": share[order] * 100,
        },
        index=pd.Index(order, name="topic"),
    )
    info = _topic_info(model, counts, totals, order, R, lambda_step, start_index)
    return package.PreparedData(
        coordinates,
        info,
        _token_table(model, counts, totals, order, np.unique(info.index), start_index),
        R,
        lambda_step,
        plot_opts,
        [int(k) + start_index for k in order],
    )


def _check(R: int, lambda_step: float, mds: Mds, start_index: int, plot_opts: object) -> None:
    if R < 1:
        raise ValueError(f"R must be 1 or more, got {R}")
    if not SMALLEST_STEP <= lambda_step <= 1:
        raise ValueError(f"lambda_step must lie in {SMALLEST_STEP} to 1, got {lambda_step}")
    if start_index not in (0, 1):
        raise ValueError(f"start_index must be 0 or 1, got {start_index!r:.40}")
    if not (mds is None or callable(mds) or (isinstance(mds, str) and mds.lower() in MAPS)):
        raise ValueError(f"mds must be {', '.join(MAPS)}, a function of p(w | k), or None, got {mds!r:.60}")
    if not (plot_opts is None or isinstance(plot_opts, dict)):
        raise ValueError(f"plot_opts must be a dict with xlab and ylab, got {plot_opts!r:.60}")


def _counts(model: ExportedModel, documents: InferredDocuments | None) -> csr_matrix:
    """(V, K) tokens of each term in each topic: those of the last sweep, or of documents. Raises `DataError`."""
    from lda.corpus.errors import DataError

    if documents is None:
        return model.counts
    if not len(documents.words):
        raise DataError(
            "a picture needs documents with words that the model knows, and there are none; check them"
        )
    return documents.word_topic_counts(model.n_terms, model.n_topics)


def _places(package: Any, model: ExportedModel, mds: Mds) -> Floats:  # noqa: ANN401 - a module
    """(K, 2) where topics are drawn."""
    if mds is None:
        return map_coordinates(topic_distances(model))
    if isinstance(mds, str):
        mds = getattr(package._prepare, MAPS[mds.lower()])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # scikit-learn's, of arguments that pyLDAvis gives
        places = np.asarray(mds(model.topic_word))  # type: ignore[operator]
    if places.shape != (model.n_topics, 2):
        raise ValueError(f"mds must return two coordinates a topic ({model.n_topics}, 2), got {places.shape}")
    if not np.isfinite(places).all():
        raise ValueError("mds must return finite coordinates, got NaN or infinite ones")
    return np.asarray(places.real, dtype=np.float64)


def _topic_info(
    model: ExportedModel,
    counts: csr_matrix,
    totals: Floats,
    order: npt.NDArray[np.int64],
    R: int,
    lambda_step: float,
    start_index: int,
) -> Any:  # noqa: ANN401 - a DataFrame
    """Rows for the bars: the most salient terms, then those of each topic for any position of the slider."""
    import pandas as pd

    vocabulary = np.array(model.vocabulary, dtype=object)
    salient = np.argsort(-saliency(counts), kind="stable")[:R]
    steps = np.minimum(np.arange(0, 1 + lambda_step, lambda_step), 1.0)
    relevant = relevant_terms(model, R, [float(step) for step in steps])
    lots = [relevant.topic(int(k)) for k in order]
    frequent = np.argsort(-totals, kind="stable")[:R].astype(np.int32)
    # The page cannot show a topic without terms; one that holds none has all of them alike.
    lots = [
        lot if len(lot[0]) else (frequent, probabilities(model, frequent, np.full(len(frequent), k)))
        for k, lot in zip(order, lots, strict=True)
    ]
    terms = np.concatenate([lot[0] for lot in lots])
    log_p = np.log(np.concatenate([lot[1] for lot in lots]))
    sizes = [len(lot[0]) for lot in lots]
    topics = np.repeat(order, sizes)
    # A term that no token has left in the counts has a share all the same: that of its prior.
    tiny = smoothing(model) / max(float(smoothed_totals(model).sum()), 1.0)
    log_share = np.log(np.maximum(term_share(model)[terms], max(tiny, np.finfo(np.float64).tiny)))
    numbers = np.repeat(np.arange(start_index, start_index + len(order)), sizes)
    ranks = np.arange(len(salient), 0, -1).astype(np.float64)
    return pd.DataFrame(
        {
            "Term": vocabulary[np.concatenate([salient, terms])],
            "Freq": np.concatenate(
                [totals[salient], np.asarray(counts[terms, topics], dtype=np.float64).ravel()]
            ),
            "Total": np.concatenate([totals[salient], totals[terms]]),
            "Category": ["Default"] * len(salient) + [f"Topic{number}" for number in numbers.tolist()],
            "logprob": np.concatenate([ranks, log_p.round(4)]),
            "loglift": np.concatenate([ranks, (log_p - log_share).round(4)]),
        },
        index=pd.Index(np.concatenate([salient, terms]), name="term"),
    )


def saliency(counts: csr_matrix) -> Floats:
    """(V,) float64, p(w) sum_k p(k | w) log(p(k | w) / p(k)), of (V, K) tokens.

    Chuang, Manning and Heer, "Termite: Visualization techniques for assessing textual topic models", 2012, section 3.
    """
    cells = counts.tocoo()
    n_w, n_k = term_sums(counts), topic_sums(counts)
    n = float(n_k.sum())
    n_kw = np.asarray(cells.data, dtype=np.float64)
    held = n_kw > 0
    words, n_kw, its = cells.row[held], n_kw[held], n_k[cells.col[held]]
    parts = n_kw / n * np.log(n_kw / n_w[words] * (n / its))
    return np.bincount(words, weights=parts, minlength=counts.shape[0]).astype(np.float64)


def _token_table(
    model: ExportedModel,
    counts: csr_matrix,
    totals: Floats,
    order: npt.NDArray[np.int64],
    terms: npt.NDArray[np.int64],
    start_index: int,
) -> Any:  # noqa: ANN401 - a DataFrame
    """Shares of the topics in each term that is shown: how large circles are while the mouse is on it."""
    import pandas as pd

    vocabulary = np.array(model.vocabulary, dtype=object)
    number_of = np.empty(len(order), dtype=np.int64)
    number_of[order] = np.arange(start_index, start_index + len(order))
    cells = counts[terms].tocoo()
    held = cells.data > 0
    rows, topics = terms[cells.row[held]], number_of[cells.col[held]]
    table = pd.DataFrame(
        {"Topic": topics, "Freq": cells.data[held] / totals[rows], "Term": vocabulary[rows]},
        index=pd.Index(rows, name="term"),
    )
    return table.sort_values(by=["Term", "Topic"], kind="stable")


def write(model: ExportedModel, documents: InferredDocuments | None, path: Path) -> None:
    """Write one page of HTML that needs no network."""
    path.write_text(page(prepared(model, documents)), encoding="utf-8")


_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Topics</title>
<style>{css}</style>
</head>
<body style="background: white">
<div id="ldavis"></div>
<script>{d3}</script>
<script>{ldavis}</script>
<script>new LDAvis("#ldavis", {data});</script>
</body>
</html>
"""


def page(data: Any) -> str:  # noqa: ANN401 - a PreparedData
    """A page with the scripts that pyLDAvis brings in it. Rejected: its own `save_html`, which loads them from servers.

    It also writes terms into the script as they are, so that one of `</script>` would end it.
    """
    urls = needed("pyLDAvis.urls", _PURPOSE, REMEDY)
    values = json.dumps(_plain(data.to_dict()), ensure_ascii=False, allow_nan=False)
    for character in "<>&\u2028\u2029":
        values = values.replace(character, f"\\u{ord(character):04x}")
    css, d3, ldavis = (
        Path(file).read_text(encoding="utf-8")
        for file in (urls.LDAVIS_CSS_LOCAL, urls.D3_LOCAL, urls.LDAVIS_LOCAL)
    )
    return _PAGE.format(css=css, d3=d3, ldavis=ldavis, data=values)


def _plain(value: Any) -> Any:  # noqa: ANN401 - dicts, lists and numbers, of NumPy, too
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    return value.item() if isinstance(value, np.generic) else value
