"""`lda label`: the names of a model's topics."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import click

from lda.cli.console import Console, output_options
from lda.cli.gathering import taking
from lda.cli.help import Command
from lda.cli.option import Heading, option
from lda.cli.shared_options import overwrite_option
from lda.cli.sources import SourceOptions, source_options
from lda.cli.text_options import imports_tokenizer
from lda.corpus.presentable import presentable, printable, without_keys
from lda.progress import plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lda.labels.labels import Labels
    from lda.labels.suggestions import Suggestion

FOR_PHRASES: Final = 20
"""Documents of each topic that are looked through for phrases: the best ones."""

_SETTING: Final = re.compile(r"\s*(\d{1,10})\s*=(.*)", re.DOTALL)


def _settings(_ctx: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> dict[int, str]:
    found = dict[int, str]()
    for value in values:
        match = _SETTING.fullmatch(value)
        if match is None:
            raise click.BadParameter(
                f'a name is set as TOPIC=NAME, such as 3="War and peace", got {value!r:.80}'
            )
        found[int(match[1])] = match[2]
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelOptions:
    """What `lda label` is asked for. names: of --set, by topic; an empty one takes a name away."""

    model: str
    file: str | None
    names: Mapping[int, str]
    clear: bool
    suggest: bool
    documents: tuple[str, ...]
    source: SourceOptions
    force: bool
    output: str | None
    overwrite: bool
    console: Console

    def __post_init__(self) -> None:
        if self.clear and (self.file or self.names):
            raise click.UsageError("--clear takes all names away: leave FILE and --set out")
        if self.suggest and (self.file or self.names or self.clear):
            raise click.UsageError("--suggest changes nothing: leave FILE, --set and --clear out")
        if self.documents and not self.suggest:
            raise click.UsageError(
                "--documents are looked through for phrases to --suggest: give that as well"
            )
        if self.force and not self.file:
            raise click.UsageError("--force is for the names in a FILE; name one")
        if self.output == "-":
            raise click.UsageError("-o takes a file; --json prints the names on standard output")
        if self.overwrite and not self.output:
            raise click.UsageError("--overwrite is for -o FILE; name one")


@click.command(
    cls=Command,
    essentials=("names", "clear", "force", "suggest", "documents", "output", "overwrite", "json"),
    examples=(
        "lda label model/ labels.json",
        'lda label model/ --set 3="War and peace" --set 5=Money',
        "lda label model/ --suggest -o labels.json",
        "lda label model/ --suggest --documents speeches.jsonl",
        "lda label model/",
    ),
)
@click.argument("model", metavar="MODEL")
@click.argument("file", required=False, metavar="[FILE]")
@option(
    "--set",
    "names",
    multiple=True,
    metavar="TOPIC=NAME",
    callback=_settings,
    heading=Heading.MODEL,
    help="Name a topic, besides the names there are; an empty name takes it away.",
    brief="Name a topic; an empty name takes it away.",
)
@option("--clear", is_flag=True, heading=Heading.MODEL, help="Take all names away.")
@option(
    "--force",
    is_flag=True,
    heading=Heading.MODEL,
    help="Take the names of another model, if all the topics that they name are there.",
    brief="Take the names of another model.",
)
@option("--suggest", is_flag=True, heading=Heading.OUTPUT, help="Show what the topics might be called.")
@option(
    "--documents",
    multiple=True,
    metavar="INPUT",
    heading=Heading.OUTPUT,
    help="Documents to look through for phrases to suggest; may be repeated.",
    brief="Look through them for phrases to suggest.",
)
@option(
    "-o",
    "--output",
    metavar="FILE",
    heading=Heading.OUTPUT,
    help="Write what is shown as labels.json, to edit.",
    brief="Write what is shown as labels.json, to edit.",
)
@overwrite_option(help="Replace the file that exists.")
@source_options
@imports_tokenizer
@output_options
@taking(LabelOptions)
def label(options: LabelOptions) -> None:
    """Name the topics of a model, or show the names they have.

    FILE is a labels.json, as a report saves it or as short as {"3": "War"}; its names replace all there were. They are
    kept in the model's folder or bucket, where every other command finds them; the model stays as it is.
    """
    from lda.labels.labels import Labels
    from lda.labels.labels_file import labels_object, load_labels
    from lda.model.identity import identity_at
    from lda.model.kept_labels import keep_labels, kept_labels

    identity = identity_at(options.model)
    if options.output is not None:  # before any name is changed
        from lda.corpus.storage.output_target import check_apart, check_file_target, local_path

        target = local_path(options.output)
        check_file_target(target, overwrite=options.overwrite)
        check_apart(target, [*options.documents, options.source.vocabulary], whole=[options.model])
    suggestions: Sequence[Suggestion] = ()
    if options.clear:
        labels = Labels().of_model(identity.known, identity.n_topics)
    elif options.file is not None:
        labels = load_labels(options.file, identity, force=options.force)
    else:
        kept = kept_labels(options.model, identity.known, identity.n_topics) or Labels()
        labels = kept.of_model(identity.known, identity.n_topics)
    if options.names:
        today = datetime.now(UTC).date().isoformat()
        try:
            labels = labels.with_names(options.names, when=today)
        except ValueError as error:
            raise click.UsageError(f"--set: {error}") from None
    if options.clear or options.file is not None or options.names:
        keep_labels(options.model, labels)
        told = (
            f"{len(labels)} of {plural(identity.n_topics, 'topic')} named" if labels else "no topic is named"
        )
        options.console.progress.note(f"{told} in {presentable(options.model)}")
    elif options.suggest:
        labels, suggestions = _suggested(options, labels)
    if options.output is not None:
        from lda.labels.labels_file import save_labels

        save_labels(labels, options.output, overwrite=options.overwrite)
        options.console.progress.note(f"wrote {plural(len(labels), 'name')} to {presentable(options.output)}")
    value = {"model": without_keys(options.model), **labels_object(labels)}
    if options.suggest:
        value["suggestions"] = [_suggestion(found) for found in suggestions]
    options.console.result(value, lambda: _table(labels, identity.n_topics))


def _suggested(options: LabelOptions, labels: Labels) -> tuple[Labels, Sequence[Suggestion]]:
    """The names there are, and suggestions for the other topics."""
    from lda.cli.surveyed import surveyed
    from lda.labels.suggestions import SUGGESTED, suggest_names
    from lda.model.model import Model

    model = Model.load(options.model)
    pieces: Iterable[Sequence[tuple[str, int]]] = ()
    if options.documents:
        from lda.survey.survey import SurveyOptions

        wanted = SurveyOptions(n_best=FOR_PHRASES, n_described=0, n_nearest=0)
        pieces = surveyed(model, options.documents, options.source, wanted, options.console).texts.values()
    found = suggest_names(model, pieces)
    fresh = {one.topic: one.name for one in found if one.topic not in labels.names}
    return labels.with_names(dict(fresh), source=SUGGESTED), found


def _suggestion(found: Suggestion) -> dict[str, Any]:
    phrases = [
        {"phrase": phrase.text, "count": phrase.count, "score": phrase.score} for phrase in found.phrases
    ]
    return {"topic": found.topic, "name": found.name, "words": list(found.words), "phrases": phrases}


def _table(labels: Labels, n_topics: int) -> str:
    """A line for each topic that has a name: number, name, source, date."""
    from rich.cells import cell_len

    if not labels:
        return f"none of {plural(n_topics, 'topic')} has a name; lda label MODEL --suggest suggests some"
    rows = [("topic", "name", "source")]
    for number, found in labels.names.items():
        when = "" if found.when is None else f", {found.when}"
        rows.append((str(number), printable(found.name), printable(found.source) + when))
    first, second = (max(cell_len(row[i]) for row in rows) for i in (0, 1))
    return "\n".join(
        f"{number.rjust(first)}  {name}{' ' * (second - cell_len(name))}  {source}"
        for number, name, source in rows
    )
