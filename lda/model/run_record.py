"""What a model remembers of the run that made it: enough to judge it and to repeat it."""

from __future__ import annotations

import json
import math
import platform
from dataclasses import asdict, dataclass, fields
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Final

from lda.corpus.presentable import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lda.cluster.spec.results import FitResult
    from lda.corpus import Corpus

PACKAGES: Final = ("raylda", "numpy", "scipy", "numba", "pyarrow")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """The facts of one fit. Everything in it is plain JSON.

    Attributes:
        settings: the `FitSettings` of the run with no "auto" left.
        history: one row per sweep, the fields of `SweepRecord`; numbers are nats per token.
        seed: the seed that, with the same corpus and settings, gives the same model.
        n_sweeps: sweeps done; fewer than the settings ask for after an interruption or an early stop.
        interrupted: whether the run was stopped from outside before its end.
        seconds: wall-clock seconds of the parts of the run ("read", "fit").
        tokens_per_second: over the whole fit.
        n_documents, n_empty_documents, n_tokens: size of the corpus.
        n_trained_tokens: tokens the model was fitted to; fewer where documents were kept out to score it.
        corpus_hash: content hash of the corpus, independent of paths and machine.
        recipe: how text became tokens (`Recipe.to_dict`); None for a matrix.
        named_terms: whether the terms have names, or only the numbers of matrix columns.
        versions: Python, this package and the packages that the numbers may depend on.
        command: a shell command that repeats the run; None for a run from Python.
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

    @classmethod
    def from_fit(
        cls,
        result: FitResult,
        corpus: Corpus,
        *,
        named_terms: bool,
        seconds_read: float = 0.0,
        command: str | None = None,
    ) -> RunRecord:
        """The record of a run that has just ended."""
        return cls(
            settings=result.settings.to_dict(),
            history=tuple(asdict(row) for row in result.history),
            seed=int(result.seed),
            n_sweeps=int(result.n_sweeps),
            interrupted=bool(result.interrupted),
            seconds={"read": round(seconds_read, 3), "fit": round(float(result.seconds), 3)},
            tokens_per_second=float(result.tokens_per_second),
            n_documents=int(corpus.n_documents),
            n_empty_documents=int(corpus.n_empty_documents),
            n_tokens=int(corpus.n_tokens),
            n_trained_tokens=int(result.n_tokens),
            corpus_hash=corpus.content_hash,
            recipe=None if corpus.recipe is None else corpus.recipe.to_dict(),
            named_terms=named_terms,
            versions=package_versions(),
            command=command,
        )

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> RunRecord:
        """Rebuild a record from `to_dict`; fields that a later version added are ignored.

        Raises:
            KeyError: a field is missing.
            TypeError: a value is of another type.
            ValueError: a value cannot be.
        """
        known = {field.name: row[field.name] for field in fields(cls)}
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
        known["seconds"] = {
            name: _number(known["seconds"][name], f"seconds of {name}") for name in ("read", "fit")
        }
        known["tokens_per_second"] = _number(known["tokens_per_second"], "tokens_per_second")
        known["history"] = tuple(_sweep(entry) for entry in known["history"])
        for name, of in known["versions"].items():
            if not isinstance(of, str):
                raise TypeError(f"the version of {name} must be a string, got {of!r:.60}")
        if known["recipe"] is not None:
            _check_recipe(known["recipe"])
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
}


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


def _check_recipe(values: dict[str, Any]) -> None:
    """See that text could have been read so; its pattern is not looked at until it is needed."""
    from lda.corpus.text.recipe import DEFAULT_PATTERN, Recipe

    if not isinstance(values.get("pattern", ""), str):
        raise TypeError(f"pattern must be a string, got {values['pattern']!r:.60}")
    Recipe.from_dict({**values, "pattern": DEFAULT_PATTERN})


def package_versions() -> dict[str, str]:
    """Versions of Python and of the packages that decide a model's numbers."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
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
