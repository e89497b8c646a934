"""The options of `lda fit` that name seed words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import click

from lda.cli.gathering import gathered
from lda.cli.option import Function, Heading, option
from lda.seed_words import ALL, SEED_WEIGHT

if TYPE_CHECKING:
    from lda.seed_words import SeedWords


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedOptions:
    """Seed words as they were asked for: a file, or None; the weight of each; which topics are to be frozen."""

    seed_words: str | None
    seed_weight: int
    frozen_topics: str

    def read(self, n_topics: int) -> SeedWords | None:
        """The seed words of the file, for K topics; None where there is none.

        Raises:
            click.UsageError: an option cannot be so.
            DataError: the file cannot be read, or holds no seed words.
        """
        from lda.corpus.errors import DataError
        from lda.seed_words import SeedWords, read_seed_words

        if self.seed_words is None:
            if self.frozen_topics:
                raise click.UsageError("--frozen-topics needs --seed-words, which say what these topics are")
            return None
        words = read_seed_words(self.seed_words)
        try:
            found = SeedWords.of(
                words, n_topics=n_topics, weight=self.seed_weight, frozen=self.frozen_topics or ()
            )
            if found is not None:
                found.labels()  # are the names ones that topics may have?
        except ValueError as error:
            raise DataError(f"{self.seed_words}: {error}") from error
        return found


_OPTIONS: Final[tuple[Callable[[Any], Any], ...]] = (
    option(
        "--seed-words",
        metavar="FILE",
        heading=Heading.SAMPLER,
        help="Words that topics shall be about, by number or name: YAML or JSON.",
    ),
    option(
        "--seed-weight",
        type=click.IntRange(min=1),
        default=SEED_WEIGHT,
        heading=Heading.SAMPLER,
        help="Tokens that each of them counts for.",
    ),
    option(
        "--frozen-topics",
        metavar="TOPICS",
        default="",
        show_default=False,
        heading=Heading.SAMPLER,
        help=f"Topics that stay as their seed words make them: numbers or names (A,B,...), or {ALL}.",
    ),
)


def seed_options(command: Function) -> Function:
    """The options of seed words; the command gets them as `seeds`, a `SeedOptions`."""
    return gathered("seeds", SeedOptions, *_OPTIONS)(command)
