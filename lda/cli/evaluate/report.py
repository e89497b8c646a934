"""Results of an evaluation, as text for people and as values for JSON."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lda.evaluation.coherence_result import Coherence
    from lda.evaluation.diagnostics import TopicDiagnostics
    from lda.evaluation.heldout import HeldoutScore
    from lda.evaluation.stability import Stability

    Measured = HeldoutScore | Coherence | TopicDiagnostics | float

TITLES = {
    "completion": "document completion",
    "left-to-right": "left-to-right",
    "npmi": "coherence NPMI",
    "c_v": "coherence C_v",
    "u_mass": "coherence UMass",
    "c_uci": "coherence UCI",
    "diversity": "topic diversity",
}


def as_json(found: Mapping[str, Measured]) -> dict[str, Any]:
    """Each metric under its name, with underscores only."""
    return {
        name.replace("-", "_"): value if isinstance(value, float) else value.to_dict()
        for name, value in found.items()
    }


def as_text(found: Mapping[str, Measured], top_words: Sequence[Sequence[str]]) -> str:
    """A line or two for each metric, then a table of the topics where there are numbers about topics."""
    from lda.evaluation.coherence_result import Coherence
    from lda.evaluation.heldout import HeldoutScore

    lines: list[str] = []
    columns: dict[str, Sequence[float | None]] = {}
    for name, value in found.items():
        if isinstance(value, HeldoutScore):
            lines += _likelihood(TITLES[name], value)
        elif isinstance(value, float):
            lines.append(
                f"{TITLES[name]:<22} {value:.4f}, share of different words among the 25 top words of all topics"
            )
        elif isinstance(value, Coherence):
            lines.append(_coherence(TITLES[name], value))
            columns[name] = value.topics
        else:
            columns |= {column: list(v) for column, v in value.columns().items()}
    return "\n".join([*lines, *_table(columns, top_words)])


def _likelihood(title: str, score: HeldoutScore) -> list[str]:
    perplexity = "" if score.perplexity is None else f", perplexity {score.perplexity:,.2f}"
    words = score.n_tokens + score.n_unknown
    unknown = score.n_unknown / words if words else 0.0
    value = f"{score.log_likelihood:.4f} \N{PLUS-MINUS SIGN} {score.standard_error:.4f} nats per token"
    documents = f"{score.n_scored_documents:,} of {score.n_documents:,} documents"
    scored = f"{score.n_scored_tokens:,} tokens of {documents}"
    return [
        f"{title:<22} {value}{perplexity}",
        f"{'':<22} {scored} scored; {score.n_unknown:,} of {words:,} words unknown ({unknown:.1%})",
    ]


def _coherence(title: str, found: Coherence) -> str:
    valued = sum(value is not None for value in found.topics)
    kind = "documents" if found.window is None else f"windows of {found.window} tokens"
    return (
        f"{title:<22} {found.mean:.4f}, mean of {valued:,} of {len(found.topics):,} topics "
        f"({found.n_words} words a topic, {found.n_windows:,} {kind})"
    )


def _table(columns: dict[str, Sequence[float | None]], top_words: Sequence[Sequence[str]]) -> list[str]:
    if not columns:
        return []
    head = "topic  " + "  ".join(f"{name:>10}" for name in columns) + "  words"
    rows = [
        f"{k:>5}  "
        + "  ".join(f"{_number(values[k]):>{max(10, len(name))}}" for name, values in columns.items())
        + f"  {' '.join(words)}"
        for k, words in enumerate(top_words)
    ]
    return [head, *rows]


def _number(value: float | None) -> str:
    if value is None or math.isnan(value):
        return "-"
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def stability_text(found: Stability, names: Sequence[str]) -> str:
    """The means, then a line for each pair of models."""
    jaccard = f"{found.jaccard:.4f} (their {found.n_words} top words in common)"
    lines = [f"stability {found.overlap:.4f} (mean overlap of matched topics), {jaccard}"]
    lines += [
        f"  {names[pair.first]} and {names[pair.second]}: {pair.overlap:.4f}, {pair.jaccard:.4f}, "
        f"{len(pair.topics)} topics matched"
        for pair in found.pairs
    ]
    return "\n".join(lines)
