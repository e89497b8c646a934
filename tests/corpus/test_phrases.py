"""Frequent pairs of words as terms: found as gensim finds them, kept in the recipe, and joined alike everywhere."""

from __future__ import annotations

import gzip
import json
import os
import threading
from itertools import islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from lda.corpus import Corpus, DataError, Recipe, build_corpus, find_phrases, read_corpus
from lda.corpus.arrow import strings
from lda.corpus.stream import iter_documents, tokenized_texts
from lda.corpus.text.phrase_counts import PairCounter, count_pairs
from lda.corpus.text.phrases import JOINER, PhraseJoiner
from lda.corpus.text.token_spans import TokenSpans

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lda.corpus.text.phrases import ScoredPair

SPEECHES = Path(__file__).parents[2] / "benchmarks" / "data" / "sotu.jsonl.gz"
TEXTS = [
    "The United States of America and the united states.",
    "New York is in the United States; New York, New York!",
    "A state united is no united state",
    "united",
    "",
]


def sentences(corpus: Corpus) -> list[list[str]]:
    """The documents of a corpus as lists of words."""
    terms = corpus.vocabulary
    found = []
    for number in range(corpus.n_shards):
        _, _, offsets, words = corpus.shard(number)
        found += [[terms[word] for word in words[low:high]] for low, high in pairwise(offsets.tolist())]
    return found


def found(
    documents: Sequence[list[str]],
    scoring: str,
    *,
    min_count: int,
    threshold: float,
    batch: int = 7,
    most: int = 2**20,
) -> list[ScoredPair]:
    """The phrases of lists of words, a few documents at a time, and with so many pairs in memory."""
    with PairCounter(most=most) as counter:
        for start in range(0, len(documents), batch):
            part = documents[start : start + batch]
            terms = list(dict.fromkeys(word for words in part for word in words))
            numbers = {term: number for number, term in enumerate(terms)}
            offsets = np.cumsum([0, *map(len, part)], dtype=np.int64)
            words = np.array([numbers[word] for words in part for word in words], dtype=np.int32)
            counter.add(count_pairs(offsets, words, terms))
        return counter.phrases(scoring, min_count=min_count, threshold=threshold)


@pytest.fixture(scope="module")
def speeches() -> list[list[str]]:
    """Words of the first speeches."""
    with gzip.open(SPEECHES, "rt", encoding="utf-8") as file:
        texts = [json.loads(line)["text"] for line in islice(file, 24)]
    (batch,) = tokenized_texts(texts, recipe=Recipe(stop_words="en"))
    assert batch.terms is not None
    words = [batch.terms[word] for word in batch.words.tolist()]
    return [words[low:high] for low, high in pairwise(batch.doc_offsets.tolist())]


@pytest.mark.parametrize(
    ("scoring", "theirs", "min_count", "threshold"),
    [
        ("npmi", "npmi", 5, 0.5),
        ("npmi", "npmi", 1, 0.6),
        ("count", "default", 2, 10.0),
    ],
)
def test_the_pairs_and_the_scores_are_those_of_gensim(
    speeches: list[list[str]], scoring: str, theirs: str, min_count: int, threshold: float
) -> None:
    models = pytest.importorskip("gensim.models.phrases", reason="gensim is not installed")
    peer = models.Phrases(speeches, min_count=min_count, threshold=threshold, scoring=theirs)

    ours = found(speeches, scoring, min_count=min_count, threshold=threshold)

    assert len(ours) > 40
    assert {f"{p.first}_{p.second}": p.score for p in ours} == peer.export_phrases()
    assert [p.score for p in ours] == sorted((p.score for p in ours), reverse=True)
    joiner = PhraseJoiner((p.first, p.second) for p in ours)
    for words in speeches:
        assert joined(joiner, words) == peer[words]


def test_a_corpus_has_the_words_that_gensim_makes(speeches: list[list[str]], tmp_path: Path) -> None:
    models = pytest.importorskip("gensim.models.phrases", reason="gensim is not installed")
    peer = models.Phrases(speeches, min_count=5, threshold=0.5, scoring="npmi")
    file = tmp_path / "tokens.jsonl"
    file.write_text("".join(json.dumps({"tokens": words}) + "\n" for words in speeches), encoding="utf-8")

    corpus = build_corpus([file], tmp_path / "corpus", recipe=Recipe(text="tokens", phrases="npmi"))

    assert sentences(corpus) == list(peer[speeches])


def joined(joiner: PhraseJoiner, words: list[str]) -> list[str]:
    terms = list(dict.fromkeys(words))
    places = {term: number for number, term in enumerate(terms)}
    numbers = np.array([places[word] for word in words], dtype=np.int32)
    offsets, made, names = joiner(np.array([0, len(words)]), numbers, terms)
    assert offsets.tolist() == [0, len(made)]
    assert sorted(names) == sorted({names[number] for number in made.tolist()})
    return [names[number] for number in made.tolist()]


def test_no_memory_and_no_cut_into_batches_changes_what_is_found(speeches: list[list[str]]) -> None:
    whole = found(speeches, "count", min_count=3, threshold=1.0, batch=24)

    assert found(speeches, "count", min_count=3, threshold=1.0, batch=1, most=4000) == whole


def test_pairs_wait_in_a_folder_that_goes(tmp_path: Path) -> None:
    with PairCounter(tmp_path, most=10) as counter:
        words = np.arange(100, dtype=np.int32)
        for _ in range(3):
            counter.add(count_pairs(np.array([0, 100]), words, [str(word) for word in words]))
        assert list(tmp_path.glob("*.pairs/*.npy"))
        assert len(counter.phrases("npmi", min_count=3, threshold=0.0)) == 99
    assert not list(tmp_path.iterdir())


def test_pairs_are_joined_from_the_left_and_never_across_documents() -> None:
    joiner = PhraseJoiner([("a", "a"), ("a", "b"), ("b", "a")])
    terms = ["a", "b", "c"]
    words = np.array([0, 0, 0, 2, 0, 1, 0, 1, 0], dtype=np.int32)

    offsets, made, names = joiner(np.array([0, 0, 2, 5, 9, 9]), words, terms)

    spelled = [names[word] for word in made.tolist()]
    assert [spelled[low:high] for low, high in pairwise(offsets.tolist())] == [
        [], ["a_a"], ["a", "c", "a"], ["b_a", "b_a"], [],
    ]  # fmt: skip
    assert sorted(names) == ["a", "a_a", "b_a", "c"]


def test_a_word_that_is_spelled_like_a_phrase_is_the_same_term() -> None:
    joiner = PhraseJoiner([("new", "york")])

    assert joined(joiner, ["new", "york", "new_york", "york"]) == ["new_york", "new_york", "york"]


def test_the_vocabulary_holds_phrases_and_the_recipe_says_which(tmp_path: Path) -> None:
    file = tmp_path / "texts.jsonl"
    file.write_text("".join(json.dumps({"text": text}) + "\n" for text in TEXTS))
    recipe = Recipe(text="text", stop_words="en", phrases="npmi", phrase_min_count=2, phrase_threshold=0.3)

    corpus = build_corpus([file], tmp_path / "corpus", recipe=recipe, threads=2)

    assert corpus.recipe is not None
    assert corpus.recipe.phrase_pairs == (("new", "york"), ("united", "states"))
    assert sentences(corpus) == [
        ["united_states", "america", "united_states"],
        ["new_york", "united_states", "new_york", "new_york"],
        ["state", "united", "united", "state"],
        ["united"],
        [],
    ]
    assert Corpus.open(tmp_path / "corpus").recipe == corpus.recipe
    assert Recipe.from_dict(json.loads(json.dumps(corpus.recipe.to_dict()))) == corpus.recipe
    again = read_corpus([file], recipe=recipe, threads=1)
    assert again.content_hash == corpus.content_hash


def test_new_text_is_joined_by_the_pairs_of_the_recipe(tmp_path: Path) -> None:
    recipe = Recipe(phrases="npmi", phrase_pairs=(("united", "states"),), stop_words="en")
    texts = ["United we stand; the States, united: united of states"]

    (batch,) = tokenized_texts(texts, recipe=recipe)

    assert batch.terms is not None
    words = [batch.terms[word] for word in batch.words.tolist()]
    assert words == ["united", "stand", "states", "united", "united_states"]
    file = tmp_path / "new.txt"
    file.write_text(texts[0])
    (mapped,) = iter_documents([file], recipe=recipe, vocabulary_terms=["united_states", "united"])
    assert mapped.words.tolist() == [1, 1, 0]
    assert mapped.n_unknown == 2


def test_runs_are_made_of_phrases() -> None:
    recipe = Recipe(phrases="count", phrase_pairs=(("new", "york"),), ngram_range=(1, 2))

    (batch,) = tokenized_texts(["big new york city"], recipe=recipe)

    assert batch.terms is not None
    assert [batch.terms[word] for word in batch.words.tolist()] == [
        "big", "big new_york", "new_york", "new_york city", "city",
    ]  # fmt: skip


@pytest.mark.parametrize("ngram_range", [(1, 1), (1, 2)])
def test_a_phrase_covers_its_words_and_what_stands_between(ngram_range: tuple[int, int]) -> None:
    recipe = Recipe(
        phrases="npmi",
        phrase_pairs=(("secretary", "state"), ("new", "york"), ("state", "new")),
        stop_words="en",
        ngram_range=ngram_range,
    )
    texts = strings(["The Secretary of State, New York;", "new new  york"])

    spanned = list(TokenSpans(recipe)(texts))

    first = spanned[0]
    assert first.whole
    marked = dict(
        zip(first.words, zip(first.starts.tolist(), first.stops.tolist(), strict=True), strict=True)
    )
    low, high = marked["secretary_state"]
    assert first.text[low:high] == "Secretary of State"
    low, high = marked["new_york"]
    assert first.text[low:high] == "New York"
    (batch,) = tokenized_texts(texts.to_pylist(), recipe=recipe)
    assert batch.terms is not None
    assert [w for s in spanned for w in s.words] == [batch.terms[word] for word in batch.words.tolist()]


def test_a_pipe_is_read_twice(tmp_path: Path) -> None:
    pipe = tmp_path / "texts.txt"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=("new york\nnew york\nold york\n",))
    writer.start()

    corpus = read_corpus(
        [pipe], format="lines", recipe=Recipe(phrases="npmi", phrase_min_count=2, phrase_threshold=0.1)
    )

    writer.join()
    assert sentences(corpus) == [["new_york"], ["new_york"], ["old", "york"]]


def test_lists_of_tokens_are_joined_as_well(tmp_path: Path) -> None:
    file = tmp_path / "tokens.jsonl"
    file.write_text('{"t": ["New", "York"]}\n{"t": ["New", "York", "is"]}\n')

    corpus = read_corpus(
        [file], recipe=Recipe(text="t", phrases="npmi", phrase_min_count=2, phrase_threshold=0.1)
    )

    assert sentences(corpus) == [["New_York"], ["New_York", "is"]]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"phrases": "pmi"}, "phrases must be 'npmi' or 'count' or None, got 'pmi'"),
        ({"phrases": "npmi", "phrase_threshold": 10.0}, "must lie in -1 ... 1, got 10.0"),
        ({"phrases": "count", "phrase_threshold": 0.0}, "must be above 0 and finite, got 0.0"),
        ({"phrases": "count", "phrase_threshold": float("inf")}, "must be above 0 and finite, got inf"),
        ({"phrases": "count", "phrase_min_count": 0}, "must lie in 1 ... 9007199254740992, got 0"),
        ({"phrases": "count", "phrase_min_count": 10**20}, "got 100000000000000000000"),
        ({"phrase_min_count": 3}, "phrase_min_count is for phrases"),
        ({"phrases": "npmi", "phrase_pairs": [["a"]]}, "must be pairs of words, got"),
        ({"phrases": "npmi", "phrase_pairs": [["a", "\ud800"]]}, "must be Unicode text"),
    ],
)
def test_what_cannot_be_is_said(values: dict[str, object], message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        Recipe(**values)  # type: ignore[arg-type]
    with pytest.raises((ValueError, TypeError), match=message):
        Recipe.from_dict(values)


def test_phrases_that_are_not_found_yet_cannot_be_joined() -> None:
    with pytest.raises(DataError, match="found where a corpus is built"):
        list(tokenized_texts(["new york"], recipe=Recipe(phrases="npmi")))


def test_counts_have_no_phrases(tmp_path: Path) -> None:
    file = tmp_path / "counts.ldac"
    file.write_text("1 0:2\n")
    with pytest.raises(DataError, match="n-grams, phrases, tokenisers"):
        read_corpus([file], format="ldac", recipe=Recipe(phrases="npmi"))


def test_the_finished_corpus_is_named(tmp_path: Path) -> None:
    """Whichever of the inputs it is."""
    (tmp_path / "texts.txt").write_text("new york\n")
    built = tmp_path / "corpus"
    build_corpus([tmp_path / "texts.txt"], built)
    with pytest.raises(DataError, match="corpus is a finished corpus, its words are fixed") as refused:
        find_phrases([tmp_path / "texts.txt", built])
    assert str(built) in str(refused.value)


def test_the_joiner_is_no_letter() -> None:
    """Or words of the default pattern could be mistaken for phrases."""
    assert not JOINER.isalpha()
