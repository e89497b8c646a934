"""`TopicMatrix`: topics from anywhere, given as a matrix, so that any model can be scored like our own."""

from __future__ import annotations

import os
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lda.corpus.errors import DataError
from lda.corpus.storage.npy_file import DAMAGED_ARCHIVE, check_archive, read_array
from lda.corpus.terms import has_names
from lda.evaluation.evaluable import Evaluable
from lda.progress import plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt
    from scipy.sparse import csr_matrix

    from lda.cluster import FrozenModel
    from lda.cluster.spec.fit_settings import Device

    Floats = npt.NDArray[np.float64]

ALWAYS_DENSE: Final = 2**24
"""Cells of a sparse matrix that are made dense before a look at whether its size can be."""

ROW_SUM_TOLERANCE: Final = 1e-3  # rounded numbers and float32 sums stay below; rows are normalised afterwards


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TopicMatrix(Evaluable):
    """Topics of another program, with `score`, `perplexity`, `coherence` and `diagnostics` as a `Model` has them.

    Attributes:
        matrix: (K, V) float64, p(term | topic); rows sum to 1, and are normalised once more.
        vocabulary: V terms in column order.
        alpha: (K,) float64, the prior of each topic in a document; of a symmetric prior one number will do.
        beta: smoothing in the diagnostics that smooth.

    Raises:
        DataError: shapes do not fit, an entry is NaN, infinite or negative, or a row does not sum to 1.
    """

    matrix: Floats
    vocabulary: list[str]
    alpha: Floats
    beta: float = 0.01

    def __post_init__(self) -> None:
        matrix = np.array(_real(self.matrix, "a topic-word matrix"), dtype=np.float64)
        _check_matrix(matrix, len(self.vocabulary))
        matrix /= matrix.sum(axis=1, keepdims=True)
        object.__setattr__(self, "matrix", matrix)
        object.__setattr__(self, "alpha", _check_alpha(self.alpha, len(matrix)))

    @property
    def n_topics(self) -> int:
        """The number of topics, K."""
        return len(self.matrix)

    @property
    def named_terms(self) -> bool:
        """Whether the terms are names, not just numbers of columns."""
        return has_names(self.vocabulary)

    @property
    def language_counts(self) -> csr_matrix:
        """(V, K) float64 CSR, p(term | topic)."""
        from scipy.sparse import csr_matrix

        return csr_matrix(self.matrix.T)

    @property
    def topic_word(self) -> Floats:
        """(K, V) float64, p(term | topic); rows sum to 1."""
        return self.matrix

    @property
    def last_tokens(self) -> None:
        """None, for nothing is known of the training."""
        return

    @property
    def document_hashes(self) -> None:
        """None, for nothing is known of the documents trained on."""
        return

    @property
    def hashed_terms(self) -> list[str]:
        """The V terms; no documents were hashed."""
        return self.vocabulary

    @property
    def impossible_terms(self) -> npt.NDArray[np.bool_]:
        """(V,) bool, terms of probability 0, in float32 as inference has it, in every topic."""
        return np.asarray(self.matrix.max(axis=0).astype(np.float32) == 0)

    def frozen(self, *, threads: int | None = None, device: Device = "cpu") -> FrozenModel:
        """The language model prepared for inference; as `Model.frozen`."""
        from lda.cluster.sweeping.frozen_model import FrozenModel

        return FrozenModel.of_topic_word(self.matrix, self.alpha, threads=threads, device=device)

    def top_words(self, n: int = 10) -> list[list[str]]:
        """The `n` most probable terms of each topic, best first; equal ones by column."""
        from lda.cluster.counts.top_words import largest

        columns = np.arange(self.n_terms, dtype=np.int32)
        return [[self.vocabulary[w] for w in largest(columns, row, n)[0]] for row in self.matrix]

    def __repr__(self) -> str:
        return f"TopicMatrix({plural(self.n_topics, 'topic')}, {plural(self.n_terms, 'term')})"

    def _repr_html_(self) -> str:
        from lda.cluster.counts.top_words import largest
        from lda.model.html_table import html_table

        columns = np.arange(self.n_terms, dtype=np.int32)
        tops = [zip(*largest(columns, row, 10), strict=True) for row in self.matrix]
        return html_table(repr(self), [[(self.vocabulary[w], float(p)) for w, p in top] for top in tops])


def _real(values: Any, what: str) -> npt.NDArray[Any]:  # noqa: ANN401 - a number or an array
    """The values as they are. Raises DataError for others than real numbers; NumPy would drop imaginary parts."""
    found = np.asarray(values)
    if found.dtype.kind not in "biuf":
        raise DataError(f"{what} must hold real numbers, got values of type {found.dtype}")
    return found


def _check_matrix(matrix: Floats, n_terms: int) -> None:
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise DataError(
            f"a topic-word matrix must have a row a topic and a column a term, got {matrix.shape}"
        )
    if matrix.shape[1] != n_terms:
        transposed = "; it seems to be transposed" if matrix.shape[0] == n_terms else ""
        raise DataError(
            f"the vocabulary must name the {matrix.shape[1]} columns of the topic-word matrix, "
            f"got {n_terms} terms{transposed}"
        )
    bad = ~(np.isfinite(matrix) & (matrix >= 0))
    if bad.any():
        k, w = np.unravel_index(int(bad.argmax()), bad.shape)
        raise DataError(
            f"probabilities must be 0 or more, got {matrix[k, w]} in row {k}, column {w} of the topic-word matrix"
        )
    sums = matrix.sum(axis=1)
    off = np.flatnonzero(np.abs(sums - 1) > ROW_SUM_TOLERANCE)
    if len(off):
        others = f" (and {len(off) - 1} more rows do not)" if len(off) > 1 else ""
        raise DataError(
            f"each row of a topic-word matrix must sum to 1, row {off[0]} sums to {sums[off[0]]:.6g}{others}; "
            "divide each row by its sum"
        )


def _check_alpha(alpha: Any, n_topics: int) -> Floats:  # noqa: ANN401 - a number or an array
    found = np.asarray(_real(alpha, "alpha"), dtype=np.float64)
    if found.size == 1:
        found = np.full(n_topics, found.ravel()[0])
    if found.shape != (n_topics,):
        raise DataError(f"alpha must have one entry, or one per topic ({n_topics}), got shape {found.shape}")
    if not (np.isfinite(found) & (found > 0)).all():
        k = int((~(np.isfinite(found) & (found > 0))).argmax())
        raise DataError(f"alpha must be positive and finite, got {found[k]} for topic {k}")
    return found


def read_topic_matrix(topic_word: str | Path, vocabulary: str | Path, alpha: str | float) -> TopicMatrix:
    """Read a matrix (K, V) from .npy, or sparse from SciPy's .npz; terms, one a line; alpha, a number or .npy.

    Raises DataError: a file is missing or damaged, or its content is refused by `TopicMatrix`.
    """
    from lda.corpus.readers.pipes import PipeStore
    from lda.corpus.readers.vocabulary_file import read_vocabulary

    with PipeStore() as pipes:
        terms = read_vocabulary(pipes.stored(vocabulary))
        return TopicMatrix(
            matrix=_read_matrix(Path(pipes.stored(topic_word)), len(terms)),
            vocabulary=terms,
            alpha=_read_alpha(pipes.stored(alpha) if isinstance(alpha, str) else alpha),
        )


def _read_alpha(alpha: str | Path | float) -> Floats:
    try:
        return np.array(float(alpha))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return _read_array(Path(str(alpha)))


def _read_matrix(path: Path, n_terms: int) -> Floats:
    """(K, V). A sparse one has no row without entries, so that its size is known before it is made dense."""
    if path.suffix != ".npz":
        return _read_array(path)
    from scipy.sparse import load_npz

    from lda.corpus.readers.count_batches import canonical
    from lda.corpus.readers.npz import check_structure

    with _refused(path, ".npz"):
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            check_archive(archive, file.seek(0, os.SEEK_END))
        found: Any = load_npz(path)
        if found.dtype.kind not in "biuf":
            raise ValueError(f"its entries are of type {found.dtype}")
        check_structure(found)
        found = canonical(found)
        large = found.shape[0] * found.shape[1] > ALWAYS_DENSE
        if large and (found.shape[1] != n_terms or found.shape[0] > found.nnz):
            raise ValueError(f"its shape is {found.shape}, with {found.nnz} entries, for {n_terms} terms")
        return np.asarray(found.toarray(), dtype=np.float64)


def _read_array(path: Path) -> Floats:
    with _refused(path, ".npy"), path.open("rb") as file:
        return np.asarray(read_array(file, path.stat().st_size), dtype=np.float64)


@contextmanager
def _refused(path: Path, kind: str) -> Iterator[None]:
    try:
        if path.exists() and not path.is_file():  # a FIFO would keep us waiting
            raise ValueError("it is no file")
        yield
    except FileNotFoundError as error:
        raise DataError(f"{path} does not exist; name a file of NumPy (.npy)") from error
    except (*DAMAGED_ARCHIVE, TypeError, AttributeError, MemoryError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(f"{path} is no array of numbers in NumPy's format ({kind}): {reason:.200}") from error
