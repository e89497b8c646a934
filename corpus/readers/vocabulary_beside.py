"""The vocabulary file that lies beside a file of counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lda.corpus.readers.files import COMPRESSED_SUFFIXES

if TYPE_CHECKING:
    from pathlib import Path


def find_vocabulary(path: Path) -> Path | None:
    """The vocabulary beside a file of counts, by the names of `vocabulary_names`; None when there is none."""
    return next(
        (file for name in vocabulary_names(path.name) if (file := path.with_name(name)).is_file()), None
    )


def vocabulary_names(name: str) -> list[str]:
    """The usual names of the vocabulary beside a file of counts.

    `docword.X.txt` goes with `vocab.X.txt`; `X.ldac` (`X.mtx`, `X.npz`, ...) with `X.vocab`, `X.tokens`,
    `X.terms`, `X.vocab.txt`, `X_vocab.txt` or with `vocab.txt`, and gensim's `X_bow.mm` with `X_wordids.txt`; all of
    them packed or not.
    """
    plain = next((name.removesuffix(s) for s in COMPRESSED_SUFFIXES if name.endswith(s)), name)
    stem = plain.rsplit(".", 1)[0]
    if "docword" in plain:
        names = [plain.replace("docword", "vocab", 1)]
    else:
        endings = (".vocab", ".tokens", ".terms", ".vocab.txt", "_vocab.txt")
        names = [*(stem + ending for ending in endings), *(plain + ending for ending in endings)]
        names += [f"{stem.removesuffix('_bow')}_wordids.txt", "vocab.txt"]
    return [name + packed for name in names for packed in ("", *COMPRESSED_SUFFIXES)]
