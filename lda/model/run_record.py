"""What a model remembers of the run that made it: enough to judge it and to repeat it."""

from __future__ import annotations

import json
import math
import platform
from dataclasses import MISSING, asdict, dataclass, field, fields
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Final

from lda.corpus.presentable import printable
from lda.seed_words import parameters_of_seeds

if TYPE_CHECKING:
    from collections.abc import Mapping
    from dataclasses import Field

    from lda.cluster.spec.results import FitResult
    from lda.corpus import Corpus

PACKAGES: Final = ("raylda", "numpy", "scipy", "numba", "llvmlite", "pyarrow")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """The facts of one fit. Everything in it is plain JSON.

    Attributes:
        settings: the `FitSettings` of the run with no "auto" left.
        history: one row per sweep, the fields of `SweepRecord`; numbers are nats per token.
        seed: the seed that, with the same corpus and settings, gives the same model.
        n_sweeps: sweeps done; fewer than the settings ask for after an interruption or an early stop.
        interrupted: whether the run was stopped from outside before its end.
        seconds: wall-clock seconds of the parts of the run: "read", "fit" (training, with the start), and where it is
            known "evaluate" (likelihoods) and "write" (counts).
        tokens_per_second: over the whole fit.
        n_documents: of the corpus.
        n_empty_documents: of these, without a token.
        n_tokens: of the corpus.
        n_trained_tokens: tokens the model was fitted to; fewer where documents were kept out to score it.
        corpus_hash: content hash of the corpus, independent of paths and machine.
        recipe: how text became tokens (`Recipe.to_dict`); None for a matrix.
        named_terms: whether the terms have names, or only the numbers of matrix columns.
        versions: Python, this package and the packages that the numbers may depend on.
        command: a shell command that repeats the run; None for a run from Python.
        parent: what the run went on from: {"kind": "model", "fingerprint": ...} or {"kind": "state", "sha256": ...},
            and under "begin" a digest of the topics or counts that it began with; None for one that began anew.
        terms_named_later: whether the terms were numbers of columns while documents were hashed, and got their names
            afterwards.
        seed_words: seed words (`SeedWords.to_dict`); None without.
        part_of: what the run belongs to: {"kind": "study", "study": ..., "trial": ...} or {"kind": "groups",
            "field": ..., "group": ...} or {"kind": "window", "field": ..., "window": ..., "until": ..., "corpus": ...},
            the content hash of that which the documents are chosen from; strings all; None for a run by itself.
        machine: facts of the machine without names, as `lda.model.machine.machine_facts` finds them; None in records of
            versions that did not know it.
        code: {"commit": ..., "changed": ...} of a checkout that the package was run from; None for one that is
            installed.
        metrics: numbers about the finished model by name: "log_likelihood" (joint, training) and "heldout" (by document
            completion, where documents were kept out), the last evaluations in nats a token.
        peak_bytes: the most memory that the process had held when the fit ended; None on a cluster, or where it is not
            known.
        began: when the run began to train, ISO 8601 in UTC, to the second; of a fit that was resumed, its last part.
            None where that is not known.
        ended: when it ended, likewise.
        resumed_after: the sweep of the checkpoint that it went on from; None for a run that was never cut off.
        mini_batches: sets of documents that the model was fitted to, one after the other (`partial_fit`).
    """

    settings: dict[str, Any]
    history: tuple[dict[str, Any], ...]
    seed: int
    n_sweeps: int
    interrupted: bool
    seconds: dict[str, float]
    tokens_per_second: float
    n_documents: int
    n_empty_documents: int
    n_tokens: int
    n_trained_tokens: int
    corpus_hash: str
    recipe: dict[str, Any] | None
    named_terms: bool
    versions: dict[str, str]
    command: str | None = None
    parent: dict[str, str] | None = None
    terms_named_later: bool = False
    seed_words: dict[str, Any] | None = None
    part_of: dict[str, str] | None = None
    machine: dict[str, Any] | None = None
    code: dict[str, Any] | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    peak_bytes: int | None = None
    began: str | None = None
    ended: str | None = None
    resumed_after: int | None = None
    mini_batches: int = 1

    @classmethod
    def from_fit(
        cls,
        result: FitResult,
        corpus: Corpus,
        *,
        named_terms: bool,
        seconds_read: float = 0.0,
        command: str | None = None,
        parent: dict[str, str] | None = None,
        seed_words: dict[str, Any] | None = None,
        part_of: dict[str, str] | None = None,
    ) -> RunRecord:
        """The record of a run that has just ended."""
        from lda.model.machine import code_version, machine_facts, peak_bytes

        seconds = {"read": round(seconds_read, 3), "fit": round(float(result.seconds), 3)}
        where = result.circumstances
        on_cluster = where is not None and where.workers > 0
        if where is not None:
            seconds["evaluate"] = round(where.seconds_evaluating, 3)
            seconds["write"] = round(where.seconds_writing, 3)
        return cls(
            settings=result.settings.to_dict(),
            history=tuple(asdict(row) for row in result.history),
            seed=int(result.seed),
            n_sweeps=int(result.n_sweeps),
            interrupted=bool(result.interrupted),
            seconds=seconds,
            tokens_per_second=float(result.tokens_per_second),
            n_documents=int(corpus.n_documents),
            n_empty_documents=int(corpus.n_empty_documents),
            n_tokens=int(corpus.n_tokens),
            n_trained_tokens=int(result.n_tokens),
            corpus_hash=corpus.content_hash,
            recipe=None if corpus.recipe is None else corpus.recipe.to_dict(),
            named_terms=named_terms,
            versions=package_versions(*(("ray",) if on_cluster else ())),
            command=command,
            parent=parent,
            seed_words=seed_words,
            part_of=part_of,
            machine=machine_facts(result),
            code=code_version(),
            metrics=_last_evaluations(result),
            peak_bytes=None if on_cluster else peak_bytes(),
            began=None if where is None else _moment(datetime.fromtimestamp(where.began, UTC)),
            ended=_moment(datetime.now(UTC)),
            resumed_after=None if where is None else where.resumed_after,
        )

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> RunRecord:
        """Rebuild a record from `to_dict`; fields that a later version added are ignored.

        Raises:
            KeyError: a field is missing.
            TypeError: a value is of another type.
            ValueError: a value cannot be.
        """
        # Earlier versions did not know those that have defaults.
        known = {one.name: row[one.name] if one.name in row else _default(one) for one in fields(cls)}
        for name, kinds in _KINDS.items():
            if not isinstance(known[name], kinds) or (bool not in kinds and isinstance(known[name], bool)):
                wanted = " or ".join(kind.__name__ for kind in kinds)
                raise TypeError(f"{name} must be of type {wanted}, got {known[name]!r:.60}")
        for name in _COUNTS:
            if not 0 <= known[name] < 2**63:
                raise ValueError(f"{name} must be a count, got {known[name]!r:.40}")
        if not 0 <= known["seed"] < 2**64:
            raise ValueError(f"the seed must lie in 0 ... 2^64 - 1, got {known['seed']!r:.40}")
        known["settings"] = _settings(known["settings"])
        of_parts = {k: known["seconds"][k] for k in PARTS if k in ("read", "fit") or k in known["seconds"]}
        known["seconds"] = {name: _number(value, f"seconds of {name}") for name, value in of_parts.items()}
        known["tokens_per_second"] = _number(known["tokens_per_second"], "tokens_per_second")
        known["history"] = tuple(_sweep(entry) for entry in known["history"])
        for name, of in known["versions"].items():
            if not isinstance(of, str):
                raise TypeError(f"the version of {name} must be a string, got {of!r:.60}")
        for link in ("parent", "part_of"):
            for name, value in (known[link] or {}).items():
                if not isinstance(value, str):
                    raise TypeError(f"{name} of {link} must be a string, got {value!r:.60}")
        known["metrics"] = {
            str(name): _number(value, f"the metric {name}") for name, value in known["metrics"].items()
        }
        _check_surroundings(known)
        parameters_of_seeds(known["seed_words"])  # could they be repeated?
        if known["recipe"] is not None:
            check_recipe(known["recipe"])
        return cls(**known)

    def __repr__(self) -> str:
        ended = ", interrupted" if self.interrupted else ""
        return (
            f"RunRecord({self.settings.get('sampler')}, {self.n_sweeps:,} sweeps over {self.n_trained_tokens:,} tokens "
            f"of {self.n_documents:,} documents in {self.seconds.get('fit', math.nan):.1f} s{ended}, seed {self.seed})"
        )

    def to_dict(self) -> dict[str, Any]:
        """A copy made of plain JSON values."""
        return {**asdict(self), "history": [dict(row) for row in self.history]}


LONGEST_FACT: Final = 200
"""Characters of a fact about machine or code."""

_COUNTS: Final = ("n_sweeps", "n_documents", "n_empty_documents", "n_tokens", "n_trained_tokens")

_KINDS: Final[dict[str, tuple[type[Any], ...]]] = {
    "settings": (dict,),
    "history": (list, tuple),
    "seed": (int,),
    **dict.fromkeys(_COUNTS, (int,)),
    "interrupted": (bool,),
    "seconds": (dict,),
    "corpus_hash": (str,),
    "recipe": (dict, type(None)),
    "named_terms": (bool,),
    "versions": (dict,),
    "command": (str, type(None)),
    "parent": (dict, type(None)),
    "part_of": (dict, type(None)),
    "seed_words": (dict, type(None)),
    "terms_named_later": (bool,),
    "machine": (dict, type(None)),
    "code": (dict, type(None)),
    "metrics": (dict,),
    "peak_bytes": (int, type(None)),
    "began": (str, type(None)),
    "ended": (str, type(None)),
    "resumed_after": (int, type(None)),
    "mini_batches": (int,),
}

PARTS: Final = ("read", "fit", "evaluate", "write")
"""Parts of a run whose seconds are recorded."""


def _default(one: Field[Any]) -> Any:  # noqa: ANN401 - of any kind
    """What a record has where an earlier version wrote nothing. Raises KeyError for what all of them wrote."""
    if one.default is not MISSING:
        return one.default
    if one.default_factory is not MISSING:
        return one.default_factory()
    raise KeyError(one.name)


def _check_surroundings(known: Mapping[str, Any]) -> None:
    """See that what is said of machine, code and time is plain and short: others are shown it."""
    for what in ("machine", "code"):
        for name, value in (known[what] or {}).items():
            if not isinstance(value, str | int | None) or len(str(value)) > LONGEST_FACT:
                raise TypeError(
                    f"{name} of {what} must be a short string or a whole number, got {value!r:.60}"
                )
    for name in ("began", "ended"):
        try:
            known[name] is None or datetime.fromisoformat(known[name])
        except ValueError:
            raise ValueError(f"{name} must be a time in ISO 8601, got {known[name]!r:.60}") from None
    for name, least in (("mini_batches", 1), ("peak_bytes", 0), ("resumed_after", 0)):
        if known[name] is not None and not least <= known[name] < 2**63:
            raise ValueError(f"{name} must be a count from {least} on, got {known[name]!r:.40}")


def _last_evaluations(result: FitResult) -> dict[str, float]:
    found = {}
    for name in ("log_likelihood", "heldout"):
        values = [value for row in result.history if (value := getattr(row, name)) is not None]
        if values:
            found[name] = float(values[-1])
    return found


def _moment(when: datetime) -> str:
    return when.isoformat(timespec="seconds")


def _settings(values: dict[str, Any]) -> dict[str, Any]:
    """The recorded settings, if a fit could have had them; what an earlier version did not know is at its default."""
    from lda.cluster.spec.fit_settings import FitSettings
    from lda.samplers.registry import is_own

    known = {field.name: values[field.name] for field in fields(FitSettings) if field.name in values}
    # What a sampler of its author's own could do is not known here.
    checked = FitSettings(**known | ({"sampler": "auto"} if is_own(known.get("sampler")) else {}))
    rest = {name: value for name, value in checked.to_dict().items() if name not in values}
    return {**values, **rest}


def _sweep(values: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever stands in the file
    """One row of the history, with all fields of `SweepRecord` and no others."""
    from lda.cluster.spec.results import SweepRecord

    if not isinstance(values, dict):
        raise TypeError(f"history must hold an object a sweep, got {values!r:.60}")
    row = asdict(SweepRecord(**values))
    for name, value in row.items():
        if value is not None or name not in ("log_likelihood", "heldout"):
            row[name] = value if isinstance(value, int) else _number(value, f"{name} of a sweep")
    return row


def _number(value: Any, what: str) -> float:  # noqa: ANN401 - whatever stands in the file
    """A number; null, as which NaN and infinity are stored, is NaN."""
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e300:
        raise TypeError(f"{what} must be a number, got {value!r:.60}")
    return value


def check_recipe(values: dict[str, Any]) -> None:
    """See that text could have been read so; its pattern is not looked at until it is needed.

    Raises:
        TypeError, ValueError: it could not.
    """
    from lda.corpus.text.recipe import DEFAULT_PATTERN, Recipe

    if not isinstance(values.get("pattern", ""), str):
        raise TypeError(f"pattern must be a string, got {values['pattern']!r:.60}")
    Recipe.from_dict({**values, "pattern": DEFAULT_PATTERN})


def parent_model(fingerprint: str) -> dict[str, str]:
    """What a record says of the model that its run went on from."""
    return {"kind": "model", "fingerprint": fingerprint}


def package_versions(*others: str) -> dict[str, str]:
    """Versions of Python and of the packages that decide a model's numbers, and of others."""
    found = {"python": platform.python_version()}
    for name in (*PACKAGES, *others):
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # a bare checkout has no distribution of its own
            found[name] = "unknown"
    return found


def json_line(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """The value as strict JSON on one line, fit for a terminal: see `printable_json`."""
    return printable_json(json.dumps(strict_json(value), ensure_ascii=False, allow_nan=False))


def printable_json(text: str) -> str:
    """The JSON on one line with what is not printable escaped, as JSON allows: it parses to the same.

    Rejected: escaping all but ASCII, because most of the world's words would be unreadable.
    """
    if text.isprintable():
        return text
    return "".join(c if c == printable(c) else json.dumps(c)[1:-1] for c in text)


def strict_json(value: Any) -> Any:  # noqa: ANN401 - any JSON value in, the same kind out
    r"""The value with NaN and infinities as None: strict JSON has no word for them.

    Strings that are no Unicode, as the names of some files, are spelled out: "caf\udce9.txt". NumPy scalars become
    Python numbers, tuples become lists; mappings keep their order.
    """
    if isinstance(value, dict):
        return {str(key): strict_json(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [strict_json(entry) for entry in value]
    if hasattr(value, "tolist"):
        return strict_json(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    return value
