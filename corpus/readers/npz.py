"""Sparse matrices in SciPy's `.npz` files."""

from __future__ import annotations

import re
import zipfile
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from lda.corpus.errors import DataError
from lda.corpus.readers.base import CountFile, CountReader
from lda.corpus.readers.count_batches import matrix_source
from lda.corpus.readers.files import read_bytes
from lda.corpus.readers.ids_beside import with_ids_beside
from lda.corpus.readers.options import ReadOptions
from lda.corpus.readers.vocabulary_file import vocabulary_for
from lda.corpus.storage.npy_file import DAMAGED_ARCHIVE, check_archive

if TYPE_CHECKING:
    from pathlib import Path

_DAMAGE: Final = (*DAMAGED_ARCHIVE, TypeError, AttributeError, MemoryError)
"""What NumPy, SciPy and zipfile raise when they are given a damaged file."""


class NpzReader(CountReader):
    """Matrix written by `scipy.sparse.save_npz`, documents in rows."""

    name = "npz"
    suffixes = (".npz",)
    # The first name in a zip archive follows 26 bytes after its mark.
    mark = re.compile(rb"PK\x03\x04.{26}\w+\.npy", re.DOTALL)
    is_archive = True

    def read(self, path: Path, options: ReadOptions) -> CountFile:
        """Read the matrix; rows are named by their number, from 0 as in Python.

        Raises:
            DataError: the file is damaged, the vocabulary does not fit, or an entry is not a count.
        """
        import scipy.sparse

        content = read_bytes(path)
        data = BytesIO(content)
        try:
            with zipfile.ZipFile(data) as archive:
                check_archive(archive, len(content))
            data.seek(0)
            matrix: Any = scipy.sparse.load_npz(data)
            check_structure(matrix)
        except _DAMAGE as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise DataError(
                f"{path} is not a sound matrix of scipy.sparse.save_npz ({reason:.200}); write it again"
            ) from None
        made = matrix_source(matrix, path, vocabulary_for(path, options), options.prefix, first=0)
        return with_ids_beside(made, path)


def check_structure(matrix: Any) -> None:  # noqa: ANN401 - any of SciPy's sparse classes
    """See that all indices of a matrix (D, V) lie inside its shape: compiled code would follow them anywhere.

    Raises:
        ValueError: one does not, or there are more dimensions.
    """
    if matrix.ndim != 2:
        raise ValueError(f"{matrix.ndim} dimensions instead of 2")
    if matrix.format in {"csr", "csc", "bsr"}:
        matrix.check_format(full_check=True)
    elif matrix.format == "coo":
        matrix._check()
