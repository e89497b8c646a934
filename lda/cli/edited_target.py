"""A model that is made of another one, and where it goes: nothing that is read may be lost for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from lda.model.model import Model


def check_edited_target(
    output: str, model: str, *, overwrite: bool, other: str | None = None, documents: Sequence[str] = ()
) -> None:
    """Refuse a place for the model that is made of `model`; that one's own is none of those: it is what was edited.

    other: a further model that is read. It would be gone if the new one took its place, and with it what was asked
        for: the numbers and names of an old model.
    documents: that are read.

    Raises:
        DataError: as `check_new_model`.
    """
    from lda.corpus.storage.output_target import same_place
    from lda.corpus.storage.places import is_uri

    itself = not is_uri(output) and not is_uri(model) and same_place(Path(output), Path(model))
    check_new_model(output, documents, [other] if itself else [model, other], overwrite=overwrite)


def check_new_model(output: str, read: Iterable[object], whole: Iterable[object], *, overwrite: bool) -> None:
    """Refuse a place for a model, before any work is done. read, whole: as of `check_apart`.

    Raises:
        DataError: it exists and may not be replaced, or lies in, holds or is something that is read.
    """
    from lda.corpus.storage.output_target import check_apart
    from lda.corpus.storage.places import is_uri
    from lda.model.write import check_model_target

    check_model_target(output, overwrite=overwrite)
    if not is_uri(output):
        check_apart(Path(output), read, whole=whole)


def write_edited(model: Model, output: str, note: Callable[[str], None], *, overwrite: bool) -> str:
    """Write a model, say so, and return its fingerprint. Raises as `Model.save`."""
    model.save(output, overwrite=overwrite)
    fingerprint = model.fingerprint()
    note(f"wrote {output} (fingerprint {fingerprint[:12]})")
    return fingerprint
