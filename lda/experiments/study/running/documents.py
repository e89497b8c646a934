"""The documents of a study: where they are read from, so that they can be read again by another recipe."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from lda.corpus.presentable import without_keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lda.corpus import Corpus, Recipe

LONGEST_PATH: Final = 250
"""Characters; a longer string is a text, and no system has a file of such a name."""


class StudyDocuments(Protocol):
    """Documents that become a corpus, as often as there are recipes."""

    @property
    def names(self) -> tuple[str, ...]:
        """What people call them, for messages and commands; without keys. Empty for those of Python."""
        ...

    @property
    def ready(self) -> Corpus | None:
        """The corpus that they are already; None for those that a recipe makes into one. Raises DataError."""
        ...

    def digest(self) -> str:
        """sha256 in hex of what is read. Raises DataError, OSError."""
        ...

    def build(self, recipe: Recipe | None, folder: Path, *, threads: int | None) -> Corpus:
        """Read them into a new corpus folder. Raises DataError, OSError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadDocuments:
    """Files, folders of them, or one corpus folder.

    Attributes:
        inputs: paths, or the URI of a corpus; they must be readable as often as needed.
        reading: how, as arguments of `lda.corpus.build_corpus`.
        told: the names that people know them by; the inputs themselves where none are given.
    """

    inputs: tuple[str | Path, ...]
    reading: dict[str, Any] = field(default_factory=dict)
    told: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The inputs as they were named."""
        return tuple(without_keys(name) for name in (self.told or tuple(map(str, self.inputs))))

    @property
    def ready(self) -> Corpus | None:
        """The corpus, if the input is one."""
        from lda.corpus import Corpus
        from lda.corpus.build import only_corpus

        built = only_corpus(self.inputs, self.reading.get("layer"))
        return None if built is None else Corpus.open(built)

    def digest(self) -> str:
        """Of a corpus its content hash, of files their bytes, in order, and the vocabulary beside them."""
        built = self.ready
        if built is not None:
            return built.content_hash
        whole = hashlib.sha256()
        vocabulary = self.reading.get("vocabulary")
        for place in [*self.inputs, *([] if vocabulary is None else [vocabulary])]:
            for path in _files(str(place)):
                if isinstance(path, str):
                    whole.update(path.encode())
                    continue
                with path.open("rb") as file:
                    whole.update(hashlib.file_digest(file, "sha256").digest())
        return whole.hexdigest()

    def build(self, recipe: Recipe | None, folder: Path, *, threads: int | None) -> Corpus:
        """Read the files."""
        from lda.corpus import build_corpus

        return build_corpus(
            list(self.inputs), folder, recipe=recipe, threads=threads, kept=False, **self.reading
        )


@dataclass(frozen=True, slots=True)
class GivenDocuments:
    """A corpus that is there already, such as one made of a matrix."""

    corpus: Corpus

    @property
    def names(self) -> tuple[str, ...]:
        """None that a command could read."""
        return ()

    @property
    def ready(self) -> Corpus:
        """The corpus."""
        return self.corpus

    def digest(self) -> str:
        """Its content hash."""
        return self.corpus.content_hash

    def build(self, recipe: Recipe | None, folder: Path, *, threads: int | None) -> Corpus:
        """A copy in a folder. Its words are fixed, so there can be no recipe."""
        from lda.corpus import Corpus

        del recipe, threads
        self.corpus.save(folder)
        return Corpus.open(folder)


def study_documents(X: object, reading: dict[str, Any] | None = None) -> StudyDocuments:
    """Whatever `lda.as_corpus` takes, or a path or several, of files that `lda.read_corpus` reads.

    Raises:
        DataError: there is no such file, or counts are none. TypeError: the kind of object is wrong.
    """
    from lda.corpus import as_corpus

    if isinstance(X, str | Path):
        return ReadDocuments(inputs=(X,), reading=reading or {})
    if isinstance(X, list | tuple) and X and all(isinstance(entry, str | Path) for entry in X):
        if any(len(str(entry)) > LONGEST_PATH or "\n" in str(entry) for entry in X):
            raise TypeError(
                "tune got a list of texts, which it takes for paths; write them to a file, or give token lists"
            )
        return ReadDocuments(inputs=tuple(X), reading=reading or {})
    return GivenDocuments(as_corpus(X))


def _files(place: str) -> Sequence[Path | str]:
    """The files of an input; of an object in a store its name, size and entity tag, which change with it."""
    from lda.corpus.inputs.fetching import path_here
    from lda.corpus.inputs.find import find_inputs

    path = path_here(place)
    if path is not None and path.is_dir():
        return sorted(file for file in path.rglob("*") if file.is_file())
    if path is not None and path.exists():
        return [path]
    found = find_inputs([place])  # a pattern, a URI, or nothing at all
    return [
        f"{file.shown} {file.size} {file.version}" if path is None else Path(file.place) for file in found
    ]
