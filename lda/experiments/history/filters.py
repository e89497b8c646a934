"""Filters and orders of runs, as `lda history` takes them: `n_topics>=50`, `sampler=pclda`, `-heldout`."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lda.corpus.documents.conditions import Missing, OneOf, Test, evaluated, fields_of, parsed
from lda.experiments.history.runs import FIELDS, SETTINGS, ListedModel, runs_in

if TYPE_CHECKING:
    from lda.corpus.documents.conditions import Condition, Leaf


_COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on runs, in the language of `lda.corpus.documents.conditions`. A value beside a text is a text."""

    condition: Condition

    @classmethod
    def parsed(cls, text: str) -> Filter:
        """The condition that a text is.

        Raises:
            ValueError: it is none, or there is no such field.
        """
        condition = parsed(text)
        for name in fields_of(condition):
            check_field(name)
        return cls(condition)

    def __call__(self, run: ListedModel) -> bool:
        """Whether a run fulfils it. One that has nothing there fulfils != alone, and "is null"."""

        def leaf(one: Leaf) -> bool:
            if isinstance(one, OneOf):
                return any(_fulfilled(value, run) for value in one.values)
            return run.value(one.field) is None if isinstance(one, Missing) else _fulfilled(one, run)

        return evaluated(
            self.condition, leaf, operator.not_, lambda every, parts: all(parts) if every else any(parts)
        )


def _fulfilled(test: Test, run: ListedModel) -> bool:
    found, spelled = run.value(test.field), test.spelled
    if found is None:
        return test.operation == "!=" and spelled.lower() not in ("", "none", "null")
    if test.operation in ("~", "contains", "startswith", "endswith"):
        return _holds(_text(found), test.operation, spelled)
    if isinstance(test.value, bool) and isinstance(found, bool):
        return (found == test.value) == (test.operation == "=")
    wanted = _number(spelled)
    if isinstance(found, int | float) and not isinstance(found, bool) and wanted is not None:
        here: Any = found
    else:
        here, wanted = _text(found), spelled  # type: ignore[assignment]  # both are texts now
    if test.operation in ("=", "!="):
        same = here == wanted or (
            test.field in ("fingerprint", "corpus_hash") and len(spelled) >= 6 and here.startswith(spelled)
        )
        return bool(same == (test.operation == "="))
    return _COMPARISONS[test.operation](here, wanted)


def _holds(text: str, operation: str, part: str) -> bool:
    if operation == "startswith":
        return text.startswith(part)
    if operation == "endswith":
        return text.endswith(part)
    return part.lower() in text.lower() if operation == "~" else part in text


def check_field(name: str) -> str:
    """The name, if runs have such a field. Raises ValueError, which names those that there are."""
    if name in FIELDS or (name.startswith(SETTINGS) and len(name) > len(SETTINGS)):
        return name
    raise ValueError(f"there is no field {name!r:.60}; there are {', '.join(FIELDS)} and {SETTINGS}NAME")


def filtered(
    runs: Sequence[ListedModel], where: Sequence[str] = (), sort: str | None = None
) -> list[ListedModel]:
    """The runs that fulfil all conditions, in an order.

    Args:
        runs: what there is.
        where: conditions, see `Filter`; without any, damaged models are among the answers.
        sort: a field, with - before it for falling values; None leaves the order. Runs without a value come last.

    Raises:
        ValueError: a condition or the field cannot be understood.
    """
    conditions = [Filter.parsed(text) for text in where]
    kept = [run for run in runs if all(condition(run) for condition in conditions)]
    if sort is None:
        return kept
    falling = sort.startswith("-")
    name = check_field(sort.removeprefix("-"))
    known = [run for run in kept if run.value(name) is not None]
    known.sort(key=lambda run: _key(run.value(name)), reverse=falling)
    return known + [run for run in kept if run.value(name) is None]


def history(*folders: str | Path, where: Sequence[str] = (), sort: str | None = None) -> list[ListedModel]:
    """The models below folders, and the runs that made them: `DataFrame(run.to_dict() for run in runs)` is a table.

    Args:
        *folders: where to look: in them and in all folders below, but those of corpora and hidden ones.
        where: conditions that a run has to fulfil, all of them: "n_topics>=50", "sampler=pclda", "command~speeches",
            "settings.alpha=auto"; in the language of conditions on documents, see `lda.read_corpus`. Fields are those
            of `ListedModel`.
        sort: field to order by, "-heldout" by falling values; None orders by name.

    Returns:
        A `ListedModel` for each model; of one that is damaged only its name and the `problem` are known.

    Raises:
        DataError: a folder is not there.
        ValueError: a condition cannot be understood.
    """
    filtered([], where, sort)  # before folders are gone through
    return filtered(runs_in(*folders), where, sort)


def _key(value: object) -> tuple[int, Any]:
    """Numbers before texts: a setting may be either."""
    return (0, value) if isinstance(value, int | float) else (1, _text(value))


def _number(text: str) -> float | None:
    """The number of a text; 10k and 2M are others' way to write thousands, and no number here."""
    try:
        return float(text.replace("_", "").replace(",", ""))
    except ValueError:
        return None


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
