"""`manifest.json`: what stands in a corpus folder, and whether it is all there."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from lda.corpus.errors import DataError
from lda.corpus.recipe import Recipe
from lda.corpus.storage import storage
from lda.corpus.summary import Summary

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST: Final = "manifest.json"
FORMAT: Final = "raylda-corpus"
FORMAT_VERSION: Final = 1


class FileEntry(NamedTuple):
    """One Arrow file of the folder; `documents` and `tokens` are 0 for the vocabulary."""

    file: str
    documents: int
    tokens: int
    bytes: int
    sha256: str


class Manifest(NamedTuple):
    """The content of `manifest.json`."""

    summary: Summary
    content_hash: str
    vocabulary: FileEntry
    shards: list[FileEntry]


def describe(summary: Summary, n_shards: int, content_hash: str) -> dict[str, Any]:
    """The manifest without its table of files, as plain values for JSON."""
    values = {field.name: getattr(summary, field.name) for field in dataclasses.fields(summary)}
    recipe = None if summary.recipe is None else summary.recipe.to_dict()
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        **values,
        "recipe": recipe,
        "n_shards": n_shards,
        "content_hash": content_hash,
    }


def manifest_bytes(manifest: Manifest) -> bytes:
    """The content of `manifest.json`."""
    values = describe(manifest.summary, len(manifest.shards), manifest.content_hash)
    values["vocabulary"] = manifest.vocabulary._asdict()
    values["shards"] = [entry._asdict() for entry in manifest.shards]
    return (json.dumps(values, indent=1, ensure_ascii=False) + "\n").encode("utf-8")


def is_corpus_folder(place: str | Path) -> bool:
    """Whether the manifest of a folder or URI says that it is a corpus, of whatever version."""
    try:
        return bool(_load(place)["format"] == FORMAT)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def read_manifest(place: str | Path) -> Manifest:
    """Read and check the `manifest.json` of a folder or URI.

    Raises:
        DataError: it is missing, damaged, or of another format or version.
    """
    try:
        values = _load(place)
        if values["format"] != FORMAT:
            raise DataError(f"{place} is not a corpus: its manifest is of the format {values['format']!r}")
        if values["format_version"] != FORMAT_VERSION:
            version = values["format_version"]
            raise DataError(
                f"{place} has corpus format {version}, this version reads {FORMAT_VERSION}; build it again"
            )
        return _parse(values)
    except FileNotFoundError:
        raise DataError(
            f"{place} is not a corpus: it has no {MANIFEST}; make one with `lda corpus build`"
        ) from None
    except DataError:
        raise
    except OSError as error:
        raise DataError(f"{place}/{MANIFEST} cannot be read ({' '.join(str(error).split())})") from None
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{place}/{MANIFEST} is damaged ({error!r}); build the corpus again") from None


def _load(place: str | Path) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(storage(place).read(MANIFEST).decode("utf-8"))
    return values


def _parse(values: dict[str, Any]) -> Manifest:
    # Corpora of earlier versions lack what has a default.
    figures = {
        field.name: values[field.name]
        for field in dataclasses.fields(Summary)
        if field.name in values or field.default is dataclasses.MISSING
    }
    if figures["recipe"] is not None:
        figures["recipe"] = Recipe.from_dict(figures["recipe"])
    shards = [FileEntry(**entry) for entry in values["shards"]]
    summary = Summary(**figures)
    found = (len(shards), sum(s.documents for s in shards), sum(s.tokens for s in shards))
    expected = (values["n_shards"], summary.n_documents, summary.n_tokens)
    if found != expected:
        raise ValueError(f"shards, documents, tokens are {expected}, but the shards add up to {found}")
    return Manifest(summary, values["content_hash"], FileEntry(**values["vocabulary"]), shards)
