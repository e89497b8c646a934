"""`lda info`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from lda.cli.console import Console, output_options
from lda.cli.gathering import taking
from lda.cli.help import Command
from lda.cli.shared_options import verify_option
from lda.cli.text_options import phrases_in_words, words_in_words
from lda.corpus.presentable import printable, without_keys

if TYPE_CHECKING:
    from lda.model.description import Description
    from lda.model.model import Model


@dataclass(frozen=True, slots=True, kw_only=True)
class InfoOptions:
    """What `lda info` is asked for."""

    model: str
    no_verify: bool
    console: Console


@click.command(
    cls=Command,
    examples=(
        "lda info model/",
        "lda info model/ --json",
    ),
)
@click.argument("model", metavar="MODEL")
@verify_option
@output_options
@taking(InfoOptions)
def info(options: InfoOptions) -> None:
    """Describe a model: size, priors, quality, and the command that repeats it.

    The fingerprint of the counts is computed and compared with the one that is recorded: equal fingerprints mean equal
    models. Where they differ the command fails; --no-verify shows what is there all the same.
    """
    from lda.corpus.errors import DataError
    from lda.model.description import Description, read_description
    from lda.model.model import Model

    loaded = Model.load(options.model, verify=not options.no_verify)
    description = Description(options.model, read_description(options.model))
    value = describe(loaded, description)
    found, recorded = value["fingerprint"], value["recorded_fingerprint"]
    if recorded not in {None, found} and not options.no_verify:
        raise DataError(
            f"{options.model} records the fingerprint {recorded}, but that of its counts is {found}: one of them is "
            "not what was written; restore it from a copy"
        )
    options.console.result(value, lambda: info_lines(value))


def describe(model: Model, description: Description) -> dict[str, Any]:
    """The facts of a model as plain values."""
    run = model.record
    return {
        "model": without_keys(str(description.path)),
        "created": description.values.get("created"),
        "n_topics": model.n_topics,
        "n_named_topics": len(model.labels),
        "n_seeded_topics": 0 if model.word_prior is None else len(set(model.word_prior.indices.tolist())),
        "n_prior_tokens": 0 if model.word_prior is None else int(model.word_prior.sum(dtype="int64")),
        "frozen_topics": list(model.frozen_topics),
        "n_terms": model.n_terms,
        "n_documents": run.n_documents,
        "n_empty_documents": run.n_empty_documents,
        "n_tokens": run.n_tokens,
        "alpha_sum": float(model.alpha.sum()),
        "alpha": model.alpha.tolist(),
        "beta": model.beta,
        "averaged": model.soft_counts is not None or model.mean_counts is not None,
        "sampler": run.settings["sampler"],
        "seed": run.seed,
        "sweeps": run.n_sweeps,
        "interrupted": run.interrupted,
        "log_likelihood": _last(run.history, "log_likelihood"),
        "heldout": _last(run.history, "heldout"),
        "seconds": run.seconds,
        "tokens_per_second": run.tokens_per_second,
        "began": run.began,
        "ended": run.ended,
        "resumed_after": run.resumed_after,
        "peak_bytes": run.peak_bytes,
        "metrics": run.metrics,
        "machine": run.machine,
        "code": run.code,
        "corpus_hash": run.corpus_hash,
        "fingerprint": model.fingerprint(),
        "recorded_fingerprint": description.fingerprint,
        "parent": run.parent,
        "part_of": run.part_of,
        "versions": run.versions,
        "recipe": run.recipe,
        "settings": run.settings,
        "history": list(run.history),
        # Cleaned again: an older version may have stored the command with its keys.
        "command": None if run.command is None else without_keys(str(run.command)),
    }


def _last(history: tuple[dict[str, Any], ...], name: str) -> float | None:
    """The latest evaluation of one kind."""
    return next((row[name] for row in reversed(history) if row[name] is not None), None)


def info_lines(value: dict[str, Any]) -> str:
    """The facts that a person looks for, a line each."""
    from lda.report.facts import code_in_words, in_words, machine_in_words, size_in_words

    empty = f", {value['n_empty_documents']:,} of them empty" if value["n_empty_documents"] else ""
    stopped = " (interrupted)" if value["interrupted"] else ""
    resumed = "" if value["resumed_after"] is None else f" (resumed after {value['resumed_after']:,})"
    alpha, seconds = value["alpha"], value["seconds"]
    span = f"{min(alpha):.4g}" if min(alpha) == max(alpha) else f"{min(alpha):.4g} to {max(alpha):.4g}"
    named = f", {value['n_named_topics']:,} of them named" if value["n_named_topics"] else ""
    begun = ""
    if value["n_prior_tokens"]:
        begun = (
            f"{value['n_prior_tokens']:,} tokens of {value['n_seeded_topics']:,} topics before any document"
        )
        if value["frozen_topics"]:
            begun += f", of which {', '.join(map(str, value['frozen_topics']))} frozen"
    rows = {
        "topics": f"{value['n_topics']:,}{named}",
        "terms": f"{value['n_terms']:,}",
        "documents": f"{value['n_documents']:,}{empty}",
        "tokens": f"{value['n_tokens']:,}",
        "words": words_in_words(value["recipe"]),
        "phrases": phrases_in_words(value["recipe"]),
        "alpha": f"{span} per topic (sum {value['alpha_sum']:.4g})",
        "beta": f"{value['beta']:.4g}",
        "word prior": begun or None,
        "sampler": f"{value['sampler']}, {value['sweeps']} sweeps{stopped}{resumed}, seed {value['seed']}",
        "log-likelihood": _per_token(value["log_likelihood"]),
        "held-out": _per_token(value["heldout"]),
        "time": f"{seconds['read']:.1f} s reading, {seconds['fit']:.1f} s fitting, "
        f"{value['tokens_per_second'] / 1e6:.2f} M tokens/s",
        "memory": None if value["peak_bytes"] is None else f"{size_in_words(value['peak_bytes'])} at most",
        "made": f"{value['created']} with raylda {value['versions'].get('raylda')}",
        "corpus": value["corpus_hash"],
        "fingerprint": _fingerprint_line(value["fingerprint"], value["recorded_fingerprint"]),
        "went on from": _parent_line(value["parent"]),
        "part of": None if value["part_of"] is None else in_words(value["part_of"]),
        "machine": machine_in_words(value["machine"]),
        "code": code_in_words(value["code"]),
        "command": value["command"],
    }
    return "\n".join(f"{name:<15} {printable(str(text))}" for name, text in rows.items() if text is not None)


def _parent_line(parent: dict[str, str] | None) -> str | None:
    if parent is None:
        return None
    return f"{parent.get('kind')} {parent.get('fingerprint') or parent.get('sha256')}"


def _fingerprint_line(found: str, recorded: str | None) -> str:
    if recorded is None:
        return f"{found} (computed; none is recorded)"
    if recorded == found:
        return f"{found} (computed; the same is recorded)"
    return f"{found} (computed), but {recorded} is recorded: the model is damaged"


def _per_token(value: float | None) -> str | None:
    return None if value is None else f"{value:.4f} per token"
