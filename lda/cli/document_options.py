"""What is done with documents before they are counted: the options, and the steps that they add up to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from lda.cli.gathering import gathered
from lda.cli.option import Function, Heading, option

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentOptions:
    """Which documents are taken, and as what; as in `lda.corpus.documents.steps.DocumentSteps`.

    where: conditions, all of which a document must fulfil.
    """

    where: tuple[str, ...] = ()
    dedupe: str | None = None
    mark_duplicates: bool = False
    join_by: str | None = None
    split_tokens: int | None = None
    types: str | None = None

    def steps(self) -> dict[str, Any]:
        """What was asked for, as arguments of `lda.corpus.build_corpus`; what was not is left out.

        Raises:
            click.UsageError: a value cannot be right.
        """
        asked: dict[str, Any] = {
            "where": one_condition(self.where),
            "dedupe": self.dedupe,
            "mark_duplicates": self.mark_duplicates or None,
            "join_by": self.join_by,
            "split_tokens": self.split_tokens,
            "types": self.types,
        }
        given = {name: value for name, value in asked.items() if value is not None}
        return checked_steps(given) if given else {}


def one_condition(conditions: tuple[str, ...]) -> str | None:
    """Several conditions as one; None for none."""
    if len(conditions) < 2:
        return conditions[0] if conditions else None
    return " and ".join(f"({one})" for one in conditions)


def condition_of(where: tuple[str, ...]) -> str | None:
    """What --where asks for, or None. Raises click.UsageError for what is no condition."""
    condition = one_condition(where)
    if condition is not None:
        checked_steps({"where": condition})
    return condition


def checked_steps(given: Mapping[str, Any]) -> dict[str, Any]:
    """The steps, if they can be right. Raises click.UsageError."""
    from lda.corpus.documents.steps import DocumentSteps

    try:
        return DocumentSteps(**given).to_dict()
    except (TypeError, ValueError) as error:
        raise click.UsageError(str(error)) from None


def where_option(command: Function) -> Function:
    """--where alone."""
    return option(
        "--where",
        multiple=True,
        metavar="CONDITION",
        heading=Heading.DOCUMENTS,
        help='Take only documents whose fields fulfil it: "year >= 2000 and lang in (en, de)"; also = != < > ~ '
        "contains startswith, is null, not, or.",
        brief='Take only documents that fulfil it: "year >= 2000 and lang = en".',
    )(command)


def document_options(command: Function) -> Function:
    """--where, --dedupe, --join-by, --split-tokens, --types, ...; the command gets them as `documents`."""
    return gathered(
        "documents",
        DocumentOptions,
        where_option,
        option(
            "--dedupe",
            metavar="exact|X",
            heading=Heading.DOCUMENTS,
            help="Leave out documents that repeat an earlier one: exact, or near-duplicates of a similarity (0.9).",
        ),
        option(
            "--mark-duplicates",
            is_flag=True,
            heading=Heading.DOCUMENTS,
            help="Keep them, and name what each repeats in its field duplicate_of.",
        ),
        option(
            "--join-by",
            metavar="FIELD",
            heading=Heading.DOCUMENTS,
            help="Make one document of all that have the same value there, as the posts of a user.",
        ),
        option(
            "--split-tokens",
            type=click.IntRange(1),
            heading=Heading.DOCUMENTS,
            help="Cut documents of more words into chunks of nearly equal length, NAME#1, NAME#2, ...",
        ),
        option(
            "--types",
            metavar="auto|FIELD:KIND,...",
            heading=Heading.DOCUMENTS,
            help="Types of further fields: int, float, date, time, bool, category or text; auto finds them.",
        ),
    )(command)
