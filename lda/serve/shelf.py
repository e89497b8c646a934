"""`Shelf`: the models that are served, by name; and what is told of each of them."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from lda.corpus.presentable import presentable
from lda.serve.rehearsal import rehearse

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from lda.inference.inferencer import Inferencer

VERSION_DIGITS: Final = 12
"""Of the fingerprint, which are a model's version."""

_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9_-])?")


class UnknownModelError(LookupError):
    """A name that nothing is served under.

    Attributes:
        name: that was asked for; None where there are no models at all.
        known: the names that there are.
    """

    def __init__(self, name: str | None, known: Sequence[str]) -> None:
        super().__init__(name, known)
        self.name, self.known = name, tuple(known)

    def __str__(self) -> str:
        if not self.known:
            return "no model is served"
        shown = ", ".join(self.known[:10]) + (", ..." if len(self.known) > 10 else "")
        return f"there is no model {presentable(repr(self.name)[:60])}; there are: {shown}"


def check_name(name: str) -> str:
    """The name, which can stand in a path, a header and a label. Raises ValueError where it cannot."""
    if not _NAME.fullmatch(name):
        raise ValueError(
            "a model's name must be of at most 100 letters and digits of ASCII, with . _ - between them, "
            f"got {presentable(repr(name)[:120])}; give it another: NAME=FOLDER"
        )
    return name


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ServedModel:
    """A model under the name that it is served by. It does not change: a swap puts another in its place.

    Attributes:
        name: as in `check_name`.
        inferencer: infers topics of documents.
        fingerprint: sha256 in hex, of the counts.
        words: the most probable words of each topic, best first.
        labels: what each topic is called, or None.
        training_shares: (K,) float64, each topic's part of the tokens that the model was fitted to.
        alpha: (K,) float64, the prior of topics in a document.
        n_terms: V.
        digest: of all that an answer depends on beside the request: equal digests, equal answers.
        topic_parts: JSON of each topic, before and behind its share of a document.
        headers: that name the model in an answer.
    """

    name: str
    inferencer: Inferencer
    fingerprint: str
    words: tuple[tuple[str, ...], ...]
    labels: tuple[str | None, ...]
    training_shares: NDArray[np.float64] = field(repr=False)
    alpha: NDArray[np.float64] = field(repr=False)
    n_terms: int
    digest: bytes = field(repr=False)
    topic_parts: tuple[tuple[bytes, bytes], ...] = field(init=False, repr=False)
    headers: tuple[tuple[bytes, bytes], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        check_name(self.name)
        parts = tuple(
            (
                b'{"number":%d,"label":%b,"share":' % (k, _json(label)),
                b',"words":%b}' % _json(words),
            )
            for k, (label, words) in enumerate(zip(self.labels, self.words, strict=True))
        )
        object.__setattr__(self, "topic_parts", parts)
        headers = (
            (b"x-model-name", self.name.encode()),
            (b"x-model-version", self.version.encode()),
            (b"x-model-fingerprint", self.fingerprint.encode()),
        )
        object.__setattr__(self, "headers", headers)

    @classmethod
    def of(cls, name: str, inferencer: Inferencer, *, n_words: int = 10) -> ServedModel:
        """What is told of a model, found out once; and the model rehearsed, so that its first answers are fast.

        n_words: of each topic.

        Raises:
            ValueError: the name cannot be one.
        """
        check_name(name)
        topics = inferencer.topics(n_words)
        words = tuple(tuple(_unicode(word) for word, _ in topic.words[:n_words]) for topic in topics)
        labels = tuple(None if label is None else _unicode(label) for label in inferencer.labels)
        digest = hashlib.blake2b(digest_size=16)
        for part in (inferencer.fingerprint, inferencer.content, topics, labels, n_words):
            digest.update(repr(part).encode("utf-8", "backslashreplace"))
        rehearse(inferencer, [word for words_of_one in words for word in words_of_one])
        return cls(
            name=name,
            inferencer=inferencer,
            fingerprint=inferencer.fingerprint,
            words=words,
            labels=labels,
            training_shares=np.array([topic.share for topic in topics]),
            alpha=np.array([topic.alpha for topic in topics]),
            n_terms=inferencer.n_terms,
            digest=digest.digest(),
        )

    @property
    def version(self) -> str:
        """The first digits of the fingerprint."""
        return self.fingerprint[:VERSION_DIGITS]

    @property
    def n_topics(self) -> int:
        """K."""
        return len(self.words)


class Shelf:
    """The models that are served, by name.

    A request takes its model once (`get`) and keeps that object until it is answered: a swap fails nobody, and what was
    swapped out goes with the last request that has it. Names may be taken from any thread.
    """

    def __init__(self, models: Iterable[ServedModel] = (), *, names: Iterable[str] = ()) -> None:
        """names: in whose order models stand, whenever they come; others stand behind, as they came first."""
        self._models = {model.name: model for model in models}
        self._places = dict.fromkeys((*names, *self._models))

    def get(self, name: str | None = None) -> ServedModel:
        """The model of that name; None for the only one, or the first. Raises `UnknownModelError`."""
        models = self._models
        if name is None:
            for model in models.values():
                return model
        found = None if name is None else models.get(name)
        if found is None:
            raise UnknownModelError(name, list(models))
        return found

    def put(self, model: ServedModel) -> ServedModel | None:
        """Serve it under its name from now on; returns the one that was served."""
        before = self._models.get(model.name)
        self._places.setdefault(model.name)
        models = {**self._models, model.name: model}
        # Whoever goes through the old ones is not disturbed. One that was away stands where it stood.
        self._models = {name: models[name] for name in self._places if name in models}
        return before

    def remove(self, name: str) -> ServedModel:
        """Serve it no longer. Raises `UnknownModelError`."""
        found = self.get(name)
        self._models = {other: model for other, model in self._models.items() if other != name}
        return found

    def names(self) -> list[str]:
        """Names of all models, in their order."""
        return list(self._models)

    def models(self) -> list[ServedModel]:
        """All models, in that order."""
        return list(self._models.values())


def opened(name: str, folder: str | Path, *, n_words: int = 10) -> ServedModel:
    """The model of a folder or URI, whole and checked.

    Raises:
        DataError: there is none, or it is damaged (a `ValueError`).
        ValueError: the name cannot be one.
    """
    from lda.inference.inferencer import Inferencer

    return ServedModel.of(check_name(name), Inferencer(folder), n_words=n_words)


def name_of(folder: str | Path) -> str:
    """The name of a model that is given by its folder or URI alone, the folder's. Raises ValueError as `check_name`.

    Of a URI neither what follows a question mark nor what may be a key belongs to it.
    """
    text = str(folder)
    if "://" not in text:
        return check_name(Path(text).resolve().name)
    return check_name(text.partition("?")[0].rstrip("/").rpartition("/")[2].rpartition("@")[2])


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _unicode(text: str) -> str:
    """The text with ? for what UTF-8 cannot have: half of a surrogate pair."""
    return text.encode("utf-8", "replace").decode()
