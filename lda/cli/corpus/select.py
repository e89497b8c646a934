"""`lda corpus select`: documents and terms of a corpus that were named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from lda.cli.console import Console, output_options
from lda.cli.corpus.finished import Writing, check_output, corpus_output_option, lines_of, unused_terms_option
from lda.cli.gathering import taking
from lda.cli.help import Command
from lda.cli.option import Heading, option
from lda.cli.shared_options import overwrite_option
from lda.corpus.presentable import printable
from lda.progress import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

    from lda.corpus import Corpus


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectOptions:
    """What `lda corpus select` is asked for. ids, without_ids, terms, without_terms: files; None for no such choice."""

    folder: str
    output: str
    where: str | None
    ids: str | None
    without_ids: str | None
    terms: str | None
    without_terms: str | None
    drop_unused_terms: bool
    overwrite: bool
    console: Console

    def __post_init__(self) -> None:
        files = [self.ids, self.without_ids, self.terms, self.without_terms]
        if [self.where, *files] == [None] * 5 and not self.drop_unused_terms:
            raise click.UsageError(
                "what is to stay must be said: --where, --ids, --without-ids, --terms, --without-terms or "
                "--drop-unused-terms"
            )
        if files.count("-") > 1:
            raise click.UsageError("standard input (-) holds one list, got it for two")


@click.command(
    cls=Command,
    essentials=(
        "output", "where", "ids", "without_ids", "terms", "without_terms", "drop_unused_terms", "overwrite", "json",
    ),
    examples=(
        "lda corpus select corpus/ --where 'year >= 2000' -o recent/",
        "lda corpus select corpus/ --ids wanted.txt -o some/",
        "lda corpus select corpus/ --without-terms empty-words.txt -o cleaner/",
        "lda corpus terms corpus/ --prefix united --names | lda corpus select corpus/ --terms - -o united/",
    ),
    short_help="Choose documents and terms.",
)  # fmt: skip
@click.argument("folder", metavar="CORPUS")
@corpus_output_option
@option(
    "--where",
    metavar="CONDITION",
    heading=Heading.INPUT,
    help="Keep the documents whose fields fulfil it, such as \"year >= 2000 and party = 'Whig'\".",
    brief="Keep documents whose fields fulfil it.",
)
@option(
    "--ids",
    metavar="FILE",
    heading=Heading.INPUT,
    help="Keep the documents whose ids stand there, one a line.",
)
@option(
    "--without-ids",
    metavar="FILE",
    heading=Heading.INPUT,
    help="Leave out the documents whose ids stand there.",
)
@option("--terms", metavar="FILE", heading=Heading.TEXT, help="Keep the terms that stand there, one a line.")
@option("--without-terms", metavar="FILE", heading=Heading.TEXT, help="Leave out the terms that stand there.")
@unused_terms_option
@overwrite_option(help="Replace a corpus that exists.")
@output_options
@taking(SelectOptions)
def select(options: SelectOptions) -> None:
    """Choose documents and terms of a corpus, which become a corpus of their own.

    Lists have one id or term a line; blank lines and `# comments` are left out; `-` is standard input.
    What they name and the corpus has not is told of. Documents whose terms are all gone stay, and are empty.
    """
    from lda.corpus import Corpus, DataError
    from lda.corpus.finished.selection import documents_of_ids, select_corpus

    writing = Writing.begun(options.output, options.console)
    corpus = Corpus.open(options.folder)
    check_output(options.output, [options.folder], overwrite=options.overwrite)
    documents, missing_ids = _fulfilling(corpus, options.where), list[str]()
    for name, stay in ((options.ids, True), (options.without_ids, False)):
        if name is None:
            continue
        found, missing = documents_of_ids(corpus, lines_of(name, "ids"))
        if stay and not found.any():
            raise DataError(
                f"no document has one of the ids in {name}, such as {_some(missing)}; check the list"
            )
        missing_ids += missing
        found = found if stay else ~found
        documents = found if documents is None else documents & found
    known = set(corpus.vocabulary)
    terms, missing_terms = _terms(options.terms, known)
    without, missing = _terms(options.without_terms, known)
    missing_terms += missing
    for absent, what in ((missing_ids, "id"), (missing_terms, "term")):
        if absent:
            options.console.progress.note(
                f"the corpus has not {plural(len(absent), what)} of those that are named: {_some(absent)}"
            )
    made = select_corpus(
        corpus,
        options.output,
        documents=documents,
        terms=terms,
        without_terms=without or (),
        drop_unused_terms=options.drop_unused_terms,
        overwrite=options.overwrite,
    )
    writing.done(
        made,
        of={
            "content_hash": corpus.content_hash,
            "n_documents": corpus.n_documents,
            "n_terms": corpus.n_terms,
        },
        missing_ids=missing_ids,
        missing_terms=missing_terms,
    )


def _fulfilling(corpus: Corpus, condition: str | None) -> npt.NDArray[np.bool_] | None:
    """Which documents fulfil the condition; None where there is none. Raises click.UsageError if it is none."""
    from lda.corpus import DataError
    from lda.corpus.finished.selection import documents_where

    if condition is None:
        return None
    try:
        found = documents_where(corpus, condition)
    except DataError:
        raise
    except ValueError as error:
        raise click.UsageError(f"--where: {error}") from None
    if not found.any():
        raise DataError(f"no document fulfils {printable(condition)!r:.80}; choose another condition")
    return found


def _terms(name: str | None, known: set[str]) -> tuple[list[str] | None, list[str]]:
    """The terms of a list, and those of them that the corpus has not."""
    if name is None:
        return None, []
    terms = lines_of(name, "terms")
    return terms, [term for term in terms if term not in known]


def _some(names: Sequence[str]) -> str:
    return ", ".join(printable(f"{name!r:.40}") for name in names[:3]) + (" ..." if len(names) > 3 else "")
