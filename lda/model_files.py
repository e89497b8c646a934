"""The model on disk or in an object store: a folder without pickle, mapped where it can be.

model.json        format and version, priors, sizes, fingerprint, the files of counts and the `RunRecord`
counts.npz        (V, K) int32 CSR, readable by `scipy.sparse.load_npz`
mean_counts.npz   (V, K) float32 CSR, only after averaging over late sweeps
alpha.npy         (K,) float64
documents.npy     sorted uint64, content hashes of the documents trained on, unless they were too many
vocabulary.txt    one term a line, UTF-8 (JSON strings if a term holds a line break: see model.json)

After a fit with several aggregators the counts lie in parts, `counts-00000-of-00004.npz` and so on, each of
consecutive words. In an object store everything but model.json lies in a folder that model.json names.
"""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lda.cluster.npz import map_csr, read_csr
from lda.corpus.errors import DataError
from lda.corpus.storage import is_uri, storage
from lda.model import Model
from lda.record import RunRecord

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt
    from scipy.sparse import csr_matrix

FORMAT: Final = "raylda-model"
FORMAT_VERSION: Final = 2  # raise it when an older reader would misread the folder; 1 knew no parts
DESCRIPTION: Final = "model.json"
ALPHA: Final = "alpha.npy"
VOCABULARY: Final = "vocabulary.txt"
HASHES: Final = "documents.npy"


def is_model(path: str | Path) -> bool:
    """Whether the folder or URI calls itself a model of this package, sound or not."""
    try:
        return f'"{FORMAT}"' in storage(path).read(DESCRIPTION)[:200].decode(errors="replace")
    except (OSError, DataError):
        return False


def encode_vocabulary(vocabulary: list[str]) -> tuple[str, bytes]:
    """Plain lines if every term fits on one, else one JSON string a line: (which, "plain" or "json"; the file)."""
    text = "\n".join([*vocabulary, ""])
    if text.count("\n") == len(vocabulary) and "\r" not in text:
        try:
            return "plain", text.encode("utf-8")
        except UnicodeEncodeError:  # lone surrogates, from names that were never valid text
            pass
    return "json", "".join(json.dumps(term) + "\n" for term in vocabulary).encode("ascii")


def decode_vocabulary(data: bytes, *, as_json: bool) -> list[str]:
    """The terms of such a file. Raises ValueError when it is damaged."""
    lines = data.decode("utf-8").split("\n")
    if lines.pop() != "":
        raise ValueError("its last line has no end")
    return [str(json.loads(line)) for line in lines] if as_json else lines


def load_model(path: str | Path) -> Model:
    """Open the model at a path or URI; counts in one local file are memory-mapped, read-only, others are read.

    Raises:
        DataError: there is no model, it was written by a newer version, or a part is missing or damaged.
    """
    files = _Files(path, read_description(path))
    n_terms, n_topics = files.field("n_terms", int), files.field("n_topics", int)
    try:
        counts = files.matrix("counts", (n_terms, n_topics), np.dtype(np.int32))
        averaged = files.field("averaged", bool)
        return Model(
            counts=counts,
            alpha=files.alpha(),
            beta=float(files.field("beta", float)),
            vocabulary=files.vocabulary(),
            record=RunRecord.from_dict(files.field("run", dict)),
            mean_counts=files.matrix("mean_counts", counts.shape, np.dtype(np.float32)) if averaged else None,
            document_hashes=files.hashes(),
        )
    except DataError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(path, str(error)) from error


def read_description(path: str | Path) -> dict[str, Any]:
    """The content of `model.json`, with its format and version checked. Raises `DataError`."""
    _check_there(path)
    name = f"{path}/{DESCRIPTION}"
    try:
        description = json.loads(storage(path).read(DESCRIPTION).decode("utf-8"))
    except FileNotFoundError:
        raise DataError(
            f"{path} is not a model: it has no {DESCRIPTION}; name a folder that `lda fit -o` wrote"
        ) from None
    except (OSError, ValueError) as error:
        raise _damaged(name, str(error)) from error
    if not isinstance(description, dict) or description.get("format") != FORMAT:
        raise DataError(f"{name} does not describe a model of this package (its format must be {FORMAT!r})")
    written_by = _Files(path, description).field("format_version", int)
    if written_by > FORMAT_VERSION:
        raise DataError(
            f"{path} has format version {written_by}, newer than the {FORMAT_VERSION} known here; "
            "upgrade with `pip install -U raylda`"
        )
    return description


def _check_there(path: str | Path) -> None:
    if not is_uri(path) and not Path(path).is_dir():
        state = "is a file, not a model folder" if Path(path).exists() else "does not exist"
        raise DataError(f"{path} {state}; name the folder that `lda fit -o` or `save` wrote")


class _Files:
    """The files of one model, as its description names them."""

    def __init__(self, path: str | Path, description: dict[str, Any]) -> None:
        self._path, self._description = path, description
        self._where = storage(path)

    def field(self, name: str, kind: type[Any]) -> Any:  # noqa: ANN401
        """A value of the description. Raises `DataError` when it is of another kind."""
        value = self._description.get(name)
        accepted = (int, float) if kind is float else kind
        if not isinstance(value, accepted) or (kind is not bool and isinstance(value, bool)):
            raise _damaged(
                f"{self._path}/{DESCRIPTION}", f"{name} must be a {kind.__name__}, got {value!r:.60}"
            )
        return value

    def _name(self, file: str) -> str:
        folder = str(self._description.get("folder", ""))
        return f"{folder}/{file}" if folder else file

    def read(self, file: str) -> bytes:
        """A whole file. Raises `DataError`."""
        try:
            return self._where.read(self._name(file))
        except OSError as error:
            raise self._damaged_file(file, error) from error

    def alpha(self) -> npt.NDArray[np.float64]:
        """The prior (K,). Raises `DataError`."""
        data = io.BytesIO(self.read(ALPHA))
        try:
            return np.asarray(np.load(data, allow_pickle=False), dtype=np.float64)
        except (ValueError, EOFError) as error:
            raise self._damaged_file(ALPHA, error) from error

    def vocabulary(self) -> list[str]:
        """The V terms. Raises `DataError`."""
        data = self.read(VOCABULARY)
        try:
            return decode_vocabulary(data, as_json=self._description.get("vocabulary_encoding") == "json")
        except ValueError as error:
            raise self._damaged_file(VOCABULARY, error) from error

    def _damaged_file(self, file: str, why: object) -> DataError:
        return _damaged(f"{self._path}/{self._name(file)}", str(why))

    def hashes(self) -> npt.NDArray[np.uint64] | None:
        """Content hashes of the training documents, mapped where they can be. Raises `DataError`."""
        if not self._description.get("document_hashes"):  # of an earlier version, or too many
            return None
        name = f"{self._path}/{self._name(HASHES)}"
        try:
            if is_uri(self._path):
                found = np.load(io.BytesIO(self.read(HASHES)), allow_pickle=False)
            else:
                found = np.load(name, mmap_mode="r", allow_pickle=False)
        except (OSError, EOFError) as error:
            raise _damaged(name, str(error)) from error
        except ValueError:  # NumPy takes what it cannot read for a pickle, and says so
            raise _damaged(name, "it is no array") from None
        if found.ndim != 1 or found.dtype != np.uint64:
            raise _damaged(name, f"expected (n,) uint64, got {found.dtype} {found.shape}")
        return np.asarray(found)

    def matrix(self, kind: str, shape: tuple[int, int], dtype: np.dtype[Any]) -> csr_matrix:
        """The counts of a kind, of all parts. Raises `DataError` when they have another shape or type."""
        rows = self._description.get("parts", {}).get(kind) or [{"file": f"{kind}.npz"}]
        if len(rows) == 1:
            matrix = self._part(rows[0])
        else:
            matrix = _stacked((self._part(row) for row in rows), rows, shape[1], dtype)
        if matrix.shape != shape or matrix.dtype != dtype or (matrix.data.size and matrix.data.min() < 0):
            wrong = f"expected {kind} of shape {shape} and type {dtype}, got {matrix.dtype} {matrix.shape}"
            raise self._damaged_file(rows[0]["file"], wrong)
        return matrix

    def _part(self, row: dict[str, Any]) -> csr_matrix:
        name = self._name(row["file"])
        if not is_uri(self._path):
            return map_csr(Path(self._path) / name)
        data = self.read(row["file"])
        if hashlib.sha256(data).hexdigest() != row["sha256"]:
            raise self._damaged_file(row["file"], "its sha256 is not that of the description")
        return read_csr(f"{self._path}/{name}", data)


def _stacked(
    parts: Iterator[csr_matrix], rows: list[dict[str, Any]], n_topics: int, dtype: np.dtype[Any]
) -> csr_matrix:
    """The parts one below the other; taken one by one, so that one of them is there twice and not all."""
    from scipy.sparse import csr_matrix

    n_entries, n_words = sum(row["entries"] for row in rows), sum(row["words"] for row in rows)
    index = np.int32 if n_entries <= np.iinfo(np.int32).max else np.int64
    data, indices = np.empty(n_entries, dtype), np.empty(n_entries, index)
    indptr = np.zeros(n_words + 1, index)
    word = entry = 0
    for part in parts:
        words, entries = word + part.shape[0], entry + part.nnz
        # A part that is longer or shorter than its description says does not fit, and NumPy says so.
        data[entry:entries], indices[entry:entries] = part.data, part.indices
        indptr[word + 1 : words + 1] = part.indptr[1:] + index(entry)
        word, entry = words, entries
    if (word, entry) != (n_words, n_entries):
        raise ValueError(f"its parts have {word} words and {entry} entries, not {n_words} and {n_entries}")
    return csr_matrix((data, indices, indptr), shape=(n_words, n_topics), copy=False)


def _damaged(path: str | Path, why: str) -> DataError:
    return DataError(f"{path} is missing or damaged ({why}); restore it from a copy or fit again")
