"""What was fitted to what: the facts of a run as rows of two texts each, for people."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from lda.corpus.presentable import presentable, printable
from lda.corpus.text.key_languages import STEMMERS
from lda.corpus.text.recipe import DEFAULT_PATTERN, WORDS
from lda.corpus.text.segmenters import SEGMENTERS
from lda.progress import plural
from lda.report.numbers import number, numbers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lda.evaluation.heldout import HeldoutScore
    from lda.report.reported_model import ReportedModel, ReportedRun

Row = list[str]
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


def facts(model: ReportedModel) -> list[dict[str, Any]]:
    """Headings, and rows of (name, value): the model, the corpus that it was fitted to, and the run.

    Everything is fit for a person's eye: what comes from outside has no control characters, and a command no keys.
    """
    return [
        {"heading": "Model", "rows": _cleaned(_of_model(model))},
        {"heading": "Corpus", "rows": _cleaned(_of_corpus(model))},
        {"heading": "Run", "rows": _cleaned(_of_run(model.record))},
    ]


def _cleaned(rows: Iterable[tuple[str, object]]) -> list[Row]:
    return [[name, printable(str(value))] for name, value in rows if value is not None]


def _of_model(model: ReportedModel) -> list[tuple[str, object]]:
    alpha = model.alpha
    low, high = float(alpha.min()), float(alpha.max())
    span = f"{low:.4g}" if low == high else f"{low:.4g} to {high:.4g}"
    settings = model.record.settings
    return [
        ("topics", f"{model.n_topics:,}"),
        ("terms", f"{model.n_terms:,}"),
        ("alpha", f"{span} a topic, sum {float(alpha.sum()):.4g}{_learned(settings.get('alpha'))}"),
        ("beta", f"{model.beta:.4g}{_learned(settings.get('beta'))}"),
        ("fingerprint", model.fingerprint()),
    ]


def _learned(setting: object) -> str:
    return ", learned" if setting == "auto" else ""


def _of_corpus(model: ReportedModel) -> list[tuple[str, object]]:
    run = model.record
    empty = f", {run.n_empty_documents:,} of them without a term" if run.n_empty_documents else ""
    trained = f", {run.n_trained_tokens:,} of them trained on" if run.n_trained_tokens != run.n_tokens else ""
    return [
        ("documents", f"{run.n_documents:,}{empty}"),
        ("tokens", f"{run.n_tokens:,}{trained}"),
        ("tokens a document", f"{run.n_tokens / run.n_documents:,.1f}" if run.n_documents else None),
        ("words", recipe_in_words(run.recipe)),
        ("content hash", run.corpus_hash),
    ]


def _of_run(run: ReportedRun) -> list[tuple[str, object]]:
    settings = run.settings
    asked = settings.get("sweeps")
    of = f" of {asked:,}" if isinstance(asked, int) and asked != run.n_sweeps else ""
    stopped = ", interrupted" if run.interrupted else ""
    parts = {"read": "reading", "fit": "fitting", "evaluate": "evaluating", "write": "writing"}
    known = {"read", "fit"} | run.seconds.keys()
    seconds = [
        f"{run.seconds.get(name, math.nan):.1f} s {what}" for name, what in parts.items() if name in known
    ]
    speed = number(run.tokens_per_second / 1e6, 3)
    fraction = settings.get("validation_fraction")
    return [
        ("sweeps", f"{run.n_sweeps:,}{of}{stopped}"),
        ("resumed", None if run.resumed_after is None else f"after sweep {run.resumed_after:,}"),
        ("part of", None if run.part_of is None else in_words(run.part_of)),
        ("seed", run.seed),
        ("sampler", _sampler(settings)),
        ("priors learned", _learning(settings)),
        ("averaged", _averaging(settings)),
        ("kept out to score", f"{100 * fraction:g} % of the documents" if fraction else None),
        ("stops", f"when evaluations gain less than {settings['tol']:g}" if settings.get("tol") else None),
        ("time", ", ".join(seconds)),
        ("speed", None if speed is None else f"{speed} million tokens a second"),
        ("memory", None if run.peak_bytes is None else f"{size_in_words(run.peak_bytes)} at most"),
        ("machine", machine_in_words(run.machine)),
        ("code", code_in_words(run.code)),
        ("versions", ", ".join(f"{name} {version}" for name, version in run.versions.items())),
        # Cleaned again: an older version may have stored the command with its keys.
        ("command", None if run.command is None else presentable(run.command)),
    ]


def machine_in_words(machine: Mapping[str, Any] | None) -> str | None:
    """What is recorded of a machine, in one line; None where nothing is."""
    if not machine:
        return None
    parts = [
        " ".join(str(machine[name]) for name in ("system", "architecture") if machine.get(name)),
        machine.get("processor"),
        machine.get("gpu"),
        plural(machine["cores"], "core") if isinstance(machine.get("cores"), int) else None,
        f"{size_in_words(machine['memory_bytes'])} of memory"
        if isinstance(machine.get("memory_bytes"), int)
        else None,
        machine.get("python"),
        f"{plural(machine['workers'], 'worker')} on {plural(machine.get('nodes') or 0, 'node')}"
        if isinstance(machine.get("workers"), int)
        else None,
    ]
    return ", ".join(str(part) for part in parts if part) or None


def code_in_words(code: Mapping[str, Any] | None) -> str | None:
    """The commit that ran; None for a package that is installed."""
    if not code:
        return None
    changed = {True: ", with changes", False: "", None: ", with changes or without"}
    return f"commit {str(code.get('commit'))[:12]}{changed.get(code.get('changed'), '')}"


class _Edit(NamedTuple):
    """What is said of an edit, and what it takes to say so."""

    told: str
    names: frozenset[str]


_EDITS: Final = {
    "align": _Edit("model {fingerprint} aligned to {to}", frozenset({"fingerprint", "to"})),
    "merge": _Edit("topics {topics} of model {fingerprint} merged", frozenset({"fingerprint", "topics"})),
    "split": _Edit("topic {topic} of model {fingerprint} split", frozenset({"fingerprint", "topic"})),
}


def in_words(link: Mapping[str, str]) -> str:
    """What a run belongs to, or went on from: "study speeches, trial 3", "model 0123456789ab".

    Of a model that was edited the last step alone: what that was made from, the record of that one tells.
    """
    kind, parts = link.get("kind", ""), []
    if kind in _EDITS:
        short = {name: text[:12] if _DIGEST.fullmatch(text) else text for name, text in link.items()}
        if _EDITS[kind].names <= short.keys():
            return _EDITS[kind].told.format_map(short)
    for name, text in link.items():
        value = text[:12] if _DIGEST.fullmatch(text) else text
        if name in ("fingerprint", "sha256", kind):
            parts.append(f"{kind} {value}")
        elif kind == "groups" and name == "field":
            parts.append(f"groups of {value}")
        elif name not in ("kind", "begin", "earlier"):
            parts.append(f"{name} {value}")
    return ", ".join(parts) or kind


def size_in_words(n_bytes: int) -> str:
    """Bytes as people read them: "380 MB", "25.3 GB"."""
    return f"{n_bytes / 1e9:.1f} GB" if n_bytes >= 1e9 else f"{n_bytes / 1e6:.0f} MB"


def _sampler(settings: Mapping[str, Any]) -> str:
    phases, device = settings.get("phases"), settings.get("device")
    told = [str(settings.get("sampler"))]
    if settings.get("start"):
        told.append(f"{settings['start']} start")
    if isinstance(phases, int):
        told.append(f"{plural(phases, 'phase')} a sweep")
    if device not in (None, "cpu"):
        told.append(f"on {device}")
    return ", ".join(told)


def _learning(settings: Mapping[str, Any]) -> str | None:
    learned = {"auto", "auto-symmetric"} & {str(settings.get("alpha")), str(settings.get("beta"))}
    every, first = settings.get("optimize_interval"), settings.get("burn_in")
    return f"every {every} sweeps, from sweep {first} on" if learned and every else None


def _averaging(settings: Mapping[str, Any]) -> str | None:
    n, apart = settings.get("n_samples"), settings.get("sample_interval")
    return f"{n} late states, {plural(apart, 'sweep')} apart" if n and isinstance(apart, int) else None


def recipe_in_words(recipe: Mapping[str, Any] | None) -> str:
    """How text became terms, in one sentence; None is a matrix, or ready tokens."""
    if recipe is None:
        return "counts or tokens, taken as they were"
    parts = [_kind_of_words(recipe)]
    if recipe.get("lowercase") and recipe.get("tokenizer") in (None, *SEGMENTERS):
        parts.append("in lower case")
    if recipe.get("strip"):
        parts.append(f"{recipe['strip']} taken out")
    parts += [
        part
        for part in (
            _stop_words(recipe.get("stop_words")),
            _phrases(recipe),
            _ngrams(recipe),
            *_counted_as_one(recipe),
            *_pruning(recipe),
            *_made_with(recipe),
        )
        if part
    ]
    return ", ".join(parts)


def _kind_of_words(recipe: Mapping[str, Any]) -> str:
    field = f" of the field {recipe['text']}" if recipe.get("text") else ""
    if (cutter := recipe.get("tokenizer")) == WORDS:
        return f"words{field} between the word boundaries of Unicode"
    if cutter in SEGMENTERS:
        return f"words{field} as the segmenter for {cutter} cuts them"
    if cutter:
        return f"words{field} as the Python function {cutter} cuts them"
    pattern = recipe.get("pattern", DEFAULT_PATTERN)
    return (
        f"words{field} of two letters or more"
        if pattern == DEFAULT_PATTERN
        else f"words{field} that match {pattern}"
    )


def _counted_as_one(recipe: Mapping[str, Any]) -> Iterator[str]:
    if recipe.get("split_compounds"):
        yield "compounds in parts"
    if recipe.get("normalize"):
        yield f"spellings of {recipe['normalize']} counted as one"
    if recipe.get("stem"):
        yield f"words of one stem ({STEMMERS.get(recipe['stem'], recipe['stem'])}) counted as one"
    if recipe.get("lemmatize"):
        yield f"words of one basic form ({recipe['lemmatize']}) counted as one"


def _made_with(recipe: Mapping[str, Any]) -> Iterator[str]:
    if recipe.get("terms_of"):
        yield "only terms that were given"
    if recipe.get("made_with"):
        yield f"with {', '.join(recipe['made_with'])}"


def _stop_words(value: object) -> str | None:
    if isinstance(value, str):
        return f"without the stop words of {value!r}"
    return f"without {plural(len(list(value)), 'stop word')}" if isinstance(value, Iterable) else None


def _phrases(recipe: Mapping[str, Any]) -> str | None:
    pairs = recipe.get("phrase_pairs")
    if not recipe.get("phrases") or not isinstance(pairs, Sequence):
        return None
    least, threshold = recipe.get("phrase_min_count"), recipe.get("phrase_threshold")
    return (
        f"{plural(len(pairs), 'pair')} of words joined to phrases ({recipe['phrases']} above {threshold:g}, at least "
        f"{least} times)"
    )


def _ngrams(recipe: Mapping[str, Any]) -> str | None:
    low, high = recipe.get("ngram_range", (1, 1))
    return None if (low, high) == (1, 1) else f"runs of {low} to {high} words"


def _pruning(recipe: Mapping[str, Any]) -> list[str]:
    found = []
    least, most, kept = recipe.get("min_df", 1), recipe.get("max_df", 1.0), recipe.get("max_features")
    if least != 1:
        found.append(f"in at least {_documents(least)}")
    if not (isinstance(most, float) and most == 1.0):
        found.append(f"in at most {_documents(most)}")
    if kept is not None:
        found.append(f"the {kept:,} most frequent ones")
    return found


def _documents(value: float) -> str:
    if isinstance(value, float):
        return f"{100 * value:.4g} % of the documents"
    return plural(int(value), "document")


def heldout_data(run: ReportedRun, score: HeldoutScore | None) -> dict[str, Any] | None:
    """How well documents are predicted that the model was not fitted to; None where nobody has looked.

    score: of such documents among those of a survey; without it, what the fit found on the documents that it kept out.
    """
    if score is not None:
        return {
            "log_likelihood": number(score.log_likelihood),
            "standard_error": number(score.standard_error),
            "n_documents": score.n_scored_documents,
            "n_tokens": score.n_scored_tokens,
            "how": "By document completion, on those of the documents shown here that the model was not fitted to: "
            "half of each gives its topics, the other half is scored, in nats a token.",
        }
    found = [(row["sweep"], row["heldout"]) for row in run.history if row["heldout"] is not None]
    if not found:
        return None
    sweep, value = found[-1]
    fraction = run.settings.get("validation_fraction")
    part = f"{100 * fraction:g} % of the documents" if isinstance(fraction, float) else "documents"
    return {
        "log_likelihood": number(value),
        "standard_error": None,
        "n_documents": None,
        "n_tokens": None,
        "how": f"By document completion, in nats a token, on {part} that the fit kept out, after sweep {sweep:,}. The "
        "fit does not keep its standard error; `lda report` with other documents, or `lda evaluate`, gives one.",
    }


def history_data(run: ReportedRun) -> dict[str, Any]:
    """The training curve: sweeps, and what was found at each, nats a token; None where it was not looked."""
    rows = [row for row in run.history if row["log_likelihood"] is not None or row["heldout"] is not None]
    return {
        "sweep": [int(row["sweep"]) for row in rows],
        "log_likelihood": numbers(row["log_likelihood"] for row in rows),
        "heldout": numbers(row["heldout"] for row in rows),
    }
