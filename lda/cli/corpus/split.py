"""`lda corpus split` and `overlap`: parts that share no document, and how many two corpora share."""

from __future__ import annotations

import math
import time as clock
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import click

from lda.cli.aligned import aligned
from lda.cli.console import Console, output_options
from lda.cli.gathering import taking
from lda.cli.help import Command
from lda.cli.inputs_argument import inputs_argument
from lda.cli.option import Heading, option
from lda.cli.shared_options import overwrite_option, threads_option
from lda.cli.sources import (
    LineOptions,
    SourceOptions,
    line_options,
    names_of,
    size_of,
    source_options,
    stored_inputs,
)
from lda.cli.text_options import TextOptions, text_options
from lda.corpus.presentable import presentable, printable, without_keys
from lda.progress import plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from lda.corpus import Corpus
    from lda.splitting.overlap import Overlap
    from lda.splitting.split import CorpusSplit, SplitOptions

DEFAULT_SHARES: Final = "0.8,0.1,0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitCommandOptions:
    """What `lda corpus split` is asked for. by_hash, time: a field and shares; only one of them is given."""

    inputs: tuple[str, ...]
    output: str
    by_hash: tuple[str, str] | None
    time: tuple[str, str] | None
    by: tuple[str, ...]
    near_duplicates: float | None
    names: str | None
    seed: int
    ids: bool
    source: SourceOptions
    lines: LineOptions
    text: TextOptions
    threads: int | None
    overwrite: bool
    console: Console

    def __post_init__(self) -> None:
        if self.by_hash is not None and self.time is not None:
            raise click.UsageError(
                "--by-hash and --time exclude each other: documents are divided by one of them"
            )
        self.split()

    def split(self) -> SplitOptions:
        """How documents are divided. Raises click.UsageError for what cannot be."""
        from lda.splitting.split import SplitOptions

        field, shares = self.by_hash or self.time or ("id", DEFAULT_SHARES)
        try:
            return SplitOptions(
                shares=_shares(shares),
                by_hash="id" if self.time is not None else field,
                time=None if self.time is None else field,
                by=self.by,
                near_duplicates=self.near_duplicates,
                names=() if self.names is None else tuple(name.strip() for name in self.names.split(",")),
                seed=self.seed,
            )
        except ValueError as error:
            raise click.UsageError(str(error)) from error


def _shares(text: str) -> tuple[float, ...]:
    try:
        shares = tuple(float(part) for part in text.split(","))
    except ValueError:
        raise ValueError(
            f"shares must be numbers with commas between them, such as {DEFAULT_SHARES}, got {text!r:.60}"
        ) from None
    if not all(map(math.isfinite, shares)):
        raise ValueError(
            f"shares must be numbers above 0 and up to 1, such as {DEFAULT_SHARES}, got {text!r:.60}"
        )
    return shares


@click.command(
    cls=Command,
    essentials=(
        "output", "by_hash", "time", "by", "near_duplicates", "names", "ids", "seed", "text", "id", "stop_words",
        "overwrite", "json",
    ),
    examples=(
        "lda corpus split corpus/ --by-hash id 0.8,0.1,0.1 -o split/",
        "lda corpus split notes.jsonl --text note --id id --by patient --near-duplicates 0.9 -o split/",
        "lda corpus split news.csv --text body --id url --time date 0.9,0.1 --ids -o split/",
    ),
    short_help="Divide documents for training and scoring.",
)  # fmt: skip
@inputs_argument()
@option(
    "-o",
    "--output",
    required=True,
    metavar="DIR",
    heading=Heading.OUTPUT,
    help="Folder to make, with a corpus for each part and split.json.",
    brief="Folder to make, with a corpus a part.",
)
@option(
    "--by-hash",
    nargs=2,
    metavar="FIELD SHARES",
    heading=Heading.INPUT,
    help="Divide by a hash of FIELD (id, content, or a field with one value each), which holds when documents are "
    f"added; SHARES of the parts.  [default: id {DEFAULT_SHARES}]",
    brief=f"Divide by a hash.  [default: id {DEFAULT_SHARES}]",
)
@option(
    "--time",
    nargs=2,
    metavar="FIELD SHARES",
    heading=Heading.INPUT,
    help="Divide by a date or a number in FIELD instead: the earliest documents first.",
    brief="Divide by date instead, the earliest first.",
)
@option(
    "--by",
    multiple=True,
    metavar="FIELD",
    heading=Heading.INPUT,
    help="Keep documents that share a value of FIELD in one part, such as those of an author; may be repeated.",
    brief="Keep documents of one value in one part.",
)
@option(
    "--near-duplicates",
    type=float,
    metavar="X",
    heading=Heading.INPUT,
    help="Keep documents together whose similarity (Jaccard index of three-word shingles) is X, 0.5 to 1, or more; "
    "exact duplicates always are.",
    brief="Keep documents this similar (0.5 to 1) together.",
)
@option(
    "--names",
    metavar="A,B,...",
    heading=Heading.OUTPUT,
    help="Of the parts.  [default: train,validation,test; of two, train,test]",
    brief="Of the parts.  [default: train,validation,test]",
)
@option(
    "--ids",
    is_flag=True,
    heading=Heading.OUTPUT,
    help="Write NAME-ids.txt for each part as well, an id a line, so that other tools can divide in the same way.",
    brief="Write a list of ids of each part, too.",
)
@option(
    "-s",
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    heading=Heading.INPUT,
    help="Another one makes an independent split.",
)
@source_options
@line_options
@text_options
@threads_option
@overwrite_option(help="Replace a split that exists.")
@output_options
@taking(SplitCommandOptions)
def split(options: SplitCommandOptions) -> None:
    """Divide documents into parts for training and scoring that share none, each a corpus folder.

    A document stays in its part when others are added. Documents with the same words go to one part, near-duplicates
    where --near-duplicates asks for it; else, where the package for it is installed, those of 0.9 in different parts
    are told of. All parts have one vocabulary, made of all documents. INPUT is as that of `lda fit`.
    """
    from lda.corpus.storage.output_target import check_apart, local_path
    from lda.splitting.split import check_split_target, write_split

    console = options.console
    target = local_path(options.output)
    check_split_target(target, overwrite=options.overwrite)
    check_apart(target, [*options.inputs, options.source.vocabulary])
    how = options.split()
    if how.near_duplicates is not None:
        from lda.splitting.near_duplicates import sketcher

        sketcher()
    started = clock.perf_counter()
    console.progress.note(f"reading {names_of(options.inputs)}")
    with _opened(options, target) as corpus:
        console.progress.note(f"dividing {size_of(corpus)}")
        made = write_split(corpus, target, how, ids=options.ids, overwrite=options.overwrite)
    seconds = clock.perf_counter() - started
    for line in _notes(made, how):
        console.progress.note(line)
    if leak := _leak(made, how):
        console.progress.warn(leak)
    console.progress.note(f"wrote {without_keys(options.output)} in {seconds:.1f} s")
    value = {"split": without_keys(options.output), **made.to_dict(), "seconds": round(seconds, 3)}
    console.result(value, lambda: _table(made))


@contextmanager
def _opened(options: SplitCommandOptions, target: Path) -> Iterator[Corpus]:
    """The corpus of the input; raw documents of any size become one beside the target, which is gone at the end."""
    from lda.corpus import Corpus, build_corpus
    from lda.corpus.assembly.spill import spill_folder
    from lda.corpus.build import corpus_folder

    source = options.source
    recipe, reading = options.text.recipe(source), options.lines.reading(source)
    with stored_inputs(options.inputs, source.vocabulary) as stored:
        built = corpus_folder(stored.inputs, recipe, None, source.layer)
        if built is not None:
            yield Corpus.open(built)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        with spill_folder(target) as folder:
            yield build_corpus(
                stored.inputs,
                folder / "corpus",
                kept=False,
                **reading,
                recipe=recipe,
                vocabulary=stored.vocabulary,
                threads=options.threads,
            )


def _table(made: CorpusSplit) -> str:
    rows = [
        ("part", "documents", "share", "asked", "tokens"),
        *(
            (
                part["name"],
                f"{part['n_documents']:,}",
                f"{part['share']:.1%}",
                f"{part['asked']:.1%}",
                f"{part['n_tokens']:,}",
            )
            for part in made.how["parts"]
        ),
    ]
    return "\n".join(aligned([[printable(cell) for cell in row] for row in rows]))


def _notes(made: CorpusSplit, how: SplitOptions) -> list[str]:
    """What is to be known of the documents that were kept together."""
    found = made.how["duplicates"]
    notes = []
    if how.time is None and how.by_hash == "id" and made.how["by_hash"] == "content":
        notes.append(
            "the ids only number the documents, so what documents say was hashed in their place; --id names a field"
        )
    if found["exact"]:
        notes.append(
            f"{plural(found['exact'], 'document')} with the words of another one: these go to one part"
        )
    if how.near_duplicates is not None:
        many = plural(found["near"], "document") if found["near"] else "no document"
        kept = ": these go to one part" if found["near"] else ""
        notes.append(f"{many} with near-duplicates (similarity {found['threshold']:g}){kept}")
    if found["moved"]:
        notes.append(
            f"{plural(found['moved'], 'document')} moved to the part of those that they are kept with"
        )
    return notes


def _leak(made: CorpusSplit, how: SplitOptions) -> str | None:
    """A warning of near-duplicates in different parts."""
    found = made.how["duplicates"]
    if how.near_duplicates is not None or not found["leaked"] or not sum(found["leaked"]):
        return None
    told = ", ".join(f"{name} {n:,}" for name, n in zip(how.names, found["leaked"], strict=True) if n)
    return (
        f"warning: documents have near-duplicates in another part ({told}), so scores will flatter; keep them together "
        f"with --near-duplicates {found['threshold']:g}"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlapOptions:
    """What `lda corpus overlap` is asked for. show: pairs to name."""

    corpus: str
    other: str
    near_duplicates: float | None
    show: int
    console: Console

    def __post_init__(self) -> None:
        from lda.corpus.documents.near_duplicates import check_threshold

        if self.near_duplicates is not None:
            try:
                check_threshold(self.near_duplicates)
            except ValueError as error:
                raise click.UsageError(str(error)) from error


@click.command(
    cls=Command,
    essentials=("near_duplicates", "show", "json"),
    examples=(
        "lda corpus overlap split/test split/train",
        "lda corpus overlap split/test split/train --near-duplicates 0.8 --show 20",
        "lda corpus overlap new/ old/ --near-duplicates 0.9 --json",
    ),
    short_help="Count documents of one corpus in another.",
)
@click.argument("corpus", metavar="CORPUS")
@click.argument("other", metavar="OTHER")
@option(
    "--near-duplicates",
    type=float,
    metavar="X",
    heading=Heading.INPUT,
    help="Count documents of similarity X, 0.5 to 1, too (Jaccard index of three-word shingles).",
    brief="Count documents this similar (0.5 to 1), too.",
)
@option(
    "--show",
    type=click.IntRange(min=0),
    default=10,
    heading=Heading.OUTPUT,
    help="Pairs of documents to name.",
)
@output_options
@taking(OverlapOptions)
def overlap(options: OverlapOptions) -> None:
    """Count the documents of CORPUS that OTHER has as well: with the same words, or with nearly the same.

    Both are corpus folders, or URIs of such; they may differ in vocabulary. Documents of fewer than five words are left
    out: two that say "no comment" are not the same.
    """
    from lda.corpus import Corpus
    from lda.splitting.overlap import overlap as count

    first, second = Corpus.open(options.corpus), Corpus.open(options.other)
    found = count(first, second, options.near_duplicates, n_pairs=options.show)
    value = {
        "corpus": without_keys(options.corpus),
        "other": without_keys(options.other),
        **found.to_dict(),
    }
    options.console.result(value, lambda: _overlap_lines(found, options))


def _overlap_lines(found: Overlap, options: OverlapOptions) -> str:
    rows: dict[str, str] = {
        "documents": f"{found.n_documents:,} in {presentable(options.corpus)}",
        "too short": f"{found.n_untold:,}",
        "the same": f"{_part(found.exact, found.n_documents)} in {presentable(options.other)}, word for word",
    }
    if found.near is not None:
        rows["nearly"] = f"{_part(found.near, found.n_documents)}, of similarity {found.threshold:g} or more"
    if not found.n_untold:
        del rows["too short"]
    lines = [f"{name:<10} {text}" for name, text in rows.items()]
    return "\n".join([*lines, *_pair_lines(found.pairs)])


def _part(count: int, of: int) -> str:
    return f"{count:,} ({count / max(of, 1):.1%})"


def _pair_lines(pairs: Sequence[Any]) -> list[str]:
    if not pairs:
        return []
    rows = [(f"{pair.similarity:.3f}", printable(pair.id), printable(pair.other)) for pair in pairs]
    return ["", *aligned([("similarity", "document", "its like"), *rows], left=(1, 2))]
