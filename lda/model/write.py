"""Writing a model: to a folder that appears whole or not at all, or to an object store.

In an object store the files go into a folder of its own, and `model.json`, which names it, is written last.
"""

from __future__ import annotations

import io
import json
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lda.cluster.counts.part_files import part_name, write_matrix
from lda.corpus.errors import DataError
from lda.corpus.presentable import presentable
from lda.corpus.storage.checksum import checksum
from lda.corpus.storage.output_target import check_folder_target, new_folder
from lda.corpus.storage.places import Storage, beside, is_uri, storage
from lda.corpus.storage.remote_target import check_remote_target, new_data_folder
from lda.corpus.storage.strict_json import signed
from lda.model.checks import check_averages, check_counts, check_prior, check_vocabulary
from lda.model.description import DESCRIPTION, FORMAT, read_description
from lda.model.kept_labels import write_labels
from lda.model.read import ALPHA, HASHES, VOCABULARY, encode_vocabulary, is_model
from lda.model.run_record import strict_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt
    from scipy.sparse import csr_matrix

    from lda.cluster.spec.part_file import PartFile
    from lda.labels.labels import Labels
    from lda.model.fields import ModelFields
    from lda.model.run_record import RunRecord


def check_model_target(path: str | Path, *, overwrite: bool) -> None:
    """Refuse, before a long run, a target that could not be written after it. Raises `DataError`."""
    if not is_uri(path):
        check_folder_target(Path(path), overwrite=overwrite, is_ours=is_model)
        return
    check_remote_target(str(path), DESCRIPTION, "a model", is_model, overwrite=overwrite)


class ModelWriter:
    """A model in the making. place: folder or URI where the counts go; others may write them there."""

    def __init__(self, place: str, root: Storage, folder: str) -> None:
        self.place = place
        self._root, self._folder = root, folder
        self._files = storage(place)

    def clear(self) -> None:
        """Remove what has been written so far."""
        for name in self._files.files():
            self._files.delete(name)

    def finish(
        self,
        *,
        alpha: npt.NDArray[np.float64],
        beta: float,
        vocabulary: list[str],
        record: RunRecord,
        fingerprint: str,
        counts: Sequence[PartFile],
        soft_counts: Sequence[PartFile],
        mean_counts: Sequence[PartFile] = (),
        document_hashes: npt.NDArray[np.uint64] | None = None,
        labels: Labels | None = None,
        word_prior: csr_matrix | None = None,
        frozen_topics: tuple[int, ...] = (),
    ) -> None:
        """Write all but the files of counts, which are there by now; `model.json` last, but for the topics' names.

        In an object store these lie at the model's own place, where readers of the model that is replaced would find
        them. After `model.json` there is a moment in which the new model has the names of the old one; they say whose
        they are, and are left aside.
        """
        encoding, terms = encode_vocabulary(vocabulary)
        files: dict[str, bytes | memoryview] = {ALPHA: _npy(alpha), VOCABULARY: terms}
        if document_hashes is not None:
            files[HASHES] = _npy(document_hashes)
        for name, data in files.items():
            self._files.write(name, data)
        prior = None if word_prior is None else self._prior(word_prior)
        # The first version knew counts of one part, beside the description, and the next no soft ones: of anything else
        # they must be told, and the third of tokens that topics had before any document.
        plain = len(counts) == 1 and not self._folder
        description = {
            "format": FORMAT,
            "format_version": 4 if prior else 3 if soft_counts else 1 if plain else 2,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "n_topics": len(alpha),
            "n_terms": len(vocabulary),
            "beta": beta,
            "alpha_sum": float(alpha.sum()),
            "fingerprint": fingerprint,
            "vocabulary_encoding": encoding,
            "averaged": bool(mean_counts),
            "soft": bool(soft_counts),
            "document_hashes": document_hashes is not None,
            "folder": self._folder,
            "files": {name: {"bytes": len(data), "sha256": checksum(data)} for name, data in files.items()},
            "parts": {
                "counts": [asdict(part) for part in counts],
                "soft_counts": [asdict(part) for part in soft_counts],
                "mean_counts": [asdict(part) for part in mean_counts],
                **({"word_prior": [asdict(prior)]} if prior else {}),
            },
            **({"word_prior": True, "frozen_topics": list(frozen_topics)} if prior else {}),
            "run": record.to_dict(),
        }
        self._root.write(DESCRIPTION, _json(description))
        write_labels(self._root, None if labels is None else labels.of_model(fingerprint, len(alpha)))

    def _prior(self, counts: csr_matrix) -> PartFile:
        """Write tokens that topics had before any document. Raises OSError when that is refused."""
        file, problem = write_matrix(self.place, part_name("word_prior", 0, 1), counts)
        if problem is not None:
            raise OSError(presentable(f"the model could not be written: {problem}"))
        return file


def _npy(array: npt.NDArray[Any]) -> memoryview:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getbuffer()


def _json(description: dict[str, Any]) -> bytes:
    text = json.dumps(signed(strict_json(description)), indent=1, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode("utf-8")


@contextmanager
def new_model(path: str | Path, *, overwrite: bool) -> Iterator[ModelWriter]:
    """A writer whose model appears at `path` when the block ends without an exception, and else never.

    Raises:
        DataError: the target exists and `overwrite` is off, or it is something other than a model.
        OSError: the disk or the store refused; whatever stood at the target is still there.
    """
    if is_uri(path):
        with _new_remote(str(path), overwrite=overwrite) as writer:
            yield writer
        return
    with new_folder(Path(path), overwrite=overwrite, is_ours=is_model) as folder:
        yield ModelWriter(str(folder.absolute()), storage(folder), "")


@contextmanager
def _new_remote(path: str, *, overwrite: bool) -> Iterator[ModelWriter]:
    check_model_target(path, overwrite=overwrite)
    before = str(read_description(path).get("folder", "")) if is_model(path) else None
    with new_data_folder(path, before) as folder:
        yield ModelWriter(beside(path, f"/{folder}"), storage(path), folder)


def save_model(model: ModelFields, fingerprint: str, path: str | Path, *, overwrite: bool = False) -> None:
    """Write a model to a folder or URI. Raises as `new_model`, and DataError for one that could not be opened again."""
    try:
        check_vocabulary(model.vocabulary)
        check_counts(model.counts, model.record.n_trained_tokens)
        for matrix in (model.soft_counts, model.mean_counts):
            if matrix is not None:
                check_averages(matrix, model.record.n_trained_tokens)
        if model.word_prior is not None:
            check_prior(model.word_prior)
    except ValueError as error:
        raise DataError(
            f"the model is not one that a fit can have left behind: {error}; fit it again"
        ) from None
    with new_model(path, overwrite=overwrite) as writer:
        files: dict[str, list[PartFile]] = {"counts": [], "soft_counts": [], "mean_counts": []}
        for kind in files:
            matrix = getattr(model, kind)
            if matrix is not None:
                file, problem = write_matrix(writer.place, part_name(kind, 0, 1), matrix)
                if problem is not None:
                    raise OSError(presentable(f"{path} could not be written: {problem}"))
                files[kind].append(file)
        writer.finish(
            alpha=model.alpha,
            beta=model.beta,
            vocabulary=model.vocabulary,
            record=model.record,
            fingerprint=fingerprint,
            counts=files["counts"],
            soft_counts=files["soft_counts"],
            mean_counts=files["mean_counts"],
            document_hashes=model.document_hashes,
            labels=model.labels,
            word_prior=model.word_prior,
            frozen_topics=model.frozen_topics,
        )
