"""Tables are aligned as a terminal shows them."""

from __future__ import annotations

from lda.cli.aligned import aligned
from lda.progress import first_of


def test_wide_letters_take_two_columns() -> None:
    assert aligned([("region", "n", "model"), ("東北", "12", "a"), ("k", "3", "b/c")], left=(0, 2)) == [
        "region   n  model",
        "東北    12  a",
        "k        3  b/c",
    ]
    assert aligned([("a", "b"), ("ccc", "")]) == ["a    b", "ccc"]


def test_of_many_the_first_are_told() -> None:
    assert first_of(["a", "b"], 2) == "a, b"
    assert first_of([str(i) for i in range(1005)], 2) == "0, 1 and 1,003 more"
