"""The names of its topics that a model keeps: `labels.json` beside `model.json`.

It lies at the model's own place, in an object store, too. Neither fingerprint nor checksums know of it, so names can
be given and changed while the model stays what it is. It says itself which model it is of, so names that a crash left
beside another model are noticed.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from lda.corpus.errors import DataError
from lda.corpus.storage.places import storage
from lda.corpus.storage.retries import NetworkError
from lda.labels.labels_file import LABELS, MOST_BYTES, encode_labels, fitting, parse_labels

if TYPE_CHECKING:
    from pathlib import Path

    from lda.corpus.storage.places import Storage
    from lda.labels.labels import Labels


def kept_labels(path: str | Path, fingerprint: str | None, n_topics: int) -> Labels | None:
    """The names that lie beside a model; None where there are none.

    fingerprint: that the model records, or None.

    Raises:
        DataError: the file is damaged, or of another model.
        NetworkError: the store cannot be reached.
    """
    place = storage(path)
    where = f"{LABELS} of the model {path}"
    try:
        size = place.size(LABELS)
        if size is None:
            return None
        if size > MOST_BYTES:
            raise ValueError(f"it has {size:,} bytes, more than {MOST_BYTES:,}")
        labels = parse_labels(place.read(LABELS))
    except NetworkError:
        raise
    except (OSError, ValueError) as error:
        why = (error.strerror or error) if isinstance(error, OSError) else error
        raise DataError(
            f"{where} is damaged ({why}); give the names anew (`lda label MODEL FILE`), or remove them (--clear)"
        ) from None
    return fitting(labels, fingerprint, n_topics, where)


def labels_or_warning(path: str | Path, fingerprint: str | None, n_topics: int) -> Labels | None:
    """As `kept_labels`, but what is wrong with the names is a warning: a model is not unreadable for them.

    Raises:
        NetworkError: the store cannot be reached; names that are there must not be lost when the model is saved again.
    """
    try:
        return kept_labels(path, fingerprint, n_topics)
    except DataError as error:
        warnings.warn(f"the topics have no names: {error}", stacklevel=5)
        return None


def keep_labels(path: str | Path, labels: Labels | None) -> None:
    """Have the names lie beside the model at `path`, in the place of those there were; without any, none lie there.

    Raises:
        DataError: the place refuses.
        OSError: the disk or the store refused; what stood there is still there.
    """
    write_labels(storage(path), labels)


def write_labels(place: Storage, labels: Labels | None) -> None:
    """As `keep_labels`, at an open place."""
    if labels:
        place.write(LABELS, encode_labels(labels))
    else:
        place.delete(LABELS)
