"""Fields that hold lists of tokens: words that somebody else has cut, taken as they are."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lda.corpus.arrow import array, is_text, pc, string_list
from lda.corpus.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lda.corpus.readers.options import ReadOptions

TOKENS: Any = pa.large_list(pa.large_string())
"""The Arrow type of a batch of such documents."""


def json_tokens(value: Sequence[object], name: str, where: str) -> list[str]:
    """The tokens of a JSON array.

    Raises:
        DataError: one of them is no string, or one that holds half of a surrogate pair. In a text that half is
            replaced, but here two words might become one.
    """
    tokens = []
    for position, token in enumerate(value):
        if not isinstance(token, str) or not (token.isascii() or is_text(token)):
            half = ", which holds half of a surrogate pair" if isinstance(token, str) else ""
            raise DataError(
                f"{where}: the list in the field {name!r} must hold strings, got {token!r:.60} at place {position}"
                f"{half}; correct the line, or choose another field with --text"
            )
        tokens.append(token)
    return tokens


def join_fields(values: Sequence[str | list[str]], where: str) -> str | list[str]:
    """One document of the values of its text fields: texts with a blank between them, or lists in a row.

    Raises:
        DataError: there are both.
    """
    filled = [value for value in values if value]
    lists = [value for value in filled if isinstance(value, list)]
    if not lists:
        return " ".join(value for value in values if isinstance(value, str))
    if len(lists) < len(filled):
        raise DataError(f"{where}: the text fields must all hold text, or all lists of tokens, got both")
    return [token for value in lists for token in value]


def arrow_tokens(column: Any, name: str, options: ReadOptions, where: str, first_row: int) -> Any:  # noqa: ANN401 - the stubs have one class per type
    """A column of lists of strings, of any of Arrow's types for these, as `TOKENS`; a null list is empty.

    Raises:
        DataError: a token is null, or is not in the encoding.
    """
    column = pc.cast(column, pa.large_list(column.type.value_type))
    tokens = pc.list_flatten(column)
    rows = pc.list_parent_indices(column)

    def row(token: int) -> int:
        return first_row + int(rows[token].as_py())

    if tokens.null_count:
        missing = int(np.argmax(tokens.is_null().to_numpy(zero_copy_only=False)))
        raise DataError(
            f"{where}: a list in the field {name!r} holds null in row {row(missing)}; leave it out, or give a string"
        )
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False)
    offsets = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    texts = arrow_texts(tokens, name, options, where, row)
    return pa.LargeListArray.from_arrays(array(offsets), texts)


def arrow_texts(column: Any, name: str, options: ReadOptions, where: str, row: Any) -> Any:  # noqa: ANN401 - see above
    """A column of strings, or of bytes in the encoding of the options, as large_string; null stays null.

    row: function from the place in the column to the number of the row, for the message.

    Raises:
        DataError: bytes are no text in that encoding. ValueError: there is no such encoding.
    """
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if not holds_bytes(column.type):
        return pc.cast(column, pa.large_string())
    if options.encoding == "utf-8" and options.errors == "strict":
        with suppress(pa.ArrowInvalid):  # below it is found where
            return pc.cast(column, pa.large_string())
    texts: list[str | None] = []
    for place, value in enumerate(column.to_pylist()):
        try:
            texts.append(None if value is None else value.decode(options.encoding, options.errors))
        except UnicodeDecodeError as error:
            raise DataError(
                f"{where}: the field {name!r} is not valid {options.encoding} in row {row(place)}: byte "
                f"0x{error.object[error.start]:02x} at position {error.start}; name its encoding (--encoding latin-1), "
                "or let bad bytes be replaced (--encoding-errors replace)"
            ) from None
        except LookupError:
            raise ValueError(
                f"encoding {options.encoding!r} is unknown; use utf-8, latin-1, cp1252, ..."
            ) from None
    return pa.array(texts, pa.large_string())


def holds_bytes(kind: Any) -> bool:  # noqa: ANN401 - see above
    """Whether values of an Arrow type are bytes, as strings are that were written without saying so."""
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind))


def holds_text(kind: Any) -> bool:  # noqa: ANN401 - see above
    """Whether values of an Arrow type are strings, or bytes that may be some."""
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    strings = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    return bool(strings) or holds_bytes(kind)


def number_ready(lists: Any) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], list[str]]:  # noqa: ANN401 - see above
    """Offsets (n + 1,) of the documents, words (n_tokens,) as numbers into the terms, and these.

    lists: (n,) of the type `TOKENS`, without null.
    """
    coded = pc.dictionary_encode(lists.flatten())
    lengths = lists.value_lengths().to_numpy(zero_copy_only=False)
    offsets = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    return offsets, coded.indices.to_numpy().astype(np.int32), string_list(coded.dictionary)
