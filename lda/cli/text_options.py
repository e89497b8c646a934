"""How text becomes terms: the options, and the recipe that they add up to."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import click

from lda.cli.gathering import gathered
from lda.cli.option import Function, Heading, option
from lda.cli.several import Several

if TYPE_CHECKING:
    from collections.abc import Callable

    from lda.cli.sources import SourceOptions
    from lda.corpus import Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class TextOptions:
    """How text is cut into words, and which of them become terms.

    stop_lists: languages and files whose words are dropped, together. extra_stopwords: a file of more of them. pattern:
    None for the usual one. The rest is as in `lda.corpus.Recipe`.
    """

    stop_lists: tuple[str, ...]
    extra_stopwords: str | None
    min_df: int | float
    max_df: int | float
    max_features: int | None
    ngram_range: tuple[int, int]
    pattern: str | None
    strip: str | None
    keep_case: bool

    @classmethod
    def asked_for(
        cls,
        *,
        stop_words: tuple[str, ...],
        stoplist_file: tuple[str, ...],
        remove_stopwords: bool,
        extra_stopwords: str | None,
        min_df: str,
        max_df: str,
        max_features: int | None,
        ngram_range: str,
        pattern: str | None,
        strip: str | None,
        keep_case: bool,
    ) -> Self:
        """What the options of `text_options` mean. Raises click.UsageError for a value that cannot be right."""
        return cls(
            stop_lists=_stop_lists(stop_words, stoplist_file, english=remove_stopwords),
            extra_stopwords=extra_stopwords,
            min_df=_frequency("--min-df", min_df),
            max_df=_frequency("--max-df", max_df),
            max_features=max_features,
            ngram_range=_ngram_range(ngram_range),
            pattern=pattern,
            strip=strip,
            keep_case=keep_case,
        )

    def recipe(self, source: SourceOptions) -> Recipe:
        """The recipe for the text of the source's fields.

        Raises:
            click.UsageError: a value cannot be right. DataError: a stop-word list cannot be had.
        """
        from lda.corpus import Recipe, resolve_stop_words
        from lda.corpus.text.stop_words import with_extra

        try:
            recipe = Recipe(
                text=source.text,
                id=source.id,
                lowercase=not self.keep_case,
                stop_words=resolve_stop_words(*self.stop_lists) if self.stop_lists else None,
                min_df=self.min_df,
                max_df=self.max_df,
                max_features=self.max_features,
                ngram_range=self.ngram_range,
                strip=self.strip,
            )
            if self.pattern is not None:
                recipe = replace(recipe, pattern=self.pattern)
            if self.extra_stopwords is None:
                return recipe
            return replace(recipe, stop_words=with_extra(recipe.stop_words, self.extra_stopwords))
        except ValueError as error:
            raise _usage(error) from error


def text_options(command: Function) -> Function:
    """Options on how text becomes terms, MALLET's names included; the command gets them as `text`."""
    return gathered(
        "text",
        TextOptions.asked_for,
        option(
            "--stop-words",
            multiple=True,
            type=Several(os.pathsep),
            metavar="LANG|FILE",
            heading=Heading.TEXT,
            help="Drop these words: en, german, ..., or a file; given several times, the lists add up.",
            brief="Drop these words: en, german, ..., or a file.",
        ),
        option(
            "--stoplist-file",
            multiple=True,
            type=Several(os.pathsep),
            metavar="FILE",
            heading=Heading.TEXT,
            help="As --stop-words FILE; as in MALLET, --remove-stopwords beside it means these words only.",
        ),
        option("--remove-stopwords", is_flag=True, heading=Heading.TEXT, help="The same as --stop-words en."),
        option(
            "--extra-stopwords",
            "--extra-stop-words",
            metavar="FILE",
            heading=Heading.TEXT,
            help="Drop the words of this file (between blanks) as well.",
        ),
        option(
            "--min-df",
            metavar="N|SHARE",
            default="1",
            heading=Heading.TEXT,
            help="Drop terms in fewer documents (5, or 0.01).",
            brief="Drop terms in fewer documents (5, or 0.01).",
        ),
        option(
            "--max-df",
            metavar="N|SHARE",
            default="1.0",
            heading=Heading.TEXT,
            help="Drop terms in more documents (100, or 0.5).",
            brief="Drop terms in more documents (100, or 0.5).",
        ),
        option(
            "--max-features",
            type=int,
            metavar="N",
            heading=Heading.TEXT,
            help="Keep only the N most frequent terms.",
        ),
        option(
            "--ngram-range",
            metavar="LOW,HIGH",
            default="1,1",
            heading=Heading.TEXT,
            help="Lengths of runs of words to count as terms.",
            brief="Lengths of runs of words to count as terms.",
        ),
        pattern_option(
            Heading.TEXT,
            help="What a word is: letters (2 or more), identifiers (also TP53, HLA-B), or a regular expression.  "
            "[default: letters]",
            brief="letters, identifiers or a regular expression.",
        ),
        strip_option(Heading.TEXT),
        keep_case_option(Heading.TEXT, help="Do not lower-case the text."),
    )(command)


def pattern_option(
    heading: Heading,
    *,
    help: str,  # noqa: A002 - as in click
    brief: str | None = None,
) -> Callable[[Function], Function]:
    """--pattern: what a word is."""
    return option("--pattern", "--token-regex", metavar="NAME|REGEX", heading=heading, help=help, brief=brief)


def strip_option(heading: Heading) -> Callable[[Function], Function]:
    """--strip: what is taken out of the text before it is cut into words."""
    return option(
        "--strip",
        type=click.Choice(["html"]),
        heading=heading,
        help="Take tags and entities out of the text first.",
    )


def keep_case_option(heading: Heading, *, help: str) -> Callable[[Function], Function]:  # noqa: A002 - as in click
    """--keep-case."""
    return option("--keep-case", "--preserve-case", is_flag=True, heading=heading, help=help)


def _stop_lists(stop_words: tuple[str, ...], files: tuple[str, ...], *, english: bool) -> tuple[str, ...]:
    """The stop-word lists that the options name, and that add up."""
    lists = (*stop_words, *files, *(("en",) if english and not files else ()))
    if "none" not in lists:
        return lists
    if len(lists) > 1:
        raise click.UsageError(f"--stop-words none goes without other lists, got {', '.join(lists)}")
    return ()


def _usage(error: ValueError) -> Exception:
    from lda.corpus import DataError

    if isinstance(error, DataError):
        return error
    # What Python calls min_df is --min-df here; other messages begin with a word of their own.
    words = re.sub(
        r"^(text|id|pattern|strip|stop_words|min_df|max_df|max_features|ngram_range)\b",
        lambda name: "--" + name[0].replace("_", "-"),
        str(error),
    )
    return click.UsageError(words)


def _frequency(name: str, value: str) -> int | float:
    try:
        return int(value) if value.lstrip("+-").isdigit() else float(value)
    except ValueError:
        raise click.UsageError(f"{name} must be a count (5) or a share (0.05), got {value!r}") from None


def _ngram_range(value: str) -> tuple[int, int]:
    parts = value.replace("-", ",").split(",")
    if len(parts) not in (1, 2) or not all(part.strip().isdigit() for part in parts):
        raise click.UsageError(f"--ngram-range must be LOW,HIGH such as 1,2; got {value!r}")
    return int(parts[0]), int(parts[-1])
