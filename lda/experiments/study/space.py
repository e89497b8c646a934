"""What a study searches: the parameters that vary, and the values or ranges that they are taken from."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from lda.cluster.spec.fit_settings import FitSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

Parameters = dict[str, Any]

COMMON_SETTINGS: Final = (
    "optimize_interval", "burn_in", "start", "n_samples", "sample_interval", "memory", "model_memory",
)  # fmt: skip
"""Fields of `FitSettings` that all trials share and that are given; the others are searched, or are a study's own."""

NO_STOP_WORDS: Final = "none"

LARGEST: Final = 1e300
"""No parameter comes near it; whole numbers that are no float at all are beyond."""

MOST_CANDIDATES: Final = 10_000
"""A grid beyond that is a slip: it would take months."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter that a study may vary.

    Attributes:
        name: of the option of `lda tune` and `lda fit`, as an identifier.
        flag: that option.
        kind: of its numbers, "whole" or "real"; "words" has none.
        words: the words that it may be besides.
        setting: its name in `FitSettings`; "" for one of the recipe, by which text becomes tokens.
    """

    name: str
    flag: str
    kind: Literal["whole", "real", "words"]
    words: tuple[str, ...] = ()
    setting: str = ""

    @property
    def of_recipe(self) -> bool:
        """Whether another value needs another corpus."""
        return not self.setting


PARAMETERS: Final = {
    parameter.name: parameter
    for parameter in (
        Parameter(name="topics", flag="--topics", kind="whole", setting="n_topics"),
        Parameter(
            name="alpha", flag="--alpha", kind="real", words=("auto", "auto-symmetric"), setting="alpha"
        ),
        Parameter(name="beta", flag="--beta", kind="real", words=("auto",), setting="beta"),
        Parameter(name="sampler", flag="--sampler", kind="words", setting="sampler"),
        Parameter(name="phases", flag="--phases", kind="whole", setting="phases"),
        Parameter(name="sweeps", flag="--sweeps", kind="whole", setting="sweeps"),
        Parameter(name="min_df", flag="--min-df", kind="real"),
        Parameter(name="max_df", flag="--max-df", kind="real"),
        Parameter(name="stop_words", flag="--stop-words", kind="words"),
    )
}
"""In the order of tables. Of those of the recipe the values are what the options take: 5 is a count, 0.5 a share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """All numbers from `low` to `high`, both included, equally likely by their logarithms.

    All of ours are scales: from 20 topics to 40 is as far as from 200 to 400.
    """

    low: float
    high: float
    whole: bool

    def at(self, share: float) -> int | float:
        """The number that so large a share of the range, by logarithms, lies below; share: 0 to 1."""
        low, high = math.log(self.low), math.log(self.high)
        value = math.exp(low + share * (high - low))
        return round(min(max(value, self.low), self.high)) if self.whole else float(f"{value:.4g}")


Space = dict[str, tuple[Any, ...] | Range]
"""By name of the parameter."""

_NUMBER: Final = r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_RANGE: Final = re.compile(rf"({_NUMBER})-({_NUMBER})")


def parse_values(parameter: Parameter, text: str) -> tuple[Any, ...] | Range:
    """The values that the text of an option lists ("20,50,auto"), or the range that it names ("20-400").

    Raises:
        ValueError: there are none, one is of the wrong kind, or stands twice.
    """
    flag = parameter.flag
    if parameter.kind != "words" and (found := _RANGE.fullmatch(text.strip())):
        return check_values(parameter, Range(low=float(found[1]), high=float(found[2]), whole=False))
    parts = [part.strip() for part in text.split(",")]
    if not any(parts):
        raise ValueError(f"{flag} lists no values; give one or several, such as {_example(parameter)}")
    if not all(parts):
        raise ValueError(f"{flag} has a comma too many: {text!r:.60}")
    return check_values(parameter, [_value(parameter, part) for part in parts])


def check_values(parameter: Parameter, values: object) -> tuple[Any, ...] | Range:
    """One value, several (also a `range` of Python), or a `Range`, checked and in one form.

    Raises:
        ValueError: there are none, one is of the wrong kind, or stands twice, or a range is none.
    """
    flag = parameter.flag
    if isinstance(values, Range):
        return _checked_range(parameter, values)
    each = list(values) if isinstance(values, Sequence) and not isinstance(values, str) else [values]
    if not each:
        raise ValueError(f"{flag} lists no values; give one or several, such as {_example(parameter)}")
    found: list[Any] = []
    for value in each:
        plain = value.item() if hasattr(value, "item") else value  # of NumPy
        if parameter.name == "stop_words" and plain is None:
            plain = "none"
        if isinstance(plain, str):
            plain = _value(parameter, plain)
        elif (
            isinstance(plain, bool)
            or not isinstance(plain, int | float)
            or not abs(plain) < LARGEST
            or parameter.kind == "words"
            or (parameter.kind == "whole" and not float(plain).is_integer())
        ):
            raise ValueError(f"{flag} must list {_wanted(parameter)}, got {value!r:.60}")
        elif parameter.kind == "whole":
            plain = int(plain)
        if plain in found and type(plain) in {type(other) for other in found if other == plain}:
            raise ValueError(f"{flag} lists {plain} twice; leave one out")
        found.append(plain)
    return tuple(found)


def _checked_range(parameter: Parameter, given: Range) -> Range:
    if parameter.kind == "words" or parameter.of_recipe:
        raise ValueError(
            f"{parameter.flag} takes no range: each value is a corpus of its own; list some values"
        )
    low, high = given.low, given.high
    whole = parameter.kind == "whole"
    if not 0 < low < high < math.inf or (
        whole and not (float(low).is_integer() and float(high).is_integer())
    ):
        kind = "whole numbers" if whole else "numbers"
        raise ValueError(
            f"{parameter.flag} must be a range of two {kind}, the smaller first and above 0, got {low:g}-{high:g}"
        )
    return Range(low=int(low) if whole else low, high=int(high) if whole else high, whole=whole)


def _value(parameter: Parameter, text: str) -> Any:  # noqa: ANN401 - a number or a word
    if parameter.kind == "words":
        return text
    if text in parameter.words:
        return text
    try:
        if re.fullmatch(r"\+?\d+", text) and (parameter.kind == "whole" or parameter.of_recipe):
            return int(text)
        if parameter.kind == "whole":
            raise ValueError
        return float(text)
    except ValueError:
        raise ValueError(f"{parameter.flag} must list {_wanted(parameter)}, got {text!r:.60}") from None


def _wanted(parameter: Parameter) -> str:
    kind = {"whole": "whole numbers", "real": "numbers", "words": "names"}[parameter.kind]
    return " or ".join((kind, *parameter.words))


def _example(parameter: Parameter) -> str:
    examples = {"topics": "20,50,100", "alpha": "0.1,auto", "sampler": "auto", "stop_words": "en,none"}
    return examples.get(parameter.name, "0.01,0.1" if parameter.kind == "real" else "10,20")


def varied(space: Space) -> Space:
    """The parameters that vary, and the number of topics anyway: tables speak of a model by it."""
    return {
        name: values
        for name, values in space.items()
        if name == "topics" or isinstance(values, Range) or len(values) > 1
    }


def fixed(space: Space) -> Parameters:
    """The parameters that have one value, by name, but for the number of topics."""
    return {
        name: values[0]
        for name, values in space.items()
        if name != "topics" and isinstance(values, tuple) and len(values) == 1
    }


def all_candidates(space: Space) -> Iterator[Parameters]:
    """All that a space of lists holds, the last parameter varying fastest.

    Raises:
        ValueError: it has a range, or holds more than anybody could fit.
    """
    for name, values in space.items():
        if isinstance(values, Range):
            raise ValueError(
                f"{PARAMETERS[name].flag} is a range, of which a grid cannot try all; list values, or take "
                "--search random or bayes"
            )
    lists = {name: values for name, values in space.items() if isinstance(values, tuple)}
    size = math.prod(len(values) for values in lists.values())
    if size > MOST_CANDIDATES:
        raise ValueError(
            f"the grid has {size:,} candidates, more than {MOST_CANDIDATES:,}; list fewer values, or take "
            "--search random"
        )
    for values in itertools.product(*lists.values()):
        yield dict(zip(lists, values, strict=True))


def size_of_space(space: Space) -> float:
    """How many candidates there are; infinity where a range is one of real numbers."""
    size = 1.0
    for values in space.values():
        if isinstance(values, tuple):
            size *= len(values)
        else:
            size *= values.high - values.low + 1 if values.whole else math.inf
    return size


def ends(values: tuple[Any, ...] | Range) -> tuple[Any, ...]:
    """All values of a list; of a range both ends."""
    return values if isinstance(values, tuple) else (values.low, values.high)


def corners(space: Space) -> Iterator[Parameters]:
    """Candidates in which every value and both ends of each range occur: all combinations, if not too many."""
    lists = {name: ends(values) for name, values in space.items()}
    yield from itertools.islice(
        (dict(zip(lists, values, strict=True)) for values in itertools.product(*lists.values())),
        MOST_CANDIDATES,
    )


def settings_of(base: FitSettings, parameters: Mapping[str, Any], seed: int) -> FitSettings:
    """The settings of a trial.

    Raises:
        ValueError: no fit can have them together.
    """
    changes = {
        PARAMETERS[name].setting: value
        for name, value in parameters.items()
        if not PARAMETERS[name].of_recipe
    }
    try:
        return replace(base, seed=seed, **changes)
    except ValueError as error:
        raise ValueError(f"no fit can have {in_words(parameters)}: {error}") from None


def recipes_of(space: Space) -> list[Parameters]:
    """All combinations of the parameters that need a corpus of their own; one empty one where none varies."""
    return list(all_candidates(recipe_parameters(space)))


def recipe_parameters(parameters: Mapping[str, Any]) -> Parameters:
    """Those that say how text becomes tokens."""
    return {name: value for name, value in parameters.items() if PARAMETERS[name].of_recipe}


def in_words(parameters: Mapping[str, Any]) -> str:
    """The parameters as people read them: "topics 50, alpha 0.1"."""
    return ", ".join(
        f"{name.replace('_', ' ')} {value:g}"
        if isinstance(value, float)
        else f"{name.replace('_', ' ')} {value}"
        for name, value in parameters.items()
    )


def space_to_dict(space: Space) -> dict[str, Any]:
    """Plain values: a list, or {"range": [low, high]}."""
    return {
        name: list(values) if isinstance(values, tuple) else {"range": [values.low, values.high]}
        for name, values in space.items()
    }


def space_from_dict(row: Any) -> Space:  # noqa: ANN401 - whatever stands in a file
    """Rebuild a space from `space_to_dict`.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(row, dict):
        raise ValueError(f"the space of a search must be an object, got {row!r:.60}")
    space: Space = {}
    for name, values in row.items():
        if name not in PARAMETERS:
            raise ValueError(f"no study varies {name!r:.40}")
        match values:
            case {"range": [int() | float() as low, int() | float() as high]} if (
                max(abs(low), abs(high)) < LARGEST
            ):
                space[name] = check_values(PARAMETERS[name], Range(low=low, high=high, whole=False))
            case list():
                space[name] = check_values(PARAMETERS[name], values)
            case _:
                raise ValueError(f"the values of {name} must be a list or a range, got {values!r:.60}")
    return space


def stop_lists_of(value: str) -> tuple[str, ...]:
    """The stop-word lists that a value of `stop_words` adds up: "en+mine.txt" names two, "none" none."""
    if value == NO_STOP_WORDS:
        return ()
    return (value,) if Path(value).is_file() else tuple(value.split("+"))
