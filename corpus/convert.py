"""`as_corpus`: anything a Python programmer holds, as a corpus."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from lda.corpus.arrow import is_text
from lda.corpus.assembly.assembler import Assembler
from lda.corpus.batches import TokenBatch
from lda.corpus.corpus import Corpus
from lda.corpus.errors import DataError
from lda.corpus.readers.count_batches import canonical, expand_rows
from lda.corpus.readers.dataframes import of_arrow, table_parts
from lda.corpus.readers.token_lists import kind_of_items, token_batches
from lda.corpus.storage.places import is_uri
from lda.corpus.terms import MAX_TERMS, check_terms, term_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lda.corpus.text.recipe import Recipe


def as_corpus(
    X: object,
    *,
    vocabulary: object = None,
    ids: Sequence[object] | None = None,
    allow_empty: bool = False,
) -> Corpus:
    """Make a corpus of a Python object; matrices keep the order of their columns.

    Args:
        X: counts (documents, terms) as any SciPy sparse matrix or array, NumPy array or whatever becomes one
            (`__array__`), a list of rows, a DataFrame of pandas or polars, a pyarrow Table or whatever hands one
            out (`__arrow_c_stream__`: DuckDB, Ibis; columns are the vocabulary), or an object like AnnData (`X`,
            `var_names`, `obs_names`); token lists `[["a", "b"], ["b"]]`, also as a column of any of these
            libraries; a gensim corpus of (id, count) pairs; the path of a corpus folder; a Corpus, which is
            returned as it is.
        vocabulary: names of the columns: a sequence of V strings, a gensim Dictionary, a dict of term to id
            or of id to term, or a file with one term a line. Without it "0", "1", ...
        ids: (D,) names of the documents. Without it the index of the table, else "0", "1", ...
        allow_empty: accept a corpus without a single token, as the documents of a prediction may be.

    Raises:
        DataError: a count is negative, fractional or NaN, names do not fit, or there are no tokens at all.
        TypeError: the kind of object is wrong; the message says how to convert it.
    """
    if isinstance(X, Corpus):
        return X
    if isinstance(X, str | Path):
        return _open_path(X)
    if hasattr(X, "X") and hasattr(X, "var_names"):  # AnnData: cells are documents, genes or peaks are terms
        names = list(X.var_names) if vocabulary is None else vocabulary
        rows = list(X.obs_names) if ids is None and hasattr(X, "obs_names") else ids
        return as_corpus(X.X, vocabulary=names, ids=rows, allow_empty=allow_empty)
    X = of_arrow(X)
    parts = table_parts(X)
    if parts is not None:
        names = parts.terms if vocabulary is None else vocabulary
        return _from_matrix(parts.matrix, names, parts.ids if ids is None else ids, allow_empty)
    return _from_items(X, vocabulary, ids, allow_empty)


def has_all_columns(X: object) -> bool:
    """Whether counts X have a column for each term; pairs know only the highest id that occurs, as may a Corpus."""
    if isinstance(X, Corpus | str | Path):
        return False
    if any(hasattr(X, name) for name in ("shape", "__array__", "__arrow_c_stream__")):
        return True
    return isinstance(X, list | tuple) and kind_of_items(X)[1] == "counts"


def _open_path(path: str | Path) -> Corpus:
    if (
        isinstance(path, str)
        and not is_uri(path)
        and not Path(path).exists()
        and (" " in path or "\n" in path)
    ):
        raise TypeError("as_corpus got one string, which it takes for a path; give a list of token lists")
    return Corpus.open(path)


def _from_matrix(matrix: Any, vocabulary: object, ids: Sequence[object] | None, allow_empty: bool) -> Corpus:  # noqa: ANN401
    n_documents, n_terms = matrix.shape
    if not n_documents or not n_terms:
        raise DataError(
            f"counts must have at least one row and one column, got the shape {matrix.shape}; check the input"
        )
    if n_terms > MAX_TERMS:
        raise DataError(f"a corpus has at most {MAX_TERMS} columns, got {n_terms}; is the matrix transposed?")
    terms = (
        [str(i) for i in range(n_terms)] if vocabulary is None else resolve_vocabulary(vocabulary, n_terms)
    )
    assembler = Assembler(None, terms=check_terms(terms, n_terms), ordered=False)
    for batch in expand_rows(canonical(matrix), _names(ids, n_documents)):
        assembler.add(batch)
    return assembler.finish(allow_empty=allow_empty).in_memory()


def resolve_vocabulary(vocabulary: Any, n_terms: int | None = None) -> list[str]:  # noqa: ANN401 - many kinds, see as_corpus
    """The terms in the order of their ids, from any of the forms `as_corpus` takes.

    Raises:
        DataError: ids are missing from a dictionary, or the file is unusable.
    """
    if isinstance(vocabulary, str | Path):
        from lda.corpus.readers.vocabulary_file import read_vocabulary

        return read_vocabulary(vocabulary)
    mapping = getattr(vocabulary, "token2id", vocabulary)
    # A pandas Series has items, but is a sequence.
    if not hasattr(mapping, "items") or hasattr(mapping, "iloc"):
        return [term_name(term, number) for number, term in enumerate(vocabulary)]
    pairs = [
        (key, value) if isinstance(value, int | np.integer) else (value, key)
        for key, value in mapping.items()
    ]
    by_id = {int(number): term_name(term, int(number)) for term, number in pairs}
    size = n_terms if n_terms is not None and n_terms > len(by_id) else len(by_id)
    missing = next((number for number in range(size) if number not in by_id), None)
    if missing is not None:
        raise DataError(
            f"a dictionary must number its terms 0 ... {size - 1}, got none for {missing}; compactify() it"
        )
    return [by_id[number] for number in range(size)]


def _names(ids: Iterable[object] | None, n_documents: int) -> pa.Array[Any]:
    names = [str(i) for i in (range(n_documents) if ids is None else ids)]
    bad = next((row for row, name in enumerate(names) if not is_text(name)), None)
    if bad is not None:
        raise DataError(
            f"ids must be text, got {names[bad]!r:.80} for document {bad}, half of a surrogate pair"
        )
    if len(names) != n_documents:
        raise DataError(
            f"ids must name each of the {n_documents} documents, got {len(names)}; give one per document"
        )
    return pa.array(names, pa.large_string())


def _from_items(X: Any, vocabulary: object, ids: Sequence[object] | None, allow_empty: bool) -> Corpus:  # noqa: ANN401
    documents, kind = kind_of_items(X)
    if kind == "counts":
        from lda.corpus.readers.token_lists import rows_to_csr

        return _from_matrix(rows_to_csr(documents), vocabulary, ids, allow_empty)
    if kind == "pairs":
        from lda.corpus.readers.token_lists import pairs_to_csr

        terms = None if vocabulary is None else resolve_vocabulary(vocabulary)
        return _from_matrix(
            pairs_to_csr(documents, None if terms is None else len(terms)), terms, ids, allow_empty
        )
    if vocabulary is not None:
        raise TypeError(
            "vocabulary names the columns of counts; token lists bring their own words, so leave it out"
        )
    return corpus_of_tokens(token_batches(documents, _names(ids, len(documents))), allow_empty=allow_empty)


def corpus_of_tokens(
    batches: Iterable[TokenBatch], recipe: Recipe | None = None, *, allow_empty: bool = False
) -> Corpus:
    """Corpus in memory of batches of tokens in the order of the text."""
    assembler = Assembler(recipe, ordered=True)
    for batch in batches:
        assembler.add(batch)
    return assembler.finish(allow_empty=allow_empty).in_memory()
