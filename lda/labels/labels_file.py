"""`labels.json`: names of topics as a file, written by us, by the page of a report, or by hand.

{"format": "raylda-labels", "version": 1, "fingerprint": "...", "n_topics": 20,
 "names": {"3": {"name": "War", "source": "by hand", "when": "2026-01-31"}}}

By hand it may be as short as {"3": "War", "7": "Money"}, or a list of K names in the order of the topics, with null for
those without.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from operator import index
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from lda.corpus.errors import DataError
from lda.corpus.storage.output_target import local_path, new_file
from lda.corpus.storage.places import is_uri, storage
from lda.corpus.storage.strict_json import parse_value
from lda.labels.labels import LARGEST_K, Label, Labels

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

FORMAT: Final = "raylda-labels"
VERSION: Final = 1
LABELS: Final = "labels.json"
MOST_BYTES: Final = 2**25
"""Of a file: some 50,000 of the longest names."""

_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,9}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_SHOWN_DIGITS: Final = 12


class NamedModel(Protocol):
    """What names of topics must know of a model."""

    @property
    def n_topics(self) -> int:
        """K."""
        ...

    def fingerprint(self) -> str:
        """sha256 in hex of its counts."""
        ...


def load_labels(path: str | os.PathLike[str], model: NamedModel, *, force: bool = False) -> Labels:
    """The names in a `labels.json`, as those of a model.

    Args:
        path: file, or URI of one.
        model: whose topics they are to name.
        force: take names of another model all the same, if all the topics that they name are there.

    Raises:
        DataError: there is no such file, it is damaged, or it names the topics of another model.
    """
    return fitting(read_labels(path), model.fingerprint(), model.n_topics, str(path), force=force)


def labels_for(
    labels: Labels | Mapping[int, str | None] | Sequence[str | None] | str | os.PathLike[str] | None,
    model: NamedModel,
    *,
    force: bool = False,
) -> Labels:
    """Names in any form, as those of a model: see `Model.with_labels`.

    Raises:
        DataError: a file cannot be read, or the names are those of another model.
        ValueError: there is no such topic, or something is no name.
    """
    if labels is None:
        return Labels(n_topics=model.n_topics)
    if isinstance(labels, Labels):
        return fitting(labels, model.fingerprint(), model.n_topics, "the labels", force=force)
    if isinstance(labels, str | Path) or hasattr(labels, "__fspath__"):
        return load_labels(labels, model, force=force)
    if isinstance(labels, Mapping):
        names = {_topic(number): name for number, name in labels.items()}
    elif not isinstance(labels, Iterable):
        raise TypeError(
            f"names of topics are a dict, a list, Labels or the path of a file, got {type(labels).__name__}"
        )
    else:
        names = dict(enumerate(labels))
        if len(names) != model.n_topics:
            raise ValueError(
                f"a list of names must have one for each of the {model.n_topics} topics (None for those without), "
                f"got {len(names)}"
            )
    return Labels(n_topics=model.n_topics, fingerprint=model.fingerprint()).with_names(names)


def _topic(number: object) -> int:
    """A key of a mapping: a whole number of any kind, or one as text, as JSON has it."""
    if isinstance(number, str):
        return _number(number)
    try:
        return index(number)  # type: ignore[arg-type]  # which is what it finds out
    except TypeError:
        raise ValueError(f"a topic's number must be a whole number from 0, got {number!r:.40}") from None


def fitting(
    labels: Labels, fingerprint: str | None, n_topics: int, path: str, *, force: bool = False
) -> Labels:
    """Labels that were read from `path`, as those of the model with this fingerprint and K.

    fingerprint: None where the model's is not known; then K alone is compared.

    Raises:
        DataError: they are those of another model.
    """
    if not force:
        theirs, ours = labels.fingerprint, fingerprint
        if labels.n_topics not in (None, n_topics) or (theirs and ours and theirs != ours):
            raise DataError(
                f"{path} names the topics of another model ({_identity(theirs, labels.n_topics)}), this one has "
                f"{_identity(ours, n_topics)}; take the file of this model, or `lda label MODEL FILE --force` "
                "(force=True) if the numbers mean the same topics all the same"
            )
    if labels.names and (last := max(labels.names)) >= n_topics:
        raise DataError(
            f"{path} names topic {last}, but the model has topics 0 to {n_topics - 1}; take the file of this model"
        )
    return labels.of_model(fingerprint, n_topics)


def _identity(fingerprint: str | None, n_topics: int | None) -> str:
    told = [] if fingerprint is None else [f"fingerprint {fingerprint[:_SHOWN_DIGITS]}..."]
    if n_topics is not None:
        told.append(f"{n_topics} topic{'' if n_topics == 1 else 's'}")
    return " and ".join(told) or "nothing said of it"


def read_labels(path: str | os.PathLike[str]) -> Labels:
    """The names in a `labels.json`, with what it says of the model they belong to, if anything.

    Raises:
        DataError: there is no such file, or it is damaged.
    """
    try:
        data = _bytes(path)
    except OSError as error:
        raise DataError(
            f"{path} cannot be read ({error.strerror or error}); name a file with names of topics"
        ) from None
    try:
        return parse_labels(data)
    except ValueError as error:
        raise DataError(
            f'{path} holds no names of topics: {error}; the simplest such file is {{"3": "War"}}'
        ) from None


def _bytes(path: str | os.PathLike[str]) -> bytes:
    if is_uri(path):
        uri, mark, query = str(path).partition("?")
        root, _, name = uri.rpartition("/")
        place = storage(root + mark + query)
        size = place.size(name)
        if size is not None:  # else to read it tells why
            _check_size(size)
        return place.read(name)
    with Path(path).open("rb") as file:  # a pipe will do as well
        data = file.read(MOST_BYTES + 1)
    _check_size(len(data))
    return data


def _check_size(size: int) -> None:
    if size > MOST_BYTES:
        raise DataError(f"a file with names of topics has at most {MOST_BYTES:,} bytes; name another")


def parse_labels(data: bytes) -> Labels:
    """The names that the content of such a file is.

    Raises:
        ValueError: it is damaged, of a newer version, or something else.
    """
    value = parse_value(data.removeprefix(b"\xef\xbb\xbf"), unique=True)
    if isinstance(value, list):
        if not 0 < len(value) <= LARGEST_K:
            raise ValueError("a list must have an entry for each topic, got none")
        return Labels(names=_names(enumerate(value)), n_topics=len(value))
    if not isinstance(value, dict):
        raise ValueError(f"it must be an object or a list, got {value!r:.60}")
    if not {"format", "names"} & value.keys():
        return Labels(names=_names((_number(key), entry) for key, entry in value.items()))
    if value.get("format", FORMAT) != FORMAT:
        raise ValueError(f"its format must be {FORMAT}, got {value['format']!r:.60}")
    version = value.get("version", VERSION)
    if type(version) is not int or version < 1:
        raise ValueError(f"its version must be a number from 1, got {version!r:.60}")
    if version > VERSION:
        raise ValueError(f"it was written by a newer raylda (version {version}, this one reads {VERSION})")
    names = value.get("names", {})
    if isinstance(names, list):
        names = {str(number): entry for number, entry in enumerate(names)}
    if not isinstance(names, dict):
        raise ValueError(f"its names must be an object, got {names!r:.60}")
    return Labels(
        names=_names((_number(key), entry) for key, entry in names.items()),
        n_topics=_n_topics(value.get("n_topics")),
        fingerprint=_fingerprint(value.get("fingerprint")),
    )


def _names(entries: Any) -> dict[int, Label]:  # noqa: ANN401 - pairs of a number and what stands there
    found = ((number, _label(number, entry)) for number, entry in entries)
    return {number: label for number, label in found if label is not None}


def _label(number: int, entry: object) -> Label | None:
    values: dict[str, Any] = entry if isinstance(entry, dict) else {"name": entry}
    try:
        name = values.get("name")
        if name is None or (isinstance(name, str) and not name.strip()):
            return None
        given = {key: values[key] for key in ("source", "when") if values.get(key) is not None}
        return Label(name=name, **given)
    except ValueError as error:
        raise ValueError(f"of topic {number}, {error}") from None


def _number(key: str) -> int:
    if not _NUMBER.fullmatch(key) or int(key) > LARGEST_K:
        raise ValueError(f'names stand behind the numbers of topics, as in {{"3": "War"}}, got {key!r:.60}')
    return int(key)


def _n_topics(value: object) -> int | None:
    if value is None:
        return None
    if type(value) is not int or not 0 < value <= LARGEST_K:
        raise ValueError(f"n_topics must be a number from 1, got {value!r:.60}")
    return value


def _fingerprint(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not _SHA256.fullmatch(value):
        raise ValueError(f"the fingerprint must be 64 hexadecimal digits, got {value!r:.80}")
    return value


def labels_object(labels: Labels) -> dict[str, Any]:
    """What stands in the file, as plain values."""
    names: dict[str, dict[str, str]] = {}
    for number, label in labels.names.items():
        names[str(number)] = {"name": label.name, "source": label.source}
        if label.when is not None:
            names[str(number)]["when"] = label.when
    return {
        "format": FORMAT,
        "version": VERSION,
        "fingerprint": labels.fingerprint,
        "n_topics": labels.n_topics,
        "names": names,
    }


def encode_labels(labels: Labels) -> bytes:
    """The content of the file."""
    return (json.dumps(labels_object(labels), indent=1, ensure_ascii=False) + "\n").encode("utf-8")


def save_labels(labels: Labels, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Write a `labels.json` of its own, whole or not at all; a model keeps its own (`Model.save`, `lda label`).

    Raises:
        DataError: the file exists and `overwrite` is off, or cannot be written there.
        OSError: the disk refused.
    """
    with new_file(local_path(str(path)), overwrite=overwrite) as temporary:
        temporary.write_bytes(encode_labels(labels))
