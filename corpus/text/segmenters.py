"""Words of scripts that put no blanks between them, and words as Unicode has them: by the libraries that know best.

A segmenter has a name, is the same wherever it is called (threads, processes, machines), and the versions of what it
is made of are recorded. Text comes to it composed (form NFKC, so that wide Latin letters and narrow katakana are the
usual ones, and Thai as it is typed), without soft hyphens, in lower case if the recipe says so; of what it returns,
only what holds a letter is a word, and not what is a number in letters (三百).
"""

from __future__ import annotations

import os
import re
import threading
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from lda.corpus.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable

    Cut = Callable[[str], list[str]]

_LETTER: Final = re.compile(r"[^\W\d_]")

_TAKEN_APART: Final = re.compile("\u0e4d([\u0e48-\u0e4b]?)\u0e32")
"""The Thai vowel am (U+0E33) as NFKC leaves it, nikhahit and aa, with a tone mark between them where it was typed so.
No dictionary has its words in that form."""

_KOREAN: Final = ("N", "V", "MM", "MAG", "XR", "SL", "SH")
"""Beginnings of the tags of Korean morphemes that say something: nouns and pronouns, verbs and adjectives, determiners,
adverbs, roots, Latin and Han words. What is left out are particles, endings, affixes, and signs."""

_KOREAN_LEFT_OUT: Final = frozenset({"VCP", "VCN", "VX", "NNB"})
"""Copulas, auxiliary verbs, and nouns that only count or bind."""


@dataclass(frozen=True, slots=True)
class Segmenter:
    """One way to cut text into words.

    Attributes:
        name: as the user gives it.
        packages: the distributions it is made of; their versions are recorded.
        module: what is imported.
        extra: of ours, which installs them.
        load: makes the function that cuts a text; called once in each process.
        compatible: whether text is brought to form NFKC before.
        environment: variables that are set before the import, unless the user has.
    """

    name: str
    packages: tuple[str, ...]
    module: str
    extra: str
    load: Callable[[Any], Cut]
    compatible: bool = True
    environment: tuple[tuple[str, str], ...] = ()

    def cut(self, text: str) -> list[str]:
        """The words of a text in their order.

        Raises:
            DataError: what it is made of is not installed.
        """
        if self.compatible and not text.isascii():
            text = _TAKEN_APART.sub("\\1\u0e33", unicodedata.normalize("NFKC", text))
        return [word for word in _loaded(self.name)(text) if _LETTER.search(word) and not word.isnumeric()]


@cache
def _loaded(name: str) -> Cut:
    segmenter = SEGMENTERS[name]
    for variable, value in segmenter.environment:
        os.environ.setdefault(variable, value)
    return segmenter.load(imported(segmenter.module, f"--tokenizer {name}", segmenter.extra))


def imported(module: str, purpose: str, extra: str) -> Any:  # noqa: ANN401 - a module without types
    """A module of a package that a plain installation does not bring.

    Raises:
        DataError: it is not installed; says what to install.
    """
    try:
        return import_module(module)
    except ImportError as error:
        if not isinstance(error, ModuleNotFoundError) or error.name is None:
            raise  # it is there, and is broken: its own words say more
        raise DataError(
            f"{purpose} needs the package {error.name.partition('.')[0]}; install it with "
            f"`pip install 'raylda[{extra}]'`"
        ) from None


def _chinese(module: Any) -> Cut:  # noqa: ANN401 - a module without types
    cut: Cut = module.Jieba().cut  # one of our own: that of the module may have got words by somebody else
    return cut


def _japanese(module: Any) -> Cut:  # noqa: ANN401 - a module without types
    """Words in the form in which a dictionary has them: 行っ is 行く; particles and auxiliaries are left out."""
    dictionary = module.Dictionary(dict="small")
    mine = threading.local()  # a tokenizer is one thread's, the dictionary is everybody's

    def cut(text: str) -> list[str]:
        if not hasattr(mine, "tokenizer"):
            mine.tokenizer = dictionary.tokenizer(module.SplitMode.A)
        return [
            morpheme.dictionary_form()
            for stretch in _stretches(text)
            for morpheme in mine.tokenizer.tokenize(stretch)
            if morpheme.part_of_speech()[0] not in _JAPANESE_LEFT_OUT
        ]

    return cut


_JAPANESE_LEFT_OUT: Final = frozenset({"助詞", "助動詞", "補助記号", "記号", "空白", "接尾辞", "接頭辞"})
"""Particles, auxiliary verbs, signs, blanks, affixes."""

LONGEST: Final = 10_000
"""Characters that are cut at a time: Sudachi takes no more than 49,149 bytes."""


def _stretches(text: str) -> list[str]:
    """The text in pieces of bounded length, which end at the end of a line or of a sentence where there is one."""
    pieces, at = [], 0
    while len(text) - at > LONGEST:
        stop = at + LONGEST
        end = max(text.rfind(mark, at, stop) for mark in ("\n", "。", ".", " "))
        stop = end + 1 if end > at else stop
        pieces.append(text[at:stop])
        at = stop
    pieces.append(text[at:])
    return pieces


def _korean(module: Any) -> Cut:  # noqa: ANN401 - a module without types
    """Morphemes that say something, verbs and adjectives in the form in which a dictionary has them."""
    kiwi = module.Kiwi(num_workers=1)
    lock = threading.Lock()  # nothing is promised about threads

    def cut(text: str) -> list[str]:
        with lock:
            tokens = kiwi.tokenize(text)
        return [
            token.lemma
            for token in tokens
            if token.tag.startswith(_KOREAN) and token.tag.partition("-")[0] not in _KOREAN_LEFT_OUT
        ]

    return cut


def _thai(module: Any) -> Cut:  # noqa: ANN401 - a module without types
    return lambda text: [word.strip() for word in module.word_tokenize(text, engine="newmm")]


def _unicode(module: Any) -> Cut:  # noqa: ANN401 - a module without types
    find: Cut = module.unicode_words
    return find


SEGMENTERS: Final = {
    made.name: made
    for made in (
        Segmenter("chinese", ("rjieba",), "rjieba", "chinese", _chinese),
        Segmenter("japanese", ("SudachiPy", "SudachiDict-small"), "sudachipy", "japanese", _japanese),
        Segmenter("korean", ("kiwipiepy", "kiwipiepy_model"), "kiwipiepy", "korean", _korean),
        # It would make a folder for data in the user's home, which this needs not.
        Segmenter(
            "thai",
            ("pythainlp",),
            "pythainlp.tokenize",
            "thai",
            _thai,
            environment=(("PYTHAINLP_READ_ONLY", "1"),),
        ),
        Segmenter(
            "words",
            ("unicode-segmentation-rs",),
            "unicode_segmentation_rs",
            "words",
            _unicode,
            compatible=False,
        ),
    )
}
"""What `Recipe.tokenizer` may be, besides an import path."""
