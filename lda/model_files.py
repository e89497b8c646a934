"""The model on disk: a folder without pickle, written whole or not at all, mapped when loaded.

model.json        format and version, priors, sizes, fingerprint and the `RunRecord`
counts.npz        (V, K) int32 CSR, readable by `scipy.sparse.load_npz`
mean_counts.npz   (V, K) float32 CSR, only after averaging over late sweeps
alpha.npy         (K,) float64
vocabulary.txt    one term a line, UTF-8 (JSON strings if a term holds a line break: see model.json)
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lda.atomic import check_folder_target, new_folder
from lda.corpus.errors import DataError
from lda.model import Model
from lda.npz import map_csr, save_csr
from lda.record import RunRecord, strict_json

if TYPE_CHECKING:
    import numpy.typing as npt

FORMAT: Final = "raylda-model"
FORMAT_VERSION: Final = 1  # raise it when an older reader would misread the folder
DESCRIPTION: Final = "model.json"


def check_model_target(path: str | Path, *, overwrite: bool) -> None:
    """Refuse, before a long run, a target that could not be written after it. Raises `DataError`."""
    check_folder_target(Path(path), overwrite=overwrite, is_ours=is_model)


def is_model(path: str | Path) -> bool:
    """Whether the folder calls itself a model of this package, sound or not."""
    try:
        with (Path(path) / DESCRIPTION).open(encoding="utf-8") as file:
            return f'"{FORMAT}"' in file.read(200)
    except (OSError, UnicodeDecodeError):
        return False


def save_model(model: Model, path: str | Path, *, overwrite: bool = False) -> None:
    """Write `model` to the folder `path`.

    Raises:
        DataError: the target exists and `overwrite` is off, or it is something other than a model.
        OSError: the disk refused; whatever stood at the target is still there.
    """
    with new_folder(Path(path), overwrite=overwrite, is_ours=is_model) as folder:
        save_csr(folder / "counts.npz", model.counts)
        if model.mean_counts is not None:
            save_csr(folder / "mean_counts.npz", model.mean_counts)
        np.save(folder / "alpha.npy", model.alpha, allow_pickle=False)
        encoding = _write_vocabulary(folder / "vocabulary.txt", model.vocabulary)
        description = _describe(model, encoding)
        (folder / DESCRIPTION).write_text(
            json.dumps(strict_json(description), indent=1, ensure_ascii=False, allow_nan=False) + "\n",
            encoding="utf-8",
        )


def _describe(model: Model, vocabulary_encoding: str) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "n_topics": model.n_topics,
        "n_terms": model.n_terms,
        "beta": model.beta,
        "alpha_sum": float(model.alpha.sum()),
        "fingerprint": model.fingerprint(),
        "vocabulary_encoding": vocabulary_encoding,
        "averaged": model.mean_counts is not None,
        "run": model.record.to_dict(),
    }


def _write_vocabulary(path: Path, vocabulary: list[str]) -> str:
    """Plain lines if every term fits on one, else one JSON string a line; returns which ("plain", "json")."""
    text = "\n".join([*vocabulary, ""])
    plain = text.count("\n") == len(vocabulary) and "\r" not in text
    if plain:
        try:
            path.write_text(text, encoding="utf-8", newline="\n")
        except UnicodeEncodeError:  # lone surrogates, from names that were never valid text
            plain = False
    if not plain:
        path.write_text(
            "".join(json.dumps(term) + "\n" for term in vocabulary), encoding="ascii", newline="\n"
        )
    return "plain" if plain else "json"


def load_model(path: str | Path) -> Model:
    """Open the model in the folder `path`; the counts are memory-mapped, read-only.

    Raises:
        DataError: there is no model, it was written by a newer version, or a part is missing or damaged.
    """
    folder = Path(path)
    description = read_description(folder)
    shape = (_field(folder, description, "n_terms", int), _field(folder, description, "n_topics", int))
    counts = map_csr(folder / "counts.npz")
    averaged = _field(folder, description, "averaged", bool)
    mean_counts = map_csr(folder / "mean_counts.npz") if averaged else None
    if counts.shape != shape or counts.dtype != np.int32 or (counts.data.size and counts.data.min() < 0):
        raise _damaged(
            folder / "counts.npz", f"expected counts of shape {shape}, got {counts.dtype} {counts.shape}"
        )
    try:
        return Model(
            counts=counts,
            alpha=_read_alpha(folder / "alpha.npy"),
            beta=float(_field(folder, description, "beta", float)),
            vocabulary=_read_vocabulary(
                folder / "vocabulary.txt", description.get("vocabulary_encoding") == "json"
            ),
            record=RunRecord.from_dict(_field(folder, description, "run", dict)),
            mean_counts=mean_counts,
        )
    except DataError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(folder, str(error)) from error


def read_description(folder: Path) -> dict[str, Any]:
    """The content of `model.json`, with its format and version checked. Raises `DataError`."""
    if not folder.is_dir():
        state = "is a file, not a model folder" if folder.exists() else "does not exist"
        raise DataError(f"{folder} {state}; name the folder that `lda fit -o` or `save` wrote")
    path = folder / DESCRIPTION
    if not path.exists():
        raise DataError(
            f"{folder} is not a model: it has no {DESCRIPTION}; name a folder that `lda fit -o` wrote"
        )
    try:
        description = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _damaged(path, str(error)) from error
    if not isinstance(description, dict) or description.get("format") != FORMAT:
        raise DataError(f"{path} does not describe a model of this package (its format must be {FORMAT!r})")
    written_by = _field(folder, description, "format_version", int)
    if written_by > FORMAT_VERSION:
        raise DataError(
            f"{folder} has format version {written_by}, newer than the {FORMAT_VERSION} known here; "
            "upgrade with `pip install -U raylda`"
        )
    return description


def _field(folder: Path, description: dict[str, Any], name: str, kind: type[Any]) -> Any:  # noqa: ANN401
    value = description.get(name)
    accepted = (int, float) if kind is float else kind
    if not isinstance(value, accepted) or (kind is not bool and isinstance(value, bool)):
        raise _damaged(folder / DESCRIPTION, f"{name} must be a {kind.__name__}, got {value!r:.60}")
    return value


def _read_alpha(path: Path) -> npt.NDArray[np.float64]:
    try:
        return np.asarray(np.load(path, allow_pickle=False), dtype=np.float64)
    except (OSError, ValueError, EOFError) as error:
        raise _damaged(path, str(error)) from error


def _read_vocabulary(path: Path, as_json: bool) -> list[str]:
    try:
        lines = path.read_bytes().decode("utf-8").split("\n")
        if lines.pop() != "":
            raise ValueError("its last line has no end")
        return [str(json.loads(line)) for line in lines] if as_json else lines
    except (OSError, ValueError) as error:
        raise _damaged(path, str(error)) from error


def _damaged(path: Path, why: str) -> DataError:
    return DataError(f"{path} is missing or damaged ({why}); restore it from a copy or fit again")
