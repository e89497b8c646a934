"""Patterns that take too long or too much are stopped, and the others find what Python's `re` finds."""

from __future__ import annotations

import gc
import itertools
import os
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lda.corpus import DataError, Recipe
from lda.corpus.arrow import string_list, strings
from lda.corpus.text import guarded_pattern
from lda.corpus.text.guarded_pattern import GuardedPattern
from lda.corpus.text.patterns import expand
from lda.corpus.text.tokenizer import TextTokenizer


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarded_pattern, "SECONDS", 0.3)


def _pipes() -> int:
    """Pipes that this process holds; one to a process and one from it."""
    return sum(
        "pipe:" in os.readlink(entry) for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()
    )


def test_a_pattern_that_explodes_is_stopped() -> None:
    tokenize = TextTokenizer(Recipe(pattern=r"(?:a+)+$"))
    started = time.monotonic()
    with pytest.raises(
        DataError, match=r"pattern '\(\?:a\+\)\+\$' takes too long, more than 0.3 s"
    ) as caught:
        tokenize(strings(["aaa", "a" * 60 + "b"]), strings(["1", "2"]))
    assert "\n" not in str(caught.value)
    assert time.monotonic() - started < 60  # instead of the age of the universe


def test_many_short_texts_have_no_time_of_their_own_each() -> None:
    tokenize = GuardedPattern(r"(?:a+)+$")
    texts = strings(["a" * 22 + "b"] * 400)  # a tenth of a second each, or more
    with pytest.raises(DataError, match="takes too long"):
        tokenize.find(texts)


def test_a_pattern_that_takes_long_to_compile_is_refused() -> None:
    with pytest.raises(ValueError, match="takes too long"):
        Recipe(pattern="(?i:" + r"[\x00-\U0010ffff]" * 500 + ")")
    with pytest.raises(ValueError, match="too many Unicode properties"):
        Recipe(pattern=r"\p{L}" * 100_000)


def test_matches_that_fill_the_memory_are_refused() -> None:
    with pytest.raises(DataError, match="too much memory"):
        GuardedPattern(r"(?=(.*))").find(strings(["x" * 5_000]))


@pytest.mark.parametrize("pattern", ["[", "(", "a{2,1}", r"\p{Xx}", "(" * 5000, r"\777777"])
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="is not a regular expression"):
        Recipe(pattern=pattern)


def test_ngram_ranges_are_bounded() -> None:
    with pytest.raises(ValueError, match=r"1 <= low <= high <= 32, got \(1, 33\)"):
        Recipe(ngram_range=(1, 33))


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.none() | st.text(alphabet="aB1 é-\u0e01\u00ad\U0001f600\n\0_", max_size=20), max_size=6),
    st.sampled_from([r"\w+", r"\b\w\w+\b", r"(\w)\w*", r"\p{L}[\p{L}-]*", r"a*", r"(?=(\w\w))", r"[^ ]+|$"]),
    st.integers(0, 2),
)
def test_finds_what_re_finds(texts: list[str | None], pattern: str, skip: int) -> None:
    given_texts = pa.array(texts, pa.large_string())[skip:]
    found = GuardedPattern(pattern).find(given_texts)
    words = string_list(found.words)
    bounds = found.offsets.tolist()
    expected = [
        [word for word in re.findall(expand(pattern), text or "") if word] for text in given_texts.to_pylist()
    ]
    assert [words[a:b] for a, b in itertools.pairwise(bounds)] == expected


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs /proc")
def test_no_process_is_left() -> None:
    gc.collect()  # with what other tests have left
    before = _pipes()
    guarded = GuardedPattern(r"\w+")
    with ThreadPoolExecutor(3) as pool:
        for found in pool.map(guarded.find, [strings(["one two"])] * 12):
            assert string_list(found.words) == ["one", "two"]
    assert before < _pipes() <= before + 6
    del guarded, found
    gc.collect()
    assert _pipes() == before


@pytest.mark.parametrize("pattern", [r"(\S*)\s(é)?(.*)", r"^()x", r"\p{L}+", "a*"])
def test_searches_as_re_does(pattern: str) -> None:
    texts = ["", "aé b", "\U0001f600 é\0x", "x", "one two\u2028three"]
    found = GuardedPattern(pattern, told="fields").search(texts)
    matches = [re.search(expand(pattern), text) for text in texts]
    assert found == [None if match is None else list(match.regs) for match in matches]
    assert GuardedPattern(pattern, told="fields").search([]) == []
