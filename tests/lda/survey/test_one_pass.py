"""A survey says what the model says of the documents, however they come."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp
import scipy.stats
import tiny

import lda
from lda.corpus import DataError, Recipe
from lda.evaluation.diagnostics import describe_topics
from lda.model.model import Model
from lda.survey import unseen_documents
from lda.survey.group_sums import UNIT
from lda.survey.one_pass import Inference, SurveyInProgress, one_pass
from lda.survey.sources import DocumentSource, documents_in_files, documents_of
from lda.survey.survey import Survey, SurveyOptions, survey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RECIPE = Recipe(text="body", id="name")
N = 60


def rows(n: int = N) -> list[dict[str, Any]]:
    """Documents with a year, a party that some lack, and tags."""
    found = []
    for i, tokens in enumerate(tiny.documents(n)):
        row: dict[str, Any] = {
            "name": f"doc-{i}",
            "body": " ".join(tokens).capitalize() + ".",
            "year": 1990 + i % 7,
        }
        row["tags"] = ["a", "b"] if i % 2 else ["a"]
        row["party"] = None if i % 5 == 0 else "red" if i % 3 else "blue"
        found.append(row)
    found[47]["body"] = "Nothing known here"
    return found


def write(path: Path, documents: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in documents), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("survey")
    write(made / "docs.jsonl", rows())
    write(made / "fitted.jsonl", rows()[:40])
    return made


@pytest.fixture(scope="module")
def model(folder: Path) -> Model:
    corpus = lda.read_corpus([folder / "fitted.jsonl"], recipe=RECIPE)
    return lda.LDA(3, max_iter=20, random_state=0).fit(corpus).model_


def in_files(folder: Path) -> DocumentSource:
    return documents_in_files([folder / "docs.jsonl"], recipe=RECIPE)


@pytest.fixture(scope="module")
def found(folder: Path, model: Model) -> Survey:
    return survey(
        model, in_files(folder), SurveyOptions(over="year", by=("party", "tags"), n_best=4, n_nearest=3)
    )


def words_of(model: Model) -> list[list[str]]:
    return model.tokenize([row["body"] for row in rows()])


def test_numbers_are_those_of_the_model(found: Survey, model: Model) -> None:
    words = words_of(model)
    theta = model.transform(words)
    np.testing.assert_array_equal(found.theta, theta)
    assert found.ids == [row["name"] for row in rows()]
    assert (found.n_documents, found.n_empty_documents, found.n_unknown) == (N, 1, 3)
    assert found.n_tokens == sum(found.n_tokens_of) == found.term_tokens.sum() == found.topic_tokens.sum()
    held = found.n_tokens_of > 0
    np.testing.assert_allclose(found.mean_theta, theta[held].astype(np.float64).mean(axis=0), atol=2 / UNIT)
    mine = describe_topics(
        model.language_counts, model.beta, model.top_words(10), model.vocabulary,
        n_words=10, tokens=model.last_tokens, use=found.use,
    )  # fmt: skip
    expected = model.diagnostics(words)
    for name, values in expected.columns().items():
        np.testing.assert_array_equal(mine.columns()[name], values, err_msg=name)


def test_best_documents(found: Survey) -> None:
    held = found.n_tokens_of > 0
    theta = np.where(held[:, None], found.theta, -1)
    for topic in range(3):
        order = np.lexsort((np.arange(N), -theta[:, topic]))
        assert found.best[topic].tolist() == order[:4].tolist()
    assert set(found.texts) == set(found.best.ravel().tolist())


def test_nearest_documents(found: Survey) -> None:
    roots = np.sqrt(found.theta.astype(np.float64))
    distance = 1 - roots @ roots.T
    np.fill_diagonal(distance, np.inf)
    distance[:, 47] = np.inf
    for row in range(N):
        if row == 47:
            assert found.nearest[row].tolist() == [-1, -1, -1]
            continue
        np.testing.assert_allclose(
            distance[row][found.nearest[row]], np.sort(distance[row])[:3], rtol=0, atol=1e-12
        )


def test_groups(found: Survey) -> None:
    assert found.over is not None
    assert found.over.kind == "time"
    assert found.over.values == [str(year) for year in range(1990, 1997)]
    assert found.over.starts == [f"{year}-01-01" for year in range(1990, 1997)]
    held = found.n_tokens_of > 0
    for group, year in enumerate(range(1990, 1997)):
        mine = held & np.array([row["year"] == year for row in rows()])
        theta = found.theta[mine].astype(np.float64)
        assert found.over.n_documents[group] == mine.sum()
        assert found.over.n_tokens[group] == found.n_tokens_of[mine].sum()
        np.testing.assert_allclose(found.over.mean[group], theta.mean(axis=0), atol=1e-9)
        low, high = scipy.stats.t.interval(
            0.95, len(theta) - 1, theta.mean(axis=0), scipy.stats.sem(theta, axis=0)
        )
        np.testing.assert_allclose(found.over.low[group], np.clip(low, 0, 1), atol=1e-7)
        np.testing.assert_allclose(found.over.high[group], np.clip(high, 0, 1), atol=1e-7)
    party, tags = found.by
    assert (party.kind, party.values, party.starts) == ("category", ["red", "blue"], None)
    assert party.n_missing + party.n_documents.sum() == held.sum()
    assert (tags.values, tags.n_documents.tolist()) == (["a", "b"], [59, 29])  # document 47 has no known word


def test_what_the_model_was_not_fitted_to(found: Survey, model: Model, folder: Path) -> None:
    assert (found.n_trained, found.n_untold) == (40, 1)
    unseen = [words for i, words in enumerate(words_of(model)) if i >= 40 and i != 47]
    assert found.heldout == dataclasses.replace(model.heldout_score(unseen), n_unknown=0)
    assert survey(model, documents_in_files([folder / "fitted.jsonl"], recipe=RECIPE)).heldout is None
    forgetful = dataclasses.replace(model, document_hashes=None)
    told = survey(forgetful, in_files(folder))
    assert (told.n_trained, told.n_untold, told.heldout) == (None, None, None)


def test_texts_are_coloured_by_the_inferred_state(found: Survey, model: Model) -> None:
    words = words_of(model)
    index = {term: number for number, term in enumerate(model.vocabulary)}
    assert found.whole_text
    for row, pieces in found.texts.items():
        assert "".join(piece.text for piece in pieces) == rows()[row]["body"]
        shown = [(index[piece.text.lower()], piece.topic) for piece in pieces if piece.topic >= 0]
        assert [word for word, _ in shown] == [index[word] for word in words[row] if word in index]
        ids = np.array([index[word] for word in words[row]], dtype=np.int32)
        terms, z = model.frozen().topics_of_tokens(np.array([0, len(ids)]), ids, seed=model.record.seed)
        assert sorted(shown) == sorted(zip(terms.tolist(), z.tolist(), strict=True))


def same(first: Any, second: Any, path: str = "") -> None:
    if dataclasses.is_dataclass(first):
        for field in dataclasses.fields(first):
            same(getattr(first, field.name), getattr(second, field.name), f"{path}.{field.name}")
    elif isinstance(first, np.ndarray):
        np.testing.assert_array_equal(first, second, err_msg=path)
    elif isinstance(first, tuple | list):
        assert len(first) == len(second), path
        for i, (one, other) in enumerate(zip(first, second, strict=True)):
            same(one, other, f"{path}[{i}]")
    elif type(first).__name__ == "DocumentUse":
        for name, value in vars(first).items():
            same(value, vars(second)[name], f"{path}.{name}")
    elif isinstance(first, dict):
        assert list(first) == list(second), path
        same(list(first.values()), list(second.values()), path)
    else:
        assert first == second, path


@pytest.mark.parametrize("size", [1, 7])
def test_neither_threads_nor_batches_matter(folder: Path, model: Model, size: int) -> None:
    options = SurveyOptions(over="year", by=("party", "tags"), n_best=2, n_described=20, n_texts=9)
    whole = one_pass(model, in_files(folder), options, threads=1)
    assert len(whole.ids) == 20
    assert len(whole.texts) == 9
    same(whole, one_pass(model, in_files(folder), options, threads=2, batch_documents=size))


def test_a_sample_is_drawn_with_the_seed(folder: Path, model: Model) -> None:
    options = SurveyOptions(n_best=0, n_described=10)
    first = survey(model, in_files(folder), options)
    assert len(first.ids) == 10
    assert first.numbers.tolist() == sorted(first.numbers.tolist())
    assert first.best.shape == (3, 0)
    assert not first.texts
    other = survey(model, in_files(folder), dataclasses.replace(options, seed=5))
    assert other.numbers.tolist() != first.numbers.tolist()
    assert other.seed == 5


def test_finished_corpora(folder: Path, model: Model, found: Survey, tmp_path: Path) -> None:
    built = lda.corpus.build_corpus([folder / "docs.jsonl"], tmp_path / "corpus", recipe=RECIPE)
    options = SurveyOptions(over="year", by=("party", "tags"), n_best=4, n_nearest=3)
    again = survey(model, documents_in_files([tmp_path / "corpus"], recipe=RECIPE), options)
    assert again.corpus_hash == built.content_hash
    assert again.fields.equals(found.fields)
    same(again.over, found.over)
    same(again.by, found.by)
    np.testing.assert_array_equal(again.theta, found.theta)
    assert (again.n_unknown, again.ordered, again.whole_text) == (found.n_unknown, True, False)
    assert again.rebuilt == set(again.texts)
    row = next(iter(again.texts))
    text = "".join(piece.text for piece in again.texts[row])
    assert text == " ".join(words_of(model)[row])
    same(survey(model, documents_of(built), options), again)


def counts_of(model: Model) -> pd.DataFrame:
    """Known words only, in columns of another order than the model's."""
    corpus = lda.as_corpus(words_of(model))
    table = pd.DataFrame(corpus.to_csr().toarray(), columns=corpus.vocabulary)
    return table[sorted(set(corpus.vocabulary) & set(model.vocabulary))]


def test_counts(model: Model) -> None:
    source = documents_of(counts_of(model), metadata={"n": list(range(N))})
    counted = survey(model, source, SurveyOptions(over="n"))
    np.testing.assert_array_equal(counted.theta, model.transform(words_of(model)))
    assert (counted.ordered, counted.whole_text) == (False, False)
    row, pieces = next(iter(counted.texts.items()))
    shown: dict[str, int] = {}
    for piece in pieces:
        if piece.topic >= 0:
            word, _, times = piece.text.partition(" ×")
            shown[word] = shown.get(word, 0) + int(times or 1)
    known = [word for word in words_of(model)[row] if word in model.vocabulary]
    assert shown == {word: known.count(word) for word in known}
    assert counted.over is not None
    assert (counted.over.kind, counted.over.values[:3]) == ("number", ["0", "1", "2"])


def test_python_objects_with_texts_and_metadata_beside_them(model: Model, found: Survey) -> None:
    texts = [row["body"] for row in rows()]
    metadata = pa.Table.from_pylist([{"year": row["year"], "party": row["party"]} for row in rows()])
    options = SurveyOptions(over="year", by=("party",), n_best=4, n_nearest=3)
    for source in (
        documents_of(texts=(text for text in texts), metadata=metadata, recipe=Recipe()),
        documents_of(words_of(model), texts=texts, metadata=metadata.to_pandas()),
        documents_of(words_of(model), texts=texts, metadata=metadata, recipe=Recipe()),
        documents_of(lda.as_corpus(words_of(model)), texts=texts, metadata=metadata),
        documents_of(counts_of(model), texts=texts, metadata=metadata),
    ):
        mine = survey(model, source, options)
        same(mine.over, found.over)
        same(mine.texts, found.texts)
        assert mine.n_unknown in (0, 3)
        np.testing.assert_array_equal(mine.theta, found.theta)
        assert mine.whole_text
        assert mine.ids[:2] == ["0", "1"]
    named = survey(model, documents_of(words_of(model), ids=[row["name"] for row in rows()]), options=None)
    assert named.ids == found.ids
    assert named.fields.num_columns == 0
    assert named.fields.num_rows in (0, N)


def test_columns_of_other_libraries(model: Model, found: Survey) -> None:
    texts = pd.Series([row["body"] for row in rows()], dtype=object)
    frame = pd.DataFrame({"year": [row["year"] for row in rows()], "party": [row["party"] for row in rows()]})
    frame["party"] = frame["party"].astype("category")
    options = SurveyOptions(over="year", by=("party",), n_best=4, n_nearest=3)
    for metadata in (frame, pl.from_pandas(frame), dict(frame.items()), pa.Table.from_pandas(frame)):
        for source in (
            documents_of(texts=texts, metadata=metadata),
            documents_of(words_of(model), texts=pa.array(texts), metadata=metadata),
        ):
            mine = survey(model, source, options)
            same(mine.over, found.over)
            same(mine.by[0], found.by[0])
            same(mine.texts, found.texts)


def test_cells_bring_their_columns(model: Model) -> None:
    table = counts_of(model)
    cells = SimpleNamespace(
        X=sp.csr_matrix(table.to_numpy()), var_names=list(table.columns), obs_names=[f"c{i}" for i in range(N)],
        obs=pd.DataFrame({"batch": [i % 2 for i in range(N)]}, index=[f"c{i}" for i in range(N)]),
    )  # fmt: skip
    found = survey(model, documents_of(cells), SurveyOptions(by=("batch",)))
    assert found.by[0].values == ["0", "1"]
    assert found.ids[:2] == ["c0", "c1"]
    assert found.fields.column_names == ["batch"]


def test_scores_in_blocks(model: Model, folder: Path, found: Survey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unseen_documents, "BLOCK", 4)
    blocks = [
        one_pass(model, in_files(folder), SurveyOptions(), batch_documents=size).heldout
        for size in (1, 9, 60)
    ]
    assert blocks[0] == blocks[1] == blocks[2]
    assert blocks[0] is not None
    assert found.heldout is not None
    assert blocks[0].log_likelihood == pytest.approx(found.heldout.log_likelihood, abs=1e-12)
    assert blocks[0].standard_error == pytest.approx(found.heldout.standard_error, abs=1e-9)
    assert blocks[0].n_scored_tokens == found.heldout.n_scored_tokens


def test_one_scored_document_among_many_has_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unseen_documents, "BLOCK", 2)
    sums = unseen_documents.UnseenDocuments()
    sums.add(unseen_documents.Contents(0, 0, 9, np.array([0.0, -12.0, 0.0]), np.array([0, 4, 0])))
    found = sums.score()
    assert found is not None
    assert (found.log_likelihood, found.n_scored_documents) == (-3.0, 1)
    assert np.isnan(found.standard_error)


def test_what_a_notebook_shows(found: Survey) -> None:
    assert repr(found).startswith("Survey(3 topics, 60 documents, 2,3")
    assert repr(found.over) == "GroupShares('year', time, 7 groups)"


@pytest.mark.parametrize(
    ("beside", "message"),
    [
        ({"texts": ["a"] * 59}, "texts must have one entry a document, got fewer"),
        ({"texts": ["a"] * 61}, "texts must have one entry a document, got more"),
        ({"metadata": {"x": [1, 2]}}, "metadata must have one entry a document, got fewer"),
        ({"ids": range(99)}, "ids must have one entry a document, got more"),
    ],
)
def test_what_stands_beside_must_fit(model: Model, beside: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        survey(model, documents_of(words_of(model), **beside))


def test_no_documents(model: Model) -> None:
    with pytest.raises(TypeError, match="needs documents"):
        documents_of()
    with pytest.raises(DataError, match="no documents to survey"):
        survey(model, documents_of(texts=[], recipe=Recipe()))
    with pytest.raises(TypeError, match="must be a table"):
        documents_of(words_of(model), metadata=3)


def test_unknown_words_only(model: Model) -> None:
    found = survey(
        model,
        documents_of(texts=["nothing here"], metadata={"x": [3]}, recipe=Recipe()),
        SurveyOptions(over="x"),
    )
    assert (found.n_empty_documents, found.n_unknown, found.n_tokens) == (1, 2, 0)
    assert np.isnan(found.mean_theta).all()
    assert (found.best == -1).all()
    assert found.over is not None
    assert found.over.values == []
    assert found.over.mean.shape == (0, 3)


class Stream:
    """Small documents without end, as many as asked for."""

    corpus_hash = None
    ordered = True
    recipe: Recipe | None = Recipe()
    tokenizer = None

    def __init__(self, n: int) -> None:
        self.n = n

    def batches(self, model: Any, *, threads: int | None, batch_documents: int) -> Iterator[Any]:
        texts = [" ".join(tokens) for tokens in tiny.documents(60)]
        source = documents_of(
            texts=(texts[i % 60] for i in range(self.n)),
            metadata={"day": [f"{1900 + i % 90}-01-{1 + i % 28:02d}" for i in range(self.n)]},
            recipe=Recipe(),
        )
        return source.batches(model, threads=threads, batch_documents=batch_documents)


def test_memory_does_not_grow_with_the_documents(model: Model) -> None:
    options = SurveyOptions(over="day", by=("day",), n_best=2, n_described=50, n_texts=20)
    sizes = []
    for n in (2_000, 20_000):
        infer = Inference(model, options, 1)
        work = SurveyInProgress(model, options, infer.seed)
        most_rows = most_texts = 0
        for batch in Stream(n).batches(model, threads=1, batch_documents=500):
            for start in range(0, len(batch.ids), 500):
                work.add(infer(part(batch, start, start + 500)))
                most_rows = max(most_rows, work.described.n_rows)
                most_texts = max(most_texts, work.described.n_texts)
        sizes.append((most_rows, most_texts))
        assert work.n_documents == n
        assert len(work.fields[0].sums) <= 90 * 28
    assert max(rows for rows, _ in sizes) <= 2 * (50 + 6) + 500
    assert max(texts for _, texts in sizes) <= 6 + 20


def part(batch: Any, first: int, last: int) -> Any:
    offsets = batch.doc_offsets[first : last + 1]
    return batch._replace(
        ids=batch.ids[first:last],
        doc_offsets=offsets - offsets[0],
        words=batch.words[offsets[0] : offsets[-1]],
        texts=batch.texts[first:last],
        metadata=batch.metadata.slice(first, last - first),
    )


def test_a_corpus_at_a_uri(folder: Path, model: Model, found: Survey, place: Callable[[str], str]) -> None:
    lda.corpus.build_corpus([folder / "docs.jsonl"], place("corpus"), recipe=RECIPE)
    options = SurveyOptions(over="year", by=("party", "tags"), n_best=4, n_nearest=3)
    again = survey(model, documents_in_files([place("corpus")], recipe=RECIPE), options)
    same(again.over, found.over)
    np.testing.assert_array_equal(again.best, found.best)


def test_text_is_escaped_nowhere_and_lost_nowhere(model: Model, tmp_path: Path) -> None:
    bread = "bread butter flour oven yeast"
    hostile = [f"<script>alert(1)</script> {bread} \x1b[31m\u202e &amp;", f"{bread} & \u2028 <b>"]
    path = write(
        tmp_path / "docs.jsonl", [{"name": "<img>\x1b", "body": text, "f": "</script>"} for text in hostile]
    )
    told = survey(model, documents_in_files([path], recipe=RECIPE), SurveyOptions(by=("f",), n_best=2))
    assert ["".join(p.text for p in told.texts[row]) for row in (0, 1)] == hostile
    assert told.ids == ["<img>\x1b"] * 2
    assert told.by[0].values == ["</script>"]
