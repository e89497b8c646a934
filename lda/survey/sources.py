"""Where the documents of a survey come from: files, finished corpora, objects of Python."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa

from lda.corpus import Corpus, Recipe, as_corpus
from lda.corpus.arrow import pc, string_list, strings
from lda.corpus.errors import DataError
from lda.corpus.metadata import to_table
from lda.corpus.readers.raw_texts import raw_text_batches
from lda.corpus.stream import iter_corpus, iter_documents, iter_texts, keeps_order
from lda.corpus.terms import is_missing
from lda.evaluation.documents import batches_of, kept

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lda.corpus import DocumentBatch
    from lda.corpus.text.tokenizer import Tokenizer
    from lda.evaluation.topic_model import TopicModel


class DocumentSource(Protocol):
    """Documents that can be read once, a batch at a time."""

    @property
    def corpus_hash(self) -> str | None:
        """Content hash of a finished corpus; None for raw documents."""
        ...

    @property
    def ordered(self) -> bool:
        """Whether words come in the order of the text; counts have none."""
        ...

    @property
    def recipe(self) -> Recipe | None:
        """How texts become words; None where that is not known, or there are no texts."""
        ...

    @property
    def tokenizer(self) -> Tokenizer | str | None:
        """The function that cuts texts, in place of the recipe's pattern."""
        ...

    def batches(
        self, model: TopicModel, *, threads: int | None, batch_documents: int
    ) -> Iterator[DocumentBatch]:
        """The documents in their order, in the model's term ids, with texts and metadata where there are any.

        Raises:
            DataError: the documents are missing or damaged; also while batches are taken.
        """
        ...


class CorpusDocuments:
    """The documents of a corpus that was built before: words, ids and metadata, but no texts."""

    recipe: Recipe | None = None
    tokenizer: Tokenizer | str | None = None

    def __init__(self, corpus: Corpus, *, where: str | None = None) -> None:
        """where: a condition that documents must fulfil; None takes all."""
        self._corpus, self._where = corpus, where

    @property
    def corpus_hash(self) -> str | None:
        """See `DocumentSource`; None where they are only some."""
        return self._corpus.content_hash if self._where is None else None

    @property
    def ordered(self) -> bool:
        """See `DocumentSource`."""
        return self._corpus.ordered

    def batches(
        self, model: TopicModel, *, threads: int | None, batch_documents: int
    ) -> Iterator[DocumentBatch]:
        """See `DocumentSource`."""
        return iter_corpus(
            self._corpus, model.vocabulary, batch_documents=batch_documents, keep=True, where=self._where
        )


class FileDocuments:
    """The documents of files, as they are read for prediction."""

    corpus_hash: str | None = None

    def __init__(
        self,
        inputs: Sequence[str | Path],
        *,
        recipe: Recipe,
        tokenizer: Tokenizer | str | None,
        ordered: bool,
        **options: Any,  # noqa: ANN401 - those of `iter_documents`
    ) -> None:
        self._inputs, self._options = inputs, options
        self.recipe: Recipe | None = recipe
        self.tokenizer = tokenizer
        self.ordered = ordered

    def batches(
        self, model: TopicModel, *, threads: int | None, batch_documents: int
    ) -> Iterator[DocumentBatch]:
        """See `DocumentSource`."""
        return iter_documents(
            self._inputs,
            recipe=self.recipe,
            tokenizer=self.tokenizer,
            vocabulary_terms=model.vocabulary,
            threads=threads,
            batch_documents=batch_documents,
            keep=True,
            **self._options,
        )


def documents_in_files(
    inputs: Sequence[str | Path],
    *,
    recipe: Recipe,
    format: str = "auto",  # noqa: A002
    vocabulary: str | Path | None = None,
    tokenizer: Tokenizer | str | None = None,
    encoding: str = "utf-8",
    errors: str = "strict",
    layer: str | None = None,
    require_id: bool = True,
    on_error: str = "stop",
    max_errors: float | str | None = None,
    skipped: str | Path | None = None,
    where: str | None = None,
) -> DocumentSource:
    """The documents of files, or of one finished corpus (a folder or a URI).

    Args:
        inputs: files and folders, or one corpus. A pipe can only be read once, and is to be stored before.
        recipe: that of the model, with the fields of text and id.
        format: as for `iter_documents`, like the others.
        vocabulary: names of the columns of counts.
        tokenizer: the function that cut the model's text, if one did, or where it is imported from.
        encoding: of text files.
        errors: what becomes of bytes that cannot be decoded.
        layer: of AnnData files, where the counts are; None is X.
        require_id: whether the recipe's id field must be there.
        on_error: "stop" at a bad record, or "skip" it.
        max_errors: how many may be skipped.
        skipped: file to list them in.
        where: a condition that they must fulfil, see `lda.read_corpus`; None takes all.

    Raises:
        DataError: an input is missing, is neither text nor counts, or is a corpus among others or with a layer.
    """
    from lda.corpus.build import only_corpus

    built = only_corpus(inputs, layer)
    if built is not None:
        return CorpusDocuments(Corpus.open(built), where=where)
    return FileDocuments(
        inputs,
        recipe=recipe,
        tokenizer=tokenizer,
        ordered=keeps_order(inputs, format),
        format=format,
        vocabulary=vocabulary,
        encoding=encoding,
        errors=errors,
        layer=layer,
        require_id=require_id,
        on_error=on_error,
        max_errors=max_errors,
        skipped=skipped,
        where=where,
    )


class ObjectDocuments:
    """Documents that Python holds, with texts and further columns beside them."""

    def __init__(
        self,
        X: object,
        *,
        texts: Iterable[str | None] | None,
        metadata: pa.Table | None,
        ids: Sequence[object] | None,
        recipe: Recipe | None,
        tokenizer: Tokenizer | str | None,
    ) -> None:
        self._X, self._texts, self._metadata, self._ids = X, texts, metadata, ids
        self.recipe, self.tokenizer = recipe, tokenizer
        corpus = None if X is None else as_corpus(X, allow_empty=True)
        self.ordered = corpus is None or corpus.ordered
        if self.ordered and corpus is not None:
            self._X = corpus
        self._given = X if isinstance(X, Corpus) else None

    @property
    def corpus_hash(self) -> str | None:
        """See `DocumentSource`; of a Corpus, which others may open again."""
        return None if self._given is None else self._given.content_hash

    def batches(
        self, model: TopicModel, *, threads: int | None, batch_documents: int
    ) -> Iterator[DocumentBatch]:
        """See `DocumentSource`."""
        if self._X is None:
            batches = iter_texts(
                self._texts if self._texts is not None else (),
                recipe=self.recipe or Recipe(),
                tokenizer=self.tokenizer,
                vocabulary_terms=model.vocabulary,
                threads=threads,
                keep=True,
            )
        else:
            batches = batches_of(model, self._X, keep=True, tell=True, batch_documents=batch_documents)
        return self._with_columns(batches)

    def _with_columns(self, batches: Iterator[DocumentBatch]) -> Iterator[DocumentBatch]:
        beside = None if self._texts is None or self._X is None else _in_turn(self._texts)
        done = 0
        for batch in batches:
            n = len(batch.ids)
            if beside is not None:
                texts = list(islice(beside, n))
                self._check("texts", done + len(texts), done + n)
                batch = batch._replace(texts=strings(texts))  # noqa: PLW2901
            if self._metadata is not None:
                self._check("metadata", min(self._metadata.num_rows, done + n), done + n)
                batch = batch._replace(metadata=self._metadata.slice(done, n))  # noqa: PLW2901
            if self._ids is not None:
                names = [str(name) for name in self._ids[done : done + n]]
                self._check("ids", done + len(names), done + n)
                batch = batch._replace(ids=names)  # noqa: PLW2901
            done += n
            yield batch
        if beside is not None:
            self._check("texts", done + sum(1 for _ in beside), done)
        if self._metadata is not None:
            self._check("metadata", self._metadata.num_rows, done)
        if self._ids is not None:
            self._check("ids", len(self._ids), done)

    @staticmethod
    def _check(what: str, got: int, n_documents: int) -> None:
        if got != n_documents:
            relation = "fewer" if got < n_documents else "more"
            raise DataError(f"{what} must have one entry a document, got {relation} than documents ({got:,})")


def _in_turn(texts: Iterable[str | None]) -> Iterator[str]:
    """The texts one by one, whatever holds them; missing ones are empty. Raises TypeError at what is no text."""
    for batch in raw_text_batches(texts):
        yield from string_list(batch.texts)


def documents_of(
    X: object = None,
    *,
    texts: Any = None,  # noqa: ANN401 - any iterable of strings
    metadata: Any = None,  # noqa: ANN401 - a table of any library
    ids: Sequence[object] | None = None,
    recipe: Recipe | None = None,
    tokenizer: Tokenizer | str | None = None,
) -> DocumentSource:
    """Documents that Python holds.

    Args:
        X: everything that `lda.as_corpus` takes; None to cut `texts` into words by `recipe`. The `obs` of an object
            like AnnData are its metadata.
        texts: (D,) strings in a list, a column or, where X is None, a generator: the documents as they are to be read;
            None where there are only words.
        metadata: further columns: a table of D rows of pandas, polars or Arrow, or a dict of columns. It goes before
            what a Corpus has itself.
        ids: (D,) names of the documents, in place of those that X has.
        recipe: that of the model, for texts; None if it is not known.
        tokenizer: the function that cut the model's text, if one did, or where it is imported from.

    Raises:
        TypeError: there are no documents at all, or metadata is no table.
        DataError: there is no corpus at the path X.
    """
    from pathlib import Path

    if X is None and texts is None:
        raise TypeError(
            "a survey needs documents, got neither X nor texts; give what the model was fitted to"
        )
    if isinstance(X, str | Path):
        X = as_corpus(X)
    if isinstance(X, Corpus) and texts is None and metadata is None and ids is None:
        return CorpusDocuments(X)
    if metadata is None and hasattr(X, "obs") and hasattr(X, "var_names"):
        metadata = X.obs
    return ObjectDocuments(
        kept(X),
        texts=texts,
        metadata=None if metadata is None else table_of(metadata),
        ids=ids,
        recipe=recipe,
        tokenizer=tokenizer,
    )


def table_of(metadata: Any) -> pa.Table:  # noqa: ANN401 - duck-typed on purpose
    """A table of pandas, polars or Arrow, or a dict of columns, as a table of Arrow.

    Raises:
        TypeError: it is none of these.
    """
    if isinstance(metadata, pa.Table | pa.RecordBatch):
        columns: list[Any] = list(metadata.columns)
        return pa.table(
            {name: _plain(column) for name, column in zip(metadata.schema.names, columns, strict=True)}
        )
    if isinstance(metadata, Mapping):
        return to_table({str(name): _listed(values) for name, values in metadata.items()})
    if hasattr(metadata, "iloc") and hasattr(metadata, "columns"):  # pandas, of which the index is no column
        for name, kind in metadata.dtypes.items():
            if str(kind).startswith("period["):  # of which Arrow has the numbers alone
                column = metadata[name]
                metadata = metadata.assign(**{str(name): column.astype(str).where(column.notna(), None)})
        try:
            return table_of(pa.Table.from_pandas(metadata, preserve_index=False))
        except pa.ArrowException:  # columns of mixed kinds
            return to_table({str(name): _listed(metadata[name]) for name in metadata.columns})
    if hasattr(metadata, "__arrow_c_stream__"):
        return table_of(pa.table(metadata))
    raise TypeError(
        f"metadata must be a table of pandas, polars or Arrow, or a dict of columns, got {type(metadata).__name__}; "
        "convert it"
    )


def _listed(values: Iterable[object]) -> list[object]:
    return [None if is_missing(value) else value for value in values]


def _plain(column: Any) -> Any:  # noqa: ANN401 - any type
    """A column without dictionaries and views, which Arrow can hand out but not work with."""
    if isinstance(column, pa.ChunkedArray):
        chunked: Any = column
        kind = chunked.type.value_type if pa.types.is_dictionary(chunked.type) else chunked.type
        wanted: Any = pa.large_string() if pa.types.is_string_view(kind) else kind
        return pa.chunked_array([_plain(chunk) for chunk in chunked.chunks], type=wanted)
    if pa.types.is_dictionary(column.type):
        return _plain(column.dictionary).take(column.indices)
    return pc.cast(column, pa.large_string()) if pa.types.is_string_view(column.type) else column
