"""A corpus as several: parts that say what their documents said, whatever was cut where."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from lda.corpus import Corpus, DataError, as_corpus, build_corpus, read_corpus
from lda.corpus.assembly.spill import SortedSpill
from lda.corpus.corpus import MemoryShards
from lda.corpus.finished.partition import part_by_hash, partition_corpus

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def rows(corpus: Corpus) -> list[dict[str, Any]]:
    """What the documents are, in words."""
    terms = corpus.vocabulary
    found = []
    for batch in corpus.batches():
        for row in batch.to_pylist():
            row["tokens"] = [terms[word] for word in row["tokens"]]
            found.append(row)
    return found


def frequencies(corpus: Corpus) -> dict[str, tuple[int, int]]:
    table = corpus.vocabulary_table.to_pydict()
    columns = table["term_frequency"], table["document_frequency"]
    return dict(zip(table["term"], zip(*columns, strict=True), strict=True))


def recut(corpus: Corpus, rng: np.random.Generator) -> Corpus:
    """The same corpus in shards of other sizes."""
    table = pa.Table.from_batches(corpus.batches()).combine_chunks()
    bounds = np.unique([0, *rng.integers(0, len(table), rng.integers(0, 6)), len(table)])
    batches = [
        pa.RecordBatch.from_pylist(table.slice(a, b - a).to_pylist(), schema=table.schema)
        for a, b in pairwise(bounds)
    ]
    return Corpus(MemoryShards(batches), corpus.vocabulary_table, corpus._summary, bounds[:-1])


def some_corpus(rng: np.random.Generator, folder: Path) -> Corpus:
    """Documents of 0 to 9 words with fields of several types, some of them empty."""
    words = np.array(["ash", "bay", "cedar", "dogwood", "elm", "fir"])
    path = folder / "some.csv"
    lines = ["id,text,place"]
    for number in range(int(rng.integers(1, 40))):
        tokens = " ".join(rng.choice(words, rng.integers(0, 10)))
        lines.append(f"d{number},{tokens},{rng.choice(['north', 'south', ''])}")
    lines.append("last,ash,east")  # so that not all are empty
    path.write_text("\n".join(lines) + "\n")
    return read_corpus([path])


@pytest.mark.parametrize("drop", [False, True])
@pytest.mark.parametrize("stretch", [1, 300, 1 << 26])
def test_parts_are_what_a_list_would_give(
    stretch: int, drop: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SortedSpill.__init__, "__defaults__", (stretch,))
    rng = np.random.default_rng(stretch)
    for case in range(3):
        corpus = recut(some_corpus(rng, tmp_path), rng)
        chosen = rng.integers(-1, 4, corpus.n_documents)
        used, parts = np.unique(chosen[chosen >= 0], return_inverse=True)
        wanted = np.full(corpus.n_documents, -1)
        wanted[chosen >= 0] = parts
        folders = [tmp_path / f"{case}-{part}" for part in range(len(used))]
        made = partition_corpus(corpus, wanted, folders, drop_unused_terms=drop)
        everything = rows(corpus)
        for part, one in enumerate(made):
            mine = [row for row, where in zip(everything, wanted, strict=True) if where == part]
            assert rows(one) == mine
            twin = {
                term: (
                    sum(row["tokens"].count(term) for row in mine),
                    sum(term in row["tokens"] for row in mine),
                )
                for term in corpus.vocabulary
            }
            assert list(frequencies(one).items()) == [
                (term, pair) for term, pair in twin.items() if pair[0] or not drop
            ]
            assert one.recipe == corpus.recipe
            assert one.n_empty_documents == sum(not row["tokens"] for row in mine)
            assert one.n_tokens == sum(len(row["tokens"]) for row in mine)
        again = partition_corpus(recut(corpus, rng), wanted, folders, drop_unused_terms=drop, overwrite=True)
        assert [one.content_hash for one in again] == [one.content_hash for one in made]
    assert not list(tmp_path.glob(".*")), "nothing is left behind"


def test_a_part_is_cut_as_if_it_were_built_alone(tmp_path: Path) -> None:
    texts = [["ash"] * 9, ["bay"] * 4, ["ash"], ["ash", "bay"]] * 9
    corpus = as_corpus(texts, ids=[str(i) for i in range(36)])
    parts = np.arange(36) % 2
    (tmp_path / "even.txt").write_text("".join(" ".join(text) + "\n" for text in texts[::2]))
    alone = build_corpus([tmp_path / "even.txt"], tmp_path / "alone")
    first, _ = partition_corpus(corpus, parts, [tmp_path / "a", tmp_path / "b"], drop_unused_terms=True)
    assert first.vocabulary == alone.vocabulary
    assert first.shard_bounds.tolist() == alone.shard_bounds.tolist()


def test_all_of_a_corpus_is_the_corpus(tmp_path: Path) -> None:
    corpus = as_corpus([["ash", "bay"], [], ["bay"]])
    (whole,) = partition_corpus(corpus, np.zeros(3, dtype=np.int64), [tmp_path / "all"])
    assert whole.manifest == corpus.manifest


def test_from_and_to_uris(place: Callable[[str], str], tmp_path: Path) -> None:
    corpus = as_corpus([["ash", "bay"], ["fir"], ["bay"], ["elm"]])
    corpus.save(place("whole"))
    parts, names = np.array([0, 1, 1, 0]), [place("even"), place("odd")]
    far = partition_corpus(Corpus.open(place("whole")), parts, names, drop_unused_terms=True)
    near = partition_corpus(corpus, parts, [tmp_path / "near-0", tmp_path / "near-1"], drop_unused_terms=True)
    assert [one.manifest for one in far] == [one.manifest for one in near]
    with pytest.raises(DataError, match="exists"):
        partition_corpus(corpus, parts, names)


def test_a_part_of_empty_documents(tmp_path: Path) -> None:
    corpus = as_corpus([["ash", "bay"], [], ["bay"], []])
    folders = [tmp_path / "full", tmp_path / "empty"]
    for drop in (False, True):
        _, empty = partition_corpus(
            corpus, np.array([0, 1, 0, 1]), folders, drop_unused_terms=drop, overwrite=True
        )
        assert (empty.n_documents, empty.n_tokens, empty.n_terms) == (2, 0, 0 if drop else 2)
        assert rows(empty) == [{"id": "1", "tokens": []}, {"id": "3", "tokens": []}]


def test_what_cannot_be_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    corpus = as_corpus([["ash", "bay"], ["bay"]])
    a, b = tmp_path / "a", tmp_path / "b"
    for parts, error, message in (
        (np.array([0, 0]), DataError, r"at least one document, and .*/b would have none"),
        (np.array([0, 2]), ValueError, r"-1 \.\.\. 1, for there are 2 folders, got 0 \.\.\. 2"),
        (np.array([0]), ValueError, "must be 2 integers"),
        (np.array([0.0, 1.0]), ValueError, "must be 2 integers"),
    ):
        with pytest.raises(error, match=message):
            partition_corpus(corpus, parts, [a, b])
    for same in (a, f"{tmp_path}/there/../a"):
        with pytest.raises(DataError, match="twice"):
            partition_corpus(corpus, np.array([0, 1]), [a, same], overwrite=True)
    corpus.save(b)
    with pytest.raises(DataError, match="exists"):
        partition_corpus(corpus, np.array([0, 1]), [a, b])
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def test_hashed_parts_are_stable() -> None:
    keys = [f"document {number}" for number in range(20_000)]
    parts = part_by_hash(keys, (0.7, 0.2, 0.1))
    shares = np.bincount(parts) / len(keys)
    np.testing.assert_allclose(shares, (0.7, 0.2, 0.1), atol=4 * 0.5 / len(keys) ** 0.5)
    some = np.random.default_rng(0).permutation(len(keys))[:500]
    assert part_by_hash([keys[i] for i in some], (0.7, 0.2, 0.1)).tolist() == parts[some].tolist()
    assert (part_by_hash(keys, (0.7, 0.2, 0.1), seed=1) != parts).mean() > 0.3
    # Written down: another version must not divide differently.
    assert "".join(map(str, part_by_hash(keys[:20], (0.5, 0.5)))) == "10000110101010011111"
    # A larger last part takes from the one before it alone.
    wider = part_by_hash(keys, (0.7, 0.1, 0.2))
    assert ((wider == parts) | (parts == 1)).all()


@pytest.mark.parametrize(
    ("shares", "message"),
    [((0.8, 0.1), "add up to 1, got 0.8,0.1, which make 0.9"), ((1.2, -0.2), "above 0"), ((), "got none")],
)
def test_shares_that_are_none(shares: tuple[float, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        part_by_hash(["a"], shares)


def test_the_name_that_the_documentation_gave_before() -> None:
    from lda.corpus import partition

    assert partition.partition_corpus is partition_corpus
