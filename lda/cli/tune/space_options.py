"""The options of `lda tune` that list several values, and those on how the values are searched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from lda.cli.gathering import gathered
from lda.cli.option import Function, Heading, option

if TYPE_CHECKING:
    from lda.experiments.study.search.search import Kind
    from lda.experiments.study.space import Space

OF_TEXT: Final = {"min_df": "1", "max_df": "1.0", "stop_words": ()}
"""Options of the text that list values here, and what stands for them where the others are read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceOptions:
    """What is searched, as it was typed, and how. candidates: how many to try; None for all of a grid."""

    topics: str | None
    alpha: str
    beta: str
    sampler: str
    sweeps: str
    phases: str | None
    search: Kind
    candidates: int | None
    seeds: int
    halving: bool

    def values(self, text: dict[str, Any]) -> Space:
        """All parameters that have a value. text: those of `OF_TEXT`, as they were typed.

        Raises click.UsageError for what cannot be.
        """
        from lda.experiments.study.space import PARAMETERS, parse_values

        typed = {
            **{
                name: getattr(self, name)
                for name in ("topics", "alpha", "beta", "sampler", "phases", "sweeps")
            },
            "min_df": text["min_df"],
            "max_df": text["max_df"],
            "stop_words": _stop_words(text["stop_words"]),
        }
        try:
            return {
                name: parse_values(parameter, typed[name])
                for name, parameter in PARAMETERS.items()
                if typed[name] is not None
            }
        except ValueError as error:
            raise click.UsageError(str(error)) from None


def _stop_words(typed: tuple[str, ...]) -> str | None:
    """One text that lists the values. Given several times the lists add up, as in `lda fit`, to one value."""
    if not typed:
        return None
    if len(typed) == 1:
        return typed[0]
    if any("," in one and not Path(one).is_file() for one in typed):
        raise click.UsageError(
            "--stop-words is given several times, so that its lists add up, and lists several values as well; give it "
            "once, and join lists that add up by a plus: en+FILE,none"
        )
    return "+".join(typed)


def space_options(command: Function) -> Function:
    """The options that list values; the command gets them as `space`, and those of the text as `text_lists`."""
    return gathered(
        "space",
        SpaceOptions,
        option(
            "-k",
            "--topics",
            "--num-topics",
            metavar="K,...",
            heading=Heading.SAMPLER,
            help="Numbers of topics: 20,50,100, or a range 20-400 for random and bayes.",
            brief="Numbers of topics: 20,50,100.",
        ),
        option(
            "--alpha",
            metavar="A,...",
            default="auto",
            heading=Heading.SAMPLER,
            help="Priors of each topic in a document, several to be tried: numbers, a range 0.01-1, auto, "
            "auto-symmetric.",
        ),
        option(
            "--beta",
            metavar="B,...",
            default="auto",
            heading=Heading.SAMPLER,
            help="Priors of each term in a topic: numbers, a range 0.001-0.1, auto.",
        ),
        option("--sampler", metavar="NAME,...", default="auto", heading=Heading.SAMPLER, help="Samplers."),
        option(
            "-n",
            "--sweeps",
            "--num-iterations",
            "--max-iter",
            metavar="N,...",
            default="200",
            heading=Heading.SAMPLER,
            help="Passes over the corpus.",
        ),
        option(
            "--phases",
            metavar="N,...",
            heading=Heading.SAMPLER,
            help="Exchanges of counts per sweep.  [default: by the sampler]",
        ),
        option(
            "--search",
            type=click.Choice(["grid", "random", "bayes"]),
            default="grid",
            heading=Heading.SEARCH,
            help="Try all combinations, some by chance, or those that earlier ones speak for (Optuna's sampler).",
            brief="grid, random or bayes.",
        ),
        option(
            "--candidates",
            type=click.IntRange(min=1),
            heading=Heading.SEARCH,
            help="Candidates, combinations of values, that random and bayes try.",
        ),
        option(
            "--seeds",
            type=click.IntRange(min=1),
            default=1,
            heading=Heading.SEARCH,
            help="Trials of each candidate, fits that differ by seed alone.",
            brief="Fits of each candidate.",
        ),
        option(
            "--halving",
            is_flag=True,
            heading=Heading.SEARCH,
            help="Stop the worse ones early: after a ninth and a third of the sweeps the best third goes on.",
            brief="Stop the worse ones early.",
        ),
    )(command)


def lists_of_text(command: Function) -> Function:
    """Above `text_options`: what these list goes to the command as `text_lists`, and the rest is read as ever."""

    @wraps(command)
    def listing(*args: Any, **values: Any) -> Any:  # noqa: ANN401 - as click calls it
        lists = {name: values[name] for name in OF_TEXT}
        return command(*args, **{**values, **OF_TEXT}, text_lists=lists)

    decorated: Callable[..., Any] = listing
    return decorated  # type: ignore[return-value]  # a function like the one it was
