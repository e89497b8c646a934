"""`lda merge-topics`: several topics made one."""

from __future__ import annotations

from dataclasses import dataclass

import click

from lda.cli.command_line import command_line
from lda.cli.console import Console, output_options
from lda.cli.edited_target import check_edited_target, write_edited
from lda.cli.gathering import taking
from lda.cli.help import Command
from lda.cli.shared_options import edited_option, overwrite_option, verify_option
from lda.corpus.presentable import printable, without_keys


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeTopicsOptions:
    """What `lda merge-topics` is asked for. topics: numbers; the first keeps its own."""

    model: str
    topics: tuple[int, ...]
    output: str
    overwrite: bool
    no_verify: bool
    console: Console

    def __post_init__(self) -> None:
        if len(self.topics) < 2:
            raise click.UsageError(f"two or more topics are merged, got {len(self.topics)}")


@click.command(
    "merge-topics",
    cls=Command,
    essentials=("output", "overwrite", "json"),
    examples=("lda merge-topics model/ 3 17 -o merged/", "lda merge-topics model/ 3 17 4 -o merged/ --json"),
)
@click.argument("model", metavar="MODEL")
@click.argument("topics", nargs=-1, required=True, type=int, metavar="TOPIC TOPIC...")
@edited_option
@overwrite_option(help="Replace a model that exists.")
@verify_option
@output_options
@taking(MergeTopicsOptions)
def merge_topics(options: MergeTopicsOptions) -> None:
    """Make one topic of several, and write the model to a folder.

    Counts and alphas are added up. The first TOPIC keeps its number, and its name, or gets that of another one of them.
    The numbers of the others go to the last topics of the model; names go along. MODEL stays as it is.
    """
    from lda.model.merging import numbers_after
    from lda.model.model import Model

    check_edited_target(options.output, options.model, overwrite=options.overwrite)
    model = Model.load(options.model, verify=not options.no_verify)
    try:
        found = model.merge_topics(*options.topics, command=command_line(click.get_current_context()))
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    fingerprint = write_edited(
        found, options.output, options.console.progress.note, overwrite=options.overwrite
    )
    numbers = numbers_after(model.n_topics, options.topics).tolist()
    into = numbers[options.topics[0]]
    moved = {k: number for k, number in enumerate(numbers) if k != number and k not in options.topics}
    if options.topics[0] != into:
        moved[options.topics[0]] = into
    value = {
        "model": without_keys(options.output),
        "n_topics": found.n_topics,
        "topic": into,
        "name": found.labels.name(into),
        "moved": [{"before": before, "after": after} for before, after in moved.items()],
        "fingerprint": fingerprint,
    }

    def text() -> str:
        words = " ".join(map(printable, found.top_words(8)[into]))
        lines = [f"{printable(found.labels.title(into))}: {words}"]
        lines += [f"topic {before} is now {after}" for before, after in moved.items()]
        return "\n".join(lines)

    options.console.result(value, text)
