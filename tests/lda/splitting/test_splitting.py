"""Splits that share no document, and hold when documents are added; near-duplicates as all pairs would tell them."""

from __future__ import annotations

import json
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import lda
from lda.corpus import Corpus, DataError, as_corpus, read_corpus
from lda.corpus.arrow import string_list
from lda.corpus.documents.near_duplicates import bands_for
from lda.corpus.storage.places import storage
from lda.corpus.storage.signed_record import read_record
from lda.splitting.document_keys import ids_are_numbers
from lda.splitting.near_duplicates import near_duplicate_clusters
from lda.splitting.overlap import overlap
from lda.splitting.split import SplitOptions, divide
from lda.splitting.split_folder import FORMAT, FORMAT_VERSION, SPLIT, is_split

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

rensa = pytest.importorskip("rensa", reason="near-duplicates need raylda[dedupe]")
WORDS = np.array([f"w{number}" for number in range(300)])


def texts_with_copies(rng: np.random.Generator, n: int = 60) -> list[list[str]]:
    """Texts, half of which are others with some words changed."""
    made = [list(map(str, rng.choice(WORDS, rng.integers(0, 60)))) for _ in range(n // 2)]
    for _ in range(n - len(made)):
        copy = list(made[int(rng.integers(len(made)))])
        for place in rng.integers(0, max(len(copy), 1), rng.integers(0, 4)):
            if copy:
                copy[place] = str(rng.choice(WORDS))
        made.append(copy)
    return [made[i] for i in rng.permutation(n)]


def resemblance(one: Sequence[str], other: Sequence[str]) -> float:
    """Jaccard index of the shingles of three words, by sets of tuples."""
    if min(len(one), len(other)) < 5:
        return 0.0
    a, b = (set(zip(text, text[1:], text[2:], strict=False)) for text in (one, other))
    return len(a & b) / len(a | b)


def likeness_of_counts(one: Sequence[str], other: Sequence[str]) -> float:
    if min(len(one), len(other)) < 5:
        return 0.0
    counts = [(one.count(word), other.count(word)) for word in {*one, *other}]
    return sum(map(min, counts)) / sum(map(max, counts))


def all_pairs(texts: list[list[str]], threshold: float, likeness: Any = resemblance) -> list[int]:
    cluster = list(range(len(texts)))
    for one, other in combinations(range(len(texts)), 2):
        if likeness(texts[one], texts[other]) >= threshold:
            low, high = sorted((cluster[one], cluster[other]))
            cluster = [low if where == high else where for where in cluster]
    return cluster


@pytest.mark.parametrize("threshold", [0.5, 0.8, 0.9, 1.0])
def test_near_duplicates_are_those_of_all_pairs(threshold: float) -> None:
    rng = np.random.default_rng(int(threshold * 10))
    forms = [[*map(str, WORDS[:50]), *map(str, rng.choice(WORDS, rng.integers(0, 9)))] for _ in range(20)]
    texts = [*texts_with_copies(rng), *forms]
    corpus = as_corpus(texts)
    assert near_duplicate_clusters(corpus, threshold).tolist() == all_pairs(texts, threshold)
    terms = sorted({word for text in texts for word in text})
    counts = np.array([[text.count(term) for term in terms] for text in texts])
    expected = all_pairs(texts, threshold, likeness_of_counts)
    assert near_duplicate_clusters(as_corpus(counts, vocabulary=terms), threshold).tolist() == expected
    assert len(set(expected)) < len(texts)


def test_bands_let_hardly_any_pair_slip_through() -> None:
    for threshold in np.linspace(0.5, 1, 11):
        bands, size = bands_for(threshold)
        assert bands * size <= 128
        assert (1 - threshold**size) ** bands <= 1e-6
    assert bands_for(0.9) == (21, 6)


def named(texts: list[list[str]], folder: Path, **fields: Sequence[object]) -> Corpus:
    """A corpus of texts with ids and fields."""
    rows = [
        {"id": f"d{i}", "tokens": text, **{name: values[i] for name, values in fields.items()}}
        for i, text in enumerate(texts)
    ]
    path = folder / "texts.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return read_corpus([path])


def placed(corpus: Corpus, **options: Any) -> dict[str, int]:
    parts = divide(corpus, SplitOptions(**options)).parts.tolist()
    return dict(zip(string_list(corpus.document_ids()), parts, strict=True))


def test_documents_stay_when_others_are_added(tmp_path: Path) -> None:
    texts = texts_with_copies(np.random.default_rng(3), 200)
    before = placed(named(texts[:120], tmp_path), near_duplicates=0.8)
    after = placed(named(texts, tmp_path), near_duplicates=0.8)
    cluster = all_pairs(texts, 0.8)
    same_words = all_pairs([sorted(text) for text in texts], 1.0)
    joined = {c for c, i in zip(cluster, range(200), strict=True) if i >= 120}
    joined_same = {c for c, i in zip(same_words, range(200), strict=True) if i >= 120}
    lone = [i for i in range(120) if cluster[i] not in joined and same_words[i] not in joined_same]
    assert len(lone) > 30
    assert all(before[f"d{i}"] == after[f"d{i}"] for i in lone)
    for one, other in combinations(range(200), 2):
        if cluster[one] == cluster[other]:
            assert after[f"d{one}"] == after[f"d{other}"]


def test_values_of_a_field_are_not_divided(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    texts = [list(map(str, rng.choice(WORDS, 20))) for _ in range(90)]
    authors = [[f"a{i % 30}", f"b{i % 7}"] if i % 3 == 0 else [f"a{i % 30}"] for i in range(90)]
    authors[5] = []
    corpus = named(texts, tmp_path, authors=authors)
    parts = placed(corpus, by=("authors",), shares=(0.5, 0.5))
    for one, other in combinations(range(90), 2):
        if set(authors[one]) & set(authors[other]):
            assert parts[f"d{one}"] == parts[f"d{other}"]
    assert len(set(parts.values())) == 2
    plain = [names[0] if names else "none" for names in authors]
    corpus = named(texts, tmp_path, author=plain)
    assert placed(corpus, by=("author",)) == placed(corpus, by_hash="author")


def test_parts_in_time_do_not_share_a_day(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    texts = [list(map(str, rng.choice(WORDS, 20))) for _ in range(100)]
    texts[90] = texts[3]  # printed again later: it stays with the first
    years = [2000 + i // 10 for i in range(100)]
    corpus = named(texts, tmp_path, year=years)
    parts = placed(corpus, time="year", shares=(0.75, 0.25), names=("past", "future"))
    assert [parts[f"d{i}"] for i in range(100)] == [0 if i < 80 or i == 90 else 1 for i in range(100)]
    with pytest.raises(
        DataError, match="1 of 100 documents have no value in the field 'year', the first is 'd7'"
    ):
        placed(named(texts, tmp_path, year=[*years[:7], None, *years[8:]]), time="year")
    with pytest.raises(DataError, match="no time and no number"):
        placed(named(texts, tmp_path, year=["soon"] * 100), time="year")


def test_a_split_on_disk(tmp_path: Path) -> None:
    revised = [[*map(str, WORDS[:59]), f"edition {number}"] for number in range(12)]
    texts = [*texts_with_copies(np.random.default_rng(6), 68), *revised]
    corpus = named(texts, tmp_path)
    made = lda.split_corpus(corpus, tmp_path / "split", (0.6, 0.4), near_duplicates=0.8, ids=True)
    assert list(made.parts) == ["train", "test"]
    assert made["train"].vocabulary == made["test"].vocabulary == corpus.vocabulary
    assert sum(part.n_documents for part in made.parts.values()) == 80
    ids = [(tmp_path / "split" / f"{name}-ids.txt").read_text().splitlines() for name in made.parts]
    assert ids == [string_list(part.document_ids()) for part in made.parts.values()]
    how = read_record(storage(tmp_path / "split"), SPLIT, form=FORMAT, version=FORMAT_VERSION)
    assert how == made.to_dict()
    assert overlap(made["test"], made["train"], 0.8).to_dict()["near"] == 0
    with pytest.raises(DataError, match="exists already"):
        lda.split_corpus(corpus, tmp_path / "split")
    again = lda.split_corpus(corpus, tmp_path / "split", (0.5, 0.5), overwrite=True)
    assert is_split(tmp_path / "split")
    cluster, mine = all_pairs(texts, 0.9), set(string_list(again["train"].document_ids()))
    spread = [{f"d{i}" in mine for i in range(80) if cluster[i] == c} for c in cluster]
    leaked = [
        sum(len(spread[i]) > 1 and (f"d{i}" in mine) == there for i in range(80)) for there in (True, False)
    ]
    assert again.to_dict()["duplicates"]["leaked"] == leaked
    assert sum(leaked) >= 12
    with pytest.raises(DataError, match="not a split"):
        lda.split_corpus(corpus, tmp_path, overwrite=True)


def test_overlap_counts_what_is_there_again(tmp_path: Path) -> None:
    old = [[f"w{i}" for i in range(start, start + 60)] for start in (0, 60, 120)]
    new = [old[1][::-1], [*old[2][:59], "new"], ["short"], list(map(str, WORDS[200:260]))]
    found = overlap(as_corpus(new, ids=list("abcd")), as_corpus(old, ids=list("xyz")), 0.8)
    assert (found.exact, found.near, found.n_untold) == (1, 1, 1)
    assert [(pair.id, pair.other) for pair in found.pairs] == [("a", "y"), ("b", "z")]
    assert found.pairs[1].similarity == pytest.approx(57 / 59)
    assert overlap(as_corpus(new), as_corpus(old)).near is None


def test_ids_that_are_mere_numbers_are_not_hashed(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one two\n\nthree four\n")
    (tmp_path / "b.txt").write_text("five six\nseven eight\n")
    assert ids_are_numbers(read_corpus([tmp_path / "a.txt"]))
    assert ids_are_numbers(read_corpus([tmp_path / "a.txt", tmp_path / "b.txt"]))
    assert ids_are_numbers(as_corpus([["one"], ["two"]]))
    assert not ids_are_numbers(as_corpus([["one"], ["two"]], ids=["7", "8"]))
    assert not ids_are_numbers(named([["one"], ["two"]], tmp_path))
    rng = np.random.default_rng(7)
    texts = [list(map(str, rng.choice(WORDS, 9))) for _ in range(50)]
    division = divide(as_corpus(texts), SplitOptions())
    assert division.keyed_by == "content"
    turned = divide(as_corpus(texts[::-1]), SplitOptions())
    assert turned.parts.tolist() == division.parts.tolist()[::-1]


def test_what_cannot_be_divided(tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    texts = [list(map(str, rng.choice(WORDS, 9))) for _ in range(20)]
    with pytest.raises(DataError, match="no field 'region' besides text and id; it has: 'place'; choose"):
        placed(named(texts, tmp_path, place=["x"] * 20), by_hash="region")
    with pytest.raises(DataError, match=r"the part \w+ comes out empty \(train \d+, "):
        placed(named(texts, tmp_path, place=["x"] * 20), by=("place",))
    with pytest.raises(
        DataError, match="ids must be different to divide documents by them, got 'a' more than once"
    ):
        divide(as_corpus(texts, ids=["a", "b", "a", *map(str, range(17))]), SplitOptions())
    with pytest.raises(
        DataError, match="2 documents have not one value of the field 'place', the first is 'd0'"
    ):
        placed(named(texts, tmp_path, place=[None, *["x"] * 18, None]), by_hash="place")
    for options, message in (
        ({"names": ("a",)}, "as many as shares, 3, got 1"),
        ({"names": ("a", "A", "b")}, "must be different"),
        ({"names": ("../a", "b", "c")}, "letters, digits"),
        ({"shares": (1.0,)}, "two shares at least"),
        ({"near_duplicates": 0.2}, r"in 0.5 \.\.\. 1, got 0.2"),
        ({"seed": -1}, "seed must be between"),
    ):
        with pytest.raises(ValueError, match=message):
            SplitOptions(**options)  # type: ignore[arg-type]
