"""pyLDAvis with our own numbers."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tiny
from made_models import made_model, planted_model

import lda
from lda.corpus import DataError
from lda.evaluation.relevance import term_share

if TYPE_CHECKING:
    from pathlib import Path

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    pyldavis: Any = pytest.importorskip(
        "pyLDAvis", reason="it needs gensim, which has no wheel for Python 3.14"
    )

TEXTS = tiny.documents()


@pytest.fixture(scope="module")
def model() -> lda.Model:
    return planted_model(n_topics=6, n_terms=200)


def topic(prepared: Any, number: int) -> Any:
    return prepared.topic_info[prepared.topic_info.Category == f"Topic{number}"]


def test_numbers_are_the_models_own(model: lda.Model) -> None:
    filters = list(warnings.filters)
    prepared = model.to_pyldavis()
    assert warnings.filters == filters
    topics = model.topics()
    places = prepared.topic_coordinates
    assert places.topics.tolist() == [1, 2, 3, 4, 5, 6]
    np.testing.assert_allclose(places.Freq, [100 * t.share for t in topics])
    assert prepared.topic_order == [1, 2, 3, 4, 5, 6]
    assert prepared.plot_opts["xlab"] == "PC1 (circle n is topic n - 1)"
    counts, share = model.counts.toarray(), term_share(model)
    for k in range(6):
        rows = topic(prepared, k + 1)
        p = model.topic_word[k, rows.index]
        np.testing.assert_allclose(rows.logprob, np.log(p), atol=6e-5)
        np.testing.assert_allclose(rows.loglift, np.log(p / share[rows.index]), atol=6e-5)
        np.testing.assert_array_equal(rows.Freq, counts[rows.index, k])
        np.testing.assert_array_equal(rows.Total, counts[rows.index].sum(axis=1))
        assert rows.Term.tolist() == [model.vocabulary[w] for w in rows.index]
        best = rows.sort_values("logprob", ascending=False, kind="stable")[:10]
        assert best.Term.tolist() == [term for term, _ in topics[k].words]
    table = prepared.token_table
    np.testing.assert_allclose(table.groupby("Term").Freq.sum(), 1)
    first = table.iloc[0]
    word = model.vocabulary.index(first.Term)
    assert first.Freq == counts[word, first.Topic - 1] / counts[word].sum()


def test_the_bars_are_those_of_prepare(model: lda.Model) -> None:
    """For any position of the slider the same terms are on top, and what is no count of ours is the same number."""
    counts = model.counts.toarray().astype(float)
    prepared = made_model(counts, beta=1e-12).to_pyldavis(R=8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # Documents of one topic each have just the shares that the counts have.
        theirs = pyldavis.prepare(
            counts.T / counts.sum(axis=0)[:, None] + 1e-12,
            np.eye(6),
            counts.sum(axis=0),
            model.vocabulary,
            counts.sum(axis=1),
            R=8,
            sort_topics=False,
            n_jobs=1,
        )
    assert prepared.topic_info.columns.tolist() == theirs.topic_info.columns.tolist()
    assert prepared.token_table.columns.tolist() == theirs.token_table.columns.tolist()
    assert prepared.topic_coordinates.columns.tolist() == theirs.topic_coordinates.columns.tolist()
    assert set(prepared.to_dict()) == set(theirs.to_dict())
    np.testing.assert_allclose(prepared.topic_coordinates.Freq, theirs.topic_coordinates.Freq)
    for k, lambda_ in ((1, 1), (4, 0.6), (6, 0)):
        ours = prepared.sorted_terms(k, lambda_).relevance[:8]
        np.testing.assert_allclose(ours, theirs.sorted_terms(k, lambda_).relevance[:8], atol=1e-3)
    shown = set(prepared.token_table.Term)
    both = prepared.token_table.set_index(["Term", "Topic"]).Freq
    other = theirs.token_table.set_index(["Term", "Topic"]).Freq
    for key in both.index.intersection(other.index):
        assert both[key] == pytest.approx(other[key])
    assert len(both.index.intersection(other.index)) > len(shown) / 2


def test_saliency_by_hand() -> None:
    from lda.interop.pyldavis import saliency

    counts = np.array([[4, 0], [1, 3], [2, 2]])
    p = counts / counts.sum()
    p_k, p_w = p.sum(axis=0), p.sum(axis=1)
    expected = [
        sum(p[w, k] * np.log(p[w, k] / p_w[w] / p_k[k]) for k in range(2) if p[w, k]) for w in range(3)
    ]
    np.testing.assert_allclose(saliency(made_model(counts).counts), expected)


def test_documents_are_counted() -> None:
    fitted = lda.LDA(3, max_iter=40, random_state=0).fit(TEXTS)
    prepared = fitted.to_pyldavis(TEXTS[:10])
    totals = {row.Term: row.Total for row in prepared.topic_info.itertuples()}
    assert totals["star"] == sum(text.count("star") for text in TEXTS[:10])
    assert prepared.topic_coordinates.Freq.sum() == pytest.approx(100)
    assert not np.allclose(prepared.topic_coordinates.Freq, fitted.to_pyldavis().topic_coordinates.Freq)
    with pytest.raises(DataError, match="documents with words that the model knows"):
        fitted.to_pyldavis([["plum"]])


def test_options(model: lda.Model) -> None:
    by_size = model.to_pyldavis(sort_topics=True)
    order = np.argsort([-t.tokens for t in model.topics()], kind="stable")
    assert by_size.topic_order == (order + 1).tolist()
    assert by_size.topic_coordinates.topics.tolist() == [1, 2, 3, 4, 5, 6]
    assert (np.diff(by_size.topic_coordinates.Freq) <= 0).all()
    assert topic(by_size, 1).Term.tolist() == topic(model.to_pyldavis(), order[0] + 1).Term.tolist()
    from_zero = model.to_pyldavis(start_index=0)
    assert from_zero.topic_coordinates.topics.tolist() == [0, 1, 2, 3, 4, 5]
    assert from_zero.plot_opts["xlab"] == "PC1"
    for mds in ("pcoa", "mmds", lambda phi: np.ones((6, 2))):
        assert np.isfinite(model.to_pyldavis(mds=mds).topic_coordinates.x).all()
    for wrong in (
        {"R": 0},
        {"lambda_step": 0},
        {"mds": "umap"},
        {"start_index": 2},
        {"mds": lambda phi: phi},
    ):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            model.to_pyldavis(**wrong)  # type: ignore[arg-type]


def test_a_topic_without_tokens_and_a_single_one() -> None:
    prepared = made_model([[3, 0], [1, 0], [0, 0]]).to_pyldavis()
    assert topic(prepared, 2).Freq.tolist() == [0, 0, 0]
    assert json.loads(prepared.to_json())
    assert made_model([[3], [1]]).to_pyldavis().topic_coordinates.Freq.tolist() == [100]


def test_gensim_models_prepare_takes_ours() -> None:
    gensim_models = pytest.importorskip("pyLDAvis.gensim_models")
    corpora = pytest.importorskip("gensim.corpora")
    dictionary = corpora.Dictionary(TEXTS)
    bows = [dictionary.doc2bow(text) for text in TEXTS]
    fitted = lda.LDA(3, max_iter=40, random_state=0).fit(bows, vocabulary=dictionary)
    prepared = gensim_models.prepare(fitted, bows, dictionary, sort_topics=False, n_jobs=1)
    np.testing.assert_allclose(
        prepared.topic_coordinates.Freq, 100 * fitted.transform(TEXTS).mean(axis=0), rtol=1e-5
    )


def test_the_page(model: lda.Model, tmp_path: Path) -> None:
    evil = lda.Model(
        counts=model.counts,
        alpha=model.alpha,
        beta=model.beta,
        vocabulary=["</script><script>alert(1)</script>", *model.vocabulary[1:]],
        record=model.record,
    )
    path = evil.export(tmp_path / "topics.html", to="pyldavis")
    page = path.read_text(encoding="utf-8")
    assert "</script><script>alert" not in page
    assert page.count("<script>") == 3
    assert "src=" not in page.replace("d3.v5", "")[:2000]


@pytest.mark.slow
def test_the_page_in_a_browser(model: lda.Model, tmp_path: Path, browser: Any) -> None:
    from lda.interop.pyldavis import page

    (tmp_path / "page.html").write_text(page(model.to_pyldavis()), encoding="utf-8")
    context = browser.new_context()
    shown = context.new_page()
    faults: list[str] = []
    shown.on("pageerror", lambda error: faults.append(str(error)))
    shown.on(
        "request", lambda request: faults.append(request.url) if not request.url.startswith("file:") else None
    )
    shown.goto((tmp_path / "page.html").as_uri())
    shown.wait_for_selector("#ldavis-topic6")
    assert shown.locator("circle.dot").count() == 6
    shown.fill("#ldavis-topic", "3")
    shown.locator("#ldavis-topic").dispatch_event("keyup")
    shown.wait_for_selector("text=/for Topic 3 /")
    assert shown.locator(".terms").first.text_content() in {t for t, _ in model.topics(30)[2].words}
    context.close()
    assert not faults


@pytest.mark.slow  # a process that imports pyLDAvis
def test_the_command_which_goes_without_pandas_writes_pages(tmp_path: Path) -> None:
    lda.LDA(3, max_iter=2, random_state=0).fit(TEXTS).save(tmp_path / "model")
    words = ["export", str(tmp_path / "model"), "--to", "pyldavis", "-o", str(tmp_path / "page.html")]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "lda", *words], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "LDAvis(" in (tmp_path / "page.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lambda_step": 1e-12}, "lambda_step must lie in 0.0001 to 1"),  # or 7 TiB
        ({"mds": lambda phi: np.full((len(phi), 2), np.nan)}, "mds must return finite coordinates"),
        ({"plot_opts": 5}, "plot_opts must be a dict"),
    ],
)
def test_options_that_cannot_be(model: lda.Model, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        model.to_pyldavis(**options)
