"""The vocabulary file that lies beside a file of counts."""

from __future__ import annotations

from pathlib import Path

from lda.corpus.readers.files import COMPRESSED_SUFFIXES


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
