"""What a survey of documents is asked for, and what it finds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, Protocol

from lda.corpus.presentable import printable
from lda.evaluation.topic_model import TopicModel
from lda.progress import plural

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    from lda.evaluation.document_usage import DocumentUse
    from lda.evaluation.heldout import HeldoutScore

    Floats = npt.NDArray[np.float64]
    Integers = npt.NDArray[np.int64]

BINS: Final = ("auto", "day", "month", "quarter", "year", "decade")
"""Names of intervals; besides these, the width of one as a number."""

MOST_SHARES: Final = 60_000
"""Groups of a field times topics that are kept apart; groups with fewer documents are gathered. 60,000 means with their
intervals are half a megabyte of a page."""

MOST_GROUPS: Final = 300
"""Of few topics: all countries are apart, and more than that nobody looks through."""

FEWEST_GROUPS: Final = 50
"""Of however many topics."""


def most_groups(n_topics: int) -> int:
    """Groups of a field that are kept apart, of a model with K topics."""
    return min(MOST_GROUPS, max(FEWEST_GROUPS, MOST_SHARES // n_topics))


GroupKind = Literal["time", "number", "category"]


class SeededRun(Protocol):
    """What a survey needs of a model's run record."""

    @property
    def seed(self) -> int:
        """The seed of the fit."""
        ...


class SurveyedModel(TopicModel, Protocol):
    """A model that remembers its run; `lda.Model` is one."""

    @property
    def record(self) -> SeededRun:
        """The facts of the run."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyOptions:
    """What a survey is asked for. A value that cannot be right raises ValueError.

    Attributes:
        over: field with a time or a number, over which topics are followed.
        bin: intervals of `over`: one of `BINS`, or a width for numbers; "auto" takes the smallest of which there are
            at most some 60.
        by: fields whose values make groups.
        n_best: best documents of each topic.
        n_described: documents with id, fields and topics: the best ones, then a sample. There may be more, if
            there are more best ones.
        n_texts: documents with their text, best first; None for the best of each topic.
        n_nearest: nearest documents of each that is described.
        n_words: top words of a topic that diagnostics look at.
        seed: of the inference; None for that of the model's fit.
    """

    over: str | None = None
    bin: str = "auto"
    by: tuple[str, ...] = ()
    n_best: int = 5
    n_described: int = 10_000
    n_texts: int | None = None
    n_nearest: int = 5
    n_words: int = 10
    seed: int | None = None

    def __post_init__(self) -> None:
        for name in ("n_best", "n_described", "n_texts", "n_nearest"):
            value = getattr(self, name)
            if value is not None and value < 0:
                raise ValueError(f"{name} must be 0 or more, got {value}")
        if self.n_words < 1:
            raise ValueError(f"n_words must be 1 or more, got {self.n_words}")
        if self.seed is not None and not 0 <= self.seed < 1 << 64:
            raise ValueError(f"the seed must be between 0 and {(1 << 64) - 1}, got {self.seed}")
        for given in (self.over, *self.by):
            if given is not None and not isinstance(given, str):
                raise ValueError(f"over and by are names of fields, got {given!r:.60}")
        if len(set(self.by)) < len(self.by):
            raise ValueError(f"by must name each field once, got {', '.join(map(repr, self.by))}")
        self.width  # noqa: B018 - it checks

    @property
    def width(self) -> float | None:
        """The width of an interval where `bin` is a number, or None.

        Raises:
            ValueError: `bin` is neither that nor one of `BINS`.
        """
        if self.bin in BINS:
            return None
        try:
            width = float(self.bin)
        except ValueError:
            width = 0.0
        if not 0 < width < float("inf"):
            raise ValueError(
                f"bin must be one of {', '.join(BINS)} or the width of an interval, got {self.bin!r:.60}"
            )
        return width


class Piece(NamedTuple):
    """A stretch of a text. topic: that of the token it is, -1 for what is no token of the model."""

    text: str
    topic: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class GroupShares:
    """How much of documents each topic makes up, group by group. Documents without known words take no part.

    Attributes:
        field: name of the field.
        kind: "time" or "number", whose groups are intervals in rising order; "category", the largest group first.
        values: (G,) labels. Of categories with too many values, the last one gathers the rest: "other (12 values)".
        starts: (G,) where each interval begins: ISO dates, or numbers; None for categories.
        n_documents: (G,) int64.
        n_tokens: (G,) int64, known words.
        mean: (G, K) float64, mean of theta over the documents of the group.
        low, high: (G, K) float64, the 95 % interval of that mean by Student's t over documents, within 0 ... 1; NaN
            for a group of one document.
        n_missing: documents without a value, of those with known words.
        n_gathered: values in the last group, 0 where nothing was gathered.
    """

    field: str
    kind: GroupKind
    values: list[str]
    starts: list[str] | list[float] | None
    n_documents: Integers
    n_tokens: Integers
    mean: Floats
    low: Floats
    high: Floats
    n_missing: int
    n_gathered: int = 0

    def __repr__(self) -> str:
        return f"GroupShares({printable(self.field)!r}, {self.kind}, {plural(len(self.values), 'group')})"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Survey:
    """What documents say about the topics of a model. Rows of described documents are in the order of the corpus.

    Attributes:
        n_topics: K.
        n_documents: documents read.
        n_empty_documents: those without a word that the model knows; they take no part in means.
        n_without_text: those whose text is missing.
        n_tokens: words that the model knows.
        n_unknown: words that it does not know; those that limits of frequency kept out of its vocabulary are among
            them.
        n_trained: documents with the same words as one that the model was fitted to; None if the model does not know.
        n_untold: documents of which that cannot be told, because they are too short; None as before.
        corpus_hash: content hash of a corpus that was built before; None for raw documents.
        seed: of the inference.
        ordered: whether words come in the order of the text; counts have none.
        term_tokens: (V,) int64, tokens of each term in these documents.
        topic_tokens: (K,) int64, tokens of each topic, in one state inferred for each document.
        mean_theta: (K,) float64, mean of theta over the documents with known words; NaN without any.
        use: what diagnostics need of documents.
        n_words: top words of a topic that `use` knows.
        heldout: score by document completion of the documents that the model was not fitted to; None where there
            are none, or where it cannot be told. Unknown words are not told apart by document, so its `n_unknown` is 0.
        ids: names of the n described documents.
        numbers: (n,) int64, their places in the corpus, from 0.
        n_tokens_of: (n,) int64, their known words.
        fields: table of n rows: all further columns of the input as they are; no columns where there are none.
        theta: (n, K) float32, their topics.
        best: (K, n_best) int32, rows of the documents that show a topic best, -1 where there are fewer.
        texts: pieces of the texts that were kept, by row; put together they are the text.
        rebuilt: rows whose text is not the document's own, but its words: in a row with blanks between them, or
            with how often they occur.
        nearest: (n, n_nearest) int32, rows of the documents nearest by Hellinger distance of theta, nearest first; -1
            where there are fewer, and for documents without known words.
        over, by: shares of topics over a field, and group by group.
    """

    n_topics: int
    n_documents: int
    n_empty_documents: int
    n_without_text: int
    n_tokens: int
    n_unknown: int
    n_trained: int | None
    n_untold: int | None
    corpus_hash: str | None
    seed: int
    ordered: bool
    term_tokens: Integers
    topic_tokens: Integers
    mean_theta: Floats
    use: DocumentUse
    n_words: int
    heldout: HeldoutScore | None
    ids: list[str]
    numbers: Integers
    n_tokens_of: Integers
    fields: pa.Table
    theta: npt.NDArray[np.float32]
    best: npt.NDArray[np.int32]
    texts: dict[int, tuple[Piece, ...]]
    rebuilt: frozenset[int]
    nearest: npt.NDArray[np.int32]
    over: GroupShares | None = None
    by: tuple[GroupShares, ...] = field(default=())

    def __repr__(self) -> str:
        return (
            f"Survey({plural(self.n_topics, 'topic')}, {plural(self.n_documents, 'document')}, "
            f"{plural(self.n_tokens, 'token')}, {len(self.ids):,} described, {plural(len(self.texts), 'text')})"
        )

    @property
    def whole_text(self) -> bool:
        """Whether every text that was kept is the document's own, to the character."""
        return not self.rebuilt
