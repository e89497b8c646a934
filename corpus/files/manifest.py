"""`manifest.json`: what stands in a corpus folder, and whether it is all there."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from lda.corpus.errors import DataError
from lda.corpus.storage.contained_path import check_name
from lda.corpus.storage.places import storage
from lda.corpus.storage.remote_file import check_bucket
from lda.corpus.storage.retries import NetworkError
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
    **dict.fromkeys(
        ("n_documents", "n_tokens", "n_empty_documents", "n_without_text", "n_skipped"), 2**63 - 1
    ),
}
SHA256: Final = re.compile(r"[0-9a-f]{64}")


class FileEntry(NamedTuple):
    """One Arrow file of the folder; `documents` and `tokens` are 0 for the vocabulary."""

    file: str
    documents: int
    tokens: int
    bytes: int
    sha256: str


class EarlierCorpus(NamedTuple):
    """What a corpus was before documents were appended: the first `n_shards` of its shards, under a vocabulary.

    Its terms are the first `n_terms` of those there are now, with the frequencies of then.

    Attributes:
        content_hash: of the corpus as it was.
        appended: when the documents after these joined, in UTC, as ISO 8601 has it.
        vocabulary: the file with the vocabulary of then, which stays.
    """

    content_hash: str
    n_shards: int
    n_documents: int
    n_terms: int
    n_tokens: int
    n_empty_documents: int
    n_without_text: int
    stop_word_share: float | None
    appended: str
    vocabulary: FileEntry


class Manifest(NamedTuple):
    """The content of `manifest.json`.

    Attributes:
        digests: `batch_digest` of each shard in hex, by which the content hash of a corpus that has grown is known
            without a look at its old shards; () in corpora of earlier versions.
        earlier: what the corpus was before each append, the oldest first.
    """

    summary: Summary
    content_hash: str
    vocabulary: FileEntry
    shards: list[FileEntry]
    digests: tuple[str, ...] = ()
    earlier: tuple[EarlierCorpus, ...] = ()

    def at(self, content_hash: str) -> Manifest | None:
        """The manifest of the corpus as it was when it had this content hash; None if it never had."""
        if content_hash == self.content_hash:
            return self
        for number, then in enumerate(self.earlier):
            if then.content_hash == content_hash:
                figures = {name: getattr(then, name) for name in _FIGURES}
                return Manifest(
                    dataclasses.replace(self.summary, **figures),
                    then.content_hash,
                    then.vocabulary,
                    self.shards[: then.n_shards],
                    self.digests[: then.n_shards],
                    self.earlier[:number],
                )
        return None


_FIGURES: Final = (
    "n_documents", "n_terms", "n_tokens", "n_empty_documents", "n_without_text", "stop_word_share",
)  # fmt: skip
"""What appending changes in the summary of a corpus."""


def earlier_corpus(manifest: Manifest, appended: str) -> EarlierCorpus:
    """What a corpus with this manifest is once documents have been appended to it, at this time."""
    figures = {name: getattr(manifest.summary, name) for name in _FIGURES}
    return EarlierCorpus(
        content_hash=manifest.content_hash,
        n_shards=len(manifest.shards),
        appended=appended,
        vocabulary=manifest.vocabulary,
        **figures,
    )


def describe(
    summary: Summary, n_shards: int, content_hash: str, earlier: tuple[EarlierCorpus, ...] = ()
) -> dict[str, Any]:
    """The manifest without its table of files, as plain values for JSON."""
    values = {field.name: getattr(summary, field.name) for field in dataclasses.fields(summary)}
    # Manifests that have nothing to say of it stay as earlier versions write them.
    if not summary.n_skipped:
        del values["n_skipped"]
    for name in ("removed", "steps"):
        if values[name] is None:
            del values[name]
    del values["too_frequent"]  # thousands of words, maybe
    recipe = None if summary.recipe is None else summary.recipe.to_dict()
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        **values,
        "recipe": recipe,
        "n_shards": n_shards,
        "content_hash": content_hash,
        **({"earlier": [_figures_of(then) for then in earlier]} if earlier else {}),
    }


def _figures_of(then: EarlierCorpus) -> dict[str, Any]:
    """An earlier corpus without its file."""
    return {name: value for name, value in then._asdict().items() if name != "vocabulary"}


def manifest_bytes(manifest: Manifest) -> bytes:
    """The content of `manifest.json`."""
    values = describe(manifest.summary, len(manifest.shards), manifest.content_hash)
    if manifest.summary.too_frequent is not None:
        values["too_frequent"] = list(manifest.summary.too_frequent)
    values["vocabulary"] = manifest.vocabulary._asdict()
    values["shards"] = [entry._asdict() for entry in manifest.shards]
    # Not within the entries, of which earlier versions know all names.
    if manifest.digests:
        values["shard_digests"] = list(manifest.digests)
    if manifest.earlier:
        values["earlier"] = [
            {**then._asdict(), "vocabulary": then.vocabulary._asdict()} for then in manifest.earlier
        ]
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


def says_corpus(place: str | Path) -> bool:
    """As `is_corpus_folder`, but a store that cannot be reached is an error.

    Raises:
        DataError: a store refuses to be reached. NetworkError: it cannot be reached for long.
    """
    try:
        return bool(_load(place)["format"] == FORMAT)
    except NetworkError:
        raise
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
        check_bucket(place)
        raise DataError(
            f"{place} is not a corpus: it has no {MANIFEST}; make one with `lda corpus build`"
        ) from None
    except DataError:
        raise
    except OSError as error:
        raise DataError(f"{place}/{MANIFEST} cannot be read ({' '.join(str(error).split())})") from None
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{place}/{MANIFEST} is damaged ({_reason(error)}); build the corpus again") from None


def manifest_at(place: str | Path, at: str | None) -> Manifest:
    """As `read_manifest`, of the corpus as it was when it had the content hash `at`; None for as it is.

    Raises:
        DataError: as there, or it never had that hash.
    """
    manifest = read_manifest(place)
    found = manifest if at is None else manifest.at(at)
    if found is None:
        had = ", ".join(f"{then.content_hash[:12]}" for then in manifest.earlier)
        raise DataError(
            f"{place} never had the content hash {at!r:.80}; it has {manifest.content_hash[:12]}"
            f"{f', and had {had}' if had else ', and nothing was appended to it'}"
        )
    return found


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
    if figures.get("removed") is not None:
        _check_removed(figures["removed"])
    if figures.get("steps") is not None:
        _check_steps(figures["steps"])
    if figures.get("too_frequent") is not None:
        figures["too_frequent"] = _words(figures["too_frequent"])
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
    digests = _digests(values.get("shard_digests", []), len(shards))
    earlier = _earlier(values.get("earlier", []), shards, summary)
    check_signature(values)
    return Manifest(summary, values["content_hash"], vocabulary, shards, digests, earlier)


def _digests(values: object, n_shards: int) -> tuple[str, ...]:
    """The digests of the shards, or none. Raises ValueError for what is none."""
    if not isinstance(values, list) or (values and len(values) != n_shards):
        raise ValueError("shard_digests must be one for each shard")
    for digest in values:
        if not isinstance(digest, str) or not SHA256.fullmatch(digest):
            raise ValueError(f"shard_digests cannot hold {digest!r:.80}")
    return tuple(values)


def _earlier(rows: object, shards: list[FileEntry], summary: Summary) -> tuple[EarlierCorpus, ...]:
    """What a corpus was before each append. Raises ValueError or TypeError unless each has a part of the next."""
    if not isinstance(rows, list):
        raise TypeError("earlier must be a list")
    made = [EarlierCorpus(**{**row, "vocabulary": _entry(row["vocabulary"])}) for row in rows]
    most = (len(shards), summary.n_terms)
    for then in reversed(made):
        for name in ("n_shards", *_FIGURES[:-1]):
            value = getattr(then, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 0:
                raise ValueError(f"{name} of an earlier corpus cannot be {value!r:.40}")
        if not isinstance(then.content_hash, str) or not SHA256.fullmatch(then.content_hash):
            raise ValueError(f"content_hash of an earlier corpus cannot be {then.content_hash!r:.80}")
        if not isinstance(then.appended, str):
            raise TypeError("appended of an earlier corpus must be a string")
        if not isinstance(then.stop_word_share, int | float | None):
            raise TypeError("stop_word_share of an earlier corpus must be a number")
        held = shards[: then.n_shards]
        found = (sum(s.documents for s in held), sum(s.tokens for s in held))
        if found != (then.n_documents, then.n_tokens) or then.n_shards > most[0] or then.n_terms > most[1]:
            raise ValueError("what an earlier corpus had is not the beginning of what there is now")
        most = (then.n_shards, then.n_terms)
    return tuple(made)


_KINDS: Final[dict[str, tuple[type[Any], ...]]] = {
    **dict.fromkeys(
        ("n_documents", "n_terms", "n_tokens", "n_empty_documents", "n_without_text", "n_skipped"), (int,)
    ),
    "ordered": (bool,),
    "recipe": (dict, type(None)),
    "stop_word_share": (int, float, type(None)),
    "removed": (dict, type(None)),
    "steps": (dict, type(None)),
    "too_frequent": (list, type(None)),
}


def _words(values: list[Any]) -> tuple[str, ...]:
    for value in values:
        if not isinstance(value, str):
            raise TypeError(f"too_frequent cannot have {value!r:.40}")
    return tuple(values)


def _check_removed(removed: dict[str, Any]) -> None:
    for option, counts in removed.items():
        if not isinstance(counts, dict):
            raise TypeError(f"removed cannot be {counts!r:.60} for {option!r:.40}")
        for name, value in counts.items():
            if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**63:
                raise ValueError(f"removed cannot be {value!r:.40} {name!r:.20} for {option!r:.40}")


def _check_steps(steps: dict[str, Any]) -> None:
    for name, value in steps.items():
        if name.startswith("n_") and (type(value) is not int or not 0 <= value < 2**63):
            raise ValueError(f"steps cannot have {name[:40]!r} {value!r:.40}")
        if not isinstance(value, bool | int | float | str):
            raise TypeError(f"steps cannot have {name[:40]!r} {value!r:.40}")


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
