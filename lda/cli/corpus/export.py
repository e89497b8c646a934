"""`lda corpus export`: a corpus as files of other programs."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

import click

from lda.cli.console import Console, output_options
from lda.cli.gathering import taking
from lda.cli.help import Command
from lda.cli.option import Heading, option
from lda.cli.shared_options import overwrite_option
from lda.corpus.presentable import presentable, without_keys

FORMS: Final = {
    "uci": "UCI bag of words",
    "matrix-market": "Matrix Market",
    "svmlight": "SVMlight",
    "ldac": "LDA-C",
    "anndata": "AnnData (.h5ad)",
    "mallet": "lines for mallet import-file",
    "jsonl": "JSON lines with lists of tokens",
    "parquet": "Parquet with lists of tokens",
}
"""Names of `lda.corpus.export.export.FORMS`, which takes time to import."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusExportOptions:
    """What `lda corpus export` is asked for. label: a field; None for none."""

    folder: str
    to: str
    output: str
    label: str | None
    overwrite: bool
    console: Console


@click.command(
    "export",
    cls=Command,
    essentials=("to", "output", "label", "overwrite", "json"),
    examples=(
        "lda corpus export corpus/ --to matrix-market -o counts.mtx",
        "lda corpus export corpus/ --to mallet --label party -o speeches.txt.gz",
        "lda corpus export corpus/ --to uci -o docword.speeches.txt",
    ),
    short_help="Write it as a file of another program.",
)
@click.argument("folder", metavar="CORPUS")
@option(
    "--to",
    type=click.Choice(list(FORMS)),
    required=True,
    heading=Heading.OUTPUT,
    help="; ".join(f"{name}: {what}" for name, what in FORMS.items()) + ".",
    brief="The form.",
)
@option(
    "-o",
    "--output",
    required=True,
    metavar="FILE",
    heading=Heading.OUTPUT,
    help="File to write; lines are packed by gzip if its name ends in .gz. Terms and ids go beside it where the form "
    "has no room for them: FILE.vocab, FILE.ids.",
    brief="File to write; terms and ids may go beside it.",
)
@option(
    "--label",
    metavar="FIELD",
    heading=Heading.OUTPUT,
    help="Field with the label of each document, for mallet and svmlight.",
    brief="Field with labels, for mallet and svmlight.",
)
@overwrite_option(help="Replace files that exist.")
@output_options
@taking(CorpusExportOptions)
def export(options: CorpusExportOptions) -> None:
    """Write a corpus as a file of another program, shard by shard, in memory that does not grow with the corpus.

    Forms of counts lose the order of the words; mallet, jsonl and parquet keep it. Fields go into parquet, jsonl and
    anndata.
    """
    from lda.corpus import Corpus
    from lda.corpus.export.export import check_export, export_corpus, files_of
    from lda.corpus.storage.output_target import check_apart, check_names_file, local_path

    started = time.perf_counter()
    corpus = Corpus.open(options.folder)
    try:
        form = check_export(options.output, options.to, label=options.label, overwrite=options.overwrite)
    except ValueError as error:
        if getattr(type(error), "exit_code", None) is not None:  # a DataError, which knows its own
            raise
        raise click.UsageError(str(error)) from None
    check_names_file(options.output)
    for path in files_of(local_path(options.output), form):
        check_apart(path, (), whole=[options.folder])
    files = export_corpus(
        corpus, options.output, options.to, label=options.label, overwrite=options.overwrite
    )
    seconds = time.perf_counter() - started
    names = [without_keys(str(path)) for path in files]
    options.console.progress.note(f"wrote {', '.join(map(presentable, names))} in {seconds:.1f} s")
    if (hint := _hint(options.to, options.output)) is not None:
        options.console.progress.note(presentable(hint))
    value = {
        "corpus": without_keys(options.folder),
        "to": options.to,
        "files": names,
        "n_documents": corpus.n_documents,
        "n_terms": corpus.n_terms,
        "n_tokens": corpus.n_tokens,
        "content_hash": corpus.content_hash,
        "seconds": round(seconds, 3),
    }
    options.console.result(value, lambda: "")


def _hint(to: str, output: str) -> str | None:
    """How the file is read without cutting its words anew."""
    if to == "mallet":
        return (
            f"MALLET reads it with: mallet import-file --input {output} --keep-sequence --preserve-case --token-regex "
            r"'\S+' --output FILE"
        )
    if to in ("jsonl", "parquet"):
        return f"read it with: lda corpus build {output} --text tokens --id id -o DIR"
    return None
