"""What a fit that goes on from a model needs of it: for `partial_fit`, and for `fit` with `warm_start`."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lda.model.going_on import handed_on

if TYPE_CHECKING:
    from lda.cluster import FitSettings
    from lda.corpus import Corpus
    from lda.model.model import Model


def mini_batch(model: Model, X: object) -> Corpus | None:
    """Documents in the terms of a model, which stay: words that it lacks are left out, and a warning tells so.

    Returns:
        A corpus of counts; None where the model knows none of the words.

    Raises:
        DataError: X has another number of columns than the model, or holds no counts.
        TypeError: the kind of X is wrong.
    """
    from lda.corpus import as_corpus
    from lda.evaluation.documents import batches_of, together
    from lda.evaluation.inferred_documents import tokens_by_document

    batches = list(batches_of(model, X, tell=True))
    if any(batch.n_unknown for batch in batches):
        warnings.warn(  # in words that stay the same, so that Python tells of a stream once
            "words that the first mini-batch did not have are left out, since the vocabulary stays; "
            "give counts of a fixed vocabulary to keep them",
            stacklevel=3,
        )
    offsets, words = together(batches)
    if not len(words):
        return None
    return as_corpus(
        tokens_by_document(offsets, words, model.n_terms),
        vocabulary=model.hashed_terms,
        ids=[name for batch in batches for name in batch.ids],
    )


def so_far(model: Model) -> dict[str, Any]:
    """What `lda.cluster.fit` is to be told of a model that documents join: its topics' tokens, and frozen ones."""
    found = handed_on(model)
    return {"word_prior": found.counts, "frozen_topics": found.frozen}


def batch_settings(settings: FitSettings, model: Model) -> FitSettings:
    """The settings of a mini-batch: priors as they are in the model, and random numbers of its own.

    Learning the priors of each mini-batch anew was rejected: a few documents say little about them, and the counts of
    earlier ones would stand under another prior than they were drawn with. The seed is made of the first one and
    of how much has been seen, so that a loaded model goes on as the one that was saved.
    """
    record, found = model.record, handed_on(model)
    seeds = np.random.SeedSequence([record.seed, record.n_documents, record.n_tokens])
    return replace(
        settings,
        alpha=tuple(found.alpha.tolist()),
        beta=found.beta,
        seed=int(seeds.generate_state(1)[0] >> 1),
    )


def model_of(init_from: object) -> Model:
    """The model that `init_from` is, or that is saved there. Raises TypeError for anything else."""
    from lda.model.model import Model

    if isinstance(init_from, Model):
        return init_from
    if isinstance(init_from, str | Path):
        return Model.load(init_from)
    raise TypeError(
        f"init_from must be a model, such as an LDA's model_, or where one is saved, got {type(init_from).__name__}"
    )


def check_topics(model: Model, n_topics: int, what: str, added: int = 0) -> None:
    """Raise ValueError unless the model has that many topics, less those that are added."""
    if added < 0 or isinstance(added, bool) or not isinstance(added, int):
        raise ValueError(f"add_topics must be a whole number from 0, got {added!r:.40}")
    if model.n_topics + added != n_topics:
        more = f" and {added} more" if added else ""
        raise ValueError(
            f"{what} goes on with the {model.n_topics} topics of the model so far{more}, got n_components={n_topics}; "
            "set it back, or begin anew with a clone"
            + ("" if added else "; add_topics says how many are new")
        )
