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
from lda.corpus.readers.annotated import annotated_counts, is_annotated
from lda.corpus.readers.count_batches import canonical, expand_rows
from lda.corpus.readers.dataframes import of_arrow, table_parts
from lda.corpus.readers.token_lists import kind_of_items, token_batches
from lda.corpus.storage.places import is_uri
from lda.corpus.terms import MAX_TERMS, check_terms, default_terms, term_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from lda.corpus.text.recipe import Recipe


def as_corpus(
    X: object,
    *,
    vocabulary: object = None,
    ids: Sequence[object] | None = None,
    layer: str | None = None,
    allow_empty: bool = False,
) -> Corpus:
    """Make a corpus of a Python object; matrices keep the order of their columns.

    Args:
        X: counts (documents, terms) as any SciPy sparse matrix or array, NumPy array or whatever becomes one
            (`__array__`), a list of rows, a DataFrame of pandas or polars, a pyarrow Table or whatever hands one
            out (`__arrow_c_stream__`: DuckDB, Ibis; columns are the vocabulary), or an AnnData, in memory or backed
            (`var_names` are the vocabulary, `obs_names` the ids, `obs` is metadata); token lists
            `[["a", "b"], ["b"]]`, also as a column of any of these libraries; a gensim corpus of (id, count) pairs,
            streamed or not; the path of a corpus folder; a Corpus, which is returned as it is.
        vocabulary: names of the columns: a sequence of V strings, a gensim Dictionary, a dict of term to id
            or of id to term, or a file with one term a line. Without it the names that a gensim corpus brings along
            (`id2word`), else "0", "1", ...
        ids: (D,) names of the documents. Without it the index of the table, else "0", "1", ...
        layer: of an AnnData, where the counts are: the name of a layer, or "raw"; None is its X.
        allow_empty: accept a corpus without a single token, as the documents of a prediction may be.

    Raises:
        DataError: a count is negative, fractional or NaN, names do not fit, or there are no tokens at all. A warning
            tells of a Dictionary that has counted other documents.
        TypeError: the kind of object is wrong; the message says how to convert it.
    """
    if layer is not None and not is_annotated(X):
        raise TypeError(
            f"only an AnnData has layers, got a {type(X).__name__}; leave out layer={layer!r:.60}"
        )
    if isinstance(X, Corpus | str | Path):
        if vocabulary is not None:
            raise TypeError(
                "vocabulary names the columns of counts; a corpus brings its own words, so leave it out"
            )
        return X if isinstance(X, Corpus) else _open_path(X)
    if is_annotated(X):
        found = annotated_counts(X, layer)
        return _from_matrix(
            found.matrix,
            found.terms if vocabulary is None else vocabulary,
            found.ids if ids is None else ids,
            allow_empty,
            metadata=found.metadata,
            check=found.check,
        )
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


def _from_matrix(
    matrix: Any,  # noqa: ANN401
    vocabulary: object,
    ids: Sequence[object] | None,
    allow_empty: bool,
    *,
    metadata: pa.Table | None = None,
    check: Callable[[Any], None] | None = None,
) -> Corpus:
    """metadata: a row a document. check: shown the counts in canonical CSR, to refuse them with more to say."""
    n_documents, n_terms = matrix.shape
    if not n_documents or not n_terms:
        missing = (
            "sample(s)" if not n_documents else "feature(s)"
        )  # scikit-learn's words for rows and columns
        raise DataError(
            f"counts must have at least one row and one column, got 0 {missing} (shape={matrix.shape}) "
            "while a minimum of 1 is required. Check the input"
        )
    if n_terms > MAX_TERMS:
        raise DataError(f"a corpus has at most {MAX_TERMS} columns, got {n_terms}; is the matrix transposed?")
    terms = (
        [str(i) for i in range(n_terms)] if vocabulary is None else resolve_vocabulary(vocabulary, n_terms)
    )
    assembler = Assembler(None, terms=check_terms(terms, n_terms), ordered=False)
    counts = canonical(matrix)
    if check is not None:
        check(counts)
    for batch in expand_rows(counts, _names(ids, n_documents), metadata=metadata):
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
    if type(vocabulary).__name__ == "FakeDict":  # what gensim has where there are no names
        return default_terms(len(vocabulary))
    mapping = getattr(vocabulary, "token2id", vocabulary)
    if not hasattr(mapping, "__iter__"):
        raise TypeError(
            "a vocabulary must be a list of terms, a Dictionary or dict of their numbers, or a file, got "
            f"{type(vocabulary).__name__}"
        )
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
            f"a dictionary must number its terms 0 ... {size - 1}, got none for {missing}; "
            "compactify() it, and make the corpus with it anew"
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
    from lda.corpus.readers.bow import check_same_names, items_of, names_in, tell_of_other_documents

    own = names_in(X)
    names = own if vocabulary is None else vocabulary
    terms = None if names is None else resolve_vocabulary(names)
    if vocabulary is not None and own is not None:
        check_same_names(terms or [], resolve_vocabulary(own))
    kind, documents, pairs = items_of(X, None if terms is None else len(terms))
    if kind == "counts":
        from lda.corpus.readers.token_lists import rows_to_csr

        return _from_matrix(rows_to_csr(documents), terms, ids, allow_empty)
    if pairs is not None:
        tell_of_other_documents(names, pairs)
        return _from_matrix(pairs, terms, ids, allow_empty)
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
