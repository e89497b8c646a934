"""`lda evaluate`: held-out likelihood, coherence, diagnostics and stability of models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from lda.cli.evaluate.run import COHERENCES, LIKELIHOODS, EvaluationRun
from lda.cli.help import WithExamples
from lda.cli.options import (
    Console,
    device_option,
    output_options,
    source_options,
    stored_inputs,
    strip_option,
    verify_option,
)
from lda.corpus.presentable import without_keys

if TYPE_CHECKING:
    from lda.corpus import Recipe
    from lda.evaluation.evaluable import Evaluable

METRICS: Final = (*LIKELIHOODS, *COHERENCES, "diversity", "diagnostics", "stability")


def _split_metrics(_ctx: click.Context, _parameter: click.Parameter, value: tuple[str, ...]) -> list[str]:
    """The metrics, each once; several may stand in one word, as npmi,c_v."""
    found = [name.strip().replace("c_npmi", "npmi") for entry in value for name in entry.split(",")]
    for name in found:
        if name not in METRICS:
            raise click.BadParameter(f"{name!r} is not one of {', '.join(METRICS)}")
    return list(dict.fromkeys(found)) or ["completion"]


@click.command(
    cls=WithExamples,
    examples=(
        "lda evaluate model/ heldout.jsonl --text text",
        "lda evaluate model/ heldout.jsonl --text text --metric completion,npmi --reference corpus/ --json",
        "lda evaluate model/ --metric diagnostics,diversity",
        "lda evaluate --metric stability seed-1/ seed-2/ seed-3/",
        "lda evaluate --topic-word phi.npy --vocabulary terms.txt --alpha 0.1 heldout.jsonl --text text",
    ),
    short_help="Measure how good a model is.",
)
@click.argument("paths", nargs=-1, metavar="MODEL HELDOUT...")
@click.option(
    "-m", "--metric", multiple=True, callback=_split_metrics, metavar="NAME,...",
    help=f"What to measure: {', '.join(METRICS)}.  [default: completion]",
)  # fmt: skip
@click.option(
    "--reference", multiple=True, metavar="PATH",
    help="Documents to measure coherence on, such as the training corpus.  [default: HELDOUT]",
)  # fmt: skip
@click.option(
    "--topic-word",
    metavar="FILE",
    help="Topics of another program: p(term | topic), .npy of K rows; no MODEL then.",
)
@click.option("--alpha", metavar="X|FILE", help="With --topic-word: prior of a topic, a number or .npy.")
@click.option(
    "-n", "--top-words", "--num-top-words", type=click.IntRange(min=2), default=10,
    help="Words of a topic in coherence, diagnostics and stability.",
)  # fmt: skip
@click.option("--samples", type=click.IntRange(min=1), help="Sweeps averaged by completion.  [default: 12]")
@click.option("--burn-in", type=click.IntRange(min=0), help="Sweeps before them.  [default: 12]")
@click.option(
    "--particles", "--num-particles", type=click.IntRange(min=1), help="Of left-to-right.  [default: 20]"
)
@click.option(
    "--with-gensim", is_flag=True, help="Let gensim count for coherence, to compare with its numbers."
)
@click.option(
    "-j", "--threads", "--num-threads", type=click.IntRange(min=1), help="Threads.  [default: all cores]"
)
@click.option(
    "-s",
    "--seed",
    "--random-seed",
    type=click.IntRange(0, 2**64 - 1),
    default=0,
    help="Seed of split and sampling.",
)
@device_option
@source_options
@verify_option
@click.option(
    "--pattern",
    "--token-regex",
    metavar="NAME|REGEX",
    help="With --topic-word: what a word of the text is.",
)
@strip_option
@click.option(
    "--keep-case", "--preserve-case", is_flag=True, help="With --topic-word: do not lower-case the text."
)
@output_options
def evaluate(**options: Any) -> None:  # noqa: ANN401 - click passes them by name
    """Measure a model on documents it has not seen.

    completion is the default: half of each document gives its topics, the log-likelihood of the other half is
    reported, in nats per token, and the perplexity exp(-that). left-to-right estimates the likelihood of whole
    documents, slowly. npmi, c_v, u_mass and c_uci are coherences of the topics' top words. diagnostics are numbers
    about each topic under MALLET's names, more of them with HELDOUT documents.
    """
    console = Console.take(options)
    metrics: list[str] = options.pop("metric")
    _check_usage(metrics, options)
    if metrics == ["stability"]:
        _stability(console, options)
        return
    model, inputs, recipe, label = _model(options)
    if not inputs and any(name in LIKELIHOODS for name in metrics):
        raise click.UsageError(f"{metrics[0]} needs documents: name held-out files after the model")
    if not (inputs or options["reference"]) and any(name in COHERENCES for name in metrics):
        raise click.UsageError(
            "coherence needs documents: name the training or a reference corpus (--reference)"
        )
    with stored_inputs({**options, "inputs": inputs}) as stored:
        run = EvaluationRun(console.progress, model, recipe, stored, stored["inputs"])
        found = {name: run.measure(name) for name in metrics if name not in COHERENCES}
        found |= run.coherences([name for name in metrics if name in COHERENCES])
    value = {
        "model": without_keys(label),
        "inputs": [without_keys(path) for path in inputs],
        "n_topics": model.n_topics,
        "n_terms": model.n_terms,
    }
    from lda.cli.evaluate.report import as_json, as_text

    ordered = {name: found[name] for name in metrics}
    console.result({**value, **as_json(ordered)}, lambda: as_text(ordered, model.top_words(6)))


def _check_usage(metrics: list[str], options: dict[str, Any]) -> None:
    if not options["paths"] and options["topic_word"] is None:
        raise click.UsageError("Missing argument 'MODEL'.")
    if "stability" in metrics and len(metrics) > 1:
        raise click.UsageError("stability compares models, and goes with no other metric")
    given = options["topic_word"] is not None
    if given and "stability" in metrics:
        raise click.UsageError("stability compares models that stand in folders, not --topic-word")
    for name in ("vocabulary", "alpha"):
        if given and options[name] is None:
            raise click.UsageError(f"--topic-word needs --{name}")
    for name in ("alpha", "pattern", "strip", "keep_case"):
        if not given and options[name]:
            raise click.UsageError(f"--{name.replace('_', '-')} goes with --topic-word: a model has its own")


def _model(options: dict[str, Any]) -> tuple[Evaluable, tuple[str, ...], Recipe, str]:
    """(model, held-out inputs, how text becomes words, the model's name)."""
    if options["topic_word"] is None:
        from lda.model.model import Model
        from lda.model.text_recipe import recipe_of

        name, *inputs = options["paths"]
        model = Model.load(name, verify=not options["no_verify"])
        return model, tuple(inputs), recipe_of(model, text=options["text"], id=options["id"]), name
    from lda.corpus import Recipe
    from lda.model.topic_matrix import read_topic_matrix

    # The vocabulary names the columns of the matrix; counted input has its own names, or the same columns.
    matrix = read_topic_matrix(options["topic_word"], options["vocabulary"], options["alpha"])
    options["vocabulary"] = None
    pattern = {} if options["pattern"] is None else {"pattern": options["pattern"]}
    try:
        recipe = Recipe(
            text=options["text"],
            id=options["id"],
            lowercase=not options["keep_case"],
            strip=options["strip"],
            **pattern,
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    return matrix, options["paths"], recipe, options["topic_word"]


def _stability(console: Console, options: dict[str, Any]) -> None:
    from lda.cli.evaluate.report import stability_text
    from lda.evaluation.stability import stability
    from lda.model.model import Model

    paths = options["paths"]
    if len(paths) < 2:
        raise click.UsageError("stability compares two or more models; name their folders")
    verify = not options["no_verify"]
    found = stability([Model.load(path, verify=verify) for path in paths], n_words=options["top_words"])
    names = [without_keys(path) for path in paths]
    console.result({"models": names, "stability": found.to_dict()}, lambda: stability_text(found, names))
