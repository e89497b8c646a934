"""What is told of a corpus: against counts made one by one."""

from __future__ import annotations

import json
from datetime import time, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from lda.corpus import Corpus, Recipe, build_corpus, read_corpus
from lda.corpus.finished.overview import corpus_overview, unknown_terms

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def rows() -> list[dict[str, object]]:
    rng = np.random.default_rng(3)
    words = [f"w{'abcdefghijklmnopqrst'[n]}" for n in range(20)]
    made: list[dict[str, object]] = [
        {
            "id": f"d{n}", "text": " ".join(rng.choice(words, int(rng.integers(5, 300)))), "year": 1900 + n % 50,
            "score": None if n % 4 == 0 else n / 8, "party": ["left", "right", "left"][n % 3], "tags": ["x"] * (n % 3),
            "note": f"note {n}",
        }
        for n in range(200)
    ]  # fmt: skip
    made[10]["text"] = made[20]["text"] = made[30]["text"]
    made[40]["text"] = made[41]["text"] = "wa wb"  # too short to be called duplicates
    made[50]["text"] = ""
    return made


@pytest.fixture
def corpus(rows: list[dict[str, object]], tmp_path: Path) -> Corpus:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return build_corpus([path], tmp_path / "corpus", recipe=Recipe(text="text"))


def test_lengths_and_frequencies(corpus: Corpus) -> None:
    found = corpus_overview(corpus)
    lengths = np.sort(corpus.document_lengths())
    assert found.lengths.mean == pytest.approx(lengths.mean())
    assert found.lengths.quantiles[0.5] == lengths[round(0.5 * 199)]
    assert (found.lengths.quantiles[0.0], found.lengths.quantiles[1.0]) == (0, lengths[-1])
    bins = found.lengths.bins
    assert len(bins) <= 6
    for one in bins:
        assert one.documents == ((lengths >= one.first) & (lengths <= one.last)).sum()
    assert sum(one.documents for one in bins) == 200
    documents = corpus.document_frequencies
    for frequencies in found.document_frequencies:
        inside = (documents >= frequencies.first) & (documents <= frequencies.last)
        assert frequencies.terms == inside.sum()
        assert frequencies.tokens == corpus.term_frequencies[inside].sum()
    assert sum(one.terms for one in found.document_frequencies) == corpus.n_terms
    term, times = found.widespread_terms[0]
    assert times == documents.max() == documents[corpus.vocabulary.index(term)]


@pytest.mark.parametrize(
    "lengths", [[1], [0, 0, 1], [7] * 9, [100, 120, 199], [1, 10**6], list(range(1, 1500, 5))]
)
def test_every_document_is_in_a_bin(lengths: list[int], tmp_path: Path) -> None:
    path = tmp_path / "texts.txt"
    path.write_text("".join("aa " * min(n, 1500) + "\n" for n in lengths))
    made = corpus_overview(read_corpus([path], format="lines"))
    bins = made.lengths.bins
    assert sum(one.documents for one in bins) == len(lengths)
    assert len(bins) <= 6
    assert bins[0].first <= min(lengths)
    assert all(one.last + 1 == after.first for one, after in pairwise(bins))


def test_fields(corpus: Corpus) -> None:
    fields = {field.name: field for field in corpus_overview(corpus).fields}
    assert list(fields) == ["year", "score", "party", "tags", "note"]
    assert (fields["year"].type, fields["year"].least, fields["year"].greatest) == ("int64", 1900, 1949)
    assert (fields["score"].missing, fields["score"].least, fields["score"].greatest) == (50, 0.125, 199 / 8)
    assert fields["party"].frequent == (("left", 133), ("right", 67))
    assert (fields["party"].n_different, fields["party"].least) == (2, None)
    assert (fields["tags"].type, fields["tags"].frequent) == ("list of string", (("x", 199),))
    assert (fields["note"].n_different, fields["note"].frequent) == (200, ())


def test_fields_of_any_type() -> None:
    values: dict[str, Any] = {
        "half": pa.array([1, 2.5], pa.float32()).cast(pa.float16()),
        "span": pa.array([timedelta(days=1), None]),
        "spans": pa.array([[timedelta(days=1)], []]),
        "clock": pa.array([time(1, 2), None]),
        "price": pa.array([Decimal("1.5"), None]),
        "raw": pa.array([b"x", None]),
        "pairs": pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int64())),
        "nothing": pa.nulls(2),
    }
    fields = {
        field.name: field
        for field in corpus_overview(read_corpus(pa.table({"text": ["war", "peace"], **values}))).fields
    }
    assert fields.keys() == values.keys()
    assert (fields["half"].least, fields["half"].greatest, fields["span"].least) == (1, 2.5, None)


def test_duplicates_and_plain_values(corpus: Corpus) -> None:
    found = corpus_overview(corpus)
    assert (found.duplicates.documents, found.duplicates.groups, found.duplicates.largest) == (3, 1, 3)
    value = found.to_dict()
    assert json.loads(json.dumps(value, allow_nan=False)) == value
    assert value["lengths"]["quantiles"]["0.5"] == found.lengths.quantiles[0.5]


def test_what_a_vocabulary_does_not_know(corpus: Corpus) -> None:
    known = [term for term in corpus.vocabulary if term not in {"wa", "wb"}] + ["other"]
    found = unknown_terms(corpus, known)
    of = dict(zip(corpus.vocabulary, corpus.term_frequencies.tolist(), strict=True))
    assert (found.terms, found.tokens, found.unused) == (2, of["wa"] + of["wb"], 1)
    assert found.token_share == pytest.approx(found.tokens / corpus.n_tokens)
    assert dict(found.frequent) == {"wa": of["wa"], "wb": of["wb"]}
    nothing = unknown_terms(corpus, corpus.vocabulary)
    assert (nothing.terms, nothing.token_share, nothing.frequent) == (0, 0.0, ())


def test_what_a_build_left_out_is_recorded(tmp_path: Path) -> None:
    (tmp_path / "texts.txt").write_text("the cat sat\nthe cat ran\nthe dog\n")
    path = tmp_path / "texts.txt"
    recipe = Recipe(stop_words=("sat",), min_df=2, max_df=0.7)
    made = build_corpus([path], tmp_path / "corpus", format="lines", recipe=recipe)
    expected = {
        "stop_words": {"tokens": 1},
        "min_df": {"terms": 2, "tokens": 2},
        "max_df": {"terms": 1, "tokens": 3},
    }
    assert made.removed == read_corpus([path], format="lines", recipe=recipe).removed == expected
    plain = build_corpus([path], tmp_path / "plain", format="lines")
    assert plain.removed is None
    assert "removed" not in plain.manifest
    kept = build_corpus([path], tmp_path / "kept", format="lines", recipe=Recipe(stop_words=("zebra",)))
    assert kept.removed == {}
