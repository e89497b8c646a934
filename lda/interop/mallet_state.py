"""MALLET's state of the sampler, `--output-state`: a gzipped text with a line for each token, read and written."""

from __future__ import annotations

import gzip
import zlib
from array import array
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import IO, TYPE_CHECKING, Any, Final

import numpy as np

from lda.corpus.errors import DataError
from lda.corpus.terms import joined_words
from lda.interop.java_numbers import java_double

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt

    Ints = npt.NDArray[np.int32]
    StateDocuments = tuple[npt.NDArray[np.int64], Ints, Ints]
    """Documents: offsets (D + 1,) from 0, words (N,) in the order of the text, and the topics (N,) of these."""

HEADER: Final = "#doc source pos typeindex type topic"
_ALPHA: Final = "#alpha : "
_BETA: Final = "#beta : "
_MOST_DOCUMENTS: Final = 1 << 48
_MOST_TERMS: Final = 1 << 31
_MORE_THAN_TOKENS: Final = 10**7
"""So many terms or documents without tokens are believed."""

_LONGEST_LINE: Final = 1 << 26
"""Bytes, of which alpha takes some 20 a topic: damaged or hostile files must not take all memory."""

_SMALLEST, _LARGEST = 1e-12, 1e12
"""Of alpha and beta, as for every fit."""

_REMEDY: Final = "give a file that --output-state has written"


@dataclass(frozen=True, slots=True, kw_only=True)
class MalletState:
    """The topics of all tokens, as a state file tells them, in its order: by document, and by place in the text.

    Attributes:
        path: where it was read, for messages.
        alpha: (K,) float64. beta: of each term.
        documents: (N,) int64, number of the document of each token, from 0. Empty documents have no line.
        words: (N,) int32, MALLET's own number of the term of each token: `terms` says which term that is.
        topics: (N,) int32.
        terms: by MALLET's numbers; "" for a number that no token has.
        sources: of each document that has tokens, by its number: what stands in the column `source`.
    """

    path: Path
    alpha: npt.NDArray[np.float64]
    beta: float
    documents: npt.NDArray[np.int64]
    words: Ints
    topics: Ints
    terms: list[str]
    sources: dict[int, str]

    @property
    def n_topics(self) -> int:
        """K."""
        return len(self.alpha)

    def topics_of(
        self, vocabulary: Sequence[str], doc_offsets: npt.NDArray[np.int64], words: npt.NDArray[np.int32]
    ) -> Ints:
        """The topics of the tokens of these documents, which must be those of the state.

        Args:
            vocabulary: V terms.
            doc_offsets: (D + 1,) int64 from 0: all documents, in the order of the state.
            words: (N,) int32 term numbers, in any order within a document: of tokens of one term the first gets the
                topic of the first.

        Returns:
            (N,) int32 topics.

        Raises:
            DataError: a document has other words than in the state, or there are more or fewer of them.
        """
        n_documents = len(doc_offsets) - 1
        last = int(self.documents[-1]) if len(self.documents) else -1
        if last >= n_documents:
            raise DataError(
                f"{self.path} tells of a document {last} (from 0), but the corpus has {n_documents}; "
                "give the documents that the state was made of"
            )
        numbers = {word: number for number, word in enumerate(joined_words(vocabulary))}
        translated = np.array([numbers.get(term, -1) for term in self.terms], dtype=np.int64)
        theirs = translated[self.words] if len(self.words) else np.zeros(0, dtype=np.int64)
        ours = np.repeat(np.arange(n_documents, dtype=np.int64), np.diff(doc_offsets))
        if len(unknown := np.flatnonzero(theirs < 0)):
            at = int(unknown[0])
            raise self._differs(int(self.documents[at]), f"the word {self.terms[self.words[at]]!r:.60}")
        lengths = np.bincount(self.documents, minlength=n_documents)
        if len(wrong := np.flatnonzero(lengths != np.diff(doc_offsets))):
            document = int(wrong[0])
            has = int(doc_offsets[document + 1] - doc_offsets[document])
            raise self._differs(document, f"{lengths[document]} tokens for {has}")
        # Sorting is stable, so tokens of one term in one document stay in their order on both sides.
        by_theirs = np.lexsort((theirs, self.documents))
        by_ours = np.lexsort((words, ours))
        if len(wrong := np.flatnonzero(theirs[by_theirs] != words[by_ours])):
            at = int(by_theirs[wrong[0]])
            raise self._differs(
                int(self.documents[at]), f"another number of {self.terms[self.words[at]]!r:.60}"
            )
        topics = np.empty(len(words), dtype=np.int32)
        topics[by_ours] = self.topics[by_theirs]
        return topics

    def _differs(self, document: int, how: str) -> DataError:
        return DataError(
            f"{self.path}: document {document} (from 0) has {how} there, which the corpus has not; read the documents "
            "as they were for the state, with the same options"
        )


def read_state(path: Path) -> MalletState:
    """Read a state file, packed or not.

    Raises:
        DataError: it is cut off, damaged or no such file; a topic is none of the header's; a term has two numbers, or
            a number two terms; documents do not ascend.
    """
    lines = _lines(path)
    alpha, beta = _header(path, lines)
    documents, numbers, topics = array("q"), array("i"), array("i")
    terms: dict[int, str] = {}
    known: dict[str, int] = {}
    sources: dict[int, str] = {}
    before = -1
    for line_number, line in lines:
        try:
            # From the right: a source may be a path with blanks.
            head, _, number_text, word, topic_text = line.rsplit(" ", 4)
            document_text, source = head.split(" ", 1)
            document, number, topic = int(document_text), int(number_text), int(topic_text)
        except ValueError:
            raise DataError(
                f"{path}, line {line_number} is not `doc source pos typeindex type topic`: {line!r:.60}; the file is "
                "damaged, or its words hold blanks"
            ) from None
        if not 0 <= topic < len(alpha):
            raise DataError(
                f"{path}, line {line_number}: the topic {topic} is none of the {len(alpha)} that the header has an "
                f"alpha for; {_REMEDY}"
            )
        if not before <= document < _MOST_DOCUMENTS or not 0 <= number < _MOST_TERMS:
            raise DataError(
                f"{path}, line {line_number}: documents must ascend from 0, and words have numbers from 0, got "
                f"document {document} after {before}, word {number}; {_REMEDY}"
            )
        if terms.setdefault(number, word) != word or known.setdefault(word, number) != number:
            raise DataError(
                f"{path}, line {line_number}: the word {word!r:.60} has the number {number} here, but another word or "
                f"number before; {_REMEDY}"
            )
        if document != before:
            sources[document] = source
            before = document
        documents.append(document)
        numbers.append(number)
        topics.append(topic)
    if not documents:
        raise DataError(f"{path} holds no token; {_REMEDY}")
    highest = max(terms)
    for what, number in (("word", highest), ("document", before)):
        if number > len(documents) + _MORE_THAN_TOKENS:  # a damaged number must not take all memory
            raise DataError(
                f"{path}: a {what} has the number {number}, of {len(documents)} tokens in all; {_REMEDY}"
            )
    return MalletState(
        path=path,
        alpha=alpha,
        beta=beta,
        documents=np.frombuffer(documents, dtype=np.int64),
        words=np.frombuffer(numbers, dtype=np.int32),
        topics=np.frombuffer(topics, dtype=np.int32),
        terms=[terms.get(number, "") for number in range(highest + 1)],
        sources=sources,
    )


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Lines with their numbers. Raises DataError for a file that is cut off, damaged or no text."""
    number = 0
    if path.exists() and not (path.is_file() or path.is_dir()):  # a pipe would keep us waiting
        raise DataError(f"{path} is a pipe or a device, which cannot be read twice; store it in a file first")
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
        with gzip.open(path, "rb") if packed else path.open("rb") as file:
            while line := file.readline(_LONGEST_LINE):
                number += 1
                if len(line) == _LONGEST_LINE:
                    raise DataError(
                        f"{path}, line {number} is longer than {_LONGEST_LINE >> 20} MiB, so it is no state of MALLET; "
                        f"{_REMEDY}"
                    )
                text = line.decode("utf-8")
                if not text.endswith("\n"):
                    raise DataError(f"{path} is cut off in line {number}; {_REMEDY} to its end")
                yield number, text.rstrip("\r\n")
    except EOFError:
        raise DataError(f"{path} is cut off after line {number}; {_REMEDY} to its end") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path} is damaged after line {number} ({error}); fetch it again") from None
    except UnicodeDecodeError:
        raise DataError(f"{path}, line {number} is not UTF-8; {_REMEDY}") from None
    except FileNotFoundError:
        raise DataError(f"there is no file {path}; check the name") from None
    except IsADirectoryError:
        raise DataError(f"{path} is a folder; {_REMEDY}") from None


def _header(path: Path, lines: Iterator[tuple[int, str]]) -> tuple[npt.NDArray[np.float64], float]:
    found = [line for _, line in zip(range(3), (text for _, text in lines), strict=False)]
    if len(found) < 3 or found[0] != HEADER:
        raise DataError(f"{path} does not begin with `{HEADER}`, so it is no state of MALLET; {_REMEDY}")
    if not found[1].startswith(_ALPHA) or not found[2].startswith(_BETA):
        raise DataError(f"{path} lacks its lines `{_ALPHA}...` and `{_BETA}...`; {_REMEDY}")
    try:
        alpha = np.array([float(number) for number in found[1].removeprefix(_ALPHA).split()])
        beta = float(found[2].removeprefix(_BETA))
    except ValueError as error:
        raise DataError(f"{path}: alpha and beta must be numbers ({error}); {_REMEDY}") from None
    priors = np.append(alpha, beta)
    if not len(alpha) or not np.all((priors >= _SMALLEST) & (priors <= _LARGEST)):
        raise DataError(
            f"{path}: alpha and beta must be positive, from {_SMALLEST:g} to {_LARGEST:g}; {_REMEDY}"
        )
    return alpha, beta


def write_state(
    path: Path,
    alpha: npt.NDArray[np.float64],
    beta: float,
    vocabulary: Sequence[str],
    batches: Iterable[StateDocuments],
) -> None:
    """Write a state file.

    Args:
        path: of the file, which is packed by gzip.
        alpha: (K,) float64.
        beta: of each term.
        vocabulary: V terms. Their type indices count them as they first appear: so MALLET numbers them, too, when it
            imports the same documents, and goes on from the file.
        batches: consecutive documents: offsets (D + 1,) int64 from 0, words (N,) int32 in the order of the text, and
            their topics (N,) int32.
    """
    with new_state(path, alpha, beta, vocabulary) as state:
        for batch in batches:
            state.add(*batch)


class StateWriter:
    """Writes a state document by document; see `write_state`."""

    def __init__(
        self,
        file: IO[bytes] | gzip.GzipFile,
        alpha: npt.NDArray[np.float64],
        beta: float,
        vocabulary: Sequence[str],
    ) -> None:
        """Write the header."""
        self._file, self._names = file, joined_words(vocabulary)
        self._texts: list[str | None] = [None] * len(self._names)
        self._n_seen = self._n_documents = 0
        priors = "".join(f"{java_double(a)} " for a in alpha.tolist())
        file.write(f"{HEADER}\n{_ALPHA}{priors}\n{_BETA}{java_double(beta)}\n".encode())

    def add(self, offsets: npt.NDArray[np.int64], words: Ints, topics: npt.NDArray[np.integer[Any]]) -> None:
        """Append documents, as one batch of `write_state`."""
        found, at = np.unique(words, return_index=True)
        for term in found[np.argsort(at)].tolist():
            if self._texts[term] is None:
                self._texts[term] = f" {self._n_seen} {self._names[term]} "
                self._n_seen += 1
        _write_documents(self._file, self._n_documents, offsets, words, topics, self._texts)
        self._n_documents += len(offsets) - 1


@contextmanager
def new_state(
    path: Path, alpha: npt.NDArray[np.float64], beta: float, vocabulary: Sequence[str]
) -> Iterator[StateWriter]:
    """A writer to a file that is whole behind the block; arguments as for `write_state`."""
    # Neither time nor name go into the head of the packed file: the same state is the same file.
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as file:
        yield StateWriter(file, alpha, beta, vocabulary)


def _write_documents(
    file: IO[bytes] | gzip.GzipFile,
    first: int,
    offsets: npt.NDArray[np.int64],
    words: npt.NDArray[np.int32],
    topics: npt.NDArray[np.integer[Any]],
    texts: list[str | None],
) -> None:
    bounds = offsets.tolist()
    for document, (low, high) in enumerate(pairwise(bounds), first):
        head = f"{document} NA "
        pairs = zip(words[low:high].tolist(), topics[low:high].tolist(), strict=True)
        lines = [f"{head}{place}{texts[word]}{topic}\n" for place, (word, topic) in enumerate(pairs)]
        file.write("".join(lines).encode())
