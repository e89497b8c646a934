"""What is done with documents before they are counted: the same whether inputs are read in one go or by small parts."""

from __future__ import annotations

import datetime as dt
import json
import random
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lda.building import build as building
from lda.building import planning
from lda.corpus import Corpus, DataError, Recipe, build_corpus, read_corpus
from lda.corpus.arrow import string_list
from lda.corpus.documents.steps import DocumentSteps, StepTally

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

WORDS = [f"word{chr(97 + a)}{chr(97 + b)}" for a in range(12) for b in range(12)]


def records(n: int = 60, seed: int = 0) -> list[dict[str, Any]]:
    """Documents of which every fifth repeats an earlier one, and every seventh nearly so."""
    draw = random.Random(seed)
    made: list[dict[str, Any]] = []
    for number in range(n):
        words = draw.choices(WORDS, k=draw.randint(20, 60))
        if number % 5 == 4:
            words = made[number - 3]["text"].split()
        elif number % 7 == 6:
            words = [*made[number - 2]["text"].split(), "extra"]
        made.append(
            {
                "text": (" " if number % 2 else "  ").join(words),
                "year": 1990 + number if number % 3 else str(1990 + number),
                "day": f"20{number % 20 + 10}-0{number % 9 + 1}-15",
                "user": None if number % 11 == 10 else f"u{number % 4}",
                "tags": ["a", "b"] if number % 2 else [],
            }
        )
    return made


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two files of lines without ids, and one that has them."""
    folder = tmp_path_factory.mktemp("documents")
    rows = records()
    made = []
    for name, some in (("a", rows[:25]), ("b", rows[25:45]), ("c", rows[45:])):
        path = folder / f"{name}.jsonl"
        with_id = name == "c"
        path.write_text(
            "".join(
                json.dumps({**row, **({"id": f"c{i}"} if with_id else {})}) + "\n"
                for i, row in enumerate(some)
            )
        )
        made.append(path)
    return made


@pytest.fixture
def by_parts(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Corpus]:
    """`build_corpus`, by parts of some bytes, and not in one pass."""

    def build(inputs: Sequence[Path], output: Path, *, part_bytes: int = 1500, **how: Any) -> Corpus:
        monkeypatch.setattr(planning, "PART_BYTES", part_bytes)
        return building.build_corpus(inputs, output, processes=1, **how)

    return build


EVERYTHING = {"min_df": 2, "ngram_range": (1, 2), "phrases": "count", "phrase_threshold": 0.1}


@pytest.mark.parametrize(
    "how",
    [
        {"where": "year >= 2010 and tags = a"},
        {"dedupe": 0.8, "mark_duplicates": True},
        {
            "where": "year > 1995",
            "dedupe": 0.8,
            "split_tokens": 17,
            "types": "auto",
            "recipe": Recipe(**EVERYTHING),  # type: ignore[arg-type]
        },
    ],
    ids=["where", "near", "all"],
)
def test_by_parts_as_in_one_go(
    files: list[Path], tmp_path: Path, by_parts: Callable[..., Corpus], how: dict[str, Any]
) -> None:
    whole = building.build_corpus(files, tmp_path / "whole", **how)  # so small an input in one pass
    parts = by_parts(files, tmp_path / "parts", **how)
    manifests = [(tmp_path / name / "manifest.json").read_bytes() for name in ("parts", "whole")]
    assert manifests[0] == manifests[1]
    assert parts.metadata() == whole.metadata()
    memory = read_corpus(files, **how)
    assert memory.content_hash == whole.content_hash
    assert memory.metadata() == whole.metadata()


def test_no_steps_leave_no_word_in_the_manifest(files: list[Path], tmp_path: Path) -> None:
    assert "steps" not in build_corpus(files, tmp_path / "whole").manifest


def test_where_leaves_the_corpus_of_the_documents_that_it_chooses(files: list[Path], tmp_path: Path) -> None:
    rows = [json.loads(line) for path in files for line in path.read_text().splitlines()]
    chosen = tmp_path / "chosen.jsonl"
    ids = string_list(read_corpus(files).document_ids())
    kept = [{**row, "id": name} for row, name in zip(rows, ids, strict=True) if int(row["year"]) >= 2010]
    chosen.write_text("".join(json.dumps(row) + "\n" for row in kept))
    found = read_corpus(files, where="year >= 2010")
    assert found.content_hash == read_corpus([chosen]).content_hash
    assert found.steps == {"where": "year >= 2010", "n_read": 60, "n_left_out": 60 - len(kept)}
    assert 0 < len(kept) < 60


@pytest.mark.parametrize("dedupe", ["exact", 0.8])
def test_the_first_stays_and_terms_are_counted_of_those_that_stay(
    files: list[Path], dedupe: str | float
) -> None:
    rows = [json.loads(line) for path in files for line in path.read_text().splitlines()]
    texts = [row["text"].split() for row in rows]

    def shingles(words: list[str]) -> set[tuple[str, ...]]:
        return {tuple(words[i : i + 3]) for i in range(len(words) - 2)}

    def alike(one: list[str], other: list[str]) -> bool:
        if dedupe == "exact":
            return one == other
        a, b = shingles(one), shingles(other)
        return len(a & b) / len(a | b) >= 0.8

    stay: list[int] = []
    repeats: list[int | None] = []
    for number, text in enumerate(texts):
        first = next((other for other in stay if alike(text, texts[other])), None)
        repeats.append(first)
        if first is None:
            stay.append(number)
    ids = string_list(read_corpus(files).document_ids())
    found = read_corpus(files, dedupe=dedupe)
    assert string_list(found.document_ids()) == [ids[number] for number in stay]
    assert found.n_tokens == sum(len(texts[number]) for number in stay)
    assert found.steps is not None
    assert found.steps["n_duplicates"] == 60 - len(stay) > 10
    marked = read_corpus(files, dedupe=dedupe, mark_duplicates=True)
    metadata = marked.metadata()
    assert metadata is not None
    assert metadata.column("duplicate_of").to_pylist() == [None if r is None else ids[r] for r in repeats]


def test_chunks_are_nearly_equal_and_make_up_the_document(files: list[Path]) -> None:
    whole, chunks = read_corpus(files), read_corpus(files, split_tokens=17)
    lengths, ids = chunks.document_lengths(), string_list(chunks.document_ids())
    at = 0
    for name, length in zip(
        string_list(whole.document_ids()), whole.document_lengths().tolist(), strict=True
    ):
        n = -(-length // 17)
        mine = lengths[at : at + n]
        assert mine.sum() == length
        assert mine.max() - mine.min() <= 1
        assert ids[at : at + n] == ([name] if n == 1 else [f"{name}#{i + 1}" for i in range(n)])
        at += n
    assert at == chunks.n_documents
    assert chunks.n_tokens == whole.n_tokens
    assert dict(zip(chunks.vocabulary, chunks.term_frequencies.tolist(), strict=True)) == dict(
        zip(whole.vocabulary, whole.term_frequencies.tolist(), strict=True)
    )


def test_joined_documents_have_the_tokens_of_theirs_in_order(files: list[Path]) -> None:
    rows = [json.loads(line) for path in files for line in path.read_text().splitlines()]
    ids = string_list(read_corpus(files).document_ids())
    texts: dict[str, list[str]] = {}
    for row, name in zip(rows, ids, strict=True):
        texts.setdefault(row["user"] or name, []).extend(row["text"].split())
    found = read_corpus(files, join_by="user", threads=2)
    assert string_list(found.document_ids()) == list(texts)
    documents = [
        [found.vocabulary[word] for word in shard.words[low:high]]
        for shard in map(found.shard, range(found.n_shards))
        for low, high in zip(shard.doc_offsets[:-1], shard.doc_offsets[1:], strict=True)
    ]
    assert documents == list(texts.values())
    of = {term: sum(term in text for text in texts.values()) for term in found.vocabulary}
    assert found.document_frequencies.tolist() == [of[term] for term in found.vocabulary]
    assert found.steps == {"join_by": "user", "n_read": 60, "n_joined": 60 - len(texts)}


def test_types_of_fields(files: list[Path]) -> None:
    metadata = read_corpus(files, types="auto").metadata()
    assert metadata is not None
    assert metadata.schema.field("year").type == pa.int64()
    assert metadata.schema.field("day").type == pa.date32()
    assert pa.types.is_dictionary(metadata.schema.field("user").type)
    assert metadata.column("year").to_pylist() == list(range(1990, 2050))


def test_dates_of_several_formats_are_one_type(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "some words here", "day": "2024-02-03", "id": "1.50"}\n' * 2)
    table = pa.table({"text": ["words"], "day": pa.array([dt.date(2024, 2, 4)]), "id": ["x"], "n": [3]})
    pq.write_table(table, tmp_path / "b.parquet")
    (tmp_path / "c.csv").write_text("text,day,id\nmore words,2024-02-05,y\nno day,,z\n")
    inputs = sorted(tmp_path.iterdir())
    metadata = read_corpus(inputs, types="auto", dedupe="exact", mark_duplicates=True).metadata()
    assert metadata is not None
    days = [dt.date(2024, 2, day) for day in (3, 3, 4, 5)]
    assert metadata.column("day").to_pylist() == [*days, None]
    assert metadata.column("n").to_pylist() == [None, None, 3, None, None]
    assert metadata.column("duplicate_of").to_pylist() == [None, "1.50", None, None, None]
    joined = read_corpus(inputs, types="auto", join_by="n").metadata()
    assert joined is not None
    assert joined.column("day").to_pylist() == [*days, None]


def test_files_that_clash_are_both_named(tmp_path: Path, by_parts: Callable[..., Corpus]) -> None:
    for name, values in (("one", [1, 2]), ("two", ["many", "few"])):
        lines = (json.dumps({"text": "some words here", "size": value}) for value in values)
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines))
    inputs = sorted(tmp_path.glob("*.jsonl"))
    clash = r"numbers in .*one.jsonl \(1\) and text in .*two.jsonl \(many\); .* types auto,size:text"
    with pytest.raises(DataError, match=clash):
        read_corpus(inputs, types="auto")
    with pytest.raises(DataError, match=clash):  # both files are one part
        by_parts(inputs, tmp_path / "corpus", part_bytes=10_000, types="auto")
    metadata = read_corpus(inputs, types="auto,size:text").metadata()
    assert metadata is not None
    assert metadata.column("size").to_pylist() == ["1", "2", "many", "few"]
    with pytest.raises(DataError, match=r"'size' is to be int, and holds what is none, such as 'many'"):
        read_corpus(inputs, types="size:int")
    with pytest.raises(
        DataError, match=r"no document has the field 'weight' that is given a type; there are size"
    ):
        read_corpus(inputs, types="weight:int")


def test_tallies_add_up_and_travel_as_json() -> None:
    tally = StepTally(n_read=3, n_chosen=2, fields={"a": None})
    tally.seen.see(pa.table({"a": ["1", "x"]}), "f")
    again = StepTally.from_dict(json.loads(json.dumps(tally.to_dict())))
    assert again == tally
    again.add(tally)
    assert again.n_read == 6
    assert again.seen.fields["a"].n == 4


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({"where": "year >"}, "a value was to come"),
        ({"dedupe": "nearly"}, r"exact, or a similarity in 0.5 ... 1, got 'nearly'"),
        ({"dedupe": 0.2}, r"in 0.5 \.\.\. 1, got 0.2"),
        ({"split_tokens": 0}, "split_tokens must be at least 1, got 0"),
        ({"types": "year:number"}, "a field may be int, float, .* got 'number' for 'year'"),
        ({"types": "year"}, "types must be auto, or FIELD:KIND"),
    ],
)
def test_what_cannot_be_asked_for(how: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        DocumentSteps(**how)


def test_counts_are_chosen_and_rid_of_duplicates(tmp_path: Path) -> None:
    path = tmp_path / "counts.ldac"
    path.write_text("2 0:3 1:3\n1 2:5\n2 0:3 1:3\n3 0:3 1:3 2:1\n")
    assert read_corpus([path], dedupe="exact").n_documents == 3
    assert read_corpus([path], dedupe=0.8).n_documents == 2
    assert read_corpus([path], where="id in (1, 2)").n_documents == 2
    with pytest.raises(DataError, match="split and joined where they are text"):
        read_corpus([path], split_tokens=3)


def test_a_finished_corpus_is_chosen_from(files: list[Path], tmp_path: Path) -> None:
    whole = build_corpus(files, tmp_path / "whole")
    found = read_corpus([tmp_path / "whole"], where="year >= 2010 and user is not null")
    texts = read_corpus(files, where="year >= 2010 and user is not null")
    assert string_list(found.document_ids()) == string_list(texts.document_ids())
    assert sorted(found.vocabulary) == sorted(texts.vocabulary)
    assert np.all(found.term_frequencies > 0)
    assert building.build_corpus(
        [tmp_path / "whole"], tmp_path / "part", where="year >= 2010 and user is not null"
    ).content_hash == (found.content_hash)
    assert whole.steps is None
    with pytest.raises(DataError, match="its texts are gone: dedupe"):
        read_corpus([tmp_path / "whole"], dedupe="exact")


@pytest.mark.parametrize(
    ("name", "value", "error"), [("split_tokens", 10**30, ValueError), ("types", 5, TypeError)]
)
def test_what_no_step_can_be_is_refused_at_once(name: str, value: object, error: type[Exception]) -> None:
    with pytest.raises(error, match=f"{name} must be"):
        DocumentSteps(**{name: value})  # type: ignore[arg-type]
