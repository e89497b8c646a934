"""A model as workers take it: a folder of arrays that all of them map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from lda.serve.shelf import ServedModel


class PreparedWriteError(RuntimeError):
    """The folder for the workers cannot be written.

    exit_code, kind: how a command ends for it, and what `--json` calls it.
    """

    exit_code = 1
    kind = "system"


def prepare(name: str, place: str, folder: Path, *, n_words: int) -> dict[str, Any]:
    """Read the model at a place, check all of it, and write it to a folder; returns what the supervisor keeps of it.

    Raises:
        DataError: there is no model, or it is damaged.
        OSError: the store refused.
        PreparedWriteError: the disk refused.
    """
    from lda.inference.inferencer import Inferencer

    inferencer = Inferencer(place)
    try:
        inferencer.save_prepared(folder)
    except OSError as error:
        raise PreparedWriteError(
            f"the model's copy for the workers cannot be written to {folder.parent} ({error.strerror or error}); make "
            "room there, or name another folder for temporary files (TMPDIR)"
        ) from None
    served = opened_prepared(
        name, folder, n_words=n_words
    )  # as a worker will; and now its kernels are compiled
    return {"fingerprint": served.fingerprint, "digest": served.digest.hex()}


def opened_prepared(name: str, folder: Path, *, n_words: int) -> ServedModel:
    """The model of such a folder, mapped, and warm.

    Raises:
        DataError: there is no such folder.
        ValueError: the name cannot be one.
    """
    from lda.inference.inferencer import Inferencer
    from lda.serve.shelf import ServedModel

    # Written by a process of ours into a folder that is private: checksums would cost a pass over it in each worker.
    return ServedModel.of(name, Inferencer.open_prepared(folder, threads=1, verify=False), n_words=n_words)
