"""The models below a folder, as their descriptions tell of them; no file of counts is opened."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from lda.corpus.errors import DataError
from lda.corpus.files.manifest import MANIFEST
from lda.corpus.presentable import without_keys
from lda.corpus.storage.places import storage
from lda.corpus.storage.signed_record import read_record
from lda.corpus.storage.strict_json import check_signature
from lda.experiments.study.records import TRIAL_FILE, TRIAL_FORMAT, VERSION
from lda.model.description import DESCRIPTION, read_description
from lda.report.facts import in_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MINE: Final = frozenset({"alpha.npy", "vocabulary.txt"})
"""Files that tell a model of ours whose description is missing or cannot be parsed."""

SETTINGS: Final = "settings."
"""What the names of settings begin with, as fields of a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedModel:
    """A model in a folder, and what its description says of the run that made it.

    Attributes:
        name: path of the model's folder, from where it was looked for.
        problem: why nothing else is known, in one line; None for a model that can be listed.
        when: when it was written, ISO 8601 in UTC.
        n_topics: K.
        n_terms: V.
        n_documents: D.
        n_tokens: that it was fitted to.
        sampler: of the fit.
        sweeps: of the fit.
        seed: of the fit.
        heldout: log-likelihood of documents kept out, nats a token: of a trial, those of its study; else the last
            evaluation of the fit. None where there were none.
        log_likelihood: the last evaluation of the training likelihood, nats a token.
        npmi: coherence of a trial's topics, on the reference of its study.
        seconds: of training.
        peak_bytes: the most memory that the process had held.
        fingerprint: of the counts.
        corpus_hash: of the documents.
        interrupted: whether the fit was stopped before its end.
        resumed_after: the sweep of the checkpoint that it went on from, if it did.
        version: of raylda.
        part_of: what the run belongs to, as `RunRecord` has it.
        parent: what it went on from, as `RunRecord` has it.
        command: a shell command that repeats the run.
        settings: of the fit, by name.
    """

    name: str
    problem: str | None = None
    when: str | None = None
    n_topics: int | None = None
    n_terms: int | None = None
    n_documents: int | None = None
    n_tokens: int | None = None
    sampler: str | None = None
    sweeps: int | None = None
    seed: int | None = None
    heldout: float | None = None
    log_likelihood: float | None = None
    npmi: float | None = None
    seconds: float | None = None
    peak_bytes: int | None = None
    fingerprint: str | None = None
    corpus_hash: str | None = None
    interrupted: bool | None = None
    resumed_after: int | None = None
    version: str | None = None
    part_of: Mapping[str, str] | None = None
    parent: Mapping[str, str] | None = None
    command: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, place: Path, name: str) -> Self:
        """The run of the model in a folder; one that cannot be read has a `problem`."""
        try:
            values = read_description(place)
            check_signature(values)
            facts = _facts(values)
        except (DataError, OSError, ValueError, TypeError, KeyError) as error:
            return cls(name=name, problem=_one_line(error).removeprefix(f"{place}/{DESCRIPTION} is "))
        return cls(name=name, **facts | _scores(place, facts))

    def value(self, name: str) -> Any:  # noqa: ANN401 - of any kind
        """The field of that name, for filters and orders: of `part_of` and `parent` in words, of "settings.NAME" too.

        Raises KeyError for a name that no run has.
        """
        if name.startswith(SETTINGS):
            return self.settings.get(name.removeprefix(SETTINGS))
        if name not in FIELDS:
            raise KeyError(name)
        found = getattr(self, name)
        return in_words(found) if isinstance(found, Mapping) else found

    def to_dict(self) -> dict[str, Any]:
        """Plain values by name."""
        return {
            one.name: dict(found) if isinstance(found := getattr(self, one.name), Mapping) else found
            for one in fields(self)
        }


FIELDS: Final = tuple(one.name for one in fields(ListedModel) if one.name != "settings")
"""Names that filters and orders know, beside "settings.NAME"."""


def runs_in(*folders: str | Path) -> list[ListedModel]:
    """All models in these folders and below, in the order of their names.

    Folders of corpora, hidden ones and links are not gone into, nor is what lies within a model.

    Raises:
        DataError: one of them is no folder.
    """
    found: dict[str, ListedModel] = {}
    for folder in folders:
        top = Path(folder)
        if not top.is_dir():
            state = "is a file" if top.exists() else "does not exist"
            raise DataError(f"{without_keys(str(folder))} {state}; name a folder that holds models")
        for place in _models(top):
            found.setdefault(os.path.realpath(place), ListedModel.of(place, place.as_posix()))
    return sorted(found.values(), key=lambda run: run.name)


def _models(top: Path) -> Iterator[Path]:
    for folder, below, files in os.walk(top):
        if DESCRIPTION in files and _is_mine(Path(folder), files):
            below.clear()
            yield Path(folder)
            continue
        if set(files) >= MINE:  # its description is gone
            below.clear()
            yield Path(folder)
            continue
        if MANIFEST in files:
            below.clear()
            continue
        below[:] = sorted(name for name in below if not name.startswith("."))


def _is_mine(folder: Path, files: Sequence[str]) -> bool:
    """Whether a `model.json` is one of ours: others have files of that name, too."""
    if MINE & set(files):
        return True
    try:
        with (folder / DESCRIPTION).open("rb") as file:
            return b'"raylda-model"' in file.read(4096)
    except OSError:
        return False


def _facts(values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a run. Raises KeyError and TypeError where the description lacks them, or has others."""
    run = _typed(values, "run", dict)
    settings, history = _typed(run, "settings", dict), _typed(run, "history", list)
    metrics = run.get("metrics") if isinstance(run.get("metrics"), dict) else {}
    assert metrics is not None
    seconds = _typed(run, "seconds", dict)
    return {
        "when": _typed(values, "created", str),
        "n_topics": _typed(values, "n_topics", int),
        "n_terms": _typed(values, "n_terms", int),
        "n_documents": _typed(run, "n_documents", int),
        "n_tokens": _typed(run, "n_trained_tokens", int),
        "sampler": _typed(settings, "sampler", str),
        "sweeps": _typed(run, "n_sweeps", int),
        "seed": _typed(run, "seed", int),
        "log_likelihood": _evaluation("log_likelihood", metrics, history),
        "seconds": _number(seconds.get("fit")),
        "peak_bytes": _optional(run, "peak_bytes", int),
        "fingerprint": _optional(values, "fingerprint", str),
        "corpus_hash": _typed(run, "corpus_hash", str),
        "interrupted": _typed(run, "interrupted", bool),
        "resumed_after": _optional(run, "resumed_after", int),
        "version": _optional(_typed(run, "versions", dict), "raylda", str),
        "part_of": _links(run, "part_of"),
        "parent": _links(run, "parent"),
        # Cleaned again: an older version may have stored the command with its keys.
        "command": None if run.get("command") is None else without_keys(_typed(run, "command", str)),
        "settings": settings,
        "heldout": _evaluation("heldout", metrics, history),
    }


def _scores(place: Path, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Held-out score and coherence of a trial as its study measured them, in the file beside its model; or nothing."""
    if (facts["part_of"] or {}).get("kind") != "study":
        return {}
    try:
        row = read_record(storage(place.parent), TRIAL_FILE, form=TRIAL_FORMAT, version=VERSION)
    except (OSError, ValueError):
        return {}
    measures = row.get("measures")
    if row.get("fingerprint") != facts["fingerprint"] or not isinstance(measures, dict):
        return {}
    return {name: _number(measures.get(name)) for name in ("heldout", "npmi")}


def _typed(values: Mapping[str, Any], name: str, kind: type[Any]) -> Any:  # noqa: ANN401
    value = values.get(name)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise TypeError(f"{name} must be of type {kind.__name__}, got {value!r:.60}")
    return value


def _optional(values: Mapping[str, Any], name: str, kind: type[Any]) -> Any:  # noqa: ANN401
    return None if values.get(name) is None else _typed(values, name, kind)


def _links(run: Mapping[str, Any], name: str) -> dict[str, str] | None:
    found = _optional(run, name, dict)
    if found is not None and not all(isinstance(value, str) for value in found.values()):
        raise TypeError(f"{name} must hold strings, got {found!r:.60}")
    return found  # type: ignore[no-any-return]  # checked


def _evaluation(name: str, metrics: Mapping[str, Any], history: Sequence[Any]) -> float | None:
    """The last evaluation of a kind; versions that knew no metrics have it in the history."""
    if name in metrics:
        return _number(metrics[name])
    rows = (row.get(name) for row in reversed(history) if isinstance(row, dict))
    return _number(next((value for value in rows if value is not None), None))


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
