"""`lda drift`: whether new documents are still those that a model was made for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from lda.cli.console import Console, output_options
from lda.cli.document_options import condition_of, where_option
from lda.cli.errors import DIFFERS
from lda.cli.gathering import taking
from lda.cli.help import Command
from lda.cli.inputs_argument import inputs_argument
from lda.cli.named_model import labels_option, named_model
from lda.cli.new_documents import read_documents
from lda.cli.option import Heading, option
from lda.cli.shared_options import seed_option, threads_option, verify_option
from lda.cli.sources import SourceOptions, names_of, source_options, stored_inputs
from lda.cli.text_options import imports_tokenizer, named_tokenizer
from lda.corpus.presentable import printable, without_keys
from lda.progress import plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from lda.corpus import DocumentBatch
    from lda.corpus.stream import UnknownWords
    from lda.evaluation.drift_results import Drift, DriftLimits, DriftTopic


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftOptions:
    """What `lda drift` is asked for.

    reference: inputs that new ones are compared with; none for the training. max_unknown, max_shift, max_loss: limits,
    None for none. topics, words: how many are shown. threads: None for all cores. seed: None for the model's.
    """

    model: str
    inputs: tuple[str, ...]
    reference: tuple[str, ...]
    max_unknown: float | None
    max_shift: float | None
    max_loss: float | None
    topics: int
    words: int
    labels: str | None
    threads: int | None
    seed: int | None
    source: SourceOptions
    where: tuple[str, ...]
    no_verify: bool
    console: Console

    def limits(self) -> DriftLimits:
        """The limits. Raises click.UsageError for one that cannot be right."""
        from lda.evaluation.drift_results import DriftLimits

        try:
            return DriftLimits(max_unknown=self.max_unknown, max_shift=self.max_shift, max_loss=self.max_loss)
        except ValueError as error:
            name, _, rest = str(error).partition(" ")
            raise click.UsageError(f"--{name.replace('_', '-')} {rest}") from None


def _limit(_ctx: click.Context, parameter: click.Parameter, value: str) -> float | None:
    """A number, or none. Raises click.BadParameter."""
    text = value.strip().lower()
    if text == "none":
        return None
    try:
        return float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        raise click.BadParameter(f"{value!r:.40} is neither a number nor none", param=parameter) from None


@click.command(
    cls=Command,
    essentials=(
        "reference", "max_unknown", "max_shift", "max_loss", "text", "id", "where", "topics", "threads", "json",
    ),
    examples=(
        "lda drift model/ today.jsonl --text text --reference january.jsonl",
        "lda drift model/ today.jsonl --text text --max-shift 0.2 --json || alert",
    ),
)  # fmt: skip
@click.argument("model", metavar="MODEL")
@inputs_argument(metavar="NEW...")
@option(
    "--reference", multiple=True, metavar="PATH", heading=Heading.EVALUATION,
    help="Documents as they should be, inferred like the new ones; best some that the model was not fitted to.  "
    "[default: what the model knows of its training]",
    brief="Documents as they should be, unseen by the model.",
)  # fmt: skip
@option(
    "--max-unknown", default="0.2", callback=_limit, metavar="X|none", heading=Heading.EVALUATION,
    help="Limit of the share of unknown words, above that of the reference.",
    brief="Limit of unknown words, above the reference's.",
)  # fmt: skip
@option(
    "--max-shift", default="0.1", callback=_limit, metavar="X|none", heading=Heading.EVALUATION,
    help="Limit of the Jensen-Shannon distance of topic shares, 0 to 1.",
    brief="Limit of the distance of topic shares, 0 to 1.",
)  # fmt: skip
@option(
    "--max-loss", default="0.1", callback=_limit, metavar="X|none", heading=Heading.EVALUATION,
    help="Limit of the log-likelihood that is lost, nats a token.",
    brief="Limit of the likelihood lost, nats a token.",
)  # fmt: skip
@option(
    "--topics", type=click.IntRange(min=0), default=5, metavar="N", heading=Heading.OUTPUT,
    help="Topics to show, those first whose shares moved most; --json has all.",
    brief="Topics to show, the most moved first.",
)  # fmt: skip
@option(
    "--words", type=click.IntRange(min=0), default=10, metavar="N", heading=Heading.OUTPUT,
    help="Frequent unknown words to show.",
)  # fmt: skip
@labels_option
@threads_option
@seed_option(default=None, help="Seed of all that is drawn.  [default: the model's]")
@source_options
@where_option
@imports_tokenizer
@verify_option
@output_options
@taking(DriftOptions)
@click.pass_context
def drift(ctx: click.Context, options: DriftOptions) -> None:
    """Tell whether new documents are still those that a model was made for.

    Compared are the words that the model does not know, how well it predicts the others (half of each document from
    the other half), the shares of its topics, and lengths. Exit code 5 if a measure is beyond its limit and chance
    does not explain it (at 99 %), so that few documents raise no alarm by their number alone.
    """
    limits = options.limits()
    found = _found(options, limits)
    for note in found.notes:
        options.console.progress.note(f"note: {note}")
    value = {
        "model": without_keys(options.model),
        "inputs": [without_keys(path) for path in options.inputs],
        "reference_inputs": [without_keys(path) for path in options.reference],
        **found.to_dict(),
    }
    options.console.result(value, lambda: drift_text(found, n_topics=options.topics, n_words=options.words))
    if found.exceeded:
        ctx.exit(DIFFERS)


def _found(options: DriftOptions, limits: DriftLimits) -> Drift:
    from lda.corpus.stream import UnknownWords
    from lda.model.drifting import drift_of_batches
    from lda.model.text_recipe import recipe_of

    source, console = options.source, options.console
    model = named_model(options.model, options.labels, verify=not options.no_verify)
    recipe = recipe_of(model, tokenizer=named_tokenizer(), text=source.text, id=source.id)
    words = UnknownWords()
    where = condition_of(options.where)

    def documents(
        paths: Sequence[str | Path], how: SourceOptions, tell: UnknownWords | None
    ) -> Iterator[DocumentBatch]:
        return read_documents(
            paths,
            model.vocabulary,
            recipe,
            how,
            vocabulary=stored.vocabulary,
            threads=options.threads,
            where=where,
            unknown_words=tell,
        )

    console.progress.note(f"reading {names_of([*options.inputs, *options.reference])}")
    with stored_inputs(options.inputs, source.vocabulary, reference=options.reference) as stored:
        new = documents(stored.inputs, source, words)
        # What was skipped of the new documents is what is listed.
        beside = (
            documents(stored.reference, replace(source, skipped=None), None) if stored.reference else None
        )
        return drift_of_batches(
            model, new, beside, limits=limits, unknown_words=words, seed=options.seed, threads=options.threads
        )


def drift_text(found: Drift, *, n_topics: int, n_words: int) -> str:
    """What a person reads of it."""
    new, old = found.new, found.reference
    what = (
        "what the model knows of its training"
        if found.against == "training"
        else plural(old.n_documents, "reference document")
    )
    checks = {check.name: check for check in found.checks}
    rows = [
        ("", "new", found.against, "measure", "limit", ""),
        ("unknown words", _percent(new.unknown_share), _percent(old.unknown_share),
         _percent(checks["unknown"].value, "+"), _percent(checks["unknown"].limit), _said(found, "unknown")),
        ("topic shift", "", "", _number(found.distance, 3), _number(checks["shift"].limit, 3),
         _said(found, "shift") or ("" if found.distance_noise is None else f"chance: {found.distance_noise:.3f}")),
        ("nats a token", _number(new.log_likelihood, 4), _number(old.log_likelihood, 4),
         _number(None if found.loss is None else -found.loss, 4, "+"), _number(_negative(found), 4),
         _said(found, "loss") or ("" if found.loss_error is None else f"error: {found.loss_error:.4f}")),
        ("words a document", f"{new.mean_length:,.1f}", f"{old.mean_length:,.1f}", "", "", ""),
        ("without known words", f"{new.n_empty_documents:,}", f"{old.n_empty_documents:,}", "", "", ""),
    ]  # fmt: skip
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = [f"{plural(new.n_documents, 'new document')} against {what}", ""]
    for row in rows:
        cells = [row[0].ljust(widths[0]), *(row[i].rjust(widths[i]) for i in range(1, 5)), row[5]]
        lines.append("  ".join(cells).rstrip())
    if n_topics and found.topics:
        lines += ["", f"{'topic':>5}  {found.against:>9}  {'new':>6}  difference, its 95 % interval"]
        lines += [_topic(topic) for topic in found.topics[:n_topics]]
    if n_words and found.unknown_words:
        shown = ", ".join(f"{printable(word)} {n:,}" for word, n in found.unknown_words[:n_words])
        lines += ["", f"unknown: {shown}"]
    beyond = ", ".join(_MEASURES[name] for name in found.exceeded)
    lines += ["", f"beyond the limit: {beyond}" if beyond else "within the limits"]
    return "\n".join(lines)


_MEASURES = {"unknown": "unknown words", "shift": "topic shift", "loss": "nats a token"}


def _topic(topic: DriftTopic) -> str:
    interval = "" if topic.low is None or topic.high is None else f" ({topic.low:+.1%} ... {topic.high:+.1%})"
    title = " ".join(map(printable, topic.words[:5])) if topic.name is None else printable(topic.name)
    return (
        f"{topic.topic:>5}  {topic.reference_share:>9.1%}  {topic.share:>6.1%}  {topic.difference:+.1%}{interval}  "
        f"{title}"
    )


def _said(found: Drift, name: str) -> str:
    return "beyond" if name in found.exceeded else ""


def _negative(found: Drift) -> float | None:
    return None if found.limits.max_loss is None else -found.limits.max_loss


def _percent(value: float | None, sign: str = "") -> str:
    return "-" if value is None else f"{round(value, 3) + 0.0:{sign}.1%}"


def _number(value: float | None, digits: int, sign: str = "") -> str:
    return "-" if value is None else f"{round(value, digits) + 0.0:{sign}.{digits}f}"  # no zero is below zero
