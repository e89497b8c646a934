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

    from lda.cluster.records import FitResult
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
            settings=asdict(result.settings),
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
            TypeError: `history` is not a list of objects.
        """
        known = {field.name: row[field.name] for field in fields(cls)}
        known["history"] = tuple(dict(entry) for entry in known["history"])
        return cls(**known)

    def to_dict(self) -> dict[str, Any]:
        """A copy made of plain JSON values."""
        return {**asdict(self), "history": [dict(row) for row in self.history]}


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
    """The same JSON on one line with what is not printable escaped, as JSON allows: who parses it gets the same text.

    Escaping all but ASCII lost: nobody could read most of the world's words.
    """
    if text.isprintable():
        return text
    return "".join(c if c == printable(c) else json.dumps(c)[1:-1] for c in text)


def strict_json(value: Any) -> Any:  # noqa: ANN401 - any JSON value in, the same kind out
    """The value with NaN and infinities as None: strict JSON has no word for them.

    NumPy scalars become Python numbers, tuples become lists; mappings keep their order.
    """
    if isinstance(value, dict):
        return {str(key): strict_json(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [strict_json(entry) for entry in value]
    if hasattr(value, "tolist"):
        return strict_json(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
