"""File formats in which external programs take documents and give topics. NumPy is all it imports."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

Matrix = np.ndarray[Any, Any]


class Counts(NamedTuple):
    """Documents as a sparse matrix: indptr (D + 1,), indices and counts (nnz,); V terms are called w0, w1, ..."""

    indptr: Matrix
    indices: Matrix
    counts: Matrix
    n_terms: int

    def rows(self) -> Iterator[tuple[list[int], list[int]]]:
        """Terms and counts of each document."""
        for begin, end in zip(self.indptr[:-1], self.indptr[1:], strict=True):
            yield self.indices[begin:end].tolist(), self.counts[begin:end].tolist()


def write_ldac(docs: Counts, path: Path) -> None:
    """LDA-C: the number of distinct terms, then term:count, from 0."""
    with path.open("w", encoding="ascii") as file:
        for terms, counts in docs.rows():
            cells = (f"{w}:{n}" for w, n in zip(terms, counts, strict=True))
            file.write(" ".join([str(len(terms)), *cells]) + "\n")


def write_mallet(docs: Counts, path: Path) -> None:
    r"""MALLET's text: name, label and words; import it with --keep-sequence --token-regex '\S+'."""
    with path.open("w", encoding="ascii") as file:
        for number, (terms, counts) in enumerate(docs.rows()):
            words = (f"w{w}" for w, n in zip(terms, counts, strict=True) for _ in range(n))
            file.write(f"{number}\tx\t{' '.join(words)}\n")


def write_uci(docs: Counts, path: Path) -> None:
    """UCI's bag of words: D, V, NNZ, then document, term and count, from 1."""
    with path.open("w", encoding="ascii") as file:
        file.write(f"{len(docs.indptr) - 1}\n{docs.n_terms}\n{len(docs.indices)}\n")
        for number, (terms, counts) in enumerate(docs.rows(), start=1):
            file.writelines(f"{number} {w + 1} {n}\n" for w, n in zip(terms, counts, strict=True))


def write_npz(docs: Counts, path: Path) -> None:
    """A CSR matrix (D, V) as scipy.sparse.load_npz reads it."""
    shape = np.array([len(docs.indptr) - 1, docs.n_terms])
    with path.open("wb") as file:
        np.savez(file, indices=docs.indices, indptr=docs.indptr, format=b"csr", shape=shape, data=docs.counts)


def read_npy(path: Path, k: int, n_terms: int) -> Matrix:
    """A matrix (K, V), or (V, K), which is told by its shape; of a square one rows are topics."""
    return _upright(np.load(path, allow_pickle=False), k, n_terms)


def read_tsv(path: Path, k: int, n_terms: int) -> Matrix:
    """The same as text: numbers with blanks or tabs between, a row a line."""
    return _upright(np.loadtxt(path, ndmin=2), k, n_terms)


def read_triples(path: Path, k: int, n_terms: int) -> Matrix:
    """Lines of topic, term and value; a first line of names is left out. What is missing is 0."""
    phi = np.zeros((k, n_terms))
    for line in _lines(path):
        cells = line.split()
        if len(cells) == 3 and cells[0].isdigit():
            phi[int(cells[0]), _term(cells[1])] += float(cells[2])
    return phi


def read_mallet_counts(path: Path, k: int, n_terms: int) -> Matrix:
    """MALLET's --word-topic-counts-file: a line a term, number, term, then topic:count."""
    counts = np.zeros((k, n_terms))
    for line in _lines(path):
        cells = line.split()
        for cell in cells[2:]:
            topic, count = cell.split(":")
            counts[int(topic), _term(cells[1])] += float(count)
    return counts


def read_mallet_state(path: Path, k: int, n_terms: int) -> Matrix:
    """MALLET's --output-state, packed or not: a line a token, with its term and topic last."""
    topics, terms = [], []
    for line in _lines(path):
        if not line.startswith("#"):
            cells = line.split()
            topics.append(int(cells[-1]))
            terms.append(_term(cells[-2]))
    counts = np.zeros((k, n_terms))
    np.add.at(counts, (topics, terms), 1)
    return counts


def mallet_state_alpha(path: Path) -> Matrix:
    """Alpha (K,) as the head of MALLET's state has it."""
    for line in _lines(path):
        if line.startswith("#alpha"):
            return np.array([float(cell) for cell in line.split(":", 1)[1].split()])
    raise ValueError(f"{path} has no line that begins with #alpha; give alpha as a number or a file")


def read_alpha(path: Path) -> Matrix:
    """Alpha (K,) of a .npy file, or of numbers in a text."""
    return np.load(path, allow_pickle=False) if path.suffix == ".npy" else np.loadtxt(path, ndmin=1).ravel()


WRITERS: dict[str, Callable[[Counts, Path], None]] = {
    "ldac": write_ldac,
    "mallet": write_mallet,
    "uci": write_uci,
    "npz": write_npz,
}
READERS: dict[str, Callable[[Path, int, int], Matrix]] = {
    "npy": read_npy,
    "tsv": read_tsv,
    "triples": read_triples,
    "mallet-counts": read_mallet_counts,
    "mallet-state": read_mallet_state,
}


def _upright(found: Matrix, k: int, n_terms: int) -> Matrix:
    if found.shape == (k, n_terms):
        return found
    if found.shape == (n_terms, k):
        return found.T
    raise ValueError(f"topics must come as a matrix ({k}, {n_terms}) or its transpose, got {found.shape}")


def _term(name: str) -> int:
    return int(name.removeprefix("w"))


def _lines(path: Path) -> Iterator[str]:
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    with gzip.open(path, "rt") if packed else path.open(encoding="utf-8") as lines:
        yield from lines
