"""The options of `lda fit` as the settings of a fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from lda.cluster import FitSettings


def check_sampler(_ctx: click.Context, _parameter: click.Parameter, value: str) -> str:
    """The name of a sampler, or "auto". Raises `click.BadParameter` for any other."""
    if value != "auto":
        from lda.samplers.registry import sampler

        try:
            sampler(value)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None
    return value


def settings_of(options: dict[str, Any]) -> FitSettings:
    """The settings of the fit.

    Raises `click.UsageError` for a value that no fit can have, such as no topics.
    """
    from lda.cluster import FitSettings

    n_topics, alpha_sum = options["topics"], options["alpha_sum"]
    if alpha_sum is not None and options["alpha"] != "auto":
        raise click.UsageError("--alpha (per topic) and --alpha-sum exclude each other")
    try:
        return FitSettings(
            n_topics=n_topics,
            sampler=options["sampler"],
            alpha=_numbers("--alpha", options["alpha"])
            if alpha_sum is None
            else alpha_sum / max(n_topics, 1),
            beta=_numbers("--beta", options["beta"]),
            sweeps=options["sweeps"],
            phases=options["phases"],
            start=options["start"],
            seed=options["seed"],
            threads=options["threads"],
            memory=options["memory"],
            model_memory=options["model_memory"],
            optimize_interval=options["optimize_interval"],
            n_samples=options["samples"],
            sample_interval=options["sample_interval"],
            validation_fraction=options["validation_fraction"],
            tol=options["tol"],
            n_iter_no_change=options["patience"],
            evaluate_every=options["evaluate_every"],
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def _numbers(name: str, value: str) -> Any:  # noqa: ANN401 - "auto", one number or several
    if value == "auto":
        return value
    try:
        numbers = tuple(float(part) for part in value.split(","))
    except ValueError:
        raise click.UsageError(f'{name} must be a number or "auto", got {value!r}') from None
    return numbers[0] if len(numbers) == 1 else numbers
