"""What a comparison of models finds: plain values that text, tables, JSON and the page show."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from lda.progress import plural

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Kind = Literal["shared", "split", "merged", "particular", "empty"]

KINDS: Final[tuple[Kind, ...]] = ("shared", "split", "merged", "particular", "empty")
"""In the order of tables."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedTopic:
    """One topic of one model.

    Attributes:
        number: its place in the model, 0-based.
        name: what people call it; None where it has no name.
        share: its part of all tokens of training, 0 to 1; of topics without counts, 1 / K.
        words: its most probable terms, best first.
    """

    number: int
    name: str | None
    share: float
    words: list[str]

    @property
    def title(self) -> str:
        """Number and name, "3 War"; "3" where it has no name."""
        return str(self.number) if self.name is None else f"{self.number} {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedModel:
    """One model of a comparison.

    Attributes:
        name: what it is called here, such as its folder.
        n_topics: K.
        n_terms: V.
        n_documents: that it was fitted to; None where that is not known.
        n_tokens: trained on; None where that is not known.
        sampler: of its fit; None where that is not known.
        n_sweeps: of its fit, likewise.
        seed: of its fit, likewise.
        fingerprint: of its counts; None of a matrix.
        topics: in the order of their numbers.
    """

    name: str
    n_topics: int
    n_terms: int
    n_documents: int | None
    n_tokens: int | None
    sampler: str | None
    n_sweeps: int | None
    seed: int | None
    fingerprint: str | None
    topics: list[ComparedTopic] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedTerms:
    """What the vocabularies of two models have in common.

    Attributes:
        n_shared: terms of both. only_first, only_second: terms of one of them.
        first_share: part of the tokens of the first model that are of shared terms, 0 to 1.
        second_share: the same of the second.
    """

    n_shared: int
    only_first: int
    only_second: int
    first_share: float
    second_share: float

    @property
    def same(self) -> bool:
        """Whether the two have the same terms, in whatever order."""
        return not (self.only_first or self.only_second)


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicRelation:
    """Topics of two models that belong together, and how; each topic of either model is in one relation.

    Attributes:
        kind: "shared": one of each, near each other; "split": one topic of the first model is made up of several of
            the second; "merged": several of the first make up one of the second; "particular": a topic of one model
            with nothing near it in the other; "empty": a topic without tokens.
        first: numbers of the topics in the first model, the heaviest part first; empty where there is none.
        second: the same in the second.
        weights: for a split or a merger, what each part contributes, summing to 1; else [1.0].
        overlap: Bhattacharyya's coefficient of the two sides, parts weighed, 1 for equal topics; of a particular topic
            that with the topic that is nearest; 0 of an empty one.
        nearest: for a particular topic, the topic of the other model that is nearest; else None.
        first_share: part of all tokens of the first model in its topics here, 0 to 1.
        second_share: the same of the second.
    """

    kind: Kind
    first: list[int]
    second: list[int]
    weights: list[float]
    overlap: float
    nearest: int | None
    first_share: float
    second_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedWord:
    """A word whose probability differs between two matched topics. first, second: p(term | topic) in each."""

    term: str
    first: float
    second: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchedTopics:
    """A topic of the first model and the one of the second that it is paired with.

    Attributes:
        first: number of the topic in the first model.
        second: number of its match in the second.
        overlap: Bhattacharyya's coefficient, 1 for equal topics.
        distance: Hellinger's, sqrt(1 - overlap), 0 for equal topics, 1 for topics without a common word.
        near: whether they are nearer than unrelated topics are; see `TopicMatching`.
        kind: of the relation that the pair belongs to, "particular" where it is not near.
        gained: words whose probability grew most from the first to the second.
        lost: words whose probability shrank most.
    """

    first: int
    second: int
    overlap: float
    distance: float
    near: bool
    kind: Kind
    gained: list[ChangedWord] = field(repr=False)
    lost: list[ChangedWord] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedWord:
    """A term most of whose tokens are in topics of the two models that do not belong together.

    Attributes:
        term: the term.
        share: its part of all tokens of shared terms, mean of the two models.
        first: its main topic in the first model: the one with most of its tokens.
        second: its main topic in the second.
        first_part: part of its tokens in `first`, 0 to 1.
        second_part: part of its tokens in `second`.
    """

    term: str
    share: float
    first: int
    second: int
    first_part: float
    second_part: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedDocument:
    """A document that the two models see differently.

    Attributes:
        id: its name. number: its place among the documents, 0-based.
        first: its main topic in the first model.
        second: its main topic in the second.
        first_weight: theta of `first`.
        second_weight: theta of `second`.
        change: half the sum over relations of abs(theta first - theta second), topics of one relation added up: 0 for
            the same topics, 1 for others altogether.
    """

    id: str
    number: int
    first: int
    second: int
    first_weight: float
    second_weight: float
    change: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedDocuments:
    """What becomes of documents from one model to the other.

    Attributes:
        n_documents: with a word of each model's vocabulary.
        n_moved: most of which is of topics that do not belong together.
        mean_change: mean of `MovedDocument.change`.
        most: those that change most, most first.
        flows: (topic of the first, topic of the second, documents whose main topics they are), most first.
    """

    n_documents: int
    n_moved: int
    mean_change: float
    most: list[MovedDocument] = field(repr=False)
    flows: list[tuple[int, int, int]] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldoutDifference:
    """Of the second model to the first on the same tokens: nats per token, and its standard error over documents."""

    value: float
    standard_error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedScore:
    """How well one model predicts the documents.

    Attributes:
        log_likelihood: nats per scored token.
        standard_error: of it, over documents.
        n_scored_tokens: the same for all models.
        n_scored_documents: likewise.
        n_trained: scored documents that the model was trained on, by content; None if it does not know.
    """

    log_likelihood: float
    standard_error: float
    n_scored_tokens: int
    n_scored_documents: int
    n_trained: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PairComparison:
    """The first model and another.

    Attributes:
        first: place of the first of the two among the models.
        second: place of the other.
        terms: what their vocabularies have in common.
        chance: overlap that unrelated topics of these models reach.
        near: overlap from which two topics are near.
        overlap: mean overlap over the matched topics.
        relations: each topic of either in one of them, by kind, the largest first.
        matches: pairs by the number of the first's topic; those left over with another K are not among them.
        moved_words: the most frequent of them first.
        n_moved_words: how many there are.
        documents: None without documents.
        heldout: None without documents.
        similarities: (K1, K2) float32, overlap of every topic of the first with every one of the second, for the page;
            not in `to_dict`.
    """

    first: int
    second: int
    terms: SharedTerms
    chance: float
    near: float
    overlap: float
    relations: list[TopicRelation] = field(repr=False)
    matches: list[MatchedTopics] = field(repr=False)
    moved_words: list[MovedWord] = field(repr=False)
    n_moved_words: int
    documents: MovedDocuments | None = None
    heldout: HeldoutDifference | None = None
    similarities: npt.NDArray[np.float32] | None = field(default=None, repr=False, compare=False)

    def of_kind(self, kind: Kind) -> list[TopicRelation]:
        """The relations of one kind."""
        return [relation for relation in self.relations if relation.kind == kind]

    @property
    def apart(self) -> bool:
        """Whether no topic of one belongs to a topic of the other: then nothing could have stayed where it was."""
        return not any(self.of_kind(kind) for kind in ("shared", "split", "merged"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedModels:
    """Models beside each other; the first one is what the others are compared with.

    Attributes:
        models: as they were given.
        pairs: the first model and each of the others, in their order.
        overlaps: (M, M) mean overlap of matched topics of every two models, 1.0 on the diagonal.
        shared: (M, M) part of the topics of row's model that are shared with column's model, 1.0 on the diagonal.
        scores: of each model on the documents, in the order of the models; None without documents.
        n_scored_terms: terms of all models, which are what is scored; None without documents.
        notes: what is to be known beside, a sentence each, such as that two models are the same.
    """

    models: list[ComparedModel]
    pairs: list[PairComparison]
    overlaps: list[list[float]]
    shared: list[list[float]]
    scores: list[ComparedScore] | None = None
    n_scored_terms: int | None = None
    notes: list[str] = field(default_factory=list)

    def __repr__(self) -> str:
        of = ", ".join(f"{pair.overlap:.4f}" for pair in self.pairs)
        return f"{type(self).__name__}({plural(len(self.models), 'model')}, overlap with the first {of})"

    def to_dict(self) -> dict[str, Any]:
        """The fields, as plain values; without the matrices of similarities, which are numbers by the million."""
        pairs = [replace(pair, similarities=None) for pair in self.pairs]
        row: dict[str, Any] = asdict(replace(self, pairs=pairs))
        for pair in row["pairs"]:
            del pair["similarities"]
        return row
