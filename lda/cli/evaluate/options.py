"""What `lda evaluate` is asked for, and which options go together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from lda.cli.console import Console
    from lda.cli.sources import SourceOptions
    from lda.cluster.spec.fit_settings import Device

LIKELIHOODS: Final = ("completion", "left-to-right")
COHERENCES: Final = ("npmi", "c_v", "u_mass", "c_uci")
METRICS: Final = (*LIKELIHOODS, *COHERENCES, "diversity", "diagnostics", "stability")


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateOptions:
    """What `lda evaluate` is asked for.

    paths: the model and held-out inputs; models of a stability; inputs alone where `topic_word` names a matrix of
    another program's topics, with `alpha`, and with the vocabulary, pattern, strip and keep_case of its text. metric:
    of METRICS, each once. samples, burn_in, particles, threads: None for the usual number.
    """

    paths: tuple[str, ...]
    metric: tuple[str, ...]
    reference: tuple[str, ...]
    topic_word: str | None
    alpha: str | None
    top_words: int
    samples: int | None
    burn_in: int | None
    particles: int | None
    with_gensim: bool
    threads: int | None
    seed: int
    device: Device
    source: SourceOptions
    where: tuple[str, ...]
    no_verify: bool
    pattern: str | None
    strip: str | None
    keep_case: bool
    console: Console

    def __post_init__(self) -> None:
        if "stability" in self.metric and self.where:
            raise click.UsageError("--where chooses documents, and stability looks at none")
        given = self.topic_word is not None
        if not self.paths and not given:
            raise click.UsageError("Missing argument 'MODEL'.")
        if "stability" in self.metric and len(self.metric) > 1:
            raise click.UsageError("stability compares models, and goes with no other metric")
        if given and "stability" in self.metric:
            raise click.UsageError("stability compares models that stand in folders, not --topic-word")
        for name, value in (("vocabulary", self.source.vocabulary), ("alpha", self.alpha)):
            if given and value is None:
                raise click.UsageError(f"--topic-word needs --{name}")
        of_text = {
            "alpha": self.alpha,
            "pattern": self.pattern,
            "strip": self.strip,
            "keep-case": self.keep_case,
        }
        for name, text in of_text.items():
            if not given and text:
                raise click.UsageError(f"--{name} goes with --topic-word: a model has its own")
