"""Documents of requests: texts, lists of tokens, counts by term, or rows of counts; checked, and counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from lda.corpus.presentable import presentable
from lda.serve.http.errors import RequestError, shown, too_much, unfit, whole_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from lda.serve.settings import ServeSettings
    from lda.serve.shelf import ServedModel

Kind = Literal["texts", "tokens", "counts"]

CHARACTERS_A_TOKEN: Final = 6
"""Of a text, about: to guess how long it takes, before it is cut into words."""

LARGEST_SEED: Final = (1 << 64) - 1

LARGEST_COUNT: Final = 1 << 62
"""Of a term in a document; a request may have fewer tokens than that."""


@dataclass(slots=True)
class Asked:
    """Documents of one kind that topics are wanted of.

    Attributes:
        kind: texts, lists of tokens, or an array (n, V) of counts.
        documents: n of them.
        n_tokens: about how many tokens they have together.
        places: where they stand in the request; None for all of it, in order.
    """

    kind: Kind
    documents: Sequence[Any] | NDArray[np.int64]
    n_tokens: int
    places: list[int] | None = None


def asked_documents(given: object, settings: ServeSettings, *, where: str = "documents") -> list[Asked]:
    """The documents of a list of JSON: each a text, a list of tokens, or `{"counts": {term: n}}`.

    Returns:
        Those that are texts, and those that are tokens, each if there are any.

    Raises:
        RequestError: 422 for what is no document, 413 for too many of them or of their tokens.
    """
    if type(given) is not list:
        raise unfit(f'"{where}" must be a list of documents, got {shown(given)}')
    check_number(len(given), settings)
    texts = [document for document in given if type(document) is str]
    if len(texts) == len(given):
        return [asked_texts(texts, settings)]
    places = [place for place, document in enumerate(given) if type(document) is not str]
    left = settings.max_tokens
    lists = list[list[str]]()
    for place in places:
        tokens = _tokens(given[place], f"{where}[{place}]", settings, left)
        left -= len(tokens)
        lists.append(tokens)
    asked = [Asked("tokens", lists, settings.max_tokens - left, places if texts else None)]
    if texts:
        alone = asked_texts(texts, settings, most=left)
        alone.places = [place for place, document in enumerate(given) if type(document) is str]
        asked.append(alone)
    return asked


def asked_texts(texts: list[str], settings: ServeSettings, *, most: int | None = None) -> Asked:
    """Texts. most: tokens that they may have; None for what a request may. Raises `RequestError` (413)."""
    most = settings.max_tokens if most is None else most
    characters = sum(map(len, texts))
    # Two characters are the least that a word between blanks takes: few requests need be counted.
    if characters >= 2 * most and (words := sum(len(text.split()) for text in texts)) > most:
        raise too_many_tokens(settings.max_tokens, words)
    return Asked("texts", texts, characters // CHARACTERS_A_TOKEN + len(texts))


def asked_counts(counts: NDArray[Any], settings: ServeSettings) -> Asked:
    """Rows of counts (n, V), of any type of numbers.

    Raises:
        RequestError: 422 for what is no count, 413 for too many tokens.
    """
    import numpy as np

    if counts.dtype.kind not in "iu":
        whole = (
            np.isfinite(counts) & (np.floor(counts) == counts) if counts.dtype.kind == "f" else counts == 0
        )
        if not whole.all():
            row, column = np.argwhere(~whole)[0].tolist()
            raise unfit(
                f"counts must be whole numbers from 0, got {counts[row, column]!s:.40} in row {row}, column {column}"
            )
    if counts.size and counts.min() < 0:
        row, column = np.argwhere(counts < 0)[0].tolist()
        raise unfit(f"counts must be from 0, got {counts[row, column]!s:.40} in row {row}, column {column}")
    # In double precision, which no sum of theirs can leave.
    tokens = float(counts.sum(dtype=np.float64))
    if tokens > settings.max_tokens:
        raise too_many_tokens(settings.max_tokens, tokens)
    return Asked("counts", np.ascontiguousarray(counts, dtype=np.int64), int(tokens) + len(counts))


def check_number(n_documents: int, settings: ServeSettings) -> None:
    """Raise `RequestError` (413) for more documents than a request may have."""
    if n_documents > settings.max_documents:
        raise too_much(
            "documents of a request",
            settings.max_documents,
            "send them in several requests",
            got=n_documents,
        )


def check_columns(n_columns: int, model: ServedModel) -> None:
    """Raise `RequestError` (422) where rows of counts have not a column for each term."""
    if n_columns != model.n_terms:
        raise unfit(
            f"counts must have a column for each of the {model.n_terms} terms of model {model.name}, in its order, "
            f"got {n_columns}"
        )


def check_reads_texts(model: ServedModel) -> None:
    """Raise `RequestError` (422) where the model does not know how a text becomes words, with the reason."""
    reason = model.inferencer.why_no_texts
    if reason is not None:
        # Behind it stands a remedy for who has the model, not for who asks.
        reason = presentable(reason.partition(";")[0])
        raise unfit(
            f'model {model.name} cannot read texts: {reason}; send lists of tokens, or {{"counts": {{"term": 1}}}}'
        )


def asked_seed(value: object) -> int | None:
    """The seed of a request; None for that of the fit. Raises `RequestError` (422)."""
    return None if value is None else whole_number(value, "the seed", 0, LARGEST_SEED)


def asked_top(value: object, model: ServedModel, settings: ServeSettings) -> int:
    """How many topics of each document are wanted, at most K. Raises `RequestError` (422)."""
    if value is None:
        return min(settings.top, model.n_topics)
    return min(whole_number(value, "top", 0, 1 << 31), model.n_topics)


def _tokens(document: object, where: str, settings: ServeSettings, left: int) -> list[str]:
    if type(document) is list:
        for place, token in enumerate(document):
            if type(token) is not str:
                raise unfit(f"{where}[{place}] must be a token, a string, got {shown(token)}")
        if len(document) > left:
            raise too_many_tokens(settings.max_tokens, settings.max_tokens - left + len(document))
        return document
    if type(document) is dict and document.keys() == {"counts"} and type(document["counts"]) is dict:
        tokens = list[str]()
        for term, count in document["counts"].items():
            number = whole_number(count, f"the count of {shown(term)} in {where}", 0, LARGEST_COUNT)
            if number > left - len(tokens):
                raise too_many_tokens(settings.max_tokens, settings.max_tokens - left + len(tokens) + number)
            tokens += [term] * number
        return tokens
    raise unfit(
        f'{where} must be a text, a list of tokens, or {{"counts": {{"term": 1}}}}, got {shown(document)}'
    )


def too_many_tokens(most: int, got: float) -> RequestError:
    """413 for a request of more tokens than it may have."""
    return too_much("tokens of a request", most, "send fewer documents at a time", got=int(got))
