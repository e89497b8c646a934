"""One prepared corpus for all systems: the same vocabulary, training documents and held-out documents."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from benchmarks import corpora
from benchmarks.corpora import SOURCES, built
from benchmarks.race.synthetic import build_synthetic
from lda.corpus import Corpus, DocumentBatch, as_corpus

HELDOUT_MOST: Final = 1000
HELDOUT_SHARE: Final = 0.1
SPLIT_SEED: Final = 20_260
META: Final = "meta.json"
PARTS: Final = {"arxiv-third": ("arxiv", 3)}
"""Corpora that are every n-th document of another one, for a race that is to be over soon."""

NAMES: Final = (*corpora.NAMES, *PARTS, "synthetic")
"""Corpora that are known by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A corpus on disk, ready to race on.

    folder: what `benchmarks/peers/protocol.py` describes, and heldout.npz. digest: of the content, so that results of
    another corpus by the same name are not mistaken for results of this one.
    """

    name: str
    folder: str
    digest: str
    n_documents: int
    n_tokens: int
    n_terms: int
    n_heldout: int
    n_heldout_tokens: int

    def heldout(self) -> DocumentBatch:
        """The held-out documents, in the ids of the vocabulary."""
        with np.load(Path(self.folder) / "heldout.npz") as arrays:
            offsets, words = arrays["doc_offsets"], arrays["words"]
        return DocumentBatch([str(i) for i in range(len(offsets) - 1)], offsets, words, 0)

    def vocabulary(self) -> list[str]:
        """The V terms."""
        return (Path(self.folder) / "vocabulary.txt").read_text(encoding="utf-8").splitlines()


def source_corpus(name: str, folder: Path, tokens: int) -> tuple[Corpus, NDArray[np.int64]]:
    """(the whole corpus, (D,) group of each document); `name` is that of a corpus, or a corpus folder.

    tokens: how large a synthetic corpus is made. Raises FileNotFoundError for a corpus whose file is not here.
    """
    if name == "synthetic":
        corpus = build_synthetic(folder, tokens)
    elif name in corpora.NAMES:
        corpus = built(name, folder)
    else:
        corpus = Corpus.open(name)
    groups = np.arange(corpus.n_documents, dtype=np.int64)
    field = SOURCES[name].group if name in SOURCES else None
    metadata = corpus.metadata() if field else None
    if field and metadata is not None:
        values = metadata.column(field).to_pylist()
        groups = np.unique([str(value) for value in values], return_inverse=True)[1].astype(np.int64)
    return corpus, groups


def heldout_documents(groups: NDArray[np.int64], candidates: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Documents to hold out, (D,) bool: whole groups, at random, up to 1,000 documents or a tenth of all.

    candidates: documents that may be scored; the others go with their group. The choice depends on nothing but the
    number of groups.
    """
    wanted = min(HELDOUT_MOST, max(1, int(HELDOUT_SHARE * candidates.sum())))
    order = np.random.default_rng(SPLIT_SEED).permutation(int(groups.max()) + 1)
    sizes = np.bincount(groups[candidates], minlength=len(order))[order]
    n_groups = int(np.searchsorted(np.cumsum(sizes), wanted, side="left")) + 1
    return np.isin(groups, order[:n_groups])


def prepare(name: str, folder: Path, tokens: int) -> Prepared:
    """Prepare a corpus in `folder`, or take what was prepared there before."""
    label = name if name in NAMES else Path(name).resolve().name
    meta = folder / META
    if meta.exists():
        known: dict[str, Any] = json.loads(meta.read_text(encoding="utf-8"))
        return Prepared(**(known | {"folder": str(folder)}))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    whole, every = PARTS.get(name, (name, 1))
    corpus, groups = source_corpus(whole, folder / "whole", tokens)
    counts, groups = corpus.to_csr()[::every], groups[::every]
    lengths = np.asarray(counts.sum(axis=1)).ravel()
    out = heldout_documents(groups, lengths >= 2) & (lengths >= 2)
    train = _rows(counts, ~out & (lengths > 0) & ~np.isin(groups, groups[out]))
    # A word that only held-out documents have is in no system's vocabulary, and one that has none would sway all.
    kept = np.flatnonzero(np.asarray(train.sum(axis=0)).ravel())
    train, held = train[:, kept].tocsr(), _rows(counts, out)[:, kept].tocsr()
    terms = [corpus.vocabulary[w] for w in kept]
    made = _write(label, folder, train, held, terms)
    shutil.rmtree(folder / "whole", ignore_errors=True)
    # Last, for it says that all the rest is there.
    meta.write_text(json.dumps(asdict(made)), encoding="utf-8")
    return made


def _rows(counts: sp.csr_matrix, mask: NDArray[np.bool_]) -> sp.csr_matrix:
    return sp.csr_matrix(counts[np.flatnonzero(mask)])


def _write(name: str, folder: Path, train: sp.csr_matrix, held: sp.csr_matrix, terms: list[str]) -> Prepared:
    np.save(folder / "indptr.npy", train.indptr.astype(np.int64))
    np.save(folder / "indices.npy", train.indices.astype(np.int32))
    np.save(folder / "counts.npy", train.data.astype(np.int32))
    (folder / "vocabulary.txt").write_text("".join(f"{term}\n" for term in terms), encoding="utf-8")
    corpus = as_corpus(train, vocabulary=terms)
    corpus.save(folder / "corpus")
    words = np.repeat(held.indices, held.data).astype(np.int32)
    lengths = np.asarray(held.sum(axis=1)).ravel()
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    np.savez(folder / "heldout.npz", doc_offsets=offsets, words=words)
    return Prepared(
        name=name,
        folder=str(folder),
        digest=corpus.content_hash[:16],
        n_documents=train.shape[0],
        n_tokens=int(train.data.sum()),
        n_terms=len(terms),
        n_heldout=held.shape[0],
        n_heldout_tokens=len(words),
    )
