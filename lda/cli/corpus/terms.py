"""`lda corpus terms`: the vocabulary of a corpus as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import click

from lda.cli.console import Console, output_options
from lda.cli.gathering import taking
from lda.cli.help import Command
from lda.cli.option import Heading, option
from lda.corpus.presentable import printable, without_keys

ORDERS: Final = ("tokens", "documents", "burst", "term", "id")
AT_A_TIME: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TermsOptions:
    """What `lda corpus terms` is asked for. min_df, max_df: as they were typed."""

    folder: str
    prefix: str | None
    regex: str | None
    min_df: str
    max_df: str
    sort: str
    top: int | None
    names: bool
    console: Console

    def __post_init__(self) -> None:
        self.limits()
        if self.names and self.console.as_json:
            raise click.UsageError("--names and --json exclude each other")

    def limits(self) -> tuple[int | float, int | float]:
        """The least and the greatest number of documents, or share of them. Raises click.UsageError."""
        return _frequency("--min-df", self.min_df), _frequency("--max-df", self.max_df)


def _frequency(name: str, text: str) -> int | float:
    try:
        value = int(text) if text.isascii() and text.isdigit() else float(text)
    except ValueError:
        value = -1.0
    if not (value >= 0 if isinstance(value, int) else 0 <= value <= 1):
        raise click.UsageError(f"{name} must be a count (5) or a share (0.05) of documents, got {text!r:.40}")
    return value


@click.command(
    cls=Command,
    essentials=("prefix", "regex", "min_df", "max_df", "sort", "top", "names", "json"),
    examples=(
        "lda corpus terms corpus/ --top 50",
        "lda corpus terms corpus/ --regex '[0-9]' --sort documents",
        "lda corpus terms corpus/ --max-df 1 --names > once.txt",
    ),
    short_help="Print the terms with their frequencies.",
)
@click.argument("folder", metavar="CORPUS")
@option("--prefix", metavar="TEXT", heading=Heading.TEXT, help="Only terms that begin so.")
@option(
    "--regex",
    metavar="REGEX",
    heading=Heading.TEXT,
    help="Only terms in which this is found (a regular expression of RE2).",
    brief="Only terms in which this is found.",
)
@option(
    "--min-df",
    default="1",
    metavar="N|SHARE",
    heading=Heading.TEXT,
    help="Only terms in at least so many documents.",
)
@option(
    "--max-df",
    default="1.0",
    metavar="N|SHARE",
    heading=Heading.TEXT,
    help="Only terms in at most so many documents.",
)
@option(
    "--sort",
    type=click.Choice(ORDERS),
    default="tokens",
    heading=Heading.OUTPUT,
    help="Most tokens first, most documents, most tokens a document (burst), by name (term), or as in the vocabulary "
    "(id).",
    brief="Order of the terms.  [default: tokens]",
)
@option("--top", type=click.IntRange(min=1), metavar="N", heading=Heading.OUTPUT, help="The first N only.")
@option("--names", is_flag=True, heading=Heading.OUTPUT, help="Print the terms alone, one a line.")
@output_options
@taking(TermsOptions)
def terms(options: TermsOptions) -> None:
    """Print the terms of a corpus with their frequencies, between tabs, the most frequent first.

    Only the vocabulary is read, so it takes a moment however large the corpus is.
    """
    from lda.corpus import Corpus
    from lda.corpus.finished.frequencies import term_table

    low, high = options.limits()
    corpus = Corpus.open(options.folder)
    try:
        found = term_table(
            corpus,
            prefix=options.prefix,
            regex=options.regex,
            min_df=low,
            max_df=high,
            sort=options.sort,
            top=options.top,
        )
    except ValueError as error:
        raise click.UsageError(f"--regex: {error}") from None
    if options.console.as_json:
        value = {
            "corpus": without_keys(options.folder),
            "n_documents": corpus.n_documents,
            "n_tokens": corpus.n_tokens,
            "n_terms": corpus.n_terms,
            "n_found": found.num_rows,
            "terms": found.to_pylist(),
        }
        options.console.result(value, lambda: "")
        return
    if not options.names:
        click.echo("term\ttokens\tdocuments\tshare\tdocument_share")
    for batch in found.to_batches(max_chunksize=AT_A_TIME):
        rows = zip(*(batch.column(name).to_pylist() for name in batch.schema.names[1:]), strict=True)
        click.echo("\n".join(_line(*row, alone=options.names) for row in rows))


def _line(term: str, tokens: int, documents: int, share: float, document_share: float, *, alone: bool) -> str:
    name = printable(term)
    return name if alone else f"{name}\t{tokens}\t{documents}\t{share:.3g}\t{document_share:.3g}"
