"""`lda corpus sample`: some documents of a corpus, the same ones every time."""

from __future__ import annotations

from dataclasses import dataclass

import click

from lda.cli.console import Console, output_options
from lda.cli.corpus.finished import Writing, check_output, corpus_output_option, unused_terms_option
from lda.cli.gathering import taking
from lda.cli.help import Command
from lda.cli.option import Heading, option
from lda.cli.shared_options import HIGHEST_SEED, overwrite_option


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleOptions:
    """What `lda corpus sample` is asked for. size: documents, or a share of them."""

    folder: str
    size: str
    output: str
    seed: int
    drop_unused_terms: bool
    overwrite: bool
    console: Console

    def __post_init__(self) -> None:
        self.wanted()

    def wanted(self) -> int | float:
        """How many documents, or which share of them. Raises click.UsageError."""
        text = self.size.strip()
        try:
            if text.isascii() and text.isdigit():
                size: int | float = int(text)
            elif text.endswith("%"):
                size = float(text[:-1]) / 100
            else:
                size = float(text)
        except ValueError:
            size = 0.0
        if not (size >= 1 if isinstance(size, int) else 0 < size <= 1):
            raise click.UsageError(
                "a sample must have a number of documents (1000), or a share above 0 and up to 1 (0.1 or 10%), got "
                f"{self.size!r:.40}"
            )
        return size


@click.command(
    cls=Command,
    essentials=("output", "seed", "drop_unused_terms", "overwrite", "json"),
    examples=(
        "lda corpus sample corpus/ 1000 -o small/",
        "lda corpus sample corpus/ 10% --seed 7 -o tenth/",
    ),
    short_help="Draw some documents.",
)
@click.argument("folder", metavar="CORPUS")
@click.argument("size", metavar="N|SHARE")
@corpus_output_option
@option(
    "-s",
    "--seed",
    type=click.IntRange(0, HIGHEST_SEED),
    default=0,
    heading=Heading.INPUT,
    help="Another one makes an independent sample.",
)
@unused_terms_option
@overwrite_option(help="Replace a corpus that exists.")
@output_options
@taking(SampleOptions)
def sample(options: SampleOptions) -> None:
    """Draw N documents of a corpus, or a SHARE of them (0.1, 10%), into a corpus of their own.

    A hash of the id decides: a larger sample holds the smaller one, and a share keeps its documents when others come.
    """
    from lda.corpus import Corpus
    from lda.corpus.finished.selection import sample_documents, select_corpus

    writing = Writing.begun(options.output, options.console)
    corpus = Corpus.open(options.folder)
    check_output(options.output, [options.folder], overwrite=options.overwrite)
    made = select_corpus(
        corpus,
        options.output,
        documents=sample_documents(corpus, options.wanted(), seed=options.seed),
        drop_unused_terms=options.drop_unused_terms,
        overwrite=options.overwrite,
    )
    writing.done(made, of={"content_hash": corpus.content_hash, "n_documents": corpus.n_documents})
