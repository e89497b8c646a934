"""What a model hands on to a fit that goes on from it: counts for the terms of other documents, priors, topics.

Three ways lead here, and `handed_on` is where they meet: `lda fit --init-from`, `LDA.fit(init_from=...)` and
`LDA.partial_fit`. They differ in what becomes of the counts. A fit that goes on begins with them, forgets them, and may
have other terms and further topics; it draws the topics of all its documents anew. A mini-batch has them as the prior
of its topics' words, which stays: the documents behind them are not there any more, so the terms must stay as well,
and a topic that only the mini-batch had would have no share in what came before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from lda.corpus.errors import DataError
from lda.corpus.terms import has_names
from lda.corpus.wording import is_or_are
from lda.progress import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    import scipy.sparse as sp

    from lda.cluster.spec.beginning import Beginning
    from lda.corpus import Corpus
    from lda.labels.labels import Labels
    from lda.model.model import Model
    from lda.model.run_record import RunRecord


SWEEPS_ONWARD: Final = 20
"""Enough for a corpus that has grown by a part: of 19,000 arXiv abstracts at K = 100, of which 5 % were new, 20 sweeps
reached -6.814 nats a held-out token (mean of two seeds), 30 sweeps -6.815, and 200 sweeps from scratch -6.815.

So few do only while the priors stay: all topics are drawn anew, and what has been mixed for 20 sweeps is flatter than
the state that the model's priors were learned of. Learned of it, alpha grows for the largest topic, which takes the
more tokens the next time: of UN debates of 2010 to 2015 and five more years one by one, K = 30, the largest topic had
7 %, then 10, 14, 17, 20 and 22 % of the tokens, the smallest 0.8, then 0.03 %, and debates of the year after were
-7.990 nats a token. With priors that stay these were 12 %, 0.3 % and -7.975; of a fit from scratch 10 %, 1 % and
-7.937."""

SAMPLED_ONWARD: Final = 3
"""Sweeps between two states that are averaged then: five that are one sweep apart hardly differ."""

MOST_TOKENS: Final = 1 << 22
"""Of new documents, in which new themes are looked for: so many fit any machine, and take seconds."""

NEW_FROM: Final = "new_from"
"""In what a record says of the parent: number of the first new document, where topics were added."""

KNOWN_ENOUGH: Final = 0.5
"""Share of the documents that the model is of, from which on so few sweeps do."""


class MatchedTerms(NamedTuple):
    """How a corpus' terms go with a model's: in both, in the corpus alone, in the model alone."""

    known: int
    new: int
    gone: int

    def __str__(self) -> str:
        """In words, on one line."""
        told = f"{plural(self.known, 'term')} of the corpus {is_or_are(self.known)} the model's"
        if self.new:
            told += f"; {self.new:,} {is_or_are(self.new)} new, without counts"
        if self.gone:
            told += f"; {self.gone:,} of the model {is_or_are(self.gone)} not there and dropped"
        return told


class HandedOn(NamedTuple):
    """What a model hands on, in the terms and with the topics of the fit that goes on from it.

    Attributes:
        counts: (V, K) of the model's last state, zero for terms that it lacks; and of topics that are added, their own.
        alpha: (K,) its own, and for topics that are added the median of these.
        beta: its own.
        frozen: topics whose words stay as they are.
        matched: how the terms go together.
    """

    counts: sp.csr_matrix
    alpha: npt.NDArray[np.float64]
    beta: float
    frozen: tuple[int, ...]
    matched: MatchedTerms


def handed_on(
    model: Model, vocabulary: Sequence[str] | None = None, *, added: sp.csr_matrix | None = None
) -> HandedOn:
    """What a model hands on to documents with this vocabulary.

    Topics keep their numbers; those that are added stand behind them. The alpha of these is the median of the model's:
    of a learned one, the mean is that of a few large topics.

    Args:
        model: the one to go on from.
        vocabulary: V terms of the documents, in their order, which go together by name; None for the model's own.
        added: (V, n) counts that topics begin with which are added; None for none.

    Raises:
        DataError: no term is in both.
    """
    from scipy.sparse import csr_matrix, hstack

    counts, alpha = model.last_language_counts, np.asarray(model.alpha, dtype=np.float64)
    matched = MatchedTerms(model.n_terms, 0, 0)
    if vocabulary is not None:
        counts, matched = _matched(model, counts, vocabulary)
    if added is not None:
        counts = csr_matrix(hstack([counts, added.astype(counts.dtype)]))
        alpha = np.concatenate([alpha, np.full(added.shape[1], np.median(alpha))])
    return HandedOn(counts, alpha, float(model.beta), tuple(model.frozen_topics), matched)


def _matched(
    model: Model, counts: sp.csr_matrix, vocabulary: Sequence[str]
) -> tuple[sp.csr_matrix, MatchedTerms]:
    from scipy.sparse import csr_matrix

    number = {term: row for row, term in enumerate(model.vocabulary)}
    theirs = np.array([number.get(term, -1) for term in vocabulary], dtype=np.int64)
    mine = np.flatnonzero(theirs >= 0)
    known = len(mine)
    if not known:
        raise DataError(
            f"none of the corpus' {plural(len(vocabulary), 'term')} is one of the model's; read the documents as for "
            "the model, or begin without it"
        )
    ones = np.ones(known, dtype=counts.dtype)
    chosen = csr_matrix((ones, (mine, theirs[mine])), shape=(len(vocabulary), model.n_terms))
    matched = MatchedTerms(known, len(vocabulary) - known, model.n_terms - known)
    return csr_matrix(chosen @ counts), matched


def beginning_from(
    model: Model, vocabulary: Sequence[str], added: sp.csr_matrix | None = None
) -> tuple[Beginning, MatchedTerms]:
    """Where a fit of a corpus with this vocabulary begins if it goes on from a model.

    First topics are drawn under the counts of the model's last state; a prior that is learned begins at the model's.
    Arguments and errors are those of `handed_on`.
    """
    from lda.cluster.spec.beginning import Beginning

    found = handed_on(model, vocabulary, added=added)
    return Beginning(counts=found.counts, alpha=found.alpha, beta=found.beta), found.matched


def beginning(model: Model, corpus: Corpus, *, add_topics: int = 0, first: int = 0) -> Beginning:
    """The model as the place where the fit of a corpus begins, which may have other terms.

    Terms are matched by name where both sides have names, else by position. add_topics, first: as of `new_themes`.

    Raises:
        DataError: they are matched by position, and differ in number; or by name, and none is in both.
    """
    terms = list(corpus.vocabulary)
    if not (corpus.ordered or (model.named_terms and has_names(terms))):
        if len(terms) != model.n_terms:
            raise DataError(
                f"X has {len(terms)} features, but LDA is expecting {model.n_terms} features as input, for it "
                "goes on from topics of these; give the same columns, or set warm_start=False and give no init_from"
            )
        terms = model.vocabulary
    added = new_themes(model, corpus, terms, add_topics, first) if add_topics else None
    return beginning_from(model, terms, added)[0]


def new_themes(
    model: Model, corpus: Corpus, vocabulary: Sequence[str], n_themes: int, first: int
) -> sp.csr_matrix:
    """(V, n_themes) counts of themes of the new documents that are least like any topic of the model.

    They are those of a short fit of the new documents alone, with as many topics as all will be together: the themes
    that went on are among them as well, so what is new need not share a topic with them. How like two are is told by
    the Bhattacharyya coefficient of their words, sum_w sqrt(p_w q_w).

    Rejected: topics that begin without words. A token goes to these where the model has nothing to say for it, as for a
    word that is new to the vocabulary. That found a fifth class of short news among four, too: 68 % of its tokens for
    75 % this way. But where documents are long and change by and by, as messages of presidents, the old topics take the
    new words into them, and after 20 sweeps new ones had 0.2 % of the tokens.

    Args:
        model: the one to go on from.
        corpus: the documents of the fit.
        vocabulary: its terms, in its order, as the model knows them.
        n_themes: how many are wanted, 1 or more.
        first: number of the first new document; where none is, all are looked at. Of more than `MOST_TOKENS`, the last
            ones.
    """
    from scipy.sparse import csr_matrix, diags

    from lda.cluster import FitSettings, fit

    new = _last_documents(corpus, first if first < corpus.n_documents else 0)
    if not new.n_tokens:
        return csr_matrix(np.zeros((corpus.n_terms, n_themes), dtype=np.int64))
    n_topics = model.n_topics + n_themes
    found = fit(
        new,
        FitSettings(n_topics=n_topics, sweeps=SWEEPS_ONWARD, n_samples=0, evaluate_every=SWEEPS_ONWARD),
        document_topics=False,
    )
    assert found.topic_word_counts is not None
    themes = csr_matrix(found.topic_word_counts)
    known, _ = _matched(model, model.last_language_counts, vocabulary)

    def roots(counts: sp.csr_matrix) -> sp.csr_matrix:
        totals = np.maximum(np.asarray(counts.sum(axis=0), dtype=np.float64).ravel(), 1.0)
        return csr_matrix(counts.astype(np.float64) @ diags(1.0 / totals)).sqrt()

    likeness = np.asarray((roots(known).T @ roots(themes)).max(axis=0).todense()).ravel()
    sizes = np.asarray(themes.sum(axis=0)).ravel()
    likeness[sizes == 0] = np.inf  # no theme at all
    chosen = np.sort(np.argsort(likeness, kind="stable")[:n_themes])
    return csr_matrix(themes[:, chosen])


def _last_documents(corpus: Corpus, first: int) -> Corpus:
    """The documents from number `first` on, in memory; of more than `MOST_TOKENS` the last shards, one at least."""
    import pyarrow as pa

    from lda.corpus.corpus import Corpus as CorpusClass
    from lda.corpus.corpus import MemoryShards
    from lda.corpus.shard import batch_arrays, make_batch
    from lda.corpus.summary import Summary

    bounds, taken, n_tokens = corpus.shard_bounds, list[pa.RecordBatch](), 0
    for index in reversed(range(corpus.n_shards)):
        if bounds[index + 1] <= first or n_tokens >= MOST_TOKENS:
            break
        batch = corpus.batch(index)
        offsets, words = batch_arrays(batch)
        start = max(first - int(bounds[index]), 0)
        cut = words[offsets[start] :]
        taken.insert(0, make_batch(batch.column("id").slice(start), offsets[start:] - offsets[start], cut))
        n_tokens += len(cut)
    counts = [batch.num_rows for batch in taken]
    summary = Summary(
        n_documents=sum(counts),
        n_terms=corpus.n_terms,
        n_tokens=n_tokens,
        n_empty_documents=0,  # nobody asks
        ordered=corpus.ordered,
        recipe=corpus.recipe,
        stop_word_share=None,
    )
    ends = np.cumsum([0, *counts])
    return CorpusClass(MemoryShards(taken), corpus.vocabulary_table, summary, ends[:-1].astype(np.int64))


def labels_for(model: Model, add_topics: int = 0) -> Labels | None:
    """The names of the model's topics for a fit that goes on from it; those that are added have none yet."""
    from lda.labels.labels import Labels

    if not model.labels:
        return None
    return Labels(names=model.labels.names, n_topics=model.n_topics + add_topics)


def known_documents(model: Model, corpus: Corpus) -> int:
    """How many documents at the beginning of a corpus the model's corpus had; 0 where that is not known.

    It is, of the very corpus that the model was fitted to, or a window of it, and of one that has grown since by
    appending. Rejected: content hashes of the documents, which only a model that was fitted on one machine has, so that
    the same command would do otherwise on a cluster.
    """
    record = model.record
    part = record.part_of or {}
    of = part.get("corpus") if part.get("kind") == "window" else record.corpus_hash
    if of == corpus.content_hash:
        return corpus.n_documents
    return next((then.n_documents for then in corpus.earlier if then.content_hash == of), 0)


def new_from(record: RunRecord) -> int:
    """Number of the first document of a recorded fit that was new to the model it went on from; 0 for all."""
    told = (record.parent or {}).get(NEW_FROM, "0")
    return int(told) if told.isdecimal() else 0
