"""The benchmark of comparisons: its models are what it says, and every way runs."""

from __future__ import annotations

import pytest

import lda
from benchmarks.compare import NEW, WAYS, made, timed


def test_most_topics_come_again_in_another_order() -> None:
    first, second = made(2000, 40)
    matches = lda.compare([first, second]).pairs[0].matches
    assert sum(match.overlap > 0.9 for match in matches) >= 40 - 40 // NEW
    assert sum(match.first == match.second for match in matches) < 20


@pytest.mark.parametrize("way", WAYS)
def test_each_way(way: str) -> None:
    if way == "gensim":
        pytest.importorskip("gensim")
    found = timed(way, 60, 6, 3)
    assert found.pairs == (36 if way in ("ours", "overlaps") else 9)
    assert found.seconds >= 0
    assert found.cpu >= 0
