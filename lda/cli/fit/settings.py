"""The options of `lda fit` as the settings of a fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import click

from lda.cli.fit.output_files import OUTPUT_FILES
from lda.cli.gathering import gathered
from lda.cli.help import SPELLED
from lda.cli.option import Function, Heading, option
from lda.corpus.wording import is_or_are
from lda.fit_fields import FIELDS, FitField, settings_from
from lda.sizes import take_size

if TYPE_CHECKING:
    from lda.cluster import FitSettings

HEADINGS: Final = {
    "sampler": Heading.SAMPLER,
    "evaluation": Heading.EVALUATION,
    "machine": Heading.MACHINE,
}
SEED: Final = 0
"""Seed of a command that names none: run again, it gives the same model."""

OF_MALLET: Final = frozenset(
    {
        "--num-topics", "--num-iterations", "--num-threads", "--num-top-words", "--random-seed", "--optimize-interval",
        "--optimize-burn-in", "--output-model", "--stoplist-file", "--remove-stopwords", "--extra-stopwords",
        "--token-regex", "--preserve-case", "--input", "--input-state", "--input-model", "--line-regex",
        "--num-top-docs", "--doc-topics-threshold", "--doc-topics-max", *(row.flag for row in OUTPUT_FILES),
    }
)  # fmt: skip
"""Options that MALLET has under the same name. `--alpha` is one as well, and the only one that means another thing."""


def setting_options(command: Function) -> Function:
    """An option for each row of `lda.fit_fields`, and --alpha-sum; the command gets them as `settings`."""
    options = {field.option: field_option(field) for field in FIELDS}
    with_sum: list[Callable[[Any], Any]] = []
    for name, made in options.items():
        with_sum.append(made)
        if name == "alpha":
            with_sum += [_ALPHA_SUM, _SYMMETRIC]
    return gathered("settings", settings_of, *with_sum, names=(*options, "alpha_sum", "use_symmetric_alpha"))(
        command
    )


_ALPHA_SUM: Final = option(
    "--alpha-sum",
    type=float,
    heading=Heading.SAMPLER,
    help="The same as a sum over all topics, as MALLET's --alpha.",
)


_SYMMETRIC: Final = option(
    "--use-symmetric-alpha",
    is_flag=True,
    heading=Heading.SAMPLER,
    help="The same as --alpha auto-symmetric.",
)


def field_option(field: FitField) -> Callable[[Any], Any]:
    """The option of one row."""
    details: dict[str, Any] = {"default": SEED if field.setting == "seed" else field.default}
    if field.kind is bytes:
        details |= {"metavar": "SIZE", "callback": take_size}
    elif isinstance(field.kind, tuple):
        details |= {"type": click.Choice(field.kind)}
    elif field.kind is str:
        details |= {"default": str(field.default)}
    else:
        details |= {"type": field.kind}
    if field.setting == "sampler":
        details |= {"callback": check_sampler}
    shown = f"  [default: {field.shown}]" if field.shown else ""
    return option(*field.flags, heading=HEADINGS[field.about], help=field.help + shown, **details)


def check_sampler(_ctx: click.Context, _parameter: click.Parameter, value: str) -> str:
    """The name of a sampler, or "auto". Raises `click.BadParameter` for any other."""
    if value != "auto":
        from lda.samplers.registry import sampler

        try:
            sampler(value)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None
    return value


def settings_of(*, alpha_sum: float | None, use_symmetric_alpha: bool, **options: Any) -> FitSettings:  # noqa: ANN401 - a row of the table each
    """The settings of the fit. options: by the names of `lda.fit_fields`.

    Raises `click.UsageError` for a value that no fit can have, such as no topics.
    """
    if alpha_sum is not None and options["alpha"] != "auto":
        raise click.UsageError("--alpha (per topic) and --alpha-sum exclude each other")
    if use_symmetric_alpha:
        if alpha_sum is not None or options["alpha"] not in ("auto", "auto-symmetric"):
            raise click.UsageError("--use-symmetric-alpha learns alpha; leave out --alpha and --alpha-sum")
        options["alpha"] = "auto-symmetric"
    numbers = {name: _numbers(f"--{name}", options[name]) for name in ("alpha", "beta")}
    if alpha_sum is not None:
        numbers["alpha"] = alpha_sum / max(options["topics"], 1)
    try:
        return settings_from({**options, **numbers}, lambda field: field.option, {})
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def warn_of_mallet(settings: FitSettings, warn: Callable[[str], None]) -> None:
    """Tell a user of the command that is running what MALLET means by the options that were typed, where we differ."""
    spelled = click.get_current_context().meta[SPELLED]
    told = alpha_of_mallet(settings, spelled) or interval_of_mallet(settings, spelled)
    if told is not None:
        warn(told)


def alpha_of_mallet(settings: FitSettings, spelled: frozenset[str]) -> str | None:
    """What to tell a user who may mean MALLET's --alpha, the sum over topics, where ours is the prior of each.

    spelled: the options of the command as they were typed. None if nothing speaks for it.
    """
    beside = sorted(spelled & OF_MALLET)
    if "--alpha" not in spelled or not beside or not isinstance(settings.alpha, float):
        return None
    each, total, topics = f"{settings.alpha:g}", f"{settings.alpha * settings.n_topics:g}", settings.n_topics
    return (
        f"warning: --alpha {each} is the prior of each of {topics} topics, a sum of {total}; beside MALLET's "
        f"{beside[0]} MALLET's --alpha may be meant, which is that sum: for it, write --alpha-sum {each}"
    )


def interval_of_mallet(settings: FitSettings, spelled: frozenset[str]) -> str | None:
    """What to tell a user who gives priors and has them learned, too: MALLET begins at those given, and we keep them.

    spelled: the options of the command as they were typed. None if nothing speaks for it.
    """
    given = [name for name in ("alpha", "beta") if not isinstance(getattr(settings, name), str)]
    beside = sorted(spelled & {"--optimize-interval", "--optimize-burn-in"})
    if not given or not beside or settings.optimize_interval == 0:
        return None
    kept = " and ".join(given)
    return (
        f"warning: {kept} {is_or_are(len(given))} given, and so not learned, in spite of {beside[0]}; "
        f"to have {kept} learned leave {'it' if len(given) == 1 else 'them'} out"
    )


def _numbers(name: str, value: str) -> Any:  # noqa: ANN401 - "auto", one number or several
    if value == "auto" or (name == "--alpha" and value == "auto-symmetric"):
        return value
    try:
        numbers = tuple(float(part) for part in value.split(","))
    except ValueError:
        raise click.UsageError(f'{name} must be a number or "auto", got {value!r}') from None
    return numbers[0] if len(numbers) == 1 else numbers
