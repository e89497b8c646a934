"""A model as one of gensim: `LdaModel`, with its Dictionary; and the folder that `lda export --to gensim` writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lda.cluster.counts.sparse_sums import term_sums
from lda.interop.gensim_package import columns_in, dictionary_of, gensim

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import numpy.typing as npt

    from lda.evaluation.inferred_documents import InferredDocuments
    from lda.interop.exported_model import ExportedModel

MODEL_FILE: Final = "lda.gensim"
DICTIONARY_FILE: Final = "dictionary.gensim"
"""gensim writes a pickle of a model, with its arrays beside it, and one of its Dictionary."""


def check() -> None:
    """See that gensim is there. Raises `MissingPackageError`."""
    gensim()


def write(model: ExportedModel, documents: InferredDocuments | None, path: Path) -> None:
    """Fill a folder with a saved `LdaModel` and its Dictionary; documents give the latter its frequencies."""
    counted = None
    if documents is not None:
        counted = document_frequencies(model.n_terms, [(documents.doc_offsets, documents.words)])
    made = lda_model(model, documents=counted)
    made.save(str(path / MODEL_FILE))
    made.id2word.save(str(path / DICTIONARY_FILE))


def document_frequencies(
    n_terms: int, batches: Iterable[tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]]
) -> tuple[int, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """(D, (V,) documents of each term, (V,) tokens of each term) of batches of (offsets, words)."""
    n_documents = 0
    documents = np.zeros(n_terms, dtype=np.int64)
    tokens = np.zeros(n_terms, dtype=np.int64)
    for offsets, words in batches:
        sizes = np.diff(offsets)
        cells = np.unique(np.repeat(np.arange(len(sizes)), sizes) * n_terms + words)
        documents += np.bincount(cells % n_terms, minlength=n_terms)
        tokens += np.bincount(words, minlength=n_terms)
        n_documents += len(sizes)
    return n_documents, documents, tokens


def lda_model(
    model: ExportedModel,
    *,
    documents: tuple[int, npt.NDArray[np.int64], npt.NDArray[np.int64]] | None = None,
    dictionary: Any = None,  # noqa: ANN401 - a Dictionary
) -> Any:  # noqa: ANN401 - an LdaModel
    """A gensim `LdaModel` with the model's topics and priors, in double precision.

    Its `state.sstats` are what our topics are made of, `language_counts`, and its eta is beta, so that
    `get_topics()`, (sstats + eta) normalised, is `topic_word`. Rejected: gensim's usual single precision, for its sums
    over 100,000 terms are off by a millionth.

    Args:
        model: fitted.
        documents: as of `document_frequencies`, for the Dictionary; None for what the model itself knows.
        dictionary: one of the same terms, whose ids are taken, or as many names of columns that have none; None makes
            one with the model's own order.

    Raises:
        MissingPackageError: there is no gensim, or it is too old.
        DataError: the Dictionary is one of other terms.
    """
    models = gensim().models
    counts = model.language_counts.tocsr()
    if dictionary is None:
        dictionary = model_dictionary(model, documents)
    elif (
        model.named_terms or len(dictionary) != model.n_terms
    ):  # else it names the ids of a corpus that had no names
        counts = counts[columns_in(dictionary, model.vocabulary)]
    made = models.LdaModel(
        num_topics=model.n_topics,
        id2word=dictionary,
        alpha=np.array(model.alpha, dtype=np.float64),
        eta=float(model.beta),
        random_state=model.record.seed % 2**32,
        dtype=np.float64,
    )
    made.state.sstats[...] = counts.T.toarray()
    made.state.numdocs = model.record.n_documents
    made.sync_state()
    return made


def model_dictionary(
    model: ExportedModel,
    documents: tuple[int, npt.NDArray[np.int64], npt.NDArray[np.int64]] | None = None,
) -> Any:  # noqa: ANN401 - a Dictionary
    """The model's vocabulary as a Dictionary; without documents only its collection frequencies are known."""
    if documents is not None:
        n_documents, in_documents, tokens = documents
        return dictionary_of(
            model.vocabulary,
            n_documents=n_documents,
            documents=in_documents,
            tokens=tokens.astype(np.float64),
        )
    return dictionary_of(
        model.vocabulary, n_documents=model.record.n_documents, tokens=term_sums(model.counts)
    )
