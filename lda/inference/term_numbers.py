"""The number of each term of a model: in a dictionary of this process, or in a trie on disk that processes share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from lda.corpus.arrow import is_text
from lda.extras import needed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import numpy.typing as npt

REMEDY: Final = "pip install 'raylda[serve]'"
ESCAPE: Final = "\x01"

MOST_KEPT: Final = 1 << 13
"""Words whose numbers a process keeps beside a trie, in a megabyte."""

LONGEST_KEPT: Final = 40
"""Characters of such a word: strangers' texts may hold any."""

_NOT_KEPT: Final = -2


class TermNumbers(Protocol):
    """Finds the numbers of terms; holds no state that changes, so threads may share it."""

    def __call__(self, words: Iterable[str]) -> list[int]:
        """The number of each word as a term, -1 where it is none."""


class NumbersInMemory:
    """A dictionary, which finds a word in 30 ns, and takes some 100 bytes a term in each process."""

    def __init__(self, terms: Sequence[str]) -> None:
        """terms: in the order of their numbers; of equal ones the first counts."""
        self._numbers = dict(zip(reversed(terms), range(len(terms) - 1, -1, -1), strict=True))

    def __call__(self, words: Iterable[str]) -> list[int]:
        """The number of each word as a term, -1 where it is none."""
        get = self._numbers.get
        return [get(word, -1) for word in words]


class NumbersInTrie:
    """A trie in a file that is mapped, so that all processes of a machine have it in memory once.

    A word takes 450 ns there, ten times as long as in a dictionary, so each process keeps the numbers of words that it
    has met lately, and begins anew when they are many.
    """

    def __init__(self, trie: Any, numbers: npt.NDArray[np.int32]) -> None:  # noqa: ANN401 - it has no types
        """numbers: of the terms by their places in the trie."""
        self._trie, self._numbers = trie, numbers
        self._known: dict[str, int] = {}

    def __call__(self, words: Iterable[str]) -> list[int]:
        """The number of each word as a term, -1 where it is none. Raises TypeError if one is no string."""
        words = list(words)
        known = self._known
        found = [known.get(word, _NOT_KEPT) for word in words]
        if _NOT_KEPT in found:
            places = [i for i, number in enumerate(found) if number == _NOT_KEPT]
            new = [words[i] for i in places]
            numbers = self._looked_up(new)
            for i, number in zip(places, numbers, strict=True):
                found[i] = number
            if len(known) + len(new) > MOST_KEPT:
                self._known = known = {}  # another thread may still read the old one
            kept = {
                word: number for word, number in zip(new, numbers, strict=True) if len(word) <= LONGEST_KEPT
            }
            known.update(kept if len(kept) <= MOST_KEPT else {})
        return found

    def _looked_up(self, words: list[str]) -> list[int]:
        get, item = self._trie.get, self._numbers.item
        # What holds no text is no key: `in` refuses bytes, which the trie would take for text.
        keys = [_key(word) if "\0" in word or ESCAPE in word else word for word in words]
        return [-1 if (place := get(key)) is None else item(place) for key in keys]


def write_trie(terms: Sequence[str], path: Path) -> npt.NDArray[np.int32]:
    """Write the trie of terms, and return their numbers by their places in it.

    What is no text is left out: no word of a text can be it.

    Raises:
        MissingPackageError: marisa-trie is not installed.
        OSError: it cannot be written.
    """
    numbers = dict[str, int]()
    for number, term in enumerate(terms):
        if is_text(term):
            numbers.setdefault(term, number)
    keys = {_key(term): number for term, number in numbers.items()}
    trie = _package().Trie(list(keys))
    try:
        trie.save(str(path))
    except RuntimeError as error:  # marisa-trie's word for a full disk
        raise OSError(f"{path.name} cannot be written whole: {error}") from error
    found = np.empty(len(keys), dtype=np.int32)
    for key, number in keys.items():
        found[trie[key]] = number
    return found


def open_trie(path: Path, numbers: npt.NDArray[np.int32]) -> NumbersInTrie:
    """The trie in a file, mapped.

    Raises:
        MissingPackageError: marisa-trie is not installed.
        RuntimeError, OSError: it is no trie.
    """
    trie = _package().Trie()
    trie.mmap(str(path))
    if len(trie) != len(numbers):
        raise RuntimeError(f"it holds {len(trie)} terms, not {len(numbers)}")
    return NumbersInTrie(trie, numbers)


def _key(term: str) -> str:
    """What a term is called in a trie, which cuts off what follows a NUL."""
    return term.replace(ESCAPE, f"{ESCAPE}{ESCAPE}").replace("\0", f"{ESCAPE}0")


def _package() -> Any:  # noqa: ANN401 - a module
    return needed("marisa_trie", "prepared folders of models", REMEDY)
