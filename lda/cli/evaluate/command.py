"""`lda evaluate`: held-out likelihood, coherence, diagnostics and stability of models."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import click

from lda.cli.console import output_options
from lda.cli.document_options import where_option
from lda.cli.evaluate.options import COHERENCES, LIKELIHOODS, METRICS, EvaluateOptions
from lda.cli.evaluate.run import EvaluationRun
from lda.cli.gathering import taking
from lda.cli.help import Command
from lda.cli.inputs_argument import inputs_argument
from lda.cli.option import Heading, option
from lda.cli.shared_options import device_option, seed_option, threads_option, verify_option
from lda.cli.sources import SourceOptions, source_options, stored_inputs
from lda.cli.text_options import (
    imports_tokenizer,
    keep_case_option,
    named_tokenizer,
    pattern_option,
    strip_option,
)
from lda.corpus.presentable import without_keys

if TYPE_CHECKING:
    from lda.corpus import Recipe
    from lda.evaluation.evaluable import Evaluable


def _split_metrics(
    _ctx: click.Context, _parameter: click.Parameter, value: tuple[str, ...]
) -> tuple[str, ...]:
    """The metrics, each once; several may stand in one word, as npmi,c_v."""
    found = [name.strip().replace("c_npmi", "npmi") for entry in value for name in entry.split(",")]
    for name in found:
        if name not in METRICS:
            raise click.BadParameter(f"{name!r} is not one of {', '.join(METRICS)}")
    return tuple(dict.fromkeys(found)) or ("completion",)


@click.command(
    cls=Command,
    essentials=(
        "metric", "reference", "top_words", "text", "id", "topic_word", "vocabulary", "alpha", "seed", "threads",
        "json",
    ),
    examples=(
        "lda evaluate model/ heldout.jsonl --text text",
        "lda evaluate model/ --metric diagnostics,diversity",
        "lda evaluate model/ heldout.jsonl --text text --metric completion,npmi --reference corpus/ --json",
        "lda evaluate --metric stability seed-1/ seed-2/ seed-3/",
        "lda evaluate --topic-word phi.npy --vocabulary terms.txt --alpha 0.1 heldout.jsonl --text text",
    ),
)  # fmt: skip
@inputs_argument("paths", required=False, metavar="MODEL HELDOUT...")
@option(
    "-m", "--metric", multiple=True, callback=_split_metrics, metavar="NAME,...", heading=Heading.EVALUATION,
    help=f"What to measure: {', '.join(METRICS)}.  [default: completion]",
    brief="completion, npmi, c_v, diversity, stability, ...",
)  # fmt: skip
@option(
    "--reference", multiple=True, metavar="PATH", heading=Heading.EVALUATION,
    help="Documents to measure coherence on, such as the training corpus.  [default: HELDOUT]",
    brief="Documents to measure coherence on.",
)  # fmt: skip
@option(
    "--topic-word",
    metavar="FILE",
    heading=Heading.FOREIGN,
    help="Topics of another program: p(term | topic), .npy of K rows; no MODEL then.",
    brief="Topics of another program (.npy), for MODEL.",
)
@option(
    "--alpha",
    metavar="X|FILE",
    heading=Heading.FOREIGN,
    help="With --topic-word: prior of a topic, a number or .npy.",
    brief="Prior of such a topic, a number or .npy.",
)
@option(
    "-n", "--top-words", "--num-top-words", type=click.IntRange(min=2), default=10, heading=Heading.EVALUATION,
    help="Words of a topic in coherence, diagnostics and stability.",
    brief="Words of a topic that are looked at.",
)  # fmt: skip
@option(
    "--samples",
    type=click.IntRange(min=1),
    heading=Heading.EVALUATION,
    help="Sweeps averaged by completion.  [default: 12]",
)
@option(
    "--burn-in",
    type=click.IntRange(min=0),
    heading=Heading.EVALUATION,
    help="Sweeps before them.  [default: 12]",
)
@option(
    "--particles",
    "--num-particles",
    type=click.IntRange(min=1),
    heading=Heading.EVALUATION,
    help="Of left-to-right.  [default: 20]",
)
@option(
    "--with-gensim",
    is_flag=True,
    heading=Heading.EVALUATION,
    help="Let gensim count for coherence, to compare with its numbers.",
)
@threads_option
@seed_option(default=0, help="Seed of split and sampling.")
@device_option
@source_options
@where_option
@imports_tokenizer
@verify_option
@pattern_option(Heading.FOREIGN, help="With --topic-word: what a word of the text is.")
@strip_option(Heading.FOREIGN)
@keep_case_option(Heading.FOREIGN, help="With --topic-word: do not lower-case the text.")
@output_options
@taking(EvaluateOptions)
def evaluate(options: EvaluateOptions) -> None:
    """Measure a model on documents it has not seen.

    completion is the default: half of each document gives its topics, the log-likelihood of the other half is
    reported, in nats per token, and the perplexity exp(-that). left-to-right estimates the likelihood of whole
    documents, slowly. npmi, c_v, u_mass and c_uci are coherences of the topics' top words. diagnostics are numbers
    about each topic under MALLET's names, more of them with HELDOUT documents.
    """
    metrics, reference = options.metric, options.reference
    if metrics == ("stability",):
        _stability(options)
        return
    subject = _subject(options)
    model, inputs = subject.model, subject.inputs
    if not inputs and any(name in LIKELIHOODS for name in metrics):
        raise click.UsageError(f"{metrics[0]} needs documents: name held-out files after the model")
    if not (inputs or reference) and any(name in COHERENCES for name in metrics):
        raise click.UsageError(
            "coherence needs documents: name the training or a reference corpus (--reference)"
        )
    with stored_inputs(inputs, subject.source.vocabulary, reference=reference) as stored:
        run = EvaluationRun(options, model, subject.recipe, subject.source, stored)
        found = {name: run.measure(name) for name in metrics if name not in COHERENCES}
        found |= run.coherences([name for name in metrics if name in COHERENCES])
    value = {
        "model": without_keys(subject.label),
        "inputs": [without_keys(path) for path in inputs],
        "n_topics": model.n_topics,
        "n_terms": model.n_terms,
    }
    from lda.cli.evaluate.report import as_json, as_text

    ordered = {name: found[name] for name in metrics}
    options.console.result({**value, **as_json(ordered)}, lambda: as_text(ordered, model.top_words(6)))


class _Subject(NamedTuple):
    """What is evaluated: a model, held-out inputs, how their text becomes words, and what the model is called."""

    model: Evaluable
    inputs: tuple[str, ...]
    recipe: Recipe
    source: SourceOptions
    label: str


def _subject(options: EvaluateOptions) -> _Subject:
    source = options.source
    if options.topic_word is None:
        from lda.model.model import Model
        from lda.model.text_recipe import recipe_of

        name, *inputs = options.paths
        model = Model.load(name, verify=not options.no_verify)
        return _Subject(
            model,
            tuple(inputs),
            recipe_of(model, tokenizer=named_tokenizer(), text=source.text, id=source.id),
            source,
            name,
        )
    from lda.model.topic_matrix import read_topic_matrix

    assert source.vocabulary is not None  # the options have seen to both
    assert options.alpha is not None
    # The vocabulary names the columns of the matrix; counted input has its own names, or the same columns.
    matrix = read_topic_matrix(options.topic_word, source.vocabulary, options.alpha)
    unnamed = replace(source, vocabulary=None)
    return _Subject(matrix, options.paths, _foreign_recipe(options), unnamed, options.topic_word)


def _foreign_recipe(options: EvaluateOptions) -> Recipe:
    from lda.corpus import Recipe

    source = options.source
    try:
        recipe = Recipe(text=source.text, id=source.id, lowercase=not options.keep_case, strip=options.strip)
        return recipe if options.pattern is None else replace(recipe, pattern=options.pattern)
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def _stability(options: EvaluateOptions) -> None:
    from lda.cli.evaluate.report import stability_text
    from lda.evaluation.stability import stability
    from lda.model.model import Model

    paths = options.paths
    if len(paths) < 2:
        raise click.UsageError("stability compares two or more models; name their folders")
    models = [Model.load(path, verify=not options.no_verify) for path in paths]
    found = stability(models, n_words=options.top_words)
    names = [without_keys(path) for path in paths]
    options.console.result(
        {"models": names, "stability": found.to_dict()}, lambda: stability_text(found, names)
    )
