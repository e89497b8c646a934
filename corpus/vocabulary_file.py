"""Vocabulary files: one term a line, the line number is the term's id."""

from __future__ import annotations

from pathlib import Path

from lda.corpus.counts import check_terms
from lda.corpus.errors import DataError
from lda.corpus.pipes import PipeStore
from lda.corpus.reader import ReadOptions
from lda.corpus.sources import COMPRESSED_SUFFIXES, numbered_lines


def read_vocabulary(path: str | Path, options: ReadOptions | None = None) -> list[str]:
    """Read the terms; of a pipe, once.

    Raises:
        DataError: the file is missing or empty, or has an empty line or a repeated term.
    """
    with PipeStore() as pipes:
        return _read(Path(pipes.stored(path)), options or ReadOptions())


def _read(file: Path, options: ReadOptions) -> list[str]:
    if file.is_dir():
        raise DataError(f"the vocabulary {file} is a folder; name a file with one term a line")
    terms = [line.strip() for _, line in numbered_lines(file, options)]
    if not any(terms):
        raise DataError(f"the vocabulary {file} is empty; it needs one term a line")
    while not terms[-1]:  # blank lines at the end of a file name nothing
        terms.pop()
    if "" in terms:
        raise DataError(
            f"the vocabulary {file} has an empty line ({terms.index('') + 1}); every id needs a term"
        )
    return check_terms(terms, len(terms), f"the vocabulary {file}")


def find_vocabulary(path: Path) -> Path | None:
    """The vocabulary beside a file of counts, by the usual names; None when there is none.

    `docword.X.txt` goes with `vocab.X.txt`; `X.ldac` (`X.mtx`, `X.npz`, ...) with `X.vocab`, `X.tokens`,
    `X.terms`, `X.vocab.txt`, `X_vocab.txt` or with `vocab.txt`; all of them packed or not.
    """
    plain = next((path.name.removesuffix(s) for s in COMPRESSED_SUFFIXES if path.name.endswith(s)), path.name)
    stem = plain.rsplit(".", 1)[0]
    if "docword" in plain:
        names = [plain.replace("docword", "vocab", 1)]
    else:
        endings = (".vocab", ".tokens", ".terms", ".vocab.txt", "_vocab.txt")
        names = [*(stem + ending for ending in endings), *(plain + ending for ending in endings), "vocab.txt"]
    candidates = (path.with_name(name + packed) for name in names for packed in ("", *COMPRESSED_SUFFIXES))
    return next((file for file in candidates if file.is_file()), None)


def vocabulary_for(path: Path, options: ReadOptions) -> list[str] | None:
    """Terms of the file that was given or else found beside `path`; None when there is none."""
    file = options.vocabulary or find_vocabulary(path)
    return None if file is None else read_vocabulary(file, options)
