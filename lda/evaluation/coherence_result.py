"""Measures of coherence, and what one of them says of topics."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from lda.corpus.errors import DataError
from lda.progress import plural

if TYPE_CHECKING:
    from lda.corpus import DocumentBatch

Measure = Literal["npmi", "c_v", "u_mass", "c_uci"]
CoherenceEngine = Literal["own", "gensim"]

WINDOWS: Final[dict[Measure, int]] = {"npmi": 10, "c_v": 110, "u_mass": 0, "c_uci": 10}
"""Tokens in a window; 0 is a whole document."""

WORDS_NAMED: Final = 5  # in a message, of those that the reference corpus lacks


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The corpus that coherence is measured on.

    Attributes:
        batches: gives the documents from the beginning, in the model's term ids, each time it is called.
        ordered: whether tokens stand in the order of the text; else windows are whole documents.
    """

    batches: Callable[[], Iterable[DocumentBatch]]
    ordered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Coherence:
    """Coherence of the topics of a model; higher is better.

    Attributes:
        measure: "npmi", "c_v", "u_mass" or "c_uci".
        mean: over the topics that have a value; NaN if none has.
        topics: value of each topic; None where fewer than two of its top words occur in the reference corpus.
        n_words: top words asked for.
        window: tokens in a window; None where windows are whole documents.
        n_windows: windows of the reference corpus.
        missing: (topic, word) for each top word that the reference corpus lacks; its pairs are left out.
        engine: what has counted, "own" or "gensim".
    """

    measure: Measure
    mean: float
    topics: list[float | None]
    n_words: int
    window: int | None
    n_windows: int
    missing: list[tuple[int, str]]
    engine: CoherenceEngine = "own"

    def __repr__(self) -> str:
        valued = sum(value is not None for value in self.topics)
        kind = "documents" if self.window is None else f"windows of {self.window} tokens"
        return (
            f"Coherence({self.measure} {self.mean:.4f}, mean of {valued:,} of {plural(len(self.topics), 'topic')}, "
            f"{self.n_words} words a topic, {self.n_windows:,} {kind})"
        )

    def to_dict(self) -> dict[str, Any]:
        """The fields, as plain values."""
        return asdict(self)

    def warnings(self) -> list[str]:
        """What a reader should know before comparing the numbers."""
        found = []
        if self.window is None and WINDOWS[self.measure]:
            found.append(
                f"{self.measure} is meant for windows of {WINDOWS[self.measure]} tokens, but a corpus made of counts "
                "has no order of tokens: whole documents were taken, and the numbers compare only with such"
            )
        if self.missing:
            topic, word = self.missing[0]
            found.append(
                f"{plural(len(self.missing), 'top word')} not found in the reference corpus "
                f"({word!r} of topic {topic}, for one); pairs with such words are left out"
            )
        return found


def summary(
    measure: Measure,
    topics: list[float | None],
    missing: list[tuple[int, str]],
    **facts: Any,  # noqa: ANN401
) -> Coherence:
    """The coherence of all topics. Raises DataError where no topic has a value."""
    values = [value for value in topics if value is not None]
    if not values:
        words = ", ".join(repr(word) for _, word in missing[:WORDS_NAMED])
        raise DataError(
            "no topic has two top words that occur in the reference corpus"
            + (f" (it lacks {words}, ...)" if words else "")
            + "; give a corpus in the language of the model"
        )
    return Coherence(measure=measure, mean=float(np.mean(values)), topics=topics, missing=missing, **facts)
