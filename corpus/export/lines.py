"""Lines of text made of a shard at a time, by Arrow: a loop in Python takes twenty times as long."""

from __future__ import annotations

import gzip
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
import pyarrow as pa

from lda.corpus.arrow import array, pc, string_list
from lda.corpus.errors import DataError
from lda.corpus.presentable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import numpy.typing as npt
    import scipy.sparse

    from lda.corpus.corpus import Corpus

GZIP_LEVEL: Final = 6
_LINE_ENDS: Final = re.compile(r"[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+")
_EMPTY: Final = pa.scalar("", pa.large_string())


class BinaryFile(Protocol):
    """What bytes can be written to."""

    def write(self, data: Any, /) -> object:  # noqa: ANN401 - bytes, or a view of some
        """Write them all."""
        ...


@contextmanager
def text_file(path: Path, *, packed: bool) -> Iterator[BinaryFile]:
    """A file to write, packed by gzip or not. The same content gives the same bytes: no hour stands in it."""
    with path.open("wb") as plain:
        if packed:
            with gzip.GzipFile(
                filename="", mode="wb", compresslevel=GZIP_LEVEL, fileobj=plain, mtime=0
            ) as file:
                yield file
        else:
            yield plain


def write_lines(file: BinaryFile, lines: Any) -> None:  # noqa: ANN401 - an Arrow array of strings
    """Write a line for each entry."""
    if not len(lines):
        return
    ended = pc.binary_join_element_wise(
        lines.cast(pa.large_string()), pa.scalar("\n", pa.large_string()), _EMPTY
    )
    _, offsets, data = ended.buffers()
    first, last = np.frombuffer(offsets, dtype=np.int64)[[ended.offset, ended.offset + len(ended)]]
    file.write(memoryview(data)[int(first) : int(last)])


def together(*parts: Any) -> Any:  # noqa: ANN401 - Arrow arrays and scalars of strings
    """The parts of each line, one after the other."""
    cast = [
        pa.scalar(part, pa.large_string()) if isinstance(part, str) else part.cast(pa.large_string())
        for part in parts
    ]
    return pc.binary_join_element_wise(*cast, _EMPTY)


def texts_of(numbers: npt.NDArray[np.integer]) -> Any:  # noqa: ANN401 - an Arrow array
    """Whole numbers as strings."""
    return array(numbers).cast(pa.large_string())


def joined_lists(offsets: npt.NDArray[np.int64], parts: Any) -> Any:  # noqa: ANN401 - Arrow arrays of strings
    """(n,) for each list its parts with blanks between them; "" for an empty one."""
    lists = pa.LargeListArray.from_arrays(array(offsets.astype(np.int64)), parts)
    return pc.binary_join(lists, pa.scalar(" ", pa.large_string()))


def shard_counts(corpus: Corpus) -> Iterator[scipy.sparse.csr_matrix]:
    """The counts of one shard after the other, (documents, V), with sorted indices."""
    import scipy.sparse

    for index in range(corpus.n_shards):
        shard = corpus.shard(index)
        shape = (len(shard.doc_offsets) - 1, corpus.n_terms)
        ones = np.ones(len(shard.words), dtype=np.int32)
        counts = scipy.sparse.csr_matrix((ones, shard.words.copy(), shard.doc_offsets.copy()), shape=shape)
        counts.sum_duplicates()
        yield counts


def n_entries(corpus: Corpus) -> int:
    """Pairs of a document and a term that it has."""
    return int(corpus.document_frequencies.sum())


def check_entries(corpus: Corpus, written: int) -> None:
    """See that as many entries were written as the head of the file says. Raises DataError."""
    if written != n_entries(corpus):
        raise DataError(
            f"the corpus is damaged: its vocabulary tells of {n_entries(corpus):,} pairs of document and term, and its "
            f"shards hold {written:,}; build it again"
        )


def write_terms(path: Path, corpus: Corpus, *, packed: bool) -> None:
    """Write the vocabulary, a term a line.

    Raises:
        DataError: a term is empty, or begins or ends with a blank, which readers of such files take away.
    """
    terms = corpus.vocabulary_table.column("term").combine_chunks()
    bad = next((term for term in string_list(terms) if not term or term != term.strip()), None)
    if bad is not None:
        raise DataError(
            f"a file with a term a line cannot hold the term {printable(bad)!r:.60}, for it is empty or has a blank at "
            "an end; choose another form (parquet or jsonl)"
        )
    with text_file(path, packed=packed) as file:
        write_lines(file, terms)


def write_ids(path: Path, corpus: Corpus, *, packed: bool) -> None:
    """Write the ids of the documents, one a line; a line end within one becomes a blank."""
    with text_file(path, packed=packed) as file:
        for batch in corpus.batches():
            names = string_list(batch.column("id"))
            write_lines(file, pa.array(on_one_line(names), pa.large_string()))


def on_one_line(names: Iterable[str]) -> list[str]:
    """The names, with a blank for line ends."""
    return [_LINE_ENDS.sub(" ", name) for name in names]
