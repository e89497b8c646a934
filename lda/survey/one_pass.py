"""One pass over documents, in which everything is found out that a survey says."""

from __future__ import annotations

from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from lda.corpus.errors import DataError
from lda.corpus.ordered_map import ordered_map, thread_count
from lda.evaluation.document_usage import DocumentUse
from lda.evaluation.documents import possible
from lda.survey.described_documents import Described, DescribedDocuments
from lda.survey.group_sums import UNIT, in_units, portions
from lda.survey.groups import Categories, Course, FieldGroups
from lda.survey.nearest import nearest_documents
from lda.survey.pieces import CutTexts
from lda.survey.results import Survey
from lda.survey.unseen_documents import ContentReader, Contents, UnseenDocuments

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from lda.cluster import FrozenModel
    from lda.corpus import DocumentBatch
    from lda.survey.results import Piece, SurveyedModel, SurveyOptions
    from lda.survey.sources import DocumentSource

WEIGHTS_AT_A_TIME: Final = 2**21
"""Documents times topics of a batch: 8 MB of float32, whatever the number of topics."""

MOST_DOCUMENTS: Final = 4096
"""Documents of a batch."""


def one_pass(
    model: SurveyedModel,
    source: DocumentSource,
    options: SurveyOptions,
    *,
    threads: int | None = None,
    progress: Callable[[int], object] | None = None,
    batch_documents: int = MOST_DOCUMENTS,
) -> Survey:
    """See `lda.survey.survey.survey`. batch_documents: most documents at a time."""
    at_a_time = max(1, min(batch_documents, WEIGHTS_AT_A_TIME // model.n_topics))
    batches = source.batches(model, threads=threads, batch_documents=at_a_time)
    first = next(batches, None)  # bad input is told before the model is prepared
    if first is None:
        raise DataError("there are no documents to survey; check the input")
    infer = Inference(model, options, threads)
    work = SurveyInProgress(model, options, infer.seed)
    # One batch is read, two are inferred, and what they say is added up, at the same time.
    side_by_side = min(2, thread_count(threads))
    for found in ordered_map(infer, possible(model, chain((first,), batches)), side_by_side, ahead=2):
        work.add(found)
        if progress is not None:
            progress(work.n_documents)
    return work.finish(source, infer.frozen)


class SurveyedBatch(NamedTuple):
    """Documents and their topics.

    Attributes:
        batch: n documents.
        theta: (n, K) float32, what `lda transform` writes.
        words, z: (N,) their tokens in another order, and the topics of these.
        contents: what can be told of whether the model was fitted to them.
    """

    batch: DocumentBatch
    theta: npt.NDArray[np.float32]
    words: npt.NDArray[np.int32]
    z: npt.NDArray[Any]
    contents: Contents | None


class Inference:
    """Infers the topics of documents: a function that threads may share."""

    def __init__(self, model: SurveyedModel, options: SurveyOptions, threads: int | None) -> None:
        self.frozen = model.frozen(threads=threads)
        self.seed = model.record.seed if options.seed is None else options.seed
        self._reader = ContentReader(model)

    def __call__(self, batch: DocumentBatch) -> SurveyedBatch:
        """The topics of some documents."""
        topics = self.frozen.theta_and_topics(batch.doc_offsets, batch.words, seed=self.seed)
        return SurveyedBatch(batch, *topics, self._reader.read(batch, self.frozen))


class SurveyInProgress:
    """What is known of the documents so far; it grows with what is asked for, not with their number."""

    def __init__(self, model: SurveyedModel, options: SurveyOptions, seed: int) -> None:
        self._model, self._options, self._seed = model, options, seed
        n_topics = model.n_topics
        index = {term: number for number, term in enumerate(model.vocabulary)}
        top_words = model.top_words(options.n_words)
        self._use = DocumentUse(
            model.alpha, [np.array([index[word] for word in words], dtype=np.int32) for words in top_words]
        )
        self.described = DescribedDocuments(
            n_topics,
            n_best=options.n_best,
            n_described=options.n_described,
            n_texts=options.n_texts,
            seed=self._seed,
        )
        self._unseen = UnseenDocuments()
        self._over = None if options.over is None else Course(options.over, n_topics, options)
        self._by = [Categories(field, n_topics) for field in options.by]
        self.n_documents = self._n_empty = self._n_without_text = self._n_tokens = self._n_unknown = 0
        self._term_tokens = np.zeros(model.n_terms, dtype=np.int64)
        self._theta = np.zeros(n_topics, dtype=np.int64)

    @property
    def fields(self) -> list[FieldGroups]:
        """The fields by which documents are grouped."""
        return [*([] if self._over is None else [self._over]), *self._by]

    def add(self, found: SurveyedBatch) -> None:
        """Add documents. Raises DataError for a field that is not there, or holds what it must not."""
        batch, theta, words, z, contents = found
        n_tokens = np.diff(batch.doc_offsets)
        held = n_tokens > 0
        self._use.add_tokens(batch.doc_offsets, words, z)
        self._term_tokens += np.bincount(words, minlength=len(self._term_tokens))
        self._unseen.add(contents)
        self.described.add(batch, theta, self.n_documents)
        if self.fields:
            portion = portions(theta[held], n_tokens[held])
            self._theta += portion.theta.sum(axis=0)
            for field in self.fields:
                field.add(batch.metadata, held, portion)
        else:
            self._theta += in_units(theta[held]).sum(axis=0)
        self.n_documents += len(batch.ids)
        self._n_empty += int((~held).sum())
        self._n_without_text += batch.n_without_text
        self._n_tokens += len(batch.words)
        self._n_unknown += batch.n_unknown

    def finish(self, source: DocumentSource, frozen: FrozenModel) -> Survey:
        """The survey. Raises DataError for a field that no document has."""
        over = None if self._over is None else self._over.finish()
        by = tuple(field.finish() for field in self._by)
        found = self.described.finish()
        texts, rebuilt = self._texts(found, source, frozen)
        n_held = self.n_documents - self._n_empty
        return Survey(
            n_topics=self._model.n_topics,
            n_documents=self.n_documents,
            n_empty_documents=self._n_empty,
            n_without_text=self._n_without_text,
            n_tokens=self._n_tokens,
            n_unknown=self._n_unknown,
            n_trained=self._unseen.n_trained,
            n_untold=self._unseen.n_untold,
            corpus_hash=source.corpus_hash,
            seed=self._seed,
            ordered=source.ordered,
            term_tokens=self._term_tokens,
            topic_tokens=self._use.n_k,
            mean_theta=self._theta / UNIT / n_held if n_held else np.full(len(self._theta), np.nan),
            use=self._use,
            n_words=self._options.n_words,
            heldout=self._unseen.score(),
            ids=found.ids,
            numbers=found.numbers,
            n_tokens_of=found.n_tokens,
            fields=found.fields,
            theta=found.theta,
            best=found.best,
            texts=texts,
            rebuilt=rebuilt,
            nearest=nearest_documents(found.theta, self._options.n_nearest, found.n_tokens > 0),
            over=over,
            by=by,
        )

    def _texts(
        self, found: Described, source: DocumentSource, frozen: FrozenModel
    ) -> tuple[dict[int, tuple[Piece, ...]], frozenset[int]]:
        """The texts that were kept, in pieces, and the rows of those made of words."""
        rows, kept = list(found.texts), list(found.texts.values())
        lengths = np.array([len(text.words) for text in kept], dtype=np.int64)
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        together = np.concatenate([np.zeros(0, dtype=np.int32), *(text.words for text in kept)])
        # The same state as in the pass: it depends on a document's words and the seed.
        words, z = frozen.topics_of_tokens(offsets, together, seed=self._seed)
        topics: list[tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]] = [
            (words[start:stop], z[start:stop].astype(np.int64)) for start, stop in pairwise(offsets.tolist())
        ]
        cut = CutTexts(source, self._model.vocabulary).pieces(kept, topics)
        texts, rebuilt = dict[int, tuple["Piece", ...]](), set[int]()
        for row, (pieces, whole) in zip(rows, cut, strict=True):
            texts[row] = pieces
            if not whole:
                rebuilt.add(row)
        return texts, frozenset(rebuilt)
