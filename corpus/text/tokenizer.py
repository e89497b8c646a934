"""From text to numbered tokens, a batch at a time."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lda.corpus.arrow import array, is_list, is_text, pc, string_list, strings
from lda.corpus.batches import TokenBatch, count_terms, drop_negative
from lda.corpus.errors import DataError
from lda.corpus.readers.ready_tokens import number_ready
from lda.corpus.readers.token_lists import check_token
from lda.corpus.text.guarded_pattern import GuardedPattern, can_guard
from lda.corpus.text.markup import strip_markup
from lda.corpus.text.ngrams import add_ngrams
from lda.corpus.text.patterns import compile_pattern
from lda.corpus.text.recipe import DEFAULT_PATTERN
from lda.corpus.text.stop_words import stop_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from lda.corpus.text.recipe import Recipe

    Tokenizer = Callable[[str], list[str]]

_NOT_A_WORD: Final = r"[^\p{L}\p{M}\x{200c}\x{200d}]+"
"""What stands between two words of the default pattern."""

_NO_BEGINNING: Final = r"^[\p{M}\x{200c}\x{200d}]+|[\x{200c}\x{200d}]+$"
"""Characters allowed inside a default-pattern word but not at its edge: marks at its start, joiners at both."""

SOFT_HYPHEN: Final = "\u00ad"

_BLANK_OUT: Final = bytes(c if chr(c).isalpha() and c < 128 else 32 for c in range(256))
"""`_NOT_A_WORD` for ASCII: a table for bytes.translate that turns all but letters into blanks."""


class Numbered(NamedTuple):
    """Tokens of a batch: (n + 1,) offsets, (n_tokens,) words as numbers into `terms`."""

    doc_offsets: npt.NDArray[np.int64]
    words: npt.NDArray[np.int32]
    terms: list[str]


class TextTokenizer:
    """Applies a recipe to texts; holds no state that changes, so threads may share it.

    Text is first brought to Unicode form NFC, so that an accent typed as a character of its own makes the
    same word, and rid of soft hyphens, which only say where a line might be broken; a tokeniser function gets the text
    as it was read, but for the markup that the recipe takes out.
    """

    def __init__(self, recipe: Recipe, tokenizer: Tokenizer | None = None, *, of_model: bool = False) -> None:
        """Prepare for a recipe; `tokenizer` replaces its pattern.

        of_model: the recipe is that of a model, not a wish for these documents, so that a pattern may stand in it
        although they are lists of tokens.

        Raises:
            DataError: the recipe was made with a tokeniser function and none is given now, or the language of
                its stop words is unknown.
        """
        if recipe.tokenizer is not None and tokenizer is None:
            raise DataError(
                f"the text was split by the function {recipe.tokenizer}; pass it again as tokenizer="
            )
        self._recipe, self._tokenizer, self._of_model = recipe, tokenizer, of_model
        guarded = tokenizer is None and recipe.pattern != DEFAULT_PATTERN and can_guard()
        self._guarded = GuardedPattern(recipe.pattern) if guarded else None
        self._stop: frozenset[str] = frozenset()
        words = self._listed = stop_words(recipe.stop_words)
        if words:
            # Through the same tokeniser, or "isn't" would stop nothing: the text holds "isn" and "t".
            self._stop = frozenset(self._number(strings(sorted(words))).terms)

    def __call__(
        self, texts: pa.Array[Any], ids: pa.Array[Any], metadata: pa.Table | None = None
    ) -> TokenBatch:
        """Tokenise documents.

        Args:
            texts: (n,) strings, of which null counts as empty, or lists of tokens, which are taken as they are:
                the recipe's pattern and case are for text, its stop words must be spelled like the tokens.
            ids: (n,) names.
            metadata: table of n rows or None.

        Raises:
            DataError: the tokeniser function returned something else than a list of strings, or there is one, or a
                pattern, for lists of tokens.
        """
        offsets, words, terms = self.words(texts, ids)
        n_before = len(words)
        stop = self.stop(ready=is_list(texts.type))
        if stop:
            offsets, words, terms = _keep_terms(
                offsets, words, terms, np.array([t not in stop for t in terms], bool)
            )
        n_stopped = n_before - len(words)
        if self._recipe.ngram_range != (1, 1):
            offsets, words, terms = add_ngrams(offsets, words, terms, self._recipe.ngram_range)
        counted = count_terms(offsets, words, len(terms))
        return TokenBatch(ids, offsets, words, terms, *counted, metadata, n_stopped)

    def words(self, texts: pa.Array[Any], ids: pa.Array[Any] | None = None) -> Numbered:
        """All words of the documents in their order: stop words are among them, runs of words are not.

        Arguments and errors are those of a call.
        """
        if is_list(texts.type):
            return self._ready(texts)
        return self._number(strip_markup(texts, self._recipe.strip), ids)

    def stop(self, *, ready: bool) -> frozenset[str]:
        """The words that are left out; ready: of documents that are lists of tokens."""
        return self._listed if ready else self._stop

    def _ready(self, lists: pa.Array[Any]) -> Numbered:
        chosen = "a tokenizer" if self._tokenizer is not None else "a pattern"
        if self._tokenizer is not None or (self._recipe.pattern != DEFAULT_PATTERN and not self._of_model):
            raise DataError(
                f"{chosen} cuts text, and the text field holds lists of tokens, which are taken as they are; "
                "leave it out"
            )
        offsets, words, terms = number_ready(lists)
        return _keep_terms(offsets, words, terms, np.array([bool(term) for term in terms], bool))

    def _number(self, texts: pa.Array[Any], ids: pa.Array[Any] | None = None) -> Numbered:
        if self._tokenizer is not None:
            made = [_checked(self._tokenizer(text or ""), self._tokenizer) for text in texts.to_pylist()]
            _check_texts(made, ids, self._tokenizer)
            return _number_lists(made)
        texts = normalised(texts, lowercase=self._recipe.lowercase)
        if self._recipe.pattern == DEFAULT_PATTERN:
            return _number_letters(texts)
        if self._guarded is not None:
            offsets, found = self._guarded.find(texts)
            return _number_words(offsets, found)
        find = compile_pattern(self._recipe.pattern).findall
        return _number_lists([find(text or "") for text in texts.to_pylist()])


def normalised(texts: Any, *, lowercase: bool) -> Any:  # noqa: ANN401 - the stubs have one class per type
    """Texts as patterns see them: without soft hyphens, in Unicode form NFC, in lower case if so wished."""
    if not pc.all(pc.string_is_ascii(texts)).as_py():
        texts = _composed(pc.replace_substring(texts, pattern=SOFT_HYPHEN, replacement=""))
    return pc.utf8_lower(texts) if lowercase else texts


@lru_cache(maxsize=1)
def _arrow_composes() -> bool:
    """Whether this Arrow's NFC composes; up to version 21 it decomposed instead."""
    return bool(pc.utf8_normalize(pa.array(["e\u0301"]), form="NFC")[0].as_py() == "\u00e9")


def _composed(texts: pa.Array[Any]) -> pa.Array[Any]:
    """The texts in normalisation form C: an accent typed apart is the same letter."""
    if _arrow_composes():
        normalised: pa.Array[Any] = pc.utf8_normalize(texts, form="NFC")
        return normalised
    composed = [text and unicodedata.normalize("NFC", text) for text in texts.to_pylist()]
    again: pa.Array[Any] = pa.array(composed, type=texts.type)
    return again


def _checked(tokens: object, tokenizer: Tokenizer) -> list[str]:
    if (
        isinstance(tokens, str)
        or not isinstance(tokens, list | tuple)
        or not all(isinstance(t, str) for t in tokens)
    ):
        raise DataError(
            f"a tokenizer must return a list of strings, got {tokens!r:.80} from {tokenizer!r}; correct it"
        )
    return list(tokens)


def _check_texts(documents: list[list[str]], ids: pa.Array[Any] | None, tokenizer: Tokenizer) -> None:
    """Refuse tokens that cannot be stored, with the document in which they arose."""
    if all(is_text("".join(tokens)) for tokens in documents):
        return
    names = [None] * len(documents) if ids is None else string_list(ids)
    for name, tokens in zip(names, documents, strict=True):
        for token in tokens:
            check_token(token, f"what {tokenizer!r} returned" + ("" if name is None else f" for {name!r}"))


def _number_lists(documents: list[list[str]]) -> Numbered:
    offsets = np.cumsum([0, *map(len, documents)], dtype=np.int64)
    flat = strings([token for tokens in documents for token in tokens if token])
    if len(flat) < offsets[-1]:  # a pattern may match nothing at all, and empty tokens are no words
        offsets = np.cumsum([0, *(sum(map(bool, tokens)) for tokens in documents)], dtype=np.int64)
    return _number_words(offsets, flat)


def _number_words(offsets: npt.NDArray[np.int64], words: pa.Array[Any]) -> Numbered:
    coded = pc.dictionary_encode(words)
    return Numbered(offsets, coded.indices.to_numpy().astype(np.int32), string_list(coded.dictionary))


def _number_letters(texts: pa.Array[Any]) -> Numbered:
    """Tokens of the default pattern: the text is split at everything else, which arrow does without the GIL.

    Measured on abstracts in English, one core: 22 MB/s for `re.findall` with this pattern, 30 MB/s for the
    replacement and split of arrow, 85 MB/s with the table for ASCII texts.
    """
    lists = pc.ascii_split_whitespace(_blank_out(texts))
    coded = pc.dictionary_encode(lists.flatten())
    offsets = lists.offsets.to_numpy().astype(np.int64)
    words = coded.indices.to_numpy().astype(np.int32)
    # Rules about a single token are cheaper on the distinct ones. A mark cannot begin a word, ...
    bare = pc.replace_substring_regex(coded.dictionary, pattern=_NO_BEGINNING, replacement="")
    again = pc.dictionary_encode(bare)
    words = again.indices.to_numpy().astype(np.int32)[words]
    # ... and a single letter is none.
    long_enough = pc.greater_equal(pc.utf8_length(again.dictionary), 2).to_numpy(zero_copy_only=False)
    return _keep_terms(offsets, words, string_list(again.dictionary), long_enough)


def _blank_out(texts: Any) -> Any:  # noqa: ANN401 - the stubs know no large strings
    """Everything but letters and marks becomes blanks."""
    texts = pc.fill_null(texts, "")
    ascii_only = pc.string_is_ascii(texts)
    n_ascii = pc.sum(ascii_only).as_py() or 0
    if n_ascii == len(texts):
        return _blank_out_ascii(texts)
    if not n_ascii:
        return pc.replace_substring_regex(texts, pattern=_NOT_A_WORD, replacement=" ")
    fast = _blank_out_ascii(texts.filter(ascii_only))
    slow = pc.replace_substring_regex(
        texts.filter(pc.invert(ascii_only)), pattern=_NOT_A_WORD, replacement=" "
    )
    mask = ascii_only.to_numpy(zero_copy_only=False)
    back = np.empty(len(texts), dtype=np.int64)
    back[mask] = np.arange(n_ascii)
    back[~mask] = np.arange(n_ascii, len(texts))
    return pa.concat_arrays([fast, slow]).take(array(back))


def _blank_out_ascii(texts: Any) -> Any:  # noqa: ANN401 - the stubs know no large strings
    texts = pa.concat_arrays([texts])  # a slice becomes an array of its own, whose buffers start at 0
    _, offsets, data = texts.buffers()
    blanked = pa.py_buffer((data.to_pybytes() if data is not None else b"").translate(_BLANK_OUT))
    return pa.LargeStringArray.from_buffers(len(texts), offsets, blanked, offset=texts.offset)


def _keep_terms(
    offsets: npt.NDArray[np.int64],
    words: npt.NDArray[np.int32],
    terms: list[str],
    keep: npt.NDArray[np.bool_],
) -> Numbered:
    """Drop terms with their tokens and number the others anew."""
    lookup = np.where(keep, np.cumsum(keep) - 1, -1).astype(np.int32)
    kept = [term for term, stays in zip(terms, keep.tolist(), strict=True) if stays]
    return Numbered(*drop_negative(offsets, lookup[words]), kept)
