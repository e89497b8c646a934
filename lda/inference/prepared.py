"""A prepared folder: what inference needs of a model, as files that processes map and so have in memory once.

prepared.json     facts of the model, and bytes and sha256 of the other files
NAME.npy          the arrays of the frozen language model
terms.trie        the terms; numbers.npy has their numbers by their places in it
keys.trie         where the recipe counts words as one, what they count as; key_numbers.npy likewise
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple, cast

import numpy as np

from lda.cluster.sweeping.frozen_model import FrozenModel
from lda.corpus.errors import DataError
from lda.corpus.presentable import presentable
from lda.corpus.storage.atomic_write import replaced_folder
from lda.corpus.storage.checksum import checksum_of_file
from lda.corpus.storage.npy_file import check_header, read_header
from lda.corpus.storage.places import storage
from lda.corpus.storage.signed_record import read_record, write_record
from lda.inference.facts import ModelFacts
from lda.inference.term_numbers import open_trie, write_trie
from lda.inference.words import keys_of
from lda.model.model import Topic
from lda.model.text_recipe import recorded_recipe

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from lda.inference.term_numbers import TermNumbers

RECORD: Final = "prepared.json"
FORM: Final = "raylda-prepared"
VERSION: Final = 1
TERMS: Final = "terms"
NUMBERS: Final = "numbers"
KEYS: Final = "keys"
KEY_NUMBERS: Final = "key_numbers"


class Prepared(NamedTuple):
    """What lies in a prepared folder."""

    frozen: FrozenModel
    facts: ModelFacts
    numbers: TermNumbers
    keyed: TermNumbers | None


def write_prepared(folder: Path, frozen: FrozenModel, facts: ModelFacts, vocabulary: Sequence[str]) -> None:
    """Write a prepared folder, whole or not at all. Raises as `Inferencer.save_prepared`."""
    with replaced_folder(folder, lambda: _check_target(folder)) as made:
        arrays = frozen.arrays()
        arrays[NUMBERS] = write_trie(vocabulary, made / f"{TERMS}.trie")
        keys = keys_of(recorded_recipe(facts.recipe), vocabulary)
        if keys is not None:
            arrays[KEY_NUMBERS] = write_trie(keys, made / f"{KEYS}.trie")
        for name, array in arrays.items():
            np.save(made / f"{name}.npy", array)
        place = storage(made)
        files = {
            path.name: {"bytes": path.stat().st_size, "sha256": checksum_of_file(place, path.name)}
            for path in sorted(made.iterdir())
        }
        topics = [[*topic[:-1], topic.words] for topic in facts.topics]
        values = {**asdict(facts), "topics": topics, "files": files}
        write_record(place, RECORD, values, form=FORM, version=VERSION)


def read_prepared(folder: Path, *, threads: int | None, verify: bool) -> Prepared:
    """Open a prepared folder, mapped. Raises as `Inferencer.open_prepared`."""
    place = storage(folder)
    try:
        values = read_record(place, RECORD, form=FORM, version=VERSION)
        files = values.pop("files")
        for name, row in files.items():
            size = place.size(name)
            if size != row["bytes"]:
                raise ValueError(f"{name} has {size or 0} bytes, and should have {row['bytes']}")
            if verify and checksum_of_file(place, name) != row["sha256"]:
                raise ValueError(f"{name} is not what was written")
        topics = tuple(
            Topic(number, alpha, tokens, share, [(term, p) for term, p in words])
            for number, alpha, tokens, share, words in values.pop("topics")
        )
        facts = ModelFacts(**{**values, "topics": topics, "labels": tuple(values["labels"])})
        arrays = {
            name.removesuffix(".npy"): _mapped(folder / name) for name in files if name.endswith(".npy")
        }
        frozen = FrozenModel.of_arrays(arrays, threads=threads)
        if not len(topics) == len(facts.labels) == frozen.n_topics:
            raise ValueError(
                f"it tells of {len(topics)} topics and {len(facts.labels)} names, of {frozen.n_topics}"
            )
        numbers = _opened(folder, TERMS, arrays[NUMBERS], frozen)
        keyed = _opened(folder, KEYS, arrays[KEY_NUMBERS], frozen) if KEY_NUMBERS in arrays else None
    except FileNotFoundError:
        raise DataError(
            f"there is no prepared model in {_shown(folder)}; write one by save_prepared"
        ) from None
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"the prepared model in {_shown(folder)} is damaged: {presentable(str(error))[:200]}; prepare it again"
        ) from None
    return Prepared(frozen, facts, numbers, keyed)


def _opened(folder: Path, name: str, numbers: npt.NDArray[Any], frozen: FrozenModel) -> TermNumbers:
    """An index of terms. Raises ValueError, RuntimeError or OSError for what is none of this model."""
    if numbers.dtype != np.int32 or numbers.ndim != 1:
        raise ValueError(f"numbers of terms must be (n,) int32, got {numbers.shape} {numbers.dtype}")
    if len(numbers) and not 0 <= numbers.min() <= numbers.max() < frozen.n_terms:
        raise ValueError(f"numbers of terms must lie in 0 .. {frozen.n_terms - 1}")
    return open_trie(folder / f"{name}.trie", numbers)


def _mapped(path: Path) -> npt.NDArray[Any]:
    """The array in a file, copy-on-write: what is read alone is another type to kernels, and nobody writes to it."""
    with path.open("rb") as file:
        header = read_header(cast("BinaryIO", file))
    check_header(header, path.stat().st_size)
    if not header.size:
        return np.zeros(header.shape, dtype=header.dtype)
    mapped = np.memmap(path, dtype=header.dtype, mode="c", offset=header.start, shape=header.shape)
    return mapped.view(np.ndarray)  # which Numba knows in a tenth of the time


def _check_target(folder: Path) -> None:
    """Refuse what is no prepared folder. Raises `DataError`."""
    if folder.exists() and not (folder / RECORD).is_file():
        raise DataError(
            f"{_shown(folder)} is there, and is no prepared model; name another folder, or remove it"
        )


def _shown(folder: Path) -> str:
    return presentable(str(folder))
