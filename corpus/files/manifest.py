"""`manifest.json`: what stands in a corpus folder, and whether it is all there."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from lda.corpus.errors import DataError
from lda.corpus.storage.contained_path import check_name
from lda.corpus.storage.places import storage
from lda.corpus.storage.strict_json import check_signature, read_object, signed
from lda.corpus.summary import Summary
from lda.corpus.text.recipe import Recipe

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST: Final = "manifest.json"
FORMAT: Final = "raylda-corpus"
FORMAT_VERSION: Final = 1


MOST: Final = {
    "n_terms": 2**31 - 1,
    **dict.fromkeys(("n_documents", "n_tokens", "n_empty_documents", "n_without_text"), 2**63 - 1),
}
SHA256: Final = re.compile(r"[0-9a-f]{64}")


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
    return (json.dumps(signed(_plain(values)), indent=1, ensure_ascii=False) + "\n").encode("utf-8")


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """The values as they come back from JSON: tuples are lists there."""
    made: dict[str, Any] = json.loads(json.dumps(values))
    return made


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
            raise DataError(
                f"{place} is not a corpus: its manifest is of the format {values['format']!r:.40}"
            )
        if values["format_version"] != FORMAT_VERSION:
            version = values["format_version"]
            raise DataError(
                f"{place} has corpus format {version!r:.20}, this version reads {FORMAT_VERSION}; build it again"
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
        raise DataError(f"{place}/{MANIFEST} is damaged ({_reason(error)}); build the corpus again") from None


def _reason(error: Exception) -> str:
    return f"it has no {error}" if isinstance(error, KeyError) else " ".join(str(error).split())[:300]


def _load(place: str | Path) -> dict[str, Any]:
    return read_object(storage(place), MANIFEST)


def _parse(values: dict[str, Any]) -> Manifest:
    # Corpora of earlier versions lack what has a default.
    figures = {
        field.name: values[field.name]
        for field in dataclasses.fields(Summary)
        if field.name in values or field.default is dataclasses.MISSING
    }
    for name in figures.keys() & _KINDS.keys():
        value, kinds = figures[name], _KINDS[name]
        if not isinstance(value, kinds) or (bool not in kinds and isinstance(value, bool)):
            raise TypeError(f"{name} cannot be {value!r:.60}")
    if figures["recipe"] is not None:
        figures["recipe"] = Recipe.from_dict(figures["recipe"])
    summary = Summary(**figures)
    for name in MOST:
        if not 0 <= figures.get(name, 0) <= MOST[name]:
            raise ValueError(f"{name} cannot be {figures[name]!r:.40}")
    if not isinstance(values["shards"], list) or not isinstance(values["content_hash"], str):
        raise TypeError("shards must be a list, content_hash a string")
    shards, vocabulary = [_entry(row) for row in values["shards"]], _entry(values["vocabulary"])
    found = (len(shards), sum(s.documents for s in shards), sum(s.tokens for s in shards))
    expected = (values["n_shards"], summary.n_documents, summary.n_tokens)
    if found != expected:
        raise ValueError(f"shards, documents, tokens are {expected}, but the shards add up to {found}")
    check_signature(values)
    return Manifest(summary, values["content_hash"], vocabulary, shards)


_KINDS: Final[dict[str, tuple[type[Any], ...]]] = {
    **dict.fromkeys(("n_documents", "n_terms", "n_tokens", "n_empty_documents", "n_without_text"), (int,)),
    "ordered": (bool,),
    "recipe": (dict, type(None)),
    "stop_word_share": (int, float, type(None)),
}


def _entry(row: dict[str, Any]) -> FileEntry:
    entry = FileEntry(**row)
    try:
        check_name(entry.file)
    except DataError as error:  # which does not know of which corpus it speaks
        raise ValueError(str(error)) from None
    for name in ("documents", "tokens", "bytes"):
        value = getattr(entry, name)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**63:
            raise ValueError(f"{name} of {entry.file} cannot be {value!r:.40}")
    if not isinstance(entry.sha256, str) or not SHA256.fullmatch(entry.sha256):
        raise ValueError(f"sha256 of {entry.file} cannot be {entry.sha256!r:.80}")
    return entry
