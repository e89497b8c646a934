"""Models compared with the first of them."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np

from lda.corpus.errors import DataError
from lda.evaluation.heldout import Estimation
from lda.evaluation.matching import OwnOverlaps, match_topics
from lda.evaluation.shared_terms import checked_shares, common_terms, term_shares
from lda.evaluation.topic_model import check_models
from lda.experiments.comparison.comparison import Comparison
from lda.experiments.comparison.documents import seen_documents
from lda.experiments.comparison.relations import relations_of, token_shares
from lda.experiments.comparison.results import (
    ComparedModel,
    ComparedTopic,
    PairComparison,
    SharedTerms,
)
from lda.experiments.comparison.sides import Sides
from lda.experiments.comparison.words import matched_topics, moved_words
from lda.model.model import Model

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lda.corpus import DocumentBatch
    from lda.evaluation.shared_terms import TermShares
    from lda.evaluation.topic_model import TopicModel
    from lda.experiments.comparison.documents import Documents

WORDS: Final = 10
MOVED: Final = 20


def compare(
    models: Sequence[TopicModel],
    X: object = None,
    *,
    names: Sequence[str] | None = None,
    n_words: int = WORDS,
    n_moved: int = MOVED,
    seed: int = 0,
    threads: int | None = None,
) -> Comparison:
    """Compare models with the first of them: topics matched, words and documents that moved, held-out likelihood.

    `lda.experiments.comparison.relations` says when a topic is shared, split, merged or particular.

    Args:
        models: two or more, as `Model` and `TopicMatrix`; a fitted `LDA` has one as `model_`. Terms go by name.
        X: documents, everything that `lda.as_corpus` takes; of those that a model was trained on it knows too much, and
            a note says so. None compares topics alone.
        names: what the models are called; None for "model 1", "model 2", ...
        n_words: words of a topic, and words that changed within it.
        n_moved: words and documents listed of those that moved.
        seed: of inference, and of the split of documents into a seen and a scored half.
        threads: of inference; None takes all cores, and the answer does not depend on it.

    Raises:
        ValueError: there are fewer than two models, or a number is below 1.
        TypeError: one of them is no model, or the kind of X is wrong.
        DataError: two models share terms that hold less than half of the tokens of one of them, or there is nothing to
            score (a `ValueError`).
    """
    _check(models)
    if X is None:
        return compare_models(models, names, n_words=n_words, n_moved=n_moved, seed=seed, threads=threads)
    from lda.evaluation.documents import batches_of, kept

    rows = kept(X)

    def documents(model: TopicModel) -> Iterator[DocumentBatch]:
        return batches_of(model, rows)

    return compare_models(
        models, names, documents, n_words=n_words, n_moved=n_moved, seed=seed, threads=threads
    )


def compare_models(
    models: Sequence[TopicModel],
    names: Sequence[str] | None = None,
    documents: Documents | None = None,
    *,
    n_words: int = WORDS,
    n_moved: int = MOVED,
    seed: int = 0,
    threads: int | None = None,
) -> Comparison:
    """`compare` of documents that stream by in the ids of each model. Arguments and errors are those of `compare`."""
    _check(models)
    called = [f"model {n}" for n in range(1, len(models) + 1)] if names is None else list(names)
    if len(called) != len(models):
        raise ValueError(f"names must be one a model, got {len(called)} for {len(models)} models")
    for what, number in (("n_words", n_words), ("n_moved", n_moved)):
        if number < 1:
            raise ValueError(f"{what} must be 1 or more, got {number}")
    described = [_described(model, name, n_words) for model, name in zip(models, called, strict=True)]
    for a, b in combinations(range(len(models)), 2):  # before anything that takes long
        checked_shares(models[a], models[b], (called[a], called[b]))
    own = [OwnOverlaps.of(model) for model in models]
    overlaps, shared = np.eye(len(models)), np.eye(len(models))
    pairs: list[PairComparison] = []
    sides: list[Sides] = []
    for a, b in combinations(range(len(models)), 2):
        both = models[a], models[b]
        shares = term_shares(*both)
        matching = match_topics(own[a], own[b], shares=shares)
        relations = relations_of(own[a], own[b], matching)
        overlaps[a, b] = overlaps[b, a] = matching.mean_overlap
        n_shared = sum(relation.kind == "shared" for relation in relations)
        shared[a, b], shared[b, a] = n_shared / models[a].n_topics, n_shared / models[b].n_topics
        if a > 0:
            continue
        at = Sides.of(relations, models[a].n_topics, models[b].n_topics)
        words, n_moved_words = moved_words(*both, shares.common, at, n_moved)
        sides.append(at)
        pairs.append(
            PairComparison(
                first=a,
                second=b,
                terms=_shared_terms(both, shares),
                chance=matching.chance,
                near=matching.near,
                overlap=matching.mean_overlap,
                relations=relations,
                matches=matched_topics(*both, shares.common, matching, at, n_words),
                moved_words=words,
                n_moved_words=n_moved_words,
                similarities=matching.across.astype(np.float32),
            )
        )
    found = Comparison(
        models=described,
        pairs=pairs,
        overlaps=overlaps.tolist(),
        shared=shared.tolist(),
        notes=[*_notes(models, described), *_apart(pairs, called)],
    )
    if documents is None:
        return found
    return _with_documents(found, models, documents, sides, n_moved=n_moved, seed=seed, threads=threads)


def _shared_terms(models: tuple[TopicModel, TopicModel], shares: TermShares) -> SharedTerms:
    n = len(shares.common.terms)
    return SharedTerms(
        n_shared=n,
        only_first=models[0].n_terms - n,
        only_second=models[1].n_terms - n,
        first_share=shares.first,
        second_share=shares.second,
    )


def _check(models: Sequence[TopicModel]) -> None:
    if len(models) < 2:
        raise ValueError(f"a comparison takes two or more models, got {len(models)}")
    check_models(models, "a comparison takes")


def _described(model: TopicModel, name: str, n_words: int) -> ComparedModel:
    record = model.record if isinstance(model, Model) else None
    labels = model.labels if isinstance(model, Model) else None
    return ComparedModel(
        name=name,
        n_topics=model.n_topics,
        n_terms=model.n_terms,
        n_documents=None if record is None else record.n_documents,
        n_tokens=None if record is None else record.n_trained_tokens,
        sampler=None if record is None else str(record.settings["sampler"]),
        n_sweeps=None if record is None else record.n_sweeps,
        seed=None if record is None else record.seed,
        fingerprint=model.fingerprint() if isinstance(model, Model) else None,
        topics=[
            ComparedTopic(
                number=k, name=None if labels is None else labels.name(k), share=float(share), words=words
            )
            for k, (share, words) in enumerate(
                zip(token_shares(model), model.top_words(n_words), strict=True)
            )
        ],
    )


def _notes(models: Sequence[TopicModel], described: Sequence[ComparedModel]) -> list[str]:
    notes = []
    for a, b in combinations(range(len(models)), 2):
        known = described[a].fingerprint
        if known is not None and known == described[b].fingerprint:
            notes.append(
                f"{described[a].name} and {described[b].name} have the same counts (fingerprint {known[:12]}): they "
                "are the same model"
            )
    recipes = [model.record.recipe for model in models if isinstance(model, Model)]
    if any(recipe != recipes[0] for recipe in recipes[1:]):
        notes.append("text became words by different recipes, so some differences may come from there")
    return notes


def _apart(pairs: Sequence[PairComparison], names: Sequence[str]) -> list[str]:
    return [
        f"no topic of {names[pair.second]} belongs to one of {names[pair.first]}, so nothing can be said of words and "
        "documents that moved; see the nearest topics. Models of different documents often share few: to follow "
        "topics through groups, begin all of them at a common model (--init-from)"
        for pair in pairs
        if pair.apart
    ]


def _with_documents(
    found: Comparison,
    models: Sequence[TopicModel],
    documents: Documents,
    sides: Sequence[Sides],
    *,
    n_moved: int,
    seed: int,
    threads: int | None,
) -> Comparison:
    """The same with what the models make of documents."""
    terms = common_terms(*models)
    if not terms.terms:
        raise DataError(f"no term is known to all {len(models)} models, so there is nothing to score")
    seen = seen_documents(
        models, documents, terms, sides, Estimation(seed=seed), n_moved=n_moved, threads=threads
    )
    notes = list(found.notes)
    for model, score in zip(found.models, seen.scores, strict=True):
        if score.n_trained:
            notes.append(
                f"{score.n_trained:,} of {score.n_scored_documents:,} scored documents have the words of documents "
                f"of the training of {model.name}, so its score is too good; give documents that no model has seen"
            )
    return replace(
        found,
        pairs=[
            replace(pair, documents=moved, heldout=difference)
            for pair, moved, difference in zip(found.pairs, seen.moved, seen.differences, strict=True)
        ],
        scores=seen.scores,
        n_scored_terms=len(terms.terms),
        notes=notes,
    )
