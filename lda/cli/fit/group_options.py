"""The options of `lda fit` for a model for each group of documents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import click
from click.core import ParameterSource

from lda.cli.gathering import gathered
from lda.cli.option import Function, Heading, option
from lda.experiments.groups.choice import MIN_DOCUMENTS, SMALL, Choice, Small


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupOptions:
    """Which groups, and whether their documents are kept as corpora."""

    choice: Choice
    keep_corpora: bool


def _groups_of(
    *,
    group_by: str | None,
    group: tuple[str, ...],
    min_documents: int,
    small_groups: Small,
    keep_corpora: bool,
) -> GroupOptions | None:
    """The groups that are asked for, None for none. Raises click.UsageError for their options without --group-by."""
    if group_by is None:
        ctx = click.get_current_context()
        for name in ("group", "min_documents", "small_groups", "keep_corpora"):
            if ctx.get_parameter_source(name) not in (ParameterSource.DEFAULT, None):
                raise click.UsageError(
                    f"--{name.replace('_', '-')} is about groups; name the field that makes them (--group-by FIELD)"
                )
        return None
    choice = Choice(field=group_by, only=group, min_documents=min_documents, small=small_groups)
    return GroupOptions(choice=choice, keep_corpora=keep_corpora)


_OPTIONS: Final[tuple[Callable[[Any], Any], ...]] = (
    option(
        "--group-by",
        metavar="FIELD",
        heading=Heading.GROUPS,
        help="A model for each value of a field of the documents' metadata, in a folder of MODEL. A document with a "
        "list of values belongs to each; those without a value are left out.",
    ),
    option(
        "--group",
        multiple=True,
        metavar="VALUE",
        heading=Heading.GROUPS,
        help="Only the group of this value; may be given several times.",
    ),
    option(
        "--min-documents",
        type=click.IntRange(min=1),
        default=MIN_DOCUMENTS,
        heading=Heading.GROUPS,
        help="A group of fewer is small.",
    ),
    option(
        "--small-groups",
        type=click.Choice(SMALL),
        default="skip",
        heading=Heading.GROUPS,
        help="Leave small groups out, or refuse to begin.",
    ),
    option(
        "--keep-corpora",
        is_flag=True,
        heading=Heading.GROUPS,
        help="Keep the documents of each group as a corpus, in MODEL/corpora.",
    ),
)


def group_options(command: Function) -> Function:
    """The options of groups; the command gets them as `groups`: a `GroupOptions`, or None."""
    return gathered("groups", _groups_of, *_OPTIONS)(command)
