"""What models make of the same documents: topics that moved, and how well each predicts them."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lda.corpus.errors import DataError
from lda.evaluation.paired import DocumentScores, paired_difference
from lda.experiments.comparison.results import ComparedScore, HeldoutDifference, MovedDocument, MovedDocuments

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from lda.cluster import FrozenModel
    from lda.corpus import DocumentBatch
    from lda.evaluation.heldout import Estimation
    from lda.evaluation.shared_terms import CommonTerms
    from lda.evaluation.topic_model import TopicModel
    from lda.experiments.comparison.sides import Sides

    Floats = npt.NDArray[np.float64]
    Theta = npt.NDArray[np.float32]

Documents = Callable[["TopicModel"], Iterator["DocumentBatch"]]
"""The documents, batch by batch, in the ids of a model's vocabulary; the same batches for every model."""


class SeenDocuments(NamedTuple):
    """What all models make of the documents.

    moved: for each pair with the first model. scores: of each model. differences: of each pair.
    """

    moved: list[MovedDocuments]
    scores: list[ComparedScore]
    differences: list[HeldoutDifference]


def seen_documents(
    models: Sequence[TopicModel],
    documents: Documents,
    terms: CommonTerms,
    sides: Sequence[Sides],
    how: Estimation,
    *,
    n_moved: int,
    threads: int | None,
) -> SeenDocuments:
    """Read the documents once for each model, all in step, and keep what is asked for; 16 bytes a document and model.

    Args:
        models: the models, the first of which is compared with each of the others.
        documents: for each model in its own ids.
        terms: those that all models have, which are what is scored.
        sides: for each pair, which topics belong together.
        how: the held-out likelihood is estimated.
        n_moved: documents kept of those that moved.
        threads: None takes all cores.

    Raises:
        DataError: there are no documents, or none has two words that all models know.
    """
    from lda.evaluation.documents import possible

    own = [model.frozen(threads=threads) for model in models]
    scores = _Scores(models, own, terms, how, threads)
    moves = [_Moves(pair, n_moved) for pair in sides]
    n_read = 0
    streams = [possible(model, documents(model)) for model in models]
    for batches in zip(*streams, strict=True):
        if len({len(batch.ids) for batch in batches}) > 1:
            raise DataError("the models were given different documents; give all of them the same")
        scores.add(batches)
        thetas = [
            frozen.transform(batch.doc_offsets, batch.words, seed=how.seed)
            for frozen, batch in zip(own, batches, strict=True)
        ]
        for move, theta, batch in zip(moves, thetas[1:], batches[1:], strict=True):
            some = (np.diff(batches[0].doc_offsets) > 0) & (np.diff(batch.doc_offsets) > 0)
            move.add(batch.ids, n_read, thetas[0], theta, some)
        n_read += len(batches[0].ids)
    told, differences = scores.found()
    return SeenDocuments(moved=[move.found() for move in moves], scores=told, differences=differences)


class _Scores:
    """Held-out scores of all models on the terms that they share, document by document, as these stream by."""

    def __init__(
        self,
        models: Sequence[TopicModel],
        own: Sequence[FrozenModel],
        terms: CommonTerms,
        how: Estimation,
        threads: int | None,
    ) -> None:
        """own: of all terms of each model."""
        from lda.corpus.document_hashes import term_hashes
        from lda.evaluation.shared_terms import frozen_on

        self._models, self._how = models, how
        self._frozen = [
            frozen if terms.same_as(model, at) else frozen_on(model, terms.rows[at], threads=threads)
            for at, (model, frozen) in enumerate(zip(models, own, strict=True))
        ]
        self._shared_id = np.full(models[0].n_terms, -1, dtype=np.int32)
        self._shared_id[terms.rows[0]] = np.arange(len(terms.terms), dtype=np.int32)
        self._hashes = [
            None if model.document_hashes is None else term_hashes(model.hashed_terms) for model in models
        ]
        self._scores: list[list[Floats]] = [[np.zeros(0)] for _ in models]
        self._tokens = [np.zeros(0, dtype=np.int64)]
        self._n_trained = [0 for _ in models]

    def add(self, batches: Sequence[DocumentBatch]) -> None:
        """The same documents in the ids of each model."""
        from lda.corpus.document_hashes import document_hashes
        from lda.evaluation.trained_documents import n_among

        offsets, words = _translated(batches[0], self._shared_id)
        shared = batches[0]._replace(doc_offsets=offsets, words=words)
        for at, frozen in enumerate(self._frozen):
            score, n = self._how.score(frozen, shared)
            self._scores[at].append(score)
            if at == 0:  # the tokens are the same for all
                self._tokens.append(n)
        scored = self._tokens[-1] > 0
        for at, (batch, of_terms, model) in enumerate(zip(batches, self._hashes, self._models, strict=True)):
            if of_terms is not None and model.document_hashes is not None:
                content = document_hashes(batch.doc_offsets, batch.words, of_terms)
                self._n_trained[at] += n_among(content[scored], model.document_hashes)

    def found(self) -> tuple[list[ComparedScore], list[HeldoutDifference]]:
        """The score of each model, and the difference of each but the first from the first. Raises DataError."""
        tokens = np.concatenate(self._tokens)
        if not tokens.any():
            raise DataError(
                f"none of {len(tokens):,} documents has two words that all {len(self._models)} models know, so there "
                "is nothing to score; check the text field, or leave the documents out"
            )
        scores = [DocumentScores(log_likelihoods=np.concatenate(of), tokens=tokens) for of in self._scores]
        told = [
            ComparedScore(
                log_likelihood=score.log_likelihood,
                standard_error=score.standard_error,
                n_scored_tokens=int(tokens.sum()),
                n_scored_documents=int((tokens > 0).sum()),
                n_trained=None if known is None else n,
            )
            for score, known, n in zip(scores, self._hashes, self._n_trained, strict=True)
        ]
        differences = [paired_difference(other, scores[0]) for other in scores[1:]]
        return told, [
            HeldoutDifference(value=one.value, standard_error=one.standard_error) for one in differences
        ]


def _translated(
    batch: DocumentBatch, ids: npt.NDArray[np.int32]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """The documents of a batch in other ids; words of id -1 are left out."""
    from lda.corpus.batches import drop_negative

    return drop_negative(batch.doc_offsets, ids[batch.words])


class _Moves:
    """Documents of one pair of models, as they stream by."""

    def __init__(self, sides: Sides, n_most: int) -> None:
        self._sides, self._n_most = sides, n_most
        shape = (len(sides.first), len(sides.second))
        self._flows = np.zeros(shape, dtype=np.int64)
        self._n = self._n_moved = 0
        self._changes = 0.0
        self._most: list[tuple[float, int, MovedDocument]] = []

    def add(
        self, ids: Sequence[str], first_number: int, before: Theta, after: Theta, some: npt.NDArray[np.bool_]
    ) -> None:
        """Documents of which both models know a word, `some` of the batch; theta (n, K) of each model."""
        rows = np.flatnonzero(some)
        if not len(rows):
            return
        mains = before[rows].argmax(axis=1), after[rows].argmax(axis=1)
        sums = [
            self._by_relation(theta[rows], side)
            for theta, side in ((before, self._sides.first), (after, self._sides.second))
        ]
        change = np.abs(sums[0] - sums[1]).sum(axis=1) / 2
        np.add.at(self._flows, mains, 1)
        self._n += len(rows)
        self._n_moved += int((sums[0].argmax(axis=1) != sums[1].argmax(axis=1)).sum())
        self._changes += float(change.sum())
        for at in np.argsort(-change, kind="stable")[: self._n_most].tolist():
            row, a, b = int(rows[at]), int(mains[0][at]), int(mains[1][at])
            document = MovedDocument(
                id=ids[row],
                number=first_number + row,
                first=a,
                second=b,
                first_weight=float(before[row, a]),
                second_weight=float(after[row, b]),
                change=float(change[at]),
            )
            heapq.heappush(self._most, (document.change, -document.number, document))
            if len(self._most) > self._n_most:
                heapq.heappop(self._most)

    def _by_relation(self, theta: Theta, side: npt.NDArray[np.int64]) -> Floats:
        """(n, relations): theta (n, K) of topics that belong together added up."""
        sums = np.zeros((len(theta), len(self._sides.kinds)))
        for k, relation in enumerate(side.tolist()):
            sums[:, relation] += theta[:, k]
        return sums

    def found(self) -> MovedDocuments:
        """What became of all of them."""
        rows, columns = np.nonzero(self._flows)
        numbers = self._flows[rows, columns]
        order = np.argsort(-numbers, kind="stable")
        return MovedDocuments(
            n_documents=self._n,
            n_moved=self._n_moved,
            mean_change=self._changes / self._n if self._n else 0.0,
            most=[document for _, _, document in sorted(self._most, key=lambda one: (-one[0], -one[1]))],
            flows=[(int(rows[i]), int(columns[i]), int(numbers[i])) for i in order],
        )
